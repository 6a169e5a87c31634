"""What ``--json`` prints, whole, and that docs/cli.md names every field of it.

The files beside this one hold what was printed, with keys, times and the like replaced by
what they are; a change of one is a change of the interface.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from jetshare.cli.output import emit_json
from support.cli import Jetshare
from support.desk import BUNDLE, NAME, Desk, at_desk

GOLDEN = Path(__file__).parent / "golden"
DOCUMENTED = (Path(__file__).parents[2] / "docs/cli.md").read_text()
TIMES = frozenset({"at", "expires", "since", "until", "issued"})


@pytest.fixture
async def desk(tmp_path: Path, jetshare_cli: Jetshare) -> AsyncIterator[Desk]:
    async with at_desk(tmp_path, jetshare_cli) as made:
        yield made


async def test_the_verbs_of_a_share(desk: Desk) -> None:
    """One after the other, as in its life."""
    grant = ("grant", NAME, "--from", "ACCTC", "--to", "ACCTB", "--expires", "90d")
    accept = ("accept", BUNDLE, "--account", "ACCTB")
    revoke = ("revoke", NAME, "--from", "ACCTC", "--to", "ACCTB")
    for name, words in (
        ("grant-dry-run", (*grant, "--dry-run")),
        ("grant", grant),
        ("inspect-bundle", ("inspect", BUNDLE)),
        ("accept-dry-run", (*accept, "--dry-run")),
        ("accept", (*accept, "--yes")),
        ("verify", ("verify", NAME)),
        ("ls", ("ls",)),
        ("revoke-expired", ("revoke", NAME, "--from", "ACCTC", "--expired")),
        ("revoke-dry-run", (*revoke, "--dry-run")),
        ("revoke", revoke),
        ("ls-revoked", ("ls",)),
        ("drop-dry-run", ("drop", NAME, "--dry-run")),
        ("drop", ("drop", NAME, "--yes")),
    ):
        check(desk, name, await desk.json(*words))
    (receipt,) = desk.folder.glob("*.receipt")
    check(desk, "inspect-receipt", await desk.json("inspect", receipt.name))


def check(desk: Desk, name: str, told: Any) -> None:
    names = {member.public: who for who, member in desk.live.members.items()}
    assert normal(told, names) == json.loads((GOLDEN / f"{name}.json").read_text()), name
    has_form(told, documented(name.partition("-")[0]), name)


def normal(value: Any, names: dict[str, str], field: str = "") -> Any:
    """``value`` with all that is another one in every run replaced by what it is."""
    match value:
        case dict():
            return {key: normal(each, names, key) for key, each in value.items()}
        case list():
            return [normal(each, names, field) for each in value]
        case str():
            for public, who in names.items():
                value = value.replace(public, f"<{who}>")
            value = re.sub(r"\b[AU][A-Z2-7]{55}\b|\b[A-Z2-7]{52}\b", "<key>", value)
            value = re.sub(r"\$JS\.ACK\.\*\.\w{8}\.", "$JS.ACK.*.<hash>.", value)
            value = re.sub(r"\d{8}T\d{6}Z", "<time>", value)
            value = re.sub(r"\b1\d{9}\b", "<time>", value)
            value = re.sub(r"\d+(?= replies to one pull)", "<several>", value)
            value = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "<time>", value)
            return re.sub(r"\d+ \w+( \d+ \w+)?(?= left)", "<span>", value)
        case bool():
            return value
        case int() | float() if field in ("took_ms", "skew_s"):
            return "<measured>"
        case int() if field in TIMES and value:
            return "<time>"
    return value


Form = dict[str, Any]  # what stands in an object, and in each of its fields


def documented(verb: str) -> Form:
    """The fields of what a verb prints, as the page lists them."""
    found = re.search(rf"^\*\*{verb}\*\* (.*?)\n\n", DOCUMENTED, re.MULTILINE | re.DOTALL)
    assert found, verb
    return form(" ".join(re.findall(r"`([^`]*)`", found[1])))


def shared() -> Form:
    """The forms that several verbs have."""
    return form(" ".join(re.findall(r"^- `([^`]*)`", DOCUMENTED, re.MULTILINE)))


def form(text: str) -> Form:
    """``a, b {c, d [{e}]}`` as nested dictionaries."""

    def read() -> Form:
        found: Form = {}
        last = ""
        for token in tokens:
            if token == "}":
                break
            if token == "{":
                found[last] = read()
            else:
                found[last := token] = {}
        return found

    tokens = iter(re.findall(r"[a-z_]+|[{}]", text))
    return read()


def has_form(value: Any, wanted: Form, where: str) -> None:
    """No field more and none less, at any depth that the page describes."""
    if isinstance(value, list):
        for each in value:
            has_form(each, wanted, where)
    elif value is not None:
        assert set(value) == set(wanted), where
        for key, each in value.items():
            if inner := wanted[key] or shared().get(key):
                has_form(each, inner, f"{where}.{key}")


def test_a_terminal_obeys_nothing_that_json_shows(capsys: pytest.CaptureFixture[str]) -> None:
    name = "".join(map(chr, range(0xA1))) + "é\u2028"
    emit_json({"name": name})
    shown = capsys.readouterr().out
    assert json.loads(shown) == {"name": name}
    obeyed = [
        char for char in shown if char != "\n" and (ord(char) < 32 or 0x7F <= ord(char) < 0xA0)
    ]
    assert obeyed == []
    assert "é" in shown
