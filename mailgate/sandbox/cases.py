"""`crm.case`: what its buttons do. Each writes a row of `crm.case.log` under the calling user, then runs the rules."""

# ruff: noqa: ARG002 - the parameters are those of the wire

from __future__ import annotations

from mailgate.sandbox import rules
from mailgate.sandbox.faults import NoAttribute, Warned, WrongIndex, WrongType
from mailgate.sandbox.mailer import ascii_only
from mailgate.sandbox.values import now
from mailgate.sandbox.writing import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mailgate.sandbox.reading import Row
    from mailgate.sandbox.writing import Values

EVENTS = frozenset({"open", "done"})  # the buttons that leave an event on the case's partner


class Cases(Table):
    """The model `crm.case`."""

    buttons = frozenset(
        {"case_open", "case_close", "case_pending", "case_cancel", "case_reset", "case_escalate", "case_log",
         "case_log_reply"}
    )  # fmt: skip

    def compute(self, name: str, rows: list[Row]) -> None:
        """Fill in `email_last`: the text of the newest history line."""
        history = self.other("crm.case.history")
        for row in rows:
            lines = history.rows(history.search([["case_id", "=", row["id"]]], 0, 1), ["description"])
            row[name] = lines[0]["description"] if lines and lines[0]["description"] is not None else False

    def create(self, values: Values, context: Any = None) -> int:
        """Make a case; the rules run as for "draft", whatever its state is."""
        ident = super().create(values, context)
        self.need("read")
        rules.run(self.call, self.row(ident, "state"), "draft")
        return ident

    def unlink(self, ids: Any, context: Any = None) -> bool:
        """Remove cases, drafts only."""
        for case in self._cases(ids, "state"):
            if case["state"] != "draft":
                raise Warned("Warning !", "You can not delete this case. You should better cancel it.")
        return super().unlink(ids, context)

    def emails_get(self, ident: Any, context: Any = None) -> list[Any]:
        """Return the responsible's address, email_from, email_cc, priority; False for what is empty."""
        if isinstance(ident, list):
            raise NoAttribute("'browse_record_list' object has no attribute 'user_id'")
        self.need("read")
        case = self.row(ident, "user_id")
        responsible = rules.user_of(self.call, case["user_id"])["email"] or False
        rest = (False if case[name] is None else case[name] for name in ("email_from", "email_cc", "priority"))
        return [responsible, *rest]

    # --- the buttons -------------------------------------------------------------------------------------------------

    def case_open(self, ids: Any, *_: Any) -> bool:
        """Open; a case without a responsible gets the calling user."""
        cases = self._cases(ids, "partner_id")
        self._note(cases, "open", "Open")
        for case in cases:
            self.write(ids, {"state": "open", "active": True} | ({} if case["user_id"] else {"user_id": self.uid}))
        return self._run_rules(cases, "open")

    def case_close(self, ids: Any, *_: Any) -> bool:
        """Close, and note when."""
        return self._press(ids, "done", "Close", {"state": "done", "date_closed": now()})

    def case_pending(self, ids: Any, *_: Any) -> bool:
        """Set pending."""
        return self._press(ids, "pending", "Pending", {"state": "pending", "active": True})

    def case_cancel(self, ids: Any, *_: Any) -> bool:
        """Cancel."""
        return self._press(ids, "cancel", "Cancel", {"state": "cancel", "active": True})

    def case_reset(self, ids: Any, *_: Any) -> bool:
        """Make a draft again."""
        return self._press(ids, "draft", "Draft", {"state": "draft", "active": True})

    def case_escalate(self, ids: Any, *_: Any) -> bool:
        """Hand over to the section above and its responsible."""
        cases = self._cases(ids, "section_id")
        sections = self.other("crm.case.section")
        for case in cases:
            above = sections.row(case["section_id"], "parent_id")["parent_id"]
            if not above:
                raise Warned("Error !", "You can not escalate this case.\nYou are already at the top level.")
            responsible = sections.row(above, "user_id")["user_id"]
            self.write(ids, {"active": True, "section_id": above, "user_id": responsible or False})
        self._log(cases, "Escalate")
        return self._run_rules(cases, "escalate")

    def case_log(self, ids: Any, context: Any = None, email: Any = False, *_: Any) -> bool:
        """Move the description into the history."""
        self._log(self._cases(ids, "som"), "Historize", history=True, email=email)
        return self.write(ids, {"description": False, "som": False, "canal_id": False})

    def case_log_reply(self, ids: Any, context: Any = None, email: Any = False, *_: Any) -> bool:
        """Move the description into the history, and mail it to the customer and the watchers."""
        cases = self._cases(ids, "email_from")
        for case in cases:
            if not case["email_from"]:
                raise Warned("Error!", "You must put a Partner eMail to use this action!")
            if not case["description"]:
                raise Warned("Error!", "Can not send mail with empty body,you should have description in the body")
        self._log(cases, "Send", history=True)
        for case in cases:
            self.write([case["id"]], {"description": False, "som": False, "canal_id": False})
            self._reply(case)
        return True

    def _reply(self, case: Row) -> None:
        user = rules.user_of(self.call, case["user_id"])
        if not user["email"]:
            raise NoAttribute("'bool' object has no attribute 'email'")
        recipients = [address for address in (case["email_from"], *(case["email_cc"] or "").split(",")) if address]
        text = case["description"] + (f"\n\n{user['signature']}" if user["signature"] else "")
        reply_to = self.other("crm.case.section").row(case["section_id"], "reply_to")["reply_to"]
        subject = f"[{case['id']}] {case['name']}"
        self.call.mailer.send(case["id"], user["email"], recipients, subject, ascii_only(text), reply_to)

    # --- their parts -------------------------------------------------------------------------------------------------

    def _press(self, ids: Any, button: str, word: str, changes: Values) -> bool:
        cases = self._cases(ids, "state")
        if not cases:
            raise WrongIndex("list index out of range")
        self._note(cases, button, word)
        self.write(ids, changes)
        return self._run_rules(cases, button)

    def _cases(self, ids: Any, missing: str) -> list[Row]:
        """Return the rows as they are now; `missing` is the field whose KeyError an unknown id is answered with."""
        if not isinstance(ids, list):
            raise WrongType("hasattr(): attribute name must be string")
        if ids:
            self.need("read")
        return [self.row(ident, missing) for ident in ids]

    def _note(self, cases: list[Row], button: str, word: str) -> None:
        for case in cases:
            if case["partner_id"] and button in EVENTS:
                self._event(case, button)
        self._log(cases, word)

    def _event(self, case: Row, button: str) -> None:
        name = f"Case {button}: {case['name']}"
        values = {
            "name": name if len(name) <= 64 else name[:61] + "...",
            "description": case["description"],
            "partner_id": case["partner_id"],
            "date": now(),
            "user_id": self.uid,
            "document": f"crm.case,{case['id']}",
        }
        self.peer("res.partner.event").create(values)

    def _log(self, cases: list[Row], word: str, *, history: bool = False, email: Any = False) -> None:
        for case in cases:
            values = {"name": word, "user_id": self.uid, "date": now(), "case_id": case["id"]}
            values |= {name: case[name] for name in ("section_id", "som", "canal_id")}
            if history and case["description"]:
                values["description"] = case["description"]
                values["email"] = email or rules.user_of(self.call, case["user_id"])["email"] or False
                self.peer("crm.case.history").create(values)
            else:
                self.peer("crm.case.log").create(values)

    def _run_rules(self, cases: list[Row], button: str) -> bool:
        for case in cases:
            rules.run(self.call, case, button)
        return True
