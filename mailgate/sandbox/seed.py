"""The company that the sandbox begins with.

`base` is what every new database of the ERP has: the administrator and the groups. `company` adds a small firm with
a support team: enough for `mailgate -u3 -padmin -ssupport -esupport@mycompany.com`.
"""

from __future__ import annotations

from mailgate.sandbox.call import Call
from mailgate.sandbox.reading import ADMIN
from mailgate.sandbox.schema import GROUPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from typing import Any

    from mailgate.sandbox.mailer import Mailer
    from mailgate.sandbox.store import Store

GATEWAY = 3  # the user id of the original gateway's command line


def base(store: Store, db: sqlite3.Connection, mailer: Mailer) -> None:
    """Make the groups, the administrator (password admin), a partner and an address, with a new database's ids."""
    call = Call(store, db, ADMIN, mailer)
    groups = [call.table("res.groups").create({"name": name}) for name in GROUPS]
    partner = call.table("res.partner").create({"name": "Your Company"})
    call.table("res.partner.address").create({"name": "Administrator", "partner_id": partner})
    values = {"name": "Administrator", "login": "admin", "password": "admin", "groups_id": [[6, 0, groups]]}
    call.table("res.users").create(values)
    store.skip_to("res_users", GATEWAY - 1)


def company(store: Store, db: sqlite3.Connection, mailer: Mailer) -> None:
    """Make three users, a customer, a visitor, two teams, and a rule that hands new cases to Fabien."""
    seeder = _Seeder(Call(store, db, ADMIN, mailer))
    seeder.home = seeder.make("res.partner", name="My Company")
    gateway = seeder.user("mailgate", "Mail Gateway", "mailgate@mycompany.com", ["CRM / User", "Employee"], "admin")
    staff = ["CRM / User", "Employee", "Partner Manager"]
    fabien = seeder.user("fp", "Fabien", "fabien@mycompany.com", staff, "fp")
    emmanuel = seeder.user("ede", "Emmanuel", "emmanuel@mycompany.com", staff, "ede")
    assert gateway == GATEWAY
    agrolait = seeder.make("res.partner", name="Agrolait")
    seeder.make("res.partner.address", name="Customer", email="customer@agrolait.com", partner_id=agrolait)
    seeder.make("res.partner.address", name="Visitor", email="visitor@nowhere.com")
    seeder.make("res.partner.canal", name="email")
    support = seeder.section("support", "Support", "support@mycompany.com", emmanuel)
    seeder.section("SALES", "Sales", "sales@mycompany.com", fabien)
    seeder.section("SSUP", "Special Support", "ssup@mycompany.com", emmanuel)
    rule = {"trg_state_from": "open", "trg_state_to": "draft", "trg_section_id": support, "act_user_id": fabien}
    seeder.make("crm.case.rule", name="New cases are Fabien's", sequence=10, **rule)


class _Seeder:
    def __init__(self, call: Call) -> None:
        self._call = call
        self.home = 0  # the partner whose addresses the users' are

    def make(self, model: str, **values: Any) -> int:
        return self._call.table(model).create(values)

    def section(self, code: str, name: str, reply_to: str, responsible: int) -> int:
        return self.make("crm.case.section", code=code, name=name, reply_to=reply_to, user_id=responsible)

    def user(self, login: str, name: str, email: str, groups: list[str], password: str) -> int:
        address = self.make("res.partner.address", name=name, email=email, partner_id=self.home)
        found = self._call.table("res.groups").search([["name", "in", groups]])
        values = {"login": login, "name": name, "password": password, "signature": f"-- \n{name}"}
        return self.make("res.users", **values, address_id=address, groups_id=[[6, 0, found]])
