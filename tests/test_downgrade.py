"""A message made fit for what a server offers: what changes, what must not, and that nothing is lost."""

from __future__ import annotations

import base64
import email
import quopri
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.downgrade import Fitted, ascii_domain, fitted, folded
from mailgate.message import content, parse
from mailgate.smtp import on_the_wire

NOTHING: tuple[str, ...] = ()
EIGHT = ("8bitmime", "size")
ALL = (*EIGHT, "binarymime", "chunking", "smtputf8")
HEAD = b"From: <a@example.com>\r\nTo: <b@example.org>\r\nMIME-Version: 1.0\r\n"


def fit(message: bytes, offered: tuple[str, ...] = NOTHING) -> Fitted:
    return fitted(message, "a@example.com", "b@example.org", offered)


def mail(fields: str, body: bytes) -> bytes:
    return HEAD + fields.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body


def leaves(message: bytes) -> list[Any]:
    return [
        part.get_payload(decode=True) for part in email.message_from_bytes(message).walk() if not part.is_multipart()
    ]


# --- what every server takes


@pytest.mark.parametrize(
    "body",
    [b"", b"Hello", b"Hello\r\n", b"a\nb\r\nc\n", b".\r\n..\r\n", b"From x\r\n", b"x" * 998 + b"\r\n", b"x" * 998,
     b"\x01\x7f\x0b\r\n", b"=20=\r\n", b"\r\n\r\n"],
)  # fmt: skip
@pytest.mark.parametrize("offered", [NOTHING, EIGHT, ALL])
def test_seven_bit_lines_leave_untouched(body: bytes, offered: tuple[str, ...]) -> None:
    for fields in ("Content-Type: text/plain", "Content-Type: image/png\nContent-Transfer-Encoding: 7bit"):
        message = mail(fields, body)
        assert fit(message, offered) == Fitted(message, "", False, "")


def test_eight_bit_leaves_untouched_where_it_is_offered() -> None:
    message = mail("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit", "Grüße\r\n".encode())
    assert fit(message, EIGHT) == Fitted(message, " BODY=8BITMIME")
    assert fit(message, ALL) == Fitted(message, " BODY=8BITMIME")


# --- a server without 8BITMIME


def test_eight_bit_text_becomes_quoted_printable() -> None:
    fields = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8BIT\nContent-Language: de"
    body = "Grüße =\r\n\r\n.\r\nende \r\nkein Ende".encode()
    found = fit(mail(fields, body))
    expected = b"Gr=C3=BC=C3=9Fe =3D\r\n\r\n=2E\r\nende=20\r\nkein Ende"
    assert found == Fitted(mail(fields.replace("8BIT", "quoted-printable"), expected))
    assert quopri.decodestring(expected) == body


def test_other_eight_bit_data_becomes_base64_of_what_the_wire_would_have_carried() -> None:
    found = fit(mail("Content-Type: application/xml\nContent-Transfer-Encoding: 8bit", "<ä>\n</ä>\r\n".encode()))
    coded = base64.b64encode("<ä>\r\n</ä>\r\n".encode()) + b"\r\n"
    assert found.message == mail("Content-Type: application/xml\nContent-Transfer-Encoding: base64", coded)


def test_a_body_without_any_field_becomes_mime() -> None:
    message = b"From: <a@example.com>\r\n\r\n\xe4\r\n"
    assert fit(message).message == (
        b"From: <a@example.com>\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E4\r\n"
    )


MIXED = (
    b"vorher: \xc3\xa4\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    b"X-Note: kept\r\n\r\n\xc3\xa4\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
    b"=E4 stays \r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBO\r\n--b\r\n\r\n"
    b"\xe4 without a header\r\n--b--\r\nnachher: \xc3\xa4"
)


def test_only_the_parts_that_need_it_are_encoded() -> None:
    fields = "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 8bit"
    found = fit(mail(fields, MIXED)).message
    assert found == mail(
        "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 7bit",
        b"vorher: ??\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\nX-Note: kept\r\n\r\n=C3=A4\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\n=E4 stays \r\n"
        b"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBO\r\n"
        b"--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E4 without a header\r\n--b--\r\nnachher: ??",
    )


SIGNED = (
    b"--s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xa4\r\n--s\r\n"
    b"Content-Type: application/pgp-signature\r\n\r\nsignature\r\n--s--\r\n"
)


@pytest.mark.parametrize("kind", ["signed", "encrypted"])
def test_a_signed_part_leaves_as_it_came(kind: str) -> None:
    fields = f"Content-Type: multipart/{kind}; boundary=s\nContent-Transfer-Encoding: 8bit"
    assert fit(mail(fields, SIGNED)) == Fitted(mail(fields, SIGNED))
    around = b"--b\r\n" + fields.replace("\n", "\r\n").encode() + b"\r\n\r\n" + SIGNED
    footer = b"\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
    outer = "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 8bit"
    found = fit(mail(outer, around + footer + b"\xe4\r\n--b--\r\n")).message
    added = footer.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
    assert (
        found.removeprefix(HEAD) == mail(outer, around + b"\r\n--b\r\n" + added[7:] + b"=E4\r\n--b--\r\n")[len(HEAD) :]
    )


def test_a_message_within_is_taken_apart_since_it_may_not_be_encoded() -> None:
    inner = b"Subject: x\r\nContent-Type: text/plain\r\n\r\n\xe4\r\n"
    fields = "Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit"
    expected = (
        b"Subject: x\r\nContent-Type: text/plain\r\nMIME-Version: 1.0\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=E4\r\n"
    )
    assert fit(mail(fields, inner)).message == mail(fields.replace("8bit", "7bit"), expected)


@pytest.mark.parametrize(
    "fields",
    [
        "Content-Type: multipart/mixed; boundary=lost",
        "Content-Type: message/delivery-status",
        "Content-Type: application/x\nContent-Transfer-Encoding: x-uuencode",
    ],
)
def test_what_may_not_be_encoded_leaves_as_it_came(fields: str) -> None:
    message = mail(fields, b"\xe4\r\n")
    assert fit(message) == Fitted(message)


@pytest.mark.parametrize("label", ["utf-8", "8-bit", "plain"])
def test_an_encoding_that_is_none_is_replaced(label: str) -> None:
    found = fit(mail(f"Content-Type: text/plain\nContent-Transfer-Encoding: {label}", b"\xe4")).message
    assert found == mail("Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable", b"=E4")


def test_a_folded_and_doubled_encoding_becomes_one() -> None:
    fields = "Content-Transfer-Encoding:\n 8bit\nContent-Type: text/plain\ncontent-transfer-encoding: 7bit"
    found = fit(mail(fields, b"\xe4")).message
    assert found == mail("Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain", b"=E4")


# --- what has no lines


@pytest.mark.parametrize("body", [b"\0", b"a\rb\r\n", b"x" * 999, b"a\r\n" + b"x" * 5000 + b"\r\n"])
def test_binary_goes_as_it_is_where_that_is_offered(body: bytes) -> None:
    for fields in ("Content-Type: text/plain", "Content-Type: image/png\nContent-Transfer-Encoding: binary"):
        message = mail(fields, body)
        assert fit(message, ALL) == Fitted(message, " BODY=BINARYMIME", chunked=True)
        for offered in (NOTHING, EIGHT, (*EIGHT, "chunking"), (*EIGHT, "binarymime")):
            found = fit(message, offered)
            assert not found.chunked
            assert leaves(found.message) == [body]
            assert max(map(len, found.message.split(b"\r\n"))) <= 76


def test_in_chunks_line_ends_are_crlf_but_in_binary_parts() -> None:
    parts = (
        b"--b\nContent-Type: text/plain\n\nHello\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: binary\n\n"
        b"\0\n\r\xff\r\n\n--b--\n"
    )
    found = fit(mail("Content-Type: multipart/mixed; boundary=b", parts), ALL)
    assert found.message == mail(
        "Content-Type: multipart/mixed; boundary=b",
        b"--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\nContent-Type: image/png\r\n"
        b"Content-Transfer-Encoding: binary\r\n\r\n\0\n\r\xff\r\n\r\n--b--\r\n",
    )


def test_long_lines_are_encoded_in_their_part_alone() -> None:
    parts = (
        b"--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xe4\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>" + b"word " * 300 + b"\r\n--b--\r\n"
    )
    found = fit(mail("Content-Type: multipart/alternative; boundary=b", parts), EIGHT)
    assert found.parameters == " BODY=8BITMIME"
    assert found.message.startswith(mail("Content-Type: multipart/alternative; boundary=b", parts[:86]))
    assert (
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>word word" in found.message
    )
    assert leaves(found.message) == [b"\xe4", b"<p>" + b"word " * 300]


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-32"])
def test_text_whose_line_ends_are_not_crlf_becomes_base64(charset: str) -> None:
    data = "Grüße\n漢字\n".encode(charset)
    found = fit(mail(f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit", data), EIGHT)
    assert leaves(found.message) == [data]
    assert b"Content-Transfer-Encoding: base64" in found.message


def test_quoted_printable_is_mended_where_it_is_broken() -> None:
    fields = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable"
    long = b"=C3=A4x" * 300
    body = b"fine =3D=\r\n too\r\n\xc3\xa4 raw\r\n" + long + b"\r\nsoft=\r\r\nbreak\0"
    found = fit(mail(fields, body)).message.removeprefix(mail(fields, b""))
    assert found.startswith(b"fine =3D=\r\n too\r\n=C3=A4 raw\r\n=C3=A4x")
    assert found.endswith(b"\r\nsoft=\r\nbreak=00")
    assert max(map(len, found.split(b"\r\n"))) <= 76
    assert (
        quopri.decodestring(found) == b"fine = too\r\n\xc3\xa4 raw\r\n" + quopri.decodestring(long) + b"\r\nsoftbreak\0"
    )


def test_base64_without_line_ends_gets_them_and_stays_the_same_otherwise() -> None:
    data = bytes(range(256)) * 20
    fields = "Content-Type: image/png\nContent-Transfer-Encoding: base64"
    found = fit(mail(fields, base64.b64encode(data) + b"\xa0"), EIGHT).message.removeprefix(mail(fields, b""))
    assert found == base64.encodebytes(data).replace(b"\n", b"\r\n")


@pytest.mark.parametrize("end", [b"\r", b"\r\r\n"])
def test_line_ends_that_are_wrong_throughout_become_right_ones(end: bytes) -> None:
    lines = [b"--b", b"Content-Type: text/plain", b"", b"a", b"b", b"--b--", b""]
    found = fit(mail("Content-Type: multipart/mixed; boundary=b", end.join(lines)), EIGHT)
    assert found == Fitted(mail("Content-Type: multipart/mixed; boundary=b", b"\r\n".join(lines)))


def test_a_cr_too_many_in_a_parts_header_ends_no_header() -> None:
    parts = b"--b\r\r\nContent-Type: text/html\r\r\nX-A: 1\r2\r\n\r\na\rb\r\n--b--\r\n"
    found = fit(mail("Content-Type: multipart/mixed; boundary=b", parts), EIGHT).message
    assert found == mail(
        "Content-Type: multipart/mixed; boundary=b",
        b"--b\r\nContent-Type: text/html\r\nX-A: 1 2\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        b"a=0Db\r\n--b--\r\n",
    )


def test_a_label_says_what_is_left() -> None:
    parts = (
        b"--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xe4\r\n--b\r\n"
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\n\r\n--b--\r\n"
    )
    fields = "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: binary"
    found = fit(mail(fields, parts), EIGHT)
    assert found.parameters == " BODY=8BITMIME"
    assert found.message == mail(
        fields.replace("binary", "8bit"), parts.replace(b"binary\r\n\r\n\0\n", b"base64\r\n\r\nAAo=\r\n")
    )


# --- addresses


@pytest.mark.parametrize("field", ["From", "To", "Reply-To"])
def test_an_address_beyond_ascii_needs_smtputf8(field: str) -> None:
    message = f"{field}: <jörg@example.org>\r\nSubject: x\r\n\r\nHello\r\n".encode()
    assert fit(message, (*EIGHT, "smtputf8")) == Fitted(message, " BODY=8BITMIME SMTPUTF8")
    assert fit(message, EIGHT).refused == "an address is not ASCII, and this server does not offer SMTPUTF8 (RFC 6531)"


def test_an_envelope_beyond_ascii_needs_smtputf8() -> None:
    message = mail("Content-Type: text/plain", b"Hello\r\n")
    assert fitted(message, "", "jörg@example.org", ALL) == Fitted(message, " SMTPUTF8")
    assert fitted(message, "jörg@example.org", "a@example.org", EIGHT).refused
    both = fitted(mail("Content-Type: text/plain", b"a\0"), "", "jörg@example.org", ALL)
    assert both.parameters == " BODY=BINARYMIME SMTPUTF8"


def test_a_file_name_beyond_ascii_does_not() -> None:
    message = mail('Content-Type: text/plain;\n name="Größe.txt"', b"Hello\r\n")
    assert fit(message, ALL) == Fitted(message, " BODY=8BITMIME")
    assert fit(message).message == mail("Content-Type: text/plain;\n name*=utf-8''Gr%C3%B6%C3%9Fe.txt", b"Hello\r\n")


@pytest.mark.parametrize(
    "fields",
    [
        "Content-Type: image/png; name=\"Größe '1'.png\"\nContent-Disposition: attachment;\n\tfilename=Größe.png",
        'Content-Type: image/png;name=ä\nContent-Disposition: inline; FileName="ä;b=c.png"',
    ],
)
def test_file_names_beyond_ascii_are_encoded_where_only_ascii_is_taken(fields: str) -> None:
    inside = f"--b\r\n{fields}\r\n\r\nx\r\n--b--\r\n".replace("\n", "\r\n").replace("\r\r", "\r").encode()
    message = mail("Content-Type: multipart/mixed; boundary=b", inside)
    found = fit(message).message
    assert found.isascii()
    assert [part.name for part in parse(found).parts] == [part.name for part in parse(message).parts]
    assert fit(message, EIGHT).message == message


def test_a_file_name_of_unknown_charset_or_of_no_end_stays() -> None:
    for name in (b"\xe4.png", "ä".encode() * 400):
        message = HEAD + b"Content-Type: image/png; name=" + name + b"\r\n\r\nx"
        assert fit(message).message == message


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("a@example.org", "a@example.org"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("a@straße.example", "a@xn--strae-oqa.example"),
        ("A.B@BÜCHER.example", "A.B@xn--bcher-kva.example"),
        ("jörg@bücher.example", "jörg@bücher.example"),
        ("", ""),
        ("ä", "ä"),
    ],
)
def test_domains_in_ascii(address: str, expected: str) -> None:
    assert ascii_domain(address) == expected


# --- long header lines


def test_a_long_header_line_is_folded_where_it_may_be() -> None:
    long = b"Content-Type: multipart/mixed; " + b"; ".join(b"x%d=y" % number for number in range(300)) + b"\r\n"
    found = folded(long)
    assert max(map(len, found.split(b"\r\n"))) <= 998
    assert found.replace(b"\r\n ", b" ") == long
    assert folded(b"A: b\r\n" * 500) == b"A: b\r\n" * 500


@pytest.mark.parametrize("line", [b"A: " + b"x" * 3000, b"A: " + b" " * 3000 + b"x", b"A: " + b"x;" * 3000])
def test_a_long_header_line_without_blanks_is_folded_too(line: bytes) -> None:
    found = folded(line + b"\r\nB: c\r\n")
    assert max(map(len, found.split(b"\r\n"))) <= 998
    assert all(one.strip() for one in found.removesuffix(b"\r\n").split(b"\r\n"))
    assert b"".join(found.split()) == b"".join((line + b"B:c").split())


def test_a_field_name_as_long_as_a_line_is_dropped_since_its_half_would_be_another_fields() -> None:
    assert folded(b"A: b\r\n" + b"X" * 1200 + b": c\r\n d\r\nE: f\r\n\r\n") == b"A: b\r\nE: f\r\n\r\n"


# --- whatever comes

PIECES = st.sampled_from(
    [b"--b", b"--b--", b"--c", b"\r\n", b"\n", b"\r", b"\0", b"\xe4", b"\xc3\xa4", b"x" * 1200, b"=3D", b"=", b".",
     b" ", b"Content-Type: multipart/mixed; boundary=c", b"Content-Type: message/rfc822", b"Content-Type: text/plain",
     b"a", b"Content-Transfer-Encoding: binary", b"Content-Transfer-Encoding: quoted-printable",
     b"Content-Type: image/x", b"Content-Transfer-Encoding: base64", b"Content-Type: multipart/signed; boundary=c",
     b"Zm9v"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map(b"".join), st.sampled_from([NOTHING, EIGHT, ALL]))
@settings(max_examples=400, deadline=None)
def test_nothing_makes_it_raise_and_what_it_gives_is_stable(body: bytes, offered: tuple[str, ...]) -> None:
    found = fit(mail("Content-Type: multipart/mixed; boundary=b", body), offered)
    assert not found.refused
    again = fit(found.message, offered)
    assert (again.message, again.parameters) == (found.message, found.parameters)
    if not found.chunked:
        assert on_the_wire(found.message).endswith(b"\r\n.\r\n")


LINES = st.lists(st.sampled_from(["Hello", "Grüße", "x" * 1100, "", ".", "= =3D", "tail ", "From here"]), max_size=9)


@given(LINES, st.sampled_from(["text/plain", "text/html", "application/json"]), st.sampled_from([NOTHING, EIGHT]))
@settings(max_examples=200, deadline=None)
def test_what_is_encoded_decodes_to_what_it_was(lines: list[str], kind: str, offered: tuple[str, ...]) -> None:
    body = "\r\n".join(lines).encode()
    message = mail(f"Content-Type: {kind}; charset=utf-8", body)
    found = parse(fit(message, offered).message)
    assert content(found, found.parts[0]) == body
    assert max(map(len, found.raw.split(b"\r\n"))) <= 998
    assert offered == EIGHT or found.raw.isascii()


@pytest.mark.parametrize(
    "body",
    [
        b"--b\r\n\r\n\0\r\n" * 100_000,
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n\0\r\n" * 20_000,
        b"--b\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 50_000 + b"\0",
        b"".join(b"--%d\r\nContent-Type: multipart/mixed; boundary=%d\r\n\r\n" % (n, n + 1) for n in range(20_000)),
        b"\r" * 2_000_000 + b"\n",
        b"Content-Transfer-Encoding:" * 80_000 + b"\0",
        b"\0" * 2_000_000,
    ],
    ids=["parts", "messages", "nested", "depth", "cr", "labels", "nul"],
)
def test_hostile_bodies_take_no_longer_than_their_size(body: bytes) -> None:
    message = mail("Content-Type: multipart/mixed; boundary=b", body)
    start = time.process_time()
    fit(message)
    whole = time.process_time() - start
    start = time.process_time()
    fit(message[: len(message) // 4])
    quarter = time.process_time() - start
    assert whole < 12 * quarter + 0.5
