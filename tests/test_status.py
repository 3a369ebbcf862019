"""The contract with the caller, row by row, and the tree of what can go wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from mailgate import status

if TYPE_CHECKING:
    from mailgate.status import Caller, Verdict


@pytest.mark.parametrize(
    ("verdict", "program", "person", "code"),
    [
        ("done", 0, 0, ""),
        ("kept", 0, 0, ""),
        ("tempfail", 75, 75, "4.3.0"),
        ("misconfigured", 75, 78, "4.3.5"),
        ("misused", 75, 64, "4.3.5"),
        ("broken", 75, 75, "4.3.0"),
    ],
)
def test_every_row_of_the_table(verdict: Verdict, program: int, person: int, code: str) -> None:
    assert status.exit_status(verdict, "program") == program
    assert status.exit_status(verdict, "person") == person
    front = f"{code} " if code else ""
    assert status.reply_line(verdict, "program", "said") == f"{front}mailgate: said"
    assert status.reply_line(verdict, "person", "said") == "mailgate: said"


def test_no_row_is_missing_here_and_a_mail_program_hears_only_0_and_75() -> None:
    assert set(status.TABLE) == {"done", "kept", "tempfail", "misconfigured", "misused", "broken"}
    assert {row[0] for row in status.TABLE.values()} == {0, 75}
    for program, _, code in status.TABLE.values():
        assert bool(code) == (program != 0), "a failure has an enhanced status code, a success none"
        assert code == "" or re.fullmatch(r"4\.\d\.\d", code), "5.x.x in the output would make Postfix bounce"


@pytest.mark.parametrize("caller", ["program", "person"])
def test_the_reply_is_one_line_whatever_the_text(caller: Caller) -> None:
    line = status.reply_line("tempfail", caller, "a\n5.0.0 b\r\n\tc  d\n")
    assert line.endswith("mailgate: a 5.0.0 b c d")
    assert len(line.splitlines()) == 1


TREE = {
    "UsageError": ("MailgateError", "misused"),
    "ConfigError": ("MailgateError", "misconfigured"),
    "JournalError": ("MailgateError", "tempfail"),
    "Interrupted": ("MailgateError", "tempfail"),
    "ErpError": ("MailgateError", "tempfail"),
    "ErpDown": ("ErpError", "tempfail"),
    "ErpDoubt": ("ErpError", "tempfail"),
    "ErpDenied": ("ErpError", "tempfail"),
    "ErpForbidden": ("ErpError", "tempfail"),
    "ErpGone": ("ErpError", "tempfail"),
    "ErpRefused": ("ErpError", "tempfail"),
}


def test_the_tree_is_as_drawn() -> None:
    errors = {
        name: (kind.__mro__[1].__name__, kind.verdict)
        for name, kind in vars(status).items()
        if isinstance(kind, type) and issubclass(kind, status.MailgateError) and kind.__base__ is not Exception
    }
    assert errors == TREE
    drawn = re.findall(r"^ +(?:\|   )?[|+ ]*\+-- (\w+)", status.__doc__ or "", re.MULTILINE)
    assert drawn == list(TREE), "the drawing at the top of the module has every error, in order"


def test_an_error_has_a_safe_text_and_a_detail_for_the_log() -> None:
    error = status.ErpRefused("the ERP refused it", "Traceback: password=secret")
    assert (str(error), error.detail) == ("the ERP refused it", "Traceback: password=secret")
    assert "secret" not in str(error)
    assert status.ErpDown("down").detail == ""
