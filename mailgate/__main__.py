"""The net: whatever happens, the caller gets a status of the contract and one line.

Under a mail program that is 0 or 75 and nothing else: Python's own 1 and 120 and click's 2 would make Postfix bounce.
The process ends by `os._exit` once everything is written: there is nothing left to tear down, and a stdout that
cannot be flushed no longer changes the status.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType
    from typing import NoReturn

    from mailgate.status import Caller, Verdict


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _open_missing_streams()
    status = 75
    try:
        status = _run(words)
    except KeyboardInterrupt:
        status = 75 if _caller(words) == "program" else 130
    except BaseException as error:  # noqa: BLE001  # the net of the contract: an import error must not bounce mail
        status = _broken(error, _caller(words))
    finally:
        _flush()
        if status and _caller(words) == "program":
            _drain(status)
        os._exit(status)


def _run(words: list[str]) -> int:
    from mailgate.options import read_plain

    plain = read_plain(words)
    if plain is None or (not words and _is_terminal(0)):
        from mailgate.cli import run

        return run(words)
    return handle(plain, _caller(words))


def handle(options: dict[str, str], caller: Caller) -> int:
    """Do the main job with the message on stdin: print one line, return the status."""
    import gc

    gc.disable()  # the process ends after one message: collecting costs more than it frees
    from mailgate.status import MailgateError, exit_status, reply_line

    try:
        verdict, text = _deliver(options)
    except MailgateError as error:
        verdict, text = error.verdict, str(error)
        if caller == "program":
            _to_log(f"{error}; {error.detail}")
        else:
            _say(2, f"mailgate: {error}")
            return exit_status(verdict, caller)
    _say(1, reply_line(verdict, caller, text))
    return exit_status(verdict, caller)


def _deliver(options: dict[str, str]) -> tuple[Verdict, str]:
    from mailgate.job import deliver_stdin

    return deliver_stdin(options)


def interrupt_at(seconds: float) -> None:
    """Raise Interrupted in the main thread after so many seconds, or when the process is asked to end."""
    import signal

    from mailgate.status import Interrupted

    def interrupted(number: int, _: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(number, lambda *_: os._exit(75))
        why = "the deadline has passed" if number == signal.SIGALRM else "asked to end"
        raise Interrupted(f"{why} before the message was done")

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, interrupted)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _caller(words: list[str]) -> Caller:
    """A person sees stderr on a terminal, or gives a subcommand; everybody else is a mail program."""
    from mailgate.options import subcommand

    return "person" if _is_terminal(2) or subcommand(words) in SUBCOMMANDS else "program"


SUBCOMMANDS = frozenset(("explain", "check", "demo", "sandbox", "replay", "hold", "retry", "config"))


def _is_terminal(number: int) -> bool:
    try:
        return os.isatty(number)
    except OSError:
        return False


def _open_missing_streams() -> None:
    """Give /dev/null to standard streams that the caller closed, so that no file of ours gets their number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _broken(error: BaseException, caller: Caller) -> int:
    """Tell of an error that nobody foresaw: one line, the details for the log, and a temporary failure."""
    import traceback

    detail = "".join(traceback.format_exception(error))
    _to_log(f"unforeseen {type(error).__name__}: {detail}")
    line = f"mailgate: unforeseen {type(error).__name__}: the message stays with the caller; the log has the details"
    _say(1 if caller == "program" else 2, f"4.3.0 {line}" if caller == "program" else line)
    return 75


def _to_log(text: str) -> None:
    from contextlib import suppress

    with suppress(Exception):
        from mailgate.log import open_log

        open_log("syslog").error(text)


def _say(number: int, line: str) -> None:
    """Write one line, straight to the file descriptor; a caller who closed it does not change the status."""
    try:
        os.write(number, (line + "\n").encode("utf-8", "replace"))
    except OSError:
        return


def _drain(status: int) -> None:
    """Read what the caller still writes: fetchmail takes a closed pipe for its own failure and ends the whole poll."""
    import signal

    signal.signal(signal.SIGALRM, lambda *_: os._exit(status))
    signal.setitimer(signal.ITIMER_REAL, 60)
    try:
        while os.read(0, 1 << 20):
            continue
    except OSError:
        return


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue


if __name__ == "__main__":
    main()
