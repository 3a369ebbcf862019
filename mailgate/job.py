"""The main job: configuration, one message from stdin, the house, and a word to the caller."""

from __future__ import annotations

import os
import sys

from mailgate import config as configuration
from mailgate.deliver import deliver, housekeep, work_off
from mailgate.desk import Desk
from mailgate.status import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailgate.model import Mail
    from mailgate.policy import Config, Mailbox
    from mailgate.status import Verdict

DELIVERED = ("delivered-to", "x-original-to", "to", "cc")


def configured(options: Mapping[str, str | None], afresh: bool = False) -> Config:
    """Return the configuration that the command line asks for; `afresh` reads the file itself, its secrets too.

    Raises ConfigError, UsageError.
    """
    path = configuration.find(options.get("config"))
    if path is None:
        return configuration.from_options(options)
    load = configuration.load if afresh else configuration.load_cached
    return configuration.override(load(path), options)


def chooser(config: Config, options: Mapping[str, str | None]) -> Mailbox | None:
    """Return the mailbox where the command line says which, so that a wrong -e is found before the message."""
    email = options.get("email")
    return configuration.choose(config, email, None, ()) if email else None


def mailbox_of(mail: Mail, config: Config, options: Mapping[str, str | None]) -> Mailbox:
    """Return the mailbox that a message is for. Raises ConfigError where nothing tells."""
    from mailgate.address import parse_addresses

    seen = [address.email for name in DELIVERED for value in mail.values(name) for address in parse_addresses(value)]
    return configuration.choose(config, options.get("email"), options.get("recipient"), seen)


def deliver_stdin(options: Mapping[str, str | None]) -> tuple[Verdict, str]:
    """Handle the message on stdin, then what is due from before. Raises MailgateError before it is kept."""
    from mailgate.__main__ import interrupt_at

    config = configured(options)
    _leave_out_tls(config)
    interrupt_at(config.deadline)
    chooser(config, options)
    raw = read_all(0)
    if not raw:
        raise UsageError("there is no message on stdin: mailgate < message.eml")
    desk = Desk(config)
    _warn(desk, options)
    outcome = deliver(raw, desk, lambda mail: mailbox_of(mail, config, options))
    if outcome.verdict != "tempfail":
        work_off(desk)
        housekeep(desk)
    desk.leave()
    return outcome.verdict, outcome.text


def _leave_out_tls(config: Config) -> None:
    """Spare a run that speaks TLS to nobody the import of `ssl`, a tenth of its time.

    http.client and smtplib take it if it can be had; this process ends after one message, so nobody else misses it.
    """
    if not config.erp.url.startswith("https") and all(server.tls == "no" for server in config.smtp.servers):
        sys.modules.setdefault("ssl", None)  # type: ignore[arg-type]  # None bars an import: importlib's own rule
    sys.modules.setdefault("gzip", None)  # type: ignore[arg-type]  # xmlrpc.client takes it if it can: never asked for


def read_all(number: int) -> bytes:
    """Return every byte of a file descriptor."""
    pieces = []
    while piece := os.read(number, 1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


def _warn(desk: Desk, options: Mapping[str, str | None]) -> None:
    if options.get("password") is not None:
        desk.log.warning("the password stands on the command line, where every user of this machine can read it")
    if desk.config.authentication.trust_from is True:
        desk.log.warning("every From is believed: anybody who writes a user's address in From acts as that user")
