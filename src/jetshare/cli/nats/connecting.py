"""From the words to a session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from jetshare.cli.nats.output import log
from jetshare.workflows.nats_session import Session, session

if TYPE_CHECKING:
    from jetshare.cli.nats.words import Words


@asynccontextmanager
async def connected(words: Words, *, reconnect: bool = False) -> AsyncIterator[Session]:
    access = words.access()
    if words.trace:
        log(f">>> Connecting to {', '.join(map(_shown, access.servers)) or 'the default server'}")
    async with session(
        access,
        timeout_s=words.timeout_s,
        name=words.connection_name,
        reconnect=reconnect,
        trace=log if words.trace else None,
    ) as opened:
        yield opened


def _shown(url: str) -> str:
    """``url`` without the user and the password that may stand in it."""
    before, sign, after = url.rpartition("@")
    return f"{before.partition('//')[0]}//{after}" if sign and "//" in before else after
