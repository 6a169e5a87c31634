"""Tokens that end, and access that does not end with them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jetshare.identity import jwt
from jetshare.identity.claims import Activation
from jetshare.net import probe
from jetshare.net.probe import Heard
from jetshare.sharing.kinds import Role
from support.one_pull import NO_RESPONDERS, pull
from support.waiting import until
from support.ward import PREFIX, WELL, Ward, ward

LIFE_S = 2


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Ward]:
    async with ward(tmp_path, granted=False) as one:
        yield one


async def share_for_a_moment(made: Ward) -> int:
    """When it ends."""
    granted = await made.live.grant("ACCTB", expires=int(time.time()) + LIFE_S)
    await made.live.accept(granted.grants[0].bundle)
    return granted.expires


async def ended(made: Ward) -> None:
    """Wait until the server takes no acknowledgements any more."""

    async def refused() -> bool:
        async with made.importer() as client:
            seen = await probe.ack_reaches(client, made.share.ack_subject())
        return seen.heard is Heard.NO_RESPONDERS

    await until(refused)


async def pulled(made: Ward) -> str:
    async with made.importer() as client:
        return await (await pull(client, made.share, batch=1, no_wait=True)).heard()


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js308_a_token_that_ends_soon(made: Ward, how: str) -> None:
    end = await share_for_a_moment(made)
    assert "JS308" in {finding["code"] for finding in await made.doctor("--notes")}
    await made.cure("JS308", how, "--notes")

    async def over() -> bool:
        return time.time() >= end

    await until(over)
    assert await made.health() == WELL
    assert await made.doctor("--live") == []


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_what_mends_a_grant_keeps_its_end(made: Ward, how: str) -> None:
    """JS203 and JS303: a repair is no renewal."""
    end = int(time.time()) + 3600
    granted = await made.live.grant("ACCTB", expires=end)
    await made.live.accept(granted.grants[0].bundle)

    def ends() -> list[int]:
        imports = made.live.store.account("ACCTB").claims.nats.imports
        return [jwt.decode(item.token, Activation).claims.exp for item in imports]

    issued = int(time.time()) + 1
    for code, spoil in (
        ("JS203", lambda pair: pair.drop_import(Role.ACK)),
        ("JS303", lambda pair: pair.revoke(Role.ACK, at=issued)),
    ):
        await made.spoil(spoil)
        await made.cure(code, how)
        assert ends() == [end] * 4
        assert await made.health() == WELL


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js510_access_goes_on_after_the_end(made: Ward, how: str) -> None:
    await share_for_a_moment(made)
    await ended(made)
    await made.fill()
    assert await pulled(made) == "one"
    # A push of the provider does not end it.
    await made.run(["nsc", "edit", "account", "--name", "ACCTC", "--description", "x"], must=True)
    await made.run(["nsc", "push", "--account", "ACCTC"], must=True)
    assert await pulled(made) == "two"
    found = await made.finding("JS510", "--live")
    assert f"NEXT at {PREFIX}.CONSUMER.MSG.NEXT" in found["text"]
    renewed = await made.live.grant("ACCTB", expires=int(time.time()) + 3600)
    await made.cure("JS510", how, "--live")
    assert await pulled(made) == NO_RESPONDERS
    assert "JS510" not in {finding["code"] for finding in await made.doctor("--live")}
    # What was granted anew in the meantime is left in force.
    await made.live.accept(renewed.grants[0].bundle)
    assert await pulled(made) in ("one", "two", "three")
