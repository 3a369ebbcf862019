"""What of a message is written into a case's history, and what is left out of it and said to be left out."""

from __future__ import annotations

from mailgate.model import History
from mailgate.text import clean, cut, without_signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailgate.model import Attachment, Mail
    from mailgate.policy import Limits, Mailbox

UNVERIFIED = "Unverified: this mail bears {email} in From, and nothing proves that it was written there."


def recorded_text(text: str, mailbox: Mailbox, first: bool, quote_known: bool) -> str:
    """Return what the history gets of a text.

    Nothing is cut from a case's first message. Later a signature goes, and a quote if the quoted mail is known here;
    where that would leave nothing, all stays: losing a customer's words is the worst error.
    """
    if first or mailbox.quotes == "keep":
        return clean(text).strip("\n")
    kept = cut(text).new if quote_known else without_signature(text)
    return clean(kept if kept.strip() else text).strip("\n")


def says_something(text: str) -> bool:
    """Tell whether a text holds more than a signature or a quote, which mail programs add by themselves."""
    word = "words"
    return bool(text.strip()) and cut(f"{word}\n\n{text}").new.strip() != word


def line(
    mail: Mail, text: str, now: float, heading: Sequence[str] = (), footing: Sequence[str] = (), internal: bool = False
) -> History:
    """Return a history line: headings, the text (or a word that there is none), and what else is to be known.

    That is the notes on the message (it is encrypted, an invitation), and the footing: what was left out.
    """
    body = text if text.strip() else _nothing_written(mail)
    below = "\n".join((*mail.notes, *footing))
    full = "\n\n".join(part for part in ("\n".join(heading), body, below) if part)
    return History(full, mail.sender, mail.date if mail.date is not None and mail.date <= now else now, internal)


def _nothing_written(mail: Mail) -> str:
    return "(no text, attachments only)" if mail.attachments else "(no text)"


def kept_attachments(mail: Mail, limits: Limits) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the numbers of the attachments that go onto the case, and a line for each that is left out."""
    kept: list[int] = []
    lines: list[str] = []
    for number, attachment in enumerate(mail.attachments):
        reason = _left_out(attachment, limits)
        if reason:
            lines.append(f"Attachment left out: {attachment.name} ({len(attachment.data)} bytes): {reason}")
        else:
            kept.append(number)
    return tuple(kept), tuple(lines)


def _left_out(attachment: Attachment, limits: Limits) -> str:
    if len(attachment.data) > limits.attachment:
        return f"larger than {limits.attachment} bytes"
    name = attachment.name.casefold()
    for unwanted in limits.types:
        if attachment.type == unwanted.casefold() or (unwanted.startswith(".") and name.endswith(unwanted.casefold())):
            return f"{unwanted} is not accepted here"
    return ""
