"""A plan cut to what an ERP takes at once: order, nothing lost, nothing twice."""

from __future__ import annotations

import pytest

from mailgate.model import Address, Dialect, Effect, History, Plan, Sender
from mailgate.portions import portioned

WHO = Sender(Address("carla@customer.org"), "partner", "", "the contact")
ODOO = Dialect(one_write=False, note_files=True)
LINE = History("It burns.", WHO.address, 1.0, message_id="<m@x>")
CREATE = Effect("create", "new", "mailgate k.0", values=(("title", "Printer"),), line=LINE)
RECORD = Effect("record", "he writes", "mailgate k.0", values=(("responsible", 5),), line=LINE)
STATE = Effect("state", "Set-State: pending", "mailgate k.0", state="pending")
FILES = tuple(Effect("attach", "a file", f"mailgate k.0 {number}", attachment=number) for number in (0, 1))


def plan(*effects: Effect, relay: str = "customer") -> Plan:
    return Plan("handle", "r", WHO, effects=effects, relay=relay)  # type: ignore[arg-type]  # one of the literals


def cut(*effects: Effect, by_erp: bool = False, relay: str = "customer") -> tuple[Effect, ...]:
    return portioned(plan(*effects, relay=relay), ODOO, by_erp).effects


def test_crm_case_takes_a_plan_as_it_is() -> None:
    whole = plan(RECORD, STATE, *FILES)
    assert portioned(whole, Dialect(), True) is whole


def test_a_new_case_takes_its_line_and_its_state_along() -> None:
    (one,) = cut(CREATE, STATE)
    assert one.line == LINE
    assert one.values == (("title", "Printer"), ("description", "It burns."), ("state", "pending"))


def test_attachments_come_between_a_new_case_and_its_line() -> None:
    first, *files, last = cut(CREATE, *FILES)
    assert (first.kind, first.line, dict(first.values)["description"]) == ("create", None, "It burns.")
    assert tuple(files) == FILES
    assert (last.kind, last.line, last.values, last.files) == ("record", LINE, (), ("mailgate k.0 0", "mailgate k.0 1"))


def test_a_line_comes_before_the_values_and_the_state_is_one_of_them() -> None:
    *files, line, values = cut(RECORD, STATE, *FILES)
    assert tuple(files) == FILES
    assert (line.line, line.values) == (LINE, ())
    assert (values.line, values.values) == (None, (("responsible", 5), ("state", "pending")))
    assert values.reason == "he writes; Set-State: pending"


def test_a_line_alone_is_one_effect() -> None:
    (line,) = cut(RECORD.but(values=()))
    assert (line.kind, line.line) == ("record", LINE)


def test_a_state_alone_is_a_write_of_values() -> None:
    (one,) = cut(STATE)
    assert (one.kind, one.state, one.values) == ("record", None, (("state", "pending"),))


def test_values_alone_stay_one_write() -> None:
    (one,) = cut(RECORD.but(line=None))
    assert (one.line, one.values) == (None, (("responsible", 5),))


@pytest.mark.parametrize(
    ("relay", "notify"), [("customer", "customer"), ("staff", "staff"), ("responsible", ""), ("none", "")]
)
def test_what_is_for_the_other_side_is_left_to_the_erp(relay: str, notify: str) -> None:
    line = next(one.line for one in cut(RECORD, by_erp=True, relay=relay) if one.line)
    assert line.notify == notify
    assert all(not one.line.notify for one in cut(RECORD, relay=relay) if one.line)


def test_who_becomes_responsible_is_so_before_the_erp_mails() -> None:
    first, line, last = cut(RECORD, STATE, by_erp=True)
    assert (first.line, first.values) == (None, (("responsible", 5),))
    assert line.line is not None and line.line.notify == "customer"
    assert last.values == (("state", "pending"),)
    assert len({one.marker for one in (first, last)}) == 2, "each is found by a note of its own"


def test_a_new_case_that_the_erp_shall_mail_about_is_posted_by_itself() -> None:
    assert [one.kind for one in cut(CREATE, by_erp=True, relay="staff")] == ["create", "record"]


def test_an_internal_line_is_not_what_a_case_says_of_itself() -> None:
    (one,) = cut(CREATE.but(line=LINE.but(internal=True)))
    assert dict(one.values)["description"] == "(an internal note)"


def test_nothing_stays_nothing() -> None:
    assert cut() == ()
