"""Frozen, slotted value types without the cost of `dataclasses`.

mailgate is started once for each message, and `dataclasses` is a third of the price of everything else that such
a run imports (it pulls in `inspect`, and each decorated class is compiled from generated source): the figures are
in docs/dependencies.md. A type checker sees ordinary frozen dataclasses.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in `typing`, whose import costs more than this module saves elsewhere
if TYPE_CHECKING:
    from typing import Any, ClassVar, Self, dataclass_transform
else:

    def dataclass_transform(**_: object):
        """Stand in for `typing.dataclass_transform`, which does nothing at run time."""
        return lambda cls: cls


@dataclass_transform(frozen_default=True, eq_default=True)
class _RecordType(type):
    """Turn the annotations of a class body into slots, in their order, and its values into defaults."""

    def __new__(mcs, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _RecordType:
        own = tuple(body.get("__annotations__", ()))
        defaults = {field: body.pop(field) for field in own if field in body}
        for base in bases:
            defaults = getattr(base, "_defaults", {}) | defaults
            own = getattr(base, "_fields", ()) + own
        inherited = {field for base in bases for field in getattr(base, "_fields", ())}
        body["__slots__"] = tuple(field for field in own if field not in inherited)
        body["_fields"] = own
        body["_defaults"] = defaults
        return super().__new__(mcs, name, bases, body)


class Record(metaclass=_RecordType):
    """Base of the value types: positional or keyword construction, equality, hash, repr, and `but`.

    Raises TypeError for a missing, unknown or doubled field, AttributeError on assignment.
    Defaults are shared between instances, so they must be immutable.
    """

    if TYPE_CHECKING:
        _fields: ClassVar[tuple[str, ...]]
        _defaults: ClassVar[dict[str, Any]]
    else:

        def __init__(self, *values, **named):
            fields = self._fields
            if len(values) > len(fields):
                raise TypeError(f"{type(self).__name__} takes {len(fields)} values, not {len(values)}")
            put = object.__setattr__
            for field, value in zip(fields, values, strict=False):
                if field in named:
                    raise TypeError(f"{type(self).__name__} got {field!r} twice")
                put(self, field, value)
            for field in fields[len(values) :]:
                if field in named:
                    put(self, field, named.pop(field))
                elif field in self._defaults:
                    put(self, field, self._defaults[field])
                else:
                    raise TypeError(f"{type(self).__name__} lacks {field!r}")
            if named:
                raise TypeError(f"{type(self).__name__} has no {next(iter(named))!r}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, field) for field in self._fields)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, Record) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._values()))

    def __repr__(self) -> str:
        inside = ", ".join(f"{field}={getattr(self, field)!r}" for field in self._fields)
        return f"{type(self).__name__}({inside})"

    def but(self, **changes: Any) -> Self:
        """Return a copy with some fields changed."""
        return type(self)(**{field: getattr(self, field) for field in self._fields} | changes)


def plain(value: object) -> object:
    """Turn records and tuples into what `json.dumps` takes: dicts (fields in order) and lists."""
    if isinstance(value, Record):
        return {field: plain(getattr(value, field)) for field in value._fields}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value
