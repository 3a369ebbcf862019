"""What a delivery report says in prose: whom it names, with which status code (RFC 3463), and why.

Total, and linear: a report's own words are read up to PROSE characters, and they end where the returned message begins.
"""

from __future__ import annotations

import re

from mailgate.address import is_address, parse_addresses
from mailgate.model import Bounce

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailgate.model import Mail

    Fields = dict[str, str]
    Found = tuple[int, int, str]  # rank (lower is surer), line, address

MOST_RECIPIENTS = 100  # of one report; the rest is not told
PROSE = 20_000  # characters of a report's own words that are read
LINES = 400

# Plain words in lower case: compiling patterns costs more than all the rest.
SUBJECTS = (
    "undeliver", "returned mail", "returned email", "returned message", "returned to sender", "return to sender",
    "mail delivery", "message delivery", "email delivery", "mail not delivered", "message not delivered",
    "not delivered", "non-delivery", "nondelivery", "non delivery", "failure notice", "failed mail", "mail failed",
    "delivery status", "delivery fail", "delivery has failed", "delivery notification", "delivery error",
    "delivery problem", "delivery report", "delivery incomplete", "delivery delay", "failure delivery",
    "failed delivery", "unable to deliver", "error sending", "not be delivered", "n't be delivered",
    "cannot deliver", "can not deliver", "not deliver", "been delayed", "message delayed", "mail delayed",
    "delayed mail", "mail failure", "mail system error", "rejected mail", "automatically rejected",
    "message rejected", "mail rejected", "blocked by", "could not send message", "smtp server: errors",
    "nondeliverable", "see transcript for details", "error during delivery", "user unknown",
    "[bounce]", "bounce notification", "message bounced", "mail bounced", "bounced mail",
    "are not member", "message status - undeliv", "non remis", "non distribu", "remise impossible",
    "échec de la remise", "échec de livraison", "unzustellbar", "nicht zugestellt", "nicht zustellbar",
    "nicht ausgeliefert", "zustellung fehlgeschlagen", "fehler bei der zustellung", "no se puede entregar",
    "no entregado", "no se pudo entregar", "error de entrega", "non recapita", "mancata consegna",
    "consegna non riuscita", "não entregue", "não pôde ser entregue", "não é possível entregar",
    "falha na entrega", "onbestelbaar", "niet bezorgd", "niet afgeleverd", "kan inte leverera",
    "kunde inte levereras", "kan ikke lever", "ikke levert", "ikke leveret", "toimitus epäonnistui", "niedostarcz",
    "nie można dostarczyć", "nedoručiteln", "nelze doručit", "kézbesíthetetlen", "teslim edilem", "не доставлен",
    "недоставлен", "не удается доставить", "не может быть доставлено", "配信不能", "配信できません", "配信に失敗",
    "配信エラー", "配達できません", "送信できません", "送信エラー", "退信", "未送达", "無法傳遞", "无法送达",
    "投递失败", "投递错误", "傳送失敗", "배달되지", "배달 실패", "전송 실패", "발송 실패", "전송실패", "발송실패",
    "반송",
)  # fmt: skip
SAYINGS = (
    *SUBJECTS, "no valid recipient", "is delayed", "list of recipients", "mailbox full", "mailbox is full",
    "been delivered", "did not reach", "failed permanently", "permanent error", "permanent fatal",
    "temporary error", "temporary fatal", "failed to deliver", "able to deliver", "can not deliver",
    "cannot deliver", "couldn't deliver", "could not deliver", "be delivere", "not received", "did not receive",
    "unknown user", "no such user", "no such recipient", "no such mailbox", "unknown recipient",
    "invalid recipient", "recipient rejected", "address rejected", "does not exist", "doesn't exist", "over quota",
    "quota exceeded", "exceeded the storage", "exceeded storage", "was rejected", "rejected your", "been rejected",
    "has been blocked", "have failed", "following address failed", "failed recipients", "failed addresses",
    "following recipients", "had delivery", "delivery problems", "mailbox unavailable", "unrouteable", "giving up",
    "delivery attempt", "error delivering", "transcript of session", "error occurred while", "error has occurred",
    "error sending", "were affected", "following response", "is not a member", "not member", "are not a member",
    "konnte nicht", "konnten nicht", "n'a pas pu", "n'a pu", "no pudo", "no ha podido", "non è stato possibile",
    "não foi possível", "kon niet", "エラー", "届きません", "存在しません", "未能", "失败", "失敗",
    "не существует", "не найден",
)  # fmt: skip
# Why, in words that others use as well: they count only below a subject that speaks of failure.
REASONS = (
    "exceeds", "exceeded", "unknown host", "host unknown", "unreachable", "not be reached", "not known", "bad address",
    "refused", "denied", "disabled", "inactive", "not active", "no longer", "discontinued", "not found",
    "not listed", "be found", "no mailbox", "no account", "rejected", "blocked", "expired", "timed out", "suspended",
    "failed", "failure", "invalid", "quota", "full", "error",
)  # fmt: skip
DELAYS = (
    "delay", "warning: message", "warning: could not", "warning message only", "not yet", "still being retried",
    "will be retried", "will retry", "continue to try", "continue trying", "keep trying", "do not need to resend",
    "verzöger", "retardé", "temporarily deferred", "отложен", "задержана",
)  # fmt: skip
MAILERS = ("mailer-daemon", "mailerdaemon", "mailer_daemon", "postmaster", "mail-daemon", "double-bounce")
# What follows one of these is the returned message. Before it, only a line that is a rule counts, or a plain saying.
RULED = (
    "original message", "original mail", "copy of", "returned message", "returned mail", "message header",
    "undelivered mail", "undelivered message", "unsent message", "message text", "header of", "headers of",
    "message follows", "returned content", "forwarded message", "rejected message", "message contents",
    "start of returned", "begin message", "mail header", "original headers",
)  # fmt: skip
FOLLOWS = (
    "headers follow", "header follows", "original message follows", "returned message follows",
    "unsent message follows", "headers of the original", "original message headers",
    "a copy of the message header", "below is a copy", "this is a copy of", "copy of the original message",
    "message text follows", "original message attached", "you sent follows", "your message reads", "old message:",
    "original message:", "original message details", "forwarded message", "message headers:", "original headers",
)  # fmt: skip
HEADERS = (
    "received:", "return-path:", "message-id:", "mime-version:", "content-type:", "dkim-signature:",
    "x-mailer:", "authentication-results:", "arc-seal:", "x-google-", "x-received:", "x-original-to:",
    "delivered-to:", "user-agent:",
)  # fmt: skip
LABELS = (
    "recipient", "recipients", "recipient(s)", "address", "addresses", "user", "mailbox", "rcpt to", "failed",
    "account", "smtp", "rfc822", "message to", "mail to", "email to", "deliver to", "delivered to",
    "delivery to", "addressed to", "send to", "sent to", "message for", "mail for", "delivery for",
    "error-for", "delivering your mail to", "attempts", "message to address", "recipient address",
    "email address", "e-mail address", "empfänger", "adresse", "destinatario", "member", "you",
    "following address", "delivery failed to",
)  # fmt: skip
CONTACTS = (
    "contact", "please", "assistance", "question", "http", "send mail", "send an e", "support", "write to", "visit",
    "help", "abuse", "forward ", "more information", "e-mail the", "bitte", "veuillez",
)  # fmt: skip
SENDERS = ("from", "sender", "original sender", "reply to", "reply-to", "behalf of", "von", "de")


def has(text: str, words: tuple[str, ...]) -> bool:
    """Tell whether any of the words stands in a text, in any case."""
    lower = text.lower()
    return any(word in lower for word in words)


# --- what it says, in prose ------------------------------------------------------------------------------------------


def own_words(text: str) -> tuple[list[str], bool]:
    """Return the lines of a report's own words, and whether a returned message follows them in the text."""
    out: list[str] = []
    for line in text[:PROSE].split("\n")[:LINES]:
        if _ends(line):
            return out, True
        out.append(line[:1000])
    return out, False


def _ends(line: str) -> bool:
    """Tell whether the returned message begins with this line, or after it."""
    lower = line.strip()[:200].lower()
    if line[:1] not in " \t>" and lower.startswith(HEADERS):
        return True
    if lower[:2] in ("--", "__", "==", "**", "##"):
        return any(words in lower for words in RULED)
    return (
        len(lower) < 120
        and lower.endswith((":", ".", "follow", "follows", "-"))
        and any(one in lower for one in FOLLOWS)
    )


def refusal(text: str) -> str:
    """Return the first SMTP reply that refuses something, "550 ..." or "550-...", where a reply may stand."""
    match = re.search(r"(?m)(?:^[ \t]*|[:<\[(\"'][ \t]{0,2})[45][0-5]\d[ \t-]{1,3}(?=[^\s\d-]|[45]\.\d)", text)
    return match[0] if match else ""


def code_of(text: str) -> str:
    """Return the status code (RFC 3463) that a text gives, first of all one behind an SMTP reply code or a #."""
    first = ""
    for match in re.finditer(r"(?<![\w.])[45]\.[0-7]\.\d{1,3}(?!\w|\.\d)", text):
        before = text[max(0, match.start() - 6) : match.start()].rstrip(" -#(")
        if before[-3:].isdigit() or text[match.start() - 1 : match.start()] == "#":
            return match[0]
        if not first and not before.lower().endswith(("sion", "lease")):
            first = match[0]
    return first


def told(mail: Mail, head: Fields, prose: list[str]) -> tuple[Bounce, ...]:
    """Return the recipients that a report names in prose, each with the status code that stands nearest below."""
    text = "\n".join(prose)
    action = (
        "delayed"
        if has(f"{mail.subject}\n{text}", DELAYS) and not has(text, ("permanent", "giving up", "given up", "gave up"))
        else "failed"
    )
    found = _named(mail, prose)
    named = [(one.email, -1) for one in parse_addresses(head.get("x-failed-recipients", ""))]
    if named:
        lines = {email.lower(): line for _, line, email in reversed(found)}
        named = [(email, lines.get(email.lower(), -1)) for email, _ in named]
    else:
        best = min((rank for rank, _, _ in found), default=0)
        named = list({email.lower(): (email, line) for rank, line, email in reversed(found) if rank == best}.values())
        named.reverse()
    starts = sorted(line for _, line in named if line >= 0)
    out = []
    for email, line in named[:MOST_RECIPIENTS]:
        after = next((one for one in starts if one > line), len(prose))
        near = prose[line : min(after, line + 20)] if line >= 0 else []
        code = code_of("\n".join(near)) or (code_of(text) if len(named) == 1 or not any(map(code_of, prose)) else "")
        out.append(Bounce(email, code, _saying(near or prose, code), action))
    return tuple(out)


def _saying(lines: list[str], code: str) -> str:
    """Return the line that says best why: the one with the code, or with a refusal, or with words of failure."""
    best = next((line for line in lines if code and code in line), "")
    best = best or next((line for line in lines if refusal(line)), "")
    return " ".join((best or next((line for line in lines if has(line, SAYINGS)), "")).split())[:500]


def names_somebody(mail: Mail, prose: list[str]) -> bool:
    """Tell whether the prose names a failed recipient where reports do so."""
    return any(rank < 2 for rank, _, _ in _named(mail, prose))


def _named(mail: Mail, prose: list[str]) -> list[Found]:
    """Return the addresses of the prose, each with its line and how surely it is a failed recipient (0: surest)."""
    address = re.compile(r"[^\s<>\"',;:()\[\]@|]{1,64}@[^\s<>\"',;:()\[\]@|]{1,255}")
    own = {one.email.lower() for one in (*mail.to, *mail.senders)}
    out: list[Found] = []
    for number, line in enumerate(prose):
        if "@" not in line:
            continue
        for match in address.finditer(line):
            email = match[0].rpartition("SMTP=")[2].strip("*'`.=-!?").removesuffix("...")
            if is_address(email) and len(out) < MOST_RECIPIENTS * 5:
                rank = _rank(line, match.start(), match.end())
                if email.lower() in own or email.lower().startswith(MAILERS):
                    rank += 4
                if rank < 8:
                    out.append((rank, number, email))
    return out


def _rank(line: str, start: int, end: int) -> int:
    """Say how surely the address at `start` of a line is a failed recipient: 0 surest, 6 hardly, 9 not at all."""
    before = line[:start].strip(" \t<([\"'`*-=:;.>|").lower()
    if not before:
        return 0
    if before.endswith(("-id", " id", "return-path", "references", "in-reply-to")):
        return 9
    if before.endswith(SENDERS):
        return 4
    if before in ("to", "cc", "for", "an", "à", "para"):
        return 3
    if has(line, CONTACTS):
        return 6
    alone = not line[end:].strip(" \t>)].\"'")
    if before.endswith(LABELS) or (alone and line[:start].rstrip(" \t<[(").endswith(":")):
        return 1
    return 2 if refusal(line) or has(line, SAYINGS) else 5
