"""A share in a plain ``for`` loop, for scripts that are not asynchronous.

::

    for message in jetshare.iterate("RESTOCKEVENTS/RESTOCKEVENTS-C1", "ACCTB"):
        print(message.subject, message.data)
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from threading import Thread, current_thread
from typing import TYPE_CHECKING, Any

from jetshare.client import connect
from jetshare.errors import AckUnconfirmed
from jetshare.net.message import Message
from jetshare.net.process import Processed, ProcessOptions
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
    provider: str = "",
    store: Store | None = None,
    timeout: float = 5.0,
    pull: PullOptions = _PULL,
) -> Iterator[Message]:
    """The messages of a share, each acknowledged when the loop asks for the next.

    It is ``Client.process`` with the body of the loop as its handler: leases are held, and
    the loop ends after ``pull.stop_after`` messages, with every acknowledgement confirmed;
    AckUnconfirmed where one is not. Leaving it by ``break`` or an exception gives the message
    in hand back, and all that were not begun; that is the one way to refuse a message, since
    the verbs of ``Message`` are for asynchronous programs. Takes the words of ``connect``, and
    raises as that and ``process`` do.
    """
    runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
    loop = runner.get_loop()
    stop = asyncio.Event()
    offered: SimpleQueue[tuple[Message, asyncio.Future[None]] | None] = SimpleQueue()
    ended: Future[Processed] = Future()

    def tell(call: Callable[..., None], *words: Any) -> None:
        with contextlib.suppress(RuntimeError):  # it has ended by itself, and ``ended`` says how
            loop.call_soon_threadsafe(call, *words)

    async def offer(message: Message) -> None:
        handled = asyncio.get_running_loop().create_future()
        offered.put((message, handled))
        await handled

    async def work() -> Processed:
        options = ProcessOptions(stop=stop, signals=(), drain_timeout=0)
        client = connect(
            context, server=server, creds=creds, prefix=prefix, store=store, timeout=timeout
        )
        async with client as consuming:
            return await consuming.process(
                share, offer, provider=provider, options=options, pull=pull
            )

    def run() -> None:
        try:
            with runner:
                ended.set_result(runner.run(work()))
        except BaseException as error:  # for the loop's own thread, whatever it is
            ended.set_exception(error)
        finally:
            offered.put(None)

    # Python waits for other threads before it lets go of a loop that somebody holds by a name,
    # and the loop would wait for its body. So this one is not waited for, but told at the end.
    beside = Thread(target=run, name="jetshare", daemon=True)

    def leave() -> None:
        tell(stop.set)
        if current_thread() is not beside:  # where the garbage collector may run
            beside.join()

    try:
        atexit.register(leave)
        beside.start()
        while (offer_made := offered.get()) is not None:
            message, handled = offer_made
            yield message
            tell(_settle, handled)
        _all_confirmed(share, ended.result())
    finally:
        if beside.is_alive():
            leave()
        atexit.unregister(leave)


def _settle(handled: asyncio.Future[None]) -> None:
    if not handled.done():  # cancelled, where the consumption ended meanwhile
        handled.set_result(None)


def _all_confirmed(share: str | PullConsumer, counts: Processed) -> None:
    if counts.unconfirmed:
        raise AckUnconfirmed(
            f"{counts.unconfirmed} acknowledgements of {share} were not confirmed",
            hint="they may have been taken; the messages come back where they were not",
        )
