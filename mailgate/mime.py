"""MIME (RFC 2045, 2046) by byte offsets: which part of the raw message is what, and its decoded content.

Every function is total. Nothing is copied while a message is taken apart, so that its body can be sent on untouched,
and each nesting level is searched once, so that the time is linear in the size.
"""

from __future__ import annotations

import re

from mailgate.charset import decode_text, harmless, one_line
from mailgate.header import decode_words, parameters, read_fields, unfold
from mailgate.model import Part
from mailgate.transfer import encoding_of, transfer_decoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 30
UNREAD = "application/octet-stream"  # the type of what lies beyond the bounds
# Parameters that say more of a part than what it is called: what its notes are made from.
TOLD = ("smime-type", "protocol", "report-type", "method", "access-type", "url", "site", "directory", "number", "total")

__all__ = ["MAX_DEPTH", "decoded", "describe", "lines_end_lf", "split", "transfer_decoded"]


def lines_end_lf(raw: bytes) -> bytes:
    """Return the message with LF or CRLF at its line ends and every byte in its place: CR alone becomes LF."""
    head = raw[:65536]
    if b"\r" in head and b"\n" not in head:
        return raw.replace(b"\r", b"\n")
    return raw


def decoded(raw: bytes, part: Part) -> bytes:
    """Return a part's body without its transfer encoding; `raw` is the message that it stands in."""
    return transfer_decoded(raw[part.body : part.end], part.encoding, part.type.startswith("text/"))


def _content_type(value: str, default: str) -> tuple[str, dict[str, str]]:
    """Return type and parameters of a Content-Type field; a type that is none is text/plain (RFC 2045 5.2)."""
    if not value:
        return default, {}
    kind, params = parameters(value)
    kind = "".join(kind.split()).strip("\"',")
    main, slash, sub = kind.partition("/")
    if not (main and slash and sub):
        kind = {"html": "text/html", "multipart": "multipart/mixed"}.get(main, "text/plain")
    return kind, params


def _name(fields: dict[bytes, str], kind: str, named: dict[str, str], params: dict[str, str], disposition: str) -> str:
    """Return the file name that a part's header gives it, or "".

    Where both fields name the file, the one that can be read wins. What else may hold a name counts only where the
    part is a file.
    """
    names = [name for name in (named.get("filename"), named.get("name"), params.get("name"), params.get("filename"))
             if name and name.strip()]  # fmt: skip
    if names:
        return _unescaped(next((name for name in names if "\ufffd" not in name), names[0]))
    described = decode_words(fields.get(b"content-description", ""))
    is_file = not kind.startswith(("text/", "multipart/", "message/"))
    if described and (disposition or (is_file and _has_ending(described))):
        return described
    location = decode_words(fields.get(b"content-location", "")).partition("?")[0].rpartition("/")[2]
    return _unescaped(location) if is_file and _has_ending(location) else ""


def _has_ending(name: str) -> bool:
    """Tell whether a name ends as file names do: a dot and a few letters."""
    ending = name.rpartition(".")[2]
    return "." in name[1:] and 1 <= len(ending) <= 5 and ending.isalnum() and len(name) < 200


def _unescaped(name: str) -> str:
    """Decode a percent-encoded name (as a URL has it), if that gives UTF-8 beyond ASCII: else `%` may be meant.

    A charset in front, as RFC 2231 has it, says that it is meant, also where the parameter's name lacks its star.
    """
    if "%" not in name or not name.isascii():
        return name
    from urllib.parse import unquote_to_bytes

    charset, *rest = name.split("'", 2)
    if len(rest) == 2 and charset.lower().startswith(("utf-8", "iso-8859-", "windows-12")):
        return decode_text(unquote_to_bytes(rest[1]), charset)
    data = unquote_to_bytes(name)
    try:
        return name if data.isascii() else data.decode()
    except UnicodeDecodeError:
        return name


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
    disposition = disposition.strip("\"',")
    name = _name(fields, kind, named, params, disposition)
    part = Part(
        start=start,
        body=body,
        end=stop,
        type=kind,
        charset=harmless(params.get("charset", "")).partition("(")[0].strip().lower(),
        encoding=encoding_of(fields.get(b"content-transfer-encoding", "")),
        disposition=disposition,
        name=harmless(name),
        cid="".join(fields.get(b"content-id", "").split()).strip("<>"),
        depth=depth,
        flowed=params.get("format", "").strip().lower() == "flowed",
        delsp=params.get("delsp", "").strip().lower() == "yes",
        told=tuple((key, one_line(value[:200])) for key, value in params.items() if key in TOLD),
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


def _regions(flat: bytes, part: Part, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield begin and end of each body part of a multipart, and whether a close delimiter ends it.

    A missing one is forgiven, and one too many: what another delimiter begins after it is a part like the others.
    """
    begin = -1
    for at, next_line, last in _delimiters(flat, part.body, part.end, boundary):
        if begin >= 0:
            yield begin, max(begin, _before_newline(flat, begin, at)), last
        begin = -1 if last else next_line
    if 0 <= begin < part.end:
        yield begin, part.end, True


def _child(flat: bytes, parent: Part, start: int, stop: int) -> tuple[Part, str]:
    """Return a part that stands in a multipart, and its own boundary or ""."""
    pairs, body = read_fields(flat, start, stop)
    default = "message/rfc822" if parent.type == "multipart/digest" else "text/plain"
    child, inner = describe(pairs, start, body, stop, parent.depth + 1, default)
    if parent.type == "multipart/encrypted" and child.type == UNREAD and not child.name:
        child = child.but(name="encrypted.asc")  # as RFC 3156's mailers call it
    choice = parent.alternative or parent.type == "multipart/alternative"
    return (child.but(alternative=True) if choice else child), inner


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
            is_text = part.type.startswith("multipart/") and not part.disposition and part.encoding != "base64"
            parts.append(part.but(type="text/plain") if is_text else part)
            return
        parts.append(part)
        if part.depth >= MAX_DEPTH:
            unread(part.body, part.end, part.depth + 1)
            return
        twin = -1  # where a multipart stands that has its parent's boundary: what follows is its own
        for start, stop, closes in _regions(flat, part, mark):
            if len(parts) >= most:
                unread(start, part.end, part.depth + 1)
                return
            parent = part if twin < 0 else parts[twin]
            child, inner = _child(flat, parent, start, stop)
            is_twin = child.type.startswith("multipart/") and inner.encode() == mark and child.depth < MAX_DEPTH
            if is_twin and not closes and twin < 0 and not flat[child.body : stop].strip():
                twin = len(parts)
                parts.append(child)
                continue
            walk(child, inner)
            if twin >= 0:
                parts[twin] = parts[twin].but(end=stop)
            twin = -1 if closes else twin

    walk(root, boundary)
    return tuple(parts)
