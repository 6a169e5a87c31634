"""Acknowledgements on a real server."""

from pathlib import Path
from typing import Any

import pytest

from jetshare.errors import (
    AccessRefused,
    AckNotShared,
)
from jetshare.identity.claims import Permission, User
from jetshare.net.connect import connect
from jetshare.net.wire import Wire
from jetshare.sharing.kinds import Role
from support.consuming import consume, scene, take
from support.sharing import PREFIX, SHARE


@pytest.mark.parametrize("why", ["not imported", "mapped"])
async def test_acknowledgements_that_reach_nobody_are_noticed_at_once(
    tmp_path: Path, why: str
) -> None:
    fields: dict[str, Any] = (
        {"roles": (Role.NEXT, Role.INFO)} if why == "not imported" else {"mapped_ack": "my.ack.>"}
    )
    async with scene(tmp_path, **fields) as (provider, wire):
        await provider.fill(5)
        messages = consume(wire)
        with pytest.raises(AckNotShared, match="nothing listens") as caught:
            await take(messages, 5)
        assert SHARE.ack_subject() in caught.value.hint
        assert "must not be mapped" in caught.value.hint
        await messages.aclose()


@pytest.mark.parametrize(
    ("user", "what"),
    [
        (User(pub=Permission(deny=(f"{PREFIX}.CONSUMER.MSG.>",))), "may not pull"),
        (User(pub=Permission(deny=("$JS.ACK.>",))), "may not acknowledge"),
        (User(sub=Permission(deny=("_INBOX.>",))), "may not subscribe to _INBOX"),
    ],
)
async def test_a_user_who_may_not(tmp_path: Path, user: User, what: str) -> None:
    async with scene(tmp_path) as (provider, _):
        await provider.fill(3)
        world = provider.world
        async with connect(world.login(world.importer, user)) as client:
            messages = consume(Wire(client))
            with pytest.raises(AccessRefused, match=what):
                await take(messages, 3)
            await messages.aclose()
