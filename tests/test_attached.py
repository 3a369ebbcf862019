"""Attachments: each has a harmless name of its own, its content as it was, and nothing of a message is lost."""

from __future__ import annotations

import base64
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.attached import file_name
from mailgate.body import UNREADABLE, leaves
from mailgate.message import content, parse, text_parts
from mailgate.model import Mail

MAILS = Path(__file__).parent / "mails"
HEAD = b"From: ada@customer.example\nSubject: x\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n"


def part(fields: bytes, body: bytes = b"data") -> bytes:
    return b"--x\n" + fields + b"\n\n" + body + b"\n"


def mixed(*parts: bytes) -> Mail:
    return parse(MIXED + b"--x\n\nwords\n" + b"".join(parts) + b"--x--\n")


def names(mail: Mail) -> list[str]:
    return [one.name for one in mail.attachments]


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        (b"Content-Disposition: attachment; filename*=utf-8''%C3%BCber%20uns.pdf", "über uns.pdf"),
        (b"Content-Disposition: attachment; filename*=koi8-r'ru'%D0%C9%D3%D8%CD%CF.txt", "письмо.txt"),
        (b"Content-Disposition: attachment;\n filename*1=b.pdf;\n filename*0=a", "ab.pdf"),
        (b"Content-Disposition: attachment;\n filename*0*=utf-8''%C3%A4;\n filename*1=%41;\n filename*2*=%C3%B6.txt",
         "ä%41ö.txt"),
        (b"Content-Disposition: attachment;\n filename*0=a;\n filename*2=c.txt", "ac.txt"),
        (b"Content-Disposition: attachment; filename=\"=?utf-8?q?=C3=BC.txt?=\"", "ü.txt"),
        (b"Content-Disposition: attachment; filename=\"=?utf-8?b?w7wu?= =?utf-8?b?dHh0?=\"", "ü.txt"),
        ("Content-Disposition: attachment; filename=\"Gerät.txt\"".encode(), "Gerät.txt"),
        ("Content-Disposition: attachment; filename=\"Gerät.txt\"".encode("latin-1"), "Gerät.txt"),
        (b"Content-Disposition: attachment; filename=Ger%C3%A4t%201.txt", "Gerät 1.txt"),
        (b"Content-Disposition: attachment; filename=\"100%25 sure%20.txt\"", "100%25 sure%20.txt"),
        (b"Content-Disposition: attachment; filename=\"utf-8''Ger%C3%A4t%201.txt\"", "Gerät 1.txt"),
        (b"Content-Disposition: attachment; filename=\"iso-8859-1'de'Ger%E4t.txt\"", "Gerät.txt"),
        (b"Content-Type: application/pdf; name=only name.pdf", "only name.pdf"),
        (b"Content-Type: application/pdf; x-unix-mode=0644; name=\"a;b.pdf\"", "a;b.pdf"),
        (b"Content-Type: image/png\nContent-Description: scan.png", "scan.png"),
        (b"Content-Type: image/png\nContent-Description: the new scan", "attachment-1.png"),
        (b"Content-Disposition: attachment\nContent-Description: the new scan", "the new scan"),
        (b"Content-Type: image/gif\nContent-Location: http://www.example.com/a/logo.gif?x=1", "logo.gif"),
        (b"Content-Type: image/gif\nContent-Location: http://www.example.com/a/", "attachment-1.gif"),
        (b"Content-Type: a/pdf; name=\"good.pdf\"\nContent-Disposition: attachment; filename=\"b\xef\xbf\xbd\"",
         "good.pdf"),
        (b"Content-Type: application/pdf; name=\"\"\nContent-Disposition: attachment; filename=\"  \"",
         "attachment-1.pdf"),
        (b"Content-Type: application/pdf\nContent-Disposition: attachment; filename=\"../../etc/pass\\\\wd\"", "wd"),
        (b"Content-Type: a/pdf\nContent-Disposition: attachment; filename=\"=?utf-8?q?a=0D=0Ab=E2=80=AE?=\"",
         "a b"),
        (b"Content-Type: application/x-pkcs7-signature\nContent-Transfer-Encoding: base64", "attachment-1.p7s"),
    ],
)  # fmt: skip
def test_the_name_of_a_file_wherever_it_stands(fields: bytes, name: str) -> None:
    assert names(mixed(part(fields))) == [name]


def test_a_forwarded_message_is_named_by_its_subject_and_keeps_what_is_in_it() -> None:
    inner = b"\nSubject: =?utf-8?q?Angebot_=C3=BC?=\nContent-Type: multipart/mixed; boundary=y\n\n--y\n\nhi\n" \
            b"--y\nContent-Type: image/png; name=in.png\n\nPNG\n--y--"  # fmt: skip
    mail = mixed(part(b"Content-Type: message/rfc822", inner[1:]))
    assert names(mail) == ["Angebot ü.eml"]
    assert names(parse(mail.attachments[0].data)) == ["in.png"]
    assert mail.text == "words\n"


@pytest.mark.parametrize("length", [200, 300, 1000])
@pytest.mark.parametrize("ending", ["", ".pdf", "." + "e" * 300])
def test_long_equal_names_are_kept_apart(length: int, ending: str) -> None:
    one = part(b'Content-Type: application/pdf; name="' + b"n" * length + ending.encode() + b'"')
    found = names(mixed(one, one, one))
    assert len(set(found)) == 3
    assert all(len(name.encode()) <= 200 for name in found)


def test_a_macintosh_file_keeps_its_name_before_its_resources() -> None:
    double = HEAD + b"Content-Type: multipart/appledouble; boundary=x\n\n"
    mail = parse(double + part(b"Content-Type: application/applefile; name=photo.jpg", b"\0\5\x16\7")
                 + part(b"Content-Type: image/jpeg; name=photo.jpg", b"JPEG") + b"--x--\n")  # fmt: skip
    assert [(one.name, one.data) for one in mail.attachments] == [
        ("photo.jpg.applefile", b"\0\5\x16\7"), ("photo.jpg", b"JPEG")]  # fmt: skip


@given(st.text(max_size=300))
@settings(deadline=None, max_examples=200)
def test_no_name_is_harmful(name: str) -> None:
    made = file_name(name)
    assert not set(made.replace(": ", " ")) & set('/\\<>:"|?*\n\r\t\0\u202e\u2066')
    assert made == made.strip()
    assert not made.startswith(".")
    assert len(made.encode()) <= 200


# --- what they hold --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_the_content_is_what_was_sent_to_the_byte(newline: bytes) -> None:
    text = b"first\r\nsecond \r\n\r\n"
    raw = MIXED + part(b"Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment", b"l1\nl2\n")
    raw += part(b"Content-Type: text/csv; name=b.csv\nContent-Transfer-Encoding: base64", base64.encodebytes(text))
    raw += part(b"Content-Type: text/csv; name=c.csv\nContent-Transfer-Encoding: quoted-printable", b"a=3Db=0D=0Ac=\nd")
    mail = parse((raw + b"--x--\n").replace(b"\n", newline))
    assert [one.data for one in mail.attachments] == [newline.join((b"l1", b"l2", b"")), text, b"a=b\r\ncd"]
    assert sha256(mail.attachments[1].data).hexdigest() == sha256(text).hexdigest()


def test_an_inline_file_keeps_its_content_id_and_a_named_text_shown_inline_is_text_and_file() -> None:
    mail = mixed(
        part(b"Content-Type: image/png; name=a.png\nContent-ID: <a@b>"),
        part(b"Content-Type: image/png; name=b.png\nContent-ID: <b@b>\nContent-Disposition: attachment"),
    )
    assert [(one.cid, one.inline) for one in mail.attachments] == [("a@b", True), ("b@b", False)]
    shown = parse(HEAD + b"Content-Disposition: inline; filename=log.txt\n\nthe log\n")
    assert (shown.text, names(shown)) == ("the log\n", ["log.txt"])


def test_an_empty_file_is_named_in_a_note_and_not_attached() -> None:
    mail = mixed(part(b"Content-Disposition: attachment; filename=a[1].json", b"").replace(b"\n\n\n", b"\n\n"))
    assert names(mail) == []
    assert mail.notes == ("The attachment a(1).json is empty.",)
    assert names(mixed(part(b"Content-Disposition: attachment; filename=a.json", b" \n "))) == ["a.json"]


def test_files_in_the_text_itself_are_taken_out_of_it() -> None:
    uu = b"begin 644 printer status.txt\n#0V%T\n`\nend\n"
    mail = parse(HEAD + b"\nbefore\n" + uu + b"after\nbegin 644 no file\nwords\nend\n")
    assert mail.text == "before\n[A file stood here: see the attachment.]\nafter\nbegin 644 no file\nwords\nend\n"
    assert [(one.name, one.data) for one in mail.attachments] == [("printer status.txt", b"Cat")]


def test_a_yenc_file_in_the_text_is_decoded() -> None:
    data = bytes(range(256))
    shifted = bytes((one + 42) & 255 for one in data)
    coded = b"".join(b"=" + bytes([(one + 64) & 255]) if one in b"\0\n\r=" else bytes([one]) for one in shifted)
    mail = parse(HEAD + b"\n=ybegin line=300 size=256 name=all bytes.bin\n" + coded + b"\n=yend size=256\n")
    assert mail.text == "[A file stood here: see the attachment.]\n"
    assert [(one.name, one.data) for one in mail.attachments] == [("all bytes.bin", data)]


def test_a_binhex_file_in_the_text_is_attached_as_it_came() -> None:
    block = b'(This file must be converted with BinHex 4.0)\n\n:#("A4%*P)\n"AB!:'
    mail = parse(HEAD + b"\nsee below\n" + block + b"\nbye\n")
    assert mail.text == "see below\n[A file stood here: see the attachment.]\nbye\n"
    assert [(one.name, one.data) for one in mail.attachments] == [("file.hqx", block)]


def test_of_very_many_files_in_a_text_the_rest_stays_there() -> None:
    mail = parse(HEAD + b"\n" + b"begin 644 a\n#0V%T\n`\nend\n" * 1000)
    assert len(mail.attachments) == 50
    assert mail.text.count("begin 644 a") == 950


# --- nothing is lost -------------------------------------------------------------------------------------------------


def lost(mail: Mail) -> list[str]:
    """Return the leaves with content that are neither readable text nor an attachment, nor unpacked into the text."""
    shown = {part.start for part in text_parts(mail)}
    kept = [one.data for one in mail.attachments]
    out = []
    for one in leaves(mail.parts):
        data = content(mail, one)
        unpacked = one.type.startswith("multipart/") and set(data.decode("latin-1").split()) <= set(mail.text.split())
        if data.strip() and one.start not in shown and data not in kept and not unpacked:
            out.append(one.type)
    return out


@pytest.mark.parametrize("path", sorted(MAILS.glob("*.eml")), ids=lambda path: path.stem)
def test_every_leaf_is_text_or_attachment(path: Path) -> None:
    assert lost(parse(path.read_bytes())) == []


TYPES = ("text/plain", "text/html", "text/enriched", "text/calendar", "text/x-amp-html", "text/x-odd", "image/png",
         "message/rfc822", "application/pgp-encrypted", "application/octet-stream", "multipart/mixed",
         "multipart/alternative", "multipart/related", "multipart/digest", "multipart/report", "odd", "")  # fmt: skip
leaf = st.tuples(st.sampled_from(TYPES), st.sampled_from(["", "inline", "attachment"]), st.booleans(),
                 st.sampled_from(["", "base64", "quoted-printable", "odd"]),
                 st.sampled_from(["some words", "d29yZHM=", "a \x00 b", "", "--x\n\ninner"]))  # fmt: skip


def entity(one: tuple[str, str, bool, str, str], number: int) -> bytes:
    kind, disposition, named, encoding, body = one
    lines = [f"Content-Type: {kind}; boundary=b{number}" if kind else "X-None: 1"]
    lines += [f"Content-Disposition: {disposition}" + ("; filename=a.txt" if named else "")] if disposition else []
    lines += [f"Content-Transfer-Encoding: {encoding}"] if encoding else []
    return "\n".join([*lines, "", body]).encode()


@given(st.lists(leaf, max_size=5), st.sampled_from(["mixed", "alternative", "related", "digest", "report", "signed"]))
@settings(deadline=None, max_examples=300)
def test_every_leaf_of_any_nest_is_text_or_attachment(parts: list[tuple[str, str, bool, str, str]], kind: str) -> None:
    body = b"".join(b"--x\n" + entity(one, number) + b"\n" for number, one in enumerate(parts))
    mail = parse(HEAD + f"Content-Type: multipart/{kind}; boundary=x\n\n".encode() + body + b"--x--\n")
    assert lost(mail) == []
    assert len({name.casefold() for name in names(mail)}) == len(mail.attachments)


def test_what_cannot_be_read_is_attached_and_the_text_says_so() -> None:
    mail = parse(HEAD + b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n?rubbish\n")
    assert mail.text == UNREADABLE + "\n"
    assert [one.data for one in mail.attachments] == [b"?rubbish\n"]
