"""A mail through a real Postfix to the next server: what we hand it arrives as it came, whatever lines it has."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest

from mailgate.compose import compose
from mailgate.message import content, parse
from mailgate.model import Address, Relay
from mailgate.policy import Secret, Smtp, SmtpServer
from mailgate.smtp import Submission, on_the_wire
from tests.builders import MAILBOX, NOW
from tests.real.machine import ENVIRON, ROOT, account, free_ports, need, program, wait_until, workplace
from tests.real.mailserver import end
from tests.test_smtp import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mailgate.model import Mail

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example.com
mydestination =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:{next}
smtp_tls_security_level = none
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
smtpd_discard_ehlo_keywords = {silent}
smtpd_peername_lookup = no
disable_dns_lookups = yes
smtp_host_lookup = native
import_environment = MAIL_CONFIG MAIL_LOGTAG TZ LANG=C MAILGATE_CI_RUN
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
error     unix - - n - - error
retry     unix - - n - - error
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
tlsmgr    unix - - n 1000? 1 tlsmgr
postlog   unix-dgram n - n - 1 postlogd
"""
COPY = Relay(Address("carla@customer.org"), "partner", "copy", "r", "<m@mycompany.com>", "[12] Printer")


class Post(NamedTuple):
    """A Postfix, and the server that it sends to."""

    port: int
    sink: Server
    log: Path

    def through(self, mail: Mail) -> Mail:
        """Submit a copy of a mail; return it as it arrived at the other end."""
        out = Submission(Smtp((SmtpServer("127.0.0.1", self.port),), hello="gate.example.com"), no_secret)
        receipt = out.send("support@mycompany.com", "carla@customer.org", compose(COPY, mail, MAILBOX, NOW))
        out.close()
        assert receipt.verdict == "sent", receipt.detail
        return self.arrived(1)

    def arrived(self, count: int) -> Mail:
        wait_until(lambda: len(self.sink.mails) >= count, 20, self.log.read_text)
        return parse((b"\r\n" + self.sink.mails[-1]).replace(b"\r\n.", b"\r\n")[2:])


def no_secret(_: Secret) -> str:
    return ""


@contextlib.contextmanager
def postfix(silent: str, offered: str) -> Iterator[Post]:
    """Run a Postfix that does not offer `silent`, before a server that answers EHLO with `offered`."""
    need("postfix")
    if not ROOT:
        pytest.skip("only root may start a Postfix")
    (port,) = free_ports(1)
    sink = Server({"EHLO": offered})
    with workplace() as folder:
        for name in ("queue", "data", "etc"):
            (folder / name).mkdir(mode=0o755)
        owner = account("postfix")
        subprocess.run(["chown", str(owner.uid), str(folder / "data")], check=True)
        (folder / "etc/main.cf").write_text(MAIN.format(folder=folder, next=sink.port, silent=silent))
        (folder / "etc/master.cf").write_text(MASTER.format(port=port))
        log = folder / "log"
        log.touch()
        process = subprocess.Popen(
            [program("postfix"), "-c", str(folder / "etc"), "start-fg"],
            env=ENVIRON, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            wait_until(lambda: listens(port), 30, log.read_text)
            yield Post(port, sink, log)
        finally:
            subprocess.run([program("postfix"), "-c", str(folder / "etc"), "stop"], env=ENVIRON, capture_output=True)
            end(process)
            sink.close()


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


LONG = "Grüße " * 300 + "\r\n.\r\nFrom here\r\n"
FIELDS = "From: fabien@mycompany.com\r\nMIME-Version: 1.0\r\nContent-Type: {}\r\nContent-Transfer-Encoding: {}\r\n\r\n"
BODIES = {
    "short": ("text/plain; charset=utf-8", "8bit", "Grüße\r\n.\r\nFrom here\r\nblanks  \r\n".encode()),
    "long": ("text/plain; charset=utf-8", "8bit", LONG.encode()),
    "longer": ("text/html; charset=utf-8", "7bit", b"<p>" + b"word " * 2000 + b"</p>\r\n"),
    "nul": ("application/octet-stream", "binary", bytes(range(256)) * 9),
}


@pytest.mark.parametrize("offered", ["250-here\r\n250 8BITMIME", "250 here"], ids=["to-8bit", "to-7bit"])
@pytest.mark.parametrize("silent", ["", "8BITMIME"], ids=["from-8bit", "from-7bit"])
def test_what_was_written_arrives(silent: str, offered: str) -> None:
    with postfix(silent, offered) as post:
        for count, (kind, encoding, body) in enumerate(BODIES.values(), 1):
            mail = parse(FIELDS.format(kind, encoding).encode() + body)
            post.through(mail)
            found = post.arrived(count)
            assert content(found, found.parts[0]) == body
            assert found.parts[0].type == kind.partition(";")[0]
            if (silent, offered, encoding) == ("", "250-here\r\n250 8BITMIME", "8bit") and body is not BODIES["long"][
                2
            ]:
                assert found.raw[found.body :] == body, "nothing needed to be encoded"


def test_what_postfix_makes_of_a_long_line_that_was_not_encoded() -> None:
    """Why it is done at all: with its defaults a line is torn after 998 octets, and a blank comes in."""
    with postfix("", "250-here\r\n250 8BITMIME") as post, socket.create_connection(("127.0.0.1", post.port)) as line:
        mail = b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n" + b"x" * 3000 + b"\r\n"
        said = line.makefile("rb")
        for words in (b"EHLO gate.example.com", b"MAIL FROM:<a@example.com>", b"RCPT TO:<b@example.org>", b"DATA"):
            line.sendall(words + b"\r\n")
        line.sendall(on_the_wire(mail))
        found = post.arrived(1)
        said.close()
        assert found.raw[found.body :].count(b"x") == 3000
        assert found.raw[found.body :].count(b"x\r\n x") == 3
