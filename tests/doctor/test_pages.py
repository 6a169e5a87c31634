"""The documentation of the rules is what the rules say."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from jetshare.cli.doctor_pages import index_page, page
from jetshare.sharing.rules.book import RULES
from jetshare.sharing.rules.rule import Rule

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "doctor"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_page_is_up_to_date(rule: Rule) -> None:
    written = (PAGES / f"{rule.code}.md").read_text("utf-8")
    assert written == page(rule), "run scripts/doctor_pages.py"


def test_the_list_is_up_to_date_and_there_is_no_page_too_many() -> None:
    assert (PAGES / "README.md").read_text("utf-8") == index_page(RULES)
    assert {path.stem for path in PAGES.glob("JS*.md")} == {rule.code for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_what_is_said_to_be_shown_has_a_test(rule: Rule) -> None:
    """One of this folder that runs a server, in which the doctor names the code. Where the cure
    is by commands, it runs those that the doctor has printed."""
    assert rule.shown
    assert rule.code in (_cured() if rule.cure or rule.nsc else _asserted())


_CURES = frozenset({"cure", "cure_all", "cure_each"})
_CODE = re.compile(r"JS\d{3}")


@cache
def _cured() -> frozenset[str]:
    """The codes whose printed cures tests on servers run: they name the code, or have it from
    a table of the same file."""
    found: set[str] = set()
    for tree in _tests_on_servers():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if _called(call) in _CURES:
                found |= _codes_in(call)
                if any(isinstance(one, ast.Name) and one.id == "code" for one in call.args):
                    found |= _in_tables(tree)
    return frozenset(found)


@cache
def _asserted() -> frozenset[str]:
    """The codes that tests on servers demand, by an assertion or by asking for the finding."""
    found: set[str] = set()
    for tree in _tests_on_servers():
        for node in ast.walk(tree):
            if isinstance(node, ast.Assert):
                found |= _codes_in(node.test)
            elif isinstance(node, ast.Call) and _called(node) == "finding":
                found |= _codes_in(node)
    return frozenset(found)


@cache
def _tests_on_servers() -> tuple[ast.Module, ...]:
    files = sorted((ROOT / "tests" / "doctor").glob("*_live.py"))
    return tuple(ast.parse(path.read_text("utf-8")) for path in files)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _codes_in(tree: ast.AST) -> set[str]:
    texts = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant))
    return {text for text in texts if isinstance(text, str) and _CODE.fullmatch(text)}


def _in_tables(tree: ast.Module) -> set[str]:
    """Those of constants of the file, and of what tests are given."""
    tables: list[ast.AST] = []
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            tables.append(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            tables += node.decorator_list
    return {code for table in tables for code in _codes_in(table)}
