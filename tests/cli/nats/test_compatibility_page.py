"""docs/compatibility-nats.md names every command, and tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from jetshare.cli.nats.groups import Group
from jetshare.cli.nats.main import ROOT
from support.nats_face import Nats

HERE = Path(__file__).parent
PAGE = (HERE.parents[2] / "docs/compatibility-nats.md").read_text()
REAL = (HERE.parents[1] / "vectors/nats-commands.txt").read_text().splitlines()
# Commands of natscli that its help does not show.
HIDDEN = {"account backup", "account restore", "consumer sub", "server check exporter"}
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


THERE = [name for cell, is_, _ in ROWS if is_ != "not there" for name in named(cell)]
NOT_THERE = [name for cell, is_, _ in ROWS if is_ == "not there" for name in named(cell)]


def test_every_command_has_its_row() -> None:
    aliases = {"pub", "req", "sub"}
    assert sorted(set(THERE) - aliases) == sorted(commands(ROOT))
    assert not set(THERE) & set(NOT_THERE)
    assert [cell for cell, is_, why in ROWS if is_ != "same" and not why.strip()] == []


def test_every_command_of_the_real_tool_is_on_the_page() -> None:
    """By its own name, or by that of a group that is not there as a whole."""
    rows = {*THERE, *NOT_THERE}
    groups = {name for row in rows if (name := row.rpartition(" ")[0])}
    without = [
        name
        for name in REAL
        if name not in rows | groups and not any(name.startswith(f"{row} ") for row in NOT_THERE)
    ]
    assert without == []
    assert rows - set(REAL) - {"pub", "req", "sub"} == HIDDEN


@pytest.mark.parametrize("name", NOT_THERE)
def test_what_is_not_there_is_refused_by_name(offline: Nats, name: str) -> None:
    done = offline(*name.split())
    assert (done.exit, done.stdout) == (2, "")
    assert f'"{name}" is a command of nats that is not here' in done.stderr


@pytest.mark.parametrize(
    "name", ["str", "st", "ms", "s", "con", "obs", "c", "ctx", "a", "srv", "sys", "system"]
)
def test_the_abbreviations_are_those_that_it_names(offline: Nats, name: str) -> None:
    assert f"`{name}`" in PAGE
    assert offline(name, "--help").exit == 0


def test_every_test_that_is_named_is_there() -> None:
    files = set(re.findall(r"`(test_\w+\.py)`", PAGE))
    assert len(files) >= 7
    assert [name for name in files if not (HERE / name).is_file()] == []
