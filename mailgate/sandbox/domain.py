"""Search domains: from OpenERP 5.0's prefix notation to SQL, with the answers that its own translation gives.

A domain is a list of leaves `[field, operator, value]` and of the operators `&`, `|`, `!` before their operands;
what no operator joins is joined by AND.
"""

from __future__ import annotations

from mailgate.sandbox.faults import Database, Fault, NoAttribute, WrongIndex, WrongType, WrongValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mailgate.sandbox.reading import Reading
    from mailgate.sandbox.schema import Field

    Sql = tuple[str, list[Any]]

OPERATORS = {
    "=", "!=", "<>", "<=", "<", ">", ">=", "=like", "like", "not like", "ilike", "not ilike", "in", "not in",
    "child_of",
}  # fmt: skip
LIKE = {"like", "not like", "ilike", "not ilike"}
TRUE: Sql = ("1=1", [])
NEVER: Sql = ("1=0", [])


def where(table: Reading, domain: Any, context: dict[str, Any]) -> Sql:
    """Return the condition and its parameters. Raises Fault for what the server refuses."""
    leaves = _checked(table, domain, context)
    stack: list[Sql] = []
    for element in reversed(leaves):
        if element == "!":
            condition, values = _pop(stack)
            stack.append((f"NOT ({condition})", values))
        elif isinstance(element, str):
            (left, first), (right, second) = _pop(stack), _pop(stack)
            stack.append((f"({left} {'AND' if element == '&' else 'OR'} {right})", first + second))
        else:
            stack.append(_leaf(table, *element))
    stack.reverse()
    return " AND ".join(condition for condition, _ in stack) or "1=1", [value for _, v in stack for value in v]


def _pop(stack: list[Sql]) -> Sql:
    if not stack:
        raise WrongIndex("pop from empty list")
    return stack.pop()


def _checked(table: Reading, domain: Any, context: dict[str, Any]) -> list[Any]:
    """Check the form, and hide inactive records unless the domain or the context speaks of them."""
    if isinstance(domain, str):
        raise NoAttribute("'str' object has no attribute 'insert'")
    if not isinstance(domain, list):
        raise WrongType(f"'{type(domain).__name__}' object is not a domain")
    elements = [tuple(element) if isinstance(element, list) else element for element in domain]
    hides = "active" in table.model.fields and context.get("active_test", True)
    if hides and not any(isinstance(element, tuple) and element[:1] == ("active",) for element in elements):
        elements.insert(0, ("active", "=", 1))
    for element in elements:
        leaf = isinstance(element, tuple) and len(element) == 3 and element[1] in OPERATORS
        if not leaf and element not in ("&", "|", "!"):
            raise WrongValue(f"Bad domain expression: {elements!r}")
    return elements


def _leaf(table: Reading, left: str, operator: str, right: Any) -> Sql:
    head, _, rest = str(left).partition(".")
    field = table.field(head)
    if head == "id" and not rest:
        return _plain(table, "id", None, operator, right)
    if field is None or (rest and field.type != "many2one"):
        raise _no_column(table, head, rest)
    if rest:
        found = table.other(field.relation).search([[rest, operator, right]])
        return _plain(table, head, field, "in", found)
    if field.computed:
        return TRUE
    if field.type in ("one2many", "many2many"):
        return _among(table, field, operator, right)
    if field.type == "many2one" and operator == "child_of":
        return _plain(table, head, field, "in", _descendants(table, field, right))
    if field.type == "many2one" and isinstance(right, str):
        names = table.other(field.relation).name_search(right, [], operator, {"active_test": False}, None)
        return _plain(table, head, field, "in", [ident for ident, _ in names])
    return _plain(table, head, field, operator, right)


def _no_column(table: Reading, head: str, rest: str) -> Fault:
    if rest:
        return Database(f'missing FROM-clause entry for table "{head}"\n')
    return Database(f"column {table.model.table}.{head} does not exist\n")


def _among(table: Reading, field: Field, operator: str, right: Any) -> Sql:
    """A one2many or many2many: records that have one of the given (or so named) on the other side."""
    other = table.other(field.relation)
    ids = [ident for ident, _ in other.name_search(right, [], operator)] if isinstance(right, str) else list(right)
    if not ids:
        return NEVER
    return _in(f"{table.column('id')} IN", table.owners(field, ids), null="")


def _descendants(table: Reading, field: Field, right: Any) -> list[int]:
    other = table.other(field.relation)
    found = [ident for ident, _ in other.name_search(right, [], "like")] if isinstance(right, str) else list(right)
    below = found
    while below and "parent_id" in other.model.fields:
        below = [ident for ident in other.search([["parent_id", "in", below]]) if ident not in found]
        found = found + below
    return found


def _in(prefix: str, values: list[Any], null: str) -> Sql:
    kept = [value for value in values if value is not False and value != 0]
    condition = f"{prefix} ({', '.join('?' * len(kept))})" if kept else "1=0"
    if len(kept) != len(values) and null:
        condition = f"({condition} OR {null} IS NULL)"
    return condition, kept


def _plain(table: Reading, name: str, field: Field | None, operator: str, right: Any) -> Sql:
    column = table.column(name)
    if operator in ("in", "not in"):
        return _in(f"{column} {operator.upper()}", [_comparable(field, value) for value in right], column)
    if operator == "child_of":
        raise Database('syntax error at or near "child_of"\n')
    if (right is False or right is None) and operator in ("=", "!=", "<>"):
        return f"{column} IS {'NULL' if operator == '=' else 'NOT NULL'}", []
    if operator in LIKE or operator == "=like":
        return _like(column, operator, right)
    return f"{column} {operator} ?", [_comparable(field, right)]


def _like(column: str, operator: str, right: Any) -> Sql:
    pattern = str(right) if operator == "=like" else f"%{right}%"
    condition = f"matches({column}, ?, {int('ilike' in operator)})"
    if operator.startswith("not"):
        condition = f"NOT {condition}"
    if right == "" and operator in LIKE:
        condition = f"({condition} OR {column} IS NULL)"
    return condition, [pattern]


def _comparable(field: Field | None, value: Any) -> Any:
    """Bring a value to its column's type, or fail as PostgreSQL does."""
    if value is False or (field and field.type == "boolean"):
        return int(bool(value))
    if field is None or field.type in ("integer", "many2one"):
        try:
            return int(value)
        except ValueError:
            raise Database(f'invalid input syntax for type integer: "{value}"\n') from None
    if field.type == "float":
        return float(value)
    if field.type in ("date", "datetime"):
        from mailgate.sandbox.values import moment

        return moment(value)
    return str(value)
