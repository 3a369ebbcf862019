"""MIME (RFC 2045, 2046) by byte offsets: which part of the raw message is what, and its decoded content.

Every function is total. Nothing is copied while a message is taken apart, so that its body can be sent on untouched,
and each nesting level is searched once, so that the time is linear in the size.
"""

from __future__ import annotations

import re
from binascii import Error as BinasciiError
from binascii import a2b_base64, a2b_qp

from mailgate.charset import harmless
from mailgate.header import decode_words, parameters, read_fields, unfold
from mailgate.model import Part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 30
UNREAD = "application/octet-stream"  # the type of what lies beyond the bounds
IDENTITY = ("", "7bit", "8bit", "binary")


def lines_end_lf(raw: bytes) -> bytes:
    """Return the message with LF or CRLF at its line ends and every byte in its place: CR alone becomes LF."""
    head = raw[:65536]
    if b"\r" in head and b"\n" not in head:
        return raw.replace(b"\r", b"\n")
    return raw


def _content_type(value: str, default: str) -> tuple[str, dict[str, str]]:
    """Return type and parameters of a Content-Type field; a type that is none is text/plain (RFC 2045 5.2)."""
    if not value:
        return default, {}
    kind, params = parameters(value)
    kind = "".join(kind.split())
    main, slash, sub = kind.partition("/")
    if not (main and slash and sub):
        kind = {"html": "text/html", "multipart": "multipart/mixed"}.get(main, "text/plain")
    return kind, params


def describe(
    pairs: list[tuple[bytes, bytes]], start: int, body: int, stop: int, depth: int, default: str = "text/plain"
) -> tuple[Part, str]:
    """Return the part whose header fields are `pairs` and that stands in `[start:stop]`, and its boundary or ""."""
    fields: dict[bytes, str] = {}
    for field, value in pairs:
        if field[:8].lower() == b"content-":
            fields.setdefault(field.lower(), unfold(value))
    kind, params = _content_type(fields.get(b"content-type", ""), default)
    disposition, named = parameters(fields.get(b"content-disposition", ""))
    name = named.get("filename") or named.get("name") or params.get("name") or params.get("filename") or ""
    part = Part(
        start=start,
        body=body,
        end=stop,
        type=kind,
        charset=params.get("charset", "").strip().partition(" ")[0].lower(),
        encoding=fields.get(b"content-transfer-encoding", "").partition(";")[0].strip().lower(),
        disposition=disposition,
        name=harmless(name or decode_words(fields.get(b"content-description", "") if disposition else "")),
        cid="".join(fields.get(b"content-id", "").split()).strip("<>"),
        depth=depth,
        flowed=params.get("format", "").strip().lower() == "flowed",
        delsp=params.get("delsp", "").strip().lower() == "yes",
    )
    return part, params.get("boundary", "").rstrip()


def _delimiters(flat: bytes, start: int, stop: int, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield each delimiter line of `flat[start:stop]`: where it begins, where the next line begins, is it the last."""
    mark = b"\n--" + boundary
    at = start - 1 if flat.startswith(mark[1:], start, stop) else flat.find(mark, start, stop)
    while at >= max(0, start - 1):
        after = at + len(mark)
        line_end = flat.find(b"\n", after, min(stop, after + 200))
        next_line = line_end + 1 if line_end >= 0 else min(stop, after + 200)
        rest = flat[after:next_line].strip()
        if rest in (b"", b"--"):
            yield at + 1, next_line, rest == b"--"
            at = flat.find(mark, after, stop)
        else:  # a longer boundary that begins like this one, perhaps a million times: let the pattern look on
            match = re.compile(re.escape(mark) + rb"(?:--)?[ \t\r]*+(?=\n|\Z)").search(flat, after, stop)
            at = match.start() if match else -1


def _boundary(flat: bytes, part: Part, declared: str) -> bytes:
    """Return a multipart's boundary; where the declared one is not in its body, that of its first `--` line."""
    boundary = declared.encode()
    if boundary and next(_delimiters(flat, part.body, part.end, boundary), None):
        return boundary
    match = re.compile(rb"^--([^\s-][^\r\n]{0,100}?)[ \t]*\r?\n(?=content-)", re.MULTILINE | re.IGNORECASE).search(
        flat, part.body, min(part.end, part.body + 4096)
    )
    return match[1] if match else b""


def _before_newline(flat: bytes, start: int, at: int) -> int:
    """Return where a part ends whose delimiter line begins at `at`: the newline before belongs to the delimiter."""
    if at > start and flat[at - 1 : at] == b"\n":
        at -= 1
        if at > start and flat[at - 1 : at] == b"\r":
            at -= 1
    return at


def _regions(flat: bytes, part: Part, boundary: bytes) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each body part of a multipart; a missing close delimiter is forgiven."""
    begin = -1
    for at, next_line, last in _delimiters(flat, part.body, part.end, boundary):
        if begin >= 0:
            yield begin, max(begin, _before_newline(flat, begin, at))
        begin = next_line
        if last:
            return
    if 0 <= begin < part.end:
        yield begin, part.end


def split(flat: bytes, root: Part, boundary: str, most: int) -> tuple[Part, ...]:
    """Return every part of a message in order, containers before what they hold.

    `flat` ends its lines with LF. Beyond `most` parts, or deeper than MAX_DEPTH, what follows is one part as it is.
    """
    parts: list[Part] = []

    def unread(start: int, stop: int, depth: int) -> None:
        parts.append(Part(start, start, stop, UNREAD, "", "", "attachment", "unread.bin", "", depth))

    def walk(part: Part, declared: str) -> None:
        mark = _boundary(flat, part, declared) if part.type.startswith("multipart/") else b""
        if not mark:
            is_text = part.type.startswith("multipart/") and not part.disposition
            parts.append(part.but(type="text/plain") if is_text else part)
            return
        parts.append(part)
        if part.depth >= MAX_DEPTH:
            unread(part.body, part.end, part.depth + 1)
            return
        default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
        choice = part.alternative or part.type == "multipart/alternative"
        for start, stop in _regions(flat, part, mark):
            if len(parts) >= most:
                unread(start, part.end, part.depth + 1)
                return
            pairs, body = read_fields(flat, start, stop)
            child, inner = describe(pairs, start, body, stop, part.depth + 1, default)
            walk(child.but(alternative=True) if choice else child, inner)

    walk(root, boundary)
    return tuple(parts)


def _base64(data: bytes) -> bytes:
    """Decode base64 as it comes: with foreign characters, without padding, or several pieces joined."""
    pad = data.find(b"=")
    pieces = [data]
    if 0 <= pad < len(data.rstrip()) - 2:
        pieces = re.split(rb"(?<!=)=++[\r\n]*+(?=[A-Za-z0-9+/]{4})(?=[^\s]*+[\r\n]|[^\s]*+\Z)", data)
    out = []
    for piece in pieces:
        try:
            out.append(a2b_base64(piece))
        except BinasciiError:
            kept = re.sub(rb"[^A-Za-z0-9+/]+", b"", piece)
            kept = kept[: len(kept) - (len(kept) % 4 == 1)]
            out.append(a2b_base64(kept + b"=" * (-len(kept) % 4)))
    return b"".join(out)


def _uudecode(data: bytes) -> bytes:
    """Decode the first uuencoded file in the data (x-uuencode); without one the data is returned as it is."""
    from binascii import a2b_uu

    lines = iter(data.splitlines())
    if not any(line.startswith(b"begin ") for line in lines):
        return data
    out = []
    for line in lines:
        if line.strip() == b"end":
            break
        try:
            out.append(a2b_uu(line))
        except BinasciiError:
            continue
    return b"".join(out)


def transfer_decoded(data: bytes, encoding: str) -> bytes:
    """Decode a body by its Content-Transfer-Encoding (RFC 2045 6); an unknown one counts as 8bit. Never raises."""
    if encoding == "base64":
        return _base64(data)
    if encoding == "quoted-printable":
        return a2b_qp(data if b"\n" in data else data.replace(b"\r", b"\n"))
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return _uudecode(data)
    return data
