#!/usr/bin/env python3
"""Create, once, the users, partners, teams, projects and stages that a mail gateway's tests need.

usage: seed.py URL DB USER PASSWORD        e.g.  seed.py $(./up)

Prints a JSON object of the ids. Every user's password is its login. A second run finds everything there and changes
nothing.
"""

from __future__ import annotations

import json
import sys
import xmlrpc.client
from typing import Any

WORK = [
    "base.group_user",
    "helpdesk_mgmt.group_helpdesk_user",
    "project.group_project_user",
    "sales_team.group_sale_salesman_all_leads",
]
STAGES = ["New", "In progress", "Pending", "Done", "Cancelled"]
CLOSING = ("Done", "Cancelled")
# no invitation to the users made here, no word to who leads a team, nobody made a follower
QUIET = {
    "no_reset_password": True,
    "mail_auto_subscribe_no_notify": True,
    "mail_create_nosubscribe": True,
    "tracking_disable": True,
}
Ids = dict[str, dict[str, int]]


class Odoo:
    """A logged-in user."""

    def __init__(self, url: str, db: str, user: str, password: str) -> None:
        self.db, self.password = db, password
        self.uid: Any = xmlrpc.client.ServerProxy(url + "/xmlrpc/2/common").authenticate(db, user, password, {})
        if not self.uid:
            sys.exit("seed.py: wrong user or password")
        self.models = xmlrpc.client.ServerProxy(url + "/xmlrpc/2/object", allow_none=True)

    def __call__(self, model: str, method: str, *args: Any, **options: Any) -> Any:
        return self.models.execute_kw(self.db, self.uid, self.password, model, method, args, options)

    def ref(self, xmlid: str) -> int:
        """Return the id of the record of that external id."""
        module, name = xmlid.split(".")
        found = self("ir.model.data", "search_read", [["module", "=", module], ["name", "=", name]], ["res_id"])
        return int(found[0]["res_id"])

    def ensure(self, model: str, key: dict[str, Any], **values: Any) -> int:
        """Return the id of the record that has the values of `key`; make it with `values` too where there is none."""
        found = self(model, "search", [[field, "=", value] for field, value in key.items()], limit=1)
        return int(found[0] if found else self(model, "create", {**key, **values}, context=QUIET))

    def led(self, model: str, name: str, leader: int, **values: Any) -> int:
        """Return the id of the team or project of that name, led by that user and followed by nobody."""
        ident = self.ensure(model, {"name": name}, user_id=leader, **values)
        leads = self(model, "read", [ident], ["user_id"])[0]["user_id"]
        if not leads or leads[0] != leader:
            self(model, "write", [ident], {"user_id": leader}, context=QUIET)
        followers = self("mail.followers", "search", [["res_model", "=", model], ["res_id", "=", ident]])
        if followers:
            self("mail.followers", "unlink", followers)
        return ident


def seed(odoo: Odoo) -> Ids:
    """Make everything; return the ids by kind and name."""
    users = _users(odoo)
    staff = [[6, 0, [users["fp"], users["ede"]]]]
    teams, projects, sales = {}, {}, {}
    for name, leader in (("SSUP", users["ede"]), ("SALES", users["fp"])):
        teams[name] = odoo.led("helpdesk.ticket.team", name, leader, user_ids=staff)
        projects[name] = odoo.led("project.project", name, leader, privacy_visibility="employees")
        # a salesman belongs to one team, and a lead goes to its salesman's
        sales[name] = odoo.led("crm.team", name, leader, use_leads=True, member_ids=staff if name == "SSUP" else [])
    return {
        "users": users,
        "partners": _partners(odoo, users),
        "helpdesk.ticket": teams,
        "project.task": projects,
        "crm.lead": sales,
        "categories": {"Hardware": odoo.ensure("helpdesk.ticket.category", {"name": "Hardware"})},
        "stages of helpdesk.ticket": _by_name(odoo, "helpdesk.ticket.stage", []),
        "stages of project.task": _task_stages(odoo, list(projects.values())),
        "stages of crm.lead": _by_name(odoo, "crm.stage", []),
    }


def _users(odoo: Odoo) -> dict[str, int]:
    fields = odoo("res.users", "fields_get", [], ["type"])
    groups_field = "group_ids" if "group_ids" in fields else "groups_id"  # Odoo 19, Odoo 14

    def user(login: str, name: str, email: str, groups: list[str]) -> int:
        values: dict[str, Any] = {"name": name, "email": email, "password": login}
        values[groups_field] = [[6, 0, [odoo.ref(group) for group in groups]]]
        return odoo.ensure("res.users", {"login": login}, **values)

    return {
        "fp": user("fp", "Fabien", "fabien@mycompany.example", WORK),
        "ede": user("ede", "Emmanuel", "emmanuel@mycompany.example", WORK),
        # cases of every team, and new partners for unknown senders; no settings, no stages, no deletion of tickets
        "mailgate": user(
            "mailgate", "Mail Gateway", "mailgate@mycompany.example", [*WORK, "base.group_partner_manager"]
        ),
    }


def _partners(odoo: Odoo, users: dict[str, int]) -> dict[str, int]:
    agrolait = odoo.ensure("res.partner", {"name": "Agrolait"}, is_company=True)
    odoo("res.partner", "write", [agrolait], {"email": False})  # the company's only address is its contact's
    customer = odoo.ensure("res.partner", {"name": "Customer"}, email="customer@agrolait.example", parent_id=agrolait)
    visitor = odoo.ensure("res.partner", {"name": "Visitor"}, email="visitor@nowhere.example")
    found = {"Agrolait": agrolait, "Customer": customer, "Visitor": visitor}
    for row in odoo("res.users", "read", list(users.values()), ["login", "partner_id"]):
        found[row["login"]] = row["partner_id"][0]
    return found


def _task_stages(odoo: Odoo, projects: list[int]) -> dict[str, int]:
    """Make the stages of tasks, which a fresh Odoo has none of; the projects share them."""
    # Odoo 14 has closing stages; in Odoo 19 a task is closed by its `state`
    closes = "is_closed" in odoo("project.task.type", "fields_get", [], ["type"])
    found = {}
    for sequence, name in enumerate(STAGES):
        values = {"sequence": sequence, "fold": name in CLOSING, "project_ids": [[6, 0, projects]]}
        if closes:
            values["is_closed"] = name in CLOSING
        found[name] = odoo.ensure("project.task.type", {"name": name, "project_ids": projects[0]}, **values)
    return found


def _by_name(odoo: Odoo, model: str, where: list[Any]) -> dict[str, int]:
    rows = odoo(model, "search_read", where, ["name"], order="sequence")
    return {row["name"]: row["id"] for row in rows}


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    print(json.dumps(seed(Odoo(*sys.argv[1:])), indent=2))
