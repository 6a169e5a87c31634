"""``nats subscribe``"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

import click

from jetshare.cli.nats.connecting import connected
from jetshare.cli.nats.durations import SECOND
from jetshare.cli.nats.figures import show_number
from jetshare.cli.nats.groups import single
from jetshare.cli.nats.output import log, say, show_body, show_raw
from jetshare.cli.nats.times import show_time
from jetshare.cli.nats.words import DURATION, Words
from jetshare.errors import InputError

if TYPE_CHECKING:
    from jetshare.net.core import Arrived
    from jetshare.net.message import Metadata


@single("subscribe", "sub")
@click.argument("subjects", nargs=-1)
@click.option("--queue", default="", metavar="GROUP", help="Subscribe in a queue group.")
@click.option("-r", "--raw", is_flag=True, help="Print the bodies alone.")
@click.option("--ack/--no-ack", default=False, help="Acknowledge JetStream messages.")
@click.option("-i", "--inbox", is_flag=True, help="Subscribe to an inbox made for this.")
@click.option("--count", type=click.IntRange(min=0), default=0, help="End after this many.")
@click.option("--headers-only", is_flag=True, help="No bodies.")
@click.option("--subjects-only", is_flag=True, help="Subjects alone.")
@click.option("--wait", type=DURATION, default=0, help="End after this long without a message.")
@click.option("-t", "--timestamp", is_flag=True, help="Show when each came.")
async def command(
    words: Words,
    subjects: tuple[str, ...],
    queue: str,
    raw: bool,
    ack: bool,
    inbox: bool,
    count: int,
    headers_only: bool,
    subjects_only: bool,
    wait: int,
    timestamp: bool,
) -> int:
    """Show the messages on SUBJECTS as they come, until interrupted or --count of them.

    Exit 1 where acknowledgements were asked for and did not reach the consumer.
    """
    from jetshare.net.core import listening
    from jetshare.workflows.pushed import PushedAcks

    if not subjects and not inbox:
        raise InputError("a subject is required", hint='name one, or ">" for all')
    async with connected(words, reconnect=True) as session:
        client = session.client
        wanted = subjects or (client.new_inbox(),)
        async with listening(client, wanted, queue=queue) as arrived:
            if not raw or inbox:
                how = " with acknowledgement of JetStream messages" if ack else ""
                log(f"Subscribing on {', '.join(wanted)}{how}")
            acks = PushedAcks(session, words.timeout_s)
            number = 0
            while not count or number < count:
                try:
                    async with asyncio.timeout(wait / SECOND if wait else None):
                        message = await arrived.get()
                except TimeoutError:
                    break
                number += 1
                stored = _metadata(message)
                if raw:
                    show_raw(message.data)
                else:
                    at = f" @ {datetime.now():%b %d %H:%M:%S.%f}" if timestamp else ""
                    say(f"[#{number}]{at} {_about(message, stored)}")
                    if not subjects_only:
                        _show(message, headers_only=headers_only)
                if ack and stored and (why := await acks.acknowledge(message.reply)):
                    log(f"Acknowledging message via subject {message.reply} failed: {why}")
            await acks.close()
    return 1 if acks.lost else 0


def _metadata(message: Arrived) -> Metadata | None:
    """Where a message stands in its stream; None for one that comes from none."""
    from jetshare.net.message import Metadata

    if not message.reply.startswith("$JS.ACK."):
        return None
    try:
        return Metadata.parse(message.reply)
    except InputError:
        return None


def _about(message: Arrived, stored: Metadata | None) -> str:
    if stored is not None:
        return (
            f"Received JetStream message: stream: {stored.stream}"
            f" seq: {show_number(stored.stream_sequence)}"
            f" / pending: {show_number(stored.num_pending)} / subject: {message.subject}"
            f" / time: {show_time(stored.timestamp)}"
        )
    reply = f' with reply "{message.reply}"' if message.reply else ""
    return f'Received on "{message.subject}"{reply}'


def _show(message: Arrived, *, headers_only: bool) -> None:
    for name, value in message.headers:
        say(f"{name}: {value}")
    if message.headers:
        say()
    if not headers_only:
        show_body(message.data)
