"""Hostile messages by trait: each generator takes a size in bytes and returns a message of about that size.

What a generator's name says is what grows. The benchmark (tests/bench/hostile.py) measures whether time and memory
grow with it, tests/test_total.py whether the program survives.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

Generator = Callable[[int], bytes]

GENERATORS: dict[str, Generator] = {}
HEAD = b"From: Carla <carla@customer.org>\nTo: support@mycompany.com\nSubject: Printer\nMessage-ID: <h1@customer.org>\n"
HEAD += b"Date: Tue, 14 Nov 2023 22:00:00 +0000\nMIME-Version: 1.0\n"


def hostile(make: Generator) -> Generator:
    """Enter a generator under its own name."""
    GENERATORS[make.__name__.strip("_")] = make
    return make


def times(unit: bytes, size: int) -> bytes:
    """Repeat a unit up to a size."""
    return unit * max(1, size // len(unit))


def counted(form: bytes, size: int) -> bytes:
    """Repeat a unit that holds one running number, `%d`, up to a size."""
    number = max(1, size // (len(form) + 3))
    return b"".join([form % at for at in range(number)])


def message(body: bytes, kind: bytes = b"text/plain; charset=utf-8", more: bytes = b"") -> bytes:
    """Return a message with that body, content type and further fields."""
    return HEAD + b"Content-Type: " + kind + b"\n" + more + b"\n" + body


def headed(field: bytes) -> bytes:
    """Return a message whose header begins with some fields, so that the usual ones below come second."""
    return field + HEAD + b"\nHello\n"


def multipart(body: bytes, boundary: bytes = b"b", subtype: bytes = b"mixed") -> bytes:
    """Return a multipart message."""
    return message(body, b"multipart/" + subtype + b"; boundary=" + boundary)


def simple(name: str, make: Generator) -> None:
    """Enter a generator that needs one line only."""
    GENERATORS[name] = make


# --- structure -------------------------------------------------------------------------------------------------------


@hostile
def nested_multiparts(size: int) -> bytes:
    number = size // 70
    opened = [b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (at, at) for at in range(number)]
    closed = [b"--b%d--\n" % at for at in range(number - 1, -1, -1)]
    return HEAD + b"".join([*opened, b"\ndeep\n", *closed])


@hostile
def nested_multiparts_one_boundary(size: int) -> bytes:
    return HEAD + times(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n", size) + b"\ndeep\n"


@hostile
def nested_messages(size: int) -> bytes:
    return HEAD + times(b"Content-Type: message/rfc822\n\nSubject: in\n", size) + b"\ndeep\n"


@hostile
def messages_in_multiparts(size: int) -> bytes:
    number = size // 90
    unit = b"Content-Type: multipart/mixed; boundary=m%d\n\n--m%d\nContent-Type: message/rfc822\n\nSubject: in\n"
    return HEAD + b"".join([unit % (at, at) for at in range(number)]) + b"\ndeep\n"


simple("empty_parts", lambda size: multipart(times(b"--b\n\n", size)))
simple("bare_delimiters", lambda size: multipart(times(b"--b\n", size)))
simple("small_parts", lambda size: multipart(counted(b"--b\nContent-Type: text/plain; name=f%d.txt\n\nx\n", size)))
simple("nameless_parts", lambda size: multipart(times(b"--b\nContent-Type: image/png\n\nx\n", size)))
simple("same_names", lambda size: multipart(times(b"--b\nContent-Type: image/png; name=a.png\n\nx\n", size)))
simple("text_parts", lambda size: multipart(times(b"--b\nContent-Type: text/plain\n\nSet-State: open\nx\n", size)))
simple(
    "alternatives",
    lambda size: multipart(times(b"--b\nContent-Type: text/html\n\n<p>x\n", size), subtype=b"alternative"),
)
simple("digest", lambda size: multipart(times(b"--b\n\nSubject: one\n\nx\n", size), subtype=b"digest"))
simple("one_part_of_headers", lambda size: multipart(b"--b\n" + times(b"Content-X: y\n", size) + b"\nx\n"))
simple("boundary_prefixes", lambda size: multipart(times(b"--bb\n", size)))
simple("boundary_prefixes_and_parts", lambda size: multipart(times(b"--bb\n--b\n\nx\n--b--x\n", size)))
simple("boundary_without_line_end", lambda size: multipart(times(b"--b", size)))
simple("boundary_blanks", lambda size: multipart(b"--b\n\nx\n--b" + times(b" ", size) + b"x\n--b--\n"))
simple("boundary_blanks_many", lambda size: multipart(b"--b\n\nx\n" + times(b"--b" + b" " * 300 + b"x\n", size)))
simple("boundary_dashes", lambda size: multipart(times(b"--", size), b"-"))
simple("boundary_newlines", lambda size: multipart(b"--b\n" + times(b"\n", size)))
simple("boundary_missing", lambda size: message(times(b"--x\n", size), b"multipart/mixed"))
simple("boundary_empty", lambda size: message(times(b"--\n", size), b'multipart/mixed; boundary=""'))
simple("boundary_wrong", lambda size: multipart(times(b"--c\nContent-Type: text/plain\n\nx\n", size)))
simple("boundary_as_its_prefix", lambda size: multipart(
    b"--b\nContent-Type: multipart/mixed; boundary=bb\n\n" + times(b"--bb\n\nx\n--b\n\ny\n", size)))  # fmt: skip


@hostile
def prefixes_of_each_other(size: int) -> bytes:
    depth = 28
    opened = [
        b"Content-Type: multipart/mixed; boundary=%s\n\n--%s\n" % (b"b" * at, b"b" * at) for at in range(1, depth)
    ]
    return HEAD + b"".join(opened) + times(b"--" + b"b" * (depth + 1) + b"\n", size)


@hostile
def siblings_deep(size: int) -> bytes:
    opened = [b"Content-Type: multipart/mixed; boundary=d%d\n\n--d%d\n" % (at, at) for at in range(27)]
    return HEAD + b"".join(opened) + b"\nx\n" + times(b"--d26\n\nx\n", size)


@hostile
def long_boundary(size: int) -> bytes:
    boundary = b"y" * (size // 4)
    return message(b"--" + boundary + b"\n\nx\n--" + boundary + b"--\n", b"multipart/mixed; boundary=" + boundary)


# --- the header ------------------------------------------------------------------------------------------------------


simple("long_field", lambda size: headed(b"X-Long: " + times(b"y", size) + b"\n"))
simple("long_name", lambda size: headed(times(b"y", size) + b": x\n"))
simple("many_fields", lambda size: headed(counted(b"X-Field-%d: y\n", size)))
simple("same_fields", lambda size: headed(times(b"X-Same: y\n", size)))
simple("empty_fields", lambda size: headed(times(b"X:\n", size)))
simple("folds", lambda size: headed(b"X-Folded: y\n" + times(b" y\n", size)))
simple("blank_folds", lambda size: headed(b"X-Folded: y\n" + times(b" \n", size)))
simple("folded_subject", lambda size: headed(b"Subject: y\n" + times(b"\ty\n", size)))
simple("lines_without_colon", lambda size: headed(b"X-A: b\n" + times(b"no colon here\n", size)))
simple("lines_without_colon_alone", lambda size: HEAD + times(b"no colon here\n", size))
simple("lines_without_colon_between", lambda size: headed(times(b"X-A: b\nno colon\n", size)))
simple("colons", lambda size: headed(times(b":", size) + b"\n"))
simple("colon_lines", lambda size: headed(times(b":\n", size)))
simple("mbox_lines", lambda size: times(b"From x\n", size) + HEAD + b"\nHello\n")
simple("blank_lines_above", lambda size: times(b"\n", size) + HEAD + b"\nHello\n")
simple("blanks_above", lambda size: times(b" ", size) + HEAD + b"\nHello\n")
simple("name_blanks", lambda size: headed(times(b"a ", size) + b"\n"))
simple("name_and_blanks", lambda size: headed(b"a" + times(b" ", size) + b"\n"))
simple("cr_lines", lambda size: HEAD.replace(b"\n", b"\r") + b"\r" + times(b"x\r", size))
simple("cr_folds", lambda size: headed(b"X-A: b" + times(b"\r ", size) + b"\n"))
simple("crcr", lambda size: HEAD.replace(b"\n", b"\r\r\n") + b"\r\r\n" + times(b"x\r\r\n", size))
simple("raw_8bit_field", lambda size: headed(b"Subject: " + times(b"\xe4\xf6", size) + b"\n"))
simple("raw_8bit_fields", lambda size: headed(times(b"X-A: \xe4\n", size)))
simple(
    "received",
    lambda size: headed(times(b"Received: from a by b with ESMTPSA; Tue, 14 Nov 2023 22:00:00 +0000\n", size)),
)
simple("received_long", lambda size: headed(b"Received: " + times(b"from a by b (", size) + b"\n"))
simple(
    "authentication_results",
    lambda size: headed(b"Authentication-Results: mx.mycompany.com; " + times(b"dkim=pass (", size) + b"\n"),
)
simple("authentication_many", lambda size: headed(times(b"Authentication-Results: mx.mycompany.com; spf=pass\n", size)))
simple(
    "authentication_semicolons",
    lambda size: headed(b"Authentication-Results: mx.mycompany.com" + times(b"; ", size) + b"\n"),
)
simple("date_garbage", lambda size: headed(b"Date: " + times(b"Tue, 14 Nov ", size) + b"\n"))
simple("date_digits", lambda size: headed(b"Date: " + times(b"9", size) + b"\n"))
simple("subject_re", lambda size: headed(b"Subject: " + times(b"Re: ", size) + b"\n"))
simple("subject_tags", lambda size: headed(b"Subject: " + counted(b"[%d] ", size) + b"\n"))
simple("subject_tag_blanks", lambda size: headed(b"Subject: " + times(b"[\xc2\xa0", size) + b"\n"))
simple("subject_tag_open", lambda size: headed(b"Subject: [" + times(b"1", size) + b"\n"))
simple("subject_blanks", lambda size: headed(b"Subject: a" + times(b" ", size) + b"b\n"))
simple(
    "priority_long",
    lambda size: headed(b"Priority: " + times(b"urgent", size) + b"\nX-Priority: " + times(b"\xd9\xa1", 9) + b"\n"),
)


# --- encoded words ---------------------------------------------------------------------------------------------------


def subject(name: str, unit: bytes, before: bytes = b"", after: bytes = b"") -> None:
    """Enter a generator of encoded words: in Subject, in a display name, in a file name and a comment."""
    simple(name, lambda size: headed(b"Subject: " + before + times(unit, size) + after + b"\n"))


subject("words", b"=?utf-8?Q?=C3=A4?= ")
subject("words_glued", b"=?utf-8?B?w6Q=?=")
subject("words_of_charsets", b"=?utf-8?B?w6Q=?= =?iso-8859-1?Q?=E4?= ")
subject("words_unterminated", b"=?utf-8?Q?a ")
subject("words_bad_base64", b"=?utf-8?B?!?= ")
subject("words_of_one_letter", b"=?utf-8?B?a?= ")
subject("words_nested", b"=?utf-8?Q?=?utf-8?Q?")
subject("words_begun", b"=?")
subject("words_begun_label", b"=?x")
subject("words_questions", b"?")
subject("words_closed", b"?=", b"=?utf-8?Q?a")
subject("words_unknown_charset", b"=?x-none?B?5OQ=?= x ")
subject("words_iso2022", b"=?iso-2022-jp?B?GyRC?= ")
subject("words_utf7", b"=?utf-7?Q?+AGEAY?= x ")
subject("word_huge", b"=C3=A4", b"=?utf-8?Q?", b"?=")
subject("word_huge_base64", b"w6Q=", b"=?utf-8?B?", b"?=")
subject("word_huge_open", b"=C3=A4", b"=?utf-8?Q?")
simple("words_charset_labels", lambda size: headed(b"Subject: " + counted(b"=?x-%d?Q?=E4?= x ", size) + b"\n"))
simple("words_in_names", lambda size: headed(b"From: " + times(b"=?utf-8?Q?a?= <a@b.example>, ", size) + b"\n"))
simple("words_in_one_name", lambda size: headed(b"From: " + times(b"=?utf-8?Q?a", size) + b" <a@b.example>\n"))
simple("words_in_comment", lambda size: headed(b"From: a@b.example (" + times(b"=?utf-8?Q?a?= ", size) + b")\n"))
simple("words_in_id", lambda size: headed(b"Message-ID: " + times(b"=?utf-8?Q?=3Ca=40b=3E?= ", size) + b"\n"))
simple("words_in_file_name", lambda size: multipart(
    b"--b\nContent-Disposition: attachment; filename=\"" + times(b"=?utf-8?Q?a?=", size) + b"\"\n\nx\n--b--\n"))  # fmt: skip


# --- parameters ------------------------------------------------------------------------------------------------------


def parameter(name: str, make: Generator) -> None:
    """Enter a generator of parameters: of the message, and of a hundred parts."""
    simple(name, lambda size: message(b"x\n", b"text/plain" + make(size)))
    simple(f"{name}_in_parts", lambda size: multipart(
        times(b"--b\nContent-Type: text/plain" + make(18_000) + b"\n\nx\n", size)))  # fmt: skip


parameter("rfc2231", lambda size: counted(b"; name*%d=a", size))
parameter("rfc2231_encoded", lambda size: b"; name*0*=utf-8''%C3" + counted(b"; name*%d*=%%C3%%A4", size))
parameter("rfc2231_zero", lambda size: times(b"; name*0=a", size))
parameter("rfc2231_percent", lambda size: b"; name*=utf-8''" + times(b"%C3%A4", size))
parameter("parameters", lambda size: counted(b"; p%d=a", size))
parameter("parameters_empty", lambda size: times(b";", size))
parameter("parameters_names", lambda size: b"; " + times(b"a", size))
parameter("parameters_blanks", lambda size: b"; a" + times(b" ", size) + b"b")
parameter("parameters_blank_value", lambda size: b"; a=" + times(b" ", size) + b"b")
parameter("parameters_quote_open", lambda size: b'; a="' + times(b"\\", size))
parameter("parameters_quotes", lambda size: times(b'; a="', size))
parameter("parameters_equals", lambda size: b"; a" + times(b"=", size))
parameter("parameters_stars", lambda size: b"; a" + times(b"*", size))
parameter("parameters_charset", lambda size: b"; charset=" + times(b"x", size))


@hostile
def rfc2231_reverse(size: int) -> bytes:
    number = size // 14
    return message(b"x\n", b"text/plain" + b"".join([b"; name*%d=a" % at for at in range(number, -1, -1)]))


# --- addresses and ids -----------------------------------------------------------------------------------------------


def addresses(name: str, unit: bytes, before: bytes = b"", after: bytes = b"") -> None:
    """Enter a generator of address lists."""
    simple(f"list_{name}", lambda size: headed(b"From: " + before + times(unit, size) + after + b"\n"))


addresses("plain", b"a@b.example, ")
addresses("named", b'"Doe, J." <a@b.example>, ')
addresses("commas", b",")
addresses("semicolons", b";")
addresses("colons", b":")
addresses("parens", b"(")
addresses("closing_parens", b")")
addresses("paren_pairs", b"()")
addresses("paren_words", b"(a ", b"a@b.example ")
addresses("angles", b"<")
addresses("closing_angles", b">")
addresses("angle_pairs", b"<>")
addresses("quotes", b'"')
addresses("quote_open", b"a ", b'"')
addresses("backslashes", b"\\", b'"')
addresses("brackets", b"[")
addresses("groups", b"g:a@b.example;")
addresses("group_open", b"g:")
addresses("routes", b"@a,", b"<", b":a@b.example>")
addresses("ats", b"@")
addresses("ats_blank", b"@ ")
addresses("ats_dots", b"a @ b . ")
addresses("dots", b"a.")
addresses("names", b"a ", b"", b"<a@b.example>")
addresses("loose_names", b"Doe, ", b"", b"<a@b.example>")
addresses("quoted_locals", b'"a b"@c.example, ')
addresses("quoted_name", b"''", b"", b" <a@b.example>")
addresses("idn", "ä@ö.example, ".encode())
addresses("idn_long", "ö.".encode(), b"a@", b"example")
addresses("mailto", b"<mailto:")

simple("addresses_in_to", lambda size: headed(b"To: " + counted(b"a%d@b.example, ", size) + b"\n"))
simple("to_fields", lambda size: headed(counted(b"To: a%d@b.example\n", size)))
simple("references", lambda size: headed(b"References: " + counted(b"<a%d@b.example> ", size) + b"\n"))
simple("references_open", lambda size: headed(b"References: " + times(b"<", size) + b"\n"))
simple("references_close", lambda size: headed(b"References: " + times(b">", size) + b"\n"))
simple("references_words", lambda size: headed(b"References: " + times(b"a@b ", size) + b"\n"))
simple("references_long", lambda size: headed(b"References: <" + times(b"a", size) + b"@b.example>\n"))
simple("references_fields", lambda size: headed(counted(b"References: <a%d@b.example>\n", size)))
simple("references_ours", lambda size: headed(b"References: " + times(
    b"<mailgate.12.p.aaaaaaaaaa.bbbbbbbb.cccccccccccccccc@mycompany.com> ", size) + b"\n"))  # fmt: skip
simple("references_erp", lambda size: headed(b"References: <" + times(b"-openerp-1", size) + b"@b>\n"))
simple("references_erp_words", lambda size: headed(b"References: <1-openerp-1-" + times(b"a.", size) + b">\n"))
simple("message_id_erp", lambda size: headed(b"Message-ID: <" + times(b"-openerp-1-a", size) + b">\n"))
simple("in_reply_to_prose", lambda size: headed(b"In-Reply-To: " + times(b"your message of <", size) + b"\n"))


# --- transfer encodings and charsets ---------------------------------------------------------------------------------


def encoded(name: str, unit: bytes, encoding: bytes, kind: bytes = b"text/plain; charset=utf-8") -> None:
    """Enter a generator of a body in a transfer encoding."""
    simple(name, lambda size: message(times(unit, size), kind, b"Content-Transfer-Encoding: " + encoding + b"\n"))


encoded("base64_garbage", b"!\xff*", b"base64")
encoded("base64_padding", b"=", b"base64")
encoded("base64_pieces", b"QQ==\n", b"base64")
encoded("base64_pieces_glued", b"QQ==", b"base64")
encoded("base64_padding_lines", b"QQ=\n=\n", b"base64")
encoded("base64_padding_blanks", b"QQ==" + b"\n" * 60 + b"QUJD ", b"base64")
encoded("base64_one_line", b"QUJD", b"base64")
encoded("base64_one_padded_line", b"A=AAAA", b"base64")
encoded("base64_bad_length", b"A\n", b"base64")
encoded("qp_soft_breaks", b"=\n", b"quoted-printable")
encoded("qp_equals", b"=", b"quoted-printable")
encoded("qp_blanks", b" \t", b"quoted-printable")
encoded("qp_blank_lines", b" " * 60 + b"\n", b"quoted-printable")
encoded("qp_no_line_end", b"=41", b"quoted-printable")
encoded("qp_newlines", b"=0A", b"quoted-printable")
encoded("qp_bad", b"=ZZ=", b"quoted-printable")
encoded("qp_cr", b"a=\r", b"quoted-printable")
encoded("uuencode", b"begin 644 a\n#0V%T\n`\nend\n", b"x-uuencode", b"application/octet-stream")
encoded("uuencode_begins", b"begin 644 a\n", b"x-uuencode")
encoded("uuencode_lines", b"M" * 61 + b"\n", b"x-uuencode")
encoded("unknown_encoding", b"x\n", b"x-none")
simple("uuencode_in_text", lambda size: message(times(b"begin 644 a.txt\n#0V%T\n`\nend\n", size)))
simple("uuencode_open_in_text", lambda size: message(times(b"begin 644 a.txt\n", size)))
simple("uuencode_one_in_text", lambda size: message(b"begin 644 a.txt\n" + times(b"#0V%T\n", size)))
simple("yenc_in_text", lambda size: message(times(b"=ybegin line=128 size=3 name=a\nabc\n=yend size=3\n", size)))
simple("encoding_long", lambda size: message(b"x\n", more=b"Content-Transfer-Encoding: " + times(b"a", size) + b"\n"))
simple("tnef", lambda size: message(base64.encodebytes(
    b"\x78\x9f\x3e\x22\x01\x00" + times(b"\x02\x05\x80\x06\x00\x04\x00\x00\x00abcd\x8a\x01", size * 3 // 4)),
    b"application/ms-tnef", b"Content-Transfer-Encoding: base64\n"))  # fmt: skip
simple("tnef_empty_attributes", lambda size: message(
    b"\x78\x9f\x3e\x22\x01\x00" + times(b"\x02\x0f\x80\x06\x00\x00\x00\x00\x00\x00\x00", size),
    b"application/ms-tnef", b"Content-Transfer-Encoding: 8bit\n"))  # fmt: skip
simple("tnef_lengths", lambda size: message(
    b"\x78\x9f\x3e\x22\x01\x00" + times(b"\x02\x0f\x80\x06\x00\xff\xff\xff\x7f", size), b"application/ms-tnef"))  # fmt: skip


def text(name: str, unit: bytes, charset: bytes = b"utf-8", before: bytes = b"") -> None:
    """Enter a generator of a plain text."""
    simple(name, lambda size: message(before + times(unit, size), b"text/plain; charset=" + charset))


text("one_line", b"y")
text("newlines", b"\n")
text("nuls", b"\x00")
text("all_0x80", b"\x80")
text("all_0xff", b"\xff")
text("utf8_broken", b"\xc3")
text("utf8_surrogates", b"\xed\xa0\x80")
text("utf16", b"a\x00\n\x00", b"utf-16")
text("utf16_unmarked", b"a\x00\n\x00")
text("utf16_surrogates", b"\x00\xd8", b"utf-16le")
text("utf32", b"a\x00\x00\x00", b"utf-32")
text("utf7", b"+AGEAYg", b"utf-7")
text("utf7_pluses", b"+", b"utf-7")
text("utf7_surrogates", b"+2AA-", b"utf-7")
text("iso2022_escapes", b"\x1b$B", b"iso-2022-jp")
text("iso2022_text", b'\x1b$B$"\x1b(B', b"iso-2022-jp")
text("iso2022_kr", b"\x1b$)C\x0e", b"iso-2022-kr")
text("hz", b"~{", b"hz-gb-2312")
text("gb18030", b"\x81\x30", b"gb18030")
text("unknown_charset", b"\xe4\xf6", b"x-none")
text("charset_undefined", b"\xe4\xf6", b"undefined")
text("charset_idna", b"\xe4\xf6", b"idna")
text("charset_hex", b"abc", b"hex")
text("charset_unicode_escape", b"\\ud800", b"unicode_escape")
text("line_ends", b"a\r\nb\nc\rd\n\re\x0b\x0c\x1c\x85\n", b"iso-8859-1")
text("line_separators", "a\u2028b\u2029c\x85".encode())
text("crs", b"\r")
text("cr_lf_cr", b"\r\n\r")
text("form_feeds", b"\x0c")
text("bidi", "\u202e\u2066".encode())
text("boms", b"\xef\xbb\xbf")
text("zero_width", "\u200b".encode())
text("combining", "\u0301".encode(), before=b"a")


# --- text ------------------------------------------------------------------------------------------------------------

text("quotes", b"> x\n", before=b"new\n")
text("quotes_deep_line", b">", before=b"new\n")
text("quotes_deeper_and_deeper", b">>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>> x\n", before=b"new\n")
text("quotes_and_answers", b"> x\ny\n")
text("quotes_and_blanks", b"> x\n\n\n\n\ny\n")
text("quote_of_blanks", b"\n", before=b"new\n> x\n")
text("attributions", b"On Tue, 14 Nov 2023, Carla <carla@customer.org> wrote:\n")
text("attributions_and_quotes", b"On Tue, 14 Nov 2023, Carla <carla@customer.org> wrote:\n> x\n")
text("attributions_bare", b"On Tue, 14 Nov 2023 at 10:00, Carla wrote:\n\nx\n")
text("attribution_halves", b"On Tue, 14 Nov 2023\n", before=b"new\n")
text("attribution_colons", b"x:\n", before=b"new\n")
text("attribution_on", b"On ")
text("attribution_on_lines", b"On \n")
text("attribution_digits", b"1.1.")
text("attribution_digit_lines", b"2023-11-14 10:00 <a@b.example>:\n")
text("attribution_angles", b"1:11<")
text("attribution_one_line", b"1:11 <a@b.example>:")
text("attribution_long_lines", b"On " + b"y" * 590 + b":\n> x\n")
text("labels_from", b"From: x\n")
text("labels", b"From: x\nSent: y\nz\n")
text("labels_unruled", b"Subject: x\n")
text("labels_colons", b"From:")
text("rules", b"_" * 40 + b"\n")
text("rules_of_one", b"-\n")
text("rules_then_marker", b"-\n", before=b"new\n")
text("rule_long", b"-")
text("ruled_titles", b"----- Original -----\n", before=b"new\n")
text("forwards", b"---------- Forwarded message ---------\n", before=b"new\n")
text("signatures", b"-- \n", before=b"new\n")
text("signatures_and_text", b"-- \nCarla\n", before=b"new\n")
text("signatures_mobile", b"Sent from my phone\n", before=b"new\n")
text("stars", b"*")
text("underscores", b"_")
text("blank_line_long", b" ")
text("blank_lines_long", b" " * 200 + b"\n")
text("nbsp", "\xa0".encode())
text("addresses", b"<a@b.example>\n")
text("addresses_line", b"a@b.example:")
text("ats", b"@")
text("colons", b":")
text("angles", b"<")
text("commands", b"Set-State: open\n")
text("commands_bad", b"Set-Stat: opne\n")
text("commands_unknown", b"Set-X: y\n")
text("commands_cc", b"Set-Cc: +a@b.example\n")
text("commands_hyphens", b"Set-" * 10 + b": x\n")
text("commands_long_value", b"9", before=b"Set-Cost: ")
text("commands_grouped_value", b"1,1", before=b"Set-Cost: ")
text("commands_thousands", b"111,", before=b"Set-Cost: ")
text("commands_points", b".000", before=b"Set-Cost: 1")
text("commands_percent", b"%", before=b"Set-Probability: 1")
text("commands_long_state", b"open", before=b"Set-State: ")
text("commands_long_cc", b"+a@b.example,", before=b"Set-Cc: ")
text("commands_long_partner", b"(", before=b"Set-Partner: a@b.example")
text("commands_long_name", b"a-", before=b"Set-")
text("commands_long_date", b"+3", before=b"Set-Deadline: ")
text("commands_then_blanks", b"\n", before=b"Set-State: open\n")
text("commands_then_cr", b"x\r", before=b"Set-State: open\r\n")
text("commands_below", b"x\nSet-State: open\n")
text("commands_stars", b"*", before=b"*Set-State: ")
text("colons_full_width", "\uff1a".encode())


def flowed(name: str, unit: bytes, before: bytes = b"") -> None:
    """Enter a generator of flowed text."""
    simple(f"flowed_{name}", lambda size: message(before + times(unit, size), b"text/plain; format=flowed; delsp=yes"))


flowed("lines", b"x \n")
flowed("quotes", b"> x \n")
flowed("depths", b">" * 50 + b" x \n" + b"> x \n")
flowed("one_quote_line", b">")
flowed("signatures", b"-- \n")
flowed("commands", b"Set-State: \nopen\n")
flowed("command_goes_on", b"x \n", b"Set-Subject: a \n")


# --- HTML ------------------------------------------------------------------------------------------------------------


def html(name: str, unit: bytes, before: bytes = b"", after: bytes = b"") -> None:
    """Enter a generator of an HTML text."""
    simple(f"html_{name}", lambda size: message(before + times(unit, size) + after, b"text/html; charset=utf-8"))


html("open_tags", b"<div>")
html("open_tags_text", b"<div>x")
html("close_tags", b"</div>x")
html("pairs", b"<p>x</p>")
html("breaks", b"<br>")
html("breaks_text", b"x<br>")
html("lt", b"<")
html("lt_letter", b"<a")
html("lt_slash", b"</")
html("lt_bang", b"<!")
html("lt_question", b"<?")
html("gt", b">")
html("attributes", b" a=b", b"<p", b">x")
html("attributes_open", b" a=b", b"<p")
html("attributes_quotes", b' a="', b"<p")
html("attributes_quote_kinds", b"\"'", b"<p a=")
html("attributes_many_tags", b"<p a=\"x'>")
html("attributes_unquoted_tags", b"<p a='x>")
html("attribute_long", b"y", b'<a href="', b'">x</a>')
html("attribute_blanks", b" ", b"<p a", b"=b>x")
html("attribute_style_blanks", b" ", b'<p style="display', b':none">x')
html("attribute_style", b"display ", b'<p style="', b'">x')
html("attribute_margin", b"margin", b'<p style="', b'">x')
html("attribute_href_blanks", b" href ", b"<a ", b">x</a>")
html("tag_name_long", b"a", b"<")
html("entities", b"&amp;")
html("entities_open", b"&")
html("entities_numeric", b"&#")
html("entities_digits", b"1", b"&#")
html("entities_hex", b"f", b"&#x")
html("entities_names", b"&a")
html("entities_surrogates", b"&#xd800;")
html("entities_controls", b"&#1;&#10;&#13;&#8232;")
html("comments", b"<!-- x -->")
html("comments_open", b"<!-- ")
html("comments_dashes", b"-", b"<!--")
html("comments_conditional", b"<!--[if mso]>x<![endif]-->")
html("declarations", b"<!DOCTYPE html>")
html("declarations_open", b"<!DOCTYPE ")
html("cdata", b"<![CDATA[x]]>")
html("instructions", b"<?xml ?>")
html("blockquotes", b"<blockquote>x")
html("blockquotes_closed", b"<blockquote>x</blockquote>")
html("blockquotes_empty", b"<blockquote>")
html("blockquotes_style", b'<blockquote style="border:none">x')
html("tables", b"<table><tr><td>x")
html("table_cells", b"<td>x</td>")
html("table_rows", b"<tr><td>x</td></tr>")
html("lists", b"<ul><li>x")
html("lists_numbered", b"<ol><li>x")
html("list_items", b"<li>x")
html("styles", b"<style>p {}</style>x")
html("styles_open", b"<style>x")
html("style_long", b"p {}", b"<style>", b"</style>x")
html("scripts", b"<script>x</script>y")
html("scripts_open", b"<script>x")
html("scripts_ends", b"</script", b"<script>")
html("titles_open", b"<title>x")
html("links", b'<a href="https://example.org/x">y</a>')
html("links_open", b'<a href="https://example.org/x">y')
html("links_same", b'<a href="https://example.org/x">https://example.org/x</a>')
html("links_nested_words", b"<b>x</b> ", b'<a href="https://example.org/x">', b"</a>")
html("links_one_line", b"x<a href=x>", b"<p>")
html("links_closed_one_line", b"<a href=http://x.example>y</a>")
html("images", '<img alt="☺">'.encode())
html("hidden", b'<p style="display:none">x</p>')
html("hidden_open", b'<p style="display:none">')
html("hidden_nested", b"<div>", b'<div style="display:none">')
html("hidden_pairs", b"<div></div>", b'<div style="display:none">')
html("pre", b"x\n", b"<pre>")
html("pre_nested", b"<pre>x\n")
html("pre_blanks", b" \n", b"<pre>")
html("blanks", b" \n", b"<p>x", b"y")
html("nbsp", b"&nbsp;")
html("nbsp_lines", b"&nbsp;<br>")
html("commands", b"<p>Set-State: open</p>")
html("commands_breaks", b"Set-State: open<br>")
html("commands_letters", b"<b>S</b><i>e</i>t-State: open<br>")
html("command_long", b"<b>x</b>", b"Set-Subject: ")
html("banner_and_commands", b"Set-State: open<br>", b"<p>banner</p>")
html("meta_charsets", b"<meta ", b"", b"charset=utf-8>")
html("meta_charset_blanks", b"<meta charset     ")
html("spans", b"<span>x</span> ")
html("fonts", b"<font><b><i>x")
html("nuls", b"<p\x00>x")
html("outlook_header", b"<div><b>From:</b> x<br><b>Sent:</b> y</div>")


@hostile
def html_and_plain_commands(size: int) -> bytes:
    plain, rich = times(b"Set-State: open\n", size // 2), times(b"Set-State: open<br>", size // 2)
    return multipart(
        b"--b\nContent-Type: text/plain\n\n" + plain + b"x\n--b\nContent-Type: text/html\n\n" + rich + b"x\n--b--\n",
        subtype=b"alternative",
    )


# --- automatic mail --------------------------------------------------------------------------------------------------

DSN = b"From: MAILER-DAEMON@mx.example\nTo: support@mycompany.com\nSubject: Undelivered Mail Returned to Sender\n"
DSN += b"Message-ID: <dsn@mx.example>\nReturn-Path: <>\nMIME-Version: 1.0\n"
REPORT = DSN + b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nfailed\n--b\n"
RECIPIENT = b"Final-Recipient: rfc822; a%d@b.example\nAction: failed\nStatus: 5.1.1\n\n"


def report(name: str, make: Generator) -> None:
    """Enter a generator of the delivery-status part of a report."""
    simple(
        f"dsn_{name}", lambda size: REPORT + b"Content-Type: message/delivery-status\n\n" + make(size) + b"\n--b--\n"
    )


report("recipients", lambda size: counted(RECIPIENT, size))
report("delivered", lambda size: counted(RECIPIENT.replace(b"failed", b"delivered"), size))
report("lines_without_colon", lambda size: times(b"no colon\n", size))
report("lines_between", lambda size: times(b"no colon\nAction: failed\n", size))
report("lines_then_field", lambda size: times(b"no colon\n", size) + b"Action: failed\nX-A: b\n")
report("newlines", lambda size: times(b"\n", size))
report("newline_pairs", lambda size: times(b"\n\na:b", size))
report(
    "diagnostic", lambda size: b"Final-Recipient: rfc822; a@b.example\nDiagnostic-Code: " + times(b"smtp; 550 ", size)
)
report("blanks", lambda size: times(b" \n", size))
simple("dsn_parts", lambda size: REPORT + times(
    b"Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\n--b\n", size))  # fmt: skip
simple(
    "dsn_returned", lambda size: REPORT + times(b"Content-Type: message/rfc822\n\nMessage-ID: <a@b>\n\nx\n--b\n", size)
)
simple("bounce_addresses", lambda size: DSN + b"\n" + counted(b"<a%d@b.example>: 550 no\n", size))
simple(
    "bounce_addresses_failed",
    lambda size: DSN + b"X-Failed-Recipients: " + counted(b"a%d@b.example, ", size) + b"\n\nx\n",
)
simple("bounce_ats", lambda size: DSN + b"\n" + times(b"@", size))
simple("bounce_words_at", lambda size: DSN + b"\n" + times(b"a@", size))
simple("bounce_letters", lambda size: DSN + b"\n" + times(b"a", size))
simple("bounce_letter_lines", lambda size: DSN + b"\n" + times(b"a" * 200 + b"\n", size))
simple("bounce_angles", lambda size: DSN + b"\n" + times(b"to <", size))
simple("bounce_blanks", lambda size: DSN + b"\n" + times(b" ", size))
simple("bounce_dashes", lambda size: DSN + b"\n" + times(b"-", size))
simple("bounce_rules", lambda size: DSN + b"\n" + times(b"--- x\n", size))
simple("bounce_ids", lambda size: DSN + b"\n" + counted(b"Message-ID: <a%d@b.example>\n", size))
simple("bounce_id_open", lambda size: DSN + b"\n" + times(b"message-id:\n <", size))
simple("bounce_id_blanks", lambda size: DSN + b"\nMessage-ID:" + times(b" \t", size))
simple("bounce_status", lambda size: DSN + b"\n" + times(b"5.1.", size))
simple("bounce_status_lines", lambda size: DSN + b"\n" + times(b"550 5.1.1 <a@b.example> no\n", size))
simple("bounce_digits", lambda size: DSN + b"\n" + times(b"5", size))
simple("subject_absent", lambda size: headed(b"Subject: " + times(b"absent ", size) + b"\nReturn-Path: <>\n"))
simple("auto_submitted", lambda size: headed(b"Auto-Submitted: " + times(b"auto-", size) + b"\n"))


# --- no message at all -----------------------------------------------------------------------------------------------

simple("bare_letters", lambda size: times(b"y", size))
simple("bare_nuls", lambda size: times(b"\x00", size))
simple("bare_0x80", lambda size: times(b"\x80", size))
simple("bare_newlines", lambda size: times(b"\n", size))
simple("bare_crs", lambda size: times(b"\r", size))
simple("bare_colons", lambda size: times(b":", size))
simple("bare_blanks", lambda size: times(b" ", size))
simple("bare_utf16", lambda size: times(HEAD.decode().encode("utf-16"), size))
simple("bare_headers", lambda size: times(HEAD, size))
simple("bare_messages", lambda size: times(HEAD + b"\nHello\n\n", size))
