"""Every flag of the real nsc under its long and short name, but for those named here."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from jetshare.cli.nsc.commands import COMMANDS
from support.nsc import Nsc

_VECTOR = Path(__file__).parents[2] / "vectors/nsc-flags.json"
FLAGS: dict[str, dict[str, str]] = json.loads(_VECTOR.read_text())

NOWHERE = {"--interactive": "-i"}  # it would ask questions
NOT_THERE = {"push": {"--tls-curves": ""}, "pull": {"--tls-curves": ""}}
# Flags that nsc has not, or does not show.
BESIDE = {
    "edit export": {"--account-token-position": ""},
    "delete export": {"--service": ""},
    "delete import": {"--service": ""},
    "generate activation": {"--service": ""},
}


def shown(nsc: Nsc, command: str) -> dict[str, str]:
    """The flags that --help names, each with its short name."""
    lines = re.findall(r"^\s+(?:(-\w), )?(--[\w-]+)", nsc(f"{command} --help").stdout, re.M)
    return {name: short for short, name in lines}


def test_the_vector_has_every_command() -> None:
    assert list(FLAGS) == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_flags_are_those_of_nsc(nsc: Nsc, command: str) -> None:
    missing = NOWHERE | NOT_THERE.get(command, {})
    assert missing.items() <= FLAGS[command].items()
    expected = {name: short for name, short in FLAGS[command].items() if name not in missing}
    assert shown(nsc, command) == expected | BESIDE.get(command, {})


def test_a_flag_that_would_ask_questions_is_refused(nsc: Nsc) -> None:
    nsc.refused("add operator OP -i", code=2)
