"""Gathers what a decision rests on: the candidates from the journal, the facts from the ERP, in few calls."""

from __future__ import annotations

import time

from mailgate.address import address_key, domain
from mailgate.automatic import classify
from mailgate.commands import read
from mailgate.match import candidates, loop_of, referred, tags
from mailgate.message import parse
from mailgate.model import Facts, Sender
from mailgate.plan import outsiders
from mailgate.question import Question
from mailgate.sender import Placed, Standing, gateway_keys, place, users_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailgate.desk import Desk
    from mailgate.erp import Erp
    from mailgate.model import Automatic, Candidate, Case, Contact, Mail, Section, User
    from mailgate.policy import Mailbox


ASKED = 7 * 86400.0  # so long an answer to a question of ours counts
MOST_ASKED = 20  # Message-IDs about which the ERP is asked


def think(mail: Mail, key: str, desk: Desk, mailbox: Mailbox, released: bool, marker: str) -> Question:
    """Ask the journal and the ERP what the first decision rests on. Raises ErpError."""
    keys, erp = desk.keys(mailbox), desk.erp(mailbox)
    standing = Standing(mailbox, desk.config, keys, released)
    automatic = _ours_alone(loop_of(mail, keys, desk.config) or classify(mail), mail, standing, erp)
    now = time.time()
    if not released and _needs_no_facts(mail, automatic, standing):
        return _unasked(mail, key, standing, now, automatic, marker)
    found = find_candidates(mail, automatic, desk, mailbox)
    facts = _facts(found, erp, mailbox)
    if found and not facts.cases and erp.dialect.keeps_ids:  # merged into another, perhaps
        found = _candidates(mail, dict(erp.threads(referred(mail)[:MOST_ASKED])), desk, mailbox)
        facts = _facts(found, erp, mailbox)
    placed = _bounce_place(mail, found, facts) if automatic and automatic.kind == "bounce" else None
    if placed is None:
        placed, facts = _place(mail, found, facts, standing, erp, now)
    question = Question(
        mail, key, placed, facts, standing, now, automatic,
        quote_known=bool(placed.candidate and placed.candidate.by in ("token", "thread")), marker_text=marker,
        dialect=erp.dialect,
    )  # fmt: skip
    question = _with_contacts(_with_asked(question, desk), erp)
    return _with_names(question, erp)


def _ours_alone(automatic: Automatic | None, mail: Mail, standing: Standing, erp: Erp) -> Automatic | None:
    """Believe an ERP's marks only of our own ERP: customers have ERPs too, and theirs write like a web form."""
    if automatic is None or automatic.kind != "erp" or not erp.dialect.keeps_ids:
        return automatic
    ours = {domain(mailbox.address) for mailbox in standing.config.mailboxes}
    if domain(mail.sender.email) in ours or erp.threads((mail.message_id,)):
        return automatic
    return automatic.but(kind="bulk")


def _with_asked(question: Question, desk: Desk) -> Question:
    """Add the mail about which the sender was asked, where this message answers that question."""
    earlier = desk.journal.asked(referred(question.mail), question.now - ASKED)
    if earlier is None or not earlier.raw or not question.placed.sender.proof:
        return question
    if earlier.mailbox != question.mailbox.address:
        return question
    return question.but(asked=parse(desk.journal.raw(earlier.raw), desk.config.limits.parts), asked_id=earlier.id)


def find_candidates(mail: Mail, automatic: Automatic | None, desk: Desk, mailbox: Mailbox) -> tuple[Candidate, ...]:
    """Return the cases that a message may belong to; a bounce is found by the returned Message-ID alone."""
    if automatic is not None and automatic.kind == "bounce":
        mail = mail.but(subject="", in_reply_to=automatic.returned, references=())
    if automatic is not None and automatic.kind == "erp":
        mail = mail.but(in_reply_to=(mail.message_id,))  # the ERP's own ids name the case
    ids, keys = referred(mail), desk.keys(mailbox)
    known = desk.journal.cases_of(ids, desk.scope(mailbox))
    if not known and not any(keys.token(one) for one in ids):
        known = dict(desk.erp(mailbox).threads(ids[:MOST_ASKED])) if ids else {}
    return _candidates(mail, known, desk, mailbox)


def _candidates(mail: Mail, known: dict[str, tuple[int, ...]], desk: Desk, mailbox: Mailbox) -> tuple[Candidate, ...]:
    keys = desk.keys(mailbox)
    revoked = desk.journal.revoked(one.strip("<>").lower().partition("@")[0] + "@" for one in referred(mail))
    numbered = desk.erp(mailbox).numbered(tags(mail.subject, mailbox.tag)) if "{number}" in mailbox.tag else {}
    return candidates(mail, mailbox.tag, keys, known, revoked, mailbox.model, numbered)


def _needs_no_facts(mail: Mail, automatic: Automatic | None, standing: Standing) -> bool:
    if automatic is not None and automatic.kind == "loop":
        return True
    return address_key(mail.sender.email, standing.mailbox.plus) in gateway_keys(standing.config)


def _unasked(
    mail: Mail, key: str, standing: Standing, now: float, automatic: Automatic | None, marker: str
) -> Question:
    from mailgate.model import Section

    sender = Sender(mail.sender, "gateway", "", "a gateway address, or a mail of ours")
    return Question(mail, key, Placed(sender), Facts(Section(0, "")), standing, now, automatic, marker_text=marker)


def _facts(found: Sequence[Candidate], erp: Erp, mailbox: Mailbox) -> Facts:
    section = erp.section(mailbox.section)
    users = erp.users()
    ids = tuple(dict.fromkeys(candidate.case for candidate in found))
    cases = erp.cases(ids[:20]) if ids else ()
    known = {user.id for user in users}
    if any(case.responsible is not None and case.responsible not in known for case in cases):
        users = erp.users(fresh=True)
    return Facts(section, users, cases)


def _bounce_place(mail: Mail, found: Sequence[Candidate], facts: Facts) -> Placed:
    """Put a bounce on the case of the mail that came back; its writer is a mail system."""
    cases = {case.id: case for case in facts.cases}
    sender = Sender(mail.sender, "stranger", "", "a mail system")
    for candidate in found:
        if candidate.case in cases:
            return Placed(sender, cases[candidate.case], candidate)
    return Placed(sender)


def _place(
    mail: Mail, found: tuple[Candidate, ...], facts: Facts, standing: Standing, erp: Erp, now: float
) -> tuple[Placed, Facts]:
    """Judge the sender; his partner's other addresses are asked for only where they decide."""
    placed = place(mail, found, facts, standing, now)
    partners = tuple(dict.fromkeys(case.partner for case in facts.cases if case.partner is not None))[:3]
    undecided = (placed.case is None and placed.old is None) or bool(placed.other)
    if undecided and partners and mail.sender.email and not users_at(facts, mail.sender.email):
        facts = facts.but(relatives=tuple((partner, erp.relatives(partner)) for partner in partners))
        placed = place(mail, found, facts, standing, now)
    return placed, facts


def _with_contacts(question: Question, erp: Erp) -> Question:
    """Add the address book's entries of a new case's customer."""
    if question.case is not None or not question.mail.sender.email or _held_anyway(question):
        return question
    customer = question.mail.sender.email
    if question.placed.sender.user is not None:
        partners = outsiders((*question.mail.to, *question.mail.cc), question)
        customer = partners[0].email if partners else customer
    facts = question.facts.but(contacts=erp.contacts(customer))
    placed = question.placed
    if placed.old is None and placed.sender.user is None:
        placed = place(question.mail, (), facts, question.standing, question.now)
    return question.but(facts=facts, placed=placed)


def _held_anyway(question: Question) -> bool:
    kind = question.automatic.kind if question.automatic else ""
    holds = kind in ("bounce", "erp") or (kind == "auto-reply" and question.mailbox.automatic == "hold")
    return holds and not question.standing.released


def _with_names(question: Question, erp: Erp) -> Question:
    """Ask for what the commands name, where the sender may give commands at all."""
    if question.placed.sender.user is None or not question.placed.sender.proof or question.automatic is not None:
        return question
    commands = read(question.mail.text)[0]
    named = tuple(
        (command.action, str(command.value), erp.named(command.action, str(command.value)))
        for command in commands
        if command.action in ("section", "category")
    )
    partner: tuple[Contact, ...] = ()
    for command in commands:
        if command.action == "partner":
            partner = erp.contacts(str(command.value))
    unable = frozenset(command.action for command in commands if not erp.can(command.action)) | frozenset(
        f"state {one.value}"
        for one in commands
        if one.action == "state"
        and not erp.can("state", str(one.value), question.case.section if question.case else None)
    )
    users = _users_named(
        commands_users=(str(one.value) for one in commands if one.action == "user"), question=question, erp=erp
    )
    return question.but(named=named, partner=partner, unable=unable, facts=question.facts.but(users=users))


def _users_named(commands_users: Iterable[str], question: Question, erp: Erp) -> tuple[User, ...]:
    """Return the users, read anew where a name is not among those remembered."""
    from mailgate.wishes import find_user

    for wanted in commands_users:
        try:
            find_user(wanted, question.facts.users)
        except ValueError:
            return erp.users(fresh=True)
    return question.facts.users


def facts_after(case: int | None, desk: Desk, mailbox: Mailbox) -> tuple[Case | None, Facts]:
    """Read again what rules of the ERP may have changed: the case, and the section it is in now."""
    from mailgate.model import Section

    if case is None:
        return None, Facts(Section(0, mailbox.name or mailbox.address))
    erp = desk.erp(mailbox)
    found = next(iter(erp.cases((case,))), None)
    users = erp.users()
    if found is not None and found.responsible is not None and found.responsible not in {user.id for user in users}:
        users = erp.users(fresh=True)
    section: Section = erp.section(mailbox.section)
    if found is not None and found.section != section.id:
        section = next(iter(erp.sections((found.section,))), section)
    return found, Facts(section, users, (found,) if found else ())
