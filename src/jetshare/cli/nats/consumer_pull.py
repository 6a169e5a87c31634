"""``nats consumer next`` and ``nats consumer sub``: messages, and what becomes of them."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime
from typing import TYPE_CHECKING

import click

from jetshare.cli.nats.connecting import connected
from jetshare.cli.nats.consumer_report import ACK_NAMES
from jetshare.cli.nats.durations import SECOND, go_duration
from jetshare.cli.nats.figures import show_number
from jetshare.cli.nats.groups import single
from jetshare.cli.nats.output import log, say, show_raw
from jetshare.cli.nats.words import DURATION, Words
from jetshare.errors import (
    AckNotShared,
    ApiRefused,
    ConsumerDeleted,
    InputError,
    NetworkError,
    PullRefused,
    RequestTimeout,
    ShareRevoked,
)
from jetshare.sharing.kinds import PullConsumer

if TYPE_CHECKING:
    from jetshare.net.core import Arrived, Headers
    from jetshare.net.fetch import FetchPool
    from jetshare.net.message import Message, Metadata
    from jetshare.workflows.nats_session import Session


@single("next")
@click.argument("stream")
@click.argument("consumer")
@click.option("--ack/--no-ack", default=None, help="Acknowledge the message. [true]")
@click.option("--nak", is_flag=True, help="Give it back to be delivered again.")
@click.option("--term", is_flag=True, help="End it: never deliver it again.")
@click.option("-r", "--raw", is_flag=True, help="The bodies alone.")
@click.option("--wait", type=DURATION, default=0, help="Wait up to this long to acknowledge.")
@click.option("--count", type=click.IntRange(min=1), default=1, help="How many messages. [1]")
async def next_(
    words: Words,
    stream: str,
    consumer: str,
    ack: bool | None,
    nak: bool,
    term: bool,
    raw: bool,
    wait: int,
    count: int,
) -> None:
    """Pull the next messages of a consumer, and acknowledge them.

    An acknowledgement is confirmed by the server before it is claimed. Exit 1 where no
    message comes within --timeout.
    """
    if term and (ack or nak):
        raise InputError("a message is either ended or acknowledged", hint="leave --term out")
    outcome = "term" if term else "nak" if nak else "" if ack is False else "ack"
    async with connected(words) as session, _Puller(session, stream, consumer) as puller:
        for _ in range(count):
            message = await puller.next(words.timeout_s)
            _show(message, raw=raw)
            if outcome:
                await puller.settle(message, outcome, words.timeout_s, wait=wait, raw=raw)


class _Puller:
    """One message at a time, so that no message is leased before the last one is settled."""

    def __init__(self, session: Session, stream: str, consumer: str) -> None:
        self._session = session
        self._consumer = PullConsumer.parse(f"{stream}/{consumer}")
        self._pool: FetchPool

    async def __aenter__(self) -> _Puller:
        from jetshare.net.fetch import FetchPool
        from jetshare.net.wire import Wire

        self._pool = FetchPool(Wire(self._session.client), self._consumer, self._session.api.prefix)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close()

    async def next(self, timeout_s: float) -> Message:
        """Raises RequestTimeout where none comes, and says why nobody answers."""
        from jetshare.net.pull_options import PullOptions

        try:
            messages = await self._pool.fetch(1, timeout_s, PullOptions())
        except (ShareRevoked, ConsumerDeleted, PullRefused) as error:
            await self._explain()
            raise error
        if not messages:
            raise RequestTimeout("no message received: timeout")
        return messages[0]

    async def settle(
        self, message: Message, outcome: str, timeout_s: float, *, wait: int, raw: bool
    ) -> None:
        delay = secrets.randbelow(wait) if wait > 0 else 0
        await asyncio.sleep(delay / SECOND)
        try:
            if outcome == "term":
                await message.term(confirm=True, timeout=timeout_s)
            elif outcome == "nak":
                await message.nak(confirm=True, timeout=timeout_s)
            else:
                await message.ack(confirm=True, timeout=timeout_s)
        except AckNotShared:
            name = self._consumer
            if not await self._session.takes_no_acks(name.stream, name.consumer):
                raise
            if not raw:
                say("\nThe consumer takes no acknowledgements")
            return
        if not raw:
            after = f" after {go_duration(delay)} delay" if delay else ""
            say(f"\n{_SETTLED[outcome]}{after}\n")

    async def _explain(self) -> None:
        """Why nobody answers a pull, where INFO is there to tell."""
        name = self._consumer
        try:
            info = await self._session.api.consumer_info(name.stream, name.consumer)
        except ApiRefused as error:
            raise ApiRefused(
                f'could not load consumer "{name.consumer}": {error}', err_code=error.err_code
            ) from None
        except NetworkError:
            return
        if info["config"].get("deliver_subject"):
            raise PullRefused(f'consumer "{name.consumer}" is not a Pull consumer')


_SETTLED = {
    "ack": "Acknowledged message",
    "nak": "Negative Acknowledged message",
    "term": "Terminated message",
}


@single("sub")
@click.argument("stream")
@click.argument("consumer")
@click.option("--ack/--no-ack", default=True, help="Acknowledge the messages. [true]")
@click.option("-r", "--raw", is_flag=True, help="The bodies alone.")
@click.option("--deliver-group", default="", help="The consumer's queue group. [its own]")
@click.option("--count", type=click.IntRange(min=0), default=0, help="End after this many.")
async def sub(
    words: Words,
    stream: str,
    consumer: str,
    ack: bool,
    raw: bool,
    deliver_group: str,
    count: int,
) -> None:
    """Show what a consumer delivers: one message by a pull, or all that it pushes."""
    async with connected(words, reconnect=True) as session:
        info = await session.api.consumer_info(stream, consumer)
        config = info["config"]
        acked = ack and config.get("ack_policy") != "none"
        if config.get("deliver_subject"):
            group = deliver_group or config.get("deliver_group", "")
            if not raw:
                _say_pushed(config, acked=acked)
            await _pushed(session, words, config["deliver_subject"], group, acked, raw, count)
            return
        async with _Puller(session, stream, consumer) as puller:
            for _ in range(count or 1):
                message = await puller.next(words.timeout_s)
                _show(message, raw=raw)
                if acked:
                    await puller.settle(message, "ack", words.timeout_s, wait=0, raw=raw)


def _say_pushed(config: dict[str, object], *, acked: bool) -> None:
    policy = str(config.get("ack_policy", ""))
    say(
        f"Subscribing to topic {config['deliver_subject']}"
        f" auto acknowledgment: {'true' if acked else 'false'}\n"
    )
    say(f"Consumer Info:\n  Ack Policy: {ACK_NAMES.get(policy, policy)}")
    wait = config.get("ack_wait")
    if policy != "none" and isinstance(wait, int):
        say(f"    Ack Wait: {go_duration(wait)}")
    say()


async def _pushed(
    session: Session,
    words: Words,
    subject: str,
    group: str,
    acked: bool,
    raw: bool,
    count: int,
) -> None:
    from jetshare.net import core
    from jetshare.net.message import Metadata
    from jetshare.workflows.pushed import PushedAcks

    acks = PushedAcks(session, words.timeout_s)
    async with core.listening(session.client, [subject], queue=group) as arrived:
        shown = 0
        while not count or shown < count:
            message = await arrived.get()
            if answer := _flow_control(message):
                await core.publish(session.client, answer)
                continue
            if _is_status(message):
                continue
            shown += 1
            stands = Metadata.parse(message.reply) if message.reply else None
            _show_parts(message.subject, stands, message.headers, message.data, raw=raw)
            if acked and message.reply and (why := await acks.acknowledge(message.reply)):
                log(f"Acknowledging message via subject {message.reply} failed: {why}")
    await acks.close()


def _is_status(message: Arrived) -> bool:
    return not message.data and dict(message.headers).get("Status") == "100"


def _flow_control(message: Arrived) -> str:
    """Where a flow control message or a stalled consumer's heartbeat is to be answered."""
    if not _is_status(message):
        return ""
    return message.reply or dict(message.headers).get("Nats-Consumer-Stalled", "")


def _show(message: Message, *, raw: bool) -> None:
    _show_parts(
        message.subject, message.metadata, tuple(message.headers.items()), message.data, raw=raw
    )


def _show_parts(
    subject: str, stands: Metadata | None, headers: Headers, data: bytes, *, raw: bool
) -> None:
    if raw:
        show_raw(data)
        return
    place = ""
    if stands is not None:
        place = (
            f" / tries: {stands.num_delivered} / cons seq: {stands.consumer_sequence}"
            f" / str seq: {stands.stream_sequence} / pending: {show_number(stands.num_pending)}"
        )
    say(f"[{datetime.now().astimezone():%H:%M:%S}] subj: {subject}{place}")
    if headers:
        say("\nHeaders:\n")
        for name, value in headers:
            say(f"  {name}: {value}")
        say("\nData:\n")
    say()
    show_raw(data)
