"""docs/compatibility-nats.md names every command, and tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import click

from jetshare.cli.nats.groups import Group
from jetshare.cli.nats.main import ROOT

HERE = Path(__file__).parent
PAGE = (HERE.parents[2] / "docs/compatibility-nats.md").read_text()
ROWS = re.findall(r"^\| (`.*`) \| (same|better|not there) \|(.*)\|$", PAGE, re.M)


def commands(group: Group, path: str = "") -> list[str]:
    found = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        full = f"{path} {name}".strip()
        found += commands(command, full) if isinstance(command, Group) else [full]
    return found


def named(cell: str) -> list[str]:
    """The commands of a cell, of which the first names the group of those after it."""
    names = re.findall(r"`([^`]+)`", cell)
    group = names[0].rpartition(" ")[0]
    return [name if " " in name else f"{group} {name}".strip() for name in names]


def test_every_command_has_its_row() -> None:
    there = {name for cell, is_, _ in ROWS if is_ != "not there" for name in named(cell)}
    missing = {name for cell, is_, _ in ROWS if is_ == "not there" for name in named(cell)}
    assert set(commands(ROOT)) <= there
    assert not set(commands(ROOT)) & missing
    assert all(why.strip() for _, is_, why in ROWS if is_ == "better")


def test_every_test_that_is_named_is_there() -> None:
    files = set(re.findall(r"`(test_\w+\.py)`", PAGE))
    assert len(files) >= 7
    assert [name for name in files if not (HERE / name).is_file()] == []
