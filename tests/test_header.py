"""Header fields: broken in every way that mail programs have found, and never a line or a control in what is read."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailgate.header import date_of, decode_words, message_ids, read_fields
from mailgate.message import header_end, parse
from mailgate.model import Mail

# --- lines -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (b"A : b\nC:d\nE:\tf\n\n", [("A", "b"), ("C", "d"), ("E", "f")]),
        (b"A: b\n c\n\td\n\n", [("A", "b c d")]),
        (b"A: b\n  \n c\nD: e\n\n", [("A", "b   c"), ("D", "e")]),
        (b"Subject: a\n: no name\nFrom: b@c.example\n\n", [("Subject", "a"), ("From", "b@c.example")]),
        (b"Subject: a\n>From x Mon\nFrom: b@c.example\n\n", [("Subject", "a"), ("From", "b@c.example")]),
        (b"Subject: a\nfolded\nFrom: b@c.example\n\n", [("Subject", "a folded"), ("From", "b@c.example")]),
        (b"Subject: a\nb\nfolded: twice\nFrom: c@d.example\n\n",
         [("Subject", "a b"), ("folded", "twice"), ("From", "c@d.example")]),
        (b"Subject: a\nand so: on\nFrom: c@d.example\n\n", [("Subject", "a and so: on"), ("From", "c@d.example")]),
        (b"To: a@b.example,\nc@d.example\nList-Id: x\nFrom: e@f.example\n\n",
         [("To", "a@b.example, c@d.example"), ("List-Id", "x"), ("From", "e@f.example")]),
        ("From: a@b.example\nÜber: x\nSubject: y\n\n".encode(), [("From", "a@b.example"), ("Subject", "y")]),
        (b"From: a@b.example\nOur Number: 7\nSubject: y\n\n", [("From", "a@b.example"), ("Subject", "y")]),
        (b"From: a@b.example\nX-\x00: x\nSubject: y\n\n", [("From", "a@b.example"), ("Subject", "y")]),
        (b"Subject: =?utf-8?q?a?=\n=?utf-8?q?b?=\n\n", [("Subject", "=?utf-8?q?a?= =?utf-8?q?b?=")]),
        (b"Content-Type: multipart/mixed;\nboundary=xyz\n\n", [("Content-Type", "multipart/mixed; boundary=xyz")]),
        (b"From x@y.example Mon Jan  1\nA: b\n\n", [("A", "b")]),
        (b"\n\nFrom x@y.example Mon Jan  1\nA: b\n\n", [("A", "b")]),
        (b"\xef\xbb\xbfA: b\n\n", [("A", "b")]),
        (b"\n\r\n A: b\n\n", [("A", "b")]),
        (b"A: b\rC: d\r\rtext\nmore\n", [("A", "b"), ("C", "d")]),
        (b"A: b\n\rC: d\n\r\n\rtext\n\r", [("A", "b"), ("C", "d")]),
        (b"A: b\r\r\nC: d\r\r\n\r\r\ntext", [("A", "b"), ("C", "d")]),
        (b"2024-05-01 queue: 17\nhandled by 42\nFrom: a@b.example\nTo: c@d.example\n\ntext",
         [("From", "a@b.example"), ("To", "c@d.example")]),
        (b"HTTP/1.0 200 OK\nFrom: a@b.example\nTo: c@d.example\n\ntext",
         [("From", "a@b.example"), ("To", "c@d.example")]),
        (b"Hello Ada,\nFrom: here on\nwe go\n\n", []),
        (b"Dear all,\nTo: whom it\nSubject: matters\n\n", []),
        (b"250 Ok\nTo: c@d.example\nReceived: from x\n by y\n\n", [("To", "c@d.example"), ("Received", "from x by y")]),
        ("A: b\nC: d\n\n".encode("utf-16"), [("A", "b"), ("C", "d")]),
        ("A: b\nC: ä\n\n".encode("utf-16-be"), [("A", "b"), ("C", "ä")]),
        (b"A: x\x00y\x1b[1m\x7f\n\n", [("A", "xy[1m")]),
        ("A: a\u2028b\u0085c\u2029d\n\n".encode(), [("A", "a b c d")]),
    ],
)  # fmt: skip
def test_fields_out_of_broken_lines(header: bytes, fields: list[tuple[str, str]]) -> None:
    assert list(parse(header).fields) == fields


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"A: b\rC: d\r\rtext\nmore\n", b"text\nmore\n"),
        (b"A: b\n\rC: d\n\r\n\rtext\n\r", b"text\n\r"),
        (b"HTTP/1.0 200 OK\nFrom: a@b.example\nTo: c@d.example\n\ntext", b"text"),
        (b"Content-Type: multipart/mixed;\nboundary=xyz\n\ntext", b"text"),
        (b"A: b\nHello\nboundary=no parameter\n\ntext", b"Hello\nboundary=no parameter\n\ntext"),
    ],
)
def test_the_body_begins_where_its_bytes_are(data: bytes, text: bytes) -> None:
    assert data[header_end(data) :] == text


def test_read_fields_says_where_a_part_begins() -> None:
    assert read_fields(b"xxA: b\n\nc", 2, 9) == ([(b"A", b" b")], 8)


# --- encoded words ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?q?not ended", "not ended"),
        ("=?UTF-8?B?R3LDvMOfZQ", "Grüße"),
        ("=?UTF-8?B?R3LDvMOfZQ=", "Grüße"),
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?", "Grüße"),
        ("=?utf-8?b?what is this", "=?utf-8?b?what is this"),
        ("=?utf-8?q? =?utf-8?q?b?=", "=?utf-8?q? b"),
        ("=?utf-8?B?R3LDvM?= =?utf-8?B?OfZQ==?=", "Grüße"),
        ("=?utf-8?B?R3LDv?=\t=?utf-8?B?MOfZQ==?=", "Grüße"),
        ("=?utf-8?B?w6Q?= =?utf-8?B?w6Q?=", "ää"),
        ("=?utf-8?B?R3LDvM OfZQ==?=", "Grüße"),
        ("=?utf-8?B?R3L*DvM!OfZQ==?=", "Grüße"),
        ("=?utf-8?B?R3LDvMOfZ?=", "Grüß"),
        ("=?utf-8?Q?=C3?= =?UTF-8?Q?=A4?=", "ä"),
        ("=?utf-8?Q?=C3?= =?utf-8?B?pA==?=", "ä"),
        ("=?iso-8859-1?Q?M\u00fcller?=", "Müller"),
        ("=?windows-1251?Q?Gr\u00fc\u00dfe?=", "Grüße"),
        ("=?utf-8?Q?=3D=3Futf-8=3FQ=3Fx=3DC3=3DA4=3F=3D?=", "xä"),
        ("=??Q?abc?=", "abc"),
        ("=?utf-8? Q?a?=", "a"),
        ("=?utf-8*en-GB?q?=C3=A4?=", "ä"),
        ('"=?utf-8?q?=C3=A4?=" x', '"ä" x'),
        ("a=?utf-8?q?=C3=A4?=b", "aäb"),
        ("(=?utf-8?q?=C3=A4?=)", "(ä)"),
        ("=?q?=?utf-8?q?x?=", "=?q?x"),
        ("=?utf-8?q?a?=?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?lost_ =?utf-8?q?end?= here", "lost end here"),
        ("=?utf-8?q?what??=", "what?"),
        ("=?iso-2022-jp?B?GyRCLWIbKEI=?=", "№"),
        ("=?x-nonsense?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?q?=0D=0ABcc:_x=40y.example?=", " Bcc: x@y.example"),
        ("=?utf-8?q?=00=E2=80=A8=C2=85=7F=1B?=", "  "),
        ("=?utf-7?q?+2AA-x?=", "x"),
        ("=?ISO 8859-1?Q?Gr=FC=DFe?=", "Grüße"),
        ("=?utf-8?Q?=C3?= =?UTF8?Q?=A4?= =?utf-8*de?Q?=C3=A4?=", "ää"),
    ],
)
def test_encoded_words(value: str, text: str) -> None:
    assert decode_words(value) == text


@pytest.mark.parametrize(
    "piece",
    [
        "=?",
        "=?a?q?",
        "=?a?b?AAAAAAAA",
        "=? ",
        "?=",
        "=?utf-8?b?YWI?= =?latin1?q?x?= ",
        "=?utf-8?q?=E4?= ",
        "=?a?b?A?= ",
    ],
)
@pytest.mark.parametrize("field", ["Subject", "From", "References", "Date", "Content-Type"])
def test_hostile_values_are_read_to_the_end(piece: str, field: str) -> None:
    message = parse(f"{field}: {piece * 20_000}\nX-Last: a\n\n".encode())
    assert message.fields[-1] == ("X-Last", "a")


# --- ids -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("<a@b.example>", ("<a@b.example>",)),
        ("< a @ b.example >", ("<a@b.example>",)),
        ("<a @ local(a comment) .b .example>", ("<a@local.b.example>",)),
        ("<a(1)@b.example>", ("<a(1)@b.example>",)),
        ("a@b.example", ("<a@b.example>",)),
        ("<a@b.example", ("<a@b.example>",)),
        ("a@b.example>, <", ("<a@b.example>",)),
        ("<a@b@c.example>", ("<a@b@c.example>",)),
        ("<no-at>", ("<no-at>",)),
        ("no at at all", ()),
        ("<a@b.example>,<c@d.example>;<a@b.example>", ("<a@b.example>", "<c@d.example>")),
        ("a@b.example,c@d.example", ("<a@b.example>", "<c@d.example>")),
        ("Your message of Monday <a@b.example>", ("<a@b.example>",)),
        ("=?utf-8?q?=3Ca=40b=2Eexample=3E?=", ("<a@b.example>",)),
        ("<ä@b.example>", ("<ä@b.example>",)),
        ("<a\u202e@b.example>", ("<a@b.example>",)),
        ('"<a@b.example>"', ("<a@b.example>",)),
        ("&lt;a@b.example&gt; &lt;c@d.example&gt;", ("<a@b.example>", "<c@d.example>")),
        ("[a@b.example]", ("<a@b.example>",)),
        ("<a@[192.0.2.1]>", ("<a@[192.0.2.1]>",)),
        ("<>", ()),
    ],
)
def test_message_ids(value: str, ids: tuple[str, ...]) -> None:
    assert message_ids(value) == ids


# --- dates -----------------------------------------------------------------------------------------------------------

NOON = 1489485600.0  # 2017-03-14 10:00:00 UTC


@pytest.mark.parametrize(
    "value",
    [
        "Tue, 14 Mar 2017 10:00:00 +0000",
        "14 Mar 17 10:00 GMT",
        "Fri, 14 Mar 2017 11:00:00 +0100",
        "Tue Mar 14 10:00:00 2017",
        "Tue Mar 14 11:00:00 CET 2017",
        "Tue, 14 Mar 2017 11:00:00 GMT+0100 (CET)",
        "Tue, 14 Mar 2017 11:00:00 UTC+01:00",
        "Tue, 14 Mar 2017 12:00:00 CEST",
        "Tue, 14 Mar 2017 10:00:00",
        "Tue, 14 Mar 2017 06:00 EDT",
        "2017-03-14T10:00:00Z",
        "2017-03-14 11:00:00.250 +01:00",
        "Di, 14 Mär 2017 11:00:00 +0100",
        "Di., 14. März 2017 11:00:00 +0100",
        "mar., 14 mars 2017 11:00:00 +0100",
        "mar, 14 mar 2017 11:00:00 +0100",
        "14-Mar-2017 10:00:00 +0000",
        "Tue, 14 Mar 2017 10.00.00 +0000",
        "Tue, 14 Mar 2017 10(hours): 00 : 00 +0000 (a (nested) comment)",
        "Tue, 14 Mar 117 10:00:00 +0000",
        '"Tue, 14 Mar 2017 10:00:00 +0000"',
        'Tue, 14 Mar 2017 11:00:00 "+0100"',
        "Tuesday, March 14, 2017 10:00 AM",
        "Tue, 14 Mar 2017 11:00:00 +0100 (Mitteleuropäische Zeit)",
        "Tue,  14  Mar  2017  11:00:00  +0100",
        "14.03.2017 10:00:00",
        "14.3.2017, 11:00 +0100",
        "2017/03/14 10:00:00",
        "Tue, 14 Mar 2017 12:00:00 +2",
        "Tue, 14 Mar 2017 09:00:00 GMT-1",
        "mar., 14 mars. 2017 11:00:00 +0100",
        "=?utf-8?q?Tue=2C_14_Mar_2017_10=3A00=3A00_+0000?=",
    ],
)
def test_one_moment_in_many_forms(value: str) -> None:
    assert date_of(value) == NOON


@pytest.mark.parametrize("value", ["1 Jan 2000 00:00:00", "1-Jan-00 00:00:00 -0000", "Sat, 1 Jan 100 00:00:00 GMT"])
def test_the_year_2000(value: str) -> None:
    assert date_of(value) == 946684800.0


def test_hours_after_noon_and_dates_without_hours() -> None:
    assert date_of("Tuesday, March 14, 2017 10:00 PM") == NOON + 12 * 3600
    assert date_of("14 Mar 2017") == NOON - 10 * 3600
    assert date_of("2017-03-14") == NOON - 10 * 3600
    assert date_of("13 Mar 2017 24:00:00") == NOON - 10 * 3600
    assert date_of("29 Feb 2016 00:00:00 GMT") == 1456704000.0
    assert date_of("Thu, 1 Jan 1970 00:00:00 +0000") == 0.0
    assert date_of("Wed, 31 Dec 1969 23:00:00 +0000") == -3600.0


@pytest.mark.parametrize(
    "value",
    [
        "", "Date", "yesterday", "1", "7370951615", "Tue, 99 Mar 2017 10:00:00 +0000",
        "Tue, 14 Foo 2017 10:00:00 +0000",
        "Tue, 14 Mar 99999 10:00:00 +0000", "14 Mar 2017 10:00:00 +99999999999999", "Tue, 0 Mar 2017 10:00:00",
        "Tue, 14 Mar 0000 10:00:00 +0000", "Tue, 14 Mar 0 10:00:00 +0000", "Tue, 14 Mar -2017 10:00:00 +0000",
        "Tue, 31 Feb 2017 10:00:00", "29 Feb 2017 10:00:00", "Tue, 14 Mar 2017 25:00:00", "Tue, 14 Mar 2017 10:60:00",
        "Tue, 14 Mar 2017 -10:00:00", "Tue, 14 Mar 2017 10:00:61", "14.13.2017", "99.99.9999 10:00",
        "2017-99-14T10:00:00Z", "14/03/2017 10:00:00", ":" * 1000, "(" * 1000,
    ],
)  # fmt: skip
def test_what_is_no_date(value: str) -> None:
    assert date_of(value) is None


# --- what no field may hold ------------------------------------------------------------------------------------------

BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
FIELDS = ("From", "Sender", "Reply-To", "To", "Cc", "Subject", "Message-ID", "In-Reply-To", "References", "Date", "X-A",
          "Content-Type", "Content-Disposition", "Content-ID")  # fmt: skip
PIECES = st.sampled_from(
    [b"=?utf-8?q?", b"=?utf-16?b?", b"=?utf-7?q?+2AA-", b"?=", b"=0A", b"=E2=80=AE", b"=C2=85", b"\xe2\x80\xae",
     b"a@b.c", b"\xe2\x80\xa8", b"\xc2\x85", b"\x1b$B",
     b"\xed\xa0\x80", b"\r", b"\n ", b"\r\r", b"\x00", b"<", b">", b'"', b"(",
     b"; name*=utf-8''%0A%E2%80%AE%00", b"; filename=", b"=?iso-2022-jp?q?=1B$B!", b"\xff\xfe", b",", b" ", b"\x7f"]
)  # fmt: skip
VALUES = st.lists(st.one_of(PIECES, st.binary(max_size=6)), max_size=12).map(b"".join)


def texts(message: Mail) -> list[tuple[str, bool]]:
    """Return every decoded text of a message's fields, and whether it may hold marks of direction."""
    people = (*message.senders, *message.reply_to, *message.to, *message.cc)
    ids = (message.message_id, *message.in_reply_to, *message.references)
    found = [(text, False) for one in people for text in (one.email, one.name)]
    found += [(name, False) for one in message.attachments for name in (one.name,)]
    found += [(part.name, False) for part in message.parts]
    found += [(text, True) for part in message.parts for text in (part.cid, part.charset, part.type)]
    found += [(text, False) for text in ids]
    return [*found, (message.subject, True), *((text, True) for field in message.fields for text in field)]


def assert_harmless(message: Mail) -> None:
    for text, directed in texts(message):
        text.encode()
        for char in text:
            assert unicodedata.category(char) not in ("Cc", "Zl", "Zp"), (text, char)
            assert directed or unicodedata.bidirectional(char) not in BIDI, (text, char)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(FIELDS), VALUES), max_size=6), st.sampled_from(["\n", "\r\n", "\r"]))
@example([("Subject", b"=?utf-8?q?a=0D=0ABcc:_x?="), ("From", b"=?utf-8?q?=E2=80=AEx?= <a@b.c>")], "\n")
@example([("Content-Type", b"text/plain; name*=utf-7''%2B2AA-%0A"), ("Content-ID", b"<a\xc2\x85b>")], "\n")
def test_no_field_holds_a_line_or_a_control(fields: list[tuple[str, bytes]], newline: str) -> None:
    end = newline.encode()
    assert_harmless(parse(b"".join(name.encode() + b": " + value + end for name, value in fields) + end + b"text"))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_nor_does_one_of_arbitrary_bytes(data: bytes) -> None:
    assert_harmless(parse(data))
    assert_harmless(parse(b"Subject: " + data))
    assert_harmless(parse(b"From: " + data))


@settings(deadline=None)
@given(st.text())
def test_dates_words_and_ids_of_any_text(value: str) -> None:
    date_of(value)
    message_ids(value)
    decode_words(value).encode("utf-8", "surrogatepass")
