"""A listening socket on loopback with one thread for each connection, which ends when it is told to.

`socketserver` notices a shutdown only at its next poll and leaves the sockets of unfinished requests open; here a
stop is immediate, and everything that was opened is closed.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOST = "127.0.0.1"
BACKLOG = 64


class Listener:
    """Accept connections on 127.0.0.1:`port` (0: any free one) and hand each to `handle` in a thread of its own.

    `handle` gets the connected socket and need not close it. Raises OSError if the port is taken.
    """

    def __init__(self, handle: Callable[[socket.socket], None], port: int = 0, name: str = "listener") -> None:
        self._handle = handle
        self._name = name
        self._guard = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        self._accepting = self._start()

    def _start(self) -> tuple[threading.Thread, socket.socket]:
        waker, wakened = socket.socketpair()
        thread = threading.Thread(target=self._accept, args=(self._socket, wakened), name=self._name, daemon=True)
        thread.start()
        return thread, waker

    def _accept(self, listening: socket.socket, wakened: socket.socket) -> None:
        with listening, wakened, selectors.DefaultSelector() as selector:
            selector.register(listening, selectors.EVENT_READ)
            selector.register(wakened, selectors.EVENT_READ)
            while not any(key.fileobj is wakened for key, _ in selector.select()):
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    self._spawn(listening.accept()[0])

    def _spawn(self, connection: socket.socket) -> None:
        connection.setblocking(True)
        thread = threading.Thread(target=self._serve, args=(connection,), name=self._name, daemon=True)
        with self._guard:
            self._open[thread] = connection
        thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, contextlib.suppress(OSError):  # the peer, or close(), may end it at any point
                self._handle(connection)
        finally:
            with self._guard:
                del self._open[threading.current_thread()]

    def pause(self) -> None:
        """Stop listening: connections are refused until `resume`. Those that are open go on."""
        thread, waker = self._accepting
        with waker, contextlib.suppress(OSError):
            waker.send(b"x")
        thread.join()

    def resume(self) -> None:
        """Listen again, on the same port, if it does not."""
        if self._accepting[0].is_alive():
            return
        self._socket = _listen(self.port)
        self._accepting = self._start()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Refuse connections inside the `with` block."""
        self.pause()
        try:
            yield
        finally:
            self.resume()

    def close(self) -> None:
        """Stop listening, break every open connection, and wait for the threads."""
        self.pause()
        with self._guard:
            open_now = dict(self._open)
        for connection in open_now.values():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in open_now:
            thread.join(5)


def _listen(port: int) -> socket.socket:
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


def reset(connection: socket.socket) -> None:
    """Break a connection with RST instead of FIN, as a server does that dies."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    connection.close()
