"""The whole house on one of the ERPs: messages go in, and what came of them is looked at."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from mailgate.deliver import Outcome, deliver, work_off
from mailgate.desk import Desk
from mailgate.policy import Authentication, Config, Mailbox, Smtp, SmtpServer
from mailgate.sandbox import Envelope, Sink
from tests.contract.books import Books

GATEWAY = "support@mycompany.example"
CUSTOMER = "Customer <customer@agrolait.example>"
FABIEN = "Fabien <fabien@mycompany.example>"
EMMANUEL = "Emmanuel <emmanuel@mycompany.example>"
CUSTOMERS = "customer@agrolait.example"
FABIENS, EMMANUELS = "fabien@mycompany.example", "emmanuel@mycompany.example"
ADMINS = "admin@mycompany.example"
_NUMBERS = itertools.count(1)


def mail(sender: str, subject: str, text: str, *, to: str = GATEWAY, **fields: str) -> EmailMessage:
    """Build a message; `fields` are further header fields, `In_Reply_To` for In-Reply-To."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = f"<test-{next(_NUMBERS)}@clients.example>"
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


class House:
    """A gateway with its own state folder on an ERP; each `send` is a run of its own.

    `sink` gets the gateway's mails, `erp_sink` those that the ERP sends by itself.
    """

    def __init__(self, books: Books, folder: Path, sink: Sink, erp_sink: Sink | None = None, **mailbox: Any) -> None:
        self.books = books
        self.sink = sink
        self.erp_sink = erp_sink
        self.erp_may_mail = False  # a test of what the ERP mails says True
        self.config = Config(
            "test",
            (Mailbox(GATEWAY, default=ADMINS, **books.mailbox, **mailbox),),
            erp=books.erp,
            smtp=Smtp((SmtpServer("127.0.0.1", sink.port),)),
            authentication=Authentication(trust_from=("mycompany.example",)),
            state=str(folder / "state"),
            log=str(folder / "log"),
        )
        self.calls = 0

    def choose(self, **mailbox: Any) -> None:
        """Change the mailbox's options."""
        self.config = self.config.but(mailboxes=(self.config.mailboxes[0].but(**mailbox),))

    def distrust(self) -> None:
        """Believe no From of the company any more."""
        self.config = self.config.but(authentication=self.config.authentication.but(trust_from=("other.example",)))

    @property
    def erp_mails(self) -> tuple[Envelope, ...]:
        """What the ERP mailed by itself."""
        return tuple(self.erp_sink.mails) if self.erp_sink else ()

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """Open what one run has."""
        with Desk(self.config) as desk:
            yield desk

    def deliver(self, raw: bytes | EmailMessage) -> Outcome:
        """Handle one message as one run does, and count its calls to the ERP."""
        data = raw if isinstance(raw, bytes) else raw.as_bytes()
        with self.desk() as desk:
            outcome = deliver(data, desk, lambda _: self.config.mailboxes[0])
            self.calls = calls(desk, self.config.mailboxes[0])
        return outcome

    def send(self, raw: bytes | EmailMessage) -> tuple[Envelope, ...]:
        """Handle one message that must be done with, and return the mails that left."""
        before = len(self.sink.mails)
        outcome = self.deliver(raw)
        assert outcome.verdict == "done", outcome
        return tuple(self.sink.mails[before:])

    def retry(self) -> int:
        """Work off what is due."""
        with self.desk() as desk:
            return work_off(desk)

    def retry_all(self) -> int:
        """Work off what is kept, due or not."""
        with self.desk() as desk:
            desk.journal.db.execute("UPDATE delivery SET due = 0")
        return self.retry()

    def held(self) -> list[str]:
        """Return why messages are kept aside, the oldest first."""
        with self.desk() as desk:
            return [one.reason for one in desk.journal.held()]

    def case(self) -> int:
        """Return the newest case."""
        return self.books.cases()[-1]

    def count(self) -> int:
        """Return how many cases there are."""
        return len(self.books.cases())

    def history(self, case: int) -> list[str]:
        """Return the texts of a case's history, the newest first."""
        return [words for words, _ in self.books.history(case)]


def calls(desk: Desk, mailbox: Mailbox) -> int:
    """Return how many calls to the ERP a run made."""
    return int(desk.erp(mailbox).rpc.calls)  # type: ignore[attr-defined]  # every dialect counts them


def to(mails: tuple[Envelope, ...]) -> list[str]:
    """Return the recipients of mails, sorted."""
    return sorted(recipient for envelope in mails for recipient in envelope.recipients)


def the(mails: tuple[Envelope, ...], recipient: str) -> EmailMessage:
    """Return the one mail to a recipient."""
    found = [envelope for envelope in mails if recipient in envelope.recipients]
    assert len(found) == 1, to(mails)
    return found[0].message


def text(message: EmailMessage) -> str:
    """Return the plain text of a mail."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
