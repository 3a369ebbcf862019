"""Text: charsets as they are labelled, HTML as it is seen, replies taken apart without losing a word."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.header import decode_words, parameters
from mailgate.message import parse
from mailgate.model import Cut
from mailgate.text import clean, cut, decode_text, paragraphs, unflow

MAILS = Path(__file__).parent / "mails"


# --- charsets --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("grün".encode(), "utf-8", "grün"),
        ("grün".encode(), "us-ascii", "grün"),
        ("grün".encode(), "iso-8859-1", "grün"),
        ("grün".encode("latin-1"), "utf-8", "grün"),
        ("grün".encode("latin-1"), "", "grün"),
        (b"\x93so\x94 \x80", "iso-8859-1", "“so” €"),
        ("打印機".encode("gbk"), "gb2312", "打印機"),
        ("印刷①".encode("cp932"), "shift_jis", "印刷①"),
        ("인쇄 똠".encode("cp949"), "ks_c_5601-1987", "인쇄 똠"),
        ("印刷".encode("iso2022_jp"), "ISO-2022-JP", "印刷"),
        ("Привет".encode("koi8-r"), "KOI8-R", "Привет"),
        ("Привет".encode(), "koi8-r-x", "Привет"),
        ("ağ".encode("cp1254"), "iso-8859-9", "ağ"),
        ("ünï".encode("utf-7"), "unicode-1-1-utf-7", "ünï"),
        ("ünï".encode("utf-16"), "", "ünï"),
        (b"\xef\xbb\xbfa", "iso-8859-1", "a"),
        ("grün".encode() + b" cut \xc3", "utf-8", "grün cut \ufffd"),
        (b"abc", "base64", "abc"),
        (b"abc", "x" * 1000, "abc"),
        (b"abc", "utf\x00-8", "abc"),
        (b"a.b", "idna", "a.b"),
        (b"abc", '"utf-8"', "abc"),
        ("ä".encode("cp850"), "cp-850", "ä"),
        (b"", "utf-8", ""),
    ],
)
def test_decode_text(data: bytes, charset: str, text: str) -> None:
    assert decode_text(data, charset) == text


@given(st.binary(), st.text(max_size=12))
def test_decode_text_never_raises(data: bytes, charset: str) -> None:
    clean(decode_text(data, charset)).encode()


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("tab\tstays", "tab\tstays"),
        ("a\x00\x01\x08\x1b\x7f\x80\x9fb", "ab"),
        ("a\x0bb\x0cc\x85d\u2028e\u2029f", "a\nb\nc\nd\ne\nf"),
        ("a\ud800b\udfffc", "abc"),
        ("a\ufffe\uffff\ufeffb", "ab"),
        ("été 印刷 😀", "été 印刷 😀"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?a_b?=", "a b"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?= and =?utf-8?q?b?=", "a and b"),
        ("=?utf-8?q?a=C3?= =?utf-8?q?=A4b?=", "aäb"),
        ("=?utf-8?b?w6Q?=", "ä"),
        ("=?iso-8859-1?q?=E4?= =?utf-8?q?=C3=A4?=", "ää"),
        ("=?utf-8*de?q?a?=", "a"),
        ("(=?utf-8?q?a?=)", "(a)"),
        ("=?utf-8?q?what?=?=", "what?="),
        ("=?utf-8?q?not ended", "not ended"),
        ("=?utf-8?q?a b?=", "a b"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?utf-8?q?=0D=0Ax?=", "x"),
        ("a =?=? b", "a =?=? b"),
    ],
)
def test_decode_words(value: str, text: str) -> None:
    assert decode_words(value).strip() == text


@pytest.mark.parametrize(
    ("value", "main", "found"),
    [
        ("text/plain", "text/plain", {}),
        ("Text/HTML; Charset=UTF-8", "text/html", {"charset": "UTF-8"}),
        ('a/b; name="x;y.pdf"', "a/b", {"name": "x;y.pdf"}),
        ('a/b; name="x \\"y\\".pdf"', "a/b", {"name": 'x "y".pdf'}),
        ("a/b; name=two words.pdf; x=1", "a/b", {"name": "two words.pdf", "x": "1"}),
        ('a/b; name="never closed', "a/b", {"name": "never closed"}),
        ("a/b; name*=utf-8''%C3%A4%20b", "a/b", {"name": "ä b"}),
        ("a/b; name*1*=%C3; name*0*=utf-8''%C3%A4; name*2*=%A4", "a/b", {"name": "ää"}),
        ("a/b; name=\"plain\"; name*=utf-8''b%C3%A4sser", "a/b", {"name": "bässer"}),
        ("a/b; name==?utf-8?q?=C3=A4?=", "a/b", {"name": "ä"}),
        ("text/html charset=utf-8", "text/html", {"charset": "utf-8"}),
        ("a/b;;;", "a/b", {}),
    ],
)
def test_parameters(value: str, main: str, found: dict[str, str]) -> None:
    assert parameters(value) == (main, found)


# --- flowed text -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "delsp", "joined"),
    [
        ("one \ntwo\nthree", False, "one two\nthree"),
        ("one \ntwo", True, "onetwo"),
        ("> a \n> b\n>> c \n>> d\ne", False, "> a b\n>> c d\ne"),
        ("> a \nb", False, "> a \nb"),
        (" From\n >x", False, "From\n >x"),
        ("end \n-- \nAda", False, "end \n-- \nAda"),
        ("", False, ""),
        ("> one \n> -- \n> Ada", False, "> one \n> -- \n> Ada"),
        ("a \n\nb", False, "a \n\nb"),
        (">>a \n>> b\n> c", False, ">> a b\n> c"),
        (" > no quote, but stuffed", False, " > no quote, but stuffed"),
        ("  two blanks \n stuffed", False, " two blanks stuffed"),
        ("a  \nb", True, "a b"),
        ("Set-State: open \nSet-User: ede \nHello", False, "Set-State: open \nSet-User: ede Hello"),
        ("on top of a \nset-top box", False, "on top of a \nset-top box"),
    ],
)
def test_unflow(text: str, delsp: bool, joined: str) -> None:
    assert unflow(text, delsp) == joined


@given(st.lists(st.sampled_from(["a ", "b", " c ", ">d ", "> e", "-- ", "Set-X: y ", " ", ">", ">> "])), st.booleans())
def test_every_line_of_a_flowed_text_belongs_to_one_paragraph(lines: list[str], delsp: bool) -> None:
    found = paragraphs("\n".join(lines), delsp)
    assert sum(count for _, count in found) == max(1, len(lines))
    assert "\n".join(paragraph for paragraph, _ in found) == unflow("\n".join(lines), delsp)


# --- quotes and signatures -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "new", "signature"),
    [
        ("reply_thunderbird", "It works now, thank you.", "-- \nAda Novak\nCustomer Ltd"),
        ("reply_gmail", "It works now.", ""),
        ("reply_outlook", "Danke, es geht wieder.\n\nAda", ""),
        ("reply_outlook_plain", "It works.\n\nAda", ""),
        ("reply_lotus", "Es geht wieder.", ""),
        ("reply_bottom", "Oui, tout va bien.", ""),
        ("reply_iphone", "Works.", "Sent from my iPhone"),
        ("plain", "Hello,\n\nour printer prints blank pages since this morning.\n\nRegards\nAda Novak", ""),
    ],
)
def test_replies_of_known_programs(name: str, new: str, signature: str) -> None:
    apart = cut(parse((MAILS / f"{name}.eml").read_bytes()).text)
    assert (apart.new, apart.signature) == (new, signature)
    assert bool(apart.quote) == (name != "plain")


def test_interleaved_answers_keep_their_questions() -> None:
    apart = cut(parse((MAILS / "reply_interleaved.eml").read_bytes()).text)
    assert "> Is it switched on?\nYes.\n> Is there paper?\nNo, there is none." in apart.new
    assert apart.quote == "On 06.10.2008 12:30, Fabien via Support wrote:\n> Regards\n> Fabien"


ATTRIBUTIONS = [
    "On Mon, 6 Oct 2008 at 12:30, Support <s@mycompany.com> wrote:",
    "Le lun. 6 oct. 2008 à 12:30, Support <s@mycompany.com> a écrit :",
    "Am 06.10.2008 um 12:30 schrieb Support:",
    "El lun, 6 oct 2008 a las 12:30, Support (<s@mycompany.com>) escribió:",
    "Il giorno lun 6 ott 2008 alle ore 12:30 Support <s@mycompany.com> ha scritto:",
    "Op ma 6 okt. 2008 om 12:30 schreef Support <s@mycompany.com>:",
    "Em seg., 6 de out. de 2008 às 12:30, Support <s@mycompany.com> escreveu:",
    "Den mån 6 okt. 2008 kl 12:30 skrev Support <s@mycompany.com>:",
    "W dniu 2008-10-06 12:30, Support napisał(a):",
    "пн, 6 окт. 2008 г. в 12:30, Support <s@mycompany.com>:",
    "6 октября 2008 г., 12:30 пользователь Support написал:",
    "2008-10-06 12:30 GMT+02:00 Support <s@mycompany.com>:",
    "On Mon, 6 Oct 2008 at 12:30, Support\n<s@mycompany.com> wrote:",
    "Support <s@mycompany.com> wrote on 10/06/2008 12:30:14 PM:",
    "Support wrote:",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_attributions_go_with_their_quote(attribution: str) -> None:
    apart = cut(f"My answer.\n\n{attribution}\n\n> Your question.\n> Really.\n")
    assert apart == Cut("My answer.", f"{attribution}\n\n> Your question.\n> Really.")


@pytest.mark.parametrize("attribution", [ATTRIBUTIONS[0], ATTRIBUTIONS[1], ATTRIBUTIONS[4], ATTRIBUTIONS[12]])
def test_a_quote_without_marks_is_known_by_a_full_attribution(attribution: str) -> None:
    assert cut(f"My answer.\n\n{attribution}\n\nYour question.\n").new == "My answer."


BLOCKS = [
    "From: Support <s@mycompany.com>\nSent: Monday, October 6, 2008 12:30\nTo: Ada\nSubject: x",
    "*From:* Support\n*Date:* Monday\n*To:* Ada",
    "Von: Support\nGesendet: Montag\nAn: Ada\nBetreff: x",
    "De : Support\nEnvoyé : lundi\nÀ : Ada\nObjet : x",
    "De: Support\nEnviado el: lunes\nPara: Ada\nAsunto: x",
    "Da: Support\nInviato: lunedì\nA: Ada\nOggetto: x",
    "Van: Support\nVerzonden: maandag\nAan: Ada\nOnderwerp: x",
    "发件人: Support\n发送时间: 2008\n收件人: Ada\n主题: x",
    "-----Original Message-----\nFrom: Support",
    "-----Ursprüngliche Nachricht-----\nVon: Support",
    "________________________________\nFrom: Support\nSent: Monday\nTo: Ada\nSubject: x",
]


@pytest.mark.parametrize("block", BLOCKS)
def test_header_blocks_begin_the_quote(block: str) -> None:
    text = f"My answer.\n\n{block}\n\nYour question.\n"
    assert cut(text) == Cut("My answer.", f"{block}\n\nYour question.")


@pytest.mark.parametrize(
    "text",
    [
        "Just text.",
        "He wrote:\nit is broken.\nOn Monday he said: no.",
        "From: here to there is far.\nTo: be or not to be.",
        "Please see:\n\n> only a quote, and words below.\n\nMy words.",
        "---------- Forwarded message ---------\nFrom: Eve <e@x.example>\nDate: Monday\nTo: Ada\n\nLook at this.",
        "FYI\n\n---------- Forwarded message ---------\nFrom: Eve <e@x.example>\nDate: Monday\nTo: A\n\nLook at this.",
        "> everything is quoted\n> all of it",
        "-- \nonly a signature",
        "From: Support\nSent: Monday\nTo: Ada\nSubject: x\n\nnothing above",
        "a\n-- \n" + "a long list\n" * 40 + "and more",
        "Sent from my iPhone",
        "Sent from my house were:\none\ntwo\nthree\nfour",
        "",
    ],
)
def test_in_doubt_everything_is_new(text: str) -> None:
    assert cut(text) == Cut(text)


@pytest.mark.parametrize(
    "line",
    ["-- \nAda\n+32 1 234", "--\nAda", "Sent from my iPhone", "Von meinem iPhone gesendet", "Envoyé de mon iPhone",
     "Enviado desde mi iPhone", "Verstuurd vanaf mijn iPhone", "Get Outlook for iOS <https://aka.ms/x>"],
)  # fmt: skip
def test_signatures(line: str) -> None:
    assert cut(f"My words.\n\n{line}\n") == Cut("My words.", "", line)


def test_a_signature_ends_where_the_quote_begins() -> None:
    apart = cut("Words.\n\n-- \nAda\n\nOn 6 Oct 2008, X wrote:\n> q\n> r\n")
    assert apart == Cut("Words.", "On 6 Oct 2008, X wrote:\n> q\n> r", "-- \nAda")


def test_a_signature_above_the_quote_and_one_below_both_go() -> None:
    apart = cut("Words.\n\n-- \nAda\n\nOn 6 Oct 2008 12:30, X wrote:\n> q\n\n-- \nCustomer Ltd\n")
    assert apart == Cut("Words.", "On 6 Oct 2008 12:30, X wrote:\n> q", "-- \nAda\n-- \nCustomer Ltd")


LINES = [
    "",
    "words",
    "> quoted",
    ">> deep",
    "-- ",
    "On Mon, 6 Oct 2008 at 12:30, X <x@y> wrote:",
    "From: X",
    "Sent: Monday",
    "To: Y",
    "Subject: Z",
    "-----Original Message-----",
    "Sent from my iPhone",
    "---- Forwarded message ----",
    "____",
]


@given(st.lists(st.sampled_from(LINES), max_size=25))
def test_nothing_is_lost_and_something_is_always_new(lines: list[str]) -> None:
    apart = cut("\n".join(lines))
    together = "\n".join((apart.new, apart.quote, apart.signature)).split("\n")
    assert sorted(filter(None, together)) == sorted(filter(None, lines))
    assert bool(apart.new.strip()) == any(lines)
