"""``nats publish``"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import click

from jetshare.cli.nats.bodies import Draft, bodies, parse_headers
from jetshare.cli.nats.connecting import connected
from jetshare.cli.nats.durations import SECOND
from jetshare.cli.nats.groups import single
from jetshare.cli.nats.output import log
from jetshare.cli.nats.words import DURATION, Words
from jetshare.errors import NetworkError

if TYPE_CHECKING:
    from nats.aio.client import Client

_LINES = 20  # more messages than this are told of in one line, not one each


@single("publish", "pub")
@click.argument("subject")
@click.argument("body", required=False)
@click.option("--reply", default="", metavar="SUBJECT", help="A reply subject.")
@click.option("-H", "--header", "headers", multiple=True, metavar="K:V", help="Add a header.")
@click.option("--count", type=int, default=1, help="How many messages. [1]")
@click.option("--sleep", type=DURATION, default=0, help="Pause between them.")
@click.option("-J", "--jetstream", is_flag=True, help="Wait for the stream's acknowledgement.")
@click.option("-q", "--quiet", is_flag=True, help="No log lines.")
@click.option("--force-stdin", is_flag=True, help="Read the body from stdin, also from a terminal.")
@click.option("--send-on", type=click.Choice(["eof", "newline"]), default="eof", help="[eof]")
@click.option("--templates/--no-templates", default=True, help="Expand {{Count}} and others.")
async def command(
    words: Words,
    subject: str,
    body: str | None,
    reply: str,
    headers: tuple[str, ...],
    count: int,
    sleep: int,
    jetstream: bool,
    quiet: bool,
    force_stdin: bool,
    send_on: str,
    templates: bool,
) -> None:
    """Publish messages, with -J into a stream that confirms each.

    Without BODY it is read from stdin.
    """
    from jetshare.net.core import confirm, publish

    count = max(count, 1)
    lines = parse_headers(headers)
    each = not quiet and count <= _LINES
    async with connected(words) as session:
        client = session.client
        for data in bodies(body, force_stdin=force_stdin, send_on=send_on, quiet=quiet):
            draft = Draft(subject=subject, body=data, headers=lines, templates=templates)
            for number in range(1, count + 1):
                to, payload, fields = draft.message(number)
                stored = ""
                if jetstream:
                    stored = await _store(client, words, to, payload, fields)
                else:
                    await publish(client, to, payload, reply=reply, headers=fields)
                    if each:
                        await confirm(client, words.timeout_s)
                if each:
                    log(f'Published {len(payload)} bytes to "{to}"')
                if each and stored:
                    log(stored)
                if sleep and number < count:
                    await asyncio.sleep(sleep / SECOND)
            await confirm(client, words.timeout_s)
            if not each and not quiet:
                log(f'Published {count:,} messages to "{subject}"')


async def _store(client: Client, words: Words, subject: str, data: bytes, headers: Any) -> str:
    """Publish into a stream, and say where the message is; raises what the stream says."""
    from jetshare.net.core import ask
    from jetshare.net.jetstream_api import api_error

    reply = await ask(client, subject, data, headers=headers, timeout_s=words.timeout_s)
    if words.trace:
        log(f"<<< {reply.data.decode('utf-8', 'replace')}")
    try:
        ack = json.loads(reply.data)
    except ValueError:
        ack = None
    if not isinstance(ack, dict) or not ("stream" in ack or "error" in ack):
        raise NetworkError(
            f"what answered on {subject} is no stream",
            hint="is a service listening on that subject as well?",
        )
    if isinstance(ack.get("error"), dict):
        raise api_error(ack["error"])
    text = f"Stored in Stream: {ack['stream']} Sequence: {ack.get('seq', 0):,}"
    if ack.get("domain"):
        text += f' Domain: "{ack["domain"]}"'
    if ack.get("duplicate"):
        text += " Duplicate: true"
    if ack.get("val"):
        text += f" Counter Value: {ack['val']}"
    return text
