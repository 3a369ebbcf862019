"""The whole house on one of the worlds: messages go in, and what came of them is looked at."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from mailgate.deliver import Outcome, deliver, work_off
from mailgate.desk import Desk
from mailgate.policy import Authentication, Config, Erp, Mailbox, Secret, Smtp, SmtpServer
from mailgate.sandbox import Envelope, Sink
from tests.contract.worlds import World

GATEWAY = "support@mycompany.example"
CUSTOMER = "Customer <customer@agrolait.example>"
FABIEN = "Fabien <fabien@mycompany.example>"
EMMANUEL = "Emmanuel <emmanuel@mycompany.example>"
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
    """A gateway with its own state folder on a world's ERP; each `send` is a run of its own."""

    def __init__(self, world: World, folder: Path, sink: Sink, **mailbox: Any) -> None:
        self.world = world
        self.sink = sink
        self.config = Config(
            "test",
            (Mailbox(GATEWAY, section="SSUP", default="admin@mycompany.example", **mailbox),),
            erp=Erp(world.url, database=world.database, user="mailgate", password=Secret(value="mailgate")),
            smtp=Smtp((SmtpServer("127.0.0.1", sink.port),)),
            authentication=Authentication(trust_from=("mycompany.example",)),
            state=str(folder / "state"),
            log=str(folder / "log"),
        )
        self.calls = 0

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
            self.calls = desk.erp.rpc.calls  # type: ignore[attr-defined]  # this dialect counts them
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

    def case(self) -> int:
        """Return the newest case."""
        return int(max(self.world.admin("crm.case", "search", [])))

    def count(self) -> int:
        """Return how many cases there are."""
        return len(self.world.admin("crm.case", "search", []))

    def read(self, case: int, *fields: str) -> Any:
        """Return a case's field, or several; of a many2one its id."""
        row = self.world.admin("crm.case", "read", [case], list(fields))[0]
        found = [row[name][0] if isinstance(row[name], list) and row[name] else row[name] for name in fields]
        return found[0] if len(fields) == 1 else found

    def history(self, case: int) -> list[str]:
        """Return the texts of a case's history, the newest first."""
        ids = self.world.admin("crm.case.history", "search", [("case_id", "=", case)])
        rows = self.world.admin("crm.case.history", "read", ids, ["description"])
        return [row["description"] for row in sorted(rows, key=lambda row: -row["id"])]

    def attachments(self, case: int) -> list[str]:
        """Return the names of a case's attachments."""
        where = [("res_model", "=", "crm.case"), ("res_id", "=", case)]
        rows = self.world.admin("ir.attachment", "read", self.world.admin("ir.attachment", "search", where), ["name"])
        return sorted(row["name"] for row in rows)


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
