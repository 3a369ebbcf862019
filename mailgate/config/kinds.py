"""One reader for each kind of single value, and for the lists of them."""

from __future__ import annotations

import os
import re

import yaml

from mailgate.config import is_address
from mailgate.config.rows import SIZES
from mailgate.config.secret import trouble
from mailgate.config.shapes import TAGGED, YAML, Place, mapping, sequence, shape, short
from mailgate.policy import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mailgate.config.rows import Option
    from mailgate.config.shapes import Reader, Readers

FLAGS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
NAMES = (
    (",s,sec,second,seconds", 1),
    ("min,minute,minutes", 60),
    ("h,hour,hours", 3600),
    ("d,day,days", 86400),
    ("week,weeks", 7 * 86400),
)
UNITS = {
    "duration": {name: worth for names, worth in NAMES for name in names.split(",")},
    "size": {"": 1} | dict(SIZES),
}


def _scalar(node: yaml.Node, option: Option, place: Place) -> str:
    """Return a plain value as written."""
    if not isinstance(node, yaml.ScalarNode) or shape(node) in ("nothing", TAGGED):
        words = f"one of {option.values}" if option.choices else option.values
        raise place.error(node, f"must be {words}, not {shape(node)}")
    return str(node.value)


def _template(node: yaml.Node, option: Option, place: Place) -> str:
    """Return text, of several lines perhaps; an unquoted yes or no is more likely a misunderstanding than a text."""
    value = _scalar(node, option, place)
    if node.tag == YAML + "bool":
        raise place.error(node, "must be text, not yes or no: put it in quotes")
    if not value.strip() or not value.replace("\n", "").isprintable():
        raise place.error(node, "must not be empty, nor hold control characters")
    return value


def _text(node: yaml.Node, option: Option, place: Place) -> str:
    value = _template(node, option, place)
    if "\n" in value:
        raise place.error(node, "must be one line")
    return value


def _choice(node: yaml.Node, option: Option, place: Place) -> str:
    value = _scalar(node, option, place)
    if value in option.choices:
        return value
    from difflib import get_close_matches

    near = get_close_matches(value.casefold(), option.choices, 1, 0.5)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    raise place.error(node, f'must be one of {option.values}, not "{short(value)}"{hint}')


def _flag(node: yaml.Node, option: Option, place: Place) -> bool:
    value = _scalar(node, option, place).lower()
    if value not in FLAGS:
        raise place.error(node, f'must be {option.values}, not "{short(value)}"')
    if node.tag != YAML + "bool":
        raise place.error(node, "must be yes or no without quotes")
    return FLAGS[value]


def _amount(node: yaml.Node, option: Option, place: Place) -> float:
    """Return a number within its bounds: seconds, bytes, or as it is."""
    value = _scalar(node, option, place)
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([A-Za-z]*)", value)
    units = UNITS.get(option.kind, {"": 1})
    if not match or match[2] not in units:
        example = {"duration": " such as 90 s, 10 min, 12 h or 30 days", "size": " such as 500 KB or 25 MB"}
        raise place.error(node, f'must be a {option.kind}{example.get(option.kind, "")}, not "{short(value)}"')
    number = float(match[1]) * units[match[2]]
    if not option.low <= number <= option.high:
        raise place.error(
            node, f"must be {option.amount(option.low)} to {option.amount(option.high)}, not {short(value)}"
        )
    return number


def _whole(node: yaml.Node, option: Option, place: Place) -> int:
    number = _amount(node, option, place)
    if number != int(number):
        raise place.error(node, f'must be a whole number, not "{short(str(node.value))}"')
    return int(number)


def _id_or_text(node: yaml.Node, option: Option, place: Place) -> int | str:
    value = _text(node, option, place)
    return int(value) if node.tag == YAML + "int" and value.isascii() and value.isdigit() else value


def _stages(node: yaml.Node, option: Option, place: Place) -> tuple[int | str, ...]:
    if isinstance(node, yaml.SequenceNode):
        return tuple(_id_or_text(item, option, at) for item, at in sequence(node, place))
    return (_id_or_text(node, option, place),)


def _field(node: yaml.Node, option: Option, place: Place) -> str:
    value = _scalar(node, option, place)
    if node.tag == YAML + "bool" or not re.fullmatch("[a-z][a-z0-9_]*", value):
        raise place.error(node, f'must be a field\'s name in Odoo, such as x_cost, or auto or no, not "{short(value)}"')
    return value


def _address(node: yaml.Node, option: Option, place: Place) -> str:
    value = _text(node, option, place)
    if not is_address(value):
        raise place.error(node, f'must be an address such as support@mycompany.com, not "{short(value)}"')
    return value


def _domain(node: yaml.Node, option: Option, place: Place) -> str:
    value = _text(node, option, place)
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)*", value):
        raise place.error(node, f'must be a domain such as mycompany.com, not "{short(value)}"')
    return value.lower()


def _type(node: yaml.Node, option: Option, place: Place) -> str:
    value = _text(node, option, place).lower()
    if not re.fullmatch(r"\.[\w.+-]+|[\w.+-]+/([\w.+-]+|\*)", value):
        raise place.error(node, f'must be a type (application/zip) or a name\'s ending (.exe), not "{short(value)}"')
    return value


def _list_of(reader: Reader, least: int = 0) -> Reader:
    def read(node: yaml.Node, option: Option, place: Place) -> tuple[Any, ...]:
        return tuple(reader(item, option, at) for item, at in sequence(node, place, least))

    return read


def _trust_from(node: yaml.Node, option: Option, place: Place) -> Any:
    if isinstance(node, yaml.ScalarNode) and node.tag == YAML + "bool" and FLAGS.get(node.value.lower()):
        return True
    return _list_of(_domain)(node, option, place)


def _path(node: yaml.Node, option: Option, place: Place) -> str:
    value = _text(node, option, place)
    if not value.startswith("/"):
        raise place.error(node, "must be an absolute path: mail programs start mailgate in folders of their own")
    return value


def _file(node: yaml.Node, option: Option, place: Place) -> str:
    value = _path(node, option, place)
    if not os.access(value, os.R_OK):
        raise place.error(node, "this file cannot be read: correct the path, or the file's permissions")
    return value


def _log(node: yaml.Node, option: Option, place: Place) -> str:
    value = _text(node, option, place)
    if value not in ("syslog", "stderr") and not value.startswith("/"):
        raise place.error(node, f'must be {option.values}, not "{short(value)}"')
    return value


def _url(node: yaml.Node, option: Option, place: Place) -> str:
    value = _text(node, option, place).rstrip("/")
    match = re.fullmatch(r"https?://(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::([0-9]{1,5}))?", value)
    if not match or not 0 < int(match[2] or 1) < 65536:
        raise place.error(node, "must be http://host:port or https://host:port and nothing else")
    return value


def _tag(node: yaml.Node, option: Option, place: Place) -> str:
    """Return the tag's form: around the number something must stand that tells it from any other number."""
    value = _text(node, option, place)
    number = "{number}" if "{number}" in value else "{id}"
    before, _, after = value.partition(number)
    if number not in value or re.search("[{}]", before + after):
        raise place.error(node, "must hold {id} or {number} once and no other braces, such as [SUP#{id}]")
    signs = before[-1:], after[:1]
    if not all(sign and sign.isprintable() and not sign.isalnum() and sign != " " for sign in signs):
        raise place.error(node, f"must have a sign on both sides of {number}, such as [SUP#{number}]")
    if not value.isascii() or len(value) > 40:
        raise place.error(node, "must be plain ASCII, and not more than 40 characters")
    if "=?" in value or "  " in value:
        raise place.error(node, 'must not hold "=?" or two blanks: mail programs change them')
    return value


def _secret(node: yaml.Node, option: Option, place: Place) -> Secret:
    if not isinstance(node, yaml.MappingNode):
        return Secret(value=_text(node, option, place))
    rows = tuple(
        option.but(key=key, kind=kind) for key, kind in (("file", "path"), ("env", "text"), ("command", "argv"))
    )
    found = mapping(node, rows, place, SIMPLE)
    if len(found) != 1:
        raise place.error(node, "must have exactly one of file, env, command")
    secret = Secret(**found)
    why = trouble(secret)
    if why:
        raise place.under(next(iter(found))).error(node.value[0][1], why)
    return secret


SIMPLE: Readers = {
    "address": _address,
    "addresses": _list_of(_address),
    "argv": _list_of(_text, least=1),
    "choice": _choice,
    "domains": _list_of(_domain),
    "duration": _amount,
    "field": _field,
    "file": _file,
    "flag": _flag,
    "id-or-text": _id_or_text,
    "log": _log,
    "number": _whole,
    "path": _path,
    "secret": _secret,
    "size": _whole,
    "stages": _stages,
    "tag": _tag,
    "template": _template,
    "text": _text,
    "trust_from": _trust_from,
    "types": _list_of(_type),
    "url": _url,
}
