"""What `mailgate check` asks an Odoo before the first mail does: rights in Odoo's own words, and the mapping."""

from __future__ import annotations

from mailgate.address import address_key, is_address
from mailgate.erp.odoo_map import KINDS, in_words
from mailgate.status import ErpForbidden, ErpGone, ErpRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailgate.erp.odoo import OdooErp
    from mailgate.model import Section, User
    from mailgate.policy import Mailbox

TRIED = (14, 19)
OLDEST, NEWEST = 14, 19
# Each model that a message may need, what is done with it, and which of Odoo's settings gives the right.
NEEDED = (
    ("mail.message", ("read", "create"), "Internal User"),
    ("mail.followers", ("read",), "Internal User"),
    ("ir.attachment", ("read", "create"), "Internal User"),
    ("res.users", ("read",), "Internal User"),
    ("res.partner", ("read",), "Internal User"),
)
PARTNERS = ("res.partner", ("create",), "Contact Creation")
MODULES = {"helpdesk.ticket": "helpdesk_mgmt (OCA)", "project.task": "project", "crm.lead": "crm"}


def check(erp: OdooErp, mailbox: Mailbox) -> Iterator[tuple[bool, str]]:
    """Yield (well, words) part by part. Raises ErpError where nothing further can be asked."""
    yield _release(erp)
    erp.forget()
    users = erp.users(fresh=True)
    yield _login(erp, users)
    yield from _inbox(erp)
    yield from _rights(erp, mailbox)
    yield from _group(erp)
    section = erp.section(mailbox.section)
    yield True, f"section: {KINDS[erp.model].sections} {section.name} (id {section.id})"
    yield from _mapping(erp, mailbox)
    yield _reached(erp, mailbox, section, users)
    yield from _own_mails(mailbox, section)


def _release(erp: OdooErp) -> tuple[bool, str]:
    number, words = erp.rpc.version()
    if number < OLDEST:
        return False, f"ERP: Odoo {words} is older than what this dialect knows ({OLDEST} to {NEWEST})"
    tried = "" if number in TRIED else f" (not tried; {' and '.join(map(str, TRIED))} were)"
    return True, f"ERP: {erp.settings.url} answers by {erp.rpc.spoken}, Odoo {words}{tried}"


def _login(erp: OdooErp, users: tuple[User, ...]) -> tuple[bool, str]:
    own = next((user for user in users if user.id == erp.rpc.uid), None)
    if own is None:
        return False, f"login: user {erp.rpc.uid} is no internal user; give him the user type Internal User"
    mailboxes = {address_key(erp.mailbox.address)}
    if address_key(own.email) in mailboxes:
        mend = "Odoo would mail his notifications into the gateway: give him another address"
        return False, f"login: {own.login} has the gateway's own address {own.email}; {mend}"
    if isinstance(erp.settings.user, str) and erp.settings.user not in ("", own.login):
        return False, f"login: the API key is {own.login}'s, and erp.user is {erp.settings.user}: correct one of them"
    return True, f"login: {own.login} (id {own.id}) on database {erp.settings.database}"


def _inbox(erp: OdooErp) -> Iterator[tuple[bool, str]]:
    """Odoo makes the gateway's user a follower of some records (tasks of 19), whatever is asked of it."""
    rows = erp.find_rows("res.users", [["id", "=", erp.rpc.uid]], ["notification_type", "email"])
    if rows and rows[0]["notification_type"] == "email" and rows[0]["email"]:
        yield (
            True,
            (
                f"note: Odoo may mail the gateway's user as a follower, to {rows[0]['email']}; choose "
                "'Handle in Odoo' in his preferences"
            ),
        )


def _rights(erp: OdooErp, mailbox: Mailbox) -> Iterator[tuple[bool, str]]:
    kind = KINDS[erp.model]
    needed = [(erp.model, ("read", "create", "write"), kind.group), (kind.sections, ("read",), kind.group),
              (kind.stages, ("read",), kind.group), *NEEDED]  # fmt: skip
    if mailbox.relay_by == "erp" or mailbox.fields_contact is None:
        needed.append(PARTNERS)
    for model, modes, group in needed:
        try:
            missing = [mode for mode in modes if not _may(erp, model, mode)]
        except (ErpGone, ErpRefused) as error:
            yield False, f"rights: {model}: {error}; is the module {MODULES[erp.model]} installed?"
            continue
        if missing:
            yield False, f"rights: no right to {' or '.join(missing)} {model}; give the gateway's user {group!r}"
        else:
            yield True, f"rights: {model}: {', '.join(modes)}"


def _group(erp: OdooErp) -> Iterator[tuple[bool, str]]:
    """Say where the usual group is missing: rights to a model do not tell what its record rules bar."""
    kind = KINDS[erp.model]
    own = [erp.rpc.uid] if erp.rpc.release >= 18 else None  # before, the question was always about the caller
    if not erp.do("res.users", "has_group", own, group_ext_id=kind.xmlid):
        yield True, f"note: the gateway's user is not in {kind.group!r}; rules may bar him from some records"


def _may(erp: OdooErp, model: str, mode: str) -> bool:
    """Ask for a right. The question changed its name in Odoo 18; neither raises where the right is missing."""
    try:
        if erp.rpc.release >= 18:
            return bool(erp.do(model, "has_access", [], operation=mode))
        return bool(erp.do(model, "check_access_rights", None, operation=mode, raise_exception=False))
    except ErpForbidden:
        return False


def _mapping(erp: OdooErp, mailbox: Mailbox) -> Iterator[tuple[bool, str]]:
    layout = erp.layout
    for words in in_words(layout):
        yield True, words
    for words in layout.notes:
        yield True, f"note: {words}"
    yield from _asks_customers(erp)
    channel = layout.place("channel")[2]
    if mailbox.channel is not None and channel and not erp.find_rows(channel, [["id", "=", mailbox.channel]], ["id"]):
        yield False, f"channel: there is no {channel} with the id {mailbox.channel}"
    wanted = mailbox.states_responsible
    if wanted != "keep" and not erp.can("state", wanted):
        mend = f"name one with stages.{wanted}, or choose states.responsible: keep"
        yield False, f"states: the responsible's reply should set {wanted}, and no stage stands for it; {mend}"
    if "{number}" in mailbox.tag and "number" not in layout.read:
        yield False, f"tag: {mailbox.tag} holds a number, and {erp.model} has none; use {{id}}"


def _asks_customers(erp: OdooErp) -> Iterator[tuple[bool, str]]:
    """Warn of stages at which Odoo mails customers whatever the caller says: requests for a rating, text messages."""
    stages = KINDS[erp.model].stages
    known = erp.do(stages, "fields_get", allfields=["rating_template_id", "sms_template_id"], attributes=["type"])
    for field in known:
        rows = erp.find_rows(stages, [[field, "!=", False]], ["name"], limit=20)
        if rows:
            names = ", ".join(row["name"] for row in rows)
            yield True, f"note: Odoo itself writes to the customer at the stages {names} ({field}): not to be silenced"


def _reached(erp: OdooErp, mailbox: Mailbox, section: Section, users: tuple[User, ...]) -> tuple[bool, str]:
    """Tell who hears of a new case: the section's leader, its followers, or `notify:`."""
    kind = KINDS[erp.model]
    leader = next((user for user in users if user.id == section.responsible), None)
    if leader is not None and leader.active and is_address(leader.email):
        return True, f"new mail: goes to the responsible of {section.name}, {leader.name} <{leader.email}>"
    if mailbox.notify:
        return True, f"new mail: goes to notify: {', '.join(mailbox.notify)}"
    mend = f"give the {kind.sections} {section.name} a responsible with an address, or set `notify:`"
    if mailbox.default:
        return False, f"new mail: reaches nobody but the default address {mailbox.default}; {mend}"
    return False, f"new mail: reaches nobody; {mend}"


def _own_mails(mailbox: Mailbox, section: Section) -> Iterator[tuple[bool, str]]:
    """Say whose mails are whose, and warn of an alias of Odoo's that would take the same mail."""
    local = mailbox.address.partition("@")[0]
    if section.code and section.code.casefold() == local.casefold():
        yield (
            True,
            f"note: Odoo has a mail alias {section.code!r} of its own on {section.name}: if Odoo fetches the same "
            "mailbox too, each mail makes two cases; leave the alias off",
        )
    if mailbox.relay_by == "erp":
        yield True, "note: relay.by: erp: Odoo mails its followers and the customer; there are no reply tokens"
        return
    yield True, "Odoo's own notifications are silenced in what the gateway writes (relay.by: gateway)"
