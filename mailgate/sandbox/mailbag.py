"""Where the sink's mails stay when the sandbox has a database file: a second file beside it.

Not in the ERP's own file: its mails arrive while the call that sends them still holds the writing transaction.
"""

from __future__ import annotations

import json
import sqlite3
import threading

from mailgate.sandbox.sink import Envelope

_TABLE = """CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY, sender TEXT, recipients TEXT, data BLOB, time REAL, hello TEXT, user TEXT, tls INTEGER,
    options TEXT)"""


class Mailbag:
    """Mails in the SQLite file `path`, in the order in which they came."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute(_TABLE)
        self._lock = threading.Lock()

    def keep(self, mail: Envelope) -> None:
        """Add a mail; may be called by any thread."""
        recipients, options = json.dumps(mail.recipients), json.dumps(mail.options)
        row = (mail.sender, recipients, mail.data, mail.time, mail.hello, mail.user, mail.tls, options)
        with self._lock:
            self._db.execute("INSERT INTO mail VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def mails(self) -> list[Envelope]:
        """Return all mails."""
        with self._lock:
            rows = self._db.execute("SELECT * FROM mail ORDER BY id").fetchall()
        return [
            Envelope(
                sender, tuple(json.loads(recipients)), data, time, hello, user, bool(tls), tuple(json.loads(options))
            )
            for _, sender, recipients, data, time, hello, user, tls, options in rows
        ]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
