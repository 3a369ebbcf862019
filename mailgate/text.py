"""The readable text of a message: charsets, flowed text, HTML, quotes and signatures.

What only some messages need (HTML, quotes) stands in rooms of its own that are imported when they are entered.
"""

from __future__ import annotations

from mailgate.charset import clean, decode_text
from mailgate.model import Cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["clean", "cut", "decode_text", "drop_lines_html", "html_to_text", "unflow", "without_signature"]


def html_to_text(html: str) -> str:
    """Return the visible text of an HTML document, laid out in lines; quoted blocks as `> ` lines. Never raises."""
    from mailgate.html import html_to_text as convert

    return convert(html)


def drop_lines_html(html: str, drop: Callable[[str], bool]) -> str | None:
    """Cut the leading visible lines for which `drop(line)` is true out of an HTML source; None if there are none.

    Stops at the first line that is neither blank nor dropped. Every other character of the source stays as it was.
    """
    from mailgate.html import drop_lines

    return drop_lines(html, drop)


def cut(text: str) -> Cut:
    """Take a message's text apart into new text, quote and signature. In doubt it is new text."""
    from mailgate.quoting import take_apart

    return take_apart(text)


def without_signature(text: str) -> str:
    """Return a message's text without its signature; what is quoted stays where it stands."""
    from mailgate.quoting import without_signature as drop

    return drop(text)


def _unstuffed(line: str) -> tuple[int, str]:
    """Return the quote depth of a line and its text without the stuffed blank (RFC 3676 4.4, 4.5)."""
    text = line.lstrip(">")
    depth = len(line) - len(text)
    if text.startswith(" ") and not (depth == 0 and text[1:2] == ">"):
        text = text[1:]
    return depth, text


def unflow(text: str, delsp: bool) -> str:
    """Join the lines of a format=flowed text into paragraphs (RFC 3676); quotes stay marked with `> `.

    With `delsp` the blank at a soft line break is no part of the text.
    """
    out: list[str] = []
    paragraph: list[str] = []
    depth = 0

    def close() -> None:
        if paragraph:
            out.append(f"{'>' * depth}{' ' if depth else ''}{''.join(paragraph)}")
            paragraph.clear()

    for line in text.split("\n"):
        here, words = _unstuffed(line)
        signature = words == "-- "
        if here != depth or signature:
            close()
        depth = here
        flowed = words.endswith(" ") and not signature
        paragraph.append(words[:-1] if flowed and delsp else words)
        if not flowed:
            close()
    close()
    return "\n".join(out)
