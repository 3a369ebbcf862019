"""`crm.case.rule`: what the ERP does by itself when a case is created or one of its buttons is pressed.

Rules are tried in the order of `sequence`; the first that fits is applied, and no other. Rules that wait for a date
never fit here: the ERP's scheduler runs them, and the sandbox has none.
"""

from __future__ import annotations

import base64
import binascii

from mailgate.sandbox.faults import NoAttribute, WrongType
from mailgate.sandbox.mailer import ascii_only
from mailgate.sandbox.values import now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mailgate.sandbox.call import Call
    from mailgate.sandbox.reading import Row

PLACEHOLDERS = (
    "case_id", "case_subject", "case_date", "case_user", "case_user_email", "case_user_phone", "email_from", "partner",
    "partner_email",
)  # fmt: skip


def run(call: Call, case: Row, button: str) -> None:
    """Apply the first rule that fits. `case` is the row as it was *before* the button's own changes."""
    rules = call.table("crm.case.rule")
    found = rules.search([])
    if found:
        rules.need("read")
    for ident in found:
        rule = rules.row(ident, "name")
        if _fits(rule, case, button):
            _apply(call, rule, case)
            return


def _fits(rule: Row, case: Row, button: str) -> bool:
    same = all(
        not rule[f"trg_{name}"] or rule[f"trg_{name}"] == case[name]
        for name in ("section_id", "categ_id", "user_id", "partner_id")
    )
    priority = case["priority"] or ""
    return (
        same
        and (not rule["trg_state_from"] or rule["trg_state_from"] == case["state"])
        and (not rule["trg_state_to"] or rule["trg_state_to"] == button)
        and (not rule["trg_priority_from"] or rule["trg_priority_from"] >= priority)
        and (not rule["trg_priority_to"] or rule["trg_priority_to"] <= priority)
        and rule["trg_date_type"] == "none"
    )


def _apply(call: Call, rule: Row, case: Row) -> None:
    changes = {name: rule[f"act_{name}"] for name in ("state", "section_id", "user_id", "priority")}
    case |= {name: value for name, value in changes.items() if value}
    written = {name: value for name, value in changes.items() if value}
    if rule["act_email_cc"]:
        watchers = case["email_cc"] or ""
        written["email_cc"] = f"{watchers},{rule['act_email_cc']}" if "@" in watchers else rule["act_email_cc"]
    call.table("crm.case").write([case["id"]], {**written, "date_action_last": now()})
    if rule["act_remind_user"]:
        remind(call, case["id"], to_partner=False, attach=bool(rule["act_remind_attach"]))
    if rule["act_remind_partner"]:
        remind(call, case["id"], to_partner=True, attach=bool(rule["act_remind_attach"]))
    recipients = _recipients(call, rule, case)
    if recipients and rule["act_mail_body"]:
        _mail(call, case, recipients, rule["act_mail_body"])


def _recipients(call: Call, rule: Row, case: Row) -> list[str]:
    found: list[str] = []
    if rule["act_mail_to_user"]:
        found.append(user_of(call, case["user_id"])["email"])
    if rule["act_mail_to_partner"]:
        found.append(case["email_from"])
    if rule["act_mail_to_watchers"]:
        found += (case["email_cc"] or "").split(",")
    if rule["act_mail_to_email"]:
        found += rule["act_mail_to_email"].split(",")
    return [address for address in found if address]


def user_of(call: Call, uid: int | None) -> dict[str, Any]:
    """Return name, signature, email and phone of a responsible; empty where there is none."""
    person: dict[str, Any] = dict.fromkeys(("name", "signature", "email", "phone"), "")
    if uid:
        users, addresses = call.table("res.users"), call.table("res.partner.address")
        user = users.row(uid, "name")
        person |= {"name": user["name"], "signature": user["signature"]}
        if user["address_id"]:
            addresses.need("read")
            address = addresses.row(user["address_id"], "email")
            person |= {"email": address["email"], "phone": address["phone"]}
    return person


def _mail(call: Call, case: Row, recipients: list[str], template: str) -> None:
    user = user_of(call, case["user_id"])
    reply_to = call.table("crm.case.section").row(case["section_id"], "reply_to")["reply_to"]
    text = ascii_only(template) % _placeholders(call, case, user)
    subject = f"[{case['id']}] {case['name']}"
    call.mailer.send(case["id"], user["email"] or reply_to, recipients, subject, text, reply_to)


def _placeholders(call: Call, case: Row, user: dict[str, Any]) -> dict[str, Any]:
    partner = call.table("res.partner").row(case["partner_id"], "name")["name"] if case["partner_id"] else ""
    contact = case["partner_address_id"]
    email = call.table("res.partner.address").row(contact, "email")["email"] if contact else ""
    values = (
        case["id"], case["name"], case["date"] or False, user["name"] or "/", user["email"] or "/",
        user["phone"] or "/", case["email_from"] or False, partner or "/", email or "/",
    )  # fmt: skip
    return dict(zip(PLACEHOLDERS, values, strict=True))


def well_formed(template: str) -> bool:
    """Say whether a rule's template can be filled in."""
    try:
        ascii_only(template) % dict.fromkeys(PLACEHOLDERS, False)
    except (ValueError, KeyError, TypeError):
        return False
    return True


def remind(call: Call, ident: int, *, to_partner: bool, attach: bool) -> None:
    """Mail the newest history line: to the customer, or (as 5.0 does it) in his name to the section's reply_to.

    Raises Fault if there is no text at all.
    """
    case = call.table("crm.case").read([ident])[0]
    section = call.table("crm.case.section").row(case["section_id"][0], "reply_to")
    partner, reply_to = case["email_from"], section["reply_to"]
    if not reply_to or not partner:
        return
    text = case["email_last"] or case["description"]
    signature = user_of(call, case["user_id"] and case["user_id"][0])["signature"] if to_partner else ""
    if not isinstance(text, str):
        raise _no_text(signature)
    if signature:
        text += f"\n\n{signature}"
    sender, recipient = (reply_to, partner) if to_partner else (partner, reply_to)
    files = _files(call, ident) if attach else []
    subject = f"Reminder: [{ident}] {case['name']}"
    call.mailer.send(ident, sender, [recipient], subject, ascii_only(text), reply_to, files)


def _no_text(signature: str) -> NoAttribute | WrongType:
    if signature:
        return WrongType("unsupported operand type(s) for +=: 'bool' and 'unicode'")
    return NoAttribute("'bool' object has no attribute 'encode'")


def _files(call: Call, ident: int) -> list[tuple[str, bytes]]:
    attachments = call.table("ir.attachment")
    found = attachments.search([["res_model", "=", "crm.case"], ["res_id", "=", ident]])
    files = []
    for row in attachments.read(found, ["datas_fname", "datas"]):
        try:
            files.append((str(row["datas_fname"]), base64.b64decode(row["datas"] or "")))
        except binascii.Error:
            files.append((str(row["datas_fname"]), b""))
    return files
