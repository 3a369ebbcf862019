"""Who may do what: the gateway's user with the least groups, and users with fewer."""

from __future__ import annotations

import xmlrpc.client
from typing import Any

import pytest

from tests.contract.worlds import Caller, World, code

GROUPS = {
    "nobody": [],
    "user": ["CRM / User"],
    "manager": ["CRM / Manager"],
    "employee": ["Employee"],
    "partners": ["CRM / User", "Partner Manager"],
}


@pytest.fixture(scope="module")
def people(world: World) -> dict[str, Caller]:
    """A caller for each set of groups."""
    callers = {}
    for login, names in GROUPS.items():
        groups = [world.ids["groups"][name] for name in names]
        values = {"name": login, "login": login, "password": login, "groups_id": [(6, 0, groups)]}
        callers[login] = world.as_user(world.admin("res.users", "create", values), login)
    return callers


@pytest.fixture(scope="module")
def case(world: World) -> int:
    """A case with a partner and a responsible who has an address."""
    return world.case(partner_id=world.ids["partners"]["Agrolait"], user_id=world.ids["users"]["ede"])


def outcome(call: Caller, model: str, method: str, *args: Any) -> str:
    """Return "ok", or what is refused and on which model."""
    try:
        call(model, method, *args)
    except xmlrpc.client.Fault as fault:
        said = str(fault.faultCode)
    else:
        return "ok"
    for words, right in (("can not read", "read"), ("can not write", "write"), ("can not create", "create")):
        if words in said:
            return f"{right} {said.rpartition('(')[2].rstrip(')')}"
    return said


READS = {"nobody": "read", "user": "ok", "manager": "ok", "employee": "read", "partners": "ok"}


@pytest.mark.parametrize("who", GROUPS)
def test_cases(world: World, people: dict[str, Caller], case: int, who: str) -> None:
    call, ok = people[who], READS[who] == "ok"
    assert outcome(call, "crm.case", "search", [["id", "=", case]]) == "ok"
    assert outcome(call, "crm.case", "perm_read", [case]) == "ok"
    assert outcome(call, "crm.case", "read", [case], ["name"]) == ("ok" if ok else "read crm.case")
    assert outcome(call, "crm.case", "read", [99999], ["name"]) == ("ok" if ok else "read crm.case")
    assert outcome(call, "crm.case", "name_get", [case]) == ("ok" if ok else "read crm.case")
    assert outcome(call, "crm.case", "write", [case], {"name": "A"}) == ("ok" if ok else "write crm.case")
    new = {"name": "x", "section_id": world.support, "user_id": False}
    assert outcome(call, "crm.case", "create", new) == ("ok" if ok else "create crm.case")
    assert outcome(call, "crm.case", "case_pending", [case]) == ("ok" if ok else "read crm.case")
    line = {"case_id": case, "description": "x"}
    assert outcome(call, "crm.case.history", "create", line) == ("ok" if ok else "create crm.case.history")
    file = {"name": "x", "res_model": "crm.case", "res_id": case}
    assert outcome(call, "ir.attachment", "create", file) == ("ok" if ok else "create crm.case")
    assert outcome(call, "crm.case.section", "read", [world.support], ["code"]) == (
        "ok" if ok else "read crm.case.section"
    )


@pytest.mark.parametrize(
    ("who", "address", "emails", "opened"),
    [
        ("nobody", "read res.partner.address", "read crm.case", "read crm.case"),
        ("user", "read res.partner.address", "read res.partner.address", "create res.partner.event"),
        ("manager", "read res.partner.address", "read res.partner.address", "create res.partner.event"),
        ("employee", "ok", "read crm.case", "read crm.case"),
        ("partners", "ok", "ok", "ok"),
        ("gateway", "ok", "ok", "ok"),
    ],
)
def test_addresses_and_events(
    world: World, people: dict[str, Caller], case: int, who: str, address: str, emails: str, opened: str
) -> None:
    call = people.get(who, world)
    ids = world.ids["addresses"]
    assert outcome(call, "res.partner.address", "search", [["email", "=", "x"]]) == "ok"
    assert outcome(call, "res.partner.address", "read", [ids["visitor@nowhere.example"]], ["email"]) == address
    assert outcome(call, "crm.case", "emails_get", case) == emails
    assert outcome(call, "crm.case", "case_open", [case]) == opened
    assert outcome(call, "crm.case", "case_close", [case]) == opened


@pytest.mark.parametrize("who", GROUPS)
def test_users_are_everybodys_to_read_with_the_name_of_their_address(
    world: World, people: dict[str, Caller], who: str
) -> None:
    fabien = world.ids["users"]["fp"]
    row = people[who]("res.users", "read", [fabien], ["name", "address_id"])[0]
    assert row == {"id": fabien, "name": "Fabien", "address_id": [world.ids["addresses"]["fp"], "Fabien"]}
    assert people[who]("res.users", "name_search", "fp") == [[fabien, "Fabien"]]


@pytest.mark.parametrize(
    ("model", "method", "arguments", "said"),
    [
        ("res.users", "write", ([1], {"name": "x"}), "write res.users"),
        ("res.users", "create", ({"name": "x", "login": "x"},), "create res.users"),
        ("crm.case.section", "create", ({"name": "x"},), "create crm.case.section"),
        ("crm.case.rule", "create", ({"name": "x"},), "create crm.case.rule"),
        ("res.partner.address", "create", ({"name": "x"},), "create res.partner.address"),
        ("res.groups", "read", ([1], ["name"]), "ok"),
        ("crm.case.rule", "search", ([],), "ok"),
    ],
)
def test_what_the_gateway_may_not_touch(
    world: World, model: str, method: str, arguments: tuple[Any, ...], said: str
) -> None:
    assert outcome(world, model, method, *arguments) == said


def test_a_refusal_in_words(world: World, people: dict[str, Caller], case: int) -> None:
    said = "warning -- AccessError\n\nYou can not read this document! (crm.case)"
    assert code(people["nobody"], "crm.case", "read", [case], ["name"]) == said
