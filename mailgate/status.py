"""What can go wrong, drawn as a tree, and what a caller is told: one table.

    MailgateError
    +-- UsageError           the command line is wrong
    +-- ConfigError          the configuration is wrong, or a secret cannot be read
    +-- JournalError         the state folder or the journal cannot be used: nothing can be kept safe
    +-- Interrupted          our own deadline, or SIGTERM
    +-- ErpError
        +-- ErpDown          no connection, or a temporary answer: the request had no effect
        +-- ErpDoubt         the request was sent and its answer never came: it may have been carried out
        +-- ErpDenied        wrong database, user or password: hits every message
        +-- ErpForbidden     a right is missing on a model
        +-- ErpGone          the record is not there (any more)
        +-- ErpRefused       the ERP refused this very request: repeating it is no use

Each error has two texts: `str(error)` may be shown to anybody, `detail` (a server's traceback, paths) is for the log.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Verdict = Literal["done", "kept", "tempfail", "misconfigured", "misused", "broken"]
    Caller = Literal["person", "program"]


class MailgateError(Exception):
    """Base of all: `str()` is short and safe, `detail` is for the log only."""

    verdict: Verdict = "tempfail"

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class UsageError(MailgateError):
    """The command line is wrong."""

    verdict = "misused"


class ConfigError(MailgateError):
    """The configuration is wrong: the message names file, line, key and the mend."""

    verdict = "misconfigured"


class JournalError(MailgateError):
    """The state folder cannot be used, so nothing can be kept safe."""


class Interrupted(MailgateError):
    """The process's own deadline passed, or it was asked to end."""


class ErpError(MailgateError):
    """The ERP did not do what was asked."""


class ErpDown(ErpError):
    """No connection, or a temporary refusal: the request had no effect."""


class ErpDoubt(ErpError):
    """The request was sent and its answer never came: only a look-up tells whether it was carried out."""


class ErpDenied(ErpError):
    """Wrong database, user or password."""


class ErpForbidden(ErpError):
    """The gateway's user lacks a right on a model, or a record rule bars it."""


class ErpGone(ErpError):
    """The record is not there any more."""


class ErpRefused(ErpError):
    """The ERP refused this very request; the same request will be refused again."""


# verdict: (status for a mail program, status for a person, enhanced status code of RFC 3463 for Postfix's pipe(8))
TABLE: dict[Verdict, tuple[int, int, str]] = {
    "done": (0, 0, ""),
    "kept": (0, 0, ""),
    "tempfail": (75, 75, "4.3.0"),
    "misconfigured": (75, 78, "4.3.5"),
    "misused": (75, 64, "4.3.5"),
    "broken": (75, 75, "4.3.0"),
}


def exit_status(verdict: Verdict, caller: Caller) -> int:
    """Return the exit status (sysexits.h) that tells this caller this verdict."""
    program, person, _ = TABLE[verdict]
    return program if caller == "program" else person


def reply_line(verdict: Verdict, caller: Caller, text: str) -> str:
    """Return the one line for stdout; a mail program gets a failure's enhanced status code in front of it."""
    code = TABLE[verdict][2]
    line = " ".join(text.split())
    return f"{code} mailgate: {line}" if code and caller == "program" else f"mailgate: {line}"
