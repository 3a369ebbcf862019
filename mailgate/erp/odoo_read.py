"""What is asked of Odoo: teams, users, records as cases, partners, threads."""

from __future__ import annotations

from mailgate.address import is_address, parse_addresses
from mailgate.erp.odoo_map import KINDS, Layout, can_be, level_of, state_of, survey
from mailgate.erp.odoo_stages import Stage
from mailgate.erp.odoo_values import first_email, id_of, literal, time_of
from mailgate.model import Address, Case, Contact, Section, User
from mailgate.record import plain
from mailgate.status import ErpDenied, ErpForbidden, ErpRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from mailgate.erp import Memory
    from mailgate.erp.odoo_rpc import OdooRpc
    from mailgate.policy import Erp as Settings
    from mailgate.policy import Mailbox

DAY = 86400
INACTIVE_TOO = {"active_test": False}
COMMANDS = frozenset(("state", "user", "partner", "section", "subject", "relay"))


class Records:
    """The records of one mailbox's model, as seen by the gateway's user."""

    def __init__(self, settings: Settings, mailbox: Mailbox, rpc: OdooRpc, memory: Memory) -> None:
        self.settings = settings
        self.mailbox = mailbox
        self.model: str = mailbox.model
        self.rpc = rpc
        self.memory = memory
        self._layout: Layout | None = None
        self._surveyed_now = False  # the layout was asked for in this run: it is not asked for again
        self.rows: dict[int, dict[str, Any]] = {}  # records as they were read last
        self._fresh: set[int] = set()  # those that were read by their number just now
        self.books: dict[str, tuple[Contact, ...]] = {}  # partners by address, as they were asked for

    # --- the call

    def key(self, what: str) -> str:
        """Return the key under which something of this database is remembered."""
        return f"erp:{self.settings.url}:{self.settings.database}:{what}"

    def do(self, model: str, method: str, ids: Sequence[int] | None = None, **named: object) -> Any:
        """Call a model's method as the gateway's user. Raises ErpError."""
        try:
            return self.rpc.call(model, method, ids, **named)
        except (ErpDenied, ErpRefused):
            self.memory.forget(self.key(""))  # a password, a field or a stage may have changed
            raise

    def make(self, model: str, values: Mapping[str, Any], context: Mapping[str, Any]) -> int:
        """Make a record and return its id. Raises ErpError."""
        try:
            return self.rpc.create(model, values, context)
        except (ErpDenied, ErpRefused):
            self.memory.forget(self.key(""))
            raise

    def find_rows(self, model: str, domain: Sequence[object], fields: Sequence[str], **more: object) -> Any:
        """Return the records of a search, as dicts."""
        return self.do(model, "search_read", None, domain=list(domain), fields=list(fields), **more)

    @property
    def layout(self) -> Layout:
        """How the mailbox's cases are kept, as remembered for a day."""
        if self._layout is None:
            key = self.key(f"layout:{_choices(self.mailbox)}")
            known = self.memory.recall(key, DAY)
            self._layout = _layout(known)
            if self._layout is None:
                self._layout = self._surveyed()
                self.memory.remember(key, plain(self._layout))
        return self._layout

    def _surveyed(self) -> Layout:
        """Ask how the cases are kept. What cannot be asked hits every message, so none is kept aside for it."""
        section = self._section(self.mailbox.section).id
        self._surveyed_now = True
        try:
            return survey(self.do, self.mailbox, self.rpc.release, section)
        except (ErpRefused, ErpForbidden) as error:
            raise ErpDenied(f"{self.model} cannot be used as cases: {error}", error.detail) from error

    def forget(self) -> None:
        """Ask everything anew from now on."""
        self.memory.forget(self.key(""))
        self._layout = None

    # --- what is asked

    def section(self, wanted: str | int) -> Section:
        """Return the team or project of that id, else of that name or mail alias (exact), as remembered.

        The mailbox's own is asked for before anything is decided: what is wrong with its mapping shows by then.
        """
        section = self._section(wanted)
        if wanted == self.mailbox.section:
            _ = self.layout  # raises what is wrong with it
        return section

    def _section(self, wanted: str | int) -> Section:
        known = self.memory.recall(self.key(f"section:{self.model}:{wanted}"), self.settings.remember)
        if isinstance(known, dict):
            return Section(**known)
        sections = KINDS[self.model].sections
        named = ["|", ["name", "=", wanted], ["alias_name", "=", wanted]]
        where = [["id", "=", wanted]] if isinstance(wanted, int) else named
        rows = self.find_rows(sections, where, ["name", "alias_name", "user_id"], context=INACTIVE_TOO)
        if len(rows) != 1:
            raise ErpDenied(f"Odoo has {'several' if rows else 'no'} {sections} called {wanted!r}: correct `section:`")
        section = Section(rows[0]["id"], rows[0]["name"] or "", rows[0]["alias_name"] or "", id_of(rows[0]["user_id"]))
        self.memory.remember(self.key(f"section:{self.model}:{wanted}"), plain(section))
        return section

    def sections(self, ids: Sequence[int]) -> tuple[Section, ...]:
        """Return those teams or projects that exist."""
        found = []
        for number in ids:
            try:
                found.append(self.section(number))
            except ErpDenied:
                continue
        return tuple(found)

    def users(self, fresh: bool = False) -> tuple[User, ...]:
        """Return every internal user, inactive ones too; a customer with a portal login is none."""
        known = None if fresh else self.memory.recall(self.key("users"), self.settings.remember)
        users: list[dict[str, Any]] = known if isinstance(known, list) else []
        if not users:
            rows = self.find_rows("res.users", [["share", "=", False]],
                                  ["login", "name", "email", "active", "partner_id"], context=INACTIVE_TOO)  # fmt: skip
            found = [
                User(row["id"], row["login"] or "", row["name"] or "", first_email(row["email"]), bool(row["active"]),
                     id_of(row["partner_id"]))
                for row in rows
            ]  # fmt: skip
            self.memory.remember(self.key("users"), plain(found))
            return tuple(found)
        return tuple(User(**user) for user in users)

    def cases(self, ids: Sequence[int]) -> tuple[Case, ...]:
        """Return the cases that exist, archived ones too, in the order asked for; one call for all."""
        wanted = [number for number in ids if 0 < number < 2**31]
        if wanted and not set(wanted) <= self._fresh:
            self.read("id", wanted)
        self._fresh.clear()
        return tuple(self._case(self.rows[number]) for number in wanted if number in self.rows)

    def numbered(self, numbers: Sequence[str]) -> dict[str, int]:
        """Return the cases of Odoo's own numbers (HT00012), whatever the case of their letters."""
        if not numbers or "number" not in self.layout.read:
            return {}
        spelled = {spelling: number for number in numbers for spelling in (number.upper(), number)}
        rows = self.read("number", list(spelled))
        self._fresh = {row["id"] for row in rows}
        found: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            found.setdefault(spelled[row["number"]], []).append(row)
        return {number: alike[0]["id"] for number, several in found.items() if len(alike := self._own(several)) == 1}

    def _own(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return of several records with one number (companies count for themselves) those of the mailbox's section."""
        if len(rows) == 1:
            return rows
        return [row for row in rows if id_of(row[self.layout.kind.section]) == self.layout.section]

    def read(self, field: str, wanted: Sequence[int | str]) -> list[dict[str, Any]]:
        """Read records anew, by id or number; their rows are kept for what follows in this run."""
        where = [[field, "in", list(wanted)]]
        rows: list[dict[str, Any]] = self.find_rows(self.model, where, self.layout.read, context=INACTIVE_TOO)
        for number in wanted if field == "id" else ():
            self.rows.pop(int(number), None)
        self.rows |= {row["id"]: row for row in rows}
        return rows

    def row(self, case: int) -> dict[str, Any] | None:
        """Return a record as it was read last in this run, else read now; None where it is gone."""
        if case not in self.rows:
            self.read("id", [case])
        return self.rows.get(case)

    def threads(self, message_ids: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """Return the records on which these Message-IDs stand; one mail may stand on several."""
        if not message_ids:
            return {}
        where = [["message_id", "in", list(message_ids)], ["model", "=", self.model], ["res_id", "!=", 0]]
        found: dict[str, tuple[int, ...]] = {}
        for row in self.find_rows("mail.message", where, ["message_id", "res_id"], limit=200):
            cases = found.get(row["message_id"], ())
            found[row["message_id"]] = cases if row["res_id"] in cases else (*cases, row["res_id"])
        return found

    def contacts(self, email: str) -> tuple[Contact, ...]:
        """Return the partners with exactly that address; each is a partner of its own."""
        if not is_address(email):
            return ()
        rows = self.find_rows(
            "res.partner", [["email_normalized", "=", email.lower()]], ["name"], limit=100, order="id"
        )
        for row in rows[:1]:
            self.memory.remember(self.key(f"partner:{row['id']}"), [email, row["name"] or ""])
        self.books[email] = tuple(Contact(row["id"], email, row["name"] or "", row["id"]) for row in rows)
        return self.books[email]

    def relatives(self, partner: int) -> tuple[str, ...]:
        """Return every e-mail address of a partner's company, or of himself."""
        where = ["|", "|", ["id", "=", partner], ["commercial_partner_id", "=", partner],
                 ["commercial_partner_id.child_ids", "in", [partner]]]  # fmt: skip
        rows = self.find_rows("res.partner", where, ["email"], limit=1000)
        return tuple(address.email for row in rows for address in parse_addresses(row["email"] or ""))

    def named(self, what: str, value: str) -> tuple[int, ...]:
        """Return the ids of the teams or projects (by name or alias) or categories (by name) called exactly that."""
        model = KINDS[self.model].sections if what == "section" else self.layout.place(what)[2]
        if not model:
            return ()
        where: list[object] = [["name", "=ilike", literal(value)]]
        if what == "section":
            where = ["|", *where, ["alias_name", "=ilike", literal(value)]]
        rows = self.find_rows(model, where, ["name"], limit=100)
        exact = [row for row in rows if row["name"] == value]  # "SALES" beside Odoo's own "Sales"
        return tuple(row["id"] for row in exact or rows)

    def can(self, action: str, value: str = "", section: int | None = None) -> bool:
        """Tell whether the model has a field for a command, and a stage for a state in a section."""
        if action == "state" and value:
            return can_be(self.layout, value, section)
        if action == "priority":
            return bool(self.layout.levels)
        if action == "cc":
            return "email_cc" in self.layout.read
        return action in COMMANDS or bool(self.layout.place(action)[0])

    # --- from a record to a case

    def _case(self, row: dict[str, Any]) -> Case:
        layout = self.layout
        if row["stage_id"] and layout.stage(row["stage_id"][0]) is None and not self._surveyed_now:
            self.forget()  # a stage that was made since
            layout = self.layout
        assigned = list(row[layout.responsible]) if layout.several else [id_of(row[layout.responsible])]
        if len(assigned) > 1:  # the first is who answers: an active one
            active = {user.id for user in self.users() if user.active}
            assigned.sort(key=lambda uid: uid not in active)
        watchers = parse_addresses(row.get("email_cc") or "")
        return Case(
            row["id"],
            row["name"] or "",
            state_of(layout, row),
            id_of(row[layout.kind.section]) or 0,
            assigned[0] if assigned else None,
            id_of(row["partner_id"]),
            self.contact_of(row),
            watchers,
            level_of(layout, row.get("priority")),
            bool(row.get("active", True)),
            next((at for at in (time_of(row.get(name)) for name in layout.ended) if at is not None), None),
            row.get("number") or "",
            tuple(uid for uid in assigned[1:] if uid is not None),
            self._followers(row, assigned),
        )

    def contact_of(self, row: Mapping[str, Any]) -> tuple[Address, ...]:
        """Return the customer: the record's own field, else the address of its partner.

        A task of 19 shows its partner alone: what stands in the field may be that of the one before.
        """
        layout = self.layout
        partner = id_of(row["partner_id"])
        typed = parse_addresses(row.get(layout.contact) or "") if layout.contact else ()
        hidden = layout.task_state and partner is not None
        if not typed or hidden:
            address = self.addresses([partner]).get(partner) if partner else None
            if address is not None or not typed:
                return (address,) if address else ()
        name = typed[0].name or row.get(layout.contact_name) or ""
        return (Address(typed[0].email, name), *typed[1:])

    def addresses(self, partners: Sequence[int]) -> dict[int, Address]:
        """Return the addresses of partners, as remembered."""
        known = {one: self.memory.recall(self.key(f"partner:{one}"), self.settings.remember) for one in partners}
        missing = [one for one, value in known.items() if not isinstance(value, list)]
        where = [["id", "in", missing]]  # a search, not a read: one that may not be seen must not hide the others
        rows = self.find_rows("res.partner", where, ["name", "email"], context=INACTIVE_TOO) if missing else []
        for row in rows:
            known[row["id"]] = [first_email(row["email"]), row["name"] or ""]
            self.memory.remember(self.key(f"partner:{row['id']}"), known[row["id"]])
        found = {one: Address(*value) for one, value in known.items() if isinstance(value, list)}
        return {one: address for one, address in found.items() if address.email}

    def _followers(self, row: Mapping[str, Any], assigned: Sequence[int | None]) -> tuple[Address, ...]:
        """Return who else follows the discussion in Odoo: not the gateway's user, nor those who are mailed anyway."""
        if not row.get("message_follower_ids"):
            return ()
        users = {user.partner: user for user in self.users()}
        mailed = {self.rpc.uid, *assigned}
        known = {id_of(row["partner_id"]), *(user.partner for user in users.values() if user.id in mailed)}
        partners = [one for one in self._following(row["id"], row["message_follower_ids"]) if one not in known]
        others = self.addresses([one for one in partners if one not in users])
        staff = {one: Address(users[one].email, users[one].name) for one in partners
                 if one in users and users[one].active}  # fmt: skip
        return tuple((staff | others)[one] for one in partners if one in staff or one in others)

    def _following(self, case: int, ids: Sequence[int]) -> list[int]:
        """Return the partners among a record's followers who want its comments; asked again when a follower is new."""
        key = self.key(f"followers:{self.model}:{case}")
        known = self.memory.recall(key, self.settings.remember)
        if not isinstance(known, dict) or not {str(one) for one in ids} <= set(known):
            rows = self.do("mail.followers", "read", list(ids), fields=["partner_id", "subtype_ids"])
            known = {
                str(row["id"]): id_of(row["partner_id"]) if self.layout.comment in row["subtype_ids"] else None
                for row in rows
            }
            self.memory.remember(key, known)
        found = [known.get(str(one)) for one in ids]
        return [one for one in found if one]


def _choices(mailbox: Mailbox) -> str:
    """Return what of a mailbox's configuration a layout rests on."""
    names = [name for name in mailbox._fields if name.partition("_")[0] in ("stages", "priorities", "fields")]
    return repr([mailbox.model, mailbox.section, *(getattr(mailbox, name) for name in names)])


def _layout(known: object) -> Layout | None:
    """Return a remembered layout; None where there is none, or another release of mailgate wrote it."""
    if not isinstance(known, dict):
        return None
    try:
        stages = tuple(Stage(**stage | {"sections": tuple(stage["sections"])}) for stage in known["stages"])
        tuples = {name: tuple(map(_tuple, value)) for name, value in known.items() if isinstance(value, list)}
        return Layout(**known | tuples | {"stages": stages})
    except (TypeError, KeyError):
        return None


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
