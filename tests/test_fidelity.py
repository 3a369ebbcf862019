"""What leaves says the same as what came: the body byte for byte, and the fields that tell how to read it."""

from __future__ import annotations

import email
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.compose import compose
from mailgate.message import parse
from mailgate.model import Address, Relay
from tests.builders import MAILBOX, NOW

if TYPE_CHECKING:
    from mailgate.model import Mail

COPY = Relay(Address("carla@customer.org", "Carla"), "partner", "copy", "r", "<m@mycompany.com>", "[12] Printer")


def sent(source: bytes, **more: Any) -> bytes:
    return compose(COPY.but(**more), parse(source), MAILBOX, NOW)


def header(message: bytes) -> bytes:
    return message.partition(b"\r\n\r\n")[0] + b"\r\n"


def described(mail: Mail) -> list[tuple[Any, ...]]:
    """Return everything that a message's fields and its parts' fields say of it, and what the parts hold.

    Blanks are one: a folded line of nothing else does not leave, since some take it for the end of the header.
    """
    kept = ("type", "charset", "encoding", "disposition", "name", "cid", "depth", "flowed", "delsp", "alternative")
    return [
        (*(" ".join(str(getattr(part, one)).split()) for one in kept), mail.raw[part.body : part.end])
        for part in mail.parts
    ]


FIELDS = [
    b"Content-Type: text/html; charset=iso-8859-1",
    b"content-type:multipart/mixed;boundary=b",
    b"Content-Type: multipart/mixed;\n\tboundary=\"b\"",
    b"Content-Type: multipart/mixed;\nboundary=b\nX-Other: 1",
    b"Content-Type : multipart/mixed ; boundary = b",
    b"Content-Type: multipart/mixed;\n \n boundary=b",
    b"Content-Type: multipart/mixed;\r boundary=b",
    b"Content-Type: multipart/mixed; boundary=b\nContent-Type: text/html",
    b"Content-Type: text/html\nContent-Type: multipart/mixed; boundary=b",
    b"Content-Type:\nContent-Type: text/html",
    b"Content-Type: text/plain; name=\xe4\xff.txt",
    b"Content-Type: text/plain; x=\0y; charset=utf-8",
    b"Content-Type: text/plain; format=flowed; delsp=yes",
    b"Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename*=utf-8''%C3%A4.txt",
    b"Content-Transfer-Encoding: 8bit\nContent-ID: <a@b>\nContent-Description: words",
    b"Content-Type: application/x; name=\"" + b"long " * 400 + b"\"",
    b"Content-Type: image/png; " + b" ".join(b"x%d=%d;" % (n, n) for n in range(400)) + b" name=a.png",
    b"MIME-Version: 1.0 (by hand)\nContent-Type: text/html",
    b"Subject: no MIME at all",
]  # fmt: skip
BODY = b"--b\nContent-Type: text/html\n\n<p>\xe4</p>\n--b--\n"


@pytest.mark.parametrize("fields", FIELDS, ids=lambda fields: str(fields)[2:50])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("top", [b"", b"From me Tue Nov 14 22:00:00 2023\n", b"\n", b"\xef\xbb\xbf"])
def test_a_copy_says_the_same_of_its_body(fields: bytes, newline: bytes, top: bytes) -> None:
    source = (top + b"From: a@b.org\n" + fields + b"\n\n" + BODY).replace(b"\n", newline)
    mail, copy = parse(source), sent(source)
    assert copy.partition(b"\r\n\r\n")[2] == BODY.replace(b"\n", newline)
    assert described(parse(copy)) == described(mail)
    assert max(map(len, header(copy).split(b"\r\n"))) <= 998
    assert b"\0" not in header(copy)
    assert header(copy).count(b"\r\n") == header(copy).count(b"\r") == header(copy).count(b"\n")


def test_a_line_that_lost_its_indent_gets_one() -> None:
    source = b"From: a@b.org\nContent-Type: multipart/mixed;\nboundary=b\nX-Other: 1\n\n" + BODY
    assert b"\r\nContent-Type: multipart/mixed; boundary=b\r\n" in sent(source)
    assert b"X-Other" not in sent(source)


def test_fields_that_describe_a_body_make_it_mime() -> None:
    assert sent(b"From: a@b.org\nContent-Type: text/html\n\nx").endswith(
        b"\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\nx"
    )
    assert b"MIME-Version" not in sent(b"From: a@b.org\n\nx")


@pytest.mark.parametrize("name", ["Content-MD5", "Content-Length", "Content-Class", "X-Content-Type", "Contents"])
def test_no_other_field_leaves(name: str) -> None:
    assert b"secret" not in sent(f"From: a@b.org\n{name}: secret\n\nx".encode())


@pytest.mark.parametrize(
    "fields",
    [b"Content-Foo: x\rBcc: v@x.org", b"Content-Type: x\rBcc: v@x.org", b"Content-ID: <a>\r\r\nBcc: v@x.org",
     b"Content-Type: text/plain\x0b\nBcc: v@x.org", b"Content-Type: a;\n\x0b\n b\nBcc: v@x.org"],
)  # fmt: skip
def test_no_field_hides_another(fields: bytes) -> None:
    copy = header(sent(b"From: a@b.org\n" + fields + b"\n\nx"))
    assert not [line for line in copy.split(b"\r\n") if line.lower().startswith(b"bcc")]
    assert copy.count(b"\r\n") == copy.count(b"\r") == copy.count(b"\n")


PIECES = st.sampled_from(
    [b"Content-Type: ", b"content-type:", b"Content-Transfer-Encoding: ", b"Content-Disposition: ", b"\n ", b"\n ",
     b"MIME-Version: 1.0", b"multipart/mixed; boundary=b", b"text/html", b"base64", b"attachment; filename=\"x",
     b"\n", b"\n", b"\r\n",
     b"\r", b"\t", b";", b"\0", b"\xe4", b"\"", b"x: ", b"Subject: ", b"=?utf-8?q?x?=", b"(c)", b" "]
)  # fmt: skip


@given(st.lists(PIECES, max_size=24).map(b"".join))
@settings(max_examples=400, deadline=None)
def test_whatever_the_header_the_body_stays_and_no_line_is_torn(fields: bytes) -> None:
    source = b"From: a@b.org\n" + fields + b"\n\n" + BODY
    mail, copy = parse(source), sent(source)
    assert copy.endswith(b"\r\n\r\n" + mail.raw[mail.body :])
    if copy.partition(b"\r\n\r\n")[2] == mail.raw[mail.body :]:
        assert described(parse(copy)) == described(mail)
    top = copy[: len(copy) - len(mail.raw[mail.body :])]
    assert top.count(b"\r\n") == top.count(b"\r") == top.count(b"\n")
    assert b"\0" not in top
    assert top.find(b"\r\n\r\n") == len(top) - 4


# --- addresses


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("carla@bücher.example", b"To: carla@xn--bcher-kva.example\r\n"),
        ("carla@straße.example", b"To: carla@xn--strae-oqa.example\r\n"),
        ("jörg@bücher.example", "To: jörg@bücher.example\r\n".encode()),
    ],
)
def test_an_address_is_ascii_where_it_can_be(address: str, written: bytes) -> None:
    assert written in sent(b"From: a@b.org\n\nx", recipient=Address(address))
    assert b"<" + written[4:-2] + b">" in sent(b"From: a@b.org\n\nx", recipient=Address(address, "Name"))


@pytest.mark.parametrize(
    "name", ["Carla", "Łukasz Müller, Żółć & Söhne GmbH (Einkauf Süd-West)", "Ä" * 200, "a b " * 50]
)
def test_lines_with_a_name_are_short(name: str) -> None:
    copy = header(sent(b"From: a@b.org\n\nx", recipient=Address("carla@customer.org", name), sender_name=name))
    lines = copy.split(b"\r\n")
    assert max(map(len, lines)) <= (76 if not name.isascii() else 220)
    assert b"<carla@customer.org>" in copy
    shown = str(make_header(decode_header(str(email.message_from_bytes(copy)["To"]))))
    assert " ".join(shown.replace('"', "").split()) == f"{' '.join(name[:200].split())} <carla@customer.org>"
