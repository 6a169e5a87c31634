"""The life of a share on each nats-server that jetshare supports; `make test-matrix`."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from jetshare.errors import ShareRevoked
from jetshare.sharing.receipt import Witness
from jetshare.workflows.next import NextRequest, Received, next_messages
from support.binaries import VERSIONS, server_binary
from support.scene import SHARE, scene
from support.waiting import until

pytestmark = [pytest.mark.matrix, pytest.mark.parametrize("version", VERSIONS)]


async def test_a_share_lives_and_ends(version: str, tmp_path: Path) -> None:
    async with scene(tmp_path, program=server_binary(version)) as live:
        assert live.servers[0].version == version
        await live.make_stream()

        async def pull() -> list[Received]:
            got: list[Received] = []
            request = NextRequest(share=SHARE, importer="ACCTB", count=2)
            await next_messages(live.store, request, live.reach, int(time.time()), got.append)
            return got

        await live.share_with()
        (idle,) = await live.verify()
        assert idle.held, [proof for proof in idle.proofs if proof.held is False]
        streamed = next(p for p in idle.proofs if p.name == "NEXT streams its replies")
        assert streamed.held is True

        await live.publish(b"one", b"two", b"three")
        before = await live.counts()
        (waiting,) = await live.verify()
        assert waiting.held, [proof for proof in waiting.proofs if proof.held is False]
        assert await live.counts() == before

        assert [message.data for message in await pull()] == [b"one", b"two"]
        ended = await live.revoke("ACCTB")
        assert ended.proven, [proof for proof in ended.proofs if not proof.held]
        assert ended.receipts[0][1] is Witness.IMPORTER
        with pytest.raises(ShareRevoked):
            await pull()

        granted = await live.grant("ACCTB", expires=int(time.time()) + 3)
        await live.accept(granted.grants[0].bundle)
        assert [message.data for message in await pull()] == [b"three"]

        async def is_past() -> bool:
            return time.time() >= granted.expires

        await until(is_past)
        (expired,) = await live.verify()
        assert any("--expired" in proof.seen for proof in expired.proofs)
        ended = await live.revoke(expired=True)
        assert ended.proven, [proof for proof in ended.proofs if not proof.held]
        with pytest.raises(ShareRevoked):
            await pull()
