"""A right share that is changed either still works, or the doctor finds what is wrong."""

from __future__ import annotations

from pathlib import Path

from support.mutating import Outcome, mutating
from support.mutations import mutations


def silent(outcomes: list[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.silent]


def belittled(outcomes: list[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.belittled]


def wrongly_ended(outcomes: list[Outcome]) -> list[Outcome]:
    """What works, in the smallest part, is not over."""
    return [one for one in outcomes if one.ended and (one.health.bound or one.health.came)]


def test_there_are_enough_of_them() -> None:
    names = [name for name, _ in mutations()]
    assert len(names) >= 390
    assert len(set(names)) == len(names)


async def test_every_changed_share(tmp_path: Path) -> None:
    async with mutating(tmp_path) as bench:
        outcomes = await bench.run([("unchanged", lambda pair: None), *mutations()])
    assert outcomes[0].works
    assert not outcomes[0].codes
    assert silent(outcomes) == []
    assert belittled(outcomes) == []
    assert wrongly_ended(outcomes) == []
