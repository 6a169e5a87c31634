"""The commonest failures on every nats-server that is supported; `make test-matrix`."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetshare.sharing.kinds import Role
from support.binaries import VERSIONS, server_binary
from support.shares import Spoil
from support.ward import PREFIX, WELL, ward

pytestmark = [pytest.mark.matrix, pytest.mark.parametrize("version", VERSIONS)]

CASES: list[tuple[str, Spoil]] = [
    ("JS101", lambda p: p.change_export(Role.NEXT, response_type="Singleton")),
    ("JS202", lambda p: p.change_import(Role.ACK, local_subject=f"{PREFIX}.ACK.>")),
    ("JS203", lambda p: p.drop_import(Role.ACK)),
    ("JS301", lambda p: p.change_import(Role.NEXT, token="")),
    ("JS401", lambda p: p.drop_export(Role.ACK)),
]


@pytest.mark.parametrize(("code", "spoil"), CASES)
async def test_a_spoilt_share_is_named_and_cured(
    code: str, spoil: Spoil, version: str, tmp_path: Path
) -> None:
    async with ward(tmp_path, program=server_binary(version)) as made:
        await made.spoil(spoil)  # before an import is built: see JS506
        assert await made.health() != WELL
        await made.cure_all(code)
        assert await made.health() == WELL
        assert await made.doctor("--live") == []
