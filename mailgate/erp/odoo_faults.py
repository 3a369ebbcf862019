"""What an Odoo says went wrong, sorted into the errors of `mailgate.status`.

Fault codes and exception classes go before words: they are the same in every language of the server.
"""

from __future__ import annotations

import re

from mailgate.erp.http import TEMPORARY, printable
from mailgate.status import ErpDenied, ErpDoubt, ErpDown, ErpError, ErpForbidden, ErpGone, ErpRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONGEST = 200  # characters of the server's own words in an error
# Odoo's exceptions, by class. What PostgreSQL says when it is asked later, or not at all: the work was undone.
DENIED = ("AccessDenied", "SessionExpiredException", "Unauthorized")
USERS_OWN = ("UserError", "ValidationError", "RedirectWarning")
LATER = (
    "OperationalError", "InterfaceError", "PoolError", "SerializationFailure", "DeadlockDetected", "LockNotAvailable",
    "QueryCanceled", "AdminShutdown", "CrashShutdown", "CannotConnectNow", "TooManyConnections", "DiskFull",
    "ConcurrencyError", "LockError",
)  # fmt: skip
LATER_WORDS = (*TEMPORARY, "too many connections", "remaining connection slots", "connection already closed")
# The second line of Odoo's MissingError, in any language: "(Record: helpdesk.ticket(99999,), User: 8)".
MISSING = re.compile(r"\n\s*\([^()\n]*?([a-z][a-z0-9_.]*)\(([0-9]+),[0-9, ]*\)[^()\n]*?([0-9]+)\)\s*\Z")

UNWRITTEN = "cannot marshal"  # xmlrpc.client, in the server, after the work


class OdooUserError(ErpRefused):
    """Odoo's UserError and its kin: the data is wrong, in words made for the user."""


def fault(code: object, text: object, model: str = "") -> ErpError:
    """Turn a fault of /xmlrpc/2 into an error: 3 is the user, 4 a right, 2 the data, 1 anything else.

    A wrong database is 1, and so is PostgreSQL's "later"; an unknown user id is 2, and so is a missing record, which
    is `ErpGone` only where it is one of the `model` called.
    """
    detail = str(text)
    if code == 3:
        return ErpDenied("the ERP refuses this user and password (or API key)", detail)
    if code == 4:
        return _exception("AccessError", detail, detail, model)
    if code == 2:
        missing = MISSING.search(detail) or detail.startswith("Record does not exist")
        return _exception("MissingError" if missing else "UserError", detail, detail, model)
    if code == 1:
        name, message = _raised(detail)
        if name == "TypeError" and message.startswith(UNWRITTEN):
            return ErpDoubt("the ERP did it, perhaps, and could not write its answer", detail)
        return _exception(name, message, detail, model)
    return ErpDenied("the server speaks another XML-RPC than Odoo: are erp.kind and erp.url right?", detail)


def unwritten(text: object) -> bool:
    """Tell whether a call was carried out and its answer, None, could not be written as XML."""
    return _raised(str(text)) == ("TypeError", f"{UNWRITTEN} None unless allow_none is enabled")


def _raised(text: str) -> tuple[str, str]:
    """Return the exception's class and the first line of its words from a traceback.

    That line is the first one after the last frame which is not indented; PostgreSQL adds lines that quote values.
    """
    lines = text.rstrip().splitlines() or [""]
    frames = [number for number, line in enumerate(lines) if line.startswith('  File "')]
    after = lines[frames[-1] + 1 :] if frames else lines[-1:]
    line = next((line for line in after if not line[:1].isspace()), lines[-1]).strip()
    name, colon, message = line.partition(": ")
    named = re.fullmatch(r"[A-Za-z_][\w.]*:?", name)
    return (name.rstrip(":"), message) if named and (colon or frames) else ("", line)


def _exception(name: str, message: str, detail: str, model: str = "") -> ErpError:
    """Sort an exception of the server by its class, which is the same in every language."""
    kind = name.rpartition(".")[2]
    short = printable(message, LONGEST) or "an error without a text"
    if kind in DENIED:
        return ErpDenied(f"the ERP refuses this user and password (or API key): {short}", detail)
    if kind == "AccessError":
        right = printable(message.strip().partition("\n")[0], LONGEST)
        return ErpForbidden(f"the gateway's user lacks a right: {right}", detail)
    if kind == "MissingError":
        return _missing(message, short, detail, model)
    if kind in USERS_OWN:
        return OdooUserError(f"the ERP refused: {short}", detail)
    first = message.partition("\n")[0]
    short = printable(first, LONGEST)
    if kind == "OperationalError" and "database" in first and "does not exist" in first:
        return ErpDenied(f"the ERP has no such database: {short}", detail)
    if kind in LATER or any(words in first for words in LATER_WORDS):
        return ErpDown(f"the ERP cannot do it now: {kind or 'error'}: {short}", detail)
    said = ": ".join(part for part in (kind, short) if part) or "an error without a text"
    return ErpRefused(f"the ERP refused: {printable(said, LONGEST)}", detail)


def _missing(message: str, short: str, detail: str, model: str) -> ErpError:
    found = MISSING.search(message)
    if found and found[1] == "res.users" and found[2] == found[3]:
        return ErpDenied(f"the ERP has no user with the id {found[2]}: correct erp.user", detail)
    if found and model and found[1] != model:
        return OdooUserError(f"the ERP refused, since another record is gone: {short}", detail)
    return ErpGone(f"the record is gone: {short}", detail)


def json_error(status: int, said: Any, answer: bytes, where: str, model: str) -> ErpError:
    """Turn an answer of /json/2 that is no result into an error; `said` is its JSON, `where` the service in words."""
    if status == 401:
        return ErpDenied("the ERP refuses the API key: make a new one for the gateway's user, and set erp.api_key")
    name = said.get("name") if isinstance(said, dict) else None
    if not isinstance(name, str) or status == 200 or status in (429, 502, 503, 504):
        return status_error(status, where, answer)
    error = _exception(name, str(said.get("message") or ""), str(said.get("debug") or ""), model)
    if status == 403 and not isinstance(error, ErpDenied | ErpForbidden):
        return _exception("AccessError", str(said.get("message") or name), error.detail)
    return error


def status_error(status: int, where: str, answer: bytes) -> ErpError:
    """Sort an answer without the server's own words: whatever stands before the ERP may have said it."""
    page = printable(answer.decode("utf-8", "replace")) if status != 200 or answer[:1] == b"<" else "(not shown)"
    detail = f"HTTP {status}, {len(answer)} bytes: {page}"
    if status == 401:
        return ErpDenied(f"whatever stands before the ERP wants a password of its own: no {where} (HTTP 401)", detail)
    if status in (404, 405, 501):
        return ErpDenied(f"there is no {where} (HTTP {status}): are erp.url and erp.database right?", detail)
    if status == 413:
        return ErpRefused("the web server before the ERP takes no request of that size (HTTP 413)", detail)
    if status == 429:
        return ErpDown(f"too many requests for the {where} (HTTP 429)", detail)
    if status == 200:
        return ErpDoubt(f"no {where} answered, but something else", detail)
    return ErpDoubt(f"the {where} answered with HTTP {status}", detail)
