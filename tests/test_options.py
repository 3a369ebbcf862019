"""The command line of the main job: what is read without click, and what is left to it."""

from __future__ import annotations

import pytest

from mailgate.options import MAIN, read_plain


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("", {}),
        ("-u3 -padmin -ssupport -esupport@mycompany.com",
         {"user": "3", "password": "admin", "section": "support", "email": "support@mycompany.com"}),
        ("-u 3 -p admin -s 12 -e a@b", {"user": "3", "password": "admin", "section": "12", "email": "a@b"}),
        ("--user 3 --password x --section S --email a@b",
         {"user": "3", "password": "x", "section": "S", "email": "a@b"}),
        ("--user=3 --email=a@b", {"user": "3", "email": "a@b"}),
        ("-mboss@b -dterp", {"default": "boss@b", "dbname": "terp"}),
        ("--default=boss@b --dbname=terp --host=erp --port=8070",
         {"default": "boss@b", "dbname": "terp", "host": "erp", "port": "8070"}),
        ("--host erp --port 8070", {"host": "erp", "port": "8070"}),
        ("-c /etc/m.yaml --recipient a@b --state /s", {"config": "/etc/m.yaml", "recipient": "a@b", "state": "/s"}),
        ("-c/etc/m.yaml", {"config": "/etc/m.yaml"}),
        ("--config=/a=b.yaml", {"config": "/a=b.yaml"}),
        ("--password=", {"password": ""}),
        ("-p -u3", {"password": "-u3"}),
        ("-u3 -u4", {"user": "4"}),
    ],
)  # fmt: skip
def test_every_form_of_the_command_line(line: str, values: dict[str, str]) -> None:
    assert read_plain(line.split()) == values


@pytest.mark.parametrize(
    "line",
    ["--help", "-h", "check", "-u3 explain", "hold list", "-x", "-X3", "--usr 3", "--user", "-u", "-u3 -p", "--", "-",
     "--user 3 extra", "--version", "--us=3", "3"],
)  # fmt: skip
def test_what_is_not_plain_goes_to_click(line: str) -> None:
    assert read_plain(line.split()) is None


def test_an_empty_word_and_a_value_with_blanks() -> None:
    assert read_plain([""]) is None
    assert read_plain(["-p", "two words", "--host", ""]) == {"password": "two words", "host": ""}


def test_each_option_is_read_in_all_its_forms() -> None:
    for option in MAIN:
        forms = [[option.long, "v"], [f"{option.long}=v"]]
        forms += [[option.short, "v"], [f"{option.short}v"]] if option.short else []
        for words in forms:
            assert read_plain(words) == {option.key: "v"}, words


def test_names_and_keys_are_unique_and_documented() -> None:
    shorts = [option.short for option in MAIN if option.short]
    assert len(set(shorts)) == len(shorts)
    assert len({option.long for option in MAIN}) == len({option.key for option in MAIN}) == len(MAIN)
    assert all(option.help and option.metavar for option in MAIN)
    assert {"-u", "-p", "-e", "-s", "-m", "-d"} <= set(shorts), "the original's letters"
    assert {"--host", "--port", "--default", "--dbname"} <= {option.long for option in MAIN}
