"""What the border server says of a message's From: Authentication-Results (RFC 8601) and authenticated submission.

Header fields are added on top, so what stands above the border's own Received was written by our side, and what
stands below it by anybody. No field is no verdict.
"""

from __future__ import annotations

import re

from mailgate.address import domain
from mailgate.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from mailgate.model import Mail
    from mailgate.policy import Authentication


class Verdict(Record):
    """What is known of From: pass, fail, or none; `seen` says whether a trusted server judged at all."""

    result: Literal["pass", "fail", "none"]
    reason: str
    seen: bool = False


# Compiled at their first use: most messages need none of them.
BY = r"(?i)\bby\s+([\w.-]+)"
FROM = r"(?i)^\s*from\s+\S+\s+\(([\w.-]+)?\s*\[(?:IPv6:)?([0-9a-f.:]+)\]"  # the verified name and the address
FETCHED = r"(?i)\bby\s+\S+\s+with\s+(?:POP|IMAP|ETRN|ODMR)\S*\s+\(fetchmail-\d"
LEXEME = r"(?s)\"(?:[^\"\\]|\\.)*+\"|\\.|."
RESULT = r"(?s)^\s*([\w-]+)(?:/\d+)?\s*=\s*(\w+)(.*)$"
PROPERTY = r"([\w-]+)\.([\w-]+)\s*=\s*\"?([^\s\";]+)"


def verdict(mail: Mail, authentication: Authentication) -> Verdict:
    """Return the strongest trusted verdict on the first author of From."""
    judged = _results(mail, authentication)
    if judged.result != "none":
        return judged
    if authentication.internal and _submitted(mail, authentication):
        return Verdict("pass", "submitted with authentication to our own server", True)
    sender = domain(mail.sender.email)
    if authentication.trust_from is True:
        return Verdict("pass", "every From is trusted (trust_from: true)", judged.seen)
    if sender and sender in authentication.trust_from:
        return Verdict("pass", f"the mail server refuses forgeries of {sender} (trust_from)", judged.seen)
    return judged


def _hops(mail: Mail) -> list[tuple[int, str]]:
    """Return the places and values of the Received fields, topmost first, without fetchmail's own on top."""
    found = [(number, value) for number, (name, value) in enumerate(mail.fields) if name.lower() == "received"]
    return found[1:] if found and re.search(FETCHED, found[0][1]) else found


def _by_us(value: str, authentication: Authentication) -> bool:
    match = re.search(BY, plain_value(value))
    return match is not None and match[1].casefold() in {host.casefold() for host in authentication.hosts}


def _from_inside(value: str, authentication: Authentication) -> bool:
    """Tell whether a Received field of ours says that one of our own servers handed the message on.

    The name after `from` is what the peer called itself; what stands in parentheses was looked up (RFC 5321 4.4).
    """
    if re.search(r"(?i)\bwith\s+LMTP", plain_value(value)):
        return True
    match = re.match(FROM, value)
    if match is None:
        return False
    name, ip = (match[1] or "").casefold().rstrip("."), match[2]
    return ip.startswith("127.") or ip == "::1" or name in {host.casefold() for host in authentication.hosts}


def _our_side(mail: Mail, authentication: Authentication) -> tuple[int, int]:
    """Return how far down the header was written by our side: (with strips, above the border's Received).

    A Received field below the border's may name our hosts too: anybody can write that.
    """
    hops = _hops(mail)
    foreign = next((number for number, value in hops if not _by_us(value, authentication)), len(mail.fields))
    if not authentication.hosts:
        return len(mail.fields), hops[0][0] if hops else 0
    border = 0
    for number, value in hops:
        if number >= foreign:
            break
        border = number
        if not _from_inside(value, authentication):
            break
    return foreign, border


def _results(mail: Mail, authentication: Authentication) -> Verdict:
    """Judge by the topmost Authentication-Results field of a trusted authserv-id."""
    if not authentication.trust:
        return Verdict("none", "no border server is trusted to judge From")
    strips = {trust.authserv_id.casefold(): trust.strips for trust in authentication.trust}
    reach, border = _our_side(mail, authentication)
    for number, (name, value) in enumerate(mail.fields):
        if name.lower() != "authentication-results":
            continue
        server, _, results = plain_value(value).partition(";")
        server = (server.split() or [""])[0].casefold()
        if server in strips:
            if number < (reach if strips[server] else border):
                return _judge(results, domain(mail.sender.email), server)
            return Verdict("none", f"the field of {server} may have been written by anybody")
    return Verdict("none", "no trusted server judged From")


def plain_value(value: str) -> str:
    """Drop RFC 5322 comments, nested ones too, and what in a quoted string might pass for syntax.

    A quoted local part of the envelope sender stands in smtp.mailfrom, and anybody chooses his own.
    """
    kept, depth = [], 0
    for lexeme in re.findall(LEXEME, value):
        depth += lexeme == "("
        if not depth:
            kept.append(re.sub(r"[^\w.@+-]", "_", lexeme.strip('"')) if lexeme[0] == '"' != lexeme else lexeme[-1])
        depth -= lexeme == ")" and depth > 0
    return "".join(kept)


def _judge(results: str, sender: str, server: str) -> Verdict:
    passed = failed = dmarc = ""
    for entry in results.split(";"):
        match = re.match(RESULT, entry)
        if match is None:
            continue
        method, result = match[1].lower(), match[2].lower()
        if not _aligned(method, match[3], sender):
            continue
        if method == "dmarc" and result in ("pass", "fail"):
            dmarc = result
        elif result == "pass":
            passed = method
        elif result == "fail":
            failed = method
    if dmarc == "fail" or (not dmarc and failed and not passed):
        return Verdict("fail", f"{server} says {'dmarc' if dmarc else failed} fails for {sender}", True)
    if dmarc or passed:
        return Verdict("pass", f"{server} says {'dmarc' if dmarc else passed} passes for {sender}", True)
    return Verdict("none", f"{server} says nothing of {sender}", True)


def _aligned(method: str, properties: str, sender: str) -> bool:
    """Tell whether a result is about From's own domain, or one above or below it (relaxed alignment, RFC 7489)."""
    wanted = {"dmarc": ("from",), "dkim": ("d", "i"), "spf": ("mailfrom",)}.get(method)
    if wanted is None or not sender:
        return False
    found = [value for _, name, value in re.findall(PROPERTY, properties) if name.lower() in wanted]
    if method == "dmarc" and not found:
        return True
    return any(_related(value.rpartition("@")[2].casefold().rstrip("."), sender) for value in found)


def _related(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return "." in shorter and (longer == shorter or longer.endswith("." + shorter))


def _submitted(mail: Mail, authentication: Authentication) -> bool:
    """Tell whether the first server that took the message was ours, and knew its user (RFC 3848: ESMTPA, ESMTPSA)."""
    if not authentication.hosts:
        return False
    if any(trust.strips for trust in authentication.trust) and "internal" in (
        value.strip().casefold() for value in mail.values("X-MS-Exchange-Organization-AuthAs")
    ):
        return True
    for _, value in _hops(mail):
        if not _by_us(value, authentication):
            return False
        if re.search(r"(?i)\bwith\s+(?:UTF8)?E?SMTPS?A\b", plain_value(value)):
            return True
        if not _from_inside(value, authentication):
            return False
    return False
