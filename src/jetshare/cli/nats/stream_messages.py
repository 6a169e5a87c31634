"""``nats stream get``, ``view`` and ``rmm``: messages as the stream keeps them.

They are read by STREAM.MSG.GET, which makes no consumer and changes nothing.
"""

from __future__ import annotations

import base64
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from jetshare.cli.nats.connecting import connected
from jetshare.cli.nats.durations import SECOND, show_duration
from jetshare.cli.nats.groups import single
from jetshare.cli.nats.output import confirmed, log, say, show_body, show_json, show_raw
from jetshare.cli.nats.times import go_time, nanoseconds_between, read_time, show_time
from jetshare.cli.nats.words import DURATION, Words
from jetshare.errors import ApiRefused, InputError

if TYPE_CHECKING:
    from jetshare.net.core import Headers
    from jetshare.net.jetstream_api import JetStreamApi

Stored = dict[str, Any]

_LARGEST_PAGE = 25
# Headers that a direct get adds; they are no part of the message.
_ADDED = ("Nats-Subject", "Nats-Stream", "Nats-Sequence", "Nats-Time-Stamp", "Nats-Num-Pending")


@single("get")
@click.argument("stream")
@click.argument("sequence", type=click.IntRange(min=1), required=False)
@click.option("-S", "--last-for", metavar="SUBJECT", help="The last one of a subject.")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
async def get(
    words: Words, stream: str, sequence: int | None, last_for: str | None, as_json: bool
) -> None:
    """Show one message of a stream, by its sequence or the last one of a subject."""
    if (sequence is None) == (last_for is None):
        raise InputError(
            "one message is to be named", hint="give its sequence, or --last-for SUBJECT"
        )
    which: dict[str, object] = {"seq": sequence} if sequence else {"last_by_subj": last_for}
    async with connected(words) as session:
        try:
            stored = await session.api.message(stream, which)
        except ApiRefused as error:
            raise _not_there(error, f"{stream}#{sequence or last_for}") from None
    if as_json:
        show_json(stored)
        return
    at = read_time(stored.get("time"))
    age = show_duration(nanoseconds_between(at, datetime.now(UTC))) if at else "unknown"
    say(
        f"Item: {stream}#{stored['seq']} received {go_time(str(stored.get('time')))} ({age})"
        f" on Subject {stored['subject']}\n"
    )
    if headers := _headers(stored):
        say("Headers:")
        for name, value in headers:
            say(f"  {name}: {value}")
        say()
    show_body(_data(stored))


@single("rmm")
@click.argument("stream")
@click.argument("sequence", type=click.IntRange(min=1))
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
async def rmm(words: Words, stream: str, sequence: int, force: bool) -> None:
    """Overwrite one message of a stream, and remove it."""
    async with connected(words) as session:
        if not force:
            await session.api.stream_info(stream)  # no question about what is not there
        if confirmed(f"Really remove message {sequence} from Stream {stream}", force=force):
            await session.api.delete_message(stream, sequence)


@single("view")
@click.argument("stream")
@click.argument("size", type=click.IntRange(min=1), default=10)
@click.option("--id", "first", type=click.IntRange(min=1), help="Start at this sequence.")
@click.option("--since", type=DURATION, help="Those of the last 1d3h5m2s.")
@click.option("--subject", default=">", help="Those of these subjects.")
@click.option("--raw", is_flag=True, help="The bodies alone.")
async def view(
    words: Words,
    stream: str,
    size: int,
    first: int | None,
    since: int | None,
    subject: str,
    raw: bool,
) -> None:
    """Show the messages of a stream, SIZE at a time; without a terminal, all of them."""
    if size > _LARGEST_PAGE:
        log(f"Page size is limited to {_LARGEST_PAGE}, setting to {_LARGEST_PAGE}...")
        size = _LARGEST_PAGE
    pages = sys.stdin.isatty() and sys.stdout.isatty()
    async with connected(words) as session:
        state = (await session.api.stream_info(stream))["state"]
        sequence, last, shown = first or state["first_seq"], state["last_seq"], 0
        if since is not None:
            start = datetime.now(UTC) - timedelta(seconds=since / SECOND)
            sequence = await _first_since(session.api, stream, state, start)
        while sequence <= last:
            stored = await _next(session.api, stream, sequence, subject)
            if stored is None or stored["seq"] > last:
                break
            if pages and shown and shown % size == 0 and not click.confirm("Next Page?", True):
                return
            _show(stored, raw=raw)
            sequence, shown = stored["seq"] + 1, shown + 1
    log("Reached apparent end of data")


async def _next(api: JetStreamApi, stream: str, sequence: int, subject: str) -> Stored | None:
    """The first message from ``sequence`` on; None where there is none."""
    from jetshare.net.jetstream_api import MESSAGE_NOT_FOUND

    try:
        return await api.message(stream, {"seq": sequence, "next_by_subj": subject})
    except ApiRefused as error:
        if error.err_code == MESSAGE_NOT_FOUND:
            return None
        raise


async def _first_since(api: JetStreamApi, stream: str, state: Stored, start: datetime) -> int:
    """The sequence of the first message that is not older: the stream is in order of time."""
    low, high = int(state["first_seq"]), int(state["last_seq"]) + 1
    while low < high:
        middle = (low + high) // 2
        stored = await _next(api, stream, middle, ">")
        at = read_time(stored.get("time")) if stored else None
        if at is None or at >= start:
            high = middle
        else:
            low = int(stored["seq"]) + 1 if stored else middle + 1
    return low


def _show(stored: Stored, *, raw: bool) -> None:
    if raw:
        show_raw(_data(stored))
        return
    at = show_time(read_time(stored.get("time")))
    say(f"[{stored['seq']}] Subject: {stored['subject']} Received: {at}")
    headers = [(name, value) for name, value in _headers(stored) if name not in _ADDED]
    if headers:
        say()
    for name, value in headers:
        say(f"  {name}: {value}")
    show_body(_data(stored))


def _data(stored: Stored) -> bytes:
    return base64.b64decode(stored.get("data") or "")


def _headers(stored: Stored) -> Headers:
    from jetshare.net.core import split_headers

    return split_headers(base64.b64decode(stored.get("hdrs") or ""))


def _not_there(error: ApiRefused, what: str) -> ApiRefused:
    return ApiRefused(f"could not retrieve {what}: {error}", err_code=error.err_code)
