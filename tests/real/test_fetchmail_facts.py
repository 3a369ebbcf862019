"""What fetchmail does with a mail program's answer: mailgate, fetchmailrc.example and docs/operate.md rest on it.

A shell command stands in for the mail program. A new fetchmail that behaves otherwise is seen here, not as a lost mail.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.real.machine import ROOT, account, myself, need, program, workplace
from tests.real.mailserver import Fetchmail, dovecot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tests.real.mailserver import Dovecot

EXAMPLE = Path(__file__).parents[2] / "fetchmailrc.example"
PROTOCOLS = pytest.mark.parametrize("protocol", ["pop3", "imap"])
BIG = b"y" * 70 + b"\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    need("fetchmail")
    with dovecot("support") as running:
        yield running


@pytest.fixture
def fetchmail(server: Dovecot) -> Iterator[Fetchmail]:
    for path in server.folder.glob("mail/support/Maildir/*/*.test*"):
        path.unlink()
    who = account("fetchmail") if ROOT else myself()
    with workplace(who) as home:
        yield Fetchmail(home, who, SSL_CERT_FILE=str(server.certificate))


def rc(server: Dovecot, protocol: str, mda: str, *, options: str = "", server_options: str = "") -> str:
    port = {"pop3": server.pop3s, "imap": server.imaps}[protocol]
    return f"""poll localhost protocol {protocol} service {port} {server_options}
      user support password {server.password} ssl sslproto 'TLS1.2+' sslcertck {options} mda "{mda}"
    """


def mail(number: int, body: bytes = b"Hello\n") -> bytes:
    return b"From: a@b.example\nTo: support\nSubject: %d\n\n%s" % (number, body)


@PROTOCOLS
@pytest.mark.parametrize(
    ("mda", "said"),
    [
        ("cat >/dev/null; exit 75", "MDA returned nonzero status 75"),
        ("cat >/dev/null; exit 1", "MDA returned nonzero status 1"),
        ("cat >/dev/null; kill -KILL $$", "MDA died of signal 9"),
        ("/no/mailgate", "/no/mailgate: not found"),
    ],
)
def test_any_other_status_than_0_leaves_the_message_and_the_poll_goes_on(
    server: Dovecot, fetchmail: Fetchmail, protocol: str, mda: str, said: str
) -> None:
    server.put("support", *(mail(number) for number in range(3)))
    polled = fetchmail.poll(rc(server, protocol, mda))
    assert polled.said.count(said) == 3, polled.said
    assert polled.status == 0, "fetchmail's own status tells nothing of its mail program's"
    assert len(server.left("support")) == 3
    assert server.seen("support") == 0
    assert fetchmail.poll(rc(server, protocol, "cat >/dev/null")).status == 0
    assert server.left("support") == []


@PROTOCOLS
def test_status_0_deletes_whatever_is_said_on_stdout_and_stderr(
    server: Dovecot, fetchmail: Fetchmail, protocol: str
) -> None:
    server.put("support", *(mail(number) for number in range(2)))
    polled = fetchmail.poll(rc(server, protocol, "cat >/dev/null; yes | head -c 200000; echo 5.0.0 bad >&2"))
    assert server.left("support") == []
    assert "5.0.0 bad" in polled.said
    assert fetchmail.poll(rc(server, protocol, "exit 0")).status == 1, "1: there was no mail"


@PROTOCOLS
@pytest.mark.parametrize("status", [0, 75])
def test_a_message_that_is_not_read_to_its_end_ends_the_poll(
    server: Dovecot, fetchmail: Fetchmail, protocol: str, status: int
) -> None:
    server.put("support", mail(1, BIG * 4000), mail(2))
    polled = fetchmail.poll(rc(server, protocol, f"exit {status}"))
    assert polled.status == 6
    assert "error writing message text" in polled.said
    assert len(server.left("support")) == 2


@PROTOCOLS
def test_a_broken_header_never_reaches_the_mail_program_unless_it_is_accepted(
    server: Dovecot, fetchmail: Fetchmail, protocol: str
) -> None:
    broken = b"From: a@b.example\nthis is no header field\nSubject: x\n\nHello\n"
    keep = f"cat >{fetchmail.home}/got"
    server.put("support", broken)
    assert "incorrect header line found" in fetchmail.poll(rc(server, protocol, keep)).said
    assert server.left("support") == [broken]
    fetchmail.poll(rc(server, protocol, keep, server_options="bad-header accept"))
    assert server.left("support") == []
    assert (fetchmail.home / "got").read_bytes().endswith(broken)


def test_imap_leaves_what_somebody_has_read_unless_all_is_fetched(server: Dovecot, fetchmail: Fetchmail) -> None:
    server.put("support", mail(1), mail(2))
    server.mark_seen("support")
    fetchmail.poll(rc(server, "imap", "cat >/dev/null"))
    assert len(server.left("support")) == 2
    fetchmail.poll(rc(server, "imap", "cat >/dev/null", options="fetchall"))
    assert server.left("support") == []


@PROTOCOLS
@pytest.mark.parametrize(("option", "written"), [("", b"To: support@localhost"), ("no rewrite", b"To: support\n")])
def test_addresses_are_rewritten_unless_told_not_to(
    server: Dovecot, fetchmail: Fetchmail, protocol: str, option: str, written: bytes
) -> None:
    server.put("support", mail(1))
    fetchmail.poll(rc(server, protocol, f"cat >{fetchmail.home}/got", options=option))
    assert written in (fetchmail.home / "got").read_bytes()


def test_what_the_mail_program_gets(server: Dovecot, fetchmail: Fetchmail) -> None:
    fetchmail.environ["MAILGATE_CONFIG"] = "/some/where"
    told = "umask; pwd; echo $HOME; echo $MAILGATE_CONFIG; test -p /dev/stdin && echo pipe; test -t 2 || echo no tty"
    server.put("support", mail(1))
    said = fetchmail.poll(rc(server, "imap", f"{told}; cat >/dev/null")).said
    assert f"0077\n/\n{fetchmail.home}\n/some/where\npipe\nno tty\n" in said


@pytest.mark.skipif(not ROOT, reason="asks what fetchmail does as root")
def test_as_root_it_starts_its_mail_program_as_root(server: Dovecot) -> None:
    with workplace() as home:
        fetchmail = Fetchmail(home, myself(), SSL_CERT_FILE=str(server.certificate), FETCHMAILUSER="nobody")
        server.put("support", mail(1))
        said = fetchmail.poll(rc(server, "pop3", "echo $(id -u) $(id -ru); cat >/dev/null")).said
    assert "\n0 0\n" in said


@PROTOCOLS
def test_starttls_is_a_must_with_sslproto_alone(server: Dovecot, fetchmail: Fetchmail, protocol: str) -> None:
    port, plain = {"pop3": (server.pop3s, server.pop3), "imap": (server.imaps, server.imap)}[protocol]
    server.put("support", mail(1))
    starttls = rc(server, protocol, "cat >/dev/null").replace(" ssl ", " ").replace(str(port), str(plain))
    assert "upgrade to TLS succeeded" in fetchmail.poll(starttls, "-v").said
    assert server.left("support") == []


def test_an_unknown_certificate_is_refused(server: Dovecot, fetchmail: Fetchmail) -> None:
    del fetchmail.environ["SSL_CERT_FILE"]
    server.put("support", mail(1))
    polled = fetchmail.poll(rc(server, "imap", "cat >/dev/null"))
    assert polled.status == 2
    assert "certificate verification error" in polled.said
    assert len(server.left("support")) == 1


def dump(rcfile: Path, mode: int) -> subprocess.CompletedProcess[str]:
    """Have fetchmail read the example and say what it understood, in the syntax of Python."""
    need("fetchmail")
    rcfile.write_text(EXAMPLE.read_text())
    rcfile.chmod(mode)
    command = [program("fetchmail"), "-f", str(rcfile), "--configdump"]
    environ = {"HOME": str(rcfile.parent), "LC_ALL": "C"}
    return subprocess.run(command, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def test_the_example_says_what_it_must(tmp_path: Path) -> None:
    dumped = dump(tmp_path / "rc", 0o600)
    assert dumped.returncode == 0, dumped.stderr
    said: dict[str, Any] = {}
    exec(dumped.stdout, said)
    whole = said["fetchmailrc"]
    assert (whole["poll_interval"], whole["bouncemail"], whole["softbounce"], whole["syslog"]) == (300, 0, 1, 1)
    for poll, port in zip(whole["servers"], ("995", "993"), strict=True):
        (user,) = poll["users"]
        assert (poll["service"], poll["badheader"]) == (port, 1)
        assert (user["ssl"], user["sslproto"], user["sslcertck"]) == (1, "TLS1.2+", 1)
        assert (user["fetchall"], user["keep"], user["rewrite"], user["limit"]) == (1, 0, 0, 0)
        assert user["mda"] == f"mailgate -e {poll['pollname']}@mycompany.com"


def test_the_example_must_not_be_readable_by_others(tmp_path: Path) -> None:
    assert dump(tmp_path / "rc", 0o644).returncode == 6
