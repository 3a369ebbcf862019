"""The words by which replies are taken apart, in the languages of the mail programs that write them.

All lower case. Sets hold whole words; tuples hold beginnings or pieces of a line.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The verb of an attribution: "X wrote:". CJK and Thai have no blanks between words, so these are looked for as pieces.
WROTE = _words("""
    wrote writes schrieb geschrieben écrit ecrit escribió escribio escribiu scritto schreef geschreven escreveu skrev
    skreiv kirjoitti kirjutas napisał napisała napisal napisala pisze przez napsal napsala napísal napísala написал
    написала пишет
    писал писала написа написав написала пише írta írt yazdı yazmış scris έγραψε viết menulis said rakstīja rašė
    escrigué escriure pisao napisao napisao napisal skrifaði shkroi κατέγραψε كتب كتبت כתב כתבה
""")
WROTE_PIECES = (
    "写道",
    "寫道",
    "写到",
    "的邮件",
    "书写",
    "書きました",
    "のメール",
    "님이 작성",
    "님이 씀",
    "작성:",
    "เขียน",
)
# Who says of himself or of somebody known that he wrote; a mail program names a person.
PERSONS = _words("""
    i he she we they you ich er sie wir ihr je elle nous vous ils yo él ella nosotros io lei lui noi ik hij zij wij jag
    han hon jeg hun eu ele ela ona я он она мы вы
    my your our his her their the mr mrs mein meine dein deine unser unsere ihre euer eure herr frau der die das ein
    eine votre notre une monsieur madame su nuestro nuestra señor señora mio suo nostro signor signora mijn uw onze
    mevrouw meneer een min din deres meu minha seu nosso
""")
# What an attribution begins with, beside a date in digits or a day's name.
OPENINGS = _words("""
    on le am el il op em den dne dňa dnia w pe på på: ti в на вт у vào pada la em în στις la dia el: no, el, il,
    den: kl am: 在 于 於 tarihinde zitat quoting citando citat citazione citation
""")
WEAK_OPENINGS = _words("at um kl kl. à om ore ás às a las alle ob о в")
DAYS = _words("""
    mon tue tues wed thu thur thurs fri sat sun monday tuesday wednesday thursday friday saturday sunday
    mo di mi do fr sa so montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag
    lun mar mer jeu ven sam dim lundi mardi mercredi jeudi vendredi samedi dimanche
    mié mie jue vie sáb sab dom lunes martes miércoles jueves viernes sábado domingo
    gio lunedì martedì mercoledì giovedì venerdì sabato domenica
    ma wo vr za zo maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
    seg ter qua qui sex segunda terça quarta quinta sexta segunda-feira terça-feira quarta-feira quinta-feira
    sexta-feira
    mån tis ons tors fre lör sön måndag tisdag onsdag torsdag fredag lördag söndag man tir lør søn mandag tirsdag
    lørdag søndag maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai ke to pe la su
    pon wt śr czw pt niedz poniedziałek wtorek środa czwartek piątek sobota niedziela út st čt pá po ne pondělí úterý
    středa čtvrtek pátek neděle pondelok utorok streda štvrtok piatok nedeľa
    пн вт ср чт пт сб вс нд понедельник вторник среда четверг пятница суббота воскресенье понеділок вівторок середа
    четвер пʼятниця субота неділя δευ τρί τετ πέμ παρ σάβ κυρ pzt sal çar per cum cmt paz pazartesi salı çarşamba
    perşembe cuma cumartesi pazar h k sze cs p szo v hétfő kedd szerda csütörtök péntek szombat vasárnap
    luni marți miercuri joi vineri sâmbătă duminică sen sel rab kam jum min
""")
QUOTING = ("quoting ", "zitat von ", "citando ", "citat ", "citazione ", "citation de ", "cytat ")

# The title of a line such as ----- Original Message -----
ORIGINAL = frozenset((
    "original message", "original-message", "original appointment", "original mail", "original email",
    "original e-mail", "original", "reply message", "reply separator", "previous message",
    "originalnachricht", "original-nachricht", "original nachricht", "ursprüngliche nachricht",
    "urspruengliche nachricht", "ursprüngliche mail", "ursprüngliche message", "邮件原件", "ursprünglicher termin",
    "originaltermin", "antwortnachricht",
    "message d'origine", "message d’origine", "message original", "message initial",
    "mail original", "courriel original", "e-mail d'origine", "rendez-vous d'origine", "mensaje original",
    "mensaje de origen", "correo original", "messaggio originale", "messaggio di origine", "messaggio in origine",
    "oorspronkelijk bericht", "oorspronkelijke bericht", "origineel bericht", "originele bericht",
    "mensagem original", "oprindelig meddelelse", "original meddelelse", "opprinnelig melding",
    "opprinnelig e-post", "originalmelding", "ursprungligt meddelande", "originalmeddelande",
    "alkuperäinen viesti", "wiadomość oryginalna", "oryginalna wiadomość", "wiadomosc oryginalna",
    "původní zpráva", "puvodni zprava", "původní e-mail", "pôvodná správa", "исходное сообщение",
    "оригинальное сообщение", "первоначальное сообщение", "original-meddelande", "оригінальне повідомлення",
    "вихідне повідомлення", "πρωτότυπο μήνυμα", "αρχικό μήνυμα", "orijinal mesaj", "özgün ileti", "orijinal ileti",
    "eredeti üzenet", "mesaj original", "mesajul original", "tin nhắn gốc", "thư gốc", "pesan asli",
    "原始邮件", "原邮件", "原始郵件", "原始信件", "原始訊息", "元のメッセージ", "オリジナルメッセージ", "元メール",
    "원본 메시지",
    "원본 메일", "원본메시지", "الرسالة الأصلية", "ההודעה המקורית", "הודעה מקורית", "missatge original",
    "izvirno sporočilo", "izvorna poruka", "originalna poruka", "оригинално съобщение", "algkiri", "algne sõnum",
    "sākotnējais ziņojums", "originalus laiškas", "ข้อความต้นฉบับ",
))  # fmt: skip
FORWARD = (
    "forwarded", "fwd message", "begin forwarded", "start of forwarded", "weitergeleitet", "anfang der weitergeleitet",
    "beginn der weitergeleitet", "message transféré", "message transmis", "début du message", "mensaje reenviado",
    "inicio del mensaje reenviado", "inicio de mensaje reenviado", "messaggio inoltrato", "inizio messaggio inoltrato",
    "inizio del messaggio inoltrato", "doorgestuurd", "begin doorgestuurd", "mensagem encaminhada",
    "mensagem reencaminhada", "início da mensagem", "inicio da mensagem", "videresendt", "vidaresendt",
    "start på videresendt", "begynnelsen på videresendt", "vidarebefordra", "vidarebefordrat", "början på vidare",
    "välitetty viesti", "edelleenlähetetty", "wiadomość przekazana", "przekazana wiadomość", "przesłana dalej",
    "początek przekaz", "přeposlaná", "přeposlan", "preposlaná", "пересылаемое", "пересланное", "начало переадрес",
    "начало пересыл", "переслане", "προωθημένο", "iletilen", "yönlendirilmiş", "továbbított", "mesaj redirecționat",
    "chuyển tiếp", "pesan terusan", "转发", "轉寄", "轉發", "已转发", "転送", "전달된", "رسالة معاد", "הודעה שהועברה",
    "missatge reenviat", "posredovano", "proslijeđen", "препратено", "edastatud", "pārsūtīt", "persiųst",
)  # fmt: skip
# A help desk asks that the answer is written above its line.
ABOVE_LINE = (
    "above this line", "oberhalb dieser linie", "oberhalb dieser zeile", "über dieser linie", "über dieser zeile",
    "über diese zeile", "über diese linie", "au-dessus de cette ligne", "encima de esta línea", "arriba de esta línea",
    "por encima de esta", "sopra questa riga", "sopra questa linea", "boven deze regel", "boven deze lijn",
    "acima desta linha", "ovanför denna", "ovanför den här", "over denne linje", "ovenfor denne linje",
    "yllä olevan viivan", "tämän rivin yläpuol", "powyżej tej linii", "nad tento řádek", "nad tímto řádkem",
    "nad touto čarou", "выше этой строки", "выше этой линии", "выше этой черты", "bu satırın üst", "在此行上方",
    "この行より上",
)  # fmt: skip

# The labels of the header block that Outlook and others put above a quote.
LABELS: dict[str, str] = {}
for _kind, _text in (
    ("from", """from von de da van från fra frá lähettäjä od от від από feladó kimden gönderen dela từ dari saatja no
        nuo 送信元 šalje จาก 发件人 寄件者 寄件人 差出人 送信者 보낸사람 보낸 발신 من מאת expéditeur absender
        remitente mittente
        afzender remetente
        avsändare avsender afsender nadawca odesílatel odosielateľ отправитель"""),
    ("date", """sent date gesendet datum envoyé envoye enviado enviada fecha inviato data verzonden skickat sendt dato
        lähetetty päivämäärä päiväys pvm wysłano wyslano odesláno odoslané дата отправлено відправлено надіслано
        ημερομηνία στάλθηκε εστάλη tarih gönderildi gönderme elküldve dátum küldve trimis tanggal dikirim gửi ngày
        发送时间 发送日期 日期 傳送時間 寄件日期 送信日時 日時 日付 보낸날짜 날짜 التاريخ تاريخ נשלח תאריך saadetud
        kuupäev
        poslano poslato đã تم enviat 送信日 ส่ง วันที่ изпратено nosūtīts išsiųsta"""),
    ("to", """to an à destinataire para a per aan till til vastaanottaja do komu pro кому προς címzett kime alıcı către
        catre đến tới kepada untuk 收件人 收件者 宛先 받는사람 받는 إلى אל kam kellele za prima adressaat 수신 ถึง"""),
    ("subject", """subject betreff objet asunto oggetto onderwerp assunto ämne emne aihe temat předmět predmet тема
        θέμα konu tárgy subiect subiectul chủ tiêu perihal subjek judul 主题 主題 主旨 件名 제목 الموضوع נושא zadeva
        teema относно temats tema assumpte efni เรื่อง tittel titel"""),
    ("cc", """cc bcc kopie copie copia kopia kopi kopio копия копія cópia másolat bilgi 抄送 副本 참조 نسخة עותק"""),
    ("other", """reply-to antwort importance wichtigkeit priority priorität priorité importancia prioridad organization
        attachments anhänge anlagen when where"""),
):  # fmt: skip
    for _word in _text.split():
        LABELS.setdefault(_word, _kind)

# "Sent from my phone": a piece that says sent, at the beginning or at the end of the line, and a device or program.
SENT_FIRST = (
    "sent from", "sent via", "sent using", "sent with", "sent by", "sent on ", "sent through", "send from my",
    "get outlook", "typed on", "composed on", "written on my", "this message was sent from", "this email was sent from",
    "gesendet v", "gesendet mit", "gesendet über", "gesendet aus",
    "gesendet per", "versendet", "verschickt",
    "holen sie sich outlook", "laden sie outlook", "envoyé d", "envoyé à partir", "envoyé avec",
    "envoyé par",
    "envoyé via", "envoye d", "provenance : ", "obtenez outlook", "obtenir outlook", "télécharger outlook",
    "téléchargez outlook", "enviado d", "enviado con", "enviado com", "enviado por", "enviado pelo", "enviado a partir",
    "enviado via", "enviada d", "obtener outlook", "consigue outlook", "descargar outlook", "obter o outlook",
    "obtenha",
    "inviato d", "inviato con", "inviato tramite", "inviata d", "scarica outlook", "ottieni outlook", "verzonden v",
    "verzonden met", "verstuurd v", "verstuurd met", "download outlook", "skickat från", "skickat med",
    "skickades från", "hämta outlook", "skaffa outlook", "sendt fra", "sendt med", "sendt via", "hent outlook",
    "få outlook", "last ned outlook", "lähetetty", "hanki outlook", "wysłane z", "wysłano z", "wyslane z",
    "pobierz aplikację outlook", "pobierz outlook",
    "uzyskaj outlook", "odesláno z", "odesláno m", "získejte outlook", "odoslané z", "отправлено", "надіслано",
    "скачать outlook", "получить outlook", "στάλθηκε", "εστάλη", "trimis de", "trimis din", "изпратено от", "poslano s",
    "poslano z", "poslano iz", "poslato s", "enviat d", "saadetud", "nosūtīts", "išsiųsta", "dikirim d",
    "được gửi từ", "đã gửi từ", "أُرسل",
    "gửi từ", "发自", "發自", "从我的", "從我的", "傳送自", "寄自", "أرسل", "مرسل", "تم الإرسال", "נשלח מ", "ส่งจาก",
    "mobil gesendet",
)  # fmt: skip
SENT_LAST = (
    "gesendet", "geschickt", "versandt", "gönderildi", "küldve", "edinin", "beziehen", "downloaden",
    "送信", "보냄", "보냈습니다", "发送",
    "发出", "傳送",
    "寄出",
    "sendt", "skickat", "verzonden", "verstuurd", "envoyé",
)  # fmt: skip
# What a line begins with that ends with a word of SENT_LAST, beside the device.
SENT_BEFORE = (
    "von mein", "von unterwegs", "mit mein", "diese ", "az ", "私の", "나의", "내 ", "outlook", "android", "mobil",
)  # fmt: skip
EXCUSES = ("excus", "typo", "brevity", "entschuldig", "tippfehler", "fautes", "apolog", "forgive", "pardon")
DEVICES = (
    "iphon", "ipad", "ipod", "android", "samsung", "galaxy", "blackberry", "nokia", "huawei", "pixel", "htc", "xperia",
    "xiaomi", "redmi", "oneplus", "motorola", "nexus", "lumia", "palm", "treo", "handheld", "wireless", "mobile",
    "smartphone", "smart phone", "cell phone", "cellphone", " phone", "tablet", "telefon", "téléphone", "telefoon",
    "teléfono", "telefono", "telefone", "handy", "mobil", "móvil", "celular", "cellulare", "portable", "mobiel",
    "puhelim", "komórk", "телефон", "смартфон", "outlook", "yahoo", "gmail", "proton", "windows", "mail app", "mailbox",
    "airmail", "spark", "web.de", "gmx", "t-online", "mail.ru", "яндекс", "yandex", "почт", "app für", "zimbra", "aol",
    "mac", "watch", "surface", "workspace", "superhuman", "front", "thunderbird", "roundcube", "webmail", "ios", "手机",
    "手機", "スマートフォン", "携帯", "휴대", "电脑", "邮箱", "orange", "laposte", "smart", "vodafone", "hey.com",
    "fairphone",
    "eudora", "mailspring", "newton", "nine", "bluemail", "k-9", "fairemail", "tutanota", "zoho", "libero", "virgilio",
)  # fmt: skip

# A closing that says nothing but goodbye. Thanks are words of their own and are not in the list.
GOODBYES = frozenset((
    "best", "best regards", "kind regards", "regards", "warm regards", "warmest regards", "kindest regards",
    "with kind regards", "with best regards", "many regards", "best wishes", "all the best", "sincerely",
    "yours sincerely", "yours truly", "yours faithfully", "sincerely yours", "respectfully", "cheers", "br", "rgds",
    "cordially", "mit freundlichen grüßen", "mit freundlichen grüssen", "mit freundlichem gruß",
    "mit freundlichem gruss",
    "freundliche grüße", "freundliche grüsse", "freundlicher gruß", "viele grüße", "viele grüsse", "beste grüße",
    "liebe grüße", "liebe grüsse", "schöne grüße", "herzliche grüße", "mit besten grüßen", "gruß", "grüße", "mfg", "lg",
    "vg", "hochachtungsvoll", "cordialement", "bien cordialement", "très cordialement", "bien à vous", "sincèrement",
    "salutations", "sincères salutations", "meilleures salutations", "cdlt", "saludos", "un saludo",
    "saludos cordiales",
    "un cordial saludo", "atentamente", "cordialmente", "cordiali saluti", "distinti saluti", "saluti", "un saluto",
    "met vriendelijke groet", "met vriendelijke groeten", "vriendelijke groet", "vriendelijke groeten", "groeten",
    "groet", "mvg", "atenciosamente", "cumprimentos", "com os melhores cumprimentos", "melhores cumprimentos",
    "abraços",
    "med vänlig hälsning", "med vänliga hälsningar", "vänliga hälsningar", "hälsningar", "mvh", "med venlig hilsen",
    "venlig hilsen", "med vennlig hilsen", "vennlig hilsen", "hilsen", "ystävällisin terveisin", "terveisin",
    "z poważaniem", "pozdrawiam", "pozdrowienia", "s pozdravem", "s pozdravom", "с уважением", "з повагою",
    "με εκτίμηση", "saygılarımla", "üdvözlettel", "cu stimă", "cu respect", "lep pozdrav", "s poštovanjem",
    "с уважение",
))  # fmt: skip
CONTACT = _words("""
    tel phone telefon téléphone telefono teléfono telefoon telefone mobile mobil mobiel móvil cell fax email e-mail mail
    web website www skype direct office ext address adresse linkedin twitter t m f e p w tél ph mob
""")

# Legal notices: four kinds of pieces; three kinds together in one paragraph make a notice.
LEGAL = (
    ("confidential", "privileged", "proprietary", "vertraulich", "rechtlich geschützt", "confidentiel", "confidencial",
     "riservat", "vertrouwelijk", "konfidentiell", "fortrolig", "luottamuksell", "poufn", "důvěrn", "dôvern",
     "конфиденциальн", "конфіденц", "εμπιστευτικ", "gizli", "bizalmas", "confidențial", "rahasia", "机密", "保密",
     "機密",
     "기밀"),
    ("intended", "recipient", "addressee", "addressed", "named above", "empfänger", "adressat", "bestimmt",
     "destinataire", "destiné", "destinatario", "destinatári", "destinad", "geadresseerde", "bestemd", "ontvanger",
     "mottagar", "modtager", "mottaker", "vastaanottaj", "adresat", "příjemc", "príjemc", "адресат", "получател",
     "παραλήπτ", "alıcı", "címzett", "penerima", "收件人", "受取人", "수신"),
    ("in error", "delete", "destroy", "unauthorized", "unauthorised", "prohibited", "disclos", "liab", "notify",
     "virus", "irrtümlich", "vernicht", "lösch", "unbefugt", "nicht gestattet", "informieren", "par erreur", "détrui",
     "supprim", "interdit", "por error", "eliminar", "elimine", "prohibid", "por engano", "apag", "proibid", "errore",
     "cancell", "vietat", "distrugg", "abusievelijk", "verwijder", "per vergissing", "av misstag", "radera",
     "ved en feil",
     "ved en fejl", "slett", "slet", "vahingossa", "poista", "omyłk", "usuni", "omylem", "ошибк", "удалит", "помилк",
     "λάθος", "διαγρά", "yanlış", "siliniz", "tévedés", "törö", "eroare", "șterge", "删除", "刪除", "삭제"),
    ("this e-mail", "this email", "this message", "this mail", "this communication", "this transmission",
     "the information contained", "the information in", "the contents of", "any attachment", "disclaimer",
     "diese e-mail", "diese email", "diese mail", "diese nachricht", "dieser e-mail", "dieser nachricht", "ce message",
     "cet e-mail", "ce mail", "ce courriel", "ce courrier", "pièces jointes", "este mensaje", "este correo",
     "este e-mail", "esta mensagem", "esta mensaje", "questo messaggio", "questa e-mail", "questa mail",
     "presente messaggio", "presente comunicazione", "dit bericht", "deze e-mail", "deze mail", "dit e-mail", "detta",
     "denne e-", "denne mail", "denne meld", "tämä", "ta wiadomość", "niniejsza", "wiadomości", "tento e-mail",
     "tato zpráva", "táto správa", "это сообщение", "данное сообщение", "это письмо", "це повідомлення", "το παρόν",
     "bu e-posta", "bu mesaj", "ez az", "acest mesaj", "acest e-mail", "pesan ini", "email ini", "本邮件", "本郵件",
     "本メール", "이 메일"),
)  # fmt: skip
# One of these at the end of a text is enough: programs and companies add them.
FOOTERS = (
    "please consider the environment", "think before you print", "consider the environment before", "virus-free",
    "this email has been checked for viruses", "this e-mail has been checked for viruses", "virenfrei.",
    "diese e-mail wurde von avast", "bitte denken sie an die umwelt", "bitte prüfen sie, ob diese mail",
    "l'absence de virus dans ce courrier", "garanti sans virus", "pensez à l'environnement",
    "antes de imprimir", "prima di stampare", "denk aan het milieu", "libre de virus", "privo di virus",
)  # fmt: skip
# The text above an unmarked quote says that the answers stand within it.
INLINE = (
    "inline", "in-line", "in red", "in blue", "in green", "in bold", "my answers", "my comments", "my replies",
    "answers below", "comments below", "responses below", "replies below", "answered below", "see below",
    "in rot", "in blau", "in grün", "im text", "meine antworten", "meine kommentare", "siehe unten",
    "antworten unten", "en rouge", "en bleu", "mes réponses", "ci-dessous", "mis respuestas", "en rojo", "en azul",
    "más abajo", "in rosso", "in blu", "le mie risposte", "qui sotto", "mijn antwoorden", "in het rood", "hieronder",
    "minhas respostas", "em vermelho", "abaixo", "mina svar", "i rött", "nedan", "na czerwono", "poniżej", "ниже",
)  # fmt: skip
# What stands alone above a mail that is passed on without any mark.
INFORMATION = (
    "fyi", "for your information", "for information", "see below", "please see below", "zur info", "z.k",
    "zur kenntnis",
    "zu deiner info", "zu ihrer info", "siehe unten", "s.u", "pour info", "pour information", "voir ci-dessous",
    "para tu información", "para su información", "ver abajo", "per conoscenza", "per informazione", "ter info",
    "ter informatie", "zie onder", "para conhecimento", "para informação", "till info", "för kännedom", "til info",
    "tiedoksi", "do wiadomości", "на сведение", "для информации", "к сведению",
)  # fmt: skip
