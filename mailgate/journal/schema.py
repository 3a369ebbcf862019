"""The journal's tables, and how its database is opened: for work, or to look at.

Version 1 knew no model: each of its cases is one of crm.case.
"""

from __future__ import annotations

import os
import sqlite3

SCHEMA_VERSION = 2
LETTER = """
CREATE TABLE letter (
    message_id TEXT NOT NULL, model TEXT NOT NULL, case_id INTEGER NOT NULL, address TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (message_id, model, case_id, address)) WITHOUT ROWID;
CREATE INDEX letter_case ON letter (model, case_id, address, at);
"""
SCHEMA = f"""
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, mailbox TEXT NOT NULL, raw TEXT NOT NULL,
    stage TEXT NOT NULL, plan TEXT, relays TEXT, case_id INTEGER, round INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL, made REAL NOT NULL, changed REAL NOT NULL,
    reason TEXT NOT NULL DEFAULT '', released INTEGER NOT NULL DEFAULT 0, about TEXT NOT NULL DEFAULT '',
    claim TEXT NOT NULL DEFAULT '', model TEXT NOT NULL DEFAULT 'crm.case');
CREATE INDEX delivery_due ON delivery (stage, due);
CREATE TABLE effect (
    delivery INTEGER NOT NULL, round INTEGER NOT NULL, number INTEGER NOT NULL, intended REAL NOT NULL,
    gave_up REAL, done REAL, result INTEGER, PRIMARY KEY (delivery, round, number)) WITHOUT ROWID;
CREATE TABLE sending (
    delivery INTEGER NOT NULL, round INTEGER NOT NULL, number INTEGER NOT NULL, recipient TEXT NOT NULL,
    kind TEXT NOT NULL, case_id INTEGER, verdict TEXT NOT NULL, detail TEXT NOT NULL, at REAL NOT NULL,
    attempts INTEGER NOT NULL, PRIMARY KEY (delivery, round, number)) WITHOUT ROWID;
CREATE INDEX sending_recent ON sending (at);
CREATE TABLE question (
    message_id TEXT PRIMARY KEY, delivery INTEGER NOT NULL, at REAL NOT NULL, answered REAL) WITHOUT ROWID;
CREATE TABLE revoked (message_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE memory (key TEXT PRIMARY KEY, value TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
{LETTER}"""
# What leads from each older version to this one; 0 is an empty file.
UPGRADES = {
    0: SCHEMA,
    1: f"""
ALTER TABLE delivery ADD COLUMN model TEXT NOT NULL DEFAULT 'crm.case';
ALTER TABLE letter RENAME TO letter_1;
DROP INDEX letter_case;
{LETTER}
INSERT INTO letter (message_id, model, case_id, address, at)
    SELECT message_id, 'crm.case', case_id, address, at FROM letter_1;
DROP TABLE letter_1;
""",  # noqa: S608  # LETTER is the constant above
}


def open_journal(path: str) -> sqlite3.Connection:
    """Open the journal for work, made first where there is none, brought up to date where it is older; mode 0600."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)  # so that SQLite finds it with the right mode
    os.close(handle)
    db = sqlite3.connect(path, timeout=20, isolation_level=None)
    try:
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA wal_autocheckpoint = 200")  # pages; the next process reads what is left in the log
        if _version(db) != SCHEMA_VERSION:
            db.execute("PRAGMA journal_mode = WAL")  # stays with the file
            upgrade(db)
    except BaseException:  # whatever ends it, a signal too, the file is given back; it goes on its way
        db.close()
        raise
    return db


def look(path: str) -> sqlite3.Connection:
    """Open the journal for reading; an older one, or none yet, is a copy in memory that is brought up to date there."""
    if not os.path.exists(path):
        return _in_memory(None)
    uri = f"file:{path.replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode=ro"
    db = sqlite3.connect(uri, uri=True, timeout=20)
    try:
        if _version(db) == SCHEMA_VERSION:
            return db
        copy = _in_memory(db)
    except BaseException:  # as above
        db.close()
        raise
    db.close()
    return copy


def _in_memory(source: sqlite3.Connection | None) -> sqlite3.Connection:
    """Return a journal in memory that nothing can be written to, with all that is in another."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        if source is not None:
            source.backup(db)
        upgrade(db)
        db.execute("PRAGMA query_only = ON")
    except BaseException:
        db.close()
        raise
    return db


def upgrade(db: sqlite3.Connection) -> None:
    """Make the tables, or those of an older version into today's, at once or not at all; two processes do it once.

    Raises sqlite3.DatabaseError where a newer mailgate made them.
    """
    db.execute("BEGIN EXCLUSIVE")
    try:
        version = _version(db)
        if version != SCHEMA_VERSION:  # else another process was first
            if version not in UPGRADES:
                raise sqlite3.DatabaseError(f"it was written by a newer mailgate (schema {version})")
            for statement in UPGRADES[version].split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
