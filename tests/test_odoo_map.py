"""How Odoo's stages and priorities are read as states and numbers, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from mailgate.erp.odoo_map import (
    Layout,
    can_be,
    in_words,
    level_of,
    scale,
    state_of,
    state_values,
    survey,
)
from mailgate.erp.odoo_stages import Stage, classified
from mailgate.policy import Mailbox
from mailgate.status import ErpDenied

TICKETS = [("New", "unattended"), ("In Progress", ""), ("Awaiting", ""), ("Done", "closed"), ("Cancelled", "closed")]
TASKS_14 = [("New", ""), ("In progress", ""), ("Pending", ""), ("Done", "is_closed"), ("Cancelled", "is_closed")]
TASKS_19 = [("New", ""), ("In progress", ""), ("Pending", ""), ("Done", "fold"), ("Cancelled", "fold")]
LEADS = [("New", ""), ("Qualified", ""), ("Proposition", ""), ("Won", "is_won")]
FLAGS = {"helpdesk.ticket": ("closed", "unattended"), "project.task": ("is_closed", "fold"), "crm.lead": ("is_won",)}
FOUR = [["0", "Low"], ["1", "Medium"], ["2", "High"], ["3", "Very High"]]


def box(model: str = "helpdesk.ticket", **chosen: Any) -> Mailbox:
    return Mailbox("support@mycompany.com", "SSUP", model=model, **chosen)  # type: ignore[arg-type]  # one of three


def rows(stages: list[tuple[str, str]], model: str, release: int = 14) -> list[dict[str, Any]]:
    """Return stages as a server gives them; 19 knows no closed stage of tasks."""
    flags = [flag for flag in FLAGS[model] if (flag, release) != ("is_closed", 19)]
    return [
        {"id": number, "name": name, "sequence": number} | {one: one == flag for one in flags}
        for number, (name, flag) in enumerate(stages, 1)
    ]


def layout(stages: list[tuple[str, str]], model: str, release: int = 14, **chosen: Any) -> Layout:
    mailbox = box(model, **chosen)
    found = classified(rows(stages, model, release), mailbox, 1, FLAGS[model][0])
    state = ("state",) if model == "project.task" and release == 19 else ()
    levels, normal = scale(FOUR, "1", mailbox)
    return Layout(model, release, ("name", *state), "", "", "", False, "user_id", (), (), levels, normal, 1, found,
                  1, 2)  # fmt: skip


def row(stage: int, **more: Any) -> dict[str, Any]:
    return {"stage_id": [stage, "x"], "active": True} | more


@pytest.mark.parametrize(
    ("stages", "model", "release", "states"),
    [
        (TICKETS, "helpdesk.ticket", 14, ["draft", "open", "pending", "close", "cancel"]),
        (TASKS_14, "project.task", 14, ["draft", "open", "pending", "close", "cancel"]),
        (LEADS, "crm.lead", 14, ["open", "open", "open", "close"]),
    ],
)
def test_stages_are_read_by_flags_and_names(
    stages: list[tuple[str, str]], model: str, release: int, states: list[str]
) -> None:
    found = layout(stages, model, release)
    assert [state_of(found, row(number)) for number in range(1, len(stages) + 1)] == states


@pytest.mark.parametrize(
    ("stage", "state", "read"),
    [
        (2, "01_in_progress", "open"), (3, "01_in_progress", "pending"), (2, "1_done", "close"),
        (2, "1_canceled", "cancel"), (4, "01_in_progress", "open"), (1, "03_approved", "draft"),
    ],
)  # fmt: skip
def test_a_task_of_19_is_closed_by_its_own_state(stage: int, state: str, read: str) -> None:
    assert state_of(layout(TASKS_19, "project.task", 19), row(stage, state=state)) == read


def test_a_lost_lead_is_cancelled_and_a_won_one_closed() -> None:
    leads = layout(LEADS, "crm.lead")
    assert state_of(leads, row(2, active=False)) == "cancel"
    assert state_values(leads, "cancel", row(4)) == {"stage_id": 1, "active": False, "probability": 0}
    assert state_values(leads, "cancel", row(2)) == {"active": False, "probability": 0}
    assert state_values(leads, "close", row(2)) == {"active": True, "stage_id": 4}
    assert state_values(leads, "open", row(2, active=False)) == {"active": True}
    assert state_values(leads, "open", row(4)) == {"active": True, "stage_id": 1}
    assert state_values(leads, "open", row(3)) == {}, "a lead stays where its salesman put it"
    assert not can_be(leads, "pending")
    assert can_be(leads, "cancel")


@pytest.mark.parametrize(
    ("state", "stage", "values"),
    [
        ("open", 1, {"stage_id": 2}), ("open", 2, {}), ("close", 2, {"stage_id": 4}), ("pending", 4, {"stage_id": 3}),
        ("draft", 3, {"stage_id": 1}), ("cancel", 1, {"stage_id": 5}),
    ],
)  # fmt: skip
def test_what_is_written_for_a_state(state: Any, stage: int, values: dict[str, Any]) -> None:
    assert state_values(layout(TICKETS, "helpdesk.ticket"), state, row(stage)) == values


def test_an_archived_ticket_comes_back_with_its_state() -> None:
    tickets = layout(TICKETS, "helpdesk.ticket")
    assert state_values(tickets, "open", row(2, active=False)) == {"active": True}
    assert state_values(tickets, "open", row(4, active=False)) == {"stage_id": 2, "active": True}


def test_a_task_of_19_gets_state_and_stage() -> None:
    tasks = layout(TASKS_19, "project.task", 19)
    assert state_values(tasks, "close", row(2, state="01_in_progress")) == {"stage_id": 4, "state": "1_done"}
    assert state_values(tasks, "open", row(4, state="1_done")) == {"stage_id": 2, "state": "01_in_progress"}
    assert state_values(tasks, "open", row(2, state="1_done")) == {"state": "01_in_progress"}
    bare = layout([("Backlog", ""), ("Doing", "")], "project.task", 19)
    assert state_values(bare, "close", row(2, state="01_in_progress")) == {"state": "1_done"}
    assert can_be(bare, "cancel") and not can_be(bare, "pending")


def test_a_project_without_a_closed_stage_cannot_be_closed_on_14() -> None:
    bare = layout([("Backlog", ""), ("Doing", "")], "project.task", 14)
    assert not can_be(bare, "close")
    assert state_values(bare, "close", row(2)) == {}


def test_configured_stages_go_before_flags_and_names() -> None:
    mailbox: dict[str, Any] = {"stages_pending": ("On the customer", 2), "stages_open": ("doing",)}
    stages = [("New", "unattended"), ("Waiting room", ""), ("Doing", ""), ("On the customer", ""), ("Done", "closed")]
    found = layout(stages, "helpdesk.ticket", **mailbox)
    assert [stage.state for stage in found.stages] == ["draft", "pending", "open", "pending", "close"]
    assert (found.target("pending"), found.target("open")) == (4, 3)


def test_a_stage_that_is_not_there_is_said_with_those_that_are() -> None:
    with pytest.raises(ErpDenied, match=r"no stage 'Wating' \(stages.pending\).*New, In Progress, Awaiting"):
        layout(TICKETS, "helpdesk.ticket", stages_pending=("Wating",))


@pytest.mark.parametrize("name", ["En attente", "Wartet auf Kunden", "On hold", "En espera", "PENDING"])
def test_waiting_is_told_by_its_name(name: str) -> None:
    found = layout([("New", "unattended"), (name, ""), ("Work", "")], "helpdesk.ticket")
    assert [stage.state for stage in found.stages] == ["draft", "pending", "open"]


@pytest.mark.parametrize(
    ("selection", "default", "levels", "read"),
    [
        (FOUR, "1", ("3", "2", "1", "0", "0"), {"0": 4, "1": 3, "2": 2, "3": 1}),
        (FOUR, "0", ("3", "2", "0", "0", "0"), {"0": 3, "1": 3, "2": 2, "3": 1}),
        ([["0", "Normal"], ["1", "Important"]], "0", ("1", "1", "0", "0", "0"), {"0": 3, "1": 2}),
        ([], "0", (), {"0": None}),
    ],
)
def test_priorities(
    selection: list[list[str]], default: str, levels: tuple[str, ...], read: dict[str, int | None]
) -> None:
    found, normal = scale(selection, default, box())
    assert found == levels
    one = layout(TICKETS, "helpdesk.ticket").but(levels=found, normal=normal)
    assert {key: level_of(one, key) for key in read} == read


def test_priorities_by_key_or_label() -> None:
    assert scale(FOUR, "1", box(priorities_5="medium", priorities_1="2"))[0] == ("2", "2", "1", "0", "1")
    with pytest.raises(ErpDenied, match=r"no priority 'Urgent' \(priorities.1\); there are: 0 \(Low\)"):
        scale(FOUR, "1", box(priorities_1="Urgent"))


class Server:
    """Answers what a survey asks, as Odoo 14 does for tickets."""

    def __call__(self, model: str, method: str, ids: object = None, **named: Any) -> Any:
        if method == "fields_get" and model == "helpdesk.ticket":
            kinds = {"name": "char", "stage_id": "many2one", "team_id": "many2one", "user_id": "many2one",
                     "partner_id": "many2one", "partner_email": "char", "priority": "selection",
                     "description": "html", "email_cc": "char", "number": "char", "active": "boolean",
                     "x_costs": "float"}  # fmt: skip
            return {
                name: {"type": kind, "selection": FOUR, "required": name == "description", "readonly": name == "number"}
                for name, kind in kinds.items()
            }
        if method == "fields_get":
            return {"closed": {}, "unattended": {}, "sequence": {}}
        if method == "search_read":
            return rows(TICKETS, "helpdesk.ticket")
        return {"priority": "1"} if method == "default_get" else ["mail.message.subtype", 1]


def test_a_survey_finds_fields_and_says_what_is_missing() -> None:
    found = survey(Server(), box(fields_cost="x_costs"), 14, 1)
    assert found.place("cost") == ("x_costs", "float", "")
    assert found.place("deadline") == ("", "", "")
    assert found.contact == "partner_email" and found.contact_name == ""
    assert any("no field for category, deadline, revenue, probability" in note for note in found.notes)
    words = next(iter(in_words(found)))
    assert words == "states: draft = New; open = In Progress; pending = Awaiting; close = Done; cancel = Cancelled"
    leads = next(iter(in_words(layout(LEADS, "crm.lead"))))
    assert leads == (
        "states: draft = as open (New); open = New (also read: Qualified, Proposition); close = Won; "
        "cancel = lost (archived)"
    )
    with pytest.raises(ErpDenied, match="no field 'x_price'"):
        survey(Server(), box(fields_cost="x_price"), 14, 1)


def test_a_stage_belongs_to_the_sections_that_it_names() -> None:
    def of(**row: Any) -> list[bool]:
        (stage,) = classified([{"id": 1, "name": "x", **row}], box(), 0, "closed")
        return [stage.of(1), stage.of(3)]

    assert of(project_ids=[1, 2]) == [True, False] and of(team_ids=[]) == of() == [True, True]
    assert of(team_id=False) == [True, True] and of(team_id=[3, "x"]) == [False, True]
    assert classified([{"id": 1, "name": "mine", "project_ids": []}], box("project.task"), 1, "is_closed") == ()


def test_a_task_that_moves_gets_a_stage_of_where_it_goes() -> None:
    names = [("New", 1), ("Done", 1), ("Backlog", 2), ("Finished", 2)]
    given = [
        {"id": number, "name": name, "project_ids": [project], "is_closed": name in ("Done", "Finished")}
        for number, (name, project) in enumerate(names, 1)
    ]
    mailbox = box("project.task")
    tasks = layout(TASKS_14, "project.task").but(stages=classified(given, mailbox, 1, "is_closed"))
    here = row(1, project_id=[1, "x"])
    assert state_values(tasks, "close", here) == {"stage_id": 2}
    assert state_values(tasks, "close", here, 2) == {"stage_id": 4}
    assert state_values(tasks, "close", row(2, project_id=[1, "x"]), 2) == {"stage_id": 4}, "closed here, and there"
    assert state_of(tasks, row(3, project_id=[2, "y"])) == "draft", "the first of its own project"
    assert state_values(tasks, "open", row(4, project_id=[2, "y"])) == {"stage_id": 3}


def test_a_stage_has_an_order_beside_its_sequence() -> None:
    given = [{"id": 9, "name": "B", "sequence": 1}, {"id": 3, "name": "A", "sequence": 1}]
    assert classified(given, box(), 1, "closed")[0] == Stage(3, "A", "draft")


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"fields_description": None}, "the model wants a value in 'description'"),
        ({"fields_contact": "number"}, "nobody can write 'number'"),
        ({"fields_deadline": "user_id"}, "'user_id' is of the type many2one, not date or datetime"),
    ],
)
def test_a_field_that_cannot_take_its_value_is_refused(chosen: dict[str, Any], said: str) -> None:
    with pytest.raises(ErpDenied, match=said):
        survey(Server(), box(**chosen), 14, 1)
