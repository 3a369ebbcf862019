"""Who wrote a message, what he is to a case, and what he may do there.

From alone is no credential: a role that may change something needs a proof beside it.
"""

from __future__ import annotations

from mailgate.address import address_key, domain
from mailgate.authentic import verdict
from mailgate.model import Candidate, Case, Sender
from mailgate.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailgate.match import Keys
    from mailgate.model import Facts, Mail, Role, User
    from mailgate.policy import Config, Mailbox


class Placed(Record):
    """A message with its place: the case it belongs to, or None for a new one, and its writer's standing there.

    `other` is how somebody stands who answered with another's token: "partner" or "staff" (whom it was made for).
    `old` is the case that a customer wrote to after it had been closed for too long: a new one follows it.
    """

    sender: Sender
    case: Case | None = None
    candidate: Candidate | None = None
    other: str = ""
    old: Case | None = None


class Standing(Record):
    """What is needed to judge a writer, beside the facts of the ERP."""

    mailbox: Mailbox
    config: Config
    keys: Keys
    released: bool = False  # the administrator let the message go: he answers for From


def place(mail: Mail, candidates: tuple[Candidate, ...], facts: Facts, standing: Standing, now: float) -> Placed:
    """Return the first candidate in which the writer has a standing; else he is judged without a case."""
    proof, failed, seen = _proof(mail, standing)
    if not failed:
        existing = {case.id: case for case in facts.cases}
        for candidate in _own_section_first(candidates, existing, facts):
            case = existing.get(candidate.case)
            placed = case and _placed(mail, candidate, case, facts, standing, proof, seen)
            if placed:
                return _fresh_start(placed, standing, now)
    return Placed(_without_case(mail, facts, standing, proof, failed))


def _own_section_first(
    candidates: tuple[Candidate, ...], existing: dict[int, Case], facts: Facts
) -> tuple[Candidate, ...]:
    """Of several cases that know the same mail (it went to several mailboxes), put this mailbox's own first."""

    def elsewhere(candidate: Candidate) -> bool:
        case = existing.get(candidate.case)
        return case is not None and case.section != facts.section.id

    threads = iter(sorted((one for one in candidates if one.by == "thread"), key=elsewhere))
    return tuple(next(threads) if one.by == "thread" else one for one in candidates)


def _fresh_start(placed: Placed, standing: Standing, now: float) -> Placed:
    """Turn a customer's mail on a case that was closed too long ago into one that needs a new case."""
    case, staff = placed.case, placed.sender.role in ("responsible", "colleague")
    if case is None or staff or case.state not in ("close", "cancel") or case.closed is None:
        return placed
    if now - case.closed <= standing.mailbox.reopen:
        return placed
    return Placed(placed.sender, old=case)


def _proof(mail: Mail, standing: Standing) -> tuple[str, str, bool]:
    """Return (the reason to believe From, the reason not to, whether a trusted server judged it)."""
    if standing.released:
        return "released by the administrator", "", True
    judged = verdict(mail, standing.config.authentication)
    if judged.result == "fail":
        return "", judged.reason, True
    return (judged.reason if judged.result == "pass" else ""), "", judged.seen


def _placed(
    mail: Mail, candidate: Candidate, case: Case, facts: Facts, standing: Standing, proof: str, seen: bool
) -> Placed | None:
    address = mail.sender
    token = candidate.token
    if token is not None and standing.keys.made_for(token, address.email):
        proof = proof or "answers the mail that was sent to him alone"
    role, user, reason = role_in(case, address.email, facts, standing)
    sender = Sender(address, role, proof, reason, user.id if user else None)
    if role in ("responsible", "partner") or (role == "colleague" and proof):
        return Placed(sender, case, candidate)
    if role == "watcher" and (proof or not seen):
        return Placed(sender, case, candidate)
    if role == "gateway":
        return None
    if token is not None and token.audience == "staff" and standing.keys.made_for(token, address.email):
        return Placed(sender.but(role="colleague", reason="of the staff, but no user of the ERP"), case, candidate)
    if token is not None:
        return Placed(sender, case, candidate, token.audience)
    if standing.mailbox.strangers == "attach" and role == "stranger":
        return Placed(sender.but(reason="a stranger; strangers: attach"), case, candidate, "partner")
    return None


def role_in(case: Case, email: str, facts: Facts, standing: Standing) -> tuple[Role, User | None, str]:
    """Return the first role that fits an address in a case, the ERP user behind it, and why."""
    key = address_key(email, standing.mailbox.plus)
    users = users_at(facts, email, standing.mailbox.plus)
    responsible = next((user for user in users if user.id in (case.responsible, *case.deputies)), None)
    if key in gateway_keys(standing.config):
        return "gateway", None, "a gateway address"
    if responsible is not None:
        return "responsible", responsible, f"responsible for case {case.id}"
    user = users[0] if users else None
    contacts = {address_key(address.email, standing.mailbox.plus) for address in case.contact}
    if key and key in contacts:
        return "partner", user, f"the contact of case {case.id}"
    relatives = next((emails for partner, emails in facts.relatives if partner == case.partner), ())
    if key in {address_key(relative, standing.mailbox.plus) for relative in relatives}:
        return "partner", user, f"an address of case {case.id}'s partner"
    if user is None and _same_company(email, case, standing):
        return "partner", None, f"of the same company as the contact of case {case.id}"
    if key in {address_key(address.email, standing.mailbox.plus) for address in case.watchers}:
        return "watcher", user, f"in the Cc of case {case.id}"
    if user is None and key in {address_key(address.email, standing.mailbox.plus) for address in case.followers}:
        return "watcher", None, f"follows case {case.id} in the ERP"
    if user is not None:
        return "colleague", user, f"user {user.login} of the ERP"
    return "stranger", None, f"unknown to case {case.id}"


def _same_company(email: str, case: Case, standing: Standing) -> bool:
    theirs = domain(email)
    if standing.mailbox.partners != "company" or not theirs or theirs in standing.config.freemail:
        return False
    ours = {domain(mailbox.address) for mailbox in standing.config.mailboxes}
    return theirs not in ours and theirs in {domain(address.email) for address in case.contact}


def _without_case(mail: Mail, facts: Facts, standing: Standing, proof: str, failed: str) -> Sender:
    address = mail.sender
    if address_key(address.email, standing.mailbox.plus) in gateway_keys(standing.config):
        return Sender(address, "gateway", proof, "a gateway address")
    users = () if failed else users_at(facts, address.email, standing.mailbox.plus)
    if users and proof:
        return Sender(address, "colleague", proof, f"user {users[0].login} of the ERP", users[0].id)
    if not failed and facts.contacts and facts.contacts[0].partner is not None:
        return Sender(address, "partner", proof, "in the ERP's address book")
    return Sender(address, "stranger", proof, failed or "not known to the ERP")


def users_at(facts: Facts, email: str, plus: bool = False) -> tuple[User, ...]:
    """Return the active users of that address, in the ERP's order."""
    key = address_key(email, plus)
    return tuple(user for user in facts.users if user.active and key and address_key(user.email, plus) == key)


def gateway_keys(config: Config) -> frozenset[str]:
    """Return every address that leads to a gateway's mailbox, in the form in which addresses are compared."""
    return frozenset(
        address_key(address, mailbox.plus)
        for mailbox in config.mailboxes
        for address in (mailbox.address, *mailbox.aliases)
    )
