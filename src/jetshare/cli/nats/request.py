"""``nats request``"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

import click

from jetshare.cli.nats.bodies import Draft, bodies, parse_headers
from jetshare.cli.nats.connecting import connected
from jetshare.cli.nats.durations import SECOND, go_duration
from jetshare.cli.nats.groups import single
from jetshare.cli.nats.output import log, show_body, show_raw
from jetshare.cli.nats.words import DURATION, Words
from jetshare.errors import RequestTimeout

if TYPE_CHECKING:
    from nats.aio.client import Client


@single("request", "req")
@click.argument("subject")
@click.argument("body", required=False)
@click.option("-r", "--raw", is_flag=True, help="Print the bodies of the replies alone.")
@click.option("-H", "--header", "headers", multiple=True, metavar="K:V", help="Add a header.")
@click.option("--count", type=int, default=1, help="How many requests. [1]")
@click.option("--replies", type=int, default=1, help="How many replies; 0 is all that come. [1]")
@click.option("--reply-timeout", type=DURATION, default="300ms", help="Between replies. [300ms]")
@click.option("--wait-for-empty", is_flag=True, help="Take replies until an empty one.")
@click.option("--force-stdin", is_flag=True, help="Read the body from stdin, also from a terminal.")
@click.option("--send-on", type=click.Choice(["eof", "newline"]), default="eof", help="[eof]")
@click.option("--templates/--no-templates", default=True, help="Expand {{Count}} and others.")
async def command(
    words: Words,
    subject: str,
    body: str | None,
    raw: bool,
    headers: tuple[str, ...],
    count: int,
    replies: int,
    reply_timeout: int,
    wait_for_empty: bool,
    force_stdin: bool,
    send_on: str,
    templates: bool,
) -> None:
    """Send requests and show what is answered. Exit 1 where nothing is.

    Without BODY it is read from stdin.
    """
    lines = parse_headers(headers)
    wanted = _UNLIMITED if wait_for_empty else replies
    async with connected(words) as session:
        for data in bodies(body, force_stdin=force_stdin, send_on=send_on, quiet=raw):
            draft = Draft(subject=subject, body=data, headers=lines, templates=templates)
            for number in range(1, max(count, 1) + 1):
                await _one(
                    session.client,
                    draft,
                    number,
                    wanted=wanted,
                    gap_s=reply_timeout / SECOND,
                    timeout_s=words.timeout_s,
                    raw=raw,
                )


_UNLIMITED = 1 << 30


async def _one(
    client: Client,
    draft: Draft,
    number: int,
    *,
    wanted: int,
    gap_s: float,
    timeout_s: float,
    raw: bool,
) -> None:
    """One request; ``wanted`` 0 takes what comes until ``timeout_s`` is over.

    Replies after the first are waited for no longer than the average so far and
    ``gap_s``. Raises NoResponders, and RequestTimeout where there was no reply at all.
    """
    from jetshare.net import core

    subject, payload, headers = draft.message(number)
    if not raw:
        log(f'Sending request on "{subject}"')
    async with core.replies(client) as (inbox, arrived):
        await core.publish(client, subject, payload, reply=inbox, headers=headers)
        started, left, spent, got = monotonic(), timeout_s, 0.0, 0
        while not wanted or got < wanted:
            try:
                reply = await core.next_reply(client, subject, arrived, left)
            except RequestTimeout:
                if got:
                    return
                raise
            took_s, got = reply.at - started, got + 1
            if raw:
                show_raw(reply.data)
            else:
                log(f"Received with rtt {go_duration(round(took_s * SECOND))}")
                for name, value in reply.headers:
                    log(f"{name}: {value}")
                if reply.headers:
                    log("")
                show_body(reply.data)
            if wanted and not reply.data:
                return
            spent += took_s
            left = spent / got + gap_s if wanted else timeout_s - (monotonic() - started)
