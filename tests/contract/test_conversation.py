"""The conversation of the user's document, and what must not happen in it, on the sandbox and on a real OpenERP 5."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailgate.sandbox import Sink
from tests.contract.house import CUSTOMER, EMMANUEL, FABIEN, GATEWAY, House, mail, text, the, to
from tests.contract.worlds import World

CUSTOMERS = "customer@agrolait.example"
FABIENS, EMMANUELS = "fabien@mycompany.example", "emmanuel@mycompany.example"
EXAMPLE = (
    "Set-User: ede\nSet-State : pending\n\nHello Emmanuel,\nHere is a case you should take into account.\nFabien\n"
)


@pytest.fixture
def house(world: World, tmp_path: Path) -> Iterator[House]:
    with Sink() as sink:
        yield House(world, tmp_path, sink)


def new_case(house: House, responsible: str = "fp", **fields: str) -> int:
    house.send(mail(CUSTOMER, "Printer burns", "It burns.\n", **fields))
    case = house.case()
    if responsible:
        house.world.admin("crm.case", "write", [case], {"user_id": house.world.ids["users"][responsible]})
    return case


def test_a_customers_mail_makes_a_case(house: House) -> None:
    message = mail(CUSTOMER, "Re: Printer burns", "It burns.\n", Cc="Bob <bob@elsewhere.example>", X_Priority="1")
    message.add_attachment(b"smoke", maintype="image", subtype="png", filename="smoke.png")
    mails = house.send(message)
    case = house.case()
    ids = house.world.ids
    assert house.read(case, "name", "section_id", "state", "user_id", "email_from", "email_cc", "priority") == [
        "Printer burns", ids["sections"]["SSUP"], "open", False, '"Customer" <customer@agrolait.example>',
        "bob@elsewhere.example", "1",
    ]  # fmt: skip
    assert house.read(case, "partner_id", "partner_address_id") == [
        ids["partners"]["Agrolait"], ids["addresses"][CUSTOMERS],
    ]  # fmt: skip
    assert house.history(case) == ["It burns."]
    assert house.attachments(case) == ["smoke.png"]
    assert to(mails) == [EMMANUELS]  # the section's responsible: nobody is responsible for the case
    copy = the(mails, EMMANUELS)
    assert copy["Subject"] == f"Re: [{case}] Printer burns"
    assert copy["From"].addresses[0].addr_spec == GATEWAY
    assert "customer@agrolait.example" in copy["From"].addresses[0].display_name
    assert copy["X-Priority"] == "1"


def test_his_further_mails_open_the_case_and_reach_the_responsible(house: House) -> None:
    case = new_case(house, Cc="bob@elsewhere.example")
    house.world.admin("crm.case", "case_close", [case])
    mails = house.send(mail(CUSTOMER, f"AW: [{case}] Printer burns", "It still burns.\n-- \nCustomer\n"))
    assert house.read(case, "state") == "open"
    assert house.history(case)[0] == "It still burns."
    assert to(mails) == ["bob@elsewhere.example", FABIENS]
    assert house.calls == 4
    assert "X-Mailgate-Watchers" not in the(mails, "bob@elsewhere.example")


@pytest.mark.parametrize(("chosen", "state"), [("close", "done"), ("pending", "pending"), ("keep", "open")])
def test_the_responsibles_reply_reaches_the_customer(world: World, tmp_path: Path, chosen: str, state: str) -> None:
    with Sink() as sink:
        house = House(world, tmp_path, sink, states_responsible=chosen)
        case = new_case(house)
        mails = house.send(mail(FABIEN, f"Re: [{case}] Printer burns", "Use water.\n"))
        assert house.read(case, "state") == state
        assert house.history(case)[0] == "Use water."
        assert to(mails) == [CUSTOMERS]
        assert the(mails, CUSTOMERS)["Subject"] == f"Re: [{case}] Printer burns"
        assert "fabien@" not in the(mails, CUSTOMERS).as_string()


def test_the_documents_example(house: House) -> None:
    case = new_case(house)
    mails = house.send(mail(FABIEN, f"Re: [{case}] Printer burns", EXAMPLE))
    assert house.calls <= 5
    assert house.read(case, "state", "user_id") == ["pending", house.world.ids["users"]["ede"]]
    assert to(mails) == [CUSTOMERS, EMMANUELS]
    expected = "Hello Emmanuel,\nHere is a case you should take into account.\nFabien\n"
    assert text(the(mails, EMMANUELS)) == text(the(mails, CUSTOMERS)) == expected
    assert house.history(case)[0] == expected.strip()


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("Set-State: draft", "state", "draft"),
        ("Set-State: open", "state", "open"),
        ("Set-State: closed", "state", "done"),
        ("Set-State: cancelled", "state", "cancel"),
        ("SET-PRIORITY : high", "priority", "2"),
        ("Set-Cost: 1 234,56", "planned_cost", 1234.56),
        ("Set-Revenue: 1,234.56", "planned_revenue", 1234.56),
        ("Set-Probability: 25 %", "probability", 0.25),
        ("Set-Subject: Fire", "name", "Fire"),
        ("Set-Cc: +carol@elsewhere.example", "email_cc", "carol@elsewhere.example"),
        ("Set-Deadline: 2027-01-31", "date_deadline", "2027-01-31 00:00:00"),
        ("Set-Partner: visitor@nowhere.example", "email_from", '"Visitor" <visitor@nowhere.example>'),
    ],
)
def test_each_command(house: House, line: str, field: str, value: object) -> None:
    case = new_case(house)
    mails = house.send(mail(FABIEN, f"Re: [{case}] x", f"{line}\n\nDone.\n"))
    assert house.read(case, field) == value
    assert all("Set-" not in text(envelope.message) and "SET-" not in text(envelope.message) for envelope in mails)
    assert house.history(case)[0] == "Done."


def test_set_section_by_code(house: House) -> None:
    case = new_case(house)
    house.send(mail(FABIEN, f"Re: [{case}] x", "Set-Section: SALES\n\nDone.\n"))
    assert house.read(case, "section_id") == house.world.ids["sections"]["SALES"]


def test_commands_without_text_change_and_tell_nobody(house: House) -> None:
    case = new_case(house)
    lines = len(house.history(case))
    assert house.send(mail(FABIEN, f"Re: [{case}] x", "Set-Priority: 5\n")) == ()
    assert house.read(case, "priority", "state") == ["5", "open"]
    assert len(house.history(case)) == lines


def test_a_bad_line_stops_the_relay_until_it_is_answered(house: House) -> None:
    case = new_case(house)
    mails = house.send(mail(FABIEN, f"Re: [{case}] x", "Set-Stat: pending\nSet-Priority: 2\n\nUse water.\n"))
    assert to(mails) == [FABIENS]
    assert house.read(case, "state", "priority") == ["open", "2"]
    answer = the(mails, FABIENS)
    assert "Set-Stat: pending" in text(answer) and "Did you mean: Set-State: pending" in text(answer)
    assert answer["Auto-Submitted"] == "auto-replied" and mails[0].sender == ""
    mails = house.send(mail(FABIEN, f"Re: {answer['Subject']}", "yes\n", In_Reply_To=answer["Message-ID"]))
    assert to(mails) == [CUSTOMERS]
    assert text(the(mails, CUSTOMERS)) == "Use water.\n"
    assert house.read(case, "state") == "done"
    assert house.history(case).count("Use water.") == 1


def test_corrected_lines_send_it_with_those(house: House) -> None:
    case = new_case(house)
    answer = the(house.send(mail(FABIEN, f"Re: [{case}] x", "Set-User: emanuel\n\nUse water.\n")), FABIENS)
    assert "Did you mean: Set-User: ede" in text(answer)
    mails = house.send(mail(FABIEN, f"Re: {answer['Subject']}", "Set-User: ede\n", In_Reply_To=answer["Message-ID"]))
    assert to(mails) == [CUSTOMERS, EMMANUELS]
    assert house.read(case, "user_id") == house.world.ids["users"]["ede"]


def test_relay_no_is_an_internal_note(house: House) -> None:
    case = new_case(house)
    message = mail(FABIEN, f"Re: [{case}] x", "Set-Relay: no\n\nHe is a fool.\n")
    message.add_attachment(b"secret", maintype="application", subtype="pdf", filename="secret.pdf")
    assert house.send(message) == ()
    assert house.read(case, "state") == "open"
    assert house.attachments(case) == []
    newest, note = house.history(case)[:2]
    assert note == "He is a fool." and "fool" not in newest  # a rule may mail the newest line to the customer


def test_a_user_starts_a_conversation(house: House) -> None:
    started = mail(FABIEN, "Your offer", "Here it is.\n", to=CUSTOMERS, Cc=GATEWAY)
    assert house.send(started) == ()  # the customer had it already
    case = house.case()
    ids = house.world.ids
    assert house.read(case, "user_id", "partner_id", "state") == [
        ids["users"]["fp"],
        ids["partners"]["Agrolait"],
        "done",
    ]
    reply = mail(CUSTOMER, "Re: Your offer", "Too dear.\n", In_Reply_To=started["Message-ID"], Cc=FABIENS)
    mails = house.send(reply)
    assert house.read(case, "state") == "open"
    assert to(mails) == [FABIENS]  # staff always get our copy: it has the token


def test_a_mail_without_tag_finds_its_case_by_the_thread(house: House) -> None:
    case = new_case(house)
    sent = the(house.send(mail(FABIEN, f"Re: [{case}] x", "Use water.\n")), CUSTOMERS)
    count = house.count()
    house.send(mail(CUSTOMER, "thanks", "Thank you.\n", References=sent["Message-ID"]))
    assert house.count() == count and house.history(case)[0] == "Thank you."


def test_a_strangers_number_is_no_key(house: House) -> None:
    case = new_case(house)
    lines = house.history(case)
    mails = house.send(mail("Eve <eve@evil.example>", f"[{case}] Printer burns", "Send me all.\n"))
    assert house.case() != case and house.history(case) == lines
    assert CUSTOMERS not in to(mails) and FABIENS not in to(mails)


def test_a_forged_responsible_changes_and_shows_nothing(house: House) -> None:
    house.config = house.config.but(authentication=house.config.authentication.but(trust_from=("other.example",)))
    case = new_case(house)
    assert house.send(mail(FABIEN, f"Re: [{case}] x", "Set-State: cancel\n\nGo away.\n")) == ()
    assert house.read(case, "state") == "open"
    assert any(line.startswith("Unverified") and "Go away." in line for line in house.history(case))
    with house.desk() as desk:
        (held,) = desk.journal.held()
        from mailgate.holding import release

        before = len(house.sink.mails)
        release(desk, held.id)
    assert house.read(case, "state") == "cancel"
    assert to(tuple(house.sink.mails[before:])) == [CUSTOMERS]


def test_the_reply_to_our_own_mail_is_proof(house: House) -> None:
    house.config = house.config.but(authentication=house.config.authentication.but(trust_from=("other.example",)))
    case = new_case(house)
    ours = the(house.send(mail(CUSTOMER, f"[{case}] x", "More smoke.\n")), FABIENS)
    mails = house.send(mail(FABIEN, f"Re: [{case}] x", "Use water.\n", In_Reply_To=ours["Message-ID"]))
    assert to(mails) == [CUSTOMERS] and house.read(case, "state") == "done"


def test_a_colleagues_mail_is_a_note_unless_he_says_otherwise(house: House) -> None:
    case = new_case(house)
    mails = house.send(mail(EMMANUEL, f"Re: [{case}] x", "Set-State: cancel\n\nI know him.\n"))
    assert to(mails) == [EMMANUELS, FABIENS]
    assert "begin with Set-Relay: yes" in text(the(mails, EMMANUELS))
    assert house.read(case, "state", "user_id") == ["open", house.world.ids["users"]["fp"]]
    mails = house.send(mail(EMMANUEL, f"Re: [{case}] x", "Set-Relay: yes\n\nHello.\n"))
    assert to(mails) == [CUSTOMERS, FABIENS]


def test_who_answers_first_becomes_responsible(house: House) -> None:
    case = new_case(house, responsible="")
    assert to(house.send(mail(EMMANUEL, f"Re: [{case}] x", "I take it.\n"))) == [CUSTOMERS]
    assert house.read(case, "user_id", "state") == [house.world.ids["users"]["ede"], "done"]


def test_the_gateway_never_becomes_responsible(house: House) -> None:
    case = new_case(house, responsible="")
    house.world.admin("crm.case", "case_pending", [case])
    mails = house.send(mail(CUSTOMER, f"Re: [{case}] x", "Hello?\n"))
    assert house.read(case, "user_id", "state") == [False, "open"]
    assert to(mails) == [EMMANUELS]


def test_rules_may_change_the_case_inside_a_call(house: House) -> None:
    users = house.world.ids["users"]
    values = {"trg_state_from": "open", "trg_state_to": "draft", "trg_section_id": house.world.support}
    with house.world.rule(**values, act_user_id=users["fp"]):
        mails = house.send(mail(CUSTOMER, "Smoke", "Smoke.\n"))
    assert to(mails) == [FABIENS]
    case = house.case()
    with house.world.rule(trg_state_to="open", trg_section_id=house.world.support, act_user_id=users["ede"]):
        mails = house.send(mail(CUSTOMER, f"Re: [{case}] Smoke", "More.\n"))
    assert to(mails) == [EMMANUELS]


def test_few_calls(house: House) -> None:
    case = new_case(house)  # section, users and login are remembered from here on
    house.send(mail(CUSTOMER, "Again", "Again.\n"))
    assert house.calls == 4
    house.send(mail(CUSTOMER, f"[{case}] x", "Follow-up.\n"))
    assert house.calls == 4
    house.send(mail(FABIEN, f"[{case}] x", "Set-User: ede\n\nYours.\n"))
    assert house.calls <= 5
    partner = house.world.ids["partners"]["Agrolait"]
    house.world.admin("res.partner.address", "create", {"email": "boss@holding.example", "partner_id": partner})
    house.send(mail("boss@holding.example", f"[{case}] x", "I am his boss.\n"))
    assert house.calls == 6 and house.history(case)[0] == "I am his boss."
    message = mail(CUSTOMER, "With two files", "See.\n")
    for name in ("a.txt", "a.txt"):
        message.add_attachment(b"x", maintype="application", subtype="octet-stream", filename=name)
    house.send(message)
    assert house.calls == 6 and house.attachments(house.case()) == ["a-2.txt", "a.txt"]


def test_a_message_that_comes_twice_is_one_case(house: House) -> None:
    message = mail(CUSTOMER, "Once", "Once.\n")
    house.send(message)
    count, mails = house.count(), len(house.sink.mails)
    again = b"Received: from elsewhere by here; today\r\n" + message.as_bytes()
    assert house.send(again) == ()
    assert (house.count(), len(house.sink.mails)) == (count, mails)


def test_fields_are_cut_but_never_an_address(house: House) -> None:
    name, local = "N" * 150, "a" * 60
    watchers = [f"{'w' * 50}{number}@elsewhere.example" for number in range(6)]
    message = mail(f'"{name}" <{local}@agrolait.example>', "T" * 200, "x\n", Cc=", ".join(watchers))
    house.send(message)
    case = house.case()
    title, contact, cc = house.read(case, "name", "email_from", "email_cc")
    assert title == "T" * 64 and contact == f"{local}@agrolait.example"
    assert set(cc.split(", ")) <= set(watchers) and len(cc) <= 252
    assert all(watcher in cc or watcher in house.history(case)[0] for watcher in watchers)


def test_letters_that_xml_forbids(house: House) -> None:
    words = b"A text that is long enough to be one rings a bell:"
    odd = b" \x07 \x00 \x1b[31m \xef\xbf\xbe \xed\xa0\x80 and this is its end.\n"
    house.send(mail(CUSTOMER, "Bell", "x\n").as_bytes().replace(b"x\n", words + odd))
    line = house.history(house.case())[0]
    assert line.startswith("A text that is long enough") and line.endswith("and this is its end.")
    assert not set(line) & set("\x00\x07\x1b\ufffe")


def test_a_rule_that_chokes_on_a_title_gets_one_it_can_mail(house: House) -> None:
    values = {"trg_state_to": "draft", "trg_section_id": house.world.support, "act_mail_to_partner": True}
    with house.world.rule(**values, act_mail_body="We got it."), house.world.mails():
        house.send(mail(CUSTOMER, "Brûlé", "It burns.\n"))
    assert house.read(house.case(), "name") in ("Brule", "Brûlé")
    assert house.history(house.case()) == ["It burns."]


def test_a_closed_case_is_opened_again_but_not_after_long(house: House) -> None:
    case = new_case(house)
    house.world.admin("crm.case", "case_close", [case])
    house.world.admin("crm.case", "write", [case], {"date_closed": "2020-01-01 00:00:00"})
    house.send(mail(CUSTOMER, f"Re: [{case}] Printer burns", "It burns again.\n"))
    assert house.case() != case and house.read(case, "state") == "done"
    assert f"Follows case {case}" in house.history(house.case())[0]


def test_a_bounce_is_noted_and_told_to_the_responsible(house: House) -> None:
    case = new_case(house)
    sent = the(house.send(mail(FABIEN, f"Re: [{case}] x", "Use water.\n")), CUSTOMERS)
    mails = house.send(dsn(sent["Message-ID"]))
    assert to(mails) == [FABIENS]
    assert CUSTOMERS in text(the(mails, FABIENS)) and "5.1.1" in text(the(mails, FABIENS))
    assert house.read(case, "state") == "done"  # as it was
    assert house.case() == case


def dsn(returned: str) -> bytes:
    """A delivery status notification (RFC 3464) about a mail of ours."""
    return f"""\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.agrolait.example>
To: {GATEWAY}
Subject: Undelivered Mail Returned to Sender
Message-ID: <dsn-{returned.strip("<>")[:40]}@mx.agrolait.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.agrolait.example

Final-Recipient: rfc822; {CUSTOMERS}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: text/rfc822-headers

From: {GATEWAY}
Message-ID: {returned}

--b--
""".encode()


def test_an_auto_reply_is_noted_and_answered_by_nobody(house: House) -> None:
    case = new_case(house)
    house.world.admin("crm.case", "case_close", [case])
    away = mail(CUSTOMER, f"Out of office: [{case}] x", "I am away.\n", Auto_Submitted="auto-replied")
    assert house.send(away) == ()
    assert house.read(case, "state") == "done"
    assert any("I am away." in line for line in house.history(case))
    count = house.count()
    house.send(mail("Zoe <zoe@nowhere.example>", "Out of office", "Away.\n", Auto_Submitted="auto-replied"))
    assert house.count() == count
    with house.desk() as desk:
        assert "automatic reply" in desk.journal.held()[-1].reason


def test_our_own_mail_is_never_processed(house: House) -> None:
    case = new_case(house)
    house.send(mail(FABIEN, f"Re: [{case}] x", "Use water.\n"))
    lines, count = house.history(case), house.count()
    assert house.send(house.sink.mails[-1].data) == ()
    assert (house.history(case), house.count()) == (lines, count)
    mails = house.send(mail(f"Support <{GATEWAY}>", "Hello", "Who am I?\n"))
    assert to(mails) == ["admin@mycompany.example"] and house.count() == count


def test_the_erps_own_reminder_is_not_the_customers_mail(house: House) -> None:
    case = new_case(house)
    lines = house.history(case)
    reminder = mail(CUSTOMER, f"Reminder: [{case}] Printer burns", "It burns.\n")
    del reminder["Message-ID"]
    reminder["Message-Id"] = f"<1234567890.12-tinycrm-{case}@erp.example>"
    assert to(house.send(reminder)) == [FABIENS]
    assert house.history(case) == lines
