"""A message written anew from its text and its files, where commands stand in a part that cutting does not reach.

That is Outlook's winmail.dat, which holds the text once more, and whatever else was read through a wrapping of its own.
Better plain than with the commands.
"""

from __future__ import annotations

import re
from binascii import b2a_base64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailgate.model import Attachment

BOUNDARY = b"=_anew"  # "=_" stands in no base64 and in no quoted-printable


def anew(text: str, files: Sequence[Attachment]) -> bytes:
    """Return a MIME entity, header and body, with CRLF: the text, and the files as attachments beside it."""
    import quopri

    coded = quopri.encodestring(text.encode("utf-8", "replace")).replace(b"\n", b"\r\n")
    words = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + coded
    if not files:
        return words
    pieces = [b"--" + BOUNDARY + b"\r\n" + part + b"\r\n" for part in (words, *map(_file, files))]
    head = b'Content-Type: multipart/mixed; boundary="' + BOUNDARY + b'"\r\n\r\n'
    return b"".join([head, *pieces, b"--", BOUNDARY, b"--\r\n"])


def _file(file: Attachment) -> bytes:
    return b"".join(_fields(file)) + b"\r\n" + b"".join(_lines(b2a_base64(file.data, newline=False)))


def _fields(file: Attachment) -> Iterator[bytes]:
    """Yield a file's fields; what is a message, or has parts, may not be encoded (RFC 2045 6.4): it is mere data."""
    fits = re.fullmatch(r"[A-Za-z0-9.+_-]{1,60}/[A-Za-z0-9.+_-]{1,100}", file.type)
    kind = file.type if fits and not file.type.startswith(("message/", "multipart/")) else "application/octet-stream"
    yield f"Content-Type: {kind}\r\n".encode()
    yield b"Content-Transfer-Encoding: base64\r\n"
    yield b"Content-Disposition: attachment" + _named(file.name) + b"\r\n"
    if re.fullmatch(r"[!-;=?-~]{1,200}", file.cid):
        yield f"Content-ID: <{file.cid}>\r\n".encode()


def _named(name: str) -> bytes:
    """Return the parameter for a file name (RFC 2183, RFC 2231)."""
    if name.isascii() and name.isprintable() and not set(name) & set('"\\'):
        return f';\r\n filename="{name}"'.encode()
    coded = b"".join(b"%c" % byte if chr(byte).isalnum() and byte < 128 else b"%%%02X" % byte
                     for byte in name.encode("utf-8", "replace"))  # fmt: skip
    return b";\r\n filename*=utf-8''" + coded


def _lines(code: bytes) -> Iterator[bytes]:
    for at in range(0, len(code), 76):
        yield code[at : at + 76] + b"\r\n"
