"""The mails that the ERP sends by itself, and how it sends them: by SMTP, inside the call, deaf to errors."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import time
from email.encoders import encode_base64
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formatdate

from mailgate.sandbox.faults import NoAttribute, Unencodable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from email.message import Message

TIMEOUT = 60.0


class Mailer:
    """Where mails go. Port 0: nowhere."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port

    def send(
        self,
        case: int,
        sender: str | None,
        recipients: list[str],
        subject: str,
        text: str,
        reply_to: str | None,
        attachments: list[tuple[str, bytes]] | None = None,
    ) -> None:
        """Send a mail about a case. An SMTP error is ignored.

        Raises Unencodable for a subject that is not ASCII, as release 5.0.0 does, and NoAttribute without a sender
        where a Reply-To is to be made of it.
        """
        if not subject.isascii():
            raise Unencodable(subject)
        if reply_to and not sender:
            raise NoAttribute("'bool' object has no attribute 'email'")
        mail = _mail(text, attachments or [])
        mail["Subject"] = " ".join(subject.splitlines())
        mail["From"] = sender or ""
        if reply_to:
            mail["Reply-To"] = f"{sender}, {reply_to}"
        mail["To"] = ", ".join(recipients)
        mail["Date"] = formatdate(localtime=True)
        mail["Message-Id"] = f"<{time.time():.2f}-tinycrm-{case}@{socket.gethostname()}>"
        if sender and self.port:
            with contextlib.suppress(OSError, ValueError, smtplib.SMTPException), self._connection() as connection:
                connection.sendmail(sender, recipients, mail.as_bytes())

    def _connection(self) -> smtplib.SMTP:
        return smtplib.SMTP(self.host, self.port, local_hostname="sandbox", timeout=TIMEOUT)


def _mail(text: str, attachments: list[tuple[str, bytes]]) -> Message:
    body = MIMEText(text, "plain", "utf-8")
    if not attachments:
        return body
    mail = MIMEMultipart()
    mail.attach(body)
    for name, data in attachments:
        part = MIMEBase("application", "octet-stream")
        part.set_payload(data)
        encode_base64(part)
        part.add_header("Content-Disposition", f'attachment; filename="{name}"')
        mail.attach(part)
    return mail


def ascii_only(text: str) -> str:
    """Return a text as the ERP puts it into a mail: each letter beyond ASCII is a question mark."""
    return text.encode("ascii", "replace").decode("ascii")
