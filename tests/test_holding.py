"""What was kept aside: listed, shown, let go, dropped."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from mailgate import holding
from mailgate.deliver import Outcome
from mailgate.journal import Delivery, Journal
from mailgate.status import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Any]:
    journal = Journal(str(tmp_path / "state"))
    yield SimpleNamespace(journal=journal, mailbox=lambda address: address, scope=lambda _: "crm.case")
    journal.close()


@pytest.fixture
def attended(monkeypatch: pytest.MonkeyPatch) -> list[Delivery]:
    """Collect what is attended to, instead of handling it."""
    seen: list[Delivery] = []

    def attend(delivery: Delivery, *_: object) -> Outcome:
        seen.append(delivery)
        return Outcome("done", "case 12")

    monkeypatch.setattr(holding, "attend", attend)
    return seen


def aside(desk: Any, key: str = "k", **more: Any) -> int:
    """Keep a message aside and return its number."""
    one = desk.journal.enter(
        key,
        "s@m.com",
        "crm.case",
        desk.journal.keep(b"Subject: x\r\n\r\nGr\xc3\xbc\xc3\x9fe\xff\r\n"),
        "carla: Printer",
        1e9,
    )[0]
    desk.journal.advance(one.id, 1e9, **({"stage": "held", "reason": "too large"} | more))
    return int(one.id)


def now(desk: Any, number: int) -> Delivery:
    found = desk.journal.delivery(number)
    assert isinstance(found, Delivery)
    return found


def test_each_held_message_is_one_line(desk: Any) -> None:
    first, second = aside(desk), aside(desk, "l")
    aside(desk, "m", stage="closed")
    lines = holding.listed(desk)
    assert [line.split()[0] for line in lines] == [str(first), str(second)]
    assert "s@m.com  carla: Printer  (too large)" in lines[0]
    assert "2001-09-0" in lines[0]


def test_a_message_is_shown_with_its_reason(desk: Any) -> None:
    shown = holding.shown(desk, aside(desk))
    assert shown == "kept aside: too large\nmailbox: s@m.com\n\nSubject: x\n\nGrüße\ufffd\n"


@pytest.mark.parametrize("act", [holding.shown, holding.release, holding.drop])
@pytest.mark.parametrize("stage", ["kept", "planned", "applied", "closed", None])
def test_what_is_not_held_cannot_be_touched(desk: Any, attended: list[Delivery], act: Any, stage: str | None) -> None:
    number = aside(desk, stage=stage) if stage else 99
    with pytest.raises(UsageError, match=f"no message {number} is kept aside"):
        act(desk, number)
    assert attended == []


def test_a_released_message_is_decided_anew(desk: Any, attended: list[Delivery]) -> None:
    number = aside(desk, plan="{}", relays="[]")
    assert holding.release(desk, number) == f"{number}: case 12"
    (one,) = attended
    assert (one.stage, one.plan, one.relays, one.round, one.released, one.reason) == ("kept", None, None, 1, True, "")


def test_a_half_done_plan_goes_on_where_it_stopped(desk: Any, attended: list[Delivery]) -> None:
    number = aside(desk, plan="{}")
    desk.journal.intend(now(desk, number), 0, 1e9)
    assert not holding.half_done(desk, now(desk, number)), "only begun: nothing is known to be done"
    desk.journal.done(now(desk, number), 0, 12, 1e9)
    holding.release(desk, number)
    (one,) = attended
    assert (one.stage, one.plan, one.round, one.released, one.case) == ("planned", "{}", 0, True, 12)


def test_a_dropped_message_is_gone_but_its_key_is_known(desk: Any) -> None:
    number = aside(desk)
    raw = now(desk, number).raw
    assert holding.drop(desk, number) == f"{number}: dropped"
    assert (now(desk, number).stage, now(desk, number).raw) == ("closed", "")
    assert desk.journal.enter("k", "s@m.com", "crm.case", "x.eml", "a", 1e9)[1] is False
    with pytest.raises(Exception, match=raw):
        desk.journal.raw(raw)
    assert holding.listed(desk) == []


def test_what_was_for_another_model_is_decided_anew(desk: Any, attended: list[Delivery]) -> None:
    number = aside(desk, plan="{}", case_id=12)
    one = now(desk, number)
    desk.journal.intend(one, 0, 1e9)
    desk.journal.done(one, 0, 12, 1e9)
    desk.scope = lambda _: "crm.lead production"
    holding.release(desk, number)
    again = now(desk, number)
    assert (again.stage, again.plan, again.model, again.case, again.round) == (
        "kept", None, "crm.lead production", None, 1,
    )  # fmt: skip
