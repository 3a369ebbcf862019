"""The words of the mails that the gateway writes itself: answers to commands, reports, acknowledgements."""

from __future__ import annotations

from mailgate.model import Notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailgate.model import Automatic, Command, Complaint, Mail
    from mailgate.policy import Mailbox


def _quoted(text: str, most: int = 10) -> str:
    """Return the first lines of a text as a quotation."""
    lines = text.strip().split("\n")
    shown = ["> " + line for line in lines[:most]]
    return "\n".join([*shown, "> ..."] if len(lines) > most else shown)


def bad_commands(subject: str, complaints: Sequence[Complaint], done: Sequence[Command], text: str) -> Notice:
    """Answer a message whose commands could not all be carried out: nothing of it went to the customer."""
    lines = ["These lines of your mail were not carried out:", ""]
    for complaint in complaints:
        lines.append(f"    {complaint.line}")
        lines.append(f"        {complaint.reason}.")
        if complaint.nearest:
            lines.append(f"        Did you mean: {complaint.nearest}")
    if done:
        lines += ["", "These were:", "", *(f"    {command.line}" for command in done)]
    lines += [
        "",
        "Your text is recorded in the case. It was NOT sent to the customer, and it did not change the state.",
    ]
    if text.strip():
        lines += [
            "Answer this mail with",
            "    yes                to send it as it is, without these lines",
            "    corrected lines    to send it with those",
            "    no                 to leave it unsent",
        ]
    else:
        lines.append("Answer this mail with corrected lines.")
    if text.strip():
        lines += ["", "What you wrote:", "", _quoted(text)]
    return Notice("sender", "answer", f"Not carried out: {subject}", "\n".join(lines), "a command line is wrong")


def done_commands(subject: str, done: Sequence[Command]) -> Notice:
    """Confirm the commands that were carried out, where the team wants that."""
    lines = ["Carried out:", "", *(f"    {command.line}" for command in done)]
    return Notice("sender", "answer", f"Carried out: {subject}", "\n".join(lines), "commands.report: always")


def stray_commands(subject: str, lines: Sequence[str]) -> Notice:
    """Tell the writer that command lines below his text are text."""
    text = "\n".join(
        [
            "Commands count only in the first lines of a mail. These stood below your text, so they were taken for",
            "text and not carried out:",
            "",
            *(f"    {line}" for line in lines),
        ]
    )
    return Notice("sender", "answer", f"Not carried out: {subject}", text, "command lines below the text")


def not_responsible(subject: str, responsible: str, lines: Sequence[str], sent: bool) -> Notice:
    """Tell a colleague that his mail became an internal note, and that commands are the responsible's."""
    text = [f"This case is {responsible}'s."]
    if not sent:
        text += [
            "Your mail was recorded as an internal note and sent to him. It was not sent to the customer; to send it,",
            "begin with Set-Relay: yes",
        ]
    if lines:
        text += ["", "Only he can give commands, so these were not carried out:", "", *(f"    {li}" for li in lines)]
    return Notice("sender", "answer", f"Internal note: {subject}", "\n".join(text), "the case is a colleague's")


def bounced(subject: str, automatic: Automatic, to_default: bool) -> Notice:
    """Tell the responsible (the default address, if it is his own mail that came back) what failed and why."""
    lines = ["A mail of this case could not be delivered.", ""]
    for bounce in automatic.bounces:
        what = "is delayed" if bounce.action.lower() == "delayed" else "failed"
        lines.append(f"    {bounce.address or 'an unknown address'} {what}: {bounce.status} {bounce.reason}".rstrip())
    if not automatic.bounces:
        lines.append(f"    {automatic.reason}")
    lines += ["", "The state of the case was not changed. Set-Partner: and Set-Cc: give it another address."]
    return Notice(
        "default" if to_default else "responsible",
        "report",
        f"Not delivered: {subject}",
        "\n".join(lines),
        "a mail of the case came back",
    )


def acknowledgement(mailbox: Mailbox, subject: str) -> Notice:
    """Thank the sender of a new case with the team's own template."""
    return Notice("sender", "acknowledge", subject, mailbox.acknowledge, "acknowledge: is set")


def own_address(mail: Mail) -> Notice:
    """Ask the default address about a mail that claims to come from the gateway itself."""
    text = (
        f"A mail came in whose From is the gateway's own address, {mail.sender.email}, without the marks of a mail\n"
        "that the gateway wrote. It is kept aside: `mailgate hold list` shows it, `mailgate hold release` lets it go."
    )
    return Notice("default", "report", "Is this mail ours?", text, "From is a gateway address")


def trouble(what: str, mail_subject: str, reason: str, mend: str = "") -> Notice:
    """Report trouble with one message to the default address."""
    lines = [f"{what}: {reason}", "", f"    Subject: {mail_subject}"]
    if mend:
        lines += ["", mend]
    return Notice("default", "report", f"{what}: {mail_subject}", "\n".join(lines), reason)


def digest(held: Sequence[str]) -> Notice:
    """List what is kept aside, once a day."""
    text = "\n".join(["These messages are kept aside:", "", *(f"    {line}" for line in held), "",
                      "`mailgate hold list` shows them, `mailgate hold release ID` lets one go."])  # fmt: skip
    return Notice("default", "report", f"Kept aside: {len(held)}", text, "once a day")
