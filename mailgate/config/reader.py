"""YAML to a frozen Config. Strict: whatever is not understood is refused with file, line, key and the mend.

YAML's nodes are read, never constructed into objects: so each value has its line, tags do nothing, and `password:
0123` stays the text that was written. Aliases are refused, so nothing can grow.
"""

from __future__ import annotations

import yaml

from mailgate.config.kinds import SIMPLE
from mailgate.config.rows import options
from mailgate.config.shapes import Place, mapping, sequence
from mailgate.config.together import fit_erp, fit_mailboxes
from mailgate.policy import BY_MODEL, Authentication, Config, Erp, Limits, Mailbox, Smtp, SmtpServer, Trust
from mailgate.status import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mailgate.config.rows import Option
    from mailgate.config.shapes import Readers

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LARGEST = 256 * 1024  # bytes of a configuration file
DEEPEST = 20
TOO_DEEP = "mappings and lists stand too deep inside each other"
AUTHENTICATION = (
    "say which reasons to believe From are accepted: `trust: [{authserv_id: ...}]` (your border writes "
    "Authentication-Results), `internal: yes` with `hosts: [...]` (your users submit with a password), or "
    "`trust_from: [your domains]` (your mail server refuses their forgeries; [] for none, true for all)"
)


def read(path: str, text: bytes | None = None) -> Config:
    """Return the configuration in a YAML file, or in `text` (UTF-8), which is then said to be that file's.

    Raises ConfigError whose text is one line: FILE:LINE: KEY: what is wrong and the mend.
    """
    place = Place(path)
    root = _compose(_contents(path) if text is None else text, place)
    if root is None:
        raise place.error(1, "the file is empty: docs/config.md has an example")
    shared = tuple(row for row in options("mailboxes") if row.key not in ("address", "aliases"))
    found = mapping(root, options("") + shared, place, READERS)
    for key, mend in (
        ("authentication", AUTHENTICATION),
        ("mailboxes", "write at least `mailboxes: [{address: ...}]`"),
    ):
        if key not in found:
            raise place.under(key).error(root, f"is missing: {mend}")
    config = _config(path, found, {row.key: row for row in shared})
    fit_mailboxes(config, root, place)
    return config


def _config(path: str, found: dict[str, Any], shared: dict[str, Option]) -> Config:
    common = {row.field: found.pop(key) for key, row in shared.items() if key in found}
    smtp = found.pop("smtp", Smtp()).but(hello=found.pop("hello", ""))
    mailboxes = tuple(_mailbox(common | own) for own in found.pop("mailboxes"))
    return Config(path, mailboxes, smtp=smtp, **{key.replace(".", "_"): value for key, value in found.items()})


def _mailbox(chosen: dict[str, Any]) -> Mailbox:
    return Mailbox(**BY_MODEL.get(chosen.get("model", ""), {}) | chosen)


def _contents(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def _compose(raw: bytes, place: Place) -> yaml.Node | None:
    text = _decoded(raw, place)
    try:
        _bound(text, place)
        node: yaml.Node | None = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        raise _syntax(error, text, place) from None
    return node


def _decoded(raw: bytes, place: Place) -> str:
    if len(raw) > LARGEST:
        raise place.error(1, f"this is no configuration: it has more than {LARGEST // 1024} KB")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise place.error(line, "this is not UTF-8 text: save the file as UTF-8") from None
    control = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        raise place.error(line, "a control character stands here, which YAML does not allow")
    return text


def _syntax(error: yaml.MarkedYAMLError, text: str, place: Place) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    line = mark.line if mark else 0
    problem = " ".join(filter(None, (error.context, error.problem)))
    if "".join(text.splitlines()[line : line + 1]).lstrip(" ").startswith("\t"):
        problem = "indent with blanks, not tabs"
    if "maximum nesting depth" in problem:  # newer releases of libyaml have a bound of their own
        return place.error(line + 1, TOO_DEEP)
    return place.error(line + 1, f"this is not YAML: {problem}")


def _bound(text: str, place: Place) -> None:
    """Refuse aliases, and nesting that the recursive composer could not bear; events come without either danger."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise place.error(line, "anchors (&) and aliases (*) are not understood: write the value out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise place.error(line, TOO_DEEP)


# --- groups ----------------------------------------------------------------------------------------------------------


def _fields(found: dict[str, Any]) -> dict[str, Any]:
    return {key.replace(".", "_"): value for key, value in found.items()}


def _erp(node: yaml.Node, _: Option, place: Place) -> Erp:
    found = mapping(node, options("erp"), place, READERS)
    return Erp(**fit_erp(found, node, place))


def _limits(node: yaml.Node, _: Option, place: Place) -> Limits:
    return Limits(**_fields(mapping(node, options("limits"), place, READERS)))


def _smtp(node: yaml.Node, _: Option, place: Place) -> Smtp:
    """One server, several that are tried in order, or a sendmail command."""
    if isinstance(node, yaml.SequenceNode):
        rows = tuple(row for row in options("smtp") if row.record is SmtpServer)
        items = sequence(node, place, least=1)
        return Smtp(servers=tuple(_server(mapping(item, rows, at, READERS), item, at) for item, at in items))
    found = mapping(node, options("smtp"), place, READERS)
    if "sendmail" not in found:
        return Smtp(servers=(_server(found, node, place),))
    if len(found) > 1:
        raise place.under("sendmail").error(node, "stands alone: with a command there is no server to describe")
    return Smtp(servers=(), sendmail=found["sendmail"])


def _server(found: dict[str, Any], node: yaml.Node, place: Place) -> SmtpServer:
    if ("user" in found) != ("password" in found):
        there, missing = ("user", "password") if "user" in found else ("password", "user")
        raise place.under(missing).error(node, f"is missing: `{there}:` is there, and AUTH takes both")
    if found.get("tls") == "tls":
        found.setdefault("port", 465)
    return SmtpServer(**found)


def _authentication(node: yaml.Node, _: Option, place: Place) -> Authentication:
    nothing = isinstance(node, yaml.ScalarNode) and not node.value
    found = {} if nothing else mapping(node, options("authentication"), place, READERS)
    if "trust_from" not in found and not found.get("trust") and not found.get("internal"):
        raise place.error(node, f"nothing is chosen: {AUTHENTICATION}")
    if found.get("internal") and not found.get("hosts"):
        raise place.under("internal").error(node, "takes `hosts: [...]` too: the servers that your users submit to")
    return Authentication(**found)


def _trust(node: yaml.Node, _: Option, place: Place) -> tuple[Trust, ...]:
    entries = []
    for item, at in sequence(node, place):
        found = mapping(item, options("trust"), at, READERS)
        if "authserv_id" not in found:
            raise at.under("authserv_id").error(item, "is missing: the name at the start of Authentication-Results")
        entries.append(Trust(**found))
    return tuple(entries)


def _mailboxes(node: yaml.Node, _: Option, place: Place) -> list[dict[str, Any]]:
    """Return the fields that each mailbox has of its own."""
    mailboxes = []
    taken: dict[str, str] = {}
    for item, at in sequence(node, place, least=1):
        found = mapping(item, options("mailboxes"), at, READERS)
        if "address" not in found:
            raise at.under("address").error(item, "is missing: the gateway address")
        for address in (found["address"], *found.get("aliases", ())):
            if address.casefold() in taken:
                raise at.error(item, f"{address} is an address of {taken[address.casefold()]} already")
            taken[address.casefold()] = at.key
        mailboxes.append(_fields(found))
    return mailboxes


READERS: Readers = SIMPLE | {
    "authentication": _authentication,
    "erp": _erp,
    "limits": _limits,
    "mailboxes": _mailboxes,
    "smtp": _smtp,
    "trust": _trust,
}
