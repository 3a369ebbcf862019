"""S/MIME's outermost layer (CMS, RFC 5652): what kind of envelope it is, and what a signed one holds. Total, linear.

BER as mailers write it: indefinite lengths, octet strings in segments. Nothing is verified here.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Kind = Literal["signed", "encrypted", "compressed", ""]

SEQUENCE, SET, OID, OCTETS, CONTEXT_0 = 0x30, 0x31, 0x06, 0x04, 0xA0
DEEPEST = 40  # levels of segments within segments, and of what is passed over
KINDS: dict[bytes, Kind] = {
    bytes.fromhex("2a864886f70d010702"): "signed",
    bytes.fromhex("2a864886f70d010703"): "encrypted",
    bytes.fromhex("2a864886f70d0109100117"): "encrypted",  # authEnvelopedData, RFC 5083
    bytes.fromhex("2a864886f70d0109100109"): "compressed",
}


class _Broken(Exception):
    """The bytes end, or are no BER."""


class _Reader:
    """Reads element after element; `at` never goes back."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def head(self) -> tuple[int, int]:
        """Read a tag and a length; -1 is the indefinite one. Raises _Broken."""
        data, at = self.data, self.at
        if at + 2 > len(data) or data[at] & 31 == 31:  # tags beyond 30 do not occur here
            raise _Broken
        tag, length = data[at], data[at + 1]
        at += 2
        if length == 0x80:
            length = -1
        elif length > 0x80:
            size = length & 127
            if size > 8 or at + size > len(data):
                raise _Broken
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        self.at = at
        return tag, length

    def enter(self, tag: int) -> None:
        """Go into an element of that tag. Raises _Broken."""
        if self.head()[0] != tag:
            raise _Broken

    def take(self, tag: int) -> bytes:
        """Read a primitive element. Raises _Broken."""
        found, length = self.head()
        if found != tag or length < 0:
            raise _Broken
        self.at += length
        return self.data[self.at - length : self.at]

    def skip(self) -> None:
        """Pass over one element, whatever it is. Raises _Broken."""
        depth = 0
        while True:
            tag, length = self.head()
            if length >= 0:
                self.at += length
                depth -= tag == 0 and length == 0
            else:
                depth += 1
            if depth <= 0:
                return
            if depth > DEEPEST:
                raise _Broken

    def octets(self, depth: int = 0) -> bytes:
        """Read an octet string, also one in segments. Raises _Broken."""
        tag, length = self.head()
        if tag == OCTETS and length >= 0:
            self.at += length
            return self.data[self.at - length : self.at]
        if tag != OCTETS | 0x20 or depth > DEEPEST:
            raise _Broken
        stop = self.at + length if length >= 0 else len(self.data)
        pieces = []
        while self.at < stop and not (length < 0 and self.data[self.at : self.at + 2] == b"\0\0"):
            pieces.append(self.octets(depth + 1))
        self.at += 2 if length < 0 else 0
        return b"".join(pieces)


def open_envelope(data: bytes) -> tuple[Kind, bytes | None]:
    """Return what kind of CMS object the bytes are ("": none), and the signed content where it is within.

    Content that is cut off (a truncated mail) is given as far as it goes.
    """
    reader = _Reader(data)
    kind: Kind = ""
    try:
        reader.enter(SEQUENCE)
        kind = KINDS.get(reader.take(OID), "")
        if kind != "signed":
            return kind, None
        reader.enter(CONTEXT_0)
        reader.enter(SEQUENCE)
        reader.skip()  # version
        reader.skip()  # digestAlgorithms
        reader.enter(SEQUENCE)
        reader.take(OID)
        reader.enter(CONTEXT_0)
        return kind, reader.octets()
    except (_Broken, IndexError):
        return kind, None
