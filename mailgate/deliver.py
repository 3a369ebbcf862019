"""One message's way through the house, one verb a line: keep, enter, think, record, apply, address, send, close.

`think` and `address` are the two decisions; both are recorded before anything follows from them, and a retry goes on
where the record ends. Once the plan is recorded the message is ours, and the caller hears 0.
"""

from __future__ import annotations

import time

from mailgate.address import address_key
from mailgate.addressees import Mailing, address
from mailgate.compose import shown_fields
from mailgate.facts import facts_after, think
from mailgate.match import leaving
from mailgate.message import delivery_key, parse
from mailgate.model import Attachment, Relay
from mailgate.notices import digest, trouble
from mailgate.outgoing import HOUR, report, send
from mailgate.plan import decide
from mailgate.record import Record
from mailgate.recorded import dump_plan, dump_relays, load_plan, load_relays
from mailgate.sender import Standing
from mailgate.status import (
    ConfigError,
    ErpDoubt,
    ErpError,
    ErpForbidden,
    ErpGone,
    ErpRefused,
    Interrupted,
    JournalError,
    MailgateError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mailgate.desk import Desk
    from mailgate.journal import Delivery
    from mailgate.model import Mail, Plan
    from mailgate.policy import Mailbox
    from mailgate.status import Verdict

WORK_OFF = 5.0  # seconds that each call gives to what is due from before
BACK_OFF = (60, 300, 900, 3600, 7200, 14400)
STUMBLES = 3  # so often a message may meet an unforeseen error
OUTAGE = 300.0  # until an ERP that is down is asked again for what is kept here
DAY = 86400.0
NEVER = 3650 * DAY
UNFINISHED = ("kept", "planned", "applied")


class Outcome(Record):
    """What the caller is told."""

    verdict: Verdict
    text: str
    held: bool = False


class Waiting(MailgateError):
    """A message waits: a lost answer may still turn up, or an older message of its case comes first."""

    verdict = "kept"

    def __init__(self, message: str, until: float) -> None:
        super().__init__(message)
        self.until = until


class Parked(MailgateError):
    """A message is kept aside: a limit is passed, or nothing tells where it belongs."""

    verdict = "done"


def deliver(raw: bytes, desk: Desk, choose: Callable[[Mail], Mailbox]) -> Outcome:
    """Handle one message and say what became of it.

    `choose` finds the message's mailbox, or raises ConfigError. Raises JournalError where nothing can be kept.
    """
    name = desk.journal.keep(raw)
    try:
        mail = parse(raw, desk.config.limits.parts)
        mailbox, unclear = _chosen(mail, desk, choose)
        key = delivery_key(mail, mailbox.address)
        delivery, new = desk.journal.enter(key, mailbox.address, desk.scope(mailbox), name, _about(mail), time.time())
    except BaseException:  # the deadline too: the caller keeps the message and hears 75, so no copy stays here
        desk.journal.discard(name)
        raise
    if not new and delivery.stage in UNFINISHED and not desk.journal.has(delivery.raw):
        desk.journal.advance(delivery.id, time.time(), raw=name)  # the earlier file is gone: this one takes its place
    elif not new:
        desk.journal.discard(name)
        if delivery.stage == "closed":
            return Outcome("done", f"handled before: case {delivery.case}" if delivery.case else "handled before")
        if delivery.stage == "held":
            return Outcome("done", f"kept aside before: {delivery.reason}", held=True)
    if not new:
        return attend(delivery, None, desk)
    return _parked(delivery, mail, desk, unclear) if unclear else _worked(delivery, mail, desk)


def _chosen(mail: Mail, desk: Desk, choose: Callable[[Mail], Mailbox]) -> tuple[Mailbox, ConfigError | None]:
    """Return the mailbox; a message that names none is kept aside rather than sent back for ever."""
    try:
        return choose(mail), None
    except ConfigError as error:
        return desk.config.mailboxes[0], error


def attend(delivery: Delivery, mail: Mail | None, desk: Desk) -> Outcome:
    """Take one delivery as far as it goes now, by this process alone."""
    if not desk.journal.claim(delivery.id, time.time(), desk.config.deadline * 2):
        return Outcome("kept", "another process is at work on it")
    current = desk.journal.delivery(delivery.id) or delivery
    return _worked(current, mail, desk)


def _worked(delivery: Delivery, mail: Mail | None, desk: Desk) -> Outcome:
    """Work on a delivery that is this process's own; every ending gives it back."""
    try:
        mail = mail or parse(desk.journal.raw(delivery.raw), desk.config.limits.parts)
        return _proceed(delivery, mail, desk)
    except Exception as error:  # one message nobody foresaw must not stop a mailbox for ever
        if not isinstance(error, MailgateError):
            return _stumbled(desk.journal.delivery(delivery.id) or delivery, desk, error)
        desk.journal.advance(delivery.id, time.time(), claim="")
        raise
    except BaseException:  # who is stopped by hand gives it back as well
        desk.journal.advance(delivery.id, time.time(), claim="")
        raise


def _stumbled(delivery: Delivery, desk: Desk, error: Exception) -> Outcome:
    """Try a message that met an unforeseen error a few times more, then keep it aside."""
    import traceback

    now, attempts = time.time(), delivery.attempts + 1
    reason = f"unforeseen {type(error).__name__}"
    desk.log.error(f"{delivery.about}: {reason}: {''.join(traceback.format_exception(error))}")
    if attempts < STUMBLES:
        desk.journal.advance(delivery.id, now, attempts=attempts, due=now + BACK_OFF[0], reason=reason, claim="")
        return Outcome("tempfail" if delivery.stage == "kept" else "kept", f"{reason}; the log has the details")
    desk.journal.advance(delivery.id, now, stage="held", reason=reason, claim="")
    mend = f"It is safe here: `mailgate hold show {delivery.id}` shows it. Please report it with the lines of the log."
    report(delivery, trouble("A message is kept aside", delivery.about, reason, mend), 3000, desk)
    return Outcome("done", f"kept aside: {reason}", held=True)


def _proceed(delivery: Delivery, mail: Mail, desk: Desk) -> Outcome:
    try:
        delivery = _in_scope(delivery, desk)
        if delivery.stage == "kept":
            delivery = _decided(delivery, mail, desk)
        if delivery.stage == "planned":
            delivery = _applied(delivery, mail, desk)
        return _sent(delivery, mail, desk)
    except Waiting as error:
        desk.journal.advance(delivery.id, time.time(), due=error.until, claim="")
        return Outcome("kept", str(error))
    except (ErpRefused, ErpGone, Parked) as error:
        return _parked(delivery, mail, desk, error)
    except ErpForbidden as error:
        return _barred(desk.journal.delivery(delivery.id) or delivery, mail, desk, error)
    except (ErpError, Interrupted) as error:
        return _postponed(desk.journal.delivery(delivery.id) or delivery, desk, error)


def _in_scope(delivery: Delivery, desk: Desk) -> Delivery:
    """Refuse to go on in another model or database, where the numbers of cases mean something else.

    What nothing was decided about yet belongs to what is configured now.
    """
    scope = desk.scope(desk.mailbox(delivery.mailbox))
    if scope == delivery.model:
        return delivery
    if delivery.stage == "kept":
        desk.journal.advance(delivery.id, time.time(), model=scope)
        return delivery.but(model=scope)
    raise Parked(f"it was for {delivery.mailbox} and {delivery.model}, which the configuration does not name any more")


def _barred(delivery: Delivery, mail: Mail, desk: Desk, error: ErpForbidden) -> Outcome:
    """Try a message of ours for which a right is missing a few times more, then keep it aside: others wait for it."""
    attempts = delivery.attempts + 1
    if delivery.stage == "kept":
        return _postponed(delivery, desk, error)
    if attempts >= STUMBLES:
        return _parked(delivery, mail, desk, error)
    due = time.time() + BACK_OFF[attempts - 1]
    desk.log.warning(f"{delivery.about}: {error}; {error.detail}")
    desk.journal.advance(delivery.id, time.time(), attempts=attempts, due=due, reason=str(error), claim="")
    return Outcome("kept", f"{error}; kept here, tried again later")


# --- the three steps


def _decided(delivery: Delivery, mail: Mail, desk: Desk) -> Delivery:
    """Make the first decision and record it."""
    mailbox = desk.mailbox(delivery.mailbox)
    question = think(mail, delivery.key, desk, mailbox, delivery.released, f"{delivery.key[:24]}.{delivery.round}")
    plan = decide(question)
    if desk.silent:
        plan = plan.but(relay="none", relay_reason="recorded only", notices=())
    desk.log.info(f"{delivery.about}: {plan.reason}")
    now = time.time()
    desk.journal.advance(delivery.id, now, stage="planned", plan=dump_plan(plan), case_id=plan.case, reason="")
    return desk.journal.delivery(delivery.id) or delivery


def _applied(delivery: Delivery, mail: Mail, desk: Desk) -> Delivery:
    """Carry out the effects, ask again, make the second decision and record it."""
    assert delivery.plan is not None
    plan = load_plan(delivery.plan)
    _wait_for_older(delivery, plan, desk)
    case = _apply(delivery, plan, mail, desk)
    mailbox = desk.mailbox(delivery.mailbox)
    standing = Standing(mailbox, desk.config, desk.keys(mailbox), delivery.released)
    now_case, facts = facts_after(case, desk, mailbox)
    if case is not None and now_case is None and plan.relay != "none":
        raise Parked(f"case {case} is gone, so nobody was mailed")
    letters = desk.journal.letters(case, delivery.model) if case else {}
    source = _source(plan, mail, desk)
    mailing = Mailing(plan, source, delivery.key, now_case, facts, standing, letters)
    relays = address(mailing)
    if not delivery.released:
        _mind_the_limit(delivery, relays, case, desk)
    leaves = any(relay.kind == "copy" for relay in relays) or any(one.attachment == -1 for one in plan.effects)
    desk.journal.addressed(
        delivery,
        dump_relays(relays),
        case,
        letters=_letters(case, mail, relays) if case is not None else (),
        revoked=_leaving(source) if leaves else (),
        questions=_questions(delivery, plan, relays),
        answered=plan.source if not plan.complaints else None,
        now=time.time(),
    )
    return desk.journal.delivery(delivery.id) or delivery


def _sent(delivery: Delivery, mail: Mail, desk: Desk) -> Outcome:
    """Send what was decided; what is temporary stays due, the rest closes the delivery."""
    assert delivery.plan is not None and delivery.relays is not None
    plan, relays = load_plan(delivery.plan), load_relays(delivery.relays)
    source = _source(plan, mail, desk)
    postponed = [relay for number, relay in enumerate(relays) if not send(delivery, number, relay, source, desk)]
    now = time.time()
    told = _summary(delivery, plan, relays, postponed)
    if postponed:
        wait = BACK_OFF[min(delivery.attempts, len(BACK_OFF) - 1)]
        desk.journal.advance(delivery.id, now, attempts=delivery.attempts + 1, due=now + wait, claim="")
        return Outcome("kept", told)
    aside = plan.hold or (plan.reason if plan.verdict == "hold" else "")
    desk.journal.advance(delivery.id, now, stage="held" if aside else "closed", reason=aside, claim="")
    return Outcome("done", told, held=bool(aside))


# --- effects


def _wait_for_older(delivery: Delivery, plan: Plan, desk: Desk) -> None:
    """Let an older message of the same case go first, for a few seconds here and then on the queue."""
    if plan.case is None:
        return
    for _ in range(50):
        if not desk.journal.waiting(delivery, plan.case):
            return
        time.sleep(0.1)
    raise Waiting(f"case {plan.case} is being worked on", time.time() + 5)


def _apply(delivery: Delivery, plan: Plan, mail: Mail, desk: Desk) -> int | None:
    """Carry out each effect once, and return the case's id."""
    case = plan.case
    intents = desk.journal.intents(delivery)
    for number, effect in enumerate(plan.effects):
        intent = intents.get(number)
        if intent is not None and intent.done is None and not _looked_up(delivery, plan, number, case, desk):
            given_up = intent.gave_up if intent.gave_up is not None else intent.intended + desk.config.deadline
            if time.time() < given_up + desk.config.erp.settle:
                raise Waiting("the ERP's answer was lost; it is asked again later", given_up + desk.config.erp.settle)
            intent = None
        if intent is None:
            _carry_out(delivery, plan, number, case, mail, desk)
        if effect.kind == "create":
            case = desk.journal.intents(delivery)[number].result
    return case


def _looked_up(delivery: Delivery, plan: Plan, number: int, case: int | None, desk: Desk) -> bool:
    """Ask the ERP whether an effect whose answer was lost was carried out; finding it proves, not finding does not."""
    found = desk.erp(desk.mailbox(delivery.mailbox)).find(plan.effects[number], case)
    if found is None:
        return False
    desk.journal.done(delivery, number, found, time.time())
    return True


def _carry_out(delivery: Delivery, plan: Plan, number: int, case: int | None, mail: Mail, desk: Desk) -> None:
    effect = plan.effects[number]
    desk.journal.intend(delivery, number, time.time())
    try:
        result = desk.erp(desk.mailbox(delivery.mailbox)).apply(effect, case, (*mail.attachments, _whole(mail)))
    except (ErpDoubt, Interrupted):
        desk.journal.gave_up(delivery, number, time.time())
        raise
    except ErpRefused as error:
        desk.journal.retract(delivery, number)
        missing = _done_without(plan, number)
        if not missing:
            raise
        desk.log.error(f"case {case}: {missing}: {effect.name or effect.reason!r}: {error}; {error.detail}")
        report(delivery, trouble(missing, delivery.about, str(error)), 500 + number, desk)
        result = case
    except ErpError:
        desk.journal.retract(delivery, number)
        raise
    desk.journal.done(delivery, number, result if result is not None else case, time.time())


def _done_without(plan: Plan, number: int) -> str:
    """Say what is missing where a refused effect does not stop a message, or "" where it does.

    Once the words are recorded by themselves, they are also to be sent: what they should change can be mended by hand.
    """
    effect = plan.effects[number]
    if effect.kind == "attach":
        return "An attachment is missing in the ERP"
    recorded = any(one.kind == "record" and one.line and not one.values for one in plan.effects[:number])
    return "A change is missing in the ERP" if recorded and effect.line is None else ""


def _whole(mail: Mail) -> Attachment:
    """Return the mail itself as an attachment; it is the last one, number -1 of an effect.

    On the case more people may read it than it was sent to: so without its trace, its Bcc and what it refers to.
    """
    head = b"".join(shown_fields(mail.raw[: mail.body]))
    return Attachment("original.eml", "message/rfc822", head + b"\r\n" + mail.raw[mail.body :])


# --- mails


def _source(plan: Plan, mail: Mail, desk: Desk) -> Mail:
    """Return the message that is relayed: this one, or the earlier one that an answer lets go."""
    earlier = desk.journal.delivery(plan.source) if plan.source is not None else None
    return parse(desk.journal.raw(earlier.raw), desk.config.limits.parts) if earlier is not None else mail


def _mind_the_limit(delivery: Delivery, relays: tuple[Relay, ...], case: int | None, desk: Desk) -> None:
    """Stop a loop: beyond so many copies an hour about one case there are none, and the default address hears of it."""
    copies = sum(relay.kind == "copy" for relay in relays)
    if case is None or not copies:
        return
    sent = desk.journal.sent_since(time.time() - HOUR, case=case, model=delivery.model)
    if sent + copies > desk.config.limits.relays:
        raise Parked(f"more than {desk.config.limits.relays} mails an hour about case {case} (limits.relays)")


def _leaving(mail: Mail) -> tuple[str, ...]:
    """Return the ids of ours in what is sent on: in the bytes as they are, and in what they decode to."""
    pieces = (mail.raw[mail.body :], mail.text.encode("utf-8", "replace"), *(one.data for one in mail.attachments))
    return tuple(dict.fromkeys(one for piece in pieces for one in leaving(piece)))


def _questions(delivery: Delivery, plan: Plan, relays: tuple[Relay, ...]) -> list[tuple[str, int]]:
    """List which of our mails ask about a message with bad lines, and about which."""
    about = plan.source if plan.source is not None else delivery.id
    return [(relay.message_id, about) for relay in relays if plan.complaints and relay.kind == "answer"]


def _letters(case: int, mail: Mail, relays: tuple[Relay, ...]) -> list[tuple[str, int, str]]:
    """List who knows which Message-ID of the case: the message's writer and readers, and whom we write to."""
    found = [(relay.message_id, case, address_key(relay.recipient.email)) for relay in relays]
    if mail.message_id:
        knows = (mail.sender, *mail.to, *mail.cc)
        found += [(mail.message_id, case, address_key(one.email)) for one in knows if one.email]
    return found


# --- endings


def _summary(delivery: Delivery, plan: Plan, relays: tuple[Relay, ...], postponed: list[Relay]) -> str:
    """Return the one line for the caller: what was done. No word of the message's text."""
    case = f"case {delivery.case}" if delivery.case else "no case"
    made = " created" if any(effect.kind == "create" for effect in plan.effects) else ""
    states = [effect.state for effect in plan.effects if effect.state]
    parts = [f"{case}{made}", *(f"state {state}" for state in states)]
    sent = [relay.recipient.email for relay in relays if relay not in postponed]
    if sent:
        parts.append(f"mailed {', '.join(sent)}")
    if postponed:
        parts.append(f"to be mailed again: {', '.join(relay.recipient.email for relay in postponed)}")
    if plan.hold or plan.verdict == "hold":
        parts.append(f"kept aside: {plan.hold or plan.reason}")
    return "; ".join(parts)


def _parked(delivery: Delivery, mail: Mail, desk: Desk, error: MailgateError) -> Outcome:
    """Keep aside what can never succeed as it is, and tell the default address."""
    desk.log.error(f"{delivery.about}: kept aside: {error}; {error.detail}")
    desk.journal.advance(delivery.id, time.time(), stage="held", reason=str(error), claim="")
    number = delivery.id
    mend = f"It is safe here: `mailgate hold show {number}` shows it, `mailgate hold release {number}` tries again."
    report(delivery, trouble("A message is kept aside", mail.subject, str(error), mend), 2000, desk)
    return Outcome("done", f"kept aside: {error}", held=True)


def _postponed(delivery: Delivery, desk: Desk, error: MailgateError) -> Outcome:
    """Try later. Before the plan the caller keeps the message too, unless `when_down: keep`."""
    now = time.time()
    desk.log.warning(f"{delivery.about}: {error}; {error.detail}")
    # what is only to be recorded waits for whoever brings it again: `retry` would mail it
    wait = NEVER if desk.silent and delivery.stage == "kept" else OUTAGE
    desk.journal.advance(delivery.id, now, due=now + wait, reason=str(error), claim="")
    ours = delivery.stage != "kept" or desk.config.when_down == "keep"
    return Outcome(
        "kept" if ours else "tempfail", f"{error}; {'kept here, tried again later' if ours else 'try again later'}"
    )


def _about(mail: Mail) -> str:
    """Return how a message is named in the log and in `hold list`: sender and subject, bounded."""
    return f"{mail.sender.email[:80] or 'nobody'}: {mail.subject[:100] or '(no subject)'}"


# --- what is due from before


def work_off(desk: Desk, seconds: float = WORK_OFF, most: int = 20) -> int:
    """Work off due deliveries for at most so many seconds; return how many were attended to."""
    end, count = time.time() + seconds, 0
    for number in desk.journal.due(time.time(), most):
        if time.time() >= end:
            break
        delivery = desk.journal.delivery(number)
        if delivery is None:
            continue
        try:
            outcome = attend(delivery, None, desk)
        except JournalError as error:
            desk.journal.advance(number, time.time(), stage="held", reason=str(error), claim="")
            continue
        count += 1
        if outcome.verdict == "tempfail":
            break
    return count


def housekeep(desk: Desk) -> None:
    """Purge old bodies, and once a day tell the default address what is kept aside."""
    journal, now = desk.journal, time.time()
    last = journal.recall("housekeeping", float("inf"))
    if isinstance(last, (int, float)) and 0 <= now - last < DAY:
        return
    journal.remember("housekeeping", now)
    if last is None:
        return  # the first run of all: what is kept aside in it was just reported
    journal.purge(now - desk.config.journal_keep)
    for mailbox in desk.config.mailboxes:
        held = [one for one in journal.held() if one.mailbox == mailbox.address]
        if held:
            report(held[0], digest([f"{one.id}  {one.about}  ({one.reason})" for one in held]), int(now), desk)
