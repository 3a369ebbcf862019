"""The readable text of a message: charsets, flowed text, HTML, quotes and signatures.

What only some messages need (HTML, quotes) stands in rooms of its own that are imported when they are entered.
"""

from __future__ import annotations

from mailgate.charset import clean, decode_text
from mailgate.model import Cut

LONGEST_PAGE = 2_000_000  # characters: the worst of them takes seconds, and no person writes or reads so many
LONGEST_TAG = 10_000

__all__ = [
    "LONGEST_PAGE", "clean", "cut", "decode_text", "html_lines", "html_to_text", "paragraphs", "unflow",
    "without_signature",
]  # fmt: skip


def html_to_text(html: str) -> str:
    """Return the visible text of an HTML document, laid out in lines; quoted blocks as `> ` lines. Never raises.

    What stands beyond LONGEST_PAGE characters of the source is not read.
    """
    from mailgate.html import html_to_text as convert

    return convert(_beginning(html))


def _beginning(html: str) -> str:
    """Return what of a page is read: not half a tag at its end."""
    if len(html) <= LONGEST_PAGE:
        return html
    tag = html.rfind("<", LONGEST_PAGE - LONGEST_TAG, LONGEST_PAGE)
    return html[: tag if tag > 0 else LONGEST_PAGE]


def html_lines(html: str) -> list[tuple[str, list[tuple[int, int]]]]:
    """Return the visible lines of an HTML document, each with the stretches `[begin:end]` of the source it stands in.

    The stretches hold the words, the line's own `<br>`, and links that are wholly in it: a line can be cut out of the
    source by them, and all other markup stays.
    """
    from mailgate.html import visible_lines

    return visible_lines(_beginning(html))


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
    return "\n".join(paragraph for paragraph, _ in paragraphs(text, delsp))


def paragraphs(text: str, delsp: bool) -> list[tuple[str, int]]:
    """Return the paragraphs of a format=flowed text, as `unflow` joins them, each with the number of its lines.

    A line that begins as a command does is one of its own: some clients leave a blank at the end of typed lines, and
    two commands would become one.
    """
    out: list[tuple[str, int]] = []
    paragraph: list[str] = []
    depth = 0

    def close() -> None:
        if paragraph:
            out.append((f"{'>' * depth}{' ' if depth else ''}{''.join(paragraph)}", len(paragraph)))
            paragraph.clear()

    for line in text.split("\n"):
        here, words = _unstuffed(line)
        signature = words == "-- "
        if here != depth or signature or not words or words[:4].lower() == "set-":
            close()
        depth = here
        flowed = words.endswith(" ") and not signature
        paragraph.append(words[:-1] if flowed and delsp else words)
        if not flowed:
            close()
    close()
    return out
