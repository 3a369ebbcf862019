"""A message made fit for what the next server offers (RFC 6152, 3030, 6531): pure, from bytes to bytes.

A server takes lines of at most 998 octets that end with CRLF, without NUL or a CR of its own; ASCII, unless it offers
8BITMIME; anything, if it offers BINARYMIME and CHUNKING. What a message has beyond that is encoded, part by part, as
quoted-printable or base64, which loses nothing; every other part stays byte for byte.

What is signed or encrypted (RFC 1847) is never touched: with other bytes its signature is void for certain, while most
servers pass on what they should not be given. Such parts leave as they came. So do fields with 8-bit text, but for file
names where only ASCII is taken.
"""

from __future__ import annotations

import re
from binascii import b2a_base64, b2a_qp

from mailgate.address import domain
from mailgate.header import read_fields
from mailgate.mime import describe, split
from mailgate.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mailgate.model import Part

LONGEST_LINE = 998  # octets without CRLF (RFC 5322 2.1.1)
MOST_PARTS = 10_000  # what lies beyond leaves as it came
MOST_LEVELS = 20  # of messages within messages
BINARY = frozenset(("binarymime", "chunking"))
IDENTITY = ("", "7bit", "8bit", "binary")
FOREIGN = ("x-", "uu", "yenc", "binhex", "mac-binhex", "base85", "base32", "gzip", "deflate")
UNTOUCHED = ("multipart/signed", "multipart/encrypted")
WHOLE_MESSAGES = ("message/rfc822", "message/global", "message/news")
ADDRESS_FIELDS = (b"from", b"to", b"reply-to", b"cc", b"sender")
ENCODING = rb"(?im)^content-transfer-encoding[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*(?:\n|\Z)"
RAW_NAME = rb"""(?i)(;[ \t\r\n]*(?:file)?name)[ \t]*=[ \t]*(?:"([^"\\\r\n]*)"|([^";\s]+))"""


class Fitted(Record):
    """A message as one server takes it; `parameters` belong to MAIL FROM, each after a blank (RFC 5321 4.1.2).

    `chunked`: by BDAT, octet for octet, not by DATA. `refused`: why this server cannot have it, or "".
    """

    message: bytes
    parameters: str = ""
    chunked: bool = False
    refused: str = ""


def fitted(message: bytes, sender: str, recipient: str, offered: Collection[str]) -> Fitted:
    """Make a message fit for a server that offers these EHLO keywords (lower case).

    `sender` and `recipient` are those of the envelope, as `ascii_domain` gives them.
    """
    message = _body_lines(message)
    wide = not f"{sender}{recipient}".isascii() or _has_wide_address(message)
    if wide and "smtputf8" not in offered:
        reason = "an address is not ASCII, and this server does not offer SMTPUTF8 (RFC 6531)"
        return Fitted(message, refused=reason)
    utf8 = " SMTPUTF8" if wide else ""
    seven = "8bitmime" not in offered
    binary = _is_binary(message) or _says_binary(message)
    if binary and BINARY.issubset(offered):
        return Fitted(_as_binary(message), f" BODY=BINARYMIME{utf8}", chunked=True)
    if binary or (seven and not message.isascii()):
        message = _Tree(message, seven, 0).entity()
    eight = "" if seven or message.isascii() else " BODY=8BITMIME"
    return Fitted(message, eight + utf8)


def ascii_domain(address: str) -> str:
    """Return an address with its domain in ASCII (RFC 5890 A-labels) if then it is all ASCII: nobody needs SMTPUTF8."""
    local, at, host = address.rpartition("@")
    return f"{local}@{domain(address)}" if at and local.isascii() and not host.isascii() else address


def folded(header: bytes) -> bytes:
    """Return header fields without a line of more than 998 octets: folded at a blank, else after a mark, else anywhere.

    The next server would fold anywhere, or refuse the mail.
    """
    if not _has_long_line(header):
        return header
    out: list[bytes] = []
    dropped = False
    for line in header.split(b"\n"):
        if line[:1] not in (b" ", b"\t"):  # a name as long as a line is none, and its second half would be one
            dropped = len(line) > LONGEST_LINE and b":" not in line[: LONGEST_LINE // 2]
        if not dropped:
            out.append(_folded(line))
    return b"\n".join(out)


def _folded(line: bytes) -> bytes:
    pieces, at = [], 0
    while len(line) - at > LONGEST_LINE - 1:
        stop = at + LONGEST_LINE - 10
        cut = max(line.rfind(b" ", at + 1, stop), line.rfind(b"\t", at + 1, stop))
        if cut < 0 or not line[at:cut].strip():
            cut = max(line.rfind(b";", at, stop), line.rfind(b",", at, stop)) + 1 or stop
        pieces.append(line[at:cut])
        at = cut
    first, *rest = [*pieces, line[at:]]  # a line of blanks alone would end the header for some
    return b"\r\n ".join([first, *(piece.lstrip(b" \t") for piece in rest if piece.strip())])


# --- what a message needs --------------------------------------------------------------------------------------------


def _body_lines(message: bytes) -> bytes:
    """Return a message with CRLF in a body all of whose lines end with CR alone, or with CR CR LF."""
    at = message.find(b"\r\n\r\n") + 4
    alone = message.count(b"\r", at) - message.count(b"\r\n", at)
    if at < 4 or not alone:
        return message
    newlines = message.count(b"\n", at)
    if not newlines:
        return message[:at] + message[at:].replace(b"\r", b"\r\n")
    if alone == newlines == message.count(b"\r\r\n", at):
        return message[:at] + message[at:].replace(b"\r\r\n", b"\r\n")
    return message


def _has_wide_address(message: bytes) -> bool:
    """Tell whether a field with addresses holds bytes beyond ASCII. What else does is passed on as it is."""
    at = message.find(b"\r\n\r\n")
    header = message if at < 0 else message[:at]
    if header.isascii():
        return False
    field = b""
    for line in header.split(b"\n"):
        if line[:1] not in (b" ", b"\t"):
            field = line.partition(b":")[0].strip().lower()
        if field in ADDRESS_FIELDS and not line.isascii():
            return True
    return False


def _has_long_line(data: bytes) -> bool:
    at = 0
    while len(data) - at > LONGEST_LINE:
        newline = data.rfind(b"\n", at, at + LONGEST_LINE + 1)
        if newline >= 0:
            at = newline + 1
        elif data[at + LONGEST_LINE : at + LONGEST_LINE + 2] == b"\r\n":
            at += LONGEST_LINE + 2
        else:
            return True
    return False


def _is_binary(data: bytes) -> bool:
    """Tell whether data has what DATA cannot carry (RFC 2045 2.7, 2.8): NUL, CR alone, a line that is too long."""
    return b"\0" in data or data.count(b"\r") != data.count(b"\r\n") or _has_long_line(data)


def _says_binary(message: bytes) -> bool:
    return re.search(rb"(?im)^content-transfer-encoding[ \t]*:[ \t]*binary", message) is not None


def _with_crlf(data: bytes) -> bytes:
    """Return data with CRLF for every LF; a CR alone stays."""
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


# --- conversion ------------------------------------------------------------------------------------------------------


def _parts(raw: bytes) -> tuple[Part, ...]:
    pairs, body = read_fields(raw, 0, len(raw))
    root, boundary = describe(pairs, 0, body, len(raw), 0)
    return split(raw, root, boundary, MOST_PARTS)


def _has_own_lines(part: Part, body: bytes) -> bool:
    """Tell whether LF is no line end in a leaf: other data than text, labelled binary or clearly so."""
    if part.type.startswith(("text/", "message/", "multipart/")) or part.encoding in ("base64", "quoted-printable"):
        return False
    return part.encoding == "binary" or b"\0" in body or body.count(b"\r") != body.count(b"\r\n")


def _as_binary(raw: bytes, level: int = 0) -> bytes:
    """Return a message as BINARYMIME has it (RFC 3030 3): lines end with CRLF, but for the inside of binary parts."""
    pieces, at = [], 0
    for part in _parts(raw):
        body = raw[part.body : part.end]
        if part.body < at or part.type.startswith("multipart/"):
            continue
        if part.type in WHOLE_MESSAGES and level < MOST_LEVELS:
            pieces += [_with_crlf(raw[at : part.body]), _as_binary(body, level + 1)]
            at = part.end
        elif _has_own_lines(part, body):
            pieces += [_with_crlf(raw[at : part.body]), body]
            at = part.end
    return b"".join([*pieces, _with_crlf(raw[at:])])


class _Tree:
    """The parts of one message, each written anew where it must be."""

    def __init__(self, raw: bytes, seven: bool, level: int) -> None:
        self.raw, self.parts, self.seven, self.level = raw, _parts(raw), seven, level
        self.next = 0  # the first part that was not visited

    def entity(self) -> bytes:
        """Return the next part with its header, and with what it holds."""
        part = self.parts[self.next]
        self.next += 1
        if part.type in UNTOUCHED:
            while self.holds_next(part):
                self.next += 1
            return self.raw[part.start : part.end]
        header = folded(_plain_lines(self.raw[part.start : part.body]))
        if self.seven and not header.isascii():
            header = re.sub(RAW_NAME, _encoded_name, header)
        body = self.raw[part.body : part.end]
        if self.holds_next(part):
            return _labelled(part, header, body, self.container(part))
        if part.type in WHOLE_MESSAGES and part.encoding in IDENTITY:
            deeper = self.level < MOST_LEVELS and _leaves_as(self.seven, body)
            inner = _Tree(body, self.seven, self.level + 1).entity() if deeper else body
            return _labelled(part, header, body, inner)
        return self.leaf(part, header, body)

    def holds_next(self, part: Part) -> bool:
        return self.next < len(self.parts) and self.parts[self.next].depth > part.depth

    def container(self, part: Part) -> bytes:
        """Return a multipart's body, its parts converted."""
        pieces, at = [], part.body
        while self.holds_next(part):
            child = self.parts[self.next]
            pieces += [_unseen(self.raw[at : child.start], self.seven), self.entity()]
            at = child.end
        return b"".join([*pieces, _unseen(self.raw[at : part.end], self.seven)])

    def leaf(self, part: Part, header: bytes, body: bytes) -> bytes:
        own_lines = _has_own_lines(part, body)
        if not (own_lines or _troubles(body, self.seven)) or not _may_be_encoded(part, header):
            return header + body
        if part.encoding == "base64":
            return header + _wrapped(body)
        if part.encoding == "quoted-printable":
            return header + _mended(body)
        wide = part.charset.startswith(("utf-16", "utf-32", "ucs", "iso-10646"))
        if part.type.startswith("text/") and not wide and b"\0" not in body:
            return _with_encoding(header, b"quoted-printable", part.depth == 0) + _quoted_printable(body)
        data = b2a_base64(body if own_lines or wide else _with_crlf(body))
        return _with_encoding(header, b"base64", part.depth == 0) + _wrapped(data)


def _troubles(data: bytes, seven: bool) -> bool:
    return (seven and not data.isascii()) or _is_binary(data)


def _leaves_as(seven: bool, data: bytes) -> bool:
    """Tell whether something in a whole message may have to be converted."""
    return _troubles(data, seven) or _says_binary(data)


def _may_be_encoded(part: Part, header: bytes) -> bool:
    """Tell whether a leaf may have an encoding of its own: what is a message or has parts may not (RFC 2045 6.4).

    A multipart without its boundary is read as text, but is labelled multipart; what lies beyond the bounds of reading
    is no leaf at all; and an encoding that we do not write cannot be replaced. What is no encoding ("utf-8") is none.
    """
    if part.start == part.body and part.type == "application/octet-stream":
        return False
    kind = re.search(rb"(?im)^content-type[ \t]*:\s*([a-z]+)/", header)
    if kind and kind[1].lower() in (b"multipart", b"message"):
        return False
    return not part.encoding.startswith(FOREIGN)


def _labelled(part: Part, header: bytes, before: bytes, body: bytes) -> bytes:
    """Return what holds other parts; where they changed, with a label for the largest encoding left in it."""
    if body != before and part.encoding in ("8bit", "binary") and not _is_binary(body):
        label = b"7bit" if body.isascii() else b"8bit"
        if label != part.encoding.encode():
            header = _with_encoding(header, label, False)
    return header + body


def _unseen(gap: bytes, seven: bool) -> bytes:
    """Return what stands around the parts of a multipart: delimiters, and words that nobody is shown."""
    if not _troubles(gap, seven):
        return gap
    lines = _plain_lines(gap).replace(b"\0", b"?").split(b"\n")
    return b"\n".join(_folded(_asked(line) if seven and not line.startswith(b"--") else line) for line in lines)


def _asked(line: bytes) -> bytes:
    return line if line.isascii() else line.decode("ascii", "replace").replace("\ufffd", "?").encode()


def _plain_lines(data: bytes) -> bytes:
    """Return lines of a header, or between parts, without a CR alone: an empty line there would mean something else."""
    if data.count(b"\r") == data.count(b"\r\n"):
        return data
    return re.sub(rb"\r++(?!\n)", b" ", re.sub(rb"\r++\n", b"\r\n", data))


def _with_encoding(header: bytes, encoding: bytes, root: bool) -> bytes:
    """Return a header with this Content-Transfer-Encoding, and no other; the `root` also says that it is MIME."""
    field = b"Content-Transfer-Encoding: " + encoding + b"\r\n"
    found = re.search(ENCODING, header)
    if found:
        header = header[: found.start()] + field + re.sub(ENCODING, b"", header[found.end() :])
        field = b""
    if root and not re.search(rb"(?im)^mime-version[ \t]*:", header):
        field = b"MIME-Version: 1.0\r\n" + field
    bare = header.rstrip(b"\r\n")
    return bare + (b"\r\n" if bare else b"") + field + b"\r\n"


def _quoted_printable(body: bytes) -> bytes:
    """Encode text: its line ends stay line ends, a CR alone becomes "=0D"."""
    lines = body.replace(b"\r\n", b"\n").split(b"\n")
    return b"\r\n".join(b2a_qp(line, istext=False).replace(b"=\n", b"=\r\n") for line in lines)


def _encoded_name(found: re.Match[bytes]) -> bytes:
    """Return a parameter with a raw UTF-8 file name as RFC 2231 has it; any other as it is."""
    name: bytes = found[2] or found[3] or b""
    try:
        if name.isascii() or not name.decode():
            return found[0]
    except UnicodeDecodeError:
        return found[0]
    coded = re.sub(rb"[^A-Za-z0-9._-]", lambda byte: b"%%%02X" % ord(byte[0]), name)
    fits = len(coded) < LONGEST_LINE - 100
    return found[1] + b"*=utf-8''" + coded if fits else found[0]


def _mended(body: bytes) -> bytes:
    """Return quoted-printable with what it may not hold encoded, and its long lines broken softly."""
    return b"\r\n".join(map(_mended_line, body.replace(b"\r\n", b"\n").split(b"\n")))


def _mended_line(line: bytes) -> bytes:
    if line.isascii() and not _is_binary(line):
        return line
    bare = line.rstrip(b"\r")
    line = bare if bare.endswith(b"=") else line  # a soft line break whose line end got a CR too many
    return b"=\r\n".join(_soft(re.sub(rb"[\0\r\x80-\xff]", lambda byte: b"=%02X" % ord(byte[0]), line)))


def _soft(line: bytes) -> Iterator[bytes]:
    """Yield a line of quoted-printable in pieces of at most 75 octets, no "=XX" torn apart."""
    at = 0
    while len(line) - at > 75:
        stop = at + 75
        stop -= 1 if line[stop - 1 : stop] == b"=" else 2 if line[stop - 2 : stop - 1] == b"=" else 0
        yield line[at:stop]
        at = stop
    yield line[at:]


def _wrapped(code: bytes) -> bytes:
    """Return base64 in lines of 76; what is no ASCII in it means nothing."""
    code = code.decode("ascii", "ignore").encode().translate(None, b"\0\r\n\t ")
    return b"\r\n".join(code[at : at + 76] for at in range(0, len(code), 76)) + b"\r\n"
