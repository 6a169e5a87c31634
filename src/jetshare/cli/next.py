"""``jetshare next``"""

from __future__ import annotations

import sys
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import click

from jetshare.cli.options import SHARE, World, run, verb
from jetshare.cli.output import emit_json, note, plain_text, say
from jetshare.sharing.kinds import PullConsumer
from jetshare.workflows.next import NextRequest, Outcome, Received, next_messages

EPILOG = """\b
Example:
  jetshare next ORDERS/ORDERS-C1 --account ACCTB --count 10
"""


@click.command("next", epilog=EPILOG)
@click.argument("share", type=SHARE)
@click.option("--account", default="", metavar="ACCT", help="Pull as this importer.")
@click.option("--from", "provider", default="", metavar="ACCT|KEY", help="Of this provider.")
@click.option("--prefix", default="", help="The API prefix. [as the account imports it]")
@click.option("--user", default="", help="The importer's user to pull as. [its first]")
@click.option("--count", type=click.IntRange(min=1), default=1, help="How many messages. [1]")
@click.option("--ack", "outcome", flag_value="ack", default=True, help="Acknowledge. [default]")
@click.option("--no-ack", "outcome", flag_value="none", help="Leave it leased.")
@click.option("--nak", "outcome", flag_value="nak", help="Give it back to be delivered again.")
@click.option("--term", "outcome", flag_value="term", help="End it: never deliver it again.")
@click.option("--raw", is_flag=True, help="Print the bodies and nothing else.")
@verb
def command(
    world: World,
    share: PullConsumer,
    account: str,
    provider: str,
    prefix: str,
    user: str,
    count: int,
    outcome: str,
    raw: bool,
) -> int:
    """Pull the next messages of a share as its importer, and acknowledge them.

    An acknowledgement is confirmed by the server before it is claimed.
    """
    request = NextRequest(
        share=share,
        importer=account,
        provider=provider,
        prefix=prefix,
        user=user,
        count=count,
        outcome=Outcome(outcome),
    )
    received: list[Received] = []

    def show(message: Received) -> None:
        received.append(message)
        if raw:
            sys.stdout.buffer.write(message.data)
            sys.stdout.buffer.flush()
        elif not world.as_json:
            _say(message)

    run(next_messages(world.store(), request, world.reach, world.now, show))
    if world.as_json:
        emit_json({"share": str(share), "messages": [_to_json(m) for m in received]})
    elif not received:
        note("no message was waiting")
    return 0 if received else 1


def _say(message: Received) -> None:
    say(
        f"[{datetime.now(UTC):%H:%M:%S}] subj: {message.subject} / tries: {message.tries}"
        f" / cons seq: {message.consumer_sequence} / str seq: {message.stream_sequence}"
        f" / pending: {message.pending}"
    )
    if message.headers:
        click.echo("\nHeaders:\n")
        for name, value in message.headers.items():
            say(f"  {name}: {value}")
        click.echo("\nData:\n")
    click.echo(f"\n{plain_text(message.data.decode('utf-8', 'replace'))}\n")
    if message.outcome is not Outcome.NONE:
        say(_SAID[message.outcome])


_SAID = {
    Outcome.ACK: "Acknowledged message",
    Outcome.NAK: "Negative Acknowledged message",
    Outcome.TERM: "Terminated message",
}


def _to_json(message: Received) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "subject": message.subject,
        "tries": message.tries,
        "consumer_sequence": message.consumer_sequence,
        "stream_sequence": message.stream_sequence,
        "pending": message.pending,
        "headers": dict(message.headers),
        "data": message.data.decode("utf-8", "replace"),
        "outcome": str(message.outcome),
    }
    try:
        message.data.decode()
    except UnicodeDecodeError:  # of which ``data`` has lost something
        fields["data_base64"] = b64encode(message.data).decode()
    return fields
