"""Signed mail whose commands are cut out: the signature is void then, so it is taken off, and the mail says so.

    multipart/signed (RFC 1847)                its first part stands in its place
    application/pkcs7-mime, signed-data        what was signed stands in its place (RFC 8551 3.5)
    clear-signed text (RFC 9580 7)             the text stands there without its armor

Each at the top or within other parts, also one within the other. A signature that covers no command stays, and so does
all mail without commands: it leaves byte for byte and can be verified. What is encrypted cannot be read, so it has no
commands; it leaves as it is, since the customer may hold a key.
"""

from __future__ import annotations

from mailgate.armor import without_armor
from mailgate.commands import split
from mailgate.cutting import without_commands
from mailgate.message import content, opaque_content, parse, part_text, text_parts
from mailgate.text import clean, decode_text, html_to_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailgate.model import Mail, Part

    Edits = list[tuple[Part, bytes]]  # what stands in a part's place, header and body

NOTE = "[The signature of this mail was removed: lines for the gateway were cut out of it.]"
BARE = b"MIME-Version: 1.0\r\n\r\n"  # where there is no header: else the text might be read as one
MOST_LAYERS = 10  # of signatures around each other
OPAQUE = ("application/pkcs7-mime", "application/x-pkcs7-mime")
WIDE = ("utf-16", "utf-32", "ucs-", "iso-10646")


def cut_out(mail: Mail) -> tuple[bytes, bytes]:
    """Return header and body of a message without its commands; of the header only the Content fields count."""
    commands, rest = split(mail.text)
    body, bare = without_commands(mail), False
    for _ in range(MOST_LAYERS):
        edits = list(_broken(mail, body))
        if not edits:
            break
        mail, bare = _edited(mail, edits), True
        body = without_commands(mail)
    mail = parse(_closed(mail.raw[: mail.body]) + body)
    leaking = {part.start for part in mail.parts if _still_shows(_seen(mail, part), commands, rest)}
    if _has_commands(mail) or _is_doubled(mail) or leaking:
        from mailgate.anew import anew

        files = [one for one in mail.attachments if not _still_shows(_read(one.type, one.data), commands, rest)]
        mail = parse(anew(rest, files))
    if bare:
        mail = _edited(mail, list(_noted(mail)))
    return mail.raw[: mail.body], mail.raw[mail.body :]


def _closed(header: bytes) -> bytes:
    """Return a header with the empty line below it, lest what was text be read as more of it."""
    bare = header.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not bare.strip():
        return BARE
    return header if bare.endswith(b"\n\n") else header + (b"\r\n" if bare.endswith(b"\n") else b"\r\n\r\n")


def _seen(mail: Mail, part: Part) -> str:
    """Return what a reader sees of a part that shows text in any form, but no file; else ""."""
    return "" if part.disposition == "attachment" else _read(part.type, content(mail, part), part.charset)


def _read(kind: str, data: bytes, charset: str = "") -> str:
    if not kind.startswith("text/") and not kind.endswith(("/rtf", "xhtml+xml")):
        return ""
    text = clean(decode_text(data, charset))
    return html_to_text(text) if "html" in kind else text


def _still_shows(text: str, commands: tuple[str, ...], rest: str) -> bool:
    """Tell whether a text holds one of the command lines more often than what was written below them does."""
    if "et-" not in text.lower():
        return False
    there, here = _squeezed(text), _squeezed(rest)
    return any(there.count(line) > here.count(line) for line in map(_squeezed, commands))


def _squeezed(text: str) -> str:
    return "".join(text.lower().split())


def _is_doubled(mail: Mail) -> bool:
    """Tell whether winmail.dat holds the text once more, and its files are known."""
    inside = any(part.type.endswith("ms-tnef") or part.name.lower() == "winmail.dat" for part in mail.parts)
    return inside and not any(one.type.endswith("ms-tnef") or one.name == "winmail.dat" for one in mail.attachments)


def _edited(mail: Mail, edits: Edits) -> Mail:
    """Return a message with other entities in the place of some parts, in order and none within another.

    Where it is the whole, the header of the new message is that of the entity.
    """
    raw, pieces, at = mail.raw, [], 0
    for part, entity in edits:
        if part.depth == 0:
            newline = b"\n" if b"\n" in raw else b"\r"
            return parse(b"MIME-Version: 1.0" + newline + entity)
        pieces += [raw[at : part.start], entity]
        at = part.end
    return parse(b"".join([*pieces, raw[at:]])) if edits else mail


# --- signatures ------------------------------------------------------------------------------------------------------


def _broken(mail: Mail, cut: bytes) -> Iterator[tuple[Part, bytes]]:
    """Yield the parts whose signature is void once commands are cut out, each with what was signed.

    `cut` is the body as cutting leaves it; it does not reach into opaque and clear-signed parts.
    """
    changed = cut != mail.raw[mail.body :]
    texts = {part.start for part in text_parts(mail)}
    covered = -1
    for number, part in enumerate(mail.parts):
        if part.start < covered:
            continue
        if part.type == "multipart/signed":
            entity = _first_of(mail, number, cut) if changed else b""
        elif part.type in OPAQUE or part.name.lower().endswith(".p7m"):
            entity = _opened(mail, part)
        else:
            entity = _without_armor(mail, part) if part.start in texts and part.type == "text/plain" else b""
        if entity:
            covered = part.end
            yield part, entity


def _first_of(mail: Mail, number: int, cut: bytes) -> bytes:
    """Return the first entity within a container, if it is not whole in the cut body."""
    for inner in mail.parts[number + 1 : number + 2]:
        if inner.depth > mail.parts[number].depth and mail.raw[inner.start : inner.end] not in cut:
            return _entity(mail, inner, mail.raw[inner.body : inner.end])
    return b""


def _entity(mail: Mail, part: Part, body: bytes) -> bytes:
    """Return a part with another body; one without a header gets its empty line."""
    return (mail.raw[part.start : part.body] or b"\r\n") + body


def _opened(mail: Mail, part: Part) -> bytes:
    """Return what signed-data holds, if commands stand on top of it."""
    entity = parse(_entity(mail, part, mail.raw[part.body : part.end]))
    inner = opaque_content(entity)
    return inner if inner and _has_commands(parse(inner)) else b""


def _has_commands(mail: Mail) -> bool:
    """Tell whether a message begins with commands; its text was read through whatever is signed around them."""
    return bool(split(mail.text)[0])


def _without_armor(mail: Mail, part: Part) -> bytes:
    """Return a clear-signed text without its armor, if commands stand on top of it then."""
    text = part_text(mail, part)
    bare = without_armor(text)
    if bare == text or not split(bare)[0]:
        return b""
    data = without_armor(content(mail, part).decode("latin-1")).encode("latin-1")
    body = _transferred(data, part, mail.raw[part.body : part.end])
    return _entity(mail, part, body) if body is not None else b""


def _transferred(data: bytes, part: Part, before: bytes) -> bytes | None:
    """Encode a part's content as its header says, with the line ends that were there; None where that is unknown."""
    newline = b"\r\n" if b"\r\n" in before else b"\n"
    if part.encoding == "base64":
        import base64

        return base64.encodebytes(data).replace(b"\n", newline)
    if part.encoding == "quoted-printable":
        import quopri

        return quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", newline)
    return None if part.encoding.startswith(("x-", "uu")) else data


# --- the line that says so -------------------------------------------------------------------------------------------


def _noted(mail: Mail) -> Iterator[tuple[Part, bytes]]:
    """Yield the text that is read first, with the line on top: in plain text and in HTML, where both are there."""
    found = text_parts(mail)
    if not found:
        return
    found = tuple(part for part in found if part.alternative) if found[0].alternative else found[:1]
    plain = next((part for part in found if part.type == "text/plain"), None)
    html = next((part for part in found if part.type == "text/html"), None)
    for part in sorted(filter(None, (plain, html)), key=lambda part: part.start):
        body = _with_note(content(mail, part), part, mail.raw[part.body : part.end])
        if body is not None:
            yield part, _entity(mail, part, body)


def _with_note(data: bytes, part: Part, before: bytes) -> bytes | None:
    """Return a text part's body with the line on top; what stands below keeps its bytes as far as may be."""
    codec = part.charset if part.charset.startswith(WIDE) else "latin-1"
    try:
        text = data.decode(codec)
        at = _top(text, part.type == "text/html")
        ends = "\r\n" if "\r\n" in text else "\r" if "\r" in text and "\n" not in text else "\n"
        note = f"<p>{NOTE}</p>" if part.type == "text/html" else f"{NOTE}{ends}{ends}"
        if part.encoding == "quoted-printable" and at == 0 and codec == "latin-1":
            top = _transferred(note.encode(), part, before)
            return None if top is None else top + before
        return _transferred((text[:at] + note + text[at:]).encode(codec), part, before)
    except (LookupError, ValueError):
        return None


def _top(text: str, html: bool) -> int:
    """Return where the first words of a text stand: below a byte order mark; in HTML within its body."""
    if html:
        begin = text.lower().find("<body")
        end = text.find(">", begin) if begin >= 0 else -1
        if end >= 0:
            return end + 1
    return 3 if text.startswith("\xef\xbb\xbf") else 1 if text.startswith("\ufeff") else 0
