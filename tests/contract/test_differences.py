"""Where the sandbox differs from OpenERP 5.0.0-3 on purpose. What is not listed here must be alike.

- PostgreSQL's hints in a fault (lines that begin with LINE, DETAIL, HINT) and the inner lines of a traceback: nobody
  may rely on them.
- GET / shows the page instead of a 501.
- Only the models and fields that a mail gateway touches are there, with labels made from their names; of the service
  `db` only what lists and what says the version; no private methods (`_check`), no workflow, no wizards.
- An attachment that hangs on no model breaks `search` on `ir.attachment` there (a bug of that release).
- Rules that wait for a date never run: there is no scheduler.
- Calls that write wait for each other; there, only for the same record.
- 64 connections may wait to be accepted; there 5, and each one more is a second's delay.
"""

from __future__ import annotations

from typing import Any

from tests.contract.worlds import World


def outcome(world: World, sandbox: Any, openerp5: Any) -> Any:
    return {"sandbox": sandbox, "openerp5": openerp5}[world.name]


def test_get_shows_a_page(world: World) -> None:
    answer = world.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(outcome(world, b"HTTP/1.0 200 ", b"HTTP/1.0 501 "))


def test_an_attachment_on_nothing_breaks_no_search(world: World) -> None:
    loose = world("ir.attachment", "create", {"name": "loose"})
    if world.sandbox:
        assert world("ir.attachment", "search", [["id", "=", loose]]) == []
    else:
        said = "operator does not exist: character varying = boolean"
        assert world.fault("ir.attachment", "search", [["id", "=", loose]]) == said


def test_models_that_are_not_there(world: World) -> None:
    if world.sandbox:
        said = "warning -- Object Error\n\nObject ir.model doesn't exist"
        assert world.fault("ir.model", "search", []) == said
    else:
        assert world.admin("ir.model", "search", [["model", "=", "crm.case"]])


def test_rules_with_a_date(world: World) -> None:
    with world.rule(trg_date_type="create", trg_date_range=0, act_priority="1"):
        case = world.case()
    assert world.get(case, "priority") == outcome(world, "3", "1")
