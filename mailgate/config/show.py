"""The effective configuration as YAML text, every default written out, secrets as the place where they are read."""

from __future__ import annotations

from mailgate.config.rows import external, options
from mailgate.policy import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mailgate.config.rows import Option
    from mailgate.policy import Config
    from mailgate.record import Record


def shown(config: Config) -> str:
    """Return YAML that means the same as `config`, but for passwords that were written in the configuration itself."""
    import yaml

    groups = ("mailboxes", "erp", "smtp", "authentication", "limits")
    top = tuple(row for row in options("") if row.key not in (*groups, "hello"))
    tree: dict[str, Any] = _tree(config, top)
    if config.smtp.hello:
        tree["hello"] = config.smtp.hello
    tree["erp"] = _tree(config.erp, _fitting(config, "erp"))
    if config.erp.api_key and config.erp.password == Secret():
        del tree["erp"]["password"]
    tree["smtp"] = _smtp(config)
    tree["authentication"] = _tree(config.authentication, options("authentication")) | _trust(config)
    tree["limits"] = _tree(config.limits, options("limits"))
    tree["mailboxes"] = [_tree(mailbox, _fitting(config, "mailboxes")) for mailbox in config.mailboxes]
    text: str = yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=100)
    return f"# {config.source}\n{text}"


def _fitting(config: Config, group: str) -> tuple[Option, ...]:
    """Return the rows of a group that go with the kind of the ERP."""
    return tuple(row for row in options(group) if row.only in ("", config.erp.kind))


def _smtp(config: Config) -> object:
    if config.smtp.sendmail:
        return {"sendmail": list(config.smtp.sendmail)}
    rows = tuple(row for row in options("smtp") if row.key != "sendmail")
    return [_tree(server, rows) for server in config.smtp.servers]


def _trust(config: Config) -> dict[str, Any]:
    return {"trust": [_tree(entry, options("trust")) for entry in config.authentication.trust]}


def _tree(record: Record, rows: tuple[Option, ...]) -> dict[str, Any]:
    """Return a record's values under their keys, mappings inside mappings; what is empty text is left out."""
    tree: dict[str, Any] = {}
    for row in rows:
        value = external(row, getattr(record, row.field))
        if value in (None, ""):
            continue
        *outer, key = row.key.split(".")
        inside = tree
        for name in outer:
            inside = inside.setdefault(name, {})
        inside[key] = value
    return tree
