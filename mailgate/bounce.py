"""Delivery reports: RFC 3464 as it is written and as it is broken, and the many shapes that follow no standard.

Whether a mail is a report is a sum of evidence (`_why`), never one word: who sent it, its envelope, its subject, what
it says, and whether it returns a message; a person's marks speak against it. Everything is total and linear.
"""

from __future__ import annotations

import re

from mailgate.address import parse_addresses
from mailgate.charset import clean, decode_text
from mailgate.header import message_ids, parameters, read_fields, unfold
from mailgate.message import content, parse
from mailgate.mime import lines_end_lf
from mailgate.model import Automatic, Bounce
from mailgate.prose import (
    MOST_RECIPIENTS,
    PROSE,
    REASONS,
    SAYINGS,
    SUBJECTS,
    code_of,
    has,
    names_somebody,
    own_words,
    refusal,
    told,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailgate.model import Mail

    Fields = dict[str, str]
    Origin = tuple[int, int]

STATUS = ("message/delivery-status", "message/global-delivery-status")
RECEIPTS = ("disposition-notification", "global-disposition-notification")
OTHERS = (*RECEIPTS, "feedback-report", "tlsrpt")
RETURNED = (
    "message/rfc822", "message/global", "message/partial", "text/rfc822-headers", "message/rfc822-headers",
    "message/global-headers", "text/rfc822",
)  # fmt: skip
DELIVERED = ("delivered", "relayed", "expanded", "deliverable")
MOST_IDS = 20
MOST_GROUPS = 400
MOST_BYTES = 500_000

SES_FIELDS = (
    ("emailAddress", "final-recipient"), ("status", "status"), ("diagnosticCode", "diagnostic-code"),
    ("action", "action"),
)  # fmt: skip
SUCCESSES = ("successful mail delivery", "(success)", "(relay", "return receipt", "successfully delivered")
# Exchange's, before a colon: what became of the mail for well.
ARRIVED = (
    "delivered", "relayed", "expanded", "zugestellt", "weitergeleitet", "remis", "relayé", "entregado",
    "retransmitido", "consegnato", "inoltrato", "entregue", "bezorgd", "levererat", "leveret", "levert",
    "доставлено", "已送达", "配信済み",
)  # fmt: skip
ANSWERS = (
    "re", "aw", "sv", "vs", "antw", "odp", "ynt", "fwd", "fw", "wg", "tr", "rv", "enc", "vb", "vl", "pd", "i", "doorst",
    "automatic reply", "auto", "out of office", "回复", "转发", "答复", "返信",
)  # fmt: skip
CLIENTS = (
    "thunderbird", "outlook", "apple mail", "iphone", "ipad", "mutt", "evolution", "the bat", "k-9", "roundcube",
    "squirrelmail", "kmail", "sylpheed", "claws", "eudora", "android", "horde", "zimbra", "seamonkey", "gnus", "alpine",
)  # fmt: skip
REGARDS = (
    "regards", "thanks", "thank you", "cheers", "sincerely", "grüße", "gruß", "cordialement", "saludos", "saluti",
    "groet", "hilsen", "hälsning", "с уважением",
)  # fmt: skip


def report_of(mail: Mail, head: Fields, origin: Origin) -> Automatic | None:
    """Return what a delivery report says, or None for any other message. `head`: first values by lower-case name.

    `origin`: what speaks for a mail system as the sender, in points: by its name, and by the rest of the header.
    """
    notice = _cloud(mail) if "x-amz-sns-message-id" in head else None
    if notice:
        return notice
    kind, params = parameters(head.get("content-type", ""))
    typed = params.get("report-type", "").strip().lower()
    if kind == "multipart/report" and typed in OTHERS and not (typed in RECEIPTS and _refused(mail, head)):
        return None
    prose, follows = own_words(mail.text)
    groups = list(_groups(mail))
    reason = _why(mail, head, origin, (kind, typed), groups, (prose, follows))
    if not reason and (groups or max(origin) < 3 or not _arrived(mail.subject)):
        return None
    if not groups:
        mail, groups, prose = _wrapped(mail, groups, prose)
    recipients = [group for group in groups if _is_recipient(group)]
    good = [_action(group) in DELIVERED for group in recipients] or [_arrived(mail.subject)]
    if all(good):
        return Automatic("auto-reply", "a report of successful delivery (RFC 3464)", (), returned_ids(mail))
    return Automatic("bounce", reason, _bounces(mail, head, groups, prose), returned_ids(mail))


# --- is it one? ------------------------------------------------------------------------------------------------------


def is_answer(subject: str) -> bool:
    """Tell whether a subject begins with Re:, Fwd: and the like, in any of many languages."""
    before, colon, _ = subject.replace("\uff1a", ":").partition(":")
    return bool(colon) and before.partition("[")[0].partition("(")[0].strip().lower() in ANSWERS


def _arrived(subject: str) -> bool:
    """Tell whether a subject says that the mail got there."""
    before, colon, _ = subject.partition(":")
    return (bool(colon) and before.strip().lower() in ARRIVED) or has(subject, SUCCESSES)


def _refused(mail: Mail, head: Fields) -> bool:
    """Tell whether a read receipt is a refusal (RFC 5429 2.2.1): it then says that our mail never got to its reader."""
    return "rejected" in head.get("auto-submitted", "").lower() or has(mail.subject, ("rejected", "undeliver"))


def _why(
    mail: Mail, head: Fields, origin: Origin, types: tuple[str, str], groups: list[Fields],
    words: tuple[list[str], bool],
) -> str:  # fmt: skip
    """Say why a message is a delivery report; "" if it is none."""
    (kind, typed), (prose, follows) = types, words
    listed = any(_is_recipient(group) for group in groups)
    by_type = kind in STATUS or (kind == "multipart/report" and (listed or typed.endswith("delivery-status")))
    who, (named, rest) = sum(origin), origin
    if is_answer(mail.subject) and named < 2 and not (by_type and rest > 2):
        return ""
    if by_type:
        return "a delivery report (RFC 3464)" if listed else "a delivery report (RFC 3464) that names nobody"
    if "x-failed-recipients" in head:
        return "X-Failed-Recipients"
    who += 4 * typed.endswith("delivery-status") + 2 * (kind == "multipart/report")
    if who <= 0:
        return ""
    about = 2 * has(mail.subject, SUBJECTS)
    text = "\n".join(prose)
    said = 2 * has(text, SAYINGS) or int(about > 0 and has(text, REASONS))
    proved = bool(code_of(text) or refusal(text)) + 3 * listed + names_somebody(mail, prose)
    proved += 2 * (follows or any(part.type in RETURNED for part in mail.parts))
    weak = named < 2 and rest < 3
    total = who + about + said + proved - _person(mail, head, origin, prose)
    if total < 5 + weak or (weak and not proved):
        return ""
    if not about and (said + proved < (2 if named > 1 else 4) or (not said and (named < 2 or rest < 3))):
        return ""
    sender = mail.sender.email or head.get("from", "") or "nobody"
    return f"from {sender[:200]}, and it reads as a delivery report"


def _person(mail: Mail, head: Fields, origin: Origin, prose: list[str]) -> int:
    """Return how much speaks for a person who asks about a report, or forwards one, in points."""
    points = 6 * is_answer(mail.subject)
    named, rest = origin
    if named > 1:
        return points
    if rest < 3:
        points += 2 * bool(mail.in_reply_to) + 2 * ("@" in head.get("return-path", ""))
        points += 2 * head.get("content-type", "").lower().startswith("multipart/alternative")
    points += 3 * has(f"{head.get('x-mailer', '')} {head.get('user-agent', '')}", CLIENTS)
    points += 2 * any(line == "-- " or has(line[:40], REGARDS) for line in prose)
    return points + 3 * any(line.startswith(">") for line in prose)


# --- what it says, by its fields -------------------------------------------------------------------------------------


def _blocks(data: bytes) -> Iterator[Fields]:
    """Yield the groups of fields of a delivery-status body (RFC 3464 2.1). Lines that are no fields are passed over.

    At most MOST_GROUPS, of the first MOST_BYTES.
    """
    flat = lines_end_lf(data[:MOST_BYTES]).replace(b"\r", b"")
    for block in flat.split(b"\n\n", MOST_GROUPS)[:MOST_GROUPS]:
        found: dict[str, list[bytes]] = {}
        last: list[bytes] = []
        for line in block.split(b"\n"):
            name, colon, value = line.partition(b":")
            if line[:1] in (b" ", b"\t"):
                last.append(line)
            elif colon and name.isascii() and name.rstrip().replace(b"-", b"").isalnum():
                last = [value]
                found.setdefault(name.decode().strip().lower(), last)
        if found:
            yield {name: unfold(b" ".join(values)) for name, values in found.items()}


def _groups(mail: Mail) -> Iterator[Fields]:
    """Yield the groups of every status part; where there is none, those that stand in the text."""
    parts = [part for part in mail.parts if part.type in STATUS]
    for part in parts:
        yield from _blocks(content(mail, part))
    text = mail.text[: PROSE * 2]
    at = re.compile(r"(?im)^(?:final|original)-recipient[ \t]*:").search(text) if not parts else None
    if at:
        begin = text.rfind("\n\n", 0, at.start())
        for group in _blocks(text[max(begin, 0) :].encode()):
            if _is_recipient(group):
                yield group


def _is_recipient(group: Fields) -> bool:
    return any(name in group for name in ("final-recipient", "original-recipient", "action", "x-actual-recipient"))


def _action(group: Fields) -> str:
    """Return the Action of a group (RFC 3464 2.3.3) as one of the words that the standard has, or ""."""
    word = group.get("action", "").strip().lower()
    if not word:
        return ""
    return next((one for one in ("delayed", *DELIVERED) if word.startswith(one)), "failed")


def _after_type(value: str) -> str:
    """Return what stands behind `rfc822;`, `smtp;`, or the whole value where no type is named."""
    before, semicolon, after = value.partition(";")
    return (after if semicolon else before).strip()


def _addressed(group: Fields) -> str:
    """Return the address of a group; the one that the sender wrote goes before the one it was turned into."""
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        found = parse_addresses(_after_type(group.get(name, "")))
        if found and "@" in found[0].email:
            return found[0].email
    return ""


def _status(group: Fields) -> str:
    """Return the status code of a group (RFC 3463): the remote server's own where it tells more."""
    match = re.search(r"\b[245]\.\d{1,3}\.\d{1,3}\b", group.get("status", ""))
    given = match[0] if match else ""
    remote = code_of(_after_type(group.get("diagnostic-code", ""))[:2000])
    return (
        remote if remote and (not given or remote[0] == given[0]) and not remote.endswith(".0.0") else given or remote
    )


def _failed(groups: list[Fields]) -> Iterator[Bounce]:
    """Yield the recipients of a report that have not got the mail, or not yet."""
    for group in groups:
        if not _is_recipient(group) or _action(group) in DELIVERED:
            continue
        reason = _after_type(group.get("diagnostic-code", "")) or group.get("status", "")
        yield Bounce(_addressed(group), _status(group), " ".join(reason.split())[:500], _action(group) or "failed")


def _wrapped(mail: Mail, groups: list[Fields], prose: list[str]) -> tuple[Mail, list[Fields], list[str]]:
    """Look into a report that a gateway on the way has wrapped into one of its own."""
    part = next((part for part in mail.parts if part.type == "message/rfc822"), None)
    if part:
        inner = parse(content(mail, part))
        found = list(_groups(inner))
        if any(_is_recipient(group) for group in found):
            return inner, found, own_words(inner.text)[0]
    return mail, groups, prose


def _bounces(mail: Mail, head: Fields, groups: list[Fields], prose: list[str]) -> tuple[Bounce, ...]:
    """Return the recipients; what the fields leave out, or say only in general, is taken from the prose."""
    listed = list(_failed(groups))[:MOST_RECIPIENTS]
    if listed and all(one.address and one.status and not one.status.endswith(".0.0") for one in listed):
        return tuple(listed)
    read = told(mail, head, prose)
    if not listed:
        return read
    if not any(one.address for one in listed) and len(read) == len(listed):
        listed = [one.but(address=named.address) for one, named in zip(listed, read, strict=True)]
    codes = {one.address.lower(): one.status for one in read}
    if len(listed) == 1:
        codes.setdefault(listed[0].address.lower(), code_of("\n".join(prose)))
    return tuple(_sharpened(one, codes.get(one.address.lower(), "")) for one in listed)


def _sharpened(bounce: Bounce, code: str) -> Bounce:
    """Put the code of the prose in place of none, and of one of its class that says nothing (RFC 3463: x.0.0)."""
    vague = not bounce.status or (bounce.status.endswith(".0.0") and bounce.status[:1] == code[:1])
    return bounce.but(status=code) if vague and code else bounce


# --- Amazon SES, by way of SNS ---------------------------------------------------------------------------------------


def _cloud(mail: Mail) -> Automatic | None:
    """Read a notification of Amazon SES that its mail service SNS sent on: a JSON object, often within another."""
    from json import JSONDecoder

    read = JSONDecoder(strict=False).raw_decode  # the text has line ends where SMTP allows no longer line
    try:
        notice, _ = read(mail.text, max(mail.text.find("{"), 0))
        notice = read(notice["Message"])[0] if "Message" in notice else notice
        kind = str(notice.get("notificationType") or notice["eventType"])
        sent = notice["mail"]
        ids = [one["value"] for one in sent.get("headers", ()) if one["name"].lower() == "message-id"]
        named = notice.get("bounce", {}).get("bouncedRecipients", ())
        groups = [{field: _flat(one.get(name, "")) for name, field in SES_FIELDS} for one in named]
        returned = tuple(one for value in [*ids, sent.get("messageId", "")] for one in message_ids(_flat(value)))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return None
    if kind == "Bounce":
        bounces = tuple(_failed(groups))[:MOST_RECIPIENTS]
        return Automatic("bounce", "a bounce notification of Amazon SES", bounces, returned[:MOST_IDS])
    return Automatic("auto-reply", f"a notification of Amazon SES: {_flat(kind)}"[:200], (), returned[:MOST_IDS])


def _flat(value: object) -> str:
    return unfold(str(value).encode("utf-8", "ignore"))


# --- the message that is returned ------------------------------------------------------------------------------------


def returned_ids(mail: Mail) -> tuple[str, ...]:
    """Return the Message-IDs by which the message that a report is about can be known, surest first.

    The returned message's own, and the last of its References (a smarthost may have replaced the former); what the
    report names as such; what the report answers to.
    """
    ids: list[str] = []
    for part in mail.parts:
        if part.type in RETURNED:
            ids += _ids_of(content(mail, part)[:65536])
        elif part.type in STATUS or part.type.endswith("disposition-notification"):
            for group in _blocks(content(mail, part)[:65536]):
                ids += [
                    one for name in group if name.endswith("original-message-id") for one in message_ids(group[name])
                ]
    if not ids:
        text = clean(decode_text(mail.raw[mail.body : mail.body + 200_000], ""))
        ids = _ids_in(mail.text[:200_000]) or _ids_in(text)
    names = ("x-original-message-id", "original-message-id", "x-failed-message-id")
    ids += [one for name, value in mail.fields if name.lower() in names for one in message_ids(value)]
    return tuple(dict.fromkeys(ids or [*mail.in_reply_to, *reversed(mail.references)]))[:MOST_IDS]


def _ids_of(data: bytes) -> list[str]:
    flat = lines_end_lf(data.lstrip())
    pairs, _ = read_fields(flat, 0, len(flat))
    own = [one for name, value in pairs if name.lower() == b"message-id" for one in message_ids(unfold(value))]
    last = [message_ids(unfold(value))[-1:] for name, value in pairs if name.lower() == b"references"]
    return [*own, *(one for few in last for one in few)]


def _ids_in(text: str) -> list[str]:
    pattern = re.compile(
        r"(?im)^[ \t>]{0,8}(?:x-)?(?:original[- ])?message[- ]?id\s{0,2}:[ \t]*+\n?+[ \t>]*+(<[^<>\s]{3,250}>)"
    )
    return [match[1] for match in pattern.finditer(text)]
