"""Writes what Outlook writes: TNEF streams (MS-OXTNEF), and RTF compressed without compression or with (MS-OXRTFCP)."""

from __future__ import annotations

import struct

MESSAGE, ATTACHMENT = 1, 2
CLASS, BODY, CODEPAGE, PROPS = 0x00078008, 0x0002800C, 0x00069007, 0x00069003
START, DATA, TITLE, FILE_PROPS = 0x00069002, 0x0006800F, 0x00018010, 0x00069005
INTERFACE = bytes.fromhex("0703020000000000c000000000000046")


def attribute(level: int, ident: int, value: bytes) -> bytes:
    head = struct.pack("<BII", level, ident, len(value))
    return head + value + struct.pack("<H", sum(value) & 0xFFFF)


def tnef(*attributes: bytes) -> bytes:
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(attributes)


def fixed(ident: int, kind: int, value: int) -> bytes:
    return struct.pack("<HHI", kind, ident, value)


def variable(ident: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<HHII", kind, ident, 1, len(value)) + value + b"\0" * (-len(value) % 4)


def text(ident: int, value: str) -> bytes:
    return variable(ident, 0x1F, value.encode("utf-16-le") + b"\0\0")


def named(value: bytes) -> bytes:
    """Return a property that is named by a text, with a value of 4 bytes."""
    name = "x-mine".encode("utf-16-le") + b"\0\0"
    padded = name + b"\0" * (-len(name) % 4)
    return struct.pack("<HH", 3, 0x8001) + b"G" * 16 + struct.pack("<II", 1, len(name)) + padded + value


def properties(*several: bytes) -> bytes:
    return struct.pack("<I", len(several)) + b"".join(several)


def file(name: str, data: bytes, *more: bytes) -> bytes:
    """Return the attributes of an attachment with a short and a long name."""
    props = properties(text(0x3707, name), *more)
    return b"".join((
        attribute(ATTACHMENT, START, b"\1\0" + b"\0" * 12),
        attribute(ATTACHMENT, DATA, data),
        attribute(ATTACHMENT, TITLE, b"SHORT~1.DAT\0"),
        attribute(ATTACHMENT, FILE_PROPS, props),
    ))  # fmt: skip


def message(*several: bytes) -> bytes:
    return attribute(MESSAGE, PROPS, properties(*several))


def stored(rtf: bytes) -> bytes:
    """Return RTF as PidTagRtfCompressed holds it, uncompressed."""
    return struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf


def literally(rtf: bytes) -> bytes:
    """Return RTF as a compressed value that refers to nothing, and an end mark."""
    tokens = b"".join(b"\0" + rtf[at : at + 8] for at in range(0, len(rtf) - len(rtf) % 8, 8))
    rest = rtf[len(rtf) - len(rtf) % 8 :]
    end = (207 + len(rtf)) % 4096
    tokens += bytes([1 << len(rest)]) + rest + struct.pack(">H", end << 4)
    return struct.pack("<II4sI", len(tokens) + 12, len(rtf), b"LZFu", 0) + tokens
