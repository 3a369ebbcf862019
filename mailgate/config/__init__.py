"""What the administrator chose: from a YAML file, or from the original's command line alone, to a frozen `Config`.

    find           which file
    load           that file, read strictly        reader.py, shapes.py, kinds.py, together.py; rows.py has a row for
                                                   each option
    load_cached    the same, mostly without YAML    cache.py
    from_options   no file: the original's command line
    override       the command line over a file
    choose         the mailbox that a message is for
    resolve        a secret, at the moment of its use   secret.py
    shown          the effective configuration as text  show.py

Only what every message needs is imported here.
"""

from __future__ import annotations

import os

from mailgate.policy import Authentication, Config, Mailbox, Secret
from mailgate.status import ConfigError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mailgate.config.rows import Option
    from mailgate.policy import Erp

    Options = Mapping[str, str | int | None]

DEFAULT_FILE = "/etc/mailgate.yaml"


# --- files -----------------------------------------------------------------------------------------------------------


def find(path: str | None) -> str | None:
    """Return the configuration file: the one of -c, else of MAILGATE_CONFIG, else /etc/mailgate.yaml if it is there."""
    named = path or os.environ.get("MAILGATE_CONFIG")
    return named or (DEFAULT_FILE if os.access(DEFAULT_FILE, os.F_OK) else None)


def load(path: str, text: bytes | None = None) -> Config:
    """Return the configuration in a YAML file, or in `text` (UTF-8), which is then said to be that file's.

    Raises ConfigError whose text is one line: FILE:LINE: KEY: what is wrong and the mend.
    """
    from mailgate.config.reader import read

    return read(path, text)


def load_cached(path: str) -> Config:
    """Return what `load` returns; an unchanged file is read as YAML only once, if it holds no secret itself.

    Raises ConfigError as `load` does. Whether secrets can be read is then seen when they are needed.
    """
    from mailgate.config import cache

    mark = cache.stamp(path)
    kept = cache.recall(path, mark) if mark else None
    if kept:
        return kept
    config = load(path)
    if mark:
        cache.keep(path, mark, config)
    return config


def options() -> tuple[Option, ...]:
    """Return every option of the file as a typed row."""
    from mailgate.config.rows import options

    return options()


def shown(config: Config) -> str:
    """Return the effective configuration as YAML; of secrets only where they are read."""
    from mailgate.config.show import shown

    return shown(config)


def resolve(secret: Secret) -> str:
    """Return the secret itself. Raises ConfigError that names the place and the mend, never the value."""
    from mailgate.config.secret import resolve

    return resolve(secret)


# --- the command line ------------------------------------------------------------------------------------------------


def from_options(options: Options) -> Config:
    """Return the configuration of a command line without a file, as the original gateway had it: From is believed.

    `options`: email (required), section (an id or a code), default, user (an id or a login), password, dbname, host,
    port, state; what is None or missing keeps its default. Raises UsageError.
    """
    email = str(options.get("email") or "")
    if not email:
        raise UsageError("-e is missing: say the gateway address, such as -e support@mycompany.com, or a file with -c")
    mailbox = Mailbox(_address("-e", email))
    bare = Config("the command line", (mailbox,), authentication=Authentication(trust_from=True))
    return override(bare, options)


def override(config: Config, options: Options) -> Config:
    """Return a configuration with the command line's options in force; they are those of `from_options`.

    -s and -m hold for the mailbox of -e, else for the only one. The state folder is that of the option, else of
    MAILGATE_STATE, else of the file. Raises UsageError.
    """
    state = options.get("state") or os.environ.get("MAILGATE_STATE") or config.state
    if not str(state).startswith("/"):
        raise UsageError(f"the state folder must be an absolute path, not {state}")
    return config.but(erp=_erp(config.erp, options), mailboxes=_mailboxes(config, options), state=str(state))


def _erp(erp: Erp, options: Options) -> Erp:
    user, password, database = options.get("user"), options.get("password"), options.get("dbname")
    if user not in (None, ""):
        erp = erp.but(user=_id_or_text(user))
    if password is not None:
        erp = erp.but(password=Secret(value=str(password)))
    if database:
        erp = erp.but(database=str(database))
    return erp.but(url=_url(erp.url, options))


def _url(url: str, options: Options) -> str:
    """Put --host and --port into a URL that is scheme, host and port."""
    scheme, _, rest = url.partition("://")
    host, colon, port = rest.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = rest, ""
    if options.get("host"):
        host = str(options["host"])
        host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    if options.get("port"):
        port = str(options["port"])
    bare = host.strip("[]").replace(":", "").replace(".", "").replace("-", "").replace("_", "")
    if not bare.isalnum() or (port and not (port.isdigit() and 0 < int(port) < 65536)):
        raise UsageError("--host must be a host's name or address, and --port a number up to 65535")
    return f"{scheme}://{host}:{port}" if port else f"{scheme}://{host}"


def _mailboxes(config: Config, options: Options) -> tuple[Mailbox, ...]:
    email, section, default = (options.get(name) for name in ("email", "section", "default"))
    if section in (None, "") and not default:
        return config.mailboxes
    if not email and len(config.mailboxes) > 1:
        raise UsageError(f"-s and -m take -e too: {config.source} has several mailboxes")
    wanted = _named(config, str(email)) if email else config.mailboxes[0]
    changed = wanted.but(
        section=wanted.section if section in (None, "") else _id_or_text(section),
        default=_address("-m", str(default)) if default else wanted.default,
    )
    return tuple(changed if mailbox is wanted else mailbox for mailbox in config.mailboxes)


def _id_or_text(value: str | int | None) -> int | str:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else text


def is_address(text: str) -> bool:
    """Whether a text is an addr-spec as far as a configuration needs it: one @, and nothing that could do harm."""
    local, _, domain = text.partition("@")
    harmless = text.isprintable() and not set(text) & set(' <>,;:"()[]\\')
    return bool(local and domain) and "@" not in domain and harmless


def _address(option: str, text: str) -> str:
    if not is_address(text):
        raise UsageError(f"{option} must be an address, such as {option} support@mycompany.com")
    return text


# --- which mailbox ---------------------------------------------------------------------------------------------------


def choose(config: Config, email: str | None, recipient: str | None, seen: Iterable[str]) -> Mailbox:
    """Return the mailbox that a message is for: of -e, else the only one, else of --recipient, else of `seen`.

    `seen` are the addresses of Delivered-To, X-Original-To, To and Cc, in that order. Raises UsageError for an -e that
    is no mailbox, ConfigError where nothing tells.
    """
    if email:
        return _named(config, email)
    if len(config.mailboxes) == 1:
        return config.mailboxes[0]
    for address in (recipient or "", *seen):
        for mailbox in config.mailboxes:
            if _is(mailbox, address):
                return mailbox
    known = ", ".join(mailbox.address for mailbox in config.mailboxes)
    raise ConfigError(
        f"{config.source}: nothing tells which mailbox this message is for: say -e with one of {known}, "
        "or list the address that it came to under `aliases:`"
    )


def _named(config: Config, email: str) -> Mailbox:
    for mailbox in config.mailboxes:
        if _is(mailbox, email):
            return mailbox
    known = ", ".join(mailbox.address for mailbox in config.mailboxes)
    raise UsageError(f"-e {email} is no mailbox of {config.source}, which has {known}")


def _is(mailbox: Mailbox, address: str) -> bool:
    folded = address.casefold()
    if mailbox.plus:
        local, at, domain = folded.rpartition("@")
        folded = local.partition("+")[0] + at + domain
    return any(folded == own.casefold() for own in (mailbox.address, *mailbox.aliases))
