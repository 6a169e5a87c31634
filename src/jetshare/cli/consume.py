"""``jetshare consume``"""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import click

from jetshare.cli.hiding import hide_seeds
from jetshare.cli.options import SHARE, World, run, verb
from jetshare.cli.output import json_text, note, plain, plain_text
from jetshare.cli.standard_output import LineOutput
from jetshare.errors import InputError, NetworkError
from jetshare.sharing.kinds import PullConsumer
from jetshare.workflows.consume import ConsumeRequest, consume, described, program

if TYPE_CHECKING:
    from jetshare.net.message import Message
    from jetshare.net.process import Processed

EPILOG = """\b
Example:
  jetshare consume ORDERS/ORDERS-C1 --jsonl > orders.jsonl
  jetshare consume ORDERS/ORDERS-C1 --exec './handle-order' --concurrency 4
  jetshare consume ORDERS/ORDERS-C1 --exec 'sh -c "gzip > $NATS_STREAM_SEQUENCE.gz"'
"""
_GIVEN = (
    "it is run without a shell (for a line of shell: --exec 'sh -c \"…\"'), with the body on its"
    " standard input, and NATS_SUBJECT, NATS_STREAM_SEQUENCE, NATS_CONSUMER_SEQUENCE and"
    " NATS_TRIES in its environment"
)
_SECONDS = click.FloatRange(min=0, min_open=True)


@click.command("consume", epilog=EPILOG)
@click.argument("share", type=SHARE)
@click.option("--exec", "words", metavar="CMD", help="Run CMD for each message; exit 0 is handled.")
@click.option("--jsonl", is_flag=True, help="Print one JSON object a message, as --json does.")
@click.option("--account", default="", metavar="ACCT", help="Consume as this importer.")
@click.option("--from", "provider", default="", metavar="ACCT|KEY", help="Of this provider.")
@click.option("--prefix", default="", help="The API prefix. [as the account imports it]")
@click.option("--user", default="", help="The importer's user to consume as. [its first]")
@click.option("--count", type=click.IntRange(min=1), help="Stop after this many. [never]")
@click.option("--concurrency", type=click.IntRange(min=1), default=1, help="Programs at once. [1]")
@click.option("--handler-timeout", type=_SECONDS, metavar="SECONDS", help="Longest run of CMD.")
@click.option(
    "--heartbeat", type=_SECONDS, metavar="SECONDS", help="How soon silence is noticed. [15]"
)
@verb
def command(
    world: World,
    share: PullConsumer,
    words: str | None,
    jsonl: bool,
    account: str,
    provider: str,
    prefix: str,
    user: str,
    count: int | None,
    concurrency: int,
    handler_timeout: float | None,
    heartbeat: float | None,
) -> int:
    """Consume a share for as long as it runs: each message goes to a program or to standard
    output, and is acknowledged once it was handled: once the program has ended with exit
    code 0, or the message is written (a pipe has taken it, whoever may read it).

    CMD is run without a shell; a line of shell is 'sh -c "…"'. It has the body on its
    standard input, and finds the rest in the environment: NATS_SUBJECT,
    NATS_STREAM_SEQUENCE, NATS_CONSUMER_SEQUENCE, and NATS_TRIES, which is 1 when the
    message is delivered for the first time. Where CMD fails, the message comes again after
    1, 2, 4 … 60 seconds.

    Ctrl-C and SIGTERM end it in good order: what is done is acknowledged, the rest is
    given back; a second Ctrl-C interrupts. The last line says how many the server
    confirmed; exit 1 where a message failed, or its acknowledgement may be lost. What is
    shown on a terminal has its control characters spelt out.
    """
    from jetshare.net.process import Processed

    _log_in_one_line()
    request = ConsumeRequest(
        share=share,
        importer=account,
        provider=provider,
        prefix=prefix,
        user=user,
        count=count or 0,
        concurrency=concurrency if words else 1,
        handler_timeout_s=handler_timeout,
        heartbeat_s=heartbeat,
    )
    handler = _handler(words, lines="--jsonl" if jsonl else "--json" if world.as_json else "")
    done = Processed()
    try:
        run(consume(world.store(), request, world.reach, world.now, handler, done))
    except NetworkError:
        if done != Processed():
            note(_closing_line(done))
        raise
    note(_closing_line(done))
    return 1 if done.failed or done.unconfirmed else 0


def _closing_line(done: Processed) -> str:
    return (
        f"{done.acknowledged} acknowledged, {done.failed} failed,"
        f" {done.given_back} given back, {done.unconfirmed} unconfirmed"
    )


def _log_in_one_line() -> None:
    """What the pull loop has to say, each time in one line: a failure is told by its name."""

    class OneLine(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            text = record.getMessage()
            if record.exc_info and record.exc_info[1]:
                text += f": {str(record.exc_info[1]) or type(record.exc_info[1]).__name__}"
            return plain(hide_seeds(text))  # some of it is what a stranger's server said

    to_stderr = logging.StreamHandler()
    to_stderr.setFormatter(OneLine())
    logging.basicConfig(level=logging.WARNING, handlers=[to_stderr])


def _handler(words: str | None, *, lines: str) -> Callable[[Message], Awaitable[object]]:
    """``lines`` is the option that asked for lines of JSON, if one did."""
    if words is not None:
        if lines:
            raise InputError(f"--exec and {lines} exclude one another", hint="choose one of them")
        return program(_program(words), os.environ)

    output = LineOutput()

    async def show(message: Message) -> None:
        if lines:
            await output.write(json_text(described(message), lines=True).encode() + b"\n")
        elif sys.stdout.isatty():
            click.echo(plain_text(message.data.decode("utf-8", "replace")))
        else:
            await output.write(message.data + b"\n")

    return show


def _program(words: str) -> tuple[str, ...]:
    try:
        split = tuple(shlex.split(words))
    except ValueError as error:
        raise InputError(f"--exec cannot be read: {error}", hint="quote it for a shell") from None
    if not split or shutil.which(split[0]) is None:
        raise InputError(
            f'--exec names no program: "{split[0] if split else ""}"',
            hint=f"give a program on PATH, or the path of one; {_GIVEN}",
        )
    return split
