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
            self.keys = Keys(self.journal.secrets(), config.erp.database)
        except BaseException:
            self.journal.close()
            raise
        self.erp: Erp = connect(config.erp, lambda: resolve(config.erp.password), self.journal, timeout)
        self.smtp = Submission(config.smtp, resolve, timeout)

    def __enter__(self) -> Desk:
        """Use it in a with statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close what is open."""
        self.smtp.close()
        self.journal.close()

    def leave(self) -> None:
        """Say goodbye to servers, and leave the journal open to the end of the process.

        Closing it would write SQLite's log back into the database after each message, synced; SQLite does that by
        itself when the log has grown.
        """
        self.smtp.close()

    def mailbox(self, address: str) -> Mailbox:
        """Return the mailbox of that address; where it is not configured any more, the first one."""
        return next((one for one in self.config.mailboxes if one.address == address), self.config.mailboxes[0])
