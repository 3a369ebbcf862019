"""The services behind /xmlrpc/: common (login), db, and object (everything else)."""

from __future__ import annotations

import sqlite3

from mailgate.sandbox.call import READS, Call
from mailgate.sandbox.faults import Denied, Fault, NoAttribute, NoKey, Unreachable, WrongType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mailgate.sandbox.mailer import Mailer
    from mailgate.sandbox.store import Store

VERSION = "5.0.0"
ABOUT = "\n\nA sandbox that behaves like OpenERP 5.0, for trying out and for tests. Nothing in it is real.\n"
LEAST = {"login": 3, "logout": 3, "execute": 5, "drop": 2}
EXPORTED = {
    "common": ("login", "logout", "about"),
    "db": ("server_version", "list", "drop"),
    "object": ("execute",),
}


class Services:
    """Answers calls. `calls` lists model and method of every `execute`, in order."""

    def __init__(self, store: Store, mailer: Mailer, database: str) -> None:
        self.store = store
        self.mailer = mailer
        self.database = database
        self.calls: list[tuple[str, str]] = []
        self._trusted: dict[int, str] = {}

    def dispatch(self, service: str, method: str | None, params: tuple[Any, ...]) -> Any:
        """Carry out one call. Raises Fault, and then nothing was changed."""
        exported = EXPORTED.get(service)
        if exported is None:
            raise NoKey(service)
        if method not in exported:
            raise NoAttribute(f"'LocalService' object has no attribute '{method}'")
        if len(params) < LEAST.get(method, 0):
            raise WrongType(f"{method}() takes at least {LEAST[method] + 1} arguments ({len(params) + 1} given)")
        try:
            return getattr(self, method)(*params)
        except (Fault, sqlite3.OperationalError):
            raise
        except Exception as error:  # as the server does: whatever a call trips over is the answer
            raise _unforeseen(error) from error

    def login(self, database: str, login: str, password: str) -> int | bool:
        """Return the id of an active user, or False."""
        self._check_database(database)
        query = "SELECT id FROM res_users WHERE login = ? AND password = ? AND active = 1"
        with self.store.reading() as db:
            found = db.execute(query, [login, password]).fetchone()
        if found:
            self._trusted[found[0]] = password
        return found[0] if found else False

    def logout(self, *_: Any) -> bool:
        """Nothing to do."""
        return True

    def about(self, extended: Any = False) -> Any:
        """Return a text, and the version if asked."""
        return [ABOUT, VERSION] if extended else ABOUT

    def server_version(self) -> str:
        """Return the release that this behaves like."""
        return VERSION

    def list(self) -> list[str]:
        """Return the names of the databases."""
        return [self.database]

    def drop(self, *_: Any) -> bool:
        """Refuse: the master password is nobody's."""
        raise Denied

    def execute(self, database: str, uid: Any, password: Any, model: str, method: str, *args: Any) -> Any:
        """Call a model's method as a user, in a transaction."""
        self._check_database(database)
        user = self._check_password(uid, password)
        self.calls.append((model, method))
        return self.run(user, model, method, *args)

    def run(self, uid: int, model: str, method: str, *args: Any) -> Any:
        """Call a model's method without a password. Raises Fault."""
        with self.store.reading() if method in READS else self.store.writing() as db:
            return Call(self.store, db, uid, self.mailer).run(model, method, args)

    def _check_database(self, database: str) -> None:
        if database != self.database:
            raise Unreachable(database)

    def _check_password(self, uid: Any, password: Any) -> int:
        """Return the user's id. A password that was good stays good until another one was used, as in 5.0."""
        try:
            user = int(uid)
        except (TypeError, ValueError):
            raise Denied from None
        if self._trusted.get(user) != password:
            with self.store.reading() as db:
                if not db.execute("SELECT 1 FROM res_users WHERE id = ? AND password = ?", [user, password]).fetchone():
                    raise Denied
            self._trusted[user] = password
        return user


def _unforeseen(error: Exception) -> Fault:
    fault = Fault(str(error))
    fault.kind = type(error).__name__
    return fault
