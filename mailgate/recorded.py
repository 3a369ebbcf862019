"""The recorded decisions: plans and relays as JSON, and back."""

from __future__ import annotations

import json

from mailgate.model import Address, Command, Complaint, Effect, History, Notice, Plan, Relay, Sender
from mailgate.record import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def dump_plan(plan: Plan) -> str:
    """Return a plan as JSON."""
    return json.dumps(plain(plan), ensure_ascii=False)


def load_plan(text: str) -> Plan:
    """Return the plan that `dump_plan` wrote."""
    data = json.loads(text)
    return Plan(
        **data
        | {
            "sender": _sender(data["sender"]),
            "commands": tuple(Command(**_tuples(item)) for item in data["commands"]),
            "complaints": tuple(Complaint(**item) for item in data["complaints"]),
            "effects": tuple(map(_effect, data["effects"])),
            "notices": tuple(Notice(**item) for item in data["notices"]),
        }
    )


def dump_relays(relays: Iterable[Relay]) -> str:
    """Return the second decision as JSON."""
    return json.dumps(plain(tuple(relays)), ensure_ascii=False)


def load_relays(text: str) -> tuple[Relay, ...]:
    """Return the relays that `dump_relays` wrote."""
    return tuple(Relay(**_tuples(item) | {"recipient": Address(**item["recipient"])}) for item in json.loads(text))


def _sender(data: dict[str, Any]) -> Sender:
    return Sender(**data | {"address": Address(**data["address"])})


def _effect(data: dict[str, Any]) -> Effect:
    line = data["line"]
    history = History(**_tuples(line) | {"author": Address(**line["author"])}) if line else None
    return Effect(**_tuples(data) | {"line": history})


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    """Turn the lists of a JSON object's values, and the lists in them, into tuples."""

    def turned(value: Any) -> Any:
        return tuple(turned(item) for item in value) if isinstance(value, list) else value

    return {key: turned(value) for key, value in data.items()}
