"""The journal's tables, and how its database is opened: for work, or to look at."""

from __future__ import annotations

import os
import sqlite3

SCHEMA_VERSION = 1
SCHEMA = """
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


def open_journal(path: str) -> sqlite3.Connection:
    """Open the journal for work, made first where there is none; mode 0600."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)  # so that SQLite finds it with the right mode
    os.close(handle)
    db = sqlite3.connect(path, timeout=20, isolation_level=None)
    try:
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA wal_autocheckpoint = 200")  # pages; the next process reads what is left in the log
        if db.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
            create(db)
    except BaseException:
        db.close()
        raise
    return db


def look(path: str) -> sqlite3.Connection:
    """Open the journal for reading; where there is none yet, an empty one in memory."""
    if os.path.exists(path):
        uri = f"file:{path.replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode=ro"
        db = sqlite3.connect(uri, uri=True, timeout=20)
        try:
            refuse_newer(db.execute("PRAGMA user_version").fetchone()[0])
        except BaseException:
            db.close()
            raise
        return db
    db = sqlite3.connect(":memory:", isolation_level=None)
    for statement in SCHEMA.split(";"):
        db.execute(statement)
    return db


def create(db: sqlite3.Connection) -> None:
    """Make the tables. Raises sqlite3.DatabaseError where a newer mailgate made them."""
    db.execute("PRAGMA journal_mode = WAL")  # stays with the file
    db.execute("BEGIN EXCLUSIVE")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        for statement in SCHEMA.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    db.execute("COMMIT")
    refuse_newer(version)


def refuse_newer(version: int) -> None:
    """Raise sqlite3.DatabaseError where a newer mailgate made the tables."""
    if version not in (0, SCHEMA_VERSION):
        raise sqlite3.DatabaseError(f"it was written by a newer mailgate (schema {version})")
