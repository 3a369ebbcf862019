"""What every model answers without changing anything: search, read, and the names of records."""

# ruff: noqa: ARG002, S608 - the parameters are those of the wire; names in SQL come from the schema, values never do

from __future__ import annotations

from mailgate.sandbox import domain as domains
from mailgate.sandbox.faults import Database, NoKey, NoRight, Warned, WrongIndex
from mailgate.sandbox.schema import CALLER, MODELS, NOW, RIGHTS
from mailgate.sandbox.store import link_table
from mailgate.sandbox.values import now, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from typing import Any

    from mailgate.sandbox.call import Call
    from mailgate.sandbox.schema import Field, Model

    Row = dict[str, Any]

ADMIN = 1


class Reading:
    """One model, seen by one call of one user."""

    name_field = "name"

    def __init__(self, call: Call, model: Model) -> None:
        self.call = call
        self.model = model
        self.uid = call.uid
        self.db: sqlite3.Connection = call.db

    def other(self, name: str, *, uid: int | None = None) -> Reading:
        """Return another model, seen by the same call (or, inside it, by another user)."""
        return self.call.table(name, uid=uid)

    # --- the table ---------------------------------------------------------------------------------------------------

    def field(self, name: str) -> Field | None:
        """Return a field of the model or of the one it extends by delegation."""
        found = self.model.fields.get(name)
        if found is None and self.model.inherits:
            found = MODELS[self.model.inherits[0]].fields.get(name)
        return found

    def fields(self) -> list[str]:
        """Return the names of all fields."""
        inherited = MODELS[self.model.inherits[0]].fields if self.model.inherits else {}
        return [*self.model.fields, *(name for name in inherited if name not in self.model.fields)]

    def column(self, name: str) -> str:
        """Return a field's column with its table; raises Database for an unknown one."""
        if name == "id" or name in self.model.fields:
            return f'"{self.model.table}"."{name}"'
        if self.model.inherits and self.field(name):
            return f'"{MODELS[self.model.inherits[0]].table}"."{name}"'
        raise Database(f'column "{name}" does not exist\n')

    @property
    def source(self) -> str:
        """The FROM clause."""
        if not self.model.inherits:
            return f'"{self.model.table}"'
        parent, link = self.model.inherits
        return f'"{self.model.table}" JOIN "{MODELS[parent].table}" ON "{MODELS[parent].table}".id = "{link}"'

    def owners(self, field: Field, ids: list[int]) -> list[int]:
        """Return the records that have one of `ids` in a one2many or many2many field."""
        marks = ", ".join("?" * len(ids))
        if field.type == "one2many":
            child = self.other(field.relation)
            query = f"SELECT {child.column(field.inverse)} FROM {child.source} WHERE {child.column('id')} IN ({marks})"
        else:
            query = f'SELECT owner FROM "{link_table(self.model, field)[0]}" WHERE target IN ({marks})'
        return [owner for (owner,) in self.db.execute(query, ids) if owner]

    def _order(self, order: str) -> str:
        """Return an ORDER BY: PostgreSQL has NULL after everything else, and so first when descending."""
        parts = []
        for part in order.split(","):
            name, _, direction = part.strip().partition(" ")
            if direction.lower() not in ("", "asc", "desc") or not name.isidentifier():
                raise Warned("AccessError", "Bad query.")
            nulls = "NULLS FIRST" if direction.lower() == "desc" else "NULLS LAST"
            parts.append(f"{self.column(name)} {direction} {nulls}")
        return ", ".join([*parts, self.column("id")])

    def need(self, right: str) -> None:
        """Raise NoRight unless one of the user's groups has that right (read, write, create, unlink)."""
        if not self.call.may(self.uid, self.model.name, right):
            raise NoRight(right, self.model.name)

    # --- the calls ---------------------------------------------------------------------------------------------------

    def search(
        self,
        domain: Any,
        offset: Any = 0,
        limit: Any = None,
        order: Any = None,
        context: Any = None,
        count: Any = False,
    ) -> Any:
        """Return ids in the model's own order, or as told. Rights are not looked at, as in 5.0."""
        condition, values = domains.where(self, domain, context or {})
        if offset and offset < 0:
            raise Database("OFFSET must not be negative\n")
        order = self._order(order or self.model.order)
        query = f"SELECT {self.column('id')} FROM {self.source} WHERE {condition} ORDER BY {order}"
        found = [
            ident for (ident,) in self.db.execute(f"{query} LIMIT ? OFFSET ?", [*values, limit or -1, offset or 0])
        ]
        return len(found) if count else found

    def search_count(self, domain: Any, context: Any = None) -> int:
        """Return how many records a search finds."""
        return len(self.search(domain, context=context))

    def read(self, ids: Any, fields: Any = None, context: Any = None) -> Any:
        """Return a dict for each record that exists; for a bare id one dict, or False."""
        self.need("read")
        wanted = [name for name in (fields or self.fields()) if self.field(name)]
        many = isinstance(ids, (list, tuple))
        found = self._read(list(ids) if many else [ids], wanted)
        return found if many else (found[0] if found else False)

    def _read(self, ids: list[int], wanted: list[str]) -> list[Row]:
        rows = self.rows(ids, [name for name in wanted if self._stored(name)])
        for name in wanted:
            field = self.field(name)
            assert field is not None
            if field.computed:
                self.compute(name, rows)
            elif field.type in ("one2many", "many2many"):
                for row in rows:
                    row[name] = self.linked(field, row["id"])
            else:
                self._show(name, field, rows)
        return rows

    def _stored(self, name: str) -> bool:
        field = self.field(name)
        return field is not None and field.stored

    def rows(self, ids: list[int], wanted: list[str]) -> list[Row]:
        """Return the columns of the records that exist, in the model's order, as the table holds them."""
        columns = ", ".join(self.column(name) for name in ("id", *wanted))
        marks = ", ".join("?" * len(ids))
        order = self._order(self.model.order)
        query = f"SELECT {columns} FROM {self.source} WHERE {self.column('id')} IN ({marks}) ORDER BY {order}"
        return [dict(zip(("id", *wanted), row, strict=True)) for row in self.db.execute(query, ids)]

    def row(self, ident: int, missing: str) -> Row:
        """Return every column of one record; raises NoKey(`missing`) if it is not there."""
        found = self.rows([ident], [name for name in self.fields() if self._stored(name)])
        if not found:
            raise NoKey(missing)
        return found[0]

    def compute(self, name: str, rows: list[Row]) -> None:
        """Fill in a computed field."""
        for row in rows:
            row[name] = False

    def linked(self, field: Field, ident: int) -> list[int]:
        """Return the ids that a one2many or many2many field holds."""
        if field.type == "one2many":
            found: list[int] = self.other(field.relation).search([[field.inverse, "=", ident]])
            return found
        query = f'SELECT target FROM "{link_table(self.model, field)[0]}" WHERE owner = ?'
        return [target for (target,) in self.db.execute(query, [ident])]

    def _show(self, name: str, field: Field, rows: list[Row]) -> None:
        names: dict[int, str] = {}
        if field.type == "many2one":
            ids = sorted({row[name] for row in rows if row[name]})
            names = dict(self.other(field.relation, uid=ADMIN).names(ids)) if ids else {}
        for row in rows:
            value = row[name]
            if field.type == "many2one":
                row[name] = [value, names[value]] if value in names else False
            elif name == "create_date" and value:
                row[name] = value[:19]
            else:
                row[name] = shown(field, value)

    def names(self, ids: list[int]) -> list[tuple[int, str]]:
        """Return ids and names of the records that exist, in the order asked for."""
        named = {row["id"]: str(shown_name(row[self.name_field])) for row in self.rows(ids, [self.name_field])}
        return [(ident, named[ident]) for ident in ids if ident in named]

    def name_get(self, ids: Any, context: Any = None) -> list[list[Any]]:
        """Return `[id, name]` of each record that exists."""
        self.need("read")
        return [list(pair) for pair in self.names(ids if isinstance(ids, list) else [ids])]

    def name_search(
        self, name: Any = "", args: Any = None, operator: str = "ilike", context: Any = None, limit: Any = 80
    ) -> list[list[Any]]:
        """Return `[id, name]` of the records whose name matches."""
        leaf = [[self.name_field, operator, name]] if name else []
        return self.named([*(args or []), *leaf], limit, context)

    def named(self, domain: list[Any], limit: Any, context: Any) -> list[list[Any]]:
        """Return `[id, name]` of what a search finds."""
        return [list(pair) for pair in self.names(self.search(domain, 0, limit, None, context))]

    def fields_get(self, fields: Any = None, context: Any = None) -> dict[str, Row]:
        """Return each field's description."""
        return {name: _description(name, self.field(name)) for name in self.fields() if not fields or name in fields}

    def default_get(self, fields: Any, context: Any = None) -> Row:
        """Return the defaults of those of the fields that have one."""
        return {name: value for name, value in self.defaults().items() if name in fields}

    def defaults(self) -> Row:
        """Return every default, for this user and this moment."""
        special = {CALLER: self.uid, NOW: now()}
        found = {}
        for name in self.fields():
            field = self.field(name)
            if field is not None and field.default is not None:
                found[name] = (
                    special.get(field.default, field.default) if isinstance(field.default, str) else field.default
                )
        return found

    def perm_read(self, ids: Any, context: Any = None, details: Any = True) -> list[Row]:
        """Return who made and last wrote each record, and when (microseconds). Rights are not looked at."""
        if not isinstance(ids, list):
            raise WrongIndex("list index out of range")
        query = f'SELECT id, create_uid, create_date, write_uid, write_date FROM "{self.model.table}" WHERE id = ?'
        rows = [row for ident in ids for row in self.db.execute(query, [ident])]
        who = dict(self.other("res.users").names([uid for row in rows for uid in (row[1], row[3]) if uid]))
        return [
            {
                "id": row[0],
                "create_uid": [row[1], who[row[1]]] if row[1] in who else False,
                "create_date": row[2] or False,
                "write_uid": [row[3], who[row[3]]] if row[3] in who else False,
                "write_date": row[4] or False,
            }
            for row in rows
        ]


def shown_name(value: Any) -> Any:
    """Return a record's name as the server does: "False" where there is none."""
    return "False" if value is None else value


def _description(name: str, field: Field | None) -> Row:
    assert field is not None
    described: Row = {"type": field.type, "string": name.removesuffix("_id").replace("_", " ").capitalize()}
    for key, value in (("size", field.size), ("required", field.required), ("readonly", field.readonly)):
        if value:
            described[key] = value
    if field.relation:
        described |= {"relation": field.relation, "domain": []}
    if field.selection:
        described["selection"] = [list(choice) for choice in field.selection]
    return described


def allowed(groups: set[str], model: str, right: str) -> bool:
    """Say whether one of the groups has a right on a model (ir.model.access)."""
    return any(right[0] in rights for group, rights in RIGHTS.get(model, ()) if group in groups or not group)
