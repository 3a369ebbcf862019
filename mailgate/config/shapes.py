"""The two shapes that hold values in a YAML file, mappings of known keys and lists; and where a node stands."""

from __future__ import annotations

import yaml

from mailgate.config.rows import options
from mailgate.record import Record
from mailgate.status import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mailgate.config.rows import Option

    Reader = Callable[[yaml.Node, Option, "Place"], Any]
    Readers = dict[str, Reader]

YAML = "tag:yaml.org,2002:"
TAGGED = "a value with a tag"


class Place(Record):
    """Where a value stands, for messages: the file, and the keys that lead there."""

    file: str
    key: str = ""

    def under(self, key: str) -> Place:
        """Return the place of a key of this mapping."""
        return self.but(key=f"{self.key}.{key}" if self.key else key)

    def item(self, number: int) -> Place:
        """Return the place of an item of this list, counted from 1."""
        return self.but(key=f"{self.key}[{number}]")

    def error(self, where: yaml.Node | int, text: str) -> ConfigError:
        """Return the error at a node, or at a line counted from 1."""
        line = where if isinstance(where, int) else where.start_mark.line + 1
        said = " ".join((f"{self.key}: {text}" if self.key else text).split())
        return ConfigError(f"{self.file}:{line}: {said}")


def mapping(
    node: yaml.Node, rows: tuple[Option, ...], place: Place, readers: Readers, prefix: str = ""
) -> dict[str, Any]:
    """Return the values of a mapping's keys by their dotted key; keys that are not there are not in the result."""
    if not isinstance(node, yaml.MappingNode) or node.tag != YAML + "map":
        raise place.error(node, f"must be a mapping (`key: value` lines), not {shape(node)}")
    known = {row.key: row for row in rows}
    here = dict.fromkeys(key.removeprefix(prefix).split(".")[0] for key in known if key.startswith(prefix))
    found: dict[str, Any] = {}
    seen: dict[str, int] = {}
    for key_node, value in node.value:
        key = _key(key_node, tuple(here), seen, place)
        row = known.get(prefix + key)
        if row:
            found[row.key] = _value(value, row, place.under(key), readers)
        else:
            found |= mapping(value, rows, place.under(key), readers, f"{prefix}{key}.")
    return found


def lookup(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """Return the value of a dotted key in a mapping that has been read already, or None."""
    for name in key.split("."):
        inside = node.value if isinstance(node, yaml.MappingNode) else ()
        node = next((value for known, value in inside if known.value == name), None)
    return node


def sequence(node: yaml.Node, place: Place, least: int = 0) -> list[tuple[yaml.Node, Place]]:
    """Return the items of a list, each with its place."""
    if not isinstance(node, yaml.SequenceNode) or node.tag != YAML + "seq":
        raise place.error(node, f"must be a list ([one, two]), not {shape(node)}")
    if len(node.value) < least:
        raise place.error(node, "must not be an empty list")
    return [(item, place.item(number)) for number, item in enumerate(node.value, 1)]


def _key(node: yaml.Node, known: tuple[str, ...], seen: dict[str, int], place: Place) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise place.error(node, "a key must be a word, not a list or a mapping")
    key = str(node.value)
    if key not in known:
        raise place.under(short(key)).error(node, f"unknown key{_hint(key, known)}")
    if key in seen:
        raise place.under(key).error(node, f"stands here twice, first in line {seen[key]}")
    seen[key] = node.start_mark.line + 1
    return key


def _hint(key: str, known: tuple[str, ...]) -> str:
    """Return the nearest key that may stand here, or else anywhere, or else the few that may stand here."""
    from difflib import get_close_matches

    word = key.casefold().replace("-", "_")
    elsewhere = {row.key.split(".")[-1]: row.name for row in reversed(options())}
    elsewhere |= {row.name: row.name for row in options()}
    near = get_close_matches(word, known, 1, 0.7)
    near = near or [elsewhere[name] for name in get_close_matches(word, elsewhere, 1, 0.8)]
    near = near or get_close_matches(word, known, 1, 0.6)
    if near:
        return f'; did you mean "{near[0]}"?'
    return f"; known here: {', '.join(known)}" if len(known) < 12 else "; docs/config.md has them all"


def _value(node: yaml.Node, option: Option, place: Place, readers: Readers) -> Any:
    if option.none and isinstance(node, yaml.ScalarNode) and node.value == option.none:
        return None
    return readers[option.kind](node, option, place)


def shape(node: yaml.Node) -> str:
    """What a node is, in words; never its value, which may be a secret in a wrong place."""
    shapes = {"map": "a mapping", "seq": "a list", "null": "nothing", "bool": "yes or no", "int": "a number"}
    shapes |= dict.fromkeys(("str", "float", "timestamp", "value", "merge"), "text")
    return shapes.get(node.tag.removeprefix(YAML), TAGGED)


def short(text: str) -> str:
    """Return a text without control characters, cut to what a message can bear."""
    clean = "".join(char if char.isprintable() else "?" for char in text)
    return clean if len(clean) <= 40 else clean[:40] + "..."
