"""Reading and writing: values, defaults, sizes, lists, attachments, and what is refused."""

from __future__ import annotations

import base64
import xmlrpc.client
from typing import Any

import pytest

from tests.contract.worlds import World

INTEGRITY = "warning -- Integrity Error\n\n"
INVALID = "warning -- ValidateError\n\n"
FIELDS = {
    "crm.case": [
        "name", "state", "priority", "active", "section_id", "user_id", "partner_id", "partner_address_id",
        "email_from", "email_cc", "email_last", "description", "planned_cost", "probability", "canal_id",
        "date_deadline", "date", "date_closed", "history_line", "log_ids",
    ],
    "crm.case.history": ["name", "description", "email", "date", "user_id", "section_id", "case_id", "log_id", "note"],
    "crm.case.section": ["name", "code", "user_id", "reply_to", "parent_id", "active"],
    "res.users": ["name", "login", "address_id", "active"],
    "res.partner.address": ["name", "email", "partner_id", "active"],
    "ir.attachment": ["name", "datas", "datas_fname", "res_model", "res_id", "description"],
}  # fmt: skip


@pytest.mark.parametrize("model", FIELDS)
def test_the_fields_are_what_fields_get_says(world: World, model: str, description: dict[str, Any]) -> None:
    described = world(model, "fields_get")
    keys = ("type", "size", "required", "relation", "selection")
    found = {name: {key: described[name][key] for key in keys if key in described[name]} for name in FIELDS[model]}
    assert found == description


@pytest.fixture
def description(model: str) -> dict[str, Any]:
    """What a model's fields are, as a client relies on it."""
    text, required = {"type": "text"}, {"required": True}

    def char(size: int) -> dict[str, Any]:
        return {"type": "char", "size": size}

    def one(relation: str) -> dict[str, Any]:
        return {"type": "many2one", "relation": relation}

    def many(relation: str) -> dict[str, Any]:
        return {"type": "one2many", "relation": relation}

    states = [["draft", "Draft"], ["open", "Open"], ["cancel", "Cancel"], ["done", "Close"], ["pending", "Pending"]]
    priorities = [["5", "Lowest"], ["4", "Low"], ["3", "Normal"], ["2", "High"], ["1", "Highest"]]
    choice = {"type": "selection"}
    moment, flag, real = {"type": "datetime"}, {"type": "boolean"}, {"type": "float"}
    name, user = char(64) | required, one("res.users")
    section = one("crm.case.section")
    values: dict[str, list[dict[str, Any]]] = {
        "crm.case": [
            name, choice | {"size": 16, "selection": states}, choice | {"selection": priorities}, flag,
            section | required, user, one("res.partner"), one("res.partner.address"), char(128), char(252), text,
            text, real, real, one("res.partner.canal"), moment, moment, moment, many("crm.case.history"),
            many("crm.case.log"),
        ],
        "crm.case.history": [
            char(64), text, char(84), moment, user, section, one("crm.case") | required, one("crm.case.log"), text,
        ],
        "crm.case.section": [name, char(8), user, char(64), section, flag],
        "res.users": [name, name, one("res.partner.address"), flag],
        "res.partner.address": [char(64), char(240), one("res.partner"), flag],
        "ir.attachment": [name, {"type": "binary"}, char(64), char(64), {"type": "integer"}, text],
    }  # fmt: skip
    return dict(zip(FIELDS[model], values[model], strict=True))


def test_a_new_case_reads_so(world: World) -> None:
    case = world.case()
    row = world("crm.case", "read", [case])[0]
    empty = {name for name, value in row.items() if value is False}
    assert row["id"] == case
    assert {name: row[name] for name in ("name", "state", "priority", "active", "section_id")} == {
        "name": "A case", "state": "open", "priority": "3", "active": True, "section_id": [world.support, "Support"],
    }  # fmt: skip
    assert row["history_line"] == row["log_ids"] == []
    assert empty >= {
        "user_id", "partner_id", "partner_address_id", "email_from", "email_cc", "email_last", "description", "date",
        "planned_cost", "planned_revenue", "probability", "canal_id", "date_deadline", "date_closed", "categ_id", "som",
        "date_action_last", "date_action_next", "ref", "ref2",
    }  # fmt: skip
    assert len(row["create_date"]) == len("2009-01-31 12:00:00")


def test_the_calling_user_is_responsible_by_default(world: World) -> None:
    case = world("crm.case", "create", {"name": "mine", "section_id": world.support})
    assert world.get(case, "user_id") == [world.gateway, "Mail Gateway"]


@pytest.mark.parametrize(
    ("model", "fields", "found"),
    [
        ("crm.case", ["state", "priority", "active", "email_from", "name"],
         {"state": "open", "priority": "3", "active": 1, "email_from": False}),
        ("crm.case.section", ["name", "active"], {"active": 1}),
        ("res.partner.address", ["active", "email"], {"active": 1}),
        ("ir.attachment", ["name"], {}),
    ],
)  # fmt: skip
def test_defaults(world: World, model: str, fields: list[str], found: dict[str, Any]) -> None:
    assert world(model, "default_get", fields) == found


def test_the_default_responsible(world: World) -> None:
    assert world("crm.case", "default_get", ["user_id"]) == {"user_id": world.gateway}


def test_reading_what_is_not_there(world: World) -> None:
    case = world.case()
    assert world("crm.case", "read", [99999], ["name"]) == []
    assert world("crm.case", "read", 99999, ["name"]) is False
    assert world("crm.case", "read", [99999, case], ["name"]) == [{"id": case, "name": "A case"}]
    assert world("crm.case", "read", case, ["name"]) == {"id": case, "name": "A case"}
    assert world("crm.case", "read", [case, case], ["name"]) == [{"id": case, "name": "A case"}]
    assert world("crm.case", "read", [], ["name"]) == []
    assert world("crm.case", "read", [case], ["nofield", "name"]) == [{"id": case, "name": "A case"}]


@pytest.mark.parametrize(
    ("field", "written", "read"),
    [
        ("name", "", ""),
        ("name", "ü" * 70, "ü" * 64),
        ("name", 5, "5"),
        ("name", 12.5, "12.5"),
        ("name", True, "True"),
        ("name", "a\r\nb", "a\nb"),
        ("name", xmlrpc.client.Binary(b"bytes"), "bytes"),
        ("email_from", "x" * 200, "x" * 128),
        ("email_cc", "x" * 300, "x" * 252),
        ("email_cc", "", ""),
        ("email_from", False, False),
        ("email_from", None, False),
        ("planned_cost", 1, 1.0),
        ("planned_cost", "12.5", 12.5),
        ("planned_cost", False, 0.0),
        ("probability", 0.25, 0.25),
        ("date", "2020-01-02", "2020-01-02 00:00:00"),
        ("date", "2020-01-02 10:11:12", "2020-01-02 10:11:12"),
        ("date", "2020-01-02T10:11:12", "2020-01-02 10:11:12"),
        ("date", "2020-01-02 10:11", "2020-01-02 10:11:00"),
        ("date", False, False),
        ("date_deadline", "2030-12-31 23:59:59", "2030-12-31 23:59:59"),
        ("partner_id", 0, False),
        ("partner_id", "", False),
        ("active", False, False),
        ("active", 1, True),
        ("active", "yes", True),
        ("priority", "1", "1"),
        ("priority", False, False),
        ("state", "", ""),
        ("state", False, False),
        ("state", "pending", "pending"),
        ("email_last", "a computed field", False),
        ("ref", "crm.case,1", "crm.case,1"),
        ("description", "two\nlines\n", "two\nlines\n"),
    ],
)
def test_what_is_written_reads_so(world: World, field: str, written: Any, read: Any) -> None:
    case = world.case()
    assert world("crm.case", "write", [case], {field: written}) is True
    assert world.get(case, field) == read


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"nofield": 1}, "nofield"),
        ({"state": "open", "nofield": 1}, "nofield"),
        ({"state": "bogus"}, INVALID + 'The value "bogus" for the field "state" is not in the selection'),
        ({"priority": 2}, INVALID + 'The value "2" for the field "priority" is not in the selection'),
        ({"ref": "bad"}, INVALID + 'The value "bad" for the field "ref" is not in the selection'),
        ({"date": "garbage"}, 'invalid input syntax for type timestamp: "garbage"'),
        ({"date": ""}, 'invalid input syntax for type timestamp: ""'),
        ({"date_deadline": "2020-13-02"}, 'date/time field value out of range: "2020-13-02"'),
        ({"user_id": "abc"}, 'invalid input syntax for type integer: "abc"'),
        ({"user_id": 99999}, INTEGRITY + 'insert or update on table "crm_case" violates foreign key '
         'constraint "crm_case_user_id_fkey"'),
        ({"section_id": False}, INTEGRITY + 'null value in column "section_id" of relation "crm_case" '
         "violates not-null constraint"),
        ({"name": False}, INTEGRITY + 'null value in column "name" of relation "crm_case" violates '
         "not-null constraint"),
        ({"planned_cost": "abc"}, "could not convert string to float: abc"),
        ({"history_line": 5}, "'int' object is not iterable"),
        ({"history_line": [(0, 0, {"nofield": 1})]}, "nofield"),
    ],
)  # fmt: skip
def test_what_cannot_be_written(world: World, values: dict[str, Any], said: str) -> None:
    case = world.case(name="untouched")
    assert world.fault("crm.case", "write", [case], {"description": "changed"} | values) == said
    assert world.get(case, "name", "description", "state") == ["untouched", False, "open"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "x"}, INTEGRITY + 'null value in column "section_id" of relation "crm_case" violates '
         "not-null constraint"),
        ({"section_id": 99999, "name": "x"}, INTEGRITY + 'insert or update on table "crm_case" violates '
         'foreign key constraint "crm_case_section_id_fkey"'),
        ({"name": "x", "nofield": 1}, "nofield"),
    ],
)  # fmt: skip
def test_what_cannot_be_created(world: World, values: dict[str, Any], said: str) -> None:
    before = world("crm.case", "search_count", [])
    assert world.fault("crm.case", "create", values) == said
    assert world("crm.case", "search_count", []) == before


def test_a_rolled_back_create_uses_up_its_id(world: World) -> None:
    first = world.case()
    world.fault("crm.case", "create", {"name": "x", "section_id": world.support, "partner_id": 99999})
    assert world.case() == first + 2


@pytest.mark.parametrize("missing", [[99999], [99999, 0]])
def test_writing_to_what_is_not_there(world: World, missing: list[int]) -> None:
    ids = [ident or world.case() for ident in missing]
    said = "warning -- AccessError\n\nYou try to write on an record that doesn't exist (Document type: Case)."
    assert world.fault("crm.case", "write", ids, {"name": "x"}) == said


def test_writing_to_one_and_to_none(world: World) -> None:
    case = world.case()
    assert world("crm.case", "write", case, {"name": "one"}) is True
    assert world("crm.case", "write", [], {"name": "none"}) is True
    assert world("crm.case", "write", [case], {}) is True
    assert world.get(case, "name") == "one"


@pytest.mark.parametrize(
    ("model", "values", "said"),
    [
        ("crm.case.section", {"name": "x", "code": "SSUP"}, "The code of the section must be unique !"),
        ("res.users", {"name": "x", "login": "fp"}, "You can not have two users with the same login !"),
    ],
)
def test_what_must_be_unique(world: World, model: str, values: dict[str, Any], said: str) -> None:
    assert world.fault(model, "create", values, call=world.admin) == f"warning -- Constraint Error\n\n{said}"


def test_sections(world: World) -> None:
    sub = world.admin("crm.case.section", "create", {"name": "Sub", "code": "TOOLONGCODE", "parent_id": world.support})
    assert world("crm.case.section", "read", [sub], ["code", "parent_id"]) == [
        {"id": sub, "code": "TOOLONGC", "parent_id": [world.support, "Support"]}
    ]
    assert world("crm.case.section", "name_get", [world.support, sub]) == [
        [world.support, "Support"], [sub, "Support / Sub"],
    ]  # fmt: skip
    recursive = world.fault("crm.case.section", "write", [world.support], {"parent_id": sub}, call=world.admin)
    assert str(recursive).startswith(
        "warning -- ValidateError\n\nError occurred while validating the field(s) parent_id"
    )


def test_nobody_but_the_administrator_reads_a_password(world: World) -> None:
    fabien = world.ids["users"]["fp"]
    assert world("res.users", "read", [fabien], ["login", "password"])[0]["password"] == "********"
    assert world.admin("res.users", "read", [fabien], ["password"])[0]["password"] == "fp"


# --- history ---------------------------------------------------------------------------------------------------------


def test_a_history_line_made_with_the_case(world: World) -> None:
    case = world.case(history_line=[(0, 0, {"description": "hello", "email": "a@b.example"})])
    line = world.get(case, "history_line")[0]
    row = world("crm.case.history", "read", [line])[0]
    date = row.pop("date")
    log = world.get(case, "log_ids")[0]
    assert row == {
        "id": line, "name": False, "description": "hello", "email": "a@b.example", "user_id": False,
        "section_id": False, "canal_id": False, "som": False, "case_id": [case, "A case"], "log_id": [log, "False"],
        "note": f"a@b.example ({date})\nhello",
    }  # fmt: skip
    assert world.get(case, "email_last") == "hello"


def test_a_history_line_keeps_what_the_client_says(world: World) -> None:
    case = world.case()
    fabien = world.ids["users"]["fp"]
    values = {
        "description": "x", "name": "marker <1@x>", "user_id": fabien, "section_id": world.support, "email": "e" * 100,
        "date": "2020-02-02 02:02:02",
    }  # fmt: skip
    world("crm.case", "write", [case], {"history_line": [(0, 0, values)]})
    lines = world("crm.case.history", "search", [["name", "=", "marker <1@x>"], ["case_id", "=", case]])
    row = world("crm.case.history", "read", lines, ["name", "user_id", "date", "email", "section_id", "log_id"])[0]
    log = row.pop("log_id")
    assert row == {
        "id": lines[0], "name": "marker <1@x>", "user_id": [fabien, "Fabien"], "date": "2020-02-02 02:02:02",
        "email": "e" * 84, "section_id": [world.support, "Support"],
    }  # fmt: skip
    assert log[1] == "marker <1@x>"
    assert world("crm.case.log", "read", log[:1], ["name", "case_id"])[0]["case_id"] == [case, "A case"]


def test_history_is_newest_first(world: World) -> None:
    case = world.case(history_line=[(0, 0, {"description": "first"})])
    second = world("crm.case.history", "create", {"case_id": case, "description": "second", "name": "n"})
    third = world("crm.case.history", "create", {"case_id": case, "description": "third"})
    lines = world.get(case, "history_line")
    assert lines == sorted(lines, reverse=True)
    assert lines[:2] == [third, second]
    assert world.get(case, "email_last") == "third"
    assert world("crm.case.history", "search", [["case_id", "=", case]]) == lines
    assert world("crm.case.history", "search", [["case_id", "=", case], ["name", "like", "n"]]) == [second]
    read = world("crm.case.history", "read", sorted(lines), ["description"])
    assert [row["description"] for row in read] == ["third", "second", "first"]


def test_history_can_be_changed_through_the_case(world: World) -> None:
    case = world.case(history_line=[(0, 0, {"description": "a"}), (0, 0, {"description": "b"})])
    newest, oldest = world.get(case, "history_line")
    world("crm.case", "write", [case], {"history_line": [(1, newest, {"description": "c", "name": "changed"})]})
    assert world("crm.case.history", "read", [newest], ["description", "name"]) == [
        {"id": newest, "description": "c", "name": "changed"}
    ]
    world("crm.case", "write", [case], {"history_line": [(2, newest), (9, 0, {})]})
    assert world.get(case, "history_line") == [oldest]


@pytest.mark.parametrize("model", ["crm.case.history", "crm.case.log"])
def test_a_line_needs_a_case(world: World, model: str) -> None:
    said = INTEGRITY + 'null value in column "case_id" of relation "crm_case_log" violates not-null'
    assert str(world.fault(model, "create", {"name": "x"})).startswith(said)


def test_perm_read_tells_who_and_when(world: World) -> None:
    case = world.case()
    row = world("crm.case", "perm_read", [case])[0]
    assert row["create_uid"] == [world.gateway, "Mail Gateway"]
    assert row["write_uid"] is row["write_date"] is False
    assert "." in row["create_date"]
    world.admin("crm.case", "write", [case], {"name": "x"})
    assert world("crm.case", "perm_read", [case])[0]["write_uid"] == [1, "Administrator"]


# --- attachments -----------------------------------------------------------------------------------------------------


def test_an_attachment_keeps_its_base64_text(world: World) -> None:
    case = world.case()
    datas = base64.encodebytes(bytes(range(256)) * 4).decode()
    values = {"name": "é.bin", "datas_fname": "é.bin", "datas": datas, "res_model": "crm.case", "res_id": case}
    ident = world("ir.attachment", "create", values)
    row = world("ir.attachment", "read", [ident])[0]
    assert {name: row[name] for name in values} == values
    assert row["create_uid"] == [world.gateway, "Mail Gateway"]
    assert row["description"] is row["link"] is row["preview"] is False
    domain = [["res_model", "=", "crm.case"], ["res_id", "=", case]]
    assert world("ir.attachment", "search", domain) == [ident]


@pytest.mark.parametrize(
    ("values", "read"),
    [
        ({"datas": "no base64 at all"}, {"datas": "no base64 at all"}),
        ({"datas": ""}, {"datas": False}),
        ({"datas": False}, {"datas": False}),
        ({"res_id": 99999}, {"res_id": 99999}),
        ({"name": "n" * 100}, {"name": "n" * 64}),
    ],
)
def test_nothing_is_checked_about_an_attachment(world: World, values: dict[str, Any], read: dict[str, Any]) -> None:
    base = {"name": "a", "res_model": "crm.case", "res_id": world.case()}
    ident = world("ir.attachment", "create", base | values)
    row = world("ir.attachment", "read", [ident], list(values))[0]
    read = (
        {"name": "n" * 64} if "name" in values else {"datas": values["datas"] or False} if "datas" in values else values
    )
    assert row == {"id": ident} | read


def test_equal_names_are_two_attachments(world: World) -> None:
    values = {"name": "same", "res_model": "crm.case", "res_id": world.case()}
    assert world("ir.attachment", "create", values) != world("ir.attachment", "create", values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"datas": xmlrpc.client.Binary(b"x")}, "can't escape instance to binary"),
        ({"name": False}, INTEGRITY + 'null value in column "name" of relation "ir_attachment" violates '
         "not-null constraint"),
        ({"res_model": "nosuch"}, "warning -- AccessError\n\nYou can not create this kind of document! (nosuch)"),
    ],
)  # fmt: skip
def test_attachments_that_are_refused(world: World, values: dict[str, Any], said: str) -> None:
    base = {"name": "a", "res_model": "crm.case", "res_id": world.case()}
    assert world.fault("ir.attachment", "create", base | values) == said
