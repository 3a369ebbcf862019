"""Submission of outgoing mail: to SMTP servers in order (RFC 5321), or to a sendmail command; one recipient a mail.

What a server or the network does never raises: each mail has its `Receipt`.

    nothing taken yet     no connection, TLS or AUTH, 4xx, connection lost: the next server; after the last: temporary
    refused               5xx: permanent, with the server's words; no other server is asked
    after the final dot   whatever happens: no other server, since this one may have taken the mail

A message leaves as it is as far as the server's EHLO allows: 8BITMIME (RFC 6152) for 8-bit text, BINARYMIME with
CHUNKING (RFC 3030) for what has no lines. What it does not offer is made up for by downgrade.py, part by part. SMTPUTF8
(RFC 6531) is asked for where an address needs it; a server that lacks it cannot have such a mail.
"""

from __future__ import annotations

import os

from mailgate.model import Receipt
from mailgate.record import Record
from mailgate.status import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import smtplib
    import ssl
    from collections.abc import Callable
    from typing import Literal

    from mailgate.policy import Secret, Smtp, SmtpServer

CHUNK = 256 * 1024  # bytes; each has the whole timeout, so that a large mail may go over a slow line
DOT_PATIENCE = 3  # times the timeout: servers scan a mail at this point, and giving up leaves it in doubt
AUTH_CODES = (530, 534, 535, 538)  # RFC 4954: they speak of our configuration, not of the mail
MACHINE_CODES = (71, 73, 74, 75, 78, 126, 127)  # sysexits.h and the shell: the machine is in trouble, not the mail


class Outcome(Record):
    """What one server made of a mail; `over` says that no other server may be asked, `broken` that this one is lost."""

    verdict: Literal["sent", "temporary", "permanent"]
    detail: str
    over: bool = True
    broken: bool = False


class Submission:
    """Where outgoing mail leaves. Connections are kept for the next mail of the run: close it at the end."""

    def __init__(self, smtp: Smtp, resolve: Callable[[Secret], str], timeout: float = 30) -> None:
        """`resolve` reads a secret when it is needed; `timeout` is in seconds, for each step of a conversation."""
        self._smtp = smtp
        self._resolve = resolve
        self._timeout = timeout
        self._sessions: dict[int, smtplib.SMTP] = {}
        self._down: dict[int, str] = {}  # servers that could not be used in this run, and why: not tried again

    def send(self, envelope_sender: str, recipient: str, message: bytes) -> Receipt:
        """Submit one mail for one recipient; `envelope_sender` "" is the null reverse-path.

        Line ends become CRLF on the wire; what the server does not take is encoded (see `downgrade.fitted`), all other
        bytes go out as they are.
        """
        if not recipient or not (_harmless(recipient) and _harmless(envelope_sender)):
            return Receipt("permanent", "the envelope address is empty, or has a blank, bracket or control character")
        if self._smtp.sendmail:
            return _hand_over(self._smtp.sendmail, envelope_sender, recipient, message, self._timeout)
        said = []
        outcome = Outcome("temporary", "")
        for number, server in enumerate(self._smtp.servers):
            outcome = self._offer(number, server, envelope_sender, recipient, message)
            said.append(f"{_place(server)}: {outcome.detail}")
            if outcome.over:
                return Receipt(outcome.verdict, said[-1])
        return Receipt(outcome.verdict, "; ".join(said) or "no server is configured")

    def probe(self) -> tuple[tuple[bool, str], ...]:
        """Try each server (connection, EHLO, TLS, AUTH, NOOP): whether it works, and a line that says how or why."""
        if self._smtp.sendmail:
            return (_found(self._smtp.sendmail[0]),)
        return tuple(self._probe(number, server) for number, server in enumerate(self._smtp.servers))

    def close(self) -> None:
        """End the conversations politely, but without waiting long for the answers."""
        while self._sessions:
            _, session = self._sessions.popitem()
            try:
                if session.sock:
                    session.sock.settimeout(2)
                session.quit()
            except OSError:
                session.close()

    def _probe(self, number: int, server: SmtpServer) -> tuple[bool, str]:
        try:
            code, reply = self._session(number, server).noop()
        except (OSError, ValueError, ConfigError) as error:
            self._drop(number)
            return False, f"{_place(server)}: {_trouble(error)}"
        encryption = {"no": "not encrypted", "starttls": "STARTTLS", "tls": "TLS"}[server.tls]
        login = f"AUTH as {server.user}" if server.user else "no AUTH"
        return code == 250, f"{_place(server)}: {encryption}, {login}, {_words(code, reply)}"

    def _offer(self, number: int, server: SmtpServer, sender: str, recipient: str, message: bytes) -> Outcome:
        """Offer a mail to one server. A conversation that did not come to its end is dropped, whatever stopped it."""
        if number in self._down:
            return Outcome("temporary", self._down[number], over=False)
        outcome = None
        try:
            session = self._session(number, server)
            outcome = _converse(session, sender, recipient, message)
        except (OSError, ValueError, ConfigError) as error:
            if number not in self._sessions:
                self._down[number] = _trouble(error)
            return Outcome("temporary", _trouble(error), over=False)
        finally:
            if not outcome or outcome.broken:
                self._drop(number)
        return outcome

    def _session(self, number: int, server: SmtpServer) -> smtplib.SMTP:
        """Return a conversation that is ready for MAIL: the one at hand if it still lives, else a new one."""
        session = self._sessions.get(number)
        if session and _lives(session):
            return session
        self._drop(number)
        session = _connect(server, self._smtp.hello, self._timeout)
        try:
            _greet(session, server)
            if server.user and server.password:
                _authenticate(session, server.user, self._resolve(server.password))
        except BaseException:
            session.close()
            raise
        self._sessions[number] = session
        return session

    def _drop(self, number: int) -> None:
        session = self._sessions.pop(number, None)
        if session:
            session.close()


# --- the way there ---------------------------------------------------------------------------------------------------


def _connect(server: SmtpServer, hello: str, timeout: float) -> smtplib.SMTP:
    """Return a conversation whose greeting was read. The name for EHLO is given, since smtplib would ask the DNS."""
    import smtplib

    session: smtplib.SMTP
    if server.tls == "tls":
        context = _context(server)
        session = smtplib.SMTP_SSL(server.host, server.port, "localhost", timeout=timeout, context=context)
    else:
        # As bytes an ASCII name goes to the resolver as it is; a str would have the idna codec imported, at each start.
        host = server.host.encode("ascii") if server.tls == "no" and server.host.isascii() else server.host
        session = smtplib.SMTP(host, server.port, "localhost", timeout)  # type: ignore[arg-type]
    session.local_hostname = hello or _own_name(session)
    return session


def _own_name(session: smtplib.SMTP) -> str:
    """Return this host's name, or an address literal where it has no full one (RFC 5321 4.1.4)."""
    name = os.uname().nodename
    if "." in name.strip(".") and name.isascii():
        return name
    address = str(session.sock.getsockname()[0]) if session.sock else "127.0.0.1"
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _context(server: SmtpServer) -> ssl.SSLContext:
    import ssl

    context = ssl.create_default_context(cafile=server.ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _greet(session: smtplib.SMTP, server: SmtpServer) -> None:
    session.ehlo_or_helo_if_needed()
    if server.tls == "starttls":
        session.starttls(context=_context(server))
        session.ehlo_or_helo_if_needed()


def _authenticate(session: smtplib.SMTP, user: str, password: str) -> None:
    """Log in (RFC 4954). smtplib knows ASCII only; AUTH PLAIN takes UTF-8 (RFC 4616)."""
    if f"{user}{password}".isascii():
        session.login(user, password)
        return
    import smtplib
    from base64 import b64encode

    code, reply = session.docmd("AUTH", "PLAIN " + b64encode(f"\0{user}\0{password}".encode()).decode())
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, reply)


def _lives(session: smtplib.SMTP) -> bool:
    """Whether a conversation can take another mail; an idle server may have hung up."""
    try:
        return session.rset()[0] == 250
    except OSError:
        return False


# --- one mail --------------------------------------------------------------------------------------------------------


def _converse(session: smtplib.SMTP, sender: str, recipient: str, message: bytes) -> Outcome:
    """Say MAIL and RCPT, and hand the message over as this server takes it."""
    from mailgate.downgrade import ascii_domain, fitted

    sender, recipient = ascii_domain(sender), ascii_domain(recipient)
    fit = fitted(message, sender, recipient, session.esmtp_features)
    if fit.refused:
        return Outcome("permanent", fit.refused, over=False)
    if "SMTPUTF8" in fit.parameters:
        session.command_encoding = "utf-8"
    size = f" SIZE={len(fit.message)}" if session.has_extn("size") else ""
    for command in (f"MAIL FROM:<{sender}>{size}{fit.parameters}", f"RCPT TO:<{recipient}>"):
        code, reply = session.docmd(command)
        if code not in (250, 251, 252):
            return _refused(code, reply)
    if fit.chunked:
        return _chunks(session, fit.message)
    code, reply = session.docmd("DATA")
    return _transfer(session, on_the_wire(fit.message)) if code == 354 else _refused(code, reply)


def _chunks(session: smtplib.SMTP, data: bytes) -> Outcome:
    """Send a message in chunks, octet for octet (RFC 3030 2). Until the last has left, nothing is taken."""
    for start in range(0, len(data), CHUNK):
        chunk = data[start : start + CHUNK]
        last = start + CHUNK >= len(data)
        session.send(f"BDAT {len(chunk)}{' LAST' if last else ''}\r\n".encode() + chunk)
        if last:
            break
        code, reply = session.getreply()
        if code != 250:
            return _refused(code, reply)
    return _taken(session)


def _transfer(session: smtplib.SMTP, data: bytes) -> Outcome:
    """Send a message's lines and the final dot. The dot is gone only when the last piece was sent without an error."""
    for start in range(0, len(data), CHUNK):
        session.send(data[start : start + CHUNK])
    return _taken(session)


def _taken(session: smtplib.SMTP) -> Outcome:
    """Read what a server says to a whole message. Whatever that is, no other server may be asked."""
    if session.sock:
        session.sock.settimeout(session.timeout * DOT_PATIENCE)
    try:
        code, reply = session.getreply()
        if session.sock:
            session.sock.settimeout(session.timeout)
    except OSError as error:
        return Outcome(
            "temporary", f"it may have been taken: no answer to the final dot ({_trouble(error)})", broken=True
        )
    if code // 100 == 2:
        return Outcome("sent", _words(code, reply))
    if code // 100 in (4, 5):
        return _refused(code, reply).but(over=True)
    return Outcome(
        "temporary", f"it may have been taken: odd answer to the final dot ({_words(code, reply)})", broken=True
    )


def _refused(code: int, reply: bytes) -> Outcome:
    """A reply that is no success, before the final dot. What is no reply of RFC 5321 ends the conversation."""
    if code // 100 == 5 and code not in AUTH_CODES:
        return Outcome("permanent", _words(code, reply))
    return Outcome("temporary", _words(code, reply), over=False, broken=code == 421 or not 400 <= code < 600)


def on_the_wire(message: bytes) -> bytes:
    """Return a message as DATA takes it (RFC 5321 4.5.2): CRLF line ends, dots doubled, the final dot.

    No bare CR or LF is left, so that nothing in a message can pass for its end.
    """
    lines = message.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return (b"\r\n" + lines).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"


def _harmless(address: str) -> bool:
    return address.isprintable() and not set(address) & set(" <>")


# --- a command instead -----------------------------------------------------------------------------------------------


def _hand_over(command: tuple[str, ...], sender: str, recipient: str, message: bytes, timeout: float) -> Receipt:
    """Run a sendmail-compatible command; -i, since a line with a dot must not end the mail.

    What it offers is not to be asked: 8-bit text and UTF-8 addresses are its own affair, data without lines is none.
    """
    import subprocess

    from mailgate.downgrade import ascii_domain, fitted

    sender, recipient = ascii_domain(sender), ascii_domain(recipient)
    message = fitted(message, sender, recipient, ("8bitmime", "smtputf8")).message
    line_ends = message.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    argv = [*command, "-i", "-f", sender or "<>", "--", recipient]
    try:
        run = subprocess.run(argv, input=line_ends, capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return Receipt("temporary", f"{command[0]} did not end in {timeout:g} s: the mail may have been taken")
    except (OSError, ValueError) as error:
        return Receipt("temporary", f"{command[0]} cannot be run: {_trouble(error)}")
    said = _words(run.returncode, run.stderr or run.stdout)
    if run.returncode == 0:
        return Receipt("sent", f"{command[0]} took it")
    temporary = run.returncode < 0 or run.returncode in MACHINE_CODES
    return Receipt("temporary" if temporary else "permanent", f"{command[0]} ended with status {said}")


def _found(program: str) -> tuple[bool, str]:
    from shutil import which

    path = which(program)
    return (True, f"{path} is there") if path else (False, f"{program} is not there: correct smtp.sendmail")


# --- words for people ------------------------------------------------------------------------------------------------


def _place(server: SmtpServer) -> str:
    return f"{server.host}:{server.port}"


def _words(code: int, reply: bytes) -> str:
    """Return a server's reply as one printable line."""
    text = " ".join(reply.decode("utf-8", "replace").split())
    clean = "".join(char if char.isprintable() else "?" for char in text)
    return f"{code} {clean[:300]}".strip()


def _trouble(error: Exception) -> str:
    """Return why a server could not be used, with the mend, in one line."""
    reason = _reason(error)
    kinds = {kind.__name__ for kind in type(error).__mro__}  # by name: a run without TLS has no `ssl` to compare with
    mends = (
        ("ConfigError", str(error)),
        ("SMTPAuthenticationError", f"user or password refused ({reason}): correct smtp.user or smtp.password"),
        ("SMTPNotSupportedError", f"{reason} Correct smtp.tls, smtp.port or smtp.user"),
        ("SMTPServerDisconnected", f"the connection broke ({reason})"),
        ("SSLCertVerificationError", f"certificate not trusted ({reason}): correct smtp.host or set smtp.ca_file"),
        ("SSLError", f"no TLS ({reason}): correct smtp.tls or smtp.port"),
        ("gaierror", f"name not known ({reason}): correct smtp.host"),
        ("ConnectionRefusedError", "nobody listens there: start the server, or correct smtp.host or smtp.port"),
        ("TimeoutError", "no answer in time: is it up, and are smtp.port and smtp.tls right?"),
        ("FileNotFoundError", "smtp.ca_file is not there"),
    )
    return next((mend for kind, mend in mends if kind in kinds), reason)


def _reason(error: Exception) -> str:
    code, reply = getattr(error, "smtp_code", 0), getattr(error, "smtp_error", b"")
    if code:
        return _words(code, reply if isinstance(reply, bytes) else str(reply).encode())
    text = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or str(error) or type(error).__name__
    return " ".join(str(text).split())[:300]
