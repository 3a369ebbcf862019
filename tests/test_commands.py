"""`Set-Action: value` lines: every action, every form of a value, and what is wrong with a bad one."""

from __future__ import annotations

from typing import Any

import pytest

from mailgate.commands import ACTIONS, EXAMPLES, is_command, read, split, strays
from mailgate.message import parse


def value_of(line: str) -> Any:
    """Return the value of one good line."""
    commands, complaints, rest = read(line)
    assert not complaints, complaints
    assert rest == ""
    (command,) = commands
    assert command.line == line.strip()
    return command.value


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("Set-State: draft", "draft"),
        ("Set-State: open", "open"),
        ("Set-State: pending", "pending"),
        ("Set-State: close", "close"),
        ("Set-State: closed", "close"),
        ("Set-State: done", "close"),
        ("Set-State: Cancel", "cancel"),
        ("Set-State: CANCELLED", "cancel"),
        ("Set-State: canceled", "cancel"),
        ("Set-User: ede", "ede"),
        ("Set-User: Emmanuel Dewael", "Emmanuel Dewael"),
        ("Set-Priority: 1", 1),
        ("Set-Priority: 5", 5),
        ("Set-Priority: highest", 1),
        ("Set-Priority: High", 2),
        ("Set-Priority: normal", 3),
        ("Set-Priority: low", 4),
        ("Set-Priority: LOWEST", 5),
        ("Set-Partner: new@customer.org", "new@customer.org"),
        ("Set-Partner: New One <new@customer.org>", "new@customer.org"),
        ("Set-Partner: <new@customer.org>", "new@customer.org"),
        ("Set-Section: SSUP", "SSUP"),
        ("Set-Category: Bug reports", "Bug reports"),
        ("Set-Cc: a@b.org", ("=a@b.org",)),
        ("Set-Cc: a@b.org, c@d.org", ("=a@b.org", "=c@d.org")),
        ("Set-Cc: a@b.org; c@d.org;", ("=a@b.org", "=c@d.org")),
        ("Set-Cc: +a@b.org, -c@d.org", ("+a@b.org", "-c@d.org")),
        ("Set-Cc: + a@b.org", ("+a@b.org",)),
        ("Set-Cc: +Anna <a@b.org>", ("+a@b.org",)),
        ("Set-Deadline: 2026-02-28", "2026-02-28"),
        ("Set-Deadline: +3d", "+3"),
        ("Set-Deadline: + 3", "+3"),
        ("Set-Deadline: +2w", "+14"),
        ("Set-Subject: Printer: the second one", "Printer: the second one"),
        ("Set-Relay: no", False),
        ("Set-Relay: Yes", True),
    ],
)  # fmt: skip
def test_every_action_and_form_of_value(line: str, value: Any) -> None:
    assert value_of(line) == value


@pytest.mark.parametrize("action", ["Cost", "Revenue"])
@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1200", 1200.0), ("0", 0.0), ("-5", -5.0), ("+5", 5.0), ("1,5", 1.5), ("1.5", 1.5), ("0,125", 0.125),
        ("1 234,56", 1234.56), ("1\u202f234,56", 1234.56), ("1\xa0234,56", 1234.56), ("1'234.56", 1234.56),
        ("1,234.56", 1234.56), ("1.234,56", 1234.56), ("1.234.567", 1234567.0), ("1,234,567", 1234567.0),
        ("12,34,567.5", 1234567.5), ("1234,567", 1234.567), ("€ 12,50", 12.5), ("12.50 €", 12.5), ("$12", 12.0),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(action: str, written: str, number: float) -> None:
    assert value_of(f"Set-{action}: {written}") == number


@pytest.mark.parametrize(
    "written",
    ["1.234", "1,234", "12,500", "much", "1e5", "1.2.3", "1,234.56.78", "1.5,2", "1,2.5", "1.5,", "--5", "nan", "inf",
     "9" * 400, "12 EUR", "٣"],
)  # fmt: skip
def test_what_is_no_number_or_two_numbers_is_refused(written: str) -> None:
    commands, (complaint,), _ = read(f"Set-Cost: {written}")
    assert commands == ()
    assert complaint.reason


def test_an_ambiguous_number_is_asked_for_without_its_sign() -> None:
    _, (complaint,), _ = read("Set-Cost: 1.234")
    assert "two ways" in complaint.reason
    assert complaint.nearest == "Set-Cost: 1234"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0.5", 0.5),
        ("0,5", 0.5),
        ("1", 1.0),
        ("0", 0.0),
        ("50%", 0.5),
        ("50 %", 0.5),
        ("12,5 %", 0.125),
        ("100 %", 1.0),
    ],
)
def test_a_probability_is_a_fraction_or_percents(written: str, number: float) -> None:
    assert value_of(f"Set-Probability: {written}") == number


@pytest.mark.parametrize(
    ("line", "reason", "nearest"),
    [
        ("Set-Stat: pending", "there is no command Set-Stat", "Set-State: pending"),
        ("set-stat: clos", "there is no command Set-stat", "Set-State: close"),
        ("Set-Rely: no", "there is no command Set-Rely", "Set-Relay: no"),
        ("Set-Usr: ede", "there is no command Set-Usr", "Set-User: ede"),
        ("Set-Prioritty: 7", "there is no command Set-Prioritty", "Set-Priority: 2"),
        ("Set-Xyzzy: 1", "there is no command Set-Xyzzy", ""),
        ("Set-State:", "the value is missing", "Set-State: pending"),
        ("Set-Subject:  ", "the value is missing", "Set-Subject: the new title"),
        ("Set-State: clsed", "'clsed' is no state", "Set-State: closed"),
        ("Set-State: whatever", "'whatever' is no state", "Set-State: pending"),
        ("Set-Priority: 9", "'9' is no priority", "Set-Priority: 2"),
        ("Set-Priority: 0", "'0' is no priority", "Set-Priority: 2"),
        ("Set-Probability: 50", "'50' is no probability", "Set-Probability: 50 %"),
        ("Set-Probability: 150 %", "'150 %' is no probability", "Set-Probability: 50 %"),
        ("Set-Probability: -1", "'-1' is no probability", "Set-Probability: 50 %"),
        ("Set-Partner: carla", "is not one e-mail address", "Set-Partner: customer@example.com"),
        ("Set-Partner: a@b.org, c@d.org", "is not one e-mail address", "Set-Partner: customer@example.com"),
        ("Set-Cc: ,", "holds no e-mail address", "Set-Cc: +colleague@example.com"),
        ("Set-Cc: +a@b.org, nobody", "is not one e-mail address", "Set-Cc: +colleague@example.com"),
        ("Set-Cc: +a@b.org, c@d.org", "some addresses have a sign", "Set-Cc: +a@b.org, +c@d.org"),
        ("Set-Deadline: 2026-02-30", "there is no day 2026-02-30", "Set-Deadline: +3d"),
        ("Set-Deadline: 3.2.2026", "is no date", "Set-Deadline: +3d"),
        ("Set-Deadline: 3d", "is no date", "Set-Deadline: +3d"),
        ("Set-Relay: maybe", "neither yes nor no", "Set-Relay: no"),
    ],
)  # fmt: skip
def test_a_bad_line_gets_its_reason_and_the_nearest_form(line: str, reason: str, nearest: str) -> None:
    commands, (complaint,), rest = read(f"{line}\nHello\n")
    assert (commands, rest) == ((), "Hello\n")
    assert complaint.line == line.strip()
    assert reason in complaint.reason
    assert complaint.nearest == nearest
    if nearest:
        assert read(nearest)[1] == (), "the nearest form must be a good one"


def test_every_example_is_a_good_line() -> None:
    assert set(EXAMPLES) == set(ACTIONS)
    for action, example in EXAMPLES.items():
        commands, complaints, _ = read(f"Set-{action}: {example}")
        assert not complaints
        assert commands[0].action == action


@pytest.mark.parametrize(
    "line",
    ["Set-State: pending", "set-state: pending", "SET-STATE: PENDING", "Set-State : pending", "Set-State:pending",
     "  Set-State\t:\tpending  ", "Set-State\xa0:\xa0pending\xa0", "\xa0Set-State: pending", "\ufeffSet-State: pending",
     "\u200bSet-State: pending", "Set-State\uff1apending", "Set-State \uff1a pending", "Set-State: pending\r",
     "Set-\u200bState: pen\u200bding", "\u200eSet-State: pending\u200e", "Set\u2011State: pending",
     "Set\u2013State: pending", "Set\u2014State: pending", "Set\uff0dState: pending", "Set\xad-State: pending",
     "*Set-State: pending*", "**Set-State: pending**", "*Set-State:* pending", "**Set-State**: pending",
     "_Set-State: pending_", "*Set-State*:*pending*", "\u3000Set-State:\u2003pending\u2009", "Set- State: pending",
     "Set-State\ufe55 pending"],
)  # fmt: skip
def test_the_line_as_mail_clients_write_it(line: str) -> None:
    commands, complaints, rest = read(f"{line}\nHello")
    assert [(command.action, command.value) for command in commands] == [("state", "pending")]
    assert (complaints, rest) == ((), "Hello")


@pytest.mark.parametrize(
    "line",
    ["Hello", "> Set-State: open", "Set: open", "Set-: open", "Set State: x", "Reset-State: open",
     "- Set-State: open", "Set-State!: open", ": open", ""],
)  # fmt: skip
def test_what_is_not_a_command_line(line: str) -> None:
    assert not is_command(line)
    assert read(f"{line}\n")[0] == ()


@pytest.mark.parametrize(
    ("text", "found", "rest"),
    [
        ("", (), ""),
        ("\n\n", (), ""),
        ("Hello\n", (), "Hello\n"),
        ("\n\n  Hello\n", (), "  Hello\n"),
        ("\n \xa0\n\u200b\nSet-State: open\n\nSet-User: e\n\nHello\n", ("Set-State: open", "Set-User: e"), "Hello\n"),
        ("Set-State: open", ("Set-State: open",), ""),
        ("Set-State: open\n\n\n", ("Set-State: open",), ""),
        ("Set-State: open\nHello\nSet-User: ede\n", ("Set-State: open",), "Hello\nSet-User: ede\n"),
        ("Set-State: open\r\n\r\nSet-User: ede\r\nHello\r\n", ("Set-State: open", "Set-User: ede"), "Hello\r\n"),
        ("\n\n> quoted\nSet-State: open\n", (), "> quoted\nSet-State: open\n"),
    ],
)  # fmt: skip
def test_the_block_ends_at_the_first_other_line(text: str, found: tuple[str, ...], rest: str) -> None:
    assert split(text) == (found, rest)


@pytest.mark.parametrize(
    "head",
    ["Content-Type: text/plain; charset=utf-8\n\n\ufeff", "Content-Type: text/plain\n\n\r\n", "\n",
     "Content-Type: text/html\n\n<style>p {color: red}</style><p>&nbsp;</p><p>"],
)  # fmt: skip
def test_commands_are_seen_in_a_message_whatever_its_body(head: str) -> None:
    mail = parse(
        f"From: a@b.org\n{head}Set-State: pending<br>\n".replace("<br>", "<br>" if "html" in head else "").encode()
    )
    assert [(command.action, command.value) for command in read(mail.text)[0]] == [("state", "pending")]


def test_the_last_of_two_equal_actions_counts_and_cc_adds_up() -> None:
    commands, _, _ = read("Set-State: open\nSet-User: ede\nSet-State: close\nSet-Cc: +a@b.org\nSet-Cc: -c@d.org\n")
    assert [(one.action, one.value) for one in commands] == [
        ("user", "ede"), ("state", "close"), ("cc", ("+a@b.org",)), ("cc", ("-c@d.org",)),
    ]  # fmt: skip


def test_good_lines_are_carried_out_beside_bad_ones() -> None:
    commands, complaints, rest = read("Set-State: pending\nSet-Rely: no\nSet-Priority: 9\nHello\n")
    assert [command.line for command in commands] == ["Set-State: pending"]
    assert [complaint.line for complaint in complaints] == ["Set-Rely: no", "Set-Priority: 9"]
    assert rest == "Hello\n"


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        ("Hello\nSet-State: close\nBye\n", ("Set-State: close",)),
        ("Hello\n  sEt-sTaTe : close\n", ("sEt-sTaTe : close",)),
        ("Hello\nSeT-STATE: close\n", ("SeT-STATE: close",)),
        ("Hello\n> Set-State: close\n", ()),
        ("Hello\nSet-Top: box\n", ()),
        ("Hello\nset the state: close\n", ()),
        ("Set-State: whatever\n", ("Set-State: whatever",)),
        ("- Set-State: close\n", ("- Set-State: close",)),
        ("\u2022 Set-State: close\nHello\n", ("\u2022 Set-State: close",)),
        ("Hello\n\nFrom: A\nSent: Monday\nTo: B\nSubject: x\n\nSet-State: close\n", ()),
        ("Hello\n\nOn Mon, 6 Oct 2008 at 12:30, S <s@x.example> wrote:\n\nSet-State: close\n", ()),
        ("Yes.\n> Set-State: close\nNo.\nSet-State: open\n", ("Set-State: open",)),
    ],
)
def test_command_lines_below_the_text_are_found(rest: str, found: tuple[str, ...]) -> None:
    assert strays(rest) == found


@pytest.mark.parametrize(
    "value",
    ["a@b.org <mailto:a@b.org>", "a@b.org<mailto:a@b.org>", "<mailto:a@b.org>", "[a@b.org](mailto:a@b.org)",
     "mailto:a@b.org", "A B <a@b.org<mailto:a@b.org>>"],
)  # fmt: skip
def test_addresses_as_clients_render_their_links(value: str) -> None:
    assert value_of(f"Set-Partner: {value}") == "a@b.org"
    assert value_of(f"Set-Cc: +{value}") == ("+a@b.org",)


def test_a_user_by_address_is_known_by_it_however_it_is_rendered() -> None:
    assert value_of("Set-User: ede@mycompany.com <mailto:ede@mycompany.com>") == "ede@mycompany.com"


@pytest.mark.parametrize(
    ("text", "found", "rest"),
    [
        ("Set-Cc: +a@b.org,\n+c@d.org\nHello", ("Set-Cc: +a@b.org, +c@d.org",), "Hello"),
        ("Set-Cc: a@b.org;\n  c@d.org;\n e@f.org\nHello", ("Set-Cc: a@b.org; c@d.org; e@f.org",), "Hello"),
        ("Set-Cc: a@b.org,\n\nc@d.org", ("Set-Cc: a@b.org,",), "c@d.org"),
        ("Set-Cc: a@b.org,\nHello", ("Set-Cc: a@b.org,",), "Hello"),
        ("Set-Cc: a@b.org,\nSet-User: e@f.org", ("Set-Cc: a@b.org,", "Set-User: e@f.org"), ""),
        ("Set-Cc: a@b.org\nc@d.org is his address", ("Set-Cc: a@b.org",), "c@d.org is his address"),
        ("Set-Cc: a@b.org,\n> c@d.org", ("Set-Cc: a@b.org,",), "> c@d.org"),
        ("Set-Subject: one,\ntwo@x", ("Set-Subject: one,",), "two@x"),
    ],
)
def test_a_list_of_addresses_goes_on_behind_a_comma(text: str, found: tuple[str, ...], rest: str) -> None:
    assert split(text) == (found, rest)


def body(kind: str, text: str, encoding: str = "8bit", charset: str = "utf-8") -> str:
    """Return the commands of a mail with this one part, as `action=value`."""
    import base64
    import quopri

    data = text.encode(charset)
    coded = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}.get(encoding, bytes)(data)
    head = f"From: a@b.org\nContent-Type: {kind}; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    commands, complaints, rest = read(parse(head.encode() + coded).text)
    assert complaints == ()
    return " ".join(f"{one.action}={one.value}" for one in commands) + f" | {rest.strip()}"


@pytest.mark.parametrize(
    "html",
    [
        "<div class=WordSection1><p class=MsoNormal>Set-State: pending<o:p></o:p></p>"
        "<p class=MsoNormal>Set-User: ede<o:p></o:p></p>"
        "<p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>Hello<o:p></o:p></p></div>",
        "<p>Set-State: pending<br>\n    Set-User: ede<br>\n  </p><p>Hello<br></p>",
        "<p>Set-State: pending</p><p>Set-User: ede</p><p><br></p><p>Hello</p>",
        '<div dir="ltr">Set-State: pending<div>Set-User: ede</div><div><br></div><div>Hello</div></div>',
        '<div dir="auto">Set-State: pending<div dir="auto">Set-User: ede</div><div dir="auto">Hello</div></div>',
        '<body style="word-wrap: x"><div>Set-State: pending</div><div>Set-User: ede</div><div>Hello</div></body>',
        "<html><body><pre>Set-State: pending\nSet-User: ede\n\nHello\n</pre></body></html>",
        "<div>Set-State:&nbsp;pending</div><div>Set-User:&nbsp;ede</div><div>&nbsp;</div><div>Hello</div>",
        '<table width="100%"><tr><td style="font-size:14px">Set-State: pending<br>Set-User: ede<br><br>Hello</table>',
        '<div style="display:none">Preview&nbsp;&zwnj;</div><b>Set-State: pending</b><br>Set-User: ede<p>Hello',
        "<ul style='display:none'><li>x</ul><div><span>Set</span>-State: pending</div>Set-User: ede<hr>Hello",
        "&#65279;Set&#8209;State&#65306; pending<br>&#8203;Set-User: ede<br>Hello",
    ],
)
def test_html_of_many_clients(html: str) -> None:
    for encoding in ("8bit", "quoted-printable", "base64"):
        assert body("text/html", html, encoding) == "state=pending user=ede | Hello"


@pytest.mark.parametrize(
    "text",
    ["Set-State: pending\nSet-User: ede\n\nHello", "Set-State: pending\r\nSet-User: ede\r\n\r\nHello\r\n",
     "Set-State: pending\rSet-User: ede\rHello\r", "Set-State: pending\u2028Set-User: ede\u2028Hello",
     "\ufeff\n\xa0\nSet-State:\xa0pending\xa0\nSet-User: ede\n\xa0\nHello"],
)  # fmt: skip
def test_plain_text_however_it_is_transferred(text: str) -> None:
    for encoding in ("8bit", "quoted-printable", "base64"):
        assert body("text/plain", text, encoding) == "state=pending user=ede | Hello"
    for charset in ("utf-16", "utf-16-le", "utf-8"):
        assert body("text/plain", text, "base64", charset) == "state=pending user=ede | Hello"


def test_flowed_text() -> None:
    kind = "text/plain; format=flowed; delsp=yes"
    assert body(kind, "Set-State: pending\nSet-User: ede\n\nHel \nlo\n") == "state=pending user=ede | Hello"
    assert body(kind, " Set-State: pending \nSet-User: ede\nHello") == "state=pending user=ede | Hello"


def test_commands_below_a_banner_or_a_greeting_are_text_and_told() -> None:
    html = "<table><tr><td>CAUTION: this mail came from outside.</table><p>Hello</p><p>Set-State: pending</p>"
    mail = parse(f"From: a@b.org\nContent-Type: text/html\n\n{html}".encode())
    commands, _, rest = read(mail.text)
    assert commands == ()
    assert strays(rest) == ("Set-State: pending",)


def test_quoted_commands_in_html_are_nobodys() -> None:
    html = "<p>Hello</p><blockquote type=cite><p>Set-State: pending</p></blockquote><p>Set-State: pending</p>"
    mail = parse(f"From: a@b.org\nContent-Type: text/html\n\n{html}".encode())
    assert strays(read(mail.text)[2]) == ("Set-State: pending",)
    mail = parse(mail.raw.replace(b"</blockquote><p>Set-State: pending</p>", b"</blockquote>"))
    assert strays(read(mail.text)[2]) == ()


def test_a_hundred_lines_are_carried_out_and_more_are_none() -> None:
    line = "Set-Cc: +a@b.example\n"
    commands, complaints, rest = read(line * 100 + "\nHello\n")
    assert (len(commands), complaints, rest) == (100, (), "Hello\n")
    commands, complaints, rest = read(line * 101 + "\nHello\n")
    assert (commands, rest) == ((), "Hello\n")
    assert [(one.line, one.reason) for one in complaints] == [
        (line.strip(), "there are more than 100 such lines; none was carried out")
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Ｓｅｔ－Ｒｅｌａｙ：no",
        "Set-Relay = no",
        '"Set-Relay: no"',
        "`Set-Relay: no`",
        "Set-Relay no",
        "/Set-Relay: no/",
    ],
)
def test_what_was_meant_for_a_command_is_one(line: str) -> None:
    commands, complaints, rest = read(f"{line}\n\nWords\n")
    assert [(one.action, one.value) for one in commands] == [("relay", False)]
    assert (complaints, rest) == ((), "Words\n")


@pytest.mark.parametrize(
    "line", ["Set-up of the printer fails", "Set-top box", "Set-Relays are on", "Set the state = open"]
)
def test_what_only_begins_like_a_command_is_text(line: str) -> None:
    assert read(f"{line}\n") == ((), (), f"{line}\n")


def test_a_wish_not_to_send_stops_the_mail_wherever_it_stands() -> None:
    commands, complaints, _ = read("[Logo]\nSet-Relay: no\n\nWords\n")
    assert commands == ()
    assert [(one.line, one.reason) for one in complaints] == [
        ("Set-Relay: no", "it stands below the text, where no command counts")
    ]
    assert read("Words\n\nSet-State: open\n")[1] == read("Words\n\n> Set-Relay: no\n")[1] == ()
