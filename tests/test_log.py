"""One line an entry, whatever the text; and a log that cannot be written costs nothing but the log."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import syslog
from pathlib import Path

import pytest

from mailgate import log
from mailgate.log import LONGEST, one_line, open_log


@pytest.fixture
def to_syslog(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """What would have gone to syslog: priority and text."""
    entries: list[tuple[int, str]] = []
    monkeypatch.setattr(syslog, "openlog", lambda ident, options, facility: entries.append((facility, ident)))
    monkeypatch.setattr(syslog, "syslog", lambda priority, text: entries.append((priority, text)))
    return entries


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("case 12: recorded", "case 12: recorded"),
        ("Müller schrieb an 株式会社", "Müller schrieb an 株式会社"),
        ("", ""),
        ("a\nmailgate: error: forged", r"a\nmailgate: error: forged"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("nul \0 escape \x1b[31m del \x7f", r"nul \x00 escape \x1b[31m del \x7f"),
        ("c1 \x85 line \u2028 bidi \u202e bom \ufeff", r"c1 \x85 line \u2028 bidi \u202e bom \ufeff"),
        ("half a pair \ud83d", r"half a pair \ud83d"),
        ("x" * LONGEST, "x" * LONGEST),
        ("x" * (LONGEST + 1), "x" * LONGEST + "... (2001 characters)"),
    ],
)
def test_an_entry_is_one_printable_line(text: str, line: str) -> None:
    assert one_line(text) == line
    assert one_line(text).isprintable()


def test_syslog_gets_the_mail_facility_and_the_level(to_syslog: list[tuple[int, str]]) -> None:
    journal = open_log("syslog")
    journal.info("one")
    journal.warning("two\n2")
    journal.error("three")
    assert [entry for entry in to_syslog if entry[1] != "mailgate"] == [
        (syslog.LOG_INFO, "one"),
        (syslog.LOG_WARNING, r"two\n2"),
        (syslog.LOG_ERR, "three"),
    ]
    assert (syslog.LOG_MAIL, "mailgate") in to_syslog


def test_a_file_gets_one_line_an_entry(tmp_path: Path, to_syslog: list[tuple[int, str]]) -> None:
    path = tmp_path / "mailgate.log"
    journal = open_log(str(path))
    journal.info("first")
    path.rename(tmp_path / "rotated")
    journal.error("zweite\nZeile \ud800")
    form = rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{{4}} mailgate\[{os.getpid()}\]: "
    assert re.fullmatch(form + "info: first\n", (tmp_path / "rotated").read_text())
    assert re.fullmatch(form + r"error: zweite\\nZeile \\ud800" + "\n", path.read_text())
    assert path.stat().st_mode & 0o007 == 0
    assert to_syslog == []


def test_a_file_that_cannot_be_written_falls_back_to_syslog(tmp_path: Path, to_syslog: list[tuple[int, str]]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for target in (str(tmp_path / "none" / "x.log"), str(tmp_path), str(pipe), "bad\0name", "/dev/full"):
        to_syslog.clear()
        open_log(target).error("kept")
        assert to_syslog[-1] == (syslog.LOG_ERR, f"kept [{one_line(target)} cannot be written]")


def test_stderr_gets_the_line_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    open_log("stderr").warning("look\nhere")
    assert capfd.readouterr().err == "mailgate: warning: look\\nhere\n"


def test_a_closed_stderr_does_not_change_the_exit_status() -> None:
    code = "import os, mailgate.log as log; log._to_syslog = print; os.close(2); log.open_log('stderr').info('x')"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_machine_without_syslog_loses_the_entry_and_nothing_else() -> None:
    open_log("syslog").info("a test of mailgate's log")


def test_the_log_costs_no_logging_package() -> None:
    code = "import sys, mailgate.log; print({'logging', 'socket', 'typing'} & set(sys.modules))"
    assert (
        subprocess.run(
            [sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=Path(log.__file__).parents[1]
        ).stdout
        == "set()\n"
    )
