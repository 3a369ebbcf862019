"""The whole way for real: Dovecot, fetchmail with fetchmailrc.example's own mda lines, mailgate, the ERP, SMTP.

Of the example only the host, the ports and the passwords are replaced. The ERP is the sandbox.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from mailgate.sandbox import Sandbox
from mailgate.sandbox.faults import Invalid
from tests.real.machine import PATH, ROOT, account, myself, need, wait_until, workplace
from tests.real.mailserver import Fetchmail, dovecot, end

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tests.real.machine import Account
    from tests.real.mailserver import Dovecot

EXAMPLE = Path(__file__).parents[2] / "fetchmailrc.example"
SCRIPTS = Path(sys.executable).parent
POLLS = pytest.mark.parametrize("poll", ["support", "sales"])  # the example's entries: POP3, IMAP

CONFIG = """
mailboxes:
  - address: support@mycompany.com
    section: support
    default: postmaster@mycompany.com
  - address: sales@mycompany.com
    section: SALES
    default: postmaster@mycompany.com
    notify: [fabien@mycompany.com]
erp:
  url: {url}
  database: terp
  user: 3
  password: {{file: {home}/erp-password}}
  settle: 1 s
smtp: {{host: 127.0.0.1, port: {smtp_port}}}
authentication: {{trust_from: true}}
state: {home}/state
deadline: 30 s
log: {home}/log
"""


class Office(NamedTuple):
    """Everything that stands between a mailbox and the people."""

    erp: Sandbox
    server: Dovecot
    fetchmail: Fetchmail
    rc: str

    def poll(self, name: str) -> str:
        """Poll one entry of the example once; return what fetchmail and mailgate said."""
        return self.fetchmail.poll(self.rc, name).said

    def titles(self) -> list[str]:
        """Return the titles of the cases in the ERP, in the order of their making."""
        ids = sorted(self.erp.execute("crm.case", "search", []))
        rows = {row["id"]: row["name"] for row in self.erp.execute("crm.case", "read", ids, ["name"])}
        return [rows[number] for number in ids]

    def mailgate(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run mailgate as the user whom fetchmail runs it as."""
        return run_as(self.fetchmail.who, self.fetchmail.environ, str(SCRIPTS / "mailgate"), *arguments)


def run_as(who: Account, environ: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    other = ROOT and who.uid != 0
    return subprocess.run(
        command,
        env=environ,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        user=who.uid if other else None,
        group=who.gid if other else None,
        extra_groups=[] if other else None,
    )


def caller() -> Account:
    """Return fetchmail's own account if it can start this mailgate, else ours: /root may be closed to it."""
    if not ROOT:
        return myself()
    who = account("fetchmail")
    try:
        tried = run_as(who, {"PATH": PATH}, str(SCRIPTS / "mailgate"), "--help")
    except PermissionError:
        return myself()
    return who if tried.returncode == 0 else myself()


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    need("fetchmail")
    with dovecot("support", "sales") as running:
        yield running


@pytest.fixture
def office(server: Dovecot) -> Iterator[Office]:
    for path in server.folder.glob("mail/*/Maildir/*/*.test*"):
        path.unlink()
    who = caller()
    with workplace(who) as home, Sandbox() as erp:
        secret = home / "erp-password"
        secret.write_text("admin\n")
        config = home / "mailgate.yaml"
        config.write_text(CONFIG.format(url=erp.url, smtp_port=erp.smtp_port, home=home))
        (home / "state").mkdir(mode=0o700)
        for path in (secret, config, home / "state"):
            os.chown(path, who.uid, who.gid)
        environ = {"PATH": f"{SCRIPTS}:{PATH}", "MAILGATE_CONFIG": str(config)}
        fetchmail = Fetchmail(home, who, SSL_CERT_FILE=str(server.certificate), **environ)
        yield Office(erp, server, fetchmail, substituted(server))


def substituted(server: Dovecot) -> str:
    """Return the example with this server's host, ports and password."""
    text = EXAMPLE.read_text()
    for old, new in (
        ("mail.mycompany.com", "localhost"),
        ("service 995", f"service {server.pop3s}"),
        ("service 993", f"service {server.imaps}"),
        ('password "change-me"', f'password "{server.password}"'),
    ):
        assert old in text
        text = text.replace(old, new)
    assert re.findall(r'(?m)^    mda (".*")$', text) == re.findall(r'(?m)^    mda (".*")$', EXAMPLE.read_text())
    return text


def mail(subject: str, to: str = "support", body: str = "Hello,\nit does not start.\n") -> bytes:
    number = subject.encode().hex()
    return (
        f"Received: from mx.agrolait.com by mail.mycompany.com; Mon, 23 Nov 2026 10:00:00 +0000\n"
        f"From: Thomas <customer@agrolait.com>\nTo: {to}@mycompany.com\nSubject: {subject}\n"
        f"Message-ID: <{number}@agrolait.com>\nDate: Mon, 23 Nov 2026 10:00:00 +0000\n\n{body}"
    ).encode()


NUMBERS = ("one", "two", "three")


@POLLS
def test_messages_become_cases_and_relayed_mails_and_leave_the_server(office: Office, poll: str) -> None:
    office.server.put(poll, *(mail(subject, poll) for subject in NUMBERS))
    said = office.poll(poll)
    assert office.titles() == list(NUMBERS), said
    assert office.server.left(poll) == []
    relayed = office.erp.sink.wait(3)
    assert {each.recipients for each in relayed} == {("fabien@mycompany.com",)}
    assert all(re.search(r"\[\d+\]", str(each.message["Subject"])) for each in relayed)
    assert {each.sender for each in relayed} == {f"{poll}@mycompany.com"}


@POLLS
def test_a_stopped_erp_leaves_all_on_the_server_and_afterwards_none_comes_twice(office: Office, poll: str) -> None:
    office.server.put(poll, *(mail(subject, poll) for subject in NUMBERS))
    office.erp.pause()
    said = office.poll(poll)
    assert said.count("MDA returned nonzero status 75") == 3, said
    assert len(office.server.left(poll)) == 3
    office.erp.resume()
    assert office.titles() == []
    said = office.poll(poll)
    assert office.titles() == list(NUMBERS), said
    assert office.server.left(poll) == []
    office.server.put(poll, mail("two", poll))
    office.poll(poll)
    assert office.titles() == list(NUMBERS), "the same message again is no new case"
    assert office.server.left(poll) == []
    assert len(office.erp.sink.wait(3)) == 3


@POLLS
def test_noise_among_ten_messages_stops_none(office: Office, poll: str) -> None:
    noise = bytes(range(256)) * 400
    subjects = [f"number {number}" for number in range(9)]
    mails = [mail(subject, poll) for subject in subjects]
    office.server.put(poll, *mails[:4], noise, *mails[4:])
    said = office.poll(poll)
    assert [title for title in office.titles() if title in subjects] == subjects, said
    assert office.server.left(poll) == []
    assert len(office.titles()) + held(office) == 10


@POLLS
def test_a_message_that_the_erp_refuses_each_time_goes_on_hold_and_stops_none(office: Office, poll: str) -> None:
    subjects = [f"number {number}" for number in range(9)]
    mails = [mail(subject, poll) for subject in subjects]
    office.server.put(poll, *mails[:4], mail("poison", poll), *mails[4:])
    with refusing(office.erp, "poison"):
        said = office.poll(poll)
    assert office.titles() == subjects, said
    assert office.server.left(poll) == []
    assert held(office) == 1
    assert "poison" in office.mailgate("hold", "list").stdout
    told = [each for each in office.erp.sink.mails if each.recipients == ("postmaster@mycompany.com",)]
    assert len(told) == 1, "the default address hears of it"


def test_daemon_mode_polls_again_and_again(office: Office) -> None:
    office.server.put("support", mail("one"))
    process = office.fetchmail.start(office.rc, "--daemon", "1", "support")
    try:
        wait_until(lambda: office.server.left("support") == [], 20, office.server.log)
        assert office.titles() == ["one"]
        office.server.put("support", mail("two"))
        wait_until(lambda: office.server.left("support") == [], 20, office.server.log)
        assert office.titles() == ["one", "two"]
    finally:
        end(process)


@POLLS
@pytest.mark.parametrize(
    ("how", "on"),
    [("slow:1", ""), ("slow:1", "crm.case.create"), ("late:60", "crm.case.create")],
    ids=["before-anything", "while-the-case-is-made", "after-the-case-was-made"],
)
def test_killed_in_the_middle_of_it_the_message_stays_and_makes_one_case(
    office: Office, poll: str, how: str, on: str
) -> None:
    office.server.put(poll, mail("one", poll))
    office.erp.fail_next(how, on)
    process = office.fetchmail.start(office.rc, "--daemon", "0", poll)
    try:
        wait_until(lambda: not office.erp.server._failures, 20)
        killed = runs_of_mailgate(process.pid)
        for number in killed:
            os.kill(number, signal.SIGKILL)
        said, _ = process.communicate(timeout=30)
    finally:
        end(process)
    assert len(killed) == 1
    assert b"MDA returned nonzero status 137" in said or b"MDA died of signal 9" in said, said
    assert len(office.server.left(poll)) == 1
    time.sleep(1.2)  # the ERP carries out what it was given, and `settle` passes
    office.poll(poll)
    office.mailgate("retry")
    assert office.server.left(poll) == []
    assert office.titles() == ["one"]
    assert len(office.erp.sink.wait(1)) == 1


def runs_of_mailgate(session: int) -> list[int]:
    """Return the process numbers of mailgate in that session: fetchmail's, which also has the shell between them."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            number = int(entry.name)
            if str(SCRIPTS / "mailgate").encode() in words[:2] and os.getsid(number) == session:
                found.append(number)
    return found


def test_fetchmail_killed_before_the_end_of_its_pop3_session_makes_no_second_case(office: Office) -> None:
    office.server.put("support", *(mail(subject) for subject in NUMBERS))
    process = office.fetchmail.start(office.rc, "--daemon", "0", "support")
    try:
        wait_until(lambda: office.titles()[:2] == ["one", "two"], 20, office.server.log)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    finally:
        end(process)
    wait_until(lambda: runs_of_mailgate(process.pid) == [], 20)
    assert len(office.server.left("support")) == 3, "POP3 deletes at the end of a session"
    office.poll("support")
    assert office.titles() == list(NUMBERS)
    assert office.server.left("support") == []
    assert len(office.erp.sink.wait(3)) == 3


@pytest.mark.parametrize(
    ("good", "bad"),
    [("section: support", "secton: support"), ("-e support@", "-e suport@"), ("-e support@", "--emial support@")],
    ids=["key", "mailbox", "option"],
)
def test_a_slip_in_the_configuration_keeps_all_and_each_is_tried(office: Office, good: str, bad: str) -> None:
    config = Path(office.fetchmail.environ["MAILGATE_CONFIG"])
    text = config.read_text()
    assert good in text + office.rc
    office.server.put("support", mail("one", body=4000 * ("z" * 70 + "\n")), mail("two"))
    config.write_text(text.replace(good, bad))
    said = office._replace(rc=office.rc.replace(good, bad)).poll("support")
    assert "error writing message text" not in said, "a message is read to its end in any case, else the poll ends"
    assert said.count("MDA returned nonzero status 75") == 2, said
    assert len(office.server.left("support")) == 2
    config.write_text(text)
    office.poll("support")
    assert office.titles() == ["one", "two"]
    assert office.server.left("support") == []


def test_a_message_without_a_header_and_one_with_a_broken_one_are_not_lost(office: Office) -> None:
    office.server.put(
        "support",
        b"\nJust a body.\n",
        b"",
        mail("broken").replace(b"Subject:", b"this is no header field\nSubject:"),
    )
    said = office.poll("support")
    assert office.server.left("support") == [], said
    assert "Traceback" not in said
    assert len(office.titles()) + held(office) == 3


@contextlib.contextmanager
def refusing(erp: Sandbox, title: str) -> Iterator[None]:
    """Let the ERP answer each creation of a case with that title with a fault."""
    run = erp.services.run

    def refuse(uid: int, model: str, method: str, *args: Any) -> Any:
        if (model, method) == ("crm.case", "create") and args[0].get("name") == title:
            raise Invalid("This case is not wanted")
        return run(uid, model, method, *args)

    erp.services.run = refuse  # type: ignore[method-assign]
    yield
    erp.services.run = run  # type: ignore[method-assign]


def held(office: Office) -> int:
    """Return how many messages are on hold."""
    return sum(bool(re.match(r"\s*\d+\b", line)) for line in office.mailgate("hold", "list").stdout.splitlines())
