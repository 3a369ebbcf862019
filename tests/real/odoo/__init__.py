"""The real Odoos of tests/real/odoo: is there one of a release, and a database of its own in it for each test.

With MAILGATE_REAL=1 in the environment one is built and started where there is none, and a test that needs it fails
if that fails; with 0 such a test is skipped. Otherwise it is skipped, unless the default server runs.
MAILGATE_ODOO19=optional skips the tests on Odoo 19 even then: the build script says so where that release cannot be
installed any more.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import itertools
import json
import os
import queue
import subprocess
import threading
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.real.odoo.seed import Ids, Odoo, seed

SCRIPTS = Path(__file__).parent
WANTED = os.environ.get("MAILGATE_REAL") == "1"
UNWANTED = os.environ.get("MAILGATE_REAL") == "0"
OPTIONAL = {14: False, 19: os.environ.get("MAILGATE_ODOO19") == "optional"}
MASTER = "admin"  # the password that makes, copies and drops databases
COPY = "copy"  # copies are named copy_PID_NUMBER, so that those of a run that was killed are known
AHEAD = 1  # a copy takes a second: the next one is made while a test runs
KEY = """
user = env['res.users'].search([('login', '=', 'mailgate')])
key = env['res.users.apikeys'].with_user(user).sudo()._generate('rpc', 'tests', None)
env['ir.config_parameter'].set_param('mailgate.key', key)
env.cr.commit()
"""


def folder(release: int) -> Path:
    """Return where `up` installs a release."""
    return Path(f"/var/lib/mailgate-odoo{release}")


def server(release: int) -> str:
    """Return the URL of the running server; skips the test, or fails it where one is wanted, if there is none."""
    if UNWANTED:
        pytest.skip("MAILGATE_REAL=0: without real servers, though one may be running")
    if OPTIONAL[release]:
        pytest.skip(f"MAILGATE_ODOO{release}=optional: Odoo {release} cannot be installed here")
    url, trouble = _found(release)
    if trouble:
        missing(trouble)
    return url


@functools.cache
def _found(release: int) -> tuple[str, str]:
    """Return the running server's URL, or what is wrong; `up` is asked once in a run."""
    up = SCRIPTS / "up"
    if WANTED:
        started = subprocess.run([up, "--release", str(release)], capture_output=True, text=True)
        if started.returncode:
            return "", f"tests/real/odoo/up --release {release}: {started.stderr[-2000:]}"
    try:
        url = f"http://127.0.0.1:{(folder(release) / 'srv/run/port').read_text().strip()}"
        _databases(url).server_version()
    except OSError as error:
        return "", f"no Odoo {release} runs here ({error}): tests/real/odoo/up --release {release} starts one"
    return url, ""


def missing(reason: str) -> None:
    """Skip the test, or fail it where the real servers are wanted."""
    (pytest.fail if WANTED else pytest.skip)(reason)


def smtp_port(release: int) -> int:
    """Return the port that the server mails to."""
    return int(server(release).rpartition(":")[2]) + 1


def version(release: int) -> str:
    """Return what the server says of its release: 14.0, 19.0."""
    return str(_databases(server(release)).server_version())


def _databases(url: str) -> xmlrpc.client.ServerProxy:
    return xmlrpc.client.ServerProxy(url + "/xmlrpc/2/db")


# --- the database that every copy is made of


class Template(NamedTuple):
    """A seeded database, which is never written to, and what stands in it; the same in each copy."""

    name: str
    ids: Ids
    key: str  # the API key of the user `mailgate` (Odoo 19)


@functools.cache
def template(release: int) -> Template:
    """Return the database that copies are made of; made where it is missing."""
    text = (SCRIPTS / "seed.py").read_bytes() + KEY.encode()
    name = f"seed_{hashlib.sha256(text).hexdigest()[:8]}"
    databases = _databases(server(release))
    with _alone(release):
        there = list_of(release)
        _sweep(release, there)
        found = _read(release, name) if name in there else None
        if found is None:
            for old in there:
                if old.startswith("seed_"):
                    drop(release, old)
            databases.duplicate_database(MASTER, "cases", name)
            _fill(release, name)
            found = _read(release, name)
    assert found is not None
    return found


def _read(release: int, name: str) -> Template | None:
    """Return what a template holds, or None if it is that of a run that was killed while making it."""
    try:
        odoo = Odoo(server(release), name, "admin", "admin")
        ids, key = (odoo("ir.config_parameter", "get_param", f"mailgate.{one}") for one in ("ids", "key"))
    except xmlrpc.client.Error:
        return None
    return Template(name, json.loads(ids), key or "") if ids else None


def _fill(release: int, name: str) -> None:
    """Seed a database, give the gateway's user an API key where that is the way in, and write the ids down in it."""
    odoo = Odoo(server(release), name, "admin", "admin")
    ids = seed(odoo)
    if release >= 19:
        if os.geteuid() != 0:
            missing("only root can make an API key for Odoo")
        shell = [str(SCRIPTS / "shell"), "--release", str(release), name]
        subprocess.run(shell, input=KEY, text=True, check=True, capture_output=True)
    odoo("ir.config_parameter", "set_param", "mailgate.ids", json.dumps(ids))


@contextlib.contextmanager
def _alone(release: int) -> Iterator[None]:
    """Keep other runs of the tests out of the template."""
    with (folder(release) / "srv/run/template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sweep(release: int, there: list[str]) -> None:
    """Drop the copies of runs that ended without doing so."""
    for name in there:
        word, _, rest = name.partition("_")
        pid = rest.partition("_")[0]
        if word == COPY and pid.isdigit() and not Path(f"/proc/{pid}").exists():
            drop(release, name)


# --- what a test asks for


def ids(release: int) -> Ids:
    """Return the seed's ids."""
    return template(release).ids


def api_key(release: int) -> str:
    """Return the API key of the user `mailgate` (Odoo 19)."""
    return template(release).key


def list_of(release: int) -> list[str]:
    """Return the names of the databases."""
    found: Any = _databases(server(release)).list()
    return [str(name) for name in found]


def drop(release: int, name: str) -> None:
    """Remove a database."""
    _databases(server(release)).drop(MASTER, name)


class Stock:
    """Copies of the template of one release, made and dropped by a thread of its own while the tests run."""

    def __init__(self, release: int) -> None:
        self.release = release
        self._numbers = itertools.count()
        self._todo: queue.Queue[str | None] = queue.Queue()
        self._ready: queue.Queue[str | Exception] = queue.Queue()
        self._thread = threading.Thread(target=self._work, args=(template(release).name,), daemon=True)
        for _ in range(AHEAD):
            self._todo.put("")
        self._thread.start()

    def take(self) -> str:
        """Return a fresh copy's name."""
        self._todo.put("")
        found = self._ready.get(timeout=120)
        if isinstance(found, Exception):
            raise found
        return found

    def give_back(self, name: str) -> None:
        """Have a copy dropped."""
        self._todo.put(name)

    def close(self) -> None:
        """Drop what is left."""
        self._todo.put(None)
        self._thread.join(120)
        while not self._ready.empty():
            name = self._ready.get()
            if isinstance(name, str):
                drop(self.release, name)

    def _work(self, source: str) -> None:
        """Make a copy for each "", drop each name, end at None."""
        databases = _databases(server(self.release))
        while (name := self._todo.get()) is not None:
            if name:
                with contextlib.suppress(xmlrpc.client.Fault):  # a test may have dropped it itself
                    databases.drop(MASTER, name)
                continue
            fresh = f"{COPY}_{os.getpid()}_{next(self._numbers)}"
            try:
                with _alone(self.release):
                    databases.duplicate_database(MASTER, source, fresh)
                self._ready.put(fresh)
            except Exception as error:  # noqa: BLE001  # said by the test that takes it
                self._ready.put(error)


_STOCKS: dict[int, Stock] = {}


def copy(release: int) -> str:
    """Return the name of a copy of the template; `give_back` it."""
    if release not in _STOCKS:
        _STOCKS[release] = Stock(release)
    return _STOCKS[release].take()


def give_back(release: int, name: str) -> None:
    """Have a copy dropped when there is time."""
    _STOCKS[release].give_back(name)


def tidy() -> None:
    """Drop all copies that were made."""
    while _STOCKS:
        _STOCKS.popitem()[1].close()
