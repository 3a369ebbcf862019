"""HTTP and XML-RPC: shape of requests and answers, services, login, faults of the transport."""

from __future__ import annotations

import xmlrpc.client
from typing import Any

import pytest

from tests.contract.worlds import World
from tests.contract.worlds import code as fault_code

VERSION = b"<methodCall><methodName>server_version</methodName><params/></methodCall>"


def post(path: str, body: bytes, more: str = "") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def head(answer: bytes) -> dict[str, str]:
    """Return the status line (under "") and the header fields, their names in lower case."""
    lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    fields = (line.partition(": ") for line in lines[1:])
    return {"": lines[0]} | {name.lower(): value for name, _, value in fields}


def fault_of(answer: bytes) -> tuple[Any, str]:
    """Return code and string: this ERP's codes are texts."""
    with pytest.raises(xmlrpc.client.Fault) as caught:
        xmlrpc.client.loads(answer.partition(b"\r\n\r\n")[2])
    return caught.value.faultCode, caught.value.faultString


def test_an_answer_is_http_1_0_with_its_length(world: World) -> None:
    answer = world.raw(post("/xmlrpc/db", VERSION, "Connection: keep-alive\r\n"))
    fields, body = head(answer), answer.partition(b"\r\n\r\n")[2]
    assert fields[""] == "HTTP/1.0 200 OK"
    assert fields["content-type"] == "text/xml"
    assert int(fields["content-length"]) == len(body)
    assert xmlrpc.client.loads(body) == (("5.0.0",), None)


def test_a_fault_has_status_200_and_a_traceback(world: World) -> None:
    answer = world.raw(post("/xmlrpc/db", VERSION.replace(b"server_version", b"nothing")))
    assert head(answer)[""] == "HTTP/1.0 200 OK"
    code, string = fault_of(answer)
    assert code == "'LocalService' object has no attribute 'nothing'"
    lines = string.strip().splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "AttributeError: 'LocalService' object has no attribute 'nothing'"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (VERSION.replace(b"server", b"ser\x01ver"), "ExpatError'>:not well-formed (invalid token): line 1, column"),
        (b"hello", "ExpatError'>:syntax error: line 1, column 0"),
        (b"", "ExpatError'>:no element found: line 1, column 0"),
        (b"{}", "ExpatError'>:not well-formed (invalid token): line 1, column 0"),
    ],
)
def test_what_is_no_xml_is_an_integer_fault(world: World, body: bytes, said: str) -> None:
    code, string = fault_of(world.raw(post("/xmlrpc/db", body)))
    assert code == 1
    assert said in string


def test_chunks_are_an_empty_500(world: World) -> None:
    request = b"POST /xmlrpc/db HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = world.raw(request)
    assert head(answer)[""].startswith("HTTP/1.0 500 ")
    assert answer.endswith(b"\r\n\r\n")
    assert head(answer)["content-length"] == "0"


@pytest.mark.parametrize("verb", ["GET", "HEAD", "PUT"])
def test_other_verbs_are_501(world: World, verb: str) -> None:
    answer = world.raw(f"{verb} /xmlrpc/object HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert head(answer)[""].startswith("HTTP/1.0 501 ")


@pytest.mark.parametrize(
    ("path", "said"), [("/xmlrpc/nosuch", "nosuch"), ("/xmlrpc", "xmlrpc"), ("/", ""), ("/RPC2", "RPC2")]
)
def test_a_wrong_service_is_a_fault(world: World, path: str, said: str) -> None:
    code, string = fault_of(world.raw(post(path, VERSION)))
    assert code == said
    assert string.strip().splitlines()[-1] == f"KeyError: {said!r}"


def test_nil_is_understood(world: World) -> None:
    about = world.service("common").about(None)
    assert isinstance(about, str)


def test_about_says_text_and_version(world: World) -> None:
    about: Any = world.service("common").about(True)
    assert about[1] == "5.0.0"
    assert isinstance(about[0], str)


def test_the_database_is_listed(world: World) -> None:
    assert world.database in world.service("db").list()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("login", "password", "found"),
    [("mailgate", "mailgate", True), ("mailgate", "wrong", False), ("nobody", "x", False), ("", "", False)],
)
def test_login(world: World, login: str, password: str, found: bool) -> None:
    expected: Any = world.gateway if found else False
    assert world.service("common").login(world.database, login, password) == expected


def test_login_of_an_inactive_user_fails_but_his_calls_go_on(world: World) -> None:
    uid = world.admin("res.users", "create", {"name": "Gone", "login": "gone", "password": "gone", "active": False})
    assert world.service("common").login(world.database, "gone", "gone") is False
    assert world.as_user(uid, "gone")("crm.case.section", "search", [["id", "=", world.support]]) == [world.support]


def test_an_old_password_works_until_the_new_one_was_used(world: World) -> None:
    uid = world.admin("res.users", "create", {"name": "Changing", "login": "changing", "password": "old"})
    old, new = world.as_user(uid, "old"), world.as_user(uid, "new")
    assert old("res.users", "search_count", [["id", "=", uid]]) == 1
    world.admin("res.users", "write", [uid], {"password": "new"})
    assert old("res.users", "search_count", [["id", "=", uid]]) == 1
    assert new("res.users", "search_count", [["id", "=", uid]]) == 1
    assert fault_code(old, "res.users", "search_count", [["id", "=", uid]]) == "AccessDenied"


@pytest.mark.parametrize("service", ["common", "object"])
def test_an_unknown_database(world: World, service: str) -> None:
    arguments = ("login", "nosuch", "a", "b") if service == "common" else ("execute", "nosuch", 1, "a", "crm.case", "x")
    with pytest.raises(xmlrpc.client.Fault) as caught:
        getattr(world.service(service), arguments[0])(*arguments[1:])
    said: Any = caught.value.faultCode
    assert said == 'FATAL:  database "nosuch" does not exist\n'


@pytest.mark.parametrize(("uid", "password"), [(0, "wrong"), (99999, "mailgate"), (0, "")])
def test_a_wrong_password_or_user_is_access_denied(world: World, uid: int, password: Any) -> None:
    call = world.as_user(uid or world.gateway, password)
    assert fault_code(call, "crm.case", "search", []) == "AccessDenied"


def test_a_user_id_may_be_a_text(world: World) -> None:
    call = world.as_user(str(world.gateway), "mailgate")  # type: ignore[arg-type]
    assert call("crm.case", "search", [["id", "=", 0]]) == []


@pytest.mark.parametrize("count", [0, 1, 4])
def test_too_few_arguments_for_execute(world: World, count: int) -> None:
    with pytest.raises(xmlrpc.client.Fault) as caught:
        world.service("object").execute(*["x"] * count)
    said: Any = caught.value.faultCode
    assert said == f"execute() takes at least 6 arguments ({count + 1} given)"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("nosuch", "search", []), "warning -- Object Error\n\nObject nosuch doesn't exist"),
        (("crm.case", "nosuch", []), "'crm_case' object has no attribute 'nosuch'"),
        (("crm.case", "case_draft", []), "'crm_case' object has no attribute 'case_draft'"),
        (("crm.case", "search"), "search() takes at least 4 arguments (3 given)"),
        (("crm.case", "case_open"), "case_open() takes at least 4 arguments (3 given)"),
    ],
)
def test_what_cannot_be_called(world: World, call: tuple[str, str, Any], said: str) -> None:
    assert world.fault(*call) == said


def test_control_characters_never_arrive(world: World) -> None:
    before = world("crm.case", "search_count", [])
    assert world.fault("crm.case", "create", {"name": "bell \x07", "section_id": world.support}) == 1
    assert world("crm.case", "search_count", []) == before


def test_an_unmarshallable_answer_is_an_integer_fault_after_the_work(world: World) -> None:
    """The real server's `ir.model.access.check` answers None; the sandbox's None comes from fault injection."""
    if world.sandbox:
        world.sandbox.fail_next("none", on="create")
        call: tuple[Any, ...] = ("crm.case", "create", {"name": "None", "section_id": world.support})
    else:
        call = ("ir.model.access", "check", "nosuch", "read", False)
    with pytest.raises(xmlrpc.client.Fault) as caught:
        world(*call)
    assert caught.value.faultCode == 1
    assert "cannot marshal None unless allow_none is enabled" in caught.value.faultString
    if world.sandbox:
        assert world("crm.case", "search_count", [["name", "=", "None"]]) == 1


def test_every_letter_beyond_ascii_works(world: World) -> None:
    text = "tab\t and newline\n, é, 漢字, 😀, \u00a0, <&>\"'"
    case = world.case(description=text)
    assert world.get(case, "description") == text
