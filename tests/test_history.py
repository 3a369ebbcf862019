"""What is written into a case's history, and what is said to be left out."""

from __future__ import annotations

import base64

import pytest

from mailgate.history import kept_attachments, line, recorded_text
from mailgate.message import parse
from mailgate.model import Address, Attachment
from mailgate.policy import MB, Limits
from tests import outlook
from tests.builders import MAILBOX, NOW, mail

REPLY = "It works again.\n\nOn 14 Nov 2023, Support wrote:\n> Try this.\n> And that.\n\n-- \nCarla\nCustomer Inc.\n"


@pytest.mark.parametrize(
    ("first", "known", "quotes", "holds", "lacks"),
    [
        (True, False, "strip", ("It works", "Customer Inc.", "> Try this."), ()),
        (True, True, "strip", ("It works", "Customer Inc.", "> Try this."), ()),
        (False, True, "strip", ("It works",), ("Customer Inc.", "> Try this.", "wrote:")),
        (False, False, "strip", ("It works", "> Try this."), ("Customer Inc.",)),
        (False, True, "keep", ("It works", "Customer Inc.", "> Try this."), ()),
        (False, False, "keep", ("It works", "Customer Inc.", "> Try this."), ()),
    ],
)
def test_what_is_cut_and_when(
    first: bool, known: bool, quotes: str, holds: tuple[str, ...], lacks: tuple[str, ...]
) -> None:
    text = recorded_text(REPLY, MAILBOX.but(quotes=quotes), first, known)
    assert [one for one in holds if one not in text] == []
    assert [one for one in lacks if one in text] == []
    assert text == text.strip("\n")


@pytest.mark.parametrize("text", ["> only a quote\n", "-- \nonly a signature\n", "On 14 Nov 2023, X wrote:\n> y\n"])
def test_where_cutting_would_leave_nothing_everything_stays(text: str) -> None:
    assert recorded_text(text, MAILBOX, False, True) == text.strip("\n")


def test_no_character_that_xml_forbids_is_recorded() -> None:
    for first in (True, False):
        text = recorded_text("a\x00b\x0bc\x1b[0m\ud800\uffff d\r\ne", MAILBOX, first, True)
        assert not [char for char in text if ord(char) < 32 and char not in "\n\t"]
        assert "\ud800" not in text
        assert "\uffff" not in text
        assert text.endswith("d\ne")


def test_a_line_has_headings_text_and_what_was_left_out() -> None:
    made = line(mail(), "Hello", NOW, ("One", "Two"), ("Three",), internal=True)
    assert made.text == "One\nTwo\n\nHello\n\nThree"
    assert made.author == Address("carla@customer.org", "Carla Customer")
    assert made.internal
    assert not line(mail(), "Hello", NOW).internal


def test_no_line_is_empty() -> None:
    assert line(mail(), " \n", NOW).text == "(no text)"
    file = mail().but(attachments=(Attachment("a.pdf", "application/pdf", b"x"),))
    assert line(file, "", NOW).text == "(no text, attachments only)"


def test_the_date_is_the_senders_unless_it_is_missing_or_lies_ahead() -> None:
    assert line(mail(), "x", NOW).date == 1_699_999_200.0
    assert line(mail(date=""), "x", NOW).date == NOW
    assert line(mail(date="Tue, 14 Nov 2033 22:00:00 +0000"), "x", NOW).date == NOW
    assert line(mail(date="nonsense"), "x", NOW).date == NOW


def attachment(name: str, kind: str = "application/pdf", size: int = 3) -> Attachment:
    return Attachment(name, kind, b"x" * size)


@pytest.mark.parametrize(
    ("given", "limits", "kept", "said"),
    [
        (attachment("a.pdf"), Limits(), True, ""),
        (attachment("a.pdf", size=10), Limits(attachment=10), True, ""),
        (attachment("a.pdf", size=11), Limits(attachment=10), False, "a.pdf (11 bytes): larger than 10 bytes"),
        (attachment("A.EXE"), Limits(types=(".exe",)), False, "A.EXE (3 bytes): .exe is not accepted here"),
        (attachment("a.exe.pdf"), Limits(types=(".exe",)), True, ""),
        (attachment("exe"), Limits(types=(".exe",)), True, ""),
        (attachment("a", "application/x-msdownload"), Limits(types=("Application/X-MSDownload",)), False,
         "a (3 bytes): Application/X-MSDownload is not accepted here"),
        (attachment("a", "application/x"), Limits(types=("application/x-msdownload",)), True, ""),
    ],
)  # fmt: skip
def test_which_attachments_are_kept(given: Attachment, limits: Limits, kept: bool, said: str) -> None:
    numbers, lines = kept_attachments(mail().but(attachments=(given,)), limits)
    assert numbers == ((0,) if kept else ())
    assert lines == ((f"Attachment left out: {said}",) if said else ())


def test_numbers_stay_those_of_the_message() -> None:
    files = (attachment("a.exe"), attachment("b.pdf"), attachment("c.exe"), attachment("d.pdf"))
    numbers, lines = kept_attachments(mail().but(attachments=files), Limits(types=(".exe",)))
    assert (numbers, len(lines)) == ((1, 3), 2)
    assert Limits().attachment == 25 * MB


def test_what_is_to_be_known_of_a_message_stands_below_its_text() -> None:
    noted = mail().but(notes=("The message is encrypted (PGP/MIME): its text is in a.asc.", "Another."))
    assert line(noted, "Hello", NOW, footing=("Left out",)).text == (
        "Hello\n\nThe message is encrypted (PGP/MIME): its text is in a.asc.\nAnother.\nLeft out"
    )
    assert line(noted, "", NOW).text.startswith("(no text)\n\nThe message is encrypted")


def test_limits_hold_for_what_was_unpacked_for_forwarded_mails_and_for_equal_names() -> None:
    stream = outlook.tnef(
        outlook.file("tool.EXE", b"MZ"), outlook.file("big.log", b"x" * 50), outlook.file("a.txt", b"a")
    )
    fields = "Content-Type: {}\nContent-Transfer-Encoding: base64\n\n"
    parts = [
        fields.format("application/ms-tnef") + base64.b64encode(stream).decode(),
        "Content-Type: message/rfc822\n\nSubject: old\n\nx",
        "Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment\n\nb",
        "Content-Type: text/plain; name=tool.exe.txt\nContent-Disposition: attachment\n\nb",
    ]
    head = "Content-Type: multipart/mixed; boundary=x\n\n"
    read = parse((head + "".join(f"--x\n{part}\n" for part in parts) + "--x--\n").encode())
    kept, lines = kept_attachments(read, Limits(attachment=40, types=(".exe", "message/rfc822")))
    assert [read.attachments[number].name for number in kept] == ["a.txt", "a-2.txt", "tool.exe.txt"]
    assert lines == (
        "Attachment left out: tool.EXE (2 bytes): .exe is not accepted here",
        "Attachment left out: big.log (50 bytes): larger than 40 bytes",
        "Attachment left out: old.eml (15 bytes): message/rfc822 is not accepted here",
    )
