"""Rules on creation and on buttons, and the mails that the ERP sends by itself."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from mailgate.sandbox import Envelope
from tests.contract.worlds import World


def text(mail: Envelope) -> str:
    part = mail.message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).rstrip("\n")


@pytest.mark.parametrize(
    ("trigger", "values", "fires"),
    [
        ({"trg_state_to": "draft"}, {}, True),
        ({"trg_state_to": "draft", "trg_state_from": "open"}, {}, True),
        ({"trg_state_to": "draft", "trg_state_from": "open"}, {"state": "open"}, True),
        ({"trg_state_to": "draft", "trg_state_from": "open"}, {"state": "draft"}, False),
        ({"trg_state_to": "draft", "trg_state_from": "draft"}, {}, False),
        ({"trg_state_to": "open"}, {}, False),
        ({}, {}, True),
        ({"trg_section_id": "SALES"}, {}, False),
        ({"trg_section_id": "SSUP"}, {}, True),
        ({"trg_priority_from": "3", "trg_priority_to": "3"}, {"priority": "3"}, True),
        ({"trg_priority_from": "3", "trg_priority_to": "3"}, {"priority": "2"}, False),
        ({"trg_priority_from": "2"}, {"priority": "1"}, True),
        ({"trg_priority_from": "2"}, {"priority": "3"}, False),
        ({"trg_priority_to": "4"}, {"priority": "5"}, True),
        ({"active": False}, {}, False),
    ],
)
def test_rules_on_creation(world: World, trigger: dict[str, Any], values: dict[str, Any], fires: bool) -> None:
    if "trg_section_id" in trigger:
        trigger = trigger | {"trg_section_id": world.ids["sections"][trigger["trg_section_id"]]}
    fabien = world.ids["users"]["fp"]
    with world.rule(**trigger, act_user_id=fabien):
        case = world.case(**values)
    assert world.get(case, "user_id") == ([fabien, "Fabien"] if fires else False)
    assert bool(world.get(case, "date_action_last")) is fires


def test_a_rule_changes_the_case_inside_the_call(world: World) -> None:
    actions = {
        "act_state": "pending", "act_section_id": world.sales, "act_priority": "1", "act_email_cc": "boss@x.example",
        "act_user_id": world.ids["users"]["ede"],
    }  # fmt: skip
    with world.rule(trg_state_to="draft", **actions):
        case = world.case(email_cc="w@x.example")
    assert world.get(case, "state", "section_id", "priority", "email_cc", "user_id") == [
        "pending", [world.sales, "Sales"], "1", "w@x.example,boss@x.example", [world.ids["users"]["ede"], "Emmanuel"],
    ]  # fmt: skip


def test_watchers_are_added_blindly(world: World) -> None:
    with world.rule(trg_state_to="pending", act_email_cc="boss@x.example"):
        case = world.case(email_cc="no address")
        world("crm.case", "case_pending", [case])
        assert world.get(case, "email_cc") == "boss@x.example"
        world("crm.case", "case_pending", [case])
        assert world.get(case, "email_cc") == "boss@x.example,boss@x.example"
        world("crm.case", "write", [case], {"email_cc": "w" * 245 + "@x"})
        world("crm.case", "case_pending", [case])
    assert len(world.get(case, "email_cc")) == 252


def test_the_first_rule_that_fits_ends_the_run(world: World) -> None:
    with (
        world.rule(sequence=20, act_priority="1"),
        world.rule(sequence=10, act_user_id=world.ids["users"]["fp"]),
        world.rule(sequence=5, trg_state_from="done", act_priority="5"),
    ):
        case = world.case()
    assert world.get(case, "priority", "user_id") == ["3", [world.ids["users"]["fp"], "Fabien"]]


def test_a_button_compares_the_state_before(world: World) -> None:
    with world.rule(trg_state_from="done", trg_state_to="open", act_state="pending"):
        case = world.case()
        world("crm.case", "case_open", [case])
        assert world.get(case, "state") == "open"
        world("crm.case", "case_close", [case])
        world("crm.case", "case_open", [case])
    assert world.get(case, "state") == "pending"


def test_a_plain_write_runs_no_rule(world: World) -> None:
    with world.rule(trg_state_to="pending", act_priority="1"):
        case = world.case()
        world("crm.case", "write", [case], {"state": "pending"})
    assert world.get(case, "priority") == "3"


@pytest.mark.parametrize("body", ["%(nosuch)s", "100% of", "100%", "%(case_id)"])
def test_a_template_that_cannot_be_filled_in(world: World, body: str) -> None:
    said = (
        "warning -- ValidateError\n\n"
        "Error occurred while validating the field(s) act_mail_body: Error: The mail is not well formated"
    )
    assert world.fault("crm.case.rule", "create", {"name": "x", "act_mail_body": body}, call=world.admin) == said


# --- mails -----------------------------------------------------------------------------------------------------------

BODY = (
    "é %(case_id)s|%(case_subject)s|%(case_date)s|%(case_user)s|%(case_user_email)s|%(case_user_phone)s|%(email_from)s|"
    "%(partner)s|%(partner_email)s"
)


def test_an_acknowledgement(world: World) -> None:
    with world.mails() as sink, world.rule(trg_state_to="draft", act_mail_to_partner=True, act_mail_body=BODY):
        case = world.case(
            name="Broken", email_from="Customer <customer@agrolait.example>",
            partner_id=world.ids["partners"]["Agrolait"],
            partner_address_id=world.ids["addresses"]["customer@agrolait.example"],
        )  # fmt: skip
        mail = sink.wait(1)[0]
    message = mail.message
    assert (mail.sender, mail.recipients) == ("support@mycompany.example", ("customer@agrolait.example",))
    assert message["Subject"] == f"[{case}] Broken"
    assert message["From"] == "support@mycompany.example"
    assert message["Reply-To"] == "support@mycompany.example, support@mycompany.example"
    assert message["To"] == "Customer <customer@agrolait.example>"
    assert re.fullmatch(rf"<[0-9.]+-tinycrm-{case}@[^>]+>", message["Message-Id"])
    assert message["Content-Transfer-Encoding"] == "base64"
    assert message.get_content_charset() == "utf-8"
    assert text(mail) == (
        f"? {case}|Broken|False|/|/|/|Customer <customer@agrolait.example>|Agrolait|customer@agrolait.example"
    )


def test_a_mail_to_everybody(world: World) -> None:
    everybody = {"act_mail_to_user": True, "act_mail_to_partner": True, "act_mail_to_watchers": True}
    with (
        world.mails() as sink,
        world.rule(trg_state_to="pending", act_mail_to_email="f@x.example,g@x.example", act_mail_body="b", **everybody),
    ):
        case = world.case(
            user_id=world.ids["users"]["ede"], email_from="c@x.example", email_cc="w@x.example, W <v@x.example>"
        )
        world("crm.case", "case_pending", [case])
        mail = sink.wait(1)[0]
    assert mail.sender == "emmanuel@mycompany.example"
    assert mail.recipients == (
        "emmanuel@mycompany.example", "c@x.example", "w@x.example", "v@x.example", "f@x.example", "g@x.example",
    )  # fmt: skip
    assert mail.message["Reply-To"] == "emmanuel@mycompany.example, support@mycompany.example"


def test_nobody_to_mail_is_no_mail(world: World) -> None:
    with world.mails() as sink, world.rule(trg_state_to="draft", act_mail_to_user=True, act_mail_body="b"):
        world.case()
        assert sink.mails == []


def test_the_responsible_whom_open_makes_gets_no_mail(world: World) -> None:
    with world.mails() as sink, world.rule(trg_state_to="open", act_mail_to_user=True, act_mail_body="b"):
        case = world.case()
        world("crm.case", "case_open", [case])
        assert world.get(case, "user_id") == [world.gateway, "Mail Gateway"]
        assert sink.mails == []


def test_a_mail_about_a_name_beyond_ascii_fails_the_call(world: World) -> None:
    before = world("crm.case", "search_count", [])
    with world.mails() as sink, world.rule(trg_state_to="draft", act_mail_to_email="f@x.example", act_mail_body="b"):
        assert world.fault("crm.case", "create", {"name": "été", "section_id": world.support}) == ""
        assert sink.mails == []
    assert world("crm.case", "search_count", []) == before


def test_an_smtp_error_is_ignored(world: World) -> None:
    with (
        world.mails() as sink,
        world.rule(trg_state_to="draft", act_mail_to_email="f@x.example", act_mail_body="b", act_priority="1"),
    ):
        sink.answer("554 5.7.1 no", stage="mail")
        case = world.case()
        sink.obey()
    assert world.get(case, "priority") == "1"


def test_a_reminder_to_the_responsible_goes_to_the_section_in_the_customers_name(world: World) -> None:
    with world.mails() as sink, world.rule(trg_state_to="pending", act_remind_user=True):
        case = world.case(
            name="Late", user_id=world.ids["users"]["ede"], email_from="Customer <customer@agrolait.example>",
            history_line=[(0, 0, {"description": "newest é"})],
        )  # fmt: skip
        world("crm.case", "case_pending", [case])
        mail = sink.wait(1)[0]
    assert (mail.sender, mail.recipients) == ("customer@agrolait.example", ("support@mycompany.example",))
    assert mail.message["Subject"] == f"Reminder: [{case}] Late"
    assert mail.message["From"] == "Customer <customer@agrolait.example>"
    assert mail.message["Reply-To"] == "Customer <customer@agrolait.example>, support@mycompany.example"
    assert text(mail) == "newest ?"


def test_a_reminder_to_the_partner_shows_him_the_newest_line_and_the_files(world: World) -> None:
    with world.mails() as sink, world.rule(trg_state_to="pending", act_remind_partner=True, act_remind_attach=True):
        case = world.case(
            user_id=world.ids["users"]["ede"], email_from="c@x.example",
            history_line=[(0, 0, {"description": "an internal note"})],
        )  # fmt: skip
        file = {"name": "f", "datas_fname": "f.txt", "res_model": "crm.case", "res_id": case}
        world("ir.attachment", "create", file | {"datas": base64.b64encode(b"secret").decode()})
        world("crm.case", "case_pending", [case])
        mail = sink.wait(1)[0]
    assert (mail.sender, mail.recipients) == ("support@mycompany.example", ("c@x.example",))
    assert text(mail) == "an internal note\n\n-- \nEmmanuel"
    attached = [(part.get_filename(), part.get_content()) for part in mail.message.iter_attachments()]
    assert attached == [("f.txt", b"secret")]


@pytest.mark.parametrize(
    ("values", "action", "said"),
    [
        ({}, "act_remind_user", "'bool' object has no attribute 'encode'"),
        ({"user_id": "ede"}, "act_remind_user", "'bool' object has no attribute 'encode'"),
        ({}, "act_remind_partner", "'bool' object has no attribute 'encode'"),
        ({"user_id": "ede"}, "act_remind_partner", "unsupported operand type(s) for +=: 'bool' and 'unicode'"),
    ],
)
def test_a_reminder_without_text_fails_the_call(world: World, values: dict[str, Any], action: str, said: str) -> None:
    if "user_id" in values:
        values = {"user_id": world.ids["users"][values["user_id"]]}
    case = world.case(email_from="c@x.example", **values)
    with world.mails(), world.rule(trg_state_to="pending", **{action: True}):
        assert world.fault("crm.case", "case_pending", [case]) == said
    assert world.get(case, "state") == "open"


def test_no_reminder_without_a_customer(world: World) -> None:
    with world.mails() as sink, world.rule(trg_state_to="pending", act_remind_user=True):
        world("crm.case", "case_pending", [world.case()])
        assert sink.mails == []


def test_case_log_reply_mails_the_customer_and_the_watchers(world: World) -> None:
    with world.mails() as sink:
        case = world.case(
            user_id=world.ids["users"]["ede"], email_from="c@x.example", email_cc="w@x.example", description="answer é"
        )
        assert world("crm.case", "case_log_reply", [case]) is True
        mail = sink.wait(1)[0]
    assert (mail.sender, mail.recipients) == ("emmanuel@mycompany.example", ("c@x.example", "w@x.example"))
    assert mail.message["Subject"] == f"[{case}] A case"
    assert text(mail) == "answer ?\n\n-- \nEmmanuel"
    row = world("crm.case.history", "read", world.get(case, "history_line"))[0]
    assert (row["name"], row["description"]) == ("Send", "answer é")
    assert world.get(case, "description") is False
