"""Charsets: labels as they really stand in mail, bytes that are something else than their label says, and guesses."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.charset import ALIASES, WIDER, codec_of, decode_text, guessed
from mailgate.guessing import DOUBLE, LATIN, NOT_LATIN
from mailgate.message import parse

GUESSES = [*DOUBLE, *(codec for several, _ in (*LATIN, *NOT_LATIN) for codec in several)]


@pytest.mark.parametrize(
    ("labels", "codec"),
    [
        ("utf8 UTF-8 utf_8 UTF-8; charset=utf-8 \"utf-8\" 'utf-8' =utf-8 utf-8* x-utf-8 unicode-1-1-utf-8 utf8mb4 "
         "uft-8 65001 utf-8?", "utf-8"),
        ("iso-8859-1 iso8859-1 ISO_8859-1:1987 iso-8859-1\" 8859-1 latin1 l1 windows-1252 cp1252 ibm819 x-cp1252 "
         "win-1252 ISO-88591 ansi", "cp1252"),
        ("iso-8859-2 iso8859_2 latin2 iso-8859-2; ISO-8859-2$ESC", "iso8859_2"),
        ("iso-8859-10 iso8859-10", "iso8859_10"),
        ("iso-8859-16", "iso8859_16"),
        ("iso-8859-15 latin-9 ISO8859-15", "iso8859_15"),
        ("iso-8859-9 latin5 windows-1254", "cp1254"),
        ("windows-1250 win1250 cp1250 x-cp1250 cp-1250 CP01250", "cp1250"),
        ("windows-1251 win-1251 cp1251 1251 ms-cyrl", "cp1251"),
        ("ibm850 cp850 cp-850 ibm-850 850 cp00850", "cp850"),
        ("gb2312 GB2312 gbk x-gbk cp936 windows-936 euc-cn gb_2312-80 chinese GB18030 54936", "gb18030"),
        ("hz-gb-2312 hz", "hz"),
        ("shift_jis shift-jis sjis x-sjis windows-31j cp932 ms_kanji windows-932", "cp932"),
        ("euc-jp x-euc-jp eucjp cp51932", "euc_jp"),
        ("iso-2022-jp _iso-2022-jp$ESC iso-2022-jp-ms cp50220 cp50221 csISO2022JP 50222", "iso2022_jp_ext"),
        ("iso-2022-kr", "iso2022_kr"),
        ("euc-kr ks_c_5601-1987 ks_c_5601 ksc5601 cp949 windows-949 korean", "cp949"),
        ("big5 x-x-big5 cn-big5 cp950", "cp950"),
        ("big5-hkscs", "big5hkscs"),
        ("koi8-r koi8r KOI8 20866", "koi8_r"),
        ("koi8-u koi8-ru KOI8-RU", "koi8_u"),
        ("utf-7 UNICODE-1-1-UTF-7 x-unicode-2-0-utf-7", "utf-7"),
        ("ucs-2 utf-16 iso-10646-ucs-2", "utf-16"),
        ("utf-16le UTF-16LE", "utf-16-le"),
        ("macintosh x-mac-roman mac", "mac_roman"),
        ("x-mac-cyrillic", "mac_cyrillic"),
        ("tis-620 iso-8859-11 windows-874", "cp874"),
        ("us-ascii ascii default unknown-8bit X-UNKNOWN x-user-defined idna punycode unicode_escape mbcs "
         "ansi_x3.4-1968", ""),
    ],
)  # fmt: skip
def test_labels(labels: str, codec: str) -> None:
    assert {label: codec_of(label) for label in labels.split()} == dict.fromkeys(labels.split(), codec)


@pytest.mark.parametrize(
    ("label", "codec"),
    [("ISO 8859-1", "cp1252"), (" utf 8 ", "utf-8"), ("utf-8 format=flowed", "utf-8"), ("", ""), ("x" * 1000, ""),
     ("ünï", ""), ("cp31337", ""), ("no-such-charset", ""), ("cp737", "cp737"),
     ("iso-8859-99", ""), ("utf-8\x00", "utf-8"), ('"iso-8859-2"; format="flowed"', "iso8859_2")],
)  # fmt: skip
def test_labels_with_blanks(label: str, codec: str) -> None:
    assert codec_of(label) == codec


@pytest.mark.parametrize("codec", [*ALIASES, *WIDER.values(), *GUESSES])
def test_python_knows_every_codec_that_is_named(codec: str) -> None:
    assert codecs.lookup(codec)


def test_no_label_stands_for_two_charsets() -> None:
    labels = [label for several in ALIASES.values() for label in several.split()]
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        (b"\x1b$B-b0!\x1b(B!", "iso-2022-jp", "№亜!"),
        (b"\x1b$B-j\x1b(B", "iso-2022-jp", "㈱"),
        (b"\x1b$B|q\x1b(B", "iso-2022-jp-ms", "ⅰ"),
        (b"\x1b(I6@\x1b(B \x1b$B-b\x1b(B", "iso-2022-jp", "ｶﾀ №"),
        (b"\x0e6@\x0f \x1b$B-b\x1b(B", "cp50222", "ｶﾀ №"),
        (b"\x1b$(D0\"\x1b(B \x1b$B-b\x1b(B", "iso-2022-jp", "丄 №"),
        (b"\x1b$B-b\na\x1b$B-b\r\nb", "iso-2022-jp", "№\na№\r\nb"),
        (b"\x1b$B0!\x1b(B", "", "亜"),
        (b"\x1b$B0!\x1b(B", "utf-8", "亜"),
        (b"\x1b$)C\n\x0e0!\x0f", "iso-2022-kr", "\n가"),
        (b"~{VPND~}", "hz-gb-2312", "中文"),
        ("①".encode("cp932"), "windows-31j", "①"),
        (b"\xad\xa1", "euc-jp", "①"),
        ("㗎".encode("big5hkscs"), "big5", "㗎"),
        ("їґ".encode("koi8-u"), "KOI8-RU", "їґ"),
        ("Grüße".encode("utf-16-le"), "utf-16", "Grüße"),
        ("Grüße".encode("utf-16-be"), "utf-16", "Grüße"),
        ("Grüße".encode("utf-16-be"), "utf-16be", "Grüße"),
        ("Grüße".encode("utf-32"), "utf-32", "Grüße"),
        ("Grüße".encode("utf-32-be"), "utf-32", "Grüße"),
        (b"in truth ASCII", "utf-16", "in truth ASCII"),
        ("Grüße".encode(), "utf-16", "Grüße"),
        ("Grüße".encode("mac_roman"), "macintosh", "Grüße"),
        ("Grüße".encode("cp850"), "IBM850", "Grüße"),
        ("Łódź".encode("iso8859-16"), "iso-8859-16", "Łódź"),
        ("Grüße".encode(), "windows-1251", "Grüße"),
        ("Grüße an alle Größen".encode(), "gb2312", "Grüße an alle Größen"),
        ("联通".encode("gbk"), "gb2312", "联通"),
        ("“Grüße”".encode("cp1252"), "us-ascii", "“Grüße”"),
        ("Grüße".encode("cp1252"), "x-unknown", "Grüße"),
        ("Grüße, Grüße".encode("cp1252") + b" \x81", "utf-8", "Grüße, Grüße \ufffd"),
        ("яюбка".encode("cp1251"), "windows-1251", "яюбка"),
        (b"+2AA-x", "utf-7", "x"),
        (b"\x0e0!\x0f", "iso-2022-kr", "가"),
        (b"a\xed\xa0\xbd\xed\xb8\x80b", "utf-8", "a😀b"),
        (b"a\xed\xa0\xbdb" + "äöüß".encode(), "utf-8", "a\ufffd\ufffd\ufffdbäöüß"),
        (b"\x9c\xb9\x9f", "iso-8859-2", "śąź"),
        (b"\xb6\xb1", "iso-8859-2", "śą"),
        (b"\x93\xd2\xe5\xf1\xf2\x94", "iso-8859-5", "“Тест”"),
        (b"\x80 5", "iso-8859-15", "€ 5"),
        (b"\xa4 5", "iso-8859-15", "€ 5"),
        ("テスト".encode("iso2022_jp"), "shift_jis", "テスト"),
    ],
)  # fmt: skip
def test_bytes_and_their_labels(data: bytes, label: str, text: str) -> None:
    assert decode_text(data, label).encode("utf-8", "ignore").decode() == text


# Words of our own, one sentence each: what a customer writes.
TEXTS = {
    ("cp1251", "koi8_r"): "Добрый день, наш принтер со вчерашнего дня печатает пустые страницы.",
    ("iso8859_2", "cp1250"): "Dzień dobry, nasza drukarka drukuje puste strony, proszę o pilną pomoc, dziękuję.",
    ("iso8859_7", "cp1253"): "Καλημέρα, ο εκτυπωτής μας τυπώνει κενές σελίδες.",
    ("cp1254",): "Merhaba, yazıcımız dünden beri boş sayfa basıyor, şimdi ne yapmalıyız?",
    ("cp1255",): "שלום, המדפסת שלנו מדפיסה דפים ריקים מאתמול.",
    ("cp1256",): "مرحبا، الطابعة تطبع صفحات فارغة منذ أمس.",
    ("cp874",): "สวัสดีครับ เครื่องพิมพ์พิมพ์หน้าว่างตั้งแต่เมื่อวาน",
    ("cp932", "euc_jp"): "お世話になっております。プリンターが白紙を印刷します。",
    ("gb18030",): "您好，我们的打印机从昨天开始打印空白页。",
    ("cp950",): "您好，我們的印表機從昨天開始列印空白頁。",
    ("cp949",): "안녕하세요, 어제부터 프린터가 빈 페이지를 인쇄합니다.",
    ("cp1252",): "Grüße aus Köln, für Ihre Mühe wäre ich sehr dankbar – natürlich eilt es.",
}
PAIRS = [(codec, text) for several, text in TEXTS.items() for codec in several]
LIKE_LATIN = ("iso8859_2", "cp1250", "cp1254")  # these look like Latin-1, and stay it where they are labelled so


@pytest.mark.parametrize("label", ["", "us-ascii", "utf-8", "x-unknown"])
@pytest.mark.parametrize(("codec", "text"), PAIRS)
def test_a_charset_that_nobody_told_is_guessed(codec: str, text: str, label: str) -> None:
    assert decode_text(text.encode(codec), label) == text


@pytest.mark.parametrize(("codec", "text"), [pair for pair in PAIRS if pair[0] not in LIKE_LATIN])
def test_what_cannot_be_latin_is_guessed_whatever_its_label(codec: str, text: str) -> None:
    assert decode_text(text.encode(codec), "iso-8859-1") == text


def test_another_multibyte_charset_than_the_label_says() -> None:
    text = TEXTS["cp932", "euc_jp"]
    assert decode_text(text.encode("euc_jp"), "iso-2022-jp") == text
    assert decode_text(text.encode("cp932"), "iso-2022-jp") == text


def test_headers_without_a_charset_are_guessed_together() -> None:
    raw = "From: Анна <anna@customer.example>\nSubject: Пустые страницы\n\n".encode("koi8-r")
    assert parse(raw).sender.name == "Анна"
    assert parse(raw).subject == "Пустые страницы"
    body = b"\nNasza drukarka drukuje puste strony, prosz\xea o piln\xb1 pomoc, dzi\xeakuj\xea.\n"
    assert parse(b"From: \xa3ukasz <l@customer.example>\n" + body).sender.name == "Łukasz"
    labelled = raw[:-1] + b"Content-Type: text/plain; charset=koi8-r\n\n"
    assert parse(labelled).sender.name == "Анна"


@pytest.mark.parametrize(
    "text",
    ["Grüße", "äöüÄÖÜß", "ééééééé", "préciser à quelle heure", "også for hjælpen", "señores", "“so” €", "Håvard",
     "naïve café", "\u00a9 2020", "Tässä ääliö"],
)  # fmt: skip
@pytest.mark.parametrize("label", ["", "iso-8859-1", "utf-8"])
def test_western_text_stays_what_it_was(text: str, label: str) -> None:
    assert decode_text(text.encode("cp1252"), label) == text


@given(st.binary())
@settings(deadline=None)
def test_guesses_are_total_and_the_same_each_time(data: bytes) -> None:
    assert codecs.lookup(guessed(data))
    assert guessed(data) == guessed(data)


@pytest.mark.parametrize("label", [*ALIASES, "big5", "iso-8859-1", "", "base64", "rot13", "hex", "zlib"])
@given(data=st.binary(max_size=60))
@settings(max_examples=20, deadline=None)
def test_every_codec_is_total(label: str, data: bytes) -> None:
    decode_text(data, label)
    decode_text(b"\x1b$B" + data + b"\x1b(I" + data + b"\x1b$(D" + data, label)


SHORT = [
    ("cp1251", "Заявка на ремонт"), ("cp1251", "СРОЧНО! Оплата"), ("koi8_u", "Оксана Бондаренко"),
    ("iso8859_5", "Накладная"), ("cp866", "Ошибка при входе"), ("cp1253", "Ελένη Παππά"), ("cp1255", "רונית לוי"),
    ("cp1256", "فاطمة الزهراء"), ("cp1254", "Kırmızı ışık yanıyor"), ("cp1250", "Małgorzata Żółć"),
    ("iso8859_2", "Jiří Dvořák"),
    ("cp874", "ลืมรหัสผ่าน"), ("cp932", "返品について"), ("euc_jp", "鈴木一郎"), ("gb18030", "退货申请"),
    ("big5", "黃美玲"), ("cp949", "최수진"), ("cp1252", "Perché è così"), ("cp1252", "25 °C ± 2"),
    ("cp1252", "£50 off"),
    ("cp1252", "“Prêt” – à 5 €"), ("cp1252", "ÜBERWEISUNG FÜR SIE"), ("cp1252", "Íñigo Peña"),
    ("cp1252", "João Conceição"),
    ("cp1252", "Jørgen Ødegård"), ("cp1252", "© 2024 Firma®"), ("cp1252", "¿Dónde está?"),
]  # fmt: skip


@pytest.mark.parametrize(("codec", "text"), SHORT)
def test_a_few_words_are_enough(codec: str, text: str) -> None:
    assert decode_text(text.encode(codec), "") == text


def test_ornaments_above_a_text_do_not_hide_what_it_is() -> None:
    text = (
        "━─━─━─━─━─━─━─━─\n" * 40
        + "■○■○■\u3000" * 200
        + "\n返品についてお問い合わせいただきありがとうございます。\n" * 20
    )
    assert decode_text(text.encode("cp932"), "") == text


def test_a_guess_looks_for_the_first_letters_far_down() -> None:
    assert decode_text(b"plain\n" * 50_000 + "Не работает почта".encode("koi8_r"), "").endswith("Не работает почта")
