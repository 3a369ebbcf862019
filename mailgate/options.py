"""The command line of the main job: one table, read in two ways.

A mail program's call is read here, without click, whose import costs more than handling the message does. Whatever
this does not understand at once goes to click, which says what is wrong.
"""

from __future__ import annotations

from mailgate.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Option(Record):
    """One option that takes a value."""

    short: str
    long: str
    key: str
    metavar: str
    help: str


MAIN = (
    Option("-u", "--user", "user", "ID", "User of the ERP: an id, or a login. [3]"),
    Option("-p", "--password", "password", "TEXT", "His password; visible to all users here, so better in the file."),
    Option("-e", "--email", "email", "ADDRESS", "The gateway address: which mailbox this is."),
    Option("-s", "--section", "section", "ID", "Case section: an id, or a code. [support]"),
    Option("-m", "--default", "default", "ADDRESS", "Where trouble is reported."),
    Option("-d", "--dbname", "dbname", "NAME", "Database of the ERP. [terp]"),
    Option("", "--host", "host", "NAME", "Host of the ERP. [localhost]"),
    Option("", "--port", "port", "NUMBER", "Port of the ERP's XML-RPC. [8069]"),
    Option("-c", "--config", "config", "FILE", "YAML file. [$MAILGATE_CONFIG, /etc/mailgate.yaml]"),
    Option("", "--recipient", "recipient", "ADDRESS", "Who the message was for: chooses the mailbox."),
    Option("", "--state", "state", "FOLDER", "State folder. [$MAILGATE_STATE, /var/lib/mailgate]"),
)


def read_plain(arguments: Sequence[str]) -> dict[str, str] | None:
    """Return the values of a plain call (`-u3`, `-u 3`, `--user 3`, `--user=3`), or None if it is anything else."""
    short = {option.short: option.key for option in MAIN if option.short}
    long = {option.long: option.key for option in MAIN}
    values: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if name in long and equals:
            values[long[name]] = value
        elif word in long or word in short:
            if not rest:
                return None
            values[long.get(word) or short[word]] = rest.pop(0)
        elif word[:2] in short:
            values[short[word[:2]]] = word[2:]
        else:
            return None
    return values


def subcommand(arguments: Sequence[str]) -> str:
    """Return the first word that is neither an option nor an option's value, or ""."""
    takes = {flag for option in MAIN for flag in (option.short, option.long) if flag}
    value = False
    for word in arguments:
        if value:
            value = False
        elif word in takes:
            value = True
        elif not word.startswith("-"):
            return word
    return ""
