"""Right shares of every kind: servers hold all of each for valid, and the doctor says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.shapes import SHAPES, Shape, exports, imports
from support.shares import Pair, Spoil
from support.ward import Ward, ward


def shared(shape: Shape, *, private: bool) -> Spoil:
    """This and nothing else."""

    def share(pair: Pair) -> None:
        given = tuple(exports(shape, private=private))
        taken = tuple(imports(shape, pair.key, pair.importer.sub, pair.now, private=private))
        pair.provider = pair.provider.with_nats(exports=given)
        pair.importer = pair.importer.with_nats(imports=taken)

    return share


async def make_consumer(made: Ward) -> None:
    """The one that shapes with a consumer are of."""
    await made.live.api("STREAM.CREATE.S", {"name": "S", "subjects": ["orders.>"]})
    config = {"durable_name": "C", "ack_policy": "explicit"}
    await made.live.api("CONSUMER.DURABLE.CREATE.S.C", {"stream_name": "S", "config": config})


@pytest.mark.parametrize("private", [True, False])
async def test_right_shares_of_every_kind(private: bool, tmp_path: Path) -> None:
    async with ward(tmp_path, granted=False) as made:
        await make_consumer(made)
        found = {}
        for number, (kind, shape) in enumerate(SHAPES):
            assert (await made.spoil(shared(shape, private=private))).complete
            async with made.importer():  # servers have loaded the account
                found[f"{number} {kind}"] = await made.doctor("--live")
        assert [name for name, alarms in found.items() if alarms] == []
        assert len(found) >= 10
