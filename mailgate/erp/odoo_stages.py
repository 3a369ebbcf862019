"""The stages of Odoo's kanbans and the states they stand for: as configured, by Odoo's flags, or by name. Pure."""

from __future__ import annotations

from mailgate.model import STATES
from mailgate.record import Record
from mailgate.status import ErpDenied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from mailgate.model import State
    from mailgate.policy import Mailbox

STAGE_FLAGS = ("sequence", "closed", "is_closed", "is_won", "unattended", "fold", "project_ids", "team_id", "team_ids",
               "mail_template_id")  # fmt: skip
# Of stages no flag tells waiting from working, and cancelled from done. Their names do, mostly.
PENDING = ("pend", "await", "wait", "hold", "attent", "attesa", "warte", "wartend", "espera", "wacht", "aguard")
CANCEL = ("cancel", "annul", "abgebr", "storn", "reject", "refus", "abgelehnt", "rejet", "rechaz", "geannul", "cancl")
NOT_CHOSEN = 100  # behind all that the configuration names


class Stage(Record):
    """One stage, and the state that it stands for.

    `closes`: by Odoo's own flag, or by configuration; `sections`: whose it is, empty for everybody's; `rank`: its
    place among those that the configuration names for its state.
    """

    id: int
    name: str
    state: State
    closes: bool = False
    sections: tuple[int, ...] = ()
    rank: int = NOT_CHOSEN

    def of(self, section: int) -> bool:
        """Tell whether it is one of a section's stages."""
        return not self.sections or section in self.sections


def classified(rows: Sequence[Mapping[str, Any]], mailbox: Mailbox, section: int, flag: str) -> tuple[Stage, ...]:
    """Say of each stage, in the kanban's order, which state it stands for; `flag` names the field of closed ones.

    Raises ErpDenied where the configuration names a stage that the section has not.
    """
    ordered = sorted(rows, key=lambda row: (row.get("sequence") or 0, row["id"]))
    firsts: dict[int, int] = {}  # section -> its first stage
    for row in ordered:
        for one in _sections(row) or (0,):
            firsts.setdefault(one, row["id"])
    if any("project_ids" in row for row in ordered):  # a stage of no project is somebody's own list of things to do
        ordered = [row for row in ordered if row["project_ids"]]
    stages = tuple(_stage(row, row["id"] in firsts.values(), mailbox, flag) for row in ordered)
    _refuse_unknown([stage for stage in stages if stage.of(section)], mailbox)
    return stages


def _sections(row: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the projects or teams whose stage it is; none: everybody's."""
    named = [*(row.get("project_ids") or ()), *(row.get("team_ids") or ())]
    return (*named, row["team_id"][0]) if row.get("team_id") else tuple(named)


def _refuse_unknown(own: Sequence[Stage], mailbox: Mailbox) -> None:
    known = {key.casefold() for stage in own for key in (str(stage.id), stage.name)}
    for state in STATES:
        for wanted in getattr(mailbox, f"stages_{state}"):
            if str(wanted).casefold() not in known:
                names = ", ".join(stage.name for stage in own) or "none"
                raise ErpDenied(f"there is no stage {wanted!r} (stages.{state}); the stages are: {names}")


def _stage(row: Mapping[str, Any], first: bool, mailbox: Mailbox, flag: str) -> Stage:
    name, sections = row["name"], _sections(row)
    chosen = _configured(row, mailbox)
    if chosen is not None:
        return Stage(row["id"], name, chosen[0], chosen[0] in ("close", "cancel"), sections, chosen[1])
    lead = mailbox.model == "crm.lead"
    folded = flag not in row and bool(row.get("fold"))  # a task of Odoo 19: the kanban's folded columns are its end
    if row.get(flag) or folded:
        return Stage(row["id"], name, "cancel" if not lead and _says(name, CANCEL) else "close", not folded, sections)
    begins = row.get("unattended") or ("unattended" not in row and first)
    if begins and not lead:  # in a pipeline of leads no stage says "not begun"
        return Stage(row["id"], name, "draft", False, sections)
    return Stage(row["id"], name, "pending" if _says(name, PENDING) else "open", False, sections)


def _configured(row: Mapping[str, Any], mailbox: Mailbox) -> tuple[State, int] | None:
    own = (str(row["id"]), row["name"].casefold())
    for state in STATES:
        for rank, wanted in enumerate(getattr(mailbox, f"stages_{state}")):
            if str(wanted).casefold() in own:
                return state, rank
    return None


def _says(name: str, words: Sequence[str]) -> bool:
    lower = name.casefold()
    return any(word in lower for word in words)


def aim(stages: Sequence[Stage], state: str, section: int) -> int | None:
    """Return the stage that is set for a state: the first that was configured, else the first that stands for it.

    Where no stage says "begun", or none "not begun", draft and open are both the first of the other.
    """
    own = [stage for stage in stages if stage.of(section)]
    found = sorted((stage for stage in own if stage.state == state), key=lambda stage: stage.rank)
    if not found and state in ("draft", "open"):
        found = [stage for stage in own if stage.state in ("draft", "open")]
    return found[0].id if found else None
