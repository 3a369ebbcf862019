"""Which parts of a message are its readable text, and the best rendering of each (RFC 2046 5.1.4). Total."""

from __future__ import annotations

import re

from mailgate.armor import without_armor
from mailgate.charset import clean, decode_text
from mailgate.mime import decoded
from mailgate.text import LONGEST_PAGE, html_to_text, unflow
from mailgate.transfer import take_out, transfer_decoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailgate.model import Mail, Part

SAMPLE = 20_000  # bytes of a part by which it is judged
FEW_CONTROLS = 16  # some escape sequences or a NUL are no reason to call it binary
UNREADABLE = "[A part of this message could not be read as text: see the attachment.]"
TOO_LONG = "[Only the beginning of this message is shown here: see the attachment.]"
PLAIN = ("text/plain", "text/markdown", "text/x-markdown")
ENRICHED = ("text/enriched", "text/richtext")
HTML = ("text/html", "text/xhtml", "application/xhtml+xml", "text/x-amp-html", "text/watch-html")
RICH = ("text/rtf", "application/rtf")  # read only where there is no other text
LESSER = ("text/x-amp-html", "text/watch-html")  # renderings for a device, beside a full one
TEXT = (*PLAIN, *ENRICHED, *HTML)
# Text that a program reads, and no person.
DATA = ("calendar", "vcard", "x-vcard", "directory", "rtf", "xml", "rfc822-headers", "css", "csv", "javascript")
COMMAND = b"set-"
LONG = 150  # words: a plain text of so many is no stub, whatever stands beside it
STUB = 60  # words: a text of so few may be one that only says where the real one is
STUB_WORDS = r"(?i)\bhtml\b|\bbrowser\b|\b(?:web|online)[- ]?version\b|\be-?mail[- ](?:client|program|viewer)"


# --- a part ----------------------------------------------------------------------------------------------------------


def content(mail: Mail, part: Part) -> bytes:
    """Return a part's body without its transfer encoding."""
    return decoded(mail.raw, part)


def _charset(part: Part, data: bytes) -> str:
    if part.charset or part.type not in HTML:
        return part.charset
    match = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE).search(data, 0, 4096)
    return match[1].decode() if match else ""


def part_text(mail: Mail, part: Part) -> str:
    """Return a text part decoded: lines end with "\\n", control characters are gone; HTML is still HTML."""
    data = content(mail, part)
    return clean(decode_text(data, _charset(part, data)))


def enclosed(mail: Mail, part: Part) -> list[tuple[str, bytes]]:
    """Return the files that stand in a plain text itself (uuencode, yEnc, BinHex): name and content of each."""
    return take_out(content(mail, part))[1] if part.type in PLAIN else []


def _can_be_read(mail: Mail, part: Part) -> bool:
    """Tell whether a text part is text at all: a tenth of control characters means that it is something else."""
    start = mail.raw[part.body : min(part.end, part.body + SAMPLE)]
    data = transfer_decoded(start, part.encoding, text=True)
    if part.encoding == "base64" and data == start and data.isascii() and len(data.split()) == 1:
        return False  # no base64, and no words either
    text = decode_text(data, _charset(part, data)).replace("\r", "")
    controls = len(text) - len(clean(text))
    return controls < FEW_CONTROLS or controls * 10 <= len(text)


def _enriched(text: str) -> str:
    """Return the words of text/enriched (RFC 1896): a single line end is a blank, further ones are line ends."""
    text = re.sub(r"\n(\n*)", lambda match: match[1] or " ", text)
    text = re.sub(r"(?is)<param>[^<]{0,2000}</param>", "", text)
    return re.sub(r"<(<)|</?[A-Za-z0-9-]{1,60}>", lambda match: match[1] or "", text)


def _words_of(mail: Mail, part: Part) -> str:
    """Return a part as text to be read."""
    if part.type in PLAIN:
        data = take_out(content(mail, part))[0]
        text = without_armor(clean(decode_text(data, part.charset)))
        return unflow(text, part.delsp) if part.flowed else text
    if part.type in RICH:
        from mailgate.rtf import read

        kind, text = read(content(mail, part))
        return html_to_text(text) if kind == "text/html" else text
    text = part_text(mail, part)
    return html_to_text(text) if part.type in HTML else _enriched(text)


# --- which parts -----------------------------------------------------------------------------------------------------


def leaves(parts: tuple[Part, ...]) -> list[Part]:
    """Return the parts that hold no others."""
    following = (*parts[1:], None)
    return [part for part, after in zip(parts, following, strict=True) if not after or after.depth <= part.depth]


def groups(mail: Mail) -> list[list[Part]]:
    """Return the text leaves in order; those within one multipart/alternative stand together.

    A text part with a file name is an attachment, unless no other text came before it, or it is a rendering itself:
    some mailers name the body. Where there is no text at all, the first leaf is it, if it is text of any kind.
    """
    found = [group for group in _groups(mail.parts) if group]
    first = next(iter(leaves(mail.parts)), None)
    if found or first is None:
        return found
    if first.type in RICH and not first.name:
        return [[first]]
    if not first.type.startswith("text/") or first.type.partition("/")[2] in DATA:
        return []
    if (first.name and first.type not in TEXT) or not _can_be_read(mail, first):
        return []
    return [[first]]


def _groups(parts: tuple[Part, ...]) -> list[list[Part]]:
    out: list[list[Part]] = []
    covered, level = -1, 0
    for part in parts:
        if part.type == "multipart/alternative" and part.start >= covered:
            covered, level = part.end, part.depth + 1
            out.append([])
        elif part.type in TEXT and part.disposition != "attachment":
            inside = part.start < covered
            if part.name and any(out) and not (inside and part.depth == level):
                continue
            if inside:
                out[-1].append(part)
            elif part.type not in LESSER:
                out.append([part])
    return out


def text_parts(mail: Mail) -> tuple[Part, ...]:
    """Return the leaves that form the readable text, every rendering of it, in order: plain or marked up text."""
    return tuple(part for group in groups(mail) for part in group if _can_be_read(mail, part))


# --- the best of them ------------------------------------------------------------------------------------------------


def read_body(mail: Mail) -> tuple[str, list[Part], list[Part]]:
    """Return the readable text, the parts that are in it, and those that should be but cannot be read."""
    texts, readable, unreadable = [], [], []
    for group in groups(mail):
        good = [part for part in group if _can_be_read(mail, part)]
        readable += good
        read = {part.start for part in good}
        unreadable += [part for part in group if part.start not in read]
        texts.append(_best(mail, good) if good else UNREADABLE)
        long = [part for part in good if part.type in HTML and part.end - part.body > LONGEST_PAGE]
        if long and len(long) == len(good):
            unreadable += long
            texts.append(TOO_LONG)
    return "\n".join(text.rstrip("\n") + "\n" for text in texts if text.strip()), readable, unreadable


def _best(mail: Mail, group: list[Part]) -> str:
    """Return the text of one body, or of the best of its renderings: plain text, unless it is none or a stub."""
    if len(group) == 1:
        return _words_of(mail, group[0])
    plain = "\n".join(_words_of(mail, part) for part in group if part.type in PLAIN)
    pages = [part for part in group if part.type in HTML and part.type not in LESSER]
    if _says_anything(plain) or (plain.strip() and not pages):
        return _richer(mail, plain, pages) or _commanding(mail, plain, pages) or plain
    for kinds in (ENRICHED, HTML):
        chosen = [part for part in group if part.type in kinds and (part.type not in LESSER or not pages)]
        text = "\n".join(_words_of(mail, part) for part in chosen)
        if text.strip():
            return text
    return _words_of(mail, group[0])


def _spoken(text: str) -> list[str]:
    """Return the words of a text, without addresses, rules and marks."""
    return [word for word in text.casefold().split() if any(map(str.isalnum, word)) and "://" not in word]


def _richer(mail: Mail, plain: str, pages: list[Part]) -> str:
    """Return the text of HTML pages where the plain text beside them is only a stub, or far poorer; else "".

    HTML that holds the plain text's words and far more is the message. Where it holds others, the plain text is a word
    that HTML is needed, or no rendering of the same at all: it stands below, in case it said more.
    """
    words = _spoken(plain[:SAMPLE])
    size = sum(page.end - page.body for page in pages)
    points = len(words) <= STUB and re.search(STUB_WORDS, plain) is not None
    short = points or (len(words) <= STUB and "://" in plain)
    if not pages or len(words) > LONG or (not short and size < 8 * len(plain) + 300):
        return ""
    text = "\n".join(_words_of(mail, page) for page in pages)
    told = _spoken(text)
    known = set(told)
    shared = sum(word in known for word in words)
    same = shared * 10 >= len(words) * 7
    stub = (points and not same) or (short and shared * 3 <= len(words) and len(told) > 4 * len(words))
    if not told or not (stub or len(told) >= 4 * len(words) + 30):
        return ""
    return text if same else f"{text.rstrip()}\n\n{plain}"


def _says_anything(plain: str) -> bool:
    """Tell whether a plain text holds a letter or digit outside of `[image: …]` and the like."""
    bare = re.sub(r"\[[^\[\]\n]{0,200}\]|&nbsp;", "", plain) if "[" in plain or "&" in plain else plain
    return any(map(str.isalnum, bare))


def _commanding(mail: Mail, plain: str, pages: list[Part]) -> str:
    """Return the text of HTML pages that begin with a command, where the plain text beside them has none; else ""."""
    if _begins_with_command(plain) or not any(COMMAND in content(mail, page).lower() for page in pages):
        return ""
    text = "\n".join(_words_of(mail, page) for page in pages)
    return text if _begins_with_command(text) else ""


def _begins_with_command(text: str) -> bool:
    return text.lstrip("\n \t\xa0\u200b*")[:4].lower().encode() == COMMAND


def around(mail: Mail) -> str:
    """Return what stands before and after the parts of a multipart message: its text, where they hold none."""
    root = mail.parts[0]
    if len(mail.parts) < 2 or root.encoding == "base64":
        return ""
    inner = [part for part in mail.parts if part.depth == 1]
    before, after = mail.raw[root.body : inner[0].start], mail.raw[inner[-1].end : root.end]
    lines = [line for piece in (before, after) for line in _lines(piece)]
    return "".join(line + "\n" for line in lines)


def _lines(piece: bytes) -> Iterator[str]:
    """Yield the lines of a text that are no delimiters, and not the usual words that this is MIME."""
    for line in clean(decode_text(piece, "")).split("\n"):
        if line.strip() and not line.startswith("--") and "mime" not in line.lower():
            yield line
