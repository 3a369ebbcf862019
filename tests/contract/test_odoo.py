"""What is Odoo's alone: followers, numbers, its own mails, its own threads, JSON-2, and relay.by: erp."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mailgate.checking import check
from mailgate.deliver import deliver
from mailgate.erp import odoo as dialect
from mailgate.facts import facts_after
from mailgate.model import Effect
from mailgate.policy import Mailbox, Secret
from mailgate.sandbox import Sink
from mailgate.status import ErpDown
from tests.contract.house import (
    CUSTOMER,
    CUSTOMERS,
    EMMANUEL,
    EMMANUELS,
    FABIEN,
    FABIENS,
    GATEWAY,
    House,
    mail,
    the,
    to,
)
from tests.contract.odoo_books import MODELS, RELEASES, OdooBooks, odoo_books
from tests.real import odoo

TICKETS = [f"odoo{release}-helpdesk.ticket" for release in RELEASES]
LEADS = [f"odoo{release}-crm.lead" for release in RELEASES]
ALL = [f"odoo{release}-{model}" for release in RELEASES for model in MODELS]
WANDA = "wanda@elsewhere.example"


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.real) for name in ALL])
def books(request: pytest.FixtureRequest) -> Iterator[OdooBooks]:
    """Each model of each release in turn, on a copy of the database for each test."""
    release, _, model = request.param.removeprefix("odoo").partition("-")
    with odoo_books(int(release), model) as books:
        yield books


only_tickets = pytest.mark.parametrize("books", [pytest.param(one, marks=pytest.mark.real) for one in TICKETS],
                                       indirect=True)  # fmt: skip
only_leads = pytest.mark.parametrize("books", [pytest.param(one, marks=pytest.mark.real) for one in LEADS],
                                     indirect=True)  # fmt: skip
only_tasks_of_19 = pytest.mark.parametrize("books", [pytest.param("odoo19-project.task", marks=pytest.mark.real)],
                                           indirect=True)  # fmt: skip
only_19 = pytest.mark.parametrize("books", [pytest.param(one, marks=pytest.mark.real) for one in ALL[3:]],
                                  indirect=True)  # fmt: skip


def books_of(house: House) -> OdooBooks:
    assert isinstance(house.books, OdooBooks)
    return house.books


def new_case(house: House, responsible: str = "fp", **fields: str) -> int:
    house.send(mail(CUSTOMER, "Printer burns", "It burns.\n", **fields))
    case = house.case()
    if responsible:
        house.books.assign(case, responsible)
    return case


def loud(house: House, case: int) -> None:
    """Have Fabien write to the customer in Odoo's web client, where Odoo mails by itself."""
    books = books_of(house)
    fabien = books("res.users", "read", [books.ids["users"]["fp"]], ["partner_id"])[0]["partner_id"][0]
    books(books.model, "message_post", [case], body="Loud", message_type="comment", subtype_xmlid="mail.mt_comment",
          partner_ids=[customer_of(books)], author_id=fabien, email_from=FABIEN, context={})  # fmt: skip


def customer_of(books: OdooBooks) -> int:
    """Return the partner who is the customer."""
    return int(books("res.partner", "search", [["email", "=", CUSTOMERS]])[0])


def erp_to(house: House) -> list[str]:
    """Return whom Odoo mailed since the last question, sorted."""
    assert house.erp_sink is not None
    found = to(tuple(house.erp_sink.mails))
    house.erp_sink.mails.clear()
    return found


# --- history


def test_a_message_has_author_date_and_message_id(house: House) -> None:
    sent = mail(CUSTOMER, "Printer burns", "It burns.\n <b>&amp;</b>\n", Date="Mon, 02 Nov 2026 10:15:00 +0100")
    house.send(sent)
    case, books = house.case(), books_of(house)
    house.books.assign(case, "fp")
    reply = mail(FABIEN, f"Re: [{case}] x", "Use water.\n")
    house.send(reply)
    where = [["model", "=", books.model], ["res_id", "=", case], ["message_type", "=", "email"]]
    fields = ["message_id", "author_id", "email_from", "date", "subtype_id"]
    first, second = books("mail.message", "search_read", where, fields, order="id")
    assert first["message_id"] == sent["Message-ID"] and second["message_id"] == reply["Message-ID"]
    assert first["date"] == "2026-11-02 09:15:00"
    author = books("res.partner", "read", [first["author_id"][0]], ["email"])[0]
    assert author["email"] == CUSTOMERS and CUSTOMERS in first["email_from"]
    assert second["author_id"][1].endswith("Fabien")
    assert first["subtype_id"][0] == second["subtype_id"][0] == books.subtype("comment")
    assert house.history(case)[-1] == "It burns.\n <b>&amp;</b>", "what a mail holds is text, never HTML"


def test_attachments_belong_to_the_message_and_to_the_record(house: House) -> None:
    case, books = new_case(house), books_of(house)
    message = mail(CUSTOMER, f"Re: [{case}] x", "Two files.\n")
    for name in ("a.txt", "b.txt"):
        message.add_attachment(name.encode(), maintype="application", subtype="octet-stream", filename=name)
    house.send(message)
    where = [["model", "=", books.model], ["message_id", "=", str(message["Message-ID"])]]
    (posted,) = books("mail.message", "search_read", where, ["attachment_ids"])
    files = books("ir.attachment", "read", posted["attachment_ids"], ["name", "res_model", "res_id", "raw"])
    found = sorted((row["name"], row["res_model"], row["res_id"]) for row in files)
    assert found == [(name, books.model, case) for name in ("a.txt", "b.txt")]


def test_an_unproven_mail_does_not_look_like_the_users(house: House) -> None:
    house.distrust()
    case, books = new_case(house), books_of(house)
    house.send(mail(FABIEN, f"Re: [{case}] x", "Set-State: cancel\n\nGo away.\n"))
    where = [["model", "=", books.model], ["res_id", "=", case], ["body", "ilike", "Go away."]]
    (note,) = books("mail.message", "search_read", where, ["author_id", "subtype_id"])
    assert note["author_id"] is False and note["subtype_id"][0] == books.subtype("note")


def test_what_a_mail_changed_stands_in_the_chatter(house: House) -> None:
    case, books = new_case(house), books_of(house)
    house.send(mail(FABIEN, f"Re: [{case}] x", "Set-User: ede\n\nYours.\n"))
    where = [["model", "=", books.model], ["res_id", "=", case], ["message_type", "=", "notification"],
             ["body", "ilike", "Changed by a mail"]]  # fmt: skip
    (note,) = books("mail.message", "search_read", where, ["body"])
    assert "responsible Emmanuel; state close (" in note["body"]


# --- nobody is mailed twice: the fixture's listener on Odoo's port asserts that Odoo mailed nobody


def test_other_followers_get_our_copy(house: House) -> None:
    case, books = new_case(house), books_of(house)
    wanda = books("res.partner", "create", {"name": "Wanda", "email": WANDA})
    quiet = books("res.partner", "create", {"name": "Quiet", "email": "quiet@elsewhere.example"})
    emmanuel = books("res.users", "read", [books.ids["users"]["ede"]], ["partner_id"])[0]["partner_id"][0]
    books(books.model, "message_subscribe", [case], [wanda, emmanuel])
    books(books.model, "message_subscribe", [case], [quiet], subtype_ids=[books.subtype("note")])
    mails = house.send(mail(CUSTOMER, f"Re: [{case}] x", "More.\n"))
    assert to(mails) == [EMMANUELS, FABIENS, WANDA]
    assert "X-Mailgate-From" in the(mails, EMMANUELS), "a user is of the staff"
    assert "X-Mailgate-From" not in the(mails, WANDA), "a partner is of the customer's side"
    assert to(house.send(mail(FABIEN, f"Re: [{case}] x", "Use water.\n"))) == [CUSTOMERS, EMMANUELS, WANDA]
    assert house.send(mail(FABIEN, f"Re: [{case}] x", "Set-Relay: no\n\nA note.\n")) == ()
    house.send(mail(f"Wanda <{WANDA}>", f"Re: [{case}] x", "I follow it.\n"))
    assert house.history(case)[0] == "I follow it." and house.case() == case


def test_the_followers_of_a_team_follow_its_cases(house: House) -> None:
    books = books_of(house)
    team = {"project.task": "project.project", "crm.lead": "crm.team"}.get(books.model, "helpdesk.ticket.team")
    if books.model == "helpdesk.ticket":
        fabien = books("res.users", "read", [books.ids["users"]["fp"]], ["partner_id"])[0]["partner_id"][0]
        books(team, "message_subscribe", [books.ids[books.model]["SSUP"]], [fabien])
    mails = house.send(mail(CUSTOMER, "Printer burns", "It burns.\n"))
    assert to(mails) == ([EMMANUELS, FABIENS] if books.model == "helpdesk.ticket" else [EMMANUELS])


def test_a_customer_who_follows_is_mailed_once(house: House) -> None:
    case, books = new_case(house), books_of(house)
    books(books.model, "message_subscribe", [case], [customer_of(books)])
    assert to(house.send(mail(CUSTOMER, f"Re: [{case}] x", "More.\n"))) == [FABIENS]
    assert to(house.send(mail(FABIEN, f"Re: [{case}] x", "Use water.\n"))) == [CUSTOMERS]


def test_releases_that_were_not_tried_mail_nobody_either(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """There the message is written as the record's own; the same way on those that are here."""
    case, books = new_case(house), books_of(house)
    books(books.model, "message_subscribe", [case], [customer_of(books)])
    monkeypatch.setattr(dialect, "SILENT", {})
    message = mail(CUSTOMER, f"Re: [{case}] x", "More.\n")
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename="a.pdf")
    assert to(house.send(message)) == [FABIENS]
    assert house.history(case)[0] == "More." and books.attachments(case) == ["a.pdf"]
    assert house.send(mail(FABIEN, f"Re: [{case}] x", "Set-Relay: no\n\nA note.\n")) == ()
    assert books.history(case)[0] == ("A note.", True)


# --- relay.by: erp


def test_odoo_can_carry_the_mail_instead(make_house: Callable[..., House]) -> None:
    house = make_house(relay_by="erp")
    house.erp_may_mail = True
    case, books = new_case(house), books_of(house)
    erp_to(house)
    message = mail(CUSTOMER, f"Re: [{case}] x", "More.\n")
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename="a.pdf")
    assert house.send(message) == ()
    assert house.erp_sink is not None
    (copy,) = house.erp_sink.mails
    assert copy.recipients == (FABIENS,) and copy.message["Reply-To"] == GATEWAY
    assert [part.get_filename() for part in copy.message.walk() if part.get_filename()] == ["a.pdf"]
    erp_to(house)
    assert house.send(mail(FABIEN, f"Re: [{case}] x", "Set-State: open\n\nUse water.\n")) == ()
    (answer,) = [one for one in house.erp_sink.mails if CUSTOMERS in one.recipients]
    assert [one for one in house.erp_sink.mails if GATEWAY in one.recipients] == []
    body = answer.message.get_body(("html",))
    assert body is not None and "Use water." in body.get_content() and answer.message["Reply-To"] == GATEWAY
    erp_to(house)
    house.send(mail(CUSTOMER, "Thanks", "It is out.\n", In_Reply_To=str(answer.message["Message-Id"])))
    assert house.case() == case and house.history(case)[0] == "It is out."
    assert FABIENS in erp_to(house)
    assert to(house.send(mail(EMMANUEL, f"[{case}] x", "A note.\n"))) == [EMMANUELS, FABIENS], "notes are ours"
    assert erp_to(house) == []
    assert books.history(case)[0] == ("A note.", True)


def test_odoo_mails_a_customer_who_was_no_partner(make_house: Callable[..., House]) -> None:
    house = make_house(relay_by="erp")
    house.erp_may_mail = True
    house.send(mail("Zoe <zoe@nowhere.example>", "Hello", "Hello.\n"))
    case, books = house.case(), books_of(house)
    books.assign(case, "fp")
    erp_to(house)
    house.send(mail(FABIEN, f"Re: [{case}] Hello", "Hello Zoe.\n"))
    assert "zoe@nowhere.example" in erp_to(house)
    made = books("res.partner", "search_read", [["email", "=", "zoe@nowhere.example"]], ["name"])
    assert [row["name"] for row in made] == ["Zoe"]


def test_who_has_the_mail_already_is_not_mailed_by_odoo(make_house: Callable[..., House]) -> None:
    house = make_house(relay_by="erp")
    house.erp_may_mail = True
    case = new_case(house)
    erp_to(house)
    house.send(mail(FABIEN, f"Re: [{case}] x", "Use water.\n", to=CUSTOMERS, Cc=GATEWAY))
    assert CUSTOMERS not in [one for one in erp_to(house) if books_of(house).model != "helpdesk.ticket"]


def test_where_odoo_has_nobody_to_mail_the_gateway_mails(make_house: Callable[..., House], tmp_path: Path) -> None:
    house = make_house(relay_by="erp", notify=("desk@mycompany.example",))
    house.erp_may_mail = True
    books = books_of(house)
    sections = {"project.task": "project.project", "crm.lead": "crm.team"}.get(books.model, "helpdesk.ticket.team")
    books(sections, "write", [books.ids[books.model]["SSUP"]], {"user_id": False})
    assert to(house.send(mail(CUSTOMER, "Printer burns", "It burns.\n"))) == ["desk@mycompany.example"]
    assert to(house.send(mail(CUSTOMER, f"[{house.case()}] x", "More.\n"))) == ["desk@mycompany.example"]


def test_what_is_only_recorded_is_mailed_by_nobody(make_house: Callable[..., House]) -> None:
    house = make_house(relay_by="erp")
    case = new_case(house)
    assert house.erp_sink is not None
    house.erp_sink.mails.clear()
    with house.desk() as desk:
        desk.silent = True
        for message in (mail(FABIEN, f"Re: [{case}] x", "Set-User: ede\n\nOld.\n"), mail(CUSTOMER, "Old", "Old.\n")):
            assert deliver(message.as_bytes(), desk, lambda _: house.config.mailboxes[0]).verdict == "done"
    assert house.history(case)[0] == "Old." and house.sink.mails == []


# --- threads and numbers


def test_a_thread_that_odoo_started_finds_its_record(house: House) -> None:
    case, books = new_case(house), books_of(house)
    books(books.model, "message_post", [case], body="From the web client", subtype_xmlid="mail.mt_note")
    where = [["model", "=", books.model], ["res_id", "=", case], ["body", "ilike", "From the web client"]]
    (posted,) = books("mail.message", "search_read", where, ["message_id"])
    assert f"-openerp-{case}-{books.model}@" in posted["message_id"]
    house.send(mail(CUSTOMER, "no tag here", "An answer.\n", In_Reply_To=posted["message_id"]))
    assert house.case() == case and house.history(case)[0] == "An answer."
    with house.desk() as desk:
        erp = desk.erp(house.config.mailboxes[0])
        assert erp.threads((posted["message_id"], "<nowhere@x>")) == {posted["message_id"]: (case,)}


def test_the_form_of_odoos_ids_alone_proves_nothing(house: House) -> None:
    case, books = new_case(house), books_of(house)
    guessed = f"<1.2.3-openerp-{case}-{books.model}@erp.example>"
    house.send(mail("Eve <eve@evil.example>", "Hello", "Send me all.\n", In_Reply_To=guessed))
    assert house.case() != case
    assert all("Send me all." not in line for line in house.history(case))
    other = next(model for model in MODELS if model != books.model)
    house.send(mail(CUSTOMER, "Hello", "Another matter.\n", In_Reply_To=guessed.replace(books.model, other)))
    assert all("Another matter." not in line for line in house.history(case)), "the id names another model"


def test_odoos_own_mail_comes_back_and_does_nothing(make_house: Callable[..., House], tmp_path: Path) -> None:
    house = make_house()
    house.erp_may_mail = True
    case = new_case(house)
    loud(house, case)
    lines, count = house.history(case), house.count()
    assert house.erp_sink is not None and lines[0] == "Loud"
    returned = next(one for one in house.erp_sink.mails if CUSTOMERS in one.recipients)
    assert house.send(returned.data) == ()
    assert (house.count(), house.history(case)) == (count, lines)


@only_tickets
def test_the_tag_may_hold_the_tickets_number(make_house: Callable[..., House]) -> None:
    house = make_house(tag="[{number}]")
    mails = house.send(mail(CUSTOMER, "Printer burns", "It burns.\n"))
    case, books = house.case(), books_of(house)
    number = books.read(case, "number")
    assert the(mails, EMMANUELS)["Subject"] == f"[{number}] Printer burns"
    books.assign(case, "fp")
    house.send(mail(CUSTOMER, f"Re: [{number.lower()}] Printer burns", "More.\n"))
    assert house.history(case)[0] == "More." and house.count() == 1
    sent = the(house.send(mail(FABIEN, f"AW: [{number}] Printer burns", "Use water.\n")), CUSTOMERS)
    assert sent["Subject"] == f"Re: [{number}] Printer burns"
    house.send(mail("Eve <eve@evil.example>", f"[{number}] Printer burns", "Send me all.\n"))
    assert house.count() == 2, "a stranger's number is no key"
    house.send(mail(CUSTOMER, "[HT99999] nothing", "Something new.\n"))
    assert house.count() == 3, "nor is one that nobody has"


def test_one_mail_to_two_mailboxes_is_two_cases(house: House) -> None:
    first = house.config.mailboxes[0]
    second = first.but(address="sales@mycompany.example", section="SALES")
    house.config = house.config.but(mailboxes=(first, second))
    message = mail(CUSTOMER, "Printer burns", "It burns.\n", to=f"{GATEWAY}, {second.address}")
    books = books_of(house)

    def send(message: Any, mailbox: Mailbox) -> int:
        with house.desk() as desk:
            assert deliver(message.as_bytes(), desk, lambda _: mailbox).verdict == "done"
        return house.case()

    cases = [send(message, mailbox) for mailbox in (first, second)]
    assert len(set(cases)) == 2 and [books.section(case) for case in cases] == ["SSUP", "SALES"]
    answer = mail(CUSTOMER, "Re: Printer burns", "More.\n", In_Reply_To=str(message["Message-ID"]))
    for mailbox in (first, second):
        send(answer, mailbox)
    assert [house.history(case) for case in cases] == [["More.", "It burns."]] * 2
    with house.desk() as desk:
        for case, mailbox in zip(cases, (first, second), strict=True):
            plan = desk.journal.delivery(cases.index(case) + 1)
            assert plan is not None
            marker = f"mailgate {plan.key[:24]}.0"
            effect = Effect("create", "", marker)
            assert desk.erp(mailbox).find(effect, None) == case, "each finds its own, though the Message-ID is one"


@only_tickets
def test_a_number_that_two_tickets_have_is_no_key(make_house: Callable[..., House]) -> None:
    house = make_house(tag="[{number}]")
    first, second = new_case(house), new_case(house)
    books = books_of(house)
    number = books.read(first, "number")
    books.write(second, number=number)
    house.send(mail(FABIEN, f"Re: [{number}] x", "For one of them.\n"))
    assert all("For one of them." not in line for case in (first, second) for line in house.history(case))


def test_a_record_that_was_merged_is_found_by_its_messages(house: House) -> None:
    kept, gone = new_case(house), new_case(house)
    books = books_of(house)
    sent = the(house.send(mail(FABIEN, f"Re: [{gone}] x", "Use water.\n")), CUSTOMERS)
    where = [["model", "=", books.model], ["res_id", "=", gone]]
    moved = books("mail.message", "search_read", where, ["message_id"], order="id")
    books("mail.message", "write", [one["id"] for one in moved], {"res_id": kept})
    books.delete(gone)
    count = house.count()
    known = next(one["message_id"] for one in moved if "clients.example" in one["message_id"])
    answer = mail(CUSTOMER, "Re: x", "It is out.\n", References=f"{known} {sent['Message-ID']}")
    house.send(answer)
    assert house.count() == count and house.history(kept)[0] == "It is out."


def test_customers_have_odoos_too(house: House) -> None:
    case = new_case(house)
    theirs = mail(CUSTOMER, f"Re: [{case}] x", "An order.\n", X_Odoo_Objects="purchase.order-42")
    house.send(theirs)
    assert house.history(case)[0] == "An order."


# --- what must not go wrong


def test_an_original_shows_nothing_of_how_it_came(house: House) -> None:
    case, books = new_case(house), books_of(house)
    sent = the(house.send(mail(FABIEN, f"Re: [{case}] x", "Use water.\n")), CUSTOMERS)
    message = mail(CUSTOMER, "Re: x", "More.\n", In_Reply_To=str(sent["Message-ID"]), Bcc="boss@agrolait.example")
    message.add_alternative("<p>More.</p>", subtype="html")
    house.send(b"Received: from inside by mx; today\r\n" + message.as_bytes())
    where = [["res_model", "=", books.model], ["res_id", "=", case], ["name", "=", "original.eml"]]
    (kept,) = books("ir.attachment", "search_read", where, ["datas"])
    raw = base64.b64decode(kept["datas"])
    assert b"<p>More.</p>" in raw and b"Subject: Re: x" in raw
    assert not any(word in raw for word in (b"boss@", b"Received", b"mailgate."))
    reply = mail(FABIEN, f"Re: [{case}] x", "So.\n")
    reply.add_alternative("<p>So.</p>", subtype="html")
    house.send(reply)
    assert books.attachments(case) == ["original.eml"], "what staff wrote stays off the case"


def test_a_waiting_mail_never_goes_on_in_another_model(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    case, books = new_case(house), books_of(house)
    first, lines = house.config.mailboxes[0], house.history(case)

    def down(*_: object) -> None:
        raise ErpDown("down")

    monkeypatch.setattr(dialect.OdooErp, "apply", down)
    assert house.deliver(mail(FABIEN, f"Re: [{case}] x", "The secret answer.\n")).verdict == "kept"
    monkeypatch.undo()
    other = next(model for model in MODELS if model != books.model)
    house.config = house.config.but(mailboxes=(first.but(model=other, stages_pending=()),))
    house.retry_all()
    assert house.sink.mails[-1].recipients == ("admin@mycompany.example",)
    assert house.history(case) == lines
    (reason,) = house.held()
    assert "does not name any more" in reason


def test_a_follower_who_may_not_be_seen_stops_nothing(house: House) -> None:
    case, books = new_case(house), books_of(house)
    company = books("res.company", "create", {"name": "Another"})
    hidden = {"name": "Hidden", "email": "hidden@elsewhere.example", "company_id": company}
    books(books.model, "message_subscribe", [case], [books("res.partner", "create", hidden)])
    assert to(house.send(mail(CUSTOMER, f"Re: [{case}] x", "More.\n"))) == [FABIENS]


def test_a_record_that_may_not_be_written_blocks_only_itself(house: House) -> None:
    case, books = new_case(house), books_of(house)
    model = books("ir.model", "search", [["model", "=", books.model]])[0]
    rule = {"name": "not this", "model_id": model, "domain_force": f"[('id', '!=', {case})]", "perm_read": False,
            "perm_create": False, "perm_unlink": False}  # fmt: skip
    books("ir.rule", "create", rule)
    verdict = house.deliver(mail(FABIEN, f"Re: [{case}] x", "Use water.\n")).verdict
    for _ in range(4):
        house.retry_all()
    assert verdict == "kept"
    with house.desk() as desk:
        (held,) = desk.journal.held()
        assert "lacks a right" in held.reason
    house.send(mail("Zoe <zoe@nowhere.example>", "Another", "Another.\n"))


def test_a_case_that_goes_while_it_is_written_is_said_to_be_gone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    case = new_case(house)

    def gone(number: int | None, *more: Any) -> Any:
        assert number is not None
        house.books.delete(number)
        return facts_after(number, *more)

    monkeypatch.setattr("mailgate.deliver.facts_after", gone)
    outcome = house.deliver(mail(FABIEN, f"Re: [{case}] x", "Use water.\n"))
    assert outcome.held and "is gone" in outcome.text


@only_tickets
def test_a_stage_that_is_gone_is_not_what_keeps_words_back(house: House) -> None:
    case, books = new_case(house), books_of(house)
    books("helpdesk.ticket.stage", "unlink", [books.ids["stages of helpdesk.ticket"]["Awaiting"]])
    mails = house.send(mail(FABIEN, f"Re: [{case}] x", "Set-State: pending\n\nUse water.\n"))
    assert CUSTOMERS in to(mails) and "admin@mycompany.example" in to(mails)


def test_a_case_keeps_its_state_where_it_goes(house: House) -> None:
    case, books = new_case(house), books_of(house)
    books.set_state(case, "pending")
    house.send(mail(FABIEN, f"Re: [{case}] x", "Set-Section: SALES\nSet-Relay: no\n\nYours.\n"))
    assert books.section(case) == "SALES"
    assert books.read(case, "stage_id") and house.send(mail(FABIEN, f"Re: [{case}] x", "Set-Priority: 1\n")) == ()
    with house.desk() as desk:
        (found,) = desk.erp(house.config.mailboxes[0]).cases((case,))
    assert found.state == "pending"


# --- leads


@only_leads
def test_a_reply_does_not_win_a_lead(make_house: Callable[..., House]) -> None:
    house = make_house(states_responsible="keep", states_partner="keep")  # as the configuration has it for leads
    case, books = new_case(house), books_of(house)
    books.write(case, stage_id=books.ids["stages of crm.lead"]["Qualified"])
    house.send(mail(FABIEN, f"Re: [{case}] x", "Our offer.\n"))
    house.send(mail(CUSTOMER, f"Re: [{case}] x", "Thank you.\n"))
    assert books.read(case, "stage_id") == books.ids["stages of crm.lead"]["Qualified"]
    assert books.read(case, "type") in ("lead", "opportunity")


@only_leads
def test_a_lead_does_not_change_its_partners_address(house: House) -> None:
    case, books = new_case(house), books_of(house)
    agrolait = customer_of(books)
    before = books("res.partner", "read", [agrolait], ["email"])[0]["email"]
    house.send(mail(FABIEN, f"Re: [{case}] x", "Set-Partner: visitor@nowhere.example\n\nHello.\n"))
    assert books("res.partner", "read", [agrolait], ["email"])[0]["email"] == before


@only_leads
def test_a_won_lead_can_be_lost_and_a_lost_one_opened(house: House) -> None:
    case, books = new_case(house), books_of(house)
    for state in ("close", "cancel", "open", "cancel"):
        house.send(mail(FABIEN, f"Re: [{case}] x", f"Set-State: {state}\n\nSo.\n"))
        assert books.state(case) == state


# --- release 19


@only_tasks_of_19
def test_everybody_to_whom_a_task_is_assigned_is_responsible(house: House) -> None:
    books = books_of(house)
    case = new_case(house)
    users = books.ids["users"]
    books.write(case, user_ids=[[6, 0, [users["fp"], users["ede"]]]])
    assert to(house.send(mail(CUSTOMER, f"Re: [{case}] x", "More.\n"))) == [EMMANUELS, FABIENS]
    mails = house.send(mail(EMMANUEL, f"Re: [{case}] x", "Set-Priority: 1\n\nUse water.\n"))
    assert CUSTOMERS in to(mails) and books.priority(case) == 1


@only_tasks_of_19
def test_an_inactive_assignee_hides_nobody(house: House) -> None:
    books = books_of(house)
    case = new_case(house)
    aaron = books("res.users", "create", {"name": "Aaron", "login": "aaron", "active": False})
    books.write(case, user_ids=[[6, 0, [aaron, books.ids["users"]["fp"]]]])
    mails = house.send(mail(EMMANUEL, f"[{case}] x", "Fabien, between us: he is a fool.\n"))
    assert CUSTOMERS not in to(mails) and books.history(case)[0][1]


@only_tasks_of_19
def test_a_tasks_partner_is_whom_the_form_shows(house: House) -> None:
    books = books_of(house)
    case = new_case(house)
    right = books("res.partner", "create", {"name": "Right", "email": "right@elsewhere.example"})
    books.write(case, partner_id=right)
    assert to(house.send(mail(FABIEN, f"Re: [{case}] x", "For the right one.\n"))) == ["right@elsewhere.example"]


@only_19
@pytest.mark.parametrize("transport", ["json2", "auto"])
def test_the_conversation_over_json_2(house: House, transport: Any) -> None:
    key = Secret(value=odoo.api_key(19))
    user: Any = "" if transport == "json2" else "mailgate"
    settings = house.config.erp.but(transport=transport, api_key=key, user=user, password=Secret())
    house.config = house.config.but(erp=settings)
    first = mail(CUSTOMER, "Printer burns", "It burns. \x07 \U0001f525\n")
    first.add_attachment(b"smoke", maintype="image", subtype="png", filename="smoke.png")
    assert to(house.send(first)) == [EMMANUELS]
    case, books = house.case(), books_of(house)
    assert books.attachments(case) == ["smoke.png"] and "\U0001f525" in house.history(case)[0]
    books.assign(case, "fp")
    mails = house.send(mail(FABIEN, f"Re: [{case}] x", "Set-User: ede\nSet-Priority: 2\n\nHello.\n"))
    assert to(mails) == [CUSTOMERS, EMMANUELS] and books.responsible(case) == "ede"
    house.send(mail(CUSTOMER, "Re: x", "Thank you.\n", References=str(the(mails, CUSTOMERS)["Message-ID"])))
    assert house.history(case)[0] == "Thank you." and books.state(case) == "open"
    assert key.value not in Path(house.config.log).read_text()


@only_19
def test_an_api_key_is_a_password_to_xml_rpc(house: House) -> None:
    settings = house.config.erp.but(transport="xmlrpc", api_key=Secret(value=odoo.api_key(19)), password=Secret())
    house.config = house.config.but(erp=settings)
    assert to(house.send(mail(CUSTOMER, "Printer burns", "It burns.\n"))) == [EMMANUELS]


# --- check


def checked(house: House, tmp_path: Path, user: str = "mailgate") -> list[tuple[bool, str]]:
    """Return what `mailgate check` says of a house, from a configuration file."""
    books, box = books_of(house), house.config.mailboxes[0]
    file = tmp_path / "mailgate.yaml"
    stages = "stages: {pending: Proposition}" if books.model == "crm.lead" else "quotes: strip"
    file.write_text(
        f"state: {tmp_path}/state\nlog: {tmp_path}/log\ndefault: admin@mycompany.example\n"
        f"erp: {{kind: odoo, url: '{books.url}', database: {books.database}, user: {user}, password: '{user}'}}\n"
        f"smtp: {{host: 127.0.0.1, port: {house.sink.port}}}\nauthentication: {{trust_from: [mycompany.example]}}\n"
        f"mailboxes: [{{address: {box.address}, model: {books.model}, section: SSUP, {stages}}}]\n"
    )
    return list(check({"config": str(file)}))


def test_check_finds_all_well_for_the_seeds_user(house: House, tmp_path: Path) -> None:
    said = checked(house, tmp_path)
    assert [words for well, words in said if not well] == []
    words = "\n".join(words for _, words in said)
    assert f"rights: {books_of(house).model}: read, create, write" in words
    assert "states: draft = " in words and "priorities: 1 = " in words and "fields: section = " in words
    assert "Odoo 14.0" in words or "Odoo 19.0" in words


def test_check_names_the_group_that_is_missing(house: House, tmp_path: Path) -> None:
    books = books_of(house)
    said = checked(house, tmp_path, books.outsider())
    wrong = [words for well, words in said if not well or words.startswith("note: the gateway's user is not in")]
    group = {"helpdesk.ticket": "Helpdesk / User", "project.task": "Project / User"}.get(books.model, "Sales / User")
    assert any(group in words for words in wrong), said  # tasks of 19 are open to all, but for their rules


def test_a_stage_that_is_not_there_stops_no_mail_for_ever(make_house: Callable[..., House]) -> None:
    house = make_house(stages_close=("Finnished",))
    before = house.count()
    outcome = house.deliver(mail(CUSTOMER, "x", "x\n"))
    assert outcome.verdict == "tempfail" and "there is no stage 'Finnished'" in outcome.text
    assert house.count() == before


def test_a_stage_that_was_made_since_is_read_again(house: House) -> None:
    case, books = new_case(house), books_of(house)
    model = {"project.task": "project.task.type", "crm.lead": "crm.stage"}.get(books.model, "helpdesk.ticket.stage")
    mine = {"project_ids": [[6, 0, [books.ids[books.model]["SSUP"]]]]} if books.model == "project.task" else {}
    stage = books(model, "create", {"name": "On hold", "sequence": 2, **mine})
    books.write(case, stage_id=stage)
    house.send(mail(CUSTOMER, f"Re: [{case}] x", "More.\n"))
    assert books.state(case) == "open"


def test_two_listeners_saw_every_mail(house: House) -> None:
    """The listener that asserts Odoo's silence does hear Odoo."""
    case = new_case(house)
    house.erp_may_mail = True
    loud(house, case)
    assert isinstance(house.erp_sink, Sink)
    assert CUSTOMERS in erp_to(house)
