"""Addresses: every list a header field can hold, one form to compare, and none that could harm SMTP."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.address import LONGEST, address_key, domain, is_address, parse_addresses, written
from mailgate.model import Address


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        ("a@b.example", [("a@b.example", "")]),
        ("<a@b.example>", [("a@b.example", "")]),
        ("Ada Novak <a@b.example>", [("a@b.example", "Ada Novak")]),
        ('"Novak, Ada" <a@b.example>, c@d.example', [("a@b.example", "Novak, Ada"), ("c@d.example", "")]),
        ('"The \\"Boss\\"" <a@b.example>', [("a@b.example", 'The "Boss"')]),
        ("a@b.example (Ada (of Customer) Novak)", [("a@b.example", "Ada of Customer Novak")]),
        ("Ada (the first) <a@b.example>", [("a@b.example", "Ada")]),
        ("Ada (never closed <a@b.example>", [("a@b.example", "Ada (never closed")]),
        ('"never closed <a@b.example>, c@d.example', [("a@b.example", "never closed"), ("c@d.example", "")]),
        ('Team: a@b.example, "C" <c@d.example>;, e@f.example',
         [("a@b.example", ""), ("c@d.example", "C"), ("e@f.example", "")]),
        ("undisclosed-recipients:;", []),
        ("nobody, a@b.example", [("a@b.example", "")]),
        ("Novak, Ada <a@b.example>", [("a@b.example", "Novak, Ada")]),
        ("a@b.example; c@d.example", [("a@b.example", ""), ("c@d.example", "")]),
        ("<@relay.example,@other.example:a@b.example>", [("a@b.example", "")]),
        ("a @ b . example", [("a@b.example", "")]),
        ("<mailto:a@b.example>", [("a@b.example", "")]),
        ("<<a@b.example>>", [("a@b.example", "")]),
        ("<a@b.example", [("a@b.example", "")]),
        ("Ada a@b.example", [("a@b.example", "Ada")]),
        ("[Support] <a@b.example>", [("a@b.example", "[Support]")]),
        ("=?utf-8?q?Novak=2C_=C3=81da?= <a@b.example>", [("a@b.example", "Novak, Áda")]),
        ("=?utf-8?q?Novak,_Ada?= <a@b.example>", [("a@b.example", "Novak, Ada")]),
        ('"=?utf-8?b?w4E=?= Novak" <a@b.example>', [("a@b.example", "Á Novak")]),
        ('"a b"@c.example', [('"a b"@c.example', "")]),
        ("a@[192.0.2.1]", [("a@[192.0.2.1]", "")]),
        ("ünï@bücher.example", [("ünï@bücher.example", "")]),
        ("<a@b.example> <c@d.example>", [("a@b.example", ""), ("c@d.example", "")]),
        ('"A" <a@b.example> "C" <c@d.example>', [("a@b.example", "A"), ("c@d.example", "C")]),
        ('"Boss" <boss@mycompany.example>:<eve@evil.example>',
         [("boss@mycompany.example", "Boss"), ("eve@evil.example", "")]),
        ("<a@b.example>; <c@d.example>,;,", [("a@b.example", ""), ("c@d.example", "")]),
        ("John <j@machine(a comment).  example>", [("j@machine.example", "John")]),
        ("<mailto:a@b.example?subject=x>", [("a@b.example", "")]),
        ("John Q. Public a@b.example", [("a@b.example", "John Q. Public")]),
        ("a@b.example <a@b.example>", [("a@b.example", "a@b.example")]),
        ("'x' <a@b.example>", [("a@b.example", "x")]),
        ("/C=de/O=x/S=Doe/@gw.example", [("/C=de/O=x/S=Doe/@gw.example", "")]),
        ("=?utf-8?q?A?=<a@b.example>", [("a@b.example", "A")]),
        ("=?utf-8?q?a=40b=2Eexample?=@c.example", [("=?utf-8?q?a=40b=2Eexample?=@c.example", "")]),
        ("=?utf-8?q?A_lost_end <a@b.example>", [("a@b.example", "A lost end")]),
        ("Ada <> a@b.example", [("a@b.example", "Ada")]),
        ("a@b.example c@d.example\te@f.example", [("a@b.example", ""), ("c@d.example", ""), ("e@f.example", "")]),
        ("Ada a@b.example c@d.example", [("a@b.example", "Ada c@d.example")]),
        ("a@b.example =?utf-8?q?x=40y=2Eexample?=", [("a@b.example", "x@y.example")]),
        ("a@b.example c@d", [("a@b.example", "c@d")]),
        ("'a@b.example'", [("a@b.example", "")]),
        ("o'neil@b.example", [("o'neil@b.example", "")]),
        ("Ada <'a@b.example'>", [("a@b.example", "Ada")]),
        ("[a@b.example]", [("a@b.example", "")]),
        ("a@b.example[mailto:a@b.example]", [("a@b.example", "")]),
        ("<Undisclosed-Recipient:@b.example;>", []),
        ("@b@c.example", []),
        ("@", []),
        ("a@", []),
        ("@b", []),
        ("Ada\u202eNovak\x00 <a@b.example>", [("a@b.example", "AdaNovak")]),
    ],
)  # fmt: skip
def test_reads_what_stands_in_address_fields(value: str, expected: list[tuple[str, str]]) -> None:
    assert [(address.email, address.name) for address in parse_addresses(value)] == expected


def test_the_address_is_in_the_angle_brackets_whatever_the_name_says() -> None:
    (address,) = parse_addresses('"boss@mycompany.example" <eve@evil.example>')
    assert address == Address("eve@evil.example", "boss@mycompany.example")


def test_an_encoded_word_never_becomes_an_address() -> None:
    assert parse_addresses("=?utf-8?q?boss=40mycompany.example?=") == ()
    (address,) = parse_addresses("=?utf-8?q?=3Cboss=40mycompany.example=3E?= <eve@evil.example>")
    assert address.email == "eve@evil.example"
    (address,) = parse_addresses("=?utf-8?q?x=40evil.example=3E_=3Cboss=40mycompany.example?= <eve@evil.example>")
    assert address == Address("eve@evil.example", "x@evil.example> <boss@mycompany.example")


def test_reads_a_list_up_to_a_bound_and_never_half_an_address() -> None:
    found = parse_addresses(", ".join(f"user{number}@customer.example" for number in range(100_000)))
    assert 1000 < len(found) <= LONGEST // 20
    assert {domain(address.email) for address in found} == {"customer.example"}


@pytest.mark.parametrize("piece", ["<", "(", '"', ",", ":@", '\\"', "=?a?q?", "[", "<a@b", "a <", 'a"'])
def test_hostile_lists_are_read_to_the_end(piece: str) -> None:
    parse_addresses(piece * 50_000)


@given(st.text(alphabet=st.sampled_from('a@.,;:<>()[]"\\ =?qé\u202e\x00')))
def test_never_raises_and_yields_only_clean_addresses(value: str) -> None:
    for address in parse_addresses(value):
        assert "@" in address.email
        assert "\x00" not in address.email + address.name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada.Novak@Customer.Example", "ada.novak@customer.example"),
        (" a@b.example. ", "a@b.example"),
        ("<a@b.example>", "a@b.example"),
        ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
        ("a@bücher.example", "A@XN--BCHER-KVA.example"),
        ("a@grüße.example", "a@xn--gre-6ka8l.example"),
        ("a@ｂücher。example", "a@bücher.example"),
        ('"ada"@b.example', "ada@b.example"),
        ("e\u0301@b.example", "\u00e9@b.example"),
    ],
)
def test_the_same_address(one: str, other: str) -> None:
    assert address_key(one) == address_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a+x@b.example", "a@b.example"),
        ("a.b@c.example", "ab@c.example"),
        ("a@b.example", "a@b.example.org"),
        ("a@grüße.example", "a@grüsse.example"),
    ],
)
def test_different_addresses(one: str, other: str) -> None:
    assert address_key(one) != address_key(other)


def test_plus_takes_the_detail_off() -> None:
    assert address_key("Ada+Printer+2@B.example", plus=True) == "ada@b.example"
    assert address_key("+a@b.example", plus=True) == "+a@b.example"


def test_domain_is_in_key_form() -> None:
    assert domain("a@Bücher.EXAMPLE.") == "xn--bcher-kva.example"
    assert domain("nobody") == ""
    assert domain("a@" + "x" * 300 + "ü") != ""
    assert domain("a@ü..example") == "xn--tda..example"


@pytest.mark.parametrize(
    "email",
    [
        "a@b",
        "ada.novak+x@customer.example",
        "ü@bücher.example",
        "a@[192.0.2.1]",
        "a..b@c.example",
        "o'neil@c.example",
        "a@[IPv6:2001:db8::1]",
        "a@b_c.example",
    ],
)
def test_safe_recipients(email: str) -> None:
    assert is_address(email)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "a",
        "@",
        "a@",
        "@b",
        "a@b@c",
        "a b@c",
        "a@b c",
        "a@b\r\nRCPT TO:<x@y>",
        "a@b,c@d",
        "<a@b>",
        "a@b>",
        "-oQ/tmp@b",
        "a@-b",
        "a@b.",
        "a@.b",
        "a@b..c",
        '"a b"@c',
        "a\u00a0b@c",
        "a@[x]",
        "a\x00@b",
        "a@b\u2028",
        "a\u202e@b",
        "x" * 250 + "@b.example",
        "a@b:25",
    ],
)
def test_unsafe_recipients(email: str) -> None:
    assert not is_address(email)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (Address("a@b"), "a@b"),
        (Address("a@b", "Ada"), '"Ada" <a@b>'),
        (Address("a@b", 'Novak, "Ada" \\'), '"Novak, \\"Ada\\" \\\\" <a@b>'),
        (Address("a@b", "Áda\r\nBcc: x@y"), '"Áda Bcc: x@y" <a@b>'),
    ],
)
def test_written_form(address: Address, text: str) -> None:
    assert written(address) == text


@given(st.text(min_size=1))
def test_what_is_written_is_read_back(name: str) -> None:
    text = written(Address("a@b.example", name))
    assert "\n" not in text
    assert [found.email for found in parse_addresses(text)] == ["a@b.example"]
