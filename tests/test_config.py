"""The configuration: what a file may say, what each wrong one is told, and what the command line changes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mailgate import config as room
from mailgate.config import cache as cache_room
from mailgate.config import choose, find, from_options, load, load_cached, options, override, resolve, shown
from mailgate.config.rows import Option
from mailgate.options import MAIN
from mailgate.policy import (
    DAY,
    HOUR,
    MB,
    MINUTE,
    Authentication,
    Config,
    Erp,
    Limits,
    Mailbox,
    Secret,
    Smtp,
    SmtpServer,
    Trust,
)
from mailgate.status import ConfigError, UsageError

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
BAD = sorted((HERE / "bad_configs").glob("*.yaml"))
GOOD = "authentication: {trust_from: [mycompany.com]}\nmailboxes: [{address: support@mycompany.com}]\n"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine reaches a test, and no test leaves a cache behind."""
    monkeypatch.delenv("MAILGATE_CONFIG", raising=False)
    monkeypatch.setenv("MAILGATE_STATE", str(tmp_path / "no-state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("MAILGATE_ERP_PASSWORD", "geheim")


def read(text: str) -> Config:
    return load("test.yaml", text.encode())


# --- files that are wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", BAD, ids=[path.stem for path in BAD])
def test_a_wrong_file_is_told_the_line_the_key_and_the_mend(path: Path) -> None:
    wanted = path.with_suffix(".error").read_text().rstrip("\n").replace("user id 0", f"user id {os.geteuid()}")
    with pytest.raises(ConfigError) as caught:
        load(path.name, path.read_bytes())
    said = str(caught.value)
    if "this is not YAML" in wanted and not yaml.__with_libyaml__:  # the Python parser has words of its own
        wanted, said = wanted.split("YAML:")[0], said.split("YAML:")[0]
    assert said == wanted
    assert "geheim" not in wanted
    assert re.match(rf"{re.escape(path.name)}:[0-9]+: ", wanted)


def test_every_wrong_file_has_its_error_and_every_error_its_file() -> None:
    assert {path.stem for path in BAD} == {path.stem for path in (HERE / "bad_configs").glob("*.error")}
    assert len(BAD) > 100


def test_a_file_that_cannot_be_read_or_is_something_else(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"/none\.yaml: cannot be read: No such file or directory"):
        load("/none.yaml")
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * 300_000)
    with pytest.raises(ConfigError, match=r"large\.yaml:1: this is no configuration: it has more than 256 KB"):
        load(str(large))


@pytest.mark.parametrize("text", ["- " * 60000, "{a: " * 50000, "? " * 60000, "[" * 99999 + "]" * 99999])
def test_nesting_without_end_is_an_error_and_no_crash(text: str) -> None:
    with pytest.raises(ConfigError):
        read(text)


# --- files that are right --------------------------------------------------------------------------------------------


def test_the_smallest_file_has_every_default() -> None:
    mailboxes = (Mailbox("support@mycompany.com"),)
    wanted = Config("test.yaml", mailboxes, authentication=Authentication(trust_from=("mycompany.com",)))
    assert read(GOOD) == wanted
    assert read("\ufeff" + GOOD) == wanted
    assert read(GOOD.replace("\n", "\r\n")) == wanted


EVERYTHING = """
state: /srv/mailgate
deadline: 5 min
when_down: keep
give_up: 2 days
journal: {keep: 1.5 h}
log: /var/log/mailgate.log
freemail: [Gmail.com]
hello: gate.mycompany.com
erp:
  kind: crm.case
  url: https://erp.mycompany.com:8443/
  database: 2024
  user: gateway
  password: 0123
  settle: 0
  remember: 90
  ca_file: FILE
smtp:
  - {host: one, port: 587, tls: starttls, user: u, password: {file: FILE}, ca_file: FILE}
  - {host: two, tls: tls}
  - {host: "2001:db8::1", tls: no}
authentication:
  trust_from: true
  trust: [{authserv_id: mx.mycompany.com, strips: yes}, {authserv_id: other}]
  hosts: [mx.mycompany.com]
  internal: on
limits: {message: 1 GB, attachment: 500 KB, parts: 7, relays: 8, answers: 0, received: 9, types: [.EXE, application/*]}
section: 12
default: root@mycompany.com
states: {new: open}
tag: "[SUP#{id}]"
mailboxes:
  - address: support@mycompany.com
    section: "12"
    aliases: [help@mycompany.com]
    name: Support Team
    default: boss@mycompany.com
    notify: [a@mycompany.com, b@mycompany.com]
    states: {new: no, responsible: pending, partner: keep}
    reopen: 2 weeks
    partners: address
    strangers: attach
    automatic: new
    commands: {who: users, report: always}
    quotes: keep
    attach_original: html
    relay: {from: original}
    internal_attachments: true
    acknowledge: |
      Thank you.
      Your case is {id}.
    plus: yes
    channel: 4
  - address: bugs@mycompany.com
"""

ODOO = """
authentication: {trust_from: [mycompany.com]}
erp:
  kind: odoo
  url: https://odoo.mycompany.com
  transport: xmlrpc
  database: production
  user: mailgate@mycompany.com
  api_key: 0123
  password: 4567
model: project.task
stages: {open: In Progress, close: [7, "8", Done]}
fields: {cost: x_cost, channel: no}
mailboxes:
  - address: support@mycompany.com
    model: helpdesk.ticket
    section: Support
    tag: "[{number}]"
    relay: {by: erp}
    internal_attachments: no
    stages: {draft: [], open: [], pending: Waiting, close: [Solved, Closed], cancel: 9}
    priorities: {1: 3, 2: Hoch, 3: "1", 4: Low, 5: 0}
    fields:
      contact: x_contact
      description: auto
      category: no
      channel: auto
      deadline: date_2
      cost: "no"
      revenue: x_revenue
      probability: x_probability
  - {address: tasks@mycompany.com, section: 3}
"""


def referring(secret: Path, text: str = EVERYTHING) -> str:
    """A file as above with all its secrets elsewhere."""
    text = text.replace("FILE", str(secret)).replace("api_key: 0123", "api_key: {command: [cat, /etc/hostname]}")
    return re.sub("password: [0-9]+", "password: {env: MAILGATE_ERP_PASSWORD}", text)


def test_every_option_arrives_where_it_belongs(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("x\n")
    path = str(file)
    support = Mailbox(
        "support@mycompany.com", "12", "crm.case", ("help@mycompany.com",), "Support Team", "boss@mycompany.com",
        ("a@mycompany.com", "b@mycompany.com"), "[SUP#{id}]", None, "pending", "keep", 14 * DAY, "address", "attach",
        "new", "users", "always", "keep", "html", "original", "gateway", True, "Thank you.\nYour case is {id}.\n", True,
        4,
    )  # fmt: skip
    bugs = Mailbox("bugs@mycompany.com", 12, default="root@mycompany.com", tag="[SUP#{id}]", states_new="open")
    servers = (
        SmtpServer("one", 587, "starttls", "u", Secret(file=path), path),
        SmtpServer("two", 465, "tls"),
        SmtpServer("2001:db8::1"),
    )
    trust = (Trust("mx.mycompany.com", True), Trust("other"))
    erp = Erp(
        "https://erp.mycompany.com:8443", "crm.case", "auto", "2024", "gateway", Secret(value="0123"), None, 0, 90, path
    )
    wanted = Config(
        "test.yaml",
        (support, bugs),
        erp,
        Smtp(servers, (), "gate.mycompany.com"),
        Authentication(True, trust, ("mx.mycompany.com",), True),
        Limits(1024 * MB, 500 * 1024, 7, 8, 0, 9, (".exe", "application/*")),
        "/srv/mailgate",
        5 * MINUTE,
        "keep",
        2 * DAY,
        1.5 * HOUR,
        "/var/log/mailgate.log",
        ("gmail.com",),
    )
    assert read(EVERYTHING.replace("FILE", path)) == wanted


def test_the_table_of_that_test_leaves_no_option_out() -> None:
    keys = set(re.findall(r"\b(\w+):", EVERYTHING + ODOO))
    assert {part for row in options() for part in row.key.split(".")} - keys == {"sendmail"}
    smtp = read(GOOD + "smtp: {sendmail: [/usr/sbin/sendmail, -oi]}\nhello: x\n").smtp
    assert smtp == Smtp(servers=(), sendmail=("/usr/sbin/sendmail", "-oi"), hello="x")


def test_every_option_for_odoo_arrives_where_it_belongs() -> None:
    support = Mailbox(
        "support@mycompany.com", "Support", "helpdesk.ticket", tag="[{number}]", relay_by="erp",
        internal_attachments=False, stages_draft=(), stages_open=(), stages_pending=("Waiting",),
        stages_close=("Solved", "Closed"), stages_cancel=(9,), priorities_1="3", priorities_2="Hoch", priorities_3="1",
        priorities_4="Low", priorities_5="0", fields_contact="x_contact", fields_description="auto",
        fields_category=None, fields_channel="auto", fields_deadline="date_2", fields_cost=None,
        fields_revenue="x_revenue", fields_probability="x_probability",
    )  # fmt: skip
    tasks = Mailbox(
        "tasks@mycompany.com", 3, "project.task", stages_open=("In Progress",), stages_close=(7, "8", "Done"),
        fields_cost="x_cost", fields_channel=None,
    )  # fmt: skip
    erp = Erp(
        "https://odoo.mycompany.com", "odoo", "xmlrpc", "production", "mailgate@mycompany.com", Secret(value="4567"),
        Secret(value="0123"),
    )  # fmt: skip
    made = read(ODOO)
    assert made.mailboxes == (support, tasks)
    assert made.erp == erp


LEADS = """
authentication: {trust_from: []}
erp: {kind: odoo, database: production, user: 7, password: {env: MAILGATE_ERP_PASSWORD}}
mailboxes: [{address: sales@mycompany.com, model: crm.lead}, {address: support@mycompany.com, model: project.task}]
"""


@pytest.mark.parametrize(
    ("more", "sales", "support"),
    [
        ("", ("keep", "keep"), ("close", "open")),
        ("states: {new: open}\n", ("keep", "keep"), ("close", "open")),
        ("states: {responsible: pending}\n", ("pending", "keep"), ("pending", "open")),
        ("states: {partner: open}\n", ("keep", "open"), ("close", "open")),
        ("states: {responsible: close, partner: keep}\n", ("close", "keep"), ("close", "keep")),
    ],
)
def test_a_lead_keeps_its_state_unless_the_file_says_otherwise(
    more: str, sales: tuple[str, str], support: tuple[str, str]
) -> None:
    made = read(LEADS + more)
    assert [(box.states_responsible, box.states_partner) for box in made.mailboxes] == [sales, support]
    assert load(made.source, shown(made).encode()) == made


def test_a_lead_keeps_its_state_also_where_the_model_stands_at_the_top() -> None:
    own = "{address: sales@mycompany.com, states: {responsible: close}}"
    made = read(LEADS.replace("{address: sales@mycompany.com, model: crm.lead}", own) + "model: crm.lead\n")
    assert [(box.model, box.states_responsible, box.states_partner) for box in made.mailboxes] == [
        ("crm.lead", "close", "keep"),
        ("project.task", "close", "open"),
    ]


@pytest.mark.parametrize(
    ("more", "user", "password"),
    [
        ("transport: json2, api_key: k", "", Secret()),
        ("transport: json2, api_key: k, user: 7, password: p", 7, Secret(value="p")),
        ("api_key: k, user: mailgate", "mailgate", Secret()),
        ("transport: xmlrpc, password: admin, user: mailgate", "mailgate", Secret(value="admin")),
    ],
)
def test_nothing_of_tiny_erp_stands_in_for_odoos_user(more: str, user: int | str, password: Secret) -> None:
    one = "authentication: {trust_from: []}\nmailboxes: [{address: s@x.com, model: project.task}]\n"
    made = read(one + f"erp: {{kind: odoo, database: d, {more}}}\n")
    assert (made.erp.user, made.erp.password, resolve(made.erp.password)) == (user, password, password.value)
    again = load(made.source, shown(made).encode())
    assert again.erp.but(api_key=None, password=password) == made.erp.but(api_key=None)
    assert again.erp.password == password or "(not shown)" in shown(made)


def test_what_goes_with_odoo_alone_may_be_said_as_the_default_is_or_is_not_shown() -> None:
    assert read(GOOD + "model: crm.case\nrelay: {by: gateway}\nstates: {partner: keep}\n").erp == Erp()
    assert not re.search("transport|api_key|stages|priorities|fields", shown(read(GOOD)))


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("no", False), ("auto", None)])
def test_internal_attachments_are_yes_no_or_as_the_erp_wants_it(text: str, value: bool | None) -> None:
    made = read(GOOD + f"internal_attachments: {text}\n")
    assert made.mailboxes[0].internal_attachments is value
    assert load(made.source, shown(made).encode()) == made


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90 s", 90), ("90s", 90), ("1 minute", 60), ("10 min", 600), ("0.2 h", 720), ("90 seconds", 90)],
)
def test_durations_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert read(GOOD + f"deadline: {text}\n").deadline == seconds


def test_one_smtp_server_may_stand_without_a_list() -> None:
    assert read(GOOD + "smtp: {host: relay}\n").smtp == Smtp(servers=(SmtpServer("relay"),))


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_secrets_are_read_at_their_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "password"
    file.write_bytes("grüße \r\nsecond line\n".encode())
    assert resolve(Secret(value="inline")) == "inline"
    assert resolve(Secret(file=str(file))) == "grüße "
    assert resolve(Secret(env="MAILGATE_ERP_PASSWORD")) == "geheim"
    assert resolve(Secret(command=("printf", "%s\n%s", "a b;$HOME", "more"))) == "a b;$HOME"
    assert resolve(Secret()) == ""


def test_a_secret_that_cannot_be_had_names_the_place_and_the_mend(tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty", tmp_path / "binary"
    empty.write_text("\ngeheim\n")
    binary.write_bytes(b"\xff\xfegeheim")
    for secret, said in (
        (Secret(file=str(tmp_path)), f"the password file {tmp_path} cannot be read by user id"),
        (Secret(file=str(empty)), f"the password file {empty} is empty: write the password on its first line"),
        (Secret(file=str(binary)), f"the password file {binary} does not hold UTF-8 text"),
        (Secret(env="MAILGATE_NOT_SET"), "the environment variable MAILGATE_NOT_SET for a password is not set"),
        (Secret(command=("/none/pass", "erp")), "the password command /none/pass cannot be run (No such file"),
        (Secret(command=("sh", "-c", "echo geheim; exit 3")), "the password command sh ended with status 3"),
        (Secret(command=("true",)), "the password command true is empty: it must print the password"),
    ):
        with pytest.raises(ConfigError) as caught:
            resolve(secret)
        assert str(caught.value).startswith(said)
        assert "geheim" not in str(caught.value) + caught.value.detail


def test_a_password_command_that_waits_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailgate.config.secret.PATIENCE", 0.1)
    with pytest.raises(ConfigError, match=r"gave no answer in 0\.1 s: it must not ask for anything"):
        resolve(Secret(command=("sleep", "9")))


# --- the command line ------------------------------------------------------------------------------------------------


def test_the_original_command_line_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAILGATE_STATE")
    made = from_options({"user": "3", "password": "admin", "section": "support", "email": "support@mycompany.com"})
    wanted = Mailbox("support@mycompany.com", "support")
    assert (made.erp.kind, made.mailboxes[0].model) == ("crm.case", "crm.case")
    assert made == Config("the command line", (wanted,), authentication=Authentication(trust_from=True))
    assert made.state == "/var/lib/mailgate"


def test_every_option_of_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, str | int | None] = {
        "email": "s@x.com", "section": "7", "default": "root@x.com", "user": "gateway", "password": "p", "dbname": "db",
        "host": "erp.x.com", "port": 8070, "state": None,
    }  # fmt: skip
    made = from_options(given)
    assert made.mailboxes == (Mailbox("s@x.com", 7, default="root@x.com"),)
    assert made.erp == Erp("http://erp.x.com:8070", database="db", user="gateway", password=Secret(value="p"))
    assert made.state == os.environ["MAILGATE_STATE"]
    assert from_options(given | {"state": "/srv/m"}).state == "/srv/m"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "-e is missing"),
        ({"email": "support"}, "-e must be an address"),
        ({"email": "a@x.com", "default": "root"}, "-m must be an address"),
        ({"email": "a@x.com", "port": "http"}, "--port a number"),
        ({"email": "a@x.com", "port": 70000}, "--port a number"),
        ({"email": "a@x.com", "host": "http://erp"}, "--host must be"),
        ({"email": "a@x.com", "host": "a b"}, "--host must be"),
        ({"email": "a@x.com", "state": "var"}, "absolute path"),
    ],
)
def test_a_wrong_command_line_is_refused(given: dict[str, str | int | None], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_options(given)
    assert said in str(caught.value)


TWO = read(
    """
authentication: {trust_from: []}
state: /srv/mailgate
erp: {url: "https://erp:8443", user: gateway, password: p}
mailboxes:
  - {address: support@mycompany.com, section: support, aliases: [Help@MyCompany.com]}
  - {address: bugs@mycompany.com, section: bugs, default: root@mycompany.com, plus: yes}
"""
)


def test_the_command_line_goes_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAILGATE_STATE")
    assert override(TWO, {}) == TWO
    assert override(TWO, {"user": 3, "password": "", "dbname": "d"}).erp == TWO.erp.but(
        user=3, password=Secret(value=""), database="d"
    )
    for given, url in (
        ({"host": "other"}, "https://other:8443"),
        ({"port": 1}, "https://erp:1"),
        ({"host": "::1", "port": "99"}, "https://[::1]:99"),
    ):
        assert override(TWO, given).erp.url == url
    no_port = TWO.but(erp=Erp("http://[::1]"))
    assert override(no_port, {"user": 1}).erp.url == "http://[::1]"
    assert override(no_port, {"host": "h"}).erp.url == "http://h"
    monkeypatch.setenv("MAILGATE_STATE", "/run/m")
    assert override(TWO, {}).state == "/run/m"
    assert override(TWO, {"state": "/opt/m"}).state == "/opt/m"


def test_section_and_default_of_the_command_line_hold_for_the_mailbox_of_e() -> None:
    made = override(TWO, {"email": "BUGS@mycompany.com", "section": 9, "default": "x@mycompany.com"})
    assert made.mailboxes == (TWO.mailboxes[0], TWO.mailboxes[1].but(section=9, default="x@mycompany.com"))
    alone = TWO.but(mailboxes=TWO.mailboxes[:1])
    assert override(alone, {"section": "x"}).mailboxes[0].section == "x"
    with pytest.raises(UsageError, match=r"-s and -m take -e too: test\.yaml has several mailboxes"):
        override(TWO, {"section": "x"})
    with pytest.raises(UsageError, match="-e a@b is no mailbox"):
        override(TWO, {"section": "x", "email": "a@b"})


@pytest.mark.parametrize(
    ("email", "recipient", "seen", "mailbox"),
    [
        ("bugs@mycompany.com", "support@mycompany.com", ["support@mycompany.com"], 1),
        ("HELP@mycompany.com", None, [], 0),
        (None, "Support@MyCompany.com", ["bugs@mycompany.com"], 0),
        (None, "help@mycompany.com", [], 0),
        (None, "fetchmail", ["x@y.z", "bugs@mycompany.com", "support@mycompany.com"], 1),
        (None, None, ["bugs+urgent@mycompany.com"], 1),
        (None, None, ["support+urgent@mycompany.com", "help@mycompany.com"], 0),
    ],
)
def test_the_mailbox_is_chosen(email: str | None, recipient: str | None, seen: list[str], mailbox: int) -> None:
    assert choose(TWO, email, recipient, seen) is TWO.mailboxes[mailbox]


def test_a_single_mailbox_takes_everything_but_a_wrong_e() -> None:
    alone = TWO.but(mailboxes=TWO.mailboxes[:1])
    assert choose(alone, None, "who@ever", []) is alone.mailboxes[0]
    with pytest.raises(UsageError, match=r"-e bugs@mycompany\.com is no mailbox of test\.yaml"):
        choose(alone, "bugs@mycompany.com", None, [])


def test_where_nothing_tells_the_mailbox_the_error_says_what_to_do() -> None:
    with pytest.raises(ConfigError) as caught:
        choose(TWO, None, None, ["support+x@mycompany.com", "", "bugs"])
    assert "say -e with one of support@mycompany.com, bugs@mycompany.com" in str(caught.value)
    assert "aliases:" in str(caught.value)


def test_the_file_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(room, "DEFAULT_FILE", str(tmp_path / "mailgate.yaml"))
    assert find(None) is None
    (tmp_path / "mailgate.yaml").write_text(GOOD)
    assert find(None) == str(tmp_path / "mailgate.yaml")
    monkeypatch.setenv("MAILGATE_CONFIG", "/other.yaml")
    assert find(None) == "/other.yaml"
    assert find("/mine.yaml") == "/mine.yaml"


# --- shown -----------------------------------------------------------------------------------------------------------


def test_what_is_shown_means_the_same(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("x\n")
    for text in (
        GOOD,
        referring(file),
        referring(file, ODOO),
        LEADS,
        GOOD + "smtp: {sendmail: [/bin/sendmail]}\n",
    ):
        made = read(text)
        assert load(made.source, shown(made).encode()) == made


def test_no_secret_is_shown() -> None:
    odoo = shown(read(ODOO.replace("0123", "geheim-key").replace("4567", "geheim-erp")))
    assert "geheim" not in odoo
    assert odoo.count("(not shown)") == 2
    smtp = "smtp: {user: u, password: geheim-smtp}\n"
    text = shown(read(GOOD + smtp + "erp: {password: geheim-erp}\n"))
    assert "geheim" not in text
    assert text.count("(not shown)") == 2
    assert text.startswith("# test.yaml\n")
    assert "env: MAILGATE_ERP_PASSWORD" in shown(read(GOOD + "erp: {password: {env: MAILGATE_ERP_PASSWORD}}\n"))


# --- cache -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration file that was not changed lately, with a state folder to keep its cache in."""
    (tmp_path / "no-state").mkdir()
    (tmp_path / "secret").write_text("x\n")
    path = tmp_path / "mailgate.yaml"
    write(path, referring(tmp_path / "secret"))
    monkeypatch.setattr(cache_room, "FRESH", -1)
    return path


def write(path: Path, text: str) -> None:
    path.write_text(text)


def kept(path: Path) -> Path:
    (only,) = (path.parent / "no-state").iterdir()
    return only


def hits(path: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the next load takes the cache; either way it must return what the YAML says."""
    calls = []

    def counted(path: str, text: bytes | None = None) -> Config:
        calls.append(path)
        return load(path, text)

    with monkeypatch.context() as patch:
        patch.setattr(room, "load", counted)
        assert load_cached(str(path)) == load(str(path))
    return not calls


def test_an_unchanged_file_is_read_as_yaml_once(settled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [hits(settled, monkeypatch) for _ in range(3)] == [False, True, True]
    assert kept(settled).stat().st_mode & 0o777 == 0o600


def test_any_change_of_the_file_is_seen(settled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hits(settled, monkeypatch)
    about = settled.stat()
    write(settled, settled.read_text().replace("/srv/mailgate", "/srv/mailgat2"))  # same size,
    os.utime(settled, ns=(about.st_atime_ns, about.st_mtime_ns))  # same time
    assert hits(settled, monkeypatch) is False
    assert hits(settled, monkeypatch) is True
    settled.replace(settled.with_suffix(".old"))
    write(settled, GOOD)
    assert hits(settled, monkeypatch) is False


def test_a_file_changed_just_now_is_not_kept(settled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_room, "FRESH", 3600)
    hits(settled, monkeypatch)
    assert list((settled.parent / "no-state").iterdir()) == []


@pytest.mark.parametrize("where", ["erp: {password: geheim-1}\n", "smtp: {user: u, password: geheim-2}\n"])
def test_a_written_secret_is_never_kept(settled: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(settled, GOOD + where)
    assert [hits(settled, monkeypatch) for _ in range(2)] == [False, False]
    assert list((settled.parent / "no-state").iterdir()) == []


def test_a_configuration_for_odoo_is_kept_but_for_a_key_in_it(settled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = referring(settled.parent / "secret", ODOO)
    write(settled, text)
    assert [hits(settled, monkeypatch) for _ in range(2)] == [False, True]
    kept(settled).unlink()
    for key in ("geheim-3", "admin"):
        write(settled, text.replace("{command: [cat, /etc/hostname]}", key))
        assert [hits(settled, monkeypatch) for _ in range(2)] == [False, False]
    assert list((settled.parent / "no-state").iterdir()) == []


Spoil = Callable[[Path], object]


def spoil_text(cached: Path) -> None:
    cached.write_text("{")


def spoil_shape(cached: Path) -> None:
    data = json.loads(cached.read_text())
    del data["config"]["mailboxes"][0]["address"]
    cached.write_text(json.dumps(data))


def spoil_code(cached: Path) -> None:
    data = json.loads(cached.read_text())
    data["stamp"][2][0] += 1
    cached.write_text(json.dumps(data))


def spoil_mode(cached: Path) -> None:
    cached.chmod(0o620)


def spoil_link(cached: Path) -> None:
    cached.rename(cached.parent.parent / "elsewhere")
    cached.symlink_to(cached.parent.parent / "elsewhere")


def spoil_pipe(cached: Path) -> None:
    cached.unlink()
    os.mkfifo(cached)


@pytest.mark.parametrize("spoil", [spoil_text, spoil_shape, spoil_code, spoil_mode, spoil_link, spoil_pipe])
def test_a_cache_that_is_not_right_is_not_believed(
    settled: Path, spoil: Spoil, monkeypatch: pytest.MonkeyPatch
) -> None:
    hits(settled, monkeypatch)
    spoil(kept(settled))
    assert hits(settled, monkeypatch) is False
    assert hits(settled, monkeypatch) is True


def test_a_cache_of_somebody_else_is_not_believed(settled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hits(settled, monkeypatch)
    owner = os.geteuid()
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: owner + 1)
        assert hits(settled, monkeypatch) is False


def test_without_a_state_folder_the_cache_is_in_the_home(settled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (settled.parent / "no-state").rmdir()
    assert [hits(settled, monkeypatch) for _ in range(2)] == [False, True]
    assert (settled.parent / "cache" / "mailgate").stat().st_mode & 0o777 == 0o700
    assert not (settled.parent / "no-state").exists()


def test_where_nothing_can_be_kept_the_file_is_read_each_time(settled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (settled.parent / "no-state").rmdir()
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    assert [hits(settled, monkeypatch) for _ in range(2)] == [False, False]


def test_the_cached_way_imports_no_yaml(settled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hits(settled, monkeypatch)
    late = {"yaml", "typing", "dataclasses", "pathlib", "logging", "subprocess", "mailgate.config.rows"}
    code = f"import sys; from mailgate.config import load_cached; load_cached({str(settled)!r}); "
    code += f"print(sorted({late} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=HERE.parent)
    assert run.stdout == "[]\n", run.stderr


# --- docs ------------------------------------------------------------------------------------------------------------

MANUAL = (DOCS / "config.md").read_text()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split(" | ")]


def table_row(row: Option) -> str:
    return f"| `{row.key}` | {row.values} | {row.default_text} | {row.text} |"


@pytest.mark.parametrize("row", options(), ids=[row.name for row in options()])
def test_the_manual_has_each_option(row: Option) -> None:
    assert table_row(row) in MANUAL.splitlines()


def test_the_manual_has_no_option_that_is_not_there() -> None:
    listed = [line for line in MANUAL.splitlines() if re.match(r"\| `[a-z0-9_.]+` \|", line)]
    assert sorted(listed) == sorted(table_row(row) for row in options())


def test_the_defaults_in_the_manual_are_those_of_the_code() -> None:
    known = {row.name.removeprefix("mailboxes[]."): row.default_text for row in options()}
    section = MANUAL.split("## Defaults, and why", 1)[1].split("\n## ", 1)[0]
    table = [cells(line) for line in section.splitlines() if line.startswith("| ")][2:]
    assert len(table) >= 20
    for name, default, why in table:
        assert known[name] == default
        assert why
    specified = {"when_down", "deadline", "erp.settle", "give_up", "states.new", "states.responsible", "reopen",
                 "partners", "strangers", "automatic", "commands.who", "commands.report", "quotes", "attach_original",
                 "relay.from", "limits.answers", "limits.message", "limits.attachment", "limits.parts", "limits.relays",
                 "journal.keep", "relay.by", "states.partner", "erp.transport", "internal_attachments"}  # fmt: skip
    assert specified <= {name for name, _, _ in table}


def test_each_example_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    examples = sorted((DOCS / "examples").glob("*.yaml"))
    texts = [path.read_text() for path in examples] + re.findall(r"```yaml\n(.*?)```", MANUAL, re.S)
    assert len(examples) >= 3
    for name in ("mailgate.yaml", "odoo.yaml"):
        assert (DOCS / "examples" / name).read_text() in MANUAL
    password = tmp_path / "password"
    password.write_text("x\n")
    for text in texts:
        local = text.replace("/etc/mailgate.password", str(password)).replace("/etc/mailgate.key", str(password))
        if "authentication:" not in local:
            local += "\nauthentication: {trust_from: []}\n"
        if "mailboxes:" not in local:
            local += "\nmailboxes: [{address: support@mycompany.com}]\n"
        assert read(local).mailboxes[0].address == "support@mycompany.com"


def test_the_manual_has_each_option_of_the_command_line() -> None:
    for option in MAIN:
        assert option.long in MANUAL
        assert not option.short or f"`{option.short}`" in MANUAL


def test_every_row_fits_its_record() -> None:
    for row in options():
        if row.key not in ("erp", "smtp", "authentication", "limits", "mailboxes"):
            assert row.field in row.record._fields, row.name
            assert row.default is None or not row.high or row.low <= row.default <= row.high
            assert not row.choices or row.default in (*row.choices, None)
    covered = {(row.record, row.field) for row in options()}
    missing = [
        (record.__name__, field)
        for record in (Config, Erp, SmtpServer, Authentication, Trust, Limits, Mailbox)
        for field in record._fields
        if (record, field) not in covered
    ]
    assert missing == [("Config", "source")]
