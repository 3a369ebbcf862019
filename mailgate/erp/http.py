"""HTTP as every ERP's transport needs it: one request, sent once, each failure sorted by what it leaves behind.

What happened before the connection stood had no effect (`ErpDown`); after that the answer alone tells, and without a
whole one the request may have been carried out (`ErpDoubt`). Nothing is ever sent again. A connection is kept for the
next request where the answer allows it (RFC 9112, section 9.3).
"""

from __future__ import annotations

import http.client
import select
import socket

from mailgate.status import ErpDenied, ErpDoubt, ErpDown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

MOVED = (301, 302, 307, 308)

# XML 1.0 has no way to write these, nor PostgreSQL the first; each transport replaces them, so that all store the
# same. A lone surrogate becomes "?" when the request is encoded.
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

    A str would have the idna codec imported, at each start of the gateway. With a context it speaks TLS.
    """

    auto_open = 0  # a request goes into the connection that stands, or nowhere

    def __init__(self, host: str, timeout: float, context: ssl.SSLContext | None) -> None:
        if context is not None:
            self.default_port = http.client.HTTPS_PORT
        super().__init__(host, timeout=timeout)
        self.context = context

    def connect(self) -> None:
        """Open the connection, and have the server's certificate verified."""
        host = self.host.encode("ascii") if self.host.isascii() else self.host
        self.sock = socket.create_connection((host, self.port), self.timeout)  # type: ignore[arg-type]  # bytes do
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.context is not None:
            self.sock = self.context.wrap_socket(self.sock, server_hostname=self.host)


class Http:
    """One server: `url` is scheme, host and port; `timeout`, in seconds, is for each step on the socket."""

    def __init__(self, url: str, timeout: float, ca_file: str = "") -> None:
        self.scheme, _, self.host = url.rstrip("/").partition("://")
        self.timeout = timeout
        self.ca_file = ca_file
        self.requests = 0
        self._connection: _Connection | None = None

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str, bytes]:
        """Send a body, and return status, content type and body of the answer, whatever the status is.

        A redirection (RFC 9110, section 15.4) is not followed but `ErpDenied`. Raises ErpDown, ErpDoubt, ErpDenied.
        """
        return self._send("POST", path, body, headers)

    def get(self, path: str) -> tuple[int, str, bytes]:
        """Ask for a page; answers and errors are as `post` has them."""
        return self._send("GET", path, None, {})

    def close(self) -> None:
        """Close the connection, if there is one. The next request opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _send(self, verb: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, str, bytes]:
        self.requests += 1
        connection = self._standing() or self._connected()
        whole = False
        try:
            connection.request(verb, path, body, {"User-Agent": "mailgate", **headers})
            answer = connection.getresponse()
            content = answer.read()
            whole = True
        except (OSError, http.client.HTTPException, ValueError, OverflowError, MemoryError) as error:
            # The last three: lengths that no answer can have.
            raise ErpDoubt(f"the ERP at {self.host} did not answer: {type(error).__name__}", str(error)) from error
        finally:
            if not whole:
                self.close()
        if answer.status in MOVED:
            raise self._moved(path, answer.getheader("location", ""))
        return answer.status, answer.getheader("content-type", ""), content

    def _standing(self) -> _Connection | None:
        """Return the connection of the last request, unless its answer, or the server since then, ended it."""
        if self._connection is None or self._connection.sock is None:
            return None
        idle = select.poll()
        idle.register(self._connection.sock, select.POLLIN)
        return None if idle.poll(0) else self._connection

    def _connected(self) -> _Connection:
        self.close()
        context = self._context() if self.scheme == "https" else None
        try:
            self._connection = _Connection(self.host, self.timeout, context)
            self._connection.connect()
        except (OSError, ValueError, http.client.HTTPException) as error:
            self.close()
            raise self._unreachable(error) from error
        return self._connection

    def _context(self) -> ssl.SSLContext:
        import ssl

        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
        except OSError as error:
            raise ErpDown(f"erp.ca_file {self.ca_file} cannot be used: {error.strerror or error}") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _unreachable(self, error: Exception) -> ErpDown:
        why = getattr(error, "verify_message", "")  # of ssl.SSLCertVerificationError, which may not be imported here
        if why:
            mend = "set erp.ca_file to the certificate of its authority, or erp.url to the name that it bears"
            return ErpDown(f"the certificate of the ERP at {self.host} is not accepted ({why}): {mend}", str(error))
        return ErpDown(f"the ERP at {self.host} cannot be reached: {getattr(error, 'strerror', '') or error}")

    def _moved(self, path: str, location: str) -> ErpDenied:
        there = printable(location.removesuffix(path)) or "nowhere"
        kind = "https" if location.lower().startswith("https:") and self.scheme == "http" else "another address"
        return ErpDenied(f"the ERP at {self.host} wants {kind} and points to {there}: correct erp.url")


def printable(text: str, longest: int = 200) -> str:
    """Return a text on one line, in characters that can be shown anywhere, cut where it is too long."""
    line = " ".join(text[: 4 * longest].split())[:longest]
    return "".join(char if char.isprintable() else "?" for char in line)
