"""Commands become values of a case: names are looked up, never guessed."""

from __future__ import annotations

from typing import Any

import pytest

from mailgate.model import Contact, User
from mailgate.wishes import Wishes, find_user, fulfil
from tests.builders import CASE, FACTS, NOW, USERS


def wished(text: str, **more: Any) -> Wishes:
    """Return what a text wishes of the case."""
    return fulfil(text, CASE, FACTS, now=NOW, **more)


@pytest.mark.parametrize(
    ("wanted", "user"),
    [
        ("ede", 5), ("EDE", 5), ("fp", 4), ("Emmanuel Dewael", 5), ("emmanuel dewael", 5),
        ("emmanuel@mycompany.com", 5), ("EMMANUEL@MyCompany.com", 5), ("jd", 6), ("jdoe", 7),
        ("john.doe@mycompany.com", 7),
    ],
)  # fmt: skip
def test_a_user_is_found_by_login_name_or_address(wanted: str, user: int) -> None:
    assert find_user(wanted, USERS).id == user
    assert wished(f"Set-User: {wanted}").values == (("responsible", user),)


@pytest.mark.parametrize(
    ("wanted", "reason", "nearest"),
    [
        ("John Doe", "names several users: jd, jdoe", "Set-User: jd"),
        ("olga", "no active user 'olga'", ""),
        ("Olga Old", "no active user", ""),
        ("emanuel", "no active user 'emanuel'", "Set-User: ede"),
        ("edee", "no active user", "Set-User: ede"),
        ("Emmanuel", "no active user", "Set-User: ede"),
        ("zzz", "no active user", ""),
        ("5", "no active user", ""),
    ],
)
def test_an_ambiguous_inactive_or_unknown_user_is_an_error(wanted: str, reason: str, nearest: str) -> None:
    found = wished(f"Set-User: {wanted}\nHello")
    assert (found.values, found.commands) == ((), ())
    assert reason in found.complaints[0].reason
    assert found.complaints[0].nearest == nearest
    with pytest.raises(ValueError, match="user"):
        find_user(wanted, USERS)


def test_a_login_goes_before_a_name_and_its_own_case_before_others() -> None:
    users = (User(1, "ann", "Bob"), User(2, "bob", "Ann"), User(3, "Ann", "Carl"))
    assert find_user("ann", users).id == 1
    assert find_user("Ann", users).id == 3
    assert find_user("bob", users).id == 2
    with pytest.raises(ValueError, match="several"):
        find_user("ANN", users)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Set-Priority: high", (("priority", 2),)),
        ("Set-Cost: 1 234,56", (("cost", 1234.56),)),
        ("Set-Revenue: 10", (("revenue", 10.0),)),
        ("Set-Probability: 50 %", (("probability", 0.5),)),
        ("Set-Subject: New title", (("title", "New title"),)),
        ("Set-Deadline: 2026-02-28", (("deadline", "2026-02-28"),)),
        ("Set-Deadline: +3d", (("deadline", "2023-11-17"),)),
        ("Set-Deadline: +2w", (("deadline", "2023-11-28"),)),
        ("Set-Cc: +new@x.org", (("watchers", ("wanda@elsewhere.net", "new@x.org")),)),
        ("Set-Cc: +WANDA@elsewhere.net", (("watchers", ("wanda@elsewhere.net",)),)),
        ("Set-Cc: -Wanda@Elsewhere.net", (("watchers", ()),)),
        ("Set-Cc: -nobody@x.org", (("watchers", ("wanda@elsewhere.net",)),)),
        ("Set-Cc: a@x.org, b@x.org, A@x.org", (("watchers", ("a@x.org", "b@x.org")),)),
        ("Set-Cc: +a@x.org\nSet-Cc: -wanda@elsewhere.net", (("watchers", ("a@x.org",)),)),
        ("Set-Cc: a@x.org\nSet-Cc: b@x.org", (("watchers", ("a@x.org", "b@x.org")),)),
        ("Set-Cc: a@x.org\nSet-Cc: +b@x.org", (("watchers", ("a@x.org", "b@x.org")),)),
        ("Set-User: fp\nSet-User: ede", (("responsible", 5),)),
        ("Hello\nSet-User: ede", ()),
    ],
)
def test_values_of_a_case(text: str, values: Any) -> None:
    found = wished(text)
    assert found.values == values
    assert found.complaints == ()


def test_without_a_case_the_list_of_watchers_begins_empty() -> None:
    found = fulfil("Set-Cc: +a@x.org", None, FACTS)
    assert found.values == (("watchers", ("a@x.org",)),)


NAMED = (("section", "SSUP", (1,)), ("category", "Bug", (7,)), ("category", "Both", (7, 8)), ("section", "Gone", ()))


@pytest.mark.parametrize(
    ("line", "value", "reason"),
    [
        ("Set-Section: SSUP", ("section", 1), ""),
        ("Set-Category: Bug", ("category", 7), ""),
        ("Set-Category: Both", None, "the ERP has several category called 'Both'"),
        ("Set-Section: Gone", None, "the ERP has no section called 'Gone'"),
        ("Set-Section: Bug", None, "no section"),
        ("Set-Category: Unasked", None, "no category"),
    ],
)
def test_section_and_category_by_the_ids_that_the_erp_gave(line: str, value: Any, reason: str) -> None:
    found = wished(line, named=NAMED)
    assert found.values == ((value,) if value else ())
    assert [reason in complaint.reason for complaint in found.complaints] == ([True] if reason else [])


def test_the_partner_with_and_without_an_entry_in_the_address_book() -> None:
    entry = Contact(31, "new@x.org", "New One", 71)
    assert dict(wished("Set-Partner: new@x.org", partner=(entry,)).values) == {
        "contact": '"New One" <new@x.org>', "partner": 71, "contact_id": 31,
    }  # fmt: skip
    assert dict(wished("Set-Partner: New <new@x.org>").values) == {
        "contact": "new@x.org", "partner": None, "contact_id": None,
    }  # fmt: skip


def test_state_and_relay_are_wishes_of_their_own() -> None:
    found = wished("Set-State: pending\nSet-Relay: no\nHello\n")
    assert (found.state, found.relay, found.values, found.text) == ("pending", False, (), "Hello\n")
    assert [command.action for command in found.commands] == ["state", "relay"]
    assert wished("Set-Relay: yes").relay is True
    assert wished("Hello").relay is None
    assert wished("Hello").state is None


def test_what_the_erp_has_no_field_for_is_reported_and_the_rest_carried_out() -> None:
    found = wished("Set-Cost: 5\nSet-State: open\nHello\n", unable=frozenset(("cost",)))
    assert (found.values, found.state) == ((), "open")
    assert [(one.line, one.reason) for one in found.complaints] == [("Set-Cost: 5", "this ERP has no field for it")]


def test_bad_lines_and_failed_look_ups_are_complained_about_together() -> None:
    found = wished("Set-Rely: no\nSet-User: nobody here\nSet-Priority: 1\nHello\n")
    assert [one.line for one in found.complaints] == ["Set-Rely: no", "Set-User: nobody here"]
    assert found.values == (("priority", 1),)
    assert found.text == "Hello\n"
