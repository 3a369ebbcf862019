"""Commands cut out of every part of a message that shows them; all other bytes stay as they came."""

from __future__ import annotations

import re

from mailgate.commands import Block, split
from mailgate.commands import parts as command_of
from mailgate.message import content, part_text, text_parts
from mailgate.text import clean, decode_text, html_lines, html_to_text, paragraphs
from mailgate.transfer import transfer_decoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailgate.model import Mail, Part

    Ranges = list[tuple[int, int]]  # begin and end, in order, none beside the next

ASCII = "Set-State: <open> & \\u\r\n"
LINE_END = rb"\r\n|[\r\n\x0b\x0c]"  # as in the text that commands are read from
# Renderings of a text that is read in another: they must not show what was cut there.
AS_PLAIN = ("text/markdown", "text/x-markdown", "text/x-web-markdown", "text/enriched", "text/richtext")
AS_HTML = ("text/html", "text/xhtml", "text/watch-html", "text/x-amp-html", "application/xhtml+xml")
# A page is read without these: here each keeps its place, as a blank.
BLANKED = dict.fromkeys([*range(9), 11, *range(14, 32), 127], " ")
# What the labels in mail often mean; tried where a label does not read as the text was read.
CODECS = ("utf-8", "cp1252", "gb18030", "cp932", "cp949", "cp950", "cp1254", "cp1255", "cp874", "latin-1")


def without_commands(mail: Mail) -> bytes:
    """Return the body with the command lines taken out of every text part; all other bytes stay as they came."""
    raw, pieces, at = mail.raw, [], mail.body
    names = {name.lower() for name, _ in filter(None, map(command_of, split(mail.text)[0]))}
    parts = sorted(_renderings(mail), key=lambda part: part.body)
    first = _first(mail, parts)
    for part in parts:
        known = None if part in first else names
        cut = _cut_html(mail, part, known) if part.type in AS_HTML else _cut_plain(mail, part, known)
        if cut is not None and part.body >= at:
            pieces += [raw[at : part.body], cut]
            at = part.end
    return b"".join([*pieces, raw[at:]])


def _first(mail: Mail, parts: list[Part]) -> list[Part]:
    """Return the parts that begin the message: the first text, or the first part of each type in its alternatives."""
    top = parts[:1]
    for whole in mail.parts if top else ():
        if whole.type == "multipart/alternative" and whole.start <= top[0].start < whole.end:
            inside = {part.type: part for part in reversed(parts) if part.alternative and part.start < whole.end}
            return [*inside.values()]
    return top


def _renderings(mail: Mail) -> Iterator[Part]:
    """Yield the parts that are read as text, and those beside them that clients may show in their place."""
    yield from text_parts(mail)
    for part in mail.parts:
        if part.alternative and part.disposition != "attachment" and part.type in (*AS_PLAIN, *AS_HTML[1:]):
            yield part


class _Top(Block):
    """The block on top of one part; where it is no rendering of the text that was read, only of the same actions."""

    def __init__(self, names: set[str] | None) -> None:
        super().__init__()
        self.names = names

    def takes(self, line: str) -> bool:
        command = command_of(line)
        if command and self.names is not None and command[0].lower() not in self.names:
            return False
        return super().takes(line)


# --- plain text ------------------------------------------------------------------------------------------------------


def _cut_plain(mail: Mail, part: Part, names: set[str] | None) -> bytes | None:
    """Return a part's body, as transferred, without its command lines; None where it has none.

    Where what is left does not read as it should (a line end that only the text knows), the text itself is encoded
    anew: better other bytes than lost words.
    """
    text = part_text(mail, part)
    lines = _height(part, text, _Top(names))
    if not lines:
        return None
    rest = "\n".join(text.split("\n")[lines:])
    data = content(mail, part)
    cut = _spliced(mail, part, [(0, _skip(data, lines))])
    if cut is not None and _words(decode_text(transfer_decoded(cut, part.encoding), part.charset)) == _words(rest):
        return cut
    return _encoded(rest, part)


def _words(text: str) -> list[str]:
    return clean(text).split()


def _height(part: Part, text: str, top: _Top) -> int:
    """Return how many lines of a text its commands take up; a flowed one may go on in the next (RFC 3676)."""
    count = 0
    marked = part.type in ("text/enriched", "text/richtext")
    for line, lines in paragraphs(text, part.delsp) if part.flowed else ((line, 1) for line in text.split("\n")):
        if not top.takes(re.sub(r"<[^<>]*+>", "", line) if marked else line):
            break
        count += lines
    return count if top.found else 0


def _skip(data: bytes, lines: int) -> int:
    """Return where that many lines from the top end."""
    for end in re.finditer(LINE_END, data):
        lines -= 1
        if lines == 0:
            return end.end()
    return len(data)


# --- HTML ------------------------------------------------------------------------------------------------------------


def _cut_html(mail: Mail, part: Part, names: set[str] | None) -> bytes | None:
    """Return an HTML part's body without the command lines on top; None where it has none.

    A banner that some server put above them stays. Where a command line of the message still shows, the part becomes
    the text in HTML: better plain than with the commands.
    """
    source = content(mail, part)
    charset = _codec(mail, part, source)
    html = source.decode(charset, "surrogateescape")
    commands, rest = split(mail.text)
    top = _Top(names)
    cuts = _html_cuts(html, top, commands if names is None else ())
    left, ranges = _taken(html, cuts, charset)
    found = set(map(command_of, top.found))
    rebuilt = _rebuilt(left, {line for line in commands if command_of(line) not in found}, rest, part)
    if rebuilt is not None or not cuts:
        return rebuilt
    data = left.encode(charset, "surrogateescape")
    cut = _spliced(mail, part, ranges)
    return cut if cut is not None and transfer_decoded(cut, part.encoding) == data else _transferred(data, part)


def _html_cuts(html: str, top: _Top, commands: tuple[str, ...]) -> Ranges:
    """Return the stretches of an HTML source that its commands stand in: on top, or below lines that are no text."""
    cuts: Ranges = []
    below = False  # a banner
    for seen, pieces in html_lines(html.translate(BLANKED)):
        line = clean(seen)
        if not line.strip():
            continue
        if (not below or top.found or _among(line, commands)) and top.takes(line):
            cuts += pieces
        elif top.found:
            break
        below = True
    ranges: Ranges = []
    for begin, end in sorted(cuts):
        if ranges and begin <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
        elif end > begin:
            ranges.append((begin, end))
    return ranges


def _taken(html: str, cuts: Ranges, charset: str) -> tuple[str, Ranges]:
    """Return a source without some stretches, and where they stand in its bytes."""
    kept, ranges, at, byte = [], [], 0, 0
    for begin, end in cuts:
        first = byte + len(html[at:begin].encode(charset, "surrogateescape"))
        byte = first + len(html[begin:end].encode(charset, "surrogateescape"))
        ranges.append((first, byte))
        kept.append(html[at:begin])
        at = end
    return "".join([*kept, html[at:]]), ranges


def _among(line: str, commands: tuple[str, ...]) -> bool:
    """Tell whether a line is one of the message's commands, perhaps rendered otherwise."""
    found = command_of(line)
    return found is not None and any(command_of(one) == found for one in commands)


def _rebuilt(html: str, commands: set[str], rest: str, part: Part) -> bytes | None:
    """Return a part that shows a message's text without its commands, if the commands show; else None."""
    if not commands or not commands.intersection(
        line.strip() for line in html_to_text(html.translate(BLANKED)).split("\n")
    ):
        return None
    import html as entities

    body = entities.escape(rest)
    return _encoded(f'<html><body><div style="white-space: pre-wrap">{body}</div></body></html>', part)


def _codec(mail: Mail, part: Part, source: bytes) -> str:
    """Return a codec that reads a part as its text was read and gives its very bytes back; else one that does that."""
    text = part_text(mail, part)
    wide = ("utf-16-le", "utf-16-be") if source[:2] in (b"\xff\xfe", b"\xfe\xff") else ()
    names: tuple[str, ...] = (*wide, *((part.charset,) if part.charset else ()), *CODECS)
    first = ""
    for name in names:
        html = _decoded(source, name)
        if html is not None and clean(html) == text:
            return name
        first = first or ("" if html is None else name)
    return first or "latin-1"


def _decoded(source: bytes, name: str) -> str | None:
    """Decode with a codec that gives these very bytes back, also piece by piece; None where it does not."""
    try:
        if not name.startswith(("utf-16", "utf-32")) and ASCII.encode(name) != ASCII.encode():
            return None  # no charset of mail: punycode, unicode_escape
        html = source.decode(name, "surrogateescape")
        return html if html.encode(name, "surrogateescape") == source else None
    except (LookupError, ValueError):
        return None


# --- bytes as they are transferred -----------------------------------------------------------------------------------


def _spliced(mail: Mail, part: Part, ranges: Ranges) -> bytes | None:
    """Cut ranges of a part's decoded bytes out of its body as transferred; None where that is not to be had."""
    body = mail.raw[part.body : part.end]
    if part.encoding == "quoted-printable":
        return _spliced_quoted(body, ranges, content(mail, part))
    data = content(mail, part)
    if part.encoding == "base64":
        return _spliced_base64(body, ranges, data)
    return _without(body, ranges) if data == body else None


def _without(data: bytes, ranges: Ranges) -> bytes:
    out, at = [], 0
    for begin, end in ranges:
        out.append(data[at:begin])
        at = end
    return b"".join([*out, data[at:]])


def _spliced_quoted(body: bytes, ranges: Ranges, data: bytes) -> bytes | None:
    """Cut ranges out of quoted-printable (RFC 2045 6.7). A soft line break in one stays if it ends a line begun before.

    Each decoded byte is one byte of the body or `=XX`; a soft line break is none.
    """
    out: list[bytes] = []
    left = list(reversed(ranges))
    position = at = 0  # of the body, and of the decoded bytes
    soft = b""

    def upto(stop: int) -> int:
        """Return the place in the body of a decoded byte."""
        nonlocal position, at, soft
        while at < stop:
            mark = body.find(b"=", position)
            run = (len(body) if mark < 0 else mark) - position
            if run >= stop - at:
                position, at = position + stop - at, stop
                break
            position, at = position + run, at + run
            match = re.compile(rb"=(?:(\r?\n)|[0-9A-Fa-f]{2}|)").match(body, position)
            if not match:
                return -1
            position, at = match.end(), at + (match[1] is None)
            soft = match[0] if match[1] else soft
        return position

    begin = 0
    while left:
        first, last = left.pop()
        end = upto(first)
        soft = b""
        after = upto(last)
        if end < 0 or after < 0:
            return None
        out.append(body[begin:end])
        line_begun = end > 0 and body[end - 1 : end] != b"\n"
        if soft and line_begun and not body.startswith((b"\n", b"\r\n"), after):
            out.append(soft)
        begin = after
    cut = b"".join([*out, body[begin:]])
    again, wanted = transfer_decoded(cut, "quoted-printable"), _without(data, ranges)
    return cut if again.replace(b"\r", b"\n") == wanted.replace(b"\r", b"\n") else None  # a CR alone reads as either


def _spliced_base64(body: bytes, ranges: Ranges, data: bytes) -> bytes | None:
    """Cut ranges out of base64: lines before the first stay, what follows is encoded anew in lines as long."""
    newline = b"\r\n" if b"\r\n" in body else b"\n"
    first = body.partition(newline)[0]
    length = len(first) if len(first) % 4 == 0 and 0 < len(first) <= 998 else 76
    whole = ranges[0][0] // (length // 4 * 3)  # lines
    kept = body[: whole * (length + len(newline))]
    if kept and (transfer_decoded(kept, "base64") != data[: whole * (length // 4 * 3)] or not kept.endswith(newline)):
        kept, whole = b"", 0
    rest = _without(data, ranges)[whole * (length // 4 * 3) :]
    return kept + _base64(rest, newline, length, body.endswith(newline))


def _base64(data: bytes, newline: bytes, length: int, ends: bool) -> bytes:
    from binascii import b2a_base64

    step = length // 4 * 3
    lines = [b2a_base64(data[at : at + step], newline=False) for at in range(0, len(data), step)]
    return newline.join(lines) + (newline if ends and lines else b"")


def _encoded(text: str, part: Part) -> bytes:
    """Encode a text so that it is read again by what the part's header says."""
    for name in (part.charset, *CODECS) if part.charset else CODECS:
        try:
            data = text.encode(name)
        except (LookupError, ValueError):
            continue
        if _words(decode_text(data, part.charset)) == _words(text):
            return _transferred(data, part)
    return _transferred(text.encode("utf-8", "replace"), part)


def _transferred(data: bytes, part: Part) -> bytes:
    import quopri

    if part.encoding == "base64":
        return _base64(data, b"\r\n", 76, ends=True)
    return quopri.encodestring(data) if part.encoding == "quoted-printable" else data
