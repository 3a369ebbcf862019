"""Golden plans: what each fixture mail does in one small company.

`MAILGATE_GOLDEN=write pytest tests/test_golden.py` agrees to the plans as they are now.
"""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from mailgate.addressees import Mailing, recipients
from mailgate.facts import think
from mailgate.message import parse
from mailgate.model import Address, Case, Contact, Dialect, Section, User
from mailgate.plan import decide
from mailgate.record import plain
from tests.builders import CONFIG, KEYS, MAILBOX, token

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailgate.model import Mail, Plan
    from mailgate.question import Question

HERE = Path(__file__).parent
MAILS = sorted((HERE / "mails").glob("*.eml"))
GOLDEN = HERE / "golden"
NOW = 1_223_290_000.0  # 2008-10-06 10:46:40 UTC, a little after the mails

ADA = Address("ada.novak@customer.example", "Ada Novak")
CASE = Case(17, "Printer prints blank pages", "open", 1, responsible=4, partner=70, contact=(ADA,),
            watchers=(Address("wanda@reader.example", "Wanda"),), priority=3)  # fmt: skip
USERS = (
    User(4, "fp", "Fabien Pinckaers", "fp@mycompany.com"),
    User(5, "ede", "Emmanuel Dewael", "ede@mycompany.com"),
    User(6, "jd", "John Doe", "john@mycompany.com"),
    User(7, "jdoe", "John Doe", "john.doe@mycompany.com"),
)


class Journal:
    """A journal that knows one mail of case 17."""

    def cases_of(self, ids: Iterable[str], model: str) -> dict[str, tuple[int, ...]]:
        return {one: (17,) for one in ids if one in ("<our.original.17@mycompany.com>", "<orig17@mycompany.com>")}

    def revoked(self, ids: Iterable[str]) -> frozenset[str]:
        return frozenset()

    def asked(self, ids: Iterable[str], since: float) -> None:
        """Nobody was asked anything."""


class Erp:
    """An ERP with one case, one customer and four users."""

    dialect = Dialect()

    def section(self, wanted: str | int) -> Section:
        return Section(1, "Support", "SSUP", responsible=5)

    def users(self, fresh: bool = False) -> tuple[User, ...]:
        return USERS

    def cases(self, ids: Sequence[int]) -> tuple[Case, ...]:
        return tuple(CASE for one in ids if one == CASE.id)

    def contacts(self, email: str) -> tuple[Contact, ...]:
        return (Contact(31, ADA.email, ADA.name, 70),) if email.lower() == ADA.email else ()

    def relatives(self, partner: int) -> tuple[str, ...]:
        return (ADA.email, "ada@home.example")

    def named(self, kind: str, name: str) -> tuple[int, ...]:
        return (1,) if name == "SSUP" else ()

    def can(self, action: str, value: str = "", section: int | None = None) -> bool:
        return True

    def threads(self, ids: Sequence[str]) -> dict[str, tuple[int, ...]]:
        return {}


def source(path: Path) -> bytes:
    """Return a fixture's bytes, with real tokens where it names them."""
    raw = path.read_bytes()
    for words, real in ((b"<token-of-the-customer>", token(17, "partner", ADA.email)),
                        (b"<token-of-the-responsible>", token(17, "staff", "fp@mycompany.com"))):  # fmt: skip
        raw = raw.replace(words, real.encode())
    return raw


def thought(mail: Mail) -> Question:
    """Gather the facts of the small company about a mail."""
    desk: Any = SimpleNamespace(config=CONFIG, keys=lambda _: KEYS, journal=Journal(), erp=lambda _: Erp(),
                                scope=lambda _: "crm.case")  # fmt: skip
    return think(mail, "k" * 64, desk, MAILBOX, False, "golden").but(now=NOW)


def short(value: Any) -> Any:
    """Drop what is empty or a default, and the markers; texts line by line: a plan is read by people here."""
    if isinstance(value, dict):
        named = value | ({"values": dict(value["values"])} if "values" in value else {})
        kept = {name: one if name == "values" else short(one) for name, one in named.items() if name != "marker"}
        return {name: one for name, one in kept.items() if one not in (None, "", [], {}, False)}
    if isinstance(value, str) and "\n" in value:
        return value.split("\n")
    return [short(one) for one in value] if isinstance(value, list) else value


def told(question: Question, plan: Plan) -> dict[str, Any]:
    """Return a decision as JSON values, with those who would get a copy of a mail on the case."""
    mailing = Mailing(plan, question.mail, "", question.case, question.facts, question.standing, {})
    shown: Any = short(plain(plan))
    shown["copies"] = [f"{one.email} ({audience}): {why}" for one, audience, why in recipients(mailing)]
    shown["automatic"] = f"{question.automatic.kind}: {question.automatic.reason}" if question.automatic else None
    return {name: one for name, one in shown.items() if one}


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_the_plan_is_as_agreed(path: Path) -> None:
    question = thought(parse(source(path)))
    text = json.dumps(told(question, decide(question)), indent=1, ensure_ascii=False) + "\n"
    golden = GOLDEN / f"{path.stem}.json"
    if os.environ.get("MAILGATE_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    agreed = golden.read_text(encoding="utf-8") if golden.exists() else ""
    changes = difflib.unified_diff(agreed.splitlines(), text.splitlines(), "agreed", "now", lineterm="", n=4)
    assert text == agreed, f"{path.name}: MAILGATE_GOLDEN=write agrees to it\n" + "\n".join(changes)


def test_no_golden_plan_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} <= {path.stem for path in MAILS}
