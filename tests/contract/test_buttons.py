"""The methods of crm.case: states, log rows, responsible, addresses, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.worlds import World

BUTTONS = [
    ("case_open", "open", "Open"),
    ("case_close", "done", "Close"),
    ("case_pending", "pending", "Pending"),
    ("case_cancel", "cancel", "Cancel"),
    ("case_reset", "draft", "Draft"),
]


def logs(world: World, case: int) -> list[dict[str, Any]]:
    """Return the log rows of a case, newest first."""
    found: list[dict[str, Any]] = world(
        "crm.case.log", "read", world("crm.case.log", "search", [["case_id", "=", case]])
    )
    return found


@pytest.mark.parametrize(("method", "state", "word"), BUTTONS)
def test_a_button_sets_the_state_and_writes_a_log_row(world: World, method: str, state: str, word: str) -> None:
    case = world.case(user_id=world.ids["users"]["fp"])
    assert world("crm.case", method, [case]) is True
    assert world.get(case, "state") == state
    assert world.get(case, "user_id") == [world.ids["users"]["fp"], "Fabien"]
    assert bool(world.get(case, "date_closed")) == (method == "case_close")
    row = logs(world, case)[0]
    assert len(row.pop("date")) == 19
    assert row.pop("id")
    assert row == {
        "name": word, "user_id": [world.gateway, "Mail Gateway"], "section_id": [world.support, "Support"],
        "case_id": [case, "A case"], "som": False, "canal_id": False,
    }  # fmt: skip
    assert world.get(case, "history_line") == []


@pytest.mark.parametrize(("method", "active"), [(m, m != "case_close") for m, _, _ in BUTTONS])
def test_every_button_but_close_makes_a_case_active(world: World, method: str, active: bool) -> None:
    case = world.case(active=False)
    world("crm.case", method, [case])
    assert world.get(case, "active") is active


def test_open_makes_the_caller_responsible_of_an_unassigned_case(world: World) -> None:
    case = world.case()
    world("crm.case", "case_pending", [case])
    assert world.get(case, "user_id") is False
    world("crm.case", "case_open", [case])
    assert world.get(case, "user_id") == [world.gateway, "Mail Gateway"]


def test_a_plain_write_of_the_state_writes_no_log_row(world: World) -> None:
    case = world.case()
    world("crm.case", "write", [case], {"state": "pending"})
    assert logs(world, case) == []


def test_date_closed_stays_when_a_case_is_opened_again(world: World) -> None:
    case = world.case()
    world("crm.case", "case_close", [case])
    closed = world.get(case, "date_closed")
    world("crm.case", "case_open", [case])
    assert world.get(case, "date_closed") == closed


def test_several_cases_at_once(world: World) -> None:
    cases = [world.case(), world.case()]
    world("crm.case", "case_close", cases)
    assert [world.get(case, "state") for case in cases] == ["done", "done"]
    assert [logs(world, case)[0]["name"] for case in cases] == ["Close", "Close"]


@pytest.mark.parametrize(
    ("method", "missing", "none"),
    [
        ("case_open", "partner_id", True),
        ("case_close", "state", "list index out of range"),
        ("case_pending", "state", "list index out of range"),
        ("case_cancel", "state", "list index out of range"),
        ("case_reset", "state", "list index out of range"),
        ("case_escalate", "section_id", True),
        ("case_log", "som", True),
        ("case_log_reply", "email_from", True),
        ("unlink", "state", True),
    ],
)
def test_a_missing_case_is_a_key_error(world: World, method: str, missing: str, none: bool | str) -> None:
    assert world.fault("crm.case", method, [99999]) == missing
    assert world.fault("crm.case", method, world.case()) == "hasattr(): attribute name must be string"
    if none is True:
        assert world("crm.case", method, []) is True
    else:
        assert world.fault("crm.case", method, []) == none


def test_escalating(world: World) -> None:
    sub = world.admin("crm.case.section", "create", {"name": "Sub", "code": "SUB", "parent_id": world.support})
    case = world.case(section_id=sub)
    assert world("crm.case", "case_escalate", [case]) is True
    assert world.get(case, "section_id", "user_id", "state") == [
        [world.support, "Support"], [world.ids["users"]["ede"], "Emmanuel"], "open",
    ]  # fmt: skip
    assert (logs(world, case)[0]["name"], logs(world, case)[0]["section_id"]) == ("Escalate", [sub, "Support / Sub"])
    top = "warning -- Error !\n\nYou can not escalate this case.\nYou are already at the top level."
    assert world.fault("crm.case", "case_escalate", [case]) == top


def test_case_log_moves_the_description_into_the_history(world: World) -> None:
    case = world.case(description="what I did", user_id=world.ids["users"]["ede"])
    assert world("crm.case", "case_log", [case]) is True
    assert world.get(case, "description") is False
    row = world("crm.case.history", "read", world.get(case, "history_line"))[0]
    assert (row["name"], row["description"], row["email"]) == ("Historize", "what I did", "emmanuel@mycompany.example")
    assert row["user_id"] == [world.gateway, "Mail Gateway"]


def test_case_log_without_description_is_a_log_row_only(world: World) -> None:
    case = world.case()
    world("crm.case", "case_log", [case])
    assert [row["name"] for row in logs(world, case)] == ["Historize"]
    assert world.get(case, "history_line") == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"description": "x"}, "warning -- Error!\n\nYou must put a Partner eMail to use this action!"),
        ({"email_from": "a@b.example"},
         "warning -- Error!\n\nCan not send mail with empty body,you should have description in the body"),
        ({"email_from": "a@b.example", "description": "x"}, "'bool' object has no attribute 'email'"),
    ],
)  # fmt: skip
def test_case_log_reply_needs_all_its_parts(world: World, values: dict[str, Any], said: str) -> None:
    case = world.case(**values)
    assert world.fault("crm.case", "case_log_reply", [case]) == said
    assert world.get(case, "history_line") == []


def test_a_drafts_end(world: World) -> None:
    case = world.case(state="draft", history_line=[(0, 0, {"description": "x", "name": "gone with it"})])
    assert world("crm.case", "unlink", [case]) is True
    assert world("crm.case", "read", [case], ["name"]) == []
    assert world("crm.case.history", "search", [["name", "=", "gone with it"]]) == []
    assert world("crm.case.log", "search", [["case_id", "=", case]]) == []


def test_only_drafts_are_deleted(world: World) -> None:
    said = "warning -- Warning !\n\nYou can not delete this case. You should better cancel it."
    assert world.fault("crm.case", "unlink", [world.case()]) == said


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, [False, False, False, "3"]),
        ({"email_from": "Customer <c@x.example>", "email_cc": "w@x.example"},
         [False, "Customer <c@x.example>", "w@x.example", "3"]),
        ({"email_cc": "", "priority": "1"}, [False, False, "", "1"]),
        ({"active": False}, [False, False, False, "3"]),
        ({"user_id": "ede"}, ["emmanuel@mycompany.example", False, False, "3"]),
        ({"user_id": "admin"}, [False, False, False, "3"]),
    ],
)  # fmt: skip
def test_emails_get(world: World, values: dict[str, Any], found: list[Any]) -> None:
    users = world.ids["users"] | {"admin": 1}
    if "user_id" in values:
        values = values | {"user_id": users[values["user_id"]]}
    assert world("crm.case", "emails_get", world.case(**values)) == found


def test_emails_get_of_what_is_not_there(world: World) -> None:
    assert world.fault("crm.case", "emails_get", 99999) == "user_id"
    said = "'browse_record_list' object has no attribute 'user_id'"
    assert world.fault("crm.case", "emails_get", [world.case()]) == said


@pytest.mark.parametrize(
    ("method", "events"),
    [("case_open", ["Case open: A case"]), ("case_close", ["Case done: A case"]), ("case_pending", [])],
)
def test_open_and_close_leave_an_event_on_the_partner(world: World, method: str, events: list[str]) -> None:
    case = world.case(partner_id=world.ids["partners"]["Agrolait"])
    world("crm.case", method, [case])
    found = world("res.partner.event", "search", [["document", "=", f"crm.case,{case}"]])
    assert [row["name"] for row in world("res.partner.event", "read", found, ["name"])] == events
