"""One share on three nodes: proven, and ended, on every one of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jetshare.net.connect import connect
from jetshare.sharing import receipt
from jetshare.sharing.proof import Side
from jetshare.sharing.receipt import Witness
from support.scene import SHARE, scene
from support.servers import login, suspended


@pytest.mark.timeout(60)
async def test_a_share_works_and_ends_on_every_node(tmp_path: Path) -> None:
    async with scene(tmp_path, cluster=3) as live:
        await live.make_stream(replicas=3)
        await live.publish(b"one")
        granted = await live.grant("ACCTB")
        assert granted.push is not None
        assert [answer.server for answer in granted.push.answers] == ["node1", "node2", "node3"]
        await live.accept(granted.grants[0].bundle)

        (verdict,) = await live.verify()
        assert verdict.held, [proof for proof in verdict.proofs if proof.held is False]
        seen_from = {p.server for p in verdict.proofs if p.side is Side.IMPORTER}
        assert seen_from == {"node1", "node2", "node3"}

        # The importer is in use on every node, so each has the imports in memory.
        creds = live.members["ACCTB"].user()
        for server in live.servers:
            async with connect(login(creds, server)):
                pass
        ended = await live.revoke("ACCTB")
        assert ended.proven, [proof for proof in ended.proofs if not proof.held]
        assert ended.receipts[0][1] is Witness.IMPORTER
        refused_on = {p.server for p in ended.proofs if p.side is Side.IMPORTER}
        invalid_on = {p.server for p in ended.proofs if p.side is Side.SERVERS and p.server}
        assert refused_on == invalid_on == {"node1", "node2", "node3"}
        assert (await live.counts(SHARE))["num_pending"] == 1

        # A node that took nothing may go on, and what the others show does not speak for it.
        await live.share_with("ACCTA")
        live.reach = replace(live.reach, servers=live.reach.servers[:1], timeout_s=0.5)
        async with live.speaking_as("ACCTA"):
            pass
        with suspended(live.servers[2]):
            partly = await live.revoke("ACCTA")
        assert not partly.pushed
        assert not partly.proven
        assert [(p.name, p.server) for p in partly.proofs if p.held is False] == [
            ("every server took the document", "")
        ]
        ((_, witness, text),) = partly.receipts
        assert witness is Witness.IMPORTER  # on the node that it uses
        assert "node1" in receipt.read(text).servers
        assert "node3" not in receipt.read(text).servers
