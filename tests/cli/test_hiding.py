"""A seed that is pasted where it does not belong is not said back, by any verb or face."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from jetshare.cli.hiding import hide_seeds
from jetshare.cli.main import VERBS, cli, run
from jetshare.identity.nkeys import KeyPair, Kind
from support.seeds import MARKER_SEED

FACES = {"nsc", "nats"}  # words of their own; see below
SERVE_OR_MAKE = {"up", "demo", "shims"}  # take no key, and would do what was asked


def command_lines() -> Iterator[list[str]]:
    """Each verb with the seed in the place of each of its words, one at a time."""
    context = click.Context(cli)
    for verb in VERBS.keys() - FACES - SERVE_OR_MAKE:
        command = cli.get_command(context, verb)
        assert command
        arguments = [p for p in command.params if isinstance(p, click.Argument)]
        usual = ["ORDERS/ORDERS-C1" for _ in arguments]
        for place in range(len(arguments)):
            yield [verb, *usual[:place], MARKER_SEED, *usual[place + 1 :]]
        for option in command.params:
            if isinstance(option, click.Option) and not option.is_flag:
                yield [verb, *usual, option.opts[-1], MARKER_SEED]
        yield [verb, *usual, "surplus", MARKER_SEED]
        yield [verb, f"--{MARKER_SEED}"]
        yield [verb, f"--to={MARKER_SEED}", "--json"]


def test_no_verb_says_it_back(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(fresh_home)
    lines = list(command_lines())
    assert len(lines) > 50
    for words in lines:
        run(words)
        said = "".join(capsys.readouterr())
        where = " ".join(words).replace(MARKER_SEED, "<seed>")
        assert said, where
        assert MARKER_SEED not in said, where


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("nsc",),
        ("nsc", "add"),
        ("nsc", "describe", "account"),
        ("nsc", "add", "account"),
        ("nsc", "generate", "activation", "--account"),
        ("nats",),
        ("nats", "stream"),
        ("nats", "stream", "info", "--context"),
    ],
)
@pytest.mark.parametrize("form", ["{}", "--{}", "--account={}"])
def test_no_face_says_it_back(
    words: tuple[str, ...],
    form: str,
    fresh_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(fresh_home)
    assert run([*words, form.format(MARKER_SEED)]) != 0
    said = "".join(capsys.readouterr())
    assert said
    assert MARKER_SEED not in said


@pytest.mark.parametrize("kind", Kind)
def test_a_seed_is_hidden_and_a_public_key_is_shown(kind: Kind) -> None:
    pair = KeyPair.generate(kind)
    said = hide_seeds(f"no account {pair.seed()} for {pair.public}")
    assert said == f"no account S{kind.letter}…(a secret key) for {pair.public}"


def test_a_public_key_that_looks_like_a_seed_within_is_shown() -> None:
    public = "AD" + MARKER_SEED[:54]
    assert hide_seeds(public) == public


def test_a_seed_with_a_slip_is_hidden_too() -> None:
    for slip in (MARKER_SEED[:-1], MARKER_SEED + "A", MARKER_SEED[:30] + "A" + MARKER_SEED[31:]):
        assert hide_seeds(f"'{slip}'") == "'SA…(a secret key)'"


def test_an_encoded_private_key_is_hidden() -> None:
    assert hide_seeds("P" + "A" * 107) == "P…(a secret key)"


@pytest.mark.parametrize(
    "name", ["SALES", "SUBSCRIBERS.IN.THE.NORTH.AND.IN.THE.SOUTH.OF.THE.COUNTRY"]
)
def test_names_are_shown(name: str) -> None:
    assert hide_seeds(name) == name
