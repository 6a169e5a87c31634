"""The documentation of the rules is what the rules say."""

from __future__ import annotations

import re
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
    """By the code in a test of this folder that runs a server."""
    assert rule.shown
    tests = [path.read_text("utf-8") for path in (ROOT / "tests" / "doctor").glob("*_live.py")]
    assert any(re.search(rule.code, text, re.IGNORECASE) for text in tests)
