"""Attachments: every leaf that is not readable text, under a harmless file name of its own. Total."""

from __future__ import annotations

from mailgate.body import TEXT, content, enclosed, leaves
from mailgate.charset import harmless
from mailgate.header import decode_words, read_fields, unfold
from mailgate.mime import lines_end_lf
from mailgate.model import Attachment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mailgate.model import Mail, Part

NAME_BYTES = 200  # of an attachment's file name, in UTF-8
MESSAGES = ("message/rfc822", "message/global")
EXTENSIONS = {
    "text/plain": "txt", "text/html": "html", "text/calendar": "ics", "text/vcard": "vcf", "text/x-vcard": "vcf",
    "text/directory": "vcf", "text/markdown": "md", "text/rtf": "rtf", "application/rtf": "rtf",
    "text/csv": "csv", "text/rfc822-headers": "txt", "message/delivery-status": "txt", "message/rfc822": "eml",
    "message/disposition-notification": "txt", "message/feedback-report": "txt", "message/global": "eml",
    "message/partial": "txt", "message/external-body": "txt", "message/global-delivery-status": "txt",
    "image/jpeg": "jpg", "image/jpg": "jpg", "image/pjpeg": "jpg", "image/png": "png", "image/gif": "gif",
    "image/tiff": "tif", "image/bmp": "bmp", "image/svg+xml": "svg", "image/webp": "webp", "image/heic": "heic",
    "audio/mpeg": "mp3", "audio/wav": "wav", "audio/ogg": "ogg", "audio/mp4": "m4a", "audio/amr": "amr",
    "video/mp4": "mp4", "video/quicktime": "mov", "application/pdf": "pdf", "application/zip": "zip",
    "application/x-zip-compressed": "zip", "application/gzip": "gz", "application/x-gzip": "gz",
    "application/msword": "doc", "application/vnd.ms-excel": "xls", "application/ms-tnef": "dat",
    "application/vnd.ms-tnef": "dat", "application/pgp-keys": "asc", "application/pgp-encrypted": "txt",
    "application/pgp-signature": "asc", "application/pkcs7-signature": "p7s", "application/x-pkcs7-signature": "p7s",
    "application/pkcs7-mime": "p7m", "application/x-pkcs7-mime": "p7m", "application/json": "json",
    "application/xml": "xml", "text/xml": "xml", "application/postscript": "ps", "application/mac-binhex40": "hqx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
}  # fmt: skip


# Blanks of every kind, points and colons: not at the ends of a file's name.
ENDS = " .:\xa0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def file_name(name: str) -> str:
    """Return a harmless file name: no path, no controls, nothing that a file system reserves; "" if nothing is left.

    A colon stays before a blank, as in a subject ("Call: the printer"): no drive and no stream of a file is named so.
    """
    name = harmless(name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = ": ".join(piece.replace(":", "") for piece in name.split(": "))
    name = "".join(char for char in name if char not in '<>"|?*').strip(ENDS)
    if len(name.encode()) <= NAME_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    tail = (dot + ending).encode() if dot and len(ending.encode()) <= 20 else b""
    stem = (stem if tail else name).encode()[: NAME_BYTES - len(tail)].decode(errors="ignore")
    return stem.rstrip() + tail.decode()


def _subject_of(data: bytes) -> str:
    """Return the subject of a message that is attached, fit for a file name."""
    flat = lines_end_lf(data[:65536]).lstrip()
    fields, _ = read_fields(flat, 0, len(flat))
    found = next((value for name, value in fields if name.lower() == b"subject"), b"")
    subject = decode_words(unfold(found)).replace("/", "-").replace("\\", "-")
    return f"{subject}.eml" if subject.strip() else ""


class Names:
    """Gives each attachment of one message a name of its own."""

    def __init__(self) -> None:
        self.used: dict[str, int] = {}
        self.nameless = 0

    def of(self, part: Part, data: bytes) -> str:
        """Return the name for a part: its own, a message's subject, or a number."""
        name = file_name(part.name)
        if name and part.type == "application/applefile":  # beside the file itself, and before it (RFC 1740)
            name = file_name(f"{name}.applefile")
        if not name and part.type in MESSAGES:
            name = file_name(_subject_of(data))
        return self.apart(name, EXTENSIONS.get(part.type, "bin"))

    def apart(self, name: str, ending: str = "bin") -> str:
        """Count equal names (as file systems compare them) up: `a.pdf`, `a-2.pdf`; number nameless ones."""
        if not name:
            self.nameless += 1
            name = f"attachment-{self.nameless}.{ending}"
        stem, dot, ending = name.rpartition(".") if "." in name[1:] else (name, "", "")
        if len(ending.encode()) > 20:
            stem, dot, ending = name, "", ""
        stem = stem.encode()[: NAME_BYTES - 40].decode(errors="ignore")  # room for the number, lest it be cut off
        unique = name
        while unique.casefold() in self.used:
            count = self.used[name.casefold()] = self.used.get(name.casefold(), 1) + 1
            unique = file_name(f"{stem}-{count}{dot}{ending}")
        self.used.setdefault(unique.casefold(), 1)
        return unique


def _is_shown_alone(part: Part) -> bool:
    """Tell whether a readable part is no attachment beside: it has no name, or its sender does not call it a file."""
    return part.disposition != "attachment" and not (part.name and part.disposition == "inline")


def attachments_of(
    mail: Mail, readable: Iterable[Part], unpacked: dict[int, tuple[tuple[Attachment, ...], bool]]
) -> tuple[list[Attachment], dict[int, str]]:
    """Return every leaf that is not readable text, decoded, and the name that each part (by its start) was given.

    A text of a type that is no plain text, and that was read for want of another, is attached as well. `unpacked` has,
    by a part's start, what was in it, and whether it is attached as it is too. A leaf without content is nothing.
    """
    starts = {part.start: part.type for part in readable}
    names, out = Names(), []
    given: dict[int, str] = {}
    for part in leaves(mail.parts):
        if part.start in starts:
            out += list(_inner(names, _files(enclosed(mail, part))))
            if part.type in TEXT and _is_shown_alone(part):
                continue  # a file that its sender shows in place of a text is text and file
        inner, kept = unpacked.get(part.start, ((), True))
        data = content(mail, part) if kept else b""
        if data and (data.strip() or part.name):
            inline = part.disposition == "inline" or bool(part.cid and part.disposition != "attachment")
            given[part.start] = names.of(part, data)
            out.append(Attachment(given[part.start], part.type, data, part.cid, inline))
        out += list(_inner(names, inner))
    return out, given


def _files(found: list[tuple[str, bytes]]) -> Iterator[Attachment]:
    for name, data in found:
        yield Attachment(file_name(name), "application/octet-stream", data)


def _inner(names: Names, inner: Iterable[Attachment]) -> Iterator[Attachment]:
    """Yield attachments from within a part under names that are free in the whole message."""
    for one in inner:
        ending = EXTENSIONS.get(one.type, "bin")
        yield one.but(name=names.apart(file_name(one.name), ending))
