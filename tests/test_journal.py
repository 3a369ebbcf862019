"""The journal: nothing is lost between two calls, nothing is done by two at once."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mailgate import journal as rooms
from mailgate.journal import Delivery, Journal
from mailgate.journal.schema import SCHEMA_VERSION, UPGRADES, upgrade
from mailgate.status import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_700_000_000.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def journal(folder: Path) -> Iterator[Journal]:
    opened = Journal(str(folder))
    yield opened
    opened.close()


def entered(journal: Journal, key: str = "k1", now: float = NOW, model: str = "crm.case") -> Delivery:
    """Keep and enter a message."""
    return journal.enter(key, "s@m", model, journal.keep(b"raw"), "carla: Printer", now)[0]


def current(journal: Journal, number: int) -> Delivery:
    found = journal.delivery(number)
    assert found is not None
    return found


def spooled(journal: Journal) -> list[str]:
    """Return the names of what lies in the folder of mails."""
    return [path.name for path in Path(journal.spool).iterdir()]


# --- the raw message


@pytest.mark.parametrize("raw", [b"", b"a\r\nb\x00\xff", b"x" * 3_000_000])
def test_the_bytes_are_kept_as_they_came(journal: Journal, raw: bytes) -> None:
    name = journal.keep(raw)
    assert journal.raw(name) == raw
    path = Path(journal.spool, name)
    assert path.read_bytes() == raw
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert spooled(journal) == [name], "no half-written file is left beside it"
    journal.discard(name)
    assert spooled(journal) == []
    journal.discard(name)


def test_each_kept_message_has_a_name_of_its_own(journal: Journal) -> None:
    names = [journal.keep(b"x") for _ in range(20)]
    assert len(set(names)) == 20
    assert names == sorted(names), "the names are in order of arrival"


def test_what_is_not_there_is_a_journal_error(journal: Journal) -> None:
    with pytest.raises(JournalError, match=r"nothing\.eml"):
        journal.raw("nothing.eml")


def test_a_full_disk_is_a_journal_error_and_leaves_nothing_behind(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(JournalError, match="No space left"):
        journal.keep(b"x")
    assert spooled(journal) == []


# --- deliveries


def test_the_same_key_twice_is_one_delivery(journal: Journal) -> None:
    first, new = journal.enter("k", "s@m", "helpdesk.ticket", "1.eml", "about", NOW)
    again, newer = journal.enter("k", "s@m", "helpdesk.ticket", "2.eml", "other", NOW + 5)
    assert (new, newer) == (True, False)
    assert again == first
    assert (again.raw, again.made, again.stage, again.released) == ("1.eml", NOW, "kept", False)
    assert again.model == "helpdesk.ticket"
    other, newest = journal.enter("k2", "s@m", "crm.lead", "3.eml", "about", NOW)
    assert newest
    assert other.id != first.id


def test_a_delivery_advances_column_by_column(journal: Journal, folder: Path) -> None:
    one = entered(journal)
    journal.advance(one.id, NOW, stage="planned", plan="{}", case_id=12)
    journal.advance(one.id, NOW, attempts=2, due=NOW + 60, reason="down", released=1, round=1)
    journal.close()
    again = Journal(str(folder))
    found = current(again, one.id)
    again.close()
    assert found == one.but(
        stage="planned", plan="{}", case=12, attempts=2, due=NOW + 60, reason="down", released=True, round=1
    )
    assert found.released is True


def test_unknown_numbers_are_none(journal: Journal) -> None:
    assert journal.delivery(99) is None
    assert journal.held() == ()
    assert journal.due(NOW, 10) == ()


def test_due_are_the_unfinished_whose_time_has_come_oldest_first(journal: Journal) -> None:
    stages = ["kept", "planned", "applied", "closed", "held"]
    made = [entered(journal, stage, NOW + 10 - number) for number, stage in enumerate(stages)]
    for one, stage in zip(made, stages, strict=True):
        journal.advance(one.id, NOW, stage=stage, due=NOW)
    assert journal.due(NOW - 1, 10) == ()
    assert journal.due(NOW, 10) == (made[2].id, made[1].id, made[0].id)
    assert journal.due(NOW, 1) == (made[2].id,)
    journal.advance(made[2].id, NOW, due=NOW + 60)
    assert journal.due(NOW, 10) == (made[1].id, made[0].id)
    assert [one.id for one in journal.held()] == [made[4].id]


def test_an_older_delivery_of_the_same_case_is_waited_for(journal: Journal) -> None:
    older, newer, other = (entered(journal, key) for key in ("a", "b", "c"))
    for one, case in ((older, 12), (newer, 12), (other, 13)):
        journal.advance(one.id, NOW, stage="planned", case_id=case)
    assert journal.waiting(newer, 12)
    assert not journal.waiting(older, 12)
    assert not journal.waiting(other, 13)
    assert not journal.waiting(entered(journal, "d", model="crm.lead"), 12), "case 12 of another model"
    journal.advance(older.id, NOW, stage="applied")
    assert not journal.waiting(newer, 12)


# --- claims


def claimed_by(journal: Journal, number: int, claim: str) -> None:
    journal.advance(number, NOW, claim=claim)


def test_who_enters_a_delivery_works_on_it(journal: Journal, folder: Path) -> None:
    one = entered(journal, now=time.time())
    code = (
        "import sys, time; from mailgate.journal import Journal;"
        f"print(Journal(sys.argv[1]).claim({one.id}, time.time(), 60))"
    )
    said = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n", "another process must not take it while this one lives"
    journal.advance(one.id, NOW, claim="")
    said = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert said.stdout == "True\n"
    assert journal.claim(one.id, time.time(), 60), "that process is dead: its claim is void"


@pytest.mark.parametrize(
    ("claim", "taken"),
    [
        ("", True),
        ("{host} {me} {now}", True),
        ("{host} {parent} {now}", False),
        ("{host} {dead} {now}", True),
        ("elsewhere 1 {now}", False),
        ("elsewhere 1 {old}", True),
        ("{host} {parent} {old}", True),
        ("{host} {parent} {future}", True),
    ],
)
def test_claims_of_the_living_the_dead_and_other_machines(journal: Journal, claim: str, taken: bool) -> None:
    one = entered(journal)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    words = {
        "host": os.uname().nodename, "me": os.getpid(), "parent": os.getppid(), "dead": gone.pid,
        "now": f"{NOW - 5:.0f}", "old": f"{NOW - 100:.0f}", "future": f"{NOW + 500:.0f}",
    }  # fmt: skip
    claimed_by(journal, one.id, claim.format(**words))
    assert journal.claim(one.id, NOW, 60) == taken


def test_of_two_that_see_the_same_dead_claim_one_gets_it(journal: Journal, folder: Path, monkeypatch: Any) -> None:
    one = entered(journal)
    claimed_by(journal, one.id, "elsewhere 1 5")
    other = Journal(str(folder))
    monkeypatch.setattr(rooms, "_alive", lambda *_: other.advance(one.id, NOW, claim="elsewhere 2 5"))
    assert not journal.claim(one.id, NOW, 60), "somebody else was between looking and taking"
    other.close()


# --- effects


def test_an_effect_is_intended_given_up_and_done(journal: Journal) -> None:
    one = entered(journal)
    assert journal.intents(one) == {}
    journal.intend(one, 0, NOW)
    journal.gave_up(one, 0, NOW + 5)
    assert journal.intents(one)[0] == rooms.Intent(NOW, NOW + 5, None, None)
    journal.intend(one, 0, NOW + 9)
    assert journal.intents(one)[0] == rooms.Intent(NOW + 9, None, None, None)
    journal.done(one, 0, 12, NOW + 10)
    assert journal.intents(one)[0] == rooms.Intent(NOW + 9, None, NOW + 10, 12)
    assert current(journal, one.id).case == 12, "the case is known from the same instant on"


def test_what_was_not_carried_out_is_retracted(journal: Journal) -> None:
    one = entered(journal)
    journal.intend(one, 0, NOW)
    journal.intend(one, 1, NOW)
    journal.retract(one, 0)
    assert list(journal.intents(one)) == [1]


def test_a_new_round_begins_without_effects_and_receipts(journal: Journal) -> None:
    one = entered(journal)
    journal.intend(one, 0, NOW)
    journal.receipt(one, 0, "a@b", "copy", "sent", "250", NOW)
    journal.advance(one.id, NOW, round=1)
    again = current(journal, one.id)
    assert journal.intents(again) == {}
    assert journal.receipts(again) == {}
    assert list(journal.intents(one)) == [0]


# --- what was sent


def test_receipts_count_attempts_and_keep_the_last_verdict(journal: Journal) -> None:
    one = entered(journal)
    journal.receipt(one, 0, "a@b", "copy", "temporary", "451", NOW)
    journal.receipt(one, 0, "a@b", "copy", "sent", "250", NOW + 60)
    journal.receipt(one, 1, "c@d", "answer", "sent", "250", NOW)
    assert journal.receipts(one) == {0: ("sent", 2), 1: ("sent", 1)}


def test_what_was_sent_lately_is_counted(journal: Journal) -> None:
    one = entered(journal).but(case=12)
    journal.receipt(one, 0, "a@b.org", "copy", "sent", "", NOW - 7200)
    journal.receipt(one, 1, "a@b.org", "copy", "sent", "", NOW)
    journal.receipt(one, 2, "a@b.org", "answer", "sent", "", NOW)
    journal.receipt(one, 3, "A@B.org", "answer", "sent", "", NOW)
    journal.receipt(one.but(case=13), 4, "c@d.org", "copy", "sent", "", NOW)
    lead = journal.enter("lead", "l@m", "crm.lead", journal.keep(b"raw"), "about", NOW)[0].but(case=12)
    for number in (5, 6):
        journal.receipt(lead, number, "c@d.org", "copy", "sent", "", NOW)
    assert journal.sent_since(NOW - 3600, case=12) == 1
    assert journal.sent_since(NOW - 9999, case=12) == 2
    assert journal.sent_since(NOW - 3600, case=12, model="crm.lead") == 2
    assert journal.sent_since(NOW - 3600, case=13, model="crm.lead") == 0
    assert journal.sent_since(NOW - 3600, answers_to="a@b.org") == 2, "whatever the case of the letters"
    assert journal.sent_since(NOW + 1, answers_to="a@b.org") == 0


# --- threads and questions


def addressed(journal: Journal, one: Delivery, **more: Any) -> None:
    given: dict[str, Any] = {
        "relays": "[]",
        "case": 12,
        "letters": (),
        "revoked": (),
        "questions": (),
        "answered": None,
    }
    journal.addressed(one, **({"now": NOW} | given | more))


def test_the_second_decision_is_recorded_with_all_that_belongs_to_it(journal: Journal) -> None:
    one = entered(journal)
    addressed(
        journal, one, relays='["r"]', letters=[("<a@x>", 12, "carla@c")], revoked=["t@"], questions=[("<q@x>", one.id)]
    )
    found = current(journal, one.id)
    assert (found.stage, found.relays, found.case) == ("applied", '["r"]', 12)
    assert journal.cases_of(("<a@x>", "<b@x>"), "crm.case") == {"<a@x>": (12,)}
    assert journal.cases_of(("<a@x>",), "crm.lead") == {}
    assert journal.cases_of((), "crm.case") == {}
    assert journal.revoked(("t@", "u@")) == {"t@"}
    assert journal.revoked(()) == frozenset()
    assert journal.asked(("<z@x>", "<q@x>"), NOW) == found


def test_letters_are_those_of_one_address_in_order(journal: Journal) -> None:
    for at, (message_id, case, who) in enumerate(
        [("<2@x>", 12, "c"), ("<1@x>", 12, "c"), ("<1@x>", 12, "w"), ("<3@x>", 13, "c")]
    ):
        addressed(journal, entered(journal, str(at)), letters=[(message_id, case, who)], case=case)
        journal.db.execute("UPDATE letter SET at = ? WHERE message_id = ? AND address = ?", (NOW + at, message_id, who))
    assert journal.letters(12, "crm.case") == {"c": ("<2@x>", "<1@x>"), "w": ("<1@x>",)}
    assert journal.letters(99, "crm.case") == {}


def test_cases_of_two_models_with_one_id_are_two(journal: Journal) -> None:
    ticket, lead = (entered(journal, model, model=model) for model in ("helpdesk.ticket", "crm.lead"))
    addressed(journal, ticket, case=5, letters=[("<a@x>", 5, "c"), ("<t@x>", 5, "c")])
    addressed(journal, lead, case=5, letters=[("<a@x>", 5, "c"), ("<l@x>", 5, "w")])
    assert journal.letters(5, "helpdesk.ticket") == {"c": ("<a@x>", "<t@x>")}
    assert journal.letters(5, "crm.lead") == {"c": ("<a@x>",), "w": ("<l@x>",)}
    assert journal.cases_of(("<a@x>", "<t@x>"), "crm.lead") == {"<a@x>": (5,)}
    assert journal.letters(5, "crm.case") == {}


def test_a_mail_to_two_mailboxes_belongs_to_two_cases(journal: Journal) -> None:
    for case, at in ((14, NOW), (12, NOW + 5), (13, NOW + 5)):
        letters = [("<a@x>", case, who) for who in ("carla", "wanda")]
        addressed(journal, entered(journal, str(case)), case=case, letters=letters, now=at)
    addressed(journal, entered(journal, "later"), case=14, letters=[("<a@x>", 14, "zoe"), ("<b@x>", 14, "zoe")])
    assert journal.cases_of(("<b@x>", "<a@x>"), "crm.case") == {"<a@x>": (14, 12, 13), "<b@x>": (14,)}


def test_a_question_is_open_until_it_is_answered_or_old(journal: Journal) -> None:
    asked, answer = entered(journal, "a"), entered(journal, "b")
    addressed(journal, asked, questions=[("<q@x>", asked.id), ("<r@x>", asked.id)])
    found = journal.asked(("<q@x>",), NOW)
    assert found is not None
    assert found.id == asked.id
    assert journal.asked(("<q@x>",), NOW + 1) is None, "asked before that time"
    addressed(journal, answer, answered=asked.id)
    assert journal.asked(("<q@x>",), NOW) is None
    assert journal.asked(("<r@x>",), NOW) is None, "every question about it is answered"


# --- memory and housekeeping


def test_memory_ages_and_is_forgotten_by_prefix(journal: Journal) -> None:
    journal.remember("users", [[1, "ede"], {"a": None}])
    journal.remember("users.more", 2)
    journal.remember("section", 3)
    assert journal.recall("users", 60) == [[1, "ede"], {"a": None}]
    assert journal.recall("nothing", 60) is None
    journal.db.execute("UPDATE memory SET at = at - 100")
    assert journal.recall("users", 60) is None
    assert journal.recall("users", 200) is not None
    journal.db.execute("UPDATE memory SET at = at + 1000")
    assert journal.recall("users", 2000) is None, "what was remembered in the future is not believed"
    journal.remember("users", 1)
    journal.remember("use%", 4)
    journal.forget("users")
    assert [journal.recall(key, 9999) for key in ("users", "users.more", "use%")] == [None, None, 4]


def test_purge_removes_old_bodies_and_keeps_the_rest(journal: Journal) -> None:
    old, young, open_, held = (entered(journal, key) for key in ("old", "young", "open", "held"))
    addressed(journal, old, letters=[("<a@x>", 12, "c")])
    for one, at, stage in (
        (old, NOW, "closed"),
        (young, NOW + 100, "closed"),
        (open_, NOW, "applied"),
        (held, NOW, "held"),
    ):
        journal.advance(one.id, at, stage=stage, plan="{}", relays="[]")
    assert journal.purge(NOW + 50) == 1
    assert journal.purge(NOW + 50) == 0
    gone = current(journal, old.id)
    assert (gone.raw, gone.plan, gone.relays, gone.key) == ("", None, None, "old")
    assert journal.enter("old", "s@m", "crm.case", "x", "y", NOW)[1] is False, "a redelivery is still known"
    assert journal.cases_of(("<a@x>",), "crm.case") == {"<a@x>": (12,)}
    assert sorted(spooled(journal)) == sorted(one.raw for one in (young, open_, held))


def test_purge_forgets_what_was_remembered_of_the_erp_long_ago(journal: Journal) -> None:
    for key in ("erp:old", "erp:young", "housekeeping"):
        journal.remember(key, 1)
    journal.db.execute("UPDATE memory SET at = ? WHERE key != 'erp:young'", (NOW,))
    journal.purge(NOW + 50)
    forever = float("inf")
    assert [journal.recall(key, forever) for key in ("erp:old", "erp:young", "housekeeping")] == [None, 1, 1]


# --- the folder


def test_what_is_made_is_for_this_user_alone(journal: Journal, folder: Path) -> None:
    entered(journal)
    journal.secrets()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert modes.pop("state") == modes.pop("mail") == 0o700
    assert {"journal.sqlite", "token.key"} <= set(modes)
    assert set(modes.values()) == {0o600}
    assert journal.db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert journal.db.execute("PRAGMA synchronous").fetchone()[0] == 2


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
@pytest.mark.parametrize("inner", ["", "mail"])
def test_a_folder_that_others_can_write_to_is_refused(folder: Path, mode: int, inner: str) -> None:
    Journal(str(folder)).close()
    (folder / inner).chmod(mode)
    with pytest.raises(JournalError, match="others can write to it: chmod go-w"):
        Journal(str(folder))


@pytest.mark.parametrize("mode", [0o600, 0o755])
def test_what_is_no_folder_is_refused_by_name(folder: Path, mode: int) -> None:
    folder.write_text("x")
    folder.chmod(mode)
    with pytest.raises(JournalError, match=r"state cannot be used: it is not a folder"):
        Journal(str(folder))


def test_a_missing_parent_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No such file"):
        Journal(str(tmp_path / "no" / "state"))
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_journal_is_a_journal_error(folder: Path) -> None:
    Journal(str(folder)).close()
    for path in folder.glob("journal.sqlite*"):
        path.unlink()
    (folder / "journal.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(JournalError, match="not a database"):
        Journal(str(folder))


@pytest.mark.parametrize("readonly", [False, True])
def test_a_journal_of_a_newer_mailgate_is_refused(folder: Path, readonly: bool) -> None:
    opened = Journal(str(folder))
    opened.db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    opened.close()
    with pytest.raises(JournalError, match="newer mailgate"):
        Journal(str(folder), readonly)


# --- only looking


def shape(folder: Path) -> dict[str, bytes]:
    """Return every file but those that SQLite puts beside a database while it reads it."""
    own = ("-shm", "-wal")
    return {
        str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.name.endswith(own)
    }


def test_looking_writes_nothing(folder: Path) -> None:
    journal = Journal(str(folder))
    one = entered(journal)
    journal.remember("users", 1)
    journal.close()
    before = shape(folder)
    looking = Journal(str(folder), readonly=True)
    assert looking.delivery(one.id) == one
    assert looking.recall("users", 60) == 1
    looking.remember("users", 2)
    looking.forget("users")
    assert looking.recall("users", 60) == 1
    assert looking.secrets() == (b"no key yet",)
    with pytest.raises(JournalError):
        looking.advance(one.id, NOW, stage="closed")
    looking.close()
    assert shape(folder) == before


def test_looking_where_there_is_nothing_makes_nothing(tmp_path: Path) -> None:
    looking = Journal(str(tmp_path / "state"), readonly=True)
    assert (looking.delivery(1), looking.held(), looking.cases_of(("<a@x>",), "crm.case")) == (None, (), {})
    looking.remember("users", 2)
    with pytest.raises(JournalError):
        looking.enter("k", "s@m", "crm.case", "x", "y", NOW)
    looking.close()
    assert list(tmp_path.iterdir()) == []


# --- the journal of an older mailgate

SCHEMA_1 = """
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, mailbox TEXT NOT NULL, raw TEXT NOT NULL,
    stage TEXT NOT NULL, plan TEXT, relays TEXT, case_id INTEGER, round INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL, made REAL NOT NULL, changed REAL NOT NULL,
    reason TEXT NOT NULL DEFAULT '', released INTEGER NOT NULL DEFAULT 0, about TEXT NOT NULL DEFAULT '',
    claim TEXT NOT NULL DEFAULT '');
CREATE INDEX delivery_due ON delivery (stage, due);
CREATE TABLE effect (
    delivery INTEGER NOT NULL, round INTEGER NOT NULL, number INTEGER NOT NULL, intended REAL NOT NULL,
    gave_up REAL, done REAL, result INTEGER, PRIMARY KEY (delivery, round, number)) WITHOUT ROWID;
CREATE TABLE sending (
    delivery INTEGER NOT NULL, round INTEGER NOT NULL, number INTEGER NOT NULL, recipient TEXT NOT NULL,
    kind TEXT NOT NULL, case_id INTEGER, verdict TEXT NOT NULL, detail TEXT NOT NULL, at REAL NOT NULL,
    attempts INTEGER NOT NULL, PRIMARY KEY (delivery, round, number)) WITHOUT ROWID;
CREATE INDEX sending_recent ON sending (at);
CREATE TABLE letter (
    message_id TEXT NOT NULL, case_id INTEGER NOT NULL, address TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (message_id, case_id, address)) WITHOUT ROWID;
CREATE INDEX letter_case ON letter (case_id, address, at);
CREATE TABLE question (
    message_id TEXT PRIMARY KEY, delivery INTEGER NOT NULL, at REAL NOT NULL, answered REAL) WITHOUT ROWID;
CREATE TABLE revoked (message_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE memory (key TEXT PRIMARY KEY, value TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
"""
ROWS_1: dict[str, list[tuple[Any, ...]]] = {
    "delivery": [
        (1, "k1", "s@m", "1.eml", "closed", "{}", "[]", 12, 0, 0, NOW, NOW, NOW + 9, "", 0, "carla: Printer", ""),
        (3, "k3", "s@m", "3.eml", "planned", "{}", None, 12, 1, 2, NOW, NOW + 1, NOW, "down", 1, "", "elsewhere 1 5"),
    ],
    "effect": [(1, 0, 0, NOW, None, NOW + 1, 12), (3, 1, 0, NOW, NOW + 5, None, None)],
    "sending": [
        (1, 0, 0, "a@b", "copy", 12, "sent", "250", NOW, 2),
        (1, 0, 1, "c@d", "answer", None, "temporary", "451", NOW, 1),
    ],
    "letter": [("<a@x>", 12, "carla@c", NOW), ("<a@x>", 12, "wanda@w", NOW), ("<b@x>", 13, "carla@c", NOW + 1)],
    "question": [("<q@x>", 3, NOW, None), ("<r@x>", 1, NOW, NOW + 1)],
    "revoked": [("t@",)],
    "memory": [("users", "[1]", NOW)],
}
WITH_MODEL = ("delivery", "letter")


@pytest.fixture
def old(folder: Path) -> Path:
    """Return the database of version 1 in a state folder, with rows in every table."""
    (folder / "mail").mkdir(0o700, parents=True)
    folder.chmod(0o700)
    path = folder / "journal.sqlite"
    db = sqlite3.connect(path)
    db.executescript("PRAGMA journal_mode = WAL;" + SCHEMA_1 + "PRAGMA user_version = 1;")
    for table, rows in ROWS_1.items():
        db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    db.commit()
    db.close()
    path.chmod(0o600)
    return path


def columns(db: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    """Return what SQLite knows of a table's columns: name, type, not null, default, place in the primary key."""
    return [row[1:] for row in db.execute(f"PRAGMA table_info({table})")]


def old_rows(db: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every table in the columns of version 1."""
    old = sqlite3.connect(":memory:")
    old.executescript(SCHEMA_1)
    names = {table: ", ".join(row[0] for row in columns(old, table)) for table in ROWS_1}
    old.close()
    return {table: db.execute(f"SELECT {names[table]} FROM {table}").fetchall() for table in ROWS_1}


def tables(db: sqlite3.Connection) -> dict[str, Any]:
    """Return every table and index with its columns."""
    names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")]
    return {name: columns(db, name) or db.execute(f"PRAGMA index_info({name})").fetchall() for name in names}


def is_version_1(path: Path) -> bool:
    """Tell whether a database is version 1 with all its rows."""
    db = sqlite3.connect(path)
    made = sqlite3.connect(":memory:")
    made.executescript(SCHEMA_1)
    same = tables(db) == tables(made) and old_rows(db) == ROWS_1
    version = db.execute("PRAGMA user_version").fetchone()[0]
    db.close()
    made.close()
    return same and version == 1


def test_a_journal_without_models_is_brought_up_to_date(old: Path, folder: Path, tmp_path: Path) -> None:
    fresh, migrated = Journal(str(tmp_path / "fresh")), Journal(str(folder))
    assert tables(migrated.db) == tables(fresh.db)
    assert old_rows(migrated.db) == ROWS_1
    for table in WITH_MODEL:
        assert migrated.db.execute(f"SELECT DISTINCT model FROM {table}").fetchall() == [("crm.case",)]
    assert migrated.db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    assert migrated.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    fresh.close()
    migrated.close()
    again = Journal(str(folder))
    assert old_rows(again.db) == ROWS_1
    again.close()


def test_what_an_older_mailgate_wrote_is_worked_on(old: Path, folder: Path) -> None:
    journal = Journal(str(folder))
    assert journal.enter("k1", "s@m", "crm.lead", "x", "y", NOW)[0].model == "crm.case"
    one = current(journal, 3)
    assert (one.case, one.model, one.released, one.reason) == (12, "crm.case", True, "down")
    assert journal.cases_of(("<a@x>", "<b@x>"), one.model) == {"<a@x>": (12,), "<b@x>": (13,)}
    assert journal.sent_since(NOW, case=12) == 1
    journal.receipt(one, 0, "a@b", "copy", "sent", "", NOW)
    addressed(journal, one, letters=[("<a@x>", 12, "carla@c"), ("<c@x>", 12, "carla@c")])
    assert journal.sent_since(NOW, case=12) == 2
    assert journal.letters(12, "crm.case") == {"carla@c": ("<a@x>", "<c@x>"), "wanda@w": ("<a@x>",)}
    journal.close()


def test_an_error_in_between_leaves_the_older_journal(old: Path, folder: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(UPGRADES, 1, UPGRADES[1] + "; INSERT INTO nowhere VALUES (1)")
    with pytest.raises(JournalError, match="nowhere"):
        Journal(str(folder))
    with pytest.raises(JournalError, match="nowhere"):
        Journal(str(folder), readonly=True)
    assert is_version_1(old)
    monkeypatch.undo()
    Journal(str(folder)).close()
    assert not is_version_1(old)


def _killed(path: str, before: str) -> None:
    """Begin to bring a journal up to date, and die just before a statement."""
    db = sqlite3.connect(path, isolation_level=None)
    db.set_trace_callback(lambda statement: os._exit(9) if statement.strip().startswith(before) else None)
    upgrade(db)


@pytest.mark.parametrize("before", ["ALTER TABLE letter", "INSERT", "DROP TABLE", "PRAGMA user_version =", "COMMIT"])
def test_a_process_killed_in_between_leaves_the_older_journal(old: Path, folder: Path, before: str) -> None:
    killed = multiprocessing.get_context("fork").Process(target=_killed, args=(str(old), before))
    killed.start()
    killed.join(20)
    assert killed.exitcode == 9
    assert is_version_1(old)
    journal = Journal(str(folder))
    assert old_rows(journal.db) == ROWS_1
    journal.close()


def _opened(folder: str, readonly: bool, gate: Any, out: Any) -> None:
    gate.wait(10)
    try:
        journal = Journal(folder, readonly)
        out.put((old_rows(journal.db) == ROWS_1, journal.cases_of(("<b@x>",), "crm.case")))
        journal.close()
    except Exception as error:
        out.put(error)
        raise


def test_several_that_open_an_older_journal_at_once_find_everything(old: Path, folder: Path) -> None:
    context = multiprocessing.get_context("fork")
    gate, out = context.Barrier(5), context.Queue()
    ways = (False, True, False, True, False)
    several = [context.Process(target=_opened, args=(str(folder), readonly, gate, out)) for readonly in ways]
    for one in several:
        one.start()
    found = [out.get(timeout=20) for _ in several]
    for one in several:
        one.join(20)
    assert found == [(True, {"<b@x>": (13,)})] * 5


def test_looking_at_an_older_journal_writes_nothing(old: Path, folder: Path) -> None:
    writer = sqlite3.connect(old, isolation_level=None)
    writer.execute("INSERT INTO letter VALUES ('<c@x>', 14, 'zoe', 1)")  # stands in the log alone so far
    before = shape(folder)
    looking = Journal(str(folder), readonly=True)
    assert current(looking, 3).model == "crm.case"
    assert looking.cases_of(("<a@x>", "<c@x>"), "crm.case") == {"<a@x>": (12,), "<c@x>": (14,)}
    with pytest.raises(JournalError):
        looking.advance(3, NOW, stage="closed")
    assert current(looking, 3).stage == "planned"
    looking.close()
    assert shape(folder) == before
    assert writer.execute("PRAGMA user_version").fetchone()[0] == 1
    writer.close()


def test_looking_at_a_journal_that_is_only_begun_is_looking_at_none(folder: Path) -> None:
    folder.mkdir(0o700)
    (folder / "journal.sqlite").touch(0o600)
    looking = Journal(str(folder), readonly=True)
    assert looking.held() == ()
    looking.close()
    assert (folder / "journal.sqlite").read_bytes() == b""


# --- the key


def test_the_key_is_made_once(journal: Journal, folder: Path) -> None:
    first = journal.secrets()
    assert len(first) == 1
    assert len(first[0]) == 32
    assert journal.secrets() == first
    looking = Journal(str(folder), readonly=True)
    assert looking.secrets() == first
    looking.close()
    assert stat.S_IMODE((folder / "token.key").stat().st_mode) == 0o600
    assert [path.name for path in folder.glob("token.key*")] == ["token.key"]


def _secrets(folder: str, gate: Any, out: Any) -> None:
    journal = Journal(folder)
    gate.wait(10)
    out.put(journal.secrets())
    journal.close()


def test_two_at_once_make_one_key(folder: Path) -> None:
    Journal(str(folder)).close()
    context = multiprocessing.get_context("fork")
    gate, out = context.Barrier(4), context.Queue()
    several = [context.Process(target=_secrets, args=(str(folder), gate, out)) for _ in range(4)]
    for one in several:
        one.start()
    found = {out.get(timeout=20) for _ in several}
    for one in several:
        one.join(20)
    assert len(found) == 1


def test_older_keys_stand_below_the_first(journal: Journal, folder: Path) -> None:
    (folder / "token.key").write_text("aa" * 32 + "\n" + "bb" * 32 + "\n")
    assert journal.secrets() == (b"\xaa" * 32, b"\xbb" * 32)


@pytest.mark.parametrize("content", ["", "\n", "not hex\n", "ä"])
def test_a_damaged_key_is_a_journal_error(journal: Journal, folder: Path, content: str) -> None:
    (folder / "token.key").write_text(content)
    with pytest.raises(JournalError, match=r"token\.key"):
        journal.secrets()


def test_an_error_while_writing_undoes_the_whole_transaction(journal: Journal) -> None:
    one = entered(journal)
    with pytest.raises(JournalError, match="cannot be written"):
        addressed(journal, one, letters=[("<a@x>", 12, "c"), ("<b@x>", None, "c")], answered=object())
    assert journal.cases_of(("<a@x>",), "crm.case") == {}
    assert current(journal, one.id).stage == "kept"
    assert not journal.db.in_transaction


class _FullDisk:
    """A connection whose commits find no room, as SQLite has it: the transaction stays open."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def execute(self, query: str, *values: Any) -> Any:
        if query == "COMMIT":
            raise sqlite3.OperationalError("database or disk is full")
        return self.real.execute(query, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def test_a_commit_that_finds_no_room_leaves_no_transaction_open(journal: Journal) -> None:
    one, real = entered(journal), journal.db
    journal.db = _FullDisk(real)  # type: ignore[assignment]  # a stand-in
    with pytest.raises(JournalError, match="database or disk is full"):
        journal.advance(one.id, NOW, stage="planned")
    with pytest.raises(JournalError, match="database or disk is full"):
        journal.remember("key", 1)  # which sets a PRAGMA that no transaction allows
    journal.db = real
    assert not journal.db.in_transaction
    assert current(journal, one.id).stage == "kept"
