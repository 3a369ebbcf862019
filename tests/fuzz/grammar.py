"""Messages out of a grammar of what mail is made of, right and broken, so that a fuzzer gets behind the first line.

Every choice is one call of `below(n)`, which returns a number from 0 to n - 1: of `random`, or of hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Below = Callable[[int], int]

ENDS = ("\n", "\n", "\n", "\r\n", "\r\n", "\r", "\n\n", "\r\r\n", "\x0b", "\x0c", "\x85", "\u2028", " \n", "")
CHARSETS = (
    "utf-8", "us-ascii", "iso-8859-1", "windows-1252", "utf-16", "utf-16le", "utf-7", "iso-2022-jp", "gb2312", "big5",
    "koi8-r", "hz-gb-2312", "idna", "punycode", "unicode_escape", "hex", "rot13", "x-none", "utf-8*en", "cp-1252",
    "utf-32", "undefined", "uu", "zip", "ks_c_5601-1987", "", '"', "\u20ac", "utf_8_sig", "bz2", "palmos", "mbcs",
)  # fmt: skip
ENCODINGS = (
    "7bit", "8bit", "binary", "quoted-printable", "base64", "x-uuencode", "Quoted-Printable; x", "BASE64 ", "x-none",
    "uue", "base64 (comment)", "",
)  # fmt: skip
TYPES = (
    "text/plain", "text/html", "multipart/mixed", "multipart/alternative", "multipart/related", "multipart/digest",
    "multipart/report", "multipart/signed", "message/rfc822", "message/delivery-status", "message/partial",
    "message/external-body", "message/global", "text/rfc822-headers", "text/calendar", "application/ms-tnef",
    "application/octet-stream", "application/pkcs7-mime", "image/png", "text", "html", "/", "multipart/", "TEXT/HTML",
    "message/disposition-notification", "message/feedback-report", "text/enriched", "x", "multipart/mixed,text/plain",
)  # fmt: skip
BOUNDARIES = ("b", "bb", "b-", "--", "=_x", "b b", "b ", "'()+_,-./:=?", "\u00e4", "", "b\tb", "b" * 80)
NAMES = (
    "a.pdf", "a.pdf", "A.PDF", "../../etc/passwd", "..\\x.exe", ".", "..", "...", "a\r\nX: y", "a\x00b", "nul.txt", "",
    " ", "=?utf-8?Q?=C3=A4.pdf?=", "=?utf-8?B?Li4v?=", "=?utf-8?Q?a=2Fb?=", "x" * 300 + ".txt", "\u00e4" * 150, "a/",
    "a-2.pdf", "\u0130.txt", "i\u0307.txt", "\u202efdp.exe", "a.tar.gz", ".htaccess", "-rf", "a:b", "<>", '"', "a;b",
    "\ud800", "\ufb01.txt", "fi.txt", "=?utf-7?Q?+2AA-?=", "attachment-1.bin", "unread.bin", "\u1e9e.txt", "\x85.txt",
    "a .txt", "a\u2028b", "\ufeff", "~", "x" * 199 + "\u00e4.pdf", "a." + "b" * 30, "$(x)", "a\\", "=?utf-16?B?ANg=?=",
)  # fmt: skip
ADDRESSES = (
    "carla@customer.org", "Carla <carla@customer.org>", '"Doe, J." <j@d.example>', "<>", "a@b", "@", "a@", "@b",
    "g: a@b.example, c@d.example;", "undisclosed-recipients:;", "(a (b) c) a@b.example", "a@b.example (x", "<a@b.example",
    "a@b.example>", '"a b"@c.example', "<@r,@s:a@b.example>", "=?utf-8?Q?C=C3=A9?= <c@d.example>", "\u00e4@\u00f6.example",
    "=?utf-8?Q?a=40b?= <c@d.example>", "=?utf-8?Q?=0D=0ABcc:_x=40y?= <c@d.example>", "MAILER-DAEMON", "a b@c.example",
    "support@mycompany.com", "fabien@mycompany.com", "a@[127.0.0.1]", "a@b.example, c@d.example", "a@b.example; c@d",
    "'a@b.example'", '"', "\\", "a@b@c", "mailto:a@b.example", "a\x00@b.example", "a\u2028@b.example", "x" * 1200 + "@b.example",
    "a@" + "x" * 1200, "=?utf-8?B?" + "w6Q=" * 60 + "?= <a@b.example>", "\ud800@b.example", "a@b.example\x0b", "a\xa0@b.c",
    "=?utf-7?Q?+2AA-?= <a@b.example>", "-a@b.example", "<a@b.example\x7f>", "<a b@c.example>", "\ufeffa@b.example",
)  # fmt: skip
IDS = (
    "<a@b.example>", "<a b@c.example>", "a@b.example", "<>", "<<a@b>>", "<a@b><c@d>", "=?utf-8?Q?=3Ca=40b=3E?=", "<\u00e4@b>",
    "<mailgate.12.p.aaaaaaaaaa.bbbbbbbb.cccccccccccccccc@mycompany.com>", "<mailgate.aaaaaaaaaaaaaaaa@mycompany.com>",
    "<1-openerp-12-crm.case@x>", "<1-tinycrm-12@x>", "<x-openobject-99999999999@x>", "<" + "x" * 1200 + "@b>", "no id",
    "<a\x00@b>", "<a\x85@b>", "=?utf-7?Q?+2AA-?=", "<\ud800@b>", "<a@b", "@", "<a\u2028@b>", "=?utf-8?Q?=0D=0A?= <a@b>",
)  # fmt: skip
DATES = (
    "Tue, 14 Nov 2023 22:00:00 +0000", "14 Nov 23 22:00 EST", "2023-11-14T22:00:00Z", "Mon, 32 Foo 99999 99:99:99 +9999",
    "0", "", "Tue, 14 Nov 2023 22:00:00 +999999999999", "1 Jan 0 0:0:0", "Tue, 14 Nov 2023 22:00:00 +0000 (" + "x" * 80,
    "1 Jan -1 0:0:0", "\u0661 Jan 2023", "Thu, 01 Jan 1970 00:00:00 -0000", "99999999999999999999 Jan 1 1:1:1 +1",
)  # fmt: skip
SUBJECTS = (
    "Printer", "Re: [12] Printer", "[99999999999] x", "[\u0661\u0662] x", "Re: Re[2]: AW: x", "", "Undelivered Mail Returned to Sender",
    "Out of office: x", "x" * 1200, "=?utf-8?Q?=C3?= =?utf-8?Q?=A4?=", "=?utf-8?Q?a", "=?utf-8?Q?=0D=0ABcc:_x?=", "\u202ex",
    "=?utf-8?B?gA==?=", "=?utf-7?Q?+2AA-?=", "=?x?Q?=E4?=", "=?iso-2022-jp?B?GyRC?=", "=?=?=?", "a =?utf-8?Q?=00=07?= b", "\ud800",
    "=?utf-16?B?ANg=?=", "\u2028", "\x85", "a\tb", "=?utf-8?Q?=E2=80=A8?=", "=?unicode_escape?Q?=5Cud800?=", "\ufeff\uffff",
)  # fmt: skip
FIELDS: dict[str, Sequence[str]] = {
    "From": ADDRESSES, "To": ADDRESSES, "Cc": ADDRESSES, "Reply-To": ADDRESSES, "Sender": ADDRESSES, "Bcc": ADDRESSES,
    "Subject": SUBJECTS, "Date": DATES, "Message-ID": IDS, "In-Reply-To": IDS, "References": IDS,
    "Return-Path": ("<>", "<a@b.example>", "", "<MAILER-DAEMON>"), "Auto-Submitted": ("no", "auto-replied", "auto-generated", ";"),
    "Precedence": ("bulk", "list", "auto_reply", "\x00"), "X-Priority": ("1 (Highest)", "9", "\u0661", ""),
    "Importance": ("high", "low"), "List-Id": ("<l.example>",), "X-Autoreply": ("yes", "no", "\r\n x", "\ud800"),
    "X-Failed-Recipients": ADDRESSES, "X-Mailgate-Loop": ("support@mycompany.com", "x"), "X-Odoo-Objects": ("crm.lead-1",),
    "Received": ("from a by b with ESMTPSA id 1; Tue, 14 Nov 2023 22:00:00 +0000", "from", "by mx.mycompany.com (", "(("),
    "Authentication-Results": ("mx.mycompany.com; dmarc=pass header.from=customer.org", "mx.mycompany.com; spf=(", ";", "1;x=y"),
    "X-Auto-Response-Suppress": ("All", "None"), "Delivered-To": ADDRESSES, "X-A": ("x", "\x00", "\xe4"),
    "Content-ID": IDS, "Content-Description": NAMES, "Content-Language": ("de", "\ud800"), "Content-Location": ("x y", "\xe4"),
}  # fmt: skip
LINES = (
    "Hello", "", "", " ", "> quoted", ">> deeper", ">", "-- ", "--", "Carla", "On Tue, 14 Nov 2023, Carla <carla@customer.org> wrote:",
    "Am 14.11.2023 um 22:00 schrieb Carla:", "2023-11-14 22:00 GMT+01:00 Carla <c@d.example>:", "-----Original Message-----",
    "From: Carla", "Sent: Tuesday", "To: support", "Subject: Printer", "________________________________", "Sent from my phone",
    "---------- Forwarded message ---------", "Set-State: close", "Set-Relay: no", "Set-Rely: no", "set-user : fp",
    "Set-Cost: 1.234,56", "Set-Cc: +a@b.example", "Set-Probability: 1e999", "Set-Deadline: 2023-02-30", "Set-Cost: 9,,9",
    "\ufeffSet-Priority: 1", "\xa0Set-State\xa0: open", "Set\u2010State: open", "*Set-State: open*", "Set-State\uff1a open",
    "Set-: x", "Set-State:", "Set-X-Y_Z: 1", "Set-Subject: \u202e", "soft ", "b\x00b", "\x1b[31m", "\ufffe", "\ud800", "\xe4",
    "begin 644 a.txt", "#0V%T", "`", "end", "=ybegin line=128 size=3 name=a", "=yend size=3", "<carla@customer.org>: 550 5.1.1 no",
    "Message-ID: <a@b.example>", "Final-Recipient: rfc822; a@b.example", "Action: failed", "Status: 5.1.1", "\u2028", "x" * 1200,
    "Set-Partner: a@b.example (x", "Set-Probability: 12 %", "Set-State: OPEN ", "Set-Cc: ,", "Set-Priority: \u0661", "Set-Cost: \u0661",
)  # fmt: skip
TAGS = (
    "<p>", "</p>", "<br>", "<br/>", "<div>", "</div>", "<blockquote>", "</blockquote>", "<table><tr><td>", "</td></tr></table>",
    "<a href='https://example.org/x'>", "</a>", "<a href=mailto:a@b.example>", "<style>p{}</style>", "<style>", "<script>", "<title>",
    "<!-- x -->", "<!--", "-->", "<![endif]-->", "<!DOCTYPE html>", "<pre>", "</pre>", "<ul><li>", "</ul>", "<ol><li>", "<b>", "</b>",
    "<p style='display:none'>", "<span hidden>", "</span>", "<", "<<", "</", "<!", "&nbsp;", "&amp;", "&#1;", "&#10;", "&#13;",
    "&#8232;", "&#xd800;", "&#x85;", "&lt;p&gt;", "&#" + "9" * 5000 + ";", "&", "<p a='", '<p a="x\'>', "<img alt='\u263a'>", "<td>",
    "<meta charset=utf-8>", "<meta charset=utf-16>", "<p\x00>", "<P CLASS=MsoNormal>", "<h1>", "<hr>", "&#x202e;", "&zwj;", "&#11;",
)  # fmt: skip
ATOMS = (
    "\n", "\r", "\r\n", "\n\n", "\x00", "\x80", "\xff", "\xef\xbb\xbf", "\xff\xfe", "=", "=\n", "=?", "?=", "--", "--b", "--b--", "\n--b\n",
    ":", ";", '"', "(", ")", "<", ">", "@", ",", "\\", "*", "'", "%", "Set-State: open\n", "\t", " ", "\x0b", "\x0c", "\x1b$B", "\x1b(B", "+2AA-",
    "\xed\xa0\x80", "\xc3", "From ", ">From ", "begin 644 a\n", "&#10;", "<p>", "=0A", "=0D=0A", "=00", "\x1c", "\x1d", "\x85", "\xe2\x80\xa8",
)  # fmt: skip


def pick(below: Below, choices: Sequence[str]) -> str:
    """Return one of some strings."""
    return choices[below(len(choices))]


def text(below: Below, most: int = 8) -> str:
    """Return a plain text."""
    usual = pick(below, ENDS[:6])
    lines = []
    for _ in range(below(most)):
        end = pick(below, ENDS) if below(6) == 0 else usual
        lines.append(pick(below, LINES) + end)
    return "".join(lines)


def html(below: Below) -> str:
    """Return an HTML text."""
    return "".join(pick(below, (TAGS, LINES, TAGS)[below(3)]) for _ in range(below(16)))


def value(below: Below, choices: Sequence[str]) -> str:
    """Return a field's value: one of some, two of them, folded, or one of another field."""
    one = pick(below, choices)
    how = below(8)
    if how == 0:
        return one + pick(below, (" ", ", ", "\n ", "\r\n\t", "\n", "; ", "")) + pick(below, choices)
    if how == 1:
        return one + pick(below, ATOMS)
    return one


def field(below: Below) -> str:
    """Return one header field, mostly right."""
    names = tuple(FIELDS)
    name = pick(below, names)
    choices = FIELDS[pick(below, names)] if below(10) == 0 else FIELDS[name]
    shown = name.upper() if below(8) == 0 else name
    colon = pick(below, (": ", ": ", ": ", ":", " : ", ":\n "))
    return f"{shown}{colon}{value(below, choices)}\n"


def parameter(below: Below) -> str:
    """Return one parameter of a Content-Type or Content-Disposition."""
    name = pick(below, ("charset", "name", "filename", "boundary", "format", "delsp", "report-type", "x", "smime-type"))
    worth = pick(below, {"charset": CHARSETS, "boundary": BOUNDARIES, "format": ("flowed", "fixed"), "delsp": ("yes", "no"),
                         "report-type": ("delivery-status", "disposition-notification", "x")}.get(name, NAMES))  # fmt: skip
    form = pick(below, ("{0}={1}", '{0}="{1}"', "{0}*=utf-8''{1}", "{0}*0={1}; {0}*1=x", "{0}*1*=%41; {0}*0*=utf-8''{1}", '{0} = "{1}',
                        "{0}*=x-none'en'%E4{1}", "{0}*9999={1}", "{0}*0*=''%00{1}"))  # fmt: skip
    return "; " + form.format(name, worth)


def encoded(below: Below, body: str, encoding: str, charset: str) -> bytes:
    """Return a body in a charset and transfer encoding, mostly as they say."""
    import base64
    import quopri

    try:
        data = body.encode(charset if below(8) else pick(below, CHARSETS), "surrogatepass")
    except (LookupError, ValueError):
        data = body.encode("utf-8", "surrogatepass")
    if below(12) == 0:
        return data
    if encoding == "base64":
        return base64.encodebytes(data)
    return quopri.encodestring(data) if encoding == "quoted-printable" else data


def part(below: Below, depth: int = 0) -> bytes:
    """Return an entity: its Content fields and what they describe."""
    kind = pick(below, TYPES) if below(2) else pick(below, TYPES[:4])
    if depth > 4 and kind.startswith("multipart"):
        kind = "text/plain"
    encoding = pick(below, ENCODINGS) if below(2) else ""
    charset = pick(below, CHARSETS) if below(3) == 0 else "utf-8"
    extra = "".join(parameter(below) for _ in range(below(3)))
    head = "".join(field(below) for _ in range(below(2)))
    if below(3) == 0:
        head += f"Content-Disposition: {pick(below, ('attachment', 'inline', 'form-data', ''))}{parameter(below)}\n"
    if encoding:
        head += f"Content-Transfer-Encoding: {encoding}\n"
    if kind.startswith("multipart/"):
        return octets(head) + container(below, kind, extra, depth)
    if kind.startswith(("message/rfc822", "message/global")) and depth < 5:
        body = message(below, depth + 1)
    else:
        words = html(below) if kind.lower().endswith("html") else text(below)
        body = encoded(below, words, encoding, charset)
    return octets(f'{head}Content-Type: {kind}; charset="{charset}"{extra}\n\n') + body


def container(below: Below, kind: str, extra: str, depth: int) -> bytes:
    """Return a multipart with its type field, and mostly with its boundaries."""
    mark = pick(below, BOUNDARIES)
    preamble = pick(below, ("", "preamble", "Set-State: close"))
    pieces = [octets(f'Content-Type: {kind}; boundary="{mark}"{extra}\n\n{preamble}\n')]
    used = mark.rstrip() if below(10) else pick(below, BOUNDARIES)
    for _ in range(below(4)):
        pieces.append(octets(f"\n--{used}\n") + part(below, depth + 1))
    if below(5):
        pieces.append(octets(f"\n--{used}--\n") + octets(pick(below, ("", "epilogue"))))
    return b"".join(pieces)


def octets(text: str) -> bytes:
    """Return header text as bytes: UTF-8, and lone surrogates as well as can be."""
    return text.encode("utf-8", "surrogatepass")


def message(below: Below, depth: int = 0) -> bytes:
    """Return a message."""
    head = "".join(field(below) for _ in range(below(8)))
    if below(4):
        head += "MIME-Version: 1.0\n"
    whole = octets(head) + part(below, depth)
    if below(4) == 0 and b"\r" not in whole:
        whole = whole.replace(b"\n", b"\r\n")
    return whole


def fragment(below: Below) -> bytes:
    """Return a piece of a message, to be put somewhere into another."""
    makers: tuple[Callable[[], str], ...] = (
        lambda: field(below), lambda: parameter(below), lambda: text(below), lambda: html(below),
        lambda: pick(below, ATOMS), lambda: pick(below, LINES) + "\n", lambda: pick(below, NAMES),
        lambda: pick(below, SUBJECTS),
    )  # fmt: skip
    return octets(makers[below(len(makers))]())


def broken(below: Below, raw: bytes) -> bytes:
    """Return a message with one thing wrong: something is cut out, put in, doubled, or moved."""
    begin = below(len(raw) + 1)
    end = min(len(raw), begin + below(40))
    if below(3) == 0:  # at lines
        begin = raw.rfind(b"\n", 0, begin) + 1
        end = raw.find(b"\n", end) + 1 or len(raw)
    piece = raw[begin:end]
    how = below(6)
    if how == 0:
        return raw[:begin] + raw[end:]
    if how == 1:
        return raw[:begin] + piece * (2 + below(6)) + raw[end:]
    if how == 2:
        at = below(len(raw) + 1)
        return raw[:at] + piece + raw[at:]
    if how == 3:
        return raw[:begin]
    if how == 4:
        return raw[:begin] + bytes((below(256),)) + raw[begin + 1 :]
    return raw[:begin] + fragment(below) + raw[begin:]


def any_message(below: Below) -> bytes:
    """Return a message, often a broken one."""
    raw = message(below)
    for _ in range(max(0, below(5) - 1)):
        raw = broken(below, raw)
    return raw
