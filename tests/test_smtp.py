"""Submission against a scripted SMTP server: what it says at each stage, and what becomes of the mail."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

from mailgate.policy import Secret, Smtp, SmtpServer
from mailgate.smtp import CHUNK, Submission, on_the_wire
from mailgate.status import ConfigError, Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Script = dict[str, str | None]
    Serve = Callable[..., "Server"]

MAIL = b"Subject: hello\r\n\r\nText\r\n"
ANSWERS = {
    "greeting": "220 here",
    "EHLO": "250-here\r\n250-SIZE 1000000\r\n250 8BITMIME",
    "HELO": "250 here",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "BDAT": "250 2.0.0 octets received",
    ".": "250 2.0.0 queued as 1",
    "RSET": "250 ok",
    "NOOP": "250 ok",
    "AUTH": "235 welcome",
    "STARTTLS": "220 go on",
    "QUIT": "221 bye",
    "listen": "",
}


class Server:
    """Answers each connection from its own script (the last one for all further ones); None hangs up instead."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None, wrapped: bool = False) -> None:
        self._scripts = scripts or ({},)
        self._tls, self._wrapped = tls, wrapped
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.said: list[str] = []  # every command line, all connections
        self.mails: list[bytes] = []  # as on the wire, without the final dot
        self.chunks: list[bytes] = []  # of BDAT
        self.connections = 0
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    def entry(self, **more: Any) -> SmtpServer:
        return SmtpServer(host="127.0.0.1", port=self.port).but(**more)

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
            script = ANSWERS | self._scripts[min(self.connections, len(self._scripts) - 1)]
            self.connections += 1
            thread = threading.Thread(target=self._talk, args=(connection, script), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _talk(self, connection: socket.socket, script: Script) -> None:
        connection.settimeout(5)
        try:
            if self._wrapped and self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._converse(connection, script)
        except OSError:
            pass
        finally:
            connection.close()

    def _converse(self, connection: socket.socket, script: Script, verb: str = "greeting") -> None:
        """Answer line by line; after STARTTLS the same on the wrapped connection, where nobody greets."""
        with connection, connection.makefile("rb") as lines:
            while True:
                answer = script.get(verb, "500 what?")
                if answer is None:
                    return
                if answer == "silence":
                    connection.recv(1)
                if verb != "listen":
                    connection.sendall(answer.encode() + b"\r\n")
                if verb == "QUIT":
                    return
                if answer.endswith("hang up"):
                    return
                if verb == "DATA" and answer.startswith("354"):
                    self.mails.append(self._read_mail(lines))
                    verb = "."
                    continue
                if verb == "STARTTLS" and answer.startswith("220") and self._tls:
                    self._converse(self._tls.wrap_socket(connection, server_side=True), script, "listen")
                    return
                line = lines.readline()
                if not line:
                    return
                self.said.append(line.decode("utf-8", "replace").rstrip("\r\n"))
                verb = self.said[-1].split(" ")[0].upper()
                if verb == "BDAT":
                    self.chunks.append(lines.read(int(self.said[-1].split(" ")[1])))
                    verb = "LAST" if self.said[-1].endswith(" LAST") and "LAST" in script else verb

    def _read_mail(self, lines: IO[bytes]) -> bytes:
        mail: list[bytes] = []
        for line in lines:
            if line == b".\r\n":
                return b"".join(mail)
            mail.append(line)
        raise ConnectionError("no final dot")


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []

    def start(*scripts: Script, **more: Any) -> Server:
        servers.append(Server(*scripts, **more))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def secret(place: Secret) -> str:
    if place.file:
        raise ConfigError("the password file cannot be read")
    return place.value


def submission(*servers: SmtpServer, hello: str = "gate.example", timeout: float = 5) -> Submission:
    return Submission(Smtp(servers=servers, hello=hello), secret, timeout)


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


# --- the plain case --------------------------------------------------------------------------------------------------


def test_a_mail_is_sent_and_the_reply_is_the_receipt(serve: Serve) -> None:
    server = serve()
    out = submission(server.entry())
    receipt = out.send("support@mycompany.com", "jean@customer.com", MAIL)
    out.close()
    assert (receipt.verdict, receipt.detail) == ("sent", f"127.0.0.1:{server.port}: 250 2.0.0 queued as 1")
    assert server.mails == [MAIL]
    assert server.said == [
        "ehlo gate.example",
        f"MAIL FROM:<support@mycompany.com> SIZE={len(MAIL)}",
        "RCPT TO:<jean@customer.com>",
        "DATA",
        "quit",
    ]


def test_one_connection_serves_several_mails(serve: Serve) -> None:
    server = serve()
    out = submission(server.entry())
    assert [out.send("", f"u{n}@customer.com", MAIL).verdict for n in range(3)] == ["sent"] * 3
    out.close()
    assert server.connections == 1
    assert server.said.count("rset") == 2
    assert server.said.count("MAIL FROM:<> SIZE=24") == 3


def test_a_connection_that_idled_away_is_made_again(serve: Serve) -> None:
    server = serve({"RSET": None}, {})
    out = submission(server.entry())
    assert [out.send("", "a@customer.com", MAIL).verdict for _ in range(2)] == ["sent", "sent"]
    out.close()
    assert server.connections == 2


def test_a_server_without_ehlo_is_greeted_with_helo(serve: Serve) -> None:
    server = serve({"EHLO": "502 no"})
    out = submission(server.entry())
    assert out.send("", "a@customer.com", MAIL).verdict == "sent"
    out.close()
    assert server.said[:3] == ["ehlo gate.example", "helo gate.example", "MAIL FROM:<>"]


def test_the_name_in_ehlo_is_a_full_one_or_an_address_literal(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for node, name in (("box", "[127.0.0.1]"), ("box.example.org", "box.example.org")):
        monkeypatch.setattr("os.uname", lambda node=node: type("Names", (), {"nodename": node}))
        server = serve()
        out = submission(server.entry(), hello="")
        out.send("", "a@customer.com", MAIL)
        out.close()
        assert server.said[0] == f"ehlo {name}"


# --- what servers answer ---------------------------------------------------------------------------------------------

ONE_SERVER = [
    ({"MAIL": "451 4.3.0 later"}, "temporary", "451 4.3.0 later"),
    ({"MAIL": "550 5.7.1 not you"}, "permanent", "550 5.7.1 not you"),
    ({"MAIL": "552 5.3.4 too large"}, "permanent", "552 5.3.4 too large"),
    ({"MAIL": "530 5.7.0 authentication required"}, "temporary", "530 5.7.0 authentication required"),
    ({"RCPT": "450 4.2.1 greylisted"}, "temporary", "450 4.2.1 greylisted"),
    ({"RCPT": "550-5.1.1 no such\r\n550 5.1.1 user here"}, "permanent", "550 5.1.1 no such 5.1.1 user here"),
    ({"RCPT": "550 \x1b[31mred\x00"}, "permanent", "550 ?[31mred?"),
    ({"RCPT": "999 what"}, "temporary", "999 what"),
    ({"RCPT": "rubbish"}, "temporary", "-1 ish"),
    ({"RCPT": "550 " + "x" * 900}, "permanent", "550 " + "x" * 300),
    ({"RCPT": "550 " + "x" * 9000}, "temporary", "500 Line too long."),
    ({"DATA": "421 4.3.2 going down"}, "temporary", "421 4.3.2 going down"),
    ({"DATA": "554 5.5.1 no valid recipients"}, "permanent", "554 5.5.1 no valid recipients"),
    ({"DATA": "250 ok"}, "temporary", "250 ok"),
    ({".": "451 4.3.0 disk full"}, "temporary", "451 4.3.0 disk full"),
    ({".": "554 5.7.1 spam"}, "permanent", "554 5.7.1 spam"),
    ({"greeting": "554 no service"}, "temporary", "554 no service"),
    ({"greeting": "421 too busy"}, "temporary", "421 too busy"),
    ({"greeting": None}, "temporary", "the connection broke (Connection unexpectedly closed)"),
    ({"EHLO": "500 no", "HELO": "500 no"}, "temporary", "500 no"),
    ({"MAIL": None}, "temporary", "the connection broke (Connection unexpectedly closed)"),
    ({"RCPT": None}, "temporary", "the connection broke (Connection unexpectedly closed)"),
    ({"DATA": None}, "temporary", "the connection broke (Connection unexpectedly closed)"),
    (
        {".": None},
        "temporary",
        "it may have been taken: no answer to the final dot (the connection broke (Connection unexpectedly closed))",
    ),
    ({".": "hm"}, "temporary", "it may have been taken: odd answer to the final dot (-1)"),
    ({".": "354 more"}, "temporary", "it may have been taken: odd answer to the final dot (354 more)"),
]


@pytest.mark.parametrize(("script", "verdict", "detail"), ONE_SERVER, ids=[str(row[0])[:50] for row in ONE_SERVER])
def test_each_reply_has_its_verdict(serve: Serve, script: Script, verdict: str, detail: str) -> None:
    server = serve(script, {})
    out = submission(server.entry())
    receipt = out.send("", "a@customer.com", MAIL)
    assert (receipt.verdict, receipt.detail) == (verdict, f"127.0.0.1:{server.port}: {detail}")
    out.close()


@pytest.mark.parametrize(("stage", "taken"), [("greeting", 0), ("MAIL", 0), ("RCPT", 0), ("DATA", 0), (".", 1)])
def test_a_refusal_leaves_the_next_recipient_alone(serve: Serve, stage: str, taken: int) -> None:
    server = serve({stage: None}, {})
    out = submission(server.entry())
    assert out.send("", "a@customer.com", MAIL).verdict == "temporary"
    second = out.send("", "b@customer.com", MAIL)
    out.close()
    assert second.verdict == ("temporary" if stage == "greeting" else "sent")
    assert len(server.mails) == taken + (stage != "greeting")


def test_a_refused_recipient_does_not_end_the_conversation(serve: Serve) -> None:
    server = serve({"RCPT": "550 no such user"})
    out = submission(server.entry())
    for _ in range(2):
        assert out.send("", "a@customer.com", MAIL).verdict == "permanent"
    out.close()
    assert server.connections == 1


def test_a_slow_server_is_given_up(serve: Serve) -> None:
    for stage, detail in (("greeting", "timed out"), ("RCPT", "timed out"), (".", "it may have been taken")):
        server = serve({stage: "silence"})
        receipt = submission(server.entry(), timeout=0.1).send("", "a@customer.com", MAIL)
        assert receipt.verdict == "temporary"
        assert detail in receipt.detail


def test_our_own_deadline_passes_through_and_the_conversation_is_dropped(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    out = submission(server.entry())

    def late(*_: object) -> None:
        raise Interrupted("the deadline passed")

    with monkeypatch.context() as patch:
        patch.setattr("mailgate.smtp._transfer", late)
        with pytest.raises(Interrupted):
            out.send("", "a@customer.com", MAIL)
    assert out.send("", "a@customer.com", MAIL).verdict == "sent"
    out.close()
    assert server.connections == 2
    assert server.mails == [MAIL]


# --- several servers -------------------------------------------------------------------------------------------------

FIRST_SERVER = [
    ({"greeting": "421 busy"}, 1),
    ({"greeting": None}, 1),
    ({"MAIL": "451 later"}, 1),
    ({"MAIL": None}, 1),
    ({"RCPT": "450 later"}, 1),
    ({"DATA": "451 later"}, 1),
    ({"DATA": None}, 1),
    ({"RCPT": "550 no"}, 0),
    ({"MAIL": "550 no"}, 0),
    ({".": "451 later"}, 0),
    ({".": "554 no"}, 0),
    ({".": None}, 0),
    ({}, 0),
]


@pytest.mark.parametrize(("script", "moves_on"), FIRST_SERVER, ids=[str(row[0]) for row in FIRST_SERVER])
def test_the_next_server_is_asked_only_before_the_final_dot(serve: Serve, script: Script, moves_on: int) -> None:
    first, second = serve(script), serve()
    out = submission(first.entry(), second.entry())
    receipt = out.send("", "a@customer.com", MAIL)
    out.close()
    assert len(second.mails) == moves_on
    if moves_on:
        assert (receipt.verdict, receipt.detail) == ("sent", f"127.0.0.1:{second.port}: 250 2.0.0 queued as 1")


def test_a_dead_server_is_not_tried_again_in_the_same_run(serve: Serve) -> None:
    first, second = serve({"greeting": "421 busy"}), serve()
    out = submission(first.entry(), second.entry())
    assert [out.send("", "a@customer.com", MAIL).verdict for _ in range(3)] == ["sent"] * 3
    out.close()
    assert (first.connections, second.connections) == (1, 1)


def test_with_no_server_left_the_receipt_names_them_all(serve: Serve) -> None:
    one, two = unused_port(), unused_port()
    out = submission(SmtpServer("127.0.0.1", one), SmtpServer("127.0.0.1", two))
    receipt = out.send("", "a@customer.com", MAIL)
    assert receipt.verdict == "temporary"
    assert receipt.detail.count("nobody listens there") == 2
    assert f":{one}" in receipt.detail
    assert f":{two}" in receipt.detail
    assert submission().send("", "a@customer.com", MAIL).verdict == "temporary"


# --- bytes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (b"a\r\nb\r\n", b"a\r\nb\r\n.\r\n"),
        (b"a\nb", b"a\r\nb\r\n.\r\n"),
        (b"a\rb\r\r\nc", b"a\r\nb\r\n\r\nc\r\n.\r\n"),
        (b".\n", b"..\r\n.\r\n"),
        (b"a\r\n.\r\n.b\r\n..\r\n", b"a\r\n..\r\n..b\r\n...\r\n.\r\n"),
        (b"a\n.\rMAIL FROM:<x>", b"a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n"),
        (b"", b"\r\n.\r\n"),
        (b"\0\xff" + b"x" * 2000, b"\0\xff" + b"x" * 2000 + b"\r\n.\r\n"),
    ],
)
def test_on_the_wire_lines_end_in_crlf_and_dots_are_doubled(message: bytes, wire: bytes) -> None:
    assert on_the_wire(message) == wire


def test_a_large_mail_arrives_whole(serve: Serve) -> None:
    server = serve()
    mail = b"Subject: large\r\n\r\n" + b".line\r\n" * (CHUNK // 3)
    out = submission(server.entry())
    assert out.send("", "a@customer.com", mail).verdict == "sent"
    out.close()
    assert server.mails[0].replace(b"\r\n..", b"\r\n.") == mail


def test_a_connection_that_breaks_within_the_mail_leaves_it_to_the_next_server(serve: Serve) -> None:
    first, second = serve({"DATA": "354 go on, then hang up"}), serve()
    out = submission(first.entry(), second.entry())
    mail = b"Subject: large\r\n\r\n" + (b"x" * 990 + b"\r\n") * 15_000
    assert out.send("", "a@customer.com", mail).verdict == "sent"
    out.close()
    assert (len(first.mails), len(second.mails)) == (0, 1)


ALL = "250-here\r\n250-8BITMIME\r\n250 SMTPUTF8"
CHUNKS = ALL.replace("250-here", "250-here\r\n250-BINARYMIME\r\n250-CHUNKING")
TO_UTF8 = "To: ä@x.com\r\n\r\n".encode()
LATIN1, FIELD = b"Subject: a\r\n\r\n\xe4", 'Content-Type: text/plain; name="ä"\r\n\r\n'.encode()
EXTENSIONS = [
    (ALL, "a@customer.com", MAIL, "MAIL FROM:<s@x.com>"),
    (ALL, "a@customer.com", LATIN1, "MAIL FROM:<s@x.com> BODY=8BITMIME"),
    ("250 here", "a@customer.com", LATIN1, "MAIL FROM:<s@x.com>"),
    (ALL, "a@customer.com", TO_UTF8, "MAIL FROM:<s@x.com> BODY=8BITMIME SMTPUTF8"),
    (ALL, "ä@customer.com", MAIL, "MAIL FROM:<s@x.com> SMTPUTF8"),
    (ALL, "a@customer.com", FIELD, "MAIL FROM:<s@x.com> BODY=8BITMIME"),
    ("250 here", "a@customer.com", FIELD, "MAIL FROM:<s@x.com>"),
    ("250 here", "a@customer.com", b"Subject: \xe4\r\n\r\n", "MAIL FROM:<s@x.com>"),
    ("250 here", "a@bücher.example", MAIL, "MAIL FROM:<s@x.com>"),
    (CHUNKS, "a@customer.com", MAIL, "MAIL FROM:<s@x.com>"),
]


@pytest.mark.parametrize(("offered", "recipient", "message", "line"), EXTENSIONS)
def test_extensions_are_used_as_offered(serve: Serve, offered: str, recipient: str, message: bytes, line: str) -> None:
    server = serve({"EHLO": offered})
    out = submission(server.entry())
    assert out.send("s@x.com", recipient, message).verdict == "sent"
    out.close()
    assert server.said[1] == line
    assert server.said[2] == f"RCPT TO:<{recipient.replace('bücher', 'xn--bcher-kva')}>"
    assert (len(server.mails), server.chunks) == (1, [])


def test_a_domain_is_written_as_idna_2008_has_it(serve: Serve) -> None:
    server = serve()
    out = submission(server.entry())
    assert out.send("", "a@straße.example", MAIL).verdict == "sent"
    out.close()
    assert server.said[2] == "RCPT TO:<a@xn--strae-oqa.example>"  # IDNA 2003 would have said strasse.example


def test_what_a_server_does_not_offer_is_made_up_for_and_the_size_is_the_new_one(serve: Serve) -> None:
    server = serve({"EHLO": "250-here\r\n250 SIZE 1000"})
    out = submission(server.entry())
    head = b"Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    assert out.send("", "a@customer.com", head + b"\r\n.\xe4\r\n").verdict == "sent"
    out.close()
    expected = head + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n.=E4\r\n"
    assert server.mails == [expected.replace(b"\r\n.", b"\r\n..")]
    assert server.said[1] == f"MAIL FROM:<> SIZE={len(expected)}"


BINARY = (
    b"MIME-Version: 1.0\r\nContent-Type: application/x-thing\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    b"\0\n\r.\n.\r\n\xff"
)


@pytest.mark.parametrize("size", [0, 1, 2])
def test_binary_goes_in_chunks_octet_for_octet(serve: Serve, size: int) -> None:
    server = serve({"EHLO": CHUNKS})
    out = submission(server.entry())
    mail = BINARY + b"x\n\0" * (size * CHUNK // 3)
    assert out.send("", "a@customer.com", mail).verdict == "sent"
    assert out.send("", "b@customer.com", MAIL).verdict == "sent"
    out.close()
    assert b"".join(server.chunks) == mail
    assert len(server.chunks) == size + 1
    assert [line.endswith(" LAST") for line in server.said if line.startswith("BDAT")] == [*[False] * size, True]
    assert server.said[1] == "MAIL FROM:<> BODY=BINARYMIME"
    assert server.mails == [MAIL]


@pytest.mark.parametrize("offered", ["250-CHUNKING", "250-BINARYMIME"])
def test_one_of_the_two_extensions_is_not_enough_for_chunks(serve: Serve, offered: str) -> None:
    server = serve({"EHLO": ALL.replace("250-here", f"250-here\r\n{offered}")})
    out = submission(server.entry())
    assert out.send("", "a@customer.com", BINARY).verdict == "sent"
    out.close()
    assert server.chunks == []
    assert server.mails[0].endswith(b"Content-Transfer-Encoding: base64\r\n\r\nAAoNLgouDQr/\r\n")


@pytest.mark.parametrize(
    ("script", "verdict", "detail", "moves_on"),
    [
        ({"BDAT": "451 4.3.0 later"}, "temporary", "451 4.3.0 later", True),
        ({"BDAT": "552 5.3.4 too large"}, "permanent", "552 5.3.4 too large", False),
        ({"BDAT": None}, "temporary", "the connection broke (Connection unexpectedly closed)", True),
        ({"LAST": "451 4.3.0 later"}, "temporary", "451 4.3.0 later", False),
        ({"LAST": "554 5.7.1 spam"}, "permanent", "554 5.7.1 spam", False),
        ({"LAST": None}, "temporary", "it may have been taken: no answer to the final dot", False),
    ],
)
def test_the_next_server_is_asked_only_before_the_last_chunk(
    serve: Serve, script: Script, verdict: str, detail: str, moves_on: bool
) -> None:
    mail = BINARY + b"\0" * CHUNK
    first, second = serve({"EHLO": CHUNKS} | script), serve({"EHLO": CHUNKS})
    for entries in ((first.entry(),), (first.entry(), second.entry())):
        out = submission(*entries)
        receipt = out.send("", "a@customer.com", mail)
        out.close()
        if len(entries) == 1:
            assert receipt.verdict == verdict
            assert detail in receipt.detail
    assert (receipt.verdict == "sent") is moves_on
    assert (b"".join(second.chunks) == mail) is moves_on


def test_a_mail_that_needs_smtputf8_goes_where_it_is_offered(serve: Serve) -> None:
    plain, modern = serve(), serve({"EHLO": ALL})
    for message, recipient in ((TO_UTF8, "a@customer.com"), (MAIL, "ä@customer.com")):
        out = submission(plain.entry())
        receipt = out.send("", recipient, message)
        assert receipt.verdict == "permanent"
        assert "an address is not ASCII, and this server does not offer SMTPUTF8 (RFC 6531)" in receipt.detail
        out.close()
        out = submission(plain.entry(), modern.entry())
        assert out.send("", recipient, message).verdict == "sent"
        out.close()
    assert plain.mails == []


def test_ascii_mail_after_an_utf8_one_uses_the_same_conversation(serve: Serve) -> None:
    server = serve({"EHLO": ALL})
    out = submission(server.entry())
    assert [out.send("", to, MAIL).verdict for to in ("ä@x.com", "b@x.com")] == ["sent", "sent"]
    out.close()
    assert server.said[-3] == "RCPT TO:<b@x.com>"
    assert server.said[-4] == "MAIL FROM:<>"


@pytest.mark.parametrize(
    "address", ["a b@x.com", "<a@x.com>", "a@x.com\r\nRCPT TO:<b@x.com>", "a\0@x.com", "a\u202e@x"]
)
def test_an_address_that_could_do_harm_is_refused(serve: Serve, address: str) -> None:
    server = serve()
    out = submission(server.entry())
    assert out.send("", address, MAIL).verdict == "permanent"
    assert out.send(address, "a@x.com", MAIL).verdict == "permanent"
    assert out.send("", "", MAIL).verdict == "permanent"
    assert server.said == []


# --- TLS and AUTH ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of its own for 127.0.0.1, in one PEM file, made for this run."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sandbox")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(1)
    )
    ciphers = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    unused = dict.fromkeys((*ciphers, "crl_sign", "encipher_only", "decipher_only"), False)
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (
        (x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False),
        (x509.BasicConstraints(True, None), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (
            x509.KeyUsage(digital_signature=True, key_cert_sign=True, **unused),
            True,
        ),  # Python 3.13 is strict about these two
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    built = builder.sign(key, hashes.SHA256())
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    secret_form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *secret_form) + built.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


STARTTLS = "250-here\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS"
LOGIN = {"user": "gate", "password": Secret(value="geheim")}


def test_starttls_encrypts_before_anything_is_said(serve: Serve, tls: ssl.SSLContext, certificate: Path) -> None:
    server = serve({"EHLO": STARTTLS}, tls=tls)
    out = submission(server.entry(tls="starttls", ca_file=str(certificate), **LOGIN))
    assert out.send("", "a@customer.com", MAIL).verdict == "sent"
    out.close()
    assert server.said[:4] == ["ehlo gate.example", "STARTTLS", "ehlo gate.example", "AUTH PLAIN AGdhdGUAZ2VoZWlt"]


def test_tls_from_the_first_byte(serve: Serve, tls: ssl.SSLContext, certificate: Path) -> None:
    server = serve(tls=tls, wrapped=True)
    out = submission(server.entry(tls="tls", ca_file=str(certificate)))
    large = b"Subject: x\r\n\r\n" + b"line\r\n" * (CHUNK // 4)
    assert [out.send("", "a@customer.com", mail).verdict for mail in (MAIL, large)] == ["sent", "sent"]
    out.close()
    assert server.mails == [MAIL, large]


def test_starttls_that_is_not_offered_or_refused_is_no_plain_conversation(serve: Serve, tls: ssl.SSLContext) -> None:
    for script, detail in (({}, "STARTTLS"), ({"EHLO": STARTTLS, "STARTTLS": "454 not now"}, "454 not now")):
        server = serve(script, tls=tls)
        receipt = submission(server.entry(tls="starttls", **LOGIN)).send("", "a@customer.com", MAIL)
        assert receipt.verdict == "temporary"
        assert detail in receipt.detail
        assert not [line for line in server.said if line.startswith(("AUTH", "MAIL"))]


def test_an_unknown_certificate_or_name_is_refused(serve: Serve, tls: ssl.SSLContext, certificate: Path) -> None:
    trusted = {"tls": "tls", "ca_file": str(certificate)}
    for more in ({"tls": "tls"}, trusted | {"host": "localhost"}):
        server = serve(tls=tls, wrapped=True)
        receipt = submission(server.entry(**more)).send("", "a@customer.com", MAIL)
        assert receipt.verdict == "temporary"
        assert "certificate not trusted" in receipt.detail
        assert server.mails == []


def test_old_tls_is_refused(serve: Serve, certificate: Path) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.load_cert_chain(certificate)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    server = serve(tls=old, wrapped=True)
    receipt = submission(server.entry(tls="tls", ca_file=str(certificate))).send("", "a@customer.com", MAIL)
    assert receipt.verdict == "temporary"
    assert "no TLS" in receipt.detail


def test_a_refused_login_keeps_the_mail_and_asks_the_next_server(serve: Serve) -> None:
    auth = "250-here\r\n250 AUTH PLAIN"
    first, second = serve({"EHLO": auth, "AUTH": "535 5.7.8 wrong"}), serve()
    alone = submission(first.entry(**LOGIN)).send("", "a@customer.com", MAIL)
    assert alone.verdict == "temporary"
    assert "user or password refused (535 5.7.8 wrong): correct smtp.user or smtp.password" in alone.detail
    assert "geheim" not in alone.detail
    out = submission(first.entry(**LOGIN), second.entry())
    assert out.send("", "a@customer.com", MAIL).verdict == "sent"
    out.close()


@pytest.mark.parametrize(
    ("script", "password", "detail"),
    [
        ({}, Secret(value="geheim"), "AUTH"),
        ({"EHLO": "250-here\r\n250 AUTH GSSAPI"}, Secret(value="geheim"), "No suitable authentication method found."),
        ({"EHLO": "250-here\r\n250 AUTH CRAM-MD5", "AUTH": "334 not base64"}, Secret(value="geheim"), ""),
        ({"EHLO": "250-here\r\n250 AUTH PLAIN"}, Secret(file="/none"), "the password file cannot be read"),
        ({"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "535 no"}, Secret(value="größe"), "refused (535 no)"),
    ],
)
def test_trouble_with_the_login_is_temporary(serve: Serve, script: Script, password: Secret, detail: str) -> None:
    server = serve(script)
    receipt = submission(server.entry(user="gate", password=password)).send("", "a@customer.com", MAIL)
    assert receipt.verdict == "temporary"
    assert detail in receipt.detail
    assert server.mails == []


def test_a_password_beyond_ascii_is_sent_as_utf8(serve: Serve) -> None:
    server = serve({"EHLO": "250-here\r\n250 AUTH PLAIN"})
    out = submission(server.entry(user="gate", password=Secret(value="größe")))
    assert out.send("", "a@customer.com", MAIL).verdict == "sent"
    out.close()
    assert server.said[1] == "AUTH PLAIN AGdhdGUAZ3LDtsOfZQ=="


# --- probe -----------------------------------------------------------------------------------------------------------


def test_probe_has_a_line_for_each_server(serve: Serve, tls: ssl.SSLContext, certificate: Path) -> None:
    good = serve({"EHLO": STARTTLS}, tls=tls)
    sick, late = serve({"NOOP": "421 going down"}), serve({"greeting": "silence"})
    entry = good.entry(tls="starttls", ca_file=str(certificate), **LOGIN)
    out = submission(entry, sick.entry(), late.entry(), SmtpServer("127.0.0.1", unused_port()), timeout=0.5)
    lines = out.probe()
    out.close()
    assert [works for works, _ in lines] == [True, False, False, False]
    assert lines[0][1] == f"127.0.0.1:{good.port}: STARTTLS, AUTH as gate, 250 ok"
    assert "421 going down" in lines[1][1]
    assert "timed out" in lines[2][1]
    assert lines[3][1].endswith("nobody listens there: start the server, or correct smtp.host or smtp.port")
    assert good.mails == []


def test_probe_says_what_to_mend(serve: Serve, tls: ssl.SSLContext, certificate: Path) -> None:
    plain = serve()
    for entry, mend in (
        (SmtpServer("no-such-host.invalid", 25), "correct smtp.host"),
        (plain.entry(tls="tls"), "correct smtp.tls or smtp.port"),
        (plain.entry(tls="starttls"), "Correct smtp.tls"),
        (plain.entry(tls="tls", ca_file="/none.pem"), "smtp.ca_file is not there"),
        (plain.entry(user="u", password=Secret(file="/none")), "the password file cannot be read"),
    ):
        ((works, line),) = submission(entry).probe()
        assert not works
        assert mend in line
        assert "\n" not in line


# --- sendmail --------------------------------------------------------------------------------------------------------


@pytest.fixture
def sendmail(tmp_path: Path) -> Path:
    """A stand-in that notes its arguments and input, and ends as the recipient's local part says."""
    program = tmp_path / "sendmail"
    program.write_text(
        f'#!/bin/sh\nprintf "%s|" "$@" > {tmp_path}/args\ncat > {tmp_path}/mail\n'
        'for last; do :; done\nstatus=${last%%@*}\necho "status $status" >&2\n'
        '[ "$status" = kill ] && kill -9 $$\nexit $status\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@pytest.mark.parametrize(
    ("recipient", "verdict", "detail"),
    [
        ("0@x.com", "sent", "sendmail took it"),
        ("75@x.com", "temporary", "sendmail ended with status 75 status 75"),
        ("67@x.com", "permanent", "sendmail ended with status 67 status 67"),
        ("1@x.com", "permanent", "sendmail ended with status 1 status 1"),
        ("78@x.com", "temporary", "sendmail ended with status 78 status 78"),
        ("kill@x.com", "temporary", "sendmail ended with status -9 status kill"),
    ],
)
def test_sendmail_is_told_by_arguments_and_answers_by_status(
    sendmail: Path, recipient: str, verdict: str, detail: str
) -> None:
    out = Submission(Smtp(servers=(), sendmail=(str(sendmail), "-oi")), secret)
    receipt = out.send("", recipient, b"Subject: x\r\n\r\n.\r\n\xe4\r\n")
    assert receipt.verdict == verdict
    assert receipt.detail.endswith(detail)
    assert (sendmail.parent / "args").read_text() == f"-oi|-i|-f|<>|--|{recipient}|"
    assert (sendmail.parent / "mail").read_bytes() == b"Subject: x\n\n.\n\xe4\n"
    assert out.probe() == ((True, f"{sendmail} is there"),)
    out.close()


def test_a_sendmail_that_is_not_there_or_hangs_keeps_the_mail(tmp_path: Path) -> None:
    missing = Submission(Smtp(sendmail=(str(tmp_path / "none"),)), secret)
    assert missing.send("", "a@x.com", MAIL).verdict == "temporary"
    assert missing.probe() == ((False, f"{tmp_path}/none is not there: correct smtp.sendmail"),)
    hanging = Submission(Smtp(sendmail=("/bin/sh", "-c", "exec sleep 9")), secret, timeout=0.1)
    receipt = hanging.send("", "a@x.com", MAIL)
    assert receipt.verdict == "temporary"
    assert "may have been taken" in receipt.detail


def test_the_module_costs_nothing_until_a_mail_is_sent() -> None:
    late = {"ssl", "smtplib", "socket", "subprocess", "typing"}
    code = f"import sys, mailgate.smtp; print(sorted({late} & set(sys.modules)))"
    project = Path(__file__).parents[1]
    run = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=project)
    assert run.stdout == "[]\n"


def test_sendmail_gets_lines_and_keeps_eight_bits(sendmail: Path) -> None:
    out = Submission(Smtp(servers=(), sendmail=(str(sendmail),)), secret)
    text = b"--b\r\nContent-Type: text/plain\r\n\r\n\xe4\r\n--b\r\n" + BINARY.partition(b"\r\n")[2] + b"\r\n--b--\r\n"
    mail = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + text
    assert out.send("", "0@straße.example", mail).verdict == "sent"
    found = (sendmail.parent / "mail").read_bytes()
    assert b"Content-Type: text/plain\n\n\xe4\n--b\n" in found
    assert b"Content-Transfer-Encoding: base64\n\nAAoNLgouDQr/\n" in found
    assert (sendmail.parent / "args").read_text().endswith("|0@xn--strae-oqa.example|")
