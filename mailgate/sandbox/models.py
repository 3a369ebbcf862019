"""What single models do beyond what all models do."""

# ruff: noqa: ARG002 - the parameters are those of the wire

from __future__ import annotations

from mailgate.sandbox import rules
from mailgate.sandbox.cases import Cases
from mailgate.sandbox.faults import Invalid, NoRight
from mailgate.sandbox.reading import ADMIN, shown_name
from mailgate.sandbox.writing import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mailgate.sandbox.reading import Row
    from mailgate.sandbox.writing import Values


class Users(Table):
    """res.users: found by login first; nobody but the administrator reads a password."""

    def name_search(
        self, name: Any = "", args: Any = None, operator: str = "ilike", context: Any = None, limit: Any = 80
    ) -> list[list[Any]]:
        """Return `[id, name]` of the user with that login, else of those whose name matches."""
        by_login = self.named([["login", "=", name], *(args or [])], limit, None) if name else []
        return by_login or self.named([["name", operator, name], *(args or [])], limit, None)

    def defaults(self) -> Row:
        """Return the defaults; a new user is an Employee."""
        employee = [ident for ident, _ in self.other("res.groups").name_search("Employee", [], "=")]
        return {**super().defaults(), "groups_id": [[6, 0, employee]]}

    def read(self, ids: Any, fields: Any = None, context: Any = None) -> Any:
        """Return the records, passwords hidden from everybody but the administrator."""
        found = super().read(ids, fields, context)
        for row in found if isinstance(found, list) else [found or {}]:
            if "password" in row and self.uid != ADMIN:
                row["password"] = "********"  # noqa: S105
        return found


class Partners(Table):
    """res.partner: found by its code first."""

    def name_search(
        self, name: Any = "", args: Any = None, operator: str = "ilike", context: Any = None, limit: Any = 80
    ) -> list[list[Any]]:
        """Return `[id, name]` of the partner with that code, else of those whose name matches."""
        by_code = self.named([["ref", "=", name], *(args or [])], limit, context) if name else []
        return by_code or super().name_search(name, args, operator, context, limit)


class Addresses(Table):
    """res.partner.address: named by person and place, found by place, person and partner."""

    def names(self, ids: list[int]) -> list[tuple[int, str]]:
        """Return ids and names: "Person, Street Zip City", or "/"."""
        named = {}
        for row in self.rows(ids, ["name", "street", "zip", "city"]):
            place = " ".join(row[part] for part in ("street", "zip", "city") if row[part])
            named[row["id"]] = ", ".join(part for part in (row["name"], place) if part) or "/"
        return [(ident, named[ident]) for ident in ids if ident in named]

    def name_search(
        self, name: Any = "", args: Any = None, operator: str = "ilike", context: Any = None, limit: Any = 80
    ) -> list[list[Any]]:
        """Return `[id, name]`: by zip, else by city, and by name and partner besides."""
        args = args or []
        found = self.search([["zip", "=", name], *args], 0, limit, None, context)
        found = found or self.search([["city", operator, name], *args], 0, limit, None, context)
        if name:
            for key in ("name", "partner_id"):
                found += self.search([[key, operator, name], *args], 0, limit, None, context)
        return [list(pair) for pair in self.names(found)]


class Sections(Table):
    """crm.case.section: named with the sections above it."""

    def names(self, ids: list[int]) -> list[tuple[int, str]]:
        """Return ids and names: "Parent / Child"."""
        rows = {row["id"]: row for row in self.rows(ids, ["name", "parent_id"])}
        named = []
        for ident in ids:
            if ident in rows:
                above = self.names([rows[ident]["parent_id"]]) if rows[ident]["parent_id"] else []
                named.append((ident, " / ".join([*(name for _, name in above), rows[ident]["name"]])))
        return named

    def validate(self, ids: list[int], values: Values) -> None:
        """Refuse a section that is its own ancestor."""
        for ident in ids if values.get("parent_id") else []:
            above, seen = ident, set()
            while above and above not in seen:
                seen.add(above)
                above = self.row(above, "parent_id")["parent_id"]
            if above:
                raise Invalid(
                    "Error occurred while validating the field(s) parent_id: "
                    "Error ! You cannot create recursive sections."
                )


class Rules(Table):
    """crm.case.rule: a template must be one."""

    def validate(self, ids: list[int], values: Values) -> None:
        """Refuse a mail body whose placeholders cannot be filled in."""
        if isinstance(body := values.get("act_mail_body"), str) and not rules.well_formed(body):
            raise Invalid(
                "Error occurred while validating the field(s) act_mail_body: Error: The mail is not well formated"
            )


class History(Table):
    """crm.case.history: a line of a case's history, with its log row."""

    def compute(self, name: str, rows: list[Row]) -> None:
        """Fill in `note`: e-mail, date and text."""
        found = {row["id"]: row for row in self.rows([row["id"] for row in rows], ["email", "date", "description"])}
        for row in rows:
            line = found[row["id"]]
            row[name] = f"{line['email'] or '/'} ({shown_name(line['date'])})\n{line['description'] or ''}"


class Attachments(Table):
    """ir.attachment: the caller's rights on the record it hangs on count too."""

    def _need_on(self, model: str, right: str) -> None:
        if not self.call.may(self.uid, model, right):
            raise NoRight(right, model)

    def _need_all(self, ids: Any, right: str) -> None:
        for row in self.rows(ids if isinstance(ids, list) else [ids], ["res_model"]):
            self._need_on(row["res_model"] or "", right)

    def search(
        self,
        domain: Any,
        offset: Any = 0,
        limit: Any = None,
        order: Any = None,
        context: Any = None,
        count: Any = False,
    ) -> Any:
        """Return the ids of those whose record's model the user may read."""
        found = super().search(domain, offset, limit, order, context)
        models = {row["id"]: row["res_model"] or "" for row in self.rows(found, ["res_model"])}
        seen = [ident for ident in found if self.call.may(self.uid, models[ident], "read")]
        return len(seen) if count else seen

    def read(self, ids: Any, fields: Any = None, context: Any = None) -> Any:
        """Return the records. Raises NoRight."""
        self._need_all(ids, "read")
        return super().read(ids, fields, context)

    def create(self, values: Values, context: Any = None) -> int:
        """Make an attachment; whether the record exists is not looked at."""
        if values.get("res_model", "") != "":
            self._need_on(values["res_model"], "create")
        return super().create(values, context)

    def write(self, ids: Any, values: Values, context: Any = None) -> bool:
        """Change attachments. Raises NoRight."""
        self._need_all(ids, "write")
        return super().write(ids, values, context)

    def unlink(self, ids: Any, context: Any = None) -> bool:
        """Remove attachments. Raises NoRight."""
        self._need_all(ids, "unlink")
        return super().unlink(ids, context)

    def compute(self, name: str, rows: list[Row]) -> None:
        """Fill in `preview`: the data of an image."""
        found = {row["id"]: row for row in self.rows([row["id"] for row in rows], ["datas_fname", "datas"])}
        for row in rows:
            line = found[row["id"]]
            image = (line["datas_fname"] or "").endswith(("png", "PNG", "jpg", "JPG"))
            row[name] = (image and line["datas"]) or False


class Access(Table):
    """ir.model.access: asks for a right."""

    buttons = ("check",)

    def check(self, model: Any, mode: Any = "read", *_: Any) -> int:
        """Return 1 if the user has a right on a model. Raises NoRight."""
        if not self.call.may(self.uid, model, mode):
            raise NoRight(mode, model)
        return 1


BEHAVIOUR: dict[str, type[Table]] = {
    "res.users": Users,
    "res.partner": Partners,
    "res.partner.address": Addresses,
    "crm.case.section": Sections,
    "crm.case.rule": Rules,
    "crm.case.history": History,
    "ir.attachment": Attachments,
    "ir.model.access": Access,
    "crm.case": Cases,
}
