"""Domains, order, limits, inactive records, and names."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.worlds import World

NAMES = ("Alpha", "beta_1", "hidden", "", "été")


@pytest.fixture(scope="module")
def cases(world: World) -> dict[str, int]:
    """Five cases, by name."""
    ids = world.ids
    return {
        "Alpha": world.case(name="Alpha", email_from="A@x.y", priority="5"),
        "beta_1": world.case(
            name="beta_1", priority="1", partner_id=ids["partners"]["Agrolait"], section_id=world.sales,
            partner_address_id=ids["addresses"]["customer@agrolait.example"], probability=0.5,
        ),
        "hidden": world.case(name="hidden", active=False),
        "": world.case(name="", user_id=ids["users"]["ede"], date="2020-01-01 00:00:00"),
        "été": world.case(name="été", email_cc="", date_deadline="2021-01-01 00:00:00"),
    }  # fmt: skip


def named(world: World, cases: dict[str, int], domain: list[Any], *more: Any) -> list[str]:
    by_id = {ident: name for name, ident in cases.items()}
    return [by_id[ident] for ident in world("crm.case", "search", domain, *more)]


@pytest.mark.parametrize(
    ("domain", "found"),
    [
        ([], ["beta_1", "", "été", "Alpha"]),
        ([["name", "=", "Alpha"]], ["Alpha"]),
        ([["name", "=", "alpha"]], []),
        ([["name", "like", "alpha"]], []),
        ([["name", "ilike", "alpha"]], ["Alpha"]),
        ([["name", "ilike", "ÉTÉ"]], ["été"]),
        ([["name", "ilike", "a_"]], ["beta_1", "Alpha"]),
        ([["name", "ilike", "_"]], ["beta_1", "été", "Alpha"]),
        ([["name", "ilike", r"a\_"]], ["beta_1"]),
        ([["name", "ilike", ""]], ["beta_1", "", "été", "Alpha"]),
        ([["name", "not ilike", "beta"]], ["", "été", "Alpha"]),
        ([["name", "=like", "beta%"]], ["beta_1"]),
        ([["name", "!=", "Alpha"]], ["beta_1", "", "été"]),
        ([["name", "<>", "Alpha"]], ["beta_1", "", "été"]),
        ([["name", "=", 5]], []),
        ([["email_from", "!=", "A@x.y"]], []),
        ([["email_from", "=", False]], ["beta_1", "", "été"]),
        ([["email_cc", "=", ""]], ["été"]),
        ([["email_cc", "=", False]], ["beta_1", "", "Alpha"]),
        ([["user_id", "=", False]], ["beta_1", "été", "Alpha"]),
        ([["user_id", "!=", False]], [""]),
        ([["user_id", "=", "ede"]], [""]),
        ([["user_id", "=", "Emmanuel"]], [""]),
        ([["user_id", "=", "Nobody"]], []),
        ([["user_id", "ilike", "emm"]], [""]),
        ([["user_id", "in", []]], []),
        ([["user_id", "not in", []]], []),
        ([["id", "in", []]], []),
        ([["id", "=", False]], []),
        ([["priority", "in", ["1", "5"]]], ["beta_1", "Alpha"]),
        ([["priority", "<", "3"]], ["beta_1"]),
        ([["probability", ">", 0.1]], ["beta_1"]),
        ([["probability", "=", False]], ["", "été", "Alpha"]),
        ([["date", ">", "2019-01-01"]], [""]),
        ([["create_date", ">", "2000-01-01"]], ["beta_1", "", "été", "Alpha"]),
        ([["active", "=", False]], []),
        ([["active", "=", 0]], ["hidden"]),
        ([["active", "=", True]], ["beta_1", "", "été", "Alpha"]),
        ([["active", "in", [True, False]]], ["beta_1", "", "été", "Alpha"]),
        ([["email_last", "=", "computed fields are not looked at"]], ["beta_1", "", "été", "Alpha"]),
        ([["partner_address_id.email", "=", "customer@agrolait.example"]], ["beta_1"]),
        ([["partner_id.name", "ilike", "agro"]], ["beta_1"]),
        ([["user_id.address_id.email", "=", "emmanuel@mycompany.example"]], [""]),
        ([["section_id.code", "=", "SSUP"]], ["", "été", "Alpha"]),
        ([["section_id", "=", "Support"]], ["", "été", "Alpha"]),
        ([["section_id", "child_of", "Support"]], ["", "été", "Alpha"]),
        ([["history_line", "=", "x"]], []),
        (["|", ["name", "=", "Alpha"], ["name", "=", "été"]], ["été", "Alpha"]),
        (["&", ["name", "=", "Alpha"], ["priority", "=", "5"]], ["Alpha"]),
        (["!", ["name", "=", "Alpha"]], ["beta_1", "", "été"]),
        (["|", "|", ["name", "=", "Alpha"], ["name", "=", "été"], ["name", "=", ""]], ["", "été", "Alpha"]),
        (["|", "!", ["name", "ilike", "a"], ["name", "=", "Alpha"]], ["", "été", "Alpha"]),
    ],
)  # fmt: skip
def test_domains(world: World, cases: dict[str, int], domain: list[Any], found: list[str]) -> None:
    assert named(world, cases, domain) == found


def test_ids_in_domains(world: World, cases: dict[str, int]) -> None:
    ids = [cases["Alpha"], cases["beta_1"], cases["hidden"]]
    assert named(world, cases, [["id", "in", ids]]) == ["beta_1", "Alpha"]
    assert named(world, cases, [["id", "not in", ids]]) == ["", "été"]
    assert named(world, cases, [["id", "=", str(cases["Alpha"])]]) == ["Alpha"]
    assert named(world, cases, [["id", "=", cases["hidden"]]]) == []
    assert named(world, cases, [["id", "=", cases["hidden"]]], 0, 0, False, {"active_test": False}) == ["hidden"]
    user = world.ids["users"]["ede"]
    assert named(world, cases, [["user_id", "in", [user, False]]]) == ["beta_1", "", "été", "Alpha"]
    assert named(world, cases, [["user_id", "not in", [user]]]) == []
    assert named(world, cases, [["user_id", "not in", [user, False]]]) == ["beta_1", "été", "Alpha"]
    assert named(world, cases, [["section_id", "child_of", [world.support]]]) == ["", "été", "Alpha"]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ((0, 2), ["beta_1", ""]),
        ((1, 2), ["", "été"]),
        ((0, None), ["beta_1", "", "été", "Alpha"]),
        ((0, 0), ["beta_1", "", "été", "Alpha"]),
        ((0, False), ["beta_1", "", "été", "Alpha"]),
        ((0, 80, "id"), ["Alpha", "beta_1", "", "été"]),
        ((0, 80, "id desc"), ["été", "", "beta_1", "Alpha"]),
        ((0, 80, "name desc"), ["été", "beta_1", "Alpha", ""]),
        ((0, 80, "id desc,name"), ["été", "", "beta_1", "Alpha"]),
        ((0, 80, False, {"active_test": False}), ["beta_1", "hidden", "", "été", "Alpha"]),
    ],
)
def test_order_and_limit(world: World, cases: dict[str, int], more: tuple[Any, ...], found: list[str]) -> None:
    assert named(world, cases, [], *more) == found


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ([["nofield", "=", 1]], "column crm_case.nofield does not exist"),
        ([["nofield.x", "=", 1]], 'missing FROM-clause entry for table "nofield"'),
        ([["history_line.description", "=", "x"]], 'missing FROM-clause entry for table "history_line"'),
        ([["date", ">", "garbage"]], 'invalid input syntax for type timestamp: "garbage"'),
        ([["id", "=", "zz"]], 'invalid input syntax for type integer: "zz"'),
        (["|", ["name", "=", "Alpha"]], "pop from empty list"),
        ("abc", "'str' object has no attribute 'insert'"),
    ],
)
def test_domains_that_fail(world: World, domain: Any, said: str) -> None:
    assert world.fault("crm.case", "search", domain) == said


@pytest.mark.parametrize(
    "domain", [[["name", "=ilike", "x"]], [["name", "==", "x"]], ["or", ["id", "=", 1]], [["name", "=", "x", "y"]]]
)
def test_bad_domains(world: World, domain: list[Any]) -> None:
    assert str(world.fault("crm.case", "search", domain)).startswith("Bad domain expression: [('active', '=', 1), ")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((0, 80, "nofield"), 'column "nofield" does not exist'),
        ((0, 80, "id; drop"), "warning -- AccessError\n\nBad query."),
        ((-1, 2), "OFFSET must not be negative"),
    ],
)
def test_bad_orders(world: World, more: tuple[Any, ...], said: str) -> None:
    assert world.fault("crm.case", "search", [], *more) == said


def test_search_count(world: World, cases: dict[str, int]) -> None:
    assert world("crm.case", "search_count", [["name", "ilike", "i"]]) == 0
    assert world("crm.case", "search_count", [["name", "ilike", "i"]], {"active_test": False}) == 1


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("fp",), ["Fabien"]),
        (("FP",), []),
        (("fabien",), ["Fabien"]),
        (("Emm",), ["Emmanuel"]),
        (("e",), ["Fabien", "Emmanuel", "Mail Gateway"]),
        (("",), ["Administrator", "Fabien", "Emmanuel", "Mail Gateway"]),
        (("nobody",), []),
        (("Fabien", [], "="), ["Fabien"]),
        (("fabien", [], "="), []),
        (("e", [], "ilike", {}, 2), ["Fabien", "Emmanuel"]),
        (("e", [["login", "!=", "fp"]]), ["Emmanuel", "Mail Gateway"]),
    ],
)
def test_users_by_name(world: World, arguments: tuple[Any, ...], found: list[str]) -> None:
    assert [name for _, name in world("res.users", "name_search", *arguments)] == found


@pytest.mark.parametrize(
    ("model", "name", "found"),
    [
        ("res.partner", "agro", ["Agrolait"]),
        ("crm.case.section", "Supp", ["Support"]),
        ("crm.case.section", "SSUP", []),
        ("res.partner.address", "customer", ["Customer"]),
        ("res.partner.address", "Agro", ["Customer"]),
        ("res.partner.canal", "x", []),
    ],
)
def test_other_models_by_name(world: World, model: str, name: str, found: list[str]) -> None:
    assert [name for _, name in world(model, "name_search", name)] == found


def test_addresses_are_compared_letter_by_letter(world: World) -> None:
    def search(operator: str) -> Any:
        return world("res.partner.address", "search", [["email", operator, "Customer@agrolait.example"]])

    assert search("=") == []
    assert search("ilike") == [world.ids["addresses"]["customer@agrolait.example"]]


def test_an_address_may_have_no_partner(world: World) -> None:
    visitor = world.ids["addresses"]["visitor@nowhere.example"]
    assert world("res.partner.address", "search", [["partner_id", "=", False]]) == [visitor]
    assert world("res.partner.address", "read", [visitor], ["partner_id", "email"]) == [
        {"id": visitor, "partner_id": False, "email": "visitor@nowhere.example"}
    ]


def test_sections_are_found_by_their_code(world: World) -> None:
    assert world("crm.case.section", "search", [["code", "=", "SSUP"]]) == [world.support]
    assert world("crm.case.section", "search", [["code", "=", "ssup"]]) == []


def test_name_get(world: World, cases: dict[str, int]) -> None:
    assert world("crm.case", "name_get", [cases["Alpha"], 99999]) == [[cases["Alpha"], "Alpha"]]
    assert world("crm.case", "name_get", cases["Alpha"]) == [[cases["Alpha"], "Alpha"]]
