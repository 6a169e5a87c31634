"""The short form of bench/soak.py."""

from pathlib import Path

from support.soak import Plan, soak


async def test_every_message_is_acknowledged_while_everything_breaks(tmp_path: Path) -> None:
    count = 10_000
    outcome = await soak(tmp_path, Plan(messages=count, pushes=2, restarts=1, failures=0.002))
    assert outcome.stored == outcome.acknowledged == outcome.handled == count
    assert outcome.failed
    assert outcome.unannounced == 0
