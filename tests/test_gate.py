"""The gate: style, types, docstrings and sizes of the whole project."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parent.parent
MODULES = sorted((PROJECT / "mailgate").rglob("*.py"))
LONGEST_MODULE, LONGEST_FUNCTION = 480, 45  # lines

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def named(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.mark.parametrize("words", [("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)], ids=" ".join)
def test_the_tools_find_nothing(words: tuple[str, ...]) -> None:
    if importlib.util.find_spec(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    said = subprocess.run([sys.executable, "-m", *words], cwd=PROJECT, capture_output=True, text=True, timeout=300)
    assert said.returncode == 0, f"{said.stdout}\n{said.stderr}"


def definitions(tree: ast.AST, public: bool = True) -> Iterator[tuple[Definition, bool]]:
    """Yield every class and function, and whether it can be reached by public names."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Definition):
            seen = public and (
                not node.name.startswith("_") or (node.name.startswith("__") and node.name.endswith("__"))
            )
            yield node, seen
            inner = seen and isinstance(node, ast.ClassDef)
            yield from definitions(node, inner)
        else:
            yield from definitions(node, public)


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_what_is_public_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = [f"{node.lineno}: {node.name}" for node, public in definitions(tree) if public and _needs_words(node)]
    assert ast.get_docstring(tree) or not tree.body, "the module says nothing"
    assert silent == []


def _needs_words(node: Definition) -> bool:
    """Tell whether a definition lacks a docstring; what overrides a method of the standard library needs none."""
    dunder = node.name.startswith("__") and not isinstance(node, ast.ClassDef)
    return not ast.get_docstring(node) and not dunder and not node.name.startswith("visit_")


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_nothing_is_too_long(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_MODULE
    long = [
        f"{node.name}: {(node.end_lineno or 0) - node.lineno + 1} lines"
        for node, _ in definitions(ast.parse(text))
        if not isinstance(node, ast.ClassDef) and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []


def test_most_functions_are_small() -> None:
    sizes = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for path in MODULES
        for node, _ in definitions(ast.parse(path.read_text(encoding="utf-8")))
        if not isinstance(node, ast.ClassDef)
    )
    assert sizes[len(sizes) // 2] <= 13
    assert sizes[len(sizes) * 9 // 10] <= 40


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_nothing_is_left_to_do(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not [word for word in ("TODO", "FIXME", "XXX", "# type: ignore\n", "breakpoint()") if word in text]
