"""Signed mail: untouched without commands; else cut, without its signature and with a line that says so."""

from __future__ import annotations

import base64
import quopri
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.anew import anew
from mailgate.armor import without_armor
from mailgate.compose import compose
from mailgate.message import parse, part_text
from mailgate.model import Address, Attachment, Relay
from mailgate.signed import NOTE, cut_out
from tests.builders import MAILBOX, NOW

if TYPE_CHECKING:
    from mailgate.model import Mail

FROM = b"From: Fabien <fabien@mycompany.com>\r\nSubject: Re: [12] Printer\r\n"
SIGNATURE = b"Content-Type: application/pgp-signature; name=signature.asc\r\n\r\nsignature\r\n"


def relayed(source: bytes, cut: bool = True) -> bytes:
    """Return the copy that leaves."""
    copy = Relay(Address("carla@customer.org"), "partner", "copy", "r", "<m@x>", "[12] Printer", cut=cut)
    return compose(copy, parse(source), MAILBOX, NOW)


def parted(message: bytes) -> tuple[bytes, bytes]:
    """Return the fields that describe the body, and the body."""
    header, _, body = message.partition(b"\r\n\r\n")
    return header[header.find(b"MIME-Version") :] if b"MIME-Version" in header else b"", body


def multipart(kind: str, *parts: bytes, boundary: str = "b") -> bytes:
    mark = f"--{boundary}".encode()
    inside = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts)
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
    return head + inside + mark + b"--\r\n"


def mail(entity: bytes) -> bytes:
    return FROM + b"MIME-Version: 1.0\r\n" + entity


def text(words: str, fields: str = "Content-Type: text/plain; charset=utf-8") -> bytes:
    return fields.replace("\n", "\r\n").encode() + b"\r\n\r\n" + words.replace("\n", "\r\n").encode()


PLAIN = text("Set-State: pending\nSet-Cost: 3\n\nHello Carla,\nGrüße\n")
LEFT = f"{NOTE}\r\n\r\nHello Carla,\r\nGrüße\r\n".encode()


# --- no command, no change


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize(
    "entity",
    [
        multipart("signed", text("Hello\nSet-State: open\n"), SIGNATURE),
        multipart("mixed", multipart("signed", text("Hello\n"), SIGNATURE, boundary="s"), text("list footer")),
        text(
            "-----BEGIN PGP SIGNED MESSAGE-----\n\nHello\n-----BEGIN PGP SIGNATURE-----\nx\n-----END PGP SIGNATURE-----"
        ),
        text("MIIB", "Content-Type: application/pkcs7-mime; smime-type=signed-data\nContent-Transfer-Encoding: base64"),
        multipart("encrypted", text("Version: 1", "Content-Type: application/pgp-encrypted"), text("-----BEGIN PGP")),
    ],
)
def test_without_commands_all_leaves_as_it_came(entity: bytes, cut: bool) -> None:
    assert relayed(mail(entity), cut).endswith(b"\r\nMIME-Version: 1.0\r\n" + entity)


def test_where_nothing_is_to_be_cut_signed_commands_stay() -> None:
    entity = multipart("signed", PLAIN, SIGNATURE)
    assert relayed(mail(entity), cut=False).endswith(b"\r\nMIME-Version: 1.0\r\n" + entity)


# --- multipart/signed


def test_the_signed_part_stands_in_the_place_of_the_whole() -> None:
    found = relayed(mail(multipart("signed", PLAIN, SIGNATURE)))
    assert parted(found) == (b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8", LEFT)


def test_within_other_parts_the_rest_stays() -> None:
    footer = text("a footer of the list")
    source = mail(multipart("mixed", multipart("signed", PLAIN, SIGNATURE, boundary="s"), footer))
    head = b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    assert relayed(source).endswith(b"MIME-Version: 1.0\r\n" + multipart("mixed", head + LEFT, footer))


def test_fields_of_the_signed_part_that_say_nothing_of_its_body_stay_inside() -> None:
    protected = b"Subject: what is protected\r\nFrom: other@example.com\r\nMessage-ID: <secret@x>\r\n" + PLAIN
    found = relayed(mail(multipart("signed", protected, SIGNATURE)))
    assert b"protected" not in found
    assert b"secret" not in found
    assert parted(found)[1] == LEFT


def test_a_signed_part_without_a_header() -> None:
    found = relayed(mail(multipart("signed", b"\r\nSet-State: pending\r\n\r\nHello\r\n", SIGNATURE)))
    assert found.endswith(b"MIME-Version: 1.0\r\n\r\n" + f"{NOTE}\r\n\r\nHello\r\n".encode())


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_the_line_stands_in_plain_text_and_in_html_in_their_own_encoding(encoding: str) -> None:
    write = base64.encodebytes if encoding == "base64" else quopri.encodestring
    fields = f"charset=iso-8859-1\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    plain = b"Content-Type: text/plain; " + fields + write("Set-State: pending\n\nGrüße\n".encode("latin-1"))
    page = "<html><head><title>x</title></head><BODY class=a><p>Set-State: pending</p><p>Grüße</p></BODY></html>\n"
    html = b"Content-Type: text/html; " + fields + write(page.encode("latin-1"))
    image = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBO"
    both = multipart("alternative", plain, html, boundary="a")
    signed = multipart("signed", multipart("mixed", both, image, boundary="m"), SIGNATURE)
    found = parse(relayed(mail(signed)))
    assert [part.type for part in found.parts] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "image/png",
    ]  # fmt: skip
    assert part_text(found, found.parts[2]) == f"{NOTE}\n\nGrüße\n"
    shown = part_text(found, found.parts[3])
    assert f"<BODY class=a><p>{NOTE}</p>" in shown
    assert "<p>Grüße</p>" in shown
    assert "Set-" not in shown
    assert b"pgp-signature" not in found.raw
    assert max(map(len, found.raw.split(b"\n"))) < 200
    assert image in found.raw


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le"])
def test_the_line_in_a_wide_charset(charset: str) -> None:
    data = base64.encodebytes("Set-State: pending\n\nGrüße\n".encode(charset))
    fields = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    source = mail(multipart("signed", fields.encode() + data, SIGNATURE))
    if parse(source).text.startswith("Set-"):  # what is not read as text has no commands either
        assert parse(relayed(source)).text == f"{NOTE}\n\nGrüße\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_are_those_of_the_text(end: str) -> None:
    source = mail(multipart("signed", PLAIN, SIGNATURE)).replace(b"\r\n", end.encode())
    assert parted(relayed(source))[1] == LEFT.replace(b"\r\n", end.encode())


def test_a_signature_that_covers_no_command_stays() -> None:
    forwarded = multipart("signed", text("Hello\n"), SIGNATURE, boundary="s")
    found = relayed(mail(multipart("mixed", text("Set-State: pending\n\nSee below.\n"), forwarded)))
    assert forwarded in found
    assert NOTE.encode() not in found
    assert found.endswith(multipart("mixed", text("See below.\n"), forwarded))


def test_two_signatures_around_each_other_are_both_taken_off() -> None:
    inner = multipart("signed", PLAIN, SIGNATURE, boundary="i")
    found = relayed(mail(multipart("signed", inner, SIGNATURE, boundary="o")))
    assert parted(found) == (b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8", LEFT)


# --- opaque signed-data


def der(tag: int, content: bytes) -> bytes:
    """Return one element of DER, of at most 65,535 bytes."""
    return bytes((tag, 0x82)) + len(content).to_bytes(2, "big") + content


def opaque(entity: bytes) -> bytes:
    """Return signed-data (RFC 5652 5.1) without signers that holds an entity."""
    data = der(0x30, bytes.fromhex("06092a864886f70d010701") + der(0xA0, der(0x04, entity)))
    signed = der(0x30, bytes.fromhex("020101") + der(0x31, b"") + data + der(0x31, b""))
    whole = der(0x30, bytes.fromhex("06092a864886f70d010702") + der(0xA0, signed))
    fields = "Content-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64"
    return text(base64.encodebytes(whole).decode(), fields)


def test_opaque_content_stands_in_the_place_of_the_whole() -> None:
    found = relayed(mail(opaque(PLAIN)))
    assert parted(found) == (b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8", LEFT)


def test_opaque_content_within_other_parts_and_other_signatures() -> None:
    footer = text("a footer of the list")
    whole = multipart("mixed", text("\nSet-State: pending\n\nHello\n", "Content-Type: text/plain"), boundary="m")
    inside = multipart("signed", opaque(whole), SIGNATURE, boundary="s")
    found = parse(relayed(mail(multipart("mixed", inside, footer))))
    assert [part.type for part in found.parts] == ["multipart/mixed", "multipart/mixed", "text/plain", "text/plain"]
    assert part_text(found, found.parts[2]) == f"{NOTE}\n\nHello\n"
    assert b"pkcs7" not in found.raw


def test_opaque_content_without_commands_stays_sealed() -> None:
    entity = opaque(text("Hello\nSet-State: open\n"))
    assert relayed(mail(entity)).endswith(b"MIME-Version: 1.0\r\n" + entity)


# --- clear-signed text

ARMORED = """-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

Set-State: pending

Hello Carla,
- --~
Fabien
- - a list
-----BEGIN PGP SIGNATURE-----
Version: 2

iQEzBAEBCAAdFiEE=
=abcd
-----END PGP SIGNATURE-----
""".replace("~", " ")
BARE = "Set-State: pending\n\nHello Carla,\n-- \nFabien\n- a list\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_armor_is_taken_off(end: str) -> None:
    assert without_armor(ARMORED.replace("\n", end)) == BARE.replace("\n", end)
    around = f"above\n\n{ARMORED}\nbelow\n{ARMORED}".replace("\n", end)
    assert without_armor(around) == f"above\n\n{BARE}\nbelow\n{BARE}".replace("\n", end)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Hello\n",
        ARMORED.replace("-----BEGIN PGP SIG", "-----BEGIN PGP PUBLIC KEY BLOCK"),
        ARMORED.replace("-----END", "-----FINI"),
        ARMORED.replace("\n-----BEGIN PGP SIGNATURE", "\n> -----BEGIN PGP SIGNATURE"),
        "".join(f"> {line}\n" for line in ARMORED.split("\n")),
        "".join(f"  {line}\n" for line in ARMORED.split("\n")),
    ],
)
def test_what_is_no_whole_block_is_text(words: str) -> None:
    assert without_armor(words) == words


def test_armor_without_its_empty_line_and_without_escapes() -> None:
    assert without_armor(ARMORED.replace("SHA512\n\n", "SHA512\n")) == BARE
    assert without_armor(ARMORED.replace("Hash: SHA512\n", "")) == BARE
    unescaped = "NotDashEscaped: You need GnuPG to verify this message"
    assert "- -- \n" in without_armor(ARMORED.replace("Hash: SHA512", unescaped))


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_clear_signed_commands_are_cut_out_with_the_armor(encoding: str) -> None:
    words = ARMORED.replace("Carla", "Jörg").encode("latin-1")
    written = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}
    code = written[encoding](words) if encoding in written else words
    fields = f"Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: {encoding}"
    found = parse(relayed(mail(text("", fields) + code)))
    assert (found.parts[0].encoding, found.parts[0].charset) == (encoding, "iso-8859-1")
    assert part_text(found, found.parts[0]) == f"{NOTE}\n\nHello Jörg,\n-- \nFabien\n- a list\n"


def test_clear_signed_text_within_other_parts() -> None:
    file = b"Content-Type: application/pdf\r\n\r\n%PDF\0"
    found = relayed(mail(multipart("mixed", text(ARMORED), file)))
    rest = text(f"{NOTE}\n\nHello Carla,\n-- \nFabien\n- a list\n")
    assert found.endswith(b"MIME-Version: 1.0\r\n" + multipart("mixed", rest, file))


# --- out of cutting's reach

FILES = (
    Attachment("a b.pdf", "application/pdf", b"%PDF" * 30, "1@x"),
    Attachment('Größe "1".txt', "text/plain", "ä\n".encode()),
    Attachment("mail.eml", "message/rfc822", b"Subject: x\r\n\r\n--=_anew--\r\n"),
    Attachment("odd", "a/b\r\nBcc: evil@example.com", b"\n", "x>\r\ny"),
)


def test_a_message_written_anew_has_its_text_and_its_files() -> None:
    words = "Grüße\n\n--=_anew--\n.\nFrom here  \n" + "long " * 300 + "\n"
    found = parse(anew(words, FILES))
    assert found.text == words
    assert [(one.name, one.data) for one in found.attachments] == [
        ("a b.pdf", FILES[0].data), ("Größe 1.txt", FILES[1].data), ("mail.eml", FILES[2].data), ("odd", b"\n"),
    ]  # fmt: skip
    assert [one.type for one in found.attachments] == [
        "application/pdf", "text/plain", "application/octet-stream", "application/octet-stream",
    ]  # fmt: skip
    assert [one.cid for one in found.attachments] == ["1@x", "", "", ""]
    assert max(map(len, found.raw.split(b"\r\n"))) <= 78
    assert b"Bcc" not in found.raw
    assert parse(anew(words, ())).text == words
    assert parse(anew(words, ())).attachments == ()


def test_where_commands_are_left_the_message_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(raw: bytes) -> Mail:
        found = parse(raw)
        within = found.parts[0].type == "application/ms-tnef"
        return found.but(text="Set-State: pending\n\nHello\n", attachments=FILES[:1]) if within else found

    monkeypatch.setattr("mailgate.signed.parse", read)
    source = mail(b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\n\x78\x9f")
    header, body = cut_out(read(source))
    found = parse(header + body)
    assert found.text == "Hello\n"
    assert [(one.name, one.data) for one in found.attachments] == [("a b.pdf", FILES[0].data)]


def test_beside_a_text_a_winmail_dat_that_was_unpacked_does_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    winmail = b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\n\x78\x9fSet-State: pending"
    source = mail(multipart("mixed", text("Set-State: pending\n\nHello\n"), winmail))
    assert winmail in relayed(source), "what is in it is not known"

    def read(raw: bytes) -> Mail:
        found = parse(raw)
        return found.but(attachments=FILES[:1]) if b"winmail" in raw else found

    monkeypatch.setattr("mailgate.signed.parse", read)
    found = parse(relayed(source))
    assert found.text == "Hello\n"
    assert [one.name for one in found.attachments] == ["a b.pdf"]
    assert b"Set-State" not in found.raw
    assert winmail in relayed(source, cut=False)


# --- whatever comes

LINES = st.sampled_from(
    ["-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----", "Hash: x",
     "", "Set-State: open", "- -x", "--s", "--b", "--s--", "--b--", "Content-Type: multipart/signed; boundary=s",
     "Content-Type: application/pkcs7-mime", "Content-Type: text/html", "Content-Transfer-Encoding: base64", "\0\xe4"]
)  # fmt: skip


@given(
    st.lists(LINES, max_size=30), st.sampled_from(["text/plain", "multipart/mixed", "multipart/signed", "text/html"])
)
@settings(max_examples=300, deadline=None)
def test_nothing_makes_it_raise(lines: list[str], kind: str) -> None:
    source = FROM + f"Content-Type: {kind}; boundary=b\r\n\r\n".encode() + "\n".join(lines).encode("latin-1")
    header, body = cut_out(parse(source))
    assert isinstance(header + body, bytes)
    assert "-----BEGIN PGP SIGNED" in (words := "\n".join(lines)) or without_armor(words) == words


def test_armor_takes_no_longer_than_its_size() -> None:
    block = ARMORED.partition("\n\nSet")[0] + "\n\nx\n-----BEGIN PGP SIGNATURE-----\n"
    for words in (block * 20_000, "-----END PGP SIGNATURE-----\n" * 50_000 + block * 20_000, ARMORED * 10_000):
        start = time.process_time()
        without_armor(words)
        whole = time.process_time() - start
        start = time.process_time()
        without_armor(words[: len(words) // 4])
        assert whole < 12 * (time.process_time() - start) + 0.5


# --- renderings that cutting does not know


ALTERNATIVE = "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b"
COMMANDED = "Set-State: pending\nSet-Relay: yes\n\nHello\n"


@pytest.mark.parametrize(
    "second",
    [
        "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nDESCRIPTION:Set-State: pending\\n\\nHello\nEND:VCALENDAR",
        "Content-Type: text/rtf\n\n{\\rtf1 Set-State: pending\\par Hello}",
        "Content-Type: text/x-other\n\nSet-State: pending\n\nHello",
        "Content-Type: text/html\n\n<p>Hello</p><p title=x>Set-State:\npending</p>",
    ],
)
def test_no_rendering_shows_a_command(second: str) -> None:
    source = f"{ALTERNATIVE}\n\n--b\n\n{COMMANDED}\n--b\n{second}\n--b--\n"
    found = relayed(mail(source.encode()))
    assert b"Set-" not in found
    assert "Hello\n" in parse(found).text


def test_a_command_that_is_spoken_of_below_stays() -> None:
    source = b"MIME-Version: 1.0\nContent-Type: text/plain\n\nSet-State: pending\n\nI wrote Set-State: pending above.\n"
    assert relayed(mail(source)).endswith(b"Content-Type: text/plain\r\n\r\nI wrote Set-State: pending above.\n")


def test_a_plain_rendering_below_a_banner_shows_no_command() -> None:
    plain = "Content-Type: text/plain\n\nCAUTION: external mail\n\nSet-State: pending\n\nHello"
    page = "Content-Type: text/html\n\n<div>Set-State: pending</div><p>Hello</p>"
    found = relayed(mail(f"{ALTERNATIVE}\n\n--b\n{plain}\n--b\n{page}\n--b--\n".encode()))
    assert b"Set-State" not in found
    assert parse(found).text == "Hello\n"
