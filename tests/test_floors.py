"""The house has floors: a room may import only rooms below it, and the pure ones nothing that touches the world."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUSE = Path(__file__).parent.parent / "mailgate"

# Lowest first. A room may import only rooms that stand before it.
GROUND = ("record", "status", "model", "policy")
PURE = (
    *GROUND, "guessing", "japanese", "charset", "armor", "markup", "html", "quoting_words", "signing", "quoting",
    "text", "header", "address", "transfer", "mime", "downgrade", "rtf", "tnef", "cms", "body", "attached", "notes",
    "message", "prose", "bounce", "automatic", "match", "authentic", "sender", "commands", "wishes", "history",
    "question", "notices", "portions", "plan", "addressees", "cutting", "anew", "signed", "compose", "recorded",
)  # fmt: skip
PORTS = ("erp", "smtp", "journal", "config", "log")
PORTS_SEE = (*GROUND, "address", "downgrade")
STORY = ("desk", "facts", "outgoing", "deliver", "holding", "explain", "job", "checking", "replay")
DOORS = ("options", "cli", "__main__")
DEMO = (*PURE, *PORTS, *STORY, *DOORS)  # shows the whole house
# `job` arms the process's own deadline, which is the net's.
KNOWN = {("job.py", "mailgate.__main__ (function)")}
WORLD = frozenset(
    ("os", "time", "socket", "logging", "random", "secrets", "subprocess", "sqlite3", "syslog", "ssl", "smtplib",
     "http", "xmlrpc", "urllib.request", "threading", "signal", "tempfile", "shutil", "pathlib", "io", "uuid")
)  # fmt: skip
# What costs more to import than most messages cost to handle.
DEAR = ("dataclasses", "typing", "enum", "logging", "click", "yaml", "ssl", "html.parser", "email.policy",
        "email.headerregistry", "inspect", "pathlib", "urllib.parse")  # fmt: skip


def room_of(path: Path) -> str:
    """Return the room that a file belongs to: its package, or its own name."""
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


def files() -> list[Path]:
    return sorted(HOUSE.rglob("*.py"))


class Imports(ast.NodeVisitor):
    """Collects (module, how): how is `top`, `function` or `types` (for the type checker alone)."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self.how = "top"

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [(alias.name, self.how) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.level == 0, "imports are absolute here"
        module = node.module or ""
        whole = module == "mailgate"  # `from mailgate import notices` imports a room
        self.found += [(f"{module}.{alias.name}" if whole else module, self.how) for alias in node.names]

    def visit_If(self, node: ast.If) -> None:
        typed = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        self._inside("types" if typed else self.how, node.body)
        self._inside(self.how, node.orelse)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside("function" if self.how == "top" else self.how, node.body)

    def _inside(self, how: str, body: list[ast.stmt]) -> None:
        before, self.how = self.how, how
        for statement in body:
            self.visit(statement)
        self.how = before


def imports(path: Path) -> list[tuple[str, str]]:
    """Return what a file imports, and how."""
    seen = Imports()
    seen.visit(ast.parse(path.read_text(encoding="utf-8")))
    return seen.found


def own(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (room, module, how) of each of our modules that a file imports."""
    for module, how in imports(path):
        if module.split(".")[0] == "mailgate" and module != "mailgate":
            yield module.split(".")[1], module, how


def allowed(room: str) -> tuple[str, ...]:
    """Return the rooms that a room may import."""
    if room in PURE:
        return PURE[: PURE.index(room)]
    if room in PORTS:
        return (*PORTS_SEE, room)
    if room in STORY:
        return (*PURE, *PORTS, *STORY)
    if room in ("cli", "__main__"):
        return (*PURE, *PORTS, *STORY, *DOORS, *(("sandbox",) if room == "cli" else ()))
    return {"sandbox": ("record", "sandbox"), "options": ("record",), "__init__": ()}[room]


def test_every_room_stands_on_a_floor() -> None:
    known = {*PURE, *PORTS, *STORY, *DOORS, "sandbox", "__init__"}
    assert {room_of(path) for path in files()} == known


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_room_imports_only_rooms_below(path: Path) -> None:
    room = room_of(path)
    may = {*allowed(room), *(DEMO if path.name == "demo.py" else ())}
    breaches = [f"{module} ({how})" for other, module, how in own(path) if other not in may]
    breaches = [one for one in breaches if (str(path.relative_to(HOUSE)), one) not in KNOWN]
    assert breaches == [], f"{room} may import {sorted(may)}"


def test_nothing_is_excused_that_does_not_happen() -> None:
    there = {(str(path.relative_to(HOUSE)), f"{module} ({how})") for path in files() for _, module, how in own(path)}
    assert there >= KNOWN


@pytest.mark.parametrize("room", PURE)
def test_pure_rooms_do_not_touch_the_world(room: str) -> None:
    touched = [
        module
        for module, how in imports(HOUSE / f"{room}.py")
        if how != "types" and (module in WORLD or module.split(".")[0] in WORLD)
    ]
    assert touched == []


@pytest.mark.parametrize("room", PURE)
def test_pure_rooms_open_print_and_ask_nothing(room: str) -> None:
    tree = ast.parse((HOUSE / f"{room}.py").read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert called & {"open", "print", "input", "exec", "eval", "__import__", "globals"} == set()
    asked = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert asked & {"today", "utcnow", "localtime", "time_ns", "environ", "urandom"} == set(), "time is an argument"


def test_no_port_knows_another_and_the_sandbox_is_seen_by_cli_alone() -> None:
    for path in files():
        for other, module, _ in own(path):
            room = room_of(path)
            assert not (room in PORTS and other in PORTS and other != room), f"{path}: {module}"
            assert other != "sandbox" or room in ("cli", "sandbox"), f"{path}: {module}"


@pytest.mark.parametrize(
    "path", [path for path in files() if room_of(path) not in ("cli", "sandbox", "replay")], ids=lambda path: path.stem
)
def test_what_is_dear_is_not_imported_at_the_top(path: Path) -> None:
    only_with_yaml = path.parent.name == "config" and path.name in ("kinds.py", "reader.py", "shapes.py")
    dear = [module for module, how in imports(path) if how == "top" and module in DEAR]
    assert dear == (["yaml"] if only_with_yaml else [])


SHOW = "import sys; sys.path.insert(0, sys.argv[1]); {}; print(*sys.modules)"


def loaded(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has after some code."""
    words = [sys.executable, "-I", "-S", "-c", SHOW.format(code), str(HOUSE.parent)]
    return set(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split())


def test_the_path_of_a_message_loads_nothing_dear() -> None:
    here = loaded("import mailgate.job")
    anyway = loaded("import socket, http.client, xml.parsers.expat, sqlite3, email.header, email.utils, json") - {"ssl"}
    assert "mailgate.deliver" in here
    assert sorted((here - anyway) & {*DEAR, "tempfile", "difflib", "html", "quopri"}) == []
    assert not [name for name in here if name.startswith(("mailgate.sandbox", "mailgate.cli", "mailgate.explain"))]
