"""Commands cut out of every part that shows them, with all other bytes as they came."""

from __future__ import annotations

import base64
import quopri
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.commands import is_command, read
from mailgate.cutting import without_commands
from mailgate.message import content, parse, part_text, text_parts
from mailgate.text import html_to_text

if TYPE_CHECKING:
    from mailgate.model import Mail

COMMANDS = "Set-State: pending\nSet-User : ede\n"
REST = "Hello Emmanuel,\n\nit breaks = again.\n"


def part(kind: str, data: bytes, encoding: str = "") -> bytes:
    transfer = f"Content-Transfer-Encoding: {encoding}\n" if encoding else ""
    return f"Content-Type: {kind}\n{transfer}\n".encode() + data


def left(source: bytes) -> bytes:
    """Return the body that leaves when the commands are cut out."""
    return without_commands(parse(source))


FROM = b"From: fabien@mycompany.com\nMIME-Version: 1.0\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (COMMANDS + REST, REST),
        ("\n\n" + COMMANDS + "\n\n" + REST, REST),
        (COMMANDS.replace("\n", "\r\n") + REST.replace("\n", "\r\n"), REST.replace("\n", "\r\n")),
        ("Set-State: pending\r\nSet-User: ede\n\r\n" + REST, REST),
        ("Set-Rely: no\n" + REST, REST),
        (COMMANDS, ""),
        ("Set-State: pending", ""),
        (REST, REST),
        (REST + COMMANDS, REST + COMMANDS),
        ("Set-State: pending\n\xa0\nGrüße\n", "Grüße\n"),
        ("\ufeffSet-State: pending\nHello\n", "Hello\n"),
        ("Set-State\xa0: pending\nHello\n", "Hello\n"),
        (COMMANDS.replace("\n", "\r") + REST.replace("\n", "\r"), REST.replace("\n", "\r")),
        ("Set-State: pending\n\x0c\nHello\n", "Hello\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["", "8bit", "binary"])
def test_plain_text(body: str, expected: str, encoding: str) -> None:
    assert left(FROM + part("text/plain; charset=utf-8", body.encode(), encoding)) == expected.encode()


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-8", "windows-1252"])
def test_charsets_and_their_bytes(charset: str) -> None:
    body = "Set-Subject: Grüße\nGrüße\n".encode(charset)
    assert left(FROM + part(f"text/plain; charset={charset}", body)) == "Grüße\n".encode(charset)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"Set-State: pending\nHello =3D x\n", b"Hello =3D x\n"),
        (b"Set-Subject: a very long title that =\ngoes on\nHello\n", b"Hello\n"),
        (b"Set-Subject: a very long title that =\r\ngoes on\r\nHello=\r\n you\r\n", b"Hello=\r\n you\r\n"),
        (b"Set-Subject: it costs =3D\nHello\n", b"Hello\n"),
        (b"=53et-State: pending\nHello\n", b"Hello\n"),
        (b"Set-State:=20pending=20\nHello\n", b"Hello\n"),
        (b"=EF=BB=BFSet-State: pending\n=C2=A0\nHello\n", b"Hello\n"),
    ],
)
def test_quoted_printable_stays_as_it_came_below(body: bytes, expected: bytes) -> None:
    assert left(FROM + part("text/plain; charset=utf-8", body, "quoted-printable")) == expected


@pytest.mark.parametrize(
    "body",
    [
        b"Set-State: pending=0AHello\n",
        b"Set-State: pending=0D=0A=\nHello=0D=0A=\nyou=0D=0A",
        b"Set-State: open=0d=0aHello",
    ],
)
def test_quoted_printable_with_encoded_line_ends_loses_no_text(body: bytes) -> None:
    found = quopri.decodestring(left(FROM + part("text/plain", body, "quoted-printable")))
    assert b"Set-State" not in found
    assert found.startswith(b"Hello")
    assert (b"you" in found) == (b"you" in body)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_base64(newline: str) -> None:
    whole, rest = (text.replace("\n", newline).encode() for text in (COMMANDS + REST * 9, REST * 9))
    encoded = base64.encodebytes(whole).replace(b"\n", newline.encode())
    found = left(FROM + part("text/plain; charset=utf-8", encoded, "base64"))
    assert base64.b64decode(found) == rest
    assert found == base64.encodebytes(rest).replace(b"\n", newline.encode())


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-32"])
def test_wide_charsets_in_base64_keep_their_text(charset: str) -> None:
    encoded = base64.encodebytes((COMMANDS + REST).encode(charset))
    message = FROM + part(f"text/plain; charset={charset}", encoded, "base64")
    if "Set-" in parse(message).text:  # what is not read as text has no commands either
        again = parse(FROM + part(f"text/plain; charset={charset}", left(message), "base64"))
        assert again.text == REST


def test_flowed_text_is_cut_by_its_paragraphs() -> None:
    body = b"Set-Subject: a title that is so long that it \nflows into the next line\nHello \nyou\n"
    kind = "text/plain; charset=utf-8; format=flowed"
    assert left(FROM + part(kind, body)) == b"Hello \nyou\n"
    encoded = b"Set-Subject: a title that is so long that it=20\nflows into the next line\nHello=20\nyou\n"
    assert left(FROM + part(kind, encoded, "quoted-printable")) == b"Hello=20\nyou\n"


CODINGS: dict[str, tuple[Any, Any]] = {
    "8bit": (bytes, bytes),
    "quoted-printable": (quopri.encodestring, quopri.decodestring),
    "base64": (base64.encodebytes, base64.b64decode),
}


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Set-State: pending</p><p>Hello</p>", "<p></p><p>Hello</p>"),
        ("<div>Set-State: pending<br>Set-User: ede<br>Hello</div>", "<div>Hello</div>"),
        ("<p>Set-State:&nbsp;pending</p>\r\n<p>H&euml;llo</p>", "<p></p>\r\n<p>H&euml;llo</p>"),
        ("<p>Hello</p><p>Set-State: pending</p>", "<p>Hello</p><p>Set-State: pending</p>"),
        ("<style>p {}</style><p><b>Set-</b>State: open</p><p>Grüße</p>", None),
    ],
)
@pytest.mark.parametrize("encoding", CODINGS)
def test_html(html: str, expected: str | None, encoding: str) -> None:
    data = html.encode()
    written, reads = CODINGS[encoding]
    found = left(FROM + part("text/html; charset=utf-8", written(data), encoding))
    text = reads(found).decode()
    if expected is not None:
        assert text == expected
    else:
        assert "Set-" not in text.replace("<b>", "").replace("</b>", "")
        assert "Grüße" in text
    assert "\u00c3" not in text


def alternative(*parts: bytes) -> bytes:
    return (
        FROM
        + b'Content-Type: multipart/alternative; boundary="b"\n\n'
        + b"".join(b"--b\n" + one + b"\n" for one in parts)
        + b"--b--\n"
    )


def test_every_rendering_is_cut_and_all_else_stays() -> None:
    plain = part("text/plain; charset=utf-8", b"Set-State: pending\nHello\n")
    html = part("text/html; charset=utf-8", b"<p>Set-State: pending</p><p>Hello</p>\n")
    expected = alternative(plain.replace(b"Set-State: pending\n", b""), html.replace(b"Set-State: pending", b""))
    source = alternative(plain, html)
    assert left(source) == expected.partition(b"\n\n")[2]


def test_in_a_mixed_mail_the_attachments_bytes_stay() -> None:
    inner = alternative(
        part("text/plain", b"Set-State: pending\nHello"), part("text/html", b"Set-State: pending<br>Hello")
    )
    head_, _, body = inner.partition(b"\n\n")
    kind = head_.split(b"\n")[-1]
    file = part("text/plain; name=notes.txt\nContent-Disposition: attachment", b"Set-State: close\nkept\n\x00\xff\r\n")
    source = (
        FROM
        + b"Content-Type: multipart/mixed; boundary=o\n\npre\n--o\n"
        + kind
        + b"\n\n"
        + body
        + b"--o\n"
        + file
        + b"\n--o--\nepi"
    )
    found = left(source)
    assert found.count(b"Set-State: pending") == 0
    assert file in found
    assert found.startswith(b"pre\n--o\n")
    assert found.endswith(b"--o--\nepi")
    assert found == source.partition(b"\n\n")[2].replace(b"Set-State: pending\n", b"").replace(
        b"Set-State: pending<br>", b""
    )


def cut_body(head: str, body: str) -> str:
    text = f"From: fabien@mycompany.com\nSubject: x\nMIME-Version: 1.0\n{head}\n\n{body}"
    return without_commands(parse(text.encode())).decode()


@pytest.mark.parametrize(
    "body",
    [
        "Set-State: pending\u2028Set-Priority: 2\u2028Hello",
        "*Set-State: pending*\n\nHello",
        "Set\u2011State: pending\n\nHello",
    ],
    ids=["line-separators", "bold", "typography"],
)
def test_a_cut_never_takes_the_words_below(body: str) -> None:
    assert cut_body("Content-Type: text/plain; charset=utf-8", body).strip() == "Hello"


# --- HTML ------------------------------------------------------------------------------------------------------------


def html_left(html: str, plain: str = "", charset: str = "utf-8") -> str:
    """Return the HTML that leaves, of a mail that has it alone or beside a plain text."""
    page = part(f"text/html; charset={charset}", html.encode(charset))
    if not plain:
        return left(FROM + page).decode(charset)
    source = alternative(part("text/plain; charset=utf-8", plain.encode()), page)
    whole = parse(source.partition(b"\n\n")[0] + b"\n\n" + left(source))
    return content(whole, next(one for one in whole.parts if one.type == "text/html")).decode(charset)


@pytest.mark.parametrize(
    ("html", "rest"),
    [
        ("<p>Hello</p>", "<p>Hello</p>"),
        ("", ""),
        ("Set-State: open", ""),
        ("<div>Set-State: open</div><div>Hello</div>", "<div></div><div>Hello</div>"),
        ("<div>Set-State:<b> open</b></div>Hello", "<div><b></b></div>Hello"),
        ("Set-State: open<br>Set-User: ede<br><br>Hello<br>Set-X: y", "<br>Hello<br>Set-X: y"),
        ("<p>Hello</p><p>Set-State: open</p>", "<p>Hello</p><p>Set-State: open</p>"),
        ("<style>x</style><p> </p><p>Set-&#83;tate: o<!-- c -->pen</p>é", "<style>x</style><p> </p><p><!-- c --></p>é"),
        ("<blockquote>Set-State: open</blockquote>a", "<blockquote>Set-State: open</blockquote>a"),
        ('<div style="display:none">Hello</div>Set-State: open', '<div style="display:none">Hello</div>'),
        ("<p hidden>Set-State: open</p>Hello", "<p hidden>Set-State: open</p>Hello"),
        ("<pre>Set-State: open\nHello</pre>", "<pre>Hello</pre>"),
        ("<pre>Set-State: open\r\nSet-User: x\r\nHello</pre>", "<pre>Hello</pre>"),
        ('Set-Cc: <a href="mailto:a@b.example">a@b.example</a><br>x', "x"),
        ("<p class=MsoNormal>Set-State: open<o:p></o:p></p><p class=MsoNormal>Set-User: ede<o:p></o:p></p><p>Hi</p>",
         "<p class=MsoNormal><o:p></o:p></p><p class=MsoNormal><o:p></o:p></p><p>Hi</p>"),
        ("<div dir=ltr>Set-State: open<div>Set-User: ede</div><div><br></div><div>Hi</div></div>",
         "<div dir=ltr><div></div><div><br></div><div>Hi</div></div>"),
        ("<p style='white-space: pre'>Set-State:\xa0open\nHi</p>", "<p style='white-space: pre'>Hi</p>"),
        ("<table><tr><td>Set-State: open</td></tr><tr><td>Hi</td></tr></table>",
         "<table><tr><td></td></tr><tr><td>Hi</td></tr></table>"),
        ("Set-Cc: +a@b.org,<br>+c@d.org<br>Hi", "Hi"),
        ("<p>Hi</p>Set-State: open<br>", "<p>Hi</p>Set-State: open<br>"),
    ],
)  # fmt: skip
def test_html_is_cut_line_by_line(html: str, rest: str) -> None:
    assert html_left(html) == rest


def test_a_banner_above_the_commands_of_one_rendering_stays() -> None:
    html = "<div>CAUTION: external</div><p>Set-State: pending</p><p>Set-User: ede</p><p>Hello</p><p>Set-Cost: 1</p>"
    found = html_left(html, "Set-State: pending\nSet-User: ede\n\nHello\n")
    assert found == "<div>CAUTION: external</div><p></p><p></p><p>Hello</p><p>Set-Cost: 1</p>"


def test_commands_that_only_one_rendering_has_leave_it_and_the_other_stays() -> None:
    assert html_left("<p>Hello</p>", "Set-State: pending\nHello\n") == "<p>Hello</p>"
    assert html_left("<p>Set-State: pending</p><p>Hello</p>", "Hello\n") == "<p></p><p>Hello</p>"


def test_what_cannot_be_cut_line_by_line_becomes_the_text() -> None:
    html = "<p>Set-State: pending</p><p>Hello</p><p>Set-User: ede</p>"
    found = html_left(html, "Set-State: pending\nSet-User: ede\n\nHello & <bye>\n")
    assert "Set-" not in found
    assert "Hello &amp; &lt;bye&gt;" in found
    assert html_to_text(found) == "Hello & <bye>\n"


def test_a_line_rendered_otherwise_is_the_same_command() -> None:
    html = '<p>External</p><p>Set-Partner:&nbsp;<a href="mailto:a@b.org">a@b.org</a></p><p>Hello</p>'
    assert html_left(html, "Set-Partner: a@b.org\nHello\n") == "<p>External</p><p></p><p>Hello</p>"


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252", "utf-16", "utf-16-le"])
def test_html_of_any_charset_keeps_its_bytes(charset: str) -> None:
    html = "<p>Set-State\xa0: open</p><p>Grüße</p>"
    assert html_left(html, charset=charset) in ("<p></p><p>Grüße</p>", "\ufeff<p></p><p>Grüße</p>")


def test_a_wrong_charset_is_seen_through() -> None:
    found = left(FROM + part("text/html; charset=iso-8859-1", "<p>Set-State\uff1aopen</p><p>Grüße</p>".encode()))
    assert found == "<p></p><p>Grüße</p>".encode()
    found = left(FROM + part("text/html; charset=gb2312", "<p>Set-State\uff1aopen</p><p>打印機</p>".encode("gb18030")))
    assert found == "<p></p><p>打印機</p>".encode("gb18030")
    found = left(FROM + part("text/html; charset=utf-8", b"<p>Set-State: open</p><p>\xff\xfe</p>"))
    assert found == b"<p></p><p>\xff\xfe</p>"


@pytest.mark.parametrize(
    "charset", ["unicode_escape", "base64", "undefined", "x-unknown", "utf-7", "iso-2022-jp", "idna", "punycode", "hz"]
)
@pytest.mark.parametrize("encoding", ["8bit", "base64"])
def test_no_charset_label_breaks_what_is_left(charset: str, encoding: str) -> None:
    text = "Set-State: pending\u2028Hello\n\nyou\n" if charset == "x-unknown" else "Set-State: pending\nHello\n\nyou\n"
    for kind, body in (("plain", text), ("html", text.replace("\n", "<br>\n").replace("\u2028", "<br>"))):
        data = base64.encodebytes(body.encode()) if encoding == "base64" else body.encode()
        found = left(FROM + part(f"text/{kind}; charset={charset}", data, encoding))
        rest = base64.b64decode(found) if encoding == "base64" else found
        assert (
            rest.decode().split() == body.replace("Set-State: pending", "").replace("<br>", "", kind == "html").split()
        )


# --- the bytes as they are transferred -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<p title=3D'x'>Set-State: pending</p>\n<p>Gr=C3=BC=C3=9Fe =3D</p>=20\n",
         b"<p title=3D'x'></p>\n<p>Gr=C3=BC=C3=9Fe =3D</p>=20\n"),
        (b"<p>Set-State:=\n pending</p><p>Hello</p>\n", b"<p>=\n</p><p>Hello</p>\n"),
        (b"<p>Set-State=C2=\r\n=A0: pending</p>\r\n<p>Hel=\r\nlo</p>\r\n", b"<p>=\r\n</p>\r\n<p>Hel=\r\nlo</p>\r\n"),
        (b"=\n<p>Set-State: pending</p>=\n=\n<p>Hello</p>=", b"=\n<p></p>=\n=\n<p>Hello</p>="),
        (b"<p>Set=2DState: pending</p>=0D=0A<p>x =zz == =3D</p>", b"<p></p>=0D=0A<p>x =zz == =3D</p>"),
        (b"<p>=53=65t-State: pending=\n</p>", b"<p>=\n</p>"),
    ],
)  # fmt: skip
def test_quoted_printable_html_is_cut_where_the_command_stands(body: bytes, expected: bytes) -> None:
    assert left(FROM + part("text/html; charset=utf-8", body, "quoted-printable")) == expected


def test_quoted_printable_text_with_encoded_line_ends_stays_as_it_came() -> None:
    body = b"Set-State: pending=0D=0A=\nHel=6Co=0D=0A=\nyou=0D=0A"
    assert left(FROM + part("text/plain", body, "quoted-printable")) == b"=\nHel=6Co=0D=0A=\nyou=0D=0A"


@pytest.mark.parametrize(("length", "newline"), [(76, b"\n"), (64, b"\r\n"), (60, b"\n"), (72, b"\r\n")])
def test_base64_html_keeps_the_lines_above_the_cut(length: int, newline: bytes) -> None:
    page = b"<style>" + b"p {color: red}" * 40 + b"</style><p>Set-State: pending</p><p>Hello</p>" + b"<p>more</p>" * 40
    text = base64.b64encode(page)
    body = newline.join(text[at : at + length] for at in range(0, len(text), length)) + newline
    found = left(FROM + part("text/html; charset=utf-8", body, "base64"))
    assert base64.b64decode(found) == page.replace(b"Set-State: pending", b"")
    above = page.index(b"Set-") // 3 * 4 // length * (length + len(newline))
    assert above > 500
    assert found[:above] == body[:above]
    assert {len(line) for line in found.split(newline)[:-2]} == {length}
    assert found.endswith(newline)


def test_base64_in_odd_lines_is_encoded_anew() -> None:
    text = base64.b64encode(b"<p>Set-State: pending</p><p>Hello</p>")
    found = left(FROM + part("text/html", b"\n" + text[:7] + b"\n" + text[7:], "base64"))
    assert base64.b64decode(found) == b"<p></p><p>Hello</p>"


# --- which parts -----------------------------------------------------------------------------------------------------


def test_other_renderings_are_cut_too() -> None:
    plain = part("text/plain", b"Set-State: pending\nHello\n")
    others = [
        part("text/markdown", b"**Set-State: pending**\n\nHello\n"),
        part("text/enriched", b"<bold>Set-State: pending</bold>\n\nHello\n"),
        part("text/watch-html", b"<b>Set-State: pending</b><br>Hello"),
        part("text/x-amp-html", b"<!doctype html><p>Set-State: pending</p>Hello"),
    ]
    found = left(alternative(plain, *others))
    assert b"Set-State" not in found
    assert found.count(b"Hello") == 5
    calendar = part("text/calendar", b"Set-State: pending\n")
    assert calendar in left(alternative(plain, calendar))


def test_a_second_text_is_cut_only_of_what_was_carried_out() -> None:
    def mixed(*parts: bytes) -> bytes:
        return alternative(*parts).replace(b"multipart/alternative", b"multipart/mixed")

    first = part("text/plain", b"Set-State: pending\nHello\n")
    footer = part("text/plain", b"Set-Top: boxes are our trade\nList footer\n")
    assert footer in left(mixed(first, footer))
    again = part("text/html", b"<p>Set-State: pending</p><p>Hello</p>")
    assert b"<p></p><p>Hello</p>" in left(mixed(first, again))


def test_a_text_below_a_file_begins_no_message() -> None:
    inner = alternative(part("text/plain", b"Set-Top: boxes\n"), part("text/html", b"<p>Set-Top: boxes</p>"))
    kind, _, rest = inner.removeprefix(FROM).partition(b"\n\n")
    source = FROM + b"Content-Type: multipart/mixed; boundary=o\n\n--o\n" + part("text/plain", b"Set-State: open\nHi\n")
    source += b"\n--o\n" + kind + b"\n\n" + rest + b"--o--\n"
    assert left(source) == source.partition(b"\n\n")[2].replace(b"Set-State: open\n", b"")


# --- whatever the mail -----------------------------------------------------------------------------------------------

LINES = [
    "Hello",
    "Grüße = ok",
    "a < b & c",
    "",
    "  two  blanks",
    "Set up: the printer",
    "x" * 90,
    "-- ",
    "> old",
    "é" * 40,
]
ORDERS = ["Set-State: pending", "set-user :  ede", "Set-Subject: Grüße = a title " + "so long " * 9,
          "Set-Rely: no", "Set-Cc: +a@b.org, -c@d.org", "Set-Partner: a@b.org", "Set\u2011Priority\uff1a 2",
          "*Set-Relay: no*"]  # fmt: skip


def as_html(style: str, lines: list[str]) -> str:
    """Write lines as some mail client does."""
    import html

    safe = [re.sub(r"\S+@[\w.]+", r'<a href="mailto:\g<0>">\g<0></a>', html.escape(line)) for line in lines]
    if style == "outlook":
        paragraphs = "".join(f"<p class=MsoNormal>{line or '&nbsp;'}<o:p></o:p></p>\r\n" for line in safe)
        return f"<html><head><style><!-- p.MsoNormal {{margin:0}} --></style></head><body>{paragraphs}</body></html>"
    if style == "thunderbird":
        return "<html><head></head><body><p>" + "<br>\n      ".join(safe) + "</p></body></html>"
    if style == "gmail":
        return '<div dir="ltr">' + safe[0] + "".join(f"<div>{line or '<br>'}</div>" for line in safe[1:]) + "</div>"
    return '<pre style="white-space: pre-wrap">' + "\n".join(safe) + "</pre>"


def coded(text: str, encoding: str, charset: str, newline: str) -> bytes:
    data = text.replace("\r\n", "\n").replace("\n", newline).encode(charset, "xmlcharrefreplace")
    if encoding == "base64":
        return base64.encodebytes(data).replace(b"\n", newline.encode())
    if encoding == "quoted-printable":
        return quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", newline.encode())
    return data


def seen(mail: Mail) -> list[list[str]]:
    """Return the words of each visible line of each text part."""
    texts = [(part_text(mail, one), one.type) for one in text_parts(mail)]
    read_ = [html_to_text(text) if kind == "text/html" else text for text, kind in texts]
    return [[" ".join(line.split()) for line in text.split("\n") if line.strip()] for text in read_]


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(ORDERS), min_size=1, max_size=4),
    st.lists(st.sampled_from(LINES), max_size=6).filter(lambda lines: any(line.strip() for line in lines)),
    st.sampled_from(["outlook", "thunderbird", "gmail", "pre"]),
    st.sampled_from(["", "8bit", "quoted-printable", "base64"]),
    st.sampled_from(["utf-8", "iso-8859-1"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["both", "html", "plain"]),
)
def test_no_command_is_left_and_every_other_line_is(
    orders: list[str], lines: list[str], style: str, encoding: str, charset: str, newline: str, which: str
) -> None:
    kind = charset if which == "html" else "utf-8"
    plain = coded("\n".join([*orders, "", *lines]) + "\n", encoding, "utf-8", newline)
    page = coded(as_html(style, [*orders, "", *lines]), encoding, kind, newline)
    renderings = [part("text/plain; charset=utf-8", plain, encoding)] if which != "html" else []
    renderings += [part(f"text/html; charset={kind}", page, encoding)] if which != "plain" else []
    file = part("application/pdf; name=x.pdf", b"%PDF\n\x00\xffSet-State: open\r\n\n", "8bit")
    inner = alternative(*renderings).partition(b"\n\n")[2]
    source = FROM + b"Content-Type: multipart/mixed; boundary=o\n\npre\n--o\nContent-Type: multipart/alternative; "
    source += b"boundary=b\n\n" + inner + b"\n--o\n" + file + b"\n--o--\nSet-State: end\n"
    before = parse(source)
    after = parse(before.raw[: before.body] + without_commands(before))
    assert read(after.text)[:2] == ((), ())
    assert not any(is_command(line) for lines_ in seen(after) for line in lines_ if line not in lines)
    assert seen(after) == [one[len(orders) :] for one in seen(before)]
    assert [(one.type, one.encoding, one.depth) for one in after.parts] == [
        (one.type, one.encoding, one.depth) for one in before.parts
    ]
    assert [one.data for one in after.attachments] == [one.data for one in before.attachments]
    assert after.raw[after.body :].endswith(file + b"\n--o--\nSet-State: end\n")
    assert after.raw[after.body :].startswith(b"pre\n--o\n")


NOISE = st.text(alphabet=st.sampled_from("=20AD3dZ \r\n<p>:x"), max_size=60)


@settings(max_examples=200)
@given(NOISE)
def test_any_quoted_printable_is_cut_without_loss(noise: str) -> None:
    for kind, top in (("text/plain", "Set-State: open\n"), ("text/html", "<p>Set-State: open</p>")):
        before = parse(FROM + part(kind, f"{top}<p>Hello</p>{noise}".encode(), "quoted-printable"))
        after = parse(before.raw[: before.body] + without_commands(before))
        whole, rest = (content(mail, mail.parts[0]) for mail in (before, after))
        assert rest.replace(b"<p></p>", b"").split() == whole[len(top) :].split()
