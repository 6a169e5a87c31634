"""The README as a newcomer follows it: its commands, in its order, in a fresh home."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.newcomer import Newcomer, blocks
from support.seed_guard import SeedGuard

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()


def commands() -> list[list[str]]:
    lines = [line for block in blocks(README, "sh") for line in block.splitlines()]
    return [words for line in lines if (words := shlex.split(line, comments=True))]


@pytest.fixture
def newcomer(fresh_home: Path, seed_guard: SeedGuard) -> Newcomer:
    return Newcomer(fresh_home, seed_guard)


@pytest.fixture
def served(newcomer: Newcomer) -> Iterator[Newcomer]:
    (up,) = [words for words in commands() if words[:2] == ["jetshare", "up"]]
    with newcomer.served(up):
        yield newcomer


def test_its_commands_do_what_it_says(served: Newcomer) -> None:
    told: dict[str, str] = {}
    for words in commands():
        if words[0] == "jetshare" and words[1] != "up":
            told[words[1]] = served.run(words)
            if words[1] == "accept":
                _python_block(served)
    assert '"stream":"RESTOCKEVENTS","domain":"ngstest","seq":1' in told["nats"]
    assert "ACCTB can pull RESTOCKEVENTS/RESTOCKEVENTS-C1 under ACCTC.API" in told["accept"]
    assert "works" in told["verify"]
    assert "FAILED" not in told["verify"]
    assert "active" in told["ls"]
    assert "observed from the importer's side" in told["revoke"]
    assert list(served.folder.glob("*.receipt"))
    assert "ACCTB has no part in RESTOCKEVENTS/RESTOCKEVENTS-C1 any more" in told["drop"]


def _python_block(newcomer: Newcomer) -> None:
    """Consume as its Python does, but for one message: the next step needs another one."""
    (request,) = [words for words in commands() if "request" in words]
    newcomer.run(request)
    (code,) = blocks(README, "python")
    script = newcomer.folder / "consume.py"
    script.write_text(code.replace("ack(confirm=True)", "ack(confirm=True)\n            break"))
    said = newcomer.run(["python", str(script)])
    assert "retail.v1.restock.requested" in said


def test_every_file_that_it_names_is_there() -> None:
    root = Path(__file__).resolve().parents[1]
    named = re.findall(r"\]\(([^)#:]+)\)", README)
    assert named
    assert [name for name in named if not (root / name).exists()] == []


def test_no_other_command_hides_in_it() -> None:
    """What is not run here is setting up, which `make` and its own tests cover."""
    assert {words[0] for words in commands()} == {"jetshare", "make", "pip"}
