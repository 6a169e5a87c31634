"""What else of two accounts crosses a share: mappings, limits, times, and exports beside it.

All on one server, one after the other: each is spoilt, seen to fail, named, and mended by the
commands that were printed, so that the next begins with a share that is well.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from jetshare.sharing.kinds import Role
from support.more_mutations import Side, mapped, stream_beside
from support.shares import Pair, Spoil
from support.waiting import until
from support.ward import NOT_AT_ALL, PREFIX, WELL, Health, Ward, ward

NEXT, ACK = Role.NEXT, Role.ACK
NOT_ACKED = Health(bound=True, came=3, acked=0, again=3)
NOT_PULLED = Health(bound=True, came=0, acked=0, again=0)


def mapped_away(side: Side, which: str) -> Spoil:
    """A mapping of an account away from a subject of the share."""

    def spoil(made: Pair) -> None:
        stands_for = {
            "NEXT": made.share.next_subject(),
            "ACK": made.share.ack_subject(),
            "prefix": f"{PREFIX}.>",
            "inbox": "_INBOX.>",
        }
        mapped(side, stands_for[which])(made)

    return spoil


def limited(**limits: Any) -> Spoil:
    def spoil(made: Pair) -> None:
        held = made.importer.nats.limits
        made.importer = made.importer.with_nats(limits=replace(held, **limits))

    return spoil


def dated(**times: int) -> Spoil:
    def spoil(made: Pair) -> None:
        at: dict[str, Any] = {name: int(time.time()) + after for name, after in times.items()}
        made.importer = replace(made.importer, **at)

    return spoil


def beside_a_stream(made: Pair) -> None:
    stream_beside(made)
    made.drop_import(NEXT)


CASES: list[tuple[str, str, Spoil, Health]] = [
    ("JS119", "nsc", mapped_away("provider", "NEXT"), NOT_PULLED),
    ("JS119", "nsc", mapped_away("provider", "ACK"), NOT_ACKED),
    ("JS217", "nsc", mapped_away("importer", "prefix"), NOT_AT_ALL),
    ("JS217", "nsc", mapped_away("importer", "ACK"), NOT_ACKED),
    ("JS217", "nsc", mapped_away("importer", "inbox"), NOT_AT_ALL),
    ("JS218", "nsc", limited(conn=0), NOT_AT_ALL),
    ("JS218", "nsc", limited(subs=1), NOT_AT_ALL),
    ("JS218", "nsc", limited(payload=10), NOT_AT_ALL),
    ("JS122", "nsc", dated(exp=1), NOT_AT_ALL),
    ("JS213", "cure", beside_a_stream, NOT_PULLED),
]


async def falls_ill(made: Ward, sick: Health) -> None:
    """Wait for it: a server ends what is out of time a moment later."""

    async def is_so() -> bool:
        return await made.health(patience_s=0.3) == sick

    await until(is_so, within_s=5)


async def test_what_crosses_a_share_is_named_and_cured(tmp_path: Path) -> None:
    async with ward(tmp_path) as made:
        for number, (code, how, spoil, sick) in enumerate(CASES):
            case = f"{number}: {code}"
            await made.spoil(spoil)
            await falls_ill(made, sick)
            assert {finding["code"] for finding in await made.doctor()} == {code}, case
            await made.cure(code, how)
            assert await made.health() == WELL, case
            assert await made.doctor() == [], case
