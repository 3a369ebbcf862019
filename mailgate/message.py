"""Bytes to Mail: header fields, addresses, readable text, attachments. Total: no bytes make it raise."""

from __future__ import annotations

import re
from hashlib import sha256

from mailgate.address import LONGEST, address_key, parse_addresses
from mailgate.charset import clean, codec_of, decode_text, guessed, harmless, is_utf8, one_line
from mailgate.header import (
    below_junk,
    date_of,
    decode_words,
    header_lines,
    message_ids,
    narrowed,
    read_fields,
    unfold,
)
from mailgate.mime import MAX_DEPTH, describe, lines_end_lf, split, transfer_decoded
from mailgate.model import Address, Attachment, Mail, Part
from mailgate.text import html_to_text, unflow

__all__ = ["MAX_DEPTH", "content", "delivery_key", "header_end", "parse", "part_text", "text_parts"]

SAMPLE = 20_000  # bytes of a part by which it is judged
FEW_CONTROLS = 16  # some escape sequences or a NUL are no reason to call it binary
NAME_BYTES = 200  # of an attachment's file name, in UTF-8
EXTENSIONS = {
    "text/plain": "txt", "text/html": "html", "text/calendar": "ics", "text/vcard": "vcf", "text/x-vcard": "vcf",
    "text/csv": "csv", "text/rfc822-headers": "txt", "message/delivery-status": "txt", "message/rfc822": "eml",
    "message/disposition-notification": "txt", "message/feedback-report": "txt", "message/global": "eml",
    "image/jpeg": "jpg", "image/jpg": "jpg", "image/png": "png", "image/gif": "gif", "image/tiff": "tif",
    "image/bmp": "bmp", "image/svg+xml": "svg", "image/webp": "webp", "image/heic": "heic", "audio/mpeg": "mp3",
    "audio/wav": "wav", "video/mp4": "mp4", "application/pdf": "pdf", "application/zip": "zip",
    "application/msword": "doc", "application/vnd.ms-excel": "xls", "application/ms-tnef": "dat",
    "application/pgp-signature": "asc", "application/pkcs7-signature": "p7s", "application/x-pkcs7-signature": "p7s",
    "application/pkcs7-mime": "p7m", "application/json": "json", "application/xml": "xml", "text/xml": "xml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}  # fmt: skip
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
    out, charset = [], None
    for name, value in pairs:
        if charset is None and not value.isascii() and not is_utf8(value):
            charset = _declared_charset(raw)
        out.append((name.decode(), unfold(value, charset or "")))
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


# --- text ------------------------------------------------------------------------------------------------------------


def content(mail: Mail, part: Part) -> bytes:
    """Return a part's body without its transfer encoding."""
    return transfer_decoded(mail.raw[part.body : part.end], part.encoding)


def _charset(part: Part, data: bytes) -> str:
    if part.charset or part.type != "text/html":
        return part.charset
    match = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE).search(data, 0, 4096)
    return match[1].decode() if match else ""


def part_text(mail: Mail, part: Part) -> str:
    """Return a text part decoded: lines end with "\\n", control characters are gone; HTML is still HTML."""
    data = content(mail, part)
    return clean(decode_text(data, _charset(part, data)))


def _leaves(parts: tuple[Part, ...]) -> list[Part]:
    """Return the parts that hold no others."""
    following = (*parts[1:], None)
    return [part for part, after in zip(parts, following, strict=True) if not after or after.depth <= part.depth]


def _groups(parts: tuple[Part, ...]) -> list[list[Part]]:
    """Return the text leaves in order; those within one multipart/alternative stand together.

    A text part with a file name is an attachment, unless no other text came before it: some mailers name the body.
    """
    groups: list[list[Part]] = []
    covered = -1
    for part in parts:
        if part.type == "multipart/alternative" and part.start >= covered:
            covered = part.end
            groups.append([])
        elif part.type in ("text/plain", "text/html") and part.disposition != "attachment":
            inside = part.start < covered
            if part.name and any(groups):
                continue
            if inside:
                groups[-1].append(part)
            else:
                groups.append([part])
    return [group for group in groups if group]


def text_parts(mail: Mail) -> tuple[Part, ...]:
    """Return the text/plain and text/html leaves that form the readable text, every rendering of it, in order."""
    return tuple(part for group in _groups(mail.parts) for part in group if _can_be_read(mail, part))


def _can_be_read(mail: Mail, part: Part) -> bool:
    """Tell whether a text part is text at all: a tenth of control characters means that it is something else."""
    data = transfer_decoded(mail.raw[part.body : min(part.end, part.body + SAMPLE)], part.encoding)
    text = decode_text(data, _charset(part, data)).replace("\r", "")
    controls = len(text) - len(clean(text))
    return controls < FEW_CONTROLS or controls * 10 <= len(text)


def _plain(mail: Mail, part: Part) -> str:
    text = part_text(mail, part)
    if part.type == "text/html":
        return html_to_text(text)
    return unflow(text, part.delsp) if part.flowed else text


def _group_text(mail: Mail, group: list[Part]) -> str:
    """Return the text of one body, or of the best of its renderings: plain text if there is any."""
    if len(group) > 1:
        for kind in ("text/plain", "text/html"):
            text = "\n".join(_plain(mail, part) for part in group if part.type == kind)
            if text.strip():
                return text
    return _plain(mail, group[0])


def _text(mail: Mail) -> tuple[str, list[Part]]:
    """Return the readable text, and the text parts that cannot be read."""
    texts, unreadable = [], []
    for group in _groups(mail.parts):
        readable = [part for part in group if _can_be_read(mail, part)]
        unreadable += [part for part in group if part not in readable]
        if readable:
            texts.append(_group_text(mail, readable))
        else:
            texts.append("[A part of this message could not be read as text: see the attachment.]")
    return "\n".join(text.rstrip("\n") + "\n" for text in texts if text.strip()), unreadable


# --- attachments -----------------------------------------------------------------------------------------------------


def file_name(name: str) -> str:
    """Return a harmless file name: no path, no controls, nothing that a file system reserves; "" if nothing is left."""
    name = harmless(name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = "".join(char for char in name if char not in '<>:"|?*').strip().lstrip(".").rstrip(". ")
    if len(name.encode()) <= NAME_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    tail = (dot + ending).encode() if dot and len(ending.encode()) <= 20 else b""
    stem = (stem if tail else name).encode()[: NAME_BYTES - len(tail)].decode(errors="ignore")
    return stem.rstrip() + tail.decode()


def _subject_of(data: bytes) -> str:
    """Return the subject of a message that is attached, fit for a file name."""
    fields, _ = _read_header(lines_end_lf(data[:65536]))
    found = next((value for name, value in fields if name.lower() == b"subject"), b"")
    subject = decode_words(unfold(found)).replace("/", "-").replace("\\", "-")
    return f"{subject}.eml" if subject.strip() else ""


class _Names:
    """Gives each attachment of one message a name of its own."""

    def __init__(self) -> None:
        self.used: dict[str, int] = {}
        self.nameless = 0

    def of(self, part: Part, data: bytes) -> str:
        name = file_name(part.name)
        if not name and part.type in ("message/rfc822", "message/global"):
            name = file_name(_subject_of(data))
        if not name:
            self.nameless += 1
            name = f"attachment-{self.nameless}.{EXTENSIONS.get(part.type, 'bin')}"
        return self._apart(name)

    def _apart(self, name: str) -> str:
        """Count equal names (as file systems compare them) up: `a.pdf`, `a-2.pdf`."""
        stem, dot, ending = name.rpartition(".") if "." in name[1:] else (name, "", "")
        unique = name
        while unique.casefold() in self.used:
            count = self.used[name.casefold()] = self.used.get(name.casefold(), 1) + 1
            unique = file_name(f"{stem}-{count}{dot}{ending}")
        self.used.setdefault(unique.casefold(), 1)
        return unique


def _attachments(mail: Mail, unreadable: list[Part]) -> tuple[Attachment, ...]:
    """Return every leaf that is not readable text, decoded. A nameless leaf without content is nothing."""
    readable = {id(part) for group in _groups(mail.parts) for part in group} - {id(part) for part in unreadable}
    names, out = _Names(), []
    for part in _leaves(mail.parts):
        if id(part) in readable and not (part.name and part.disposition == "inline"):
            continue  # a file that its sender shows in place of a text is text and file
        data = content(mail, part)
        if data.strip() or part.name:
            inline = part.disposition == "inline" or bool(part.cid and part.disposition != "attachment")
            out.append(Attachment(names.of(part, data), part.type, data, part.cid, inline))
    return tuple(out)


# --- the whole -------------------------------------------------------------------------------------------------------


def parse(raw: bytes, max_parts: int = 200) -> Mail:
    """Read a message as it came (RFC 5322, MIME). Never raises; takes time linear in the size.

    At most `max_parts` parts and MAX_DEPTH levels are taken apart; what lies beyond is one attachment as it is.
    """
    raw = narrowed(raw)
    flat = lines_end_lf(raw)
    pairs, body = _read_header(flat)
    fields = _unfolded(raw, pairs)
    by_name = _Fields(fields)
    root, boundary = describe(pairs, 0, body, len(flat), 0)
    head = Mail(
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
    )
    text, unreadable = _text(head)
    return head.but(text=text, attachments=_attachments(head, unreadable))


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
