"""Rich text of Outlook to text: decompressed (MS-OXRTFCP), and read, with HTML that is wrapped in it (MS-OXRTFEX).

Total, and linear in the size; at most LONGEST bytes of RTF are read.
"""

from __future__ import annotations

import re

from mailgate.charset import clean, decode_text

LONGEST = 4_000_000  # bytes of RTF that are read; what makes it longer are pictures
DEEPEST = 500  # groups within groups whose settings are remembered
_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS "
    b"Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20"
    b"\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096

# --- compressed ------------------------------------------------------------------------------------------------------


def decompress(data: bytes) -> tuple[bytes, bool]:
    """Return the RTF of a PidTagRtfCompressed value, and whether it is whole. Never raises."""
    if len(data) < 16:
        return b"", False
    size = int.from_bytes(data[4:8], "little")
    if data[8:12] == b"MELA":
        return data[16 : 16 + min(size, LONGEST)], size <= min(LONGEST, len(data) - 16)
    if data[8:12] != b"LZFu":
        return b"", False
    out = _inflate(data, min(size, LONGEST))
    return out, len(out) >= size


def _inflate(data: bytes, most: int) -> bytes:
    """Undo LZFu: each control byte tells which of the next eight tokens are references into the last 4,096 bytes."""
    out = bytearray(b" " * (_WINDOW - len(_START)) + _START)
    base = len(out)
    at, stop, most = 16, len(data), most + base
    while at < stop and len(out) < most:
        control = data[at]
        at += 1
        for bit in range(8):
            if not control >> bit & 1:
                out += data[at : at + 1]
                at += 1
                continue
            if at + 2 > stop:
                at = stop
                break
            offset, length = data[at] << 4 | data[at + 1] >> 4, (data[at + 1] & 15) + 2
            at += 2
            back = (len(_START) + len(out) - base - offset) % _WINDOW
            if back == 0:
                return bytes(out[base:most])
            copied = out[-back:][:length] if back <= length else out[-back : length - back or None]
            out += (copied * (length // back + 1))[:length] if back < length else copied
    return bytes(out[base:most])


# --- read ------------------------------------------------------------------------------------------------------------

_TOKEN = rb"\\(?:([A-Za-z]{1,32})(-?[0-9]{1,9})? ?|'([0-9A-Fa-f]{2})|([^A-Za-z]))|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\"
_SKIPPED = frozenset(
    (b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"objdata", b"header", b"footer", b"headerl",
     b"headerr", b"headerf", b"footerl", b"footerr", b"footerf", b"fldinst", b"nonshppict", b"themedata", b"datastore",
     b"listtable", b"listoverridetable", b"rsidtbl", b"generator", b"xmlnstbl", b"pntext", b"ftnsep", b"bkmkstart",
     b"bkmkend", b"mhtmltag", b"latentstyles", b"private")
)  # fmt: skip
_SIGNS = {
    b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"row": "\n", b"nestrow": "\n", b"cell": "\t",
    b"nestcell": "\t", b"tab": "\t", b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’",
    b"ldblquote": "“", b"rdblquote": "”", b"bullet": "•", b"~": "\xa0", b"_": "-", b"\n": "\n", b"\r": "\n",
    b"\\": "\\", b"{": "{", b"}": "}", b"emspace": " ", b"enspace": " ",
}  # fmt: skip
_FONT_CHARSETS = {128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256,
                  186: 1257, 204: 1251, 222: 874, 238: 1250}  # fmt: skip


class _Group:
    """The settings that end with a group."""

    __slots__ = ("codepage", "fonts", "skipped", "unmarked", "wrapped")

    def __init__(self, skipped: bool, wrapped: bool, unmarked: int, codepage: int, fonts: bool) -> None:
        self.skipped, self.wrapped, self.unmarked, self.codepage, self.fonts = (
            skipped, wrapped, unmarked, codepage, fonts)  # fmt: skip


class _Reader:
    """Reads tokens into text. With `html` the source of the wrapped HTML is collected, not its rendering."""

    def __init__(self, html: bool, codepage: int) -> None:
        self.html = html
        self.default = codepage
        self.fonts: dict[int, int] = {}
        self.font = 0
        self.now = _Group(False, False, 1, codepage, False)
        self.stack: list[_Group] = []
        self.lost = 0  # groups beyond DEEPEST
        self.starred = False  # `\*` stands before the next word
        self.passed = 0  # characters that stand for those who cannot read the last \u
        self.out: list[str] = []
        self.bytes = bytearray()

    def flush(self) -> None:
        if self.bytes:
            self.out.append(decode_text(bytes(self.bytes), f"cp{self.now.codepage}"))
            self.bytes.clear()

    def shows(self) -> bool:
        return not (self.now.skipped or self.now.wrapped)

    def say(self, text: str) -> None:
        if self.shows():
            self.flush()
            self.out.append(text)

    def literal(self, data: bytes) -> None:
        if self.passed:
            self.passed, data = max(0, self.passed - len(data)), data[self.passed :]
        if self.shows():
            self.bytes += data

    def brace(self, mark: bytes) -> None:
        self.passed = 0
        if mark == b"{":
            if len(self.stack) >= DEEPEST:
                self.lost += 1
            else:
                now = self.now
                self.stack.append(now)
                self.now = _Group(now.skipped, now.wrapped, now.unmarked, now.codepage, now.fonts)
        elif self.lost:
            self.lost -= 1
        elif self.stack:
            group = self.stack.pop()
            if group.codepage != self.now.codepage:
                self.flush()
            self.now = group

    def word(self, word: bytes, number: int | None) -> None:
        starred, self.starred = self.starred, False
        now = self.now
        if word == b"htmltag" and self.html:
            now.skipped = now.fonts = False
        elif word == b"htmlrtf":
            now.wrapped = self.html and number != 0
        elif word in _SKIPPED or (starred and word not in (b"shppict", b"nestrow")):
            now.skipped, now.fonts = True, word == b"fonttbl"
        elif word == b"u" and number is not None:
            self.say(chr(number & 0xFFFF))
            self.passed = now.unmarked
        elif word == b"uc":
            now.unmarked = min(max(number or 0, 0), 9)
        elif word == b"f":
            self.font = number or 0
            if not now.fonts:
                self.flush()
                now.codepage = self.fonts.get(self.font, self.default)
        elif word == b"fcharset" and now.fonts:
            self.fonts[self.font] = _FONT_CHARSETS.get(number or 0, self.default)
        elif word == b"plain":
            self.flush()
            now.codepage = self.default
        elif word in _SIGNS:
            self.say(_SIGNS[word])


def _read(data: bytes, html: bool, codepage: int) -> str:
    reader, at = _Reader(html, codepage), 0
    token = re.compile(_TOKEN)
    while match := token.match(data, at):
        at = match.end()
        word, number, code, sign, brace, text = match.groups()
        if word == b"bin":
            at += max(0, int(number or 0))
        elif word:
            reader.word(word, int(number) if number else None)
        elif code:
            reader.literal(bytes.fromhex(code.decode()))
        elif sign == b"*":
            reader.starred = True
        elif sign:
            reader.say(_SIGNS.get(sign, ""))
        elif brace:
            reader.brace(brace)
        elif text:
            reader.literal(text)
    reader.flush()
    return "".join(reader.out).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def read(data: bytes) -> tuple[str, str]:
    """Return the text of an RTF document, or the HTML that it wraps: (kind "text/plain" or "text/html", text)."""
    data = data[:LONGEST]
    head = data[:2000]
    match = re.search(rb"\\ansicpg(\d{1,5})", head)
    html = b"\\fromhtml" in head
    text = clean(_read(data, html, int(match[1]) if match else 1252))
    return ("text/html" if html else "text/plain"), text
