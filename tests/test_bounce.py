"""Delivery reports in every shape, and persons' mails that look like one. The words of mail systems, our own mails."""

from __future__ import annotations

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.automatic import classify
from mailgate.bounce import is_answer, returned_ids
from mailgate.message import parse
from mailgate.model import Automatic, Bounce
from mailgate.prose import code_of, own_words, refusal

OURS = "<orig.1@mycompany.com>"
ORIGINAL = f"""Received: from a.example by b.example
Message-ID: {OURS}
From: support@mycompany.com
To: bob@customer.example
Subject: [12] Printer

Hello Bob
"""
DAEMON = "From: Mail Delivery System <MAILER-DAEMON@mx.example>"
MASTER = "From: Postmaster <postmaster@mx.example>"


def of(head: str, body: str) -> Automatic | None:
    return classify(parse(f"{head}\nTo: support@mycompany.com\nMessage-ID: <p@q>\n\n{body}".encode()))


def mixed(*parts: tuple[str, str], kind: str = "mixed") -> str:
    """Return the rest of a header and a body: parts of (type, content)."""
    inner = "".join(f"--b\nContent-Type: {type}\n\n{content}\n" for type, content in parts)
    return f"Content-Type: multipart/{kind}; boundary=b\nTo: support@mycompany.com\n\n{inner}--b--\n"


def of_parts(head: str, *parts: tuple[str, str], kind: str = "mixed") -> Automatic | None:
    return classify(parse(f"{head}\n{mixed(*parts, kind=kind)}".encode()))


def read(found: Automatic | None) -> list[tuple[str, str, str]]:
    assert found is not None
    assert found.kind == "bounce"
    return [(one.address, one.status, one.action) for one in found.bounces]


BOB = "bob@customer.example"
ADA = "From: Ada <ada@customer.example>"

# name, header, body, status, action, is the original in it?
TEXTS: tuple[tuple[str, str, str, str, str, bool], ...] = (
    (
        "qmail",
        f"{DAEMON}\nSubject: failure notice",
        "Sorry, this is the mail program at mx.example.\n"
        "I gave up; the following addresses cannot be reached:\n"
        "\n"
        "<bob@customer.example>:\n"
        "192.0.2.5 does not like recipient.\n"
        "Remote host said: 550 5.1.1 unknown here\n"
        "Giving up on 192.0.2.5.\n"
        "\n"
        "--- Below this line is a copy of the message.\n"
        "\n"
        f"{ORIGINAL}",
        "5.1.1",
        "failed",
        True,
    ),
    (
        "sendmail",
        f"{DAEMON}\nSubject: Returned mail: see transcript for details",
        "The original message was received at noon\n"
        "\n"
        "   ----- The following addresses had permanent fatal errors -----\n"
        "<bob@customer.example>\n"
        "    (reason: 550 5.7.1 no relay)\n"
        "    (expanded from: <team@mycompany.com>)\n"
        "\n"
        "   ----- Transcript of session follows -----\n"
        "... while talking to mx.customer.example.:\n"
        ">>> DATA\n"
        "<<< 550 5.7.1 no relay\n"
        "\n"
        "   ----- Unsent message follows -----\n"
        f"{ORIGINAL}",
        "5.7.1",
        "failed",
        True,
    ),
    (
        "exim",
        f"{DAEMON}\nReturn-Path: <>\nSubject: Mail delivery failed: returning message to sender",
        "This is a permanent error. The following address(es) failed:\n"
        "\n"
        "  bob@customer.example\n"
        "    (generated from team@mycompany.com)\n"
        "    SMTP error from remote mail server after RCPT TO:<bob@customer.example>:\n"
        "    host mx.customer.example [192.0.2.1]: 550 5.2.1 disabled\n"
        "\n"
        "------ This is a copy of the message, including all the headers. ------\n"
        "\n"
        f"{ORIGINAL}",
        "5.2.1",
        "failed",
        True,
    ),
    (
        "exim, not yet",
        f"{DAEMON}\nReturn-Path: <>\nSubject: Warning: message 1abc delayed 24 hours",
        "A message has not yet been delivered to:\n"
        "\n"
        "  bob@customer.example\n"
        "    host mx [192.0.2.1]: 451 4.7.1 Greylisted\n"
        "\n"
        "Delivery attempts will continue; in the end the software will give up.\n",
        "4.7.1",
        "delayed",
        False,
    ),
    (
        "sendmail, a warning",
        f"{DAEMON}\nSubject: Warning: could not send message for past 4 hours",
        "    ** YOU DO NOT NEED TO RESEND YOUR MESSAGE **\n"
        "\n"
        "<bob@customer.example>... Deferred: Connection timed out with customer.example.\n"
        "Will keep trying until message is 5 days old\n",
        "",
        "delayed",
        False,
    ),
    (
        "postfix in one text",
        f"{DAEMON}\nSubject: Undelivered Mail Returned to Sender",
        "For further assistance, please send mail to helpers@mx.example.\n"
        "\n"
        "<bob@customer.example> (expanded from <sales@customer.example>): host\n"
        "    mx.example[192.0.2.1] said: 550-5.1.1 no such account (in reply to RCPT\n",
        "5.1.1",
        "failed",
        False,
    ),
    (
        "a hosting company",
        "From: MAILER-DAEMON@host.example (Mail Delivery System)\nSubject: Mail delivery failed",
        "The following address failed:\n"
        "\n"
        '"bob@customer.example":\n'
        "SMTP error from remote server after RCPT command:\n"
        "5.1.1 unknown\n"
        "\n"
        "--- The header of the original message is following. ---\n"
        "\n"
        f"{ORIGINAL}",
        "5.1.1",
        "failed",
        True,
    ),
    (
        "a telephone company",
        "From: post_master@phone.example\nSubject: Undeliverable Message",
        "Error: No valid recipients.\n  RCPT TO: bob@customer.example\n",
        "",
        "failed",
        False,
    ),
    (
        "names and nothing else",
        "From: Mailer-Daemon@uni.example\nSubject: Undeliverable: Printer",
        "The message to Bob could not be delivered.\n"
        "\n"
        " -----Transcript of session follows:-----\n"
        "  <bob@customer.example> unknown\n"
        " -----Message header follows----\n"
        f"{ORIGINAL}",
        "",
        "failed",
        True,
    ),
    (
        "smail",
        "From: MAILER-DAEMON@x.example\nSubject: mail failed, returning to sender",
        "|------------------------- Failed addresses follow: ---------------------|\n"
        " <bob@customer.example> ... unknown host\n"
        "|------------------------- Message text follows: ------------------------|\n"
        f"{ORIGINAL}",
        "",
        "failed",
        True,
    ),
    (
        "a label before the address",
        f"{MASTER}\nSubject: Message Delivery Failure",
        "The following recipient(s) could not be reached:\n"
        "\n"
        "\tRecipient: [SMTP:bob@customer.example]\n"
        "\tReason: Remote server returned: 550 No\n"
        "\n"
        "Message headers follow:\n"
        "\n"
        f"{ORIGINAL}",
        "",
        "failed",
        True,
    ),
    (
        "an answer to RCPT",
        f"{MASTER}\nSubject: Undeliverable Mail",
        "Unknown user: bob@customer.example\n"
        "\n"
        "RCPT TO generated following response:\n"
        "553 5.3.0 <bob@customer.example>... Addressee unknown\n"
        "\n"
        "Original message follows.\n"
        "\n"
        f"{ORIGINAL}",
        "5.3.0",
        "failed",
        True,
    ),
    (
        "a code behind a sharp",
        "From: MAILER-DAEMON@hunter.example\nSubject: FAILURE NOTICE :",
        "  ----- The following addresses had permanent fatal errors -----\n"
        "\n"
        ">>> bob@customer.example <bob@customer.example>\n"
        "\n"
        "550 sorry, no mailbox here by that name (#5.1.1 - chk 4.9.12)\n"
        "\n"
        "--- Original message ---\n"
        f"{ORIGINAL}",
        "5.1.1",
        "failed",
        True,
    ),
    (
        "only our own address beside",
        f"{DAEMON}\nReturn-Path: <>\nSubject: Mail delivery failed",
        "There was an error delivering your mail to <bob@customer.example>.\n"
        "\n"
        "lookup failure: host not found\n"
        "\n"
        "Message headers follow.\n"
        "\n"
        f"{ORIGINAL}",
        "",
        "failed",
        True,
    ),
    (
        "a mail that is a page",
        "From: PostMaster@qq.example\nReturn-Path: <>\nSubject: 系统退信\nContent-Type: text/html; charset=utf-8",
        "<p>收件人</p><p>bob@customer.example</p><p>550 5.1.1 User unknown</p>",
        "5.1.1",
        "failed",
        False,
    ),
    (
        "X-Failed-Recipients",
        f"{DAEMON}\nX-Failed-Recipients: bob@customer.example\nSubject: Mail",
        "Some words.\n\n  bob@customer.example\n    550 5.4.1 refused\n",
        "5.4.1",
        "failed",
        False,
    ),
    (
        "DSN fields in the text",
        "From: Mail Delivery Subsystem <MAILER-DAEMON>\nSubject: Returned mail",
        "Could not be delivered.\n"
        "\n"
        "Reporting-MTA: dns; x\n"
        "\n"
        "Final-Recipient: RFC822; bob@customer.example\n"
        "Action: failed\n"
        "Status: 4.4.7\n"
        "\n"
        f"{ORIGINAL}",
        "4.4.7",
        "failed",
        True,
    ),
    (
        "a subject that says nothing",
        "From: MAILER-DAEMON@mx.example\nReturn-Path: <>\nSubject: E",
        f"Could not be delivered to: <bob@customer.example>\nThe mailbox is full.\n\n--ORIGINAL MESSAGE--\n{ORIGINAL}",
        "",
        "failed",
        True,
    ),
)


@pytest.mark.parametrize(
    ("head", "body", "status", "action", "returns"), [one[1:] for one in TEXTS], ids=[one[0] for one in TEXTS]
)
def test_reports_in_prose(head: str, body: str, status: str, action: str, returns: bool) -> None:
    found = of(head, body)
    assert read(found) == [(BOB, status, action)]
    assert found is not None
    assert found.returned == ((OURS,) if returns else ())


# --- fields, where they are broken or not alone ----------------------------------------------------------------------

SAID = ("text/plain", "Your message could not be delivered.\n\n<bob@customer.example>: 550 5.1.1 no such user\n")
FIELDS = "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; bob@customer.example\nAction: failed\n"


def status(fields: str) -> Automatic | None:
    return of_parts(
        MASTER,
        ("text/plain", "Sorry.\n"),
        ("message/delivery-status", fields),
        kind="report; report-type=delivery-status",
    )


@pytest.mark.parametrize("typed", ["", "; report-type=status", "; report-type=delivery-status"])
def test_a_report_may_give_itself_an_odd_type(typed: str) -> None:
    part = ("message/delivery-status", f"{FIELDS}Status: 5.1.1\n")
    assert read(of_parts(f"{ADA}\nSubject: x", part, kind=f"report{typed}")) == [(BOB, "5.1.1", "failed")]


def test_the_remote_servers_code_goes_before_a_code_that_tells_less() -> None:
    assert read(status(f"{FIELDS}Status: 5.0.0\nDiagnostic-Code: smtp; 550 5.7.1 refused\n")) == [
        (BOB, "5.7.1", "failed")
    ]
    assert read(status(f"{FIELDS}Status: 4.4.7\nDiagnostic-Code: smtp; 450 4.7.1 who are you\n"))[0][1] == "4.7.1"
    assert read(status(f"{FIELDS}Status: 5.1.1\nDiagnostic-Code: smtp; 554 5.0.0 no\n"))[0][1] == "5.1.1"
    assert read(status(f"{FIELDS}Status: 5.1.1\nDiagnostic-Code: smtp; 450 4.2.0 later\n"))[0][1] == "5.1.1"
    assert read(status(f"{FIELDS}Diagnostic-Code: smtp; 550 5.2.1 (closed)\n"))[0][1] == "5.2.1"


def test_a_code_that_the_fields_leave_out_is_taken_from_the_prose() -> None:
    found = of_parts(f"{DAEMON}\nSubject: Delivery Status", SAID, ("message/delivery-status", FIELDS))
    assert read(found) == [(BOB, "5.1.1", "failed")]


def test_a_code_that_says_nothing_gives_way_to_the_prose_of_its_class() -> None:
    for vague, told in (("5.0.0", "5.1.1"), ("4.0.0", "4.0.0"), ("5.4.0", "5.4.0")):
        fields = ("message/delivery-status", f"{FIELDS}Status: {vague}\n")
        assert read(of_parts(f"{DAEMON}\nSubject: x", SAID, fields)) == [(BOB, told, "failed")]


def test_an_address_that_the_fields_leave_out_is_taken_from_the_prose() -> None:
    found = of_parts(f"{DAEMON}\nSubject: x", SAID, ("message/delivery-status", "Action: failed\nStatus: 5.2.1\n"))
    assert read(found) == [(BOB, "5.2.1", "failed")]


@pytest.mark.parametrize(
    ("action", "told"),
    [("failed", "failed"), ("Failure", "failed"), ("delayed (for 4 hours)", "delayed"), ("expired", "failed")],
)
def test_actions_are_told_in_the_words_of_the_standard(action: str, told: str) -> None:
    assert read(status(f"Final-Recipient: rfc822; a@b.example\nAction: {action}\nStatus: 4.4.1\n"))[0][2] == told


def test_who_got_the_mail_is_not_among_the_failed() -> None:
    good = "Final-Recipient: rfc822; ada@customer.example\nAction: relayed\nStatus: 2.1.9\n"
    assert read(status(f"{good}\n{FIELDS}Status: 5.1.1\n")) == [(BOB, "5.1.1", "failed")]
    found = status(good)
    assert found is not None
    assert (found.kind, found.bounces) == ("auto-reply", ())


def test_each_recipient_has_the_code_that_stands_below_his_address() -> None:
    text = "<a@x.example>:\n550 5.1.1 unknown\n\n<b@x.example>:\n552 5.2.2 full\n\n<c@x.example>:\nno\n"
    found = of(f"{DAEMON}\nSubject: failure notice", text)
    assert read(found) == [
        ("a@x.example", "5.1.1", "failed"),
        ("b@x.example", "5.2.2", "failed"),
        ("c@x.example", "", "failed"),
    ]
    assert found is not None
    assert [one.reason for one in found.bounces] == ["550 5.1.1 unknown", "552 5.2.2 full", ""]


@pytest.mark.parametrize(
    ("line", "sure"),
    [
        ("<bob@customer.example>: 550 no", True), ("  * bob@customer.example", True),
        ("Recipient: bob@customer.example", True),
        ("RCPT TO:<bob@customer.example>", True), ("Mailbox exceeds its size: bob@customer.example", True),
        ("(generated from bob@customer.example)", False), ("  To: bob@customer.example", False),
        ("  Message-Id: <bob@customer.example>", False), ("Please write to bob@customer.example", False),
        ("Original Sender: <bob@customer.example>", False),
    ],
)  # fmt: skip
def test_where_a_failed_recipient_stands(line: str, sure: bool) -> None:
    text = f"Delivery failed.\n{line}\n\nUnknown user: zoe@customer.example\n"
    named = [one[0] for one in read(of(f"{DAEMON}\nSubject: Undelivered Mail", text))]
    assert (BOB in named) is sure


def test_the_one_recipient_may_be_the_address_that_gets_the_report() -> None:
    found = of(f"{DAEMON}\nSubject: Mail delivery failed", "Failed:\n\nsupport@mycompany.com\n    550 5.2.0 spam\n")
    assert read(found) == [("support@mycompany.com", "5.2.0", "failed")]


def test_a_report_within_a_report_is_read() -> None:
    inner = "From: postmaster@inner.example\n" + mixed(
        ("text/plain", "Sorry."), ("message/delivery-status", f"{FIELDS}Status: 5.1.1\n"), ("message/rfc822", ORIGINAL),
        kind="report; report-type=delivery-status",
    ).replace("boundary=b", "boundary=c").replace("--b", "--c")  # fmt: skip
    kind = "mixed; report-type=delivery-status"
    found = of_parts(f"{MASTER}\nSubject: Delivery Status Notification (Failure)", ("message/rfc822", inner), kind=kind)
    assert read(found) == [(BOB, "5.1.1", "failed")]
    assert found is not None
    assert found.returned == (OURS,)


def test_a_refusal_that_calls_itself_a_read_receipt_is_a_bounce() -> None:
    """RFC 5429 2.2.1, as sieve's reject and a full mailbox at Dovecot's."""
    receipt = (
        f"Final-Recipient: rfc822; {BOB}\nOriginal-Message-ID: {OURS}\n"
        "Disposition: automatic-action/MDN-sent-automatically; deleted\n"
    )
    found = of_parts(
        "From: Mail Delivery Subsystem <admin@x.example>\nSubject: Automatically rejected mail",
        ("text/plain", "Your message to <bob@customer.example> was automatically rejected:\nQuota exceeded\n"),
        ("message/disposition-notification", receipt),
        kind="report; report-type=disposition-notification",
    )
    assert read(found) == [(BOB, "", "failed")]
    assert found is not None
    assert found.returned == (OURS,)


def test_amazon_tells_it_as_json() -> None:
    failed = {"emailAddress": BOB, "status": "5.1.1", "action": "failed", "diagnosticCode": "smtp; 550 5.1.1 no"}
    sent = {"headers": [{"name": "Message-ID", "value": OURS}]}
    inner = json.dumps({"notificationType": "Bounce", "bounce": {"bouncedRecipients": [failed]}, "mail": sent})
    outer = '{"Type":"Notification","Message":"' + inner.replace('"', '\\"') + '"}\n\n-- \nunsubscribe\n'
    head = "From: AWS <no-reply@sns.amazonaws.example>\nx-amz-sns-message-id: 1\nSubject: AWS Notification Message"
    found = of(head, outer)
    assert read(found) == [(BOB, "5.1.1", "failed")]
    assert found is not None
    assert (found.returned, found.bounces[0].reason) == ((OURS,), "550 5.1.1 no")
    complaint = of(head, inner.replace('"Bounce"', '"Complaint"'))
    assert complaint is not None
    assert complaint.kind == "auto-reply"
    assert of(head, '{"Message":"the disk is full"}') is None


# --- the message that is returned ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "part",
    [
        ("message/rfc822", ORIGINAL),
        ("text/rfc822-headers", ORIGINAL.partition("\n\n")[0]),
        ("message/rfc822\nContent-Transfer-Encoding: base64", base64.b64encode(ORIGINAL.encode()).decode()),
        ("text/plain", f"----- Original message -----\nMessage-Id:\n  {OURS}\nSubject: x\n"),
        ("text/plain", f"> Message-ID: {OURS}\n"),
        ("text/plain", f"The message had\n  X-Original-Message-ID: {OURS}\n"),
    ],
)  # fmt: skip
def test_the_returned_message_is_known_by_its_id(part: tuple[str, str]) -> None:
    found = of_parts(f"{DAEMON}\nReturn-Path: <>\nSubject: Undelivered Mail", SAID, part)
    assert found is not None
    assert (found.kind, found.returned) == ("bounce", (OURS,))


def test_the_last_reference_stands_in_for_an_id_that_a_smarthost_replaced() -> None:
    part = f"Message-ID: <new@smarthost.example>\nReferences: <first@customer.example>\n {OURS}\n\nx\n"
    found = of_parts(f"{DAEMON}\nSubject: Undelivered Mail", SAID, ("message/rfc822", part))
    assert found is not None
    assert found.returned == ("<new@smarthost.example>", OURS)


def test_without_a_returned_message_it_is_what_the_report_answers_to() -> None:
    found = of(f"{DAEMON}\nSubject: Undelivered Mail\nReferences: <1@x> {OURS}", SAID[1])
    assert found is not None
    assert found.returned == (OURS, "<1@x>")


# --- persons ---------------------------------------------------------------------------------------------------------

PASTED = """   ----- The following addresses had permanent fatal errors -----
<bob@customer.example>
    (reason: 550 5.1.1 <bob@customer.example>... User unknown)

   ----- Unsent message follows -----
Received: from a
Message-ID: <orig.1@mycompany.com>

hi
"""


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (f"{ADA}\nSubject: Undelivered Mail Returned to Sender", PASTED),
        (f"{ADA}\nReturn-Path: <ada@x.example>\nSubject: Mail delivery failed", f"Hi,\nwhat is this?\n\n{PASTED}"),
        (f"{ADA}\nReturn-Path: <>\nSubject: Fwd: Undelivered Mail Returned to Sender", PASTED),
        (f"{ADA}\nSubject: WG: Unzustellbar: Printer", PASTED),
        (f"{ADA}\nSubject: Re[2]: Undeliverable\nX-Failed-Recipients: bob@customer.example", PASTED),
        (f"{ADA}\nSubject: Tr : Non remis : Printer\nAuto-Submitted: auto-generated", PASTED),
        (f"{ADA}\nSubject: Delivery status of order 550", "Was it delivered? It was not received.\n"),
        (f"{MASTER}\nSubject: Re: Undelivered Mail\nIn-Reply-To: <1@x>", f"It is mended.\n\n{PASTED}"),
        (f"{MASTER}\nSubject: Mail delivery problem\nUser-Agent: Mozilla Thunderbird",
         "Hello,\nyour mails to bob@customer.example can not be delivered:\n550 5.1.1 User unknown\n\nBob\n"),
        (f"{MASTER}\nSubject: Delivery problem\nReturn-Path: <postmaster@mx.example>",
         "Hello,\nyour mails to bob@customer.example can not be delivered:\n550 5.1.1 User unknown\n"),
        (f"{MASTER}\nSubject: Delivery failure to your domain",
         "Hello,\nyour mails could not be delivered:\n550 5.1.1 User unknown\n\n-- \nBob, Customer Ltd.\n"),
        (f"{MASTER}\nSubject: Mailboxes move on Friday", "Mail may be delayed, and not be delivered at once.\n"),
        ("From: Bounce House <info@bounce.example>\nSubject: Delivery failed", "The castle was not delivered.\n"),
        ("Subject: Delivery failed", "The castle was not delivered.\n"),
        (f"{ADA}\nSender: list-bounces@lists.example\nX-MLServer: fml\nSubject: Undelivered mail to the list", PASTED),
        ("From: Parcels <noreply@parcels.example>\nSubject: Delivery failed", "Your parcel could not be delivered.\n"),
    ],
)  # fmt: skip
def test_a_persons_mail_is_no_report(head: str, body: str) -> None:
    found = of(head, body)
    assert found is None or found.kind == "bulk"


@pytest.mark.parametrize("subject", ["look at this", "Undelivered mail"])
def test_a_report_that_a_person_attached_is_no_report(subject: str) -> None:
    report = ("message/delivery-status", f"{FIELDS}Status: 5.1.1\n")
    assert of_parts(f"{ADA}\nSubject: {subject}", ("text/plain", "See below."), report) is None
    whole = ("message/rfc822", f"{DAEMON}\nReturn-Path: <>\nSubject: Undelivered\n\n{PASTED}")
    assert of_parts(f"{ADA}\nSubject: {subject}", ("text/plain", "See below."), whole) is None
    receipt = ("message/disposition-notification", "Disposition: manual-action/MDN-sent-manually; displayed\n")
    assert of_parts(f"{ADA}\nSubject: Fwd: {subject}", ("text/plain", "See below."), receipt) is None


def test_mail_systems_write_other_things_too() -> None:
    head = "From: System Administrator <postmaster@mycompany.com>\nReturn-Path: <>\nSubject: Your mailbox is full"
    for found in (
        of(head, "It has nearly reached its quota: soon mail may be returned, over quota.\n"),
        of("From: Parcels <noreply@p.example>\nAuto-Submitted: auto-generated\nSubject: Delivery problem",
           "Your parcel could not be delivered. Your address: support@mycompany.com\n"),
    ):  # fmt: skip
        assert found is not None
        assert found.kind == "bulk"


@pytest.mark.parametrize(
    "subject", ["Re: x", "RE[2]: x", "Fwd: x", "AW: x", "Odp: x", "Re (2): x", "回复：x", "Enc: x"]
)
def test_answers_and_forwards(subject: str) -> None:
    assert is_answer(subject)


@pytest.mark.parametrize("subject", ["Undeliverable: Re: x", "Returned mail", "Re", "Regarding: x", ""])
def test_neither_answer_nor_forward(subject: str) -> None:
    assert not is_answer(subject)


# --- words and codes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("550 5.1.1 no", "5.1.1"), ("550-5.1.1 no", "5.1.1"), ("(#5.7.1)", "5.7.1"), ("status=5.2.2", "5.2.2"),
        ("Exim version 4.6.9, then 550 5.4.0 no", "5.4.0"), ("release 4.2.1", ""), ("host 5.1.1.7 said", ""),
        ("v4.2.1", ""), ("said 5.1.1.", "5.1.1"), ("5.9.1 is none", ""), ("2.0.0 ok", ""), ("", ""),
    ],
)  # fmt: skip
def test_status_codes_in_text(text: str, code: str) -> None:
    assert code_of(text) == code


@pytest.mark.parametrize("text", ["550 No", "said: 550-5.1.1 no", "<<< 421 busy", '"451 later"'])
def test_refusals(text: str) -> None:
    assert refusal(text)


@pytest.mark.parametrize("text", ["room 404 North", "250 ok", "order 5500 no", "450 12", ""])
def test_no_refusals(text: str) -> None:
    assert not refusal(text)


@pytest.mark.parametrize(
    "line",
    ["Received: from a", "--- Below this line is a copy of the message.", "Original message follows.",
     "---- The unsent message follows ----", "________ Returned message ________", "Message headers follow:"],
)  # fmt: skip
def test_own_words_end_where_the_returned_message_begins(line: str) -> None:
    assert own_words(f"Sorry.\n{line}\nFrom: ada@x.example\n") == (["Sorry."], True)


@pytest.mark.parametrize(
    "line",
    ["----- Transcript of session follows -----", "--- The following addresses had problems ---", "  Message-ID: <a@b>",
     "A transcript of the attempts to send the message follows."],
)  # fmt: skip
def test_own_words_go_on(line: str) -> None:
    assert own_words(f"Sorry.\n{line}\nbob@x.example") == (["Sorry.", line, "bob@x.example"], False)


# --- whatever comes --------------------------------------------------------------------------------------------------

PIECES = st.lists(
    st.sampled_from(
        ["From: MAILER-DAEMON@x", "Return-Path: <>", "Subject: Undelivered mail", "X-Failed-Recipients: a@b, \x00c@d",
         "Auto-Submitted: auto-replied", "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
         "", "--b", "Content-Type: message/delivery-status", "Content-Type: message/rfc822", "--b--",
         "Final-Recipient: rfc822; a\x07@b\u2028.example", "Action: \x1bfailed", "Status: 5.1.1 \r(x)",
         "Diagnostic-Code: smtp; 550 \x00no\u0085", "<bob@x.example>: 550 5.1.1 \x0bno", "Message-ID: <a\x00@b>",
         "Original-Message-ID: <\u202ea@b>", "x-amz-sns-message-id: 1",
         '{"eventType": "Bounce", "mail": {}, "bounce": {"bouncedRecipients": [{"emailAddress": 1}]}}',
         "Subject: Out of office", "Content-Type: message/disposition-notification", "garbage", " folded"]
    )
    | st.text(max_size=40),
    max_size=30,
)  # fmt: skip


def harmless(value: str) -> bool:
    return value.isprintable() or not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", value)


@given(PIECES)
def test_nothing_makes_it_raise_and_its_fields_are_single_harmless_lines(pieces: list[str]) -> None:
    mail = parse("\n".join(pieces).encode("utf-8", "surrogatepass"))
    found = classify(mail)
    returned_ids(mail)
    if found is not None:
        values = [found.reason, *found.returned]
        values += [text for one in found.bounces for text in (one.address, one.status, one.reason, one.action)]
        assert [value for value in values if not harmless(value) or len(value) > 1000] == []
        assert all(one.action in ("failed", "delayed") for one in found.bounces)
        assert all(re.fullmatch(r"(?:[245]\.\d{1,3}\.\d{1,3})?", one.status) for one in found.bounces)


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(raw: bytes) -> None:
    classify(parse(raw))
    classify(parse(b"From: MAILER-DAEMON@x\nReturn-Path: <>\nSubject: Undelivered mail\n\n" + raw))


@pytest.mark.parametrize(
    "body",
    [
        b"\n" + b"a@b.example\n" * 200_000,
        b"\n" + b"message-id:\n" * 200_000,
        b"Content-Type: message/delivery-status\n\n" + b"garbage\n" * 300_000,
        b"Content-Type: message/delivery-status\n\n" + b"Final-Recipient: rfc822; a@b.example\n\n" * 60_000,
        b"x-amz-sns-message-id: 1\n\n" + b"[" * 1_000_000,
    ],
    ids=["addresses", "ids", "no fields", "groups", "json"],
)
def test_much_of_the_same_is_read_only_so_far(body: bytes) -> None:
    found = classify(parse(DAEMON.encode() + b"\nReturn-Path: <>\nSubject: Undelivered Mail\n" + body))
    assert found is not None
    assert found.kind == "bounce"
    assert len(found.bounces) <= 100
    assert len(found.returned) <= 20


def test_a_bounce_is_a_plain_value() -> None:
    found = of(f"{DAEMON}\nSubject: failure notice", "<bob@customer.example>:\n550 5.1.1 unknown\n")
    assert found is not None
    assert found.bounces == (Bounce(BOB, "5.1.1", "550 5.1.1 unknown", "failed"),)
