"""What the conversation has of crm.case alone: its fields, its rules, and how few calls it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailgate.sandbox import Sink
from tests.contract.books import NOTE_ADDED, CrmBooks
from tests.contract.house import CUSTOMER, CUSTOMERS, EMMANUELS, FABIEN, FABIENS, House, mail, to
from tests.contract.test_conversation import EXAMPLE, new_case


@pytest.fixture
def house(crm: CrmBooks, tmp_path: Path) -> Iterator[House]:
    """A house on each of the two servers; it is the rules that make these mail by themselves."""
    with Sink() as sink:
        yield House(crm, tmp_path, sink)


def test_the_fields_of_a_new_case(house: House, crm: CrmBooks) -> None:
    house.send(mail(CUSTOMER, "Re: Printer burns", "It burns.\n", Cc="Bob <bob@elsewhere.example>", X_Priority="1"))
    case, ids = house.case(), crm.world.ids
    assert crm.read(case, "name", "section_id", "state", "user_id", "email_from", "email_cc", "priority") == [
        "Printer burns", ids["sections"]["SSUP"], "open", False, '"Customer" <customer@agrolait.example>',
        "bob@elsewhere.example", "1",
    ]  # fmt: skip
    assert crm.read(case, "partner_id", "partner_address_id") == [
        ids["partners"]["Agrolait"], ids["addresses"][CUSTOMERS],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("Set-State: closed", "state", "done"),
        ("SET-PRIORITY : high", "priority", "2"),
        ("Set-Cost: 1 234,56", "planned_cost", 1234.56),
        ("Set-Revenue: 1,234.56", "planned_revenue", 1234.56),
        ("Set-Probability: 25 %", "probability", 0.25),
        ("Set-Cc: +carol@elsewhere.example", "email_cc", "carol@elsewhere.example"),
        ("Set-Deadline: 2027-01-31", "date_deadline", "2027-01-31 00:00:00"),
        ("Set-Partner: visitor@nowhere.example", "email_from", '"Visitor" <visitor@nowhere.example>'),
    ],
)
def test_the_field_of_each_command(house: House, crm: CrmBooks, line: str, field: str, value: object) -> None:
    case = new_case(house)
    house.send(mail(FABIEN, f"Re: [{case}] x", f"{line}\n\nDone.\n"))
    assert crm.read(case, field) == value


def test_a_neutral_line_stands_above_an_internal_note(house: House, crm: CrmBooks) -> None:
    case = new_case(house)
    message = mail(FABIEN, f"Re: [{case}] x", "Set-Relay: no\n\nHe is a fool.\n")
    message.add_attachment(b"secret", maintype="application", subtype="pdf", filename="secret.pdf")
    house.send(message)
    assert crm.read(case, "state") == "open" and crm.attachments(case) == []
    assert crm.lines(case)[:2] == [NOTE_ADDED, "He is a fool."]  # a rule may mail the newest line to the customer


def test_rules_may_change_the_case_inside_a_call(house: House, crm: CrmBooks) -> None:
    world, users = crm.world, crm.world.ids["users"]
    values = {"trg_state_from": "open", "trg_state_to": "draft", "trg_section_id": world.support}
    with world.rule(**values, act_user_id=users["fp"]):
        mails = house.send(mail(CUSTOMER, "Smoke", "Smoke.\n"))
    assert to(mails) == [FABIENS]
    case = house.case()
    with world.rule(trg_state_to="open", trg_section_id=world.support, act_user_id=users["ede"]):
        mails = house.send(mail(CUSTOMER, f"Re: [{case}] Smoke", "More.\n"))
    assert to(mails) == [EMMANUELS]


def test_few_calls(house: House) -> None:
    case = new_case(house, Cc="bob@elsewhere.example")  # section, users and login are remembered from here on
    house.send(mail(CUSTOMER, "Again", "Again.\n"))
    assert house.calls == 4
    house.send(mail(CUSTOMER, f"[{case}] x", "Follow-up.\n"))
    assert house.calls == 4
    house.books.set_state(case, "close")
    house.send(mail(CUSTOMER, f"AW: [{case}] Printer burns", "It still burns.\n-- \nCustomer\n"))
    assert house.calls == 4
    house.send(mail(FABIEN, f"[{case}] x", "Set-User: ede\n\nYours.\n"))
    assert house.calls <= 5
    house.books.assign(case, "fp")
    house.send(mail(FABIEN, f"Re: [{case}] Printer burns", EXAMPLE))
    assert house.calls <= 5
    house.books.add_address("Agrolait", "boss@holding.example")
    house.send(mail("boss@holding.example", f"[{case}] x", "I am his boss.\n"))
    assert house.calls == 6 and house.history(case)[0] == "I am his boss."
    message = mail(CUSTOMER, "With two files", "See.\n")
    for name in ("a.txt", "a.txt"):
        message.add_attachment(b"x", maintype="application", subtype="octet-stream", filename=name)
    house.send(message)
    assert house.calls == 6 and house.books.attachments(house.case()) == ["a-2.txt", "a.txt"]


def test_fields_are_cut_but_never_an_address(house: House, crm: CrmBooks) -> None:
    name, local = "N" * 150, "a" * 60
    watchers = [f"{'w' * 50}{number}@elsewhere.example" for number in range(6)]
    message = mail(f'"{name}" <{local}@agrolait.example>', "T" * 200, "x\n", Cc=", ".join(watchers))
    house.send(message)
    case = house.case()
    title, contact, cc = crm.read(case, "name", "email_from", "email_cc")
    assert title == "T" * 64 and contact == f"{local}@agrolait.example"
    assert set(cc.split(", ")) <= set(watchers) and len(cc) <= 252
    assert all(watcher in cc or watcher in house.history(case)[0] for watcher in watchers)


def test_a_rule_that_chokes_on_a_title_gets_one_it_can_mail(house: House, crm: CrmBooks) -> None:
    values = {"trg_state_to": "draft", "trg_section_id": crm.world.support, "act_mail_to_partner": True}
    with crm.world.rule(**values, act_mail_body="We got it."), crm.world.mails():
        house.send(mail(CUSTOMER, "Brûlé", "It burns.\n"))
    assert crm.read(house.case(), "name") in ("Brule", "Brûlé")
    assert house.history(house.case()) == ["It burns."]
