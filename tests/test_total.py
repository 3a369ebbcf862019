"""No bytes make it raise, hang, or take more than they are worth: properties over a grammar of mail, and floods.

tests/fuzz/invariants.py says what must hold, tests/fuzz/fuzz_message.py hunts for what breaks it, coverage-guided;
whatever is found stands below as a message of its own.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailgate.message import parse
from mailgate.sandbox import Sandbox
from tests.fuzz import strategies
from tests.fuzz.hostile import GENERATORS, HEAD, message, multipart, times
from tests.fuzz.invariants import PENDING, check, check_functions, check_value
from tests.fuzz.steps import STEPS
from tests.test_main import Gate

few = settings(
    derandomize=True, database=None, deadline=None, max_examples=80, suppress_health_check=list(HealthCheck)
)  # fmt: skip


@few
@given(strategies.messages)
def test_messages_with_broken_values(raw: bytes) -> None:
    check(raw)


@few
@given(strategies.broken_messages)
def test_broken_messages(raw: bytes) -> None:
    check(raw)


@few
@given(strategies.fields, strategies.fragments)
def test_broken_headers(fields: bytes, body: bytes) -> None:
    check(fields + b"\n" + body)


@few
@given(st.sampled_from(["", "; format=flowed", "; format=flowed; delsp=yes"]), strategies.texts)
def test_texts(how: str, text: bytes) -> None:
    check(message(text, b"text/plain; charset=utf-8" + how.encode()))


@few
@given(strategies.documents)
def test_documents(html: bytes) -> None:
    check(message(html, b"text/html; charset=utf-8"))


@few
@given(strategies.noise | strategies.fragments)
def test_noise(raw: bytes) -> None:
    check(raw)
    check_functions(raw)


@few
@given(st.text(max_size=80))
def test_any_text_as_a_value(value: str) -> None:
    check_value(value)


@pytest.mark.parametrize("name", GENERATORS)
def test_a_little_of_each_flood(name: str) -> None:
    check(GENERATORS[name](300))


# --- what was found --------------------------------------------------------------------------------------------------

# Each made something raise, hang, or say what is not so, once.
FOUND = {
    "commands above lines like a header's, and no header": (
        b"\xc2\xa0Set-State\xc2\xa0: open\nFrom: a@b.example\nc\nMessage-ID: <d@b.example>\n\n"
    ),
    "a charset label that is Python's word for none": message(
        b"Set-State: open\nx\n", b'text/html; charset="undefined"'
    ),
    "a charset label that compresses": message(b"Set-State: open\nSet-Cost: 1\nx\n", b'text/html; charset="bz2"'),
    "commands in UTF-16 under another label": message("Set-Cc: +a@b.example\nx\n".encode("utf-16")),
    "a content field of more than a line may hold": b"Content-ID: <" + b"x" * 1200 + b"@b>\n" + HEAD + b"\nHello\n",
    "a content field whose fold holds a NUL alone": b"Content-Location:\n \x00\n" + HEAD + b"\nHello\n",
    "a content type whose second line lost its indent": HEAD
    + b"Content-Type: multipart/mixed;\nboundary=b\nMIME-Version: 1.0\n\n--b\n\nx\n--b--\n",
    "a command whose value goes on behind a tag with a NUL": message(
        b"</a><pre>Set-State:<p\x00>Sent: Tuesday<<<<&#x202e;Set-State: close<hr>", b"text/html"
    ),
    "a subject that turns its direction": b"Subject: \xe2\x80\xaex+2AA-\n" + HEAD + b"\nHello\n",
}
# Each names the pending demand of tests/fuzz/invariants.py that it fails.
WAITING = {
    "two attachments of one name as long as names may be": (
        "names", multipart(times(b"--b\nContent-Type: image/png; name=" + b"a" * 200 + b"\n\nx\n", 500))
    ),
    "such names in letters of two bytes": (
        "names", multipart(
            times(b"--b\nContent-Type: image/png; name=" + "ä".encode() * 150 + b".long-ending-of-a-name\n\nx\n", 800)
        ),
    ),
    "a date beyond all calendars": ("date", b"Date: 99999999999999999999 Jan 1 1:1:1 +1\n" + HEAD + b"\nHello\n"),
    "a zone of years": ("date", b"Date: Tue, 14 Nov 2023 22:00:00 +999999999999\n" + HEAD + b"\nHello\n"),
    "ids without brackets around them": ("id", b"In-Reply-To: a@b.example>x<c@d\n" + HEAD + b"\nHello\n"),
    "an id that only opens": ("id", b"Message-ID: Sender:<a@b.example\n\nHello\n"),
    "a file name behind dots and a blank": (
        "name", multipart(b'--b\nContent-Type: image/png; name="... a"\n\nx\n--b--\n')
    ),
    "a NUL in a charset": ("parameter", message(b"Hello\n", b"text/plain; charset*0*=''%00utf-7")),
    "an author of a thousand letters": ("long line", b"From: a@" + b"x" * 1200 + b"\n" + HEAD + b"\nHello\n"),
    "a disposition with a bare CR": (
        "same parts", b"Content-Disposition: attachment; name*=x-none'en'%E4a\rX: y\n" + HEAD + b"\nHello\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_once(name: str) -> None:
    survives(FOUND[name])


@pytest.mark.parametrize("name", WAITING)
def test_what_was_found_and_waits(name: str) -> None:
    pending, raw = WAITING[name]
    if pending in PENDING:
        pytest.skip(f"not yet: {PENDING[pending]}")
    survives(raw)


def survives(raw: bytes) -> None:
    """Assert everything, with an end to it: what hangs must not hang the tests."""
    for what in (check, check_functions):
        calls(lambda what=what: what(raw), 3_000_000)  # type: ignore[misc]


# --- work grows with the size ----------------------------------------------------------------------------------------


class TooMuchError(BaseException):
    """More calls than a message of that size is worth: it may never end."""


def calls(work: Callable[[], object], most: int) -> int:
    """Return how many functions were called, Python's and C's, which is the same on each machine and each run.

    Raises TooMuchError beyond `most`. What one C function does, a pattern above all, is one call here, however long it
    takes: that is for tests/bench/hostile.py to judge, by the clock.
    """
    number = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal number
        number += event in ("call", "c_call")
        if number > most:
            raise TooMuchError

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return number


def through(raw: bytes) -> Callable[[], object]:
    """Return the work that a message makes, from its bytes to its copy."""

    def work() -> None:
        mail = parse(raw)
        for step in STEPS.values():
            step(mail)

    return work


SIZE = 1000  # bytes
MOST = 600  # calls for a byte
STEEPEST = 2.3  # at a doubling


@pytest.mark.parametrize("name", GENERATORS)
def test_work_grows_no_faster_than_the_message(name: str) -> None:
    raws = [GENERATORS[name](SIZE * factor) for factor in (1, 2)]
    through(raws[1])()  # imports, compiled patterns, charset labels looked up
    one, two = (calls(through(raw), MOST * len(raw) + 100_000) for raw in raws)
    if two > STEEPEST * one:  # a bound that begins to matter in between makes one step, but not two
        four = calls(through(GENERATORS[name](SIZE * 4)), MOST * SIZE * 8)
        assert four <= STEEPEST * two, (one, two, four)


# --- the program -----------------------------------------------------------------------------------------------------

# The nastiest of their kind, each by a name in tests/fuzz/hostile.py and a size.
NASTY = (
    ("nested_multiparts", 200_000), ("nested_messages", 200_000), ("empty_parts", 500_000), ("many_fields", 300_000),
    ("words_nested", 100_000), ("list_parens", 300_000), ("references", 300_000), ("html_open_tags", 200_000),
    ("utf16_surrogates", 50_000), ("bare_nuls", 100_000),
)  # fmt: skip


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize(("name", "size"), NASTY)
def test_the_program_takes_it_and_loses_nothing(sandbox: Sandbox, tmp_path: Path, name: str, size: int) -> None:
    gate = Gate(sandbox, tmp_path)
    raw = GENERATORS[name](size)
    explained = gate.run("explain", "--json", raw=raw)
    assert (explained.returncode, explained.stderr) == (0, b"")
    assert json.loads(explained.stdout)["message"]["attachments"] is not None
    done = gate.run(raw=raw)
    assert (done.returncode, done.stderr) == (0, b"") and done.stdout.count(b"\n") == 1
    assert kept(tmp_path, sandbox), done.stdout


def kept(folder: Path, sandbox: Sandbox) -> bool:
    """Tell whether the one message is on a case that is there, or on hold with its bytes."""
    with closing(sqlite3.connect(folder / "state/journal.sqlite")) as journal:
        (found,) = journal.execute("SELECT stage, case_id, raw FROM delivery").fetchall()
    stage, case, raw = found
    if stage == "held":
        return any(path.stat().st_size for path in (folder / "state").rglob(f"*{raw}*"))
    return bool(sandbox.execute("crm.case", "search", [("id", "=", case)]))
