"""The first decision: for each writer, each command and each machine what the ERP gets and who hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from mailgate.model import Address, Dialect, Effect, Mail, Plan
from mailgate.policy import Authentication, Config, Limits
from tests.builders import CARLA, CASE, CONFIG, FACTS, GATEWAY, NOW, contact, decided, mail, question, token

FABIEN, EDE, WANDA = "fabien@mycompany.com", "emmanuel@mycompany.com", "wanda@elsewhere.net"
UNPROVEN = CONFIG.but(authentication=Authentication())
UNASSIGNED = FACTS.but(cases=(CASE.but(responsible=None),))
EMPTY = FACTS.but(cases=())
BAD, NOTED = ["sender: Not carried out"], ["sender: Internal note"]
TOKEN = {"config": UNPROVEN, "in_reply_to": token(12, "staff", FABIEN)}


def on_case(sender: str, text: str = "Hello\n", subject: str = "Re: [12] Printer", **more: Any) -> Plan:
    """Decide about a mail on case 12."""
    fields = {name: more.pop(name) for name in ("cc", "to", "in_reply_to", "precedence") if name in more}
    return decided(mail(text, sender=sender, subject=subject, **fields), more.pop("facts", FACTS), **more)


def new(text: str = "Hello\n", facts: Any = EMPTY, **more: Any) -> Plan:
    """Decide about a mail on something new."""
    names = ("sender", "to", "cc", "subject", "x_priority", "precedence", "message_id", "auto_submitted")
    fields = {name: more.pop(name) for name in names if name in more}
    return decided(mail(text, **fields), facts, **more)


def kinds(plan: Plan) -> list[str]:
    return [effect.kind if effect.state is None else f"state {effect.state}" for effect in plan.effects]


def values(plan: Plan) -> dict[str, Any]:
    return {name: value for effect in plan.effects for name, value in effect.values}


def said(plan: Plan) -> list[str]:
    """Return (to, first word of the subject) of each notice."""
    return [f"{notice.to}: {notice.subject.partition(':')[0]}" for notice in plan.notices]


def written(plan: Plan) -> Any:
    """Return the one history line of a plan."""
    (line,) = [effect.line for effect in plan.effects if effect.line]
    return line


def reasons(plan: Plan) -> bool:
    return bool(plan.reason) and all(effect.reason and effect.marker for effect in plan.effects)


# --- who writes on a case (section 5)


@pytest.mark.parametrize(
    ("sender", "more", "effects", "relay", "notices", "hold"),
    [
        ("fabien@mycompany.com", {}, ["record", "state close"], "customer", [], False),
        (FABIEN, {"config": UNPROVEN}, ["record"], "none", [], True),
        (FABIEN, TOKEN, ["record", "state close"], "customer", [], False),
        (FABIEN, {"config": UNPROVEN, "released": True}, ["record", "state close"], "customer", [], False),
        (EDE, {}, ["record"], "responsible", NOTED, False),
        (EDE, {"facts": UNASSIGNED}, ["record", "state close"], "customer", [], False),
        (EDE, {"commands_who": "users"}, ["record"], "responsible", NOTED, False),
        (EDE, {"config": UNPROVEN}, ["create"], "staff", [], False),
        (CARLA.email, {}, ["record", "state open"], "staff", [], False),
        (CARLA.email, {"facts": UNASSIGNED}, ["record"], "staff", [], False),
        ("boss@customer.org", {}, ["record", "state open"], "staff", [], False),
        (WANDA, {}, ["record", "state open"], "staff", [], False),
        ("guest@customer2.org", {"in_reply_to": token()}, ["record", "state open"], "staff", [], False),
        ("guest@x.org", {"in_reply_to": token(12, "staff", FABIEN)}, ["record"], "responsible", [], False),
        (EDE, TOKEN, ["record"], "responsible", [], False),
        ("oncall@pager.net", {"in_reply_to": token(12, "staff", "oncall@pager.net")}, ["record"], "responsible",
         NOTED, False),
        ("mallory@evil.net", {}, ["create"], "staff", [], False),
        ("mallory@evil.net", {"strangers": "attach"}, ["record", "state open"], "staff", [], False),
    ],
)  # fmt: skip
def test_a_mail_on_a_case(
    sender: str, more: dict[str, Any], effects: list[str], relay: str, notices: list[str], hold: bool
) -> None:
    plan = on_case(sender, **more)
    assert plan.verdict == "handle"
    assert (kinds(plan), plan.relay, said(plan), bool(plan.hold)) == (effects, relay, notices, hold)
    assert plan.case == (None if effects == ["create"] else 12)
    assert reasons(plan)
    assert plan.cut is False


def test_strangers_with_a_number_are_held_where_that_is_chosen() -> None:
    plan = on_case("mallory@evil.net", strangers="hold")
    assert (plan.verdict, plan.effects, plan.relay) == ("hold", (), "none")
    assert new(sender="mallory@evil.net", strangers="hold").verdict == "handle", "without a number he is a new customer"


def test_nothing_of_the_case_reaches_a_stranger_and_nothing_of_his_reaches_it() -> None:
    plan = on_case("mallory@evil.net", subject="Re: [12] Printer")
    assert plan.case is None
    assert values(plan)["title"] == "[12] Printer"
    assert "partner" not in values(plan)


def test_an_unproven_responsible_is_noted_and_waits() -> None:
    plan = on_case(FABIEN, "Set-State: cancel\nHello\n", config=UNPROVEN)
    assert kinds(plan) == ["record"]
    assert written(plan).internal
    assert "Unverified" in written(plan).text
    assert FABIEN in written(plan).text
    assert (plan.commands, values(plan)) == ((), {})
    assert "release" in plan.hold


def test_an_unassigned_case_is_opened_in_the_same_write() -> None:
    plan = on_case(CARLA.email, facts=UNASSIGNED)
    assert values(plan) == {"state": "open"}
    assert written(plan).text == "Hello"


def test_the_colleague_of_nobodys_case_becomes_responsible() -> None:
    plan = on_case(EDE, facts=UNASSIGNED)
    assert values(plan) == {"responsible": 5}
    inactive = on_case(EDE, facts=FACTS.but(cases=(CASE.but(responsible=8),)))
    assert values(inactive) == {"responsible": 5}
    given = on_case(EDE, "Set-User: fp\nHello\n", facts=UNASSIGNED)
    assert values(given) == {"responsible": 4}, "his own command goes before"


def test_a_colleague_is_told_how_to_reach_the_customer() -> None:
    plan = on_case(EDE)
    assert written(plan).internal
    assert "Set-Relay: yes" in plan.notices[0].text
    assert "Fabien Pinckaers" in plan.notices[0].text


@pytest.mark.parametrize(
    ("text", "relay", "internal", "notices", "cut"),
    [
        ("Set-Relay: yes\nHello\n", "customer", False, [], True),
        ("Set-Relay: no\nHello\n", "responsible", True, NOTED, True),
        ("Set-State: close\nHello\n", "responsible", True, NOTED, True),
        ("Set-Relay: yes\nSet-State: close\nHello\n", "customer", False, NOTED, True),
        ("Set-Relay: yes\nSet-Stat: close\nHello\n", "responsible", True, NOTED, True),
        ("Hello\nSet-State: close\n", "responsible", True, NOTED, False),
    ],
)
def test_a_colleagues_commands_but_relay_are_not_carried_out(
    text: str, relay: str, internal: bool, notices: list[str], cut: bool
) -> None:
    plan = on_case(EDE, text)
    assert (kinds(plan), plan.relay, written(plan).internal, said(plan), plan.cut) == (
        ["record"],
        relay,
        internal,
        notices,
        cut,
    )
    assert values(plan) == {}
    assert ("Set-Stat" in text and text.startswith("Set-")) == any("Set-Stat" in notice.text for notice in plan.notices)
    assert written(plan).text.startswith("Hello")


def test_every_user_may_command_where_that_is_chosen() -> None:
    plan = on_case(EDE, "Set-State: pending\nHello\n", commands_who="users")
    assert (kinds(plan), plan.relay) == (["record", "state pending"], "customer")


# --- the customer's side


def test_a_customers_command_lines_are_text() -> None:
    plan = on_case(CARLA.email, "Set-State: cancel\nHello\n")
    assert kinds(plan) == ["record", "state open"]
    assert "Set-State: cancel" in written(plan).text
    assert (plan.commands, plan.cut, plan.notices) == ((), False, ())


@pytest.mark.parametrize(
    ("sender", "more", "watchers"),
    [
        (CARLA.email, {"cc": "new@x.org"}, None),
        (CARLA.email, {"cc": "new@x.org", "in_reply_to": token()}, (WANDA, "new@x.org")),
        (
            CARLA.email,
            {"cc": f"{GATEWAY}, {WANDA.upper()}, {FABIEN}, Carla@customer.org", "in_reply_to": token()},
            None,
        ),
        (CARLA.email, {"cc": "no address, a@b.org, A@b.org", "in_reply_to": token()}, (WANDA, "a@b.org")),
        ("guest@customer.org", {"in_reply_to": token(), "partners": "address"}, (WANDA, "guest@customer.org")),
        ("guest@other.org", {"in_reply_to": token()}, None),
        ("guest@other.org", {"in_reply_to": token(), "cc": "a@b.org"}, None),
    ],
)
def test_who_becomes_a_watcher_by_a_follow_up(sender: str, more: dict[str, Any], watchers: Any) -> None:
    assert values(on_case(sender, **more)).get("watchers") == watchers


def test_a_guest_from_a_freemail_domain_does_not_become_a_watcher() -> None:
    case = CASE.but(contact=(Address("carla@gmail.com"),))
    plan = on_case("other@gmail.com", in_reply_to=token(email="carla@gmail.com"), facts=FACTS.but(cases=(case,)))
    assert kinds(plan) == ["record", "state open"]
    assert values(plan) == {}


# --- the responsible (sections 6 and 8)


@pytest.mark.parametrize(
    ("text", "effects", "changed", "relay", "notices", "cut"),
    [
        ("Hello\n", ["record", "state close"], {}, "customer", [], False),
        ("Set-State: pending\nHello\n", ["record", "state pending"], {}, "customer", [], True),
        ("Set-User: ede\nSet-State : pending\n\nHello Emmanuel\n", ["record", "state pending"], {"responsible": 5},
         "customer", [], True),
        ("Set-Relay: no\nHello\n", ["record"], {}, "responsible", [], True),
        ("Set-Relay: no\nSet-State: open\nHello\n", ["record", "state open"], {}, "responsible", [], True),
        ("Set-Relay: yes\nHello\n", ["record", "state close"], {}, "customer", [], True),
        ("Set-State: pending\n", ["state pending"], {}, "none", [], True),
        ("Set-User: ede\n", ["record"], {"responsible": 5}, "none", [], True),
        ("Set-User: ede\nSet-State: open\n\n-- \nF\n", ["record", "state open"], {"responsible": 5}, "none", [], True),
        ("Set-State: open\n\nOn 14 Nov 2023, Support wrote:\n> Hi\n", ["state open"], {}, "none", [], True),
        ("Set-Priority: 1\n\n> Hi\n> there\n", ["record"], {"priority": 1}, "none", [], True),
        ("\n", [], {}, "none", [], False),
        ("Set-Stat: pending\nHello\n", ["record"], {}, "none", BAD, True),
        ("Set-Rely: no\nSet-User: ede\nHello\n", ["record"], {"responsible": 5}, "none", BAD, True),
        ("Set-Rely: no\nSet-State: open\nHello\n", ["record", "state open"], {}, "none", BAD, True),
        ("Set-Stat: x\n", [], {}, "none", BAD, True),
        ("Set-User: nobody\nHello\n", ["record"], {}, "none", BAD, True),
        ("Hello\nSet-State: open\n", ["record", "state close"], {}, "customer", BAD, False),
        ("Set-Subject: New\nSet-Cost: 5\nHello\n", ["record", "state close"], {"title": "New", "cost": 5.0}, "customer",
         [], True),
        ("Set-Cc: +a@b.org\nHello\n", ["record", "state close"], {"watchers": (WANDA, "a@b.org")}, "customer", [],
         True),
    ],
)  # fmt: skip
def test_the_responsible_writes(
    text: str, effects: list[str], changed: dict[str, Any], relay: str, notices: list[str], cut: bool
) -> None:
    plan = on_case(FABIEN, text)
    assert (kinds(plan), values(plan), plan.relay, said(plan), plan.cut) == (effects, changed, relay, notices, cut)
    assert not [effect for effect in plan.effects if effect.line and "Set-Stat:" in effect.line.text]
    assert reasons(plan)
    assert (plan.verdict, plan.hold) == ("handle", "")


def test_an_internal_note_is_marked_and_its_attachments_stay_off_the_case() -> None:
    plan = on_file(FABIEN, "Set-Relay: no\nHello\n")
    assert kinds(plan) == ["record"]
    assert written(plan).internal
    assert kinds(on_file(FABIEN, "Set-Relay: no\nHello\n", internal_attachments=True)) == ["record", "attach"]


def on_file(sender: str, text: str, **more: Any) -> Plan:
    """Decide about a mail on case 12 with one attachment."""
    from mailgate.model import Attachment

    message = mail(text, sender=sender, subject="[12] x")
    return decided(message.but(attachments=(Attachment("a.pdf", "application/pdf", b"x"),)), FACTS, **more)


@pytest.mark.parametrize(
    ("chosen", "state"), [("close", ["state close"]), ("pending", ["state pending"]), ("keep", [])]
)
def test_the_state_after_a_reply_is_the_sections_choice(chosen: str, state: list[str]) -> None:
    assert kinds(on_case(FABIEN, states_responsible=chosen)) == ["record", *state]
    assert kinds(on_case(FABIEN, "Set-State: open\nHello\n", states_responsible=chosen)) == ["record", "state open"]


@pytest.mark.parametrize(
    ("text", "report", "notices"),
    [
        ("Set-State: open\nHello\n", "errors", []),
        ("Set-State: open\nHello\n", "always", ["sender: Carried out"]),
        ("Hello\n", "always", []),
        ("Set-Stat: open\nHello\n", "always", BAD),
        ("Set-Stat: open\nHello\n", "never", []),
        ("Hello\nSet-State: open\n", "never", []),
    ],
)
def test_when_commands_are_answered(text: str, report: str, notices: list[str]) -> None:
    assert said(on_case(FABIEN, text, commands_report=report)) == notices


def test_the_answer_quotes_each_bad_line_with_reason_and_nearest_form() -> None:
    (notice,) = on_case(FABIEN, "Set-Stat: pending\nSet-Priority: 9\nSet-User: ede\nHello\n").notices
    for line in ("Set-Stat: pending", "there is no command Set-Stat", "Did you mean: Set-State: pending",
                 "Set-Priority: 9", "'9' is no priority", "Set-User: ede", "NOT sent to", "> Hello"):  # fmt: skip
        assert line in notice.text


def test_an_attachment_alone_is_something_to_say() -> None:
    plan = on_file(FABIEN, "Set-State: open\n")
    assert (kinds(plan), plan.relay) == (["record", "state open", "attach"], "customer")
    assert written(plan).text == "(no text, attachments only)"


# --- the answer to a question of ours


def answered(text: str, earlier: str = "Set-Rely: no\nHello\n", sender: str = FABIEN, **more: Any) -> Plan:
    """Decide about an answer to the mail that asked about an earlier one with a bad line."""
    return on_case(sender, text, asked=mail(earlier, sender=FABIEN, subject="[12] x"), asked_id=7, **more)


@pytest.mark.parametrize(
    ("text", "effects", "relay", "source", "notices"),
    [
        ("yes\n", ["state close"], "customer", 7, []),
        ("Yes.\n\nOn 14 Nov 2023, Support wrote:\n> no\n", ["state close"], "customer", 7, []),
        ("no\n", [], "none", 7, []),
        ("Set-Relay: no\n", [], "responsible", 7, []),
        ("Set-State: pending\n", ["state pending"], "customer", 7, []),
        ("Set-User: ede\n", ["record", "state close"], "customer", 7, []),
        ("Set-Rel: no\n", [], "none", 7, BAD),
        ("yes, please do\n", ["record", "state close"], "customer", None, []),
        ("Set-State: open\nAnother text\n", ["record", "state open"], "customer", None, []),
        ("no idea\n", ["record", "state close"], "customer", None, []),
    ],
)
def test_the_sender_answers_what_he_was_asked(
    text: str, effects: list[str], relay: str, source: int | None, notices: list[str]
) -> None:
    plan = answered(text)
    assert (kinds(plan), plan.relay, plan.source, said(plan)) == (effects, relay, source, notices)
    if source:
        assert not [effect for effect in plan.effects if effect.line], "the text stands in the history already"


def test_yes_carries_out_nothing_against_the_good_lines_of_the_first_mail() -> None:
    quiet = answered("yes\n", "Set-Relay: no\nSet-Stat: x\nsecret\n")
    assert (quiet.relay, kinds(quiet)) == ("responsible", []), "Set-Relay: no still holds"
    told = answered("Set-Relay: yes\n", "Set-Relay: no\nSet-Stat: x\nfor all\n")
    assert told.relay == "customer"
    stated = answered("yes\n", "Set-State: pending\nSet-Prio: 9\nHello\n")
    assert (stated.relay, kinds(stated)) == ("customer", []), "the state was set already"


def test_somebody_elses_yes_is_an_ordinary_mail() -> None:
    plan = answered("yes\n", sender=EDE, facts=FACTS.but(cases=(CASE.but(responsible=5),)))
    assert (plan.source, kinds(plan)) == (None, ["record", "state close"])


# --- a new case


def test_what_a_new_case_holds() -> None:
    plan = new(
        "Hello\n\n-- \nCarla\n",
        EMPTY.but(contacts=(contact(),)),
        cc=f"{GATEWAY}, W <w@x.org>",
        x_priority="1",
        channel=3,
    )
    assert kinds(plan) == ["create"]
    assert values(plan) == {
        "title": "Printer", "section": 1, "contact": '"Carla Customer" <carla@customer.org>', "priority": 1,
        "channel": 3, "partner": 70, "contact_id": 31, "responsible": None, "watchers": ("w@x.org",),
    }  # fmt: skip
    assert written(plan).text == "Hello\n\n-- \nCarla", "nothing is cut from the first message"
    assert (plan.relay, plan.case, plan.notices, plan.cut) == ("staff", None, (), False)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"subject": "Re: Fwd: Printer"}, {"title": "Printer"}),
        ({"subject": ""}, {"title": "(no subject)"}),
        ({"subject": "[2024] budget"}, {"title": "[2024] budget"}),
        ({"x_priority": "3"}, {"priority": None}),
        ({"x_priority": "5"}, {"priority": 5}),
        ({"states_new": "draft"}, {"state": "draft"}),
        ({}, {"state": None, "watchers": None, "partner": None, "responsible": None}),
        ({"sender": ""}, {"contact": ""}),
        ({"sender": "no address"}, {"contact": ""}),
        ({"facts": EMPTY.but(contacts=(contact(partner=None),))}, {"contact_id": 31, "partner": None}),
    ],
)
def test_values_of_a_new_case(more: dict[str, Any], expected: dict[str, Any]) -> None:
    found = values(new(**more))
    assert {name: found.get(name) for name in expected} == expected


def test_a_failed_sender_is_not_linked_to_the_partner_he_claims_to_be() -> None:
    from mailgate.policy import Trust

    config = CONFIG.but(authentication=Authentication(trust=(Trust("mx"),)))
    message = mail()
    message = message.but(fields=(("Authentication-Results", "mx; dmarc=fail"), ("Received", "by mx"), *message.fields))
    plan = decided(message, EMPTY.but(contacts=(contact(),)), config=config)
    assert (plan.sender.role, values(plan).get("partner")) == ("stranger", None)


def test_a_new_customer_is_thanked_where_the_team_wants_it() -> None:
    assert said(new(acknowledge="Thanks")) == ["sender: Printer"]
    assert said(new(acknowledge="Thanks", sender="no address")) == []
    assert said(new(acknowledge="Thanks", precedence="bulk")) == []
    assert said(new()) == []


def test_a_mail_on_a_case_closed_too_long_ago_names_it() -> None:
    old = FACTS.but(cases=(CASE.but(state="close", closed=NOW - 99 * 86400),))
    plan = on_case(CARLA.email, facts=old)
    assert kinds(plan) == ["create"]
    assert written(plan).text.startswith("Follows case 12, Printer, which is closed.")


def test_a_user_starts_a_conversation_with_a_partner() -> None:
    plan = new("Set-Priority: 2\nHello Carla\n", EMPTY.but(contacts=(contact(),)), sender=FABIEN,
               to="Carla <carla@customer.org>, Otto <otto@other.org>", cc=f"{GATEWAY}, {EDE}")  # fmt: skip
    assert kinds(plan) == ["create", "state close"]
    assert values(plan) == {
        "title": "Printer", "section": 1, "contact": '"Carla" <carla@customer.org>', "partner": 70, "contact_id": 31,
        "responsible": 4, "watchers": ("otto@other.org", EDE), "priority": 2,
    }  # fmt: skip
    assert (plan.relay, plan.cut) == ("customer", True)
    assert written(plan).text == "Hello Carla"


@pytest.mark.parametrize(
    ("text", "effects", "relay", "internal"),
    [
        ("Set-State: open\nHello\n", ["create", "state open"], "customer", False),
        ("Set-Relay: no\nHello\n", ["create"], "responsible", True),
        ("Set-Relay: no\nSet-State: pending\nHello\n", ["create", "state pending"], "responsible", True),
        ("Set-Rely: no\nHello\n", ["create"], "none", False),
        ("Set-Rely: no\nSet-State: open\nHello\n", ["create", "state open"], "none", False),
    ],
)
def test_commands_in_a_users_first_mail(text: str, effects: list[str], relay: str, internal: bool) -> None:
    plan = new(text, sender=FABIEN, to=CARLA.email, cc=GATEWAY)
    assert (kinds(plan), plan.relay, written(plan).internal) == (effects, relay, internal)


@pytest.mark.parametrize(
    ("sender", "to"), [(FABIEN, GATEWAY), (FABIEN, f"{GATEWAY}, {EDE}"), (CARLA.email, "otto@other.org")]
)
def test_without_a_partner_among_the_readers_a_new_case_is_nobodys(sender: str, to: str) -> None:
    plan = new(sender=sender, to=to)
    assert (kinds(plan), values(plan)["responsible"]) == (["create"], None)


def test_an_unproven_user_starts_nothing_in_his_name() -> None:
    plan = new(sender=FABIEN, to=CARLA.email, cc=GATEWAY, config=UNPROVEN)
    assert values(plan)["responsible"] is None
    assert plan.relay == "staff"


# --- what machines write (section 7)

BOUNCE = b"""From: MAILER-DAEMON@mx.org
To: support@mycompany.com
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

It failed.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.org

Final-Recipient: rfc822; %s
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 no such user
--b--
"""


def bounce(failed: str, placed: bool = True) -> Plan:
    """Decide about a report that a mail could not be delivered."""
    from mailgate.message import parse
    from mailgate.model import Sender
    from mailgate.sender import Placed

    message = parse(BOUNCE % failed.encode())
    where = Placed(Sender(message.sender, "stranger", "", "a mail system"), CASE if placed else None)
    return decided(message, placed=where)


def test_a_bounce_is_noted_and_the_responsible_told() -> None:
    plan = bounce(CARLA.email)
    assert (kinds(plan), plan.relay, said(plan)) == (["record"], "none", ["responsible: Not delivered"])
    assert written(plan).internal
    for word in (CARLA.email, "5.1.1", "550 no such user"):
        assert word in written(plan).text
        assert word in plan.notices[0].text


def test_the_responsibles_own_bounce_goes_to_the_default_address() -> None:
    assert said(bounce("Fabien@MyCompany.com")) == ["default: Not delivered"]


def test_a_bounce_of_no_known_mail_is_never_a_case() -> None:
    plan = bounce(CARLA.email, placed=False)
    assert (plan.verdict, plan.effects, plan.notices) == ("hold", (), ())


@pytest.mark.parametrize(
    ("fields", "more", "verdict", "effects", "relay"),
    [
        ({"auto_submitted": "auto-replied", "subject": "[12] away"}, {}, "handle", ["record"], "none"),
        ({"auto_submitted": "auto-replied"}, {}, "hold", [], "none"),
        ({"auto_submitted": "auto-replied"}, {"automatic": "new"}, "handle", ["create"], "staff"),
        ({"auto_submitted": "auto-replied", "sender": FABIEN, "subject": "[12] x"}, {}, "handle", ["record"], "none"),
        ({"precedence": "bulk", "subject": "[12] x"}, {}, "handle", ["record", "state open"], "staff"),
        ({"precedence": "bulk"}, {}, "handle", ["create"], "staff"),
        ({"auto_submitted": "auto-generated"}, {}, "handle", ["create"], "staff"),
        ({"message_id": token()}, {}, "hold", [], "none"),
        ({"X-Mailgate-Loop": GATEWAY, "subject": "[12] x"}, {}, "hold", [], "none"),
        ({"message_id": "<1-tinycrm-12@erp>", "subject": "Reminder: [12] x"}, {}, "handle", [], "responsible"),
        ({"message_id": "<1-tinycrm-12@erp>", "subject": "[12] x"}, {}, "hold", [], "none"),
        ({"message_id": "<1-tinycrm-12@erp>", "subject": "Reminder: x"}, {}, "hold", [], "none"),
        ({"sender": GATEWAY, "subject": "[12] x"}, {}, "hold", [], "none"),
        ({"sender": "Help@MyCompany.com"}, {"aliases": ("help@mycompany.com",)}, "hold", [], "none"),
    ],
)  # fmt: skip
def test_what_machines_write(
    fields: dict[str, str], more: dict[str, Any], verdict: str, effects: list[str], relay: str
) -> None:
    options = {"mailbox_automatic" if name == "automatic" else name: value for name, value in more.items()}
    message = mail(**fields)
    asked = question(message, FACTS, **{name: value for name, value in options.items() if name != "mailbox_automatic"})
    if "mailbox_automatic" in options:
        box = asked.standing.mailbox.but(automatic=options["mailbox_automatic"])
        asked = asked.but(standing=asked.standing.but(mailbox=box))
    from mailgate.plan import decide

    plan = decide(asked)
    assert (plan.verdict, kinds(plan), plan.relay) == (verdict, effects, relay)
    assert plan.reason


def test_a_mail_from_the_gateway_itself_is_asked_about() -> None:
    assert said(new(sender=GATEWAY)) == ["default: Is this mail ours?"]
    assert said(new(message_id=token())) == [], "what is surely ours is only logged"


def test_an_automatic_reply_is_an_internal_note() -> None:
    plan = decided(mail("I am away.\n", subject="[12] away", auto_submitted="auto-replied"))
    assert written(plan).internal
    assert written(plan).text.endswith("I am away.")
    assert plan.notices == ()


@pytest.mark.parametrize("sender", [FABIEN, EDE])
def test_generated_mail_has_no_commands_and_is_never_answered(sender: str) -> None:
    plan = on_case(sender, "Set-Relay: yes\nSet-State: cancel\nSet-Stat: x\nHello\n", precedence="bulk")
    assert (plan.commands, plan.complaints, plan.notices, values(plan), plan.cut) == ((), (), (), {}, False)
    assert "state cancel" not in kinds(plan)
    assert "Set-State: cancel" in written(plan).text
    if sender == EDE:
        assert plan.relay == "responsible"


# --- limits and release


def test_what_is_too_large_is_kept_aside_before_anything_else() -> None:
    config = CONFIG.but(limits=Limits(message=100))
    assert new("x" * 200, config=config).verdict == "hold"
    assert new("x" * 200, config=config, released=True).verdict == "handle"


@pytest.mark.parametrize("fields", [{"message_id": token()}, {"auto_submitted": "auto-replied"}, {"sender": GATEWAY}])
def test_what_the_administrator_releases_is_handled(fields: dict[str, str]) -> None:
    plan = new(released=True, **fields)
    assert (plan.verdict, kinds(plan), plan.hold) == ("handle", ["create"], "")


# --- attachments (section 9)


def test_attachments_follow_the_line_and_what_is_left_out_is_said() -> None:
    from mailgate.model import Attachment

    files = (Attachment("a.exe", "application/x", b"x"), Attachment("b.pdf", "application/pdf", b"y"))
    config = CONFIG.but(limits=Limits(types=(".exe",)))
    for message in (mail(), mail(subject="[12] x"), mail(sender=FABIEN, subject="[12] x")):
        plan = decided(message.but(attachments=files), config=config)
        found: list[Effect] = [effect for effect in plan.effects if effect.kind == "attach"]
        assert [(effect.attachment, effect.name) for effect in found] == [(1, "b.pdf")]
        assert "Attachment left out: a.exe (1 bytes): .exe is not accepted here" in written(plan).text
        assert plan.effects[0].line is not None, "the history line comes first"


def test_each_effect_has_a_marker_that_finds_it_again() -> None:
    plan = on_file(CARLA.email, "Hello\n")
    markers = [effect.marker for effect in plan.effects]
    assert all(marker.startswith("mailgate 0123456789abcdef") for marker in markers)
    assert len({(effect.kind, effect.marker) for effect in plan.effects}) == len(plan.effects)
    again = decided(question_of := mail(subject="[12] x"), marker_text="other.1")
    assert isinstance(question_of, Mail)
    assert again.effects[0].marker == "mailgate other.1"


@pytest.mark.parametrize(
    "message",
    [
        mail("", sender="", to="", subject="", date="", message_id=""),
        mail("\x00\n", subject="[12]"),
        mail(sender="a@b, c@d"),
    ],
)
def test_a_poor_message_is_decided_too(message: Mail) -> None:
    plan = decided(message, EMPTY)
    assert plan.verdict == "handle"
    assert written(plan).text


@pytest.mark.parametrize(
    ("chosen", "dialect", "html", "kept"),
    [
        (None, Dialect(), True, False),
        (None, Dialect(original="html"), True, True),
        (None, Dialect(original="html"), False, False),
        ("always", Dialect(), False, True),
        ("never", Dialect(original="html"), True, False),
    ],
)
def test_the_mail_itself_is_kept_where_it_says_more(chosen: str, dialect: Dialect, html: bool, kept: bool) -> None:
    fields = {"MIME_Version": "1.0", "Content_Type": "text/html"} if html else {}
    plan = decided(mail("<p>It <b>burns</b></p>\n", **fields), dialect=dialect, attach_original=chosen)
    files = [(effect.name, effect.attachment) for effect in plan.effects if effect.kind == "attach"]
    assert files == ([("original.eml", -1)] if kept else [])


@pytest.mark.parametrize(("sender", "config", "unproven"), [
    (FABIEN, UNPROVEN, True), (FABIEN, CONFIG, False), (CARLA.email, UNPROVEN, False),
])  # fmt: skip
def test_a_users_address_without_a_proof_does_not_look_like_his(sender: str, config: Config, unproven: bool) -> None:
    (line,) = (effect.line for effect in new(sender=sender, config=config).effects if effect.line)
    assert line.unproven is unproven


@pytest.mark.parametrize(
    "text",
    [
        "-----Original Message-----\nFrom: Carla <carla@customer.org>\nSent: Monday\nTo: Support\nSubject: Printer\n\n"
        "Which toner?\n\nThe black one.\n",
        "Sent via DHL Express Mobile 12345\n",
        "> Where is the key?\n> Under the mat.\n",
    ],
)
def test_a_responsibles_mail_without_commands_is_never_taken_for_nothing(text: str) -> None:
    plan = decided(mail(text, sender="Fabien <fabien@mycompany.com>", subject="Re: [12] Printer"))
    assert plan.relay == "customer"
    recorded = [one.line.text for one in plan.effects if one.kind == "record" and one.line]
    assert len(recorded) == 1
    assert text.strip().split("\n")[-1] in recorded[0]
