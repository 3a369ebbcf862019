"""A small company, its customers, and short ways to a message, a question and a decision about them."""

from __future__ import annotations

from typing import Any

from mailgate.addressees import Mailing
from mailgate.automatic import classify
from mailgate.match import Keys, candidates, loop_of
from mailgate.message import parse
from mailgate.model import Address, Case, Contact, Facts, Mail, Plan, Section, User
from mailgate.plan import decide
from mailgate.policy import Authentication, Config, Mailbox
from mailgate.question import Question
from mailgate.sender import Standing, place

GATEWAY = "support@mycompany.com"
NOW = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC
KEYS = Keys((b"a secret of the tests",), "terp")

FABIEN = User(4, "fp", "Fabien Pinckaers", "fabien@mycompany.com")
EMMANUEL = User(5, "ede", "Emmanuel Dewael", "emmanuel@mycompany.com")
USERS = (
    FABIEN,
    EMMANUEL,
    User(6, "jd", "John Doe", "john@mycompany.com"),
    User(7, "jdoe", "John Doe", "john.doe@mycompany.com"),
    User(8, "olga", "Olga Old", "olga@mycompany.com", active=False),
)
CARLA = Address("carla@customer.org", "Carla Customer")
WANDA = Address("wanda@elsewhere.net", "Wanda")
SECTION = Section(1, "Support", "SSUP", responsible=5)
CASE = Case(12, "Printer", "open", 1, responsible=4, partner=70, contact=(CARLA,), watchers=(WANDA,), priority=3)
FACTS = Facts(SECTION, USERS, (CASE,))
MAILBOX = Mailbox(GATEWAY, "SSUP", name="Support", default="postmaster@mycompany.com")
TRUSTING = Authentication(trust_from=("mycompany.com",))
CONFIG = Config("a test", (MAILBOX,), authentication=TRUSTING)


def raw(text: str = "Hello\n", **fields: str) -> bytes:
    """Return a message: `sender`, `to`, `cc`, `subject`, `message_id`, and any field as X_Priority="1"; "" for none."""
    usual = {"From": "Carla Customer <carla@customer.org>", "To": GATEWAY, "Subject": "Printer"}
    usual |= {"Date": "Tue, 14 Nov 2023 22:00:00 +0000", "Message-Id": "<m1@customer.org>"}
    usual |= {("From" if name == "sender" else name.replace("_", "-").title()): one for name, one in fields.items()}
    head = "".join(f"{name}: {value}\n" for name, value in usual.items() if value)
    return f"{head}\n{text}".encode()


def mail(text: str = "Hello\n", **fields: str) -> Mail:
    """Return the message of `raw`, read."""
    return parse(raw(text, **fields))


def token(case: int = 12, audience: str = "partner", email: str = CARLA.email, seed: str = "s") -> str:
    """Return a Message-ID of ours."""
    return KEYS.message_id(case, audience, email, seed, "mycompany.com")  # type: ignore[arg-type]


def standing(config: Config = CONFIG, released: bool = False, **chosen: Any) -> Standing:
    """Return a standing whose mailbox has these options."""
    mailbox = config.mailboxes[0].but(**chosen)
    return Standing(mailbox, config.but(mailboxes=(mailbox, *config.mailboxes[1:])), KEYS, released)


def question(
    message: Mail, facts: Facts = FACTS, config: Config = CONFIG, released: bool = False, **more: Any
) -> Question:
    """Return what is known of a message; `more` are options of the mailbox and fields of the question."""
    own = {name: more.pop(name) for name in tuple(more) if name in Question._fields}
    where = standing(config, released, **more)
    found = candidates(message, where.mailbox.tag, KEYS, {}, frozenset())
    automatic = loop_of(message, KEYS, where.config) or classify(message)
    placed = place(message, found, facts, where, NOW)
    known = bool(placed.candidate and placed.candidate.by in ("token", "thread"))
    return Question(message, "0123456789abcdef" * 4, placed, facts, where, NOW, automatic, known).but(**own)


def decided(message: Mail, facts: Facts = FACTS, **more: Any) -> Plan:
    """Return the first decision about a message."""
    return decide(question(message, facts, **more))


def mailing(message: Mail, plan: Plan, case: Case | None = CASE, facts: Facts = FACTS, **more: Any) -> Mailing:
    """Return what the second decision rests on; `more` are options of the mailbox and fields of the mailing."""
    own = {name: more.pop(name) for name in tuple(more) if name in Mailing._fields}
    return Mailing(plan, message, "k" * 64, case, facts, standing(**more), {}).but(**own)


def contact(email: str = CARLA.email, partner: int | None = 70) -> Contact:
    """Return an entry of the address book."""
    return Contact(31, email, CARLA.name, partner)
