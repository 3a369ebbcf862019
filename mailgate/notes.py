"""What the reader of a case should know of a message beside its text: that it is encrypted, an invitation, in pieces.

Each note is one sentence on one line, without square brackets (a subject's tag must not come out of an invitation).
"""

from __future__ import annotations

import re

from mailgate.armor import BEGIN
from mailgate.attached import file_name
from mailgate.body import PLAIN, content
from mailgate.charset import clean, decode_text, harmless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailgate.model import Mail, Part

MOST = 20  # notes of one message
LONGEST = 300  # characters of one
_BRACKETS = str.maketrans("[]", "()")
CARDS = ("text/vcard", "text/x-vcard", "text/directory")
LONG_LINE = 2_000  # characters of a calendar's or a card's line that are read
LONG_FILE = 200_000  # bytes of one that are read


def sentence(text: str) -> str:
    """Return a note as it may stand in a history: on one line, without square brackets, not too long."""
    text = " ".join(harmless(text).translate(_BRACKETS).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 3].rstrip() + "..."


def notes_of(mail: Mail, names: dict[int, str], sealed: dict[int, str]) -> tuple[str, ...]:
    """Return the notes on a message, in the order of its parts.

    `names` has the name of each attached part by the part's start, `sealed` what kind of S/MIME object a part is.
    """
    out: list[str] = []
    for number, part in enumerate(mail.parts):
        if len(out) >= MOST:
            break
        if part.type.startswith("multipart/"):
            out += _of_container(mail.parts, number, names)
        else:
            out += _of_leaf(mail, part, names.get(part.start, part.name), sealed.get(part.start, ""))
    out += _inline_pgp(mail)
    return tuple(dict.fromkeys(map(sentence, out)))[:MOST]


def _of_container(parts: tuple[Part, ...], number: int, names: dict[int, str]) -> Iterator[str]:
    part = parts[number]
    what = "The message" if part.depth == 0 else "A part of the message"
    if part.type == "multipart/encrypted":  # its second part is the encrypted one (RFC 1847)
        inner = parts[number + 1 : number + 3]
        name = next((names[one.start] for one in reversed(inner) if one.start in names), "the attachment")
        yield f"{what} is encrypted (PGP/MIME): its text is in {name}."
    elif part.type == "multipart/signed":
        how = "PGP/MIME" if "pgp" in part.tells("protocol") else "S/MIME"
        yield f"{what} is signed ({how}); the signature was not checked."


def _of_leaf(mail: Mail, part: Part, name: str, sealed: str) -> Iterator[str]:
    what = "The message" if part.depth == 0 else "A part of the message"
    if sealed == "encrypted":
        yield f"{what} is encrypted (S/MIME): its text is in {name}."
    elif sealed == "signed":
        yield f"{what} is signed (S/MIME) and was read from {name}; the signature was not checked."
    elif sealed:
        yield f"{what} is {sealed} (S/MIME): its text is in {name}."
    elif part.type == "text/calendar":
        yield from _event(mail, part, name)
    elif part.type in CARDS:
        yield from _card(mail, part, name)
    elif part.type == "message/partial":
        number, total = part.tells("number") or "?", part.tells("total") or "?"
        yield f"This is piece {number} of {total} of a message that was sent in pieces."
    elif part.type == "message/external-body":
        place = "/".join(filter(None, (part.tells(word) for word in ("site", "directory")))) or part.tells("url")
        yield f"A file is kept elsewhere and not in the message: {name or 'nameless'}, {place or 'no place is told'}."
    elif part.name and part.body >= part.end:
        yield f"The attachment {file_name(name) or 'without a name'} is empty."


def _inline_pgp(mail: Mail) -> Iterator[str]:
    if "-----BEGIN PGP MESSAGE-----" in mail.text:
        yield "The text, or a part of it, is encrypted (PGP) and stands here as it came."
    begin = BEGIN.encode()  # the text itself was read through it
    coded = (part for part in mail.parts if part.type in PLAIN and part.encoding == "base64")
    if begin in mail.raw or any(begin in content(mail, part) for part in coded):
        yield "The text is signed (PGP); the signature was not checked."


# --- calendars and cards ---------------------------------------------------------------------------------------------


def _lines(mail: Mail, part: Part) -> list[tuple[str, str, str]]:
    """Return the content lines of a calendar or card (RFC 5545 3.1): name, parameters, value; unfolded."""
    text = clean(decode_text(content(mail, part)[:LONG_FILE], part.charset))
    out = []
    for line in re.sub(r"\n[ \t]", "", text).split("\n"):
        head, _, value = line[:LONG_LINE].partition(":")
        if head.count('"') % 2 and ":" in value:  # a colon within a quoted parameter
            head, _, value = line[:LONG_LINE].rpartition(":")
        name, _, params = head.partition(";")
        out.append((name.rpartition(".")[2].strip().upper(), params, _unescaped(value)))
    return out


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda match: " " if match[1] in "nN" else match[1], value).strip()


def _event(mail: Mail, part: Part, name: str) -> Iterator[str]:
    """Yield one sentence on the first event of a calendar: what, when, where, and what is asked."""
    found: dict[str, tuple[str, str]] = {}
    method, inside = part.tells("method"), ""
    for key, params, value in _lines(mail, part):
        if key == "METHOD":
            method = value
        elif key == "BEGIN":
            inside = value.upper()
        elif key == "END":  # an event may hold alarms; a zone may hold rules
            inside = "VEVENT" if value.upper() == "VALARM" else ""
        elif inside not in ("", "VCALENDAR", "VALARM", "VTIMEZONE", "STANDARD", "DAYLIGHT"):
            found.setdefault(key, (params, value))
    when = " to ".join(filter(None, (_time(*found.get(key, ("", ""))) for key in ("DTSTART", "DTEND"))))
    pieces = [found.get("SUMMARY", ("", ""))[1] or "without a title", when, found.get("LOCATION", ("", ""))[1]]
    kinds = {"REQUEST": "Invitation", "CANCEL": "Cancelled", "REPLY": "Answer to an invitation",
             "COUNTER": "Another time is proposed"}  # fmt: skip
    kind = kinds.get(method.strip().upper(), "Calendar")
    told = f" ({method.strip().upper()[:20]}, in {name})" if method.strip() else f" (in {name})" if name else ""
    yield f"{kind}: {', '.join(filter(None, pieces))[:220]}{told}."


def _time(params: str, value: str) -> str:
    """Return `20261125T140000` as `2026-11-25 14:00` with its zone; what is no time as it is."""
    match = re.match(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?", value)
    if not match:
        return value[:40]
    day = f"{match[1]}-{match[2]}-{match[3]}"
    if not match[4]:
        return day
    zone = re.search(r'(?i)TZID="?([^";]{1,60})', params)
    where = " UTC" if match[6] else f" {zone[1]}" if zone else ""
    return f"{day} {match[4]}:{match[5]}{where}"


def _card(mail: Mail, part: Part, name: str) -> Iterator[str]:
    """Yield one sentence on whom a card is of."""
    found: dict[str, str] = {}
    for key, _, value in _lines(mail, part):
        found.setdefault(key, value)
    who = found.get("FN") or found.get("N", "").replace(";", " ").strip()
    pieces = [who, found.get("EMAIL", ""), found.get("TEL", "")]
    told = ", ".join(filter(None, pieces))
    if told:
        yield f"Card: {told[:200]} (in {name})."
