"""Header fields as they come: folded, encoded (RFC 2047), with parameters (RFC 2045, RFC 2231), often broken.

Everything here is total, and linear in the length of a value.
"""

from __future__ import annotations

import re
from binascii import Error as BinasciiError
from binascii import a2b_base64, a2b_qp

from mailgate.charset import decode_text, one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_FIELD = re.compile(rb"([!-9;-~]++)[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?")
_FOLDS = bytes.maketrans(b"\t", b" ")
# A line that is no field is a field's second half (its indent got lost) only if one of these follows in the header.
_KNOWN = (
    rb"(?im)^(?:received|return-path|from|sender|to|cc|subject|date|message-id|in-reply-to|references|reply-to|"
    rb"mime-version|content-(?:type|transfer-encoding|disposition|id)|x-[!-9;-~]+|dkim-signature)[ \t]*:"
)

LONGEST = 20_000  # characters of a field with parameters


def blank_line(flat: bytes, start: int, stop: int) -> tuple[int, int]:
    """Return where the first empty line of `flat[start:stop]` begins and ends; `(stop, stop)` if there is none."""
    for empty in (b"\n", b"\r\n", b"\r\r\n"):
        if flat.startswith(empty, start, stop):
            return start, start + len(empty)
    first = (stop, stop)
    for mark in (b"\n\n", b"\n\r\n", b"\n\r\r\n"):
        at = flat.find(mark, start, first[1])
        if at >= 0 and at + 1 < first[0]:
            first = at + 1, at + len(mark)
    return first


def read_fields(flat: bytes, start: int, stop: int) -> tuple[list[tuple[bytes, bytes]], int]:
    """Return the fields of the header at `start` (name, value still folded) and where the body begins.

    Lines end with LF or CRLF. A line that is no field ends the header, but for two known breakages: an mbox line on
    top, and a folded line without its indent.
    """
    fields: list[tuple[bytes, bytes]] = []
    last, body = blank_line(flat, start, stop)
    position, known = start, -1
    while position < last:
        match = _FIELD.match(flat, position, last)
        if match:
            fields.append((match[1], match[2]))
            position = match.end()
            continue
        if known < position:
            found = re.compile(_KNOWN).search(flat, position, last)
            known = found.start() if found else last
        line_end = flat.find(b"\n", position, last) + 1 or last
        if fields and known < last:
            fields[-1] = fields[-1][0], fields[-1][1] + b" " + flat[position : max(line_end, known)]
            line_end = max(line_end, known)
        elif fields or not flat.startswith((b"From ", b">From "), position):
            return fields, position
        position = line_end
    return fields, body


def unfold(value: bytes, charset: str = "") -> str:
    """Return a field's value on one line, as RFC 5322 2.2.3; raw 8-bit text is UTF-8, else of `charset`."""
    flat = value.translate(_FOLDS, b"\r\n").strip()
    return one_line(flat.decode() if flat.isascii() else decode_text(flat, charset))


def _word(encoding: str, text: str) -> bytes | None:
    """Decode the text of one encoded word; None where it is no base64."""
    data = text.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return a2b_qp(data, header=True)
    data = data.replace(b" ", b"")
    try:
        return a2b_base64(data + b"=" * (-len(data) % 4))
    except BinasciiError:
        return None


def _words(value: str) -> Iterator[tuple[str, str, bytes | None]]:
    """Split a value into (literal text, "", None) and (word as written, charset, bytes)."""
    begin = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?")
    position, end = 0, 0
    match = begin.search(value)
    while match:
        if end < match.end():
            end = value.find("?=", match.end())
        if end < 0:
            break
        following = begin.search(value, match.end())
        if following is None or following.start() >= end:
            data = _word(match[2], value[match.end() : end])
            if data is not None:
                yield value[position : match.start()], "", None
                yield value[match.start() : end + 2], match[1], data
                position = end + 2
        match = following
    yield value[position:], "", None


def decode_words(value: str) -> str:
    """Decode the encoded words of a value (RFC 2047), also inside words and quotes where they should not stand.

    Bytes of neighbouring words of one charset are joined first, since many mailers split a character between two.
    """
    if "=?" not in value:
        return value
    out: list[str] = []
    pending, charset, gap = bytearray(), "", ""
    for literal, label, data in _words(value):
        if data is None:
            gap = literal
            if literal.strip() and pending:
                out.append(decode_text(bytes(pending), charset))
                pending.clear()
                charset = ""
            if literal.strip() or not charset:
                out.append(literal)
                gap = ""
            continue
        if pending and label.lower() != charset.lower():
            out.append(decode_text(bytes(pending), charset))
            pending.clear()
        pending += data
        charset = label
    out.append(decode_text(bytes(pending), charset) + gap if charset else gap)
    return one_line("".join(out))


def _unquote(value: str) -> str:
    value = value.strip()
    if value.startswith('"'):
        value = value[1:].removesuffix('"')
        return re.sub(r"\\(.)", r"\1", value) if "\\" in value else value
    return value


def _join(pieces: list[tuple[int, bool, str]]) -> str:
    """Put the pieces of one RFC 2231 parameter together: (number, percent-encoded, value)."""
    from urllib.parse import unquote_to_bytes

    pieces.sort(key=lambda piece: piece[0])
    charset = ""
    if pieces[0][1] and pieces[0][2].count("'") >= 2:
        charset, _, rest = pieces[0][2].split("'", 2)
        pieces[0] = (pieces[0][0], True, rest)
    data = b"".join(unquote_to_bytes(text) if encoded else text.encode() for _, encoded, text in pieces)
    return decode_text(data, charset or "utf-8")


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """Split `text/plain; charset="x"` into the lower-case value and its parameters (lower-case names, decoded).

    Continued and percent-encoded parameters (RFC 2231) win over plain ones; encoded words in values are decoded.
    What stands beyond LONGEST characters is not read.
    """
    value = value[:LONGEST]
    main, _, rest = value.partition(";")
    if not rest and "=" not in main:
        return main.strip().lower(), {}
    words = main.split(None, 1)
    main, rest = (words[0], f"{words[1]};{rest}") if len(words) == 2 and "=" in words[1] else (main, rest)
    found: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for match in re.finditer(
        r'(?<![^\s;])([^\s=;"*]++)(?:\*(\d{1,4}))?(\*)?\s*=\s*+("(?:[^"\\]++|\\.)*+"|[^;]*)', rest
    ):
        name, number, encoded, text = match[1].lower(), match[2], bool(match[3]), _unquote(match[4])
        if number or encoded:
            pieces.setdefault(name, []).append((int(number or 0), encoded, text))
        else:
            found.setdefault(name, decode_words(text))
    for name, several in pieces.items():
        found[name] = decode_words(_join(several))
    return main.strip().lower(), found


def message_ids(value: str) -> tuple[str, ...]:
    """Return the Message-IDs of a field in order, each with its angle brackets and without blanks.

    Where there are no brackets at all, words with an @ are ids whose brackets got lost. Some mailers write long ids as
    encoded words, which are decoded.
    """
    value = decode_words(value)
    tokens = re.findall(r"<([^<>]*+)>", value)
    if not tokens:
        tokens = [word.strip("<>\"',;") for word in value.split() if "@" in word]
    ids = ("".join(token.split()) for token in tokens)
    return tuple(dict.fromkeys(f"<{token}>" for token in ids if token))


def date_of(value: str) -> float | None:
    """Return the time of a Date field (RFC 5322 3.3) in seconds since the epoch; without a zone it is UTC."""
    from calendar import timegm
    from email.utils import parsedate_tz

    try:
        parsed = parsedate_tz(value[:200])
        return None if parsed is None else float(timegm((*parsed[:6], 0, 0, 0)) - (parsed[9] or 0))
    except (ValueError, OverflowError, IndexError, TypeError):  # dates that cannot be, which parsedate_tz lets through
        return None
