"""Commands cut out of every part of a message that shows them; all other bytes stay as they came."""

from __future__ import annotations

import re

from mailgate.body import HTML
from mailgate.commands import is_command, split
from mailgate.message import content, part_text, text_parts
from mailgate.mime import transfer_decoded
from mailgate.text import clean, decode_text, drop_lines_html, html_to_text, unflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailgate.model import Mail, Part

LINE_END = rb"\r\n|[\r\n\x0b\x0c]"  # as in the text that commands are read from


def without_commands(mail: Mail) -> bytes:
    """Return the body with the command lines taken out of every text part; all other bytes stay as they came."""
    raw, pieces, at = mail.raw, [], mail.body
    for part in sorted(text_parts(mail), key=lambda part: part.body):
        cut = _cut_html(mail, part) if part.type in HTML else _cut_plain(mail, part)
        if cut is not None and part.body >= at:
            pieces += [raw[at : part.body], cut]
            at = part.end
    return b"".join([*pieces, raw[at:]])


def _cut_plain(mail: Mail, part: Part) -> bytes | None:
    """Return a part's body, as transferred, without its command lines; None where it has none.

    Lines are dropped from the bytes as they are. Where what is left does not read as it should (a line end that only
    the text knows), the text itself is encoded anew: better other bytes than lost words.
    """
    text = part_text(mail, part)
    lines = _height(part, text)
    if not lines:
        return None
    rest = "\n".join([*text.split("\n")[lines:]])
    cut = _dropped(mail, part, lines)
    if _words(decode_text(transfer_decoded(cut, part.encoding), part.charset)) == _words(rest):
        return cut
    return _encoded(rest, part)


def _words(text: str) -> list[str]:
    return clean(text).split()


def _dropped(mail: Mail, part: Part, lines: int) -> bytes:
    """Drop lines from the top of a part's body, as transferred."""
    import quopri

    body = mail.raw[part.body : part.end]
    if part.encoding == "base64":
        return _base64(_skip(content(mail, part), lines), b"\r\n" if b"\r\n" in body else b"\n")
    if part.encoding == "quoted-printable":
        if re.search(rb"(?i)=0[ad]", body):  # line ends that its own lines do not show
            return quopri.encodestring(_skip(content(mail, part), lines))
        return _skip(body, lines, soft=True)
    return _skip(body, lines)


def _encoded(text: str, part: Part) -> bytes:
    """Encode a text as a part's header says."""
    import quopri

    try:
        data = text.encode(part.charset or "utf-8", "replace")
    except LookupError:
        data = text.encode("utf-8", "replace")
    if part.encoding == "base64":
        return _base64(data, b"\r\n")
    return quopri.encodestring(data) if part.encoding == "quoted-printable" else data


def _height(part: Part, text: str) -> int:
    """Return how many lines of a text its commands take up; a flowed one may go on in the next (RFC 3676)."""
    whole = unflow(text, part.delsp) if part.flowed else text
    commands, rest = split(whole)
    if not commands:
        return 0
    count = len(whole.split("\n")) - (len(rest.split("\n")) if rest else 0)
    if not part.flowed:
        return count
    lines, at = [*text.split("\n"), "-- "], 0
    for _ in range(count):
        while lines[at].removeprefix(" ").endswith(" ") and not (lines[at + 1] == "-- " or lines[at + 1][:1] == ">"):
            at += 1
        at += 1
    return at


def _skip(body: bytes, lines: int, soft: bool = False) -> bytes:
    """Drop that many lines from the top; a quoted-printable line that ends with "=" goes on in the next."""
    at = 0
    for end in re.finditer(LINE_END, body):
        line, at = body[at : end.start()], end.end()
        if not (soft and line.rstrip(b" \t").endswith(b"=")):
            lines -= 1
        if lines == 0:
            return body[at:]
    return b""


def _base64(data: bytes, newline: bytes) -> bytes:
    import base64

    return base64.encodebytes(data).replace(b"\n", newline)


def _cut_html(mail: Mail, part: Part) -> bytes | None:
    """Return an HTML part's body without the command lines on top; None where it has none.

    Where a command line of the message still shows (a banner stands above it), the part becomes the text in HTML:
    better plain than with the commands.
    """
    source = content(mail, part)
    charset = _codec(part.charset, source)
    html = source.decode(charset, "surrogateescape")
    kept = drop_lines_html(html, is_command)
    commands, rest = split(mail.text)
    shown = {line.strip() for line in html_to_text(html if kept is None else kept).split("\n")}
    if shown.intersection(commands):
        import html as entities

        body = entities.escape(rest)
        return _encoded(f'<html><body><div style="white-space: pre-wrap">{body}</div></body></html>', part)
    if kept is None:
        return None
    data = kept.encode(charset, "surrogateescape")
    if part.encoding == "base64":
        return _base64(data, b"\r\n")
    if part.encoding == "quoted-printable":
        import quopri

        return quopri.encodestring(data)
    return data


def _codec(charset: str, source: bytes) -> str:
    """Return a codec that gives these very bytes back, whatever they are."""
    for name in (charset or "utf-8", "utf-8"):
        try:
            if source.decode(name, "surrogateescape").encode(name, "surrogateescape") == source:
                return name
        except (LookupError, ValueError):
            continue
    return "latin-1"
