"""The commands, for persons: parse, open the ports, call, print."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailgate.options import MAIN
from mailgate.status import MailgateError, exit_status

if TYPE_CHECKING:
    from mailgate.desk import Desk

Values = dict[str, Any]


def run(words: list[str]) -> int:
    """Run the command line with click and return the exit status of the contract."""
    from mailgate.__main__ import _caller

    caller = _caller(words)
    try:
        status = main.main(words, prog_name="mailgate", standalone_mode=False)
    except click.ClickException as error:
        if caller == "person":
            error.show()
        else:
            click.echo(f"4.3.5 mailgate: {error.format_message()}")
        return exit_status("misused", caller)
    except click.Abort:
        return 130 if caller == "person" else 75
    except MailgateError as error:
        click.echo(f"mailgate: {clean(str(error))}", err=True)
        return exit_status(error.verdict, caller)
    return status if isinstance(status, int) else 0


def clean(text: str) -> str:
    """Return a text without what a terminal would obey: control characters become visible escapes."""
    return "".join(char if char.isprintable() or char in "\n" else f"\\x{ord(char):02x}" for char in text)


def say(text: str) -> None:
    """Print a text in which a mail may have had a hand."""
    click.echo(clean(text))


def main_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of the main job."""
    for option in reversed(MAIN):
        flags = [flag for flag in (option.short, option.long) if flag]
        command = click.option(*flags, option.key, metavar=option.metavar, help=option.help)(command)
    return command


def merged(values: Values) -> Values:
    """Return the main job's options: those of this command, else of the commands before it on the line."""
    levels = [values]
    context = click.get_current_context().parent
    while context is not None:
        levels.append(context.params)
        context = context.parent
    return {option.key: next((level[option.key] for level in levels if level.get(option.key)), None) for option in MAIN}


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@main_options
@click.version_option(package_name="mailgate", message="mailgate %(version)s")
def main(**values: Any) -> None:
    """Join a support team's mail and its ERP's cases.

    Without a command, handles the one message on stdin, as fetchmail, procmail or Postfix pipe it in:

        mailgate -u3 -padmin -ssupport -esupport@mycompany.com < message.eml

    Exit status: 0 done or safely kept here, 75 try again later; for a person also 64 (command line) and
    78 (configuration).
    """
    context = click.get_current_context()
    if context.invoked_subcommand is not None:
        return
    from mailgate.__main__ import _caller, handle

    if sys.stdin is not None and sys.stdin.isatty():
        raise click.UsageError("a message is expected on stdin: mailgate < message.eml, or a command: mailgate --help")
    context.exit(handle(merged(values), _caller([])))


@main.command()
@main_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line (docs/explain.md).")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, allow_dash=True))
def explain(as_json: bool, files: tuple[str, ...], **values: Any) -> None:
    """Say what would happen to a message, and why. Touches nothing.

    Reads stdin, or the FILES in their order.
    """
    from mailgate.explain import explain as explained
    from mailgate.explain import in_words
    from mailgate.job import configured, mailbox_of

    options = merged(values)
    config, why_not = None, ""
    try:
        config = configured(options)
    except MailgateError as error:
        why_not = str(error)
    for file in files or ("-",):
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        shown = explained(raw, config, why_not, lambda mail, chosen: mailbox_of(mail, chosen, options))
        if as_json:
            click.echo(json.dumps(shown))
        else:
            say(in_words(shown))


@main.command()
@main_options
def check(**values: Any) -> None:
    """Say for each part whether it works, and what to mend."""
    from mailgate.checking import check as checked

    well = True
    for fine, words in checked(merged(values)):
        say(f"{'ok  ' if fine else 'MEND'}  {words}")
        well = well and fine
    click.get_current_context().exit(0 if well else exit_status("misconfigured", "person"))


@main.command("config")
@main_options
def show_config(**values: Any) -> None:
    """Print the effective configuration; secrets stay where they are."""
    from mailgate.config import shown
    from mailgate.job import configured

    say(shown(configured(merged(values))))


@main.command()
@main_options
def retry(**values: Any) -> None:
    """Work off everything that is due: for cron or a timer."""
    from mailgate.deliver import housekeep, work_off
    from mailgate.desk import Desk
    from mailgate.job import configured

    with Desk(configured(merged(values))) as desk:
        count = work_off(desk, seconds=3600, most=10000)
        housekeep(desk)
    say(f"{count} {'delivery' if count == 1 else 'deliveries'} attended to")


@main.command()
@main_options
@click.option("--relay", is_flag=True, help="Mail those concerned as well; without it nothing leaves.")
@click.argument("path", type=click.Path(exists=True))
def replay(relay: bool, path: str, **values: Any) -> None:
    """Record many messages: an mbox, a Maildir, a folder of .eml files, or one file. Safe to repeat."""
    from mailgate.deliver import deliver
    from mailgate.desk import Desk
    from mailgate.job import configured, mailbox_of
    from mailgate.replay import messages

    options = merged(values)
    config = configured(options)
    counts: dict[str, int] = {}
    with Desk(config) as desk:
        desk.silent = not relay
        found = messages(Path(path))
        with click.progressbar(found, label="messages", file=sys.stderr) as bar:
            for raw in bar:
                outcome = deliver(raw, desk, lambda mail: mailbox_of(mail, config, options))
                counts[outcome.verdict] = counts.get(outcome.verdict, 0) + 1
                if outcome.verdict == "tempfail":
                    raise MailgateError(outcome.text)
    say(", ".join(f"{count} {verdict}" for verdict, count in counts.items()) or "no messages")


@main.group()
@main_options
def hold(**_: Any) -> None:
    """List, show, release or drop what was kept aside."""


@hold.command("list")
@main_options
def hold_list(**values: Any) -> None:
    """List what is kept aside, the oldest first."""
    from mailgate.holding import listed

    for line in listed(_opened(values)) or ["nothing is kept aside"]:
        say(line)


@hold.command("show")
@main_options
@click.argument("number", type=int)
def hold_show(number: int, **values: Any) -> None:
    """Print one message that was kept aside, and why it was."""
    from mailgate.holding import shown

    say(shown(_opened(values), number))


@hold.command("release")
@main_options
@click.argument("numbers", type=int, nargs=-1, required=True)
def hold_release(numbers: tuple[int, ...], **values: Any) -> None:
    """Let messages go: each is decided now, and you answer for its From."""
    from mailgate.holding import release

    desk = _opened(values)
    for number in numbers:
        say(release(desk, number))


@hold.command("drop")
@main_options
@click.argument("numbers", type=int, nargs=-1, required=True)
def hold_drop(numbers: tuple[int, ...], **values: Any) -> None:
    """Forget messages that were kept aside; their bytes are deleted."""
    from mailgate.holding import drop

    desk = _opened(values)
    for number in numbers:
        say(drop(desk, number))


def _opened(values: Values) -> Desk:
    from mailgate.desk import Desk
    from mailgate.job import configured

    return click.get_current_context().with_resource(Desk(configured(merged(values))))


@main.command()
@click.option("--folder", type=click.Path(file_okay=False), help="Keep its data here. [in memory]")
@click.option("--port", type=int, default=8069, show_default=True, help="Port of the ERP and the page.")
@click.option("--smtp-port", type=int, default=8025, show_default=True, help="Port of the SMTP sink.")
def sandbox(folder: str | None, port: int, smtp_port: int) -> None:
    """Serve an embedded ERP and an SMTP sink on loopback, for trying out and for tests."""
    from mailgate.sandbox import serve

    path = ":memory:"
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        path = str(Path(folder) / "sandbox.sqlite")
    serve(path, port, smtp_port, say=click.echo)


@main.command()
def demo() -> None:
    """Show one case's first steps in the sandbox: with the message on stdin, or with one of its own."""
    from mailgate.sandbox.demo import show

    raw = b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read()
    show(raw, say)
