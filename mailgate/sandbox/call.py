"""One call of `object.execute`: the user, the transaction, and the way to every model."""

from __future__ import annotations

import inspect

from mailgate.sandbox.faults import NoAttribute, Warned, WrongType
from mailgate.sandbox.reading import ADMIN, allowed
from mailgate.sandbox.schema import MODELS
from mailgate.sandbox.writing import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from typing import Any

    from mailgate.sandbox.mailer import Mailer
    from mailgate.sandbox.store import Store

READS = frozenset(
    {
        "search",
        "search_count",
        "read",
        "name_search",
        "name_get",
        "fields_get",
        "default_get",
        "perm_read",
        "emails_get",
    }
)
METHODS = READS | {"create", "write", "unlink"}


class Call:
    """What one call sees. `uid` is its user; the transaction is begun and ended by who made it."""

    def __init__(self, store: Store, db: sqlite3.Connection, uid: int, mailer: Mailer) -> None:
        self.db = db
        self.uid = uid
        self.mailer = mailer
        self.next_id = store.next_id
        self._groups: dict[int, set[str]] = {}

    def table(self, name: str, *, uid: int | None = None) -> Table:
        """Return a model, seen by this user or by another; raises Warned if there is none of that name."""
        from mailgate.sandbox.models import BEHAVIOUR

        model = MODELS.get(name)
        if model is None:
            raise Warned("Object Error", f"Object {name} doesn't exist")
        table = BEHAVIOUR.get(name, Table)(self, model)
        table.uid = self.uid if uid is None else uid
        return table

    def may(self, uid: int, model: str, right: str) -> bool:
        """Say whether a user has a right (read, write, create, unlink) on a model; the administrator has all."""
        return uid == ADMIN or allowed(self._groups_of(uid), model, right)

    def _groups_of(self, uid: int) -> set[str]:
        if uid not in self._groups:
            query = "SELECT name FROM res_users_res_groups_rel JOIN res_groups ON id = target WHERE owner = ?"
            self._groups[uid] = {name for (name,) in self.db.execute(query, [uid])}
        return self._groups[uid]

    def run(self, model: str, method: str, args: tuple[Any, ...]) -> Any:
        """Call a model's method. Raises Fault."""
        table = self.table(model)
        if method not in METHODS and method not in getattr(table, "buttons", ()):
            raise NoAttribute(f"'{table.model.table}' object has no attribute '{method}'")
        function = getattr(table, method)
        _check_arguments(method, function, len(args))
        return function(*args)


def _check_arguments(method: str, function: Callable[..., Any], given: int) -> None:
    """Refuse a wrong number of arguments in Python 2's words, which count self, cursor and user too."""
    parameters = inspect.signature(function).parameters.values()
    named = [parameter for parameter in parameters if parameter.kind is not parameter.VAR_POSITIONAL]
    least = sum(parameter.default is parameter.empty for parameter in named) + 3
    most = len(named) + 3 if len(named) == len(parameters) else None
    if given + 3 < least:
        how = "exactly" if most == least else "at least"
        raise WrongType(f"{method}() takes {how} {least} arguments ({given + 3} given)")
    if most is not None and given + 3 > most:
        how = "exactly" if most == least else "at most"
        raise WrongType(f"{method}() takes {how} {most} arguments ({given + 3} given)")
