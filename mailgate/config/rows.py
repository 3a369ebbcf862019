"""Every option of the configuration as a typed row: the reader, its hints, `shown` and docs/config.md follow from it.

Defaults stand in `mailgate.policy` only; a row names the record and so finds its own.
"""

from __future__ import annotations

from mailgate.policy import (
    BY_MODEL,
    DAY,
    HOUR,
    MB,
    MINUTE,
    Authentication,
    Config,
    Erp,
    Limits,
    Mailbox,
    Secret,
    Smtp,
    SmtpServer,
    Trust,
)
from mailgate.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

YEAR = 365 * DAY
DURATIONS = (("days", DAY), ("h", HOUR), ("min", MINUTE), ("s", 1))
SIZES = (("GB", 1024 * MB), ("MB", MB), ("KB", 1024), ("B", 1))

PREFIXES = {"": "", "trust": "authentication.trust[].", "mailboxes": "mailboxes[]."}

# what may be written for each kind of value, in words for people
KINDS = {
    "address": "address",
    "addresses": "list of addresses",
    "argv": "list: a program and its arguments",
    "authentication": "mapping, see authentication",
    "domains": "list of domains",
    "duration": "duration",
    "erp": "mapping, see erp",
    "field": "name of a field, auto",
    "file": "absolute path of a file",
    "flag": "yes or no",
    "id-or-text": "number (an id) or text",
    "limits": "mapping, see limits",
    "log": "syslog, stderr, or an absolute path",
    "mailboxes": "list of mappings, see mailboxes",
    "number": "number",
    "path": "absolute path",
    "secret": "text, or one of file, env, command",
    "size": "size",
    "smtp": "mapping or list of mappings, see smtp",
    "stages": "number (an id) or text, or a list of them",
    "tag": "text with {id} or {number}",
    "template": "text",
    "text": "text",
    "trust": "list of mappings, see trust",
    "trust_from": "list of domains, or true",
    "types": "list of types or name endings",
    "url": "http://host:port or https://host:port",
}


class Option(Record):
    """One key of the file. `key` has dots where mappings stand inside each other; `low` and `high` bound the value
    (seconds, bytes, or a plain number; both 0: unbounded); `none` is the word that is written for "nothing"; `only` is
    the `erp.kind` that the option goes with, "" any."""

    group: str
    record: type[Record]
    key: str
    kind: str
    text: str
    low: float = 0
    high: float = 0
    choices: tuple[str, ...] = ()
    none: str = ""
    only: str = ""

    @property
    def field(self) -> str:
        """The field of the record in `mailgate.policy` that takes the value."""
        return self.key.replace(".", "_")

    @property
    def name(self) -> str:
        """The key with all that it stands in: erp.settle, mailboxes[].states.new."""
        return PREFIXES.get(self.group, f"{self.group}.") + self.key

    @property
    def required(self) -> bool:
        """Whether the key must be there, since nothing stands in for it."""
        return self.key == "authentication" or self.field not in self.record._defaults

    @property
    def default(self) -> Any:
        """The value of a file that does not have the key; None also where there is none."""
        return self.record._defaults.get(self.field)

    @property
    def values(self) -> str:
        """What may be written, in words: "duration, 10 s to 15 min"."""
        if self.choices:
            return ", ".join((*self.choices, self.none) if self.none else self.choices)
        bounds = f", {self.amount(self.low)} to {self.amount(self.high)}" if self.high else ""
        return KINDS[self.kind] + bounds + (f", or {self.none}" if self.none else "")

    @property
    def default_text(self) -> str:
        """The default as one would write it, and the models that have another."""
        others = [f"; {model}: {own[self.field]}" for model, own in BY_MODEL.items() if self.field in own]
        return self._plain_default + "".join(others)

    @property
    def _plain_default(self) -> str:
        value = external(self, self.default)
        if self.required:
            return "required"
        if isinstance(value, list):
            return ", ".join(value) if len(value) < 4 and value else f"{len(value)} domains" if value else "none"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, Record):
            return "each its own"
        return "none" if value in (None, "") else str(value)

    def amount(self, number: float) -> str:
        """Return a number of this option in its own unit: 90 seconds are "90 s"."""
        units = {"duration": DURATIONS, "size": SIZES}.get(self.kind)
        return in_units(number, units) if units else str(number)


def in_units(number: float, units: tuple[tuple[str, int], ...]) -> str:
    """Return a number in the largest unit that divides it: 600 seconds are "10 min"."""
    for unit, worth in units:
        if number >= worth and number % worth == 0:
            return "1 day" if number == DAY else f"{number // worth:g} {unit}"
    return f"{number:g} {units[-1][0]}"


def external(option: Option, value: Any) -> Any:
    """Return a value of the policy as one would write it in YAML; of a written secret only that there is one."""
    if value is None:
        return option.none or None
    if option.kind in ("duration", "size"):
        return option.amount(value)
    if isinstance(value, Secret):
        return _reference(value, option.default)
    return list(value) if isinstance(value, tuple) else value


def _reference(secret: Secret, default: Secret | None) -> object:
    if secret == default:
        return secret.value
    if secret.command:
        return {"command": list(secret.command)}
    return {"file": secret.file} if secret.file else {"env": secret.env} if secret.env else "(not shown)"


def options(group: str | None = None) -> tuple[Option, ...]:
    """Return the rows of a group ("", erp, smtp, authentication, trust, limits, mailboxes), or all of them."""
    return tuple(row for row in ROWS if group is None or row.group == group)


MODELS = ("crm.case", "helpdesk.ticket", "project.task", "crm.lead")
STATES = ("draft", "open", "pending", "close", "cancel")
PRIORITIES = ("highest", "high", "normal", "low", "lowest")
FIELDS = ("contact", "description", "category", "channel", "deadline", "cost", "revenue", "probability")

# fmt: off
ROWS = (
    Option("", Config, "mailboxes", "mailboxes", "the gateway addresses, each with its section"),
    Option("", Config, "erp", "erp", "how to reach the ERP"),
    Option("", Config, "smtp", "smtp", "where outgoing mail goes"),
    Option("", Smtp, "hello", "text", "the name that is said in EHLO; none: this host's"),
    Option("", Config, "authentication", "authentication",
           "which reasons to believe From are accepted; always asked for"),
    Option("", Config, "limits", "limits", "beyond these a message is kept aside"),
    Option("", Config, "state", "path", "the state folder: journal, kept mail, what is on hold"),
    Option("", Config, "deadline", "duration", "how long one run may take, all network calls in it", 1, 15 * MINUTE),
    Option("", Config, "when_down", "choice",
           "the ERP is down: 75 to the caller, or keep the mail here", choices=("tempfail", "keep")),
    Option("", Config, "give_up", "duration", "how long one effect is tried, outages not counted", MINUTE, YEAR),
    Option("", Config, "journal.keep", "duration",
           "how long bodies are kept once a message is done; keys stay", HOUR, 10 * YEAR),
    Option("", Config, "log", "log", "where the details go"),
    Option("", Config, "freemail", "domains",
           "domains whose addresses do not belong together; the list replaces the default"),
    Option("erp", Erp, "kind", "choice",
           "the ERP: crm.case is OpenERP 5 and Tiny ERP 4.2, odoo is Odoo 14 to 19", choices=("crm.case", "odoo")),
    Option("erp", Erp, "url", "url", "the ERP's service"),
    Option("erp", Erp, "transport", "choice",
           "how Odoo is spoken to; auto: the server is asked what it speaks", choices=("auto", "xmlrpc", "json2"),
           only="odoo"),
    Option("erp", Erp, "database", "text", "the database's name"),
    Option("erp", Erp, "user", "id-or-text", "the gateway's own user: an id, or a login"),
    Option("erp", Erp, "api_key", "secret", "that user's API key in Odoo; it goes before the password", only="odoo"),
    Option("erp", Erp, "password", "secret", "that user's password"),
    Option("erp", Erp, "settle", "duration", "how long an unanswered call may still take effect", 0, DAY),
    Option("erp", Erp, "remember", "duration",
           "how long section, users and login are remembered between runs", 0, 30 * DAY),
    Option("erp", Erp, "ca_file", "file", "certificates (PEM) to trust for https instead of the system's"),
    Option("smtp", SmtpServer, "host", "text", "name or address of the mail server"),
    Option("smtp", SmtpServer, "port", "number", "its port; with `tls: tls` and no port 465", 1, 65535),
    Option("smtp", SmtpServer, "tls", "choice",
           "no encryption, STARTTLS (required), or TLS from the first byte", choices=("no", "starttls", "tls")),
    Option("smtp", SmtpServer, "user", "text", "user for AUTH; none: no AUTH"),
    Option("smtp", SmtpServer, "password", "secret", "that user's password"),
    Option("smtp", SmtpServer, "ca_file", "file", "certificates (PEM) to trust instead of the system's"),
    Option("smtp", Smtp, "sendmail", "argv", "a sendmail-compatible command instead of a server"),
    Option("authentication", Authentication, "trust_from", "trust_from",
           "domains that nobody outside can forge at your mail server; true: all"),
    Option("authentication", Authentication, "trust", "trust", "whose Authentication-Results are believed"),
    Option("authentication", Authentication, "hosts", "domains",
           "your own mail servers, as they name themselves in Received"),
    Option("authentication", Authentication, "internal", "flag",
           "a submission with authentication to one of `hosts` is proof"),
    Option("trust", Trust, "authserv_id", "text", "the authserv-id that your border writes (RFC 8601)"),
    Option("trust", Trust, "strips", "flag", "the border removes fields of that name that come from outside"),
    Option("limits", Limits, "message", "size", "the largest message", 10 * 1024, 1024 * MB),
    Option("limits", Limits, "attachment", "size", "the largest attachment that is put on a case", 0, 1024 * MB),
    Option("limits", Limits, "parts", "number", "MIME parts that are read", 1, 10000),
    Option("limits", Limits, "relays", "number", "relayed mails an hour and case", 1, 10000),
    Option("limits", Limits, "answers", "number", "automatic answers an hour and address", 0, 1000),
    Option("limits", Limits, "received", "number", "Received fields; more is a loop", 5, 1000),
    Option("limits", Limits, "types", "types",
           "attachments that are left out and named: application/x-msdownload, .exe"),
    Option("mailboxes", Mailbox, "address", "address", "the gateway address"),
    Option("mailboxes", Mailbox, "aliases", "addresses", "further addresses that lead to this mailbox"),
    Option("mailboxes", Mailbox, "model", "choice", "what its cases are in the ERP", choices=MODELS),
    Option("mailboxes", Mailbox, "section", "id-or-text",
           "the section of its cases (Odoo: the helpdesk team, project or sales team): an id, or a code or name"),
    Option("mailboxes", Mailbox, "name", "text", "display name of what it sends; none: the section's name"),
    Option("mailboxes", Mailbox, "default", "address", "the default address: where trouble is reported"),
    Option("mailboxes", Mailbox, "notify", "addresses", "who hears of a case without a reachable responsible"),
    Option("mailboxes", Mailbox, "tag", "tag", "what marks a case in the subject"),
    Option("mailboxes", Mailbox, "states.new", "choice",
           "state of a new case; no: the ERP decides", choices=STATES, none="no"),
    Option("mailboxes", Mailbox, "states.responsible", "choice",
           "state after the responsible's reply", choices=("close", "pending", "keep")),
    Option("mailboxes", Mailbox, "states.partner", "choice",
           "state after the customer's reply", choices=("open", "keep")),
    Option("mailboxes", Mailbox, "reopen", "duration",
           "how long after its closing a case is opened again", 0, 10 * YEAR),
    Option("mailboxes", Mailbox, "partners", "choice",
           "who counts as the customer: his addresses, or his company's domain too", choices=("address", "company")),
    Option("mailboxes", Mailbox, "strangers", "choice",
           "a stranger's mail with a case's number", choices=("new", "hold", "attach")),
    Option("mailboxes", Mailbox, "automatic", "choice",
           "an automatic answer that belongs to no case", choices=("hold", "new")),
    Option("mailboxes", Mailbox, "commands.who", "choice",
           "whose commands are carried out", choices=("responsible", "users")),
    Option("mailboxes", Mailbox, "commands.report", "choice",
           "when the sender hears of his commands", choices=("errors", "always", "never")),
    Option("mailboxes", Mailbox, "quotes", "choice", "a quote of a mail that is known here", choices=("strip", "keep")),
    Option("mailboxes", Mailbox, "attach_original", "choice",
           "put the whole mail of a customer on the case; auto: html on Odoo, never on crm.case",
           choices=("never", "html", "always"), none="auto"),
    Option("mailboxes", Mailbox, "relay.from", "choice", "From of a relayed mail", choices=("gateway", "original")),
    Option("mailboxes", Mailbox, "relay.by", "choice",
           "who mails to the other side; erp: Odoo's own notifications", choices=("gateway", "erp")),
    Option("mailboxes", Mailbox, "internal_attachments", "flag",
           "attachments of an internal note may stand on the case; auto: yes on Odoo, no on crm.case", none="auto"),
    Option("mailboxes", Mailbox, "acknowledge", "template",
           "text of the mail that acknowledges a new case, with {id}, {tag}, {subject}, {team}; none: no such mail"),
    Option("mailboxes", Mailbox, "plus", "flag", "user+anything@ is user@"),
    Option("mailboxes", Mailbox, "channel", "number", "id of the channel that new cases get", 1, 2**31 - 1, none="no"),
    *(Option("mailboxes", Mailbox, f"stages.{state}", "stages",
             f"Odoo's stages for the state {state}, of which the first is set; none: found", only="odoo")
      for state in STATES),
    *(Option("mailboxes", Mailbox, f"priorities.{number}", "text",
             f"Odoo's key or label for the priority {number} ({name}); none: found", only="odoo")
      for number, name in enumerate(PRIORITIES, 1)),
    *(Option("mailboxes", Mailbox, f"fields.{what}", "field",
             f"Odoo's field for the {what}; auto: as the model has it; no: none", none="no", only="odoo")
      for what in FIELDS),
)
# fmt: on
