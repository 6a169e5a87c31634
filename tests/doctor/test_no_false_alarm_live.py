"""Right shares of every kind: a client of each gets what it is for, and the doctor says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetshare.sharing.rules.shares import Kind
from support.shapes import SHAPES, Shape, exports, imports
from support.shares import Pair, Spoil
from support.using import USES, make_streams
from support.ward import Ward, ward


def shared(shape: Shape, *, private: bool) -> Spoil:
    """This and nothing else."""

    def share(pair: Pair) -> None:
        given = tuple(exports(shape, private=private))
        taken = tuple(imports(shape, pair.key, pair.importer.sub, pair.now, private=private))
        pair.provider = pair.provider.with_nats(exports=given)
        pair.importer = pair.importer.with_nats(imports=taken)

    return share


async def make_consumer(made: Ward, kind: Kind) -> None:
    """The one that shapes with a consumer are of, which is pushed or pulled from as they are."""
    await made.live.api("STREAM.DELETE.S")
    settings = {"name": "S", "subjects": ["orders.>"], "allow_direct": True}
    await made.live.api("STREAM.CREATE.S", settings)
    config = {"durable_name": "C", "ack_policy": "explicit"}
    if kind is Kind.PUSH:
        config["deliver_subject"] = "deliver.S.C"
    await made.live.api("CONSUMER.DURABLE.CREATE.S.C", {"stream_name": "S", "config": config})


@pytest.mark.parametrize("private", [True, False])
async def test_right_shares_of_every_kind(private: bool, tmp_path: Path) -> None:
    async with ward(tmp_path, granted=False) as made:
        await made.live.api("STREAM.CREATE.S", {"name": "S", "subjects": ["orders.>"]})
        await make_streams(made)
        found, used = {}, {}
        for number, ((kind, shape), use) in enumerate(zip(SHAPES, USES, strict=True)):
            await make_consumer(made, kind)
            assert (await made.spoil(shared(shape, private=private))).complete
            async with made.importer():  # servers have loaded the account
                found[f"{number} {kind}"] = await made.doctor("--live")
            used[f"{number} {kind}"] = await use(made)
        assert [name for name, well in used.items() if not well] == []
        assert [name for name, alarms in found.items() if alarms] == []
        assert len(found) >= 10
