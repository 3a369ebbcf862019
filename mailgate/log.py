"""Where the details go: syslog, stderr or a file; one line an entry, and never an exception.

A log that cannot be written must not lose mail: an entry that its target refuses goes to syslog, and if that is not
there either, nowhere. What may stand in an entry (no secrets, no text of a mail) is its writer's duty.
"""

from __future__ import annotations

import os
import syslog

LONGEST = 2000  # characters of an entry
PRIORITIES = {"info": syslog.LOG_INFO, "warning": syslog.LOG_WARNING, "error": syslog.LOG_ERR}


class Log:
    """An open log; `target` is syslog, stderr, or a file's path."""

    def __init__(self, target: str) -> None:
        self.target = target

    def info(self, text: str) -> None:
        """Say what was done."""
        self._write("info", text)

    def warning(self, text: str) -> None:
        """Say what somebody should look at some day."""
        self._write("warning", text)

    def error(self, text: str) -> None:
        """Say what somebody has to mend."""
        self._write("error", text)

    def _write(self, level: str, text: str) -> None:
        line = one_line(text)
        try:
            if self.target == "stderr":
                _to_stderr(f"mailgate: {level}: {line}\n")
            elif self.target == "syslog":
                _to_syslog(level, line)
            else:
                _to_file(self.target, level, line)
        except (OSError, ValueError):
            if self.target != "syslog":
                _to_syslog(level, f"{line} [{one_line(self.target)} cannot be written]")


def open_log(target: str) -> Log:
    """Return the log for syslog (facility mail, RFC 5424), stderr, or a file's path. Nothing is opened yet."""
    return Log(target)


def one_line(text: str) -> str:
    r"""Return a text as one line of printable characters: others as \n, \x1b, \u202e; cut where it is too long."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _escaped(char) for char in text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"


def _escaped(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def _to_syslog(level: str, line: str) -> None:
    syslog.openlog("mailgate", syslog.LOG_PID, syslog.LOG_MAIL)
    syslog.syslog(PRIORITIES[level], line)


def _to_stderr(line: str) -> None:
    """Write to the file itself: text left over in a buffer would change the exit status at the end."""
    raw = line.encode("utf-8", "backslashreplace")
    while raw:
        raw = raw[os.write(2, raw) :]


def _to_file(path: str, level: str, line: str) -> None:
    """Append an entry in one write; the file is opened anew each time, so that it can be rotated.

    A pipe without a reader is an error and does not make mail wait.
    """
    import time

    stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    entry = f"{stamp} mailgate[{os.getpid()}]: {level}: {line}\n".encode("utf-8", "backslashreplace")
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o640)
    try:
        written = os.write(handle, entry)
    finally:
        os.close(handle)
    if written < len(entry):
        raise OSError("the entry was cut short")
