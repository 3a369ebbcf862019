"""From command lines to the values of a case: names become ids, lists become watchers, and what fails is said."""

from __future__ import annotations

from mailgate.address import address_key, written
from mailgate.commands import read
from mailgate.model import Address, Complaint
from mailgate.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailgate.model import Case, Command, Contact, Facts, Scalar, State, User

    Values = tuple[tuple[str, Scalar | tuple[str, ...]], ...]
    Named = tuple[tuple[str, str, tuple[int, ...]], ...]

DAY = 86400
SAME = {"cost": "cost", "revenue": "revenue", "probability": "probability", "priority": "priority", "subject": "title"}


class Wishes(Record):
    """What a text asks for, and the text without its command lines."""

    text: str
    values: Values = ()
    state: State | None = None
    relay: bool | None = None
    commands: tuple[Command, ...] = ()
    complaints: tuple[Complaint, ...] = ()


class _UnknownError(ValueError):
    def __init__(self, reason: str, nearest: str = "") -> None:
        super().__init__(reason)
        self.nearest = nearest


def fulfil(
    text: str,
    case: Case | None,
    facts: Facts,
    named: Named = (),
    partner: tuple[Contact, ...] = (),
    unable: frozenset[str] = frozenset(),
    now: float = 0.0,
) -> Wishes:
    """Return the values that the commands on top of a text give a case.

    `named` holds the ids that the ERP has for the names in Set-Section and Set-Category, `partner` its address book's
    entries for Set-Partner, `unable` the actions for which its model has no field, and the states ("state pending")
    for which it has no stage.
    """
    commands, bad, rest = read(text)
    values: dict[str, Scalar | tuple[str, ...]] = {}
    complaints = list(bad)
    carried = []
    wishes = Wishes(rest)
    for command in commands:
        try:
            if command.action in unable:
                raise _UnknownError("this ERP has no field for it")
            if f"{command.action} {command.value}" in unable:
                raise _UnknownError(f"this ERP has no stage for {command.value}")
            if command.action == "state":
                wishes = wishes.but(state=command.value)
            elif command.action == "relay":
                wishes = wishes.but(relay=bool(command.value))
            else:
                values.update(_values(command, values, case, facts, named, partner, now))
            carried.append(command)
        except _UnknownError as error:
            near = f"Set-{command.action.capitalize()}: {error.nearest}" if error.nearest else ""
            complaints.append(Complaint(command.line, str(error), near))
    return wishes.but(values=tuple(values.items()), commands=tuple(carried), complaints=tuple(complaints))


def _values(
    command: Command,
    so_far: dict[str, Scalar | tuple[str, ...]],
    case: Case | None,
    facts: Facts,
    named: Named,
    partner: tuple[Contact, ...],
    now: float,
) -> dict[str, Scalar | tuple[str, ...]]:
    action, value = command.action, command.value
    if action in SAME:
        return {SAME[action]: value}
    if action == "user":
        return {"responsible": find_user(str(value), facts.users).id}
    if action in ("section", "category"):
        return {action: _only(action, str(value), named)}
    if action == "partner":
        contact = partner[0] if partner else None
        return {
            "contact": written(Address(str(value), contact.name if contact else "")),
            "partner": contact.partner if contact else None,
            "contact_id": contact.id if contact else None,
        }
    if action == "deadline":
        return {"deadline": _day(str(value), now)}
    assert action == "cc" and isinstance(value, tuple)
    old = so_far.get("watchers")
    if isinstance(old, tuple):  # a second line adds to the first
        return {"watchers": _watchers(old, tuple(entry.replace("=", "+", 1) for entry in value))}
    return {"watchers": _watchers(tuple(one.email for one in case.watchers) if case else (), value)}


def find_user(wanted: str, users: Iterable[User]) -> User:
    """Return the one active user of that login, else of exactly that name or e-mail address.

    Raises ValueError (with the nearest login) where there is none, or more than one: never "the first match".
    """
    active = [user for user in users if user.active]
    key = wanted.casefold()
    mail = address_key(wanted)
    kinds = (
        [user for user in active if user.login == wanted],
        [user for user in active if user.login.casefold() == key],
        [user for user in active if user.name.casefold() == key or (user.email and address_key(user.email) == mail)],
    )
    for found in kinds:
        if len(found) == 1:
            return found[0]
        if found:
            logins = ", ".join(sorted(user.login for user in found))
            raise _UnknownError(f"{wanted!r} names several users: {logins}", found[0].login)
    import difflib

    words = {word.casefold(): user.login for user in active for word in (user.name, user.login) if word}
    near = difflib.get_close_matches(key, list(words), 1, 0.5)
    raise _UnknownError(f"the ERP has no active user {wanted!r}", words[near[0]] if near else "")


def _only(what: str, value: str, named: Named) -> int:
    ids = next((ids for kind, name, ids in named if kind == what and name == value), ())
    if len(ids) == 1:
        return ids[0]
    raise _UnknownError(f"the ERP has {'several' if ids else 'no'} {what} called {value!r}")


def _watchers(old: tuple[str, ...], changes: tuple[str, ...]) -> tuple[str, ...]:
    """Apply "+a@b", "-a@b" and "=a@b" (the first of which drops what was there)."""
    kept = {} if any(change[0] == "=" for change in changes) else {address_key(email): email for email in old}
    for change in changes:
        key = address_key(change[1:])
        if change[0] == "-":
            kept.pop(key, None)
        else:
            kept.setdefault(key, change[1:])
    return tuple(kept.values())


def _day(value: str, now: float) -> str:
    if not value.startswith("+"):
        return value
    from datetime import UTC, datetime, timedelta

    return (datetime.fromtimestamp(now, UTC) + timedelta(days=int(value[1:]))).date().isoformat()
