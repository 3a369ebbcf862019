"""The values that pass through the house, from the bytes of a message to the receipts of what was sent.

Nothing here does anything: each type says what one room hands to the next (docs/flow.md shows the order).
Addresses are addr-specs of RFC 5322 without angle brackets; Message-IDs keep theirs. Times are seconds since the
epoch, UTC. Text is `str` without control characters other than newline and tab; lines end with "\\n".
"""

from __future__ import annotations

from mailgate.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    State = Literal["draft", "open", "pending", "close", "cancel"]
    Kind = Literal["bounce", "auto-reply", "bulk", "loop", "erp"]
    Role = Literal["gateway", "responsible", "partner", "watcher", "colleague", "stranger"]
    Audience = Literal["staff", "partner"]
    Outgoing = Literal["copy", "answer", "report", "acknowledge"]
    Scalar = str | int | float | bool | None

LOOP_FIELD = "X-Mailgate-Loop"  # on everything that leaves; its value is the gateway's address
STATES: tuple[State, ...] = ("draft", "open", "pending", "close", "cancel")


# --- a message, read -------------------------------------------------------------------------------------------------


class Address(Record):
    """A mailbox of RFC 5322: the addr-spec as it was written, and its display name, decoded."""

    email: str
    name: str = ""


class Part(Record):
    """One leaf or container of a MIME tree, with its place in the raw message.

    `raw[start:body]` is its header, `raw[body:end]` its body as transferred (the newline that belongs to the
    following boundary is not in it). Type and encoding are lower case; `charset`, `name` and `cid` may be "".
    """

    start: int
    body: int
    end: int
    type: str
    charset: str
    encoding: str
    disposition: str
    name: str
    cid: str
    depth: int
    flowed: bool = False
    delsp: bool = False
    alternative: bool = False  # it stands in a multipart/alternative: another rendering of the same text is beside it
    told: tuple[tuple[str, str], ...] = ()  # parameters of Content-Type that say more of it (mime.TOLD)

    def tells(self, name: str) -> str:
        """Return the value of a parameter of Content-Type in `told`, or ""."""
        return dict(self.told).get(name, "")


class Attachment(Record):
    """What is kept of a message beside its text: decoded bytes under a harmless file name (no path, no controls)."""

    name: str
    type: str
    data: bytes
    cid: str = ""
    inline: bool = False


class Mail(Record):
    """One message as read. Every field is there whatever the bytes were; what could not be read is empty."""

    raw: bytes
    body: int  # where the body begins in `raw`
    fields: tuple[tuple[str, str], ...]  # header fields in order: name as written, value unfolded but not decoded
    message_id: str  # with its angle brackets, or ""
    senders: tuple[Address, ...]  # From, all of them
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    date: float | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    priority: int | None  # 1 (highest) .. 5 (lowest) of X-Priority, Importance or Priority
    text: str  # everything readable that the sender wrote or quoted
    parts: tuple[Part, ...]
    attachments: tuple[Attachment, ...]
    notes: tuple[str, ...] = ()  # what its reader should know: sentences on one line, without "["
    sealed: bool = False  # text stands in a part that cannot be cut (S/MIME signed-data, TNEF): in no text part

    @property
    def sender(self) -> Address:
        """The first author of From, or an empty address where the message names none."""
        return self.senders[0] if self.senders else Address("")

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of every field of that name, topmost first, unfolded and not decoded."""
        wanted = name.lower()
        return tuple(value for field, value in self.fields if field.lower() == wanted)


class Cut(Record):
    """A text taken apart: what its writer added, what he quoted, his signature. All three joined lose nothing."""

    new: str
    quote: str = ""
    signature: str = ""


class Bounce(Record):
    """What a delivery report says of one failed recipient (RFC 3464), as far as it can be read."""

    address: str
    status: str = ""  # "5.1.1"
    reason: str = ""
    action: str = ""  # failed, delayed, ...


class Automatic(Record):
    """What kind of machine wrote a message, and how that was seen."""

    kind: Kind
    reason: str
    bounces: tuple[Bounce, ...] = ()
    returned: tuple[str, ...] = ()  # Message-IDs of the returned message


# --- the ERP's side --------------------------------------------------------------------------------------------------


class Section(Record):
    """The team that a mailbox's cases belong to; `responsible` is a user's id."""

    id: int
    name: str
    code: str = ""
    responsible: int | None = None
    reply_to: str = ""


class User(Record):
    """A user of the ERP: a member of staff, who may be made responsible for cases."""

    id: int
    login: str
    name: str
    email: str = ""
    active: bool = True
    partner: int | None = None  # Odoo: the partner record behind the user


class Contact(Record):
    """An address in the ERP's address book, and the partner that it belongs to."""

    id: int
    email: str
    name: str = ""
    partner: int | None = None


class Case(Record):
    """A case as the ERP holds it now. `contact` and `watchers` are what its fields hold, parsed."""

    id: int
    title: str
    state: State
    section: int
    responsible: int | None = None
    partner: int | None = None
    contact: tuple[Address, ...] = ()
    watchers: tuple[Address, ...] = ()
    priority: int | None = None
    active: bool = True
    closed: float | None = None  # when it was closed last, as near as the ERP tells
    number: str = ""  # what people call it by; "": its id
    deputies: tuple[int, ...] = ()  # further users to whom it is assigned (Odoo 19 takes several)
    followers: tuple[Address, ...] = ()  # who follows it in the ERP beside all these


class Dialect(Record):
    """What a decision has to know of the kind of ERP.

    `one_write`: a history line and the case's values are written at once (crm.case); else a line is posted after its
    attachments, and values are written by themselves. `note_files`: attachments of an internal note stay inside.
    `original`: which mails are put on the case as they came, unless the mailbox says otherwise.
    """

    one_write: bool = True
    note_files: bool = False
    original: Literal["never", "html", "always"] = "never"
    keeps_ids: bool = False  # it knows the Message-IDs of what it sent and was given


class Facts(Record):
    """What the ERP said that a decision rests on."""

    section: Section
    users: tuple[User, ...] = ()
    cases: tuple[Case, ...] = ()  # those of the candidates that exist, in the candidates' order
    contacts: tuple[Contact, ...] = ()  # of the sender's (or the addressed partner's) address, exact matches only
    relatives: tuple[tuple[int, tuple[str, ...]], ...] = ()  # partner id -> every address of that partner

    def user(self, uid: int | None) -> User | None:
        """Return the user of that id, or None."""
        return next((user for user in self.users if user.id == uid), None)


# --- the decision ----------------------------------------------------------------------------------------------------


class Token(Record):
    """A Message-ID of ours that a message referred to: proof that its writer got the mail that bore it."""

    case: int
    audience: Audience
    recipient: str  # keyed hash of the address it was made for
    message_id: str


class Candidate(Record):
    """A case that a message may belong to, and why."""

    case: int
    by: Literal["token", "thread", "erp-id", "tag"]
    reason: str
    token: Token | None = None


class Sender(Record):
    """Who wrote a message, what he is to the case, and why that is believed."""

    address: Address
    role: Role
    proof: str  # "" where nothing but From says so
    reason: str
    user: int | None = None


class Command(Record):
    """One `Set-Action: value` line that is understood: the action lower case, the value as the ERP port wants it."""

    action: str
    value: Scalar | tuple[str, ...]
    line: str  # as written


class Complaint(Record):
    """One command line that cannot be carried out."""

    line: str
    reason: str
    nearest: str = ""  # a line that would have been understood


class History(Record):
    """A line of a case's history. `internal` must never reach the customer.

    `message_id` is that of the mail, or one made for the line; `unproven`: the ERP must not show its author
    as one of its people; `notify`: whom the ERP itself shall mail it to (relay.by: erp).
    """

    text: str
    author: Address
    date: float
    internal: bool = False
    message_id: str = ""
    unproven: bool = False
    notify: Literal["", "staff", "customer"] = ""
    readers: tuple[str, ...] = ()  # with `notify`: who has the mail already, since he stands in To or Cc


class Effect(Record):
    """One write to the ERP. `marker` finds it again there when the answer was lost.

    kinds: `create` (values, line), `record` (values and line in one write), `state` (by the ERP's own method, so
    that its rules run), `attach` (the message's attachment number `attachment` under `name`).
    """

    kind: Literal["create", "record", "state", "attach"]
    reason: str
    marker: str
    values: tuple[tuple[str, Scalar | tuple[str, ...]], ...] = ()
    line: History | None = None
    state: State | None = None
    attachment: int | None = None  # -1: the whole mail as it came
    name: str = ""
    files: tuple[str, ...] = ()  # markers of the attachments that belong to the line
    loud: bool = False  # the ERP may mail by itself about this write (relay.by: erp)


class Notice(Record):
    """A mail that the gateway itself writes: an answer, a report, an acknowledgement."""

    to: Literal["sender", "default", "responsible"]
    kind: Literal["answer", "report", "acknowledge"]
    subject: str
    text: str
    reason: str


class Plan(Record):
    """The first decision: what to do to the ERP, and who should hear of it. Recorded before anything is done."""

    verdict: Literal["handle", "hold"]  # hold: nothing is done to the ERP, and the message is kept aside
    reason: str
    sender: Sender
    case: int | None = None  # None: the first effect creates it
    subject: str = ""  # without tag and reply prefixes
    commands: tuple[Command, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    effects: tuple[Effect, ...] = ()
    relay: Literal["none", "customer", "staff", "responsible"] = "none"
    relay_reason: str = ""
    notices: tuple[Notice, ...] = ()
    cut: bool = False  # the commands must be cut out of what is relayed
    source: int | None = None  # the delivery whose mail is relayed, where it is not this one
    hold: str = ""  # the effects are carried out, and then the message is kept aside, for this reason


# --- the second decision ---------------------------------------------------------------------------------------------


class Relay(Record):
    """One outgoing mail to one recipient. `kind` copy: the message's own body; else `text` is the body."""

    recipient: Address
    audience: Audience
    kind: Outgoing
    reason: str
    message_id: str
    subject: str
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    sender_name: str = ""  # display name in From
    priority: int | None = None
    text: str = ""
    about: tuple[tuple[str, str], ...] = ()  # further fields for staff: who wrote, who reads along
    cut: bool = False


class Receipt(Record):
    """What became of one outgoing mail: SMTP's answer for its one recipient."""

    verdict: Literal["sent", "temporary", "permanent"]
    detail: str  # the server's reply, for the log and the report
