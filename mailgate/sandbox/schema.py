"""The models of OpenERP 5.0 that the sandbox knows, as data: fields, order, uniqueness, and who may do what.

Sizes, defaults, orders and rights are those of release 5.0.0-3 with its module crm; fields that no mail gateway
touches are left out.
"""

from __future__ import annotations

from mailgate.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

CALLER, NOW = "<caller>", "<now>"  # defaults that depend on the call

STATES = (("draft", "Draft"), ("open", "Open"), ("cancel", "Cancel"), ("done", "Close"), ("pending", "Pending"))
PRIORITIES = (("5", "Lowest"), ("4", "Low"), ("3", "Normal"), ("2", "High"), ("1", "Highest"))
BUTTONS = (("", ""), ("escalate", "Escalate"), *STATES)


class Field(Record):
    """One field. `inverse` is a one2many's field on the other side; a default of None means: none."""

    type: str
    size: int = 0
    required: bool = False
    readonly: bool = False
    relation: str = ""
    inverse: str = ""
    selection: tuple[tuple[str, str], ...] = ()
    default: str | int | float | bool | None = None
    cascade: bool = False
    computed: bool = False

    @property
    def stored(self) -> bool:
        """Whether the field is a column of its model's table."""
        return not self.computed and self.type not in ("one2many", "many2many")


class Model(Record):
    """One model. `inherits` is the model it extends by delegation, and the field that leads there."""

    name: str
    label: str
    fields: Mapping[str, Field]
    order: str = "id"
    inherits: tuple[str, str] | None = None
    unique: tuple[tuple[str, str], ...] = ()  # field, and what is said when it is taken

    @property
    def table(self) -> str:
        """The table's name."""
        return self.name.replace(".", "_")


def _char(size: int, *, required: bool = False, default: str | bool | None = None) -> Field:
    return Field("char", size, required, default=default)


def _one(relation: str, *, required: bool = False, default: str | bool | None = None, cascade: bool = False) -> Field:
    return Field("many2one", required=required, relation=relation, default=default, cascade=cascade)


def _many(relation: str, inverse: str, *, readonly: bool = False) -> Field:
    return Field("one2many", relation=relation, inverse=inverse, readonly=readonly)


def _choice(selection: tuple[tuple[str, str], ...], size: int = 0, default: str | None = None) -> Field:
    return Field("selection", size, selection=selection, default=default)


_TEXT = Field("text")
_INTEGER = Field("integer")
_FLOAT = Field("float")
_FLAG = Field("boolean", default=0)
_ACTIVE = Field("boolean", default=1)
_MOMENT = Field("datetime")
_NAME = _char(64, required=True)

_CASE = {
    "section_id": _one("crm.case.section", required=True),
    "name": _NAME,
    "active": _ACTIVE,
    "state": Field("selection", 16, readonly=True, selection=STATES, default="open"),
    "priority": _choice(PRIORITIES, default="3"),
    "categ_id": _one("crm.case.categ"),
    "user_id": _one("res.users", default=CALLER),
    "partner_id": _one("res.partner", default=False),
    "partner_address_id": _one("res.partner.address", default=False),
    "email_from": _char(128, default=False),
    "email_cc": _char(252),
    "email_last": Field("text", readonly=True, computed=True),
    "description": _TEXT,
    "planned_cost": _FLOAT,
    "planned_revenue": _FLOAT,
    "probability": _FLOAT,
    "canal_id": _one("res.partner.canal"),
    "som": _one("res.partner.som"),
    "date": _MOMENT,
    "date_deadline": _MOMENT,
    "create_date": Field("datetime", readonly=True),
    "date_closed": Field("datetime", readonly=True),
    "date_action_last": Field("datetime", readonly=True),
    "date_action_next": Field("datetime", readonly=True),
    "history_line": _many("crm.case.history", "case_id", readonly=True),
    "log_ids": _many("crm.case.log", "case_id", readonly=True),
    "ref": Field("reference", 128, selection=(("crm.case", "Case"),)),
    "ref2": Field("reference", 128, selection=(("crm.case", "Case"),)),
}

_SECTION = {
    "name": _NAME,
    "code": _char(8),
    "active": _ACTIVE,
    "sequence": _INTEGER,
    "user_id": _one("res.users"),
    "reply_to": _char(64),
    "parent_id": _one("crm.case.section"),
    "child_ids": _many("crm.case.section", "parent_id"),
}

_LOG = {
    "case_id": _one("crm.case", required=True, cascade=True),
    "name": _char(64),
    "date": Field("datetime", default=NOW),
    "user_id": _one("res.users"),
    "section_id": _one("crm.case.section"),
    "som": _one("res.partner.som"),
    "canal_id": _one("res.partner.canal"),
}

_HISTORY = {
    "log_id": _one("crm.case.log", cascade=True),
    "description": _TEXT,
    "email": _char(84),
    "note": Field("text", readonly=True, computed=True),
}

_RULE = {
    "name": _NAME,
    "active": _ACTIVE,
    "sequence": _INTEGER,
    "trg_state_from": _choice(BUTTONS, 16),
    "trg_state_to": _choice(BUTTONS, 16),
    "trg_date_type": _choice(
        (("none", "None"), ("create", "Creation Date"), ("action_last", "Last Action Date"), ("deadline", "Deadline"),
         ("date", "Date")), 16, "none",
    ),
    "trg_date_range": _INTEGER,
    "trg_date_range_type": _choice(
        (("minutes", "Minutes"), ("hour", "Hours"), ("day", "Days"), ("month", "Months")), default="day"
    ),
    "trg_section_id": _one("crm.case.section"),
    "trg_categ_id": _one("crm.case.categ"),
    "trg_user_id": _one("res.users"),
    "trg_partner_id": _one("res.partner"),
    "trg_priority_from": _choice((("", ""), *PRIORITIES)),
    "trg_priority_to": _choice((("", ""), *PRIORITIES)),
    "act_state": _choice((("", ""), *STATES), 16),
    "act_section_id": _one("crm.case.section"),
    "act_user_id": _one("res.users"),
    "act_priority": _choice((("", ""), *PRIORITIES)),
    "act_email_cc": _char(250),
    "act_remind_partner": _FLAG,
    "act_remind_user": _FLAG,
    "act_remind_attach": Field("boolean"),
    "act_mail_to_user": _FLAG,
    "act_mail_to_partner": _FLAG,
    "act_mail_to_watchers": _FLAG,
    "act_mail_to_email": _char(128),
    "act_mail_body": _TEXT,
}  # fmt: skip

_USERS = {
    "name": _NAME,
    "login": _NAME,
    "password": _char(64, default=""),
    "address_id": _one("res.partner.address"),
    "signature": _TEXT,
    "active": Field("boolean", default=True),
    "context_lang": _char(64, default="en_US"),
    "groups_id": Field("many2many", relation="res.groups"),
}

_PARTNER = {
    "name": _char(128, required=True),
    "ref": _char(64),
    "active": _ACTIVE,
    "customer": _ACTIVE,
    "supplier": Field("boolean"),
    "website": _char(64),
    "comment": _TEXT,
    "user_id": _one("res.users"),
    "parent_id": _one("res.partner"),
    "address": _many("res.partner.address", "partner_id"),
}

_ADDRESS = {
    "name": _char(64),
    "email": _char(240),
    "partner_id": _one("res.partner"),
    "phone": _char(64),
    "mobile": _char(64),
    "fax": _char(64),
    "street": _char(128),
    "zip": _char(24),
    "city": _char(128),
    "active": _ACTIVE,
}

_ATTACHMENT = {
    "name": _NAME,
    "datas": Field("binary"),
    "datas_fname": _char(64),
    "preview": Field("binary", readonly=True, computed=True),
    "description": _TEXT,
    "res_model": Field("char", 64, readonly=True),
    "res_id": Field("integer", readonly=True),
    "link": _char(256),
    "create_date": Field("datetime", readonly=True),
    "create_uid": Field("many2one", readonly=True, relation="res.users"),
}

_EVENT = {
    "name": _NAME,
    "description": _TEXT,
    "partner_id": _one("res.partner"),
    "user_id": _one("res.users"),
    "date": _MOMENT,
    "document": Field("char", 128),
    "som": _one("res.partner.som"),
    "canal_id": _one("res.partner.canal"),
}

_LOGIN_TAKEN = "You can not have two users with the same login !"
_CODE_TAKEN = "The code of the section must be unique !"
_CATEGORY = {
    "name": _NAME,
    "probability": Field("float", required=True, default=0.0),
    "section_id": _SECTION["parent_id"],
}

MODELS = {
    model.name: model
    for model in (
        Model("res.groups", "Group", {"name": _NAME, "comment": _TEXT}, "name"),
        Model("res.partner", "Partner", _PARTNER, "name"),
        Model("res.partner.address", "Partner Contact", _ADDRESS),
        Model("res.partner.canal", "Channel", {"name": _NAME, "active": _ACTIVE}),
        Model("res.partner.som", "State of Mind", {"name": _NAME, "factor": _FLOAT}),
        Model("res.users", "User", _USERS, unique=(("login", _LOGIN_TAKEN),)),
        Model("res.partner.event", "Partner Event", _EVENT, "date desc"),
        Model("ir.attachment", "Attachment", _ATTACHMENT),
        Model("ir.model.access", "Access Controls", {"name": _NAME}),
        Model("crm.case.section", "Case Section", _SECTION, unique=(("code", _CODE_TAKEN),)),
        Model("crm.case.categ", "Category of case", _CATEGORY),
        Model("crm.case.rule", "Case Rule", _RULE, "sequence"),
        Model("crm.case", "Case", _CASE, "priority, date_deadline desc, date desc, id desc"),
        Model("crm.case.log", "Case Communication History", _LOG, "id desc"),
        Model("crm.case.history", "Case history", _HISTORY, "id desc", ("crm.case.log", "log_id")),
    )
}

GROUPS = (
    "Administrator / Configuration", "Administrator / Access Rights", "Employee", "Useability / Extended View",
    "Useability / No One", "Partner Manager", "Maintenance Manager", "CRM / Manager", "CRM / User",
)  # fmt: skip

# model: group ("" is everybody) and what it may do there: read, write, create, unlink
RIGHTS: dict[str, tuple[tuple[str, str], ...]] = {
    "crm.case": (("CRM / User", "rwcu"), ("CRM / Manager", "rwcu")),
    "crm.case.log": (("CRM / User", "rwcu"), ("CRM / Manager", "rwcu")),
    "crm.case.history": (("CRM / User", "rwcu"), ("CRM / Manager", "rwcu")),
    "crm.case.section": (("CRM / User", "r"), ("CRM / Manager", "rwcu")),
    "crm.case.categ": (("CRM / User", "r"), ("CRM / Manager", "rwcu")),
    "crm.case.rule": (("CRM / User", "r"), ("CRM / Manager", "rwcu")),
    "ir.attachment": (("", "rwcu"),),
    "res.groups": (("", "r"), ("Administrator / Access Rights", "rwcu")),
    "res.users": (("", "r"), ("Administrator / Access Rights", "rwcu")),
    "res.partner": (("Employee", "r"), ("Partner Manager", "rwcu")),
    "res.partner.address": (("Employee", "r"), ("Partner Manager", "rwcu")),
    "res.partner.canal": (("Employee", "r"), ("Partner Manager", "rwcu")),
    "res.partner.som": (("Employee", "r"), ("Partner Manager", "rwcu")),
    "res.partner.event": (("Employee", "rwcu"), ("Partner Manager", "rwcu")),
}
