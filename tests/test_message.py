"""Messages: each fixture bears the name of its trait, and nothing, whatever its bytes, makes the reader raise."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.automatic import classify
from mailgate.message import MAX_DEPTH, content, delivery_key, file_name, header_end, parse, part_text, text_parts
from mailgate.model import Address, Mail
from mailgate.text import cut

MAILS = Path(__file__).parent / "mails"
HEAD = b"From: ada@customer.example\nSubject: x\n"


def raw(name: str) -> bytes:
    return (MAILS / f"{name}.eml").read_bytes()


def mail(name: str) -> Mail:
    return parse(raw(name))


def names(message: Mail) -> list[str]:
    return [attachment.name for attachment in message.attachments]


ADA = Address("ada.novak@customer.example", "Ada Novak")


# --- header ----------------------------------------------------------------------------------------------------------


def test_plain_mail() -> None:
    message = mail("plain")
    assert message.sender == ADA
    assert message.to == (Address("support@mycompany.com"),)
    assert message.subject == "Printer prints blank pages"
    assert message.message_id == "<plain@customer.example>"
    assert message.date == 1223280900
    assert message.text.startswith("Hello,\n\nour printer")
    assert message.attachments == ()
    assert message.fields[0] == ("Return-Path", "<ada.novak@customer.example>")
    assert message.values("received") == (
        "from mail.customer.example (mail.customer.example [192.0.2.7]) by mx.mycompany.com with ESMTP id 4711; "
        "Mon, 6 Oct 2008 10:15:00 +0200",
    )
    assert message.raw[message.body :].startswith(b"Hello,")


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("raw_8bit_header", "Grüße “quoted”"),
        ("raw_utf8_header", "Grüße 印刷"),
        ("encoded_word_broken", "split in a char ä and éabc abc open"),
        ("charset_iso2022jp", "印刷"),
        ("nul_bytes", "nul and bell"),
        ("no_subject", ""),
        ("header_missing_indent", "a long subject that some program folded without indent"),
        ("mbox_from_line", "Printer prints blank pages"),
    ],
)
def test_subjects(name: str, subject: str) -> None:
    assert mail(name).subject == subject


def test_odd_addresses() -> None:
    message = mail("addresses_odd")
    assert message.senders == (Address("ada.novak@customer.example", "Novak, Ada"),)
    assert message.reply_to == (Address("private@customer.example", "Novak, Ada"),)
    assert message.to == (Address("support@mycompany.com"), Address("second@mycompany.com", 'S. "2nd" Line'))
    assert [address.email for address in message.cc] == [
        "john@doe.example", "jane@doe.example", "old@style.example", '"a b"@quoted.example',
    ]  # fmt: skip


def test_every_author_of_every_from_field_is_told() -> None:
    assert [address.email for address in mail("several_from").senders] == [
        "eve@evil.example", "bob@customer.example", "ada@customer.example",
    ]  # fmt: skip
    assert mail("no_from").senders == ()
    assert mail("no_from").sender == Address("")


def test_message_ids_in_encoded_words() -> None:
    field = b"In-Reply-To: =?utf-8?q?=3Ca=2Every=2Elong=2Eid=2Eof=2Ea?=\n =?utf-8?q?=2Emessage=40mycompany=2Ecom=3E?=\n"
    assert parse(field + b"\n").in_reply_to == ("<a.very.long.id.of.a.message@mycompany.com>",)


def test_broken_message_ids() -> None:
    message = mail("message_ids_broken")
    assert message.message_id == "<spaced.id@customer.example>"
    assert message.in_reply_to == ("<lost.brackets@mycompany.com>",)
    assert message.references == ("<one@a.example>", "<two@b.example>", "<three@c.example>")


@pytest.mark.parametrize(
    ("field", "priority"),
    [
        (b"X-Priority: 1 (Highest)\nImportance: low", 1), (b"X-Priority: 5", 5), (b"Importance: high", 2),
        (b"Priority: urgent", 1), (b"Priority: non-urgent", 5), (b"X-MSMail-Priority: Normal", 3),
        (b"X-Priority: 9", None),
        (b"X-Other: 1", None),
    ],
)  # fmt: skip
def test_priorities(field: bytes, priority: int | None) -> None:
    assert parse(field + b"\n\ntext").priority == priority


@pytest.mark.parametrize(
    ("value", "date"),
    [
        (b"Mon, 6 Oct 2008 10:15:00 +0200", 1223280900.0), (b"6 Oct 2008 08:15:00 GMT", 1223280900.0),
        (b"Mon, 6 Oct 2008 08:15:00", 1223280900.0), (b"Mon, 99 Foo 2008 10:15:00 +0200", None), (b"yesterday", None),
        (b"Mon, 6 Oct 99999999 10:15:00 +0200", None), (b"", None),
    ],
)  # fmt: skip
def test_dates(value: bytes, date: float | None) -> None:
    assert parse(b"Date: " + value + b"\n\n").date == date


def test_no_field_can_smuggle_a_line() -> None:
    message = parse(b"Subject: =?utf-8?q?a=0D=0ABcc:_x=40y?=\nTo: =?utf-8?b?YQpi?= <c@d>\nX-A: a\rBcc: x@y\n\n")
    assert message.subject == "a Bcc: x@y"
    assert message.to == (Address("c@d", "a b"),)
    assert [name for name, _ in message.fields] == ["Subject", "To", "X-A"]


@pytest.mark.parametrize(
    ("data", "end"),
    [
        (b"", 0), (b"A: b\n\nbody", 6), (b"A: b\r\n\r\nbody", 8), (b"A: b\r\rbody", 6), (b"A: b", 4), (b"A: b\n", 5),
        (b"no header\n\nat all", 0), (b"A: b\nno field\n\nbody", 5), (b"\n\nA: b\n\nbody", 8),
        (b"\xef\xbb\xbfA: b\n\nx", 9),
        (b"From x\nA: b\n\nbody", 13), (b"A: b\r\r\n\r\r\nbody", 10), (b"\nbody: is\nthis", 10),
    ],
)  # fmt: skip
def test_where_the_header_ends(data: bytes, end: int) -> None:
    assert header_end(data) == end
    assert parse(data).body == end


def test_a_header_without_its_empty_line_costs_no_words() -> None:
    assert mail("header_without_empty_line").text == "Hello there, this is text.\n\nMore text.\n"
    assert mail("body_only").text == "There is no header here at all.\nNote: this is text.\n"


# --- text ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plain_crlf", "Hello,\n\nthis one has network line ends.\n"),
        ("plain_cr_only", "Hello,\n\nan old Macintosh wrote this.\n"),
        ("mixed_newlines", "first\nsecond\nthird\nfourth\n\nfifth\n"),
        ("empty", ""),
        ("empty_body", ""),
        ("alternative", "The plain words.\n"),
        ("alternative_empty_plain", "Only the HTML part says something.\n"),
        ("mixed_attachment", "Schöne Grüße, the log is attached.\n"),
        ("charset_unknown", "Schöne Grüße.\n"),
        ("charset_wrong_ascii", "Größe “gut” — 5 €\n"),
        ("charset_gbk_as_gb2312", "打印机坏了，請幫忙。\n"),
        ("charset_iso2022jp", "印刷できません。\n"),
        ("charset_koi8", "Принтер не печатает.\n"),
        ("nul_bytes", "beforeafter[31m\nend\n"),
        ("base64_text", "Grüße aus\nbase64.\n-- \nlist footer\n"),
        ("boundary_missing_end", "first\n"),
        ("boundary_wrong", "the words\n"),
        ("boundary_none", "Only words, no parts.\n"),
        ("forwarded_rfc822", "See the attached mail.\n"),
        ("format_flowed", "This paragraph was broken by the mailer in two places.\n\n> A quoted paragraph too.\n"
                          "From here it is stuffed.\n-- \nAda\n"),
        ("format_flowed_delsp", "印刷できません。\n"),
        ("html_only", "Hello,\n\nthe red lamp is on. See the picture <https://docs.customer.example/lamp>.\n\n"
                      "- power: ok\n- paper: ok\n\nSerial\tA-113\nModel\tLX\n\n> Is the lamp on?\n"),
        ("text_is_binary", "[A part of this message could not be read as text: see the attachment.]\n\n"
                           "but this is text\n"),
    ],
)  # fmt: skip
def test_readable_text(name: str, text: str) -> None:
    assert mail(name).text == text


def test_every_rendering_of_the_text_is_a_text_part() -> None:
    message = mail("commands_both")
    plain, html = text_parts(message)
    assert (plain.type, html.type) == ("text/plain", "text/html")
    assert plain.alternative and html.alternative
    assert part_text(message, plain).startswith("Set-User: ede\nSet-State : pending\n")
    assert "<div>Set-User: ede</div>" in part_text(message, html)


def test_part_offsets_are_those_of_the_raw_message() -> None:
    message = parse(raw("alternative").replace(b"\n", b"\r\n"))
    plain, html = text_parts(message)
    assert message.raw[plain.body : plain.end] == b"The plain words.\r\n"
    assert message.raw[html.start : html.body].startswith(b"Content-Type: text/html")
    assert message.raw[html.body : html.end] == b"<p>The <i>formatted</i> words.</p>"
    root = message.parts[0]
    assert (root.start, root.body, root.end) == (0, message.body, len(message.raw))


def test_flowed_text_keeps_its_line_breaks_in_its_part() -> None:
    message = mail("format_flowed")
    assert part_text(message, text_parts(message)[0]).startswith("This paragraph was \nbroken by")


def test_an_html_part_may_name_its_charset_itself() -> None:
    message = parse(b"Content-Type: text/html\n\n<meta charset=koi8-r><p>" + "Привет".encode("koi8-r"))
    assert message.text == "Привет\n"


# --- attachments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mixed_attachment", ["report.pdf", "printer.log"]),
        ("attachment_names", ["passwd", "b.doc", "über.png", "long naïve name.txt", "a.txt", "A-2.TXT",
         "attachment-1.jpg"]),
        ("forwarded_rfc822", ["Angebot für A-B.eml"]),
        ("inline_image", ["shot.png"]),
        ("calendar_invite", ["attachment-1.ics"]),
        ("smime_signed", ["smime.p7s"]),
        ("tnef", ["winmail.dat"]),
        ("digest", ["one.eml", "two.eml"]),
        ("boundary_missing_end", ["z.zip"]),
        ("boundary_wrong", ["g.gif"]),
        ("text_is_binary", ["attachment-1.txt"]),
        ("alternative", []),
    ],
)  # fmt: skip
def test_attachment_names(name: str, expected: list[str]) -> None:
    assert names(mail(name)) == expected


def test_attachments_are_decoded() -> None:
    pdf, log = mail("mixed_attachment").attachments
    assert pdf.data == b"%PDF-1.4\n% this is no real pdf\n"
    assert (pdf.type, pdf.inline) == ("application/pdf", False)
    assert log.data == b"paper jam at 10:02"
    assert mail("uuencoded_part").attachments[0].data == b"hi\n"
    inner = mail("forwarded_rfc822").attachments[0].data
    assert parse(inner).message_id == "<inner@else.example>"
    assert names(parse(inner)) == ["inner.zip"]


def test_an_inline_image_keeps_its_content_id() -> None:
    (image,) = mail("inline_image").attachments
    assert (image.cid, image.inline, image.type) == ("shot1@customer.example", True, "image/png")


@pytest.mark.parametrize(
    ("given_name", "harmless"),
    [
        ("a.pdf", "a.pdf"), ("../../etc/passwd", "passwd"), ("C:\\Temp\\x.txt", "x.txt"), ("/", ""), ("..", ""),
        (".htaccess", "htaccess"), ("a\x00b\n.txt", "ab .txt"), ('a<b>:"|?*.txt', "ab.txt"),
        ("gpj.\u202etxt.exe", "gpj.txt.exe"),
        ("trailing. ", "trailing"), ("é" * 150 + ".pdf", "é" * 98 + ".pdf"), ("x" * 300, "x" * 200),
    ],
)  # fmt: skip
def test_file_names(given_name: str, harmless: str) -> None:
    assert file_name(given_name) == harmless
    assert len(file_name(given_name).encode()) <= 200


def test_many_equal_names_are_kept_apart() -> None:
    part = b'--x\nContent-Disposition: attachment; filename="a.pdf"\n\n1\n'
    message = parse(HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n" + part * 5 + b"--x--\n")
    assert names(message) == ["a.pdf", "a-2.pdf", "a-3.pdf", "a-4.pdf", "a-5.pdf"]


# --- bounds ----------------------------------------------------------------------------------------------------------


def test_beyond_the_deepest_level_the_rest_is_one_attachment() -> None:
    message = mail("nested_deep")
    assert max(part.depth for part in message.parts) == MAX_DEPTH + 1
    (rest,) = message.attachments
    assert b"at the bottom" in rest.data


def test_beyond_the_last_part_the_rest_is_one_attachment() -> None:
    body = b"".join(b"--x\nContent-Type: image/png; name=%d.png\n\n%d\n" % (n, n) for n in range(100_000))
    message = parse(HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n" + body, max_parts=10)
    assert len(message.parts) == 11
    assert message.attachments[-1].data.endswith(b"99999\n")
    assert names(message)[:2] == ["0.png", "1.png"]


def test_equal_boundaries_within_each_other_lose_nothing() -> None:
    inner = b"Content-Type: multipart/alternative; boundary=x\n\n--x\n\nwords\n--x--\n"
    message = parse(HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" + inner + b"--x--\n")
    assert "words" in message.text


def test_a_boundary_that_begins_like_another() -> None:
    inner = b"Content-Type: multipart/alternative; boundary=xy\n\n--xy\n\nwords\n--xy--\n"
    message = parse(HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" + inner + b"--x\n\nmore\n--x--\n")
    assert message.text == "words\n\nmore\n"


HOSTILE = {
    "5 MB of text": HEAD + b"\n" + b"hello world\n" * 400_000,
    "a large attachment": HEAD + b"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n"
    + base64.encodebytes(b"0123456789" * 1_000_000),
    "3 MB in one field": HEAD + b"X-A: " + b"a\n " * 300_000 + b"\n\nbody",
    "10,000 fields": HEAD + b"".join(b"X-%d: v\n" % number for number in range(10_000)) + b"\nbody",
    "junk in the header": HEAD + b"junk\n" * 100_000 + b"To: a@b\n\nbody",
    "open encoded words": b"Subject: " + b"=?utf-8?q?a" * 100_000 + b"\n\nbody",
    "parameters": b"Content-Type: text/plain;" + b"a" * 1_000_000 + b"\n\nbody",
    "pieces of parameters": b"Content-Type: text/plain" + b"".join(b";name*%d=a" % n for n in range(50_000)) + b"\n\nx",
    "boundaries that are none": HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--xx\n" * 200_000,
    "padding": HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"=" * 1_000_000,
    "pieces of base64": HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"QUJD\nQQ==\n" * 20_000,
    "nesting": HEAD + b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(5000)),
    "zeros": b"\0" * 2_000_000,
    "unclosed tags": b"Content-Type: text/html\n\n" + b"<a " * 50_000,
    "unclosed quotes in tags": b"Content-Type: text/html\n\n" + b"<a '\"" * 50_000,
    "unclosed comments": b"Content-Type: text/html\n\n" + b"<!--" * 50_000,
    "unclosed elements": b"Content-Type: text/html\n\n" + b"<blockquote><ul><li>a" * 10_000,
    "quoted text": HEAD + b"\n" + b"On Mon, 6 Oct 2008 at 10:00 a@b wrote:\n> a\n\nb\n" * 2_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_messages_are_read_to_the_end(name: str) -> None:
    message = parse(HOSTILE[name])
    classify(message)
    cut(message.text)
    assert len(delivery_key(message, "support@mycompany.com")) == 64


FIXTURES = sorted(path.stem for path in MAILS.glob("*.eml"))


def check_total(data: bytes) -> None:
    """Read a message in every way; assert what holds for all of them."""
    message = parse(data)
    assert message.raw == data
    assert 0 <= message.body <= len(data)
    single = [message.subject, message.message_id, *message.in_reply_to, *message.references]
    single += [value for _, value in message.fields]
    for address in (*message.senders, *message.reply_to, *message.to, *message.cc):
        single += [address.email, address.name]
    single += [attachment.name for attachment in message.attachments]
    single += [part.name for part in message.parts]
    for text in single:
        assert len(text.splitlines()) <= 1
        assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in text)
        text.encode()
    assert not any((ord(char) < 32 and char not in "\n\t") or 127 <= ord(char) < 160 for char in message.text)
    for part in message.parts:
        assert 0 <= part.start <= part.body <= part.end <= len(data)
        content(message, part)
    for part in text_parts(message):
        part_text(message, part)
    classify(message)
    apart = cut(message.text)
    together = "\n".join((apart.new, apart.quote, apart.signature)).split("\n")
    assert sorted(filter(None, together)) == sorted(filter(None, message.text.split("\n")))
    assert len(set(map(str.casefold, names(message)))) == len(message.attachments)


@pytest.mark.parametrize("name", FIXTURES)
def test_every_fixture_is_read(name: str) -> None:
    data = raw(name)
    check_total(data)
    check_total(data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    check_total(data.replace(b"\r\n", b"\n").replace(b"\n", b"\r"))


@given(st.binary(max_size=400))
@settings(deadline=None, max_examples=50)
def test_any_bytes_are_read(data: bytes) -> None:
    check_total(data)
    check_total(b"Content-Type: multipart/mixed; boundary=a\nFrom: " + data)
    check_total(b"Content-Type: text/html\nSubject: x\n\n" + data)


@given(st.sampled_from(FIXTURES), st.data())
@settings(deadline=None, max_examples=100)
def test_damaged_mails_are_read(name: str, data: st.DataObject) -> None:
    original = raw(name)
    at = data.draw(st.integers(0, len(original)))
    length = data.draw(st.integers(0, 40))
    check_total(original[:at] + data.draw(st.binary(max_size=12)) + original[at + length :])


# --- delivery key ----------------------------------------------------------------------------------------------------


def test_the_same_message_has_the_same_key_whatever_the_way() -> None:
    first = raw("plain")
    second = b"Delivered-To: box2\nReceived: by another.example\n" + first.replace(b"\n", b"\r\n")
    assert delivery_key(parse(first), "support@mycompany.com") == delivery_key(parse(second), "Support@MyCompany.com")


def test_the_key_tells_mailboxes_senders_and_dates_apart() -> None:
    plain = raw("plain")
    messages = [
        plain,
        plain.replace(b"ada.novak@", b"eve@"),
        plain.replace(b"10:15:00", b"10:15:01"),
        raw("empty_body"),
    ]
    keys = {delivery_key(parse(one), "support@mycompany.com") for one in messages}
    keys.add(delivery_key(parse(plain), "sales@mycompany.com"))
    assert len(keys) == 5


def test_without_a_message_id_the_way_does_not_count_and_the_rest_does() -> None:
    first = raw("no_message_id")
    key = delivery_key(parse(first), "s@m")
    other_way = first.replace(b"box1", b"box2").replace(b"by one", b"by two").replace(b"X-Fetched: 1", b"X-Fetched: 2")
    below = first.replace(
        b"To: support@mycompany.com\n", b"To: support@mycompany.com\nX-Original-To: box\nReceived: x\n"
    )
    for same in (other_way, below, first.replace(b"\n", b"\r\n")):
        assert delivery_key(parse(same), "s@m") == key
    for different in (first + b"!", first.replace(b"Subject: hi", b"Subject: ho"), first.replace(b"ada@", b"eve@")):
        assert delivery_key(parse(different), "s@m") != key
