"""An SMTP server on loopback that keeps every mail and delivers none (RFC 5321, 3207, 4954, 6152, 6531).

It can be told to answer badly: `answer` gives a reply of one's own to a stage, or to one recipient.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import socket
import threading
import time

from mailgate.record import Record
from mailgate.sandbox.listener import Listener, reset

TYPE_CHECKING = False
if TYPE_CHECKING:
    import email.message
    import ssl
    from collections.abc import Callable
    from io import BufferedReader
    from typing import Literal, Self

    Stage = Literal["connect", "ehlo", "auth", "mail", "rcpt", "data", "message"]

SIZE = 100 * 1024 * 1024


class Envelope(Record):
    """One mail as the sink got it. `data` is the message without dot-stuffing, lines ending as they came."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    time: float
    hello: str = ""
    user: str = ""  # who authenticated
    tls: bool = False
    options: tuple[str, ...] = ()  # parameters of MAIL: BODY=8BITMIME, SMTPUTF8, SIZE=...

    @property
    def message(self) -> email.message.EmailMessage:
        """The message, parsed."""
        import email
        import email.policy

        return email.message_from_bytes(self.data, policy=email.policy.default)


class Wish(Record):
    """How to answer at a stage: see `Sink.answer`."""

    stage: Stage
    reply: str
    recipient: str = ""


class Sink:
    """The server. Use it as a context manager, or `close` it.

    `context` offers STARTTLS, or TLS from the first byte with `implicit`. `users` (name to password) offers AUTH
    PLAIN and LOGIN and then demands it. `keep` is called with each Envelope too.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        context: ssl.SSLContext | None = None,
        implicit: bool = False,
        users: dict[str, str] | None = None,
        extensions: tuple[str, ...] = ("8BITMIME", "SMTPUTF8", "PIPELINING", f"SIZE {SIZE}"),
        keep: Callable[[Envelope], None] | None = None,
    ) -> None:
        self.context = context
        self.implicit = implicit
        self.users = users or {}
        self.extensions = extensions
        self.mails: list[Envelope] = []
        self.connections = 0
        self.closing = threading.Event()
        self._keep = keep
        self._wishes: list[tuple[Wish, int | None]] = []
        self._arrived = threading.Condition()
        self._listener = Listener(self._serve, port, "smtp sink")
        self.port = self._listener.port

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop, breaking what is open."""
        self.closing.set()
        self._listener.close()

    def pause(self) -> None:
        """Refuse connections until `resume`."""
        self._listener.pause()

    def resume(self) -> None:
        """Accept connections again."""
        self._listener.resume()

    def clear(self) -> None:
        """Forget the mails."""
        self.mails.clear()

    def answer(self, reply: str, stage: Stage = "rcpt", recipient: str = "", times: int | None = None) -> None:
        """Answer a stage (for one recipient only, if given) with `reply`, for ever or so many times.

        stages: connect, ehlo, auth, mail, rcpt, data (before the text), message (after the final dot). `reply` is a
        line such as "451 4.3.0 try again", or `drop` (close), `reset` (RST), `hang` (say nothing more), or, for the
        stage message, `lose`: the mail is kept, its 250 never said.
        """
        self._wishes.append((Wish(stage, reply, recipient.lower()), times))

    def obey(self) -> None:
        """Forget what `answer` was told."""
        self._wishes.clear()

    def wait(self, count: int, seconds: float = 5) -> list[Envelope]:
        """Return the mails as soon as there are `count`; raises TimeoutError."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.mails) >= count, seconds):
                raise TimeoutError(f"{len(self.mails)} mails instead of {count}")
            return list(self.mails)

    def wish(self, stage: Stage, recipient: str = "") -> str:
        """Return what `answer` wants said at this stage, "" for the usual."""
        for place, (wish, times) in enumerate(self._wishes):
            if wish.stage == stage and wish.recipient in ("", recipient.lower()):
                if times is not None:
                    self._wishes[place : place + 1] = [(wish, times - 1)] if times > 1 else []
                return wish.reply
        return ""

    def accept(self, mail: Envelope) -> None:
        """Keep a mail."""
        if self._keep:
            self._keep(mail)
        with self._arrived:
            self.mails.append(mail)
            self._arrived.notify_all()

    def _serve(self, connection: socket.socket) -> None:
        self.connections += 1
        if self.context and self.implicit:
            with _secured(connection, self.context) as secure:
                _Session(self, secure, tls=True).run()
        else:
            _Session(self, connection).run()


class _End(Exception):
    """The session is over."""


class _Session:
    """One connection: a command a line, each answered by the method of its verb."""

    def __init__(self, sink: Sink, connection: socket.socket, *, tls: bool = False) -> None:
        self._sink = sink
        self._connection = connection
        self._file: BufferedReader = connection.makefile("rb")
        self._tls = tls
        self._hello = ""
        self._user = ""
        self._reset()

    def _reset(self) -> None:
        self._sender: str | None = None
        self._options: tuple[str, ...] = ()
        self._recipients: list[str] = []

    def run(self) -> None:
        """Greet, and answer until QUIT or the end of the connection."""
        with contextlib.suppress(_End), self._file:
            self._say("connect", "220 sandbox ESMTP, nothing is delivered")
            self.follow()

    def follow(self) -> None:
        """Answer command after command."""
        while line := self._file.readline(65536):
            self._obey(line.decode("utf-8", "surrogateescape").strip())

    def _obey(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        method = getattr(self, "_" + verb.lower(), None) if verb.upper() in VERBS else None
        if method is None:
            self._send("500 5.5.1 unknown command")
        else:
            method(rest.strip())

    def _send(self, reply: str) -> None:
        self._connection.sendall(reply.replace("\n", "\r\n").encode() + b"\r\n")

    def _say(self, stage: Stage, usual: str, recipient: str = "") -> bool:
        """Send the usual reply, or what the sink was told; False if that is a refusal."""
        return self._reply(self._sink.wish(stage, recipient) or usual)

    def _reply(self, reply: str) -> bool:
        if reply == "hang":
            self._sink.closing.wait()
        if reply == "reset":
            reset(self._connection)
        if reply in ("hang", "drop", "lose", "reset"):
            raise _End
        self._send(reply)
        if reply.startswith("421"):
            raise _End
        return reply[0] in "23"

    def _ehlo(self, name: str) -> None:
        self._hello = name
        self._reset()
        lines = ["sandbox", *self._sink.extensions]
        if self._sink.context and not self._tls:
            lines.append("STARTTLS")
        if self._sink.users:
            lines.append("AUTH PLAIN LOGIN")
        self._say("ehlo", "\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"]))

    def _helo(self, name: str) -> None:
        self._hello = name
        self._reset()
        self._say("ehlo", "250 sandbox")

    def _starttls(self, _: str) -> None:
        if not self._sink.context or self._tls:
            self._send("502 5.5.1 not here")
            return
        self._send("220 2.0.0 go on")
        with _secured(self._connection, self._sink.context) as secure:
            _Session(self._sink, secure, tls=True).follow()

    def _auth(self, rest: str) -> None:
        mechanism, _, initial = rest.partition(" ")
        if mechanism.upper() == "PLAIN":
            user, password = (*self._ask(initial, "").split("\0"), "", "")[1:3]
        elif mechanism.upper() == "LOGIN":
            user = self._ask(initial, "Username:")
            password = self._ask("", "Password:")
        else:
            self._send("504 5.5.4 unknown mechanism")
            return
        if password and self._sink.users.get(user) == password:
            self._user = user if self._say("auth", "235 2.7.0 welcome") else ""
        else:
            self._say("auth", "535 5.7.8 wrong user or password")

    def _ask(self, given: str, prompt: str) -> str:
        """Return a decoded answer of the AUTH dialogue, which may have come with the command."""
        if not given:
            self._send("334 " + base64.b64encode(prompt.encode()).decode())
            given = self._file.readline(65536).decode("ascii", "replace").strip()
        try:
            return base64.b64decode(given, validate=True).decode("utf-8", "replace")
        except binascii.Error:
            return ""

    def _mail(self, rest: str) -> None:
        address, options = _path(rest, "FROM:")
        if address is None:
            self._send("501 5.5.4 MAIL FROM:<address>")
        elif self._sink.users and not self._user:
            self._send("530 5.7.0 authenticate first")
        elif problem := _refuse(options, self._sink.extensions):
            self._send(problem)
        elif self._say("mail", "250 2.1.0 sender ok"):
            self._sender, self._options = address, options

    def _rcpt(self, rest: str) -> None:
        address, _ = _path(rest, "TO:")
        if self._sender is None:
            self._send("503 5.5.1 MAIL first")
        elif not address:
            self._send("501 5.5.4 RCPT TO:<address>")
        elif self._say("rcpt", "250 2.1.5 recipient ok", address):
            self._recipients.append(address)

    def _data(self, _: str) -> None:
        if not self._recipients:
            self._send("503 5.5.1 RCPT first")
            return
        if not self._say("data", "354 end with a dot"):
            return
        data = self._text()
        reply = self._sink.wish("message") or "250 2.0.0 kept"
        if reply.startswith("2") or reply == "lose":
            self._sink.accept(self._envelope(data))
        self._reset()
        self._reply(reply)

    def _envelope(self, data: bytes) -> Envelope:
        sender, recipients = self._sender or "", tuple(self._recipients)
        return Envelope(sender, recipients, data, time.time(), self._hello, self._user, self._tls, self._options)

    def _text(self) -> bytes:
        """Read to the line with a single dot; undo the stuffing (RFC 5321 section 4.5.2)."""
        lines = []
        while (line := self._file.readline()) != b".\r\n":
            if not line:
                raise _End
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    def _rset(self, _: str) -> None:
        self._reset()
        self._send("250 2.0.0 ok")

    def _noop(self, _: str) -> None:
        self._send("250 2.0.0 ok")

    def _vrfy(self, _: str) -> None:
        self._send("252 2.1.5 try it")

    def _quit(self, _: str) -> None:
        self._send("221 2.0.0 bye")
        raise _End


VERBS = {"EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "VRFY", "QUIT"}


def _secured(connection: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
    """Begin TLS on an accepted connection; raises OSError (ssl.SSLError) if the client does not agree."""
    return context.wrap_socket(connection, server_side=True)


def _path(rest: str, keyword: str) -> tuple[str | None, tuple[str, ...]]:
    """Split `FROM:<a@b> SIZE=9` into address and parameters; None if it is no path (RFC 5321 section 4.1.2)."""
    if not rest.upper().startswith(keyword):
        return None, ()
    path = rest[len(keyword) :].strip()
    if not path.startswith("<") or ">" not in path:
        return None, ()
    address, _, options = path[1:].partition(">")
    return address, tuple(options.split())


def _refuse(options: tuple[str, ...], extensions: tuple[str, ...]) -> str:
    """Return the refusal of a parameter of MAIL that was not offered, or ""."""
    offered = {extension.split()[0].upper() for extension in extensions}
    limit = next((int(word.split()[1]) for word in extensions if word.upper().startswith("SIZE ")), None)
    for option in options:
        name, _, value = option.upper().partition("=")
        if (name == "BODY" and (value == "BINARYMIME" or "8BITMIME" not in offered)) or (
            name in ("SMTPUTF8", "SIZE") and name not in offered
        ):
            return "555 5.5.4 parameter not offered"
        if name == "SIZE" and limit is not None and int(value or 0) > limit:
            return "552 5.3.4 too big"
    return ""
