"""Which case may a message belong to: our own Message-IDs (tokens), known threads, and tags in the subject.

A token is a Message-ID that only its recipient was sent: `<mailgate.CASE.AUDIENCE.RECIPIENT.NONCE.MAC@domain>`, all
lower case (some systems fold it), where RECIPIENT and MAC are keyed hashes (HMAC-SHA-256, 50 and 80 bits).
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode

from mailgate.address import address_key, domain
from mailgate.model import LOOP_FIELD, Automatic, Candidate, Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mailgate.model import Audience, Case, Mail
    from mailgate.policy import Config

# Compiled at their first use: most messages need few of them.
OWN_ID = r"<?mailgate\.([1-9]\d{0,9})\.([sp])\.([a-z2-7]{10})\.([a-z2-7]{8})\.([a-z2-7]{16})@[^<>\s]+>?"
PLAIN_ID = r"<mailgate\.[a-z2-7]{16}@[^<>\s]+>"
OURS = rb"(?i)mailgate\.[1-9]\d{0,9}\.[sp]\.[a-z2-7]{10}\.[a-z2-7]{8}\.[a-z2-7]{16}@"
ERP_ID = r"-(?:tinycrm|openobject)-(\d{1,10})@|-openerp-(\d{1,10})-([\w.]+)@"
MOST_PREFIXES = 50
REPLIES = frozenset(
    ("re", "aw", "antw", "antwort", "sv", "vs", "fw", "fwd", "wg", "tr", "rv", "ref", "rif", "odp", "res", "enc",
     "ynt", "vb", "doorst", "r", "i", "pd", "\u56de\u590d", "\u7b54\u590d", "\u8f6c\u53d1")
)  # fmt: skip
RECIPIENT, NONCE, MAC = 10, 8, 16  # letters of 5 bits each: with its brackets an id fits a folded line of 78
AUDIENCES: dict[str, Audience] = {"s": "staff", "p": "partner"}
MOST_REFERENCES = 100  # beyond these a References field proves nothing more


class Keys:
    """The secrets that tokens are made with: the first signs, any of them verifies.

    `scope` is the database, and the model where it has several: numbers mean something else in each.
    `others` are this gateway's further scopes: their tokens prove nothing here, but show that a mail is ours.
    """

    def __init__(self, secrets: Sequence[bytes], scope: str, others: Sequence[str] = ()) -> None:
        self.secrets = tuple(secrets)
        self.scope = scope
        self.others = tuple(others)

    def _digest(self, secret: bytes, text: str) -> str:
        digest = hmac.new(secret, f"{self.scope}\n{text}".encode(), "sha256").digest()
        return b32encode(digest).decode("ascii").lower()

    def recipient(self, email: str) -> str:
        """Return the keyed hash of an address, as new tokens bear it."""
        return self._digest(self.secrets[0], f"recipient\n{address_key(email)}")[:RECIPIENT]

    def made_for(self, token: Token, email: str) -> bool:
        """Tell whether a token was made for that address."""
        text = f"recipient\n{address_key(email)}"
        return any(
            hmac.compare_digest(self._digest(secret, text)[:RECIPIENT], token.recipient) for secret in self.secrets
        )

    def message_id(self, case: int, audience: Audience, email: str, seed: str, host: str) -> str:
        """Return the Message-ID of one mail about a case to one address.

        `seed` tells this mail from others to him: the same seed gives the same id, so that a repeated mail is known.
        """
        nonce = self._digest(self.secrets[0], f"nonce\n{seed}\n{address_key(email)}")[:NONCE]
        text = f"{case}.{audience[0]}.{self.recipient(email)}.{nonce}"
        return f"<mailgate.{text}.{self._digest(self.secrets[0], text)[:MAC]}@{host}>"

    def plain_id(self, seed: str, email: str, host: str) -> str:
        """Return the Message-ID of a mail that is about no case; it proves nothing when it is answered."""
        nonce = self._digest(self.secrets[0], f"plain\n{seed}\n{address_key(email)}")[:MAC]
        return f"<mailgate.{nonce}@{host}>"

    def token(self, message_id: str) -> Token | None:
        """Return what a Message-ID of ours says, or None where it is not ours."""
        if "mailgate." not in message_id.lower():
            return None
        match = re.fullmatch(OWN_ID, message_id.strip().lower())
        if match is None:
            return None
        case, audience, recipient, nonce, mac = match.groups()
        text = f"{case}.{audience}.{recipient}.{nonce}"
        if not any(hmac.compare_digest(self._digest(secret, text)[:MAC], mac) for secret in self.secrets):
            return None
        return Token(int(case), AUDIENCES[audience], recipient, message_id)

    def ours(self, message_id: str) -> bool:
        """Tell whether this gateway made a Message-ID, about whatever case in whatever model."""
        return any(Keys(self.secrets, scope).token(message_id) for scope in (self.scope, *self.others))


def referred(mail: Mail) -> tuple[str, ...]:
    """Return the Message-IDs that a message answers, the nearest first, each once."""
    nearest = (*mail.in_reply_to, *reversed(mail.references))
    return tuple(dict.fromkeys(nearest))[:MOST_REFERENCES]


def leaving(raw: bytes) -> tuple[str, ...]:
    """Return the ids of ours that stand anywhere in outgoing bytes, up to their @, lower case."""
    if b"mailgate." not in raw and b"MAILGATE." not in raw.upper():
        return ()
    return tuple(dict.fromkeys(found.decode("ascii").lower() for found in re.findall(OURS, raw)))


def candidates(
    mail: Mail,
    tag: str,
    keys: Keys,
    known: Mapping[str, tuple[int, ...]],
    revoked: frozenset[str],
    model: str = "crm.case",
    numbered: Mapping[str, int] | None = None,
) -> tuple[Candidate, ...]:
    """Return the cases that a message may belong to, the strongest reason first, each case once per reason.

    `known` maps Message-IDs to cases of the mailbox's `model`, as the journal and the ERP know them; `revoked` are
    the tokens that were seen leaving; `numbered` maps the ERP's own numbers to cases, for a tag that holds those.
    """
    found = [
        *_by_token(mail, keys, revoked), *_by_thread(mail, known), *_by_erp_id(mail, model),
        *_by_tag(mail, tag, numbered or {}),
    ]  # fmt: skip
    first: dict[tuple[int, str], Candidate] = {}
    for candidate in found:
        first.setdefault((candidate.case, candidate.by), candidate)
    return tuple(first.values())


def _by_token(mail: Mail, keys: Keys, revoked: frozenset[str]) -> Iterator[Candidate]:
    for message_id in referred(mail):
        token = keys.token(message_id)
        if token is None:
            continue
        if message_id.strip("<>").lower().partition("@")[0] + "@" in revoked:
            yield Candidate(token.case, "tag", "answers a mail of ours whose id was passed on")
        else:
            yield Candidate(token.case, "token", f"answers our mail to {_side(token)}", token)


def _side(token: Token) -> str:
    return "staff" if token.audience == "staff" else "the customer's side"


def _by_thread(mail: Mail, known: Mapping[str, tuple[int, ...]]) -> Iterator[Candidate]:
    for message_id in referred(mail):
        for case in known.get(message_id, ()):
            yield Candidate(case, "thread", f"answers {message_id}, a mail of that case")


def _by_erp_id(mail: Mail, model: str) -> Iterator[Candidate]:
    for message_id in referred(mail):
        case = erp_case(message_id, model)
        if case is not None:
            yield Candidate(case, "erp-id", f"answers {message_id}, the ERP's own form")


def erp_case(message_id: str, model: str) -> int | None:
    """Return the case of that model which a Message-ID of the ERP's own form names, or None."""
    match = re.search(ERP_ID, message_id) if "-" in message_id else None
    if match is None or (model if match[3] else "crm.case") != (match[3] or model):
        return None
    return int(match[1] or match[2])


def _by_tag(mail: Mail, tag: str, numbered: Mapping[str, int]) -> Iterator[Candidate]:
    for name in tags(mail.subject, tag):
        case = int(name) if "{id}" in tag else numbered.get(name)
        if case is not None:
            yield Candidate(case, "tag", f"the subject holds {filled(tag, name)}")


def _tag_pattern(tag: str) -> re.Pattern[str]:
    field = "{id}" if "{id}" in tag else "{number}"
    before, _, after = tag.partition(field)
    name = r"[0-9]{1,10}" if field == "{id}" else r"[\w/.#-]{1,40}?"
    return re.compile(rf"(?<!\w){re.escape(before)}\s*({name})\s*{re.escape(after)}", re.IGNORECASE)


def filled(tag: str, name: str) -> str:
    """Return the tag with a case's id or number in it."""
    return tag.replace("{id}", name).replace("{number}", name)


def name_of(case: Case, tag: str) -> str:
    """Return what stands for a case in the tag: its id, or its own number."""
    return case.number if case.number and "{number}" in tag else str(case.id)


def tags(subject: str, tag: str) -> tuple[str, ...]:
    """Return what stands in a subject in the tag's form, each once. `Re[2]:` is a counter, not a tag."""
    names = (_plain_name(name, tag) for name in _tag_pattern(tag).findall(subject))
    return tuple(dict.fromkeys(names))


def _plain_name(name: str, tag: str) -> str:
    """Return an id without leading zeros; a number of the ERP's own is what it is."""
    return str(int(name)) if "{id}" in tag else name


def bare_subject(subject: str, tag: str, name: str | None) -> tuple[str, bool]:
    """Return a subject without reply prefixes and without the tag of `name`, and whether it had such a prefix."""
    pattern = _tag_pattern(tag)
    own = (name or "").casefold()
    text = pattern.sub(lambda match: " " if _plain_name(match[1], tag).casefold() == own else match[0], subject)
    replied = False
    for _ in range(MOST_PREFIXES):
        rest = _without_prefix(text)
        if rest is None:
            break
        replied, text = True, rest
    return " ".join(text.split()), replied


def _without_prefix(subject: str) -> str | None:
    """Return what follows a reply prefix (`Re:`, `AW :`, `Re[2]:`, `Fwd (3):`), or None where there is none."""
    head, colon, rest = subject.replace("\uff1a", ":", 1).partition(":")
    word = head.strip().casefold()
    if word.endswith(("]", ")")):
        word = word[:-1].rstrip("0123456789").rstrip("[( ")
    return rest if colon and word in REPLIES and len(head) < 30 else None


def tagged_subject(bare: str, replied: bool, tag: str, name: str) -> str:
    """Return the subject of an outgoing mail: the tag in front, and behind `Re:` where the message was an answer."""
    text = f"{filled(tag, name)} {bare or '(no subject)'}"
    return f"Re: {text}" if replied else text


def host_of(address: str) -> str:
    """Return the right-hand side of our Message-IDs: the gateway address's domain."""
    return domain(address) or "localhost"


def loop_of(mail: Mail, keys: Keys, config: Config) -> Automatic | None:
    """Recognise a mail that this gateway wrote, or one that goes round in circles."""
    plain = mail.message_id.startswith("<mailgate.") and re.fullmatch(PLAIN_ID, mail.message_id.lower())
    if plain or keys.ours(mail.message_id):
        return Automatic("loop", "its Message-ID is one of ours")
    ours = {address_key(mailbox.address) for mailbox in config.mailboxes}
    if any(address_key(value) in ours for value in mail.values(LOOP_FIELD)):
        return Automatic("loop", f"it bears {LOOP_FIELD}, which only this gateway writes")
    hops = len(mail.values("Received"))
    if hops > config.limits.received:
        return Automatic("loop", f"it has {hops} Received fields")
    return None
