"""Who somebody is to a case, and what makes it believed: each role with each proof."""

from __future__ import annotations

from typing import Any

import pytest

from mailgate.match import candidates
from mailgate.model import Address, Case, User
from mailgate.policy import Authentication, Config, Mailbox, Trust
from mailgate.sender import Placed, gateway_keys, place, role_in, users_at
from tests.builders import (
    CARLA,
    CASE,
    CONFIG,
    FACTS,
    GATEWAY,
    KEYS,
    MAILBOX,
    NOW,
    contact,
    mail,
    standing,
    token,
)

DAY = 86400.0
# A border that judges From: what it says stands above its Received.
JUDGING = CONFIG.but(authentication=Authentication(trust=(Trust("mx.mycompany.com"),), hosts=("mx.mycompany.com",)))


def placed(
    facts: Any = FACTS, config: Config = CONFIG, word: str = "", released: bool = False, **fields: Any
) -> Placed:
    """Place a mail with these fields; `word` is what the border says of From, options of the mailbox start with m_."""
    options = {name[2:]: fields.pop(name) for name in tuple(fields) if name.startswith("m_")}
    message = mail(**fields)
    if word:
        top = (
            ("Authentication-Results", f"mx.mycompany.com; dmarc={word}"),
            ("Received", "by mx.mycompany.com with ESMTP"),
        )
        message = message.but(fields=top + message.fields)
    where = standing(config, released, **options)
    found = candidates(message, where.mailbox.tag, KEYS, {}, frozenset())
    return place(message, found, facts, where, NOW)


TAGGED = "Re: [12] Printer"
FABIEN, EDE, CARLA_, WANDA, STRANGER = (
    "fabien@mycompany.com", "emmanuel@mycompany.com", CARLA.email, "wanda@elsewhere.net", "mallory@evil.net",
)  # fmt: skip


@pytest.mark.parametrize(
    ("sender", "config", "word", "role", "in_case", "proven"),
    [
        # trust_from: mycompany.com
        (FABIEN, CONFIG, "", "responsible", True, True),
        (EDE, CONFIG, "", "colleague", True, True),
        (CARLA_, CONFIG, "", "partner", True, False),
        (WANDA, CONFIG, "", "watcher", True, False),
        (STRANGER, CONFIG, "", "stranger", False, False),
        ("olga@mycompany.com", CONFIG, "", "stranger", False, True),
        (GATEWAY, CONFIG, "", "gateway", False, True),
        # a border that judges, and passes
        (FABIEN, JUDGING, "pass", "responsible", True, True),
        (EDE, JUDGING, "pass", "colleague", True, True),
        (CARLA_, JUDGING, "pass", "partner", True, True),
        (WANDA, JUDGING, "pass", "watcher", True, True),
        (STRANGER, JUDGING, "pass", "stranger", False, True),
        # a border that judges, and says nothing of From
        (FABIEN, JUDGING, "none", "responsible", True, False),
        (EDE, JUDGING, "none", "stranger", False, False),
        (CARLA_, JUDGING, "none", "partner", True, False),
        (WANDA, JUDGING, "none", "stranger", False, False),
        (STRANGER, JUDGING, "none", "stranger", False, False),
        # a border that did not see it: no verdict
        (FABIEN, JUDGING, "", "responsible", True, False),
        (EDE, JUDGING, "", "stranger", False, False),
        (WANDA, JUDGING, "", "watcher", True, False),
        # a fail makes anyone a stranger
        (FABIEN, JUDGING, "fail", "stranger", False, False),
        (EDE, JUDGING, "fail", "stranger", False, False),
        (CARLA_, JUDGING, "fail", "stranger", False, False),
        (WANDA, JUDGING, "fail", "stranger", False, False),
    ],
)  # fmt: skip
def test_a_number_in_the_subject(
    sender: str, config: Config, word: str, role: str, in_case: bool, proven: bool
) -> None:
    found = placed(config=config, word=word, sender=sender, subject=TAGGED)
    assert (found.sender.role, found.case is not None, bool(found.sender.proof)) == (role, in_case, proven)
    assert found.other == ""
    assert found.sender.reason


@pytest.mark.parametrize(
    ("sender", "audience", "made_for", "role", "other", "proven"),
    [
        (FABIEN, "staff", FABIEN, "responsible", "", True),
        (EDE, "staff", EDE, "colleague", "", True),
        (CARLA_, "partner", CARLA_, "partner", "", True),
        (WANDA, "partner", WANDA, "watcher", "", True),
        ("oncall@pager.net", "staff", "oncall@pager.net", "colleague", "", True),
        (STRANGER, "partner", CARLA_, "stranger", "partner", False),
        (STRANGER, "staff", FABIEN, "stranger", "staff", False),
        (EDE, "partner", CARLA_, "colleague", "partner", False),
        (EDE, "staff", FABIEN, "colleague", "staff", False),
        (WANDA, "partner", CARLA_, "watcher", "partner", False),
        (CARLA_, "staff", FABIEN, "partner", "", False),
        (FABIEN, "staff", EDE, "responsible", "", False),
        (FABIEN, "partner", CARLA_, "responsible", "", False),
    ],
)
def test_a_token_proves_for_its_recipient_only(
    sender: str, audience: str, made_for: str, role: str, other: str, proven: bool
) -> None:
    found = placed(config=JUDGING, word="none", sender=sender, in_reply_to=token(12, audience, made_for))
    assert (found.sender.role, found.other, bool(found.sender.proof)) == (role, other, proven)
    assert found.case == CASE


def test_a_fail_beats_a_token() -> None:
    found = placed(config=JUDGING, word="fail", sender=FABIEN, in_reply_to=token(12, "staff", FABIEN))
    assert (found.sender.role, found.case, found.sender.proof) == ("stranger", None, "")


def test_the_administrator_answers_for_what_he_releases() -> None:
    found = placed(config=JUDGING, word="fail", released=True, sender=FABIEN, subject=TAGGED)
    assert (found.sender.role, found.sender.user, found.case) == ("responsible", 4, CASE)
    assert found.sender.proof


@pytest.mark.parametrize(
    ("email", "changed", "role"),
    [
        ("FABIEN@MyCompany.COM", {}, "responsible"),
        ("fabien@mycompany.com", {"responsible": 5}, "colleague"),
        ("fabien@mycompany.com", {"responsible": None}, "colleague"),
        ("fabien+x@mycompany.com", {}, "stranger"),
        ("carla@customer.org", {}, "partner"),
        ("boss@customer.org", {}, "partner"),
        ("boss@sub.customer.org", {}, "stranger"),
        ("boss@elsewhere.net", {}, "stranger"),
        ("home@private.net", {}, "partner"),
        ("home@private.net", {"partner": None}, "stranger"),
        ("emmanuel@mycompany.com", {"contact": (Address("emmanuel@mycompany.com"),)}, "partner"),
        ("emmanuel@mycompany.com", {"watchers": (Address("emmanuel@mycompany.com"),)}, "watcher"),
        ("other@mycompany.com", {"contact": (Address("x@mycompany.com"),)}, "stranger"),
        ("other@gmail.com", {"contact": (Address("carla@gmail.com"),)}, "stranger"),
        ("x@gmail.com", {"watchers": (Address("x@gmail.com"),)}, "watcher"),
        ("", {"contact": (), "watchers": ()}, "stranger"),
        ("olga@mycompany.com", {"responsible": 8}, "stranger"),
        ("support@mycompany.com", {"contact": (Address("support@mycompany.com"),)}, "gateway"),
    ],
)
def test_the_first_role_that_fits(email: str, changed: dict[str, Any], role: str) -> None:
    facts = FACTS.but(relatives=((70, ("carla@customer.org", "Home@Private.net")),))
    assert role_in(CASE.but(**changed), email, facts, standing())[0] == role


def test_colleagues_of_a_customer_answer_only_where_that_is_chosen() -> None:
    assert role_in(CASE, "boss@customer.org", FACTS, standing(partners="address"))[0] == "stranger"
    assert role_in(CASE, "boss@CUSTOMER.org", FACTS, standing())[0] == "partner"


def test_plus_parts_count_only_where_that_is_chosen() -> None:
    assert role_in(CASE, "fabien+case@mycompany.com", FACTS, standing(plus=True))[0] == "responsible"
    assert role_in(CASE, "carla+erp@customer.org", FACTS, standing(plus=True, partners="address"))[0] == "partner"
    assert role_in(CASE, "carla+erp@customer.org", FACTS, standing(partners="address"))[0] == "stranger"


def test_an_international_domain_is_the_same_in_both_forms() -> None:
    case = CASE.but(contact=(Address("info@müller.de"),))
    assert role_in(case, "INFO@xn--mller-kva.de", FACTS, standing(partners="address"))[0] == "partner"


# --- several cases, and none


OTHER = Case(13, "Scanner", "open", 1, responsible=5, contact=(Address("otto@other.org"),))
BOTH = FACTS.but(cases=(CASE, OTHER))


@pytest.mark.parametrize(
    ("sender", "subject", "case"),
    [
        (CARLA_, "Re: [13] [12] x", 12),
        (CARLA_, "Re: [12] [13] x", 12),
        ("otto@other.org", "Re: [12] [13] x", 13),
        (EDE, "Re: [12] [13] x", 12),
        (STRANGER, "Re: [12] [13] x", None),
        (CARLA_, "Re: [99] x", None),
        (CARLA_, "Re: [99] [12] x", 12),
        (CARLA_, "[13] budget", None),
        (CARLA_, "Printer", None),
    ],
)
def test_the_first_case_counts_in_which_the_sender_has_a_part(sender: str, subject: str, case: int | None) -> None:
    found = placed(BOTH, sender=sender, subject=subject)
    assert (found.case.id if found.case else None) == case


@pytest.mark.parametrize(
    ("sender", "config", "word", "facts", "role", "user"),
    [
        (FABIEN, CONFIG, "", FACTS, "colleague", 4),
        (FABIEN, JUDGING, "", FACTS, "stranger", None),
        (FABIEN, JUDGING, "fail", FACTS, "stranger", None),
        (CARLA_, CONFIG, "", FACTS.but(contacts=(contact(),)), "partner", None),
        (CARLA_, JUDGING, "fail", FACTS.but(contacts=(contact(),)), "stranger", None),
        (CARLA_, CONFIG, "", FACTS.but(contacts=(contact(partner=None),)), "stranger", None),
        (CARLA_, CONFIG, "", FACTS, "stranger", None),
        ("", CONFIG, "", FACTS, "stranger", None),
        (GATEWAY.upper(), CONFIG, "", FACTS, "gateway", None),
    ],
)
def test_who_writes_about_something_new(
    sender: str, config: Config, word: str, facts: Any, role: str, user: int | None
) -> None:
    found = placed(facts, config, word, sender=sender)
    assert (found.sender.role, found.sender.user, found.case) == (role, user, None)


def test_strangers_attach_lets_a_number_do_but_not_for_a_colleague() -> None:
    found = placed(sender=STRANGER, subject=TAGGED, m_strangers="attach")
    assert (found.sender.role, found.other, found.case) == ("stranger", "partner", CASE)
    assert placed(sender=EDE, subject=TAGGED, config=JUDGING, m_strangers="attach").case is None


# --- cases that were closed


@pytest.mark.parametrize(
    ("sender", "state", "age", "again"),
    [
        (CARLA_, "close", 29, True),
        (CARLA_, "close", 31, False),
        (CARLA_, "cancel", 31, False),
        (CARLA_, "open", 31, True),
        (CARLA_, "close", None, True),
        (WANDA, "close", 31, False),
        (FABIEN, "close", 31, True),
        (EDE, "close", 31, True),
    ],
)
def test_a_customer_opens_a_closed_case_again_for_a_while(
    sender: str, state: str, age: float | None, again: bool
) -> None:
    case = CASE.but(state=state, closed=None if age is None else NOW - age * DAY)
    found = placed(FACTS.but(cases=(case,)), sender=sender, subject=TAGGED)
    assert (found.case, found.old) == ((case, None) if again else (None, case))


def test_reopen_is_an_option() -> None:
    case = CASE.but(state="close", closed=NOW - 2 * DAY)
    facts = FACTS.but(cases=(case,))
    assert placed(facts, sender=CARLA_, subject=TAGGED, m_reopen=DAY).old == case
    assert placed(facts, sender=CARLA_, subject=TAGGED, m_reopen=3 * DAY).case == case


# --- addresses of ours


def test_every_mailbox_and_alias_is_a_gateway_address() -> None:
    config = CONFIG.but(mailboxes=(MAILBOX.but(aliases=("Help@MyCompany.com",)), Mailbox("sales@mycompany.com")))
    assert gateway_keys(config) == {"support@mycompany.com", "help@mycompany.com", "sales@mycompany.com"}


def test_users_are_found_by_address_while_they_are_active() -> None:
    assert [user.id for user in users_at(FACTS, "Fabien@MyCompany.com")] == [4]
    assert users_at(FACTS, "olga@mycompany.com") == ()
    assert users_at(FACTS, "") == ()
    shared = FACTS.but(
        users=(*FACTS.users, User(9, "fp2", "Fabien again", "FABIEN@mycompany.com"), User(10, "none", "None"))
    )
    assert [user.id for user in users_at(shared, "fabien@mycompany.com")] == [4, 9]


def test_the_responsible_is_known_among_users_who_share_an_address() -> None:
    shared = FACTS.but(users=(User(9, "fp2", "Fabien again", "fabien@mycompany.com"), *FACTS.users))
    role, user, _ = role_in(CASE, "fabien@mycompany.com", shared, standing())
    assert (role, user.id if user else None) == ("responsible", 4)
