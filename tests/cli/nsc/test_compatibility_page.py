"""docs/compatibility.md names every command, and tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

from jetshare.cli.nsc.commands import COMMANDS, NOT_THERE

PAGE = (Path(__file__).parents[3] / "docs/compatibility.md").read_text()


def test_every_command_has_its_row() -> None:
    rows = re.findall(r"^\| `([a-z -]+)` \| (same|better|not there) \|(.*)\|$", PAGE, re.M)
    assert [name for name, is_, _ in rows if is_ != "not there"] == list(COMMANDS)
    assert [name for name, is_, _ in rows if is_ == "not there"] == list(NOT_THERE)
    assert all(why.strip() for _, is_, why in rows if is_ != "same")


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(test_[a-z_]+)` \|$", PAGE, re.M)
    there = (Path(__file__).parent / "test_defects.py").read_text()
    assert len(named) >= 8
    assert [name for name in named if f"def {name}(" not in there] == []
