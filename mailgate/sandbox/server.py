"""The ERP's face on the network: XML-RPC over HTTP/1.0, one connection a call, faults with status 200.

Faults and delays can be injected, so that a client's handling of each can be tested: see `Server.fail_next`.
"""

from __future__ import annotations

import http.server
import socket
import threading
import xml.parsers.expat
import xmlrpc.client

from mailgate.record import Record
from mailgate.sandbox.faults import Fault, Transport
from mailgate.sandbox.listener import Listener, reset

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mailgate.sandbox.services import Services

REFUSE = 0.5  # seconds


class Failure(Record):
    """What happens to the next request that fits: see `Server.fail_next`."""

    how: str | tuple[Any, str]
    on: str = ""  # a method, or model.method; "": any request


class Server:
    """The listening side. `page` returns the HTML that answers GET /."""

    def __init__(self, services: Services, port: int, page: Callable[[], str]) -> None:
        self.services = services
        self.page = page
        self._failures: list[Failure] = []
        self._refusal: threading.Thread | None = None
        self._closing = threading.Event()
        self.listener = Listener(self._handle, port, "sandbox")
        self.port = self.listener.port

    def close(self) -> None:
        """Stop, breaking what is open."""
        self._closing.set()
        if self._refusal:
            self._refusal.join()
        self.listener.close()

    def _handle(self, connection: socket.socket) -> None:
        _Request(connection, ("127.0.0.1", 0), self)  # type: ignore[arg-type]  # it only keeps a reference

    def fail_next(self, how: str | tuple[Any, str], on: str = "", times: int = 1) -> None:
        """Let the next request(s) fail.

        how: `reset-before` (connection reset, nothing done), `reset-after` (done, answer lost), `html` (a web page
        with status 200), `502`, `none` (done, and the answer is None, which XML-RPC cannot say), `slow:SECONDS`
        (waits, then does it), `late:SECONDS` (does it, then waits), a fault as (code, string), or `refuse` /
        `refuse:SECONDS`, which stops listening for half a second (for so long) at once. `on` is a method or
        model.method of `object.execute`. Note that Python's ServerProxy tries once more after a reset.
        """
        if isinstance(how, str) and how.startswith("refuse"):
            self._refuse(float(how.partition(":")[2] or REFUSE))
        else:
            self._failures += [Failure(how, on)] * times

    def _refuse(self, seconds: float) -> None:
        self.listener.pause()
        self._refusal = threading.Thread(target=self._resume, args=(seconds,), name="sandbox refusing", daemon=True)
        self._refusal.start()

    def _resume(self, seconds: float) -> None:
        self._closing.wait(seconds)
        self.listener.resume()

    @property
    def pending(self) -> int:
        """How many failures wait for their request."""
        return len(self._failures)

    def take(self, params: tuple[Any, ...]) -> str | tuple[Any, str]:
        """Take the failure that is meant for this request; "" for none."""
        model, method = (*params[3:5], "", "")[:2]
        for place, failure in enumerate(self._failures):
            if failure.on in ("", method, f"{model}.{method}"):
                del self._failures[place]
                return failure.how
        return ""

    def wait(self, how: str) -> None:
        """Wait as long as a failure says, or until the server closes."""
        self._closing.wait(float(how.partition(":")[2]))


class _Request(http.server.BaseHTTPRequestHandler):
    """One HTTP request."""

    server_version = "sandbox/5.0"
    sys_version = ""
    timeout = 300
    server: Server  # type: ignore[assignment]

    def log_message(self, *_: Any) -> None:
        """Say nothing on stderr."""

    def do_GET(self) -> None:
        """Show the page; the ERP itself knows no GET."""
        if self.path != "/":
            self.send_error(501, "Unsupported method ('GET')")
            return
        policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'"
        headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        self._answer(self.server.page().encode(), "text/html; charset=utf-8", headers=headers)

    def do_POST(self) -> None:
        """Answer a call."""
        if "Content-Length" not in self.headers:
            self._answer(b"", status=500)
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        service = self.path.rpartition("/")[2]
        try:
            params, method = _parse(body)
        except Fault as fault:
            self._answer(_fault(fault))
            return
        how = self.server.take(params if service == "object" else ())
        if isinstance(how, tuple):
            self._answer(_dump(xmlrpc.client.Fault(*how)))
        elif not self._spoil(how):
            self._give(self._call(service, method, params, how), how)

    def _spoil(self, how: str) -> bool:
        """Answer badly instead of working; False if the call is to be carried out."""
        if how == "reset-before":
            reset(self.connection)
        elif how == "html":
            self._answer(b"<html><body>It works!</body></html>", "text/html")
        elif how == "502":
            self._answer(b"<html><body>Bad gateway</body></html>", "text/html", status=502)
        elif how.startswith("slow"):
            self.server.wait(how)
            return False
        else:
            return False
        return True

    def _give(self, answer: bytes, how: str) -> None:
        if how == "reset-after":
            reset(self.connection)
            return
        if how.startswith("late"):
            self.server.wait(how)
        self._answer(answer)

    def _call(self, service: str, method: str | None, params: tuple[Any, ...], how: str) -> bytes:
        try:
            result = self.server.services.dispatch(service, method, params)
        except Fault as fault:
            return _fault(fault)
        try:
            return _dump((None if how == "none" else result,))
        except TypeError as error:
            return _fault(Transport("<type 'exceptions.TypeError'>", str(error)))

    def _answer(
        self, body: bytes, kind: str = "text/xml", status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        if body:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _parse(body: bytes) -> tuple[tuple[Any, ...], str | None]:
    """Read a request; raises Transport for what is no XML-RPC."""
    try:
        return xmlrpc.client.loads(body)
    except xml.parsers.expat.ExpatError as error:
        raise Transport("<class 'xml.parsers.expat.ExpatError'>", str(error)) from None
    except (xmlrpc.client.Error, ValueError, TypeError, LookupError) as error:
        raise Transport(f"<type '{type(error).__name__}'>", str(error)) from None


def _dump(answer: tuple[Any] | xmlrpc.client.Fault) -> bytes:
    return xmlrpc.client.dumps(answer, methodresponse=True).encode()


def _fault(fault: Fault) -> bytes:
    return _dump(xmlrpc.client.Fault(fault.code, fault.text))  # type: ignore[arg-type]  # this ERP's codes are texts
