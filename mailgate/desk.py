"""The ports and the configuration of one run, opened once and closed at the end."""

from __future__ import annotations

from mailgate.config import resolve
from mailgate.erp import connect
from mailgate.journal import Journal
from mailgate.log import open_log
from mailgate.match import Keys
from mailgate.smtp import Submission

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailgate.erp import Erp
    from mailgate.log import Log
    from mailgate.policy import Config, Mailbox

CALL_TIMEOUT = 60.0  # seconds for one step of a conversation with a server; the deadline bounds them all


class Desk:
    """What a message is handled with. Raises JournalError where the state folder cannot be used."""

    def __init__(self, config: Config, readonly: bool = False) -> None:
        timeout = min(CALL_TIMEOUT, config.deadline)
        self.config = config
        self.silent = False  # record only, mail nobody
        self.log: Log = open_log(config.log)
        self.journal = Journal(config.state, readonly)
        try:
            self._secrets = self.journal.secrets()
        except BaseException:  # nobody has the desk yet who could close it; the error goes on its way
            self.journal.close()
            raise
        self._timeout = timeout
        self._erps: dict[str, Erp] = {}
        self.smtp = Submission(config.smtp, resolve, timeout)

    def erp(self, mailbox: Mailbox) -> Erp:
        """Return the ERP as the mailbox's cases are kept in it; nothing is sent before the first question."""
        erp = self._erps.get(mailbox.address)
        if erp is None:
            first = next(iter(self._erps.values()), None)
            erp = connect(self.config.erp, mailbox, resolve, self.journal, self._timeout, first)
            self._erps[mailbox.address] = erp
        return erp

    def keys(self, mailbox: Mailbox) -> Keys:
        """Return what makes and knows our Message-IDs about cases of the mailbox's model."""
        scopes = tuple(dict.fromkeys(self._scope(one) for one in self.config.mailboxes))
        return Keys(self._secrets, self._scope(mailbox), tuple(one for one in scopes if one != self._scope(mailbox)))

    def _scope(self, mailbox: Mailbox) -> str:
        database = self.config.erp.database
        return database if mailbox.model == "crm.case" else f"{database} {mailbox.model}"

    def __enter__(self) -> Desk:
        """Use it in a with statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close what is open."""
        self._hang_up()
        self.journal.close()

    def leave(self) -> None:
        """Say goodbye to servers, and leave the journal open to the end of the process.

        Closing it would write SQLite's log back into the database after each message, synced; SQLite does that by
        itself when the log has grown.
        """
        self._hang_up()

    def _hang_up(self) -> None:
        self.smtp.close()
        for erp in self._erps.values():
            erp.close()

    def mailbox(self, address: str) -> Mailbox:
        """Return the mailbox of that address; where it is not configured any more, the first one.

        What is only recorded must not make the ERP mail either.
        """
        found = next((one for one in self.config.mailboxes if one.address == address), self.config.mailboxes[0])
        return found.but(relay_by="gateway") if self.silent else found

    def scope(self, mailbox: Mailbox) -> str:
        """Return what a case's number counts in: the model, and for Odoo the database, since a trial may go before."""
        return mailbox.model if mailbox.model == "crm.case" else f"{mailbox.model} {self.config.erp.database}"
