"""ISO-2022-JP as mailers write it (CP50220 to CP50222): with the vendors' characters and half-width katakana."""

from __future__ import annotations

import re

# JIS X 0208 as Windows extends it; JIS X 0212 and 0213; katakana; anything else is ASCII.
_MODES = {
    b"$@": "kanji", b"$B": "kanji", b"$(@": "kanji", b"$(B": "kanji", b"$(D": "0212", b"$(O": "0213", b"$(P": "0213",
    b"$(Q": "0213", b"(I": "kana", b"\x0e": "kana",
}  # fmt: skip


def _shifted(pairs: bytes) -> bytes:
    """Return JIS X 0208 in Shift_JIS: bytes 0x21 to 0x7e two by two."""
    out = bytearray()
    for row, cell in zip(pairs[::2], pairs[1::2], strict=False):
        out.append(((row - 0x21) >> 1) + (0x81 if row < 0x5F else 0xC1))
        out.append(cell + (0x7E if not row & 1 else 0x20 if cell >= 0x60 else 0x1F))
    return bytes(out)


def _read(piece: bytes, mode: str) -> str:
    """Decode what stands between two escape sequences."""
    if mode == "ascii":
        return piece.decode("cp932", "replace")
    if mode == "kana":
        return bytes(byte | 0x80 if 0x21 <= byte <= 0x5F else byte for byte in piece).decode("cp932", "replace")
    out = []
    for match in re.finditer(rb"([\x21-\x7e\xa1-\xfe]+)|[^\x21-\x7e\xa1-\xfe]+", piece):
        if match[1] is None:
            out.append(match[0].decode("cp932", "replace"))
            continue
        pairs = bytes(byte & 0x7F for byte in match[1])
        if mode == "kanji":
            out.append(_shifted(pairs).decode("cp932", "replace"))
        else:
            high = bytes(byte | 0x80 for byte in pairs)
            double = b"".join(b"\x8f" + high[at : at + 2] for at in range(0, len(high) - 1, 2))
            out.append(high.decode("euc_jis_2004", "replace") if mode == "0213" else double.decode("euc_jp", "replace"))
    return "".join(out)


def decode(data: bytes) -> str:
    """Decode ISO-2022-JP (RFC 1468, RFC 1554, and what vendors made of it). Never raises, and is linear.

    A line end leads back to ASCII (RFC 1468), also where the escape sequence is missing.
    """
    out = []
    mode = "ascii"
    for token in re.split(rb"(\x1b(?:\$\([@BDOPQ]|\$[@B]|\([BHIJ]|&@)|[\x0e\x0f]|\r?\n)", data):
        if token[:1] in (b"\x1b", b"\x0e", b"\x0f"):
            mode = _MODES.get(token.removeprefix(b"\x1b"), "ascii")
        elif token[-1:] == b"\n":
            mode = "ascii"
            out.append(token.decode())
        elif token:
            out.append(_read(token, mode))
    return "".join(out)
