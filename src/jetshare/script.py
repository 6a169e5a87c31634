"""A share in a plain ``for`` loop, for scripts that are not asynchronous.

::

    for message in jetshare.iterate("RESTOCKEVENTS/RESTOCKEVENTS-C1", "ACCTB"):
        print(message.subject, message.data)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from jetshare.client import connect
from jetshare.net.message import Message
from jetshare.net.process import ProcessOptions
from jetshare.net.pull_options import PullOptions
from jetshare.sharing.kinds import PullConsumer

if TYPE_CHECKING:
    from jetshare.store.contract import Store

_PULL = PullOptions()


def iterate(
    share: str | PullConsumer,
    context: str | None = None,
    *,
    server: str | None = None,
    creds: str | Path | None = None,
    prefix: str | None = None,
    store: Store | None = None,
    pull: PullOptions = _PULL,
) -> Iterator[Message]:
    """The messages of a share, each acknowledged when the loop asks for the next.

    It is ``Client.process`` with the body of the loop as its handler: leases are held, and
    the loop ends after ``pull.stop_after`` messages, with every acknowledgement confirmed.
    Leaving it by ``break`` or an exception gives the message in hand back, and all that were
    not begun. Takes the words of ``connect``, and raises as that and ``process`` do.
    """
    runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
    loop, stop = runner.get_loop(), asyncio.Event()
    offered: SimpleQueue[tuple[Message, asyncio.Event] | None] = SimpleQueue()

    async def offer(message: Message) -> None:
        handled = asyncio.Event()
        offered.put((message, handled))
        await handled.wait()

    async def work() -> None:
        options = ProcessOptions(stop=stop, signals=(), drain_timeout=0)
        client = connect(context, server=server, creds=creds, prefix=prefix, store=store)
        async with client as consuming:
            await consuming.process(share, offer, options=options, pull=pull)

    def run() -> None:
        try:
            with runner:
                runner.run(work())
        finally:
            offered.put(None)

    def tell(event: asyncio.Event) -> None:
        with suppress(RuntimeError):  # the consumption, and its event loop, ended meanwhile
            loop.call_soon_threadsafe(event.set)

    with ThreadPoolExecutor(1, "jetshare") as beside:
        running = beside.submit(run)
        try:
            while (offer_made := offered.get()) is not None:
                message, handled = offer_made
                yield message
                tell(handled)
        finally:
            tell(stop)
        running.result()
