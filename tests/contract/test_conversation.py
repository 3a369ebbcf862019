"""The conversation of the user's document, and what must not happen in it, the same on every ERP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.contract.house import (
    ADMINS,
    CUSTOMER,
    CUSTOMERS,
    EMMANUEL,
    EMMANUELS,
    FABIEN,
    FABIENS,
    GATEWAY,
    House,
    mail,
    text,
    the,
    to,
)

EXAMPLE = (
    "Set-User: ede\nSet-State : pending\n\nHello Emmanuel,\nHere is a case you should take into account.\nFabien\n"
)


def new_case(house: House, responsible: str = "fp", **fields: str) -> int:
    house.send(mail(CUSTOMER, "Printer burns", "It burns.\n", **fields))
    case = house.case()
    if responsible:
        house.books.assign(case, responsible)
    return case


def test_a_customers_mail_makes_a_case(house: House) -> None:
    books = house.books
    message = mail(CUSTOMER, "Re: Printer burns", "It burns.\n", Cc="Bob <bob@elsewhere.example>", X_Priority="1")
    message.add_attachment(b"smoke", maintype="image", subtype="png", filename="smoke.png")
    mails = house.send(message)
    case = house.case()
    assert books.title(case) == "Printer burns" and books.section(case) == "SSUP"
    assert books.state(case) == books.traits.new and books.responsible(case) == ""
    assert books.contact(case) == CUSTOMERS and books.partner(case) == "Agrolait"
    assert books.watchers(case) == ["bob@elsewhere.example"]
    assert books.priority(case) == books.traits.priority(1)
    assert books.history(case) == [("It burns.", False)]
    assert books.attachments(case) == ["smoke.png"]
    assert to(mails) == [EMMANUELS]  # the section's responsible: nobody is responsible for the case
    copy = the(mails, EMMANUELS)
    assert copy["Subject"] == f"Re: [{case}] Printer burns"
    assert copy["From"].addresses[0].addr_spec == GATEWAY
    assert CUSTOMERS in copy["From"].addresses[0].display_name
    assert copy["X-Priority"] == str(books.traits.priority(1))


def test_his_further_mails_open_the_case_and_reach_the_responsible(house: House) -> None:
    case = new_case(house, Cc="bob@elsewhere.example")
    house.books.set_state(case, "close")
    mails = house.send(mail(CUSTOMER, f"AW: [{case}] Printer burns", "It still burns.\n-- \nCustomer\n"))
    assert house.books.state(case) == "open"
    assert house.history(case)[0] == "It still burns."
    assert to(mails) == ["bob@elsewhere.example", FABIENS]
    assert "X-Mailgate-Watchers" not in the(mails, "bob@elsewhere.example")


@pytest.mark.parametrize("state", ["draft", "pending", "close", "cancel"])
def test_the_customer_opens_a_case_whatever_its_state(house: House, state: str) -> None:
    case = new_case(house)
    house.books.set_state(case, state)
    assert house.books.state(case) == house.books.traits.state(state)
    house.send(mail(CUSTOMER, f"Re: [{case}] Printer burns", "It still burns.\n"))
    assert house.books.state(case) == "open" and house.case() == case
    assert house.books.responsible(case) == "fp"


@pytest.mark.parametrize("chosen", ["close", "pending", "keep"])
def test_the_responsibles_reply_reaches_the_customer(make_house: Callable[..., House], chosen: str) -> None:
    house = make_house(states_responsible=chosen)
    case = new_case(house)
    mails = house.send(mail(FABIEN, f"Re: [{case}] Printer burns", "Use water.\n"))
    assert house.books.state(case) == (house.books.traits.new if chosen == "keep" else chosen)
    assert house.history(case)[0] == "Use water."
    assert to(mails) == [CUSTOMERS]
    assert the(mails, CUSTOMERS)["Subject"] == f"Re: [{case}] Printer burns"
    assert "fabien@" not in the(mails, CUSTOMERS).as_string()


def test_the_documents_example(house: House) -> None:
    case = new_case(house)
    mails = house.send(mail(FABIEN, f"Re: [{case}] Printer burns", EXAMPLE))
    assert house.books.state(case) == "pending" and house.books.responsible(case) == "ede"
    assert to(mails) == [CUSTOMERS, EMMANUELS]
    expected = "Hello Emmanuel,\nHere is a case you should take into account.\nFabien\n"
    assert text(the(mails, EMMANUELS)) == text(the(mails, CUSTOMERS)) == expected
    assert house.history(case)[0] == expected.strip()


@pytest.mark.parametrize(
    ("line", "word", "value"),
    [
        ("Set-State: draft", "state", "draft"),
        ("Set-State: open", "state", "open"),
        ("Set-State: pending", "state", "pending"),
        ("Set-State: closed", "state", "close"),
        ("Set-State: cancelled", "state", "cancel"),
        ("SET-PRIORITY : high", "priority", 2),
        ("Set-Priority: highest", "priority", 1),
        ("Set-Subject: Fire", "title", "Fire"),
        ("Set-Cc: +carol@elsewhere.example", "watchers", ["carol@elsewhere.example"]),
        ("Set-Partner: visitor@nowhere.example", "contact", "visitor@nowhere.example"),
        ("Set-Section: SALES", "section", "SALES"),
        ("Set-User: Emmanuel", "responsible", "ede"),
        ("Set-Category: Hardware", "category", "Hardware"),
        ("Set-Deadline: 2027-01-31", "deadline", "2027-01-31"),
        ("Set-Cost: 1 234,56", "cost", 1234.56),
        ("Set-Revenue: 1,234.56", "revenue", 1234.56),
        ("Set-Probability: 25 %", "probability", 0.25),
    ],
)
def test_each_command(make_house: Callable[..., House], line: str, word: str, value: Any) -> None:
    house = make_house(states_responsible="keep")  # a lead that is closed is won, with a probability of 100
    case, traits = new_case(house), house.books.traits
    mails = house.send(mail(FABIEN, f"Re: [{case}] x", f"{line}\n\nDone.\n"))
    if word in ("category", "deadline", "cost", "revenue", "probability") and word not in traits.fields:
        assert to(mails) == [FABIENS]
        assert "this ERP has no field for it" in text(the(mails, FABIENS))
        assert house.books.state(case) == traits.new
        return
    renamed: dict[str, Mapping[Any, Any]] = {"state": traits.states, "priority": traits.priorities}
    expected = value if word not in renamed else renamed[word].get(value, value)
    assert getattr(house.books, word)(case) == expected
    assert to(mails) != [FABIENS]
    assert all("Set-" not in text(envelope.message) and "SET-" not in text(envelope.message) for envelope in mails)
    assert house.history(case)[0] == "Done."


def test_commands_without_text_change_and_tell_nobody(house: House) -> None:
    case, books = new_case(house), house.books
    lines = len(house.history(case))
    assert house.send(mail(FABIEN, f"Re: [{case}] x", "Set-Priority: 5\n")) == ()
    assert (books.priority(case), books.state(case)) == (books.traits.priority(5), books.traits.new)
    assert len(house.history(case)) == lines


def test_a_bad_line_stops_the_relay_until_it_is_answered(house: House) -> None:
    case, books = new_case(house), house.books
    mails = house.send(mail(FABIEN, f"Re: [{case}] x", "Set-Stat: pending\nSet-Priority: 2\n\nUse water.\n"))
    assert to(mails) == [FABIENS]
    assert (books.state(case), books.priority(case)) == (books.traits.new, 2)
    answer = the(mails, FABIENS)
    assert "Set-Stat: pending" in text(answer) and "Did you mean: Set-State: pending" in text(answer)
    assert answer["Auto-Submitted"] == "auto-replied" and mails[0].sender == ""
    mails = house.send(mail(FABIEN, f"Re: {answer['Subject']}", "yes\n", In_Reply_To=answer["Message-ID"]))
    assert to(mails) == [CUSTOMERS]
    assert text(the(mails, CUSTOMERS)) == "Use water.\n"
    assert books.state(case) == "close"
    assert house.history(case).count("Use water.") == 1


def test_corrected_lines_send_it_with_those(house: House) -> None:
    case = new_case(house)
    answer = the(house.send(mail(FABIEN, f"Re: [{case}] x", "Set-User: emanuel\n\nUse water.\n")), FABIENS)
    assert "Did you mean: Set-User: ede" in text(answer)
    mails = house.send(mail(FABIEN, f"Re: {answer['Subject']}", "Set-User: ede\n", In_Reply_To=answer["Message-ID"]))
    assert to(mails) == [CUSTOMERS, EMMANUELS]
    assert house.books.responsible(case) == "ede"


def test_relay_no_is_an_internal_note(house: House) -> None:
    case, books = new_case(house), house.books
    message = mail(FABIEN, f"Re: [{case}] x", "Set-Relay: no\n\nHe is a fool.\n")
    message.add_attachment(b"secret", maintype="application", subtype="pdf", filename="secret.pdf")
    assert house.send(message) == ()
    assert books.state(case) == books.traits.new
    assert books.attachments(case) == (["secret.pdf"] if books.traits.note_files else [])
    assert books.history(case)[0] == ("He is a fool.", True)


def test_a_user_starts_a_conversation(house: House) -> None:
    started = mail(FABIEN, "Your offer", "Here it is.\n", to=CUSTOMERS, Cc=GATEWAY)
    assert house.send(started) == ()  # the customer had it already
    case, books = house.case(), house.books
    assert (books.responsible(case), books.partner(case), books.state(case)) == ("fp", "Agrolait", "close")
    assert books.contact(case) == CUSTOMERS
    reply = mail(CUSTOMER, "Re: Your offer", "Too dear.\n", In_Reply_To=started["Message-ID"], Cc=FABIENS)
    mails = house.send(reply)
    assert house.case() == case and books.state(case) == "open"
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


def test_a_stranger_gets_a_case_of_his_own(house: House) -> None:
    mails = house.send(mail("Eve Adams <eve@paradise.example>", "Hello", "An apple?\n"))
    case, books = house.case(), house.books
    assert books.contact(case) == "eve@paradise.example" and books.responsible(case) == ""
    assert books.history(case) == [("An apple?", False)]
    assert to(mails) == [EMMANUELS]
    assert to(house.send(mail(EMMANUEL, f"Re: [{case}] Hello", "No.\n"))) == ["eve@paradise.example"]


def test_a_forged_responsible_changes_and_shows_nothing(house: House) -> None:
    house.distrust()
    case, books = new_case(house), house.books
    assert house.send(mail(FABIEN, f"Re: [{case}] x", "Set-State: cancel\n\nGo away.\n")) == ()
    assert books.state(case) == books.traits.new
    (note,) = [one for one in books.history(case) if "Go away." in one[0]]
    assert note[0].startswith("Unverified") and note[1]
    with house.desk() as desk:
        (held,) = desk.journal.held()
        from mailgate.holding import release

        before = len(house.sink.mails)
        release(desk, held.id)
    assert books.state(case) == "cancel"
    assert to(tuple(house.sink.mails[before:])) == [CUSTOMERS]


def test_the_reply_to_our_own_mail_is_proof(house: House) -> None:
    house.distrust()
    case = new_case(house)
    ours = the(house.send(mail(CUSTOMER, f"[{case}] x", "More smoke.\n")), FABIENS)
    mails = house.send(mail(FABIEN, f"Re: [{case}] x", "Use water.\n", In_Reply_To=ours["Message-ID"]))
    assert to(mails) == [CUSTOMERS] and house.books.state(case) == "close"


def test_a_colleagues_mail_is_a_note_unless_he_says_otherwise(house: House) -> None:
    case, books = new_case(house), house.books
    mails = house.send(mail(EMMANUEL, f"Re: [{case}] x", "Set-State: cancel\n\nI know him.\n"))
    assert to(mails) == [EMMANUELS, FABIENS]
    assert "begin with Set-Relay: yes" in text(the(mails, EMMANUELS))
    assert (books.state(case), books.responsible(case)) == (books.traits.new, "fp")
    assert next(internal for words, internal in books.history(case) if "I know him." in words)
    mails = house.send(mail(EMMANUEL, f"Re: [{case}] x", "Set-Relay: yes\n\nHello.\n"))
    assert to(mails) == [CUSTOMERS, FABIENS]


def test_who_answers_first_becomes_responsible(house: House) -> None:
    case = new_case(house, responsible="")
    assert to(house.send(mail(EMMANUEL, f"Re: [{case}] x", "I take it.\n"))) == [CUSTOMERS]
    assert (house.books.responsible(case), house.books.state(case)) == ("ede", "close")


def test_the_gateway_never_becomes_responsible(house: House) -> None:
    case = new_case(house, responsible="")
    house.books.set_state(case, "pending")
    mails = house.send(mail(CUSTOMER, f"Re: [{case}] x", "Hello?\n"))
    assert (house.books.responsible(case), house.books.state(case)) == ("", "open")
    assert to(mails) == [EMMANUELS]


def test_another_address_of_his_company_is_known(house: House) -> None:
    case = new_case(house)
    house.books.add_address("Agrolait", "boss@holding.example")
    house.send(mail("boss@holding.example", f"[{case}] x", "I am his boss.\n"))
    assert house.case() == case and house.history(case)[0] == "I am his boss."


def test_two_files_of_one_name(house: House) -> None:
    message = mail(CUSTOMER, "With two files", "See.\n")
    for name in ("a.txt", "a.txt"):
        message.add_attachment(b"x", maintype="application", subtype="octet-stream", filename=name)
    house.send(message)
    assert house.books.attachments(house.case()) == ["a-2.txt", "a.txt"]


def test_a_message_that_comes_twice_is_one_case(house: House) -> None:
    message = mail(CUSTOMER, "Once", "Once.\n")
    house.send(message)
    count, mails = house.count(), len(house.sink.mails)
    again = b"Received: from elsewhere by here; today\r\n" + message.as_bytes()
    assert house.send(again) == ()
    assert (house.count(), len(house.sink.mails)) == (count, mails)


def test_many_watchers_and_long_names_lose_no_address(house: House) -> None:
    name, local = "N" * 150, "a" * 60
    watchers = [f"{'w' * 50}{number}@elsewhere.example" for number in range(6)]
    house.send(mail(f'"{name}" <{local}@agrolait.example>', "T" * 200, "x\n", Cc=", ".join(watchers)))
    case, books = house.case(), house.books
    assert books.title(case) == ("T" * 200)[: books.traits.title]
    assert books.contact(case) == f"{local}@agrolait.example"
    kept = books.watchers(case)
    assert set(kept) <= set(watchers)
    assert all(watcher in kept or watcher in house.history(case)[0] for watcher in watchers)


def test_letters_that_xml_forbids(house: House) -> None:
    words = b"A text that is long enough to be one rings a bell:"
    odd = b" \x07 \x00 \x1b[31m \xef\xbf\xbe \xed\xa0\x80 and this is its end.\n"
    house.send(mail(CUSTOMER, "Bell", "x\n").as_bytes().replace(b"x\n", words + odd))
    line = house.history(house.case())[0]
    assert line.startswith("A text that is long enough") and line.endswith("and this is its end.")
    assert not set(line) & set("\x00\x07\x1b\ufffe")


def test_letters_that_html_uses(house: House) -> None:
    words = "if a < b && b > c: <script>alert('x')</script> &amp; <b>\n  four\n\n    more, \"quoted\" - Brûlé 漢字 😀"
    house.send(mail(CUSTOMER, "Set <b> & Brûlé 漢字 😀", words + "\n"))
    case = house.case()
    assert house.books.title(case) == "Set <b> & Brûlé 漢字 😀"
    assert house.history(case)[0].split() == words.split()


def test_a_closed_case_is_opened_again_but_not_after_long(house: House) -> None:
    case = new_case(house)
    house.books.close_long_ago(case)
    house.send(mail(CUSTOMER, f"Re: [{case}] Printer burns", "It burns again.\n"))
    assert house.case() != case and house.books.state(case) == "close"
    assert f"Follows case {case}" in house.history(house.case())[0]


def test_a_bounce_is_noted_and_told_to_the_responsible(house: House) -> None:
    case = new_case(house)
    sent = the(house.send(mail(FABIEN, f"Re: [{case}] x", "Use water.\n")), CUSTOMERS)
    mails = house.send(dsn(sent["Message-ID"]))
    assert to(mails) == [FABIENS]
    assert CUSTOMERS in text(the(mails, FABIENS)) and "5.1.1" in text(the(mails, FABIENS))
    assert house.books.state(case) == "close"  # as it was
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
    house.books.set_state(case, "close")
    away = mail(CUSTOMER, f"Out of office: [{case}] x", "I am away.\n", Auto_Submitted="auto-replied")
    assert house.send(away) == ()
    assert house.books.state(case) == "close"
    assert any("I am away." in line for line in house.history(case))
    count = house.count()
    house.send(mail("Zoe <zoe@nowhere.example>", "Out of office", "Away.\n", Auto_Submitted="auto-replied"))
    assert house.count() == count
    assert "automatic reply" in house.held()[-1]


def test_our_own_mail_is_never_processed(house: House) -> None:
    case = new_case(house)
    house.send(mail(FABIEN, f"Re: [{case}] x", "Use water.\n"))
    lines, count = house.history(case), house.count()
    assert house.send(house.sink.mails[-1].data) == ()
    assert (house.history(case), house.count()) == (lines, count)
    mails = house.send(mail(f"Support <{GATEWAY}>", "Hello", "Who am I?\n"))
    assert to(mails) == [ADMINS] and house.count() == count


def test_the_erps_own_reminder_is_not_the_customers_mail(house: House) -> None:
    case = new_case(house)
    lines, count = house.history(case), house.count()
    reminder = mail(CUSTOMER, f"Reminder: [{case}] Printer burns", "It burns.\n")
    for name, value in house.books.reminder(case).items():
        del reminder[name]
        reminder[name] = value
    assert to(house.send(reminder)) == [FABIENS]
    assert (house.history(case), house.count()) == (lines, count)
