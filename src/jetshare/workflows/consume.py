"""Consume: hand every message of a share to a handler, and acknowledge what it handled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jetshare.errors import HandlerFailed
from jetshare.sharing.kinds import PullConsumer
from jetshare.store.contract import Store
from jetshare.workflows.importers import find_importer, prefix_of
from jetshare.workflows.reach import Reach, account_creds

if TYPE_CHECKING:
    from jetshare.net.message import Message
    from jetshare.net.process import Processed


_TO_DRAIN_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumeRequest:
    """``count`` is how many messages to stop after, 0 for never; times are in seconds."""

    share: PullConsumer
    importer: str = ""
    provider: str = ""
    prefix: str = ""
    user: str = ""
    count: int = 0
    concurrency: int = 1
    handler_timeout_s: float | None = None
    heartbeat_s: float | None = None


Handler = Callable[["Message"], Awaitable[object]]


async def consume(
    store: Store,
    request: ConsumeRequest,
    reach: Reach,
    now: int,
    handler: Handler,
    counts: Processed,
) -> None:
    """Handle messages until ``count``, Ctrl-C or SIGTERM; ``counts`` is what became of them,
    however it ends.

    A message is acknowledged when its handler returns, and given back with a growing
    delay when it raises. The connection is made again whenever it is lost. Raises
    ShareRevoked, ConsumerDeleted and AckNotShared where that is how it ends.
    """
    from jetshare.net.connect import connect
    from jetshare.net.process import Process, ProcessOptions, doubling
    from jetshare.net.pull import PullLoop
    from jetshare.net.pull_options import PullOptions
    from jetshare.net.wire import Wire

    importer, held = find_importer(store, request.share, request.importer, request.provider)
    prefix = prefix_of(importer, held, request.prefix)
    creds = account_creds(store, importer, reach, now, user=request.user)
    login = replace(reach.login(store, creds), reconnect=True)
    stop = asyncio.Event()

    async def handled(message: Message) -> None:
        try:
            await handler(message)
        except BrokenPipeError:  # nobody reads any more, so nothing more is taken
            stop.set()
            await asyncio.sleep(_TO_DRAIN_S)  # let it begin, before the next message is taken
            raise HandlerFailed("the reader of the output is gone") from None

    async with connect(login) as client:
        wire = Wire(client)
        pulls = PullOptions(stop_after=request.count or None, idle_heartbeat=request.heartbeat_s)
        pull = PullLoop(wire, request.share, prefix, pulls)
        options = ProcessOptions(
            handler_timeout=request.handler_timeout_s,
            backoff=lambda tries: 0.0 if stop.is_set() else doubling(tries),
            stop=stop,
        )
        try:
            await Process(pull, handled, request.concurrency, options, counts).run()
        finally:
            await wire.close()


def described(message: Message) -> dict[str, object]:
    """A message as JSON has it; a body that is no UTF-8 is given in base64."""
    from base64 import b64encode

    about = message.metadata
    fields: dict[str, object] = {
        "subject": message.subject,
        "stream": about.stream,
        "consumer": about.consumer,
        "tries": about.num_delivered,
        "consumer_sequence": about.consumer_sequence,
        "stream_sequence": about.stream_sequence,
        "pending": about.num_pending,
        "time": about.timestamp.isoformat(),
        "headers": message.headers,
    }
    try:
        fields["data"] = message.data.decode()
    except UnicodeDecodeError:
        fields["data_base64"] = b64encode(message.data).decode()
    return fields


def program(words: tuple[str, ...], environment: Mapping[str, str]) -> Handler:
    """A handler that runs a program for each message, its body on standard input.

    The program finds subject, sequences and count of deliveries in NATS_SUBJECT,
    NATS_STREAM_SEQUENCE, NATS_CONSUMER_SEQUENCE and NATS_TRIES. Exit 0 means handled;
    anything else raises HandlerFailed.
    """

    async def run(message: Message) -> None:
        about = message.metadata
        told = {
            "NATS_SUBJECT": message.subject,
            "NATS_STREAM_SEQUENCE": str(about.stream_sequence),
            "NATS_CONSUMER_SEQUENCE": str(about.consumer_sequence),
            "NATS_TRIES": str(about.num_delivered),
        }
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.PIPE, env={**environment, **told}
        )
        try:
            await process.communicate(message.data)
        except BaseException:
            process.kill()
            await process.wait()
            raise
        if process.returncode:
            raise HandlerFailed(f"{words[0]} ended with {process.returncode}")

    return run
