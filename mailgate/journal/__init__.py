"""The journal: what is known of every delivery, so that nothing is lost and nothing done twice.

The raw message is a file of its own (written aside, synced, renamed); SQLite holds what was decided and what came of
it: WAL, synced at every commit. One state folder, mode 0700; no fallback elsewhere.

A delivery goes  kept -> planned -> applied -> closed,  or to  held  from wherever it is.

A case is an id of one model of the ERP: the ids of two models collide.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time

from mailgate.journal.folder import Folder, why
from mailgate.journal.schema import look, open_journal
from mailgate.record import Record
from mailgate.status import JournalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Literal

    Stage = Literal["kept", "planned", "applied", "closed", "held"]


class Delivery(Record):
    """One row of the journal. `plan` and `relays` are the recorded decisions as JSON, or None."""

    id: int
    key: str
    mailbox: str
    raw: str
    stage: Stage
    plan: str | None = None
    relays: str | None = None
    case: int | None = None
    round: int = 0
    attempts: int = 0
    due: float = 0.0
    made: float = 0.0
    reason: str = ""
    released: bool = False
    about: str = ""
    model: str = "crm.case"


class Intent(Record):
    """What is known of one effect: when it was begun, when its answer was given up, when it was known to be done."""

    intended: float
    gave_up: float | None
    done: float | None
    result: int | None


COLUMNS = (
    "id, key, mailbox, raw, stage, plan, relays, case_id, round, attempts, due, made, reason, released, about, model"
)


class Journal(Folder):
    """The journal in one state folder. Raises JournalError where it cannot be used."""

    def __init__(self, folder: str, readonly: bool = False) -> None:
        super().__init__(folder, readonly)
        try:
            self.db = (look if readonly else open_journal)(os.path.join(folder, "journal.sqlite"))
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"the state folder {folder} cannot be used: {why(error)}", repr(error)) from error

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    def _write(self, *statements: tuple[str, tuple[Any, ...]]) -> int:
        """Carry out statements as one transaction, on the disk when this returns; return the rows of the last one."""
        rows = 0
        try:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                for query, values in statements:
                    rows = self.db.execute(query, values).rowcount
                self.db.execute("COMMIT")
            except BaseException:  # a signal too must leave no transaction open; it goes on its way
                if self.db.in_transaction:  # a commit that finds no room leaves it open
                    self.db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise JournalError(f"the journal in {self.folder} cannot be written: {why(error)}", repr(error)) from error
        return rows

    # --- deliveries

    def enter(self, key: str, mailbox: str, model: str, raw: str, about: str, now: float) -> tuple[Delivery, bool]:
        """Return the delivery of that key, and whether it is new and so this process's to work on.

        `model` is the mailbox's, and that of every case of this delivery; `raw` is the kept file of this very delivery.
        """
        rows = self._write(
            (
                "INSERT INTO delivery (key, mailbox, model, raw, stage, due, made, changed, about, claim)"
                " VALUES (?, ?, ?, ?, 'kept', ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
                (key, mailbox, model, raw, now, now, now, about, _claim(now)),
            )
        )
        found = self._one("key = ?", key)
        assert found is not None
        return found, rows == 1

    def delivery(self, number: int) -> Delivery | None:
        """Return one delivery by its number."""
        return self._one("id = ?", number)

    def _one(self, where: str, value: object) -> Delivery | None:
        row = self.db.execute(f"SELECT {COLUMNS} FROM delivery WHERE {where}", (value,)).fetchone()  # noqa: S608  # both ours
        return _delivery(row) if row else None

    def claim(self, number: int, now: float, lease: float) -> bool:
        """Take a delivery for this process alone; False where a living one has it."""
        held = self.db.execute("SELECT claim FROM delivery WHERE id = ?", (number,)).fetchone()[0]
        if held and _alive(held, now, lease):
            return False
        query = "UPDATE delivery SET claim = ? WHERE id = ? AND claim = ?"
        return self._write((query, (_claim(now), number, held))) == 1

    def advance(self, number: int, now: float, **columns: Any) -> None:
        """Record what changed of a delivery: stage, plan, relays, case_id, round, attempts, due, reason, released.

        `claim=""` gives it back.
        """
        self._write(_change(number, now, columns))

    def due(self, now: float, most: int) -> tuple[int, ...]:
        """Return the numbers of unfinished deliveries whose time has come, the oldest first."""
        rows = self.db.execute(
            "SELECT id FROM delivery WHERE stage IN ('kept', 'planned', 'applied') AND due <= ? ORDER BY made LIMIT ?",
            (now, most),
        )
        return tuple(row[0] for row in rows)

    def held(self) -> tuple[Delivery, ...]:
        """Return what is kept aside, the oldest first."""
        rows = self.db.execute(f"SELECT {COLUMNS} FROM delivery WHERE stage = 'held' ORDER BY made")  # noqa: S608  # ours
        return tuple(map(_delivery, rows))

    def waiting(self, delivery: Delivery, case: int) -> bool:
        """Tell whether a delivery older than this one is still being worked on for the same case of its model."""
        row = self.db.execute(
            "SELECT 1 FROM delivery WHERE model = ? AND case_id = ? AND stage = 'planned' AND id < ? LIMIT 1",
            (delivery.model, case, delivery.id),
        ).fetchone()
        return row is not None

    # --- effects

    def intents(self, delivery: Delivery) -> dict[int, Intent]:
        """Return what is known of a delivery's effects, by their number in the plan."""
        rows = self.db.execute(
            "SELECT number, intended, gave_up, done, result FROM effect WHERE delivery = ? AND round = ?",
            (delivery.id, delivery.round),
        )
        return {row[0]: Intent(*row[1:]) for row in rows}

    def intend(self, delivery: Delivery, number: int, now: float) -> None:
        """Record that an effect is about to be carried out."""
        self._write(
            (
                "INSERT INTO effect (delivery, round, number, intended) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET intended = excluded.intended, gave_up = NULL",
                (delivery.id, delivery.round, number, now),
            )
        )

    def gave_up(self, delivery: Delivery, number: int, now: float) -> None:
        """Record that no answer came to an effect's request."""
        self._write(_effect(delivery, number, "UPDATE effect SET gave_up = ?", now))

    def retract(self, delivery: Delivery, number: int) -> None:
        """Record that an effect is known not to have been carried out."""
        self._write(_effect(delivery, number, "DELETE FROM effect"))

    def done(self, delivery: Delivery, number: int, case: int | None, now: float) -> None:
        """Record that an effect was carried out, and on which case."""
        self._write(
            _effect(delivery, number, "UPDATE effect SET done = ?, result = ?", now, case),
            _change(delivery.id, now, {"case_id": case} if case is not None else {}),
        )

    # --- what was sent

    def receipts(self, delivery: Delivery) -> dict[int, tuple[str, int]]:
        """Return (verdict, attempts) of a delivery's mails, by their number in the second decision."""
        rows = self.db.execute(
            "SELECT number, verdict, attempts FROM sending WHERE delivery = ? AND round = ?",
            (delivery.id, delivery.round),
        )
        return {row[0]: (row[1], row[2]) for row in rows}

    def receipt(
        self, delivery: Delivery, number: int, recipient: str, kind: str, verdict: str, detail: str, now: float
    ) -> None:
        """Record what became of one mail, about the delivery's case."""
        values = (delivery.id, delivery.round, number, recipient, kind, delivery.case)
        self._write(
            (
                "INSERT INTO sending (delivery, round, number, recipient, kind, case_id, verdict, detail, at, attempts)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET"
                " verdict = excluded.verdict, detail = excluded.detail, at = excluded.at, attempts = attempts + 1",
                (*values, verdict, detail, now),
            )
        )

    def sent_since(
        self, since: float, *, case: int | None = None, model: str = "crm.case", answers_to: str = ""
    ) -> int:
        """Count the copies sent since then about a case of a model, or the automatic answers to one address."""
        if answers_to:
            query = (
                "SELECT count(*) FROM sending WHERE at >= ? AND kind != 'copy' AND verdict != 'suppressed'"
                " AND recipient = ? COLLATE NOCASE"
            )
            return int(self.db.execute(query, (since, answers_to)).fetchone()[0])
        query = (
            "SELECT count(*) FROM sending JOIN delivery ON delivery.id = sending.delivery"
            " WHERE at >= ? AND kind = 'copy' AND model = ? AND sending.case_id = ?"
        )
        return int(self.db.execute(query, (since, model, case)).fetchone()[0])

    # --- threads

    def addressed(
        self,
        delivery: Delivery,
        relays: str,
        case: int | None,
        letters: Iterable[tuple[str, int, str]],
        revoked: Iterable[str],
        questions: Iterable[tuple[str, int]],
        answered: int | None,
        now: float,
    ) -> None:
        """Record the second decision with all that belongs to it, at once.

        `letters` say who wrote or was sent which Message-ID of which case (message_id, case, address key), a case of
        the delivery's model; `revoked` are tokens that leave in what is sent; `questions` are mails of ours that ask
        about a delivery; `answered` is the delivery about which no question is open any more.
        """
        letter = "INSERT OR IGNORE INTO letter (model, message_id, case_id, address, at) VALUES (?, ?, ?, ?, ?)"
        self._write(
            *((letter, (delivery.model, *one, now)) for one in letters),
            *(("INSERT OR IGNORE INTO revoked VALUES (?)", (one,)) for one in revoked),
            *(("INSERT OR IGNORE INTO question VALUES (?, ?, ?, NULL)", (*one, now)) for one in questions),
            ("UPDATE question SET answered = ? WHERE delivery = ?", (now, answered)),
            _change(delivery.id, now, {"stage": "applied", "relays": relays, "case_id": case}),
        )

    def cases_of(self, message_ids: Iterable[str], model: str) -> dict[str, tuple[int, ...]]:
        """Return the cases of a model that know each Message-ID, for those that are known.

        The case that knew it first stands first, of several at the same time that with the lowest id.
        """
        wanted = tuple(message_ids)
        marks = ", ".join("?" * len(wanted))
        query = (
            f"SELECT message_id, case_id FROM letter WHERE model = ? AND message_id IN ({marks})"  # noqa: S608  # question marks alone
            " GROUP BY message_id, case_id ORDER BY min(at), case_id"
        )
        found: dict[str, tuple[int, ...]] = {}
        for message_id, case in self.db.execute(query, (model, *wanted)):
            found[message_id] = (*found.get(message_id, ()), case)
        return found

    def letters(self, case: int, model: str) -> dict[str, tuple[str, ...]]:
        """Return, for each address of a case, the Message-IDs that it wrote or was sent, oldest first."""
        found: dict[str, list[str]] = {}
        rows = self.db.execute(
            "SELECT address, message_id FROM letter WHERE model = ? AND case_id = ? ORDER BY at, message_id LIMIT 1000",
            (model, case),
        )
        for address, message_id in rows:
            found.setdefault(address, []).append(message_id)
        return {address: tuple(ids) for address, ids in found.items()}

    # --- questions: a mail of ours that asks its reader what to do with a delivery

    def asked(self, message_ids: Iterable[str], since: float) -> Delivery | None:
        """Return the delivery that one of these mails asked about since then, if nobody has answered yet."""
        for message_id in message_ids:
            row = self.db.execute(
                "SELECT delivery FROM question WHERE message_id = ? AND at >= ? AND answered IS NULL",
                (message_id, since),
            ).fetchone()
            if row:
                return self.delivery(row[0])
        return None

    def revoked(self, ids: Iterable[str]) -> frozenset[str]:
        """Return those of the tokens that prove nothing any more."""
        wanted = tuple(ids)
        marks = ", ".join("?" * len(wanted))
        query = f"SELECT message_id FROM revoked WHERE message_id IN ({marks})"  # noqa: S608  # question marks alone
        return frozenset(row[0] for row in self.db.execute(query, wanted))

    # --- the memory between runs

    def recall(self, key: str, max_age: float) -> object:
        """Return a remembered value, or None where it is missing or too old."""
        row = self.db.execute("SELECT value, at FROM memory WHERE key = ?", (key,)).fetchone()
        if row is None or not 0 <= time.time() - row[1] <= max_age:
            return None
        return json.loads(row[0])

    def remember(self, key: str, value: object) -> None:
        """Keep a JSON value."""
        if self.readonly:
            return
        self._note(("INSERT OR REPLACE INTO memory VALUES (?, ?, ?)", (key, json.dumps(value), time.time())))

    def forget(self, prefix: str) -> None:
        """Drop the remembered values whose key begins so."""
        if self.readonly:
            return
        self._note(("DELETE FROM memory WHERE substr(key, 1, ?) = ?", (len(prefix), prefix)))

    def _note(self, statement: tuple[str, tuple[Any, ...]]) -> None:
        """Write what may be lost: it is not synced by itself, but with whatever is recorded next."""
        self.db.execute("PRAGMA synchronous = NORMAL")
        try:
            self._write(statement)
        finally:
            self.db.execute("PRAGMA synchronous = FULL")

    # --- keys and housekeeping

    def purge(self, before: float) -> int:
        """Remove the bodies and decisions of what was closed before that time; keys and threads stay."""
        rows = self.db.execute(
            "SELECT id, raw FROM delivery WHERE stage = 'closed' AND raw != '' AND changed < ? LIMIT 100", (before,)
        ).fetchall()
        for _, raw in rows:
            self.discard(raw)
        query = "UPDATE delivery SET raw = '', plan = NULL, relays = NULL WHERE id = ?"
        forgotten = ("DELETE FROM memory WHERE at < ? AND key LIKE 'erp:%'", (before,))  # of cases long done with
        self._write(*((query, (row[0],)) for row in rows), forgotten)
        return len(rows)


def _delivery(row: tuple[Any, ...]) -> Delivery:
    return Delivery(**dict(zip(Delivery._fields, row, strict=True)) | {"released": bool(row[13])})


def _change(number: int, now: float, columns: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    names = ", ".join(f"{name} = ?" for name in (*columns, "changed"))
    return f"UPDATE delivery SET {names} WHERE id = ?", (*columns.values(), now, number)  # noqa: S608  # keywords in our code


def _effect(delivery: Delivery, number: int, change: str, *values: Any) -> tuple[str, tuple[Any, ...]]:
    where = " WHERE delivery = ? AND round = ? AND number = ?"
    return change + where, (*values, delivery.id, delivery.round, number)


def _claim(now: float) -> str:
    return f"{_host()} {os.getpid()} {now:.0f}"


def _host() -> str:
    return os.uname().nodename


def _alive(claim: str, now: float, lease: float) -> bool:
    """Tell whether the process that wrote a claim may still be at work."""
    host, pid, since = claim.split()
    if now - float(since) > lease or float(since) > now + 60:
        return False
    if host != _host():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return int(pid) != os.getpid()
