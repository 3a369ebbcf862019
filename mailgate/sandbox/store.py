"""The tables, in SQLite, and the transactions: one for each call, committed on success, rolled back on any error.

A call that writes is alone; calls that only read go on beside it and see what was committed before they began, as
on the ERP's PostgreSQL. So a look-up during a slow `create` does not find the new case yet.
"""

from __future__ import annotations

import contextlib
import functools
import re
import sqlite3
import tempfile
import threading
from pathlib import Path

from mailgate.sandbox.schema import MODELS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailgate.sandbox.schema import Field, Model

_TYPES = {"integer": "INTEGER", "boolean": "INTEGER", "many2one": "INTEGER", "float": "REAL"}
_STAMPS = ("create_uid INTEGER", "create_date TEXT", "write_uid INTEGER", "write_date TEXT")


class Store:
    """The database `path`, or one that lives as long as this object for ":memory:".

    Even that one is a file, in the folder for temporary files: SQLite's databases in memory let nobody read while
    somebody writes.
    """

    def __init__(self, path: str = ":memory:") -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sandbox-") if path == ":memory:" else None
        self.path = str(Path(self._folder.name) / "erp.sqlite") if self._folder else path
        self._sync = "OFF" if self._folder else "NORMAL"
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._writer = self._connect()
        self.new = not self._writer.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if self.new:
            self._writer.executescript("BEGIN;" + "\n".join(_tables()) + "COMMIT;")
        self._last = {model.table: self._newest(model.table) for model in MODELS.values()}

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={self._sync}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.create_function("matches", 3, matches, deterministic=True)
        return connection

    def _newest(self, table: str) -> int:
        return int(self._writer.execute(f'SELECT ifnull(max(id), 0) FROM "{table}"').fetchone()[0])  # noqa: S608

    def next_id(self, table: str) -> int:
        """Take the next id of a table; as with a sequence of PostgreSQL, a rollback does not give it back."""
        self._last[table] += 1
        return self._last[table]

    def skip_to(self, table: str, last: int) -> None:
        """Let the next id of a table be the one after `last`."""
        self._last[table] = last

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the only writing transaction: waits for the one before."""
        with self._lock, _transaction(self._writer, "IMMEDIATE"):
            yield self._writer

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Hold a reading transaction."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            with _transaction(connection, "DEFERRED"):
                yield connection
        finally:
            self._idle.append(connection)

    def close(self) -> None:
        """Close the connections, and remove a database that lives only as long as this object."""
        with self._lock:
            for connection in (self._writer, *self._idle):
                connection.close()
        if self._folder:
            self._folder.cleanup()


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _tables() -> Iterator[str]:
    for model in MODELS.values():
        yield _table(model)
        for field in model.fields.values():
            if field.type == "many2many":
                yield link_table(model, field)[1]
        for name, field in model.fields.items():
            if field.cascade:
                yield f'CREATE INDEX "{model.table}_{name}" ON "{model.table}" ("{name}");'
    yield "CREATE INDEX ir_attachment_res ON ir_attachment (res_model, res_id);"


def _table(model: Model) -> str:
    columns = ["id INTEGER PRIMARY KEY", *_STAMPS]
    for name, field in model.fields.items():
        if field.stored and name not in ("create_uid", "create_date"):
            columns.append(f'"{name}" {_TYPES.get(field.type, "TEXT")}{_reference(field)}')
    return f'CREATE TABLE "{model.table}" ({", ".join(columns)});'


def _reference(field: Field) -> str:
    if field.type != "many2one":
        return ""
    return f' REFERENCES "{MODELS[field.relation].table}" (id) ON DELETE {"CASCADE" if field.cascade else "SET NULL"}'


def link_table(model: Model, field: Field) -> tuple[str, str]:
    """Return the name of a many2many field's table, and the statement that makes it."""
    name = f"{model.table}_{MODELS[field.relation].table}_rel"
    return name, f'CREATE TABLE "{name}" (owner INTEGER, target INTEGER, PRIMARY KEY (owner, target));'


def matches(text: str | None, pattern: str, fold: int) -> bool | None:
    """LIKE (or ILIKE, with `fold`) as PostgreSQL has it: `%`, `_` and the backslash, letters of every language."""
    return None if text is None else _pattern(pattern, fold).fullmatch(str(text)) is not None


@functools.lru_cache(maxsize=256)
def _pattern(pattern: str, fold: int) -> re.Pattern[str]:
    wild = {"%": ".*", "_": "."}
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    regex = "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
    return re.compile(regex, re.DOTALL | (re.IGNORECASE if fold else 0))
