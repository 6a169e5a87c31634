"""A share in a plain ``for`` loop, for scripts that are not asynchronous.

::

    for message in jetshare.iterate("RESTOCKEVENTS/RESTOCKEVENTS-C1", "ACCTB"):
        print(message.subject, message.data)
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import logging
from collections.abc import Callable, Coroutine, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future
from pathlib import Path
from queue import SimpleQueue
from threading import Thread, current_thread
from typing import TYPE_CHECKING, Any, TypeVar

from jetshare.client import connect
from jetshare.errors import AckUnconfirmed, InputError
from jetshare.net.message import Message
from jetshare.net.process import Handler, Processed, ProcessOptions
from jetshare.net.pull_options import PullOptions
from jetshare.sharing.kinds import PullConsumer

if TYPE_CHECKING:
    from jetshare.store.contract import Store

_log = logging.getLogger("jetshare")

T = TypeVar("T")
_PULL = PullOptions()

# What ``process`` does, given a handler and what stops it.
Consumption = Callable[[Handler, asyncio.Event], Coroutine[Any, Any, Processed]]


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
) -> Iteration:
    """The messages of a share, each acknowledged when the loop asks for the next.

    It is ``Client.process`` with the body of the loop as its handler: leases are held, and
    the loop ends after ``pull.stop_after`` messages, with every acknowledgement confirmed;
    AckUnconfirmed where one is not. Leaving it by ``break`` or an exception gives the message
    in hand back, and all that were not begun; what is not confirmed then is logged as a
    warning. The verbs of a message go through ``wait``. Takes the words of ``connect``, and
    raises as that and ``process`` do.
    """

    async def consumption(handler: Handler, stop: asyncio.Event) -> Processed:
        options = ProcessOptions(stop=stop, signals=(), drain_timeout=0)
        client = connect(
            context, server=server, creds=creds, prefix=prefix, store=store, timeout=timeout
        )
        async with client as consuming:
            return await consuming.process(
                share, handler, provider=provider, options=options, pull=pull
            )

    return Iteration(share, consumption)


class Iteration(Iterator[Message]):
    """What ``iterate`` returns: ``for message in …``.

    ``wait`` settles a message otherwise than by asking for the next one::

        messages = jetshare.iterate(SHARE)
        for message in messages:
            if not message.data:
                messages.wait(message.term("empty"))
    """

    def __init__(self, share: str | PullConsumer, consumption: Consumption) -> None:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._ended: Future[Processed] = Future()
        self._messages = _messages(share, consumption, self._runner, self._ended)

    def __next__(self) -> Message:
        return next(self._messages)

    def close(self) -> None:
        """Leave the loop, as ``break`` does."""
        self._messages.close()

    def wait(self, verb: Coroutine[Any, Any, T]) -> T:
        """Have a verb of a message done, such as ``message.nak(delay=30)``, and wait for it.

        Raises as the verb does, and what ended the consumption where it has ended.
        """
        try:
            doing = asyncio.run_coroutine_threadsafe(verb, self._runner.get_loop())
        except RuntimeError:  # there is no event loop any more
            verb.close()
        else:
            either: tuple[Future[Any], ...] = (doing, self._ended)
            concurrent.futures.wait(either, return_when=FIRST_COMPLETED)
            if doing.done() and not doing.cancelled():
                return doing.result()
        self._ended.result()
        raise InputError(
            "a message was to be settled after the loop had ended", hint="do it within the loop"
        )


def _messages(
    share: str | PullConsumer,
    consumption: Consumption,
    runner: asyncio.Runner,
    ended: Future[Processed],
) -> Generator[Message, None, None]:
    loop = runner.get_loop()
    stop = asyncio.Event()
    offered: SimpleQueue[tuple[Message, asyncio.Future[None]] | None] = SimpleQueue()

    def tell(call: Callable[..., None], *words: Any) -> None:
        with contextlib.suppress(RuntimeError):  # it has ended by itself, and ``ended`` says how
            loop.call_soon_threadsafe(call, *words)

    async def offer(message: Message) -> None:
        handled = asyncio.get_running_loop().create_future()
        offered.put((message, handled))
        await handled

    def run() -> None:
        try:
            with runner:
                ended.set_result(runner.run(consumption(offer, stop)))
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
            if ended.done():  # and not where this is a fork of the process that it runs in
                _log_what_was_lost(share, ended)

    with contextlib.ExitStack() as left:
        beside.start()
        left.callback(leave)
        atexit.register(left.close)
        left.callback(atexit.unregister, left.close)
        while (offer_made := offered.get()) is not None:
            message, handled = offer_made
            yield message
            alive = beside.is_alive()
            if not ended.done():
                if not alive:  # in a fork, which has no other thread
                    raise InputError(f"the loop over {share} goes on in the process that began it")
                message.check_awaited()
            tell(_settle, handled)
        left.pop_all()  # it ended by itself, and how is raised
        atexit.unregister(left.close)
    _all_confirmed(share, ended.result())


def _settle(handled: asyncio.Future[None]) -> None:
    if not handled.done():  # cancelled, where the consumption ended meanwhile
        handled.set_result(None)


def _all_confirmed(share: str | PullConsumer, counts: Processed) -> None:
    if counts.unconfirmed:
        raise AckUnconfirmed(
            f"{counts.unconfirmed} acknowledgements of {share} were not confirmed",
            hint="they may have been taken; the messages come back where they were not",
        )


def _log_what_was_lost(share: str | PullConsumer, ended: Future[Processed]) -> None:
    """Say what a loop that was left can raise no more."""
    try:
        _all_confirmed(share, ended.result())
    except BaseException as error:  # whatever ended it: it is told, and the loop is left
        _log.warning("%s", error)
