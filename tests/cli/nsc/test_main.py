"""The words of nsc: which there are, which are not, and how errors are told."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from jetshare.cli.nsc.commands import ALIASES, COMMANDS, NOT_THERE
from jetshare.cli.nsc.flags import parse
from jetshare.cli.nsc.main import EVERYWHERE, _find, _load
from support.cli import Jetshare, environment
from support.nsc import Nsc


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_its_example_can_be_read(name: str) -> None:
    command = _load(name)
    words = shlex.split(command.example)
    assert words[0] == "nsc"
    found, rest = _find(words[1:])
    assert found == name
    parse(rest, (*command.flags, *EVERYWHERE), arguments=command.arguments)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_flag_is_there_twice(name: str) -> None:
    flags = (*_load(name).flags, *EVERYWHERE)
    names = [flag.name for flag in flags]
    shorts = [flag.short for flag in flags if flag.short]
    assert sorted(set(names)) == sorted(names)
    assert sorted(set(shorts)) == sorted(shorts)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_every_flag_and_an_example(nsc: Nsc, name: str) -> None:
    shown = nsc(f"{name} --help").stdout
    for flag in _load(name).flags:
        assert (f"--{flag.name}" in shown) != flag.hidden
    assert "Example:" in shown


def test_help_of_groups(nsc: Nsc) -> None:
    for line in ("", "--help", "help"):
        shown = nsc(line).stdout
        assert all(f"  {name} " in shown for name in COMMANDS)
    shown = nsc("add --help").stdout
    assert "add export" in shown
    assert "edit export" not in shown
    assert nsc("help add").stdout == shown
    assert "--private" in nsc("help add export").stdout


@pytest.mark.parametrize("alias", ALIASES)
def test_aliases(alias: str) -> None:
    assert _find([*alias.split(), "--help"]) == (ALIASES[alias], ["--help"])


def test_adding_is_creating(house: Nsc) -> None:
    house("create account C")
    assert house.account("C").name == "C"


@pytest.mark.parametrize(
    ("line", "says", "hint"),
    [
        ("frobnicate", 'unknown command "frobnicate" for "nsc"', "nsc --help lists the commands"),
        ("valdate", 'unknown command "valdate"', 'did you mean "validate"?'),
        ("list op", 'unknown command "op" for "nsc list"', 'did you mean "operators"?'),
        ("add exprot", 'unknown command "exprot" for "nsc add"', 'did you mean "export"?'),
        ("add", '"nsc add" needs a command', "nsc add --help"),
        ("add export --frob", "unknown flag: --frob", ""),
        ("add export --privte", "unknown flag: --privte", "did you mean --private?"),
        ("add export -z", "unknown shorthand flag", ""),
        ("add export --subject", "flag needs an argument: --subject", ""),
        ("add mapping --weight x", 'invalid argument "x" for --weight', ""),
        ("list accounts extra", 'unknown argument "extra"', ""),
        ("add account -i", "-i: no questions are asked here", ""),
        ("-H", "flag needs an argument: -H", ""),
        *((name, f'"nsc {name}" is not there', "") for name in NOT_THERE),
    ],
)
def test_words_that_nsc_does_not_have(nsc: Nsc, line: str, says: str, hint: str) -> None:
    message = nsc.refused(line, hint, code=2)
    assert says in message


@pytest.mark.parametrize("line", ["add account \udcff", "edit account A --description a\udc80b"])
def test_words_that_are_no_text(house: Nsc, line: str) -> None:
    assert "is not UTF-8" in house.refused(line, code=2)


def test_flags_may_stand_before_the_command(house: Nsc) -> None:
    house(f"-H {house.home / 'other'} add operator O2")
    assert (house.home / "other/O2/O2.jwt").is_file()
    assert '"name": "A"' in house("describe -J account A").stdout


def test_a_store_that_is_not_there(nsc: Nsc) -> None:
    nsc.refused("list accounts", "there is no operator in")
    nsc.refused("describe account A", "there is no operator in")


@pytest.mark.parametrize(
    "line",
    [
        "export keys --all --dir taken",
        "import keys --dir taken",
        "env --store taken",
        "init --name x --dir taken",
        "--data-dir taken add operator X",
        "--keystore-dir taken add operator X",
        "--config-dir taken env -o OP",
        "generate diagram object --output-file taken/x",
        "describe jwt --file taken/x",
        "describe jwt --file http://[",
        "add operator --url http://[",
        "add operator --url http://",
    ],
)
def test_places_that_cannot_be(house: Nsc, line: str) -> None:
    (house.work / "taken").write_text("a file")
    message = house.refused(line)
    assert "a fault in jetshare" not in message
    assert "taken" in message or "http://" in message


def test_what_is_made_stays_where_it_cannot_be_remembered(house: Nsc) -> None:
    (house.work / "taken").write_text("a file")
    done = house("--config-dir taken add operator X")
    assert '[ OK ] added operator "X"' in done.stdout
    assert done.stderr.startswith("[WARN] ")
    assert "nsc.json cannot be written" in done.stderr
    assert house.store("X").operator().claims.name == "X"


def test_version(nsc: Nsc) -> None:
    assert nsc("--version").stdout.startswith("nsc of jetshare 0.")


def test_a_reader_that_goes_away_is_no_error(house: Nsc) -> None:
    command = f"{shlex.quote(sys.executable)} -m jetshare.cli.nsc list keys --all | true"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        env=environment({}),
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_nothing_heavy_is_imported_for_an_edit(house: Nsc) -> None:
    code = (
        "import sys; from jetshare.cli.nsc.main import run;"
        "run(['edit', 'account', 'A', '--conns', '5']);"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert house.account("A").nats.limits.conn == 5
    assert {"click", "nats", "asyncio", "urllib.request"} & set(done.stderr.split()) == set()


def test_the_verb_hands_all_words_on(jetshare_cli: Jetshare, tmp_path: Path) -> None:
    place = ("-H", tmp_path / "store")
    made = jetshare_cli("nsc", "add", "operator", "OP", *place)
    assert made.exit == 0
    assert '[ OK ] added operator "OP"' in made.stdout
    assert jetshare_cli("nsc", "describe", "operator", "-J", *place).json()["name"] == "OP"
    assert "nsc add export" in jetshare_cli("nsc", "add", "export", "--help").stdout
    refused = jetshare_cli("nsc", "frobnicate")
    assert (refused.exit, refused.stdout) == (2, "")
    assert refused.stderr.startswith('nsc: error: unknown command "frobnicate"')
