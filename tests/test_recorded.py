"""What is recorded comes back as it was."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.model import Address, Command, Complaint, Effect, History, Notice, Plan, Relay, Sender
from mailgate.recorded import dump_plan, dump_relays, load_plan, load_relays

texts = st.text(max_size=20)
numbers = st.integers(-(2**31), 2**31 - 1)
times = st.floats(-1e11, 1e11)
scalars = st.one_of(texts, numbers, times, st.booleans(), st.none())
values = st.lists(st.tuples(texts, st.one_of(scalars, st.lists(texts).map(tuple))), max_size=4).map(tuple)
addresses = st.builds(Address, texts, texts)
senders = st.builds(Sender, addresses, st.sampled_from(["partner", "stranger"]), texts, texts, st.none() | numbers)
commands = st.builds(Command, texts, st.one_of(scalars, st.lists(texts).map(tuple)), texts)
complaints = st.builds(Complaint, texts, texts, texts)
lines = st.builds(
    History,
    texts,
    addresses,
    times,
    st.booleans(),
    texts,
    st.booleans(),
    st.sampled_from(["", "staff"]),
    st.lists(texts, max_size=2).map(tuple),
)
effects = st.builds(
    Effect, st.sampled_from(["create", "record", "state", "attach"]), texts, texts, values, st.none() | lines,
    st.none() | st.just("open"), st.none() | numbers, texts, st.lists(texts, max_size=2).map(tuple), st.booleans(),
)  # fmt: skip
notices = st.builds(Notice, st.just("sender"), st.just("answer"), texts, texts, texts)
plans = st.builds(
    Plan, st.sampled_from(["handle", "hold"]), texts, senders, st.none() | numbers, texts,
    st.lists(commands, max_size=2).map(tuple), st.lists(complaints, max_size=2).map(tuple),
    st.lists(effects, max_size=3).map(tuple), st.just("customer"), texts, st.lists(notices, max_size=2).map(tuple),
    st.booleans(), st.none() | numbers, texts,
)  # fmt: skip
relays = st.builds(
    Relay, addresses, st.just("staff"), st.just("copy"), texts, texts, texts, texts, st.lists(texts).map(tuple), texts,
    st.none() | st.integers(1, 5), texts, st.lists(st.tuples(texts, texts), max_size=2).map(tuple), st.booleans(),
)  # fmt: skip


def test_every_field_is_covered() -> None:
    """A field that is added to these records must be added to the strategies above."""
    assert [len(kind._fields) for kind in (Plan, Effect, Relay, History, Notice, Sender)] == [14, 10, 13, 8, 5, 5]


@given(plans)
@settings(max_examples=60, deadline=None)
def test_a_plan_comes_back_equal(plan: Plan) -> None:
    again = load_plan(dump_plan(plan))
    assert again == plan
    assert repr(again) == repr(plan), "tuples stay tuples, and 1 is not 1.0 or True"


@given(st.lists(relays, max_size=3).map(tuple))
@settings(max_examples=60, deadline=None)
def test_relays_come_back_equal(several: tuple[Relay, ...]) -> None:
    again = load_relays(dump_relays(several))
    assert again == several
    assert repr(again) == repr(several)


def test_it_is_plain_json_on_one_line() -> None:
    plan = Plan("handle", "Grüße\nan alle", Sender(Address("a@b", "Ä"), "partner", "", "r"))
    text = dump_plan(plan)
    assert "\n" not in text
    assert json.loads(text)["sender"]["address"] == {"email": "a@b", "name": "Ä"}
    assert load_relays(dump_relays(())) == ()
