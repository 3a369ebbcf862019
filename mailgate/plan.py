"""The first decision: what a message does to the ERP, and who should hear of it. Pure; each step with its reason.

The rows are those of docs/flow.md: what a machine wrote, a new case, and a mail on a case by the standing of its
writer there.
"""

from __future__ import annotations

from mailgate import notices
from mailgate.address import address_key, domain, is_address, written
from mailgate.commands import read, split, strays
from mailgate.history import UNVERIFIED, kept_attachments, line, recorded_text, says_something
from mailgate.model import Effect, Plan
from mailgate.portions import portioned
from mailgate.question import aside, attached, effect, handled, note_attachments
from mailgate.sender import gateway_keys, users_at
from mailgate.text import cut
from mailgate.wishes import Wishes, fulfil

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailgate.model import Address, Automatic, Case, Notice, Scalar, State
    from mailgate.question import Question

    Values = list[tuple[str, Scalar | tuple[str, ...]]]


def decide(question: Question) -> Plan:
    """Return what is to be done about a message, in the portions in which the ERP takes it."""
    readers = tuple(one.email for one in (*question.mail.to, *question.mail.cc) if is_address(one.email))
    return portioned(_decided(question), question.dialect, question.mailbox.relay_by == "erp", readers)


def _decided(question: Question) -> Plan:
    mail, limits = question.mail, question.limits
    if not question.standing.released:
        if len(mail.raw) > limits.message:
            return aside(question, f"larger than {limits.message} bytes (limits.message)")
        if question.automatic is not None:
            plan = _automatic(question, question.automatic)
            if plan is not None:
                return plan
        if question.placed.sender.role == "gateway":
            return aside(question, "From is a gateway address").but(notices=(notices.own_address(mail),))
    return _placed(question) if question.case else _new(question)


# --- what a machine wrote


def _automatic(question: Question, automatic: Automatic) -> Plan | None:
    if automatic.kind == "bounce":
        return _bounce(question, automatic)
    if automatic.kind == "auto-reply":
        return _auto_reply(question, automatic)
    if automatic.kind == "erp":
        return _from_erp(question, automatic)
    if automatic.kind == "loop":
        return aside(question, automatic.reason)
    return None


def _bounce(question: Question, automatic: Automatic) -> Plan:
    """A bounce is noted on its case, and the responsible hears of it; it is never a new case."""
    case = question.case
    if case is None:
        return aside(question, f"a bounce of no known mail: {automatic.reason}")
    responsible = question.facts.user(case.responsible)
    failed = {address_key(bounce.address) for bounce in automatic.bounces}
    own = responsible is not None and address_key(responsible.email) in failed
    notice = notices.bounced(case.title, automatic, own)
    note = line(question.mail, notice.text, question.now, internal=True)
    effects = (effect(question, "record", "a bounce is noted", line=note),)
    return handled(question, "a bounce of a mail of this case", effects, notices_=(notice,))


def _auto_reply(question: Question, automatic: Automatic) -> Plan | None:
    """An automatic reply is noted; it changes no state, is not relayed and is never answered."""
    if question.case is None:
        if question.mailbox.automatic == "new":
            return None
        return aside(question, f"an automatic reply without a case: {automatic.reason}")
    text = recorded_text(question.mail.text, question.mailbox, False, question.quote_known)
    note = line(question.mail, text, question.now, (f"Automatic reply ({automatic.reason}):",), internal=True)
    return handled(question, automatic.reason, (effect(question, "record", "an automatic reply is noted", line=note),))


def _from_erp(question: Question, automatic: Automatic) -> Plan:
    """Nothing of the ERP's own mail is written to the ERP; a reminder goes to the responsible."""
    if question.case is not None and question.mail.subject.casefold().startswith("reminder:"):
        return handled(question, "a reminder of the ERP", (), "responsible", "reminders are for the responsible")
    return aside(question, f"the ERP's own mail: {automatic.reason}")


# --- a new case


def _new(question: Question) -> Plan:
    sender, mailbox = question.placed.sender, question.mailbox
    held = mailbox.strangers == "hold" and not question.standing.released
    if held and sender.role == "stranger" and question.facts.cases:
        return aside(question, "a stranger names a case in which he has no part (strangers: hold)")
    if sender.user is not None and sender.proof:
        partners = outsiders((*question.mail.to, *question.mail.cc), question)
        if partners:
            return _started(question, partners)
    return _opened(question)


def outsiders(addresses: Iterable[Address], question: Question) -> tuple[Address, ...]:
    """Return the addresses that are neither the gateway's nor a user's nor the sender's, each once."""
    ours = gateway_keys(question.standing.config) | {address_key(question.mail.sender.email)}
    found: dict[str, Address] = {}
    for address in addresses:
        key = address_key(address.email, question.mailbox.plus)
        if is_address(address.email) and key not in ours and not users_at(question.facts, address.email):
            found.setdefault(key, address)
    return tuple(found.values())


def _others(question: Question, besides: Sequence[Address] = ()) -> tuple[str, ...]:
    """Return who stands in Cc beside the sender, the gateway and those named, each once."""
    seen = gateway_keys(question.standing.config) | {address_key(question.mail.sender.email)}
    seen |= {address_key(address.email) for address in besides}
    found: dict[str, str] = {}
    for address in question.mail.cc:
        if is_address(address.email) and address_key(address.email) not in seen:
            found.setdefault(address_key(address.email), address.email)
    return tuple(found.values())


def _opened(question: Question) -> Plan:
    """Somebody writes about something new."""
    mail, facts = question.mail, question.facts
    contact = facts.contacts[0] if facts.contacts and question.placed.sender.role != "stranger" else None
    contact = contact or next((one for one in facts.contacts if one.partner is None), None)
    values = _first_values(question, mail.sender)
    if contact is not None:
        values += [("partner", contact.partner)] if contact.partner is not None else []
        values += [("contact_id", contact.id)]
    values.append(("responsible", None))
    if _others(question):
        values.append(("watchers", _others(question)))
    if question.mailbox.states_new:
        values.append(("state", question.mailbox.states_new))
    text = recorded_text(mail.text, question.mailbox, True, False)
    plan = _creation(question, values, text, "the message belongs to no case")
    answers = (_acknowledged(question),) if _acknowledged(question) else ()
    return plan.but(relay="staff", relay_reason="a new case goes to those who work on it", notices=answers)


def _acknowledged(question: Question) -> Notice | None:
    mailbox = question.mailbox
    if not mailbox.acknowledge or question.automatic is not None or not is_address(question.mail.sender.email):
        return None
    return notices.acknowledgement(mailbox, question.subject)


def _started(question: Question, partners: tuple[Address, ...]) -> Plan:
    """A user writes to a partner with the gateway in Cc: the case is the partner's, and the user is responsible."""
    wishes = _wishes(question, None)
    values = _first_values(question, partners[0])
    contact = next(iter(question.facts.contacts), None)
    if contact is not None:
        values += [("partner", contact.partner)] if contact.partner is not None else []
        values += [("contact_id", contact.id)]
    values.append(("responsible", question.placed.sender.user))
    watchers = (*(address.email for address in partners[1:]), *_others(question, partners))
    if watchers:
        values.append(("watchers", tuple(dict.fromkeys(watchers))))
    merged = dict(values) | dict(wishes.values)
    text = recorded_text(wishes.text, question.mailbox, True, False)
    internal = wishes.relay is False
    plan = _creation(question, list(merged.items()), text, "a user starts a conversation with a partner", internal)
    state = wishes.state or (None if internal or wishes.complaints else _default_state(question))
    if state:
        plan = plan.but(
            effects=(*plan.effects, effect(question, "state", _state_reason(wishes, question), state=state))
        )
    if internal:
        return _told(question, plan, wishes, "responsible", "Set-Relay: no")
    return _told(question, plan, wishes, "customer", "a user writes to the partner")


def _first_values(question: Question, contact: Address) -> Values:
    values: Values = [
        ("title", question.subject or "(no subject)"),
        ("section", question.facts.section.id),
        ("contact", written(contact) if is_address(contact.email) else ""),
    ]
    if question.mail.priority is not None and question.mail.priority != 3:
        values.append(("priority", question.mail.priority))
    if question.mailbox.channel is not None:
        values.append(("channel", question.mailbox.channel))
    return values


def _creation(question: Question, values: Values, text: str, reason: str, internal: bool = False) -> Plan:
    kept, left_out = kept_attachments(question.mail, question.limits)
    heading = _follows(question)
    history = line(question.mail, text, question.now, heading, left_out, internal)
    create = effect(question, "create", reason, values=tuple(values), line=history)
    files = note_attachments(question) if internal else attached(question, kept)
    return handled(question, reason, (create, *files))


def _follows(question: Question) -> tuple[str, ...]:
    """Name the old case where a customer writes to one that was closed too long ago."""
    old = question.placed.old
    return (f"Follows case {old.id}, {old.title}, which is closed.",) if old else ()


# --- a mail on a case


def _placed(question: Question) -> Plan:
    sender, other = question.placed.sender, question.placed.other
    if other == "staff":
        return _unverified(question, "answers a mail that was sent to somebody else of the staff").but(hold="")
    if other == "partner":
        return _from_partner(question)
    if sender.role == "responsible":
        if not sender.proof:
            return _unverified(question, "in the responsible's name, without a proof")
        return _from_responsible(question)
    if sender.role == "colleague":
        return _from_colleague(question)
    return _from_partner(question)


def _from_partner(question: Question) -> Plan:
    """The customer's side writes: recorded, the case is open, staff and watchers hear of it."""
    case = question.case
    assert case is not None
    text = recorded_text(question.mail.text, question.mailbox, False, question.quote_known)
    kept, left_out = kept_attachments(question.mail, question.limits)
    added = _new_watchers(question, case)
    values: Values = [("watchers", _grown(case, added))] if added else []
    history = line(question.mail, text, question.now, (), left_out)
    reason = f"{question.placed.sender.role} writes: {question.placed.sender.reason}"
    if question.mailbox.states_partner == "keep":
        effects = [effect(question, "record", reason, values=tuple(values), line=history)]
    elif case.responsible is None:
        # case_open would make the gateway's own user responsible
        values.append(("state", "open"))
        effects = [effect(question, "record", f"{reason}; open, in the same write: nobody is responsible",
                           values=tuple(values), line=history)]  # fmt: skip
    else:
        effects = [
            effect(question, "record", reason, values=tuple(values), line=history),
            effect(question, "state", "the customer's side wrote", state="open"),
        ]
    return handled(
        question, reason, (*effects, *attached(question, kept)), "staff", "the customer's side wrote"
    )  # fmt: skip


def _grown(case: Case, added: Sequence[str]) -> tuple[str, ...]:
    return (*(address.email for address in case.watchers), *added)


def _new_watchers(question: Question, case: Case) -> tuple[str, ...]:
    """Return whom a follow-up makes a watcher: those in its Cc if the sender is proven, and a proven guest himself."""
    known = {address_key(address.email) for address in (*case.watchers, *case.contact)}
    responsible = question.facts.user(case.responsible)
    known |= {address_key(responsible.email)} if responsible else set()
    wanted = [*_others(question)] if question.placed.sender.proof else []
    if question.placed.other == "partner" and _neighbour(question, case):
        wanted.append(question.mail.sender.email)
    return tuple(email for email in wanted if address_key(email) not in known)


def _neighbour(question: Question, case: Case) -> bool:
    """Tell whether the writer's domain is a participant's, and not one where anybody can have an address."""
    theirs = domain(question.mail.sender.email)
    domains = {domain(address.email) for address in (*case.contact, *case.watchers)}
    return bool(theirs) and theirs in domains and theirs not in question.standing.config.freemail


def _unverified(question: Question, reason: str) -> Plan:
    """The text is kept as an internal note; commands, state and relay wait on hold."""
    text = recorded_text(question.mail.text, question.mailbox, False, question.quote_known)
    heading = (UNVERIFIED.format(email=question.mail.sender.email or "an unreadable address"),)
    note = line(question.mail, text, question.now, heading, internal=True).but(unproven=True)
    effects = (effect(question, "record", reason, line=note), *note_attachments(question))
    plan = handled(question, reason, effects, "responsible", "the responsible should know of an unverified mail")
    if question.placed.sender.role == "responsible":
        return plan.but(relay="none", relay_reason="", hold=f"{reason}: release it if he wrote it")
    return plan


def _from_colleague(question: Question) -> Plan:
    """Another user writes. Without a responsible he becomes it; else his mail is an internal note."""
    case, user = question.case, question.placed.sender.user
    assert case is not None
    assigned = [question.facts.user(uid) for uid in (case.responsible, *case.deputies)]
    responsible = next((one for one in assigned if one is not None and one.active), None)
    if user is not None and responsible is None:
        return _from_responsible(question, becomes=user)
    if user is not None and question.mailbox.commands_who == "users" and split(question.mail.text)[0]:
        return _from_responsible(question)
    return _noted(question, responsible.name if responsible else "nobody")


def _noted(question: Question, responsible: str) -> Plan:
    given, bad, rest = read(question.mail.text) if question.automatic is None else ((), (), question.mail.text)
    asked = not bad and any(command.action == "relay" and command.value is True for command in given)
    refused = (*(one.line for one in given if one.action != "relay"), *(one.line for one in bad))
    text = recorded_text(rest, question.mailbox, False, question.quote_known)
    kept, left_out = kept_attachments(question.mail, question.limits)
    history = line(question.mail, text, question.now, (), left_out, internal=not asked)
    files = attached(question, kept) if asked else note_attachments(question)
    effects = (effect(question, "record", "a colleague of the responsible writes", line=history), *files)
    notice = notices.not_responsible(question.subject, responsible, refused, asked)
    answers = () if question.automatic or (asked and not refused) else (notice,)
    if asked:
        plan = handled(question, "a colleague writes", effects, "customer", "Set-Relay: yes", answers)
    else:
        plan = handled(question, "a colleague writes", effects, "responsible", "an internal note", answers)
    return plan.but(cut=bool(given or bad))


def _answered(question: Question) -> Plan | None:
    """The sender was asked about a mail with bad command lines: `yes` sends it as it is, corrected lines with them.

    Its text stands in the history already. Anything else is an ordinary mail.
    """
    case, asked = question.case, question.asked
    text = cut(question.mail.text).new.strip()
    if case is None or asked is None or address_key(asked.sender.email) != address_key(question.mail.sender.email):
        return None
    word = text.split("\n")[0].strip(" .!").casefold() if text else ""
    if word == "no":
        return handled(question, "the writer drops the mail about which he was asked", ()).but(source=question.asked_id)
    wishes = _wishes(question, case, text)
    if (word == "yes" and not wishes.commands) or (not wishes.text.strip() and (wishes.commands or wishes.complaints)):
        return _let_go(question, wishes)
    return None


def _let_go(question: Question, wishes: Wishes) -> Plan:
    effects = []
    if wishes.values:
        effects.append(effect(question, "record", "corrected commands", values=wishes.values))
    earlier = {one.action: one.value for one in read(question.asked.text)[0]} if question.asked else {}
    if wishes.relay is None and earlier.get("relay") is False:
        wishes = wishes.but(relay=False)  # that line was a good one: it still holds
    silent = bool(wishes.complaints) or wishes.relay is False or "state" in earlier
    state = wishes.state or (None if silent else _default_state(question))
    if state:
        effects.append(effect(question, "state", _state_reason(wishes, question), state=state))
    plan = handled(question, "the writer answers what he was asked about his mail", effects)
    relay = "responsible" if wishes.relay is False else "customer"
    told = _told(question, plan, wishes.but(text=""), relay, "he lets it go")
    return told.but(source=question.asked_id, cut=True)


def _from_responsible(question: Question, becomes: int | None = None) -> Plan:
    """The responsible writes: commands, text, state; to the customer unless he says no or a line is wrong."""
    case = question.case
    assert case is not None
    answer = _answered(question)
    if answer is not None:
        return answer
    wishes = _wishes(question, case)
    values: Values = [("responsible", becomes)] if becomes is not None else []
    merged = dict(values) | dict(wishes.values)
    text = recorded_text(wishes.text, question.mailbox, False, question.quote_known)
    bare = not wishes.commands and not wishes.complaints  # without commands there is nothing else that he may want
    speaks = says_something(wishes.text) or bool(question.mail.attachments) or (bare and bool(wishes.text.strip()))
    kept, left_out = kept_attachments(question.mail, question.limits)
    internal = wishes.relay is False
    history = line(question.mail, text, question.now, (), left_out, internal) if speaks else None
    effects: list[Effect] = []
    if merged or history:
        taken = becomes is not None and merged["responsible"] == becomes
        reason = "nobody was responsible: the writer becomes it" if taken else "the responsible writes"
        effects.append(effect(question, "record", reason, values=tuple(merged.items()), line=history))
    answers = speaks and not internal and not wishes.complaints
    state = wishes.state or (_default_state(question) if answers else None)
    if state:
        effects.append(effect(question, "state", _state_reason(wishes, question), state=state))
    effects += note_attachments(question) if internal else attached(question, kept)
    plan = handled(question, "the responsible writes", effects)
    if not speaks:
        return _told(question, plan, wishes, "none", "commands without other text")
    if internal:
        return _told(question, plan, wishes, "responsible", "Set-Relay: no")
    return _told(question, plan, wishes, "customer", "the responsible wrote")


def _wishes(question: Question, case: Case | None, text: str | None = None) -> Wishes:
    """Read the commands of the mail, or of a part of its text; what a machine wrote has none."""
    text = question.mail.text if text is None else text
    if question.automatic is not None:
        return Wishes(text)
    return fulfil(text, case, question.facts, question.named, question.partner, question.unable,
                  question.now)  # fmt: skip


def _default_state(question: Question) -> State | None:
    chosen = question.mailbox.states_responsible
    return None if chosen == "keep" else chosen


def _state_reason(wishes: Wishes, question: Question) -> str:
    return (
        f"Set-State: {wishes.state}" if wishes.state else f"states.responsible: {question.mailbox.states_responsible}"
    )


def _told(question: Question, plan: Plan, wishes: Wishes, relay: str, reason: str) -> Plan:
    """Add relay, answers and the cutting out of commands; a bad line stops the relay."""
    answers: list[Notice] = []
    report = question.mailbox.commands_report
    if wishes.complaints:
        relay, reason = "none", "a command line is wrong: nothing leaves before it is mended"
        answers.append(notices.bad_commands(question.subject, wishes.complaints, wishes.commands, wishes.text))
    elif report == "always" and wishes.commands:
        answers.append(notices.done_commands(question.subject, wishes.commands))
    stray = strays(wishes.text) if question.automatic is None else ()
    if stray and not wishes.complaints:
        answers.append(notices.stray_commands(question.subject, stray))
    return plan.but(
        relay=relay,
        relay_reason=reason,
        commands=wishes.commands,
        complaints=wishes.complaints,
        notices=() if report == "never" else tuple(answers),
        cut=bool(wishes.commands or wishes.complaints),
    )
