"""Tokens that end, and access that does not end with them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jetshare.net import probe
from jetshare.net.probe import Heard
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


async def cured(made: Ward, how: str) -> None:
    """By one finding's commands after the other: each names one token."""
    while any(finding["code"] == "JS308" for finding in await made.doctor("--notes")):
        await made.cure("JS308", how, "--notes")


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js308_a_token_that_ends_soon(made: Ward, how: str) -> None:
    end = await share_for_a_moment(made)
    assert "JS308" in {finding["code"] for finding in await made.doctor("--notes")}
    await cured(made, how)

    async def over() -> bool:
        return time.time() >= end

    await until(over)
    assert await made.health() == WELL
    assert await made.doctor("--live") == []


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
    await made.cure("JS510", how, "--live")
    assert await pulled(made) == NO_RESPONDERS
    assert "JS510" not in {finding["code"] for finding in await made.doctor("--live")}
