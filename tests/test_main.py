"""The contract with callers, by real processes: statuses, the one line, and nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailgate.sandbox import Sandbox

CONFIG = """\
default: admin@mycompany.com
state: {folder}/state
log: {folder}/log
erp: {{url: "{url}", database: terp, user: 3, password: {{env: TEST_PASSWORD}}}}
smtp: {{host: 127.0.0.1, port: {port}}}
authentication: {{trust_from: [mycompany.com]}}
mailboxes:
  - {{address: support@mycompany.com, section: support}}
"""
MESSAGE = b"From: customer@agrolait.com\nTo: support@mycompany.com\nSubject: Fire\nMessage-ID: <1@agrolait.com>\n"
MESSAGE += b"\nIt burns.\n"
ORIGINALS = (
    "-u3 -padmin -ssupport -esupport@mycompany.com",
    "--user=3 -p admin --section 1 -m a@b.example -e support@mycompany.com",
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


class Gate:
    """The command, with a configuration of its own."""

    def __init__(self, sandbox: Sandbox, folder: Path, config: str = CONFIG) -> None:
        self.file = folder / "mailgate.yaml"
        self.file.write_text(config.format(folder=folder, url=sandbox.url, port=sandbox.smtp_port))
        self.message = MESSAGE.replace(b"<1@", f"<{folder.name}@".encode())  # one that this ERP has not seen
        self.environment = os.environ | {"TEST_PASSWORD": "admin", "HOME": str(folder)}

    def run(
        self, *words: str, raw: bytes | None = None, config: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Run it as a mail program does: no terminal anywhere."""
        command = [sys.executable, "-m", "mailgate", *(["-c", str(self.file)] if config else []), *words]
        return subprocess.run(command, input=self.message if raw is None else raw,
                              capture_output=True, env=self.environment | environment)  # fmt: skip


@pytest.fixture
def gate(sandbox: Sandbox, tmp_path: Path) -> Gate:
    sandbox.resume()
    return Gate(sandbox, tmp_path)


def cases(sandbox: Sandbox) -> int:
    return len(sandbox.execute("crm.case", "search", []))


def test_one_message_one_line_status_0(gate: Gate, sandbox: Sandbox) -> None:
    before = cases(sandbox)
    done = gate.run()
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"mailgate: case ") and done.stdout.count(b"\n") == 1
    again = gate.run()
    assert again.returncode == 0 and b"handled before" in again.stdout
    assert cases(sandbox) == before + 1


@pytest.mark.parametrize("form", ORIGINALS)
def test_the_originals_command_line(sandbox: Sandbox, tmp_path: Path, form: str) -> None:
    words = [*form.split(), "--host", "127.0.0.1", "--port", sandbox.url.rpartition(":")[2], "-d", "terp"]
    gate = Gate(sandbox, tmp_path)
    before = cases(sandbox)
    done = gate.run(*words, config=False, MAILGATE_STATE=str(tmp_path / "state"), MAILGATE_CONFIG="")
    assert done.returncode == 0 and cases(sandbox) == before + 1, done
    # nothing listens on localhost:25 here or it refuses the address: the mail waits in the journal or was refused


@pytest.mark.parametrize(
    "words", [["--no-such-option"], ["-e"], ["-e", "sales@mycompany.com"], ["no-such-command"], ["-c", "/no/such/file"]]
)
def test_a_wrong_command_line_is_75_for_a_mail_program(gate: Gate, words: list[str]) -> None:
    done = gate.run(*words, raw=gate.message + b"x" * 300_000)  # more than a pipe holds: it must be read all the same
    assert done.returncode == 75 and done.stderr == b""
    assert done.stdout.startswith(b"4.3.5 mailgate: ") and done.stdout.count(b"\n") == 1


def test_a_wrong_configuration_is_75_for_a_mail_program_and_names_the_key(sandbox: Sandbox, tmp_path: Path) -> None:
    gate = Gate(sandbox, tmp_path, CONFIG.replace("section:", "sektion:"))
    done = gate.run()
    assert done.returncode == 75
    assert b"mailgate.yaml:8: " in done.stdout and b'"section"' in done.stdout


def test_a_person_hears_78_and_64(sandbox: Sandbox, tmp_path: Path) -> None:
    gate = Gate(sandbox, tmp_path, CONFIG.replace("section:", "sektion:"))
    assert gate.run("check").returncode == 78
    assert gate.run("explain", "--no-such-option").returncode == 64


def test_erp_down_is_75_and_the_next_call_carries_on(gate: Gate, sandbox: Sandbox) -> None:
    before = cases(sandbox)
    sandbox.pause()
    down = gate.run()
    assert down.returncode == 75 and down.stdout.startswith(b"4.3.0 mailgate: the ERP at ")
    sandbox.resume()
    assert gate.run().returncode == 0
    assert gate.run("retry").returncode == 0
    assert cases(sandbox) == before + 1


def test_when_down_keep_answers_0_and_retry_delivers(sandbox: Sandbox, tmp_path: Path) -> None:
    gate = Gate(sandbox, tmp_path, "when_down: keep\n" + CONFIG)
    before = cases(sandbox)
    sandbox.pause()
    assert gate.run().returncode == 0
    sandbox.resume()
    assert cases(sandbox) == before
    make_due(tmp_path)
    assert b"1 delivery" in gate.run("retry").stdout
    assert cases(sandbox) == before + 1


def make_due(folder: Path) -> None:
    import sqlite3

    with sqlite3.connect(folder / "state/journal.sqlite") as db:
        db.execute("UPDATE delivery SET due = 0")
    db.close()


@pytest.mark.parametrize(("password", "database"), [("wrong", "terp"), ("admin", "nowhere")])
def test_wrong_password_and_database_are_told_apart(
    sandbox: Sandbox, tmp_path: Path, password: str, database: str
) -> None:
    gate = Gate(sandbox, tmp_path, CONFIG.replace("terp", database))
    done = gate.run(TEST_PASSWORD=password)
    assert done.returncode == 75
    assert (b"user and password" in done.stdout) == (password == "wrong")
    assert (b"no such database" in done.stdout) == (database == "nowhere")
    assert password.encode() not in done.stdout.replace(b"password", b"")


def test_an_answer_that_was_lost_makes_no_second_case(sandbox: Sandbox, tmp_path: Path) -> None:
    gate = Gate(sandbox, tmp_path)
    before = cases(sandbox)
    sandbox.fail_next("reset-after", on="crm.case.create")
    done = gate.run()
    assert done.returncode == 0 and b"kept here" in done.stdout  # the plan is recorded: the message is ours
    make_due(tmp_path)
    gate.run("retry")
    assert cases(sandbox) == before + 1
    assert b"handled before" in gate.run().stdout


def test_a_request_that_was_lost_waits_for_settle(sandbox: Sandbox, tmp_path: Path) -> None:
    gate = Gate(sandbox, tmp_path)
    before = cases(sandbox)
    sandbox.fail_next("reset-before", on="crm.case.create")
    assert gate.run().returncode == 0
    make_due(tmp_path)
    gate.run("retry")
    assert cases(sandbox) == before  # finding nothing proves nothing yet
    short = Gate(sandbox, tmp_path, CONFIG.replace("user: 3,", "user: 3, settle: 0 s,"))
    make_due(tmp_path)
    short.run("retry")
    assert cases(sandbox) == before + 1


def test_a_message_that_the_erp_refuses_is_kept_aside(gate: Gate, sandbox: Sandbox) -> None:
    sandbox.fail_next(("warning -- ValidateError\n\nno", "Traceback: secret path"), on="crm.case.create")
    sandbox.sink.clear()
    done = gate.run()
    assert done.returncode == 0 and b"kept aside" in done.stdout and b"Traceback" not in done.stdout
    (report,) = sandbox.sink.mails
    assert report.recipients == ("admin@mycompany.com",) and report.sender == ""
    assert "[CaseError]" in report.message["Subject"] and "secret path" not in report.message.as_string()
    listed = gate.run("hold", "list").stdout.decode()
    number = listed.split()[0]
    assert "ValidateError" in listed
    assert b"It burns." in gate.run("hold", "show", number).stdout
    before = cases(sandbox)
    assert b"created" in gate.run("hold", "release", number).stdout
    assert cases(sandbox) == before + 1
    assert gate.run("hold", "list").stdout == b"nothing is kept aside\n"
    assert gate.run("hold", "drop", number).returncode == 64


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00\xff\xfe\x80" * 1000,
        b"\n",
        b"no header at all",
        b"Subject: no From\n\nhello\n",
        b"From: a@b.example\n\nno subject\n",
        b"From: a@b.example\nSubject: \x00\x00\nMessage-ID: <nul@b>\n\n\x00\x00\n",
        b"".join(b"X-%d: y\n" % number for number in range(10_000)) + b"From: a@b.example\n\nbody\n",
        b'From: a@b.example\nContent-Type: text/plain; charset="x-none"\n\n\xe4\xf6\n',
    ],
    ids=["noise", "newline", "no-header", "no-from", "no-subject", "nul", "10000-lines", "unknown-charset"],
)
def test_any_bytes_are_taken_with_one_clear_line(gate: Gate, raw: bytes) -> None:
    done = gate.run(raw=raw)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"mailgate: ") and done.stdout.count(b"\n") == 1


def test_nothing_on_stdin(gate: Gate) -> None:
    done = gate.run(raw=b"")
    assert done.returncode == 75 and b"there is no message on stdin" in done.stdout


def test_50_mb(gate: Gate, sandbox: Sandbox) -> None:
    raw = gate.message + b"0123456789abcde\n" * (50 * 1024 * 1024 // 16)
    done = gate.run(raw=raw)
    assert done.returncode == 0 and b"larger than" in done.stdout
    assert b"larger than" in gate.run("hold", "list").stdout


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_closed_streams(gate: Gate, closed: int) -> None:
    command = f"exec {sys.executable} -m mailgate -c {gate.file} {closed}{'<' if closed == 0 else '>'}&-"
    done = subprocess.run(["sh", "-c", command], input=gate.message, capture_output=True, env=gate.environment)
    assert done.returncode == (75 if closed == 0 else 0), done


def test_a_full_stdout_does_not_change_the_status(gate: Gate) -> None:
    command = f"exec {sys.executable} -m mailgate -c {gate.file} > /dev/full"
    done = subprocess.run(["sh", "-c", command], input=gate.message, capture_output=True, env=gate.environment)
    assert done.returncode == 0


def test_an_import_error_is_75(gate: Gate, tmp_path: Path) -> None:
    (tmp_path / "sqlite3.py").write_text("raise ImportError('no sqlite here')\n")
    done = gate.run(PYTHONPATH=str(tmp_path))
    assert done.returncode == 75 and b"unforeseen ImportError" in done.stdout


SLOW = [("crm.case.create", 0), ("res.users.search", 75)]  # after the plan is recorded, and before


@pytest.mark.parametrize(("when", "status"), SLOW)
def test_the_deadline_ends_a_slow_call(sandbox: Sandbox, tmp_path: Path, when: str, status: int) -> None:
    gate = Gate(sandbox, tmp_path, "deadline: 1 s\n" + CONFIG)
    sandbox.fail_next("slow:2", on=when)
    done = gate.run()
    assert done.returncode == status and b"deadline" in done.stdout


@pytest.mark.parametrize(("when", "status"), SLOW)
def test_sigterm_ends_it_within_the_contract(sandbox: Sandbox, tmp_path: Path, when: str, status: int) -> None:
    gate = Gate(sandbox, tmp_path)
    sandbox.fail_next("slow:2", on=when)
    command = [sys.executable, "-m", "mailgate", "-c", str(gate.file)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=gate.environment
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(gate.message)
        process.stdin.close()
        while sandbox.server.pending and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == status
        assert b"asked to end" in process.stdout.read()


def test_nothing_secret_and_no_text_in_the_log(gate: Gate, tmp_path: Path) -> None:
    gate.run("-p", "hunter2")  # a wrong one
    gate.run(raw=MESSAGE.replace(b"It burns", b"Confidential"))
    log = (tmp_path / "log").read_text()
    assert "visible" not in log and "password stands on the command line" in log
    assert "hunter2" not in log and "Confidential" not in log


def test_check_says_what_to_mend(gate: Gate, sandbox: Sandbox) -> None:
    done = gate.run("check")
    assert done.returncode == 0 and b"MEND" not in done.stdout, done.stdout.decode()
    for part in (
        b"configuration:",
        b"state folder:",
        b"login:",
        b"rights: crm.case:",
        b"section:",
        b"new mail:",
        b"SMTP:",
    ):
        assert b"ok    " + part in done.stdout
    wrong = gate.run("check", "-p", "wrong")
    assert wrong.returncode == 78 and b"MEND  the ERP refuses this user and password" in wrong.stdout
    assert (
        b"no case section with the code 'nowhere'"
        in gate.run("check", "-s", "nowhere", "-e", "support@mycompany.com").stdout
    )


def test_check_says_when_new_mail_reaches_nobody(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.execute("crm.case.section", "create", {"name": "Alone", "code": "ALONE"})
    gate = Gate(sandbox, tmp_path, CONFIG.replace("section: support", "section: ALONE"))
    done = gate.run("check")
    assert done.returncode == 78 and b"MEND  new mail: reaches nobody" in done.stdout
    gate = Gate(sandbox, tmp_path, CONFIG.replace("section: support", "section: ALONE, notify: [team@mycompany.com]"))
    assert gate.run("check").returncode == 0
