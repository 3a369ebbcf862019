"""The real OpenERP 5 of tests/real/openerp5: is there one, and a clean database in it.

With MAILGATE_REAL=1 in the environment one is built and started where there is none, and a test that needs it fails
if that fails; with 0 such a test is skipped. Otherwise it is skipped, unless the default server runs.
"""

from __future__ import annotations

import functools
import os
import subprocess
import xmlrpc.client
from pathlib import Path

import pytest

from tests.real.openerp5.seed import OpenERP, seed

SCRIPTS = Path(__file__).parent / "openerp5"
DIR = Path("/var/lib/mailgate-openerp5")
WANTED = os.environ.get("MAILGATE_REAL") == "1"
UNWANTED = os.environ.get("MAILGATE_REAL") == "0"


@functools.cache
def server() -> str:
    """Return the URL of the running server; skips the test, or fails it with MAILGATE_REAL=1, if there is none."""
    if UNWANTED:
        pytest.skip("MAILGATE_REAL=0: without real servers, though one may be running")
    if WANTED:
        started = subprocess.run([SCRIPTS / "up"], capture_output=True, text=True)
        if started.returncode:
            pytest.fail(f"tests/real/openerp5/up: {started.stderr[-2000:]}")
    try:
        url = f"http://127.0.0.1:{(DIR / 'srv/run/port').read_text().strip()}"
        xmlrpc.client.ServerProxy(url + "/xmlrpc/db").server_version()
    except OSError as error:
        missing(f"no OpenERP 5 runs here ({error}): tests/real/openerp5/up starts one")
    if os.geteuid() != 0:
        missing("only root can make a database for OpenERP 5")
    return url


def missing(reason: str) -> None:
    """Skip the test, or fail it where the real servers are wanted."""
    (pytest.fail if WANTED else pytest.skip)(reason)


def fresh(name: str) -> dict[str, dict[str, int]]:
    """Make a clean database with the seed in it; return the seed's ids."""
    subprocess.run([SCRIPTS / "fresh", name], check=True, capture_output=True)
    return seed(OpenERP(server(), name, "admin", "admin"))


def drop(name: str) -> None:
    """Remove a database."""
    xmlrpc.client.ServerProxy(server() + "/xmlrpc/db").drop("admin", name)


def smtp_port() -> int:
    """Return the port that the server mails to."""
    return int(server().rpartition(":")[2]) + 1
