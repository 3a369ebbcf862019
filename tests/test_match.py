"""Which case: tokens, threads, the ERP's ids, tags, and what is left of a subject."""

from __future__ import annotations

import pytest

from mailgate.match import (
    Keys,
    bare_subject,
    candidates,
    host_of,
    leaving,
    loop_of,
    referred,
    tagged_subject,
    tags,
)
from mailgate.model import LOOP_FIELD, Token
from tests.builders import CARLA, CONFIG, GATEWAY, KEYS, mail, token

MINE = token()


def reasons(revoked: frozenset[str] = frozenset(), tag: str = "[{id}]", **fields: str) -> list[tuple[int, str]]:
    """Return (case, by) of every candidate of a mail with these fields; two ids are known to the journal."""
    known = {"<a@x>": 21, "<b@x>": 22}
    return [
        (one.case, one.by)
        for one in candidates(mail(**fields), tag, KEYS, {one: (case,) for one, case in known.items()}, revoked)
    ]


# --- tokens


@pytest.mark.parametrize(("audience", "email"), [("staff", "ede@mycompany.com"), ("partner", "carla@customer.org")])
def test_a_token_says_what_it_was_made_of(audience: str, email: str) -> None:
    found = KEYS.token(token(12, audience, email))
    assert found is not None
    assert (found.case, found.audience) == (12, audience)
    assert KEYS.made_for(found, email)
    assert KEYS.made_for(found, email.upper())
    assert not KEYS.made_for(found, "x" + email)


def test_the_form_is_lower_case_and_survives_other_cases() -> None:
    assert not any(char.isupper() for char in MINE)
    assert MINE.endswith("@mycompany.com>")
    for changed in (MINE.upper(), MINE.replace("mailgate", "Mailgate"), MINE.strip("<>"), f" {MINE} "):
        found = KEYS.token(changed)
        assert found is not None, changed
        assert found.case == 12


def test_every_changed_character_makes_it_prove_nothing() -> None:
    local = MINE.index("@")
    for at in range(1, local):
        for char in "0a":
            changed = MINE[:at] + char + MINE[at + 1 :]
            assert changed == MINE or KEYS.token(changed) is None, changed


@pytest.mark.parametrize(
    "changed",
    [
        MINE.replace(".12.p.", ".13.p."),
        MINE.replace(".12.p.", ".12.s."),
        MINE.replace(".12.", ".012."),
        MINE.replace("mailgate.", "mailgate..", 1),
        MINE.partition("@")[0] + ">",
        MINE.partition("@")[0] + "@>",
        MINE.replace("@", "x@"),
        "<" + MINE,
        "",
        "<mailgate@x>",
        MINE.replace(".12.", ".99999999999."),
    ],
)
def test_another_case_audience_or_form_proves_nothing(changed: str) -> None:
    assert KEYS.token(changed) is None


def test_another_key_or_database_proves_nothing_and_an_old_key_still_verifies() -> None:
    assert Keys((b"another",), "terp").token(MINE) is None
    assert Keys((b"a secret of the tests",), "other").token(MINE) is None
    rolled = Keys((b"new", b"a secret of the tests"), "terp")
    found = rolled.token(MINE)
    assert found is not None
    assert rolled.made_for(found, CARLA.email)
    assert rolled.message_id(12, "partner", CARLA.email, "s", "x") != KEYS.message_id(
        12, "partner", CARLA.email, "s", "x"
    )


def test_another_right_hand_side_changes_nothing() -> None:
    assert KEYS.token(MINE.replace("mycompany.com", "relay.example")) is not None


def test_the_same_seed_gives_the_same_id_and_all_else_another() -> None:
    same = token()
    others = {token(13), token(12, "staff"), token(12, "partner", "w@elsewhere.net"), token(seed="t")}
    assert same == MINE
    assert len({MINE, *others}) == 5
    assert token(email="CARLA@customer.ORG") == MINE


def test_a_plain_id_is_ours_but_no_token() -> None:
    plain = KEYS.plain_id("seed", "a@b.org", "mycompany.com")
    assert plain == KEYS.plain_id("seed", "A@B.org", "mycompany.com")
    assert plain != KEYS.plain_id("other", "a@b.org", "mycompany.com")
    assert KEYS.token(plain) is None
    assert reasons(in_reply_to=plain) == []


# --- candidates


def test_the_strongest_reason_comes_first() -> None:
    found = reasons(subject="Re: [31] x", in_reply_to="<900-tinycrm-41@erp>", references=f"<a@x> {MINE}")
    assert found == [(12, "token"), (21, "thread"), (41, "erp-id"), (31, "tag")]


def test_the_nearest_mail_comes_first_and_each_case_once_per_reason() -> None:
    far, near = token(51), token(52)
    assert reasons(references=f"{far} {near}") == [(52, "token"), (51, "token")]
    assert reasons(references=f"{near} {far} {near}") == [(51, "token"), (52, "token")]
    assert reasons(in_reply_to=near, references=f"{far} {near} {token(52, seed='t')}") == [(52, "token"), (51, "token")]
    assert reasons(references="<a@x> <b@x> <c@x>") == [(22, "thread"), (21, "thread")]
    assert reasons(in_reply_to="<a@x>", references="<b@x> <a@x>") == [(21, "thread"), (22, "thread")]
    assert referred(mail(in_reply_to="<a@x>", references="<c@x> <b@x> <a@x>")) == ("<a@x>", "<b@x>", "<c@x>")


def test_a_token_bears_its_proof_and_a_revoked_one_is_no_better_than_a_number() -> None:
    (found,) = candidates(mail(references=MINE), "[{id}]", KEYS, {}, frozenset())
    assert isinstance(found.token, Token)
    assert KEYS.made_for(found.token, CARLA.email)
    gone = frozenset(leaving(MINE.encode()))
    (found,) = candidates(mail(references=MINE.upper()), "[{id}]", KEYS, {}, gone)
    assert (found.case, found.by, found.token) == (12, "tag", None)


def test_an_own_id_with_a_wrong_hash_is_nothing_at_all() -> None:
    assert reasons(references=MINE.replace(".12.", ".13.")) == []


@pytest.mark.parametrize(
    ("message_id", "case"),
    [("<1700000000.12-tinycrm-41@erp.local>", 41), ("<x-openobject-7@host>", 7), ("<12-openerp-9-crm.case@host>", 9),
     ("<12-openerp-9@host>", None), ("<tinycrm-41@erp>", None), ("<a-tinycrm-@erp>", None)],
)  # fmt: skip
def test_the_erps_own_ids(message_id: str, case: int | None) -> None:
    assert reasons(references=message_id) == ([(case, "erp-id")] if case else [])


def test_ids_that_are_leaving_are_found_wherever_they_stand() -> None:
    body = b"> In-Reply-To: " + MINE.upper().encode() + b"\n" + token(13).encode() + b" again " + MINE.encode()
    assert leaving(body) == tuple(one.strip("<>").partition("@")[0] + "@" for one in (MINE, token(13)))
    assert leaving(b"mailgate.12.p.abc@x and MAILGATE") == ()


# --- tags and subjects


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("[12] Printer", (12,)),
        ("Re: [12] Printer", (12,)),
        ("RE : FW: [12]Printer", (12,)),
        ("Printer [12]", (12,)),
        ("AW: [ 12 ] Printer", (12,)),
        ("Re[2]: Printer", ()),
        ("Re[2]: [12] Printer", (12,)),
        ("[12] [13] [12] x", (12, 13)),
        ("12 Printer", ()),
        ("[12a] [] [-1] [1.2] [SPAM] x", ()),
        ("[2024] budget", (2024,)),
        ("foo[12]", ()),
        ("[00012] x", (12,)),
        ("[99999999999] x", ()),
        ("", ()),
    ],
)
def test_the_tag_in_a_subject(subject: str, found: tuple[int, ...]) -> None:
    assert tags(subject, "[{id}]") == tuple(map(str, found))


@pytest.mark.parametrize(
    ("subject", "found"),
    [("Re: [SSUP#12] x", (12,)), ("[ssup#12] x", (12,)), ("[SSUP# 12] x", (12,)), ("[12] x", ()), ("SSUP#12", ()),
     ("[XSSUP#12] x", ()), ("[SSUP#12", ())],
)  # fmt: skip
def test_a_tag_with_a_prefix(subject: str, found: tuple[int, ...]) -> None:
    assert tags(subject, "[SSUP#{id}]") == tuple(map(str, found))


def test_a_tag_is_read_out_of_encoded_and_folded_subjects() -> None:
    for subject in (
        "=?utf-8?q?Re=3A_=5B12=5D_Gru=C3=9F?=",
        "=?utf-8?b?UmU6IFsxMl0geA==?=",
        "Re:\n [12]\n x",
        "Re: =?utf-8?q?=5B1?=\n =?utf-8?q?2=5D?= x",
    ):
        assert reasons(subject=subject) == [(12, "tag")], subject


@pytest.mark.parametrize(
    ("subject", "case", "bare", "replied"),
    [
        ("Printer", None, "Printer", False),
        ("Re: Printer", None, "Printer", True),
        ("re: AW: Fwd: WG: SV: TR: Printer", None, "Printer", True),
        ("RE : Printer", None, "Printer", True),
        ("Re[2]: Printer", None, "Printer", True),
        ("Re (3): Printer", None, "Printer", True),
        ("回复：Printer", None, "Printer", True),
        ("答复: 转发: Printer", None, "Printer", True),
        ("Antw: R: I: ENC: Odp: Printer", None, "Printer", True),
        ("[12] Printer", 12, "Printer", False),
        ("Re: [12] Printer", 12, "Printer", True),
        ("Re: [12] Re: [12] Printer", 12, "Printer", True),
        ("Printer [12] again", 12, "Printer again", False),
        ("Re: [13] Printer", 12, "[13] Printer", True),
        ("[2024] budget", None, "[2024] budget", False),
        ("Reminder: Printer", None, "Reminder: Printer", False),
        ("Printer: Re: it", None, "Printer: Re: it", False),
        ("Re:", None, "", True),
        ("", None, "", False),
        ("[012] Printer", 12, "Printer", False),
    ],
)
def test_what_is_left_of_a_subject(subject: str, case: int | None, bare: str, replied: bool) -> None:
    assert bare_subject(subject, "[{id}]", None if case is None else str(case)) == (bare, replied)


@pytest.mark.parametrize("tag", ["[{id}]", "[SSUP#{id}]", "#{id}", "({id})", "Case-{id}:"])
def test_a_tagged_subject_is_read_back(tag: str) -> None:
    for bare, replied in (("Printer", False), ("Grüße: 12 [3]", True), ("", False)):
        subject = tagged_subject(bare, replied, tag, "12")
        assert "12" in tags(subject, tag)
        assert subject.startswith("Re: ") == replied
        if tag != "Case-{id}:":
            assert bare_subject(subject, tag, "12") == (bare or "(no subject)", replied)


def test_the_right_hand_side_of_our_ids() -> None:
    assert host_of("support@MyCompany.com") == "mycompany.com"
    assert host_of("support") == "localhost"


# --- loops


@pytest.mark.parametrize(
    ("fields", "looped"),
    [
        ({"message_id": MINE}, True),
        ({"message_id": MINE.upper()}, True),
        ({"message_id": KEYS.plain_id("s", "a@b", "h")}, True),
        ({"message_id": MINE.replace(".12.", ".13.")}, False),
        ({"message_id": "<mailgate@x>"}, False),
        ({"references": MINE}, False),
        ({LOOP_FIELD: GATEWAY}, True),
        ({LOOP_FIELD: GATEWAY.upper()}, True),
        ({LOOP_FIELD: "other@elsewhere.net"}, False),
        ({}, False),
    ],
)
def test_a_mail_of_our_own_is_a_loop(fields: dict[str, str], looped: bool) -> None:
    found = loop_of(mail(**fields), KEYS, CONFIG)
    assert (found is not None) == looped
    if found:
        assert found.kind == "loop"


def test_too_many_received_fields_are_a_loop() -> None:
    for count, looped in ((CONFIG.limits.received, False), (CONFIG.limits.received + 1, True)):
        message = mail()
        message = message.but(fields=(("Received", "by x"),) * count + message.fields)
        assert (loop_of(message, KEYS, CONFIG) is not None) == looped


@pytest.mark.parametrize(
    ("subject", "found"),
    [("Re: [HT00012] x", ("HT00012",)), ("[00002] x", ("00002",)), ("[²] x", ("²",)), ("[a b] x", ())],
)
def test_numbers_of_the_erps_own_are_taken_as_they_are(subject: str, found: tuple[str, ...]) -> None:
    assert tags(subject, "[{number}]") == found
    assert bare_subject("Re: [ht00012] x", "[{number}]", "HT00012") == ("x", True)


def test_what_is_no_plain_digit_is_no_id() -> None:
    assert tags("[²] [١٢] [007] x", "[{id}]") == ("7",)
