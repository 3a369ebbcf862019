"""XML-RPC as OpenERP's server speaks it, with each failure sorted by what it leaves behind.

`xmlrpc.client` repeats a request when the connection is reset, which may create a case twice: here only its way to
write and read a call is used, and `mailgate.erp.http` sends it once.
"""

from __future__ import annotations

import xmlrpc.client
from xml.parsers.expat import ExpatError

from mailgate.erp.http import FORBIDDEN, TEMPORARY, Http, printable
from mailgate.status import ErpDenied, ErpDoubt, ErpDown, ErpError, ErpForbidden, ErpGone, ErpRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

XML = {"Content-Type": "text/xml"}


class Rpc:
    """The services of one server: `call(service, method, ...)`, and how many calls were made."""

    def __init__(self, url: str, timeout: float, ca_file: str = "") -> None:
        self.http = Http(url, timeout, ca_file)
        self.calls = 0

    def call(self, service: str, method: str, *arguments: Any) -> Any:
        """Return what the server answers to one call (None where it could not be written as XML).

        `arguments` may hold str, int, float, bool, and lists and dicts of them; no None. Raises ErpError.
        """
        self.calls += 1
        status, _, answer = self.http.post(f"/xmlrpc/{service}", encode(method, arguments), XML)
        if status != 200:
            raise _status_error(status, self.http.host, answer)
        try:
            return decode(answer, self.http.host)
        except xmlrpc.client.Fault as fault:
            error = error_of(fault.faultCode, fault.faultString)
            if error is None:
                return None
            raise error from None


def encode(method: str, arguments: tuple[Any, ...], nil: bool = False) -> bytes:
    """Return a call as XML in UTF-8; None may stand in it where `nil` is said."""
    text = xmlrpc.client.dumps(arguments, method, allow_none=nil)
    return text.translate(FORBIDDEN).encode("utf-8", "replace")


def decode(answer: bytes, host: str) -> Any:
    """Return the value that an answer holds. Raises xmlrpc.client.Fault, and ErpDoubt where it is no XML-RPC."""
    try:
        return xmlrpc.client.loads(answer)[0][0]
    except xmlrpc.client.Fault:
        raise
    except (ValueError, LookupError, TypeError, ArithmeticError, ExpatError, xmlrpc.client.Error) as error:
        raise ErpDoubt(f"the ERP at {host} answered with something else than XML-RPC", str(error)) from error


def _status_error(status: int, host: str, answer: bytes) -> ErpError:
    if status in (404, 405, 501):
        return ErpDenied(f"there is no XML-RPC service at {host} (HTTP {status}): is the port right?")
    return ErpDoubt(f"the ERP at {host} answered with HTTP {status}", printable(answer.decode("utf-8", "replace")))


def error_of(code: object, text: object) -> ErpError | None:
    """Turn a fault of OpenERP 5 or Tiny ERP 4 into an error, or None where the call was carried out all the same.

    faultCode is mostly the exception's message as a string, but an integer for what went wrong in the transport, and
    may be empty: then the traceback's last line tells. The detail is for the log: it holds the server's paths.
    """
    detail = str(text)
    message = str(code).strip() if isinstance(code, str) else ""
    last = (detail.strip().splitlines() or [""])[-1].strip()
    message = message or last
    if "cannot marshal None" in message or "cannot marshal None" in last:
        return None
    short = " ".join(message.split())[:200] or "an error without a text"
    if message == "AccessDenied":
        return ErpDenied("the ERP refuses this user and password", detail)
    if "does not exist" in message and "database" in message:
        return ErpDenied(f"the ERP has no such database: {short}", detail)
    if any(words in message for words in TEMPORARY):
        return ErpDown(f"the ERP cannot do it now: {short}", detail)
    if "doesn't exist (Document type" in message:
        return ErpGone(f"the record is gone: {short}", detail)
    if "AccessError" in message or _unnamed_access_error(message, detail):
        return ErpForbidden(
            f"the gateway's user lacks a right: {short.removeprefix('warning -- AccessError ')}", detail
        )
    return ErpRefused(f"the ERP refused: {short}", detail)


def _unnamed_access_error(message: str, detail: str) -> bool:
    """Recognise how release 5.0.0-3, which forgot an import, words every access error."""
    return message == "global name '_' is not defined" and ("ir_model" in detail or "orm.py" in detail)
