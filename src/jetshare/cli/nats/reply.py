"""``nats reply``"""

from __future__ import annotations

import asyncio
import os
import secrets
import shlex
from datetime import datetime
from typing import TYPE_CHECKING

import click

from jetshare.cli.nats.bodies import parse_headers
from jetshare.cli.nats.connecting import connected
from jetshare.cli.nats.durations import SECOND
from jetshare.cli.nats.groups import single
from jetshare.cli.nats.output import log, say, show_raw
from jetshare.cli.nats.templates import Moment, expand
from jetshare.cli.nats.words import DURATION, Words
from jetshare.errors import InputError

if TYPE_CHECKING:
    from jetshare.net.core import Arrived


@single("reply")
@click.argument("subject")
@click.argument("body", required=False, default="")
@click.option("--echo", is_flag=True, help="Send back what is received.")
@click.option("--command", "program", default="", help="Answer with what this command prints.")
@click.option("-q", "--queue", default="NATS-RPLY-22", metavar="GROUP", help="[NATS-RPLY-22]")
@click.option("--sleep", type=DURATION, default=0, help="Wait up to this long before a reply.")
@click.option("-H", "--header", "headers", multiple=True, metavar="K:V", help="Add a header.")
@click.option("--count", type=click.IntRange(min=0), default=0, help="End after this many.")
async def command(
    words: Words,
    subject: str,
    body: str,
    echo: bool,
    program: str,
    queue: str,
    sleep: int,
    headers: tuple[str, ...],
    count: int,
) -> None:
    """Answer requests on SUBJECT with BODY, with a command's output, or with themselves.

    In BODY and --command {{Request}} is the request, and {{0}}, {{1}} … are the tokens of
    its subject.
    """
    from jetshare.net import core

    if not (body or program or echo):
        log("No body or command supplied, enabling echo mode")
        echo = True
    lines = parse_headers(headers)
    async with (
        connected(words, reconnect=True) as session,
        core.listening(session.client, [subject], queue=queue) as arrived,
    ):
        log(f'Listening on "{subject}" in group "{queue}"')
        answered = 0
        while not count or answered < count:
            request = await arrived.get()
            _show(answered, request)
            if not request.reply:
                log("No reply subject, nothing is sent")
                continue
            if sleep:
                await asyncio.sleep(secrets.randbelow(sleep) / SECOND)
            text = request.data.decode("utf-8", "replace")
            moment = Moment(
                count=answered,
                now=datetime.now().astimezone(),
                request=text,
                tokens=tuple(request.subject.split(".")),
            )
            fields = tuple((name, expand(value, moment)) for name, value in lines)
            if echo:
                data = request.data
                fields += (*request.headers, ("NATS-Reply-Counter", str(answered)))
            elif program:
                data = await _output(program, request, moment, trace=words.trace)
            else:
                data = expand(body, moment).encode("utf-8", "surrogateescape")
            await core.publish(session.client, request.reply, data, headers=fields)
            answered += 1
        await core.confirm(session.client, words.timeout_s)


def _show(number: int, request: Arrived) -> None:
    log(f'[#{number}] Received on subject "{request.subject}":')
    for name, value in request.headers:
        log(f"{name}: {value}")
    say()
    show_raw(request.data)


async def _output(program: str, request: Arrived, moment: Moment, *, trace: bool) -> bytes:
    """What ``program`` prints, its errors among it; without a shell in between.

    The words are split before the request is put into them: a request cannot add one.
    """
    try:
        split = shlex.split(program)
    except ValueError:
        raise InputError(f'"{program}" is no command line', hint="check its quotes") from None
    line = [expand(word, moment) for word in split]
    if trace:
        log(f"Executing: {shlex.join(line)}")
    environment = {
        **os.environ,
        "NATS_REQUEST_SUBJECT": request.subject,
        "NATS_REQUEST_BODY": (moment.request or "").replace("\0", ""),
    }
    try:
        running = await asyncio.create_subprocess_exec(
            *line,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
        )
    except (OSError, ValueError) as error:
        log(f"Command {program!r} failed to run: {error}")
        return b""
    printed, _ = await running.communicate()
    if running.returncode:
        log(f"Command {program!r} failed to run: exit status {running.returncode}")
    return printed
