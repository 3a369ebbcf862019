"""HTML as mailers write it: its visible lines as text, each with its place in the source.

A lexer and a reader of our own: the source has to be cut by offsets, and `html.parser` takes quadratic time on some
broken documents. Both are linear here, and neither raises.
"""

from __future__ import annotations

import re
from html import unescape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Token = tuple[str, str, str, int, int]  # text|open|close, element name, attributes, begin, end
    Line = tuple[str, list[tuple[int, int]]]  # what is seen, and the pieces of the source that it comes from

_BEGIN = re.compile(r"<(?=[a-zA-Z/!?])")
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*+)((?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+)>")
_LOOSE_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*+)([^<>]*+)>")
_DECLARATION = re.compile(r"<[!?/][^<>]*+>")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_ATTRIBUTE = r"""(?:^|[\s"'])%s\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>]++))"""
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:max-height|font-size)\s*:\s*0(?:px|pt|em|%)?\s*(?:[;\"'!]|$)", re.I
)

UNSEEN = ("script", "style", "title", "noembed")  # elements whose content is not part of the text, and no markup
VOID = frozenset((
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
))  # fmt: skip
BLOCKS = frozenset((
    "address", "article", "aside", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure",
    "footer", "form", "header", "html", "legend", "li", "main", "nav", "option", "section", "tbody", "tfoot",
    "thead", "tr",
))  # fmt: skip
SPACED = frozenset((
    "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "table", "ul",
))  # fmt: skip  # blocks with an empty line around
LISTS = ("ol", "ul")
LONGEST_LINK = 500  # characters; what is longer only tracks
DEEPEST_QUOTE = 30


def _unseen_end(html: str, name: str, start: int, unclosed: set[str]) -> int:
    """Return where the content of a script, style or title ends; if nothing ends it, it is taken for text."""
    if name in unclosed:
        return start
    match = re.compile(rf"</{name}\b", re.IGNORECASE).search(html, start)
    if not match:
        unclosed.add(name)
        return start
    return match.start()


def _markup_end(html: str, start: int, unclosed: set[str]) -> int:
    """Return where the comment or declaration at `start` ends; `start` itself if there is none."""
    if html.startswith("<!--", start) and "!--" not in unclosed:
        end = html.find("-->", start + 2)
        if end >= 0:
            return end + 3
        unclosed.add("!--")
    match = _DECLARATION.match(html, start)
    return match.end() if match else start


def _tokens(html: str) -> Iterator[Token]:
    """Split a document into text and tags; comments, declarations, scripts and styles are left out."""
    position, begin = 0, 0
    unclosed: set[str] = set()
    while found := _BEGIN.search(html, position):
        at = found.start()
        match = _TAG.match(html, at) or _LOOSE_TAG.match(html, at)
        end = match.end() if match else _markup_end(html, at, unclosed)
        position = max(end, at + 1)
        if end == at:
            continue  # a `<` that is none: text
        if at > begin:
            yield "text", "", "", begin, at
        begin = end
        if match:
            name = match[2].lower()
            yield "close" if match[1] else "open", name, match[3], at, end
            if name in UNSEEN and not match[1]:
                begin = position = _unseen_end(html, name, end, unclosed)
    if begin < len(html):
        yield "text", "", "", begin, len(html)


def _unescaped(text: str) -> str:
    try:
        return unescape(text).replace("\xa0", " ").replace("\u200b", "").replace("\xad", "").replace("\ufeff", "")
    except ValueError:  # a character reference of thousands of digits
        return text


def _attribute(attributes: str, name: str) -> str:
    match = re.search(_ATTRIBUTE % name, attributes, re.IGNORECASE)
    return _unescaped(next(filter(None, match.groups()), "")).strip() if match else ""


class _Reader:
    """Reads a document line by line, as it is seen."""

    def __init__(self, html: str, hide: bool) -> None:
        self.html, self.hide = html, hide
        self.words: list[str] = []
        self.pieces: list[tuple[int, int]] = []
        self.done: list[Line] = []
        self.blank = True  # the last finished line is empty, or there is none
        self.gap = False  # an empty line is due before the next text
        self.bullet = ""
        self.lists: list[int] = []  # the counter of each open list; -1: bullets
        self.quotes: list[int] = []  # open blockquotes: 1 for a quote, 0 for one that is only indented
        self.level = 0  # how many of them are quotes
        self.depth_before = 0  # the quote depth of the last line
        self.pre = 0
        self.fixed = False  # the line holds a no-break space: mailers write empty lines so
        self.tight = False  # the last paragraph has no empty line around it
        self.link: tuple[str, int] | None = None  # href, and the number of words before it
        self.hidden, self.depth = "", 0  # the hidden element that is open, and how many of its name in it

    def lines(self) -> Iterator[Line]:
        """Yield the lines; after the last, `hidden` tells that a hidden element never ended."""
        for kind, name, attributes, begin, end in _tokens(self.html):
            if self.hidden:
                self._skip(kind, name)
            elif kind == "text":
                self._text(begin, end)
            elif kind == "open":
                self._open(name, attributes, begin, end)
            else:
                self._close(name)
            yield from self.done
            self.done.clear()
        self._end_line()
        yield from self.done

    def _skip(self, kind: str, name: str) -> None:
        if name == self.hidden:
            self.depth += {"open": 1, "close": -1}.get(kind, 0)
            if not self.depth:
                self.hidden = ""

    def _prefix(self) -> str:
        return "> " * self.level

    def _put(self, words: str, begin: int, end: int) -> None:
        """Add to the current line; what begins a line is not preceded by blanks."""
        if not self.words:
            words = words if self.pre else words.lstrip()
            if not words:
                return
            if self.gap and not self.blank:
                self.done.append((("> " * min(self.depth_before, self.level)).rstrip(), []))
            self.gap, self.depth_before = False, self.level
            self.words.append(self._prefix() + self.bullet)
            self.bullet = ""
        elif words.startswith(" ") and self.words[-1].endswith((" ", "\t")) and not self.pre:
            words = words[1:]
        self.words.append(words)
        self.pieces.append((begin, end))

    def _end_line(self, even_empty: bool = False) -> None:
        line = "".join(self.words).rstrip()
        if line or even_empty or (self.fixed and not self.blank):
            self.done.append((line or self._prefix().rstrip(), self.pieces))
            self.blank = not line
            self.gap = self.gap and bool(line)
        self.words, self.pieces, self.fixed = [], [], False
        self.link = None if self.link is None else (self.link[0], 0)

    def _text(self, begin: int, end: int) -> None:
        if not self.pre:
            text = _BLANKS.sub(" ", self.html[begin:end])
            self.fixed = self.fixed or "&nbsp;" in text or "\xa0" in text
            self._put(_unescaped(text), begin, end)
            return
        for number, line in enumerate(self.html[begin:end].split("\n")):
            if number:
                self._end_line(even_empty=True)
            self._put(_unescaped(line), begin, begin + len(line))
            begin += len(line) + 1

    def _block(self, spaced: bool) -> None:
        self._end_line()
        self.gap = self.gap or spaced

    def _open(self, name: str, attributes: str, begin: int, end: int) -> None:
        if self.hide and attributes and name not in VOID and self._is_hidden(attributes):
            self.hidden, self.depth = name, 1
            return
        if name == "p":
            self.tight = "MsoNormal" in attributes or re.search(r"margin\s*+:\s*+0", attributes) is not None
            self._block(not self.tight)
        elif name in BLOCKS or name in SPACED:
            self._block(name in SPACED and not (name in LISTS and self.lists))
        if name == "br":
            self.pieces.append((begin, end))
            self._end_line(even_empty=True)
        elif name in ("td", "th"):
            if self.words and not self.words[-1].endswith("\t"):
                self.words.append("\t")
        elif name == "a":
            self.link = _attribute(attributes, "href"), len(self.words)
        elif name == "img":
            self._image(attributes, begin)
        else:
            self._open_level(name, attributes)

    def _is_hidden(self, attributes: str) -> bool:
        return bool(_HIDDEN.search(attributes)) or bool(re.search(r"\shidden(?:\s|=|/|$)", attributes))

    def _open_level(self, name: str, attributes: str) -> None:
        if name in LISTS:
            self.lists.append(0 if name == "ol" else -1)
        elif name == "li":
            if self.lists and self.lists[-1] >= 0:
                self.lists[-1] += 1
            number = f"{self.lists[-1]}. " if self.lists and self.lists[-1] > 0 else "- "
            self.bullet = "  " * max(0, min(len(self.lists), 20) - 1) + number
        elif name == "blockquote":
            indent = re.search(r"border\s*:\s*(?:none|0)", attributes) and not re.search("cite|quote", attributes)
            self.quotes.append(int(not indent and self.level < DEEPEST_QUOTE))
            self.level += self.quotes[-1]
        elif name == "pre":
            self.pre += 1

    def _image(self, attributes: str, begin: int) -> None:
        """Show an image that stands for a character: mailers send emoji so."""
        alt = _attribute(attributes, "alt")
        if alt and len(alt) <= 4 and not alt.isascii():
            self._put(alt, begin, begin)

    def _close(self, name: str) -> None:
        if name == "a":
            self._close_link()
        elif name == "p":
            self._block(not self.tight)
        elif name in BLOCKS or name in SPACED:
            self._block(name in SPACED and not (name in LISTS and len(self.lists) > 1))
        if name in LISTS and self.lists:
            self.lists.pop()
            self.bullet = ""
        elif name == "blockquote" and self.quotes:
            self.level -= self.quotes.pop()
        elif name == "pre" and self.pre:
            self.pre -= 1

    def _close_link(self) -> None:
        """Add where a link leads, if its text does not tell."""
        href, first = self.link or ("", 0)
        self.link = None
        seen = "".join(self.words[first:]).strip()
        target = href[7:].partition("?")[0] if href[:7].lower() == "mailto:" else href
        told = {text.lower().rstrip("/").removeprefix("https://").removeprefix("http://") for text in (seen, target)}
        shown = href[:7].lower() in ("http://", "https:/", "mailto:") and len(href) <= LONGEST_LINK
        if seen and shown and len(told) > 1 and self.words:
            self.words.append(f" <{target}>")


def html_to_text(html: str) -> str:
    """Return the visible text, in lines; see `mailgate.text`."""
    reader = _Reader(html, hide=True)
    lines = [line for line, _ in reader.lines()]
    if reader.hidden:  # a hidden element that never ends would take the message with it
        lines = [line for line, _ in _Reader(html, hide=False).lines()]
    return "\n".join(lines).strip("\n") + "\n" if lines else ""


def drop_lines(html: str, drop: Callable[[str], bool]) -> str | None:
    """Cut leading visible lines out of the source; see `mailgate.text`."""
    cuts: list[tuple[int, int]] = []
    for line, pieces in _Reader(html, hide=True).lines():
        if line.strip():
            if not drop(line):
                break
            cuts += pieces
    if not cuts:
        return None
    out, position = [], 0
    for begin, end in cuts:
        out.append(html[position:begin])
        position = end
    return "".join(out) + html[position:]
