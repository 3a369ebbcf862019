"""One case's first steps, shown: a message goes through the real `mailgate` into the sandbox, and the answer back."""

from __future__ import annotations

import email
import email.policy
import os
import subprocess
import sys
import tempfile
from email.message import EmailMessage
from typing import TYPE_CHECKING

from mailgate.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailgate.sandbox import Envelope

GATEWAY = "support@mycompany.com"
FIRST = b"""\
From: Customer <customer@agrolait.com>
To: support@mycompany.com
Subject: The printer is on fire
Message-ID: <first@agrolait.com>
Date: Mon, 23 Nov 2026 09:00:00 +0100
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Hello,
our printer burns since this morning. What shall we do?
Customer
"""
ANSWER = """\
Set-User: ede
Set-State : pending

Hello Emmanuel,
Here is a case you should take into account.
Fabien
"""
CONFIG = """\
default: fabien@mycompany.com
state: {folder}/state
log: {folder}/log
erp: {{url: "{url}", database: terp, user: 3, password: {{env: MAILGATE_DEMO_PASSWORD}}}}
smtp: {{host: 127.0.0.1, port: {port}}}
authentication: {{trust_from: [mycompany.com]}}
mailboxes:
  - {{address: {gateway}, section: support}}
"""


def show(raw: bytes, say: Callable[[str], None]) -> None:
    """Send `raw` (or a message of our own) through the gateway, then an answer, and say what became of both."""
    with tempfile.TemporaryDirectory(prefix="mailgate-demo-") as folder, Sandbox() as sandbox:
        config = os.path.join(folder, "mailgate.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(folder=folder, url=sandbox.url, port=sandbox.smtp_port, gateway=GATEWAY))
        say("1. A customer writes to support@mycompany.com; fetchmail would pipe the mail into mailgate.\n")
        told = _through(raw or FIRST, config)
        _mails(sandbox, say)
        say(f"   {told}\n")
        cases = sandbox.execute("crm.case", "search", [])
        if not cases:
            return
        _case(sandbox, cases[0], say)
        copy = next((mail for mail in sandbox.sink.mails if mail.recipients == ("fabien@mycompany.com",)), None)
        if copy is None:
            return
        say("2. Fabien, who is responsible, answers in his mail client:\n")
        say("\n".join(f"   | {line}" for line in ANSWER.splitlines()) + "\n")
        sandbox.sink.clear()
        told = _through(_answer(copy), config)
        _mails(sandbox, say)
        say(f"   {told}\n")
        _case(sandbox, cases[0], say)
        say("Nothing is left of this: it was a sandbox. `mailgate sandbox` keeps one running, with a page to look at.")


def _through(raw: bytes, config: str) -> str:
    """Run the gateway as a mail program would, and return its line."""
    done = subprocess.run(
        [sys.executable, "-m", "mailgate", "-c", config],
        input=raw, capture_output=True, check=False, env=os.environ | {"MAILGATE_DEMO_PASSWORD": "admin"},
    )  # fmt: skip
    line = done.stdout.decode("utf-8", "replace").strip() or done.stderr.decode("utf-8", "replace").strip()
    return f"exit status {done.returncode}; {line}"


def _answer(copy: Envelope) -> bytes:
    received = email.message_from_bytes(copy.data, policy=email.policy.default)
    answer = EmailMessage()
    answer["From"] = "Fabien <fabien@mycompany.com>"
    answer["To"] = GATEWAY
    answer["Subject"] = f"Re: {received['Subject']}"
    answer["Message-ID"] = "<answer@mycompany.com>"
    answer["In-Reply-To"] = str(received["Message-ID"])
    answer.set_content(ANSWER)
    return answer.as_bytes()


def _mails(sandbox: Sandbox, say: Callable[[str], None]) -> None:
    for mail in sandbox.sink.mails:
        message = email.message_from_bytes(mail.data, policy=email.policy.default)
        say(f"   mail to {', '.join(mail.recipients)}")
        for name in ("From", "Subject"):
            say(f"   | {name}: {message[name]}")
        body = message.get_body(("plain", "html"))
        text = body.get_content().strip() if body is not None else "(no text)"
        say("   |\n" + "\n".join(f"   | {line}" for line in text.splitlines()[:12]) + "\n")


def _case(sandbox: Sandbox, number: int, say: Callable[[str], None]) -> None:
    fields = ["name", "state", "user_id", "partner_id", "email_from", "history_line"]
    case = sandbox.execute("crm.case", "read", [number], fields)[0]
    responsible = case["user_id"][1] if case["user_id"] else "nobody"
    partner = case["partner_id"][1] if case["partner_id"] else "unknown"
    say(f"   case [{number}] {case['name']}: state {case['state']}, responsible {responsible}, partner {partner}")
    lines = sandbox.execute("crm.case.history", "read", case["history_line"], ["email", "description"])
    for line in lines:
        first = " / ".join(str(line["description"]).splitlines()[:3])
        say(f"   history  {line['email']}: {first}")
    say("")
