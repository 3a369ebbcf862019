"""What every model can be told to change: create, write, unlink, and the commands of one2many and many2many fields."""

# ruff: noqa: ARG002, S608 - the parameters are those of the wire; names in SQL come from the schema, values never do

from __future__ import annotations

from mailgate.sandbox.faults import Integrity, NoKey, Warned, WrongType
from mailgate.sandbox.reading import Reading
from mailgate.sandbox.schema import MODELS
from mailgate.sandbox.store import link_table
from mailgate.sandbox.values import stamp, stored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mailgate.sandbox.schema import Field

    Values = dict[str, Any]


class Table(Reading):
    """One model, seen by one call of one user, with everything that may be called on it."""

    def peer(self, name: str, *, uid: int | None = None) -> Table:
        """Return another model, to write to."""
        return self.call.table(name, uid=uid)

    def create(self, values: Values, context: Any = None) -> int:
        """Make a record; returns its id. Raises Fault as the server does, and then nothing is made."""
        self.need("create")
        own, inherited, lists = self._split(self.defaults() | values)
        if self.model.inherits:
            parent, link = self.model.inherits
            own[link] = self.peer(parent).create(inherited)
        columns = self._columns(own)
        ident = self.call.next_id(self.model.table)
        self._check(columns, ident, new=True)
        columns |= {"id": ident, "create_uid": self.uid, "create_date": columns.get("create_date") or stamp()}
        names = ", ".join(f'"{name}"' for name in columns)
        marks = ", ".join("?" * len(columns))
        self.db.execute(f'INSERT INTO "{self.model.table}" ({names}) VALUES ({marks})', list(columns.values()))
        self._link(ident, lists)
        self.validate([ident], own)
        return ident

    def write(self, ids: Any, values: Values, context: Any = None) -> bool:
        """Change records. Raises Fault, for a record that does not exist among others."""
        self.need("write")
        idents = ids if isinstance(ids, list) else [ids]
        own, inherited, lists = self._split(values)
        rows = self.rows(idents, [self.model.inherits[1]] if self.model.inherits else [])
        if len(rows) != len(set(idents)):
            raise Warned(
                "AccessError", f"You try to write on an record that doesn't exist (Document type: {self.model.label})."
            )
        columns = self._columns(own)
        for ident in idents:
            self._update(ident, columns)
            self._link(ident, lists)
        if inherited and self.model.inherits:
            parent, link = self.model.inherits
            self.peer(parent).write([row[link] for row in rows], inherited)
        self.validate(idents, own)
        return True

    def _update(self, ident: int, columns: Values) -> None:
        self._check(columns, ident, new=False)
        changed = columns | {"write_uid": self.uid, "write_date": stamp()}
        sets = ", ".join(f'"{name}" = ?' for name in changed)
        self.db.execute(f'UPDATE "{self.model.table}" SET {sets} WHERE id = ?', [*changed.values(), ident])

    def unlink(self, ids: Any, context: Any = None) -> bool:
        """Remove records; what hangs on them goes too, what only points to them is emptied."""
        self.need("unlink")
        for ident in ids if isinstance(ids, list) else [ids]:
            self.db.execute(f'DELETE FROM "{self.model.table}" WHERE id = ?', [ident])
        return True

    def validate(self, ids: list[int], values: Values) -> None:
        """Check the constraints of a model; raises Invalid."""

    def _split(self, values: Values) -> tuple[Values, Values, Values]:
        """Part values into those of the table, of the model it extends, and of lists; raises NoKey."""
        own: Values = {}
        inherited: Values = {}
        lists: Values = {}
        for name, value in values.items():
            field = self.field(name)
            if field is None:
                raise NoKey(name)
            if field.type in ("one2many", "many2many"):
                lists[name] = value
            elif not field.computed:
                (own if name in self.model.fields else inherited)[name] = value
        return own, inherited, lists

    def _columns(self, values: Values) -> Values:
        return {name: stored(name, self.model.fields[name], value) for name, value in values.items()}

    def _check(self, columns: Values, ident: int, *, new: bool) -> None:
        """Check NOT NULL, uniqueness and foreign keys, in PostgreSQL's words."""
        for name, field in self.model.fields.items():
            if field.required and (new or name in columns) and columns.get(name) is None:
                raise Integrity(
                    f'null value in column "{name}" of relation "{self.model.table}" violates not-null constraint'
                )
        for name, said in self.model.unique:
            taken = f'SELECT 1 FROM "{self.model.table}" WHERE "{name}" = ? AND id != ?'
            if columns.get(name) is not None and self.db.execute(taken, [columns[name], ident]).fetchone():
                raise Warned("Constraint Error", said)
        for name, value in columns.items():
            field = self.model.fields[name]
            if field.type == "many2one" and value is not None:
                self._check_target(name, MODELS[field.relation].table, value)

    def _check_target(self, name: str, target: str, ident: int) -> None:
        if not self.db.execute(f'SELECT 1 FROM "{target}" WHERE id = ?', [ident]).fetchone():
            table = self.model.table
            raise Integrity(
                f'insert or update on table "{table}" violates foreign key constraint "{table}_{name}_fkey"\n'
                f'DETAIL:  Key ({name})=({ident}) is not present in table "{target}".'
            )

    def _link(self, ident: int, lists: Values) -> None:
        for name, commands in lists.items():
            field = self.field(name)
            assert field is not None
            if not isinstance(commands, list):
                raise WrongType(f"'{type(commands).__name__}' object is not iterable")
            for command in commands:
                (self._one2many if field.type == "one2many" else self._many2many)(ident, field, list(command))

    def _one2many(self, ident: int, field: Field, command: list[Any]) -> None:
        child = self.peer(field.relation)
        code, target, values = (*command, 0, 0)[:3]
        if code == 0:
            child.create({**values, field.inverse: ident})
        elif code == 1:
            child.write([target], values)
        elif code == 2:
            child.unlink([target])
        elif code == 3:
            child.write([target], {field.inverse: False})
        elif code == 4:
            child.write([target], {field.inverse: ident})
        elif code in (5, 6):
            kept = values if code == 6 else []
            child.write([old for old in self._children(child, field, ident) if old not in kept], {field.inverse: False})
            child.write(kept, {field.inverse: ident})

    def _children(self, child: Table, field: Field, ident: int) -> list[int]:
        found: list[int] = child.search([[field.inverse, "=", ident]], context={"active_test": False})
        return found

    def _many2many(self, ident: int, field: Field, command: list[Any]) -> None:
        table = link_table(self.model, field)[0]
        code, target, values = (*command, 0, 0)[:3]
        if code in (0, 4):
            added = [self.peer(field.relation).create(values) if code == 0 else target]
        else:
            added = values if code == 6 else []
        if code in (5, 6):
            self.db.execute(f'DELETE FROM "{table}" WHERE owner = ?', [ident])
        elif code in (2, 3):
            self.db.execute(f'DELETE FROM "{table}" WHERE owner = ? AND target = ?', [ident, target])
        for other in added:
            self.db.execute(f'INSERT OR IGNORE INTO "{table}" VALUES (?, ?)', [ident, other])
