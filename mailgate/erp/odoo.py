"""The dialect of Odoo 14 and 19: `helpdesk.ticket` (OCA), `project.task` and `crm.lead`, one model a mailbox.

What is special here, and done on purpose (docs/odoo.md has what was observed):
- Odoo mails followers, assignees and customers by itself, in the middle of a call. Every write here is made so that it
  mails nobody, unless `relay.by: erp` asks for that.
- A creation has no Message-ID to be found by, so a log note with an id of ours goes in with it, in one transaction;
  so with each write of values: the note is the proof that it was done, and tells in the chatter what a mail changed.
- The default responsible is whoever calls, so nobody is said to be it.
"""

from __future__ import annotations

from mailgate.address import address_key, domain, is_address, parse_addresses, written
from mailgate.erp.odoo_map import state_of, state_values
from mailgate.erp.odoo_read import INACTIVE_TOO, Records
from mailgate.erp.odoo_rpc import OdooUserError, open_rpc
from mailgate.erp.odoo_values import html, id_of, utc
from mailgate.model import Address, Dialect
from mailgate.status import ErpGone, ErpRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from mailgate.erp import Memory
    from mailgate.erp.odoo_rpc import OdooRpc
    from mailgate.model import Attachment, Effect, History
    from mailgate.policy import Erp as Settings
    from mailgate.policy import Mailbox, Secret

TITLE = 1000  # characters; Odoo sets no limit of its own
# Nobody follows by having written (14, 19), and nothing is mailed: no "created", "you have been assigned", "closed".
LOUD = {"mail_create_nosubscribe": True, "mail_post_autofollow_author_skip": True}
# A task of 19 mails its stage's template to the customer as it is made, unless nothing is tracked at all; but then the
# project's followers do not follow it either.
UNTRACKED = {"tracking_disable": True}
QUIET = LOUD | {"mail_create_nolog": True, "mail_auto_subscribe_no_notify": True, "mail_notrack": True}
INNER = ("contact_id", "channel", "description", "partner")  # what a note need not tell
# How a comment is posted without being mailed to the followers, by release; for others see `_post`.
SILENT = {14: {"notify_by_email": False}, 19: {"notify_skip_followers": True}}


def connected(settings: Settings, resolve: Callable[[Secret], str], memory: Memory, timeout: float) -> OdooRpc:
    """Return the transport to the server; nothing is read or sent before the first call."""
    key = settings.api_key
    return open_rpc(
        settings, lambda: resolve(settings.password), (lambda: resolve(key)) if key else None, memory, timeout
    )


class OdooErp(Records):
    """`mailgate.erp.Erp` for one mailbox's model."""

    dialect = Dialect(one_write=False, note_files=True, original="html", keeps_ids=True)

    def __init__(self, settings: Settings, mailbox: Mailbox, rpc: OdooRpc, memory: Memory) -> None:
        super().__init__(settings, mailbox, rpc, memory)
        self._files: dict[str, int] = {}  # attachments made in this run, by their mark

    # --- what is done

    def apply(self, effect: Effect, case: int | None, attachments: Sequence[Attachment]) -> int | None:
        """Carry out one effect. A new case, a line and values each take one call."""
        try:
            if effect.kind == "create":
                return self._create(effect)
            assert case is not None
            if effect.kind == "attach":
                assert effect.attachment is not None
                self._files[effect.marker] = self._attach(effect, case, attachments[effect.attachment])
            elif effect.line is not None:
                self._post(effect, case, effect.line)
            else:
                self._write(effect, case)
        except OdooUserError as error:
            if case is not None and not self.find_rows(self.model, [["id", "=", case]], ["id"], context=INACTIVE_TOO):
                raise ErpGone(f"case {case} is gone", error.detail) from error
            raise
        return None

    def _create(self, effect: Effect) -> int:
        values = self._values(effect, None)
        layout = self.layout
        values.setdefault(layout.responsible, [[6, 0, []]] if layout.several else False)
        if self.model == "crm.lead":
            values["type"] = layout.type
        if layout.company:
            values["company_id"] = layout.company
        notes = [self._note(effect, "Made by a mail")]
        if effect.line is not None:
            author = self._author(effect.line, values.get("partner_id"))
            subtype = layout.note if effect.line.internal else layout.comment
            notes.append(
                {**self._message(effect.line), "author_id": author, "model": self.model, "subtype_id": subtype}
            )
        values["message_ids"] = [[0, 0, note] for note in notes]
        context = (LOUD | {"mail_create_nolog": True}) if effect.loud else QUIET
        return self.make(
            self.model, values, context | UNTRACKED if layout.task_state and layout.stage_mails else context
        )

    def _post(self, effect: Effect, case: int, line: History) -> None:
        """Post a line: in silence, or where the ERP shall mail it to those whom Odoo finds."""
        layout = self.layout
        message = self._message(line)
        if line.unproven:
            message["author_id"] = False
        if effect.files:
            message["attachment_ids"] = self._attached(effect, case)
        subtype = "mail.mt_note" if line.internal else "mail.mt_comment"
        if layout.release >= 17:
            message["body_is_html"] = True
        if line.notify:
            message |= self._loudly(case, line)
        elif layout.release in SILENT:
            message |= SILENT[layout.release]
        else:
            # not tried on these: a message written as a record's own is mailed to nobody on any release
            self._nest(case, message, layout.note if line.internal else layout.comment)
            return
        context = LOUD if line.notify else QUIET
        self.do(self.model, "message_post", [case], **message, subtype_xmlid=subtype, context=context)

    def _nest(self, case: int, message: dict[str, Any], subtype: int) -> None:
        values = {name: value for name, value in message.items() if name != "body_is_html"}
        if "attachment_ids" in values:
            values["attachment_ids"] = [[6, 0, values["attachment_ids"]]]
        note = {"author_id": False, **values, "model": self.model, "subtype_id": subtype}
        self.do(self.model, "write", [case], vals={"message_ids": [[0, 0, note]]}, context=QUIET)

    def _loudly(self, case: int, line: History) -> dict[str, Any]:
        """Return what makes Odoo mail a comment so that an answer comes back here; the customer is named expressly."""
        loud: dict[str, Any] = {"reply_to": self.mailbox.address}
        if self.layout.release >= 19:
            loud["incoming_email_to"] = ", ".join((line.author.email, *line.readers))  # who has the mail already
        loud["partner_ids"] = self._customer(case, line) if line.notify == "customer" else self._assigned(case)
        return loud

    def _assigned(self, case: int) -> list[int]:
        """Return the partners of those to whom the record is assigned, else of its section: they need not follow it."""
        row = self.row(case)
        found = row[self.layout.responsible] if row is not None else []
        assigned = set(found) if self.layout.several else {id_of(found)} - {None}
        assigned = assigned or {self.section(self.mailbox.section).responsible}
        return [user.partner for user in self.users() if user.id in assigned and user.active and user.partner]

    def _customer(self, case: int, line: History) -> list[int]:
        """Return the partner whom Odoo shall mail as the customer, made where the record has only an address.

        Nobody, where the customer is one of the mail's own readers.
        """
        row = self.row(case)
        if row is None:
            return []
        partner = id_of(row["partner_id"])
        contact = self.contact_of(row)
        if contact and address_key(contact[0].email) in {address_key(reader) for reader in line.readers}:
            return []
        if partner is None and contact:
            partner = self._partner_for(contact[0])
        return [partner] if partner else []

    def _message(self, line: History) -> dict[str, Any]:
        author = line.author if is_address(line.author.email) else Address(self.mailbox.address, "unknown sender")
        return {
            "body": html(line.text),
            "message_type": "email",
            "message_id": line.message_id,
            "email_from": written(author),
            "date": utc(line.date),
        }

    def _author(self, line: History, partner: object) -> int | bool:
        """Return the partner behind a new case's line, as far as it is known: Odoo looks for none by itself here."""
        key = address_key(line.author.email)
        user = next((user for user in self.users() if key and user.active and address_key(user.email) == key), None)
        if line.unproven:
            return False
        if user is not None and user.partner is not None:
            return user.partner
        if not isinstance(partner, int) or not partner:
            return False
        found = {one.id for email, contacts in self.books.items() if address_key(email) == key for one in contacts}
        address = None if partner in found else self.addresses([partner]).get(partner)
        return partner if partner in found or (address and address_key(address.email) == key) else False

    def _write(self, effect: Effect, case: int) -> None:
        row = self.row(case)
        if row is None:
            raise ErpGone(f"case {case} is gone")
        values = self._values(effect, row)
        try:
            self._changed(effect, case, values)
        except ErpRefused:
            self.forget()  # a stage or field that is gone: what stands for it now?
            again = self._values(effect, row)
            if not again or again == values:
                raise
            self._changed(effect, case, again)

    def _changed(self, effect: Effect, case: int, values: dict[str, Any]) -> None:
        if values:
            note = [[0, 0, self._note(effect, "Changed by a mail")]]
            context = LOUD if effect.loud else QUIET
            self.do(self.model, "write", [case], vals=values | {"message_ids": note}, context=context)

    def _note(self, effect: Effect, what: str) -> dict[str, Any]:
        """Return the log note that goes with a write: what was done and why; its id is the proof of it."""
        told = [
            f"{name} {self._shown(name, value)}"
            for name, value in effect.values
            if name not in (INNER if effect.kind == "record" else (*INNER, "title", "section", "contact"))
            and (value is not None or effect.kind == "record")
        ]
        text = f"{what}: {'; '.join(told)}" if told else what
        if effect.kind == "record":
            text += f" ({effect.reason})"
        return {"model": self.model, "message_id": self._proof(effect), "message_type": "notification",
                "subtype_id": self.layout.note, "body": html(text)}  # fmt: skip

    def _shown(self, name: str, value: object) -> str:
        if name == "responsible":
            return next((user.name for user in self.users() if user.id == value), "nobody")
        if name == "section" and isinstance(value, int):
            return next((section.name for section in self.sections((value,))), str(value))
        if isinstance(value, tuple):
            return ", ".join(map(str, value)) or "none"
        return "none" if value is None else str(value)

    def _proof(self, effect: Effect) -> str:
        """Return the Message-ID of the note that goes with a write: one for each delivery, round and kind of write."""
        return f"<{effect.marker.replace(' ', '.')}.{effect.kind}@{domain(self.mailbox.address) or 'mailgate'}>"

    def _values(self, effect: Effect, row: Mapping[str, Any] | None) -> dict[str, Any]:
        """Translate neutral values into the model's fields; a state that the record has is not written."""
        layout = self.layout
        values: dict[str, Any] = {}
        for name, value in effect.values:
            if name == "title":
                values["name"] = str(value)[:TITLE]
            elif name == "section":
                values[layout.kind.section] = value
            elif name == "responsible":
                several = [[6, 0, [] if value is None else [value]]]
                values[layout.responsible] = several if layout.several else value or False
            elif name == "partner":
                values["partner_id"] = value or False
            elif name == "watchers" and isinstance(value, tuple):
                values |= {"email_cc": ", ".join(map(str, value))} if "email_cc" in layout.read else {}
            elif name == "description":
                values |= {layout.description: self._described(str(value))} if layout.description else {}
            elif name == "state":
                values |= state_values(layout, value, row, _moved_to(effect))  # type: ignore[arg-type]  # a state
            elif name == "priority" and layout.levels:
                values["priority"] = layout.levels[int(str(value)) - 1]
            else:
                values |= self._placed(name, value)
        section = _moved_to(effect)
        if row is not None and section is not None and not any(name == "state" for name, _ in effect.values):
            values |= state_values(layout, state_of(layout, row), row, section)  # a case keeps its state where it goes
        return values | self._contact_values(effect, values)

    def _described(self, text: str) -> str:
        return html(text) if self.layout.description_html else text

    def _placed(self, name: str, value: object) -> dict[str, Any]:
        field, kind, _ = self.layout.place(name)
        if not field:
            return {}
        if name == "probability" and isinstance(value, float):
            value = value * 100  # Odoo counts in percent
        if kind == "datetime" and isinstance(value, str) and len(value) == 10:
            value = f"{value} 12:00:00"  # noon in UTC is that day nearly everywhere
        if kind == "many2many":
            value = [[6, 0, [value]]]
        return {field: False if value is None else value}

    def _contact_values(self, effect: Effect, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of the customer's address.

        A lead takes its partner's address by itself, and writing another would change the partner's; a model without
        a field for the address has to have a partner.
        """
        contact = next((str(value) for name, value in effect.values if name == "contact"), "")
        address = next(iter(parse_addresses(contact)), None)
        if address is None or not is_address(address.email):
            return {}
        layout = self.layout
        if values.get("partner_id") and (self.model == "crm.lead" or not layout.contact):
            return {}
        if not layout.contact:
            return {"partner_id": self._partner_for(address)}
        names = {layout.contact_name: address.name} if layout.contact_name else {}
        return {layout.contact: address.email if names else contact} | names

    def _partner_for(self, address: Address) -> int:
        """Return the partner of an address, made where there is none."""
        known = self.books.get(address.email) or self.contacts(address.email)
        if known:
            return known[0].id
        values = {"name": address.name or address.email, "email": address.email}
        return self.make("res.partner", values, {})

    def _attach(self, effect: Effect, case: int, attachment: Attachment) -> int:
        import binascii

        values = {
            "name": effect.name or attachment.name,
            "datas": binascii.b2a_base64(attachment.data, newline=False).decode("ascii"),
            "description": effect.marker,
            "res_model": self.model,
            "res_id": case,
        }
        return self.make("ir.attachment", values, {})

    def _attached(self, effect: Effect, case: int) -> list[int]:
        """Return the attachments that belong to a line, looked up where another run made them."""
        if not all(marker in self._files for marker in effect.files):
            where = [["res_model", "=", self.model], ["res_id", "=", case], ["description", "in", list(effect.files)]]
            for row in self.find_rows("ir.attachment", where, ["description"], order="id desc"):
                self._files[row["description"]] = row["id"]
        return [self._files[marker] for marker in effect.files if marker in self._files]

    def find(self, effect: Effect, case: int | None) -> int | None:
        """Return the case on which an effect was carried out after all.

        A write has its note, whose id is ours alone; a line its Message-ID, on this very record and with its date
        (the id alone may stand on several records); an attachment its description.
        """
        if effect.kind == "attach":
            where = [["res_model", "=", self.model], ["res_id", "=", case], ["description", "=", effect.marker]]
            return case if self.find_rows("ir.attachment", where, ["id"], limit=1) else None
        if effect.line is not None and effect.kind == "record":
            line = effect.line
            where = [["message_id", "=", line.message_id], ["model", "=", self.model], ["res_id", "=", case],
                     ["date", "=", utc(line.date)]]  # fmt: skip
        else:
            where = [["message_id", "=", self._proof(effect)], ["model", "=", self.model]]
        rows = self.find_rows("mail.message", where, ["res_id"], limit=1)
        return int(rows[0]["res_id"]) if rows else None

    # --- what is checked

    def close(self) -> None:
        """Close the connection to the server."""
        self.rpc.close()

    def check(self, mailbox: Mailbox) -> Iterator[tuple[bool, str]]:
        """Yield (well, words) for release, login, rights, team, mapping, and who hears of new cases."""
        from mailgate.erp.odoo_check import check

        return check(self, mailbox)


def _moved_to(effect: Effect) -> int | None:
    """Return the section that an effect writes, or None."""
    return next((value for name, value in effect.values if name == "section" and isinstance(value, int)), None)
