"""One field's value: from the wire into the table, and back.

What the server accepts silently is accepted here: texts too long are cut to the field's size (in characters),
numbers become texts and texts numbers.
"""

from __future__ import annotations

import re
import xmlrpc.client
from datetime import UTC, datetime

from mailgate.sandbox.faults import Database, Invalid, WrongType, WrongValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mailgate.sandbox.schema import Field

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d(?:\.\d+)?)?)?")


def now() -> str:
    """This second, as the server writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")


def stamp() -> str:
    """This microsecond, as the database writes it into create_date and write_date."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def moment(value: Any) -> str:
    """Return a date and time in the database's form; raises Database for anything else."""
    found = _MOMENT.fullmatch(str(value))
    if not found:
        raise Database(f'invalid input syntax for type timestamp: "{value}"\n')
    text = f"{found[1]} {found[2] or '00:00'}{found[3] or ':00'}"
    try:
        datetime.fromisoformat(text[:19])
    except ValueError:
        raise Database(f'date/time field value out of range: "{value}"\n') from None
    return text


def stored(name: str, field: Field, value: Any) -> Any:
    """Return what the column holds for a value from the wire. Raises Fault for what the server refuses."""
    if field.type in ("selection", "reference"):
        _check_selection(name, field, value)
    if field.type in ("integer", "float", "boolean"):
        return _number(field, value)
    if value is None or value is False:
        return None
    if field.type == "many2one":
        return _reference(value)
    if field.type == "datetime":
        return moment(value)
    if field.type == "binary":
        return _base64(value)
    text = _text(value)
    return text[: field.size] if field.size else text


def _base64(value: Any) -> str | None:
    if not isinstance(value, str):
        raise WrongType("can't escape instance to binary")
    return value or None  # it is only a text to the server: whether it is base64 is not looked at


def _text(value: Any) -> str:
    if isinstance(value, xmlrpc.client.Binary):
        return value.data.decode("utf-8", "replace")
    return str(value)


def _check_selection(name: str, field: Field, value: Any) -> None:
    known = {key for key, _ in field.selection}
    chosen = str(value).partition(",")[0] if field.type == "reference" else value
    if value and chosen not in known:
        raise Invalid(f'The value "{value}" for the field "{name}" is not in the selection')


def _number(field: Field, value: Any) -> int | float:
    if field.type == "boolean":
        return int(bool(value))
    try:
        return int(value or 0) if field.type == "integer" else float(value or 0)
    except ValueError:
        kind = "invalid literal for int() with base 10: " if field.type == "integer" else "could not convert string to "
        raise WrongValue(kind + (f"{value!r}" if field.type == "integer" else f"float: {value}")) from None


def _reference(value: Any) -> int | None:
    try:
        return int(value or 0) or None
    except (ValueError, TypeError):
        raise Database(f'invalid input syntax for type integer: "{value}"\n') from None


def shown(field: Field, value: Any) -> Any:
    """Return what goes on the wire for a column's value; many2one fields get their name elsewhere."""
    if value is None:
        return False
    if field.type == "boolean":
        return bool(value)
    return value
