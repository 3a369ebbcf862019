"""The SMTP sink, as smtplib and raw sockets see it."""

from __future__ import annotations

import datetime
import smtplib
import socket
import ssl
import time
from pathlib import Path

import pytest

from mailgate.sandbox import Sink
from mailgate.sandbox.sink import SIZE

MAIL = b"Subject: x\r\n\r\n.one dot\r\n..two dots\r\n\xe9\r\n"


def connect(sink: Sink) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", sink.port, "client.example", timeout=5)


def test_a_mail_is_kept_as_it_came() -> None:
    with Sink() as sink, connect(sink) as client:
        client.sendmail("a@x.example", ["b@x.example", "c@x.example"], MAIL, ["BODY=8BITMIME"])
        [mail] = sink.mails
    assert (mail.sender, mail.recipients, mail.data) == ("a@x.example", ("b@x.example", "c@x.example"), MAIL)
    assert (mail.hello, mail.user, mail.tls) == ("client.example", "", False)
    assert "BODY=8BITMIME" in mail.options
    assert mail.message["Subject"] == "x"


def test_the_null_sender_and_an_address_beyond_ascii() -> None:
    with Sink() as sink, connect(sink) as client:
        client.sendmail("", ["é@x.example"], MAIL, ["SMTPUTF8"])
        assert (sink.mails[0].sender, sink.mails[0].recipients) == ("", ("é@x.example",))


def test_what_is_offered() -> None:
    with Sink() as sink, connect(sink) as client:
        client.ehlo()
        assert client.esmtp_features == {"8bitmime": "", "smtputf8": "", "pipelining": "", "size": str(SIZE)}
    with Sink(extensions=()) as sink, connect(sink) as client:
        client.ehlo()
        assert client.esmtp_features == {}


def talk(sink: Sink, *lines: str) -> list[str]:
    """Send lines one by one; return the codes of the replies."""
    with socket.create_connection(("127.0.0.1", sink.port), 5) as connection, connection.makefile("rwb") as file:
        codes = [file.readline()[:3].decode()]
        for line in lines:
            file.write(line.encode() + b"\r\n")
            file.flush()
            while (reply := file.readline())[3:4] == b"-":
                pass
            codes.append(reply[:3].decode())
    return codes


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        (["HELO x", "NOOP", "RSET", "VRFY x", "QUIT"], ["220", "250", "250", "250", "252", "221"]),
        (["NOSUCH"], ["220", "500"]),
        (["run"], ["220", "500"]),
        (["RCPT TO:<a@b>"], ["220", "503"]),
        (["DATA"], ["220", "503"]),
        (["MAIL FROM:a@b"], ["220", "501"]),
        (["MAIL FROM:<a@b>", "RCPT TO:<>"], ["220", "250", "501"]),
        (["MAIL FROM:<a@b> BODY=BINARYMIME"], ["220", "555"]),
        ([f"MAIL FROM:<a@b> SIZE={SIZE + 1}"], ["220", "552"]),
        (["STARTTLS"], ["220", "502"]),
        (["MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RSET", "DATA"], ["220", "250", "250", "250", "503"]),
        (["mail from:<a@b>", "rcpt to:<c@d>", "data", "x\r\n."], ["220", "250", "250", "354", "250"]),
    ],
)
def test_dialogues(lines: list[str], codes: list[str]) -> None:
    with Sink() as sink:
        assert talk(sink, *lines) == codes


def test_one_recipient_can_be_refused() -> None:
    with Sink() as sink, connect(sink) as client:
        sink.answer("550 5.1.1 nobody", recipient="Bad@x.example")
        refused = client.sendmail("a@x.example", ["bad@x.example", "good@x.example"], MAIL)
        assert refused == {"bad@x.example": (550, b"5.1.1 nobody")}
        assert sink.mails[0].recipients == ("good@x.example",)


@pytest.mark.parametrize(
    ("stage", "error"),
    [
        ("mail", smtplib.SMTPSenderRefused),
        ("rcpt", smtplib.SMTPRecipientsRefused),
        ("data", smtplib.SMTPDataError),
        ("message", smtplib.SMTPDataError),
    ],
)
def test_a_stage_can_be_refused_once(stage: str, error: type[smtplib.SMTPException]) -> None:
    with Sink() as sink, connect(sink) as client:
        sink.answer("451 4.3.0 later", stage=stage, times=1)  # type: ignore[arg-type]
        with pytest.raises(error):
            client.sendmail("a@x.example", ["b@x.example"], MAIL)
        assert sink.mails == []
        client.sendmail("a@x.example", ["b@x.example"], MAIL)
        assert len(sink.mails) == 1


@pytest.mark.parametrize(("reply", "kept"), [("drop", 0), ("reset", 0), ("lose", 1)])
def test_a_connection_can_end_after_the_dot(reply: str, kept: int) -> None:
    with Sink() as sink, connect(sink) as client:
        sink.answer(reply, stage="message")
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
            client.sendmail("a@x.example", ["b@x.example"], MAIL)
        assert len(sink.mails) == kept


def test_a_sink_that_hangs_ends_when_it_is_closed() -> None:
    sink = Sink()
    sink.answer("hang", stage="connect")
    with socket.create_connection(("127.0.0.1", sink.port), 5) as connection:
        while not sink.connections:
            time.sleep(0.001)
        sink.close()
        assert connection.recv(100) == b""


def test_paused_is_refused() -> None:
    with Sink() as sink:
        sink.pause()
        with pytest.raises(ConnectionRefusedError):
            connect(sink)
        sink.resume()
        connect(sink).close()


def test_waiting_for_mails() -> None:
    with Sink() as sink, pytest.raises(TimeoutError, match="0 mails instead of 1"):
        sink.wait(1, 0.01)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_authentication(mechanism: str) -> None:
    with Sink(users={"me": "secret"}) as sink, connect(sink) as client:
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail("a@x.example", ["b@x.example"], MAIL)
        client.ehlo()
        client.user, client.password = "me", "wrong"
        method = {"PLAIN": client.auth_plain, "LOGIN": client.auth_login}[mechanism]
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.auth(mechanism, method)
        client.password = "secret"
        client.auth(mechanism, method)
        client.sendmail("a@x.example", ["b@x.example"], MAIL)
        assert sink.mails[0].user == "me"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's TLS context, self-signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path_factory.mktemp("tls") / "both.pem"))
    return context


def certificate(path: Path) -> Path:
    """Write a key and a certificate for localhost into one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    signed = builder.sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + signed.public_bytes(pem))
    return path


def trusting() -> ssl.SSLContext:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    return client


def test_starttls(context: ssl.SSLContext) -> None:
    with Sink(context=context) as sink, connect(sink) as client:
        client.starttls(context=trusting())
        client.sendmail("a@x.example", ["b@x.example"], MAIL)
        assert "starttls" not in client.esmtp_features
        assert sink.mails[0].tls


def test_tls_from_the_first_byte(context: ssl.SSLContext) -> None:
    with (
        Sink(context=context, implicit=True) as sink,
        smtplib.SMTP_SSL("127.0.0.1", sink.port, context=trusting(), timeout=5) as client,
    ):
        client.sendmail("a@x.example", ["b@x.example"], MAIL)
        assert sink.mails[0].tls


def test_a_client_that_refuses_the_certificate_harms_nobody(context: ssl.SSLContext) -> None:
    with Sink(context=context, implicit=True) as sink:
        with pytest.raises(ssl.SSLError):
            smtplib.SMTP_SSL("127.0.0.1", sink.port, context=ssl.create_default_context(), timeout=5)
        with smtplib.SMTP_SSL("127.0.0.1", sink.port, context=trusting(), timeout=5) as client:
            assert client.noop()[0] == 250
