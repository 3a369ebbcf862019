"""The dialect of OpenERP 5.0 and Tiny ERP 4.2: `crm.case` and what hangs on it.

What is special here, and done on purpose: empty values are `False`; char values are cut silently (5.0) or refused
(4.2), so they are cut here, and an address never is; `case_open` makes its caller responsible, so a case without a
responsible gets its state by a plain write; there is no `case_draft`; rules may change a case inside any call.
"""

from __future__ import annotations

import time

from mailgate.address import address_key, is_address, parse_addresses, written
from mailgate.erp.rpc import Rpc
from mailgate.model import Case, Contact, Dialect, Section, User
from mailgate.status import ErpDenied, ErpGone, ErpRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from mailgate.erp import Memory
    from mailgate.model import Attachment, Effect, History, Scalar, State
    from mailgate.policy import Erp as Settings
    from mailgate.policy import Mailbox

TITLE, CONTACT, WATCHERS, LINE_EMAIL, FILE_NAME = 64, 128, 252, 84, 64
DAY = 86400

TO_ERP: dict[State, str] = {"draft": "draft", "open": "open", "pending": "pending", "close": "done", "cancel": "cancel"}
FROM_ERP: dict[str, State] = {erp: ours for ours, erp in TO_ERP.items()}
METHODS: dict[State, str] = {
    "draft": "case_reset",
    "open": "case_open",
    "pending": "case_pending",
    "close": "case_close",
    "cancel": "case_cancel",
}
FIELDS = {
    "title": "name",
    "section": "section_id",
    "category": "categ_id",
    "responsible": "user_id",
    "partner": "partner_id",
    "contact_id": "partner_address_id",
    "channel": "canal_id",
    "cost": "planned_cost",
    "revenue": "planned_revenue",
    "probability": "probability",
    "deadline": "date_deadline",
}
ACTIONS = frozenset(
    ("state", "user", "priority", "partner", "cost", "revenue", "probability", "section", "category", "cc", "deadline",
     "subject", "relay")
)  # fmt: skip
READ = ["name", "state", "section_id", "user_id", "partner_id", "email_from", "email_cc", "priority", "active",
        "date_closed"]  # fmt: skip


class TinyErp:
    """`mailgate.erp.Erp` for `crm.case`."""

    dialect = Dialect()

    def __init__(self, settings: Settings, password: Callable[[], str], memory: Memory, timeout: float) -> None:
        self.settings = settings
        self.rpc = Rpc(settings.url, timeout, settings.ca_file)
        self.memory = memory
        self._password = password
        self._secret: str | None = None
        self._uid: int | None = None

    # --- the call

    @property
    def secret(self) -> str:
        """The password, read once, when the first call needs it."""
        if self._secret is None:
            self._secret = self._password()
        return self._secret

    @property
    def uid(self) -> int:
        """The gateway's user id: configured, or looked up by login and remembered."""
        if self._uid is None:
            user = self.settings.user
            self._uid = user if isinstance(user, int) else self._login(user)
        return self._uid

    def key(self, what: str) -> str:
        """Return the key under which something of this database is remembered."""
        return f"erp:{self.settings.url}:{self.settings.database}:{what}"

    def _login(self, login: str) -> int:
        known = self.memory.recall(self.key(f"uid:{login}"), self.settings.remember)
        if isinstance(known, int):
            return known
        uid = self.rpc.call("common", "login", self.settings.database, login, self.secret)
        if not isinstance(uid, int) or uid is False:
            raise ErpDenied(f"the ERP refuses the login {login!r}: wrong login or password, or an inactive user")
        self.memory.remember(self.key(f"uid:{login}"), uid)
        return uid

    def do(self, model: str, method: str, *arguments: object) -> Any:
        """Call a model's method as the gateway's user. Raises ErpError."""
        try:
            return self.rpc.call(
                "object", "execute", self.settings.database, self.uid, self.secret, model, method, *arguments
            )
        except ErpDenied:
            self.memory.forget(self.key(""))
            raise

    # --- what is asked

    def section(self, wanted: str | int) -> Section:
        """Return the section of that id, else code (exact, case sensitive), as remembered."""
        known = self.memory.recall(self.key(f"section:{wanted}"), self.settings.remember)
        if isinstance(known, dict):
            return Section(**known)
        by_id = isinstance(wanted, int)
        ids = [wanted] if by_id else self.do("crm.case.section", "search", [("code", "=", wanted)])
        rows = self.do("crm.case.section", "read", ids, ["name", "code", "user_id", "reply_to"]) if ids else []
        if not rows:
            kind = "id" if by_id else "code"
            raise ErpDenied(f"the ERP has no case section with the {kind} {wanted!r}")
        section = _section(rows[0])
        self.memory.remember(self.key(f"section:{wanted}"), _as_dict(section))
        return section

    def sections(self, ids: Sequence[int]) -> tuple[Section, ...]:
        """Return those sections that exist."""
        found = []
        for number in ids:
            try:
                found.append(self.section(number))
            except ErpDenied:
                continue
        return tuple(found)

    def users(self, fresh: bool = False) -> tuple[User, ...]:
        """Return every user with the e-mail of his address, inactive ones too."""
        known = None if fresh else self.memory.recall(self.key("users"), self.settings.remember)
        if not isinstance(known, list):
            known = [_as_dict(user) for user in self._read_users()]
            self.memory.remember(self.key("users"), known)
        return tuple(User(**user) for user in known)

    def _read_users(self) -> list[User]:
        ids = self.do("res.users", "search", [], 0, False, False, {"active_test": False})
        rows = self.do("res.users", "read", ids, ["login", "name", "active", "address_id"])
        addresses = sorted({row["address_id"][0] for row in rows if row["address_id"]})
        emails = {
            row["id"]: row["email"] or ""
            for row in (self.do("res.partner.address", "read", addresses, ["email"]) if addresses else [])
        }
        return [
            User(row["id"], row["login"] or "", row["name"] or "", _first_email(emails, row), bool(row["active"]))
            for row in rows
        ]

    def cases(self, ids: Sequence[int]) -> tuple[Case, ...]:
        """Return the cases that exist, inactive ones too, in the order asked for; one call for all."""
        wanted = [number for number in ids if 0 < number < 2**31]
        rows = self.do("crm.case", "read", wanted, READ) if wanted else []
        found = {row["id"]: _case(row) for row in rows}
        return tuple(found[number] for number in wanted if number in found)

    def contacts(self, email: str) -> tuple[Contact, ...]:
        """Return the addresses that are exactly `email`; the server compares case or wildcards, so it is done again."""
        ids = self.do("res.partner.address", "search", [("email", "ilike", _literal(email))], 0, 100)
        rows = self.do("res.partner.address", "read", ids, ["email", "name", "partner_id"]) if ids else []
        wanted = address_key(email)
        found = [
            Contact(row["id"], email, row["name"] or "", row["partner_id"][0] if row["partner_id"] else None)
            for row in rows
            if wanted in (address_key(address.email) for address in parse_addresses(row["email"] or ""))
        ]
        return tuple(sorted(found, key=lambda contact: (contact.partner is None, contact.id)))

    def relatives(self, partner: int) -> tuple[str, ...]:
        """Return every e-mail address of a partner's addresses."""
        ids = self.do("res.partner.address", "search", [("partner_id", "=", partner)], 0, 1000)
        rows = self.do("res.partner.address", "read", ids, ["email"]) if ids else []
        return tuple(address.email for row in rows for address in parse_addresses(row["email"] or ""))

    def named(self, what: str, value: str) -> tuple[int, ...]:
        """Return the ids of the sections (by code, else by name) or categories (by name) called exactly that."""
        model = {"section": "crm.case.section", "category": "crm.case.categ"}[what]
        if what == "section":
            ids = self.do(model, "search", [("code", "=", value)])
            if ids:
                return tuple(ids)
        ids = self.do(model, "search", [("name", "ilike", _literal(value))], 0, 100)
        rows = self.do(model, "read", ids, ["name"]) if ids else []
        return tuple(row["id"] for row in rows if (row["name"] or "").casefold() == value.casefold())

    def can(self, action: str, value: str = "", section: int | None = None) -> bool:  # noqa: ARG002  # the port's
        """Tell whether `crm.case` has a field for that command: for every one of them, and every state."""
        return action in ACTIONS

    def threads(self, message_ids: Sequence[str]) -> dict[str, tuple[int, ...]]:  # noqa: ARG002  # the port's
        """Return nothing: these releases keep no Message-IDs."""
        return {}

    def numbered(self, numbers: Sequence[str]) -> dict[str, int]:  # noqa: ARG002  # the port's
        """Return nothing: a case's number is its id."""
        return {}

    # --- what is done

    def apply(self, effect: Effect, case: int | None, attachments: Sequence[Attachment]) -> int | None:
        """Carry out one effect in one call (one or two more where a rule chokes on a title that is not ASCII)."""
        if effect.kind == "attach":
            assert effect.attachment is not None and case is not None
            self.do("ir.attachment", "create", _attachment(effect, case, attachments[effect.attachment]))
            return None
        if effect.kind == "state":
            assert effect.state is not None and case is not None
            self._state(case, effect.state)
            return None
        values = _values(effect)
        if effect.kind == "record":
            assert case is not None
            self.do("crm.case", "write", [case], values)
            return None
        return self._create(values)

    def _create(self, values: dict[str, Any]) -> int:
        try:
            return int(self.do("crm.case", "create", values))
        except ErpRefused as error:
            if not _chokes_on_letters(error) or values["name"].isascii():
                raise
        return int(self.do("crm.case", "create", values | {"name": _ascii(values["name"])}))

    def _state(self, case: int, state: State) -> None:
        try:
            self._method(case, METHODS[state])
        except ErpRefused as error:
            if not _chokes_on_letters(error):
                raise
            title = self.do("crm.case", "read", [case], ["name"])[0]["name"]
            self.do("crm.case", "write", [case], {"name": _ascii(title)})
            self._method(case, METHODS[state])

    def _method(self, case: int, method: str) -> None:
        """Call a button's method; on a missing case its fault is a bare field name (a KeyError in the server)."""
        try:
            self.do("crm.case", method, [case])
        except ErpRefused as error:
            if str(error).removeprefix("the ERP refused: ") in ("user_id", "partner_id", "state", "section_id"):
                raise ErpGone(f"case {case} is gone", error.detail) from error
            raise

    def find(self, effect: Effect, case: int | None) -> int | None:
        """Return the case that bears the effect's marker.

        A history line bears it as its name, an attachment as its description. A state's method writes a log row of
        ours after the history line of the same message.
        """
        if effect.kind == "attach":
            where = [("res_model", "=", "crm.case"), ("res_id", "=", case), ("description", "=", effect.marker)]
            return case if self.do("ir.attachment", "search", where) else None
        ids = self.do("crm.case.history", "search", [("name", "=", effect.marker)])
        rows = self.do("crm.case.history", "read", ids[:1], ["case_id", "log_id"]) if ids else []
        if not rows or not rows[0]["case_id"]:
            return None
        found = int(rows[0]["case_id"][0])
        if effect.kind != "state":
            return found
        later = [("case_id", "=", found), ("user_id", "=", self.uid), ("id", ">", rows[0]["log_id"][0])]
        return found if self.do("crm.case.log", "search", later) else None

    # --- what is checked

    def close(self) -> None:
        """Close the connection to the server."""
        self.rpc.http.close()

    def check(self, mailbox: Mailbox) -> Iterator[tuple[bool, str]]:
        """Yield (well, words) for release, login, rights, section, and who hears of new cases.

        Stops by an ErpError where nothing further can be asked.
        """
        from mailgate.erp.tiny_check import check

        return check(self, mailbox)


def _as_dict(record: Section | User) -> dict[str, Scalar]:
    return {field: getattr(record, field) for field in record._fields}


def _section(row: dict[str, Any]) -> Section:
    return Section(
        row["id"], row["name"] or "", row["code"] or "", row["user_id"][0] if row["user_id"] else None,
        row["reply_to"] or "",
    )  # fmt: skip


def _first_email(emails: dict[int, str], user: dict[str, Any]) -> str:
    typed = emails.get(user["address_id"][0], "") if user["address_id"] else ""
    return next((address.email for address in parse_addresses(typed) if is_address(address.email)), "")


def _case(row: dict[str, Any]) -> Case:
    def link(field: str) -> int | None:
        return int(row[field][0]) if row[field] else None

    priority = str(row["priority"] or "")
    return Case(
        row["id"],
        row["name"] or "",
        FROM_ERP.get(row["state"], "open"),
        link("section_id") or 0,
        link("user_id"),
        link("partner_id"),
        parse_addresses(row["email_from"] or ""),
        parse_addresses(row["email_cc"] or ""),
        int(priority) if priority in ("1", "2", "3", "4", "5") else None,
        bool(row["active"]),
        _time(row["date_closed"]),
    )


def _time(value: object) -> float | None:
    """Read the server's local time, whose zone is not known: near enough for days."""
    try:
        return time.mktime(time.strptime(str(value)[:19], "%Y-%m-%d %H:%M:%S")) if value else None
    except (ValueError, OverflowError):
        return None


def _literal(value: str) -> str:
    """Escape what `ilike` takes for wildcards, as PostgreSQL wants it."""
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _values(effect: Effect) -> dict[str, Any]:
    """Translate neutral values into `crm.case` fields, each within its size."""
    values: dict[str, Any] = {}
    left_out: list[str] = []
    for name, value in effect.values:
        if name == "contact":
            values["email_from"] = _contact(str(value), left_out)
        elif name == "watchers":
            assert isinstance(value, tuple)
            values["email_cc"] = _watchers(value, left_out)
        elif name == "state":
            values["state"] = TO_ERP[value]  # type: ignore[index]  # plan writes nothing else under that name
            if value in ("open", "pending"):
                values["active"] = True
        elif name == "priority":
            values["priority"] = str(value)
        elif name == "title":
            values["name"] = str(value)[:TITLE]
        else:
            values[FIELDS[name]] = False if value is None else value
    if effect.line is not None:
        values["history_line"] = [(0, 0, line) for line in _lines(effect.line, effect.marker, left_out)]
    return values


def _contact(value: str, left_out: list[str]) -> str | bool:
    """Return the address with its name, without it where both are too long, and never cut."""
    if len(value) <= CONTACT:
        return value
    bare = next((address.email for address in parse_addresses(value)), "")
    if bare and len(bare) <= CONTACT:
        return bare
    left_out.append(f"The sender's address is too long for the case: {bare or value}")
    return False


def _watchers(emails: Sequence[str], left_out: list[str]) -> str:
    kept = ""
    for email in emails:
        longer = f"{kept}, {email}" if kept else email
        if len(longer) <= WATCHERS:
            kept = longer
        else:
            left_out.append(f"Not added to the case's Cc, which is full: {email}")
    return kept


def _lines(line: History, marker: str, left_out: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the history line and, after an internal one, a neutral line.

    A rule "remind partner" mails the newest line to the customer, whatever it was meant for.
    """
    email = line.author.email if len(line.author.email) <= LINE_EMAIL else ""
    head = [] if email else [f"From: {written(line.author)}"]
    text = "\n".join([*head, line.text, *left_out]).strip() or "(empty)"
    values: dict[str, Any] = {"description": text, "email": email or False, "name": marker}
    if abs(time.time() - line.date) > DAY:
        values["date"] = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(line.date))
    yield values
    if line.internal:
        yield {"description": "An internal note was added.", "email": False, "name": f"{marker} note"[:TITLE]}


def _attachment(effect: Effect, case: int, attachment: Attachment) -> dict[str, Any]:
    import binascii

    name = _short_name(effect.name or attachment.name)
    return {
        "name": name,
        "datas_fname": name,
        "datas": binascii.b2a_base64(attachment.data, newline=False).decode("ascii"),
        "description": effect.marker,
        "res_model": "crm.case",
        "res_id": case,
    }


def _short_name(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    if len(name) <= FILE_NAME or not dot or len(ending) > 10:
        return name[:FILE_NAME]
    return stem[: FILE_NAME - len(ending) - 1] + dot + ending


def _chokes_on_letters(error: ErpRefused) -> bool:
    """Recognise 5.0.0's failure to mail about a case whose title is not ASCII, inside the call, at every try."""
    return "UnicodeEncodeError" in error.detail or "UnicodeDecodeError" in error.detail


def _ascii(title: str) -> str:
    import unicodedata

    flat = unicodedata.normalize("NFKD", title)
    return "".join(letter if letter.isascii() else "?" for letter in flat if not unicodedata.combining(letter))
