"""Bytes to text: charsets as mail really labels them, and the characters that no field or text of ours may hold."""

from __future__ import annotations

LATIN = ("us-ascii", "ascii", "ansi-x3.4-1968", "iso-8859-1", "iso8859-1", "latin1", "l1", "windows-1252", "cp1252", "")
# Labels that Python does not know, or reads more narrowly than those who write them mean (encoding.spec.whatwg.org).
ALIASES = {
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb-2312-80": "gb18030", "euc-cn": "gb18030",
    "cp936": "gb18030", "chinese": "gb18030", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932",
    "ms-kanji": "cp932", "windows-31j": "cp932", "euc-kr": "cp949", "ks-c-5601-1987": "cp949", "ks-c-5601": "cp949",
    "ksc5601": "cp949", "korean": "cp949", "big5": "cp950", "x-x-big5": "cp950", "iso-2022-jp": "iso2022_jp_ext",
    "iso-8859-8-i": "cp1255", "iso-8859-8": "cp1255", "iso-8859-6-i": "iso8859_6", "iso-8859-9": "cp1254",
    "tis-620": "cp874", "windows-874": "cp874", "iso-8859-11": "cp874", "x-mac-roman": "mac_roman",
    "unicode-1-1-utf-7": "utf-7", "utf8mb4": "utf-8", "unicode-1-1-utf-8": "utf-8", "x-utf-8": "utf-8",
    "iso-10646-ucs-2": "utf-16", "ucs-2": "utf-16", "unicode": "utf-16", "x-mac-cyrillic": "mac_cyrillic",
    "macintosh": "mac_roman", "x-user-defined": "cp1252",
}  # fmt: skip
NOT_CHARSETS = (
    "idna",
    "punycode",
    "undefined",
    "unicode_escape",
    "raw_unicode_escape",
    "unicode-escape",
    "mbcs",
    "oem",
)

# What XML 1.0 forbids, and C1; every other line end becomes "\n".
_FORBIDDEN: dict[int, str | None] = dict.fromkeys([*range(32), *range(127, 160), 0xFEFF, 0xFFFE, 0xFFFF])
_FORBIDDEN |= {9: "\t", 10: "\n", 11: "\n", 12: "\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n"}
_ONE_LINE = _FORBIDDEN | dict.fromkeys((9, 10, 11, 12, 0x85, 0x2028, 0x2029), " ")
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])


def _codec(charset: str) -> str:
    """Return Python's name for a charset label as it stands in mail (RFC 2978), or "" for none that is usable."""
    label = charset.strip(" \t\"'").lower().replace("_", "-").partition("*")[0]
    if len(label) > 60 or not label.isascii() or not label.isprintable():
        return ""
    if label in LATIN:
        return "cp1252"
    if label.startswith("cp-"):
        label = "cp" + label[3:]
    name = ALIASES.get(label, label)
    return "" if name in NOT_CHARSETS else name


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (LookupError, ValueError):  # unknown, no text encoding, or other bytes than it allows
        return None


def _nearly(data: bytes, codec: str) -> str | None:
    """Decode with replacement characters, if most of what is beyond ASCII can be read that way."""
    try:
        text = data.decode(codec, "replace")
    except (LookupError, ValueError):
        return None
    broken = text.count("\ufffd")
    beyond = len(text) - len(text.encode("ascii", "ignore")) - broken
    return text if beyond >= broken else None


def decode_text(data: bytes, charset: str) -> str:
    """Decode text by its declared charset label, or by the best guess where label and bytes disagree. Never raises.

    UTF-8 goes before the Latin labels: bytes that are valid UTF-8 beyond ASCII are never anything else, and mailers
    put us-ascii and iso-8859-1 on everything. What no charset explains is windows-1252.
    """
    if data[:3] == b"\xef\xbb\xbf":
        data, charset = data[3:], "utf-8"
    elif data[:2] in (b"\xff\xfe", b"\xfe\xff") and len(data) % 2 == 0:
        charset = "utf-16"
    codec = _codec(charset)
    order = ("utf-8",) if codec in ("cp1252", "") else (codec,) if data.isascii() else (codec, "utf-8")
    for name in order:
        text = _strictly(data, name)
        if text is not None:
            return text
    for name in order:
        text = _nearly(data, name)
        if text is not None:
            return text
    return data.decode("cp1252", "replace")


def _without_surrogates(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "ignore").decode()
    return text


def clean(text: str) -> str:
    """Return a text of several lines without the characters that XML 1.0 forbids and C1 controls; lines end "\\n"."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    lines = (line if line.isprintable() else line.translate(_FORBIDDEN) for line in text.split("\n"))
    return _without_surrogates("\n".join(lines))


def one_line(text: str) -> str:
    """Return a field's text without line ends and control characters: tabs and line ends are blanks."""
    if text.isprintable():
        return text
    return _without_surrogates(text.replace("\r\n", " ").replace("\r", " ").translate(_ONE_LINE))


def harmless(text: str) -> str:
    """Return a name on one line without the marks that turn its direction of writing round."""
    return one_line(text if text.isascii() else text.translate(_BIDI))
