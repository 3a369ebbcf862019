"""winmail.dat: its files and its text come out, whatever else is in it, and no bytes make the reader raise or hang."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.message import parse
from mailgate.rtf import LONGEST, decompress, read
from mailgate.tnef import MOST_FILES, unpack
from tests import outlook as ol

if TYPE_CHECKING:
    from mailgate.model import Mail

RTF = rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Arial;}}\f0 Der Toner ist \b leer\b0 .\par Gr\'fc\'dfe}"
NOTE = ol.attribute(ol.MESSAGE, ol.CLASS, b"IPM.Microsoft Mail.Note\0")
WESTERN = ol.attribute(ol.MESSAGE, ol.CODEPAGE, struct.pack("<II", 1252, 0))


def mail_with(stream: bytes, text: str = "") -> Mail:
    part = b"--x\n\n" + text.encode() + b"\n" if text else b""
    return parse(
        b"From: a@customer.example\nContent-Type: multipart/mixed; boundary=x\n\n" + part
        + b"--x\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(stream) + b"--x--\n"
    )  # fmt: skip


def files(mail: Mail) -> list[tuple[str, bytes]]:
    return [(one.name, one.data) for one in mail.attachments]


# --- what is in it ---------------------------------------------------------------------------------------------------


def test_files_come_out_under_their_long_names_and_the_container_goes() -> None:
    stream = ol.tnef(NOTE, WESTERN, ol.file("Störungsprotokoll März.pdf", b"%PDF-1"), ol.file("log.txt", b"a\r\nb"))
    mail = mail_with(stream, "See the log.")
    assert files(mail) == [("Störungsprotokoll März.pdf", b"%PDF-1"), ("log.txt", b"a\r\nb")]
    assert mail.text == "See the log.\n"
    assert (mail.notes, mail.sealed) == ((), False)


def test_the_short_name_stands_in_for_a_missing_long_one() -> None:
    start = ol.attribute(ol.ATTACHMENT, ol.START, b"\0" * 14)
    old = start + ol.attribute(ol.ATTACHMENT, ol.TITLE, "Grüße.txt\0".encode("cp1252"))
    stream = ol.tnef(WESTERN, old + ol.attribute(ol.ATTACHMENT, ol.DATA, b"1"), ol.file("", b"2"))
    assert files(mail_with(stream, "x")) == [("Grüße.txt", b"1"), ("SHORT~1.DAT", b"2")]


def test_a_name_from_within_is_made_harmless_and_its_own() -> None:
    stream = ol.tnef(NOTE, ol.file("..\\..\\evil\u202e.txt", b"1"), ol.file("evil.txt", b"2"), ol.file("a\r\nb", b"3"))
    assert [name for name, _ in files(mail_with(stream, "x"))] == ["evil.txt", "evil-2.txt", "a b"]


def test_type_and_content_id_are_kept() -> None:
    more = (ol.text(0x370E, "image/png"), ol.text(0x3712, "<lamp@customer.example>"))
    (one,) = mail_with(ol.tnef(NOTE, ol.file("lamp.png", b"PNG", *more)), "x").attachments
    assert (one.type, one.cid, one.inline) == ("image/png", "lamp@customer.example", True)


@pytest.mark.parametrize(
    ("stream", "text"),
    [
        (ol.tnef(NOTE, WESTERN, ol.attribute(ol.MESSAGE, ol.BODY, "Schöne Grüße\r\n\0".encode("cp1252"))),
         "Schöne Grüße\n"),
        (ol.tnef(NOTE, ol.message(ol.text(0x1000, "Der Drucker\r\nraucht €."))), "Der Drucker\nraucht €.\n"),
        (ol.tnef(NOTE, ol.message(ol.fixed(0x3FDE, 3, 65001), ol.variable(0x1013, 0x102, "<p>Ü<b>x</b></p>".encode()))),
         "Üx\n"),
        (ol.tnef(NOTE, ol.message(ol.fixed(0x3FDE, 3, 28605), ol.variable(0x1013, 0x102, b"<p>5 \xa4</p>"))), "5 €\n"),
        (ol.tnef(NOTE, ol.message(ol.variable(0x1009, 0x102, ol.stored(RTF)))), "Der Toner ist leer.\nGrüße\n"),
        (ol.tnef(NOTE, ol.message(ol.variable(0x1009, 0x102, ol.literally(RTF)))), "Der Toner ist leer.\nGrüße\n"),
        (ol.tnef(NOTE, ol.message(ol.fixed(0x0017, 3, 1), ol.named(b"\1\0\0\0"), ol.fixed(0x0026, 2, 1),
                                  struct.pack("<HHI", 0x1003, 0x6001, 2) + b"\0" * 8,
                                  struct.pack("<HH", 0x48, 0x6002) + b"\0" * 16, ol.text(0x1000, "behind them"))),
         "behind them\n"),
    ],
    ids=["old body", "plain", "html", "html of its code page", "rich text", "compressed", "behind other properties"],
)  # fmt: skip
def test_its_text_is_the_mails_if_there_is_no_other(stream: bytes, text: str) -> None:
    mail = mail_with(stream)
    assert (mail.text, mail.attachments, mail.sealed) == (text, (), True)
    other = mail_with(stream, "The plain words.")
    assert (other.text, other.sealed) == ("The plain words.\n", False)


def test_an_attached_outlook_message_gives_its_text_and_files() -> None:
    inner = ol.tnef(NOTE, ol.message(ol.text(0x0037, "Offer A/B"), ol.text(0x1000, "inner words")),
                    ol.file("price.xls", b"XLS"))  # fmt: skip
    props = ol.properties(ol.text(0x3001, "Offer"), ol.variable(0x3701, 0x0D, ol.INTERFACE + inner))
    start = ol.attribute(ol.ATTACHMENT, ol.START, b"\0" * 14)
    stream = ol.tnef(NOTE, start + ol.attribute(ol.ATTACHMENT, ol.FILE_PROPS, props))
    assert files(mail_with(stream, "x")) == [
        ("Offer A-B.txt", b"Subject: Offer A/B\n\ninner words"), ("price.xls", b"XLS")]  # fmt: skip


# --- what cannot be unpacked -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stream",
    [
        ol.tnef(),
        b"no tnef at all",
        ol.tnef(NOTE, ol.file("a.pdf", b"%PDF"))[:-3],
        ol.tnef(NOTE, ol.file("a.pdf", b"%PDF")).replace(b"%PDF", b"%PXF"),
        ol.tnef(NOTE) + b"\1" + b"\xff" * 40,
    ],
    ids=["empty", "another thing", "cut off", "wrong checksum", "a length of 4 GB"],
)
def test_what_is_damaged_is_attached_as_it_is_and_the_note_says_so(stream: bytes) -> None:
    mail = mail_with(stream, "x")
    assert files(mail)[0] == ("winmail.dat", stream)
    assert mail.notes == ("winmail.dat could not be unpacked as a whole and is attached as it is.",)


def test_what_could_be_found_in_a_damaged_one_is_there_as_well() -> None:
    stream = ol.tnef(NOTE, ol.file("a.pdf", b"%PDF"), ol.file("b.pdf", b"%PDF"))[:-30]
    assert [name for name, _ in files(mail_with(stream, "x"))] == ["winmail.dat", "a.pdf", "SHORT~1.DAT"]


def test_an_item_that_is_no_mail_is_kept() -> None:
    stream = ol.tnef(ol.attribute(ol.MESSAGE, ol.CLASS, b"IPM.Contact[7]\0"), ol.message(ol.text(0x3001, "Ada")))
    mail = mail_with(stream, "x")
    assert files(mail) == [("winmail.dat", stream)]
    assert mail.notes == ("winmail.dat holds an Outlook item (IPM.Contact(7)) and is attached as it is.",)


# --- bounds ----------------------------------------------------------------------------------------------------------


def nested(levels: int) -> bytes:
    stream = ol.tnef(NOTE, ol.file("bottom.txt", b"x"))
    for _ in range(levels):
        props = ol.properties(ol.variable(0x3701, 0x0D, ol.INTERFACE + stream))
        start = ol.attribute(ol.ATTACHMENT, ol.START, b"\0" * 14)
        stream = ol.tnef(NOTE, start + ol.attribute(ol.ATTACHMENT, ol.FILE_PROPS, props))
    return stream


def test_messages_in_messages_end_at_a_bound() -> None:
    assert [one.name for one in unpack(nested(4)).files] == ["bottom.txt"]
    beyond = unpack(nested(5))
    assert (beyond.files, beyond.whole) == ((), False)


def test_no_more_than_so_many_files() -> None:
    found = unpack(ol.tnef(*[ol.file("a", b"x")] * (MOST_FILES + 5)))
    assert (len(found.files), found.whole) == (MOST_FILES, False)


HOSTILE = {
    "a million attributes": ol.tnef(ol.attribute(1, 0x1234, b"") * 1_000_000),
    "a count of 4 billion properties": ol.tnef(ol.attribute(1, ol.PROPS, b"\xff\xff\xff\xff" + b"\2\0\1\0" * 100_000)),
    "a count of 4 billion values": ol.tnef(ol.attribute(1, ol.PROPS, struct.pack("<IHHI", 1, 0x1102, 1, 2**32 - 1)
                                                        + b"\0" * 400_000)),
    "a name of 4 GB": ol.tnef(ol.attribute(1, ol.PROPS, struct.pack("<IHH", 1, 3, 0x8000) + b"G" * 16
                                           + struct.pack("<II", 1, 2**32 - 1))),
    "an unknown type": ol.tnef(ol.attribute(1, ol.PROPS, struct.pack("<IHH", 9, 0x99, 1) + b"x" * 4000)),
    "a bomb": ol.tnef(ol.message(ol.variable(0x1009, 0x102, struct.pack("<II4sI", 0, 2**32 - 1, b"LZFu", 0)
                                             + b"\xff" + (b"\0\x0f\0\x1f" * 4 + b"\xff") * 60_000))),
    "deep groups": ol.tnef(ol.message(ol.variable(0x1009, 0x102, ol.stored(b"{\\rtf1" + b"{" * 1_000_000)))),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_streams_are_read_to_the_end(name: str) -> None:
    found = unpack(HOSTILE[name])
    assert len(found.text) <= LONGEST
    assert found.files == ()


def check_total(data: bytes) -> None:
    found = unpack(data)
    found.text.encode()
    for one in found.files:
        one.name.encode()
        assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in one.name + one.type)
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in found.kind)
    decompress(data)
    read(data)


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=100)
def test_any_bytes_are_read(data: bytes) -> None:
    check_total(data)
    check_total(ol.tnef(data))
    check_total(ol.tnef(ol.attribute(1, ol.PROPS, data), ol.attribute(2, ol.FILE_PROPS, data)))
    decompress(struct.pack("<II4sI", 0, 1000, b"LZFu", 0) + data)
    read(b"{\\rtf1\\fromhtml1 " + data)


WHOLE = ol.tnef(NOTE, WESTERN, ol.message(ol.text(0x1000, "Words"), ol.named(b"1234"),
                                          ol.variable(0x1009, 0x102, ol.literally(RTF))),
                ol.file("a.pdf", b"%PDF"), nested(2)[6:])  # fmt: skip


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_damaged_streams_are_read(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(WHOLE)))
    length = data.draw(st.integers(0, 12))
    check_total(WHOLE[:at] + data.draw(st.binary(max_size=6)) + WHOLE[at + length :])


# --- rich text -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (rb"{\rtf1 a\par b\line c\tab d}", "a\nb\nc\td"),
        (rb"{\rtf1\ansicpg1251 \'cf\'f0}", "Пр"),
        (rb"{\rtf1{\fonttbl{\f0 A;}{\f1\fcharset128 B;}}x{\f1 \'82\'a0}y}", "xあy"),
        (rb"{\rtf1\uc1 \u8364?\u-10179?\u-8704?.\uc0\u228 x}", "€😀.äx"),
        (rb"{\rtf1{\*\generator Mine;}{\info{\title T}}{\pict 0102}{\*\unknown x}a}", "a"),
        (rb"{\rtf1\{a\}\\\~b\endash\lquote x\rquote\bullet}", "{a}\\\xa0b–‘x’•"),
        (b"{\\rtf1 a{\\pict\\bin3 }}}}b}", "ab"),
        (rb"{\rtf1 {\field{\*\fldinst HYPERLINK x}{\fldrslt here}}}", "here"),
        (rb"\rtf1 }}}} still", " still"),
        (rb"{\rtf1 \u55357?lone}", "\ufffdlone"),
    ],
)
def test_rich_text_is_read(source: bytes, text: str) -> None:
    assert read(source) == ("text/plain", text)


def test_html_that_is_wrapped_in_rich_text_comes_out_as_it_was() -> None:
    source = (
        rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}}{\*\htmltag64 <p>}\htmlrtf {\par "
        rb"\htmlrtf0 Hello {\*\htmltag84 <a href=x>}\htmlrtf {\f1 \htmlrtf0 you\'e9{\*\htmltag92 </a>}\htmlrtf }"
        rb"\htmlrtf0 {\*\mhtmltag84 <a href=y>}{\*\htmltag84 &lt;}\htmlrtf <\htmlrtf0 {\*\htmltag72 </p>}}"
    )
    assert read(source) == ("text/html", "<p>Hello <a href=x>youé</a>&lt;</p>")


def test_references_into_the_window_are_followed() -> None:
    # "{\rtf1 ": six characters of the window that is there at the start, and a run that refers into itself
    tokens = bytes([0b101]) + struct.pack(">H", 0 << 4 | 4) + b"a" + struct.pack(">H", 213 << 4 | 3)
    packed = struct.pack("<II4sI", len(tokens) + 12, 12, b"LZFu", 0) + tokens
    assert decompress(packed) == (b"{\\rtf1aaaaaa", True)
    assert decompress(packed[:10]) == (b"", False)
    assert decompress(packed[:-1])[1] is False
