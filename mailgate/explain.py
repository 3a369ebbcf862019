"""What would happen to a message, and why: the whole first decision, and who would hear of it. Touches nothing.

The JSON form is documented in docs/explain.md; a key that is there stays there.
"""

from __future__ import annotations

from mailgate.addressees import Mailing, recipients
from mailgate.automatic import classify
from mailgate.commands import split
from mailgate.desk import Desk
from mailgate.facts import find_candidates, think
from mailgate.match import loop_of
from mailgate.message import delivery_key, parse
from mailgate.plan import decide
from mailgate.record import plain
from mailgate.status import MailgateError
from mailgate.text import cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from mailgate.model import Automatic, Case, Mail, Plan
    from mailgate.policy import Config, Mailbox
    from mailgate.question import Question

# What a machine wrote on the ERP's side counts as bulk mail to those who read the JSON.
AUTOMATIC = {"loop": "loop", "bounce": "bounce", "auto-reply": "auto-reply", "bulk": "bulk", "erp": "bulk"}


def explain(
    raw: bytes, config: Config | None, why_not: str, choose: Callable[[Mail, Config], Mailbox]
) -> dict[str, Any]:
    """Return the explanation of one message as JSON values.

    Without a configuration (`why_not` says what is wrong with it) or without an ERP that answers, `message` is there
    all the same and `not_asked` says what could not be asked.
    """
    mail = parse(raw, config.limits.parts) if config else parse(raw)
    automatic = classify(mail)
    shown: dict[str, Any] = {
        "message": _message(mail, automatic), "mailbox": None, "case": None, "sender": None, "candidates": [],
        "commands": [], "errors": [], "effects": [], "relays": [], "notices": [], "verdict": None, "reason": None,
        "not_asked": why_not or None,
    }  # fmt: skip
    if config is None:
        return shown
    try:
        mailbox = choose(mail, config)
        shown["mailbox"] = mailbox.address
        with Desk(config, readonly=True) as desk:
            automatic = loop_of(mail, desk.keys(mailbox), config) or automatic
            shown["message"] = _message(mail, automatic)
            question = think(mail, delivery_key(mail, mailbox.address), desk, mailbox, False, "explain")
            shown["candidates"] = plain(find_candidates(mail, automatic, desk, mailbox))
            shown |= _decision(mail, question, decide(question))
            shown["message"] = _message(mail, automatic, shown["cut"])
    except MailgateError as error:
        shown["not_asked"] = str(error)
    return shown


def _message(mail: Mail, automatic: Automatic | None, commands_cut: bool = False) -> dict[str, Any]:
    text = split(mail.text)[1] if commands_cut else mail.text
    return {
        "from": mail.sender.email,
        "from_name": mail.sender.name,
        "to": [address.email for address in mail.to],
        "cc": [address.email for address in mail.cc],
        "subject": mail.subject,
        "date": _iso(mail.date),
        "message_id": mail.message_id,
        "text": cut(text).new,
        "full_text": mail.text,
        "attachments": [_attachment(one.name, one.type, one.data) for one in mail.attachments],
        "notes": list(mail.notes),
        "automatic": AUTOMATIC[automatic.kind] if automatic else None,
        "automatic_reason": automatic.reason if automatic else None,
        "bounces": plain(automatic.bounces) if automatic else [],
        "returned": list(automatic.returned) if automatic else [],
    }


def _attachment(name: str, kind: str, data: bytes) -> dict[str, Any]:
    from hashlib import sha256

    return {"name": name, "type": kind, "size": len(data), "sha256": sha256(data).hexdigest()}


def _iso(date: float | None) -> str | None:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(date, UTC).isoformat() if date is not None else None


def _decision(mail: Mail, question: Question, plan: Plan) -> dict[str, Any]:
    case, sender = question.case, plan.sender
    return {
        "case": _case(case) if case else None,
        "sender": {
            "address": sender.address.email, "role": sender.role, "proof": sender.proof or None,
            "reason": sender.reason, "user": sender.user,
        },
        "commands": [{"action": one.action, "value": plain(one.value), "line": one.line} for one in plan.commands],
        "errors": plain(plan.complaints),
        "effects": [_effect(effect) for effect in plan.effects],
        "relays": [_relay(*one) for one in _foreseen(mail, question, plan)],
        "notices": plain(plan.notices),
        "verdict": "hold" if plan.hold else plan.verdict,
        "reason": plan.hold or plan.reason,
        "relay": plan.relay,
        "relay_reason": plan.relay_reason,
        "cut": plan.cut,
    }  # fmt: skip


def _case(case: Case) -> dict[str, Any]:
    return {"id": case.id, "title": case.title, "state": case.state, "section": case.section,
            "responsible": case.responsible}  # fmt: skip


def _effect(effect: Any) -> dict[str, Any]:
    values = {name: plain(value) for name, value in effect.values}
    line = {"text": effect.line.text, "internal": effect.line.internal} if effect.line else None
    return {"kind": effect.kind, "reason": effect.reason, "values": values, "history": line, "state": effect.state,
            "attachment": effect.name or None}  # fmt: skip


def _relay(recipient: Any, audience: str, reason: str) -> dict[str, str]:
    return {"recipient": recipient.email, "audience": audience, "reason": reason}


def _foreseen(mail: Mail, question: Question, plan: Plan) -> Iterator[Any]:
    """Yield who would get a copy, if no rule of the ERP changes the case meanwhile."""
    from mailgate.address import parse_addresses
    from mailgate.model import Address, Case

    case = question.case or Case(0, plan.subject, "open", question.facts.section.id)
    for effect in plan.effects:
        for name, value in effect.values:
            if name == "responsible":
                case = case.but(responsible=value)
            elif name == "contact":
                case = case.but(contact=parse_addresses(str(value)))
            elif name == "watchers" and isinstance(value, tuple):
                case = case.but(watchers=tuple(Address(str(email)) for email in value))
    yield from recipients(Mailing(plan, mail, "", case, question.facts, question.standing, {}))


def in_words(shown: dict[str, Any]) -> str:
    """Return an explanation as lines for a person."""
    message, lines = shown["message"], []
    lines.append(f"message    {message['from'] or '(no From)'}: {message['subject'] or '(no subject)'}")
    lines.append(f"           {message['date'] or 'no date'}  {message['message_id'] or 'no Message-ID'}")
    if message["automatic"]:
        lines.append(f"automatic  {message['automatic']}: {message['automatic_reason']}")
    for one in message["attachments"]:
        lines.append(f"attached   {one['name']} ({one['type']}, {one['size']} bytes)")
    lines += [f"note       {one}" for one in message["notes"]]
    lines += [f"text       {line}" for line in message["text"].split("\n")[:8]]
    if shown["not_asked"]:
        lines.append(f"not asked  {shown['not_asked']}")
    if shown["sender"] is None:
        return "\n".join(lines)
    return "\n".join([*lines, *_decision_in_words(shown)])


def _decision_in_words(shown: dict[str, Any]) -> Iterator[str]:
    sender, case = shown["sender"], shown["case"]
    yield f"mailbox    {shown['mailbox']}"
    for one in shown["candidates"]:
        yield f"candidate  case {one['case']} by {one['by']}: {one['reason']}"
    yield f"case       {case['id']} ({case['state']}): {case['title']}" if case else "case       a new one, or none"
    proof = sender["proof"] or "not proven"
    yield f"sender     {sender['address']}: {sender['role']} ({sender['reason']}); {proof}"
    for one in shown["commands"]:
        yield f"command    {one['line']}"
    for one in shown["errors"]:
        yield f"error      {one['line']}: {one['reason']}"
    yield f"verdict    {shown['verdict']}: {shown['reason']}"
    for one in shown["effects"]:
        what = f"{one['kind']} {one['state'] or one['attachment'] or ''}".strip()
        yield f"effect     {what}: {one['reason']}"
        for name, value in one["values"].items():
            first, _, more = str(value).partition("\n")
            yield f"               {name} = {first}{' ...' if more else ''}"
    for one in shown["relays"]:
        yield f"relay      {one['recipient']} ({one['audience']}): {one['reason']}"
    for one in shown["notices"]:
        yield f"notice     {one['kind']} to {one['to']}: {one['reason']}"
