"""A plan's effects in the order and portions in which an ERP takes them. Pure.

A decision thinks in one write of values and line, the state's method, and attachments, as `crm.case` takes them. Where
a line is posted by itself, its attachments come first, then the line, then the values with the state among them: what
fails on the way leaves the words recorded. A new case takes its line along, if nothing has to come between.
"""

from __future__ import annotations

from mailgate.model import Effect, Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailgate.model import Dialect, Scalar

    Values = tuple[tuple[str, Scalar | tuple[str, ...]], ...]


def portioned(plan: Plan, dialect: Dialect, by_erp: bool, readers: tuple[str, ...] = ()) -> Plan:
    """Return the plan as the ERP's dialect takes it.

    `by_erp`: the ERP itself mails what is for the other side, but not to the mail's own `readers`.
    """
    if dialect.one_write:
        return plan
    found = _portioned(plan, by_erp, readers)
    return found.but(effects=tuple(one.but(loud=True) for one in found.effects)) if by_erp else found


def _portioned(plan: Plan, by_erp: bool, readers: tuple[str, ...]) -> Plan:
    notify = plan.relay if by_erp and plan.relay in ("customer", "staff") else ""
    files = tuple(one for one in plan.effects if one.kind == "attach")
    written = next((one for one in plan.effects if one.kind in ("create", "record")), None)
    state = next((one for one in plan.effects if one.kind == "state"), None)
    posted = _posted(written, files, notify, readers)
    if written is not None and written.kind == "create":
        whole = written.but(values=(*written.values, *_described(written), *_state(state)))
        alone = not files and not notify
        return plan.but(effects=(whole,) if alone else (whole.but(line=None), *files, *posted))
    if notify:  # who becomes responsible is to be mailed too, and "closed" comes after the words that close
        return plan.but(effects=(*files, *_changed(written, None), *posted, *_changed(None, state)))
    return plan.but(effects=(*files, *posted, *_changed(written, state)))


def _posted(
    written: Effect | None, files: tuple[Effect, ...], notify: str, readers: tuple[str, ...]
) -> tuple[Effect, ...]:
    """Return the line as an effect of its own, with the marks of its attachments."""
    if written is None or written.line is None:
        return ()
    line = written.line.but(notify=notify, readers=readers if notify else ())
    return (written.but(kind="record", values=(), line=line, files=tuple(one.marker for one in files)),)


def _changed(written: Effect | None, state: Effect | None) -> tuple[Effect, ...]:
    """Return one write of all values, the state among them, with the reasons of both."""
    reasons = [one.reason for one in (written, state) if one is not None and (one.values or one.state)]
    values = (*(written.values if written is not None else ()), *_state(state))
    if not values:
        return ()
    if written is not None:
        return (written.but(reason="; ".join(reasons), line=None, values=values),)
    assert state is not None
    # a mark of its own, since a write of values may stand beside it
    return (state.but(kind="record", marker=f"{state.marker} state", state=None, values=values),)


def _state(state: Effect | None) -> Values:
    return (("state", state.state),) if state is not None else ()


def _described(created: Effect) -> Values:
    """Return what a new record says of itself: the first message, unless that is for staff alone."""
    line = created.line
    return (("description", "(an internal note)" if line is None or line.internal else line.text),)
