"""The second decision: who gets mail, what it is called, and which ids it refers to."""

from __future__ import annotations

from typing import Any

import pytest

from mailgate.addressees import Mailing, address, recipients
from mailgate.model import Address, Mail, Notice, Plan, Relay, Sender, User
from tests.builders import CARLA, CASE, FACTS, GATEWAY, KEYS, SECTION, WANDA, mail, mailing, token

FABIEN = "fabien@mycompany.com"
EDE = "emmanuel@mycompany.com"
PARTNER = Sender(CARLA, "partner", "", "the contact")
RESPONSIBLE = Sender(Address(FABIEN, "Fabien"), "responsible", "trust_from", "responsible", 4)


def planned(relay: str = "staff", sender: Sender = PARTNER, **more: Any) -> Plan:
    """Return a plan that only says who should get the mail."""
    return Plan("handle", "r", sender, 12, "Printer", relay=relay, **more)  # type: ignore[arg-type]


def asked(relay: str, sender: Sender = PARTNER, message: Mail | None = None, **more: Any) -> Mailing:
    return mailing(message or mail(sender=sender.address.email), planned(relay, sender), **more)


def who(*given: Any, **more: Any) -> dict[str, str]:
    """Return the recipients with their audiences."""
    found = [(one.email, audience) for one, audience, _ in recipients(asked(*given, **more))]
    assert len({email.lower() for email, _ in found}) == len(found), "nobody twice"
    return dict(found)


# --- to whom


@pytest.mark.parametrize(
    ("relay", "sender", "expected"),
    [
        ("none", PARTNER, {}),
        ("staff", PARTNER, {FABIEN: "staff", WANDA.email: "partner"}),
        ("responsible", PARTNER, {FABIEN: "staff"}),
        ("customer", RESPONSIBLE, {CARLA.email: "partner", WANDA.email: "partner"}),
        ("responsible", RESPONSIBLE, {}),
        ("staff", RESPONSIBLE, {WANDA.email: "partner"}),
        ("customer", PARTNER, {FABIEN: "staff", WANDA.email: "partner"}),
        ("customer", Sender(Address(EDE), "colleague", "p", "r", 5),
         {CARLA.email: "partner", FABIEN: "staff", WANDA.email: "partner"}),
    ],
)  # fmt: skip
def test_each_relay_reaches_its_people_and_never_the_sender(
    relay: str, sender: Sender, expected: dict[str, str]
) -> None:
    assert who(relay, sender) == expected


def test_the_responsible_as_read_after_the_writes_gets_it() -> None:
    assert who("responsible", RESPONSIBLE, case=CASE.but(responsible=5)) == {EDE: "staff"}
    assert FABIEN not in who("customer", RESPONSIBLE, case=CASE.but(responsible=5))


@pytest.mark.parametrize(
    ("case", "section", "options", "expected"),
    [
        (CASE.but(responsible=None), SECTION, {}, [EDE]),
        (CASE.but(responsible=8), SECTION, {}, [EDE]),
        (CASE.but(responsible=99), SECTION, {}, [EDE]),
        (CASE.but(responsible=None), SECTION, {"notify": ("team@mycompany.com",)}, [EDE, "team@mycompany.com"]),
        (CASE.but(responsible=None), SECTION.but(responsible=8), {"notify": ("t@m.be", "u@m.b")}, ["t@m.be", "u@m.b"]),
        (CASE.but(responsible=None), SECTION.but(responsible=8), {}, ["postmaster@mycompany.com"]),
        (CASE.but(responsible=None), SECTION.but(responsible=None), {}, ["postmaster@mycompany.com"]),
        (CASE.but(responsible=None), SECTION.but(responsible=None), {"default": ""}, []),
        (CASE, SECTION, {"notify": ("team@mycompany.com",)}, [FABIEN]),
    ],
)  # fmt: skip
def test_who_stands_in_for_a_responsible_who_cannot_be_reached(
    case: Any, section: Any, options: dict[str, Any], expected: list[str]
) -> None:
    found = who("responsible", case=case, facts=FACTS.but(section=section), **options)
    assert found == dict.fromkeys(expected, "staff")


def test_a_responsible_without_an_address_is_stood_in_for() -> None:
    facts = FACTS.but(users=(User(4, "fp", "Fabien"), *FACTS.users[1:]))
    assert who("responsible", facts=facts) == {EDE: "staff"}


@pytest.mark.parametrize("seen", [{"to": f"{GATEWAY}, WANDA@elsewhere.net"}, {"cc": "Wanda <wanda@elsewhere.net>"}])
def test_the_customers_side_does_not_get_again_what_it_had(seen: dict[str, str]) -> None:
    message = mail(sender=CARLA.email, **seen)
    assert who("staff", PARTNER, message) == {FABIEN: "staff"}


def test_staff_get_our_copy_though_they_had_the_mail() -> None:
    message = mail(sender=CARLA.email, cc=f"{FABIEN}, {EDE}")
    watched = CASE.but(watchers=(WANDA, Address(EDE)))
    assert who("staff", PARTNER, message, case=watched) == {FABIEN: "staff", WANDA.email: "partner", EDE: "staff"}


def test_a_watcher_who_is_a_user_is_staff_while_he_is_active() -> None:
    watched = CASE.but(watchers=(Address("JD@x.org"), Address("John@MyCompany.com"), Address("olga@mycompany.com")))
    found = who("staff", case=watched)
    assert found["John@MyCompany.com"] == "staff"
    assert found["olga@mycompany.com"] == "partner"


def test_nobody_gets_it_twice_in_whatever_roles() -> None:
    case = CASE.but(
        contact=(CARLA, Address("Carla@CUSTOMER.org")), watchers=(Address(FABIEN.upper()), CARLA, WANDA, WANDA)
    )
    assert who("customer", Sender(Address(EDE), "colleague", "p", "r", 5), case=case) == {
        CARLA.email: "partner", FABIEN: "staff", WANDA.email: "partner",
    }  # fmt: skip


def test_gateway_addresses_and_what_is_no_address_get_nothing() -> None:
    bad = ("support@mycompany.com", "HELP@mycompany.com", "no address", "a@b\nc", "", "-x@y.org", '"q q"@x.org')
    case = CASE.but(watchers=tuple(map(Address, bad)), contact=(Address(GATEWAY.upper()),))
    assert who("customer", RESPONSIBLE, case=case, aliases=("help@mycompany.com",)) == {}


def test_the_sender_is_compared_with_plus_parts_where_that_is_chosen() -> None:
    sender = PARTNER.but(address=Address("wanda+x@elsewhere.net"))
    assert WANDA.email in who("staff", sender)
    assert WANDA.email not in who("staff", sender, plus=True)


def test_without_a_case_nobody_gets_a_copy() -> None:
    assert recipients(asked("customer", case=None)) == ()


# --- what it looks like


def relays(*given: Any, **more: Any) -> dict[str, Relay]:
    return {one.recipient.email: one for one in address(asked(*given, **more))}


def test_each_has_a_message_id_of_his_own_that_proves_for_him_alone() -> None:
    found = relays("customer", Sender(Address(EDE), "colleague", "p", "r", 5))
    assert len({one.message_id for one in found.values()}) == 3
    for email, one in found.items():
        made = KEYS.token(one.message_id)
        assert made is not None
        assert (made.case, made.audience) == (12, one.audience)
        assert [other for other in found if KEYS.made_for(made, other)] == [email]
        assert one.references[-1] == one.message_id
    again = relays("customer", Sender(Address(EDE), "colleague", "p", "r", 5))
    assert again == found, "a repeated mail bears the same id"


def test_references_hold_only_ids_that_he_wrote_or_was_sent() -> None:
    letters = {CARLA.email: ("<c1@x>", "<c2@x>"), FABIEN: (token(12, "staff", FABIEN),), "wanda@elsewhere.net": ()}
    message = mail(sender=EDE, in_reply_to=token(12, "staff", EDE), references=f"<secret@x> {token(12, 'staff', EDE)}")
    found = relays("customer", Sender(Address(EDE), "colleague", "p", "r", 5), message, letters=letters)
    assert found[CARLA.email].references == ("<c1@x>", "<c2@x>", found[CARLA.email].message_id)
    assert found[CARLA.email].in_reply_to == "<c2@x>"
    assert found[FABIEN].references == (token(12, "staff", FABIEN), found[FABIEN].message_id)
    assert found[WANDA.email].references == (found[WANDA.email].message_id,)
    assert found[WANDA.email].in_reply_to == ""


def test_a_long_thread_keeps_its_first_and_its_last_ids() -> None:
    ids = tuple(f"<{number}@x>" for number in range(30))
    one = relays("customer", RESPONSIBLE, letters={CARLA.email: ids})[CARLA.email]
    assert one.references == ("<0@x>", *ids[-8:], one.message_id)
    assert one.in_reply_to == "<29@x>"


@pytest.mark.parametrize(
    ("subject", "tag", "expected"),
    [
        ("Printer", "[{id}]", "[12] Printer"),
        ("Re: [12] Printer", "[{id}]", "Re: [12] Printer"),
        ("AW: RE: Printer", "[{id}]", "Re: [12] Printer"),
        ("Re: [2024] budget [12]", "[{id}]", "Re: [12] [2024] budget"),
        ("Printer", "[SSUP#{id}]", "[SSUP#12] Printer"),
        ("", "[{id}]", "[12] (no subject)"),
    ],
)
def test_the_subject_bears_the_tag(subject: str, tag: str, expected: str) -> None:
    message = mail(sender=CARLA.email, subject=subject)
    assert {one.subject for one in relays("staff", PARTNER, message, tag=tag).values()} == {expected}


@pytest.mark.parametrize(
    ("sender", "staff", "customer"),
    [
        (RESPONSIBLE, f"Fabien ({FABIEN}) via Support", "Fabien via Support"),
        (
            RESPONSIBLE.but(address=Address(FABIEN)),
            f"Fabien Pinckaers ({FABIEN}) via Support",
            "Fabien Pinckaers via Support",
        ),
        (RESPONSIBLE.but(address=Address(FABIEN, FABIEN)), None, "Fabien Pinckaers via Support"),
        (RESPONSIBLE.but(address=Address(FABIEN, f"Fabien <{FABIEN}>")), None, "Fabien Pinckaers via Support"),
        (PARTNER.but(address=Address("x@y.org")), "x@y.org via Support", "Support"),
        (PARTNER.but(address=Address("x@y.org", "x@y.org")), None, "Support"),
    ],
)
def test_staff_see_the_senders_address_and_customers_only_a_name(
    sender: Sender, staff: str | None, customer: str
) -> None:
    found = relays("customer", sender, case=CASE.but(responsible=5))
    assert found[WANDA.email].sender_name == customer
    if staff:
        assert found[EDE].sender_name == staff
    assert sender.address.email in found[EDE].sender_name


def test_customers_never_see_who_reads_along() -> None:
    message = mail(sender=CARLA.email, cc="new@stranger.net")
    found = relays("staff", PARTNER, message)
    about = dict(found[FABIEN].about)
    assert about["X-Mailgate-Case"] == "12"
    assert about["X-Mailgate-From"] == CARLA.email
    assert about["X-Mailgate-Watchers"] == WANDA.email
    assert about["X-Mailgate-Not-In-Case"] == "new@stranger.net"
    assert "not proven" in about["X-Mailgate-Standing"]
    assert found[WANDA.email].about == ()


def test_a_guest_is_named_to_staff_so_that_he_can_be_added() -> None:
    guest = Sender(Address("guest@other.org"), "stranger", "", "r")
    assert dict(relays("staff", guest)[FABIEN].about)["X-Mailgate-Not-In-Case"] == "guest@other.org"


@pytest.mark.parametrize(("priority", "shown"), [(1, 1), (2, 2), (3, None), (None, None), (5, 5)])
def test_the_cases_priority_goes_along_unless_it_is_normal(priority: int | None, shown: int | None) -> None:
    assert relays("staff", case=CASE.but(priority=priority))[FABIEN].priority == shown


def test_commands_are_cut_where_the_plan_says_so() -> None:
    for cut in (True, False):
        (one, *_) = address(mailing(mail(sender=FABIEN), planned("customer", RESPONSIBLE, cut=cut)))
        assert (one.kind, one.cut) == ("copy", cut)


# --- what the gateway writes itself


def noticed(
    to: str, kind: str = "answer", sender: Sender = RESPONSIBLE, case: Any = CASE, **options: Any
) -> list[Relay]:
    notice = Notice(to, kind, "Not carried out: Printer", "text {id}", "why")  # type: ignore[arg-type]
    plan = planned("none", sender, notices=(notice,))
    return list(address(mailing(mail(sender=sender.address.email), plan, case, **options)))


@pytest.mark.parametrize(
    ("to", "kind", "sender", "recipient", "audience", "subject"),
    [
        ("sender", "answer", RESPONSIBLE, FABIEN, "staff", "[12] Not carried out: Printer"),
        ("responsible", "report", PARTNER, FABIEN, "staff", "[CaseError] [12] Not carried out: Printer"),
        (
            "default",
            "report",
            PARTNER,
            "postmaster@mycompany.com",
            "staff",
            "[CaseError] [12] Not carried out: Printer",
        ),
        ("sender", "acknowledge", PARTNER, CARLA.email, "partner", "Re: [12] Not carried out: Printer"),
    ],
)
def test_notices_reach_their_reader_with_the_tag(
    to: str, kind: str, sender: Sender, recipient: str, audience: str, subject: str
) -> None:
    (one,) = noticed(to, kind, sender)
    assert (one.recipient.email, one.audience, one.kind, one.subject) == (recipient, audience, kind, subject)
    assert one.sender_name == "Support"
    assert KEYS.token(one.message_id) is not None
    assert one.text == ("text 12" if kind == "acknowledge" else "text {id}")


def test_without_a_case_a_notice_has_a_plain_id_and_no_tag() -> None:
    (one,) = noticed("default", "report", case=None)
    assert (one.subject, one.references) == ("[CaseError] Not carried out: Printer", ())
    assert KEYS.token(one.message_id) is None


def test_no_notice_goes_to_the_gateway_or_to_what_is_no_address() -> None:
    assert noticed("sender", sender=RESPONSIBLE.but(address=Address(GATEWAY.upper()))) == []
    assert noticed("sender", sender=RESPONSIBLE.but(address=Address("nobody"))) == []
    assert noticed("default", default="") == []
    assert noticed("default", default=GATEWAY) == []


def test_an_acknowledgement_fills_the_teams_template_and_nothing_else() -> None:
    notice = Notice("sender", "acknowledge", "Printer", "{tag} {id} {subject} {team} {other} {0}", "r")
    plan = planned("none", notices=(notice,)).but(subject="{id} {team}")
    (one,) = address(mailing(mail(), plan, tag="[S{id}]"))
    assert one.text == "[S12] 12 {id} {team} Support {other} {0}"
