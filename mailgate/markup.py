"""The markup of HTML mail: tags and text by their place in the source, attributes, styles that hide, links that track.

A lexer of our own: the source has to be cut by offsets, which no parser library gives. It is linear and total.
"""

from __future__ import annotations

import re
from html import unescape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Token = tuple[str, str, str, int, int]  # text|open|close|sheet, element name, attributes, begin, end

_BEGIN = re.compile(r"<(?=[a-zA-Z/!?])")
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*+)((?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+)>")
_LOOSE_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*+)([^<>]*+)>")
_DECLARATION = re.compile(r"<[!?/][^<>]*+>")
_ATTRIBUTE = re.compile(r"([^\s\"'<>/=]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>]*+)))?+")
_SIZE = re.compile(r"(\d{0,9}(?:\.\d{0,9})?)(px|pt|em|rem|ex|ch|%|)(?=[\s/]|$)")

UNSEEN = ("script", "style", "title", "noembed", "noframes", "iframe")  # their content is no markup, and not shown
LARGEST_SHEET = 200_000  # characters of a style sheet that are looked at
LONGEST_LINK = 500  # characters; what is longer only tracks
LONGEST_WORD = 100  # of letters and digits in a link without a break: nobody's name for a page, but a tracker's
SMALLEST = {"%": 10.0}  # sizes below which nobody can read: one pixel or point; of other units a tenth
SMALL = 5.0  # pixels or points; up to it a text may be meant to be hidden
# What sets no type and means nothing where it stands, but for the joiners within words and emoji.
NOTHING = dict.fromkeys((0xAD, 0x200B, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0x34F, 0xFEFF))
PLAIN = NOTHING | {0xA0: " ", 10: " ", 11: " ", 12: " ", 13: " ", 0x85: " ", 0x2028: " ", 0x2029: " "}


# --- tags and text ---------------------------------------------------------------------------------------------------


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


def tokens(html: str) -> Iterator[Token]:
    """Split a document into text, tags and style sheets; comments, declarations and scripts are left out."""
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
            if name in UNSEEN and not match[1] and not match[3].endswith("/"):
                begin = position = _unseen_end(html, name, end, unclosed)
                if name == "style":
                    yield "sheet", "", "", end, begin
    if begin < len(html):
        yield "text", "", "", begin, len(html)


def plain(text: str) -> str:
    """Return a stretch of text with its character references resolved; what takes no place on the line is gone."""
    if "&" in text:
        try:
            text = unescape(text)
        except ValueError:  # a character reference of thousands of digits
            text = unescape(re.sub(r"&#[xX]?[0-9a-fA-F]{9,}+;?", "\ufffd", text))
    return text if text.isascii() and text.isprintable() else text.translate(PLAIN)


def attributes(source: str) -> dict[str, str]:
    """Return the attributes of a tag, names in lower case; of two equal ones the first counts."""
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(source):
        found.setdefault(name.lower(), plain(double or single or bare).strip())
    return found


# --- what is hidden --------------------------------------------------------------------------------------------------


def declarations(style: str) -> dict[str, str]:
    """Return the properties of a style attribute or rule: the last of equal names counts."""
    found = {}
    for item in style.lower().split(";"):
        name, colon, value = item.partition(":")
        if colon:
            found[name.strip()] = value.partition("!")[0].strip()
    return found


def _is_zero(value: str) -> bool:
    number = value.removesuffix("px").removesuffix("pt").removesuffix("em").removesuffix("%").strip()
    return bool(number) and not number.strip("0.")


def _is_far(value: str) -> bool:
    """Tell whether a place is out of sight, such as -9999px."""
    digits = value[1:].partition(".")[0].strip("pxtem% ")
    return value[:1] == "-" and digits.isdigit() and (len(digits) > 3 or digits == "999")


def hides(style: dict[str, str]) -> bool:
    """Tell whether a style takes an element and all that is in it from sight.

    `mso-hide: all` does not: it hides from Outlook what others are shown, beside a twin for Outlook in a comment.
    """
    if style.get("display") == "none" or style.get("visibility") in ("hidden", "collapse"):
        return True
    if _is_zero(style.get("opacity", "")):
        return True
    if any(_is_far(style.get(name, "")) for name in ("text-indent", "left", "top")):
        return True
    clipped = style.get("overflow", "") == "hidden"
    return clipped and any(_is_zero(style.get(name, "")) for name in ("max-height", "height", "width", "max-width"))


def _font_size(style: dict[str, str]) -> str:
    """Return the size of the type that a style sets, or ""."""
    for word in style.get("font", "").split() if "font-size" not in style else ():
        size = word.partition("/")[0]
        if size == "0" or (size[:1].isdigit() and not size.isdigit()):
            return size
    return style.get("font-size", "")


def is_tiny(style: dict[str, str]) -> bool | None:
    """Tell whether a style makes text too small to be seen; None if it says nothing, or only a share of its parent's.

    Type of one pixel alone is not taken for hidden: better a line too many than words lost.
    """
    size = _font_size(style)
    match = _SIZE.match(size)
    if not match or not match[1].strip("."):
        return False if size in ("xx-small", "x-small", "small", "medium", "large", "x-large") else None
    number, unit = float(match[1]), match[2] or "px"
    fixed = unit in ("px", "pt")
    if number < (1 if fixed else SMALLEST.get(unit, 0.1)):
        return True
    if fixed and number <= SMALL and _conceals(style):
        return True
    return False if fixed or unit == "rem" else None


def _conceals(style: dict[str, str]) -> bool:
    """Tell whether a style with small type is meant not to be read: no height, or the colour of its own background."""
    background = style.get("background-color") or style.get("background")
    if background and background == style.get("color"):
        return True
    return style.get("line-height") in ("0", "0px", "1px") or style.get("mso-hide") == "all"


def is_tight(style: dict[str, str]) -> bool:
    """Tell whether a style leaves no empty line below a paragraph."""
    around = style.get("margin", "").split()
    below = style.get("margin-bottom") or (around[2] if len(around) > 2 else around[0] if around else "")
    number = re.match(r"\d{0,9}\.?\d{0,9}", below)
    digits = number[0] if number else ""
    return digits.replace(".", "", 1).isdigit() and float(digits) < 0.1


class Sheet:
    """What the style sheets of a document say that its text depends on."""

    def __init__(self) -> None:
        self.hidden: set[str] = set()  # ".class", "#id", "tag.class"
        self.tight = False  # paragraphs have no empty line around them

    def read(self, css: str) -> None:
        """Take in a sheet. Rules within @media and the like, and selectors of more than one step, are passed over."""
        first, *others = css[:LARGEST_SHEET].replace("<!--", "").replace("-->", "").split("/*")
        css = first + "".join(other.partition("*/")[2] for other in others)
        depth, begin, selector = 0, 0, ""
        for mark in re.finditer(r"[{};]", css):
            if mark[0] == "{":
                if not depth:
                    selector, begin = css[begin : mark.start()], mark.end()
                depth += 1
            elif mark[0] == "}":
                depth = max(0, depth - 1)
                if not depth:
                    if "@" not in selector:
                        self._rule(selector, css[begin : mark.start()])
                    selector, begin = "", mark.end()
            elif not depth:
                begin = mark.end()

    def _rule(self, selectors: str, body: str) -> None:
        style = declarations(body)
        for selector in map(str.strip, selectors.lower().split(",")):
            if selector == "p" and is_tight(style):
                self.tight = True
            if not re.fullmatch(r"\w*[.#][\w-]+", selector):
                continue
            if hides(style):
                self.hidden.add(selector)
            elif "display" in style or "visibility" in style:
                self.hidden.discard(selector)

    def hides(self, name: str, found: dict[str, str]) -> bool:
        """Tell whether a rule hides an element with these attributes."""
        if not self.hidden:
            return False
        keys = [f".{one}" for one in found.get("class", "").lower().split()]
        keys += [f"#{found['id'].lower()}"] if "id" in found else []
        return any(key in self.hidden or name + key in self.hidden for key in keys)


# --- links -----------------------------------------------------------------------------------------------------------


def target(href: str) -> str:
    """Return where a link leads as a person would write it, or "" if that tells nothing: scripts, anchors, trackers."""
    scheme = href[:8].lower()
    if scheme.startswith("mailto:"):
        address = _unquoted(href[7:].partition("?")[0])
        return address if address.isprintable() else ""
    if not scheme.startswith(("http://", "https://")):
        return ""
    href, marks = re.subn(r"(?<=[?&])utm_\w++=[^&#]*+&?", "", _unwrapped(href))
    if marks:
        href = re.sub(r"[?&](?=#|$)", "", href)
    if len(href) > LONGEST_LINK or re.search(rf"[\w=-]{{{LONGEST_WORD}}}", href.partition("?")[0]):
        return ""
    return href


def _unquoted(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text, errors="replace")


def _unwrapped(href: str) -> str:
    """Return the link that a mail filter put into its own: Safe Links, Proofpoint, and what Google makes of links."""
    host, _, rest = href.partition("//")[2].partition("/")
    host = host.lower()
    field, inner = "", ""
    if host.endswith(".safelinks.protection.outlook.com"):
        field = "url="
    elif host == "www.google.com" and rest.startswith("url?"):
        field = "q="
    elif host == "urldefense.proofpoint.com" and rest.startswith("v2/url?"):
        field = "u="
    elif host == "urldefense.com" and rest.startswith("v3/__"):
        inner = rest[5:].partition("__;")[0]
    if field:
        found = re.search(rf"[?&]{field}([^&#]*+)", rest)
        inner = found[1] if found else ""
        inner = _unquoted(inner.replace("-", "%").replace("_", "/") if field == "u=" else inner)
    return inner if inner[:8].lower().startswith(("http://", "https://")) and inner.isprintable() else href


def tells(seen: str, leads: str) -> bool:
    """Tell whether the text of a link shows already where it leads."""
    bare = leads.lower().removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")
    return bare in seen.lower()
