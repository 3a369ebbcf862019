"""What a decision rests on, and the pieces that plans are put together from."""

from __future__ import annotations

from mailgate.history import kept_attachments
from mailgate.match import bare_subject, host_of, name_of
from mailgate.model import Dialect, Effect, Plan
from mailgate.record import Record
from mailgate.sender import users_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailgate.model import Automatic, Case, Contact, Facts, History, Mail, Notice, Scalar, State
    from mailgate.policy import Limits, Mailbox
    from mailgate.sender import Placed, Standing


LONGEST_ID = 1000  # bytes of a Message-ID that an ERP is asked to keep


class Question(Record):
    """Everything that a decision rests on. `key` names the delivery; `now` is the time of the decision."""

    mail: Mail
    key: str
    placed: Placed
    facts: Facts
    standing: Standing
    now: float
    automatic: Automatic | None = None
    quote_known: bool = False  # the message answers a mail that is known here
    named: tuple[tuple[str, str, tuple[int, ...]], ...] = ()  # (section | category, value, ids) as the ERP answered
    partner: tuple[Contact, ...] = ()  # the address book's entries of Set-Partner
    unable: frozenset[str] = frozenset()  # actions for which the ERP's model has no field
    asked: Mail | None = None  # the mail about which the sender was asked, where this message answers that
    asked_id: int | None = None  # the delivery of that mail
    marker_text: str = ""  # names this delivery and this round of deciding
    dialect: Dialect = Dialect()  # what is special in the ERP

    @property
    def mailbox(self) -> Mailbox:
        """The mailbox to which the message came."""
        return self.standing.mailbox

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self.standing.config.limits

    @property
    def case(self) -> Case | None:
        """The case that the message belongs to, or None for a new one."""
        return self.placed.case

    @property
    def subject(self) -> str:
        """The subject without reply prefixes and the case's tag."""
        case = self.case or self.placed.old
        name = name_of(case, self.mailbox.tag) if case else None
        return bare_subject(self.mail.subject, self.mailbox.tag, name)[0]

    @property
    def marker(self) -> str:
        """What finds this message's effects in the ERP again."""
        return f"mailgate {self.marker_text or self.key[:32]}"


def aside(question: Question, reason: str) -> Plan:
    """Return the plan to do nothing and keep the message aside."""
    return Plan("hold", reason, question.placed.sender, subject=question.subject)


def effect(
    question: Question,
    kind: str,
    reason: str,
    *,
    values: tuple[tuple[str, Scalar | tuple[str, ...]], ...] = (),
    line: History | None = None,
    state: State | None = None,
) -> Effect:
    """Return one write to the ERP, marked so that it is found again; a line bears its mail's Message-ID.

    What is recorded a second time, after a release, gets an id of its own: an id must find one line alone. And what
    bears a user's address without a proof must not look like his.
    """
    if line is not None:
        sender = question.placed.sender
        own = f"<{question.marker.replace(' ', '.')}@{host_of(question.mailbox.address)}>"
        again = question.standing.released or not 0 < len(question.mail.message_id.encode()) <= LONGEST_ID
        borrowed = not sender.proof and bool(users_at(question.facts, sender.address.email, question.mailbox.plus))
        line = line.but(message_id=own if again else question.mail.message_id, unproven=line.unproven or borrowed)
    return Effect(kind, reason, question.marker, values, line, state)  # type: ignore[arg-type]  # kinds are literals here


def attached(question: Question, numbers: Sequence[int]) -> tuple[Effect, ...]:
    """Return the writes that put these attachments of the message on the case, and the whole mail where that is due."""
    files = tuple(
        Effect("attach", "an attachment of the message", f"{question.marker} {number}", attachment=number,
               name=question.mail.attachments[number].name)
        for number in numbers
    )  # fmt: skip
    if not _keeps_original(question):
        return files
    whole = Effect("attach", "the mail as it came", f"{question.marker} original", attachment=-1, name="original.eml")
    return (*files, whole)


def _keeps_original(question: Question) -> bool:
    """Tell whether the mail itself goes onto the case: an HTML mail says more than the text that is kept of it."""
    chosen = question.mailbox.attach_original or question.dialect.original
    staff = bool(users_at(question.facts, question.mail.sender.email, question.mailbox.plus))
    if staff or question.placed.other == "staff" or len(question.mail.raw) > question.limits.attachment:
        return False  # what staff wrote may be read by the customer on the case, and holds more than he should see
    html = any(part.type == "text/html" for part in question.mail.parts)
    return chosen == "always" or (chosen == "html" and html)


def note_attachments(question: Question) -> tuple[Effect, ...]:
    """An internal note's attachments stay off a `crm.case`: a rule may mail its attachments to the customer."""
    chosen = question.mailbox.internal_attachments
    if not (question.dialect.note_files if chosen is None else chosen):
        return ()
    return attached(question, kept_attachments(question.mail, question.limits)[0])


def handled(
    question: Question,
    reason: str,
    effects: Sequence[Effect],
    relay: str = "none",
    relay_reason: str = "",
    notices_: tuple[Notice, ...] = (),
) -> Plan:
    """Return a plan for the message's case, or for the one that its first effect creates."""
    return Plan(
        "handle", reason, question.placed.sender, question.case.id if question.case else None, question.subject,
        effects=tuple(effects), relay=relay, relay_reason=relay_reason, notices=notices_,  # type: ignore[arg-type]
    )  # fmt: skip
