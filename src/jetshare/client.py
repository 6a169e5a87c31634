"""The face for programs: consume a share from Python.

::

    async with jetshare.connect("ACCTB") as client:
        async for message in client.consume("RESTOCKEVENTS/RESTOCKEVENTS-C1"):
            print(message.subject, message.data)
            await message.ack()

It stands beside the command line, and like it reads the environment.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

from jetshare.errors import InputError
from jetshare.net.connect import connect as connected
from jetshare.net.fetch import FetchPool
from jetshare.net.message import Message
from jetshare.net.messages import Messages
from jetshare.net.process import Handler, Process, Processed, ProcessOptions
from jetshare.net.pull import PullLoop
from jetshare.net.pull_options import PullOptions
from jetshare.net.wire import Wire
from jetshare.sharing.kinds import API_PREFIX, PullConsumer, check_prefix
from jetshare.store.access import resolve
from jetshare.store.folder import open_store
from jetshare.store.locate import locate
from jetshare.workflows.importers import find_importer
from jetshare.workflows.nats_session import as_login
from jetshare.workflows.reach import account_of

if TYPE_CHECKING:
    from nats.aio.client import Client as NatsClient
    from nats.js import JetStreamContext

    from jetshare.store.contract import Store

DEFAULT_TIMEOUT_S = 30.0
DEFAULT_FLUSH_TIMEOUT_S = 10.0  # as nats-py's
_PULL, _PROCESS = PullOptions(), ProcessOptions()


@asynccontextmanager
async def connect(
    context: str | None = None,
    *,
    server: str | None = None,
    creds: str | Path | None = None,
    prefix: str | None = None,
    store: Store | None = None,
    timeout: float = 5.0,
) -> AsyncIterator[Client]:
    """A client of the account that a nats context, or a creds file, speaks for.

    ``server`` (URLs, comma separated) and ``creds`` go before what the context says, and
    the variables of nats (NATS_URL, NATS_CREDS, …) before the context that is selected.
    ``prefix`` is the one of every share that names none itself; without it the account's
    document in ``store``, or in nsc's own folder, says under which it is imported.

    The connection is made again whenever it is lost. Raises NotFound for a context that
    is not there, Unreachable, AccessRefused, RequestTimeout (after ``timeout`` seconds).
    """
    home, environment = Path.home(), dict(os.environ)
    location = locate(environment, cwd=Path.cwd(), home=home)
    access = resolve(
        environment,
        home=home,
        location=location,
        context=context,
        server=server,
        creds=str(creds) if creds is not None else None,
    )
    account = "" if access.creds is None else account_of(access.creds)
    login = as_login(access, timeout_s=timeout, name="jetshare", reconnect=True)
    async with connected(login) as connection:
        client = Client(
            connection,
            prefix=prefix or access.api_prefix or None,
            account=account,
            open_store=lambda: store if store is not None else open_store(location),
        )
        try:
            yield client
        finally:
            await client.aclose()


class Client:
    """One connection of an account, and the shares that it consumes.

    Where a share is named it is ``STREAM/CONSUMER``. ``prefix`` is where its JetStream API
    answers, and may be left out where the client has one or the store tells it;
    ``provider`` (a name or key) is needed there only if two shares have the same name. A
    consumer of the account itself has the prefix ``$JS.API``.
    """

    def __init__(
        self,
        connection: NatsClient,
        *,
        prefix: str | None = None,
        account: str = "",
        open_store: Callable[[], Store] | None = None,
    ) -> None:
        """See ``connect`` and ``over``."""
        self.connection = connection
        self._prefix = prefix
        self._account = account
        self._open_store = open_store
        self._wire = Wire(connection)
        self._open: WeakSet[PullLoop] = WeakSet()
        self._pools: dict[tuple[PullConsumer, str], FetchPool] = {}
        # What the store said, so that it is not read again for each ``next``.
        self._found: dict[tuple[PullConsumer, str], str] = {}

    @classmethod
    def over(
        cls,
        connection: NatsClient,
        *,
        prefix: str | None = None,
        account: str = "",
        store: Store | None = None,
    ) -> Client:
        """A client over a connection that the application has, and goes on to own.

        To find prefixes it needs ``account`` (a name or key) and a ``store``. It keeps to
        subscriptions of its own; everything else on the connection goes on as before.
        Raises InputError where it was never connected.
        """
        if connection._transport is None:  # what nats-py has once it connected to anything
            raise InputError(
                "the connection was never made", hint="await connection.connect(…) before"
            )
        return cls(
            connection,
            prefix=prefix,
            account=account,
            open_store=None if store is None else lambda: store,
        )

    def consume(
        self,
        share: str | PullConsumer,
        *,
        prefix: str | None = None,
        provider: str = "",
        options: PullOptions = _PULL,
    ) -> Messages:
        """The messages of a share as they come, with a buffer that is kept filled.

        Iterating raises ShareRevoked, ConsumerDeleted, PullRefused, AckNotShared,
        AccessRefused or Unreachable where that is how it ends; everything else it survives.
        """
        return Messages(self._pull_loop(share, prefix, provider, options))

    async def process(
        self,
        share: str | PullConsumer,
        handler: Handler,
        *,
        concurrency: int = 1,
        prefix: str | None = None,
        provider: str = "",
        options: ProcessOptions = _PROCESS,
        pull: PullOptions = _PULL,
        counts: Processed | None = None,
    ) -> Processed:
        """Run ``handler`` for each message, ``concurrency`` at a time.

        It acknowledges a message when the handler returns, gives it back when the handler
        raises, and holds the lease of slow ones. It returns what became of the messages
        once it has drained: at SIGTERM or Ctrl-C, when ``options.stop`` is set, and after
        ``pull.stop_after`` messages. Raises as ``consume``, and InputError where the handler
        is not asynchronous; then ``counts``, where given, holds what became of them until
        the end.
        """
        loop = self._pull_loop(share, prefix, provider, pull)
        try:
            return await Process(loop, handler, concurrency, options, counts).run()
        finally:
            self._open.discard(loop)  # it has waited for its acknowledgements itself

    async def fetch(
        self,
        share: str | PullConsumer,
        count: int,
        timeout: float = DEFAULT_TIMEOUT_S,
        *,
        prefix: str | None = None,
        provider: str = "",
        options: PullOptions = _PULL,
    ) -> list[Message]:
        """Up to ``count`` messages, as many as come within ``timeout`` seconds.

        With a timeout of 0, those that are there already. Of ``options`` count
        ``max_bytes``, ``idle_heartbeat`` and those of a priority group. Raises as
        ``consume``, where there is nothing to hand out; and Unreachable where there is no
        connection, or no leader, when the time is over: an outage is no lack of messages.
        """
        if count < 1:
            raise InputError(f"count is {count}, which is less than 1", hint="give 1 or more")
        if not (isinstance(timeout, int | float) and isfinite(timeout)):
            raise InputError(
                f"timeout is {timeout}, which is no number of seconds",
                hint="give seconds, 0 for what is there already; consume() waits without end",
            )
        target = self._target(share, prefix, provider)
        pool = self._pools.get(target)
        if pool is None:
            pool = self._pools[target] = FetchPool(self._wire, *target)
        return await pool.fetch(count, timeout, options)

    async def next(
        self,
        share: str | PullConsumer,
        timeout: float = DEFAULT_TIMEOUT_S,
        *,
        prefix: str | None = None,
        provider: str = "",
        options: PullOptions = _PULL,
    ) -> Message | None:
        """The next message, or None where none comes within ``timeout`` seconds. Raises as
        ``fetch``.
        """
        messages = await self.fetch(
            share, 1, timeout, prefix=prefix, provider=provider, options=options
        )
        return messages[0] if messages else None

    def jetstream(
        self, *, share: str | PullConsumer = "", prefix: str | None = None, provider: str = ""
    ) -> JetStreamContext:
        """nats-py's JetStream under a share's prefix, or the client's, for all else."""
        if share:
            _, prefix = self._target(share, prefix, provider)
        found = prefix or self._prefix
        if not found:
            raise InputError("no prefix is known", hint="name a share, or give prefix=")
        return self.connection.jetstream(prefix=checked_prefix(found))

    async def flush(self, timeout: float = DEFAULT_FLUSH_TIMEOUT_S) -> None:
        """Return once the server has read all that was sent, acknowledgements above all.

        Raises Unreachable where there is no connection within ``timeout`` seconds, or it
        breaks meanwhile.
        """
        await self._wire.flushed(timeout)

    async def aclose(self) -> None:
        """End all that is being consumed, and give back what was not handed out.

        It waits until what was acknowledged is confirmed, and logs what is not after five
        seconds. The connection stays.
        """
        pools = [pool.close() for pool in self._pools.values()]
        await asyncio.gather(*(loop.leave() for loop in tuple(self._open)), *pools)
        self._pools.clear()
        await self._wire.close()

    def _pull_loop(
        self, share: str | PullConsumer, prefix: str | None, provider: str, options: PullOptions
    ) -> PullLoop:
        loop = PullLoop(self._wire, *self._target(share, prefix, provider), options)
        self._open.add(loop)
        return loop

    def _target(
        self, share: str | PullConsumer, prefix: str | None, provider: str
    ) -> tuple[PullConsumer, str]:
        named = PullConsumer.parse(share) if isinstance(share, str) else share
        given = prefix or (self._prefix if not provider else None)
        if given:
            return named, checked_prefix(given)
        found = self._found.get((named, provider))
        if found is None:
            found = self._found[named, provider] = self._look_up(named, provider)
        return named, found

    def _look_up(self, named: PullConsumer, provider: str) -> str:
        """The prefix under which the account's document in the store imports it."""
        if self._open_store is None or not self._account:
            raise InputError(
                f"nobody says under which prefix {named} is imported",
                hint='give prefix=, for example "ACCTC.API";'
                f' "{API_PREFIX}" for a consumer of the account itself',
            )
        _, held = find_importer(self._open_store(), named, self._account, provider)
        if not held.prefix:
            raise InputError(f"{named} is imported under no prefix", hint="accept it again")
        return held.prefix


def checked_prefix(prefix: str) -> str:
    """An importer's prefix, or the account's own API or that of a domain of it."""
    own = prefix.removesuffix(".")
    return own if own.startswith("$JS.") and own.endswith(".API") else check_prefix(prefix)
