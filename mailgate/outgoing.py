"""One mail to its recipient, with the receipt recorded; and reports of trouble to the default address."""

from __future__ import annotations

import time

from mailgate.compose import compose, envelope_sender
from mailgate.message import parse
from mailgate.model import Address, Relay
from mailgate.notices import trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailgate.desk import Desk
    from mailgate.journal import Delivery
    from mailgate.model import Mail, Notice

HOUR = 3600.0
REPORTS = 10  # times more reports than answers may go to one address in an hour


def send(delivery: Delivery, number: int, relay: Relay, mail: Mail, desk: Desk) -> bool:
    """Send one mail unless that was done; True where nothing is left to do for it."""
    verdict, _ = desk.journal.receipts(delivery).get(number, ("", 0))
    if verdict in ("sent", "permanent", "suppressed"):
        return True
    now, to = time.time(), relay.recipient.email
    if relay.kind != "copy" and _too_many(relay, desk):
        desk.log.warning(f"no {relay.kind} to {to}: too many in an hour")
        desk.journal.receipt(delivery, number, to, relay.kind, "suppressed", "too many in an hour", now)
        if relay.kind == "answer":
            notice = trouble(f"No answer went to {to}", delivery.about, "too many in an hour", relay.text)
            report(delivery, notice, 1000 + number, desk)
        return True
    mailbox = desk.mailbox(delivery.mailbox)
    receipt = desk.smtp.send(envelope_sender(relay, mailbox), to, compose(relay, mail, mailbox, now))
    desk.log.info(f"case {delivery.case}: {relay.kind} to {to} ({relay.reason}): {receipt.verdict} {receipt.detail}")
    gave_up = receipt.verdict == "temporary" and now - delivery.made > desk.config.give_up
    desk.journal.receipt(
        delivery, number, to, relay.kind, "permanent" if gave_up else receipt.verdict, receipt.detail, now
    )
    if receipt.verdict == "temporary" and not gave_up:
        return False
    if receipt.verdict != "sent" and relay.kind != "report":
        notice = trouble(f"Not delivered to {to}", delivery.about, receipt.detail, f"It concerns case {delivery.case}.")
        report(delivery, notice, 1000 + number, desk)
    return True


def _too_many(relay: Relay, desk: Desk) -> bool:
    most = desk.config.limits.answers * (REPORTS if relay.kind == "report" else 1)
    return desk.journal.sent_since(time.time() - HOUR, answers_to=relay.recipient.email) >= most


def report(delivery: Delivery, notice: Notice, number: int, desk: Desk) -> None:
    """Tell the default address of trouble, at once: a report that cannot be sent stays in the log."""
    mailbox = desk.mailbox(delivery.mailbox)
    if desk.silent or not mailbox.default:
        desk.log.warning(f"nobody hears of it: {notice.subject}: {notice.reason}")
        return
    seed = f"{delivery.key} {delivery.round} {number}"
    host = mailbox.address.rpartition("@")[2]
    relay = Relay(
        Address(mailbox.default), "staff", "report", notice.reason,
        desk.keys(mailbox).plain_id(seed, mailbox.default, host), f"[CaseError] {notice.subject}",
        text=notice.text, sender_name=mailbox.name,
    )  # fmt: skip
    send(delivery, number, relay, parse(b""), desk)
