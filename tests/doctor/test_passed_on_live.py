"""A share that its importer passes on to a third account."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jetshare.identity import jwt
from jetshare.identity.claims import Import
from jetshare.workflows.push import push
from support.one_pull import SECOND, pull
from support.shares import Pair, Spoil
from support.ward import BODIES, PREFIX, Ward, operator_key, ward


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Ward]:
    async with ward(tmp_path) as one:
        yield one


def subjects(made: Ward) -> dict[str, str]:
    """What ACCTB has of the share, by its own names, and how it has to pass it on."""
    share = made.share
    return {
        f"{PREFIX}{share.next_subject()[7:]}": "Stream",
        f"{PREFIX}{share.info_subject()[7:]}": "Singleton",
        share.ack_subject(): "Singleton",
    }


def passing_on(made: Ward, *, types: bool) -> Spoil:
    """Exports of ACCTB of what it imports, with their response types or without."""

    def spoil(pair: Pair) -> None:
        pair.importer = pair.importer.with_nats(exports=())
        provider = pair.provider
        pair.provider = pair.importer
        for subject, response in subjects(made).items():
            pair.add_export(name=subject, subject=subject, response_type=response if types else "")
        pair.provider, pair.importer = provider, pair.provider

    return spoil


async def taken_by_a_third(made: Ward) -> None:
    imports = tuple(
        Import(
            name=subject,
            subject=subject,
            account=made.live.members["ACCTB"].public,
            local_subject=subject,
            type="service",
        )
        for subject in subjects(made)
    )
    claims = made.live.store.account("ACCTA").claims.with_nats(imports=imports)
    document = jwt.encode(claims, operator_key(made.live), int(time.time()))
    with made.live.store.edit() as edit:
        edit.put_account(document)
    assert (await push(made.live.store, [document], made.live.reach, int(time.time()))).complete


async def came(made: Ward) -> list[str]:
    """What one pull of three brings the third account."""
    await made.fill()
    async with made.live.speaking_as("ACCTA") as client:
        listening = await pull(client, made.share, batch=3, expires=SECOND)
        return [text for _ in BODIES if (text := await listening.heard(0.5))]


async def test_js101_of_what_is_passed_on(made: Ward) -> None:
    await made.spoil(passing_on(made, types=False))
    await taken_by_a_third(made)
    assert await came(made) == ["one"]
    found = await made.doctor()
    assert [(finding["code"], finding["account"]["name"]) for finding in found] == [
        ("JS101", "ACCTB")
    ]
    await made.cure("JS101")
    assert await came(made) == ["one", "two", "three"]
    assert await made.doctor("--live") == []
