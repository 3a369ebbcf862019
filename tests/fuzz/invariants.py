"""What must be true of a message whatever its bytes: `check(raw)` raises AssertionError where it is not.

Used by the fuzzer (tests/fuzz/fuzz_message.py) and by the properties in tests/test_total.py.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from mailgate.address import address_key, domain, is_address, parse_addresses, written
from mailgate.authentic import verdict
from mailgate.automatic import classify
from mailgate.charset import clean, decode_text, harmless, one_line
from mailgate.commands import parts as command_of
from mailgate.commands import read, split, strays
from mailgate.compose import KEPT, LONGEST_SUBJECT, compose, content_fields, shown_fields
from mailgate.cutting import without_commands
from mailgate.explain import explain, in_words
from mailgate.header import date_of, decode_words, message_ids, parameters, unfold
from mailgate.history import kept_attachments, line, recorded_text, says_something
from mailgate.match import bare_subject, candidates, leaving, loop_of, tags
from mailgate.message import content, delivery_key, parse, part_text, text_parts
from mailgate.mime import transfer_decoded
from mailgate.model import Automatic, Mail, Part
from mailgate.policy import Limits
from mailgate.record import plain
from mailgate.text import cut, html_lines, html_to_text, unflow
from tests.builders import GATEWAY, KEYS, NOW
from tests.fuzz.steps import CONFIG, MAILBOX, TRUSTING, relay

# What XML 1.0 forbids, C1, and what some program takes for a line end; Unicode's surrogates.
FORBIDDEN = frozenset(map(chr, [*range(32), *range(127, 160), 0x2028, 0x2029, 0xFFFE, 0xFFFF]))
OF_TEXT = FORBIDDEN - {"\n", "\t"}
ENCODINGS = ("", "7bit", "8bit", "binary", "base64", "quoted-printable", "x-uuencode", "uuencode", "x-none")
FIELDS = frozenset((
    "from", "to", "reply-to", "subject", "date", "message-id", "in-reply-to", "references", "x-priority", "importance",
    "auto-submitted", "x-mailgate-loop", *(name.decode() for name in KEPT),
))  # fmt: skip
# What does not hold yet, and is not asked for therefore: to mend one, take its line away and see who complains.
# MAILGATE_FUZZ_ALL=1 asks for everything.
PENDING: dict[str, str] = {}  # what does not hold yet, with the reason
LONGEST_LINE = 998  # RFC 5322 2.1.1
FIRST, LAST = -62_135_596_800, 253_402_300_799  # the years 1 and 9999: what a calendar can show
TEXT = 2000  # characters of a message that the small functions are tried on: they see it as it is, too


def check(raw: bytes) -> None:
    """Assert everything of one message."""
    mail = parse(raw)
    assert parse(raw) == mail, "a second parse gives another mail"
    check_mail(mail)
    check_parts(mail)
    check_attachments(mail)
    check_text(mail.text)
    check_automatic(classify(mail))
    check_automatic(loop_of(mail, KEYS, CONFIG))
    check_decisions(mail)
    check_explained(raw)
    check_relayed(mail)
    check_cut(mail)


def demand(name: str, holds: bool, detail: object) -> None:
    """Assert something that may be pending."""
    assert holds or name in PENDING, f"{name}: {detail!r}"


# --- the message as read ---------------------------------------------------------------------------------------------


def fit(what: str, *values: str, forbidden: frozenset[str] = FORBIDDEN) -> None:
    """Assert that values hold no control character, no line end and no surrogate."""
    for value in values:
        found = forbidden.intersection(value)
        assert not found, f"{what} holds {sorted(found)}: {value[:80]!r}"
        assert value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value), f"{what}: surrogate"


def check_mail(mail: Mail) -> None:
    """Assert what holds for the header's fields."""
    assert 0 <= mail.body <= len(mail.raw)
    fit("a field", *(part for pair in mail.fields for part in pair))
    assert all(name.isascii() and name.isprintable() and " " not in name for name, _ in mail.fields)
    fit("subject", mail.subject)
    assert mail.subject == " ".join(mail.subject.split())
    for address in (*mail.senders, *mail.reply_to, *mail.to, *mail.cc):
        fit("an address", address.email, address.name)
        assert "@" in address.email
        again = parse_addresses(written(address))
        assert not is_address(address.email) or [one.email for one in again] == [address.email], address
    check_ids(mail.in_reply_to)
    check_ids(mail.references)
    check_ids((mail.message_id,) if mail.message_id else ())
    assert mail.priority in (None, 1, 2, 3, 4, 5)
    demand("date", mail.date is None or FIRST <= mail.date <= LAST, mail.date)
    json.dumps(plain(mail.but(raw="", attachments=()))).encode()
    assert len(delivery_key(mail, GATEWAY)) == 64


def check_ids(ids: tuple[str, ...]) -> None:
    """Assert that Message-IDs are such."""
    fit("a Message-ID", *ids)
    for one in ids:
        assert one[0] == "<" and one[-1] == ">" and " " not in one, one
        demand("id", not set(one[1:-1]) & set("<>"), one)


def check_parts(mail: Mail) -> None:
    """Assert that parts lie in the message, in order, within the bounds."""
    assert 1 <= len(mail.parts) <= 202 and max(part.depth for part in mail.parts) <= 32
    before = 0
    for part in mail.parts:
        assert before <= part.start <= part.body <= part.end <= len(mail.raw), part
        before = part.start
        fit("a part", part.type, part.encoding, part.disposition, part.name, part.cid)
        demand("parameter", not FORBIDDEN.intersection(part.charset), part.charset)
        assert part.type == part.type.lower() and part.encoding == part.encoding.lower()
    for part in text_parts(mail):
        check_text(part_text(mail, part))


def check_attachments(mail: Mail) -> None:
    """Assert that file names are harmless and each is another."""
    names = [one.name for one in mail.attachments]
    assert len({name.casefold() for name in names}) == len(names), names
    for one in mail.attachments:
        fit("an attachment", one.name, one.type, one.cid)
        assert one.name not in ("", ".", "..") and not set(one.name) & set("/\\"), one.name
        demand("name", one.name == one.name.strip(), one.name)
        assert len(one.name.encode()) <= 255, one.name
        assert isinstance(one.data, bytes)


def check_text(text: str) -> None:
    """Assert that a text is clean, and that it can be taken apart without loss."""
    fit("text", text, forbidden=OF_TEXT)
    commands, complaints, rest = read(text)
    fit("a command", *(command.line for command in commands), *(complaint.reason for complaint in complaints))
    json.dumps(plain((commands, complaints))).encode()
    assert split(rest)[0] == ()
    strays(rest)
    for whole in (text, rest):
        parts = cut(whole)
        lines = Counter(one for one in whole.split("\n") if one.strip())
        found = Counter(
            one for part in (parts.new, parts.quote, parts.signature) for one in part.split("\n") if one.strip()
        )
        assert lines == found, f"lost or doubled: {(lines - found, found - lines)}"
        assert parts.new.strip() or not whole.strip()


def check_automatic(automatic: Automatic | None) -> None:
    """Assert that what is said of a report can be shown."""
    if automatic is None:
        return
    fit("a reason", automatic.reason)
    check_ids(automatic.returned)
    for bounce in automatic.bounces:
        fit("a bounce", bounce.address, bounce.status, bounce.reason, bounce.action)
    json.dumps(plain(automatic)).encode()


def check_decisions(mail: Mail) -> None:
    """Run what decides on a message's words alone; assert that a history line is clean and never empty."""
    candidates(mail, MAILBOX.tag, KEYS, {}, frozenset())
    fit("a verdict", verdict(mail, TRUSTING).reason)
    leaving(mail.raw)
    tags(mail.subject, "[#{number}]")
    says_something(mail.text)
    for first in (True, False):
        history = line(mail, recorded_text(mail.text, MAILBOX, first, True), NOW)
        fit("history", history.text, forbidden=OF_TEXT)
        assert history.text.strip()
    kept_attachments(mail, Limits())


def check_explained(raw: bytes) -> None:
    """Assert that an explanation is JSON, and words."""
    date = parse(raw).date
    if "date" in PENDING and date is not None and not FIRST <= date <= LAST:
        return
    shown = explain(raw, None, "no configuration", lambda *_: MAILBOX)
    json.dumps(shown).encode()
    fit("explanation", in_words(shown), forbidden=OF_TEXT)


# --- the message as relayed ------------------------------------------------------------------------------------------


def check_relayed(mail: Mail) -> None:
    """Assert that a copy has the body's very bytes under a header of ours, and reads as the message did."""
    sender = mail.sender.email
    about = (("X-Mailgate-From", sender),) if mail.senders else ()
    wanted = relay(mail)
    sent = compose(wanted, mail, MAILBOX, NOW)
    body = mail.raw[mail.body :]
    assert sent.endswith(body)
    check_header(sent[: len(sent) - len(body)])
    if b"\r" not in mail.raw or b"\n" in mail.raw[:65536]:  # where CR alone is a line end, our CRLF makes it none
        check_same(mail, parse(sent), wanted.subject)
    whom = mail.sender if is_address(sender) else wanted.recipient
    for kind in ("copy", "answer", "report", "acknowledge"):
        changed = relay(mail, kind=kind, text=mail.text, recipient=whom, about=about)
        sent = compose(changed, mail, MAILBOX.but(relay_from="original"), NOW)
        check_header(sent[: len(sent) - len(body)] if kind == "copy" else sent.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        if kind != "copy":
            assert parse(sent).text.split() == mail.text.split()
    for one in (*content_fields(mail.raw[: mail.body]), *shown_fields(mail.raw[: mail.body])):
        assert isinstance(one, bytes)


def check_header(header: bytes) -> None:
    """Assert that a header of ours has lines that end, that are no longer than may be, and no field but ours."""
    assert header.endswith(b"\r\n\r\n"), header[-40:]
    lines = header[:-4].split(b"\r\n")
    for one in lines:
        assert not set(one) & set(b"\r\n\0"), f"a bare line end or NUL: {one[:100]!r}"
        demand("long line", len(one) <= LONGEST_LINE, one)
        assert one.strip(), f"a blank line: {header[:200]!r}"
        if one[:1] not in (b" ", b"\t"):
            name = one.partition(b":")[0].decode("latin-1").lower()
            assert name in FIELDS or name == "x-mailgate-from", one[:100]


def check_same(mail: Mail, copy: Mail, subject: str) -> None:
    """Assert that a copy says what the message says."""
    assert " ".join(harmless(copy.subject).split()) == " ".join(harmless(subject[:LONGEST_SUBJECT]).split()), (
        copy.subject,
        subject,
    )
    parts, others = ([seen(one, part) for part in one.parts] for one in (mail, copy))
    demand("same parts", parts == others, (parts, others))
    demand("same parts", copy.text == mail.text, (copy.text, mail.text))


def seen(mail: Mail, part: Part) -> tuple[object, ...]:
    """Return what a part is to its reader."""
    return part.type, part.charset, part.encoding, part.disposition, part.name, part.depth, content(mail, part)


def check_cut(mail: Mail) -> None:
    """Assert that a copy whose commands are cut shows none of them on top, and that no other word is lost."""
    commands, rest = split(mail.text)
    without_commands(mail)
    if not commands:
        return
    sent = compose(relay(mail, cut=True), mail, MAILBOX, NOW)
    if b"\r" in mail.raw and b"\n" not in mail.raw[:65536]:
        return
    copy = parse(sent)
    names = actions(mail.text)
    assert split(copy.text)[0] == (), f"a command is left: {copy.text[:200]!r}"
    for part in text_parts(copy):
        text = part_text(copy, part)
        text = html_to_text(text) if part.type == "text/html" else unflow(text, part.delsp) if part.flowed else text
        assert not names & actions(text), f"a command is left in {part}: {text[:200]!r}"
    lost = Counter(rest.split()) - Counter(copy.text.split())
    demand("same words", len(mail.parts) > 1 or not lost, (copy.text[:200], rest[:200]))


def actions(text: str) -> set[str]:
    """Return the actions of the commands on top of a text."""
    return {name.lower() for name, _ in filter(None, map(command_of, split(text)[0]))}


# --- the functions below ---------------------------------------------------------------------------------------------


def check_functions(raw: bytes) -> None:
    """Assert what holds for the functions that a message goes through, on text and bytes as they are."""
    label = raw[:20].decode("latin-1")
    for charset in (label, label.strip(), "", "utf-16", "utf-7", "iso-2022-jp", "idna"):
        fit("decoded", clean(decode_text(raw, charset)), forbidden=OF_TEXT)
    for encoding in ENCODINGS:
        assert isinstance(transfer_decoded(raw, encoding), bytes)
    values: Iterable[str] = (
        raw[:TEXT].decode("latin-1"),
        raw[:TEXT].decode("utf-8", "surrogateescape"),
        unfold(raw[:TEXT]),
    )
    for value in values:
        check_value(value)


def check_value(value: str) -> None:
    """Assert what holds for the readers of a field's value, and for those of a text."""
    fit("one line", one_line(value), harmless(value), one_line(decode_words(value)))
    kind, named = parameters(one_line(value))
    assert isinstance(kind, str) and all(named)
    check_ids(message_ids(one_line(value)))
    date = date_of(value)
    demand("date", date is None or FIRST <= date <= LAST, date)
    for address in parse_addresses(value):
        fit("an address", address.email, address.name)
        address_key(address.email, plus=True)
        domain(address.email)
    bare, _ = bare_subject(one_line(value), MAILBOX.tag, "12")
    assert bare == " ".join(bare.split())
    text = clean(value)
    check_text(text)
    for delsp in (True, False):
        unflow(text, delsp)
    html_to_text(text)
    for _, pieces in html_lines(text):
        assert all(0 <= begin <= end <= len(text) for begin, end in pieces)
