"""Defects of servers that shares meet, on a version that has them; `make test-matrix`."""

from __future__ import annotations

from pathlib import Path

import nats.errors
import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, Placement

from jetshare.net import probe
from jetshare.net.connect import Login, connect
from jetshare.net.probe import Heard
from support.binaries import server_binary
from support.one_pull import Pull, ask
from support.shares import Pair
from support.supercluster import connected, supercluster
from support.waiting import until
from support.ward import PREFIX, WELL, Ward, ward

pytestmark = pytest.mark.matrix

WITH_DEFECT, MENDED = "2.12.8", "2.15.1"


@pytest.mark.parametrize(("version", "comes"), [(WITH_DEFECT, False), (MENDED, True)])
async def test_js503_a_reply_is_lost_between_servers(
    version: str, comes: bool, tmp_path: Path
) -> None:
    async with ward(tmp_path, cluster=2, program=server_binary(version)) as made:
        assert await made.health() == WELL  # from one server, all is well
        found = {finding["code"] for finding in await made.doctor("--live")}
        assert ("JS503" in found) is not comes
        leader = await leads(made)
        assert await asked_elsewhere(made, leader, made.live.reach.servers) == (
            "one" if comes else ""
        )
        assert (await made.live.counts())["num_ack_pending"] == 1


async def leads(made: Ward) -> int:
    """Which of the servers the consumer is on."""
    share = made.share
    info = await made.live.api(f"CONSUMER.INFO.{share.stream}.{share.consumer}")
    names = [f"node{number}" for number in (1, 2)]
    return names.index(info["cluster"]["leader"])


async def asked_elsewhere(made: Ward, leader: int, servers: tuple[str, ...]) -> str:
    """What one connection hears, on the consumer's server, of a pull that another one sends
    on the other server."""
    await made.fill([b"one"], ack_wait=30_000_000_000)
    creds = made.live.members["ACCTB"].user()
    here, there = servers[leader], servers[1 - leader]
    async with (
        connect(Login(servers=(here,), creds=creds)) as listener,
        connect(Login(servers=(there,), creds=creds)) as asker,
    ):
        inbox = listener.new_inbox()
        listening = Pull(await listener.subscribe(inbox))
        await reaches(asker, inbox, listening)
        await ask(asker, made.share, inbox, batch=1, no_wait=True)
        return await listening.heard(1.0)


async def reaches(client: Client, inbox: str, listening: Pull) -> None:
    """Wait until the other server knows of the inbox."""

    async def heard() -> bool:
        await client.publish(inbox, b"there?")
        return await listening.heard(0.1) == "there?"

    await until(heard)
    while await listening.heard(0.1):
        pass


@pytest.mark.parametrize(("version", "comes"), [("2.11.11", False), (MENDED, True)])
async def test_js503_a_leaf_node_is_cut_off_beyond_a_gateway(
    version: str, comes: bool, tmp_path: Path
) -> None:
    """A message passes a gateway, somebody imports the stream beside it, and a leaf node is to
    hear it: its reply subject is written twice, and the leaf node ends the connection."""
    with supercluster(tmp_path, server_binary(version)) as servers:
        client = await connected(servers.leaf)
        api = await beyond_the_gateway(client)
        for _ in range(2):
            await api.publish("orders", b"one")
        held = await api.pull_subscribe("orders", "C")
        (first,) = await held.fetch(1, timeout=2)
        await first.ack_sync()
        beside = await connected(servers.hub, user="two", password="p")
        await beside.subscribe(">")
        await beside.flush()
        try:
            came = await held.fetch(1, timeout=1)
        except TimeoutError:
            came = []
        assert bool(came) is comes
        assert ("Protocol Violation" in servers.leaf_log.read_text()) is not comes
        await beside.close()
        await client.close()


async def beyond_the_gateway(client: Client) -> JetStreamContext:
    """With a stream S in the cluster that the leaf node is not at, once all know one another."""
    api = client.jetstream(domain="hub", timeout=1)

    async def made() -> bool:
        try:
            await api.add_stream(name="S", subjects=["orders"], placement=Placement("A"))
        except nats.errors.Error:
            return False
        return True

    await until(made, within_s=30)
    return api


async def test_a_reply_that_is_written_twice_did_not_show(tmp_path: Path) -> None:
    """#8089 goes on from #7579, and is mended in 2.12.9: on 2.12.8, what a consumer pushes over
    the gateway is stored again, pushed again, and imported beside; all of it arrives."""
    with supercluster(tmp_path, server_binary(WITH_DEFECT)) as servers:
        client = await connected(servers.leaf)
        api = await beyond_the_gateway(client)
        beside = await connected(servers.hub, user="two", password="p")
        await beside.subscribe(">")
        await beside.flush()
        await api.add_stream(name="T", subjects=["deliver"], placement=Placement("B"))
        hops = ("deliver", "again")
        listening = [Pull(await client.subscribe(hop)) for hop in hops]
        await client.flush()
        for stream, hop in zip(("S", "T"), hops, strict=True):
            pushing = ConsumerConfig(durable_name="C", deliver_subject=hop)
            await api.add_consumer(stream, pushing)
        await api.publish("orders", b"one")
        assert [await hop.heard() for hop in listening] == ["one", "one"]
        assert "Protocol Violation" not in servers.leaf_log.read_text()
        await beside.close()
        await client.close()


@pytest.mark.parametrize(("version", "comes"), [("2.14.0", False), (MENDED, True)])
async def test_a_reset_through_a_share_is_not_answered(
    version: str, comes: bool, tmp_path: Path
) -> None:
    """No kind of share has it; who shares it by hand meets this, and JS102."""
    async with ward(tmp_path, program=server_binary(version)) as made:
        subject = f"$JS.API.CONSUMER.RESET.{made.share.stream}.{made.share.consumer}"

        def reset(pair: Pair) -> None:
            pair.add_export(name="reset", subject=subject)
            pair.add_import(name="reset", subject=subject, local_subject=f"{PREFIX}{subject[7:]}")

        await made.spoil(reset)
        async with made.live.speaking_as("ACCTC") as owner:
            assert (await probe.ask(owner, subject, b"", 2.0)).heard is Heard.ANSWER
        async with made.importer() as client:
            seen = await probe.ask(client, f"{PREFIX}{subject[7:]}", b"", 1.0)
        assert seen.heard is (Heard.ANSWER if comes else Heard.SILENCE)
        assert "JS102" in {finding["code"] for finding in await made.doctor()}
