"""What was kept aside: listed, shown, let go or dropped by the administrator."""

from __future__ import annotations

import time

from mailgate.deliver import attend
from mailgate.status import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailgate.desk import Desk
    from mailgate.journal import Delivery


def listed(desk: Desk) -> list[str]:
    """Return a line for each message that is kept aside."""
    return [f"{one.id:>6}  {_day(one.made)}  {one.mailbox}  {one.about}  ({one.reason})" for one in desk.journal.held()]


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def held(desk: Desk, number: int) -> Delivery:
    """Return one message that is kept aside. Raises UsageError where there is none of that number."""
    delivery = desk.journal.delivery(number)
    if delivery is None or delivery.stage != "held":
        raise UsageError(f"no message {number} is kept aside: `mailgate hold list` shows those that are")
    return delivery


def shown(desk: Desk, number: int) -> str:
    """Return why a message is kept aside, and its bytes as text."""
    delivery = held(desk, number)
    raw = desk.journal.raw(delivery.raw).decode("utf-8", "replace").replace("\r\n", "\n")
    return f"kept aside: {delivery.reason}\nmailbox: {delivery.mailbox}\n\n{raw}"


def release(desk: Desk, number: int) -> str:
    """Let a message go and return what became of it.

    It is decided anew on the facts of now, unless a part of its recorded plan was carried out: then that goes on.
    """
    delivery = held(desk, number)
    scope = desk.scope(desk.mailbox(delivery.mailbox))
    if half_done(desk, delivery) and scope == delivery.model:
        desk.journal.advance(number, time.time(), stage="planned", released=1, reason="")
    else:
        desk.journal.advance(
            number,
            time.time(),
            stage="kept",
            plan=None,
            relays=None,
            round=delivery.round + 1,
            released=1,
            reason="",
            model=scope,
            case_id=None,
        )
    outcome = attend(desk.journal.delivery(number) or delivery, None, desk)
    return f"{number}: {outcome.text}"


def half_done(desk: Desk, delivery: Delivery) -> bool:
    """Tell whether some effects of the recorded plan were carried out, and whom to mail was not decided yet."""
    if delivery.plan is None or delivery.relays is not None:
        return False
    return any(intent.done is not None for intent in desk.journal.intents(delivery).values())


def drop(desk: Desk, number: int) -> str:
    """Delete a message's bytes; its key stays, so that a redelivery is known."""
    delivery = held(desk, number)
    desk.journal.discard(delivery.raw)
    desk.journal.advance(number, time.time(), stage="closed", raw="", plan=None, relays=None, reason="dropped")
    return f"{number}: dropped"
