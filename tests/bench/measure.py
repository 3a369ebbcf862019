"""What the benchmarks of whole processes share: installing, timing, messages, tables."""

from __future__ import annotations

import contextlib
import itertools
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from email.message import EmailMessage
from pathlib import Path

PROJECT = Path(__file__).parents[2]
NUMBERS = itertools.count()
Make = Callable[[], bytes]


def installed(folder: Path) -> tuple[str, str]:
    """Install mailgate into a new environment; return its Python and its command."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pip = [str(folder / "venv/bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", str(PROJECT)]
    subprocess.run(pip, check=True)
    return str(folder / "venv/bin/python"), str(folder / "venv/bin/mailgate")


def timed(command: list[str], raw: bytes = b"") -> tuple[float, float]:
    """Run a command and return its CPU and wall time in milliseconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, input=raw, capture_output=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu * 1000, wall * 1000


def mail(
    sender: str, recipient: str, subject: str, text: str, *, answered: str = "", attached: bytes | None = None
) -> bytes:
    """Return a mail that nobody has seen before; `answered` is the Message-ID that it replies to."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, recipient, subject
    message["Message-ID"] = f"<{next(NUMBERS)}.{time.time_ns()}@bench.example>"
    message["Date"] = "Mon, 23 Nov 2026 10:00:00 +0000"
    if answered:
        message["In-Reply-To"] = message["References"] = answered
    message.set_content(text + "\n")
    if attached is not None:
        message.add_attachment(attached, "application", "pdf", filename="report.pdf")
    return message.as_bytes()


class Bench:
    """Named commands, each run in turn, round after round."""

    def __init__(self, runs: int) -> None:
        self.runs = runs
        self.rows: dict[str, list[tuple[float, float]]] = {}

    def measure(
        self,
        *rows: tuple[str, list[str], Make | None],
        during: Callable[[], AbstractContextManager[object]] = contextlib.nullcontext,
    ) -> None:
        """Run each (name, command, what makes its mail) `runs` times, in turn, after one round that does not count.

        `during` is entered for each round.
        """
        for turn in range(self.runs + 1):
            with during():
                for name, command, make in rows:
                    figures = timed(command, make() if make else b"")
                    if turn:
                        self.rows.setdefault(name, []).append(figures)

    def show(self, base: str, bases: Mapping[str, str] | None = None) -> None:
        """Print medians, and ratios to the row `base`, or to the one that `bases` names for a row."""
        width = max(34, *map(len, self.rows))
        print(f"{'':{width}} {'CPU ms':>8} {'ratio':>6} {'wall ms':>8} {'ratio':>6}   (ratios to: {base})")
        for name in self.rows:
            own, other = self._medians(name), self._medians((bases or {}).get(name, base))
            (cpu, wall), (cpu_base, wall_base) = own, other
            print(f"{name:{width}} {cpu:8.1f} {cpu / cpu_base:6.2f} {wall:8.1f} {wall / wall_base:6.2f}")

    def _medians(self, name: str) -> tuple[float, float]:
        cpu, wall = (statistics.median(values) for values in zip(*self.rows[name], strict=True))
        return cpu, wall
