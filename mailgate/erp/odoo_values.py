"""Small translations between mailgate's values and what Odoo sends and takes."""

from __future__ import annotations

import time

from mailgate.address import is_address, parse_addresses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def html(text: str) -> str:
    """Return plain text as HTML that looks the same: what it holds is escaped, lines stay lines."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    lines = [line.replace("\t", "    ").replace("  ", " \u00a0") for line in safe.split("\n")]
    return "<p>" + "<br/>".join(lines).replace("<br/><br/>", "</p><p>") + "</p>"


def id_of(value: Any) -> int | None:
    """Return the id of a many2one: [id, name], an id, or False."""
    if isinstance(value, (list, tuple)):
        return int(value[0]) if value else None
    return int(value) if value else None


def first_email(typed: object) -> str:
    """Return the first address of a field, or ""."""
    found = parse_addresses(typed) if isinstance(typed, str) else ()
    return next((address.email for address in found if is_address(address.email)), "")


def utc(at: float) -> str:
    """Return a time as Odoo writes it: UTC, without a zone."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))


def time_of(value: object) -> float | None:
    """Read one of Odoo's times, which are in UTC."""
    import calendar

    text = str(value)
    places = ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))
    try:
        return float(calendar.timegm(tuple(int(text[at:end]) for at, end in places))) if value else None
    except (ValueError, OverflowError):
        return None


def literal(value: str) -> str:
    """Escape what `=ilike` takes for wildcards."""
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
