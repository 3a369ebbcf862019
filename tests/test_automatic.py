"""Machines' mail: reports, auto-replies, the ERP's own, bulk. A person's mail is none of these."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailgate.automatic import classify
from mailgate.message import parse
from mailgate.model import Automatic, Bounce

MAILS = Path(__file__).parent / "mails"


def of(name: str) -> Automatic | None:
    return classify(parse((MAILS / f"{name}.eml").read_bytes()))


def of_fields(fields: str) -> Automatic | None:
    return classify(parse(f"From: Ada <ada@customer.example>\nMessage-ID: <1@x>\n{fields}\n\ntext\n".encode()))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("plain", None),
        ("html_only", None),
        ("empty", None),
        ("binary_noise", None),
        ("forwarded_rfc822", None),
        ("reply_gmail", None),
        ("reply_to_erp_mail", None),
        ("bounce_asked_about", None),
        ("out_of_office_by_a_person", None),
        ("auto_submitted_no", None),
        ("dsn_failed", "bounce"),
        ("dsn_delayed", "bounce"),
        ("bounce_qmail_shape", "bounce"),
        ("dsn_delivered", "auto-reply"),
        ("read_receipt", "auto-reply"),
        ("out_of_office", "auto-reply"),
        ("out_of_office_exchange", "auto-reply"),
        ("erp_reminder", "erp"),
        ("odoo_notification", "erp"),
        ("list_mail", "bulk"),
        ("web_form", "bulk"),
    ],
)
def test_kinds(name: str, kind: str | None) -> None:
    found = of(name)
    assert (found.kind if found else None) == kind
    assert found is None or found.reason


def test_a_report_names_each_failed_recipient_and_the_returned_message() -> None:
    found = of("dsn_failed")
    assert found is not None
    assert found.bounces == (
        Bounce(
            "Ada.Novak@customer.example", "5.1.1", "550 5.1.1 <ada.novak@customer.example>: no such user here", "failed"
        ),
        Bounce("bob@customer.example", "5.2.2", "552 mailbox full", "failed"),
    )
    assert found.returned == ("<our.original.17@mycompany.com>",)


def test_a_delay_is_told_from_a_failure() -> None:
    found = of("dsn_delayed")
    assert found is not None
    assert [(one.address, one.action, one.status) for one in found.bounces] == [
        ("ada.novak@customer.example", "delayed", "4.4.1")
    ]
    assert found.returned == ("<our.original.18@mycompany.com>",)


def test_a_report_in_prose_is_read_as_far_as_it_goes() -> None:
    found = of("bounce_qmail_shape")
    assert found is not None
    (bounce,) = found.bounces
    assert (bounce.address, bounce.status, bounce.action) == ("ada.novak@customer.example", "5.1.1", "failed")
    assert found.returned == ("<our.original.19@mycompany.com>",)


def report(status: str, sender: str = "MAILER-DAEMON@mx.example", top: str = "") -> Automatic | None:
    body = f"--r\n\nSorry.\n--r\nContent-Type: message/delivery-status\n\n{status}\n--r--\n"
    kind = 'Content-Type: multipart/report; report-type="delivery-status"; boundary=r'
    return classify(parse(f"From: {sender}\nSubject: Report\n{top}{kind}\n\n{body}".encode()))


@pytest.mark.parametrize(
    ("status", "bounces"),
    [
        ("Reporting-MTA: dns; m\n\nFinal-Recipient: rfc822; a@b\nAction: Failed\nStatus: 5.0.0 (unknown)",
         [("a@b", "5.0.0", "failed")]),
        ("Final-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.0.0", [("a@b", "5.0.0", "failed")]),
        ("Final-Recipient: a@b\nAction: failed", [("a@b", "", "failed")]),
        ("Final-Recipient: rfc822; <a@b>", [("a@b", "", "failed")]),
        ("Final-Recipient: rfc822; internal@host\nOriginal-Recipient: rfc822; a@b\nAction: failed", [("a@b",
         "", "failed")]),
        ("Reporting-MTA: x\r\n\r\nAction: failed\r\nFinal-Recipient: rfc822;a@b\r\nStatus: 4.2.2", [("a@b",
         "4.2.2", "failed")]),
        ("Action: failed\nDiagnostic-Code: smtp; 550-first\n550 second\nStatus: 5.7.1\nFinal-Recipient: rfc822; a@b",
         [("a@b", "5.7.1", "failed")]),
        ("Reporting-MTA: dns; m", []),
        ("", []),
    ],
)  # fmt: skip
def test_delivery_status_as_it_comes(status: str, bounces: list[tuple[str, str, str]]) -> None:
    found = report(status)
    assert found is not None
    assert found.kind == "bounce"
    assert [(one.address, one.status, one.action) for one in found.bounces] == bounces


def test_a_report_has_at_most_a_hundred_recipients() -> None:
    found = report("\n\n".join(f"Final-Recipient: rfc822; u{n}@b\nAction: failed" for n in range(5000)))
    assert found is not None
    assert len(found.bounces) == 100


@pytest.mark.parametrize(
    "fields",
    [
        "X-Failed-Recipients: a@b.example",
        "Return-Path: <>\nSubject: Undelivered Mail Returned to Sender",
        "Return-Path: <MAILER-DAEMON>\nSubject: Delivery Status Notification (Failure)",
    ],
)
def test_shapes_of_bounces(fields: str) -> None:
    found = of_fields(fields)
    assert found is not None
    assert found.kind == "bounce"


@pytest.mark.parametrize(
    "fields",
    [
        "Subject: Undelivered Mail Returned to Sender",
        "Return-Path: <ada@customer.example>\nSubject: failure notice",
        "Subject: Re: Delivery Status Notification (Failure)\nReturn-Path: <ada@customer.example>",
        "Subject: Automatic reply",
        "Subject: Out of office",
        "Auto-Submitted: no",
        "Auto-Submitted: no\nX-Auto-Response-Suppress: All",
        "Precedence: first-class",
        "X-Auto-Response-Suppress: None",
        "X-Autoreply: no",
        "In-Reply-To: <1-tinycrm-17@x>",
        "Content-Type: multipart/report; boundary=x",
        "",
    ],
)
def test_a_person_wrote_it(fields: str) -> None:
    assert of_fields(fields) is None


@pytest.mark.parametrize(
    "fields",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: Auto-Replied (vacation); owner-email=x",
        "X-Autoreply: yes",
        "X-Autorespond: Away",
        "X-Auto-Reply: 1",
        "Precedence: auto_reply",
        "X-POST-MessageClass: 9; Autoresponder",
        "Subject: Automatic reply: x\nX-Auto-Response-Suppress: All",
        "Subject: Réponse automatique : x\nPrecedence: bulk",
        "Subject: =?utf-8?q?R=C3=A9ponse_automatique?= : x\nAuto-Submitted: auto-generated",
        "Subject: Abwesenheitsnotiz\nReturn-Path: <>",
        "Subject: Automatisch antwoord: x\nAuto-Submitted: auto-generated",
        "Content-Type: multipart/report; report-type=feedback-report; boundary=x",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=x",
    ],
)
def test_auto_replies(fields: str) -> None:
    found = of_fields(fields)
    assert found is not None
    assert found.kind == "auto-reply"


@pytest.mark.parametrize(
    "fields",
    ["Auto-Submitted: auto-generated", "Auto-Submitted: auto-notified", "Precedence: bulk", "Precedence: LIST",
     "Precedence: junk", "List-Id: <x.y>", "List-Unsubscribe: <mailto:x@y>", "X-Auto-Response-Suppress: OOF, AutoReply",
     "List-Id: <x.y>\nAuto-Submitted: no", "Return-Path: <>"],
)  # fmt: skip
def test_bulk(fields: str) -> None:
    found = of_fields(fields)
    assert found is not None
    assert found.kind == "bulk"


@pytest.mark.parametrize(
    ("message_id", "kind"),
    [
        ("1223280900.1-tinycrm-17@host", "erp"),
        ("abc-openobject-17@host", "erp"),
        ("1223280900.1-openerp-17-crm.case@host", "erp"),
        ("17-openerp@host", None),
        ("tinycrm-17@host", None),
        ("1-tinycrm-x@host", None),
    ],
)
def test_the_erps_own_message_ids(message_id: str, kind: str | None) -> None:
    found = classify(parse(f"From: a@b\nMessage-ID: <{message_id}>\n\ntext".encode()))
    assert (found.kind if found else None) == kind


def test_a_bounce_goes_before_the_erps_mail_and_that_before_auto_replies_and_bulk() -> None:
    found = report("Final-Recipient: rfc822; a@b\nAction: failed", top="X-Odoo-Objects: x-1\nPrecedence: bulk\n")
    assert found is not None
    assert found.kind == "bounce"
    mixed = of_fields("X-Odoo-Objects: x-1\nAuto-Submitted: auto-replied\nPrecedence: bulk")
    assert mixed is not None
    assert mixed.kind == "erp"


def of_mail(fields: str, text: str) -> str | None:
    start = fields if fields.startswith("From:") else f"From: Ada <ada@customer.example>\n{fields}"
    found = classify(parse(f"{start}\nMessage-ID: <1@x>\n\n{text}\n".encode()))
    return found.kind if found else None


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ("Subject: Automatic reply: [12] Printer\nIn-Reply-To: <1@x>", "I am away."),
        ("Subject: Automatische Antwort: [12] Printer\nReferences: <1@x>", "Ich bin nicht da."),
        ("Subject: Out of Office AutoReply: Printer\nThread-Topic: Printer", "I am away."),
        ("Subject: [shop #5] AutoReply: Printer\nIn-Reply-To: <1@x>", "We got it."),
        ("Subject: 自动回复：[12] Printer\nIn-Reply-To: <1@x>", "x"),
        ("Subject: Ada is out of the office.", "I will be out of the office starting 03/01/2012 until May."),
        ("Subject: Ada is out of the office.", "Away.\n\nNote: This is an automated response to your message."),
        ("Subject: away from my mail\nX-Loop: ada@customer.example", "away"),
        ("Subject: Re: [12] Printer (away)\nX-Autogenerated: Reply", "away"),
        ("Subject: Out till May\nX-Precedence: auto_reply", "away"),
        ("Subject: x\nX-Mailer: vacation 1.2", "away"),
        ("Subject: Read: Printer\nX-Auto-Response-Suppress: All", "Your message was seen."),
        ("Subject: Gelesen: Printer", "Ihre Nachricht\n\n  An: x\n\nwurde am 3.4.2020 12:00 gelesen."),
        ("Subject: Not read: Printer\nReturn-Path: <>", "Your message was deleted."),
        ("Subject: x\nContent-Type: message/disposition-notification", "Disposition: x; displayed"),
        (
            "From: postmaster@mx.example\nReturn-Path: <>\nSubject: Delivered: Printer",
            "It got to bob@customer.example.",
        ),
        ("From: MAILER-DAEMON@mx.example\nSubject: Successful Mail Delivery Report", "It got to bob@customer.example."),
        (
            "From: Microsoft Exchange <MicrosoftExchange329e71@x.example>\nSubject: Relayed: Printer",
            "Delivery is complete, but it will not be delivered with a receipt:\n\nbob@customer.example\n",
        ),
    ],
)
def test_what_answers_by_itself(fields: str, text: str) -> None:
    assert of_mail(fields, text) == "auto-reply"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ("Subject: Out of office on Friday?", "Will you be out?"),
        ("Subject: Out of the office next week", "I will be out of the office next week, ask Bob."),
        ("Subject: Re: Automatic reply: [12] Printer\nIn-Reply-To: <1@x>", "Thanks for the automatic reply!"),
        (
            "Subject: Re: Ada is out of the office\nIn-Reply-To: <1@x>",
            "When is she back?\n> This is an automated response",
        ),
        ("Subject: Out of office: Friday\nIn-Reply-To: <1@x>", "Nobody is there on Friday."),
        ("Subject: Autoreply: how?\nThread-Topic: Autoreply: how?", "How do I set it up?"),
        ("Subject: Autoreply is broken since May: help\nIn-Reply-To: <1@x>", "How do I mend it?"),
        ("Subject: Vacation rental in Spain", "Is it free?"),
        ("Subject: Absent pages in the manual", "Pages 3 and 4 are missing."),
        ("Subject: Read: the manual of the printer", "I read it and do not understand."),
        ("Subject: complaint about message from Bob", "He is rude."),
    ],
)
def test_what_a_person_writes_in_such_words(fields: str, text: str) -> None:
    assert of_mail(fields, text) is None


REPLY = "Content-Type: text/calendar; method=REPLY; charset=utf-8"


def test_an_answer_to_an_invitation_is_a_persons_decision() -> None:
    """Machine-made, but who declines a visit has said something that must not be lost as an auto-reply."""
    calendar = "BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR"
    assert of_mail(f"Subject: Declined: the visit\n{REPLY}", calendar) is None
    assert of_mail(f"Subject: Declined: the visit\nAuto-Submitted: auto-generated\n{REPLY}", calendar) == "bulk"


@pytest.mark.parametrize(
    "fields",
    [
        "Subject: Report domain: mycompany.com Submitter: isp.example Report-ID: <1>",
        "Subject: x\nTLS-Report-Domain: mycompany.com\nContent-Type: multipart/report; report-type=tlsrpt; boundary=b",
        "Subject: x\nList-Post: <mailto:a@b>",
        "Subject: x\nFeedback-ID: 1:2:esp",
    ],
)
def test_reports_on_mail_and_lists_are_bulk(fields: str) -> None:
    assert of_mail(fields, "x") == "bulk"


COMPLAINT = """--b

x
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
--b
Content-Type: message/rfc822

Message-ID: <our.17@mycompany.com>

x
--b--"""


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ("Subject: Abuse report\nContent-Type: multipart/report; boundary=b", COMPLAINT),
        ("Subject: x\nContent-Type: multipart/mixed; boundary=b", COMPLAINT),
        (
            "Subject: complaint about message from 192.0.2.1\nContent-Type: multipart/mixed; boundary=b",
            COMPLAINT.replace("feedback-report", "x"),
        ),
    ],
)
def test_complaints_name_the_mail(fields: str, body: str) -> None:
    found = classify(parse(f"From: loop@isp.example\n{fields}\n\n{body}\n".encode()))
    assert found is not None
    assert (found.kind, found.returned) == ("auto-reply", ("<our.17@mycompany.com>",))


@pytest.mark.parametrize(
    "head",
    [
        "From: Jan <jan.smtpolski@x.example>\nSubject: Undeliverable: invoice",
        "From: Ada <team@antivirus-shop.example>\nSubject: Returned mail",
    ],
)
def test_a_name_that_holds_a_machines_word_is_a_persons(head: str) -> None:
    asks = "Hello, my mail to bob@mycompany.example was returned with 550 5.1.1 user unknown. Please help."
    assert classify(parse(f"{head}\nTo: s@m.example\nMessage-ID: <q@x>\n\n{asks}\n".encode())) is None


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Gelesen: Vertrag", "Ich habe den Vertrag gelesen; er wurde am Montag unterschrieben."),
        ("Out of office reply wrong", "Your automatic reply is wrong: it names last year."),
    ],
)
def test_a_person_may_write_such_a_subject(subject: str, text: str) -> None:
    assert classify(parse(f"From: Ada <a@x.example>\nSubject: {subject}\n\n{text}\n".encode())) is None
