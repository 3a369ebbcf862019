"""Outlook's winmail.dat (TNEF, MS-OXTNEF): the files and the text in it. Total, linear in the size.

Each attribute is looked at once; no length or count in the data is believed beyond the data's end.
"""

from __future__ import annotations

from mailgate.charset import clean, decode_text, one_line
from mailgate.model import Attachment
from mailgate.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURE = b"\x78\x9f\x3e\x22"
DEEPEST = 4  # messages attached to messages
MOST_FILES = 200
MOST_PROPERTIES = 5_000  # of one message or attachment

# Attributes (2.1.3.2), by the lower half of their ids.
MESSAGE_CLASS, BODY, SUBJECT, MESSAGE_PROPS, CODEPAGE = 0x8008, 0x800C, 0x8004, 0x9003, 0x9007
ATTACH_DATA, ATTACH_TITLE, ATTACH_START, ATTACH_PROPS = 0x800F, 0x8010, 0x9002, 0x9005
# Properties (MS-OXPROPS).
P_SUBJECT, P_CLASS, P_BODY, P_HTML, P_RTF, P_CHARSET = 0x0037, 0x001A, 0x1000, 0x1013, 0x1009, 0x3FDE
P_LONG_NAME, P_NAME, P_DISPLAY_NAME, P_DATA, P_MIME, P_CID = 0x3707, 0x3704, 0x3001, 0x3701, 0x370E, 0x3712
P_LONG_PATH = 0x370D
OBJECT, STRING, UNICODE, BINARY, MANY = 0x0D, 0x1E, 0x1F, 0x102, 0x1000
FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
MESSAGE_INTERFACE = bytes.fromhex("0703020000000000c000000000000046")


class Unpacked(Record):
    """What was in a winmail.dat. `whole`: all of it is here, so that it need not be kept beside it."""

    text: str = ""
    files: tuple[Attachment, ...] = ()
    whole: bool = False
    kind: str = ""  # the message class of an item that is no mail: "IPM.Contact"
    subject: str = ""


def _charset(codepage: int) -> str:
    """Return the charset label of a Windows code page number."""
    names = {65001: "utf-8", 20127: "us-ascii", 20866: "koi8-r", 21866: "koi8-u", 51932: "euc-jp", 51949: "euc-kr",
             54936: "gb18030", 1200: "utf-16-le"}  # fmt: skip
    if 28591 <= codepage <= 28605:
        return f"iso-8859-{codepage - 28590}"
    return "iso-2022-jp" if 50220 <= codepage <= 50222 else names.get(codepage, f"cp{codepage}")


def _number(data: bytes, at: int, size: int = 4) -> int:
    return int.from_bytes(data[at : at + size], "little")


class _Properties:
    """A list of MAPI properties (2.1.3.4): id to (type, first value)."""

    def __init__(self, data: bytes) -> None:
        self.found: dict[int, tuple[int, bytes]] = {}
        self.at, self.whole = 4, len(data) >= 4
        for _ in range(min(_number(data, 0), MOST_PROPERTIES)):
            if self.at + 4 > len(data):
                self.whole = False
                return
            self._read(data)
        self.whole = self.whole and self.at <= len(data) and _number(data, 0) <= MOST_PROPERTIES

    def _read(self, data: bytes) -> None:
        kind, ident = _number(data, self.at, 2), _number(data, self.at + 2, 2)
        self.at += 4
        if ident >= 0x8000:  # named: a GUID, and a number or a text
            named = _number(data, self.at + 16)
            length = _number(data, self.at + 20) if named == 1 else 0
            self.at += 24 + (length + 3 & ~3)
        count, base = 1, kind & ~MANY
        if kind & MANY or base in (OBJECT, STRING, UNICODE, BINARY):
            count = _number(data, self.at)
            self.at += 4
        if base in FIXED:
            self.found.setdefault(ident, (base, data[self.at : self.at + FIXED[base]]))
            self.at += FIXED[base] * count
        elif base in (OBJECT, STRING, UNICODE, BINARY):
            for _ in range(count):
                if self.at + 4 > len(data):
                    self.at = len(data) + 1
                    return
                length = _number(data, self.at)
                self.found.setdefault(ident, (base, data[self.at + 4 : self.at + 4 + length]))
                self.at += 4 + (length + 3 & ~3)
        else:
            self.at = len(data) + 1  # of unknown size: nothing behind it can be found

    def bytes(self, ident: int) -> bytes:
        return self.found.get(ident, (0, b""))[1]

    def number(self, ident: int) -> int:
        return int.from_bytes(self.bytes(ident)[:4], "little")

    def text(self, ident: int, charset: str) -> str:
        kind, data = self.found.get(ident, (0, b""))
        if kind == UNICODE:
            return data.decode("utf-16-le", "replace").partition("\0")[0]
        return decode_text(data.partition(b"\0")[0], charset)


class _File:
    """One attachment while its attributes are read."""

    def __init__(self) -> None:
        self.title = b""
        self.data: bytes | None = None
        self.props = _Properties(b"\0\0\0\0")


class _Reader:
    """Takes one TNEF stream apart."""

    def __init__(self, data: bytes, depth: int) -> None:
        self.depth = depth
        self.whole = data[:4] == SIGNATURE and len(data) > 6
        self.charset = "cp1252"
        self.body, self.subject, self.kind = b"", b"", b""
        self.props = _Properties(b"\0\0\0\0")
        self.files: list[_File] = []
        for level, ident, value in self._attributes(data) if data[:4] == SIGNATURE else ():
            if level == 2:
                self._of_attachment(ident, value)
            else:
                self._of_message(ident, value)

    def _attributes(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        at = 6
        while at < len(data):
            if at + 11 > len(data) or data[at] not in (1, 2):
                self.whole = self.whole and not data[at:].strip(b"\0\r\n")
                return
            length = _number(data, at + 5)
            value = data[at + 9 : at + 9 + length]
            end = at + 9 + length
            self.whole = self.whole and end + 2 <= len(data) and sum(value) & 0xFFFF == _number(data, end, 2)
            yield data[at], _number(data, at + 1, 2), value
            at = end + 2

    def _of_message(self, ident: int, value: bytes) -> None:
        if ident == BODY:
            self.body = value
        elif ident == SUBJECT:
            self.subject = value
        elif ident == MESSAGE_CLASS:
            self.kind = value
        elif ident == CODEPAGE:
            self.charset = _charset(_number(value, 0))
        elif ident == MESSAGE_PROPS:
            self.props = _Properties(value)
            self.whole = self.whole and self.props.whole

    def _of_attachment(self, ident: int, value: bytes) -> None:
        if ident == ATTACH_START or not self.files:
            if len(self.files) >= MOST_FILES:
                self.whole = False
                return
            self.files.append(_File())
        file = self.files[-1]
        if ident == ATTACH_DATA:
            file.data = value
        elif ident == ATTACH_TITLE:
            file.title = value
        elif ident == ATTACH_PROPS:
            file.props = _Properties(value)
            self.whole = self.whole and file.props.whole

    def text(self) -> str:
        """Return the message's text: plain, else of its HTML, else of its RTF."""
        from mailgate.text import html_to_text

        charset = _charset(self.props.number(P_CHARSET)) if self.props.number(P_CHARSET) else self.charset
        for text in (self.props.text(P_BODY, self.charset), decode_text(self.body.partition(b"\0")[0], self.charset)):
            if text.strip():
                return clean(text)
        page = self.props.bytes(P_HTML)
        if page.strip(b"\0 \r\n"):
            kind = self.props.found[P_HTML][0]
            source = self.props.text(P_HTML, charset) if kind == UNICODE else decode_text(page.rstrip(b"\0"), charset)
            text = html_to_text(clean(source))
            if text.strip():
                return text
        return self._rich_text()

    def _rich_text(self) -> str:
        from mailgate.rtf import decompress, read
        from mailgate.text import html_to_text

        packed = self.props.bytes(P_RTF)
        if not packed:
            return ""
        source, whole = decompress(packed)
        self.whole = self.whole and whole
        kind, text = read(source)
        return html_to_text(text) if kind == "text/html" else text

    def unpacked(self) -> Unpacked:
        """Return what was found."""
        text, files = self.text(), [one for file in self.files for one in self._unpacked(file)]
        kind = decode_text(self.kind.rstrip(b"\0"), self.charset) or self.props.text(P_CLASS, self.charset)
        kind = one_line(kind).replace("[", "(").replace("]", ")")[:60]
        is_mail = not kind or kind.upper().startswith(("IPM.NOTE", "IPM.MICROSOFT MAIL.NOTE"))
        subject = self.props.text(P_SUBJECT, self.charset) or decode_text(self.subject.rstrip(b"\0"), self.charset)
        return Unpacked(text, tuple(files), self.whole, "" if is_mail else kind, one_line(subject))

    def _unpacked(self, file: _File) -> Iterator[Attachment]:
        props, charset = file.props, self.charset
        names = [props.text(ident, charset) for ident in (P_LONG_NAME, P_LONG_PATH, P_NAME)]
        names += [decode_text(file.title.partition(b"\0")[0], charset), props.text(P_DISPLAY_NAME, charset)]
        name = one_line(next((name for name in names if name.strip()), ""))
        kind, data = props.found.get(P_DATA, (0, b""))
        if kind == OBJECT and data[:16] == MESSAGE_INTERFACE:
            yield from self._message(name, data[16:])
            return
        if kind == OBJECT and file.data is None:
            data = data[16:]
        cid = "".join(one_line(props.text(P_CID, charset)).split()).strip("<>")
        mime = one_line(props.text(P_MIME, charset)).strip().lower()
        mime = mime if mime.count("/") == 1 and " " not in mime else "application/octet-stream"
        yield Attachment(name, mime, data if file.data is None else file.data, cid, bool(cid))

    def _message(self, name: str, data: bytes) -> Iterator[Attachment]:
        """Yield an attached Outlook message: its text as a file, and its files."""
        inner = _Reader(data, self.depth + 1).unpacked() if self.depth < DEEPEST else Unpacked()
        self.whole = self.whole and inner.whole
        title = inner.subject or name or "message"
        if inner.text.strip():
            text = f"Subject: {inner.subject}\n\n{inner.text}" if inner.subject else inner.text
            safe = title.replace("/", "-").replace("\\", "-")
            yield Attachment(f"{safe}.txt", "text/plain", text.encode())
        yield from inner.files


def unpack(data: bytes) -> Unpacked:
    """Return what is in a winmail.dat. Never raises; from damaged bytes comes what can be found."""
    return _Reader(data, 0).unpacked()
