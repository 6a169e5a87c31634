"""A stream of the importer that copies one of the provider's."""

from __future__ import annotations

import time

from support.waiting import until
from support.ward import PREFIX, Ward

_STOPPED_S = 2.5  # without a new message


async def copied(made: Ward, wanted: int, *, stopped_s: float = _STOPPED_S) -> int:
    """How many of ``wanted`` messages a source of the importer gets before it stops."""
    external = {"api": PREFIX, "deliver": f"deliver.{made.share.stream}.copy"}
    settings = {"name": "COPY", "sources": [{"name": made.share.stream, "external": external}]}
    await made.live.api("STREAM.CREATE.COPY", settings, account="ACCTB")
    seen, moved = 0, time.monotonic()

    async def settled() -> bool:
        nonlocal seen, moved
        state = (await made.live.api("STREAM.INFO.COPY", account="ACCTB"))["state"]
        if state["messages"] != seen:
            seen, moved = state["messages"], time.monotonic()
        return seen == wanted or time.monotonic() - moved > stopped_s

    await until(settled, within_s=40)
    await made.live.api("STREAM.DELETE.COPY", account="ACCTB")
    return seen
