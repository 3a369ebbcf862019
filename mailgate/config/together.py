"""What must fit together: the kind of the ERP, the model of a mailbox, and the options that go with one kind alone."""

from __future__ import annotations

from mailgate.config.rows import MODELS, options
from mailgate.config.shapes import lookup, sequence
from mailgate.policy import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import yaml

    from mailgate.config.shapes import Place
    from mailgate.policy import Config, Mailbox

    Level = tuple[yaml.Node, Place]  # a mapping that may hold a key, and its place

ODOO_MODELS = f"{', '.join(MODELS[1:-1])} or {MODELS[-1]}"
NUMBERED = "helpdesk.ticket"  # the model whose records have a number of their own
ODOO_ALONE = "goes with Odoo alone: set `erp.kind: odoo`, or leave it out"


def fit_erp(found: dict[str, Any], node: yaml.Node, place: Place) -> dict[str, Any]:
    """Return what was found under `erp`, with what its kind has instead of the defaults: those are Tiny ERP's.

    No user is whoever the API key belongs to. Raises ConfigError for what does not fit.
    """
    if found.get("kind") != "odoo":
        _refuse_odoo("erp", node, place)
        return found
    key = "api_key" in found
    json2 = lookup(node, "transport") if found.get("transport") == "json2" else None
    if json2 and not key:
        raise place.under("transport").error(json2, "json2 takes an `api_key:`; only xmlrpc takes a password")
    for missing, there, mend in (
        ("database", "database" in found, "write the name of Odoo's database"),
        ("user", "user" in found or json2, "write the login of the gateway's own user in Odoo"),
        (
            "password",
            "password" in found or key,
            "write the password of the gateway's own user in Odoo, or an `api_key:`",
        ),
    ):
        if not there:
            raise place.under(missing).error(node, f"is missing: {mend}")
    return {"user": "", "password": Secret()} | found


def fit_mailboxes(config: Config, root: yaml.Node, place: Place) -> None:
    """Raise ConfigError for a model or an option of a mailbox, or of the top, that does not go with `erp.kind`."""
    top = (root, place)
    if config.erp.kind != "odoo":
        _refuse_odoo("mailboxes", *top)
    entries = lookup(root, "mailboxes")
    assert entries is not None  # it has been read
    for mailbox, own in zip(config.mailboxes, sequence(entries, place.under("mailboxes")), strict=True):
        if config.erp.kind == "odoo":
            _with_odoo(mailbox, own, top)
        else:
            _without_odoo(mailbox, own, top)
        if "{number}" in mailbox.tag and mailbox.model != NUMBERED:
            why = f"{{number}} goes with model {NUMBERED} alone, and {own[1].key} is {mailbox.model}: write {{id}}"
            _refuse("tag", why, own, top)


def _with_odoo(mailbox: Mailbox, own: Level, top: Level) -> None:
    if mailbox.model != MODELS[0]:
        return
    missing = not any(lookup(node, "model") for node, _ in (own, top))
    why = f"is missing: say {ODOO_MODELS}" if missing else f"must be {ODOO_MODELS}, not {mailbox.model}"
    _refuse("model", f"{why}, since `erp.kind` is odoo", own, top)


def _without_odoo(mailbox: Mailbox, own: Level, top: Level) -> None:
    _refuse_odoo("mailboxes", *own)
    if mailbox.model != MODELS[0]:
        why = f"must be {MODELS[0]}: {mailbox.model} is a model of Odoo, which takes `erp.kind: odoo`"
        _refuse("model", why, own, top)
    if mailbox.relay_by == "erp":
        _refuse("relay.by", "erp goes with Odoo alone: set `erp.kind: odoo`, or write gateway", own, top)


def _refuse_odoo(group: str, node: yaml.Node, place: Place) -> None:
    """Refuse each option of a group that is for Odoo, at its first line."""
    for row in options(group):
        there = lookup(node, row.key) if row.only == "odoo" else None
        if there:
            raise place.under(row.key).error(there, ODOO_ALONE)


def _refuse(key: str, why: str, *levels: Level) -> None:
    """Raise the error where the key stands: in the mailbox, else at the top, else where it is missing."""
    for node, place in levels:
        there = lookup(node, key)
        if there:
            raise place.under(key).error(there, why)
    node, place = levels[0]
    raise place.under(key).error(node, why)
