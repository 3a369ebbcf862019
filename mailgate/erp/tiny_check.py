"""What `mailgate check` asks a Tiny ERP 4.2 or OpenERP 5.0 before the first mail does."""

from __future__ import annotations

from mailgate.address import is_address
from mailgate.status import ErpForbidden, ErpGone, ErpRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailgate.erp.tiny import TinyErp
    from mailgate.model import Section, User
    from mailgate.policy import Mailbox

GROUPS = 'give the gateway\'s user the groups "CRM / User" and "Employee"'
# Each model that a message may need, with the field read to see whether it may be read at all.
MODELS = (
    ("crm.case", "name"),
    ("crm.case.section", "name"),
    ("crm.case.history", "description"),
    ("crm.case.log", "name"),
    ("res.users", "login"),
    ("res.partner.address", "email"),
    ("ir.attachment", "name"),
)
WRITTEN = (
    ("crm.case", "create"),
    ("crm.case", "write"),
    ("crm.case.history", "create"),
    ("crm.case.log", "create"),
    ("res.partner.event", "create"),
    ("ir.attachment", "create"),
)


def check(erp: TinyErp, mailbox: Mailbox) -> Iterator[tuple[bool, str]]:
    """Yield (well, words) part by part. Raises ErpError where nothing further can be asked."""
    yield _release(erp)
    users = erp.users(fresh=True)
    yield _login(erp, users)
    yield from _rights(erp)
    erp.memory.forget(erp.key(f"section:{mailbox.section}"))
    section = erp.section(mailbox.section)
    yield True, f"section: {section.name} (code {section.code or 'none'}, id {section.id})"
    yield _reached(erp, mailbox, section, users)
    yield from _reminders(erp, section)


def _release(erp: TinyErp) -> tuple[bool, str]:
    version = str(erp.rpc.call("db", "server_version"))
    if version.startswith("4.0"):
        return False, f"ERP: Tiny ERP {version} has no case history to write to; 4.2 or OpenERP 5.0 is needed"
    tried = "" if version.startswith("5.0") else " (not tried: this dialect is made for 5.0 and 4.2)"
    return True, f"ERP: {erp.settings.url} answers, release {version}{tried}"


def _login(erp: TinyErp, users: tuple[User, ...]) -> tuple[bool, str]:
    own = next((user for user in users if user.id == erp.uid), None)
    if own is None:
        return True, f"login: user {erp.uid} on database {erp.settings.database}"
    if not own.active:
        return False, f"login: {own.login} is inactive; the server lets it in by its id all the same: activate it"
    return True, f"login: {own.login} (id {own.id}) on database {erp.settings.database}"


def _rights(erp: TinyErp) -> Iterator[tuple[bool, str]]:
    """Read one record of each model, and ask for the rights to write: `search` alone is not checked in 5.0.0."""
    for model, field in MODELS:
        try:
            ids = erp.do(model, "search", [], 0, 1)
            erp.do(model, "read", ids or [0], [field])
        except ErpForbidden:
            yield False, f"rights: {model} cannot be read; {GROUPS}"
        except (ErpGone, ErpRefused) as error:
            yield False, f"rights: {model}: {error}; is the module crm installed?"
        else:
            yield from _written(erp, model)
    yield from _written(erp, "res.partner.event")


def _written(erp: TinyErp, model: str) -> Iterator[tuple[bool, str]]:
    modes = [mode for name, mode in WRITTEN if name == model]
    missing = [mode for mode in modes if not _may(erp, model, mode)]
    if missing:
        yield False, f"rights: no right to {' or '.join(missing)} {model}; {GROUPS}"
    else:
        yield True, f"rights: {model}: {', '.join(['read', *modes] if model != 'res.partner.event' else modes)}"


def _may(erp: TinyErp, model: str, mode: str) -> bool:
    try:
        return bool(erp.do("ir.model.access", "check", model, mode))
    except ErpForbidden:
        return False


def _reached(erp: TinyErp, mailbox: Mailbox, section: Section, users: tuple[User, ...]) -> tuple[bool, str]:
    """Tell who hears of a new case: by a rule that assigns it, the section's responsible, or `notify:`."""
    known = {user.id: user for user in users}
    for uid, name in _assigning_rules(erp, section):
        user = known.get(uid)
        if user is not None and user.active and is_address(user.email):
            return True, f"new mail: the rule {name!r} assigns it to {user.name} <{user.email}>"
    user = known.get(section.responsible or 0)
    if user is not None and user.active and is_address(user.email):
        return True, f"new mail: goes to the section's responsible, {user.name} <{user.email}>"
    if mailbox.notify:
        return True, f"new mail: goes to notify: {', '.join(mailbox.notify)}"
    mend = "make a rule that assigns it, give the section a responsible with an address, or set `notify:`"
    if mailbox.default:
        return False, f"new mail: reaches nobody but the default address {mailbox.default}; {mend}"
    return False, f"new mail: reaches nobody; {mend}"


def _assigning_rules(erp: TinyErp, section: Section) -> list[tuple[int, str]]:
    fields = ["name", "act_user_id", "trg_section_id", "trg_state_to", "trg_state_from"]
    try:
        rules = erp.do("crm.case.rule", "read", erp.do("crm.case.rule", "search", []), fields)
    except (ErpForbidden, ErpRefused):
        return []
    return [
        (rule["act_user_id"][0], rule["name"])
        for rule in rules
        if rule["act_user_id"]
        and rule["trg_state_to"] in ("draft", False, "")
        and (not rule["trg_section_id"] or rule["trg_section_id"][0] == section.id)
    ]


def _reminders(erp: TinyErp, section: Section) -> Iterator[tuple[bool, str]]:
    """Warn of rules that mail the newest history line to the customer, whatever it was written for."""
    fields = ["name", "act_remind_partner", "act_remind_attach", "trg_section_id"]
    try:
        rules = erp.do("crm.case.rule", "read", erp.do("crm.case.rule", "search", []), fields)
    except (ErpForbidden, ErpRefused):
        return
    for rule in rules:
        if rule["act_remind_partner"] and (not rule["trg_section_id"] or rule["trg_section_id"][0] == section.id):
            what = "the newest history line" + (" and all attachments" if rule["act_remind_attach"] else "")
            yield True, f"note: the rule {rule['name']!r} mails {what} to the customer"
