"""``jetshare doctor --config`` as its users see it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.cli import Jetshare

PAGE = Path(__file__).resolve().parents[2] / "docs" / "doctor" / "config-files.md"
PASSWORDS = {"OWNER_PASSWORD": "s3cret-of-the-owner", "READER_PASSWORD": "s3cret-of-the-reader"}


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of the documentation."""
    path = tmp_path / "nats-server.conf"
    path.write_text(block("conf"), encoding="utf-8")
    return path


def test_the_documentation_shows_what_is_printed(file: Path, jetshare_cli: Jetshare) -> None:
    done = jetshare_cli("doctor", "--config", file.name, cwd=file.parent, env=PASSWORDS)
    assert done.exit == 1
    assert done.stdout == block("text")


def test_a_cure_is_of_the_file_and_places_are_its_accounts(
    file: Path, jetshare_cli: Jetshare
) -> None:
    done = jetshare_cli("doctor", "--config", file, "--json", env=PASSWORDS)
    (share,) = done.json()["shares"]
    for finding in share["findings"]:
        name = finding["account"]["name"]
        assert finding["account"]["key"] == name
        assert finding["nsc"] == []
        assert not finding["fixable"]
        assert finding["cure"][0].startswith(("change in accounts.", "add to accounts."))
    one = jetshare_cli("doctor", "ORDERS/ORDERS-C1", "--config", file, env=PASSWORDS)
    assert one.exit == 1
    other = jetshare_cli("doctor", "--account", "ACCTX", "--config", file, env=PASSWORDS)
    assert other.exit == 2
    sarif = jetshare_cli("doctor", "--config", file, "--format", "sarif", env=PASSWORDS).json()
    places = sarif["runs"][0]["results"][0]["locations"][0]
    assert places["physicalLocation"]["artifactLocation"]["uri"] == str(file)


def test_a_file_that_is_refused_is_told_in_one_line_and_a_hint(
    file: Path, jetshare_cli: Jetshare
) -> None:
    file.write_text(block("conf").replace("$OWNER_PASSWORD", "$s3cret"), encoding="utf-8")
    done = jetshare_cli("doctor", "--config", file, env=PASSWORDS)
    assert done.exit == 2
    said, hint = done.stderr.splitlines()
    assert said == f"jetshare: error: nats-server refuses {file}:5: a variable can not be found"
    assert hint.startswith("hint: ")
    assert "s3cret" not in done.stderr + done.stdout


@pytest.mark.parametrize("word", ["--fix", "--live", "--consume", "--resolver", "--jwt"])
def test_words_that_do_not_go_with_it(word: str, file: Path, jetshare_cli: Jetshare) -> None:
    words = [word, file] if word == "--jwt" else [word]
    done = jetshare_cli("doctor", "--config", file, *words, env=PASSWORDS)
    assert done.exit == 2
    assert f"{word}" in done.stderr


def test_the_server_is_the_one_that_is_named(file: Path, jetshare_cli: Jetshare) -> None:
    named = {**PASSWORDS, "NATS_SERVER": str(file.parent / "no-server")}
    done = jetshare_cli("doctor", "--config", file, env=named)
    assert done.exit == 4
    assert "NATS_SERVER=" in done.stderr
