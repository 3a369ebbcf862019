"""HTML as mailers write it: its visible lines as text, each with its place in the source.

The tree is kept as browsers do: an end tag closes what stands open in it, but nothing beyond a block or a table cell.
Linear in the size, and total.
"""

from __future__ import annotations

import re

from mailgate.charset import clean
from mailgate.markup import Sheet, attributes, declarations, hides, is_tight, is_tiny, plain, target, tells, tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    Line = tuple[str, list[tuple[int, int]]]  # what is seen, and the pieces of the source that it comes from

_BLANKS = re.compile(r"[ \t\r\n\f]+")

VOID = frozenset((
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
))  # fmt: skip
BLOCKS = frozenset((
    "address", "article", "aside", "body", "caption", "center", "dd", "div", "dl", "dt", "fieldset", "figcaption",
    "figure", "footer", "form", "header", "html", "legend", "li", "main", "nav", "optgroup", "option", "section",
    "tbody", "textarea", "tfoot", "thead", "tr",
))  # fmt: skip
SPACED = frozenset((
    "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "listing", "ol", "p", "plaintext", "pre", "table", "ul",
    "xmp",
))  # fmt: skip  # blocks with an empty line around
CELLS = ("td", "th")
# What an element ends that is still open before it, within the nearest of these.
ENDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "li": (("li",), ("ol", "ul")), "dt": (("dt", "dd"), ("dl",)), "dd": (("dt", "dd"), ("dl",)),
    "option": (("option",), ("select",)), "td": (CELLS, ("table",)), "th": (CELLS, ("table",)),
    "tr": (("tr",), ("table",)), "tbody": (("tbody", "thead", "tfoot"), ("table",)),
    "tfoot": (("tbody", "thead", "tfoot"), ("table",)),
}  # fmt: skip
UNCLOSED = frozenset(("p", *ENDS))  # their end tags are often left out
NOT_SHOWN = frozenset(("datalist", "template", "xml"))
FIXED = ("pre", "xmp", "listing", "plaintext", "textarea")
LISTS = ("ol", "ul")
DEEPEST_QUOTE = 30
DEEPEST_LIST = 20
SIGNATURES = frozenset(("gmail_signature", "moz-signature", "protonmail_signature_block"))
RAISED = str.maketrans("0123456789", "\u2070\xb9\xb2\xb3\u2074\u2075\u2076\u2077\u2078\u2079")
LONGEST_PICTURE = 200  # characters of what is said in place of a picture


class _State:
    """What an element hands down to those in it."""

    __slots__ = ("counter", "hidden", "ignored", "lists", "pre", "quotes", "raised", "tiny")

    def __init__(self) -> None:
        self.hidden = self.tiny = self.pre = self.ignored = self.raised = False
        self.quotes = 0
        self.lists = 0  # how many lists stand around
        self.counter = [-1]  # of the innermost list; -1: bullets
        # `ignored`: Word's own bullet, and the blanks behind it

    def copy(self) -> _State:
        other = _State.__new__(_State)
        other.hidden, other.tiny, other.pre = self.hidden, self.tiny, self.pre
        other.ignored, other.raised, other.quotes = self.ignored, self.raised, self.quotes
        other.lists, other.counter = self.lists, self.counter
        return other


class _Tree:
    """The elements that stand open, each found in constant time."""

    def __init__(self) -> None:
        self.open: list[tuple[str, _State]] = []  # name, and the state outside of it
        self.blocks: list[int] = []  # places of what an inline end tag does not reach beyond
        self.cells: list[int] = []  # places of what no end tag of a block reaches beyond
        self.tables: list[int] = []  # places of what no end tag of a cell or row reaches beyond
        self.places: dict[str, tuple[list[int], ...]] = {}  # of each name, and those lists that it stands in too

    def _lists(self, name: str) -> tuple[list[int], ...]:
        found: list[list[int]] = [[]]
        if name in BLOCKS or name in SPACED or name in CELLS:
            found.append(self.blocks)
        if name in CELLS or name in ("table", "caption"):
            found.append(self.cells)
        if name == "table":
            found.append(self.tables)
        self.places[name] = tuple(found)
        return self.places[name]

    def push(self, name: str, state: _State) -> None:
        for places in self.places.get(name) or self._lists(name):
            places.append(len(self.open))
        self.open.append((name, state))

    def pop(self) -> tuple[str, _State]:
        name, state = self.open.pop()
        for places in self.places[name]:
            places.pop()
        return name, state

    def last(self, *names: str) -> int:
        """Return the place of the innermost element of these names, or -1."""
        at = -1
        for name in names:
            found = self.places.get(name)
            if found and found[0] and found[0][-1] > at:
                at = found[0][-1]
        return at

    def to_close(self, name: str) -> int:
        """Return the place of the element that an end tag closes, or -1."""
        at = self.last(name)
        if name in CELLS or name in ("tr", "tbody", "thead", "tfoot", "caption"):
            wall = self.tables
        elif name in BLOCKS or name in SPACED or name in NOT_SHOWN:
            wall = self.cells if name not in ("table", "body", "html") else []
        else:
            wall = self.blocks
        return at if not wall or wall[-1] <= at else -1


class _Reader:
    """Reads a document line by line, as it is seen."""

    def __init__(self, html: str, hide: bool, pictures: bool) -> None:
        self.html, self.hide, self.pictures = html, hide, pictures
        self.tree, self.state, self.sheet = _Tree(), _State(), Sheet()
        self.words: list[str] = []
        self.pieces: list[tuple[int, int]] = []
        self.done: list[Line] = []
        self.torn = False  # a hidden element was never closed
        self.left_out = False  # something hidden, or what is said in place of a picture
        self.prefix = ""  # quote marks and bullet of the current line
        self.quoted = 0  # the quote depth of the last line
        self.blank = True  # the last finished line is empty, or there is none
        self.gap = False  # an empty line is due before the next text
        self.bullet = ""
        self.fixed = False  # the line holds a no-break space: mailers write empty lines so
        self.tight = False  # the last paragraph has no empty line around it
        self.link: tuple[str, int, int, tuple[int, int]] | None = None  # href, lines and words before it, its tag
        self.picture = ""  # what stands for the picture in the link
        self.signature = -1  # the place of a signature's element that has shown nothing yet
        self.cell = -1  # the number of lines at the beginning of the cell; -1 after a table in it
        self.joins = -1  # the line to which the next cell is added, if it is the last one
        self.joining = -1  # the same, for the cell that is open
        self.columns = 0  # how many cells began since the last that showed something
        self.is_data = False  # the table has headings: columns count

    def lines(self) -> list[Line]:
        """Return all lines; then `torn` tells whether something hidden never ended."""
        for kind, name, source, begin, end in tokens(self.html):
            if kind == "text":
                if not self.state.hidden and not self.state.tiny:
                    self._text(begin, end)
                elif not self.left_out:
                    self.left_out = not self.html[begin:end].isspace()
            elif kind == "open":
                self._open(name, attributes(source) if source else {}, source, begin, end)
            elif kind == "close":
                self._close(name, begin, end)
            else:
                self.sheet.read(self.html[begin:end])
        self.torn = self.torn or self.state.hidden
        self._end_line()
        return self.done

    # --- lines

    def _put(self, words: str, begin: int, end: int) -> None:
        """Add to the current line; what begins a line is not preceded by blanks."""
        if self.state.tiny:
            return
        if not self.words:
            words = words if self.state.pre else words.lstrip()
            if not words:
                return
            self._begin_line(words)
        elif words.startswith(" ") and self.words[-1].endswith((" ", "\t")) and not self.state.pre:
            words = words[1:]
        if words:
            self.words.append(words)
        self.pieces.append((begin, end))

    def _begin_line(self, words: str) -> None:
        quotes = self.state.quotes
        if 0 <= self.joining == len(self.done) - 1:
            line, self.pieces = self.done.pop()
            self.words, self.prefix = [line, "\t" * (self.columns if self.is_data else 1)], ""
            self.cell, self.gap = len(self.done), False
            return
        if self.gap and not self.blank:
            self.cell += self.cell == len(self.done)
            self.done.append((("> " * min(self.quoted, quotes)).rstrip(), []))
        self.gap, self.quoted = False, quotes
        if self.signature >= 0 and words.strip():
            if words.rstrip() != "--" and (not self.done or self._last_words() != "--"):
                self.done.append(("-- ", []))
            self.signature = -1
        self.prefix = "> " * quotes + self.bullet
        self.bullet = ""

    def _last_words(self) -> str:
        return next((line.strip() for line, _ in reversed(self.done[-3:]) if line.strip()), "")

    def _end_line(self, even_empty: bool = False) -> None:
        if self.link is not None:
            self.link = (*self.link[:2], 0, (0, 0))
        if not self.words and not even_empty and not self.fixed:
            if self.pieces:
                self.pieces = []
            return
        words = _without_filler("".join(self.words).rstrip())
        line = (self.prefix + words).rstrip() if words else ""
        if line or even_empty or (self.fixed and not self.blank):
            self.done.append((line or ("> " * self.state.quotes).rstrip(), self.pieces))
            self.blank = not line
            self.gap = self.gap and bool(line)
        self.words, self.pieces, self.fixed = [], [], False

    def _text(self, begin: int, end: int) -> None:
        source = self.html[begin:end]
        if self.state.pre:
            self._fixed_text(source, begin)
            return
        text = _BLANKS.sub(" ", source)
        self.fixed = self.fixed or "&nbsp;" in text or "\xa0" in text
        text = plain(text)
        if self.state.ignored:
            text = text.strip() and (
                "- " if len(text.strip()) == 1 and not text.strip().isdigit() else text.strip() + " "
            )
        elif self.state.raised and text.strip().isdigit() and text.isascii():
            text = text.translate(RAISED)
        self._put(text, begin, end)

    def _fixed_text(self, source: str, begin: int) -> None:
        """Take in text whose own line ends count."""
        at = 0
        for mark in re.finditer(r"\r\n|[\r\n]", source):
            if mark.start() > at:
                self._put(plain(source[at : mark.start()]), begin + at, begin + mark.start())
            self.pieces.append((begin + mark.start(), begin + mark.end()))
            self._end_line(even_empty=True)
            at = mark.end()
        if len(source) > at:
            self._put(plain(source[at:]), begin + at, begin + len(source))

    def _block(self, spaced: bool) -> None:
        self._end_line()
        self.gap = self.gap or spaced

    # --- tags

    def _open(self, name: str, found: dict[str, str], source: str, begin: int, end: int) -> None:
        if name in VOID:
            if not self.state.hidden and not self.state.tiny:
                self._void(name, found, begin, end)
            return
        self._end_before(name)
        outside, style = self.state, declarations(found["style"]) if "style" in found else {}
        self.tree.push(name, outside)
        if found or name in NOT_SHOWN:
            self.state = self._styled(name, found, style, source)
        if self.state.hidden:
            return
        if name == "p":
            classes = found.get("class", "")
            self.tight = self.sheet.tight or "Mso" in classes or is_tight(style)
            self._block(not self.tight)
        elif name in BLOCKS or name in SPACED:
            self._block(name in SPACED and not (name in LISTS and outside.lists))
        if name in CELLS:
            self.is_data = self.is_data or name == "th"
            self._begin_cell()
        elif name in ("tr", "table"):
            self.joins, self.columns = -1, 0
            self.is_data = self.is_data and name == "tr"
        elif name == "a":
            self.link, self.picture = (found.get("href", ""), len(self.done), len(self.words), (begin, end)), ""
        else:
            self._inner(name, found, style)

    def _end_before(self, name: str) -> None:
        """Close what an element ends that is opened."""
        if name in ENDS:
            names, around = ENDS[name]
            at = self.tree.last(*names)
            if at > self.tree.last(*around):
                self._pop_to(at, "")
        elif (name == "p" or name in BLOCKS or name in SPACED) and self.tree.blocks:
            at = self.tree.blocks[-1]
            if self.tree.open[at][0] == "p":
                self._pop_to(at, "")

    def _styled(self, name: str, found: dict[str, str], style: dict[str, str], source: str) -> _State:
        """Return the state within an element, as its attributes and the style sheets say."""
        outside = self.state
        state = outside.copy()
        if self.hide and not source.endswith("/"):
            hidden = "hidden" in found or hides(style)
            by_sheet = style.get("display", "none") == "none" and self.sheet.hides(name, found)
            state.hidden = outside.hidden or hidden or by_sheet or name in NOT_SHOWN
            tiny = is_tiny(style) if "font" in found.get("style", "").lower() else None
            state.tiny = outside.tiny if tiny is None else tiny
            state.tiny = state.tiny and not (name == "font" and "size" in found)
        state.pre = style.get("white-space", "pre" if outside.pre else "")[:3] in ("pre", "bre")
        state.ignored = outside.ignored or style.get("mso-list") == "ignore"
        if SIGNATURES.intersection(found.get("class", "").split()) and not outside.quotes:
            self.signature = len(self.tree.open) - 1
        return state

    def _inner(self, name: str, found: dict[str, str], style: dict[str, str]) -> None:
        """Begin what changes how text is shown: lists, quotes, text with its own line ends."""
        if name not in ("ol", "ul", "li", "blockquote", "div", "sup", "q", *FIXED):
            return
        if name == "li":
            counter = self.state.counter
            counter[0] += counter[0] >= 0
            self.bullet = "  " * (min(self.state.lists, DEEPEST_LIST) - 1) + (
                f"{counter[0]}. " if counter[0] > 0 else "- "
            )
            return
        if name == "q":
            self._put('"', 0, 0)
            return
        state = self.state.copy()
        if name in LISTS:
            start = found.get("start", "1")
            first = int(start) - 1 if len(start) < 6 and start.isascii() and start.isdigit() and start > "0" else 0
            state.lists, state.counter = state.lists + 1, [first if name == "ol" else -1]
        elif name == "blockquote":
            state.quotes += _quotes(found, style) and state.quotes < DEEPEST_QUOTE
        elif name == "div":
            state.quotes += found.get("name") == "quote" and state.quotes < DEEPEST_QUOTE  # web.de, GMX
        elif name == "sup":
            state.raised = True
        else:
            state.pre = True
        self.state = state

    def _begin_cell(self) -> None:
        self._end_line()
        self.cell, self.joining = len(self.done), self.joins
        self.columns += 1

    def _end_cell(self) -> None:
        """Remember the line of a cell that is only one: the next cell goes behind it."""
        self.fixed = self.fixed and bool(self.words)
        self._end_line()
        lines = len(self.done) - self.cell
        if self.cell < 0 or lines > 1:
            self.joins = -1
        elif lines:
            self.joins, self.gap = self.cell if self.done[-1][0].strip() else -1, False
            self.columns = 0
        self.joining = -1

    def _void(self, name: str, found: dict[str, str], begin: int, end: int) -> None:
        if name == "br":
            self.pieces.append((begin, end))
            self._end_line(even_empty=True)
        elif name == "hr":
            self._block(spaced=True)
        elif name == "img":
            self._image(found, begin)

    def _image(self, found: dict[str, str], begin: int) -> None:
        """Show an image that stands for characters (mailers send emoji so), and say where a sent picture stood."""
        alt = " ".join(found.get("alt", "").split())
        if not alt or found.get("width") in ("0", "1") or found.get("height") in ("0", "1"):
            return
        emoji = len(alt) <= 16 and not alt.isascii() and not any(map(str.isalnum, alt))
        if emoji or (len(alt) <= 3 and "moji" in found.get("class", "")):
            self._put(alt, begin, begin)
        elif len(alt) > LONGEST_PICTURE:
            return
        elif self.pictures or found.get("src", "")[:4].lower() == "cid:":
            self._put(f"[{alt}]", begin, begin)
        elif self.link is not None:
            self.picture = alt
        self.left_out = True

    def _close(self, name: str, begin: int, end: int) -> None:
        at = self.tree.to_close(name)
        if at >= 0:
            if name == "a" and not self.state.hidden:
                self._close_link(begin, end)
            self._pop_to(at, name)
        elif name == "br":
            self._end_line(even_empty=True)
        elif (name in BLOCKS or name in SPACED) and not self.state.hidden:
            self._block(name in SPACED)

    def _pop_to(self, at: int, closed: str) -> None:
        """Close all elements down to a place. One that hid its content and is closed by another's end is torn."""
        while len(self.tree.open) > at:
            inside = self.state
            name, self.state = self.tree.pop()
            last = len(self.tree.open) == at
            if inside.hidden:
                ended = name == closed if closed else last and name in UNCLOSED
                self.torn = self.torn or not (self.state.hidden or (last and ended))
                continue
            if self.signature >= len(self.tree.open):
                self.signature = -1
            if name == "a" and closed != "a":
                self._close_link(0, 0)
            if name == "q":
                self._put('"', 0, 0)
            elif name == "p":
                self._block(not self.tight)
            elif name in BLOCKS or name in SPACED:
                self._end_line()
                self.gap = self.gap or (name in SPACED and not (name in LISTS and self.state.lists))
            elif name in CELLS:
                self._end_cell()
            if name == "table":
                self.cell = -1
            if name in LISTS:
                self.bullet = ""

    def _close_link(self, begin: int, end: int) -> None:
        """Add where a link leads, if its text does not tell."""
        if self.link is None or self.state.tiny:
            return
        href, lines, first, tag = self.link
        picture, self.link, self.picture = self.picture, None, ""
        seen = "".join(self.words[first:]).strip()
        if not seen and picture:
            self._put(picture, begin, begin)
            seen = picture
        leads = target(href)
        if seen and leads and not tells(seen, leads):
            self.words.append(f" <{leads}>")
        elif not seen and leads and len(self.done) > lines and self.done[-1][0].strip():
            line, pieces = self.done[-1]
            if not tells(line, leads):
                self.done[-1] = (f"{line} <{leads}>", pieces)
        if tag[1] and end:
            self.pieces += [tag, (begin, end)]


def _quotes(found: dict[str, str], style: dict[str, str]) -> bool:
    """Tell whether a blockquote quotes; mail clients indent with it too."""
    if "cite" in found.get("type", "") + found.get("class", "") or "quote" in found.get("class", ""):
        return True
    left = style.get("border-left", "")
    return left[:1] not in ("n", "0") if left else style.get("border", "")[:1] not in ("n", "0")


def _without_filler(line: str) -> str:
    """Drop the joiners that stand between blanks: newsletters fill the preview of a mail list with them."""
    if line.isascii() or not re.search(r"[\u200c-\u200f]", line):
        return line
    line, found = re.subn(r"(?<![^\s])[\u200c-\u200f]++(?=\s|$)", "", line)
    return " ".join(line.split()) if found > 3 else line


def visible_lines(html: str) -> list[Line]:
    """Return the lines as they are seen, each with the stretches of the source that it comes from.

    Where something hidden never ends, or all is hidden, nothing is: it would take the message with it.
    """
    reader = _Reader(html, hide=True, pictures=False)
    lines = reader.lines()
    if reader.torn or (reader.left_out and not any(line.strip() for line, _ in lines)):
        return _Reader(html, hide=False, pictures=not reader.torn).lines()
    return lines


def html_to_text(html: str) -> str:
    """Return the visible text, in lines; see `mailgate.text`."""
    text = clean("\n".join(line for line, _ in visible_lines(html))).strip("\n")
    return text + "\n" if text else ""
