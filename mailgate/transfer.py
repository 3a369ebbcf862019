"""Transfer encodings (RFC 2045 6) as mail really has them: mislabelled, damaged, with a list's footer behind.

Every function is total, and linear in the size of the data.
"""

from __future__ import annotations

import re
from binascii import Error as BinasciiError
from binascii import a2b_base64, a2b_qp

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n \t"
_TEXT_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b"))
CODE_LINE = 40  # a line of at least so many characters of the alphabet is base64, no word
MOST_FILES = 50  # that are taken out of one text
SHOWN_AS = "[{} stood here: see the attachment.]"


def encoding_of(value: str) -> str:
    """Return base64, quoted-printable, uuencode, yenc, or what else a Content-Transfer-Encoding field names."""
    value = value.partition(";")[0].partition("(")[0].strip().strip("\"'").lower()
    word = value.replace("_", "-").replace(" ", "-")
    if word.startswith(("base64", "base-64")):
        return "base64"
    if word.startswith(("quoted-print", "quotedprint", "quoted/print")):
        return "quoted-printable"
    if word in ("x-uuencode", "uuencode", "x-uue", "uue", "x-uu", "uu"):
        return "uuencode"
    return "yenc" if word in ("x-yenc", "yenc") else value


def transfer_decoded(data: bytes, encoding: str, text: bool = False) -> bytes:
    """Decode a body by its `encoding_of`; an unknown one counts as 8bit. Never raises.

    With `text` what stands unencoded behind a base64 text (a list's footer) belongs to it.
    """
    if encoding == "base64":
        return _from_base64(data, text)
    if encoding == "quoted-printable":
        return a2b_qp(data if b"\n" in data else data.replace(b"\r", b"\n"))
    if encoding == "uuencode":
        return _uudecode(data.splitlines()) or data
    if encoding == "yenc":
        found = list(_yenc_blocks(data))
        return found[0][3] if found else data
    return data


# --- base64 ----------------------------------------------------------------------------------------------------------


def _from_base64(data: bytes, text: bool) -> bytes:
    """Decode base64; where the data is none, whatever its label says, it is returned as it is."""
    tail = b""
    if data.translate(None, _BASE64) or (text and re.search(rb"=[ \t]++[^=\s]", data)):
        at = _first_foreign(data)
        if not _mostly_code(data[at:]):
            if not _is_whole(data[:at], data[at - 1 : at] == b"\n"):
                return data
            data, tail = data[:at], data[at:]
    decoded = _base64(data)
    if text and _is_doubtful(data) and _is_noise(decoded):
        return data + tail
    if text and tail.strip():
        newline = b"" if not decoded or decoded.endswith(b"\n") else b"\n"
        return decoded + newline + tail.lstrip()
    return decoded


def _first_foreign(data: bytes) -> int:
    """Return where the clean base64 on top of the data ends: before the first line, or word, that is something else."""
    match = re.compile(rb"[^A-Za-z0-9+/=\r\n \t]").search(data)
    stop = match.start() if match else len(data)
    gap = re.compile(rb"[A-Za-z0-9+/=][ \t]++[^\r\n \t]").search(data, 0, stop + 1)
    if gap:
        stop = gap.start() + 1
    elif match:
        stop = data.rfind(b"\n", 0, stop) + 1
    return stop if data[:stop].strip() else 0


def _is_whole(head: bytes, lines: bool) -> bool:
    """Tell whether what stands before foreign characters is base64: padded, in full lines, or of a possible length."""
    size = len(head.translate(None, b"\r\n \t"))
    return size > 0 and (head.rstrip().endswith(b"=") or _mostly_code(head) or (lines and size % 4 == 0))


def _mostly_code(data: bytes) -> bool:
    """Tell whether most of the data stands in lines of base64: then what is foreign in it is noise."""
    code = total = 0
    for line in map(bytes.strip, data.split(b"\n")):
        total += len(line)
        if len(line) >= CODE_LINE and len(line.translate(None, _BASE64)) * 20 <= len(line) and b" " not in line:
            code += len(line)
    return code * 2 > total


def _is_noise(data: bytes) -> bool:
    """Tell whether bytes are no text in any charset that a text without a zero in each character has."""
    sample = data[:4096]
    if sample[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x1b$" in sample:
        return False
    controls = len(sample) - len(sample.translate(None, _TEXT_CONTROLS))
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return controls > 0 and error.start < len(sample) - 3
    return controls * 10 > len(sample)


def _is_doubtful(data: bytes) -> bool:
    """Tell whether data of base64's alphabet may be words all the same: blanks within lines, or an odd length."""
    inner = re.search(rb"\S[ \t]++[^\s]", data) is not None
    return (inner or len(data.translate(None, b"\r\n \t")) % 4 != 0) and not _mostly_code(data)


def _base64(data: bytes) -> bytes:
    """Decode base64 as it comes: with foreign characters, without padding, or several pieces joined."""
    pad = data.find(b"=")
    pieces = [data]
    if 0 <= pad < len(data.rstrip()) - 2:
        pieces = _joined_pieces(data)
    out = []
    for piece in pieces:
        try:
            out.append(a2b_base64(piece))
        except BinasciiError:
            kept = re.sub(rb"[^A-Za-z0-9+/]+", b"", piece)
            kept = kept[: len(kept) - (len(kept) % 4 == 1)]
            out.append(a2b_base64(kept + b"=" * (-len(kept) % 4)))
    return b"".join(out)


def _joined_pieces(data: bytes) -> list[bytes]:
    """Split base64 at the padding in its middle, where base64 follows up to the end of the line."""
    pieces, begin, blank = [], 0, -1
    for pad in re.finditer(rb"(?<!=)=++[\r\n]*+(?=[A-Za-z0-9+/]{4})", data):
        if blank < pad.end():  # looked for once, however many paddings stand before it
            found = re.compile(rb"\s").search(data, pad.end())
            blank = found.start() if found else len(data)
        if data[blank : blank + 1] in (b"", b"\r", b"\n"):
            pieces.append(data[begin : pad.start()])
            begin = pad.end()
    return [*pieces, data[begin:]]


# --- what Usenet and old mailers put into plain text -----------------------------------------------------------------


def take_out(data: bytes) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Take the uuencoded, yEnc and BinHex files out of a text; in place of each stands a line that says so.

    Returns the text that is left, and (name, content) of each; BinHex is given as it came.
    """
    spans: list[tuple[int, int, str, bytes]] = []
    if b"begin " in data:
        spans += _uu_blocks(data)
    if b"=ybegin " in data:
        spans += _yenc_blocks(data)
    if b"with BinHex 4.0" in data:
        spans += _binhex_blocks(data)
    left: list[bytes] = []
    files: list[tuple[str, bytes]] = []
    at = 0
    for start, stop, name, content in sorted(spans):
        if start >= at and len(files) < MOST_FILES:
            left += [data[at:start], SHOWN_AS.format("A file").encode()]
            files.append((name, content))
            at = stop
    return b"".join([*left, data[at:]]), files


def _uu_blocks(data: bytes) -> list[tuple[int, int, str, bytes]]:
    """Return (start, stop, name, content) of each uuencoded file that has an end."""
    begin = re.compile(rb"(?m)^begin [0-7]{3,4} ([^\r\n]{1,200})\r?\n(?=([^\r\n]++))")
    end = re.compile(rb"\nend[ \t]*+\r?(?=\n|\Z)")
    out: list[tuple[int, int, str, bytes]] = []
    last, match = None, begin.search(data)
    while match and len(out) < MOST_FILES:
        if last is None or last.start() < match.end():
            last = end.search(data, match.end())
            if last is None:
                break
        follow = match.end()
        if _is_uu(match[2]) or last.start() <= match.end() + 2:
            content = _uudecode(data[match.start() : last.end()].splitlines())
            out.append((match.start(), last.end(), match[1].decode("utf-8", "replace"), content))
            follow = last.end()
        match = begin.search(data, follow)
    return out


def _is_uu(line: bytes) -> bool:
    """Tell whether a line's first character names the number of bytes that follow in it."""
    length = (line[0] - 32) & 63
    return 0 < length <= 45 and abs(len(line.rstrip()) - 1 - (length + 2) // 3 * 4) <= 4


def _uudecode(lines: list[bytes]) -> bytes:
    """Decode the first uuencoded file of some lines; b"" without one. Damaged lines are passed over."""
    from binascii import a2b_uu

    start = next((number for number, line in enumerate(lines) if line.startswith(b"begin ")), None)
    out = []
    for line in lines[start + 1 :] if start is not None else ():
        if line.strip() == b"end":
            break
        try:
            out.append(a2b_uu(line))
        except BinasciiError:  # longer than it says, as some encoders pad
            length = (line[0] - 32) & 63 if line else 0
            try:
                out.append(a2b_uu(line[: 1 + (length + 2) // 3 * 4]))
            except BinasciiError:
                continue
    return b"".join(out)


def _yenc_blocks(data: bytes) -> list[tuple[int, int, str, bytes]]:
    """Return (start, stop, name, content) of each yEnc block that has an end (yEnc draft 1.3)."""
    begin = re.compile(rb"(?m)^=ybegin [^\r\n]{0,300}?name=([^\r\n]{1,200})\r?\n(?:=ypart [^\r\n]{0,200}\r?\n)?")
    out: list[tuple[int, int, str, bytes]] = []
    match = begin.search(data)
    while match and len(out) < MOST_FILES:
        stop = data.find(b"\n=yend", match.end() - 1)
        if stop < 0:
            break
        line_end = data.find(b"\n", stop + 1)
        line_end = line_end if line_end >= 0 else len(data)
        name = match[1].strip().decode("utf-8", "replace")
        out.append((match.start(), line_end, name, _yenc(data[match.end() : max(match.end(), stop)])))
        match = begin.search(data, line_end)
    return out


def _yenc(data: bytes) -> bytes:
    data = data.translate(None, b"\r\n")
    first, *escaped = data.split(b"=")
    plain = b"".join([first, *(bytes([(one[0] - 64) & 255]) + one[1:] for one in escaped if one)])
    return plain.translate(bytes((number - 42) & 255 for number in range(256)))


def _binhex_blocks(data: bytes) -> list[tuple[int, int, str, bytes]]:
    """Return (start, stop, name, the block as it came) of each BinHex 4.0 file (RFC 1741)."""
    block = re.compile(rb"(?m)^\(This file must be converted with BinHex 4\.0\)\s{1,10}:[!-9@A-Zc-mp-r\s`\[-]{1,}+:")
    return [(one.start(), one.end(), "file.hqx", one[0]) for one in block.finditer(data)]
