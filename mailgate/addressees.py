"""The second decision: who gets mail, on the facts as they are after the writes. Pure; each recipient with a reason.

Nobody is mailed twice, never the sender, never a gateway address, never an address that is not in the case.
"""

from __future__ import annotations

import re

from mailgate.address import address_key, is_address
from mailgate.match import bare_subject, filled, host_of, name_of, tagged_subject
from mailgate.model import Address, Relay
from mailgate.record import Record
from mailgate.sender import gateway_keys, users_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mailgate.model import Audience, Case, Facts, Mail, Notice, Outgoing, Plan
    from mailgate.policy import Mailbox
    from mailgate.sender import Standing

    Recipient = tuple[Address, Audience, str]


class Mailing(Record):
    """Everything that the second decision rests on.

    `facts.section` is the case's section as it is now; `letters` holds, for each address in the form of `address_key`,
    the Message-IDs of this case that he wrote or was sent, oldest first; `mail` is the message that is relayed.
    """

    plan: Plan
    mail: Mail
    key: str
    case: Case | None
    facts: Facts
    standing: Standing
    letters: Mapping[str, tuple[str, ...]]

    @property
    def mailbox(self) -> Mailbox:
        """The mailbox to which the message came."""
        return self.standing.mailbox


def address(mailing: Mailing) -> tuple[Relay, ...]:
    """Return the outgoing mails: copies of the message, then what the gateway itself writes."""
    copies = tuple(_copy(mailing, *recipient) for recipient in recipients(mailing))
    written = tuple(note for notice in mailing.plan.notices for note in _written(mailing, notice))
    return copies + written


def recipients(mailing: Mailing) -> tuple[Recipient, ...]:
    """Return who gets a copy, each address once, with the reason."""
    wanted: list[Recipient] = []
    relay, case = mailing.plan.relay, mailing.case
    if relay == "none" or case is None:
        return ()
    if _left_to_erp(mailing):
        return tuple(_allowed(mailing, staff(mailing))) if relay == "staff" and not _erp_knows_staff(mailing) else ()
    if relay == "customer":
        wanted += [(contact, "partner", "the customer of the case") for contact in case.contact]
    wanted += staff(mailing)
    if relay in ("customer", "staff"):
        wanted += [(watcher, "partner", "in the case's Cc") for watcher in case.watchers]
        wanted += [(follower, "partner", "follows the case in the ERP") for follower in case.followers]
    return tuple(_allowed(mailing, wanted))


def _erp_knows_staff(mailing: Mailing) -> bool:
    """Tell whether the ERP has anybody of the staff to mail: one who is assigned, leads the section, or follows."""
    case, facts = mailing.case, mailing.facts
    assert case is not None
    assigned = (facts.user(uid) for uid in (case.responsible, *case.deputies, facts.section.responsible))
    reached = any(user is not None and user.active and is_address(user.email) for user in assigned)
    return reached or any(users_at(facts, follower.email) for follower in case.followers)


def _left_to_erp(mailing: Mailing) -> bool:
    """Tell whether the ERP's own notifications carry the mail; notes, and a mail that `yes` lets go, they do not."""
    plan = mailing.plan
    return mailing.mailbox.relay_by == "erp" and plan.relay in ("customer", "staff") and plan.source is None


def staff(mailing: Mailing) -> list[Recipient]:
    """Return the responsible; where he cannot be reached the section's responsible and `notify`, else the default."""
    case, facts, mailbox = mailing.case, mailing.facts, mailing.mailbox
    assigned = [facts.user(uid) for uid in (case.responsible, *case.deputies)] if case else []
    found: list[Recipient] = [
        (Address(user.email, user.name), "staff", "responsible for the case")
        for user in assigned
        if user is not None and user.active and is_address(user.email)
    ]
    if found:
        return found
    deputy = facts.user(facts.section.responsible)
    if deputy is not None and deputy.active and is_address(deputy.email):
        found.append((Address(deputy.email, deputy.name), "staff", "responsible for the section"))
    found += [(Address(email), "staff", "notify:") for email in mailbox.notify]
    if not found and mailbox.default:
        found.append((Address(mailbox.default), "staff", "the default address: nobody else hears of the case"))
    return found


def _allowed(mailing: Mailing, wanted: Iterable[Recipient]) -> Iterator[Recipient]:
    plus = mailing.mailbox.plus
    seen = set(gateway_keys(mailing.standing.config)) | {address_key(mailing.plan.sender.address.email, plus)}
    had_it = {address_key(one.email, plus) for one in (*mailing.mail.to, *mailing.mail.cc)}
    for recipient, audience, reason in wanted:
        key = address_key(recipient.email, plus)
        if not is_address(recipient.email) or key in seen:
            continue
        seen.add(key)
        if users_at(mailing.facts, recipient.email, plus):
            yield recipient, "staff", reason
        elif audience == "staff" or key not in had_it:
            yield recipient, audience, reason


def _copy(mailing: Mailing, recipient: Address, audience: Audience, reason: str) -> Relay:
    case, mailbox, plan = mailing.case, mailing.mailbox, mailing.plan
    assert case is not None
    name = name_of(case, mailbox.tag)
    bare, replied = bare_subject(mailing.mail.subject, mailbox.tag, name)
    relay = _relay(mailing, recipient, audience, "copy", reason, tagged_subject(bare, replied, mailbox.tag, name))
    return relay.but(
        sender_name=_shown_name(mailing, audience),
        priority=case.priority if case.priority not in (None, 3) else None,
        about=_about(mailing, case) if audience == "staff" else (),
        cut=plan.cut,
    )


def _relay(
    mailing: Mailing, recipient: Address, audience: Audience, kind: Outgoing, reason: str, subject: str
) -> Relay:
    """Return a mail with its own Message-ID, threaded by ids that this recipient wrote or was sent.

    The id stands as last entry of References too: some next hops replace Message-IDs.
    """
    host = host_of(mailing.mailbox.address)
    case = mailing.case.id if mailing.case else None
    seed = f"{mailing.key} {kind} {subject if kind != 'copy' else ''}"
    if case is None:
        message_id = mailing.standing.keys.plain_id(seed, recipient.email, host)
        return Relay(recipient, audience, kind, reason, message_id, subject)
    message_id = mailing.standing.keys.message_id(case, audience, recipient.email, seed, host)
    earlier = tuple(one for one in mailing.letters.get(address_key(recipient.email), ()) if one != message_id)
    references = (*earlier[:1], *earlier[1:][-8:], message_id)
    return Relay(
        recipient, audience, kind, reason, message_id, subject,
        in_reply_to=earlier[-1] if earlier else "", references=references,
    )  # fmt: skip


def _shown_name(mailing: Mailing, audience: Audience) -> str:
    """Return the display name in From: staff see the sender's address, the customer's side never does."""
    sender, mailbox = mailing.plan.sender.address, mailing.mailbox
    team = mailbox.name or mailing.facts.section.name or mailbox.address
    user = mailing.facts.user(mailing.plan.sender.user)
    given = "" if "@" in sender.name else sender.name  # many put their address there, which is not for customers
    name = given or (user.name if user else "")
    if audience == "staff":
        return f"{name or sender.email} ({sender.email}) via {team}" if name else f"{sender.email} via {team}"
    return f"{name} via {team}" if name else team


def _about(mailing: Mailing, case: Case) -> tuple[tuple[str, str], ...]:
    sender = mailing.plan.sender
    readers = [address.email for address in case.watchers]
    fields = [("X-Mailgate-Case", str(case.id)), ("X-Mailgate-From", sender.address.email)]
    fields.append(("X-Mailgate-Standing", f"{sender.role}; {sender.proof or 'not proven'}"))
    if readers:
        fields.append(("X-Mailgate-Watchers", ", ".join(readers)))
    strangers = tuple(_unlisted(mailing, case))
    if strangers:
        fields.append(("X-Mailgate-Not-In-Case", ", ".join(strangers)))
    return tuple(fields)


def _unlisted(mailing: Mailing, case: Case) -> Iterator[str]:
    """Yield who stands in the message's Cc (or wrote it) but not in the case: `Set-Cc: +...` adds him."""
    known = {address_key(one.email) for one in (*case.watchers, *case.contact, *case.followers)}
    known |= gateway_keys(mailing.standing.config)
    for one in (mailing.mail.sender, *mailing.mail.cc):
        key = address_key(one.email)
        if is_address(one.email) and key not in known and not users_at(mailing.facts, one.email):
            known.add(key)
            yield one.email


def _written(mailing: Mailing, notice: Notice) -> Iterator[Relay]:
    """Yield the mails of one notice; its subject bears the tag, so that an answer finds the case."""
    mailbox, sender = mailing.mailbox, mailing.plan.sender
    to: list[Recipient] = []
    if notice.to == "sender":
        audience: Audience = "partner" if notice.kind == "acknowledge" else "staff"
        to = [(sender.address, audience, notice.reason)]
    elif notice.to == "responsible":
        to = [(address_, audience_, notice.reason) for address_, audience_, _ in staff(mailing)]
    elif mailbox.default:
        to = [(Address(mailbox.default), "staff", notice.reason)]
    barred = gateway_keys(mailing.standing.config)
    for recipient, audience, reason in to:
        if not is_address(recipient.email) or address_key(recipient.email) in barred:
            continue
        subject = notice.subject
        if mailing.case is not None:
            name = name_of(mailing.case, mailbox.tag)
            subject = tagged_subject(subject, notice.kind == "acknowledge", mailbox.tag, name)
        if notice.kind == "report":
            subject = f"[CaseError] {subject}"
        relay = _relay(mailing, recipient, audience, notice.kind, reason, subject)
        team = mailbox.name or mailing.facts.section.name
        text = _filled(notice.text, mailing) if notice.kind == "acknowledge" else notice.text
        yield relay.but(text=text, sender_name=team)


def _filled(template: str, mailing: Mailing) -> str:
    """Fill the administrator's template: {id}, {tag}, {subject} and {team} stand for the case's own."""
    case, mailbox = mailing.case, mailing.mailbox
    number = name_of(case, mailbox.tag) if case else "0"
    words = {"{id}": number, "{tag}": filled(mailbox.tag, number), "{subject}": mailing.plan.subject,
             "{team}": mailbox.name or mailing.facts.section.name}  # fmt: skip
    return re.sub("|".join(map(re.escape, words)), lambda match: words[match[0]], template)
