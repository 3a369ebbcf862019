"""Outgoing mail as bytes: a short header of our own, nobody else's fields, the body's bytes as they came."""

from __future__ import annotations

import email
from email.header import decode_header, make_header
from email.message import Message
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.compose import compose, envelope_sender
from mailgate.message import parse
from mailgate.model import LOOP_FIELD, Address, Relay
from tests.builders import CARLA, GATEWAY, MAILBOX, NOW, mail, raw, token

TO = Address("carla@customer.org", "Carla Customer")


def relay(**more: Any) -> Relay:
    """Return a copy for the customer."""
    usual = Relay(
        TO,
        "partner",
        "copy",
        "r",
        token(),
        "[12] Printer",
        "<c2@x>",
        ("<c1@x>", "<c2@x>", token()),
        "Fabien via Support",
    )
    return usual.but(**more)


def sent(source: bytes | None = None, box: Any = MAILBOX, **more: Any) -> bytes:
    return compose(relay(**more), parse(raw() if source is None else source), box, NOW)


def head(message: bytes) -> Message:
    return email.message_from_bytes(message)


def decoded(value: Any) -> str:
    return str(make_header(decode_header(str(value))))


def lines(message: bytes) -> list[bytes]:
    return message.partition(b"\r\n\r\n")[0].split(b"\r\n")


# --- the header


def test_a_copy_has_this_header_and_no_other() -> None:
    source = raw(
        bcc="secret@x.org", cc="wanda@elsewhere.net", received="from a by b", reply_to="evil@x.org", sender="f@m.com",
        return_path="<b@x>", dkim_signature="v=1", disposition_notification_to="f@m.com", references="<other@x>",
        in_reply_to="<other@x>", x_mailer="Y", list_id="<l>", auto_submitted="auto-generated", x_priority="1",
        delivered_to="d@x", authentication_results="mx; dmarc=pass", resent_to="r@x", errors_to="e@x",
        return_receipt_to="x@x", organization="O", comments="c", mime_version="1.0", content_type="text/plain",
    )  # fmt: skip
    message = head(sent(source, priority=1))
    assert message.keys() == [
        "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "X-Priority",
        "Importance", LOOP_FIELD, "Mime-Version", "Content-Type",
    ]  # fmt: skip
    assert message["From"] == f'"Fabien via Support" <{GATEWAY}>'
    assert message["To"] == '"Carla Customer" <carla@customer.org>'
    assert message["Reply-To"] == GATEWAY
    assert message["Subject"] == "[12] Printer"
    assert message["Date"] == "Tue, 14 Nov 2023 22:00:00 +0000"
    assert message["Message-ID"] == token()
    assert message["References"].split() == ["<c1@x>", "<c2@x>", token()]
    assert (message["X-Priority"], message["Importance"]) == ("1", "high")
    assert message[LOOP_FIELD] == GATEWAY
    for secret in (b"secret@x.org", b"other@x", b"wanda@", b"evil@", b"f@m.com"):
        assert secret not in sent(source)


def test_staff_read_who_wrote_and_who_reads_along() -> None:
    message = head(
        sent(about=(("X-Mailgate-From", "carla@customer.org"), ("X-Mailgate-Watchers", "w@x.org, Ä\r\nBcc: v@x")))
    )
    assert message["X-Mailgate-From"] == "carla@customer.org"
    assert decoded(message["X-Mailgate-Watchers"]) == "w@x.org, Ä  Bcc: v@x"
    assert message["Bcc"] is None


def test_the_original_from_only_where_that_is_chosen() -> None:
    box = MAILBOX.but(relay_from="original")
    assert head(sent(raw(), box))["From"] == '"Fabien via Support" <carla@customer.org>'
    assert head(sent(raw(sender=""), box))["From"] == f'"Fabien via Support" <{GATEWAY}>'
    assert head(sent(raw(), box, kind="report", text="x"))["From"] == f'"Fabien via Support" <{GATEWAY}>'


def test_what_the_gateway_writes_says_so() -> None:
    for kind, word in (("answer", "auto-replied"), ("acknowledge", "auto-replied"), ("report", "auto-generated")):
        own = relay(kind=kind, text="Grüße\nan alle\n")
        assert envelope_sender(own, MAILBOX) == ""
        message = head(compose(own, mail(), MAILBOX, NOW))
        assert message["Auto-Submitted"] == word
        assert message[LOOP_FIELD] == GATEWAY
        assert message["Date"] == "Tue, 14 Nov 2023 22:13:20 GMT"
        body: Any = message.get_payload(decode=True)
        assert body.decode(str(message.get_content_charset())) == "Grüße\r\nan alle\r\n"
    assert envelope_sender(relay(), MAILBOX) == GATEWAY


@pytest.mark.parametrize("text", ["", "plain", "a" * 5000, ".\n.\n", "From me\nÄ" * 300, "tabs\tand  blanks  \n end"])
def test_our_own_text_comes_back_in_short_lines(text: str) -> None:
    message = compose(relay(kind="answer", text=text), mail(), MAILBOX, NOW)
    assert max(map(len, message.split(b"\r\n"))) < 990
    payload: Any = head(message).get_payload(decode=True)
    assert payload.decode().replace("\r\n", "\n") == text.rstrip("\n") + "\n"


def test_an_original_address_that_no_server_takes_gives_way_to_the_gateway() -> None:
    box = MAILBOX.but(relay_from="original")
    for length, shown in ((241, True), (242, False)):
        message = sent(raw(sender=f"{'x' * length}@customer.org"), box)
        assert (b"@customer.org>" in message.partition(b"\r\nTo:")[0]) == shown


@pytest.mark.parametrize("date", ["", "nonsense", "Tue, 14 Nov 2023 22:00:00 +0000 (" + "x" * 90 + ")", "Mañana"])
def test_a_date_that_is_none_is_replaced(date: str) -> None:
    assert head(sent(raw(date=date)))["Date"] == "Tue, 14 Nov 2023 22:13:20 GMT"


@pytest.mark.parametrize(
    "text",
    ["Printer", "Grüße an Łukasz 漢字", "a" * 300, "word " * 100, "x" * 2500, "Ä" * 600, "=?utf-8?q?x?=", "a: b: c", "",
     "tab\tand  two blanks", "\U0001f600" * 50, 'quotes "and" \\ back', "ends with ="],
)  # fmt: skip
def test_subjects_and_names_can_be_read_again(text: str) -> None:
    message = sent(subject=f"[12] {text}", sender_name=text, recipient=Address(TO.email, text))
    assert all(len(line) <= 998 for line in lines(message)), "RFC 5322 2.1.1"
    assert all(line.isascii() for line in lines(message))
    assert decoded(head(message)["Subject"]).split() == f"[12] {text}"[:1000].split()
    shown = decoded(head(message)["From"])
    assert shown.endswith(GATEWAY + ">") or shown == GATEWAY
    if len(text) < 120 and "\\" not in text:
        assert " ".join(text.split()) in " ".join(shown.split())


INJECTIONS = ["x\r\nBcc: evil@x.org", "x\nBcc: evil@x.org", "x\rBcc: evil@x.org", "x\r\n\r\nbody", "x\x00y",
              "x\u2028Bcc: e@x",
              "x\x85Bcc: e@x", "\r\n Bcc: e@x", "x\x0bBcc: e@x", "x\u202egpj.exe"]  # fmt: skip


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_text_becomes_a_field_or_a_body(text: str) -> None:
    message = sent(
        subject=text, sender_name=text, recipient=Address(TO.email, text), about=(("X-Mailgate-From", text),)
    )
    plain = sent(about=(("X-Mailgate-From", "x"),))
    assert head(message).keys() == head(plain).keys()
    assert message.partition(b"\r\n\r\n")[2] == plain.partition(b"\r\n\r\n")[2]
    for name in ("From", "To", "Subject", "X-Mailgate-From"):
        shown = decoded(head(message)[name])
        assert not [char for char in shown if char in "\r\n\0\x85\u2028\u202e\x0b"]
    assert b"\0" not in message


@given(st.text(max_size=80), st.text(max_size=80))
@settings(max_examples=150, deadline=None)
def test_no_subject_and_no_name_makes_it_raise_or_breaks_the_header(subject: str, name: str) -> None:
    message = sent(
        subject=subject, sender_name=name, recipient=Address(TO.email, name), about=(("X-Mailgate-From", name),)
    )
    found = head(message).keys()
    assert found == [
        "From",
        "To",
        "Reply-To",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        LOOP_FIELD,
        "X-Mailgate-From",
    ]
    assert message.endswith(b"\r\n\r\nHello\n")


def test_an_overlong_id_of_somebody_else_does_not_break_the_header() -> None:
    message = sent(in_reply_to=f"<{'a' * 2000}@x>", references=("<" + "b" * 1200 + "@x>", "<c2@x>", token()))
    assert all(len(line) <= 998 for line in lines(message))
    assert head(message)["References"].split()[-2:] == ["<c2@x>", token()]


# --- the fields that describe the body


def test_content_fields_leave_as_they_came() -> None:
    source = (
        b"From: a@b.org\r\nContent-Type: multipart/mixed;\r\n\tboundary=\"x y\";\r\n charset=\xe4\r\nX-Other: 1\r\n"
        b"MIME-Version: 1.0 (hand made)\r\ncontent-transfer-encoding: 8BIT\r\nContent-ID: <1@x>\r\n\r\n--x y--\r\n"
    )  # fmt: skip
    message = sent(source)
    assert b'Content-Type: multipart/mixed;\r\n\tboundary="x y";\r\n charset=\xe4\r\n' in message
    assert (
        b"MIME-Version: 1.0 (hand made)\r\ncontent-transfer-encoding: 8BIT\r\nContent-ID: <1@x>\r\n\r\n--x y--\r\n"
        in message
    )
    assert b"X-Other" not in message


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Type: text/plain\nContent-Type: text/html\n",
        b'Content-Type: text/plain; x="a\rBcc: evil@x.org"\n',
        b"Content-Type: text/plain;\n \nBcc: evil@x.org\n",
        b"Content-Type: text/plain\0\n",
        b"Content-Type : text/plain\n",
        b"Content-Type: text/plain; a=\x00\r\n\tb=c\n",
    ],
)
def test_no_content_field_brings_another_field(fields: bytes) -> None:
    message = sent(b"From: a@b.org\n" + fields + b"\nHello\n")
    names = list(map(str.lower, head(message).keys()))
    assert names.count("content-type") == 1
    assert "bcc" not in names
    assert b"\0" not in message
    assert not [line for line in lines(message) if b"\r" in line or b"\n" in line]


# --- the body


@pytest.mark.parametrize(
    "body",
    [b"", b"Hello\n", b"Hello", b"a\r\nb\nc\r\n", b"a\rb\r", b".\n..\n", b"From x\n", b"\x00\xff\xfe binary \x80\n",
     b"Gr\xc3\xbc\xc3\x9fe\n", b"x" * 5000, b"\n\n\nHello\n\n\n", b"blanks   \n\t\n", b"Set-State: x\nHello\n"],
)  # fmt: skip
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_the_bodys_bytes_stay_as_they_came(body: bytes, newline: bytes) -> None:
    source = newline.join((b"From: a@b.org", b"Content-Type: text/plain", b"", b"")) + body
    assert sent(source).endswith(b"\r\n\r\n" + body)
    assert sent(source).partition(b"\r\n\r\n")[2] == body


def test_a_multiparts_bytes_stay_as_they_came() -> None:
    body = (
        b"preamble\n--b\n\nSet-State: x\n--b\nContent-Type: application/octet-stream\n\n\x00\x01\r\n\n--b--\nepilogue"
    )
    source = b"From: a@b.org\nContent-Type: multipart/mixed; boundary=b\n\n" + body
    assert sent(source).partition(b"\r\n\r\n")[2] == body


def test_commands_are_cut_only_where_the_relay_says_so() -> None:
    source = raw("Set-State: pending\nHello\n")
    assert sent(source, cut=True).endswith(b"\r\n\r\nHello\n")
    assert sent(source, cut=False).endswith(b"\r\n\r\nSet-State: pending\nHello\n")


def test_the_customers_address_is_written_as_it_is() -> None:
    assert head(sent(recipient=CARLA))["To"] == '"Carla Customer" <carla@customer.org>'
    assert "To: jörg@müller.de".encode() in sent(recipient=Address("jörg@müller.de"))
