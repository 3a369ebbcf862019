"""`Books` of a real Odoo: helpdesk.ticket, project.task or crm.lead of release 14 or 19."""

from __future__ import annotations

import html
import re
import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mailgate.policy import Erp, Secret
from mailgate.sandbox import Sink
from tests.contract.books import Traits, bare
from tests.contract.worlds import listen
from tests.real import odoo

RELEASES = (14, 19)
MODELS = ("helpdesk.ticket", "project.task", "crm.lead")
JSON2 = ((19, "project.task"),)  # this one speaks JSON-2, with an API key; the others XML-RPC, with a password
ADMIN = 2  # the administrator's id
# What a test does in Odoo by itself must not make Odoo mail anybody: what it mails is what mailgate had it do.
QUIET = {
    "mail_create_nosubscribe": True,
    "mail_create_nolog": True,
    "mail_auto_subscribe_no_notify": True,
    "tracking_disable": True,
    "no_reset_password": True,
}
SECTIONS = {"helpdesk.ticket": "team_id", "project.task": "project_id", "crm.lead": "team_id"}
STAGES = {
    "helpdesk.ticket": {
        "New": "draft", "In Progress": "open", "Awaiting": "pending", "Done": "close", "Cancelled": "cancel",
    },
    "project.task": {
        "New": "draft", "In progress": "open", "Pending": "pending", "Done": "close", "Cancelled": "cancel",
    },
    "crm.lead": {"New": "open", "Qualified": "open", "Proposition": "pending", "Won": "close"},
}  # fmt: skip
PRIORITIES = {
    ("helpdesk.ticket", 14): {"3": 1, "2": 2, "1": 3, "0": 4},
    ("helpdesk.ticket", 19): {"3": 1, "2": 2, "1": 3, "0": 4},
    ("project.task", 14): {"1": 2, "0": 3},
    ("project.task", 19): {"3": 1, "2": 2, "1": 3, "0": 3},
    ("crm.lead", 14): {"3": 1, "2": 2, "1": 3, "0": 3},
    ("crm.lead", 19): {"3": 1, "2": 2, "1": 3, "0": 3},
}
FIELDS = {
    "helpdesk.ticket": ("category",),
    "project.task": ("deadline",),
    "crm.lead": ("deadline", "revenue", "probability"),
}


def traits(model: str, release: int) -> Traits:
    """Say how a model keeps what it keeps."""
    known = sorted(set(PRIORITIES[model, release].values()))
    lead = model == "crm.lead"
    return Traits(
        new="open" if lead else "draft",
        fields=FIELDS[model],
        states={"draft": "open"} if lead else {},
        priorities={wanted: min(max(wanted, known[0]), known[-1]) for wanted in range(1, 6)},
        note_files=True,
    )


class OdooBooks:
    """A copy of the seeded database, and one model in it."""

    def __init__(self, release: int, model: str, database: str) -> None:
        self.release = release
        self.model = model
        self.database = database
        self.name = f"odoo{release}-{model}"
        self.traits = traits(model, release)
        self.ids = odoo.ids(release)
        self._object = xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/object", allow_none=True)

    @property
    def url(self) -> str:
        return odoo.server(self.release)

    @property
    def erp(self) -> Erp:
        settings = Erp(self.url, kind="odoo", database=self.database, user="mailgate")
        if (self.release, self.model) in JSON2:
            return settings.but(transport="json2", api_key=Secret(value=odoo.api_key(self.release)))
        return settings.but(password=Secret(value="mailgate"))

    @property
    def mailbox(self) -> dict[str, Any]:
        stages = {"stages_pending": ("Proposition",)} if self.model == "crm.lead" else {}
        return {"model": self.model, "section": "SSUP", **stages}

    def __call__(self, model: str, method: str, *args: Any, **options: Any) -> Any:
        """Call as the administrator, with a context that keeps Odoo from mailing."""
        options = {"context": QUIET} | options
        return self._object.execute_kw(self.database, ADMIN, "admin", model, method, args, options)

    def read(self, case: int, *fields: str) -> Any:
        """Return a case's field as the server has it, or several; of a many2one its id."""
        row = self(self.model, "read", [case], list(fields))[0]
        found = [row[one][0] if isinstance(row[one], list) and row[one] and one != "user_ids" else row[one]
                 for one in fields]  # fmt: skip
        return found[0] if len(fields) == 1 else found

    def _linked(self, case: int, field: str, model: str, name: str = "name") -> str:
        ident = self.read(case, field)
        return str(self(model, "read", [ident], [name])[0][name]) if ident else ""

    @property
    def _users(self) -> str:
        return "user_ids" if self.release >= 19 and self.model == "project.task" else "user_id"

    def cases(self) -> list[int]:
        return sorted(self(self.model, "search", [], context={"active_test": False}))

    def title(self, case: int) -> str:
        return str(self.read(case, "name"))

    def _stage(self, case: int) -> str:
        ident = self.read(case, "stage_id")
        return next((name for name, number in self.ids[f"stages of {self.model}"].items() if number == ident), "none")

    def state(self, case: int) -> str:
        """Return the state; where a task of Odoo 19 is in a stage that its own state contradicts, both."""
        found = STAGES[self.model][self._stage(case)]
        if self.model == "crm.lead":
            active, probability = self.read(case, "active", "probability")
            return found if active else "cancel" if not probability else f"archived, {probability}"
        if self.model == "project.task" and self.release >= 19:
            own = {"1_done": "close", "1_canceled": "cancel"}.get(self.read(case, "state"), "")
            if own != (found if found in ("close", "cancel") else ""):
                return f"stage {found}, task {own or 'in progress'}"
        return found

    def responsible(self, case: int) -> str:
        found = self.read(case, self._users) or []
        rows = self("res.users", "read", found if isinstance(found, list) else [found], ["login"])
        return ",".join(row["login"] for row in rows)

    def priority(self, case: int) -> int:
        return PRIORITIES[self.model, self.release][self.read(case, "priority")]

    def watchers(self, case: int) -> list[str]:
        return [bare(one) for one in re.split(r"[,;]", self.read(case, "email_cc") or "") if one.strip()]

    def contact(self, case: int) -> str:
        field = "partner_email" if self.model == "helpdesk.ticket" else "email_from"
        return bare(self.read(case, field) or "") or self._linked(case, "partner_id", "res.partner", "email")

    def partner(self, case: int) -> str:
        ident = self.read(case, "partner_id")
        if not ident:
            return ""
        return str(self("res.partner", "read", [ident], ["commercial_partner_id"])[0]["commercial_partner_id"][1])

    def section(self, case: int) -> str:
        ident = self.read(case, SECTIONS[self.model])
        return next((name for name, number in self.ids[self.model].items() if number == ident), "")

    def category(self, case: int) -> str:
        return self._linked(case, "category_id", "helpdesk.ticket.category")

    def deadline(self, case: int) -> str:
        return str(self.read(case, "date_deadline") or "")[:10]

    def cost(self, case: int) -> float:
        raise AssertionError("no model has it")

    def revenue(self, case: int) -> float:
        return float(self.read(case, "expected_revenue"))

    def probability(self, case: int) -> float:
        return float(self.read(case, "probability")) / 100

    def history(self, case: int) -> list[tuple[str, bool]]:
        where = [["model", "=", self.model], ["res_id", "=", case], ["message_type", "in", ["email", "comment"]]]
        note = self.subtype("note")
        rows = self("mail.message", "search_read", where, ["body", "subtype_id", "is_internal"], order="id desc")
        return [
            (plain(row["body"]), not row["subtype_id"] or row["subtype_id"][0] == note or row["is_internal"])
            for row in rows
        ]

    def subtype(self, name: str) -> int:
        """Return the id of mail.mt_NAME."""
        where = [["module", "=", "mail"], ["name", "=", f"mt_{name}"]]
        return int(self("ir.model.data", "search_read", where, ["res_id"])[0]["res_id"])

    def attachments(self, case: int) -> list[str]:
        where = [["res_model", "=", self.model], ["res_id", "=", case]]
        return sorted(row["name"] for row in self("ir.attachment", "search_read", where, ["name"]))

    def write(self, case: int, **values: Any) -> None:
        """Change a case as the administrator."""
        self(self.model, "write", [case], values)

    def assign(self, case: int, login: str) -> None:
        user = self.ids["users"][login] if login else False
        self.write(case, **{self._users: user if self._users == "user_id" else [[6, 0, [user] if user else []]]})

    def set_state(self, case: int, state: str) -> None:
        names = {own: name for name, own in reversed(STAGES[self.model].items())}
        if self.model == "crm.lead" and state == "cancel":
            self.write(case, active=False, probability=0)
            return
        stage = self.ids[f"stages of {self.model}"][names[self.traits.state(state)]]
        values: dict[str, Any] = {"stage_id": stage}
        if self.model == "project.task" and self.release >= 19:
            values["state"] = {"close": "1_done", "cancel": "1_canceled"}.get(state, "01_in_progress")
        self.write(case, **values)

    def close_long_ago(self, case: int) -> None:
        self.set_state(case, "close")
        fields = {"helpdesk.ticket": ("closed_date", "last_stage_update"), "crm.lead": ("date_closed",)}
        ended = fields.get(self.model, ("date_end", "date_last_stage_update"))
        self.write(case, **dict.fromkeys(ended, "2020-01-01 00:00:00"))

    def add_address(self, partner: str, email: str) -> None:
        values = {"name": email, "email": email, "parent_id": self.ids["partners"][partner]}
        self("res.partner", "create", values)

    def delete(self, case: int) -> None:
        self(self.model, "unlink", [case])

    def outsider(self) -> str:
        groups = "group_ids" if self.release >= 19 else "groups_id"
        where = [["module", "=", "base"], ["name", "=", "group_user"]]
        group = self("ir.model.data", "search_read", where, ["res_id"])[0]["res_id"]
        values = {"name": "Outsider", "login": "outsider", "password": "outsider", groups: [[6, 0, [group]]]}
        self("res.users", "create", values)
        return "outsider"

    def reminder(self, case: int) -> dict[str, str]:
        self(self.model, "message_post", [case], body="A reminder", subtype_xmlid="mail.mt_note")
        where = [["model", "=", self.model], ["res_id", "=", case], ["body", "ilike", "A reminder"]]
        own = self("mail.message", "search_read", where, ["message_id"])[0]["message_id"]
        return {"Message-ID": own, "X-Odoo-Objects": f"{self.model}-{case}"}

    @contextmanager
    def mails(self) -> Iterator[Sink]:
        with listen(odoo.smtp_port(self.release)) as sink:
            yield sink


def plain(body: str) -> str:
    """Return a message's HTML as the text that a reader sees."""
    text = re.sub(r"(?i)<br\s*/?>|</(p|div|li|blockquote|pre|h\d)>", "\n", re.sub(r"\s*\n\s*", " ", body))
    return html.unescape(re.sub(r"<[^>]+>", "", text)).replace("\xa0", " ").strip()


@contextmanager
def odoo_books(release: int, model: str) -> Iterator[OdooBooks]:
    """A database of its own on the real server, or a skipped test."""
    database = odoo.copy(release)
    try:
        yield OdooBooks(release, model, database)
    finally:
        odoo.give_back(release, database)
