"""One outgoing mail as bytes: the header built anew from a short list of fields, the body's bytes as they came.

Nothing of the incoming header leaves but what says how to read the body (MIME-Version, Content-*) and its Date: no
Bcc, no Received, no References of somebody else. Lines end with CRLF in the header; the body keeps its own.
"""

from __future__ import annotations

from email.header import Header
from email.utils import formatdate

from mailgate.message import read_header
from mailgate.model import LOOP_FIELD, Address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailgate.model import Mail, Relay
    from mailgate.policy import Mailbox

KEPT = (b"mime-version", b"content-type", b"content-transfer-encoding", b"content-disposition", b"content-language",
        b"content-description", b"content-location", b"content-id")  # fmt: skip
HIDDEN = (b"bcc", b"received", b"return-path", b"delivered-to", b"x-original-to", b"references", b"in-reply-to",
          b"authentication-results")  # fmt: skip
# Controls, line and paragraph separators, and what turns the reading direction: never in a header.
UNSAFE = dict.fromkeys(
    [*range(32), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], " "
)
LONGEST_LINE = 998  # octets (RFC 5322 2.1.1)
LONGEST_ADDRESS = 254  # characters (RFC 5321 4.5.3.1.3)
LONGEST_SUBJECT = 1000  # characters: what is longer costs each copy seconds, and no program shows it
LONGEST_NAME = 200  # characters
LONGEST_ID = 900
IMPORTANCE = {1: "high", 2: "high", 4: "low", 5: "low"}


def envelope_sender(relay: Relay, mailbox: Mailbox) -> str:
    """Return the address for MAIL FROM: the gateway for a copy, nobody for what the gateway wrote (RFC 3834)."""
    return mailbox.address if relay.kind == "copy" else ""


def compose(relay: Relay, mail: Mail, mailbox: Mailbox, now: float) -> bytes:
    """Return the message for one recipient: RFC 5322 bytes, ready for DATA but for dots and bare newlines."""
    if relay.kind == "copy":
        kept, body = _content(relay, mail)
        date = _date(mail, now)
    else:
        kept, body = _own_text(relay.text)
        date = formatdate(now, usegmt=True)
    head = [_field(name, value) for name, value in _fields(relay, mail, mailbox, date)]
    return b"\r\n".join([*head, *kept, b"", b""]) + body


def _fields(relay: Relay, mail: Mail, mailbox: Mailbox, date: str) -> Iterator[tuple[str, str | Address]]:
    original = (
        relay.kind == "copy" and mailbox.relay_from == "original" and 0 < len(mail.sender.email) <= LONGEST_ADDRESS
    )
    yield "From", Address(mail.sender.email if original else mailbox.address, relay.sender_name)
    yield "To", relay.recipient
    yield "Reply-To", Address(mailbox.address)
    yield "Subject", relay.subject[:LONGEST_SUBJECT]
    yield "Date", date
    yield "Message-ID", relay.message_id
    references = [one for one in relay.references if len(one) <= LONGEST_ID]
    if relay.in_reply_to and len(relay.in_reply_to) <= LONGEST_ID:
        yield "In-Reply-To", relay.in_reply_to
    if references:
        yield "References", "\r\n ".join(references)
    if relay.priority is not None:
        yield "X-Priority", str(relay.priority)
        yield "Importance", IMPORTANCE.get(relay.priority, "normal")
    if relay.kind != "copy":
        yield "Auto-Submitted", "auto-replied" if relay.kind in ("answer", "acknowledge") else "auto-generated"
    yield LOOP_FIELD, mailbox.address
    yield from relay.about


def _field(name: str, value: str | Address) -> bytes:
    """Return one header field; what is not ASCII becomes encoded words (RFC 2047), an address stays UTF-8."""
    if isinstance(value, Address):
        return f"{name}: {_mailbox(value)}".encode("utf-8", "replace")
    if name in ("References", "In-Reply-To", "Message-ID", "Date"):
        return f"{name}: {value}".encode("ascii", "replace")
    text = value.translate(UNSAFE)
    short = all(len(word) < LONGEST_NAME for word in text.split())
    charset = "us-ascii" if text.isascii() and short and "=?" not in text else "utf-8"
    encoded = Header(_encodable(text), charset, maxlinelen=76, header_name=name).encode(linesep="\r\n")
    return f"{name}: {encoded}".encode("ascii", "replace")


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _mailbox(address: Address) -> str:
    name = _encodable(address.name[:LONGEST_NAME].translate(UNSAFE)).strip()
    email = address.email
    if not email.isascii():
        from mailgate.downgrade import ascii_domain

        email = ascii_domain(email)
    if not name:
        return email
    if name.isascii() and "=?" not in name:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return _joined(f'"{quoted}"', email)
    return _joined(Header(name, "utf-8", maxlinelen=76, header_name="From").encode(linesep="\r\n"), email)


def _joined(name: str, email: str) -> str:
    """Put a name before its address, which goes to the next line where 76 characters are not enough (RFC 2047 2)."""
    last = len(name.rpartition("\n")[2]) + (0 if "\n" in name else len("From: "))
    return f"{name} <{email}>" if last + len(email) + 3 <= 76 else f"{name}\r\n <{email}>"


def _date(mail: Mail, now: float) -> str:
    written = next(iter(mail.values("Date")), "").strip()
    return (
        written if mail.date is not None and written.isascii() and len(written) < 80 else formatdate(now, usegmt=True)
    )


def _own_text(text: str) -> tuple[list[bytes], bytes]:
    import quopri

    body = text.rstrip("\n").replace("\n", "\r\n").encode("utf-8", "replace") + b"\r\n"
    plain = body.isascii() and all(len(line) < 200 for line in body.split(b"\r\n"))
    head = [
        b"MIME-Version: 1.0",
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Transfer-Encoding: " + (b"7bit" if plain else b"quoted-printable"),
    ]
    return head, body if plain else quopri.encodestring(body.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")


def _content(relay: Relay, mail: Mail) -> tuple[list[bytes], bytes]:
    """Return the fields that describe the body, and the body: as they came, unless commands are cut out."""
    header, body = mail.raw[: mail.body], mail.raw[mail.body :]
    if relay.cut:
        from mailgate.signed import cut_out

        header, body = cut_out(mail)
    return list(content_fields(header)), body


def content_fields(header: bytes) -> Iterator[bytes]:
    """Yield the raw fields of a header that say how to read the body, each name once, with their folding.

    Where there are some, MIME-Version is among them: without it a strict reader would not look at the others.
    """
    found: dict[bytes, bytes] = {}
    for name, field in _raw_fields(header):
        found.setdefault(name, field)
    kept = [field for name, field in found.items() if name in KEPT]
    if kept and b"mime-version" not in found:
        yield b"MIME-Version: 1.0"
    yield from map(_short, kept)


def _short(field: bytes) -> bytes:
    if len(field) <= LONGEST_LINE:
        return field
    from mailgate.downgrade import folded

    return folded(field)


def shown_fields(header: bytes) -> Iterator[bytes]:
    """Yield the raw fields of a header, each with its line end, that may be shown to whoever reads the case."""
    for name, field in _raw_fields(header):
        if name not in HIDDEN:
            yield field + b"\r\n"


def _raw_fields(header: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name in lower case, field with its folding) of each field, as the reader of the message found them.

    A line that lost its indent gets one; NUL is dropped, and so is a CR alone, which might make another field.
    """
    for name, value in read_header(header):
        first, *more = value.translate(None, b"\x00\r").split(b"\n")
        more = [line if line[:1] in (b" ", b"\t") else b" " + line for line in more if line.strip()]
        yield name.lower(), b"\r\n".join([name + b":" + first, *more])
