#!/usr/bin/env python3
"""Create, once, the users, addresses and sections that a mail gateway's tests need.

usage: seed.py URL DB USER PASSWORD        e.g.  seed.py $(./up)

Prints a JSON object of the ids. Every user's password is its login. A second run finds everything there and changes
nothing.
"""

from __future__ import annotations

import json
import sys
import xmlrpc.client
from typing import Any

STAFF = ["CRM / User", "Employee", "Partner Manager"]


class OpenERP:
    """A logged-in user."""

    def __init__(self, url: str, db: str, user: str, password: str) -> None:
        self.db, self.password = db, password
        self.uid = xmlrpc.client.ServerProxy(url + "/xmlrpc/common").login(db, user, password)
        if not self.uid:
            sys.exit("seed.py: wrong user or password")
        self.object = xmlrpc.client.ServerProxy(url + "/xmlrpc/object")

    def __call__(self, model: str, method: str, *args: Any) -> Any:
        return self.object.execute(self.db, self.uid, self.password, model, method, *args)

    def ensure(self, model: str, key: dict[str, Any], **values: Any) -> int:
        """Return the id of the record that has the values of `key`; make it with `values` too where there is none."""
        found = self(model, "search", [[field, "=", value] for field, value in key.items()])
        return int(found[0] if found else self(model, "create", {**key, **values}))


def seed(erp: OpenERP) -> dict[str, dict[str, int]]:
    """Make everything; return the ids by kind and name."""
    groups = {
        group["name"]: group["id"] for group in erp("res.groups", "read", erp("res.groups", "search", []), ["name"])
    }
    partners = {name: erp.ensure("res.partner", {"name": name}) for name in ("My Company", "Agrolait")}

    def address(email: str, name: str, partner: int | bool = False) -> int:
        return erp.ensure("res.partner.address", {"email": email}, name=name, partner_id=partner)

    def user(login: str, name: str, email: str, group_names: list[str]) -> int:
        values = {"name": name, "password": login, "signature": "-- \n" + name}
        home = address(email, name, partners["My Company"])
        chosen = [(6, 0, [groups[group] for group in group_names])]
        return erp.ensure("res.users", {"login": login}, **values, address_id=home, groups_id=chosen)

    users = {
        "fp": user("fp", "Fabien", "fabien@mycompany.example", STAFF),
        "ede": user("ede", "Emmanuel", "emmanuel@mycompany.example", STAFF),
        # the least with which a gateway can read addresses, create and write cases and call case_open
        "mailgate": user("mailgate", "Mail Gateway", "mailgate@mycompany.example", ["CRM / User", "Employee"]),
    }
    addresses = {
        "customer@agrolait.example": address("customer@agrolait.example", "Customer", partners["Agrolait"]),
        "visitor@nowhere.example": address("visitor@nowhere.example", "Visitor"),
    }
    for login, uid in users.items():
        addresses[login] = erp("res.users", "read", [uid], ["address_id"])[0]["address_id"][0]
    support = {"name": "Support", "user_id": users["ede"], "reply_to": "support@mycompany.example"}
    sales = {"name": "Sales", "user_id": users["fp"], "reply_to": "sales@mycompany.example"}
    sections = {
        "SSUP": erp.ensure("crm.case.section", {"code": "SSUP"}, **support),
        "SALES": erp.ensure("crm.case.section", {"code": "SALES"}, **sales),
    }
    return {"users": users, "partners": partners, "addresses": addresses, "sections": sections, "groups": groups}


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    print(json.dumps(seed(OpenERP(*sys.argv[1:])), indent=2))
