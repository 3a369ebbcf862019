"""XML-RPC over HTTP as OpenERP's server speaks it, with each failure sorted by what it leaves behind.

`xmlrpc.client` repeats a request when the connection is reset, which may create a case twice: here a request is sent
once. What happened before the connection stood had no effect (`ErpDown`); after that the answer alone tells, and
without one the request may have been carried out (`ErpDoubt`).
"""

from __future__ import annotations

import http.client
import socket
import xmlrpc.client
from xml.parsers.expat import ExpatError

from mailgate.status import ErpDenied, ErpDoubt, ErpDown, ErpError, ErpForbidden, ErpGone, ErpRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# XML 1.0 has no way to write these, and the server answers a request that holds one with a fault. A lone surrogate
# becomes "?" when the request is encoded.
FORBIDDEN = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF], "\N{REPLACEMENT CHARACTER}")

# PostgreSQL's and the server's words for "later": the transaction was rolled back.
TEMPORARY = (
    "Database not ready",
    "could not connect",
    "could not serialize",
    "deadlock detected",
    "terminating connection",
    "server closed the connection",
    "the database system is",
    "too many clients",
    "is being accessed by other users",
)


class _Connection(http.client.HTTPConnection):
    """A connection to a host whose name, if it is ASCII, goes to the resolver as it is.

    A str would have the idna codec imported, at each start of the gateway.
    """

    def connect(self) -> None:
        """Open the connection."""
        host = self.host.encode("ascii") if self.host.isascii() else self.host
        self.sock = socket.create_connection((host, self.port), self.timeout)  # type: ignore[arg-type]  # bytes do
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class _Transport(xmlrpc.client.Transport):
    """One connection for each call, as HTTP/1.0 wants it, and no request sent twice."""

    user_agent = "mailgate"
    accept_gzip_encoding = False

    def __init__(self, timeout: float) -> None:
        super().__init__()
        self.timeout = timeout
        self.standing: http.client.HTTPConnection | None = None

    def new_connection(self, host: str) -> http.client.HTTPConnection:
        """Return a connection that is not open yet."""
        return _Connection(host, timeout=self.timeout)

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        """Return the connection that stands, as `single_request` asks for it."""
        return self.standing or self.new_connection(host)

    def request(self, host: Any, handler: str, request_body: Any, verbose: bool = False) -> Any:
        """Send one request once, and return the decoded answer."""
        self.standing = self.new_connection(host)
        try:
            self.standing.connect()
        except OSError as error:
            raise ErpDown(f"the ERP at {host} cannot be reached: {error.strerror or error}") from error
        try:
            return self.single_request(host, handler, request_body, verbose)
        finally:
            self.standing.close()


class _SafeTransport(_Transport):
    """The same over TLS, with the server's certificate verified."""

    def __init__(self, timeout: float, ca_file: str) -> None:
        super().__init__(timeout)
        import ssl

        self.context = ssl.create_default_context(cafile=ca_file or None)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2

    def new_connection(self, host: str) -> http.client.HTTPConnection:
        """Return a connection that is not open yet."""
        return http.client.HTTPSConnection(host, timeout=self.timeout, context=self.context)


class Rpc:
    """The services of one server: `call(service, method, ...)`, and how many calls were made."""

    def __init__(self, url: str, timeout: float, ca_file: str = "") -> None:
        scheme, _, host = url.rstrip("/").partition("://")
        self.host = host
        self.transport = _SafeTransport(timeout, ca_file) if scheme == "https" else _Transport(timeout)
        self.calls = 0

    def call(self, service: str, method: str, *arguments: Any) -> Any:
        """Return what the server answers to one call (None where it could not be written as XML).

        `arguments` may hold str, int, float, bool, and lists and dicts of them; no None. Raises ErpError.
        """
        self.calls += 1
        body = xmlrpc.client.dumps(arguments, method).translate(FORBIDDEN).encode("utf-8", "replace")
        try:
            return self.transport.request(self.host, f"/xmlrpc/{service}", body)[0]
        except xmlrpc.client.Fault as fault:
            error = error_of(fault.faultCode, fault.faultString)
            if error is None:
                return None
            raise error from None
        except ErpError:
            raise
        except xmlrpc.client.ProtocolError as error:
            raise _protocol_error(error, self.host) from None
        except (OSError, http.client.HTTPException) as error:
            raise ErpDoubt(f"the ERP at {self.host} did not answer: {type(error).__name__}", str(error)) from error
        except (ValueError, LookupError, TypeError, ExpatError, xmlrpc.client.Error) as error:
            raise ErpDoubt(f"the ERP at {self.host} answered with something else than XML-RPC", str(error)) from error


def _protocol_error(error: xmlrpc.client.ProtocolError, host: str) -> ErpError:
    if error.errcode in (404, 405, 501):
        return ErpDenied(f"there is no XML-RPC service at {host} (HTTP {error.errcode}): is the port right?")
    return ErpDoubt(f"the ERP at {host} answered with HTTP {error.errcode}", str(error.errmsg))


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
