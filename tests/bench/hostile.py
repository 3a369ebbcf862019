"""Time and memory of hostile messages, by generator: python tests/bench/hostile.py [--size BYTES] [NAME...]

Prints for each generator of tests/fuzz/hostile.py the CPU time of every step at a size and at two and four times of
it, and the peak of what Python allocated. Flagged: time that grows by more than 2.6 at a doubling, more than a second
for a megabyte, and more than 12 bytes of memory for a byte of mail. Only flagged generators are shown with --flagged.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gc
import signal
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from mailgate.message import parse
from tests.fuzz.hostile import GENERATORS
from tests.fuzz.steps import STEPS

MEGABYTE = 1024 * 1024
STEEPEST = 2.6
SLOWEST = 1.0  # seconds for a megabyte
FATTEST = 12.0
NOISE = 0.03  # seconds; below it no ratio is told


class TooLongError(BaseException):
    """A step took more than its time; no `except Exception` may stop it."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooLongError

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)  # of this process: others may have the machine
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    before = time.process_time()
    result = work()
    return time.process_time() - before, result


def times(raw: bytes, seconds: int) -> dict[str, float]:
    """Return the time of each step on a message; what takes too long is infinite, and ends it."""
    took: dict[str, float] = {}
    given: Any = raw
    steps: dict[str, Callable[[Any], object]] = {"parse": parse, **STEPS}
    for name, step in steps.items():
        try:
            with limited(seconds):
                took[name], result = timed(functools.partial(step, given))
        except TooLongError:
            took[name] = float("inf")
            if name == "parse":
                return took
        else:
            given = result if name == "parse" else given
    return took


def peak(raw: bytes, seconds: int) -> float:
    """Return the most that Python allocated meanwhile, for each byte of the message."""
    tracemalloc.start()
    try:
        with limited(seconds):
            mail = parse(raw)
            for step in STEPS.values():
                step(mail)
    except TooLongError:
        return float("inf")
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return most / len(raw)


def measured(name: str, size: int, seconds: int) -> tuple[str, bool]:
    """Return a line about a generator, and whether something is wrong with it."""
    raws = [GENERATORS[name](size * factor) for factor in (1, 2, 4)]
    runs = [times(raw, seconds) for raw in raws]
    flags = []
    for step in runs[0]:
        one, two, four = (run.get(step, float("inf")) for run in runs)
        a_megabyte = four * MEGABYTE / len(raws[2])
        if four > NOISE and two > NOISE / 2 and max(two / max(one, 1e-9), four / two) > STEEPEST and four / two > 2.3:
            flags.append(f"{step}: {one:.3f} {two:.3f} {four:.3f} s STEEP")
        if a_megabyte > SLOWEST:
            flags.append(f"{step}: {a_megabyte:.2f} s/MB SLOW")
    memory = peak(raws[0], seconds * 4)
    if memory > FATTEST:
        flags.append(f"{memory:.1f} bytes/byte FAT")
    whole = [sum(run.values()) for run in runs]
    grows = whole[2] / max(whole[1], 1e-9) if whole[1] < float("inf") else float("nan")
    figures = " ".join(f"{one:7.3f}" for one in whole)
    return f"{name:32} {figures}  x{grows:4.1f} {memory:6.1f}  {'; '.join(flags)}", bool(flags)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=MEGABYTE // 4, help="bytes of the smallest message")
    parser.add_argument("--seconds", type=int, default=20, help="a step that takes longer is given up")
    parser.add_argument("--flagged", action="store_true")
    parser.add_argument("names", nargs="*", help="generators whose name begins so")
    chosen = parser.parse_args()
    names = [name for name in GENERATORS if not chosen.names or name.startswith(tuple(chosen.names))]
    print(f"{'':32} {'n':>7} {'2n':>7} {'4n':>7}   4n/2n  B/B   n = {chosen.size} bytes")
    bad = 0
    for name in names:
        line, flagged = measured(name, chosen.size, chosen.seconds)
        bad += flagged
        if flagged or not chosen.flagged:
            print(line, flush=True)
    print(f"{len(names)} generators, {bad} flagged")


if __name__ == "__main__":
    main()
