"""XML-RPC and JSON-2 as Odoo 14 and 19 speak them: what is sent, and what each answer is taken for."""

from __future__ import annotations

import json
import subprocess
import sys
import xmlrpc.client
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailgate.erp.odoo_rpc import Auto, Json2, OdooUserError, XmlRpc, fault, open_rpc
from mailgate.policy import Erp
from mailgate.status import ErpDenied, ErpDoubt, ErpDown, ErpError, ErpForbidden, ErpGone, ErpRefused
from tests import test_http
from tests.test_http import Answer, Request, Server, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mailgate.erp.odoo_rpc import OdooRpc

    Serve = Callable[..., Server]

serve = test_http.serve
KEY = "0123456789abcdef0123456789abcdef01234567"
TICKET = "helpdesk.ticket"
CALLED: dict[str, Any] = {"ids": [7], "vals": {"name": "x"}}


class Notes(dict[str, object]):
    """A memory that never forgets by itself."""

    def recall(self, key: str, max_age: float) -> object:
        assert max_age > 0
        return self.get(key)

    def remember(self, key: str, value: object) -> None:
        self[key] = json.loads(json.dumps(value))

    def forget(self, prefix: str) -> None:
        for key in [key for key in self if key.startswith(prefix)]:
            del self[key]


def never() -> str:
    raise AssertionError("no secret is needed here")


def rpc_to(server: Server, transport: str = "auto", notes: Notes | None = None, **more: Any) -> OdooRpc:
    """Return a transport: with a key for JSON-2 and auto, with a password for XML-RPC."""
    api_key = more.pop("api_key", KEY if transport != "xmlrpc" else None)
    password = more.pop("password", "the password")
    wanted = Erp(url=server.url, kind="odoo", transport=transport, database="cases", user=more.pop("user", "gate"))  # type: ignore[arg-type]
    key = (lambda: api_key) if api_key else None
    return open_rpc(wanted.but(**more), lambda: password, key, Notes() if notes is None else notes, 5)


def xml(value: Any) -> Answer:
    body = xmlrpc.client.dumps((value,), methodresponse=True, allow_none=True).encode()
    return answer(body, fields="Content-Type: text/xml\r\nConnection: close\r\n", then="close")


def xml_fault(code: Any, text: str) -> Answer:
    body = xmlrpc.client.dumps(xmlrpc.client.Fault(code, text)).encode()
    return answer(body, fields="Connection: close\r\n", then="close")


def jsn(value: Any, status: str = "200 OK") -> Answer:
    return answer(json.dumps(value).encode(), status, fields="Connection: close\r\n", then="close")


def html(status: str, words: bytes = b"<html>") -> Answer:
    return answer(words, status, fields="Connection: close\r\n", then="close")


def sent(request: Request) -> tuple[str, tuple[Any, ...]]:
    """Return method and arguments of an XML-RPC request."""
    arguments, method = xmlrpc.client.loads(request.body)
    return str(method), arguments


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_nothing_is_read_or_sent_before_the_first_call() -> None:
    for transport in ("auto", "xmlrpc", "json2"):
        for key in (None, never):
            chosen = Erp(url="http://127.0.0.1:1", kind="odoo", transport=transport)
            rpc = open_rpc(chosen, never, key, Notes(), 5)
            assert rpc.calls == 0
            rpc.close()


def test_xmlrpc_logs_in_once_and_names_every_argument(serve: Serve) -> None:
    server, notes = serve(xml(8), xml([{"id": 7}]), xml(True), xml(9)), Notes()
    rpc = rpc_to(server, "xmlrpc", notes)
    assert isinstance(rpc, XmlRpc)
    assert rpc.call("res.users", "search_read", domain=[["id", "=", 7]], fields=["login"]) == [{"id": 7}]
    assert rpc.call(TICKET, "write", (7,), vals={"stage_id": None}, context={"lang": "fr_FR"}) is True
    assert rpc.create(TICKET, {"name": "x"}, {"tz": "UTC"}) == 9
    assert [request.path for request in server.requests] == ["/xmlrpc/2/common", *["/xmlrpc/2/object"] * 3]
    who = ("cases", 8, "the password")
    assert [sent(request) for request in server.requests] == [
        ("authenticate", ("cases", "gate", "the password", {})),
        ("execute_kw", (*who, "res.users", "search_read", [], {"domain": [["id", "=", 7]], "fields": ["login"]})),
        ("execute_kw", (*who, TICKET, "write", [[7]], {"vals": {"stage_id": None}, "context": {"lang": "fr_FR"}})),
        ("execute_kw", (*who, TICKET, "create", [{"name": "x"}], {"context": {"tz": "UTC"}})),
    ]
    assert (rpc.uid, rpc.calls, notes) == (8, 4, {f"erp:{server.url}:cases:uid:gate": 8})
    again = rpc_to(server, "xmlrpc", notes)
    assert (again.uid, again.calls) == (8, 0)
    assert rpc_to(server, "xmlrpc", user=3).uid == 3


def test_json2_names_everything_and_shows_the_key_in_a_header(serve: Serve) -> None:
    server, notes = serve(jsn({"uid": 7, "lang": False}), jsn([]), jsn(True), jsn([9]), jsn(None)), Notes()
    rpc = rpc_to(server, "json2", notes, user=3)
    assert isinstance(rpc, Json2)
    assert rpc.uid == 7
    assert rpc.call("res.users", "search_read", domain=[["id", "=", 7]]) == []
    assert rpc.call(TICKET, "write", (7,), vals={"stage_id": None}, context={"lang": "fr_FR"}) is True
    assert rpc.create(TICKET, {"name": "é"}, {"tz": "UTC"}) == 9
    assert rpc.call(TICKET, "unlink", []) is None
    assert [(request.path, json.loads(request.body)) for request in server.requests] == [
        ("/json/2/res.users/context_get", {}),
        ("/json/2/res.users/search_read", {"domain": [["id", "=", 7]]}),
        (f"/json/2/{TICKET}/write", {"ids": [7], "vals": {"stage_id": None}, "context": {"lang": "fr_FR"}}),
        (f"/json/2/{TICKET}/create", {"vals_list": [{"name": "é"}], "context": {"tz": "UTC"}}),
        (f"/json/2/{TICKET}/unlink", {"ids": []}),
    ]
    fields = server.requests[3].fields
    assert fields["authorization"] == f"bearer {KEY}"
    assert (fields["x-odoo-database"], fields["content-type"]) == ("cases", "application/json; charset=utf-8")
    assert "é".encode() in server.requests[3].body
    assert rpc_to(server, "json2", notes, user=3).uid == 7
    assert rpc.calls == 5


NASTY = "tab\t é 漢字 😀 \x00\x07\x0b\x1f\x7f \ufffe\uffff \ud800 a\r\nb\rc <&>\"'\\"
STORED = "tab\t é 漢字 😀 \ufffd\ufffd\ufffd\ufffd\x7f \ufffd\ufffd ? a\nb\nc <&>\"'\\"


def test_both_transports_have_the_same_stored(serve: Serve) -> None:
    plain, modern = serve(xml(8), xml(1)), serve(jsn([1]))
    values = {"name": NASTY, "lines": [(0, 0, {"text": NASTY, "empty": None, "flag": False, "sum": 1.5})]}
    for rpc in (rpc_to(plain, "xmlrpc"), rpc_to(modern, "json2")):
        assert rpc.create(TICKET, values, {}) == 1
    stored = {"name": STORED, "lines": [[0, 0, {"text": STORED, "empty": None, "flag": False, "sum": 1.5}]]}
    assert sent(plain.requests[1])[1][5] == [stored]
    assert json.loads(modern.requests[0].body)["vals_list"] == [stored]


def test_what_odoo_14_writes_although_xml_forbids_it_is_left_out(serve: Serve) -> None:
    reply = xml(["a b"])
    server = serve(xml(8), reply._replace(raw=reply.raw.replace(b"a b", b"\x0bab")))
    assert rpc_to(server, "xmlrpc").call(TICKET, "read", [7]) == ["ab"]


def test_connections_are_kept_where_the_server_allows_it(serve: Serve) -> None:
    server = serve(answer(b"[9]"))
    rpc = rpc_to(server, "json2")
    assert [rpc.create(TICKET, {}, {}) for _ in range(3)] == [9, 9, 9]
    rpc.close()
    assert server.connections == 1


# --- which transport -------------------------------------------------------------------------------------------------


def odoo(release: str, xml_rpc: bool = True) -> Callable[[Request], Answer]:
    """Return the script of a server of a release that knows one user."""

    def script(request: Request) -> Answer:
        if request.path.startswith("/xmlrpc/2/") and xml_rpc:
            results = {"version": {"server_version": release}, "authenticate": 7, "execute_kw": ["by XML-RPC"]}
            return xml(results[sent(request)[0]])
        if request.path == "/web/version" and int(release.removeprefix("saas~")[:2]) >= 19:
            return jsn({"version_info": [19, 0, 0, "final", 0, ""], "version": release})
        return jsn(["by JSON-2"]) if request.path.startswith("/json/2/") else html("404 Not Found")

    return script


@pytest.mark.parametrize(
    ("release", "xml_rpc", "said", "version"),
    [
        ("14.0", True, "by XML-RPC", (14, "14.0")),
        ("saas~18.4", True, "by XML-RPC", (18, "saas~18.4")),
        ("19.0+e", True, "by JSON-2", (19, "19.0+e")),
        ("20.0", False, "by JSON-2", (20, "20.0")),
    ],
)
def test_auto_asks_once_and_takes_json2_from_19_on(
    serve: Serve, release: str, xml_rpc: bool, said: str, version: tuple[int, str]
) -> None:
    server, notes = serve(odoo(release, xml_rpc)), Notes()
    rpc = rpc_to(server, notes=notes)
    assert isinstance(rpc, Auto)
    assert [rpc.call(TICKET, "x") for _ in range(2)] == [[said]] * 2
    assert (rpc.version(), rpc.release) == (version, version[0])
    chosen = "xmlrpc" if said == "by XML-RPC" else "json2"
    assert notes[f"erp:{server.url}:cases:transport"] == chosen
    count = rpc.calls
    assert count == len(server.requests) == {"14.0": 4, "saas~18.4": 4, "19.0+e": 3, "20.0": 4}[release]
    assert rpc_to(server, notes=notes).call(TICKET, "x") == [said]
    assert len(server.requests) == count + 1
    if chosen == "xmlrpc":
        assert sent(server.requests[-1])[1][2] == KEY, "the key goes for the password"


def test_without_a_key_or_where_it_is_chosen_it_is_xmlrpc(serve: Serve) -> None:
    server = serve(odoo("19.0"))
    for transport, key, secret in (
        ("auto", None, "the password"),
        ("xmlrpc", KEY, KEY),
        ("xmlrpc", None, "the password"),
    ):
        rpc = rpc_to(server, transport, api_key=key)
        assert rpc.call(TICKET, "x") == ["by XML-RPC"]
        assert sent(server.requests[-1])[1][2] == secret
        assert (rpc.version(), rpc.calls) == ((19, "19.0"), 3)
    assert rpc_to(server, "json2", api_key=None).call(TICKET, "x") == ["by JSON-2"]
    assert server.requests[-1].fields["authorization"] == "bearer the password"
    assert rpc_to(server, "json2").version() == (19, "19.0")


def test_what_is_no_odoo_tells_no_release(serve: Serve) -> None:
    for transport in ("auto", "xmlrpc", "json2"):
        for script in (html("404 Not Found"), xml({"server_version": "none"}), jsn({"version": None}), xml(None)):
            with pytest.raises(ErpError):
                rpc_to(serve(script), transport).version()


def test_json2_costs_no_xmlrpc_client_and_nobody_pays_for_ssl() -> None:
    words = "import sys; sys.path.insert(0, sys.argv[1]); import mailgate.erp.odoo_rpc; print(*sys.modules)"
    house = str(Path(__file__).parent.parent)
    run = subprocess.run([sys.executable, "-I", "-S", "-c", words, house], capture_output=True, text=True, check=True)
    assert {"xmlrpc.client", "typing", "dataclasses", "logging"} & set(run.stdout.split()) == set()


# --- faults of XML-RPC -----------------------------------------------------------------------------------------------

TRACE = 'Traceback (most recent call last):\n  File "/usr/lib/odoo/x.py", line 1, in y\n    return z\n'
OPERATIONAL = f"{TRACE}psycopg2.OperationalError: "
GONE = "Record does not exist or has been deleted.\n(Record: {}, User: 8)"
FAULTS: list[tuple[Any, str, type[ErpError], str]] = [
    (3, "Access Denied", ErpDenied, "the ERP refuses this user and password (or API key)"),
    (
        4,
        "You are not allowed to create 'Stage' records.\n\nThis operation is allowed for: \n- X",
        ErpForbidden,
        "the gateway's user lacks a right: You are not allowed to create 'Stage' records.",
    ),
    (2, GONE.format("helpdesk.ticket(99999,)"), ErpGone, "the record is gone: Record does not exist or has been"),
    (2, "Nicht da.\n(Datensatz: helpdesk.ticket(7, 9), Benutzer: 8)", ErpGone, "the record is gone: Nicht da."),
    (2, "Absent.\n(Enregistrement : helpdesk.ticket(7,), Utilisateur : 8)", ErpGone, "the record is gone: Absent."),
    (2, "Record does not exist or has been deleted.", ErpGone, "the record is gone: Record does not exist"),
    (2, GONE.format("helpdesk.ticket.stage(9999,)"), OdooUserError, "the ERP refused, since another record is gone: "),
    (2, GONE.format("res.users(8,)"), ErpDenied, "the ERP has no user with the id 8: correct erp.user"),
    (2, GONE.format("res.users(9,)"), OdooUserError, "the ERP refused, since another record is gone: "),
    (2, "Object nosuch.model doesn't exist", OdooUserError, "the ERP refused: Object nosuch.model doesn't exist"),
    (2, "(helpdesk.ticket(7,), 8) is no\ngood", OdooUserError, "the ERP refused: (helpdesk.ticket(7,), 8) is no good"),
    (2, "could not connect", OdooUserError, "the ERP refused: could not connect"),
    (2, "", OdooUserError, "the ERP refused: an error without a text"),
    (
        1,
        f'{OPERATIONAL}FATAL:  database "x" does not exist\n\n',
        ErpDenied,
        "the ERP has no such database: FATAL: data",
    ),
    (
        1,
        f'{OPERATIONAL}connection to server failed: FATAL:  database "x" does not exist\n',
        ErpDenied,
        "no such database",
    ),
    (
        1,
        f"{OPERATIONAL}FATAL:  Datenbank »x« existiert nicht\n",
        ErpDown,
        "the ERP cannot do it now: OperationalError: ",
    ),
    (
        1,
        f"{OPERATIONAL}could not connect to server: No such file\n\tIs the server running?\n",
        ErpDown,
        "cannot do it now",
    ),
    (1, f"{OPERATIONAL}FATAL:  sorry, too many clients already", ErpDown, "cannot do it now"),
    (1, f"{TRACE}psycopg2.errors.SerializationFailure: wie bitte?\n", ErpDown, "now: SerializationFailure: wie bitte?"),
    (1, f"{TRACE}psycopg2.InterfaceError: connection already closed\n", ErpDown, "cannot do it now"),
    (1, f"{TRACE}psycopg2.pool.PoolError: The Connection Pool Is Full\n", ErpDown, "cannot do it now"),
    (1, f"{TRACE}Exception: remaining connection slots are reserved\n", ErpDown, "cannot do it now"),
    (
        1,
        f'{TRACE}psycopg2.errors.InvalidTextRepresentation: invalid input: "abc"\n'
        "LINE 1: 'the mail', could not connect\n          ^\n\n",
        ErpRefused,
        'the ERP refused: InvalidTextRepresentation: invalid input: "abc"',
    ),
    (1, f"{TRACE}AttributeError: no\x1b\u202e method\n", ErpRefused, "the ERP refused: AttributeError: no?? method"),
    (1, f"{TRACE}    ~~~^^^\nKeyError\n", ErpRefused, "the ERP refused: KeyError"),
    (1, f"{TRACE}ValueError: {'x' * 999}\n", ErpRefused, f"the ERP refused: ValueError: {'x' * 188}"),
    (
        1,
        f"{TRACE}KeyError: 1\n\nDuring handling:\n\n{TRACE}ValueError: 2\n",
        ErpRefused,
        "the ERP refused: ValueError: 2",
    ),
    (1, "something went wrong", ErpRefused, "the ERP refused: something went wrong"),
    (1, TRACE, ErpRefused, "the ERP refused: return z"),
    (1, "", ErpRefused, "the ERP refused: an error without a text"),
    (1, f"{TRACE}TypeError: cannot marshal <class 'x'> objects\n", ErpDoubt, "the ERP did it, perhaps"),
    ("'LocalService' object has no attribute", "", ErpDenied, "another XML-RPC than Odoo: are erp.kind and erp.url"),
    (99, "", ErpDenied, "another XML-RPC than Odoo"),
]


@pytest.mark.parametrize(
    ("code", "text", "kind", "words"), FAULTS, ids=[f"{row[0]} {row[1][-40:]!r}" for row in FAULTS]
)
def test_a_fault_is_sorted_by_code_and_class(code: Any, text: str, kind: type[ErpError], words: str) -> None:
    error = fault(code, text, TICKET)
    assert type(error) is kind
    assert words in str(error)
    assert str(error).isprintable()
    assert len(str(error)) <= 260
    assert error.detail == text


def test_a_fault_arrives_and_a_refused_user_is_forgotten(serve: Serve) -> None:
    script = serve(
        xml(8), xml_fault(4, "No.\nMore"), xml_fault(2, GONE.format("helpdesk.ticket(7,)")), xml_fault(3, "")
    )
    notes = Notes({"another": 1})
    rpc = rpc_to(script, "xmlrpc", notes)
    for kind, left in ((ErpForbidden, 2), (ErpGone, 2), (ErpDenied, 1)):
        with pytest.raises(kind):
            rpc.call(TICKET, "write", **CALLED)
        assert len(notes) == left


def test_an_answer_of_none_that_cannot_be_written_is_none(serve: Serve) -> None:
    text = f"{TRACE}TypeError: cannot marshal None unless allow_none is enabled\n"
    server = serve(xml(8), xml_fault(1, text))
    assert rpc_to(server, "xmlrpc").call(TICKET, "message_subscribe", [7]) is None
    with pytest.raises(ErpDoubt):
        rpc_to(server, "xmlrpc", user=8).create(TICKET, {}, {})


def test_a_wrong_login_is_no_fault(serve: Serve) -> None:
    nobodies: tuple[Any, ...] = (False, None, {})
    for nobody in nobodies:
        with pytest.raises(
            ErpDenied, match="the ERP refuses the login 'gate': wrong login or password, or an inactive"
        ):
            rpc_to(serve(xml(nobody)), "xmlrpc").call(TICKET, "read", [7])


STATUSES: list[tuple[str, type[ErpError], str]] = [
    ("404 Not Found", ErpDenied, "(HTTP 404): are erp.url and erp.database right?"),
    ("405 Method Not Allowed", ErpDenied, "(HTTP 405)"),
    ("501 Not Implemented", ErpDenied, "(HTTP 501)"),
    ("413 Too Large", ErpRefused, "takes no request of that size (HTTP 413)"),
    ("429 Too Many Requests", ErpDown, "too many requests"),
    ("403 Forbidden", ErpDoubt, "answered with HTTP 403"),
    ("500 Internal Server Error", ErpDoubt, "answered with HTTP 500"),
    ("502 Bad Gateway", ErpDoubt, "answered with HTTP 502"),
    ("503 Service Unavailable", ErpDoubt, "answered with HTTP 503"),
    ("504 Gateway Timeout", ErpDoubt, "answered with HTTP 504"),
    ("204 No Content", ErpDoubt, "answered with HTTP 204"),
]


@pytest.mark.parametrize(("status", "kind", "words"), [*STATUSES, ("401 Unauthorized", ErpDenied, "(HTTP 401)")])
def test_statuses_of_xmlrpc(serve: Serve, status: str, kind: type[ErpError], words: str) -> None:
    with pytest.raises(kind) as caught:
        rpc_to(serve(html(status)), "xmlrpc", user=8).call(TICKET, "write", **CALLED)
    assert type(caught.value) is kind
    assert words in str(caught.value)


# --- errors of JSON-2 ------------------------------------------------------------------------------------------------


def refusal(status: str, name: str, message: str) -> Answer:
    said = {"name": name, "message": message, "arguments": [message], "context": {}, "debug": f"{TRACE}{name}"}
    return jsn(said, status)


ERRORS: list[tuple[Answer, type[ErpError], str]] = [
    (refusal("401 U", "werkzeug.exceptions.Unauthorized", "Invalid apikey"), ErpDenied, "refuses the API key"),
    (refusal("403 F", "odoo.exceptions.AccessError", "No.\nMore."), ErpForbidden, "lacks a right: No."),
    (refusal("403 F", "odoo.exceptions.AccessDenied", "Access Denied"), ErpDenied, "refuses this user"),
    (refusal("403 F", "odoo.http.SessionExpiredException", "expired"), ErpDenied, "refuses this user"),
    (refusal("403 F", "werkzeug.exceptions.Forbidden", "Not you"), ErpForbidden, "lacks a right: Not you"),
    (refusal("404 N", "odoo.exceptions.MissingError", GONE.format("helpdesk.ticket(7,)")), ErpGone, "is gone"),
    (refusal("404 N", "odoo.exceptions.MissingError", "Parti."), ErpGone, "the record is gone: Parti."),
    (refusal("404 N", "odoo.exceptions.MissingError", GONE.format("x.stage(7,)")), OdooUserError, "another record"),
    (refusal("404 N", "werkzeug.exceptions.NotFound", "the model 'x' does not exist"), ErpRefused, "the model 'x'"),
    (refusal("400 B", "werkzeug.exceptions.BadRequest", "could not parse"), ErpRefused, "BadRequest: could not"),
    (refusal("422 U", "odoo.exceptions.ValidationError", "A\nB"), OdooUserError, "the ERP refused: A B"),
    (refusal("422 U", "odoo.exceptions.UserError", "A"), OdooUserError, "the ERP refused: A"),
    (refusal("422 U", "werkzeug.exceptions.UnprocessableEntity", "missing: 'vals'"), ErpRefused, "missing: 'vals'"),
    (refusal("409 C", "odoo.exceptions.LockError", "busy"), ErpDown, "cannot do it now: LockError: busy"),
    (refusal("500 I", "builtins.ValueError", "Invalid field 'x'"), ErpRefused, "ValueError: Invalid field 'x'"),
    (refusal("500 I", "psycopg2.OperationalError", "server closed"), ErpDown, "cannot do it now"),
    (refusal("500 I", "psycopg2.OperationalError", 'database "x" does not exist'), ErpDenied, "no such database"),
    (refusal("500 I", "psycopg2.errors.SerializationFailure", ""), ErpDown, "cannot do it now: SerializationFailure"),
    (refusal("500 I", "odoo.exceptions.RedirectWarning", "Go there"), OdooUserError, "the ERP refused: Go there"),
    (refusal("500 I", "psycopg2.errors.X", "bad\nLINE 1: the mail"), ErpRefused, "the ERP refused: X: bad"),
    (refusal("502 B", "builtins.ValueError", "x"), ErpDoubt, "answered with HTTP 502"),
    (jsn({"name": 5}, "500 I"), ErpDoubt, "answered with HTTP 500"),
    (jsn([], "404 N"), ErpDenied, "no JSON-2 service with the database 'cases'"),
    (jsn({"message": "x"}, "403 F"), ErpDoubt, "answered with HTTP 403"),
    (html("200 OK"), ErpDoubt, "but something else"),
    (html("200 OK", b'{"name": "the mail'), ErpDoubt, "but something else"),
    (html("200 OK", b""), ErpDoubt, "but something else"),
    (html("200 OK", b"[" * 100_000), ErpDoubt, "but something else"),
    *((html(status), kind, words) for status, kind, words in STATUSES),
]


@pytest.mark.parametrize(("reply", "kind", "words"), ERRORS, ids=[str(row[0].raw[9:150]) for row in ERRORS])
def test_errors_of_json2(serve: Serve, reply: Answer, kind: type[ErpError], words: str) -> None:
    notes = Notes({"another": 1})
    server = serve(reply)
    notes[f"erp:{server.url}:cases:transport"] = "json2"
    with pytest.raises(kind) as caught:
        rpc_to(server, "auto", notes).call(TICKET, "write", **CALLED)
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert str(caught.value).isprintable()
    assert "the mail" not in f"{caught.value}{caught.value.detail}"
    assert len(notes) == (1 if kind is ErpDenied else 2)


def test_a_creation_without_an_id_is_doubt(serve: Serve) -> None:
    answers: tuple[Any, ...] = (None, [], True, [1, 2], "7", [False], {}, 0)
    for answered in answers:
        with pytest.raises(ErpDoubt, match="something else than its id"):
            rpc_to(serve(jsn(answered)), "json2").create(TICKET, {}, {})
        with pytest.raises(ErpDoubt, match="something else than its id"):
            rpc_to(serve(xml(answered)), "xmlrpc", user=8).create(TICKET, {}, {})


def test_an_api_key_of_nobody_is_doubt(serve: Serve) -> None:
    answers: tuple[Any, ...] = ([], {}, {"uid": False}, {"uid": None})
    for answered in answers:
        with pytest.raises(ErpDoubt, match="whose the API key is"):
            assert rpc_to(serve(jsn(answered)), "json2").uid


# --- secrets ---------------------------------------------------------------------------------------------------------


def echo(status: str, wrap: Callable[[str], Answer]) -> Callable[[Request], Answer]:
    """Return a script that gives all of a request back."""

    def script(request: Request) -> Answer:
        reply = wrap(f"{TRACE}ValueError: {request.fields.get('authorization')} {request.body.decode()}")
        return reply._replace(raw=reply.raw.replace(b"200 OK", status.encode(), 1))

    return script


ECHOES = [
    echo("200 OK", lambda text: xml_fault(1, text)),
    echo("200 OK", lambda text: xml_fault(2, text)),
    echo("200 OK", lambda text: xml_fault(4, text)),
    echo("200 OK", lambda text: xml_fault("odd", text)),
    echo("200 OK", lambda text: html("200 OK", f"<html>{text}".encode())),
    echo("500 I", lambda text: html("200 OK", f"<html>{text}".encode())),
    echo("404 N", lambda text: html("200 OK", f"<html>{text}".encode())),
    echo("500 I", lambda text: jsn({"name": "x.Error", "message": text, "debug": text})),
    echo("403 F", lambda text: jsn({"name": text, "message": text, "debug": text})),
    echo("401 U", lambda text: jsn({"name": text, "message": text, "debug": text})),
]


@pytest.mark.parametrize("script", ECHOES)
@pytest.mark.parametrize("transport", ["xmlrpc", "json2", "auto"])
def test_no_secret_gets_into_an_error(serve: Serve, script: Callable[[Request], Answer], transport: str) -> None:
    notes = Notes()
    rpc = rpc_to(serve(script), transport, notes, user=8, api_key=KEY)
    for ask in (lambda: rpc.call(TICKET, "write", **CALLED), rpc.version, lambda: rpc.create(TICKET, {}, {})):
        with pytest.raises(ErpError) as caught:
            ask()
        shown = f"{caught.value} {caught.value!r} {caught.value.detail} {caught.value.__cause__} {rpc!r} {notes}"
        assert KEY not in shown
        assert "bearer" not in str(caught.value) or "***" in str(caught.value)


@pytest.mark.parametrize("key", ["new\nline" * 5, "blä" * 10, "", "\ud800" * 20, "\x7f" * 20])
def test_a_key_that_no_header_can_hold_is_not_sent_and_not_shown(serve: Serve, key: str) -> None:
    server = serve(jsn([]))
    rpc = rpc_to(server, "json2", api_key=None, password=key)
    with pytest.raises(ErpDenied, match=r"erp\.api_key is not what an API key looks like") as caught:
        rpc.call(TICKET, "x")
    assert not key or key not in f"{caught.value!r}{caught.value.detail}"
    with pytest.raises(ErpDenied, match="no such database"):
        rpc_to(server, "json2", database="ä\n").call(TICKET, "x")
    assert server.requests == []


def test_an_odd_password_is_sent_as_it_is(serve: Serve) -> None:
    server = serve(xml(8))
    assert rpc_to(server, "xmlrpc", password="<ä&漢>").uid == 8
    assert sent(server.requests[0])[1][2] == "<ä&漢>"


# --- anything --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def standing() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


TYPES = ("int", "i8", "string", "boolean", "double", "bigdecimal", "base64", "dateTime.iso8601", "nil", "struct",
         "array", "value", "name", "member", "data", "params", "fault")  # fmt: skip
PIECES = [*(f"<{name}>" for name in TYPES), *(f"</{name}>" for name in TYPES), "7", "x", "&#1;", "&lt;", "NaN", ""]
LIKELY = st.lists(st.sampled_from(PIECES)).map(
    lambda parts: f"<methodResponse>{''.join(parts)}</methodResponse>".encode()
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(("name", "message", "debug", "x")), inner),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | LIKELY, st.sampled_from((200, 403, 404, 500)))
@example(b'<?xml version="1.0" encoding="nosuch"?><x/>', 200)
@example(
    b"<methodResponse><params><param><value><bigdecimal>x</bigdecimal></value></param></params></methodResponse>", 200
)
@example(b"<methodResponse><fault><value><array><data/></array></value></fault></methodResponse>", 200)
@example(b"<methodResponse><fault><value><struct/></value></fault></methodResponse>", 200)
def test_any_answer_to_xmlrpc_is_a_value_or_an_error(standing: Server, body: bytes, status: int) -> None:
    standing.script = (html(f"{status} x", body),)
    for ask in ("call", "version", "uid"):
        attempt(rpc_to(standing, "xmlrpc", user="gate" if ask == "uid" else 8), ask)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | VALUES.map(lambda value: json.dumps(value).encode()), st.sampled_from((200, 403, 404, 500)))
@example(b'{"name": "\\ud800", "message": ["\\ud800"], "debug": {}}', 500)
@example(b'{"version": "' + b"9" * 5000 + b'"}', 200)
@example(b"9" * 5000, 200)
def test_any_answer_to_json2_is_a_value_or_an_error(standing: Server, body: bytes, status: int) -> None:
    standing.script = (html(f"{status} x", body),)
    for ask in ("call", "version", "uid"):
        attempt(rpc_to(standing, "json2"), ask)


def attempt(rpc: OdooRpc, ask: str) -> None:
    try:
        if ask == "call":
            rpc.call(TICKET, "read", [7])
        elif ask == "version":
            assert isinstance(rpc.release, int)
        else:
            assert isinstance(rpc.uid, int)
    except ErpError as error:
        assert str(error).isprintable()


@given(st.integers(0, 5) | st.text(), st.text())
def test_any_fault_is_an_error(code: int | str, text: str) -> None:
    error = fault(code, text)
    assert isinstance(error, ErpError)
    assert str(error).isprintable()
    assert len(str(error)) < 300
