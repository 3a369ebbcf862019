"""What a border server's word on From is worth, field by field of the header above it."""

from __future__ import annotations

import pytest

from mailgate.authentic import plain_value, verdict
from mailgate.message import parse
from mailgate.policy import Authentication, Trust

BORDER = Authentication(trust=(Trust("mx.mycompany.com"),), hosts=("mx.mycompany.com", "box.mycompany.com"))
STRIPS = BORDER.but(trust=(Trust("mx.mycompany.com", strips=True),))
OUTSIDE = "Received: from mail.evil.net (mail.evil.net [203.0.113.9]) by mx.mycompany.com with ESMTP id 1"
FOREIGN = "Received: from laptop (unknown [198.51.100.7]) by mail.evil.net with ESMTPSA id 2"
INSIDE = "Received: from mx.mycompany.com (mx.mycompany.com [10.0.0.2]) by box.mycompany.com with ESMTP id 3"
LMTP = "Received: from box.mycompany.com by box.mycompany.com (Dovecot) with LMTP id 4"
FETCHED = "Received: from pop.mycompany.com [10.0.0.3] by localhost with IMAP (fetchmail-6.4.37) for <g@localhost>"
FORGED = "Received: from inside (mx.mycompany.com [10.0.0.2]) by mx.mycompany.com with ESMTPSA id 5"
PASS = "Authentication-Results: mx.mycompany.com; dmarc=pass header.from=mycompany.com"
FAIL = "Authentication-Results: mx.mycompany.com; dmarc=fail header.from=mycompany.com"
OTHER = "Authentication-Results: mx.evil.net; dmarc=pass header.from=mycompany.com"


def judged(authentication: Authentication, *fields: str, sender: str = "fabien@mycompany.com") -> str:
    """Return the verdict on a message with these fields on top."""
    head = "\n".join([*fields, f"From: {sender}", "Subject: x"])
    return verdict(parse(f"{head}\n\nHello\n".encode()), authentication).result


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ((PASS, OUTSIDE), "pass"),
        ((FAIL, OUTSIDE), "fail"),
        ((PASS, OUTSIDE, FOREIGN), "pass"),
        ((FETCHED, PASS, OUTSIDE), "pass"),
        ((LMTP, PASS, OUTSIDE, FOREIGN), "pass"),
        ((LMTP, INSIDE, PASS, OUTSIDE), "pass"),
        ((FETCHED, LMTP, INSIDE, PASS, OUTSIDE, FOREIGN), "pass"),
        ((PASS, FAIL, OUTSIDE), "pass"),
        ((FAIL, PASS, OUTSIDE), "fail"),
        ((OTHER, FAIL, OUTSIDE), "fail"),
        ((OTHER, OUTSIDE), "none"),
        ((OUTSIDE,), "none"),
        ((), "none"),
        ((PASS,), "none"),
        ((OUTSIDE, PASS), "none"),
        ((OUTSIDE, PASS, FORGED), "none"),
        ((OUTSIDE, PASS, FORGED, FORGED), "none"),
        ((LMTP, OUTSIDE, PASS, FORGED), "none"),
        ((FOREIGN, PASS, OUTSIDE), "none"),
        ((PASS, FOREIGN, OUTSIDE), "none"),
        ((OUTSIDE, FETCHED, PASS, FORGED), "none"),
    ],
)  # fmt: skip
def test_the_topmost_field_counts_if_it_stands_above_the_borders_received(fields: tuple[str, ...], said: str) -> None:
    assert judged(BORDER, *fields) == said


@pytest.mark.parametrize(
    ("fields", "said"),
    [((OUTSIDE, PASS), "pass"), ((OUTSIDE, FAIL), "fail"), ((FETCHED, OUTSIDE, PASS, FOREIGN), "pass"),
     ((OUTSIDE, FOREIGN, PASS), "none"), ((FOREIGN, PASS), "none"), ((OUTSIDE, OTHER), "none")],
)  # fmt: skip
def test_where_the_border_strips_foreign_fields_its_own_may_stand_below(fields: tuple[str, ...], said: str) -> None:
    assert judged(STRIPS, *fields) == said


@pytest.mark.parametrize(
    "received",
    ["from x(fetchmail-6.4) (mail.evil.net [203.0.113.9]) by mx.mycompany.com with ESMTP id 1",
     "from mx.mycompany.com (unknown [203.0.113.9]) by mx.mycompany.com with ESMTP id 1",
     "from a(mx.mycompany.com[10.0.0.2]) (mail.evil.net [203.0.113.9]) by mx.mycompany.com with ESMTP id 1",
     "from [127.0.0.1] (mail.evil.net [203.0.113.9]) by mx.mycompany.com with ESMTP id 1"],
)  # fmt: skip
def test_the_name_that_a_stranger_gives_himself_moves_no_border(received: str) -> None:
    assert judged(BORDER, f"Received: {received}", PASS, FORGED) == "none"
    assert judged(BORDER, PASS, f"Received: {received}", FORGED) == "pass"


def test_without_hosts_the_border_is_the_first_received() -> None:
    anybody = BORDER.but(hosts=())
    assert judged(anybody, PASS, OUTSIDE) == "pass"
    assert judged(anybody, FETCHED, PASS, FOREIGN) == "pass"
    assert judged(anybody, OUTSIDE, PASS, FORGED) == "none"
    assert judged(STRIPS.but(hosts=()), OUTSIDE, PASS) == "pass"


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ("dmarc=pass header.from=mycompany.com", "pass"),
        ("dmarc=pass (p=reject dis=none) header.from=MyCompany.COM", "pass"),
        ("dmarc=pass", "pass"),
        ("dmarc=pass header.from=evil.net", "none"),
        ("dmarc=none header.from=mycompany.com", "none"),
        ("dmarc=none header.from=mycompany.com; dkim=pass header.d=mycompany.com", "pass"),
        ("dkim=pass header.d=mycompany.com; dmarc=fail header.from=mycompany.com", "fail"),
        ("spf=fail smtp.mailfrom=mycompany.com; dkim=fail header.d=mycompany.com; dmarc=pass header.from=mycompany.com",
         "pass"),
        ("dkim=pass header.d=mycompany.com", "pass"),
        ("dkim=pass header.i=@mycompany.com header.s=k1", "pass"),
        ('dkim=pass header.d="mycompany.com"', "pass"),
        ("dkim=pass header.d=mail.mycompany.com", "pass"),
        ("dkim=pass header.d=evil.net", "none"),
        ("dkim=pass header.d=notmycompany.com", "none"),
        ("dkim=pass header.d=com", "none"),
        ("dkim=pass header.d=evil.net; dkim=pass header.d=mycompany.com", "pass"),
        ("dkim=fail header.d=mycompany.com", "fail"),
        ("dkim=fail header.d=evil.net", "none"),
        ("dkim=fail header.d=mycompany.com; spf=pass smtp.mailfrom=x@mycompany.com", "pass"),
        ("dkim=policy header.d=mycompany.com", "none"),
        ("spf=pass smtp.mailfrom=fabien@mycompany.com", "pass"),
        ("spf=pass smtp.mailfrom=mycompany.com", "pass"),
        ("spf=pass smtp.mailfrom=fabien@evil.net", "none"),
        ("spf=pass smtp.helo=mycompany.com", "none"),
        ("spf=fail smtp.mailfrom=mycompany.com", "fail"),
        ("spf=softfail smtp.mailfrom=mycompany.com", "none"),
        ("none", "none"),
        ("", "none"),
        ("auth=pass smtp.auth=fabien@mycompany.com", "none"),
        ("dkim/1=pass header.d=mycompany.com", "pass"),
        ("DKIM = PASS header.d = mycompany.com", "pass"),
        ("spf=none (dkim=pass header.d=mycompany.com) smtp.mailfrom=evil.net", "none"),
        ("spf=none (a (nested; dmarc=pass) one) smtp.mailfrom=evil.net", "none"),
        ('spf=pass smtp.mailfrom="a; dkim=pass header.d=mycompany.com ;"@evil.net', "none"),
        ('spf=pass smtp.mailfrom="a dmarc=pass header.from=mycompany.com"@evil.net', "none"),
        ('spf=pass reason="; dmarc=pass header.from=mycompany.com" smtp.mailfrom=evil.net', "none"),
        ('spf=pass smtp.helo=a"b smtp.mailfrom=evil.net; dmarc=fail header.from=mycompany.com', "fail"),
    ],
)  # fmt: skip
def test_results_count_for_froms_own_domain_only(results: str, said: str) -> None:
    assert judged(BORDER, f"Authentication-Results: mx.mycompany.com 1; {results}", OUTSIDE) == said


def test_the_authserv_id_is_compared_without_case_comments_and_version() -> None:
    for server in ("mx.mycompany.com", "MX.MyCompany.com", "(a comment) mx.mycompany.com", "mx.mycompany.com 1"):
        assert judged(BORDER, f"Authentication-Results: {server}; dmarc=pass", OUTSIDE) == "pass", server
    assert judged(BORDER, "Authentication-Results: mx.mycompany.com.evil.net; dmarc=pass", OUTSIDE) == "none"


def test_a_folded_field_and_a_quoted_name_are_read() -> None:
    assert (
        judged(BORDER, "Authentication-Results: mx.mycompany.com;\n\tdmarc=pass\n header.from=mycompany.com", OUTSIDE)
        == "pass"
    )
    assert judged(BORDER, PASS, OUTSIDE, sender='"evil@evil.net" <fabien@mycompany.com>') == "pass"
    assert judged(BORDER, PASS, OUTSIDE, sender='"fabien@mycompany.com" <evil@evil.net>') == "none"


def test_trust_from_names_domains_or_everybody_and_a_fail_beats_it() -> None:
    domains = Authentication(trust_from=("mycompany.com",))
    assert judged(domains) == "pass"
    assert judged(domains, sender="Fabien <FABIEN@MyCompany.com>") == "pass"
    assert judged(domains, sender="x@sub.mycompany.com") == "none"
    assert judged(domains, sender="x@evil.net") == "none"
    assert judged(domains, sender="") == "none"
    assert judged(Authentication(trust_from=True), sender="x@evil.net") == "pass"
    assert judged(BORDER.but(trust_from=True), FAIL, OUTSIDE) == "fail"
    assert judged(BORDER.but(trust_from=True), OUTSIDE) == "pass"


SUBMITTED = "Received: from laptop (dsl.isp.net [198.51.100.7]) by mx.mycompany.com with ESMTPSA id 6"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ((SUBMITTED,), "pass"),
        ((SUBMITTED.replace("ESMTPSA", "ESMTPA"),), "pass"),
        ((SUBMITTED.replace("ESMTPSA", "UTF8SMTPSA"),), "pass"),
        ((LMTP, SUBMITTED), "pass"),
        ((FETCHED, LMTP, INSIDE, SUBMITTED), "pass"),
        ((SUBMITTED, FOREIGN), "pass"),
        ((SUBMITTED.replace("ESMTPSA", "ESMTPS"),), "none"),
        ((SUBMITTED.replace("with ESMTPSA", "with ESMTP (by way of ESMTPSA)"),), "none"),
        ((OUTSIDE,), "none"),
        ((OUTSIDE, FOREIGN), "none"),
        ((OUTSIDE, SUBMITTED), "none"),
        ((LMTP, OUTSIDE, SUBMITTED), "none"),
        ((OUTSIDE, FORGED), "none"),
        ((FOREIGN, SUBMITTED), "none"),
        ((FOREIGN,), "none"),
        ((), "none"),
    ],
)  # fmt: skip
def test_a_submission_with_authentication_to_our_own_server_is_proof(fields: tuple[str, ...], said: str) -> None:
    internal = Authentication(internal=True, hosts=BORDER.hosts)
    assert judged(internal, *fields) == said
    assert judged(internal.but(internal=False), *fields) == "none"
    assert judged(internal.but(hosts=()), *fields) == "none"


def test_exchanges_own_mark_counts_only_where_the_border_strips_it() -> None:
    mark = "X-MS-Exchange-Organization-AuthAs: Internal"
    assert judged(STRIPS.but(internal=True), OUTSIDE, mark) == "pass"
    assert judged(BORDER.but(internal=True), OUTSIDE, mark) == "none"
    assert judged(STRIPS, OUTSIDE, mark) == "none"
    assert judged(STRIPS.but(internal=True), OUTSIDE, mark.replace("Internal", "Anonymous")) == "none"


def test_whether_a_trusted_server_judged_at_all_is_told() -> None:
    def seen(*fields: str) -> bool:
        head = "\n".join([*fields, "From: w@elsewhere.net"])
        return verdict(parse(f"{head}\n\nx\n".encode()), BORDER).seen

    assert seen("Authentication-Results: mx.mycompany.com; spf=none smtp.mailfrom=elsewhere.net", OUTSIDE)
    assert not seen(OUTSIDE)
    assert not seen(OUTSIDE, PASS)


@pytest.mark.parametrize(
    ("value", "plain"),
    [("a (b (c) d) e", "a  e"), ("a \\( b", "a ( b"), ('x="a;b"@c', "x=a_b@c"), ("a ( b", "a "), ("a ) b", "a ) b"),
     ('"a\\"b;" c', "a__b_ c"), ('a" b', 'a" b')],
)  # fmt: skip
def test_comments_and_quotes_are_taken_off(value: str, plain: str) -> None:
    assert plain_value(value) == plain
