"""Bytes to text: charsets as mail really labels them, and the characters that no field or text of ours may hold."""

from __future__ import annotations

import re

# Labels without their punctuation, as far as Python does not know them or reads them more narrowly than those who write
# them mean (encoding.spec.whatwg.org). UNKNOWN says nothing at all; "cp1252" is what Latin-1 and ASCII are taken for.
UNKNOWN = frozenset(
    ("default", "unknown8bit", "unknown", "xunknown", "none", "null", "undefined", "8bit", "7bit", "binary",
     "xuserdefined", "userdefined", "text")
)  # fmt: skip
ASCII = frozenset(("", "usascii", "ascii", "ansix341968", "ansix341986", "iso646us", "us", "iso646irv1991"))
ALIASES = {
    "gb18030": "gb18030 cp54936 gb2312 gbk xgbk gb231280 gb23121980 euccn xeuccn cp936 chinese gb "
    "csgb2312 csiso58gb231280",
    "hz": "hzgb2312 hzgb",
    "cp932": "shiftjis shiftjs sjis xsjis mskanji windows31j cswindows31j csshiftjis cp942 cp943 xmscp932 ms932",
    "euc_jp": "eucjp xeucjp xeuc cseucpkdfmtjapanese cp51932 cp20932 ujis",
    "iso2022_jp_ext": "iso2022jp csiso2022jp iso2022jpms xiso2022jpms iso2022jp1 iso2022jp2 iso2022jp3 iso2022jp2004 "
    "cp50220 cp50221 cp50222 jis xjis",
    "iso2022_kr": "iso2022kr csiso2022kr cp50225",
    "cp949": "euckr cseuckr ksc56011987 ksc56011989 ksc5601 csksc56011987 korean uhc isoir149 cp51949 ms949",
    "cp950": "big5 xxbig5 xbig5 csbig5 big5eten big5tw cnbig5",
    "big5hkscs": "big5hkscs xbig5hkscs cp951",
    "cp1252": "iso88591 iso885911987 isoir100 latin1 l1 ansi msansi cp819 csisolatin1 iso8859 cp28591",
    "iso8859_2": "iso885921987 latin2 l2 csisolatin2 cp28592",
    "cp1254": "iso88599 iso885991989 latin5 l5 csisolatin5 cp28599 msturk",
    "cp1255": "iso88598 iso88598i iso88598e csiso88598i logical visual hebrew cp28598 cp38598 mshebr",
    "iso8859_6": "iso88596i iso88596e arabic",
    "iso8859_7": "greek greek8",
    "iso8859_15": "latin9 l9 latin0 iso885915fdis",
    "cp874": "tis620 iso885911 thai",
    "cp1250": "msee", "cp1251": "mscyrl cyrillic1251", "cp1253": "msgreek", "cp1256": "msarab", "cp1257": "winbaltrim",
    "koi8_r": "koi8 koi koi8r cskoi8r cp20866", "koi8_u": "koi8u koi8ru cp21866",
    "mac_roman": "macintosh xmacroman xmac mac csmacintosh macroman cp10000",
    "mac_cyrillic": "xmaccyrillic xmacukrainian",
    "mac_latin2": "xmacce maccentraleurope xmaccentraleurroman", "mac_greek": "xmacgreek", "mac_turkish": "xmacturkish",
    "mac_iceland": "xmacicelandic",
    "utf-7": "utf7 unicode11utf7 unicode20utf7 xunicode20utf7 csunicode11utf7 cp65000",
    "utf-8": "utf xutf8 unicode11utf8 unicode20utf8 xunicode20utf8 utf8mb3 utf8mb4 cputf8 uft8 ut8 uf8 cp65001 cesu8",
    "utf-16": "iso10646ucs2 ucs2 unicode csunicode utf16 iso10646", "utf-16-le": "utf16le cp1200",
    "utf-16-be": "utf16be unicodefffe cp1201",
    "utf-32": "utf32 ucs4 iso10646ucs4", "utf-32-le": "utf32le cp12000", "utf-32-be": "utf32be cp12001",
}  # fmt: skip
# Codecs that are not in Python's table of aliases. What is in neither is not looked up: that searches for a module.
UNLISTED = frozenset(
    ("cp720", "cp737", "cp856", "cp874", "cp1006", "koi8_t", "koi8_u", "mac_arabic", "mac_croatian", "mac_farsi",
     "mac_romanian")
)  # fmt: skip
NO_CHARSETS = frozenset(("idna", "punycode", "unicodeescape", "rawunicodeescape", "unicodeinternal", "mbcs", "oem"))
# Wider relatives, for the bytes that a codec refuses.
WIDER = {"euc_jp": "euc_jis_2004", "cp950": "big5hkscs", "cp932": "shift_jis_2004", "iso8859_6": "cp1256"}
# In these a few characters may be valid UTF-8 by accident.
SHARED = frozenset(("gb18030", "cp932", "cp949", "cp950", "big5hkscs", "euc_jp", "johab", "cp874"))
# What has letters where the standard has controls is its Windows relative.
WINDOWS = {
    "iso8859_2": "cp1250", "iso8859_4": "cp1257", "iso8859_5": "cp1251", "iso8859_6": "cp1256", "iso8859_7": "cp1253",
    "iso8859_13": "cp1257", "iso8859_15": "cp1252",
}  # fmt: skip
SHIFTING = ("iso2022", "hz", "utf-7", "utf-16", "utf-32")  # in these ASCII bytes mean something else
SAMPLE = 16_384  # bytes by which a text is judged

# What XML 1.0 forbids, and C1; every other line end becomes "\n".
_FORBIDDEN: dict[int, str | None] = dict.fromkeys([*range(32), *range(127, 160), 0xFEFF, 0xFFFE, 0xFFFF])
_FORBIDDEN |= {9: "\t", 10: "\n", 11: "\n", 12: "\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n"}
_ONE_LINE = _FORBIDDEN | dict.fromkeys((9, 10, 11, 12, 0x85, 0x2028, 0x2029), " ")
_C1 = bytes(range(128, 160))
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])


def _key(charset: str) -> str:
    """Return a label without what is no part of it, and without punctuation: `charset="ISO 8859-1";` is iso88591."""
    label = charset.strip().lower()
    label = label.rpartition("charset=")[2] if "charset=" in label else label
    label = re.split(r"[;,*$<>()]|(?<=\S) \S+=", label.strip(" \t\"'"), maxsplit=1)[0]
    return "".join(char for char in label if char.isalnum())


def codec_of(charset: str) -> str:
    """Return Python's name for a charset label as it stands in mail (RFC 2978), or "" for none that is usable.

    "cp1252" is windows-1252, and stands for all labels that mean no more than Latin-1 or ASCII.
    """
    if len(charset) > 80:
        return ""
    key = _key(charset)
    if key in UNKNOWN or key in ASCII or not key.isascii() or key in NO_CHARSETS:
        return ""
    part = re.fullmatch(r"(?:x|cs)?(?:iso)?8859(\d{1,2})", key)
    number = re.fullmatch(r"(?:x|cs)?(?:windows|win|cp|ibm|ibmcp|dos|msdos|pc|ms|ccsid|codepage)?0*(\d{3,5})", key)
    if part:
        key = f"iso8859{part[1]}"
    elif number:
        key = f"cp{number[1]}"
    for codec, labels in ALIASES.items():
        if f" {key} " in f" {labels} ":
            return codec
    if key.startswith("utf8"):
        return "utf-8"
    name = re.sub(r"[^a-z0-9]+", "_", charset.strip(" \t\"';").lower()).strip("_")
    name = key.replace("8859", "8859_") if part or number else name
    from encodings.aliases import aliases

    return name if name in aliases or name in UNLISTED or name in aliases.values() else ""


def is_utf8(data: bytes) -> bool:
    """Tell whether bytes are valid UTF-8."""
    return _strictly(data, "utf-8") is not None


def _strictly(data: bytes, codec: str) -> str | None:
    if codec == "iso2022_kr" and b"\x1b$)C" not in data:
        data = b"\x1b$)C" + data  # a word cut out of a text has lost what announces its letters
    try:
        return data.decode(codec)
    except (LookupError, ValueError):  # unknown, no text encoding, or other bytes than it allows
        return _surrogates_joined(data) if codec == "utf-8" and b"\xed" in data else None


def _surrogates_joined(data: bytes) -> str | None:
    """Decode CESU-8: some databases write each half of a surrogate pair in UTF-8."""
    try:
        return data.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16")
    except ValueError:
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


def _high(data: bytes) -> int:
    """Return how many bytes are beyond ASCII."""
    return len(data) - len(data.decode("ascii", "ignore"))


def _wide(data: bytes, codec: str) -> str:
    """Return the UTF-16 or UTF-32 codec that a text is in: its byte order mark's, else the one that leaves no NULs."""
    if data[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return "utf-32"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if codec in ("utf-16", "utf-32"):
        sample = data[:SAMPLE] if len(data) % 2 == 0 else b""
        return codec + ("-be" if sample[::2].count(0) > sample[1::2].count(0) else "-le")
    return codec


def _orders(data: bytes, charset: str) -> tuple[str, ...]:
    """Return the codecs to try, in order."""
    codec = codec_of(charset)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") and len(data) % 2 == 0 and (codec[:3] in ("", "utf") or b"\0" in data):
        codec = _wide(data, codec)
    elif codec.startswith(("utf-16", "utf-32")):
        codec = _wide(data, codec)
        return (codec,) if b"\0" in data else ("utf-8", codec)
    if data.isascii():
        if b"\x1b$" in data and not codec.startswith(SHIFTING):
            return ("iso2022_kr" if b"\x1b$)C" in data else "iso2022_jp_ext", "utf-8")
        return ("utf-8",) if codec in ("", "cp1252") else (codec,) if codec == "iso2022_jp_ext" else (codec, "utf-8")
    if codec in ("", "cp1252"):
        return ("utf-8",)
    if codec in WINDOWS and len(data.translate(None, _C1)) < len(data):
        codec = WINDOWS[codec]
    if codec[:3] != "utf" and (codec not in SHARED or _high(data[:200]) >= 8):
        return ("utf-8", codec, WIDER.get(codec, codec))
    return (codec, WIDER.get(codec, codec), "utf-8")


def decode_text(data: bytes, charset: str, guess: bool = True) -> str:
    """Decode text by its declared charset label, or by the best guess where label and bytes disagree. Never raises.

    Without `guess`, which costs a millisecond, what no charset explains is windows-1252. UTF-8 goes before the declared
    charset: bytes that are valid UTF-8 beyond ASCII are hardly ever anything else, and mailers put us-ascii and
    iso-8859-1 on everything.
    """
    if data[:3] == b"\xef\xbb\xbf":
        data, charset = data[3:], "utf-8"
    order = _orders(data, charset)
    for name in order:
        text = _strictly(data, name)
        if text is not None:
            return text
    if "iso2022_jp_ext" in order and b"\x1b" in data:
        from mailgate.japanese import decode

        return decode(data)
    for name in sorted(order, key=lambda name: name == "utf-8" and len(order) > 1):
        text = _nearly(data, name)
        if text is not None:
            return text
    if order[0].startswith(("utf-16", "utf-32")) and 4 * data.count(0) > len(data):
        return data.decode(order[0], "replace")  # wide, but out of step: no text of one byte a character
    codec = guessed(data) if guess and (codec_of(charset) != "cp1252" or _no_latin(data)) else "cp1252"
    return data.decode(codec, "replace")


def _no_latin(data: bytes) -> bool:
    """Tell whether what is labelled Latin-1 can hardly be: most bytes beyond ASCII stand together in runs."""
    sample = data[: SAMPLE * 8]
    return 2 * sum(map(len, re.findall(rb"[\x80-\xff]{4,}", sample))) > _high(sample)


def guessed(data: bytes) -> str:
    """Return the codec of a text that is not UTF-8 and whose charset nobody told: "cp1252" if nothing speaks against.

    The same bytes give the same answer. One byte beyond ASCII is no ground for any other.
    """
    if _high(data[: SAMPLE * 64]) < 2:
        return "cp1252"
    from mailgate.guessing import guess

    return guess(data)


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
