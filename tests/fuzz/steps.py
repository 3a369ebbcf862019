"""What happens to a message between its bytes and its decisions, step by step: each takes a Mail as read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mailgate.authentic import verdict
from mailgate.automatic import classify
from mailgate.commands import read, strays
from mailgate.compose import compose, content_fields, shown_fields
from mailgate.cutting import without_commands
from mailgate.explain import explain, in_words
from mailgate.history import kept_attachments, line, recorded_text, says_something
from mailgate.match import bare_subject, candidates, leaving, loop_of
from mailgate.message import content, delivery_key
from mailgate.model import Address, Mail, Relay
from mailgate.policy import Authentication, Config, Limits, Mailbox, Trust
from mailgate.text import cut
from tests.builders import GATEWAY, KEYS, NOW

MAILBOX = Mailbox(GATEWAY, "SSUP", name="Support", default="postmaster@mycompany.com")
TRUSTING = Authentication(
    trust_from=("mycompany.com",), trust=(Trust("mx.mycompany.com", strips=True),), hosts=("mx.mycompany.com",),
    internal=True,
)  # fmt: skip
CONFIG = Config("fuzzing", (MAILBOX,), authentication=TRUSTING)
STAFF = Address("fabien@mycompany.com", "Fabien")


def relay(mail: Mail, **changes: Any) -> Relay:
    """Return a copy of a message for the responsible, with what a message's fields lend to it."""
    bare, _ = bare_subject(mail.subject, MAILBOX.tag, "12")
    return Relay(
        STAFF, "staff", "copy", "fuzzing", "<mailgate.x@mycompany.com>", f"[12] {bare}",
        in_reply_to=next(iter(mail.in_reply_to), ""), references=mail.references[:20],
        sender_name=f"{mail.sender.name or mail.sender.email} via Support", priority=mail.priority,
    ).but(**changes)  # fmt: skip


def recorded(mail: Mail) -> object:
    text = recorded_text(mail.text, MAILBOX, False, True)
    return line(mail, text, NOW), kept_attachments(mail, Limits())


def answered(mail: Mail) -> bytes:
    return compose(relay(mail, kind="answer", text=mail.text), mail, MAILBOX, NOW)


def shown(mail: Mail) -> str:
    return in_words(explain(mail.raw, None, "no configuration", lambda *_: MAILBOX))


STEPS: dict[str, Callable[[Mail], object]] = {
    "classify": classify,
    "loop": lambda mail: loop_of(mail, KEYS, CONFIG),
    "candidates": lambda mail: candidates(mail, MAILBOX.tag, KEYS, {}, frozenset()),
    "commands": lambda mail: read(mail.text),
    "strays": lambda mail: strays(mail.text),
    "text.cut": lambda mail: cut(mail.text),
    "history": recorded,
    "says": lambda mail: says_something(mail.text),
    "authentic": lambda mail: verdict(mail, TRUSTING),
    "key": lambda mail: delivery_key(mail, GATEWAY),
    "subject": lambda mail: bare_subject(mail.subject, MAILBOX.tag, "12"),
    "contents": lambda mail: [len(content(mail, part)) for part in mail.parts],
    "without_commands": without_commands,
    "copy": lambda mail: compose(relay(mail), mail, MAILBOX, NOW),
    "copy_cut": lambda mail: compose(relay(mail, cut=True), mail, MAILBOX, NOW),
    "answer": answered,
    "fields": lambda mail: (list(content_fields(mail.raw[: mail.body])), list(shown_fields(mail.raw[: mail.body]))),
    "leaving": lambda mail: leaving(mail.raw),
    "explain": shown,
}
