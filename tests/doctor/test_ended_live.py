"""Shares that their owners ended: no failure, unless servers go on with them."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from jetshare.identity import jwt
from jetshare.sharing.kinds import Role
from support.ward import NOT_AT_ALL, WELL, Ward, operator_key, ward

NEXT, ACK, ACK_V2, INFO = Role.NEXT, Role.ACK, Role.ACK_V2, Role.INFO
ALL = (NEXT, ACK, ACK_V2, INFO)


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Ward]:
    async with ward(tmp_path) as one:
        yield one


async def verdict(made: Ward, *words: str) -> dict[str, Any]:
    output = await made.run(["jetshare", "doctor", *words, "--json"], must=True)
    (only,) = json.loads(output)["shares"]
    found: dict[str, Any] = only
    return found


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js310_a_revoked_share_is_over(made: Ward, how: str) -> None:
    await made.live.revoke("ACCTB")
    over = await made.health()
    assert (over, over.refused) == (NOT_AT_ALL, {"bind", "pull"})
    for words in ((), ("--live",)):
        told = await verdict(made, *words)  # exits 0
        assert told["ended"].startswith("revoked on 20")
        assert [finding["code"] for finding in told["findings"]] == ["JS310"]
    await made.cure("JS310", how)
    assert made.live.store.account("ACCTB").claims.nats.imports == ()
    assert await made.doctor("--live") == []
    await made.live.share_with()
    assert await made.health() == WELL


async def test_js310_is_mended_by_fix(made: Ward) -> None:
    await made.live.revoke("ACCTB")
    await made.run(["jetshare", "doctor", "--fix"], must=True)
    assert made.live.store.account("ACCTB").claims.nats.imports == ()
    assert (await verdict(made))["importer"] == ""


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js509_a_revocation_that_was_not_pushed(made: Ward, how: str) -> None:
    newest = int(time.time()) + 1
    pair = made.pair()
    pair.revoke(*ALL, at=newest)
    with made.live.store.edit() as edit:
        edit.put_account(jwt.encode(pair.provider, operator_key(made.live), newest))
    assert await made.health() == WELL
    assert {f["code"] for f in await made.doctor("--live")} == {"JS310", "JS501", "JS509"}
    renewed = await made.live.grant("ACCTB", push=False)
    await made.cure("JS509", how, "--live")
    assert await made.health() == NOT_AT_ALL
    assert {f["code"] for f in await made.doctor("--live")} == {"JS310"}
    # What was granted anew in the meantime is left in force.
    await made.live.accept(renewed.grants[0].bundle)
    assert await made.health() == WELL


async def test_one_of_several_importers_is_revoked(made: Ward) -> None:
    await made.live.share_with("ACCTA")
    await made.live.revoke("ACCTA")
    output = json.loads(await made.run(["jetshare", "doctor", "--live", "--json"], must=True))
    ended = {share["importer"]: bool(share["ended"]) for share in output["shares"]}
    assert ended == {"ACCTA": True, "ACCTB": False}
    assert await made.health() == WELL
