"""A private Dovecot and a private fetchmail, for tests that want the real callers.

Nothing of the system is used but the programs: own folder, own ports on loopback, own users, own certificate.
"""

from __future__ import annotations

import contextlib
import grp
import os
import signal
import socket
import subprocess
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tests.real.machine import ENVIRON, ROOT, Account, account, free_ports, myself, need, program, wait_until, workplace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
instance_name = {folder.name}
listen = 127.0.0.1
protocols = imap pop3
default_login_user = {login}
default_internal_user = {internal}
default_internal_group = {group}
first_valid_uid = 1
disable_plaintext_auth = no
mail_max_userip_connections = 0
mail_location = maildir:~/Maildir
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service imap-login {{
  {chroot}
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  {chroot}
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service anvil {{
  {chroot}
}}
"""


class Outcome(NamedTuple):
    """How a program ended, and what it said on stdout and stderr."""

    status: int
    said: str


class Dovecot:
    """A running server. `password` is everybody's; `certificate` is what a client must trust for `localhost`."""

    password = "letmein"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate = folder / "cert.pem"
        self.imap, self.imaps, self.pop3, self.pop3s = free_ports(4)
        self.owner = account("nobody") if ROOT else myself()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *users: str) -> None:
        """Write its files and start it; return when it answers. Raises AssertionError with its log if it does not."""
        for name in ("run", "state", "mail"):
            (self.folder / name).mkdir(mode=0o755)
        (self.folder / "users").write_text("".join(f"{user}:{self.password}\n" for user in users))
        for user in users:
            self._make_maildir(user)
        self._make_certificate()
        config = self.folder / "dovecot.conf"
        config.write_text(self._config())
        self._process = subprocess.Popen(
            [program("dovecot"), "-F", "-c", config], env=ENVIRON, stdin=subprocess.DEVNULL
        )
        for port in (self.imap, self.imaps, self.pop3, self.pop3s):
            wait_until(partial(_answers, port), 15, self.log)

    def stop(self) -> None:
        """End it and everything it started."""
        if self._process:
            self._process.terminate()
            self._process.wait(15)

    def put(self, user: str, *mails: bytes) -> None:
        """Put messages into a mailbox as a delivery agent does, in this order; LF or CRLF as given."""
        new = self._maildir(user) / "new"
        for mail in mails:
            number = len(list(self._maildir(user).rglob("*.test")))
            temporary = new.parent / "tmp" / "one"
            temporary.write_bytes(mail)
            if ROOT:
                os.chown(temporary, self.owner.uid, self.owner.gid)
            temporary.rename(new / f"{time.time():.6f}.{number}.test")

    def left(self, user: str) -> list[bytes]:
        """Return the messages that are still in a mailbox, oldest first."""
        return [path.read_bytes() for path in self._paths(user)]

    def seen(self, user: str) -> int:
        """Return how many of the messages left are marked as read (IMAP's \\Seen)."""
        return sum("S" in path.name.partition(":2,")[2] for path in self._paths(user))

    def mark_seen(self, user: str) -> None:
        """Mark all messages as read, as somebody who looks into the mailbox with his mail program does."""
        for path in self._paths(user):
            path.rename(self._maildir(user) / "cur" / f"{path.name.partition(':')[0]}:2,S")

    def log(self) -> str:
        """Return what the server logged so far."""
        path = self.folder / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _maildir(self, user: str) -> Path:
        return self.folder / "mail" / user / "Maildir"

    def _paths(self, user: str) -> list[Path]:
        found = [path for part in ("new", "cur") for path in (self._maildir(user) / part).iterdir()]
        return sorted((path for path in found if "T" not in path.name.partition(":2,")[2]), key=lambda path: path.name)

    def _make_maildir(self, user: str) -> None:
        for part in ("new", "cur", "tmp"):
            (self._maildir(user) / part).mkdir(parents=True)
        if ROOT:
            for path in (self.folder / "mail" / user, *(self.folder / "mail" / user).rglob("*")):
                os.chown(path, self.owner.uid, self.owner.gid)

    def _make_certificate(self) -> None:
        command = [program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        command += ["-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        command += ["-keyout", str(self.folder / "key.pem"), "-out", str(self.certificate)]
        subprocess.run(command, env=ENVIRON, capture_output=True, check=True)

    def _config(self) -> str:
        ports = {"imap": self.imap, "imaps": self.imaps, "pop3": self.pop3, "pop3s": self.pop3s}
        names = {"login": "dovenull", "internal": "dovecot", "group": "dovecot", "chroot": ""}
        if not ROOT:
            me, group = self.owner.name, grp.getgrgid(self.owner.gid).gr_name
            names = {"login": me, "internal": me, "group": group, "chroot": "chroot ="}
        return DOVECOT.format(folder=self.folder, uid=self.owner.uid, gid=self.owner.gid, **ports, **names)


@contextlib.contextmanager
def dovecot(*users: str) -> Iterator[Dovecot]:
    """Run a private server with a mailbox for each user."""
    need("dovecot", "openssl")
    with workplace() as folder:
        server = Dovecot(folder)
        try:
            server.start(*users)
            yield server
        finally:
            server.stop()


class Fetchmail:
    """fetchmail with a home of its own. `environ` is all that it, and so its mda, gets from outside."""

    def __init__(self, home: Path, who: Account, **environ: str) -> None:
        self.home, self.who = home, who
        self.environ = {**ENVIRON, "HOME": str(home), "LC_ALL": "C", **environ}
        self.rcfile = home / "fetchmailrc"

    def poll(self, rc: str, *options: str, timeout: float = 120) -> Outcome:
        """Poll once with the text of a run control file; `set daemon` in it is switched off."""
        process = self.start(rc, "--daemon", "0", *options)
        try:
            said, _ = process.communicate(timeout=timeout)
        finally:
            end(process)
        return Outcome(process.returncode, said.decode(errors="replace"))

    def start(self, rc: str, *options: str) -> subprocess.Popen[bytes]:
        """Start it in the foreground, in a process group of its own; its output can be read from stdout."""
        self.rcfile.write_text(rc)
        self.rcfile.chmod(0o600)
        if ROOT:
            os.chown(self.rcfile, self.who.uid, self.who.gid)
        own = ["--pidfile", str(self.home / "fetchmail.pid"), "--idfile", str(self.home / "fetchids")]
        other = ROOT and self.who.uid != 0
        return subprocess.Popen(
            [program("fetchmail"), "-f", str(self.rcfile), "--nodetach", "--nosyslog", *own, *options],
            env=self.environ,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=self.who.uid if other else None,
            group=self.who.gid if other else None,
            extra_groups=[] if other else None,
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started in a group of its own, with whatever it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
    if process.stdout:
        process.stdout.close()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
