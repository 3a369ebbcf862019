"""One request over HTTP against servers that answer, break, idle, redirect and show certificates."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from typing import IO, TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailgate.erp.http import Http, printable
from mailgate.erp.rpc import Rpc
from mailgate.status import ErpDenied, ErpDoubt, ErpDown, ErpError
from tests import test_smtp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

certificate = test_smtp.certificate
tls = test_smtp.tls


class Request(NamedTuple):
    """What arrived: the first line's path, the header fields with their names in lower case, the body."""

    path: str
    fields: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """Bytes as they go out; then the connection is closed, kept, reset, or left hanging."""

    raw: bytes = b""
    then: str = "close"


Script = "Callable[[Request], Answer]"


def answer(
    body: bytes = b"fine", status: str = "200 OK", then: str = "keep", fields: str = "", version: str = "1.1"
) -> Answer:
    length = f"Content-Length: {len(body)}\r\n"
    return Answer(f"HTTP/{version} {status}\r\n{length}{fields}\r\n".encode("latin-1") + body, then)


class Server:
    """Answers each request by its script: the answers in order (the last for all further ones), or a function."""

    def __init__(self, *script: Answer | Callable[[Request], Answer], context: ssl.SSLContext | None = None) -> None:
        self.script = script or (answer(),)
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.port}"
        self.connections = 0
        self.requests: list[Request] = []
        self.ended = threading.Semaphore(0)  # one for each connection that the server closed
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection.makefile("rb") as lines:
                while self._one(connection, lines):
                    pass
        except (OSError, ValueError, IndexError):  # gone, or it spoke something else
            pass
        finally:
            connection.close()
            self.ended.release()

    def _one(self, connection: socket.socket, lines: IO[bytes]) -> bool:
        request = _read(lines)
        if request is None:
            return False
        self.requests.append(request)
        step = self.script[min(len(self.requests), len(self.script)) - 1]
        reply = step if isinstance(step, Answer) else step(request)
        connection.sendall(reply.raw)
        if reply.then == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if reply.then == "hang":
            connection.recv(1)
        return reply.then == "keep"


def _read(lines: IO[bytes]) -> Request | None:
    first = lines.readline().decode()
    if not first:
        return None
    fields: dict[str, str] = {}
    while line := lines.readline().strip().decode():
        name, _, value = line.partition(": ")
        fields[name.lower()] = value
    return Request(first.split(" ")[1], fields, lines.read(int(fields.get("content-length", "0"))))


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*script: Answer | Callable[[Request], Answer], context: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(*script, context=context))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def post(http: Http) -> tuple[int, str, bytes]:
    return http.post("/path", b"body", {"Content-Type": "text/xml"})


# --- what is sent, and the connection --------------------------------------------------------------------------------


def test_a_request_and_its_answer(serve: Callable[..., Server]) -> None:
    server = serve(answer(b"there", "404 Not Found", fields="Content-Type: text/html\r\n"))
    http = Http(server.url + "/", 5)
    assert post(http) == (404, "text/html", b"there")
    assert http.get("/page") == (404, "text/html", b"there")
    http.close()
    (one, two), host = server.requests, f"127.0.0.1:{server.port}"
    assert (one.path, one.body, two.path, two.body) == ("/path", b"body", "/page", b"")
    assert one.fields == {
        "host": host, "accept-encoding": "identity", "content-length": "4", "user-agent": "mailgate",
        "content-type": "text/xml",
    }  # fmt: skip
    assert http.requests == 2


@pytest.mark.parametrize(
    ("kind", "connections"),
    [
        (answer(), 1),
        (answer(fields="Connection: keep-alive\r\n", version="1.0"), 1),
        (Answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n", "keep"), 1),
        (answer(version="1.0", then="close"), 3),
        (answer(fields="Connection: close\r\n", then="close"), 3),
        (Answer(b"HTTP/1.1 200 OK\r\n\r\nfine"), 3),
        (answer(version="1.0", then="keep"), 3),
    ],
)
def test_a_connection_is_kept_where_the_answer_allows_it(
    serve: Callable[..., Server], kind: Answer, connections: int
) -> None:
    server = serve(kind)
    http = Http(server.url, 5)
    assert [post(http)[2] for _ in range(3)] == [b"fine"] * 3
    assert server.connections == connections
    http.close()
    http.close()
    assert post(http)[0] == 200
    http.close()
    assert server.connections == connections + 1


def test_an_idle_connection_that_the_server_closed_is_replaced(serve: Callable[..., Server]) -> None:
    server = serve(answer(then="close"))
    http = Http(server.url, 5)
    for _ in range(2):
        assert post(http)[2] == b"fine"
        server.ended.acquire(timeout=5)
    http.close()
    assert (server.connections, len(server.requests)) == (2, 2)


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_kept_connection_that_fails_is_doubt_and_nothing_is_sent_again(
    serve: Callable[..., Server], how: str
) -> None:
    server = serve(answer(), Answer(b"", how), answer())
    http = Http(server.url, 5)
    post(http)
    with pytest.raises(ErpDoubt):
        post(http)
    assert (server.connections, len(server.requests)) == (1, 2)
    assert post(http)[0] == 200
    http.close()
    assert (server.connections, len(server.requests)) == (2, 3)


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_without_a_connection_nothing_was_done() -> None:
    port = test_smtp.unused_port()
    with pytest.raises(ErpDown, match=f"the ERP at 127.0.0.1:{port} cannot be reached: Connection refused"):
        post(Http(f"http://127.0.0.1:{port}", 5))
    for host in ("ä" * 70, "127.0.0.1:port"):
        with pytest.raises(ErpDown, match="cannot be reached"):
            post(Http(f"http://{host}", 5))


BROKEN = {
    "nothing": Answer(b""),
    "reset": Answer(b"", "reset"),
    "garbage": Answer(b"\x00\x01garbage\r\n\r\n"),
    "no status": Answer(b"HTTP/1.1 hello\r\n\r\n"),
    "a short body": Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"),
    "a short chunk": Answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n12345"),
    "no chunk": Answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "reset in the body": Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", "reset"),
    "too long": Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n12345"),
    "a long line": Answer(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n"),
    "many fields": Answer(b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200 + b"\r\n"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=list(BROKEN))
def test_without_a_whole_answer_there_is_doubt(serve: Callable[..., Server], broken: Answer) -> None:
    server = serve(broken, answer())
    http = Http(server.url, 5)
    with pytest.raises(ErpDoubt, match=r"the ERP at 127.0.0.1:[0-9]+ did not answer: [A-Za-z]+$"):
        post(http)
    assert len(server.requests) == 1
    assert post(http)[0] == 200
    http.close()


def test_a_slow_server_is_doubt(serve: Callable[..., Server]) -> None:
    for raw in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"):
        http = Http(serve(Answer(raw, "hang")).url, 0.1)
        with pytest.raises(ErpDoubt, match="TimeoutError"):
            post(http)


@pytest.mark.parametrize(
    ("status", "location", "words"),
    [
        (301, "https://erp.example/path", "wants https and points to https://erp.example: correct erp.url"),
        (302, "http://erp.example:8069/path", "wants another address and points to http://erp.example:8069: "),
        (307, "/web/login", "points to /web/login: "),
        (308, "", "points to nowhere: "),
        (301, "https://\x1b[31m\x9b" + "x" * 999, "points to https://?[31m?" + "x" * 186 + ": correct"),
    ],
)
def test_a_redirection_is_not_followed(serve: Callable[..., Server], status: int, location: str, words: str) -> None:
    server = serve(answer(b"", f"{status} Moved", fields=f"Location: {location}\r\n"))
    http = Http(server.url, 5)
    with pytest.raises(ErpDenied) as caught:
        post(http)
    http.close()
    assert words in str(caught.value)
    assert len(server.requests) == 1


def test_what_is_shown_is_one_printable_line() -> None:
    assert printable(" a\r\n\tb\x1b\u202e ") == "a b??"
    assert printable("x " * 10_000) == ("x " * 100)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | st.binary().map(lambda more: b"HTTP/1.1 200 OK\r\n" + more))
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n")
@example(b"HTTP/1.1 302 x\r\n\r\n")
@example(b"HTTP/1.1 100 Continue\r\n\r\n")
def test_any_bytes_are_an_answer_or_an_error(standing: Server, raw: bytes) -> None:
    standing.script = (Answer(raw),)
    http = Http(standing.url, 5)
    try:
        status, kind, body = post(http)
        assert isinstance(status, int)
        assert isinstance(kind, str)
        assert isinstance(body, bytes)
    except ErpError as error:
        assert isinstance(error, ErpDoubt | ErpDenied)
    finally:
        http.close()


@pytest.fixture(scope="module")
def standing() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


# --- TLS -------------------------------------------------------------------------------------------------------------


def test_tls_with_a_certificate_that_is_trusted(
    serve: Callable[..., Server], tls: ssl.SSLContext, certificate: Path
) -> None:
    server = serve(answer(), context=tls)
    http = Http(server.url, 5, str(certificate))
    assert [post(http)[2] for _ in range(3)] == [b"fine"] * 3
    http.close()
    assert server.connections == 1


def test_a_certificate_that_is_not_accepted_is_known_before_anything_is_sent(
    serve: Callable[..., Server], tls: ssl.SSLContext, certificate: Path
) -> None:
    server = serve(answer(), context=tls)
    with pytest.raises(ErpDown, match=r"is not accepted \(self-signed certificate\): set erp.ca_file .* or erp.url"):
        post(Http(server.url, 5))
    other = Http(server.url.replace("127.0.0.1", "localhost"), 5, str(certificate))
    with pytest.raises(ErpDown, match=r"Hostname mismatch.*erp\.url"):
        post(other)
    assert server.requests == []


def test_tls_is_1_2_at_least(serve: Callable[..., Server], tls: ssl.SSLContext, certificate: Path) -> None:
    tls.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    tls.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        tls.maximum_version = ssl.TLSVersion.TLSv1_1
    server = serve(answer(), context=tls)
    with pytest.raises(ErpDown, match="cannot be reached"):
        post(Http(server.url, 5, str(certificate)))


def test_https_and_http_confused(serve: Callable[..., Server], tls: ssl.SSLContext) -> None:
    plain, secure = serve(answer()), serve(answer(), context=tls)
    with pytest.raises(ErpDown, match="cannot be reached"):
        post(Http(plain.url.replace("http:", "https:"), 5))
    with pytest.raises(ErpDoubt):
        post(Http(secure.url.replace("https:", "http:"), 5))


def test_a_ca_file_that_is_none(serve: Callable[..., Server], tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name in ("missing.pem", "empty.pem"):
        with pytest.raises(ErpDown, match=rf"erp.ca_file .*{name} cannot be used: "):
            post(Http("https://127.0.0.1:1", 5, str(tmp_path / name)))


# --- OpenERP 5's XML-RPC on it ---------------------------------------------------------------------------------------

FINE = b"<methodResponse><params><param><value><int>7</int></value></param></params></methodResponse>"


def test_a_call_of_openerp(serve: Callable[..., Server]) -> None:
    server = serve(answer(FINE, version="1.0", then="close"))
    rpc = Rpc(server.url, 5)
    assert [rpc.call("object", "execute", "db\x00", "\ud800", ["é", True, 1.5]) for _ in range(2)] == [7, 7]
    assert (rpc.calls, server.connections) == (2, 2)
    (request, _) = server.requests
    assert (request.path, request.fields["content-type"]) == ("/xmlrpc/object", "text/xml")
    assert "<string>db\ufffd</string>" in request.body.decode()
    assert "<string>?</string>" in request.body.decode()


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (answer(b"", "404 Not Found"), ErpDenied, r"no XML-RPC service at .* \(HTTP 404\): is the port right\?"),
        (answer(b"", "501 What"), ErpDenied, "HTTP 501"),
        (answer(b"<html>\x1b", "502 Bad Gateway"), ErpDoubt, "answered with HTTP 502$"),
        (answer(b"<html>"), ErpDoubt, "something else than XML-RPC"),
        (answer(b""), ErpDoubt, "something else than XML-RPC"),
        (answer(FINE[:-20]), ErpDoubt, "something else than XML-RPC"),
        (answer(FINE.replace(b"7", b"seven")), ErpDoubt, "something else than XML-RPC"),
        (answer(FINE.replace(b"int", b"bigdecimal").replace(b"7", b"x")), ErpDoubt, "something else than XML-RPC"),
        (answer(b"", "302 Found", fields="Location: https://x/xmlrpc/db\r\n"), ErpDenied, "points to https://x:"),
    ],
)
def test_what_is_no_answer_of_openerp(
    serve: Callable[..., Server], reply: Answer, kind: type[ErpError], words: str
) -> None:
    rpc = Rpc(serve(reply._replace(then="close")).url, 5)
    with pytest.raises(kind, match=words) as caught:
        rpc.call("db", "list")
    assert caught.value.detail.isprintable()
    rpc.http.close()
