"""Coverage-guided fuzzing of everything that reads a message: what must hold stands in invariants.py.

    pip install -e '.[fuzz]'
    python tests/fuzz/fuzz_message.py -runs=20000 -seed=1 -timeout=20 -rss_limit_mb=2048 FOLDER tests/mails

New inputs that reach new code are kept in FOLDER (first); the mails in the others are where it starts from. The
options are libFuzzer's: -timeout (seconds) finds what hangs, a crash is written to ./crash-*, and a file as only
argument runs that one. With MAILGATE_FUZZ_COLLECT=FOLDER it does not end at the first finding, but writes one message
for each place that fails into that folder: the shortest. MAILGATE_FUZZ_ALL=1 asks for what is pending, too.
Half of the mutations are blind or splice known mails, half know what mail is made of, since a blind one hardly ever
gets behind the header.
"""

from __future__ import annotations

import os
import random
import sys
import traceback
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

with atheris.instrument_imports(include=["mailgate"]):
    from tests.fuzz.invariants import check, check_functions

from tests.fuzz import grammar

COLLECTED = os.environ.get("MAILGATE_FUZZ_COLLECT", "")


def one_input(data: bytes) -> None:
    """Try one message."""
    for what in (check, check_functions):
        try:
            what(data)
        except Exception as error:
            if not COLLECTED:
                raise
            collect(data, error)


def collect(data: bytes, error: Exception) -> None:
    """Keep a message that fails, if it is the first or the shortest that fails there."""
    frames = [
        one for one in traceback.extract_tb(error.__traceback__) if "/mailgate/" in one.filename or "check" in one.name
    ]
    path = Path(COLLECTED, f"{type(error).__name__}-{Path(frames[-1].filename).stem}-{frames[-1].lineno}")
    if not path.exists() or path.stat().st_size > len(data):
        path.write_bytes(data)
        path.with_suffix(".txt").write_text(f"{error}\n{traceback.format_exc()}", errors="replace")


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Return a changed message: blindly, by the grammar, or a new one."""
    below = random.Random(seed).randrange
    how = below(8)
    if how < 3 or not data:
        return bytes(atheris.Mutate(data, max_size))
    if how < 5:
        for _ in range(1 + below(3)):
            data = grammar.broken(below, data)
        return data[:max_size]
    if how == 5:
        return grammar.any_message(below)[:max_size]
    return respliced(below, data)[:max_size]


def respliced(below: grammar.Below, data: bytes) -> bytes:
    """Return a message with a line of it replaced by, or followed by, a piece out of the grammar."""
    begin = data.rfind(b"\n", 0, below(len(data) + 1)) + 1
    end = data.find(b"\n", begin) + 1 or len(data)
    kept = data[begin:end] if below(2) else b""
    return data[:begin] + kept + grammar.fragment(below) + data[end:]


def crossed(data: bytes, other: bytes, max_size: int, seed: int) -> bytes:
    """Return the top of one message and the end of another, cut at lines."""
    below = random.Random(seed).randrange
    first = data.rfind(b"\n", 0, below(len(data) + 1)) + 1
    second = other.rfind(b"\n", 0, below(len(other) + 1)) + 1
    return (data[:first] + other[second:])[:max_size]


def main() -> None:
    atheris.Setup(sys.argv, one_input, custom_mutator=mutate, custom_crossover=crossed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
