"""mailgate beside Odoo's own `odoo-mailgate.py`, on the real Odoo 14 and, where it runs, Odoo 19; see speed.py.

Both handle the same messages on the same server and database, each on cases of its own. The helpdesk team and the
project are followed by Emmanuel, as by whoever makes one in Odoo's web client, and Fabien is responsible, so that both
gateways have somebody to mail to; mailgate mails by itself, Odoo inside the script's call. The script runs as the
administrator, as it does unless told otherwise: on Odoo 19 it needs the right to write aliases.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import subprocess
import threading
import time
import xmlrpc.client
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mailgate.journal import Journal
from mailgate.sandbox import Envelope, Sink
from tests.bench.measure import Bench, Make, mail, timed
from tests.real import odoo
from tests.real.odoo.seed import Odoo

RELEASES = (14, 19)
CUSTOMER, FABIEN = "customer@agrolait.example", "fabien@mycompany.example"
SCRIPT = "/usr/lib/python3/dist-packages/odoo/addons/mail/static/scripts/odoo-mailgate.py"
PYTHONS = {14: "/usr/bin/python2.7", 19: "/usr/bin/python3"}  # in the chroot; what the script is written for
THEIRS, XMLRPC, JSON2 = "odoo-mailgate.py", "mailgate", "mailgate JSON-2"
PATIENCE, BREATH = 300, 0.3  # seconds to wait for the port of Odoo's mails, and to leave it to others between
FILES: dict[str, bytes | None] = {"": None, " + file": b"%PDF-1.4\n" + bytes(range(32, 127)) * 10}
CONFIG = """\
default: admin@mycompany.example
state: {folder}/state
log: {folder}/log
erp: {{kind: odoo, url: "{url}", database: {database}, user: mailgate, {way}: {{file: {folder}/secret}},
      transport: {transport}}}
smtp: {{host: 127.0.0.1, port: {port}}}
authentication: {{trust_from: [mycompany.example]}}
limits: {{relays: 10000}}
mailboxes:
  - {{address: {address}, model: {model}, section: SSUP}}
"""
# bash, to have a /proc as tests/real/odoo/up gives each process one
INSTALL = """mount -t proc proc "$0/proc" && exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
DEBIAN_FRONTEND=noninteractive bash -c 'apt-get update -q && apt-get install -qy --no-install-recommends python2.7'"""


class Place(NamedTuple):
    """A model, what its records are called, and the address that leads to them."""

    model: str
    noun: str
    address: str
    container: str  # the model of its team or project


PLACES = (
    Place("helpdesk.ticket", "ticket", "ssup@mycompany.example", "helpdesk.ticket.team"),
    Place("project.task", "task", "tasks@mycompany.example", "project.project"),
)


class Server:
    """A copy of the seeded database of one release, with what Odoo's own gateway needs."""

    def __init__(self, release: int, database: str) -> None:
        self.release = release
        self.database = database
        self.url = odoo.server(release)
        self.ids = odoo.ids(release)
        self.admin = Odoo(self.url, database, "admin", "admin")
        self.mails: list[Envelope] = []  # what Odoo sent since `listening` began
        if release >= 17:  # without one no alias matches
            self.admin("mail.alias.domain", "create", {"name": "mycompany.example"})
            # the 21st new case of one address in two hours would be dropped, and the script would fail
            self.admin("ir.config_parameter", "set_param", "mail.gateway.loop.threshold", "100000")
        for place in PLACES:
            team = self.ids[place.model]["SSUP"]
            self.admin(place.container, "write", [team], {"alias_name": place.address.partition("@")[0]})
            self.admin(place.container, "message_subscribe", [team], partner_ids=[self.ids["partners"]["ede"]])

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Take what Odoo mails; only as long as needed, since tests listen on the same port."""
        with patiently(odoo.smtp_port(self.release)) as sink:
            self.mails = sink.mails
            yield
        time.sleep(BREATH)

    def count(self, model: str) -> int:
        """Return how many records there are."""
        return int(self.admin(model, "search_count", []))

    def newest(self, model: str) -> int:
        """Return the id of the newest record."""
        return int(self.admin(model, "search", [], limit=1, order="id desc")[0])

    def script(self, port: int) -> list[str]:
        """Return the command of Odoo's own script, run under its own Python."""
        return [*self.python, SCRIPT, "-d", self.database, "-u", str(self.admin.uid), "-p", "admin",
                "--host", "127.0.0.1", "--port", str(port)]  # fmt: skip

    @property
    def python(self) -> list[str]:
        """The command that runs the chroot's Python."""
        return ["chroot", str(odoo.folder(self.release)), PYTHONS[self.release]]


def patiently(port: int) -> Sink:
    """Listen on a port once the tests that run beside have left it."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return Sink(port)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


class Gateway:
    """One gateway for one model, and a case of its own on which customer and staff write."""

    def __init__(self, name: str, command: list[str], sent: Callable[[], list[Envelope]], state: str = "") -> None:
        self.name = name
        self.command = command
        self.sent = sent
        self.state = state  # mailgate's
        self.address = ""
        self.last: dict[str, tuple[str, str]] = {}  # reader -> Message-ID and subject of what he answers

    def talk(self, server: Server, place: Place) -> None:
        """Have a case, give it to Fabien, and let each write once, so that each has a mail to answer."""
        self.address = place.address
        before = server.count(place.model)
        timed(self.command, self.new())
        assert server.count(place.model) == before + 1, f"{self.name} made no {place.noun}"
        case = server.newest(place.model)
        fabien = server.ids["users"]["fp"]
        several = server.release >= 19 and place.model == "project.task"
        values = {"user_ids": [[6, 0, [fabien]]]} if several else {"user_id": fabien}
        server.admin(place.model, "write", [case], values)
        first = server.admin("mail.message", "search_read",
                             [["model", "=", place.model], ["res_id", "=", case], ["message_type", "=", "email"]],
                             ["message_id"], order="id", limit=1)[0]["message_id"]  # fmt: skip
        self.last = dict.fromkeys((CUSTOMER, FABIEN), (first, "Printer"))
        for sender, reader in ((CUSTOMER, FABIEN), (FABIEN, CUSTOMER)):
            timed(self.command, self._reply(sender, "Hello."))
            for envelope in self.sent():
                if reader in envelope.recipients:
                    self.last[reader] = str(envelope.message["Message-ID"]), str(envelope.message["Subject"])

    def new(self, attached: bytes | None = None) -> bytes:
        """Return a customer's first mail."""
        return mail(f"Customer <{CUSTOMER}>", self.address, "Printer", "It burns.", attached=attached)

    def follow_up(self, attached: bytes | None = None) -> bytes:
        """Return the customer's answer to the last mail that he got."""
        return self._reply(CUSTOMER, "It still burns.", attached)

    def command_reply(self, attached: bytes | None = None) -> bytes:
        """Return an answer of Fabien's with a command, which is mere text to Odoo's script."""
        return self._reply(FABIEN, "Set-State: pending\n\nUse water.", attached)

    def _reply(self, sender: str, text: str, attached: bytes | None = None) -> bytes:
        answered, subject = self.last[sender]
        return mail(sender, self.address, f"Re: {subject}", text, answered=answered, attached=attached)

    def messages(self, place: Place) -> dict[str, Callable[[bytes | None], bytes]]:
        """Return the kinds of messages that are measured; one after the other, each of the last two changes the state.

        A customer's answer opens the case, and Fabien's command has it wait.
        """
        kinds: dict[str, Callable[[bytes | None], bytes]] = {f"a new {place.noun}": self.new}
        if place.noun == "ticket":
            kinds |= {"a follow-up": self.follow_up, "a command reply": self.command_reply}
        return kinds


# --- the calls -------------------------------------------------------------------------------------------------------


class Recorder(ThreadingHTTPServer):
    """A proxy before Odoo that writes down each call."""

    def __init__(self, url: str) -> None:
        self.behind = url.partition("://")[2]
        self.calls: list[str] = []
        super().__init__(("127.0.0.1", 0), _Passing)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Passing(BaseHTTPRequestHandler):
    server: Recorder

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append(_call(self.path, body))
        self._pass(body)

    def do_GET(self) -> None:
        self.server.calls.append(self.path)
        self._pass(None)

    def _pass(self, body: bytes | None) -> None:
        odoo_itself = http.client.HTTPConnection(self.server.behind)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        odoo_itself.request(self.command, self.path, body, headers)
        answer = odoo_itself.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type", ""))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        odoo_itself.close()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _call(path: str, body: bytes) -> str:
    if path.startswith("/json/2/"):
        return ".".join(path.split("/")[3:])
    decoded: Any = xmlrpc.client.loads(body)
    parameters, method = decoded
    return f"{parameters[3]}.{parameters[4]}" if method == "execute_kw" else str(method)


# --- what is measured ------------------------------------------------------------------------------------------------


class Odoos:
    """The gateways on one server."""

    def __init__(self, folder: Path, mailgate: str, server: Server, sink: Sink) -> None:
        self.folder = folder
        self.mailgate = mailgate
        self.server = server
        self.sink = sink

    def gateways(self, place: Place, url: str) -> list[Gateway]:
        """Return the gateways for a model, fresh; Odoo's script first, since ratios are to it."""
        port = url.rpartition(":")[2]
        found = []
        if has_python(self.server.release):
            found.append(Gateway(THEIRS, self.server.script(int(port)), lambda: self.server.mails))
        ways = [(XMLRPC, "xmlrpc", "password", "mailgate")]
        if key := odoo.api_key(self.server.release):
            ways.append((JSON2, "json2", "api_key", key))
        for name, transport, way, secret in ways:
            own = self.folder / f"{self.server.release}-{place.noun}-{transport}-{port}"
            own.mkdir()
            (own / "secret").write_text(secret + "\n")
            config = own / "mailgate.yaml"
            config.write_text(CONFIG.format(folder=own, url=url, database=self.server.database, way=way,
                transport=transport, port=self.sink.port, address=place.address, model=place.model))  # fmt: skip
            found.append(Gateway(name, [self.mailgate, "-c", str(config)], lambda: self.sink.mails, str(own / "state")))
        time.sleep(2.1)  # a file that was just written is not kept compiled
        return found

    def times(self, runs: int) -> None:
        """Print what each kind of message costs."""
        rows: list[tuple[str, list[str], Make | None]] = []
        bases, expected = {}, {}
        if has_python(self.server.release):
            name = f"{PYTHONS[self.server.release]} -c pass, in its chroot"
            rows.append((name, [*self.server.python, "-c", "pass"], None))
            bases[name] = name
        for place in PLACES:
            gateways = self.gateways(place, self.server.url)
            for gateway in gateways:
                with self.server.listening():
                    gateway.talk(self.server, place)
            for words, attached in FILES.items():
                for kind in gateways[0].messages(place):
                    for gateway in gateways:
                        name = f"{kind}{words}: {gateway.name}"
                        rows.append((name, gateway.command, functools.partial(gateway.messages(place)[kind], attached)))
                        bases[name] = f"{kind}{words}: {gateways[0].name}"
            expected[place.model] = self.server.count(place.model) + len(FILES) * len(gateways) * (runs + 1)
        bench = Bench(runs)
        bench.measure(*rows, during=self.server.listening)
        for model, number in expected.items():
            assert self.server.count(model) == number, f"not every message made its {model}"
        bench.show("the first row of the same message", bases)

    def calls(self) -> None:
        """Print which calls each kind of message takes, at first and from then on, and how many mails left."""
        recorder = Recorder(self.server.url)
        for place in PLACES:
            for gateway in self.gateways(place, f"http://127.0.0.1:{recorder.server_port}"):
                with self.server.listening():
                    gateway.talk(self.server, place)
                    for when in ("first run", "", "steady") if gateway.state else ("any run",):
                        for words, attached in FILES.items():
                            for kind, make in gateway.messages(place).items():
                                name = f"{kind}{words}, {gateway.name}, {when}"
                                self._show(recorder, gateway, name, make(attached), when == "first run")
        recorder.shutdown()
        recorder.server_close()

    def _show(self, recorder: Recorder, gateway: Gateway, name: str, raw: bytes, anew: bool) -> None:
        if anew:
            with contextlib.closing(Journal(gateway.state)) as journal:
                journal.forget("")
        recorder.calls.clear()
        before = len(self.sink.mails), len(self.server.mails)
        timed(gateway.command, raw)
        ours, theirs = len(self.sink.mails) - before[0], len(self.server.mails) - before[1]
        if name.endswith(", "):  # a round that only has mailgate learn what it remembers
            return
        print(f"ERP calls, {name}: {len(recorder.calls)}  {' '.join(recorder.calls)}")
        print(f"    mails: {ours} by the gateway, {theirs} by Odoo")
        if gateway.state:
            with contextlib.closing(Journal(gateway.state)) as journal:
                assert not journal.held(), journal.held()


@functools.cache
def has_python(release: int) -> bool:
    """Tell whether the chroot has the Python that Odoo's script needs; installed into it where it is missing."""
    folder = odoo.folder(release)
    if not (folder / PYTHONS[release][1:]).exists() and release == 14:
        print(f"installing python2.7 into {folder}, for Odoo's own script")
        subprocess.run(["unshare", "--mount", "bash", "-c", INSTALL, str(folder)], capture_output=True)
    found = (folder / PYTHONS[release][1:]).exists() and (folder / SCRIPT[1:]).exists()
    if not found:
        print(f"Odoo's own script is left out: there is no {PYTHONS[release]} or no {SCRIPT} in {folder}")
    return found


def against_odoo(folder: Path, mailgate: str, runs: int) -> None:
    """Print the figures on each release that runs; Odoo 14 is built and started where it is missing."""
    wanted = odoo.WANTED
    try:
        for release in RELEASES:
            odoo.WANTED = wanted or release == 14
            try:
                database = odoo.copy(release)
            except (pytest.skip.Exception, pytest.fail.Exception) as why:
                print(f"Odoo {release} is left out: {why.msg}")
                continue
            print(f"on Odoo {odoo.version(release)}, {runs} runs each")
            try:
                with Sink() as sink:
                    gateways = Odoos(folder, mailgate, Server(release, database), sink)
                    gateways.times(runs)
                    gateways.calls()
            finally:
                odoo.give_back(release, database)
    finally:
        odoo.WANTED = wanted
        odoo.tidy()
