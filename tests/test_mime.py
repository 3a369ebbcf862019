"""The best text of any nest of parts, whatever is broken in it; what is encoded comes out; notes say the rest."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.cms import open_envelope
from mailgate.cutting import without_commands
from mailgate.message import opaque_content, parse, text_parts
from mailgate.mime import MAX_DEPTH
from mailgate.model import Mail
from mailgate.notes import sentence
from mailgate.transfer import encoding_of, take_out, transfer_decoded

HEAD = b"From: ada@customer.example\nSubject: x\n"
FOX = "The quick brown fox jumps over the lazy dog and then it rests.\n"


def nest(kind: str, *parts: bytes, boundary: str = "x") -> bytes:
    mark = b"--" + boundary.encode()
    body = b"".join(mark + b"\n" + part + b"\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary={boundary}\n\n".encode() + body + mark + b"--\n"


def leaf(kind: str, body: str, fields: str = "") -> bytes:
    return f"Content-Type: {kind}\n{fields}\n{body}".encode()


def read(entity: bytes) -> Mail:
    return parse(HEAD + entity)


PLAIN, PAGE = leaf("text/plain", "plain"), leaf("text/html", "<p>page</p>")
IMAGE = leaf("image/png; name=a.png", "PNG")


# --- which rendering -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entity", "text", "names"),
    [
        (nest("alternative", PLAIN, PAGE), "plain\n", []),
        (nest("alternative", PAGE, PLAIN), "plain\n", []),
        (nest("alternative", leaf("text/plain", " \n\n"), PAGE), "page\n", []),
        (nest("alternative", leaf("text/plain", ""), PAGE), "page\n", []),
        (nest("alternative", PLAIN, nest("related", PAGE, IMAGE, boundary="y")), "plain\n", ["a.png"]),
        (nest("alternative", PLAIN, nest("mixed", PAGE, IMAGE, leaf("text/html", "<p>more</p>"), boundary="y")),
         "plain\n", ["a.png"]),
        (nest("alternative", PLAIN, PAGE, IMAGE), "plain\n", ["a.png"]),
        (nest("alternative", PLAIN, leaf("text/html; name=mail.html", "<p>page</p>")), "plain\n", []),
        (nest("alternative", PLAIN, nest("mixed", PAGE, leaf("text/plain; name=a.log", "log"), boundary="y")),
         "plain\n", ["a.log"]),
        (nest("alternative", PLAIN, leaf("text/x-amp-html", "<p>amp</p>"), PAGE), "plain\n", []),
        (nest("alternative", leaf("text/watch-html", "<b>watch</b>"), PAGE), "page\n", []),
        (nest("alternative", leaf("text/watch-html", "<b>watch</b>")), "watch\n", []),
        (nest("alternative", leaf("text/enriched", "a <bold>b</bold> <<c\nd\n\ne"), PAGE), "a b <c d\ne\n", []),
        (nest("alternative", leaf("text/markdown", "# m"), PAGE), "# m\n", []),
        (nest("alternative", PLAIN, leaf("text/calendar", "BEGIN:VCALENDAR")), "plain\n", ["attachment-1.ics"]),
        (nest("mixed", PLAIN, PAGE, PLAIN), "plain\n\npage\n\nplain\n", []),
        (nest("mixed", PLAIN, leaf("text/plain; name=a.txt", "file")), "plain\n", ["a.txt"]),
        (nest("mixed", leaf("text/plain; name=body.txt", "named"), PAGE), "named\n\npage\n", []),
        (nest("mixed", nest("alternative", PLAIN, PAGE, boundary="y"), leaf("text/plain", "footer")),
         "plain\n\nfooter\n", []),
        (nest("report", leaf("text/plain", "not delivered"), leaf("message/delivery-status", "Action: failed"),
              leaf("text/rfc822-headers", "Subject: x")),
         "not delivered\n", ["attachment-1.txt", "attachment-2.txt"]),
        (nest("digest", b"\nSubject: one\n\nfirst", b"\nSubject: two\n\nsecond"), "", ["one.eml", "two.eml"]),
        (leaf("text/x-odd", "words"), "words\n", ["attachment-1.bin"]),
        (leaf("text/csv", "a;b"), "", ["attachment-1.csv"]),
        (leaf("text/rtf", "{\\rtf1 words\\par more}"), "words\nmore\n", ["attachment-1.rtf"]),
        (nest("mixed", PLAIN, leaf("text/rtf", "{\\rtf1 words}")), "plain\n", ["attachment-1.rtf"]),
        (leaf("text/plain", "words", "Content-Disposition: attachment; filename=a.txt\n"), "words\n", ["a.txt"]),
        (nest("mixed", leaf("text/plain", "words", "Content-Disposition: attachment\n"), IMAGE), "words\n",
         ["attachment-1.txt", "a.png"]),
        (leaf("application/xhtml+xml", "<p>page</p>"), "page\n", []),
    ],
)  # fmt: skip
def test_the_text_of_a_nest(entity: bytes, text: str, names: list[str]) -> None:
    mail = read(entity)
    assert mail.text == text
    assert [one.name for one in mail.attachments] == names


RICH = "<p>" + FOX * 12 + "</p>"


@pytest.mark.parametrize(
    ("plain", "page", "shown"),
    [
        ("Please view this message in an HTML capable mail program.", f"<p>{FOX}</p><p>{FOX}</p>", "both"),
        ("Trouble reading? See the web version: https://www.example.com/1", RICH, "both"),
        ("Quick fox, lazy dog, then it rests.", RICH, "html"),
        ("Zur Anzeige bitte umschalten.", RICH, "both"),
        ("Read it here: https://www.example.com/1", f"<p>{FOX}</p><p>{FOX}</p>", "both"),
        ("Yes.", "<p>" + FOX * 2 + "</p>", "plain"),
        (FOX, f"<p>{FOX}</p>", "plain"),
        (FOX * 12, RICH, "plain"),
        ("My browser shows HTML code instead of the page.",
         "<html><head><style>p {margin: 0 0 0 0}</style></head><p>My browser shows HTML code instead of the page.</p>",
         "plain"),
        ("Ok.", "<div style='font-family: Arial, Helvetica, sans-serif; font-size: 12pt; color: #000000'>Ok.</div>",
         "plain"),
        ("html", "<p></p>" + "<br>" * 200, "plain"),
    ],
    ids=["needs HTML", "web version", "far poorer", "other words", "a link", "two answers",
         "the same", "long", "about HTML", "short", "empty"],
)  # fmt: skip
def test_a_plain_text_that_is_a_stub_or_far_poorer_gives_way(plain: str, page: str, shown: str) -> None:
    text = read(nest("alternative", leaf("text/plain", plain), leaf("text/html", page))).text
    assert (plain.strip() in text) is (shown != "html")
    assert text.startswith(FOX.split()[0] if shown != "plain" else plain.strip())
    assert (len(text) > len(plain) + 50) is (shown != "plain")


def test_every_rendering_loses_its_commands() -> None:
    page = "<p>Set-User: ede</p><p>words</p>"
    entity = nest("alternative", leaf("text/plain", "Set-User: ede\nwords"), leaf("text/x-amp-html", page),
                  leaf("text/html", page))  # fmt: skip
    mail = read(entity)
    assert [part.type for part in text_parts(mail)] == ["text/plain", "text/x-amp-html", "text/html"]
    assert b"Set-User" not in without_commands(mail)


# --- broken nests ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        (b"Content-Type: multipart/mixed\n\njust words", "just words\n"),
        (b"Content-Type: multipart/mixed; boundary=\n\njust words", "just words\n"),
        (b'Content-Type: multipart/mixed; boundary=""\n\n--\nContent-Type: text/plain\n\nwords\n----\n', ""),
        (nest("mixed", PLAIN).replace(b"boundary=x", b"boundary=wrong"), "plain\n"),
        (nest("mixed", PLAIN).replace(b"--x--\n", b""), "plain\n"),
        (nest("mixed", PLAIN).replace(b"--x\n", b"--x \t\n"), "plain\n"),
        (nest("mixed", nest("alternative", PLAIN, PAGE, boundary="xy"), leaf("text/plain", "more")), "plain\n\nmore\n"),
        (nest("mixed", nest("alternative", PLAIN, boundary="y").replace(b"--y--\n", b""), leaf("text/plain", "z")),
         "plain\n\nz\n"),
        (b"Content-Type: MULTIPART/Mixed; BOUNDARY = \"x\"\n\n--x\n\nwords\n--x--", "words\n"),
        (b"Content-Type: multipart/mixed, boundary=x\n\n--x\nContent-Type: text/plain,\n\nwords\n--x--", "words\n"),
        (b"Content-Type: text/plain\nContent-Type: text/html\n\n<b>", "<b>\n"),
        (b"Content-Type: html\n\n<b>x</b>", "x\n"),
        (b"Content-Type: ;;;\n\nwords", "words\n"),
        (b"Content-Type: nonsense\n\nwords", "words\n"),
        (b"Content-Type: multipart/mixed; boundary=x\n\nOnly the preamble\nspeaks.\n--x\n\n--x--\n",
         "Only the preamble\nspeaks.\n"),
        (b"Content-Type: multipart/mixed; boundary=x\n\nThis is MIME\n--x\n\nwords\n--x--\nepilogue", "words\n"),
    ],
    ids=["no boundary", "an empty one", "a quoted empty one", "a wrong one", "no end", "blanks behind it",
         "a longer one", "no inner end", "capitals", "commas", "two types", "half a type", "no type", "an odd type",
         "preamble only", "around the parts"],
)  # fmt: skip
def test_broken_nests_are_read(entity: bytes, text: str) -> None:
    mail = read(entity)
    if text:
        assert mail.text == text
    else:
        assert "words" in mail.text


def test_a_multipart_with_its_parents_boundary_keeps_its_parts_and_what_follows() -> None:
    twin = b"Content-Type: multipart/alternative; boundary=x\n\n--x\n" + PLAIN + b"\n--x\n" + PAGE + b"\n--x--\n"
    mail = read(b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" + twin + b"\n--x\n" + IMAGE + b"\n--x--\n")
    assert mail.text == "plain\n"
    assert [one.name for one in mail.attachments] == ["a.png"]
    tree = [(part.type.partition("/")[2], part.depth) for part in mail.parts]
    assert tree == [("mixed", 0), ("alternative", 1), ("plain", 2), ("html", 2), ("png", 1)]


def test_a_multipart_that_is_encoded_as_a_whole_is_read_and_known_to_be_sealed() -> None:
    inner = b"--y\n" + PLAIN + b"\n--y\n" + IMAGE + b"\n--y--\n"
    fields = b"Content-Type: multipart/mixed; boundary=y\nContent-Transfer-Encoding: base64\n\n"
    mail = read(fields + base64.encodebytes(inner))
    assert (mail.text, [one.data for one in mail.attachments], mail.sealed) == ("plain\n", [b"PNG"], True)


# --- transfer encodings ----------------------------------------------------------------------------------------------

CODED = base64.encodebytes("Schöne Grüße aus der Werkstatt, und vielen Dank für alles.\n".encode()).decode()
DECODED = "Schöne Grüße aus der Werkstatt, und vielen Dank für alles.\n"


@pytest.mark.parametrize(
    ("label", "encoding"),
    [("Base64", "base64"), ("base64 (garbage)", "base64"), ("\"base64\"", "base64"), ("base64; x=y", "base64"),
     ("Quoted_Printable", "quoted-printable"), ("quoted printable", "quoted-printable"), ("x-uue", "uuencode"),
     ("utf-8", "utf-8"), ("", ""), ("8BIT", "8bit"), ("x-yEnc", "yenc")],
)  # fmt: skip
def test_labels_of_encodings(label: str, encoding: str) -> None:
    assert encoding_of(label) == encoding


@pytest.mark.parametrize(
    ("encoding", "body", "text"),
    [
        ("base64", CODED, DECODED),
        ("base64", CODED.replace("\n", " \n"), DECODED),
        ("base64", CODED.rstrip("=\n"), DECODED),
        ("base64", CODED + "_______________\nThe list's footer: https://lists.example.org/\n",
         DECODED + "_______________\nThe list's footer: https://lists.example.org/\n"),
        ("base64", "SGVsbG8= ignored", "Hello\nignored\n"),
        ("base64", CODED[:30] + "!\n" + CODED[30:], DECODED),
        ("base64", "Dear support,\nthe printer is on fire.\n", "Dear support,\nthe printer is on fire.\n"),
        ("base64", "no marks at all but words\n", "no marks at all but words\n"),
        ("base64", "Grüße\n", "Grüße\n"),
        ("quoted-printable", "Grüße, 1+1=2 und =\nweiter =C3=A4\n", "Grüße, 1+1=2 und weiter ä\n"),
        ("utf-8", "Grüße\n", "Grüße\n"),
        ("nonsense", "words\n", "words\n"),
    ],
)  # fmt: skip
def test_text_comes_out_of_any_encoding(encoding: str, body: str, text: str) -> None:
    mail = read(leaf("text/plain; charset=utf-8", body, f"Content-Transfer-Encoding: {encoding}\n"))
    assert mail.text == text
    assert mail.attachments == ()


def test_what_stands_behind_a_files_base64_is_no_part_of_it() -> None:
    data = bytes(range(256)) * 3
    coded = base64.encodebytes(data)
    footer = b"_____\nlist footer, which is long and would be decoded into rubbish\n"
    assert transfer_decoded(coded + footer, "base64") == data
    assert transfer_decoded(b"\x89PNG\r\n\x1a\n\0\0 raw", "base64") == b"\x89PNG\r\n\x1a\n\0\0 raw"
    assert transfer_decoded(coded[:301], "base64") == data[:223]


@given(
    st.binary(max_size=200), st.sampled_from(["base64", "quoted-printable", "uuencode", "yenc", "odd"]), st.booleans()
)
@settings(deadline=None, max_examples=200)
def test_any_bytes_are_decoded(data: bytes, encoding: str, text: bool) -> None:
    transfer_decoded(data, encoding, text)
    transfer_decoded(b"begin 644 a\n" + data + b"\nend\n", encoding, text)
    left, files = take_out(b"begin 644 a\n" + data + b"\nend\n=ybegin name=x\n" + data + b"\n=yend\n" + data)
    assert len(left) + sum(len(one) for _, one in files) >= 0
    assert transfer_decoded(base64.encodebytes(data), "base64", text) == data


# --- S/MIME ----------------------------------------------------------------------------------------------------------

SIGNED = bytes.fromhex("2a864886f70d010702")
ENVELOPED = bytes.fromhex("2a864886f70d010703")
DATA = bytes.fromhex("2a864886f70d010701")
INNER = b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nSet-User: ede\r\nsigned words\r\n" \
        b"--i\r\nContent-Type: image/png; name=a.png\r\n\r\nPNG\r\n--i--\r\n"  # fmt: skip


def der(tag: int, *values: bytes) -> bytes:
    value = b"".join(values)
    size = len(value)
    if size < 128:
        return bytes([tag, size]) + value
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + value


def ber(tag: int, *values: bytes) -> bytes:
    """Return an element of indefinite length."""
    return bytes([tag, 0x80]) + b"".join(values) + b"\0\0"


def signed(content: bytes, build: object = der) -> bytes:
    """Return signed-data as one mailer or another writes it."""
    if build is ber:
        pieces = [der(0x04, content[at : at + 50]) for at in range(0, len(content), 50)]
        inner = ber(0x30, der(0x06, DATA), ber(0xA0, ber(0x24, *pieces)))
        return ber(0x30, der(0x06, SIGNED), ber(0xA0, ber(0x30, der(2, b"\1"), ber(0x31), inner, der(0x31))))
    inner = der(0x30, der(0x06, DATA), der(0xA0, der(0x04, content)))
    return der(0x30, der(0x06, SIGNED), der(0xA0, der(0x30, der(2, b"\1"), der(0x31), inner, der(0x31))))


def smime(envelope: bytes, kind: str = "application/pkcs7-mime; name=smime.p7m") -> bytes:
    return leaf(kind, base64.encodebytes(envelope).decode(), "Content-Transfer-Encoding: base64\n")


@pytest.mark.parametrize("build", [der, ber], ids=["DER", "BER"])
@pytest.mark.parametrize(
    "kind", ["application/pkcs7-mime; smime-type=signed-data; name=smime.p7m",
             "application/x-pkcs7-mime; name=smime.p7m", "application/octet-stream; name=smime.p7m"]
)  # fmt: skip
def test_what_is_in_an_opaque_signature_is_read_as_if_it_were_there(build: object, kind: str) -> None:
    envelope = signed(INNER, build)
    mail = read(smime(envelope, kind))
    assert mail.text == "Set-User: ede\nsigned words\n"
    assert [(one.name, one.data) for one in mail.attachments] == [("smime.p7m", envelope), ("a.png", b"PNG")]
    assert mail.notes == ("The message is signed (S/MIME) and was read from smime.p7m; the signature was not checked.",)
    assert mail.sealed
    assert opaque_content(mail) == INNER


def test_a_signature_within_a_signature_is_opened_too_and_is_no_file_of_its_own() -> None:
    mail = read(smime(signed(smime(signed(INNER)))))
    assert mail.text == "Set-User: ede\nsigned words\n"
    assert [one.name for one in mail.attachments] == ["smime.p7m", "a.png"]


def test_signatures_within_signatures_end_at_a_bound() -> None:
    entity = INNER
    for _ in range(12):
        entity = smime(signed(entity))
    mail = read(entity)
    assert mail.text == ""
    assert mail.attachments[0].name == "smime.p7m"


def test_a_list_around_an_opaque_mail_does_not_hide_it_but_it_is_no_opaque_mail() -> None:
    mail = read(nest("mixed", smime(signed(INNER)), leaf("text/plain", "list footer")))
    assert mail.text == "list footer\n\nSet-User: ede\nsigned words\n"
    assert opaque_content(mail) is None


@pytest.mark.parametrize(
    ("entity", "note"),
    [
        (smime(der(0x30, der(6, ENVELOPED), der(0xA0, b"x"))),
         "The message is encrypted (S/MIME): its text is in smime.p7m."),
        (smime(b"rubbish", "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m"),
         "The message is encrypted (S/MIME): its text is in smime.p7m."),
        (nest("encrypted", leaf("application/pgp-encrypted", "Version: 1"), leaf("application/octet-stream", "---")),
         "The message is encrypted (PGP/MIME): its text is in encrypted.asc."),
        (nest("mixed", nest("encrypted", leaf("application/pgp-encrypted", "Version: 1"),
                            leaf("application/octet-stream; name=msg.asc", "-----BEGIN"), boundary="y")),
         "A part of the message is encrypted (PGP/MIME): its text is in msg.asc."),
    ],
)  # fmt: skip
def test_an_encrypted_mail_has_no_text_and_a_note_says_why(entity: bytes, note: str) -> None:
    mail = read(entity)
    assert (mail.text, mail.notes, mail.sealed) == ("", (note,), False)
    assert opaque_content(mail) is None


@given(st.binary(max_size=120), st.integers(0, 200))
@settings(deadline=None, max_examples=200)
def test_any_bytes_are_no_envelope_and_none_raises(data: bytes, at: int) -> None:
    open_envelope(data)
    for whole in (signed(INNER), signed(INNER, ber)):
        kind, _ = open_envelope(whole[:at] + data + whole[at + 3 :])
        assert kind in ("signed", "encrypted", "compressed", "")
        open_envelope(whole[:at])


# --- notes -----------------------------------------------------------------------------------------------------------


EVENT = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VTIMEZONE
TZID:Europe/Brussels
BEGIN:STANDARD
DTSTART:19701025T030000
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
SUMMARY:Repair\\, second
  try [7]
DTSTART;TZID="Europe/Brussels":20261125T140000
DTEND;TZID=Europe/Brussels:20261125T150000
LOCATION:Hall 3\\nGate B
BEGIN:VALARM
DESCRIPTION:alarm
END:VALARM
END:VEVENT
END:VCALENDAR"""


@pytest.mark.parametrize(
    ("entity", "note"),
    [
        (leaf("text/calendar; method=REQUEST; name=invite.ics", EVENT),
         "Invitation: Repair, second try (7), 2026-11-25 14:00 Europe/Brussels to 2026-11-25 15:00 Europe/Brussels, "
         "Hall 3 Gate B (REQUEST, in invite.ics)."),
        (leaf("text/calendar", "BEGIN:VEVENT\nDTSTART:20261125\nSUMMARY:Fair\nEND:VEVENT"),
         "Calendar: Fair, 2026-11-25 (in attachment-1.ics)."),
        (leaf("text/calendar; method=CANCEL", "BEGIN:VEVENT\nDTSTART:20261125T080000Z\nEND:VEVENT"),
         "Cancelled: without a title, 2026-11-25 08:00 UTC (CANCEL, in attachment-1.ics)."),
        (leaf("text/vcard; name=ada.vcf", "BEGIN:VCARD\nFN:Ada Novak\nEMAIL;TYPE=work:ada@customer.example\nEND:VCARD"),
         "Card: Ada Novak, ada@customer.example (in ada.vcf)."),
        (leaf("message/partial; number=2; total=3; id=x", "words"),
         "This is piece 2 of 3 of a message that was sent in pieces."),
        (leaf("message/external-body; access-type=anon-ftp; site=ftp.example.com; directory=pub; name=a.ps", "x"),
         "A file is kept elsewhere and not in the message: a.ps, ftp.example.com/pub."),
        (leaf("text/plain", "-----BEGIN PGP SIGNED MESSAGE-----\n\nwords"),
         "The text is signed (PGP); the signature was not checked."),
        (leaf("text/plain", "-----BEGIN PGP MESSAGE-----\nabc"),
         "The text, or a part of it, is encrypted (PGP) and stands here as it came."),
        (nest('signed; protocol="application/pgp-signature"', PLAIN, leaf("application/pgp-signature", "sig")),
         "The message is signed (PGP/MIME); the signature was not checked."),
    ],
)  # fmt: skip
def test_notes(entity: bytes, note: str) -> None:
    assert read(entity).notes == (note,)


@given(st.text(max_size=600))
@settings(deadline=None, max_examples=100)
def test_a_note_is_one_line_without_brackets(text: str) -> None:
    made = sentence(text)
    assert len(made.splitlines()) <= 1
    assert not set(made) & set("[]\u202e")
    assert len(made) <= 300
    for one in read(leaf("text/calendar", f"BEGIN:VEVENT\nSUMMARY:{text}")).notes:
        assert len(one.splitlines()) == 1
        assert not set(one) & set("[]")


def test_there_are_no_more_notes_than_a_reader_reads() -> None:
    card = leaf("text/vcard", "FN:Ada {}")
    mail = read(nest("mixed", *(card.replace(b"{}", b"%d" % number) for number in range(100))))
    assert len(mail.notes) == 20


# --- bounds ----------------------------------------------------------------------------------------------------------


def test_beyond_the_bounds_all_is_one_attachment_as_it_is() -> None:
    mail = parse(HEAD + nest("mixed", *([leaf("image/png", "x")] * 1000)), max_parts=50)
    assert len(mail.parts) == 51
    assert mail.attachments[-1].data.count(b"image/png") == 951
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(10_000))
    assert max(part.depth for part in read(deep).parts) == MAX_DEPTH + 1


HOSTILE = {
    "100,000 parts": nest("mixed", *([b"\nab"] * 100_000)),
    "close delimiters": b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x--\n" * 300_000,
    "twins within twins": b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" * 10_000,
    "3 MB of a part's header": nest("mixed", b"X-A: " + b"a\n " * 1_000_000 + b"\n\nbody"),
    "beginnings of files": b"\n" + b"begin 644 a\n" * 300_000,
    "beginnings and one end": b"\n" + b"begin 644 a\n" * 300_000 + b"end\n",
    "files": b"\n" + b"begin 644 a\n#0V%T\n`\nend\n" * 50_000,
    "beginnings of yEnc": b"\n" + b"=ybegin name=a\n" * 300_000,
    "BinHex": b"\n" + b"(This file must be converted with BinHex 4.0)\n\n:" * 50_000,
    "noise in base64": b"Content-Transfer-Encoding: base64\n\n" + b"QUJD!\n" * 500_000,
    "blanks in base64": b"Content-Transfer-Encoding: base64\n\nA" + b" " * 2_000_000 + b"\n!",
    "enriched": b"Content-Type: text/enriched\n\n" + b"<param><" * 200_000,
    "a long event": leaf("text/calendar", "BEGIN:VEVENT\nSUMMARY:" + "\\n" * 500_000),
    "segments of segments": smime(signed(b"")[:24] + b"\x24\x80" * 500_000),
    "BER within BER": smime(bytes.fromhex("308006092a864886f70d010702a0803080") + b"\x30\x80" * 500_000),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_messages_are_read_to_the_end(name: str) -> None:
    mail = read(HOSTILE[name])
    text_parts(mail)
    assert len(mail.parts) <= 202
    assert len(mail.text) <= 2 * len(HOSTILE[name]) + 100


def test_a_page_of_which_only_the_beginning_is_shown_is_attached() -> None:
    page = b"<p>Beginning</p>" + b"<!-- x -->" * 200_000 + b"<p>End</p>"
    found = parse(b"Content-Type: text/html\n\n" + page)
    assert found.text == "Beginning\n\n[Only the beginning of this message is shown here: see the attachment.]\n"
    assert [(one.type, one.data) for one in found.attachments] == [("text/html", page)]


@pytest.mark.parametrize("plain", ["\u200b", "\u2060\xad", "&nbsp;", "--", "[image: image.png]", "[cid:image001.png]"])
def test_a_plain_text_that_says_nothing_gives_way(plain: str) -> None:
    raw = (
        f"Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n{plain}\n"
    )
    page = "--b\nContent-Type: text/html\n\n<p>please help</p>\n--b--\n"
    assert parse((raw + page).encode()).text == "please help\n"
