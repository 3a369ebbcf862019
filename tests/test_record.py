"""Value types: construction, equality, and the JSON form."""

from __future__ import annotations

from typing import Any

import pytest

from mailgate.model import Address, History, Sender
from mailgate.policy import Secret
from mailgate.record import Record, plain


class Base(Record):
    first: int
    second: str = "two"


class Derived(Base):
    third: tuple[int, ...] = ()


def make(kind: type[Record], *values: Any, **named: Any) -> Any:
    """Construct without the type checker's help: the errors are what is tested."""
    return kind(*values, **named)


def test_positions_names_and_defaults_give_the_same_value() -> None:
    assert Base(1) == Base(first=1) == Base(1, "two") == Base(1, second="two")
    assert Derived(1, "x", (3,)) == Derived(third=(3,), second="x", first=1)
    assert (Derived(1).second, Derived(1).third) == ("two", ())


@pytest.mark.parametrize(
    ("values", "named", "said"),
    [
        ((), {}, "lacks 'first'"),
        ((1, "x", 3), {}, "takes 2 values, not 3"),
        ((1,), {"first": 2}, "got 'first' twice"),
        ((1,), {"fourth": 2}, "has no 'fourth'"),
    ],
)
def test_wrong_construction_is_a_type_error(values: tuple[Any, ...], named: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        make(Base, *values, **named)


def test_nothing_can_be_changed_or_added() -> None:
    record: Any = Base(1)
    with pytest.raises(AttributeError, match="frozen"):
        record.first = 2
    with pytest.raises(AttributeError, match="frozen"):
        record.other = 2
    with pytest.raises(AttributeError):
        del record.first
    assert record == Base(1)
    assert not hasattr(record, "__dict__")


def test_equality_and_hash_tell_types_and_values_apart() -> None:
    assert Base(1) != Base(2)
    assert Base(1, "two") != Derived(1, "two")
    assert Base(1) != (1, "two")
    assert len({Base(1), Base(1), Base(2), Derived(1)}) == 3


def test_but_gives_a_changed_copy_and_refuses_unknown_fields() -> None:
    old = Derived(1, "x", (3,))
    assert old.but(second="y") == Derived(1, "y", (3,))
    assert old == Derived(1, "x", (3,))
    with pytest.raises(TypeError, match="has no 'fourth'"):
        old.but(fourth=1)


def test_repr_names_every_field_but_never_a_secret() -> None:
    assert repr(Derived(1)) == "Derived(first=1, second='two', third=())"
    assert "hunter2" not in repr(Secret(value="hunter2"))
    assert "hunter2" not in repr((Secret(value="hunter2"),))


def test_plain_turns_records_and_tuples_into_json_values_in_order() -> None:
    value = History("t", Address("a@b", "A"), 1.5)
    shown: Any = plain((value, {"k": (1, None)}))
    assert shown == [
        {"text": "t", "author": {"email": "a@b", "name": "A"}, "date": 1.5, "internal": False,
         "message_id": "", "unproven": False, "notify": "", "readers": []},
        {"k": [1, None]},
    ]  # fmt: skip
    assert list(shown[0]) == list(History._fields)
    assert plain(Sender(Address("x@y"), "partner", "", "r")) == {
        "address": {"email": "x@y", "name": ""}, "role": "partner", "proof": "", "reason": "r", "user": None,
    }  # fmt: skip
