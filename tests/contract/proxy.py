"""A proxy between the gateway and a server, which passes HTTP requests on until it is told to spoil one."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable
from typing import BinaryIO, Literal

from mailgate.sandbox.listener import Listener, reset

# What spoils a request. "lost": the server did what was asked, and its answer never comes.
Fault = Literal["refuse", "cut", "502", "garbage", "lost", "lost-502", "lost-garbage", "half", "slow"]

PAGE = b"<html><body><h1>502 Bad Gateway</h1><p>nginx</p></body></html>\n"
WRITES = (b">create<", b">write<", b">message_post<", b">case_", b"/create ", b"/write ", b"/message_post ")


class Proxy:
    """Pass everything on to `url`; use it as a context manager. One request a connection.

    `requests` are those that came, with their first line; `writes` says which of them change something.
    """

    def __init__(self, url: str) -> None:
        self.upstream = url.partition("://")[2]
        self.requests: list[bytes] = []
        self._fault: tuple[Fault, int] | None = None
        self._action: tuple[Callable[[], object], int] | None = None
        self._released = threading.Event()
        self._listener = Listener(self._serve, 0, "proxy")

    @property
    def url(self) -> str:
        """Where the gateway finds the server."""
        return f"http://127.0.0.1:{self._listener.port}"

    @property
    def pending(self) -> bool:
        """Whether what was asked for has not happened yet."""
        return self._fault is not None or self._action is not None

    def __enter__(self) -> Proxy:
        """Use it in a with statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._released.set()
        self._listener.close()

    def fail(self, fault: Fault, nth: int = 1) -> None:
        """Spoil the nth request from now on, once: counted from 1. `refuse` refuses all from the first until `mend`."""
        if fault == "refuse":
            self._listener.pause()
        else:
            self._fault = (fault, nth)

    def before(self, action: Callable[[], object], nth: int) -> None:
        """Do something, once, before the nth request from now on is passed on."""
        self._action = (action, nth)

    def mend(self) -> None:
        """Let everything through again, and let go what `slow` held."""
        self._fault = self._action = None
        self._released.set()
        self._released = threading.Event()
        self._listener.resume()

    def forget(self) -> None:
        """Count the requests anew."""
        self.requests.clear()

    def writes(self) -> list[int]:
        """Return the places (from 1) of the requests that change something."""
        return [place for place, one in enumerate(self.requests, 1) if any(word in one for word in WRITES)]

    def _serve(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            request = _read(stream)
        if request is None:
            return
        self.requests.append(request)
        self._act()
        fault = self._due()
        if fault == "cut":
            return
        if fault in ("502", "garbage"):
            connection.sendall(_page(fault))
            return
        answer = _passed(self.upstream, request)
        if fault == "slow":
            self._released.wait(30)
        elif fault == "lost":
            reset(connection)
        elif fault == "half":
            connection.sendall(answer[: len(answer) - 20])
        elif fault in ("lost-502", "lost-garbage"):
            connection.sendall(_page(fault))
        else:
            connection.sendall(answer)

    def _due(self) -> Fault | None:
        if self._fault is None:
            return None
        fault, nth = self._fault
        self._fault = (fault, nth - 1) if nth > 1 else None
        return None if nth > 1 else fault

    def _act(self) -> None:
        if self._action is None:
            return
        action, nth = self._action
        self._action = (action, nth - 1) if nth > 1 else None
        if nth == 1:
            action()


def _page(fault: Fault) -> bytes:
    """Return a page of HTML where no browser asked for one, with its own status or with that of success."""
    status = b"502 Bad Gateway" if fault.endswith("502") else b"200 OK"
    head = b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
    return head % (status, len(PAGE), PAGE)


def _read(stream: BinaryIO) -> bytes | None:
    """Return one request, whole, or None where the connection ends before it."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return None
        head += line
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    return head + stream.read(length)


def _passed(host: str, request: bytes) -> bytes:
    """Return the server's answer to a request, as one that ends its connection."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    verb, path, _ = first.split(" ")
    fields = dict(line.split(": ", 1) for line in lines)
    fields["Connection"] = "close"
    connection = http.client.HTTPConnection(host, timeout=60)
    try:
        connection.request(verb, path, body, {name: value for name, value in fields.items() if name != "Host"})
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    top = f"HTTP/1.1 {answer.status} {answer.reason}\r\nContent-Type: {answer.getheader('Content-Type', '')}\r\n"
    return f"{top}Content-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode("latin-1") + content
