"""Signed mail through the relay and over the wire: real programs must still find the signature good.

The mail comes in with LF (as fetchmail hands it over) or CRLF, and leaves for servers that offer much or nothing.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from mailgate.compose import compose
from mailgate.downgrade import fitted
from mailgate.message import content, parse
from mailgate.model import Address, Relay
from mailgate.signed import NOTE
from mailgate.smtp import on_the_wire
from tests.builders import MAILBOX, NOW
from tests.real.machine import ENVIRON, need, program, workplace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OFFERS = pytest.mark.parametrize(
    "offered", [(), ("8bitmime",), ("8bitmime", "binarymime", "chunking")], ids=["nothing", "8bit", "binary"]
)
ENDS = pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
KINDS = pytest.mark.parametrize("kind", ["7bit", "8bit", "quoted-printable", "multipart"])
PLAIN = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {}\r\n\r\n"
ENTITIES = {
    "7bit": PLAIN.format("7bit").encode() + b"Hello Carla,\r\n\r\n.\r\nFrom here\r\nblanks  \r\n-- \r\nFabien\r\n",
    "8bit": PLAIN.format("8bit").encode() + "Grüße\r\n\r\n. Łukasz \r\n".encode(),
    "quoted-printable": PLAIN.format("quoted-printable").encode() + b"Gr=C3=BC=C3=9Fe=20=\r\n there\r\n",
    "multipart": (
        b'Content-Type: multipart/mixed; boundary="in"\r\n\r\nnobody sees this\r\n--in\r\n'
        + PLAIN.format("8bit").encode()
        + "Grüße\r\n--in\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBO\r\n".encode()
        + b"--in--\r\nnor this\r\n"
    ),
}


def leaves(source: bytes, offered: tuple[str, ...], cut: bool = False) -> bytes:
    """Return a copy as its recipient's server gets it."""
    copy = Relay(Address("carla@customer.org"), "partner", "copy", "r", "<m@x>", "[12] Printer", cut=cut)
    fit = fitted(compose(copy, parse(source), MAILBOX, NOW), "s@mycompany.com", "carla@customer.org", offered)
    if fit.chunked:
        return fit.message
    return (b"\r\n" + on_the_wire(fit.message)[:-3]).replace(b"\r\n.", b"\r\n")[2:]


def run(*words: str, given: bytes = b"", home: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    environ = ENVIRON | ({"GNUPGHOME": str(home)} if home else {})
    command = [program(words[0]), *words[1:]]
    return subprocess.run(command, input=given, capture_output=True, env=environ, timeout=60, check=False)


# --- S/MIME


@pytest.fixture(scope="module")
def certificate() -> Iterator[Path]:
    """Give a folder with a key and a certificate, made for this run."""
    need("openssl")
    with workplace() as folder:
        made = run(
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Fabien", "-days", "2",
            "-addext", "keyUsage=digitalSignature", "-addext", "extendedKeyUsage=emailProtection",
            "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"),
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        yield folder


def smime(entity: bytes, folder: Path, *more: str) -> bytes:
    """Sign a MIME entity; return a message."""
    pair = ("-signer", str(folder / "cert.pem"), "-inkey", str(folder / "key.pem"))
    head = ("-from", "fabien@mycompany.com", "-to", "support@mycompany.com", "-subject", "Re: [12] Printer")
    made = run("openssl", "smime", "-sign", *pair, *head, *more, given=entity)
    assert made.returncode == 0, made.stderr
    return made.stdout


def verified(message: bytes, folder: Path) -> bytes:
    """Return what a message's S/MIME signature covers. Raises AssertionError if it is not good."""
    found = run("openssl", "smime", "-verify", "-CAfile", str(folder / "cert.pem"), given=message)
    assert found.returncode == 0, found.stderr
    return found.stdout


def lines(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")


@OFFERS
@ENDS
@KINDS
def test_smime_stays_good(certificate: Path, kind: str, end: bytes, offered: tuple[str, ...]) -> None:
    source = lines(smime(ENTITIES[kind], certificate)).replace(b"\n", end)
    assert lines(verified(leaves(source, offered), certificate)) == lines(ENTITIES[kind])
    assert lines(verified(leaves(source, offered, cut=True), certificate)) == lines(ENTITIES[kind])


@OFFERS
@ENDS
def test_opaque_smime_stays_good(certificate: Path, end: bytes, offered: tuple[str, ...]) -> None:
    source = lines(smime(ENTITIES["8bit"], certificate, "-nodetach")).replace(b"\n", end)
    assert b"multipart/signed" not in source
    assert lines(verified(leaves(source, offered), certificate)) == lines(ENTITIES["8bit"])


@OFFERS
def test_within_a_list_with_its_footer_smime_stays_good(certificate: Path, offered: tuple[str, ...]) -> None:
    head, _, rest = smime(ENTITIES["8bit"], certificate).partition(b"Content-Type: multipart/signed")
    inner = b"Content-Type: multipart/signed" + rest.rstrip(b"\n")
    footer = "\n--list\nContent-Type: text/plain; charset=utf-8\n\nFußzeile\n--list--\n".encode()
    source = head + b"Content-Type: multipart/mixed; boundary=list\n\n--list\n" + inner + footer
    found = leaves(source, offered)
    part = next(part for part in parse(found).parts if part.type == "multipart/signed")
    assert lines(verified(found[part.start : part.end], certificate)) == lines(ENTITIES["8bit"])
    assert ("Fußzeile".encode() in found) is bool(offered)


def test_with_a_command_smime_is_gone_and_the_mail_says_so(certificate: Path) -> None:
    entity = ENTITIES["8bit"].replace(b"\r\n\r\n", b"\r\n\r\nSet-State: pending\r\n\r\n", 1)
    source = smime(entity, certificate)
    assert b"Set-State" in verified(leaves(source, ("8bitmime",)), certificate)
    found = parse(leaves(source, ("8bitmime",), cut=True))
    assert found.text == f"{NOTE}\n\nGrüße\n\n. Łukasz \n"
    assert [part.type for part in found.parts] == ["text/plain"]
    assert b"pkcs7" not in found.raw


# --- OpenPGP


@pytest.fixture(scope="module")
def keyring() -> Iterator[Path]:
    """Give a GnuPG home with a key of its own, made for this run; its agent ends with it."""
    need("gpg")
    with workplace() as folder:
        folder.chmod(0o700)
        batch = ("--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "")
        made = run("gpg", *batch, "--quick-generate-key", "fabien@mycompany.com", "ed25519", "sign", "1d", home=folder)
        assert made.returncode == 0, made.stderr
        yield folder
        run("gpgconf", "--kill", "all", home=folder)


def pgp(folder: Path, *how: str, given: bytes) -> bytes:
    made = run("gpg", "--batch", "--quiet", "--armor", *how, given=given, home=folder)
    assert made.returncode == 0, made.stderr
    return made.stdout


def is_good(folder: Path, signature: bytes, signed: bytes | None = None) -> bool:
    path = folder / "signature.asc"
    path.write_bytes(signature)
    more = ["-"] if signed is not None else []
    return run("gpg", "--batch", "--verify", str(path), *more, given=signed or b"", home=folder).returncode == 0


@OFFERS
@ENDS
@KINDS
def test_pgp_mime_stays_good(keyring: Path, kind: str, end: bytes, offered: tuple[str, ...]) -> None:
    entity = ENTITIES[kind].rstrip(b"\r\n")
    signature = pgp(keyring, "--detach-sign", given=entity)
    source = lines(
        b"From: fabien@mycompany.com\nMIME-Version: 1.0\nContent-Type: multipart/signed; boundary=s;\n"
        b' micalg=pgp-sha512; protocol="application/pgp-signature"\n\n--s\n' + entity + b"\n--s\n"
        b"Content-Type: application/pgp-signature\n\n" + signature + b"\n--s--\n"
    ).replace(b"\n", end)  # fmt: skip
    found = parse(leaves(source, offered))
    first, last = found.parts[1], found.parts[-1]
    assert is_good(keyring, content(found, last), found.raw[first.start : first.end])
    assert not is_good(keyring, content(found, last), found.raw[first.start : first.end] + b"x")


@OFFERS
@ENDS
def test_clear_signed_text_stays_good(keyring: Path, end: bytes, offered: tuple[str, ...]) -> None:
    text = "Grüße\n\n- a list\n.\nFrom here\n-- \nFabien\n" + "long " * 400 + "\n"
    signed = pgp(keyring, "--clear-sign", given=text.encode())
    source = (b"From: fabien@mycompany.com\n" + PLAIN.format("8bit").encode() + signed).replace(b"\r\n", b"\n")
    found = parse(leaves(source.replace(b"\n", end), offered))
    assert is_good(keyring, content(found, found.parts[0]))
    assert not is_good(keyring, content(found, found.parts[0]).replace(b"a list", b"a lust"))


def test_clear_signed_commands_leave_without_their_armor(keyring: Path) -> None:
    signed = pgp(keyring, "--clear-sign", given="Set-State: pending\n\nGrüße\n- a list\n".encode())
    source = b"From: fabien@mycompany.com\n" + PLAIN.format("8bit").encode() + signed
    assert parse(leaves(source, ("8bitmime",), cut=True)).text == f"{NOTE}\n\nGrüße\n- a list\n"
