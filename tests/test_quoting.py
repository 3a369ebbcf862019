"""Replies taken apart: what each mail program and each language writes above a quote, and what only looks like it."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.history import says_something
from mailgate.model import Cut
from mailgate.text import cut, without_signature

REPLY = "It works again now.\nThank you for the quick help."
QUOTE = "On 6 Oct 2008, at 12:30, Support <s@mycompany.com> wrote:\n\n> Old words.\n> More words of ours."
BLOCK = "From: Support <s@mycompany.com>\nSent: 6 Oct 2008 12:30\nTo: Ada <ada@customer.example>\nSubject: Printer"

ATTRIBUTIONS = """
On Mon, 6 Oct 2008 at 12:30, Support <s@mycompany.com> wrote:
On 6 Oct 2008, at 12:30, Support Team <s@mycompany.com> wrote:
On Oct 6, 2008, at 12:30 PM, Support wrote:
On 10/06/2008 12:30 PM, Support wrote:
On 2008-10-06 12:30, s@mycompany.com wrote:
On Monday, October 6, 2008 12:30 PM, Support <s@mycompany.com> wrote:
On Monday, October 6, 2008, Support <s@mycompany.com> wrote:
On Mon, 6 Oct 2008 at 12:30, 'Support' via Group <s@mycompany.com> wrote:
On Mon, 6 Oct 2008 at 12:30, Support <s@mycompany.com<mailto:s@mycompany.com>> wrote:
On Oct 6, 2008 12:30, "Support" <s@mycompany.com> wrote:
On 6-Oct-2008, at 12:30 PM, Support wrote:
--- On Mon, 10/6/08, Support <s@mycompany.com> wrote:
Am 06.10.2008 um 12:30 schrieb Support <s@mycompany.com>:
Am Mo., 6. Okt. 2008 um 12:30 Uhr schrieb Support <s@mycompany.com>:
Am 06.10.2008 12:30, schrieb Support:
Am Montag, 6. Oktober 2008 12:30:22 schrieb Support:
Am 6. Oktober 2008 12:30:22 MESZ schrieb Support <s@mycompany.com>:
Support <s@mycompany.com> schrieb am Mo., 6. Okt. 2008, 12:30:
Support <s@mycompany.com> schrieb am 12:30 Montag, 6.Oktober 2008:
On 6. Oct 2008 hat Support <s@mycompany.com> geschrieben:
Am 06.10.2008 um 12:30 hat Support geschrieben:
Le lun. 6 oct. 2008 à 12:30, Support <s@mycompany.com> a écrit :
Le 6 oct. 2008 à 12:30, Support <s@mycompany.com> a écrit :
Le 06/10/2008 12:30, Support a écrit :
Le lundi 6 octobre 2008, Support <s@mycompany.com> a écrit :
Le Lundi 6 octobre 2008 12h30, Support <s@mycompany.com> a écrit :
El lun., 6 oct. 2008 a las 12:30, Support (<s@mycompany.com>) escribió:
El 06/10/2008, a las 12:30, Support <s@mycompany.com> escribió:
El lunes, 6 de octubre de 2008, Support <s@mycompany.com> escribió:
El 6 de octubre de 2008, 12:30, Support <s@mycompany.com> escribió:
El 6/10/08 a las 12:30, Support escribió:
Il giorno lun 6 ott 2008 alle ore 12:30 Support <s@mycompany.com> ha scritto:
Il giorno 06 ott 2008, alle ore 12:30, Support <s@mycompany.com> ha scritto:
Il 06/10/2008 12:30, Support ha scritto:
Il lunedì 6 ottobre 2008, Support <s@mycompany.com> ha scritto:
Op ma 6 okt. 2008 om 12:30 schreef Support <s@mycompany.com>:
Op 6 okt. 2008 om 12:30 heeft Support <s@mycompany.com> het volgende geschreven:
Op 06-10-2008 12:30, Support schreef:
Op maandag 6 oktober 2008 heeft Support <s@mycompany.com> het volgende geschreven:
Em seg., 6 de out. de 2008 às 12:30, Support <s@mycompany.com> escreveu:
Em 06/10/2008 12:30, Support escreveu:
Em 6 de outubro de 2008 12:30, Support <s@mycompany.com> escreveu:
No dia 6 de outubro de 2008, às 12:30, Support <s@mycompany.com> escreveu:
A 06/10/2008, Support <s@mycompany.com> escreveu:
Den mån 6 okt. 2008 kl 12:30 skrev Support <s@mycompany.com>:
6 okt. 2008 kl. 12:30 skrev Support <s@mycompany.com>:
Den 2008-10-06 kl. 12:30, skrev Support:
man. 6. okt. 2008 kl. 12:30 skrev Support <s@mycompany.com>:
Den man. 6. okt. 2008 kl. 12.30 skrev Support <s@mycompany.com>:
Den 6. oktober 2008 kl. 12.30 skrev Support <s@mycompany.com>:
På 6. oktober 2008 kl. 12:30:00, skrev Support <s@mycompany.com>:
Support <s@mycompany.com> skrev den 6. okt. 2008 12.30:
ma 6. lokak. 2008 klo 12.30 Support (s@mycompany.com) kirjoitti:
Support <s@mycompany.com> kirjoitti 6.10.2008 kello 12.30:
W dniu pon., 6.10.2008 o 12:30 Support <s@mycompany.com> napisał(a):
pon., 6 paź 2008 o 12:30 Support <s@mycompany.com> napisał(a):
W dniu 06.10.2008 o 12:30, Support pisze:
Dnia 6 października 2008 12:30 Support <s@mycompany.com> napisał(a):
Wiadomość napisana przez Support <s@mycompany.com> w dniu 6 paź 2008, o godz. 12:30:
po 6. 10. 2008 v 12:30 odesílatel Support <s@mycompany.com> napsal:
Dne 6. 10. 2008 v 12:30 Support napsal(a):
Dňa po 6. 10. 2008 o 12:30 Support <s@mycompany.com> napísal(a):
po 6. 10. 2008 o 12:30 Support <s@mycompany.com> napísal(a):
пн, 6 окт. 2008 г. в 12:30, Support <s@mycompany.com>:
6 окт. 2008 г., в 12:30, Support <s@mycompany.com> написал(а):
Понедельник, 6 октября 2008, 12:30 +04:00 от Support <s@mycompany.com>:
06.10.2008, 12:30, "Support" <s@mycompany.com>:
06.10.2008 12:30, Support пишет:
6 октября 2008 г., 12:30 пользователь Support <s@mycompany.com> написал:
пн, 6 жовт. 2008 р. о 12:30 Support <s@mycompany.com> пише:
6 жовтня 2008 р. о 12:30 Support <s@mycompany.com> написав:
Στις Δευ, 6 Οκτ 2008 στις 12:30 μ.μ., ο/η Support <s@mycompany.com> έγραψε:
Στις 6/10/2008 12:30, ο Support έγραψε:
Support <s@mycompany.com>, 6 Eki 2008 Pzt, 12:30 tarihinde şunu yazdı:
6 Ekim 2008 12:30 tarihinde Support <s@mycompany.com> yazdı:
6 Eki 2008 tarihinde 12:30 saatinde, Support <s@mycompany.com> şunları yazdı:
Support <s@mycompany.com> ezt írta (időpont: 2008. okt. 6., H, 12:30):
2008. október 6. 12:30 Support írta, <s@mycompany.com>:
2008.10.06. 12:30 keltezéssel, Support írta:
lun., 6 oct. 2008 la 12:30, Support <s@mycompany.com> a scris:
Pe 06.10.2008 12:30, Support a scris:
În lun., 6 oct. 2008 la 12:30, Support <s@mycompany.com> a scris:
Vào Th 2, 6 thg 10, 2008 vào lúc 12:30 Support <s@mycompany.com> đã viết:
Vào 12:30 6 tháng 10, 2008, Support <s@mycompany.com> đã viết:
Pada Sen, 6 Okt 2008 pukul 12.30 Support <s@mycompany.com> menulis:
Pada tanggal Sen, 6 Okt 2008 12.30, Support <s@mycompany.com> menulis:
Support <s@mycompany.com> 于2008年10月6日周一 12:30写道：
在 2008年10月6日，下午12:30，Support <s@mycompany.com> 写道：
在 2008-10-06 12:30:22，"Support" <s@mycompany.com> 写道：
Support <s@mycompany.com> 於 2008年10月6日 週一 下午12:30寫道：
於 2008年10月6日 下午12:30，Support <s@mycompany.com> 寫道：
2008年10月6日(月) 12:30 Support <s@mycompany.com>:
2008年10月6日 12:30 Support <s@mycompany.com>:
2008/10/06 12:30、Support <s@mycompany.com>のメール:
2008/10/06 12:30、Support <s@mycompany.com> が書きました:
2008年 10月 6日 (월) 오후 12:30, Support <s@mycompany.com>님이 작성:
2008. 10. 6. 오후 12:30, Support <s@mycompany.com> 작성:
\u202bבתאריך יום ב׳, 6 באוק׳ 2008 ב-12:30 מאת \u202aSupport\u202c\u200f <\u202as@mycompany.com\u202c\u200f>:\u202c
\u200eבתאריך 6 באוק׳ 2008, בשעה 12:30, \u200fSupport <s@mycompany.com> כתב/ה:
في الاثنين، 6 أكتوبر 2008 في 12:30 م تمت كتابة ما يلي بواسطة Support <s@mycompany.com>:
El dl., 6 d’oct. 2008, 12:30, Support <s@mycompany.com> va escriure:
Missatge de Support <s@mycompany.com> del dia dl., 6 d’oct. 2008 a les 12:30:
V pon., 6. okt. 2008 ob 12:30 je oseba Support <s@mycompany.com> napisala:
pon, 6. lis 2008. u 12:30 Support <s@mycompany.com> napisao je:
На пн, 6.10.2008 г. в 12:30 Support <s@mycompany.com> написа:
На 6.10.2008 г. 12:30, Support написа:
Kontakt Support (<s@mycompany.com>) kirjutas kuupäeval E, 6. oktoober 2008 kell 12:30:
Lietotājs Support (<s@mycompany.com>) rakstīja (pirmd., 2008. g. 6. okt., plkst. 12:30):
2008-10-06, pr, 12:30 Support <s@mycompany.com> rašė:
เมื่อ จ. 6 ต.ค. 2008 เวลา 12:30 Support <s@mycompany.com> เขียนว่า:
2008-10-06 12:30 GMT+02:00 Support <s@mycompany.com>:
2008/10/6 Support <s@mycompany.com>:
2008/10/6 Support <s@mycompany.com>
Support <s@mycompany.com> wrote on 10/06/2008 12:30:14 PM:
Support <s@mycompany.com> wrote:
"Support" <s@mycompany.com> writes:
Quoting Support <s@mycompany.com>:
Zitat von Support <s@mycompany.com>:
Citando Support <s@mycompany.com>:
* Support <s@mycompany.com> [2008-10-06 12:30]:
On Mon, Oct 06, 2008 at 12:30:22PM +0200, Support wrote:
At 12:30 PM 10/6/2008, Support wrote:
Support said the following on 10/06/2008 12:30:
On October 6, 2008 12:30:22 PM GMT+02:00, Support <s@mycompany.com> wrote:
On 10/6/08, Support <s@mycompany.com> wrote:
""".strip("\n").split("\n")
# Only marks below them tell that they introduce a quote.
WEAK = (
    "Missatge de Support <s@mycompany.com> del dia dl., 6 d’oct. 2008 a les 12:30:",
    "At 12:30 PM 10/6/2008, Support wrote:",
    "2008/10/6 Support <s@mycompany.com>",
    "Support <s@mycompany.com> wrote:",
    '"Support" <s@mycompany.com> writes:',
    "* Support <s@mycompany.com> [2008-10-06 12:30]:",
    "Support said the following on 10/06/2008 12:30:",
)


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_what_stands_above_marked_lines_goes_with_them(attribution: str) -> None:
    quote = f"{attribution}\n\n> Old words of ours.\n> More of them."
    assert cut(f"{REPLY}\n\n{quote}\n") == Cut(REPLY, quote)
    assert cut(f"{REPLY}\n{quote}") == Cut(REPLY, quote)


@pytest.mark.parametrize("attribution", [one for one in ATTRIBUTIONS if len(one) > 66])
def test_an_attribution_that_was_wrapped_goes_whole(attribution: str) -> None:
    lines = textwrap.wrap(attribution, 66, break_long_words=False, break_on_hyphens=False)
    quote = "\n".join((*lines, "", "> Old words of ours."))
    assert cut(f"{REPLY}\n\n{quote}") == Cut(REPLY, quote)


@pytest.mark.parametrize("attribution", [one for one in ATTRIBUTIONS if "<" in one])
def test_an_attribution_that_was_wrapped_before_its_address_goes_whole(attribution: str) -> None:
    quote = attribution.replace("<", "<\n", 1) + "\n\n> Old words of ours."
    assert cut(f"{REPLY}\n\n{quote}") == Cut(REPLY, quote)


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_an_attribution_may_bear_the_marks_of_its_quote(attribution: str) -> None:
    quote = f"> {attribution}\n> Old words of ours."
    assert cut(f"{REPLY}\n\n{quote}") == Cut(REPLY, quote)


@pytest.mark.parametrize("attribution", [one for one in ATTRIBUTIONS if one not in WEAK])
def test_a_full_attribution_needs_no_marks_below(attribution: str) -> None:
    quote = f"{attribution}\n\nOld words of ours.\nMore of them."
    assert cut(f"{REPLY}\n\n{quote}") == Cut(REPLY, quote)


@pytest.mark.parametrize("attribution", WEAK)
def test_a_weak_attribution_without_marks_below_is_kept(attribution: str) -> None:
    text = f"{REPLY}\n\n{attribution}\n\nOld words of ours.\nMore of them."
    assert cut(text) == Cut(text)


# From, Sent, To and Subject, as the programs name them.
LABELS = """
From / Sent / To / Subject
From / Date / To / Subject
Von / Gesendet / An / Betreff
Von / Datum / An / Betreff
De / Envoyé / À / Objet
De / Date / À / Objet
De / Envoyé le / A / Objet
De / Enviado / Para / Asunto
De / Fecha / Para / Asunto
De / Enviado el / Para / Asunto
Da / Inviato / A / Oggetto
Da / Data / A / Oggetto
Van / Verzonden / Aan / Onderwerp
Van / Datum / Aan / Onderwerp
De / Enviado / Para / Assunto
De / Enviada em / Para / Assunto
De / Data / Para / Assunto
Från / Skickat / Till / Ämne
Fra / Sendt / Til / Emne
Fra / Dato / Til / Emne
Lähettäjä / Lähetetty / Vastaanottaja / Aihe
Od / Wysłano / Do / Temat
Od / Data / Do / Temat
Od / Odesláno / Komu / Předmět
Od / Datum / Komu / Předmět
Od / Odoslané / Komu / Predmet
От / Отправлено / Кому / Тема
От / Дата / Кому / Тема
Від / Надіслано / Кому / Тема
Από / Στάλθηκε / Προς / Θέμα
Από / Ημερομηνία / Προς / Θέμα
Kimden / Gönderildi / Kime / Konu
Gönderen / Tarih / Alıcı / Konu
Feladó / Elküldve / Címzett / Tárgy
Feladó / Dátum / Címzett / Tárgy
De la / Trimis / Către / Subiect
Từ / Đã gửi / Tới / Chủ đề
Từ / Ngày / Đến / Tiêu đề
Dari / Dikirim / Kepada / Perihal
发件人 / 发送时间 / 收件人 / 主题
发件人 / 日期 / 收件人 / 主题
寄件者 / 傳送時間 / 收件者 / 主旨
寄件者 / 日期 / 收件者 / 主旨
差出人 / 送信日時 / 宛先 / 件名
送信元 / 日付 / 宛先 / 件名
보낸 사람 / 보낸 날짜 / 받는 사람 / 제목
발신 / 날짜 / 수신 / 제목
מאת / נשלח / אל / נושא
من / تاريخ / إلى / الموضوع
من / تم الإرسال / إلى / الموضوع
De / Enviat el / Per a / Assumpte
De / Data / Per a / Tema
Od / Poslano / Za / Zadeva
Od / Poslano / Za / Predmet
Šalje / Poslano / Prima / Predmet
От / Изпратено / До / Относно
Saatja / Saadetud / Adressaat / Teema
No / Nosūtīts / Kam / Temats
Nuo / Išsiųsta / Kam / Tema
จาก / ส่ง / ถึง / เรื่อง
Od / Poslato / Za / Tema
Frá / Sent / Til / Efni
""".strip("\n").split("\n")
VALUES = ("Support <s@mycompany.com>", "6 Oct 2008 12:30", "Ada <ada@customer.example>", "Printer problem")
SHAPES = {
    "plain": "{}: {}",
    "with a blank": "{} : {}",
    "full width": "{}：{}",
    "bold": "*{}:* {}",
    "tab": "{}:\t{}",
    "marked": "> {}: {}",
}


def block(labels: str, shape: str, order: tuple[int, ...] = (0, 1, 2, 3), between: str = "\n") -> str:
    names = labels.split(" / ")
    return between.join(shape.format(names[at], VALUES[at]) for at in order)


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
def test_header_blocks_of_all_languages_begin_the_quote(labels: str, shape: str) -> None:
    quote = block(labels, shape) + "\n\nOld words."
    if shape.startswith(">"):
        quote = block(labels, shape) + "\n>\n> Old words."
    assert cut(f"{REPLY}\n\n{quote}") == Cut(REPLY, quote)


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("order", [(1, 0, 2, 3), (3, 0, 2, 1), (1, 3, 0, 2), (0, 2, 1, 3)])
def test_the_lines_of_a_header_block_stand_in_any_order(labels: str, order: tuple[int, ...]) -> None:
    quote = block(labels, "{}: {}", order) + "\n\nOld words."
    assert cut(f"{REPLY}\n\n{quote}") == Cut(REPLY, quote)


@pytest.mark.parametrize(
    "rule", ["________________________________\n", "-----\n\n", " ------------------------------\n\n"]
)
def test_a_rule_above_a_header_block_goes_with_it(rule: str) -> None:
    quote = f"{rule}{BLOCK}\n\nOld words."
    assert cut(f"{REPLY}\n\n{quote}") == Cut(REPLY, quote)


def test_an_address_list_may_go_over_several_lines() -> None:
    quote = (
        BLOCK.replace("Ada <ada@customer.example>", "Ada <ada@customer.example>;\nBob <bob@customer.example>")
        + "\n\nOld."
    )
    assert cut(f"{REPLY}\n\n{quote}") == Cut(REPLY, quote)


def test_paragraphs_between_the_lines_of_a_header_block_do_not_hide_it() -> None:
    quote = BLOCK.replace("\n", "\n\n") + "\n\nOld."
    assert cut(f"{REPLY}\n\n{quote}") == Cut(REPLY, quote)


SEPARATORS = """
-----Original Message-----
---- Original Message ----
--- Original Message ---
----- Original message -----
-------- Original Message --------
-------- Original message --------
------ Original Message ------
-----Ursprüngliche Nachricht-----
-------- Originalnachricht --------
-------- Ursprüngliche Nachricht --------
----- Ursprüngliche Message -----
-------- Message d'origine --------
-----Message d'origine-----
----- Mail original -----
-------- Mensaje original --------
-----Mensaje original-----
-----Messaggio originale-----
-------- Messaggio originale --------
-----Oorspronkelijk bericht-----
-------- Oorspronkelijk bericht --------
-----Mensagem original-----
-----Ursprungligt meddelande-----
-------- Originalmeddelande --------
-----Oprindelig meddelelse-----
-----Opprinnelig melding-----
-----Alkuperäinen viesti-----
-----Wiadomość oryginalna-----
-------- Oryginalna wiadomość --------
---------- Původní zpráva ----------
-----Исходное сообщение-----
-----Original Appointment-----
----- Reply message -----
-----邮件原件-----
------------------ 原始邮件 ------------------
------------------ Original ------------------
-----Orijinal İleti-----
-----Eredeti üzenet-----
-----Mesaj original-----
-----Αρχικό μήνυμα-----
---- On Mon, 06 Oct 2008 12:30:00 +0200 Support <s@mycompany.com> wrote ----
---- On Mon, 06 Oct 2008 12:30:00 +0200 s@mycompany.com wrote ----
 ---- El lun, 06 oct 2008 12:30:00 +0200 Support <s@mycompany.com> escribió ----
---- Le lun., 06 oct. 2008 12:30:00 +0200 Support <s@mycompany.com> a écrit ----
---- Am Mo., 06 Okt. 2008 12:30:00 +0200 Support <s@mycompany.com> schrieb ----
##- Please type your reply above this line -##
-- Bitte antworten Sie oberhalb dieser Linie --
=-=-=-= Reply above this line =-=-=-=
--- Reply ABOVE THIS LINE to add a note ---
***** Please reply above this line *****
########## Write above this line ##########
""".strip("\n").split("\n")


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("below", [f"{BLOCK}\n\nOld words.", "\nOld words."])
def test_a_line_that_programs_draw_begins_the_quote(separator: str, below: str) -> None:
    quote = f"{separator}\n{below}"
    assert cut(f"{REPLY}\n\n{quote}") == Cut(REPLY, quote)


PHONES = """
Sent from my iPhone
Sent from my iPad
Sent from my Samsung Galaxy smartphone.
Sent from Samsung Mobile
Sent from my BlackBerry 10 smartphone.
Sent from my Verizon Wireless BlackBerry
Sent from my T-Mobile 4G LTE Device
Sent from my Windows Phone
Sent from Yahoo Mail on Android
Sent from Yahoo Mail for iPhone
Sent from Outlook for iOS
Sent from Outlook Mobile
Sent from Mail for Windows 10
Sent from Mail for Windows
Sent from [Mail](https://go.microsoft.com/fwlink/?LinkId=550986) for Windows 10
Sent from Mail<https://go.microsoft.com/fwlink/?LinkId=550986> for Windows 10
Sent from my mobile device
Sent from my mobile
Sent from my phone
Sent from ProtonMail mobile
Sent with Proton Mail secure email.
Sent from Mailbox
Sent via the Samsung Galaxy S7, an AT&T 4G LTE smartphone
Sent from my Xiaomi
Sent by Mailspring
Sent from Gmail Mobile
Sent using Zoho Mail
Sent with Airmail
Sent from my iPhone. Please excuse brevity and typos.
Sent from my Huawei Mobile
Get Outlook for Android<https://aka.ms/AAb9ysg>
Get Outlook for iOS
Outlook für iOS<https://aka.ms/o0ukef> beziehen
Holen Sie sich Outlook für Android
Von meinem iPhone gesendet
Von meinem iPad gesendet
Von meinem Samsung Galaxy Smartphone gesendet.
Von meinem Samsung Gerät gesendet.
Von meinem Windows Phone gesendet
Gesendet von meinem BlackBerry 10-Smartphone.
Gesendet von Outlook Mobile
Gesendet von Mail für Windows 10
Gesendet mit der GMX Mail App
Gesendet mit der Telekom Mail App
Diese Nachricht wurde von meinem Android Mobiltelefon mit WEB.DE Mail gesendet.
Von meinem Mobiltelefon gesendet
Envoyé de mon iPhone
Envoyé depuis mon iPhone
Envoyé depuis mon appareil mobile Samsung.
Envoyé depuis Yahoo Mail pour Android
Envoyé à partir d’Outlook pour Android
Télécharger Outlook pour iOS
Obtenir Outlook pour Android
Provenance : Courrier pour Windows 10
Envoyé de mon téléphone
Enviado desde mi iPhone
Enviado desde mi dispositivo Samsung
Enviado desde Correo para Windows 10
Obtener Outlook para iOS
Enviado do meu iPhone
Enviado via iPhone
Enviado do Yahoo Mail no Android
Enviado a partir do Outlook para Android
Inviato da iPhone
Inviato dal mio iPhone
Inviato dal mio dispositivo Samsung
Inviato da Posta per Windows 10
Scarica Outlook per Android
Verzonden vanaf mijn iPhone
Verstuurd vanaf mijn iPhone
Verzonden vanuit Mail voor Windows 10
Outlook voor iOS downloaden
Verzonden met Outlook voor Android
Skickat från min iPhone
Skickades från min iPhone
Skickat från Outlook för Android
Hämta Outlook för Android
Sendt fra min iPhone
Sendt fra Outlook for iOS
Sendt fra min Samsung mobil
Hent Outlook til Android
Lähetetty iPhonesta
Lähetetty puhelimesta
Hanki Outlook for Android
Wysłane z iPhone'a
Wysłane z mojego iPhone'a
Pobierz aplikację Outlook dla systemu Android
Odesláno z iPhonu
Odesláno z mobilu
Odoslané z iPhonu
Отправлено с iPhone
Отправлено с мобильного устройства Samsung
Отправлено из мобильной Почты Mail.ru
Отправлено из мобильной Яндекс.Почты
Отправлено из Mail.ru для Android
Надіслано з iPhone
Надіслано з мого iPhone
Στάλθηκε από το iPhone μου
iPhone'umdan gönderildi
iPhone’umdan gönderildi
Android için Outlook’u edinin
iPhone-omról küldve
Az iPhone készülékemről küldve
Trimis de pe iPhone-ul meu
Trimis de pe telefonul meu mobil
Đã gửi từ iPhone của tôi
Dikirim dari iPhone saya
发自我的iPhone
发自我的 iPhone
从我的 iPhone 发送
从我的iPhone发送
發自我的 iPhone
從我的 iPhone 傳送
iPhoneから送信
私のiPhoneから送信
나의 iPhone에서 보냄
내 iPhone에서 보냄
أُرسلت من الـ iPhone
أرسلت من iPhone
נשלח מה-iPhone שלי
Enviat des del meu iPhone
Poslano z mojega iPhone-a
Poslano s mojeg iPhonea
Изпратено от моя iPhone
Saadetud minu iPhone'ist
Nosūtīts no mana iPhone
Išsiųsta iš mano iPhone
ส่งจาก iPhone ของฉัน
""".strip("\n").split("\n")


@pytest.mark.parametrize("line", PHONES)
def test_what_phones_write_is_a_signature(line: str) -> None:
    assert cut(f"{REPLY}\n\n{line}\n") == Cut(REPLY, "", line)
    assert cut(f"{REPLY}\n\n{line}\n\n{QUOTE}\n") == Cut(REPLY, QUOTE, line)
    assert cut(f"{REPLY}\n\n{line}\n________________________________\n{BLOCK}\n\nOld.").signature == line


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nAda Novak\nCustomer Ltd",
        "--\nAda",
        "—\nAda Novak",
        "__\nAda Novak\nCustomer Ltd\n+32 1 234",
        "-Ada Novak",
        "--Ada",
        "-- Ada Novak",
        "----------------\n\nAda Novak\n\nCustomer Ltd\n\nt. 555-931-0702\n\nhttps://customer.example/",
        "_______________________\nHere is my name.",
        "Best regards,\nAda Novak\nSales Manager\nTel: +32 1 23 45 67\nwww.customer.example",
        "Mit freundlichen Grüßen\n\nAda Novak\nTelefon: +49 30 1234567",
        "_________________________\nusers mailing list\nusers@lists.example.org\nhttps://lists.example.org/users",
        "-Ada Novak\n\n_________________________\nusers mailing list\nhttps://lists.example.org/users",
    ],
)
def test_signatures_that_are_surely_one(signature: str) -> None:
    assert cut(f"{REPLY}\n\n{signature}\n") == Cut(REPLY, "", signature)
    assert cut(f"{REPLY}\n\n{signature}\n\n{QUOTE}\n") == Cut(REPLY, QUOTE, signature)
    if signature[1:2] != "A" and not signature.startswith(("--A", "-- A")):  # below a quote it might be an answer
        assert cut(f"{REPLY}\n\n{QUOTE}\n\n{signature}\n") == Cut(REPLY, QUOTE, signature)


NOTICES = (
    "This e-mail and any attachments are confidential and intended solely for the addressee. If you are not\n"
    "the intended recipient please notify the sender immediately and delete this message.",
    "Diese E-Mail enthält vertrauliche Angaben und ist nur für den Empfänger bestimmt. Wenn Sie nicht der\n"
    "richtige Adressat sind, informieren Sie bitte den Absender und löschen Sie diese Mail.",
    "Ce message et les pièces jointes sont confidentiels et destinés exclusivement au destinataire. Si vous le\n"
    "recevez par erreur, merci de le détruire.",
    "Este mensaje y sus archivos son confidenciales y van dirigidos a su destinatario. Si lo ha recibido por\n"
    "error, elimine el mensaje.",
    "Questo messaggio è riservato e destinato esclusivamente al destinatario. Se lo avete ricevuto per errore,\n"
    "cancellatelo.",
    "Dit bericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde. Hebt u dit bericht abusievelijk\n"
    "ontvangen, verwijder het dan.",
)


@pytest.mark.parametrize("notice", NOTICES)
def test_legal_notices_are_signatures(notice: str) -> None:
    assert cut(f"{REPLY}\n\n{notice}\n") == Cut(REPLY, "", notice)
    assert cut(f"{REPLY}\n\n{notice}\n\n{QUOTE}") == Cut(REPLY, QUOTE, notice)
    assert cut(f"{REPLY}\n\n{QUOTE}\n\n{notice}") == Cut(REPLY, QUOTE, notice)
    assert cut(f"{REPLY}\n\n-- \nAda\n\n{notice}") == Cut(REPLY, "", f"-- \nAda\n\n{notice}")
    assert cut(f"{REPLY}\n\n______________\n{notice}\n______________\n").new == REPLY


KEPT = (
    "On Monday I wrote: the printer is broken.\nNobody came.",
    "Am Montag schrieb er: nein\nUnd am Dienstag auch.",
    "On 3 May 2024 at 10:30 I wrote:\n\nthe printer is broken, please come.",
    "Am 3.5.2024 um 10:30 schrieb ich:\n\nDer Drucker ist kaputt.",
    "Please book:\nFrom: Munich\nTo: Berlin\nDate: 3.4.2024\nClass: second\n\nThank you",
    "From: 3 May\nTo: 7 May\nSubject: holiday",
    "The value must be\n> 100 and < 200\nin every case.",
    "It must be\n> 100",
    "I ran this:\n> npm install\n> npm start\nand it failed.",
    "The log says:\n\n> error one\n> error two",
    "diff of both files:\n< old line\n---\n> new line one\n> new line two",
    "Key points\n"
    "---\n"
    "1. one\n"
    "2. two\n"
    "\n"
    "---\n"
    "More text that follows here and says something of weight.\n"
    "\n"
    "---\n"
    "And the end.",
    "We need three things:\n- paper\n- ink\n- a new cable",
    "We need three things:\n\n-Paper\n-Ink",
    "Best regards from Vienna, where it rains.\nThe printer is broken.",
    "Hello\n\nBest regards\nAda\nPS: the second printer is broken too, please look at it.",
    "Sent from my desk, is where this mail comes from.",
    "I looked at what was sent from my account.\nSent from my account there were three mails.",
    "This message was sent from my office phone yesterday, did you get it?",
    "I use Outlook for Windows and Yahoo Mail.\nThey do not work.",
    "--\n"
    "This is the first of my points. It is long enough that nobody would call it a name.\n"
    "\n"
    "Is the second one a question?",
    'The letter says "this message is confidential".\n'
    "Please delete the case, I sent it in error, the recipient was wrong.",
    "Someone wrote:\nhello",
    "Der Kunde schrieb am 3.4.2024:\nDas Gerät ist defekt.",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "Question one?\n____\n\nQuestion two, and it is a longer one which matters?",
    "Name: Ada\nEmail: ada@customer.example\nDate: 3 May 2024\nTo: whom it may concern\nMessage: the printer is broken",
    "To: do\nDate: today\nit",
    "Original Message\nis what the title of the film is.",
    "Forwarded from my wife: she says it is broken.",
    "See <http://x.example> at 10:30 on 3.4.2024:\nit fails.",
    "Invoice 2024/10/6 Ada <ada@customer.example>\nInvoice 2024/10/7 Bob <bob@customer.example>\nPlease pay both.",
    "2024-05-03 10:30 login failed\n2024-05-03 10:31 login failed\n2024-05-03 10:32 Ada <ada@x.example> wrote: hello",
    "--\nThis is\n\na question?",
    "Thanks!\n\nAda",
    "Thank you,\nAda",
    "Cheers\nwe will meet tomorrow",
    "I'd like\n-Ada's- printer\nback.",
    "Sent: 3 May\nFrom: the warehouse\nTo: Ada\nIt never arrived.",
)


@pytest.mark.parametrize("text", KEPT)
def test_what_only_looks_like_a_quote_or_a_signature_is_kept(text: str) -> None:
    assert cut(text) == Cut(text)
    assert cut(f"Hello,\n\n{text}").new == f"Hello,\n\n{text}"
    assert cut(f"Hello,\n\n{text}\n\n{QUOTE}") == Cut(f"Hello,\n\n{text}", QUOTE)


@pytest.mark.parametrize("text", [QUOTE, "-- \nAda", "--\nAda", BLOCK, *NOTICES, PHONES[0], SEPARATORS[0]])
def test_a_text_that_is_nothing_else_is_all_new(text: str) -> None:
    assert cut(text) == Cut(text)


@pytest.mark.parametrize(
    "line",
    [
        "Yahoo Mail is broken on my phone.",
        "Outlook for iOS does not start",
        "Von meinem Handy geht es nicht.",
        "Ich habe die Datei mit Outlook gesendet",
        "Diese Nachricht wurde auf dem Handy nicht angezeigt",
        "Enviado desde mi teléfono ayer, pero no llegó",
        "Sent from my iPhone. It does not arrive on the PC.",
        "Sent from my desk, which is easier than my mobile phone.",
    ],
)
def test_words_about_a_phone_are_words(line: str) -> None:
    assert cut(f"{REPLY}\n\n{line}") == Cut(f"{REPLY}\n\n{line}")


OLD = "> Old words.\n> More words of ours."
ABOVE = QUOTE.partition("\n")[0]


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (f"{QUOTE}\n\nMy answer.", "My answer."),
        (f"Hi,\n\n{QUOTE}\n\nMy answer.", f"Hi,\n\n{OLD}\n\nMy answer."),
        (f"New.\n\n{QUOTE}\n\nAnd it beeps.", f"New.\n\n{OLD}\n\nAnd it beeps."),
        (f"{ABOVE}\n> Is it on?\nYes.\n> Good.\n\n-- \nAda", "> Is it on?\nYes.\n> Good."),
        (f"New.\n\n{QUOTE}\n\nOn 5 Oct 2008, X <x@mycompany.com> wrote:\n\n> older\n> words", "New."),
        (f"New.\n\n{ABOVE}\n> On 5 Oct 2008, B <b@customer.example> wrote:\n>> deep\n> less", "New."),
        ("New.\n\n> > Old words of yours\n>\n> Old words of ours.\n> --\n> Support", "New."),
        (f"New.\n\n{ABOVE}\nFT> Is it on?\nFT>\nFT> Good.", "New."),
        (
            f"New.\n\n{ABOVE}\n> The last word of this rather long line went to a line of its very\nown\n> by wrapping.",  # noqa: E501
            "New.",
        ),
        ("New.\n\nFrom: Support <s@mycompany.com>\nDate: 6 Oct 2008\n\n> Old words.", "New."),
        (f"New.\n\n{BLOCK}\n\n> Is it on?\nYes.\n> Good.", "New.\n\n> Is it on?\nYes.\n> Good."),
        (f"New.\n\n-----Original Message-----\n{BLOCK}\n\n> Is it on?\n\nYes.\n", "New.\n\n> Is it on?\n\nYes."),
        (f"New.\n\n{BLOCK}\n\n> Old.\n\n{BLOCK}\n\nOlder.", "New."),
        (f"New.\n\n{ABOVE}", "New."),
        ("New.\n\nZitat von Support <s@mycompany.com>:\n\n> Alt.\n", "New."),
    ],
)
def test_top_bottom_and_interleaved_answers(text: str, new: str) -> None:
    assert [line for line in cut(text).new.split("\n") if line] == [line for line in new.split("\n") if line]


@pytest.mark.parametrize(
    "title",
    [
        "---------- Forwarded message ---------",
        "Begin forwarded message:",
        "-------- Weitergeleitete Nachricht --------",
        "Début du message transféré :",
        "---------- Mensaje reenviado ---------",
        "---------- Messaggio inoltrato ---------",
        "----- Doorgestuurd bericht -----",
        "Inizio messaggio inoltrato:",
        "---------- Переслане повідомлення ---------",
        "---------- Пересылаемое сообщение ---------",
        "---------- 转发的邮件 ---------",
    ],
)
@pytest.mark.parametrize("above", ["", "Please look.\n\n"])
def test_what_somebody_forwards_is_what_he_says(title: str, above: str) -> None:
    text = f"{above}{title}\n{BLOCK}\n\nWords of another.\n\n> Older ones.\n> And more.\n\n-- \nEve"
    assert cut(text) == Cut(text)


def test_a_quote_that_holds_a_forwarded_mail_is_a_quote() -> None:
    quote = f"{ABOVE}\n\n> ---------- Forwarded message ---------\n> From: Eve <eve@customer.example>\n>\n> Words."
    assert cut(f"New.\n\n{quote}") == Cut("New.", quote)


def test_answers_that_are_said_to_stand_in_an_unmarked_quote_are_kept() -> None:
    text = f"Hi, my answers are in red.\n\n{BLOCK}\n\nIs it on? YES"
    assert cut(text) == Cut(text)


def test_a_copied_header_is_no_quote() -> None:
    text = f"I got this spam:\n\nReceived: from x.example\n{BLOCK}\nMessage-ID: <1@x.example>\n\nBuy!"
    assert cut(text) == Cut(text)


def test_what_is_not_known_stays_where_it_stood() -> None:
    text = f"{ABOVE}\n> Is it on?\nYes.\n> Good.\n\n-- \nAda"
    assert without_signature(text) == text.partition("\n\n-- ")[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", False),
        (QUOTE, False),
        ("-- \nAda", False),
        (PHONES[0], False),
        (NOTICES[0], False),
        (BLOCK, False),
        ("Thank you,\nAda", True),
        ("yes", True),
        (f"yes\n\n{QUOTE}", True),
    ],
)
def test_says_something(text: str, says: bool) -> None:
    assert says_something(text) is says


LINES = [
    "", "words of a customer", "Words.", "> quoted", ">> deep", "-- ", "--", "____________", "-----", "AB> x", "AB>",
    "Best regards",    "Ada Novak", "+32 1 23 45 67", ABOVE, *BLOCK.split("\n"), SEPARATORS[0], PHONES[0],
    *NOTICES[0].split("\n"), "at 12:30",
    "Support <", "s@mycompany.com> wrote:", "---- Forwarded message ----", "Message-ID: x", "answers inline",
    "wrote:", "<",
]  # fmt: skip


def in_order(part: str, lines: list[str]) -> bool:
    rest = iter(lines)
    return all(any(line == one for one in rest) for line in part.split("\n") if line)


@given(st.lists(st.sampled_from(LINES) | st.text(alphabet="> -_:@<.\u200eAb1\t", max_size=12), max_size=30))
def test_every_line_stands_in_exactly_one_part(some: list[str]) -> None:
    lines = "\n".join(some).split("\n")
    apart = cut("\n".join(lines))
    parts = (apart.new, apart.quote, apart.signature)
    together = "\n".join(parts).split("\n")
    assert sorted(filter(None, together)) == sorted(filter(None, lines))
    assert all(in_order(part, lines) for part in parts)
    assert bool(apart.new.strip()) == any(map(str.strip, lines))


@given(st.text())
def test_any_text_is_taken_apart(text: str) -> None:
    apart = cut(text)
    assert sum(map(len, (apart.new, apart.quote, apart.signature))) <= len(text)


@pytest.mark.parametrize("line", [*LINES, "On ", "<a@b ", "On 3 May 2024, x, ", "-", "_", "am 3.4.2020 x"])
def test_a_hostile_text_is_taken_apart_as_well(line: str) -> None:
    for text in (f"{line}\n" * 3000, line * 100_000):
        apart = cut(f"Hello\n{text}")
        assert apart.new.startswith("Hello")


@pytest.mark.parametrize(
    "text",
    [
        "Please book.\n\nFrom: Munich\nTo: Berlin\nDate: 3 May 2020 10:30\nContact: ada@home.example",
        "These are my data\n-------------\nName: Ada Novak\nPhone: +32 1 234 56 78\nMail: ada@home.example",
        "Name | Price\n-----------\nInk | 12.00\nPaper | 5.00",
        "My orders\n__________\nInk 12\nPaper 5",
        "FYI\n\nFrom: Eve <eve@else.example>\nSent: Monday\nTo: Ada\nSubject: Bill\n\nPay now.",
        "Zur Info!\n\nVon: Eve <eve@else.example>\nGesendet: Montag\nAn: Ada\nBetreff: Rechnung\n\nBitte zahlen.",
    ],
)
def test_data_below_a_heading_and_what_is_sent_for_information_stay_new(text: str) -> None:
    assert cut(text) == Cut(text)


@pytest.mark.parametrize(
    "text",
    [
        'Hello,\n\nOn 3 May 2024 your colleague Ada Novak wrote:\n\n"We repair it."\n\nIt is not. Please pay.',
        "Hi\n\nAm 12.03.2024 schrieb Herr Novak von der Hotline:\n\nKommt morgen.",
        "Dear support,\n\nDate: 2024-05-03\nFrom: Ada\nSubject: broken printer\n\nIt prints stripes.",
        "It works.\n-- \nAda\nACME\n\nPS: please send the second invoice too",
        "It works.\n-- \nAda\n\nOne more thing. The scanner is broken, please come on Monday.",
        "Two things:\n--\nThe printer is broken again\n--\nThe invoice 4711 is wrong, cancel it please",
        "Hallo,\n\nlöschen Sie alle Daten des Empfängers. Diese Nachricht ist eine Kündigung, bitte bestätigen.",
        'Hello,\n\nplease remove the line "virus-free" from your mails, it annoys us.',
        "Anbei die Daten.\n\nMfG\nAda\n\nSeriennummer: 1234567890\nIBAN: DE12345678901234",
        "I choose:\n\n__________\nOption B\nTwo pieces",
        "Where is my parcel\nSent from Hong Kong",
    ],
)
def test_what_a_customer_says_in_words_of_programs_is_his(text: str) -> None:
    assert cut(text) == Cut(text)
