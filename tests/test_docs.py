"""The documents against the program: keys, commands, links, and the README's own configuration."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest

from mailgate.cli import main
from mailgate.config import load
from mailgate.explain import explain
from mailgate.policy import Authentication, Config, Mailbox

PROJECT = Path(__file__).parent.parent
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]


def explained(tmp_path: Path) -> dict[str, Any]:
    """Return what explain gives without an ERP: every key is there."""
    config = Config("test", (Mailbox("support@mycompany.com"),), state=str(tmp_path / "none"),
                    authentication=Authentication(trust_from=True))  # fmt: skip
    raw = (PROJECT / "tests/mails/mixed_attachment.eml").read_bytes()
    return explain(raw, config.but(erp=config.erp.but(url="http://127.0.0.1:9")), "", lambda *_: config.mailboxes[0])


def test_every_key_of_explain_is_documented(tmp_path: Path) -> None:
    page = (PROJECT / "docs/explain.md").read_text()
    shown = explained(tmp_path)
    assert shown["not_asked"]
    assert shown["message"]["attachments"]
    for key in (*shown, *shown["message"], *shown["message"]["attachments"][0]):
        assert f"`{key}`" in page or f'"{key}"' in page, key


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_exists(page: Path) -> None:
    assert isinstance(main, click.Group)
    for word in re.findall(r"`mailgate ([a-z]+)", page.read_text()):
        assert word in main.commands, word


def test_the_readmes_configuration_is_read(tmp_path: Path) -> None:
    block = re.search(r"   ```yaml\n(.*?)   ```", (PROJECT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    (tmp_path / "secret").write_text("x\n")
    text = re.sub(r"(?m)^   ", "", block[1]).replace("/etc/mailgate.password", str(tmp_path / "secret"))
    config = load(str(tmp_path / "mailgate.yaml"), text.encode())
    assert config.mailboxes[0].section == "SSUP"


def test_the_flow_fits_a_screen_and_names_every_module() -> None:
    page = (PROJECT / "docs/flow.md").read_text()
    assert len(page.splitlines()) <= 70
    for module in (PROJECT / "mailgate").glob("*.py"):
        assert module.name in page or module.name == "__init__.py", module.name
