"""A probe whose server goes away says so."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from nats.aio.client import Client

from jetshare.errors import Unreachable
from jetshare.net import probe
from jetshare.net.connect import connect
from jetshare.net.probe import Heard, Observation
from support.servers import Realm, login, serving
from support.waiting import until


@pytest.mark.parametrize(
    "ask",
    [probe.next_reaches, probe.next_streams, probe.ack_reaches, probe.consumer_info],
    ids=lambda ask: ask.__name__,
)
async def test_a_connection_that_is_lost(
    ask: Callable[[Client, str], Awaitable[Observation]], tmp_path: Path
) -> None:
    realm = Realm()
    member = realm.account("A")
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(realm, tmp_path, [member]))
        client = await stack.enter_async_context(connect(login(member.user(), server)))
        assert (await ask(client, "nobody.>")).heard is Heard.NO_RESPONDERS
        os.kill(server.pid, signal.SIGKILL)

        async def lost() -> bool:
            return client.is_closed

        await until(lost)
        with pytest.raises(Unreachable, match="the connection is lost"):
            await ask(client, "nobody.>")
