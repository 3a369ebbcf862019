"""What the tests with real programs ask of the machine: programs, accounts, folders, ports, patience.

With `MAILGATE_REAL=1` and as root the Debian packages are installed, and what is missing is a failure; without it, a
test that needs a missing program is skipped. Nothing here starts, stops or changes a service of the system.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REAL = os.environ.get("MAILGATE_REAL") == "1"
ROOT = os.geteuid() == 0
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# what every program here gets; the mark lets the build script find what a test that was killed has left behind
ENVIRON = {"PATH": PATH} | {name: os.environ[name] for name in ("MAILGATE_CI_RUN",) if name in os.environ}
PACKAGES = {"fetchmail": "fetchmail", "dovecot": "dovecot-imapd dovecot-pop3d", "openssl": "openssl",
            "gpg": "gnupg", "postfix": "postfix"}  # fmt: skip
POLICY = Path("/usr/sbin/policy-rc.d")  # asked by Debian's packages before they start a service


class Account(NamedTuple):
    """Whom a program runs as: a user of this machine."""

    name: str
    uid: int
    gid: int


def account(name: str) -> Account:
    """Return the account of that name. Raises KeyError if the machine has none."""
    entry = pwd.getpwnam(name)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def myself() -> Account:
    """Return the account that runs the tests."""
    entry = pwd.getpwuid(os.geteuid())
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def program(name: str) -> str:
    """Return the path of a program that is there; a test of a machine without it is skipped."""
    return shutil.which(name, path=PATH) or name


def need(*names: str) -> None:
    """Have these programs on the machine: install them where that is asked for, else skip the test."""
    missing = [name for name in names if not shutil.which(name, path=PATH)]
    if missing and REAL and ROOT:
        install([package for name in missing for package in PACKAGES[name].split()])
        missing = [name for name in names if not shutil.which(name, path=PATH)]
    if missing and REAL:
        pytest.fail(f"MAILGATE_REAL=1, but {', '.join(missing)} could not be had")
    if missing:
        pytest.skip(f"no {', '.join(missing)} here; MAILGATE_REAL=1 as root installs it")


def install(packages: list[str]) -> None:
    """Install Debian packages without letting them start their services. Raises CalledProcessError."""
    with _services_stay_down():
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "install", "-qqy", "--no-install-recommends", *packages]
        for step in (["apt-get", "update", "-qq"], command):
            subprocess.run(step, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)


@contextlib.contextmanager
def _services_stay_down() -> Iterator[None]:
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


@contextlib.contextmanager
def workplace(owner: Account | None = None) -> Iterator[Path]:
    """Give a fresh folder that other users can pass through; pytest's own they cannot. It is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="mailgate-real-"))
    folder.chmod(0o755)
    if owner and ROOT:
        os.chown(folder, owner.uid, owner.gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody listens on just now."""
    with contextlib.ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def wait_until(true: Callable[[], object], seconds: float, log: Callable[[], str] = str) -> None:
    """Wait until a function returns something true. Raises AssertionError with what `log` returns after `seconds`."""
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, f"not within {seconds} s; {log()}"
        time.sleep(0.05)
