"""Bytes to Mail: header fields, addresses, readable text, attachments. Total: no bytes make it raise."""

from __future__ import annotations

import re
from hashlib import sha256

from mailgate.address import LONGEST, address_key, parse_addresses
from mailgate.attached import attachments_of, file_name
from mailgate.body import around, content, leaves, part_text, read_body, text_parts
from mailgate.charset import codec_of, guessed, harmless, is_utf8, one_line
from mailgate.header import (
    MOST_GUESSES,
    below_junk,
    date_of,
    decode_words,
    header_lines,
    message_ids,
    narrowed,
    read_fields,
    unfold,
)
from mailgate.mime import MAX_DEPTH, describe, lines_end_lf, split
from mailgate.model import Address, Mail
from mailgate.notes import MOST as MOST_NOTES
from mailgate.notes import notes_of, sentence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailgate.model import Attachment, Part

__all__ = [
    "MAX_DEPTH", "content", "delivery_key", "file_name", "header_end", "opaque_content", "parse", "part_text",
    "read_header", "text_parts",
]  # fmt: skip

TNEF_TYPES = ("application/ms-tnef", "application/vnd.ms-tnef", "application/x-ms-tnef", "application/x-tnef")
MAX_LEVEL = 4  # messages within parts that are unpacked
PRIORITIES = {
    "highest": 1, "urgent": 1, "high": 2, "normal": 3, "medium": 3, "low": 4, "lowest": 5, "non-urgent": 5,
}  # fmt: skip
# A repeated delivery has others of these; RFC 5322 3.6.7 and what delivery agents add.
TRACE = ("return-path", "received", "delivered-to", "x-original-to")
ORIGINATORS = ("from", "sender", "reply-to")


# --- header ----------------------------------------------------------------------------------------------------------


def header_end(raw: bytes) -> int:
    """Return where the body of a message begins in `raw`: after the empty line, or where the header breaks off."""
    return _read_header(lines_end_lf(raw))[1]


def read_header(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Return the fields of a message's header (name, value still folded) as `parse` reads them."""
    return _read_header(lines_end_lf(raw))[0]


def _read_header(flat: bytes) -> tuple[list[tuple[bytes, bytes]], int]:
    """Read a message's fields; a byte order mark, blank lines and a server's log lines above them are passed over."""
    flat = header_lines(flat)
    start = 3 if flat.startswith(b"\xef\xbb\xbf") else 0
    if flat[start : start + 1].isspace():
        blanks = re.compile(rb"\s++(?=>?From |[!-9;-~]+[ \t]*:)").match(flat, start)
        start = blanks.end() if blanks else start
    fields, body = read_fields(flat, start, len(flat))
    if not fields and body == start:
        fields, body = read_fields(flat, below_junk(flat, start), len(flat))
    return fields, body if fields or body == start else 0


def _declared_charset(raw: bytes) -> str:
    """Return the charset of raw 8-bit fields that are not UTF-8: the first that the message names, else a guess."""
    match = re.compile(rb'charset\s{0,8}=\s{0,8}"?([\w.:-]{2,40})', re.IGNORECASE).search(raw, 0, 65536)
    named = match[1].decode() if match else ""
    if codec_of(named):
        return named
    return guessed(b"\n".join(line for line in raw[:65536].splitlines() if not is_utf8(line)))


def _unfolded(raw: bytes, pairs: list[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """Return the fields as text. The declared charset is looked for only if a field needs it."""
    out, charset, left = [], None, MOST_GUESSES
    for name, value in pairs:
        odd = left > 0 and not value.isascii() and not is_utf8(value)
        if odd and charset is None:
            charset = _declared_charset(raw)
        out.append((name.decode(), unfold(value, charset or "", left > 0)))
        left -= odd
    return tuple(out)


class _Fields:
    """The header by lower-case field name: the values in order."""

    def __init__(self, fields: tuple[tuple[str, str], ...]) -> None:
        self.values: dict[str, list[str]] = {}
        for name, value in fields:
            self.values.setdefault(name.lower(), []).append(value)

    def first(self, name: str) -> str:
        """Return the topmost value that is not empty, or ""."""
        return next(filter(None, self.values.get(name, ())), "")

    def addresses(self, name: str) -> tuple[Address, ...]:
        out: list[Address] = []
        left = LONGEST
        for value in self.values.get(name, ()):
            if left > 0:
                out += parse_addresses(value)
            left -= len(value)
        return tuple(out)

    def ids(self, name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(found for value in self.values.get(name, ()) for found in message_ids(value)))

    def message_id(self) -> str:
        value = self.first("message-id")
        found = message_ids(value)
        lost = "".join(harmless(decode_words(value)).split()).strip("<>")
        return found[0] if found else f"<{lost}>" if lost else ""

    def priority(self) -> int | None:
        """Return 1 (highest) to 5 (lowest); X-Priority tells more steps than the others and goes before them."""
        digit = self.first("x-priority")[:1]
        if digit in ("1", "2", "3", "4", "5"):
            return int(digit)
        for name in ("importance", "priority", "x-priority", "x-msmail-priority"):
            found = PRIORITIES.get(self.first(name).partition(" ")[0].lower())
            if found:
                return found
        return None


# --- what stands within a part ---------------------------------------------------------------------------------------


class _Within:
    """Unpacks parts that hold a message, or files, of their own: signed-data, winmail.dat, encoded multiparts."""

    def __init__(self, mail: Mail, max_parts: int, level: int) -> None:
        self.mail = mail
        self.max_parts = max_parts
        self.level = level
        self.room = max_parts  # how many files may still come out of parts
        self.files: dict[int, tuple[tuple[Attachment, ...], bool]] = {}  # by a part's start; is the part kept as it is?
        self.texts: list[str] = []
        self.spare: list[str] = []  # text that counts only if there is no other
        self.sealed: dict[int, str] = {}
        self.notes: list[str] = []
        for part in leaves(mail.parts):
            if is_smime(part):
                self._envelope(part)
            elif part.type in TNEF_TYPES or part.name.lower() == "winmail.dat":
                self._winmail(part)
            elif part.type.startswith("multipart/") and part.encoding == "base64" and b"--" in content(mail, part):
                self._entity(part, _encoded_entity(mail, part), False)

    def _envelope(self, part: Part) -> None:
        from mailgate.cms import open_envelope

        kind, inner = open_envelope(content(self.mail, part))
        if kind == "signed" and inner:
            self.sealed[part.start] = "signed"
            self._entity(part, inner, self.level == 0)  # the outermost holds them all
        elif kind != "signed":
            self.sealed[part.start] = kind or ("encrypted" if "enveloped" in part.tells("smime-type") else "")

    def _entity(self, part: Part, inner: bytes, kept: bool) -> None:
        """Read a MIME entity as if it stood in the part's place."""
        if self.level >= MAX_LEVEL or not inner.strip():
            return
        read = _parse(inner, self.max_parts, self.level + 1)
        self.texts.append(read.text)
        self.notes += read.notes
        self._found(part, read.attachments, kept)

    def _found(self, part: Part, files: tuple[Attachment, ...], kept: bool) -> None:
        """Take the files out of a part; where there are too many, it is attached as it is instead."""
        fits = len(files) <= self.room
        self.room -= len(files) if fits else 0
        self.files[part.start] = files if fits else (), kept or not fits

    def _winmail(self, part: Part) -> None:
        from mailgate.tnef import unpack

        name = file_name(part.name) or "winmail.dat"
        found = unpack(content(self.mail, part))
        self.spare.append(found.text)
        self._found(part, found.files, not found.whole or bool(found.kind))
        if found.kind:
            self.notes.append(f"{name} holds an Outlook item ({found.kind}) and is attached as it is.")
        elif self.files[part.start][1]:
            self.notes.append(f"{name} could not be unpacked as a whole and is attached as it is.")


def is_smime(part: Part) -> bool:
    """Tell whether a leaf is labelled as an S/MIME object that may hold a message (RFC 8551 3.2)."""
    named = part.name.lower().endswith(".p7m") and part.type == "application/octet-stream"
    return named or part.type in ("application/pkcs7-mime", "application/x-pkcs7-mime")


def _encoded_entity(mail: Mail, part: Part) -> bytes:
    """Return a multipart that is encoded as a whole, against RFC 2045 6.4, as an entity that is not."""
    pairs, _ = read_fields(lines_end_lf(mail.raw), part.start, part.body)
    kept = b"".join(b"%s:%s\n" % pair for pair in pairs if pair[0].lower() == b"content-type")
    return kept + b"\n" + content(mail, part)


def opaque_content(mail: Mail) -> bytes | None:
    """Return the MIME entity (header and body, RFC 8551 3.1) within a message that is S/MIME signed-data, or None.

    The signature is not checked. The entity may be signed-data again.
    """
    from mailgate.cms import open_envelope

    root = mail.parts[0]
    return open_envelope(content(mail, root))[1] if len(mail.parts) == 1 and is_smime(root) else None


# --- the whole -------------------------------------------------------------------------------------------------------


def parse(raw: bytes, max_parts: int = 200) -> Mail:
    """Read a message as it came (RFC 5322, MIME). Never raises; takes time linear in the size.

    At most `max_parts` parts and MAX_DEPTH levels are taken apart; what lies beyond is one attachment as it is.
    """
    return _parse(narrowed(raw), max_parts, 0)


def _parse(raw: bytes, max_parts: int, level: int) -> Mail:
    """Read a message, or a MIME entity that stood so many levels within parts of one."""
    flat = lines_end_lf(raw)
    pairs, body = _read_header(flat)
    fields = _unfolded(raw, pairs)
    by_name = _Fields(fields)
    root, boundary = describe(pairs, 0, body, len(flat), 0)
    return _with_content(Mail(
        raw=raw,
        body=body,
        fields=fields,
        message_id=by_name.message_id(),
        senders=by_name.addresses("from"),
        reply_to=by_name.addresses("reply-to"),
        to=by_name.addresses("to"),
        cc=by_name.addresses("cc"),
        subject=" ".join(one_line(decode_words(by_name.first("subject"))).split()),
        date=date_of(by_name.first("date")),
        in_reply_to=by_name.ids("in-reply-to"),
        references=by_name.ids("references"),
        priority=by_name.priority(),
        text="",
        parts=split(flat, root, boundary, max_parts),
        attachments=(),
    ), max_parts, level)  # fmt: skip


def _with_content(head: Mail, max_parts: int, level: int) -> Mail:
    """Return a message with its text, attachments and notes."""
    text, readable, unreadable = read_body(head)
    within = _Within(head, max_parts, level)
    unpacked = "".join(one for one in within.texts if one.strip())
    if not (text.strip() or unpacked):
        unpacked = "".join(f"{one.rstrip()}\n" for one in within.spare if one.strip())
    whole = "\n".join(one for one in (text, unpacked) if one.strip())
    files, names = attachments_of(head, (part for part in readable if part not in unreadable), within.files)
    mail = head.but(text=whole, attachments=tuple(files), sealed=bool(unpacked))
    if not whole:
        whole = around(head)
        mail = mail.but(text=whole, sealed=bool(whole))
    notes = (*notes_of(mail, names, within.sealed), *map(sentence, within.notes))
    return mail.but(notes=tuple(dict.fromkeys(notes))[:MOST_NOTES])


def delivery_key(mail: Mail, mailbox: str) -> str:
    """Return the key under which a delivery is known again: hex SHA-256 of mailbox, Message-ID, sender and date.

    Without a Message-ID it is a digest of the message that leaves out what each delivery changes: the trace fields,
    and whatever stands above the first originator field (RFC 5322 3.6.2).
    """
    digest = sha256(f"{address_key(mailbox)}\n".encode(errors="replace"))
    if mail.message_id:
        dates = "\n".join(mail.values("date"))
        digest.update(f"{mail.message_id}\n{address_key(mail.sender.email)}\n{dates}".encode(errors="replace"))
        return digest.hexdigest()
    names = [name.lower() for name, _ in mail.fields]
    first = next((index for index, name in enumerate(names) if name in ORIGINATORS), 0)
    for name, (_, value) in list(zip(names, mail.fields, strict=True))[first:]:
        if name not in TRACE:
            digest.update(f"{name}:{value}\n".encode(errors="replace"))
    digest.update(mail.raw[mail.body :].replace(b"\r\n", b"\n"))
    return digest.hexdigest()
