"""Each call of each kind of message made to fail in turn: one case, one history line, each file and mail once."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailgate.deliver import deliver
from mailgate.sandbox import Sink
from tests.contract.books import CrmBooks
from tests.contract.house import CUSTOMER, EMMANUEL, FABIEN, House, mail, to
from tests.contract.worlds import World, sandbox_world

FAULTS = ("reset-before", "reset-after", "html", "502")
KINDS = {
    "new": (
        "crm.case.section.search", "crm.case.section.read", "res.users.search", "res.users.read",
        "res.partner.address.search", "res.partner.address.read", "crm.case.create", "ir.attachment.create",
        "crm.case.read",
    ),
    "follow-up": ("crm.case.read", "crm.case.write", "crm.case.case_open"),
    "reply": ("crm.case.read", "crm.case.write", "crm.case.case_pending"),
}  # fmt: skip
ROWS = [(kind, call, fault) for kind, calls in KINDS.items() for call in calls for fault in FAULTS]


@pytest.fixture
def world() -> Iterator[World]:
    with sandbox_world() as world:
        yield world


@pytest.fixture
def house(world: World, tmp_path: Path) -> Iterator[House]:
    with Sink() as sink:
        house = House(CrmBooks(world), tmp_path, sink)
        house.config = house.config.but(erp=house.config.erp.but(settle=0.0))
        yield house


def message(kind: str, case: int) -> EmailMessage:
    if kind == "reply":
        return mail(FABIEN, f"Re: [{case}] x", "Set-User: ede\nSet-State: pending\n\nThe words.\n")
    built = mail(CUSTOMER, f"Re: [{case}] x" if kind == "follow-up" else "x", "The words.\n")
    if kind == "new":
        built.add_attachment(b"one", maintype="application", subtype="octet-stream", filename="one.bin")
    return built


def prepared(house: House, kind: str) -> int:
    """Have a case to write about; a new one comes to a gateway that remembers nothing yet."""
    if kind == "new":
        return 0
    house.send(mail(CUSTOMER, "First", "First.\n"))
    house.books.assign(house.case(), "fp")
    return house.case()


@pytest.mark.parametrize(("kind", "call", "fault"), ROWS)
def test_a_fault_at_a_call_loses_and_doubles_nothing(
    house: House, world: World, kind: str, call: str, fault: str
) -> None:
    case, sent = prepared(house, kind), len(house.sink.mails)
    sandbox = world.sandbox
    assert sandbox is not None
    sandbox.fail_next(fault, on=call)
    raw = message(kind, case).as_bytes()
    outcome = house.deliver(raw)
    assert sandbox.server.pending == 0, f"{call} was never called"
    assert outcome.verdict in ("kept", "tempfail")
    for _ in range(3):  # the caller keeps the message at 75 and brings it again; at 0 it is due here
        if outcome.verdict == "tempfail":
            outcome = house.deliver(raw)
        house.retry_all()
    assert "handled before" in house.deliver(raw).text
    assert house.count() == 1
    assert [line for line in house.history(house.case()) if "The words." in line] == ["The words."]
    assert house.books.attachments(house.case()) == (["one.bin"] if kind == "new" else [])
    mails = tuple(house.sink.mails[sent:])
    expected = {"new": [EMMANUEL], "follow-up": [FABIEN], "reply": [CUSTOMER, EMMANUEL]}[kind]
    assert to(mails) == sorted(one.partition("<")[2].rstrip(">") for one in expected)
    state = {"new": "open", "follow-up": "open", "reply": "pending"}[kind]
    assert house.books.state(house.case()) == state
    methods = world.admin("crm.case.log", "search", [("name", "in", ["Open", "Pending"])])
    assert len(methods) == (0 if kind == "new" else 1)


def test_a_message_that_nobody_foresaw_stops_no_mailbox(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from mailgate import deliver as story

    def stumble(*_: object) -> None:
        raise RuntimeError("a bug")

    raw = mail(CUSTOMER, "x", "x\n").as_bytes()
    monkeypatch.setattr(story, "decide", stumble)
    assert [house.deliver(raw).verdict for _ in range(3)] == ["tempfail", "tempfail", "done"]
    with house.desk() as desk:
        (held,) = desk.journal.held()
        assert held.reason == "unforeseen RuntimeError"
    assert to(tuple(house.sink.mails)) == ["admin@mycompany.example"]
    monkeypatch.undo()
    assert "kept aside before" in house.deliver(raw).text
    house.send(mail(CUSTOMER, "y", "y\n"))
    assert house.count() == 1


def test_what_is_only_recorded_is_never_mailed_later(house: House, world: World) -> None:
    sandbox, raw = world.sandbox, mail(CUSTOMER, "Old", "Old.\n").as_bytes()
    assert sandbox is not None

    def record() -> str:
        with house.desk() as desk:
            desk.silent = True
            return deliver(raw, desk, lambda _: house.config.mailboxes[0]).verdict

    sandbox.pause()
    assert record() == "tempfail"
    sandbox.resume()
    assert house.retry() == 0
    sandbox.fail_next("reset-after", on="crm.case.create")
    assert record() == "kept"
    with house.desk() as desk:
        desk.journal.db.execute("UPDATE delivery SET due = 0")
    house.retry()
    assert (house.count(), len(house.sink.mails)) == (1, 0)


def test_a_redelivery_replaces_a_raw_file_that_is_gone(house: House, world: World) -> None:
    sandbox, raw = world.sandbox, mail(CUSTOMER, "x", "x\n").as_bytes()
    assert sandbox is not None
    sandbox.pause()
    house.deliver(raw)
    sandbox.resume()
    for file in (Path(house.config.state) / "mail").iterdir():
        file.unlink()
    assert house.deliver(raw).verdict == "done"
    assert house.count() == 1
