"""The cases of one model of one ERP in neutral words, for tests that are the same on all; here those of crm.case.

States are draft, open, pending, close, cancel; people are logins; priorities are 1 (highest) to 5; partners, sections
and categories are names; a value that is not there is "" or 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, Protocol

from mailgate.policy import Erp, Secret
from mailgate.sandbox import Sink
from tests.contract.worlds import World

EVERY = ("category", "deadline", "cost", "revenue", "probability")
NOTE_ADDED = "An internal note was added."
BUTTONS = {"draft": "reset", "open": "open", "pending": "pending", "close": "close", "cancel": "cancel"}


class Traits(NamedTuple):
    """What a test must know of a model: what it can keep, and what becomes of what it keeps in its own way."""

    new: str = "open"  # the state of a new case
    fields: tuple[str, ...] = EVERY  # of these commands, those that it has a field for
    states: Mapping[str, str] = {}  # state that is set -> state that it reads as, where another
    priorities: Mapping[int, int] = {}  # likewise
    title: int | None = None  # so many characters of a title are kept
    note_files: bool = False  # attachments of an internal note stand on the case

    def state(self, wanted: str) -> str:
        """Return the state that a case reads as after it was set to `wanted`."""
        return self.states.get(wanted, wanted)

    def priority(self, wanted: int) -> int:
        """Return the priority that a case reads as after it was set to `wanted`."""
        return self.priorities.get(wanted, wanted)


class Books(Protocol):
    """A clean database of an ERP with the seed in it, as its administrator sees one model."""

    name: str
    model: str
    traits: Traits

    @property
    def url(self) -> str:
        """Where the server is."""

    @property
    def erp(self) -> Erp:
        """The configuration's `erp`, for the user `mailgate`."""

    @property
    def mailbox(self) -> dict[str, Any]:
        """What the configuration's mailbox needs for this model."""

    def cases(self) -> list[int]:
        """Return the ids of all cases, also of those in an archive, the oldest first."""

    def title(self, case: int) -> str: ...
    def state(self, case: int) -> str: ...
    def responsible(self, case: int) -> str: ...
    def priority(self, case: int) -> int: ...
    def watchers(self, case: int) -> list[str]: ...
    def contact(self, case: int) -> str:
        """Return the customer's e-mail address."""

    def partner(self, case: int) -> str:
        """Return the name of the customer's company, else his own; "" where the ERP knows none."""

    def section(self, case: int) -> str: ...
    def category(self, case: int) -> str: ...
    def deadline(self, case: int) -> str: ...
    def cost(self, case: int) -> float: ...
    def revenue(self, case: int) -> float: ...
    def probability(self, case: int) -> float: ...
    def history(self, case: int) -> list[tuple[str, bool]]:
        """Return text and whether it is internal of each line that mail brought, the newest first."""

    def attachments(self, case: int) -> list[str]:
        """Return the names of the case's attachments, sorted."""

    def assign(self, case: int, login: str) -> None:
        """Make somebody responsible ("": nobody), as a person does in the ERP."""

    def set_state(self, case: int, state: str) -> None:
        """Bring a case into a state, as a person does in the ERP."""

    def close_long_ago(self, case: int) -> None:
        """Make a case one that was closed years ago."""

    def add_address(self, partner: str, email: str) -> None:
        """Give a partner one more e-mail address."""

    def delete(self, case: int) -> None:
        """Remove a case for good."""

    def outsider(self) -> str:
        """Make a user without any right to the cases; return his login, which is his password."""

    def reminder(self, case: int) -> dict[str, str]:
        """Return the header fields of a mail about a case that the ERP writes by itself."""

    def mails(self) -> AbstractContextManager[Sink]:
        """Have a listener for the ERP's own mails inside the `with` block."""


class CrmBooks:
    """`Books` of crm.case, over XML-RPC: the sandbox, or a real OpenERP 5."""

    model = "crm.case"
    traits = Traits(title=64)

    def __init__(self, world: World) -> None:
        self.world = world
        self.name = world.name

    @property
    def url(self) -> str:
        return self.world.url

    @property
    def erp(self) -> Erp:
        return Erp(self.url, database=self.world.database, user="mailgate", password=Secret(value="mailgate"))

    @property
    def mailbox(self) -> dict[str, Any]:
        self._category()
        return {"section": "SSUP"}

    def _category(self) -> None:
        where = [["name", "=", "Hardware"]]
        if not self.world.admin("crm.case.categ", "search", where):
            values = {"name": "Hardware", "section_id": self.world.support}
            self.world.admin("crm.case.categ", "create", values)

    def read(self, case: int, *fields: str) -> Any:
        """Return a case's field as the server has it, or several; of a many2one its id."""
        row = self.world.admin("crm.case", "read", [case], list(fields))[0]
        found = [row[name][0] if isinstance(row[name], list) and row[name] else row[name] for name in fields]
        return found[0] if len(fields) == 1 else found

    def _linked(self, case: int, field: str, model: str, name: str) -> str:
        ident = self.read(case, field)
        return str(self.world.admin(model, "read", [ident], [name])[0][name]) if ident else ""

    def cases(self) -> list[int]:
        return sorted(self.world.admin("crm.case", "search", [], 0, False, False, {"active_test": False}))

    def title(self, case: int) -> str:
        return str(self.read(case, "name"))

    def state(self, case: int) -> str:
        found = str(self.read(case, "state"))
        return "close" if found == "done" else found

    def responsible(self, case: int) -> str:
        return self._linked(case, "user_id", "res.users", "login")

    def priority(self, case: int) -> int:
        return int(self.read(case, "priority"))

    def watchers(self, case: int) -> list[str]:
        return [one.strip() for one in (self.read(case, "email_cc") or "").split(",") if one.strip()]

    def contact(self, case: int) -> str:
        return bare(self.read(case, "email_from") or "")

    def partner(self, case: int) -> str:
        return self._linked(case, "partner_id", "res.partner", "name")

    def section(self, case: int) -> str:
        return self._linked(case, "section_id", "crm.case.section", "code")

    def category(self, case: int) -> str:
        return self._linked(case, "categ_id", "crm.case.categ", "name")

    def deadline(self, case: int) -> str:
        return str(self.read(case, "date_deadline") or "")[:10]

    def cost(self, case: int) -> float:
        return float(self.read(case, "planned_cost"))

    def revenue(self, case: int) -> float:
        return float(self.read(case, "planned_revenue"))

    def probability(self, case: int) -> float:
        return float(self.read(case, "probability"))

    def lines(self, case: int) -> list[str]:
        """Return the texts of the history as they stand there, the newest first."""
        ids = self.world.admin("crm.case.history", "search", [("case_id", "=", case)])
        rows = self.world.admin("crm.case.history", "read", ids, ["description"])
        return [row["description"] for row in sorted(rows, key=lambda row: -row["id"])]

    def history(self, case: int) -> list[tuple[str, bool]]:
        """Return them without the neutral line that stands above an internal one."""
        lines = self.lines(case)
        pairs = zip(["", *lines[:-1]], lines, strict=True)
        return [(line, above == NOTE_ADDED) for above, line in pairs if line != NOTE_ADDED]

    def attachments(self, case: int) -> list[str]:
        where = [("res_model", "=", "crm.case"), ("res_id", "=", case)]
        rows = self.world.admin("ir.attachment", "read", self.world.admin("ir.attachment", "search", where), ["name"])
        return sorted(row["name"] for row in rows)

    def assign(self, case: int, login: str) -> None:
        user = self.world.ids["users"][login] if login else False
        self.world.admin("crm.case", "write", [case], {"user_id": user})

    def set_state(self, case: int, state: str) -> None:
        self.world.admin("crm.case", f"case_{BUTTONS[state]}", [case])

    def close_long_ago(self, case: int) -> None:
        self.set_state(case, "close")
        self.world.admin("crm.case", "write", [case], {"date_closed": "2020-01-01 00:00:00"})

    def add_address(self, partner: str, email: str) -> None:
        values = {"email": email, "partner_id": self.world.ids["partners"][partner]}
        self.world.admin("res.partner.address", "create", values)

    def delete(self, case: int) -> None:
        self.world.admin("crm.case", "write", [case], {"state": "draft"})
        self.world.admin("crm.case", "unlink", [case])

    def outsider(self) -> str:
        values: dict[str, Any] = {"name": "Outsider", "login": "outsider", "password": "outsider"}
        if not self.world.admin("res.users", "search", [("login", "=", "outsider")]):
            self.world.admin("res.users", "create", values | {"groups_id": [(6, 0, [])]})
        return "outsider"

    def reminder(self, case: int) -> dict[str, str]:
        return {"Message-ID": f"<1234567890.12-tinycrm-{case}@erp.example>"}

    @contextmanager
    def mails(self) -> Iterator[Sink]:
        with self.world.mails() as sink:
            yield sink


def bare(address: str) -> str:
    """Return an address without the name."""
    return address.rpartition("<")[2].rstrip(">").strip()
