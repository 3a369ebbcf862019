"""`mailgate check`: for each part whether it works and what to mend, before the first mail finds out."""

from __future__ import annotations

from mailgate.desk import Desk
from mailgate.job import configured
from mailgate.status import ErpError, MailgateError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mailgate.policy import Config


def check(options: Mapping[str, str | None]) -> Iterator[tuple[bool, str]]:
    """Yield (well, words) for configuration, state folder, ERP, and SMTP; goes on as far as it can be asked."""
    try:
        config = configured(options, afresh=True)
    except MailgateError as error:
        yield False, f"configuration: {error}"
        return
    yield True, f"configuration: {config.source}, {_count(len(config.mailboxes), 'mailbox', 'mailboxes')}"
    yield from _defaults(config)
    try:
        desk = Desk(config)
    except MailgateError as error:
        yield False, f"state folder: {error}"
        return
    with desk:
        held = len(desk.journal.held())
        yield True, f"state folder: {config.state}, {_count(held, 'message', 'messages')} kept aside"
        yield from _erp(desk)
        for works, words in desk.smtp.probe():
            yield works, f"SMTP: {words}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _defaults(config: Config) -> Iterator[tuple[bool, str]]:
    for mailbox in config.mailboxes:
        if mailbox.default:
            yield True, f"default address of {mailbox.address}: {mailbox.default}"
        else:
            yield False, f"default address of {mailbox.address}: none, so nobody hears of trouble; set `default:` or -m"
    if config.authentication.trust_from is True:
        yield True, "note: every From is believed (trust_from: true); see authentication: in docs/config.md"


def _erp(desk: Desk) -> Iterator[tuple[bool, str]]:
    for mailbox in desk.config.mailboxes:
        try:
            for works, words in desk.erp(mailbox).check(mailbox):
                yield works, f"{mailbox.address}: {words}" if len(desk.config.mailboxes) > 1 else words
        except ErpError as error:
            yield False, str(error)
