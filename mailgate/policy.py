"""What the administrator chose, as frozen values: written by `config`, read by every room.

Every default of the specification's table stands here and nowhere else; docs/config.md is its twin and a test
compares the two. Durations are seconds, sizes bytes.
"""

from __future__ import annotations

from mailgate.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

MINUTE, HOUR, DAY = 60, 3600, 86400
MB = 1024 * 1024


class Secret(Record):
    """Where a secret is to be had. Exactly one field is set; the value itself is read when it is needed."""

    value: str = ""  # written in the configuration or on the command line itself
    file: str = ""
    env: str = ""
    command: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Never show the value: records are printed in logs and traces."""
        return "Secret(...)"


class Erp(Record):
    """How to reach the ERP. `url` is scheme, host and port: http://localhost:8069.

    `api_key` (Odoo alone) goes before `password`; `transport` auto asks the server what it speaks.
    """

    url: str = "http://localhost:8069"
    kind: Literal["crm.case", "odoo"] = "crm.case"
    transport: Literal["auto", "xmlrpc", "json2"] = "auto"
    database: str = "terp"
    user: int | str = 3  # an id, or a login
    password: Secret = Secret(value="admin")
    api_key: Secret | None = None
    settle: float = 10 * MINUTE
    remember: float = 15 * MINUTE  # how long section, users and login are remembered between runs
    ca_file: str = ""


class SmtpServer(Record):
    """One next hop. `tls`: no, starttls (required), or tls (from the first byte)."""

    host: str = "localhost"
    port: int = 25
    tls: Literal["no", "starttls", "tls"] = "no"
    user: str = ""
    password: Secret | None = None
    ca_file: str = ""


class Smtp(Record):
    """Where outgoing mail goes: the servers in order, or a sendmail command instead."""

    servers: tuple[SmtpServer, ...] = (SmtpServer(),)
    sendmail: tuple[str, ...] = ()
    hello: str = ""  # the name in EHLO; "": this host's


class Trust(Record):
    """An authserv-id whose Authentication-Results fields are believed (RFC 8601)."""

    authserv_id: str
    strips: bool = False  # the border removes foreign fields of that name


class Authentication(Record):
    """Which reasons to believe From are accepted, beside our own reply tokens."""

    trust_from: tuple[str, ...] | Literal[True] = ()  # domains that nobody outside can forge; True: all
    trust: tuple[Trust, ...] = ()
    hosts: tuple[str, ...] = ()  # by-hosts of our own Received fields
    internal: bool = False  # an authenticated submission to one of `hosts` is proof


class Limits(Record):
    """Beyond these a message goes on hold, or an attachment is left out and named."""

    message: int = 50 * MB
    attachment: int = 25 * MB
    parts: int = 200
    relays: int = 50  # an hour and case
    answers: int = 3  # automatic answers an hour and address
    received: int = 50  # Received fields: more is a loop
    types: tuple[str, ...] = ()  # attachment types or name endings that are left out: application/x-msdownload, .exe


class Mailbox(Record):
    """One gateway address and everything that was chosen for it."""

    address: str
    section: str | int = "support"
    model: Literal["crm.case", "helpdesk.ticket", "project.task", "crm.lead"] = "crm.case"
    aliases: tuple[str, ...] = ()  # further addresses that lead to this mailbox
    name: str = ""  # the display name of what it sends; "": the section's name
    default: str = ""  # the default address: where trouble is reported
    notify: tuple[str, ...] = ()  # who hears of a case without a reachable responsible
    tag: str = "[{id}]"
    states_new: Literal["draft", "open", "pending", "close", "cancel"] | None = None
    states_responsible: Literal["close", "pending", "keep"] = "close"
    states_partner: Literal["open", "keep"] = "open"
    reopen: float = 30 * DAY
    partners: Literal["address", "company"] = "company"
    strangers: Literal["new", "hold", "attach"] = "new"
    automatic: Literal["hold", "new"] = "hold"
    commands_who: Literal["responsible", "users"] = "responsible"
    commands_report: Literal["errors", "always", "never"] = "errors"
    quotes: Literal["strip", "keep"] = "strip"
    attach_original: Literal["never", "html", "always"] | None = None  # None: as the ERP's dialect wants it
    relay_from: Literal["gateway", "original"] = "gateway"
    relay_by: Literal["gateway", "erp"] = "gateway"  # erp: Odoo's own notifications carry the mail to the other side
    internal_attachments: bool | None = None  # an internal note's attachments stand on the case; None: on Odoo
    acknowledge: str = ""  # template of the mail that a new customer gets; "": none
    plus: bool = False  # user+anything@ is user@
    channel: int | None = None
    # Odoo alone: stages by id or name (the first is the one that is set), priorities by Odoo's key or label, and the
    # fields that take a value ("auto": as the model has it; None: none). What is not said is found by the dialect.
    stages_draft: tuple[int | str, ...] = ()
    stages_open: tuple[int | str, ...] = ()
    stages_pending: tuple[int | str, ...] = ()
    stages_close: tuple[int | str, ...] = ()
    stages_cancel: tuple[int | str, ...] = ()
    priorities_1: str = ""
    priorities_2: str = ""
    priorities_3: str = ""
    priorities_4: str = ""
    priorities_5: str = ""
    fields_contact: str | None = "auto"
    fields_description: str | None = "auto"
    fields_category: str | None = "auto"
    fields_channel: str | None = "auto"
    fields_deadline: str | None = "auto"
    fields_cost: str | None = "auto"
    fields_revenue: str | None = "auto"
    fields_probability: str | None = "auto"


# What a mailbox of that model has instead of the defaults above: an answer must not mark a deal as won, nor open it.
BY_MODEL: dict[str, dict[str, str]] = {"crm.lead": {"states_responsible": "keep", "states_partner": "keep"}}


class Config(Record):
    """The whole configuration. `source` names where it came from, for messages."""

    source: str
    mailboxes: tuple[Mailbox, ...]
    erp: Erp = Erp()
    smtp: Smtp = Smtp()
    authentication: Authentication = Authentication()
    limits: Limits = Limits()
    state: str = "/var/lib/mailgate"
    deadline: float = 120
    when_down: Literal["tempfail", "keep"] = "tempfail"
    give_up: float = 5 * DAY
    journal_keep: float = 30 * DAY
    log: str = "syslog"  # syslog, stderr, or a file's path
    freemail: tuple[str, ...] = (
        "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "aol.com",
        "icloud.com", "me.com", "mac.com", "gmx.de", "gmx.net", "gmx.com", "web.de", "t-online.de", "freenet.de",
        "orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr", "skynet.be", "telenet.be", "proximus.be",
        "libero.it", "mail.ru", "yandex.ru", "qq.com", "163.com", "126.com", "proton.me", "protonmail.com",
        "zoho.com", "fastmail.com", "hotmail.fr", "yahoo.fr", "live.fr", "comcast.net", "verizon.net",
    )  # fmt: skip
