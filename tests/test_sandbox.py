"""The sandbox as a product: its company, its page, its faults on wish, and that it starts fast and ends cleanly."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailgate.sandbox import DATABASE, Envelope, Sandbox
from mailgate.sandbox.faults import Fault


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def call(sandbox: Sandbox, model: str, method: str, *args: Any, transport: Any = None) -> Any:
    """Call as the gateway's user."""
    proxy = xmlrpc.client.ServerProxy(sandbox.url + "/xmlrpc/object", transport)
    return proxy.execute(DATABASE, 3, "admin", model, method, *args)


class Once(xmlrpc.client.Transport):
    """ServerProxy's transport without its second try after a reset."""

    def request(self, host: Any, handler: str, request_body: Any, verbose: bool = False) -> Any:
        return self.single_request(host, handler, request_body, verbose)


def new(sandbox: Sandbox, **values: Any) -> int:
    section = sandbox.execute("crm.case.section", "search", [["code", "=", "support"]])[0]
    base = {"name": "A case", "section_id": section, "user_id": False}
    return int(call(sandbox, "crm.case", "create", base | values))


# --- the company -----------------------------------------------------------------------------------------------------


def test_the_originals_command_line_fits_the_company(sandbox: Sandbox) -> None:
    login = xmlrpc.client.ServerProxy(sandbox.url + "/xmlrpc/common").login
    assert login(DATABASE, "mailgate", "admin") == 3
    section = call(sandbox, "crm.case.section", "search", [["code", "=", "support"]])
    assert call(sandbox, "crm.case.section", "read", section, ["reply_to"])[0]["reply_to"] == "support@mycompany.com"


def test_a_new_case_of_support_is_fabiens(sandbox: Sandbox) -> None:
    case = new(sandbox, email_from="customer@agrolait.com")
    found = ["fabien@mycompany.com", "customer@agrolait.com", False, "3"]
    assert call(sandbox, "crm.case", "emails_get", case) == found


def test_without_seed_there_is_only_the_administrator() -> None:
    with Sandbox(seed=False) as sandbox:
        assert [row["login"] for row in sandbox.execute("res.users", "read", [1, 2, 3], ["login"])] == ["admin"]
        assert sandbox.execute("crm.case.section", "search", []) == []
        assert sandbox.execute("res.users", "create", {"name": "x", "login": "x"}) == 3


# --- calls that are counted, faults on wish --------------------------------------------------------------------------


def test_calls_are_counted_until_the_next_reset(sandbox: Sandbox) -> None:
    case = new(sandbox)
    call(sandbox, "crm.case", "read", [case], ["name"])
    sandbox.execute("crm.case", "search", [])
    assert sandbox.calls == [("crm.case", "create"), ("crm.case", "read")]
    sandbox.reset()
    assert sandbox.calls == []


def count(sandbox: Sandbox) -> int:
    return int(sandbox.execute("crm.case", "search_count", []))


@pytest.mark.parametrize(
    ("how", "error", "made"),
    [
        ("reset-before", ConnectionResetError, 0),
        ("reset-after", ConnectionResetError, 1),
        ("502", xmlrpc.client.ProtocolError, 0),
        ("html", Exception, 0),
        ("none", xmlrpc.client.Fault, 1),
        (("warning -- X\n\ny", "trace"), xmlrpc.client.Fault, 0),
    ],
)
def test_a_call_fails_as_told(sandbox: Sandbox, how: Any, error: type[Exception], made: int) -> None:
    section = sandbox.execute("crm.case.section", "search", [])[0]
    sandbox.fail_next(how, on="crm.case.create")
    assert call(sandbox, "crm.case", "search", []) == []
    with pytest.raises(error):
        call(sandbox, "crm.case", "create", {"name": "x", "section_id": section}, transport=Once())
    assert count(sandbox) == made
    assert new(sandbox) > made


def test_a_refusing_sandbox_listens_again_by_itself(sandbox: Sandbox) -> None:
    sandbox.fail_next("refuse:0.1")
    with pytest.raises(ConnectionRefusedError):
        call(sandbox, "crm.case", "search", [])
    time.sleep(0.2)
    assert call(sandbox, "crm.case", "search", []) == []


def test_a_sandbox_that_is_down_comes_back_with_its_data(sandbox: Sandbox) -> None:
    case = new(sandbox)
    sandbox.pause()
    with pytest.raises(ConnectionRefusedError):
        call(sandbox, "crm.case", "search", [])
    sandbox.resume()
    assert call(sandbox, "crm.case", "search", []) == [case]


def test_a_slow_call_is_done_after_its_client_gave_up(sandbox: Sandbox) -> None:
    sandbox.fail_next("slow:0.2", on="create")
    section = sandbox.execute("crm.case.section", "search", [])[0]
    values = {"name": "x", "section_id": section}
    body = xmlrpc.client.dumps((DATABASE, 3, "admin", "crm.case", "create", values), "execute")
    client = http.client.HTTPConnection("127.0.0.1", sandbox.server.port, timeout=0.05)
    with contextlib.closing(client):
        client.request("POST", "/xmlrpc/object", body)
        with pytest.raises(TimeoutError):
            client.getresponse()
    assert count(sandbox) == 0
    end = time.monotonic() + 5
    while count(sandbox) == 0 and time.monotonic() < end:
        time.sleep(0.02)
    assert count(sandbox) == 1


def test_closing_does_not_wait_for_a_slow_call() -> None:
    with Sandbox() as sandbox:
        sandbox.fail_next("slow:60")
        thread = threading.Thread(target=swallow, args=(sandbox,))
        thread.start()
        time.sleep(0.05)
        start = time.monotonic()
    thread.join(5)
    assert time.monotonic() - start < 2


def swallow(sandbox: Sandbox) -> None:
    with pytest.raises((OSError, xmlrpc.client.Error, Exception)):
        call(sandbox, "crm.case", "nosuch", transport=Once())


# --- transactions ----------------------------------------------------------------------------------------------------


def test_others_read_while_a_call_waits_for_the_mail_server(sandbox: Sandbox) -> None:
    rule = {"name": "r", "trg_state_to": "draft", "act_mail_to_email": "x@x.example", "act_mail_body": "b"}
    sandbox.execute("crm.case.rule", "create", rule | {"sequence": 1})
    sandbox.sink.answer("hang", stage="connect", times=1)
    thread = threading.Thread(target=new, args=(sandbox,))
    thread.start()
    end = time.monotonic() + 5
    while not sandbox.sink.connections and time.monotonic() < end:
        time.sleep(0.01)
    assert count(sandbox) == 0
    sandbox.sink.closing.set()
    thread.join(5)
    assert count(sandbox) == 1


def test_parallel_writers_do_not_disturb_each_other(sandbox: Sandbox) -> None:
    case = new(sandbox)

    def add(text: str) -> None:
        for number in range(5):
            line = (0, 0, {"description": f"{text}{number}"})
            call(sandbox, "crm.case", "write", [case], {"history_line": [line]})

    threads = [threading.Thread(target=add, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = sandbox.execute("crm.case", "read", [case], ["history_line"])[0]["history_line"]
    texts = [row["description"] for row in sandbox.execute("crm.case.history", "read", lines, ["description"])]
    assert sorted(texts) == [f"{letter}{number}" for letter in "abcd" for number in range(5)]


def test_what_a_call_trips_over_is_its_answer(sandbox: Sandbox) -> None:
    with pytest.raises(xmlrpc.client.Fault) as caught:
        call(sandbox, "crm.case", "read", [{}], ["name"])
    assert caught.value.faultString.startswith("Traceback (most recent call last):")
    with pytest.raises(Fault):
        sandbox.execute("crm.case", "nosuch")


@pytest.mark.parametrize("domain", ['x" OR 1=1 --', "name = '' OR 1=1", 'name"', "1=1; DROP TABLE crm_case"])
def test_names_in_a_domain_or_order_never_reach_the_database(sandbox: Sandbox, domain: str) -> None:
    new(sandbox)
    for arguments in ([[[domain, "=", 1]]], [[], 0, 0, domain]):
        with pytest.raises(xmlrpc.client.Fault):
            call(sandbox, "crm.case", "search", *arguments)
    assert count(sandbox) == 1


def test_a_file_keeps_cases_mails_and_ids(tmp_path: Path) -> None:
    path = str(tmp_path / "erp.sqlite")
    with Sandbox(path) as sandbox:
        case = new(sandbox, description="kept")
        sandbox.mailer.send(case, "a@x.example", ["b@x.example"], "subject", "text", None)
        [mail] = sandbox.sink.mails
    with Sandbox(path) as sandbox:
        assert sandbox.execute("crm.case", "read", [case], ["description"])[0]["description"] == "kept"
        assert sandbox.sink.mails == [mail]
        assert new(sandbox) == case + 1
        assert sandbox.execute("res.users", "search_count", []) == 4


def test_a_taken_port_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        Sandbox(port=taken.getsockname()[1])


def test_a_database_in_memory_leaves_no_file() -> None:
    with Sandbox() as sandbox:
        path = Path(sandbox.store.path)
        assert path.exists()
    assert not path.parent.exists()
    with pytest.raises(sqlite3.Error):
        sandbox.execute("crm.case", "search", [])


def test_a_start_is_cheap() -> None:
    best = 1.0
    for _ in range(5):
        start = time.process_time()
        with Sandbox():
            best = min(best, time.process_time() - start)
    assert best < 0.1


# --- the page --------------------------------------------------------------------------------------------------------


def page(sandbox: Sandbox) -> tuple[str, Any]:
    with urllib.request.urlopen(sandbox.page_url) as answer:
        return answer.read().decode(), answer.headers


def test_the_page_shows_cases_and_mails(sandbox: Sandbox) -> None:
    case = new(
        sandbox, name="Broken printer", email_from="customer@agrolait.com", email_cc="w@x.example",
        history_line=[(0, 0, {"description": "first line", "email": "customer@agrolait.com"})],
    )  # fmt: skip
    call(sandbox, "crm.case", "write", [case], {"history_line": [(0, 0, {"description": "second line"})]})
    file = {"name": "photo.jpg", "datas": "aGVsbG8=", "res_model": "crm.case", "res_id": case}
    call(sandbox, "ir.attachment", "create", file)
    sandbox.mailer.send(case, "support@mycompany.com", ["customer@agrolait.com"], "[1] Broken", "the answer", None)
    html, headers = page(sandbox)
    for text in (
        "for trying out and for tests", f"[{case}] Broken printer", "Fabien", "w@x.example", "photo.jpg (5 bytes)",
        "support@mycompany.com → customer@agrolait.com", "[1] Broken", "the answer",
    ):  # fmt: skip
        assert text in html
    assert html.index("second line") < html.index("first line")
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_page_escapes_everything(sandbox: Sandbox) -> None:
    evil = "<script>alert(1)</script>\"'&"
    case = new(
        sandbox, name=evil, email_from=evil, email_cc=evil,
        history_line=[(0, 0, {"description": evil, "email": evil, "name": evil})],
    )  # fmt: skip
    call(sandbox, "ir.attachment", "create", {"name": evil, "res_model": "crm.case", "res_id": case})
    raw = f"From: {evil}\r\nSubject: {evil}\r\nContent-Type: text/html; charset=nosuch\r\n\r\n{evil}\r\n"
    sandbox.sink.accept(Envelope(evil, (evil,), raw.encode(), 0.0))
    html, _ = page(sandbox)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 6


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00\x01",
        b"From: \xff\r\nTo: <<<>>>\r\nMessage-ID: <[\r\nSubject: =?x?q?=FF?=\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n--b--\r\n",
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!\r\n",
        b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx",
    ],
)
def test_the_page_survives_any_mail(sandbox: Sandbox, raw: bytes) -> None:
    sandbox.sink.accept(Envelope("", ("b@x.example",), raw, 0.0))
    assert "b@x.example" in page(sandbox)[0]


def test_there_is_nothing_else_to_get(sandbox: Sandbox) -> None:
    with pytest.raises(urllib.error.HTTPError, match="501"):
        urllib.request.urlopen(sandbox.url + "/etc/passwd")


# --- serving ---------------------------------------------------------------------------------------------------------

SERVE = "from mailgate.sandbox import serve; serve(say=lambda line: print(line, flush=True))"


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_serving_says_where_and_ends_on_a_signal(ending: signal.Signals, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={"PATH": "", "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parent.parent)},
    )  # fmt: skip
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(4)]
    assert "for trying out and for tests" in lines[0]
    url = lines[1].split()[1]
    assert xmlrpc.client.ServerProxy(url + "/xmlrpc/db").server_version() == "5.0.0"
    process.send_signal(ending)
    rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "The sandbox ends.\n", "")
    assert list(tmp_path.iterdir()) == []
