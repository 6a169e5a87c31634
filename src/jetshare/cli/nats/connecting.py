"""From the words to a session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from jetshare.cli.nats.output import log
from jetshare.cli.nats.urls import redacted
from jetshare.workflows.nats_session import Session, session

if TYPE_CHECKING:
    from jetshare.cli.nats.words import Words


@asynccontextmanager
async def connected(words: Words, *, reconnect: bool = False) -> AsyncIterator[Session]:
    access = words.access()
    if words.trace:
        log(f">>> Connecting to {redacted(','.join(access.servers)) or 'the default server'}")
    async with session(
        access,
        timeout_s=words.timeout_s,
        name=words.connection_name,
        reconnect=reconnect,
        trace=log if words.trace else None,
    ) as opened:
        yield opened
