"""The port to an ERP: what the house asks of it, whatever its release and transport.

Every method may raise the `ErpError`s of `mailgate.status`; only `ErpDoubt` leaves open whether a write was done.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Protocol

    from mailgate.model import Attachment, Case, Contact, Dialect, Effect, Section, User
    from mailgate.policy import Erp as Settings
    from mailgate.policy import Mailbox, Secret

    class Memory(Protocol):
        """What is remembered between runs: JSON values under a key."""

        def recall(self, key: str, max_age: float) -> object:
            """Return the value, or None if there is none or it is older than `max_age` seconds."""

        def remember(self, key: str, value: object) -> None:
            """Keep the value."""

        def forget(self, prefix: str) -> None:
            """Drop every value whose key begins so."""

    class Erp(Protocol):
        """One ERP, as seen by the gateway's user: the cases of one model."""

        dialect: Dialect

        def section(self, wanted: str | int) -> Section:
            """Return the section of that id or code, as remembered; `ErpRefused` where there is none."""

        def sections(self, ids: Sequence[int]) -> tuple[Section, ...]:
            """Return those sections that exist, as remembered."""

        def users(self, fresh: bool = False) -> tuple[User, ...]:
            """Return every user, inactive ones too, as remembered or read anew."""

        def cases(self, ids: Sequence[int]) -> tuple[Case, ...]:
            """Return those cases that exist, in the order asked for."""

        def contacts(self, email: str) -> tuple[Contact, ...]:
            """Return the address book's entries with exactly that address, those with a partner first."""

        def relatives(self, partner: int) -> tuple[str, ...]:
            """Return every e-mail address of a partner."""

        def named(self, what: str, value: str) -> tuple[int, ...]:
            """Return the ids of the `section`s or `category`s with that code or name."""

        def can(self, action: str, value: str = "", section: int | None = None) -> bool:
            """Tell whether the model has a field for a command's action, and a stage for a state in a section."""

        def threads(self, message_ids: Sequence[str]) -> Mapping[str, tuple[int, ...]]:
            """Return the cases of the Message-IDs that the ERP itself knows, whoever brought them there."""

        def numbered(self, numbers: Sequence[str]) -> Mapping[str, int]:
            """Return the cases that the ERP's own numbers stand for."""

        def apply(self, effect: Effect, case: int | None, attachments: Sequence[Attachment]) -> int | None:
            """Carry out one effect; return the new case's id for `create`."""

        def find(self, effect: Effect, case: int | None) -> int | None:
            """Return the case on which an effect whose answer was lost was carried out after all, or None."""

        def close(self) -> None:
            """Close the connection to the server; another question opens it again."""

        def check(self, mailbox: Mailbox) -> Iterator[tuple[bool, str]]:
            """Yield, part by part, whether all is well and what to mend."""


def connect(
    settings: Settings,
    mailbox: Mailbox,
    resolve: Callable[[Secret], str],
    memory: Memory,
    timeout: float,
    sibling: Erp | None = None,
) -> Erp:
    """Return the ERP of these settings, for the model of a mailbox; nothing is sent before the first question.

    `sibling` is the same server for another mailbox: what can be shared with it is.
    """
    if settings.kind == "odoo":
        from mailgate.erp.odoo import OdooErp, connected

        rpc = sibling.rpc if isinstance(sibling, OdooErp) else connected(settings, resolve, memory, timeout)
        return OdooErp(settings, mailbox, rpc, memory)
    from mailgate.erp.tiny import TinyErp

    return sibling or TinyErp(settings, lambda: resolve(settings.password), memory, timeout)
