"""The two worlds of crm.case that must answer alike: the sandbox, and a real OpenERP 5.0.0-3."""

from __future__ import annotations

import itertools
import os
import re
import socket
import time
import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from mailgate.sandbox import DATABASE, Sandbox, Sink
from tests.real import openerp
from tests.real.openerp5.seed import OpenERP, seed

_NUMBERS = itertools.count()


class Caller(Protocol):
    """Calls a model's method as one user."""

    def __call__(self, model: str, method: str, *args: Any) -> Any: ...


class World:
    """A server, a clean database with the seed in it, and where the server's mails arrive."""

    def __init__(self, name: str, url: str, database: str, ids: dict[str, dict[str, int]]) -> None:
        self.name = name
        self.url = url
        self.database = database
        self.ids = ids
        self.gateway = ids["users"]["mailgate"]
        self.support = ids["sections"]["SSUP"]
        self.sales = ids["sections"]["SALES"]
        self.sandbox: Sandbox | None = None

    def service(self, name: str) -> xmlrpc.client.ServerProxy:
        """Return /xmlrpc/NAME."""
        return xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/{name}", allow_none=True)

    def as_user(self, uid: int, password: str) -> Caller:
        """Return what calls as that user."""
        proxy = self.service("object")

        def call(model: str, method: str, *args: Any) -> Any:
            return proxy.execute(self.database, uid, password, model, method, *args)

        return call

    def admin(self, model: str, method: str, *args: Any) -> Any:
        """Call as the administrator."""
        return self.as_user(1, "admin")(model, method, *args)

    def __call__(self, model: str, method: str, *args: Any) -> Any:
        """Call as the gateway's user."""
        return self.as_user(self.gateway, "mailgate")(model, method, *args)

    def case(self, **values: Any) -> int:
        """Make a case as the gateway's user and return its id."""
        base = {"name": "A case", "section_id": self.support, "user_id": False}
        return int(self("crm.case", "create", base | values))

    def get(self, case: int, *fields: str) -> Any:
        """Return one field of a case, or several as a list."""
        row = self("crm.case", "read", [case], list(fields))[0]
        return row[fields[0]] if len(fields) == 1 else [row[field] for field in fields]

    def fault(self, model: str, method: str, *args: Any, call: Caller | None = None) -> str | int:
        """Return the faultCode that a call is answered with (first two paragraphs, without PostgreSQL's details)."""
        return code((call or self), model, method, *args)

    @contextmanager
    def rule(self, **values: Any) -> Iterator[int]:
        """Have a rule inside the `with` block."""
        ident = self.admin("crm.case.rule", "create", {"name": "a rule", **values})
        try:
            yield ident
        finally:
            self.admin("crm.case.rule", "unlink", [ident])

    @contextmanager
    def mails(self) -> Iterator[Sink]:
        """Have a listener for the server's mails inside the `with` block."""
        if self.sandbox:
            self.sandbox.sink.clear()
            yield self.sandbox.sink
        else:
            with listen(openerp.smtp_port()) as sink:
                yield sink

    def raw(self, request: bytes) -> bytes:
        """Send bytes, return all bytes of the answer."""
        with socket.create_connection(("127.0.0.1", int(self.url.rpartition(":")[2])), 5) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))


def code(call: Caller, model: str, method: str, *args: Any) -> str | int:
    """Return the faultCode of a call that must fail, cut where PostgreSQL's hints and details begin."""
    try:
        answer = call(model, method, *args)
    except xmlrpc.client.Fault as fault:
        found: str | int = fault.faultCode
        return found if isinstance(found, int) else re.split(r"\n(?:LINE|DETAIL|HINT)", found)[0].rstrip("\n")
    raise AssertionError(f"no fault but {answer!r}")


def listen(port: int) -> Sink:
    """Listen on a port that another test, or another run of the tests, may still hold."""
    end = time.monotonic() + 120
    while True:
        try:
            return Sink(port)
        except OSError:
            if time.monotonic() > end:
                openerp.missing(f"port {port} is taken")
            time.sleep(0.1)


@contextmanager
def sandbox_world() -> Iterator[World]:
    """The sandbox, with the same seed as the real server."""
    with Sandbox(seed=False) as sandbox:
        world = World("sandbox", sandbox.url, DATABASE, seed(OpenERP(sandbox.url, DATABASE, "admin", "admin")))
        world.sandbox = sandbox
        yield world


@contextmanager
def openerp5_world() -> Iterator[World]:
    """The real server, or a skipped test."""
    url = openerp.server()
    database = f"sb_{os.getpid()}_{next(_NUMBERS)}"
    try:
        yield World("openerp5", url, database, openerp.fresh(database))
    finally:
        openerp.drop(database)
