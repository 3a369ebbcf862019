"""How a model of Odoo keeps what a case is: fields, stages, priorities. Found by asking, overridden by the mailbox.

What Odoo names differently from model to model, and from release to release (14 and 19 were tried), is settled here,
once, and remembered: the rest of the dialect sees a `Layout`.
"""

from __future__ import annotations

from mailgate.erp.odoo_stages import STAGE_FLAGS, Stage, aim, classified
from mailgate.model import STATES
from mailgate.record import Record
from mailgate.status import ErpDenied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from mailgate.model import State
    from mailgate.policy import Mailbox

    Ask = Callable[..., Any]


class Kind(Record):
    """What is known of a model beforehand. `ended` are fields that hold when a case was closed, the best first."""

    section: str  # the field that names the team or project
    sections: str  # and its model
    stages: str
    closed: str  # the stage's flag
    contact: str  # the field with the customer's address
    name: str  # and the one with his name
    ended: tuple[str, ...]
    places: tuple[tuple[str, str], ...]  # neutral value -> field
    group: str  # who may work with it, as Odoo's settings word it
    xmlid: str  # and as Odoo knows that group


KINDS = {
    "helpdesk.ticket": Kind(
        "team_id", "helpdesk.ticket.team", "helpdesk.ticket.stage", "closed", "partner_email", "partner_name",
        ("closed_date",), (("category", "category_id"), ("channel", "channel_id")), "Helpdesk / User",
        "helpdesk_mgmt.group_helpdesk_user",
    ),
    "project.task": Kind(
        "project_id", "project.project", "project.task.type", "is_closed", "email_from", "",
        ("date_end", "date_last_stage_update"), (("deadline", "date_deadline"),), "Project / User",
        "project.group_project_user",
    ),
    "crm.lead": Kind(
        "team_id", "crm.team", "crm.stage", "is_won", "email_from", "contact_name",
        ("date_closed",), (("deadline", "date_deadline"), ("revenue", "expected_revenue"),
                           ("probability", "probability")), "Sales / User: All Documents",
        "sales_team.group_sale_salesman_all_leads",
    ),
}  # fmt: skip
NUMBERS = ("float", "monetary", "integer")
FITTING = {
    "contact": ("char",), "description": ("text", "html"), "category": ("many2one", "many2many"),
    "channel": ("many2one", "many2many"), "deadline": ("date", "datetime"), "cost": NUMBERS, "revenue": NUMBERS,
    "probability": NUMBERS,
}  # fmt: skip
NEUTRAL = ("category", "channel", "deadline", "cost", "revenue", "probability")
DONE, CANCELED, WORKING = "1_done", "1_canceled", "01_in_progress"  # Odoo 19's state of a task


class Layout(Record):
    """How the records of one mailbox are written and read."""

    model: str
    release: int
    read: tuple[str, ...]  # the fields that make a case
    contact: str
    contact_name: str
    description: str
    description_html: bool
    responsible: str
    places: tuple[tuple[str, str, str, str], ...]  # neutral value, field, type, relation
    ended: tuple[str, ...]
    levels: tuple[str, ...]  # priorities of 1 (highest) to 5, as Odoo's keys; empty: the model has none
    normal: str
    section: int  # the mailbox's own
    stages: tuple[Stage, ...]  # of every section: a case may have moved
    comment: int  # ids of the two subtypes of messages
    note: int
    type: str = ""  # of a new lead: lead or opportunity, as the team has it
    stage_mails: bool = False  # a stage of the section has a template that Odoo mails to the customer
    company: int = 0  # the section's, where a record has one; 0: as Odoo chooses
    notes: tuple[str, ...] = ()  # what cannot be mapped, in words

    @property
    def kind(self) -> Kind:
        """What was known of the model beforehand."""
        return KINDS[self.model]

    @property
    def several(self) -> bool:
        """Whether a record may be assigned to several users."""
        return self.responsible == "user_ids"

    @property
    def task_state(self) -> bool:
        """Whether a task is closed by its own state, whatever its stage (from Odoo 17 on)."""
        return "state" in self.read

    def place(self, name: str) -> tuple[str, str, str]:
        """Return (field, type, relation) of a neutral value; ("", "", "") where the model has none."""
        return next(
            ((field, kind, relation) for own, field, kind, relation in self.places if own == name), ("", "", "")
        )

    def target(self, state: str, section: int | None = None) -> int | None:
        """Return the stage that is set for a state in a section (the mailbox's own), or None."""
        return aim(self.stages, state, self.section if section is None else section)

    def stage(self, number: int | None) -> Stage | None:
        """Return the stage of that id, if it is known."""
        return next((stage for stage in self.stages if stage.id == number), None)


# --- asking ----------------------------------------------------------------------------------------------------------


def survey(ask: Ask, mailbox: Mailbox, release: int, section: int) -> Layout:
    """Ask a server how it keeps the cases of a mailbox. `ask(model, method, ids, **named)`; raises ErpError."""
    kind = KINDS[mailbox.model]
    described = ["type", "relation", "selection", "required", "readonly"]
    fields = ask(mailbox.model, "fields_get", None, attributes=described)
    flags = ask(kind.stages, "fields_get", None, allfields=list(STAGE_FLAGS), attributes=["type"])
    rows = ask(kind.stages, "search_read", None, domain=[], fields=["name", *sorted(flags)])
    # its parameter has no one name before 19, so it is given by its place, as ids are
    given: dict[str, Any] = {"fields" if release >= 19 else "ids": ["priority"]}
    default = ask(mailbox.model, "default_get", **given).get("priority") or "0"
    subtypes = [
        ask("ir.model.data", "check_object_reference", None, module="mail", xml_id=name)[1]
        for name in ("mt_comment", "mt_note")
    ]
    stages = classified(rows, mailbox, section, kind.closed)
    templates = {row["id"] for row in rows if row.get("mail_template_id")}
    mails = any(stage.id in templates and stage.of(section) for stage in stages)
    levels, normal = scale(fields.get("priority", {}).get("selection") or [], str(default), mailbox)
    contact = _chosen("contact", mailbox.fields_contact, kind.contact, fields)
    description = _chosen("description", mailbox.fields_description, "description", fields)
    ended = tuple(name for name in kind.ended if name in fields)
    responsible = "user_ids" if mailbox.model == "project.task" and "user_ids" in fields else "user_id"
    own = ["name", "stage_id", "partner_id", "priority", "active", "message_follower_ids", "email_cc", "number"]
    own += ["state"] if mailbox.model == "project.task" else []
    read = dict.fromkeys([*own, kind.section, responsible, contact, kind.name, *ended])
    layout = Layout(
        mailbox.model, release, tuple(name for name in read if name in fields), contact,
        kind.name if kind.name in fields else "", description,
        bool(description) and fields[description]["type"] == "html", responsible,
        tuple(_places(mailbox, kind, fields)), ended, levels, normal, section, stages,
        subtypes[0], subtypes[1], *_of_section(ask, mailbox, section, fields, mails),
    )  # fmt: skip
    return layout.but(notes=tuple(_unmapped(layout)))


def _of_section(
    ask: Ask, mailbox: Mailbox, section: int, fields: Mapping[str, Any], mails: bool
) -> tuple[str, bool, int]:
    """Return what a new record takes from its section: the type of a lead, its stages' mails, and the company."""
    lead = mailbox.model == "crm.lead"
    wanted = ["company_id", *(["use_leads"] if lead else [])]
    rows = ask(KINDS[mailbox.model].sections, "read", [section], fields=wanted)
    row = rows[0] if rows else {}
    company = row.get("company_id") if "company_id" in fields else None
    kind = ("lead" if row.get("use_leads") else "opportunity") if lead else ""
    return kind, mails, company[0] if company else 0


def _chosen(own: str, chosen: str | None, usual: str, fields: Mapping[str, Any]) -> str:
    """Return the field that the mailbox names, or the model's own; "" where there is none. Raises ErpDenied."""
    if chosen is None and fields.get(usual, {}).get("required"):
        raise ErpDenied(f"fields.{own}: no: the model wants a value in {usual!r}; leave that line out")
    if chosen not in (None, "auto"):
        _refuse_unfit(own, str(chosen), fields)
    name = usual if chosen == "auto" else chosen or ""
    return name if name in fields else ""


def _refuse_unfit(own: str, name: str, fields: Mapping[str, Any]) -> None:
    if name not in fields:
        raise ErpDenied(f"fields.{own}: the model has no field {name!r}: correct it in the configuration")
    about = fields[name]
    if about.get("readonly"):
        raise ErpDenied(f"fields.{own}: nobody can write {name!r}: correct it in the configuration")
    if about["type"] not in FITTING[own]:
        fitting = " or ".join(FITTING[own])
        raise ErpDenied(f"fields.{own}: {name!r} is of the type {about['type']}, not {fitting}")


def _places(mailbox: Mailbox, kind: Kind, fields: Mapping[str, Any]) -> Iterable[tuple[str, str, str, str]]:
    usual = dict(kind.places)
    for name in NEUTRAL:
        field = _chosen(name, getattr(mailbox, f"fields_{name}"), usual.get(name, ""), fields)
        if field:
            yield name, field, fields[field]["type"], fields[field].get("relation") or ""


# --- states -----------------------------------------------------------------------------------------------------------


def state_of(layout: Layout, row: Mapping[str, Any]) -> State:
    """Return the state in which a record is."""
    stage = layout.stage(row["stage_id"][0] if row["stage_id"] else None)
    if layout.model == "crm.lead" and not row.get("active", True):
        return "cancel"
    if layout.task_state and row["state"] in (DONE, CANCELED):
        return "close" if row["state"] == DONE else "cancel"
    if stage is None:
        return "open"
    if layout.task_state and stage.state in ("close", "cancel") and not stage.closes:
        return "open"  # the task's own state says that it is not done
    return stage.state


def can_be(layout: Layout, state: str, section: int | None = None) -> bool:
    """Tell whether a record of a section (the mailbox's own) can be brought into a state."""
    if layout.target(state, section) is not None or (layout.model == "crm.lead" and state == "cancel"):
        return True
    return layout.task_state and state in ("close", "cancel", "open", "draft")


def state_values(
    layout: Layout, state: State, row: Mapping[str, Any] | None, section: int | None = None
) -> dict[str, Any]:
    """Return what is to be written so that a record is in a state; {} where it is, or where nothing stands for it.

    `row` is the record as it is, or None for a new one; `section` is where it goes to, if it is moved.
    """
    section = section if section is not None else _section(layout, row) if row is not None else layout.section
    now = layout.stage(row["stage_id"][0]) if row is not None and row["stage_id"] else None
    strange = now is not None and not now.of(section)  # it moves to a section that has other stages
    if row is not None and state_of(layout, row) == state and row.get("active", True) and not strange:
        return {}
    if not can_be(layout, state, section):
        return {}
    values: dict[str, Any] = {}
    target = layout.target(state, section)
    if layout.model == "crm.lead":
        return _lead_values(layout, state, section, now)
    if target is not None and (now is None or now.state != state or strange):
        values["stage_id"] = target
    if layout.task_state:
        values["state"] = {"close": DONE, "cancel": CANCELED}.get(state, WORKING)
    if row is not None and not row.get("active", True) and state in ("open", "pending", "draft"):
        values["active"] = True
    return values


def _section(layout: Layout, row: Mapping[str, Any]) -> int:
    found = row.get(layout.kind.section)
    return found[0] if found else layout.section


def _lead_values(layout: Layout, state: State, section: int, now: Stage | None) -> dict[str, Any]:
    """A lost lead is an archived one; a won one cannot be lost before it has left its stage."""
    first, target = layout.target("open", section), layout.target(state, section)
    if state == "cancel":
        away = {"stage_id": first} if now is not None and now.state == "close" and first is not None else {}
        return away | {"active": False, "probability": 0}
    if state == "open" and now is not None and now.state == "open":
        return {"active": True}
    return {"active": True} | ({"stage_id": target} if target is not None else {})


# --- priorities ------------------------------------------------------------------------------------------------------


def scale(
    selection: Sequence[Sequence[str]], default: str, mailbox: Mailbox
) -> tuple[tuple[str, ...], str]:  # fmt: skip
    """Return Odoo's keys for priority 1 (highest) to 5, and the one that is normal.

    Odoo's keys rise with urgency, and what a new record has is normal: 1 and 2 are the two highest above it, 4 and 5
    what lies below, as far as there is any.
    """
    keys = [str(key) for key, _ in selection]
    if not keys:
        return (), ""
    normal = default if default in keys else keys[0]
    above, below = keys[keys.index(normal) + 1 :], keys[: keys.index(normal)]
    levels = [
        above[-1] if above else normal, above[-2] if len(above) > 1 else (above[-1] if above else normal), normal,
        below[-1] if below else normal, below[0] if below else normal,
    ]  # fmt: skip
    names = {str(key).casefold(): str(key) for pair in selection for key in (pair[0],)}
    names |= {str(label).casefold(): str(key) for key, label in selection}
    for number in range(5):
        wanted = getattr(mailbox, f"priorities_{number + 1}")
        if wanted and wanted.casefold() not in names:
            known = ", ".join(f"{key} ({label})" for key, label in selection)
            raise ErpDenied(f"there is no priority {wanted!r} (priorities.{number + 1}); there are: {known}")
        if wanted:
            levels[number] = names[wanted.casefold()]
    return tuple(levels), levels[2]


def level_of(layout: Layout, key: object) -> int | None:
    """Return the priority 1 to 5 for one of Odoo's keys; of several that have it the one nearest to normal."""
    if not layout.levels or not isinstance(key, str):
        return None
    order = (3, 2, 4, 1, 5)
    return next((number for number in order if layout.levels[number - 1] == key), 3)


# --- words -----------------------------------------------------------------------------------------------------------


def _unmapped(layout: Layout) -> Iterable[str]:
    for state in STATES:
        if not can_be(layout, state):
            yield f"no stage stands for {state}: Set-State: {state} is answered; stages.{state} names one"
    lacking = [name for name in ("priority",) if not layout.levels]
    lacking += [
        name for name in ("category", "deadline", "cost", "revenue", "probability") if not layout.place(name)[0]
    ]
    if lacking:
        yield f"{layout.model} has no field for {', '.join(lacking)}: such commands are answered; fields.* names one"


def in_words(layout: Layout) -> Iterable[str]:
    """Yield what `mailgate check` prints of a layout."""
    stages = [f"{state} = {names}" for state in STATES if (names := _names(layout, state))]
    yield f"states: {'; '.join(stages) or 'none'}"
    if layout.task_state:
        yield f"states: a task's own state goes with it: {DONE}, {CANCELED}, {WORKING}"
    if layout.levels:
        yield "priorities: " + ", ".join(f"{number} = {key!r}" for number, key in enumerate(layout.levels, 1))
    fields = {"section": layout.kind.section, "responsible": layout.responsible,
              "contact": layout.contact or "partner_id"}  # fmt: skip
    fields |= {own: field for own, field, _, _ in layout.places}
    fields |= {"watchers": "email_cc"} if "email_cc" in layout.read else {}
    yield "fields: " + ", ".join(f"{own} = {field}" for own, field in fields.items())


def _names(layout: Layout, state: str) -> str:
    """Return the stages of a state, first the one that is set; "as" where another state's stands in for it."""
    if layout.model == "crm.lead" and state == "cancel":
        return "lost (archived)"
    target = layout.target(state)
    own = [stage for stage in layout.stages if stage.state == state and stage.of(layout.section)]
    others = [stage.name for stage in own if stage.id != target]
    aim = layout.stage(target)
    if aim is None:
        return ", ".join(others)
    first = aim.name if own else f"as {aim.state} ({aim.name})"
    return f"{first} (also read: {', '.join(others)})" if others else first
