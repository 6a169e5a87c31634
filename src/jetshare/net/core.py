"""Core NATS: publish, ask several, listen. Headers come and go as they stand on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

import nats.errors

from jetshare.errors import (
    AccessRefused,
    InputError,
    NoResponders,
    RequestTimeout,
    Unreachable,
)
from jetshare.identity.subjects import check
from jetshare.net.status import is_status, parse_status
from jetshare.net.wire import Wire

if TYPE_CHECKING:
    from nats.aio.client import Client

Headers = tuple[tuple[str, str], ...]

_NO_RESPONDERS = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A message as it came. ``at`` is of the monotonic clock; of no use across machines."""

    subject: str
    reply: str = ""
    headers: Headers = ()
    data: bytes = b""
    at: float = 0.0


async def publish(
    client: Client, subject: str, data: bytes = b"", *, reply: str = "", headers: Headers = ()
) -> None:
    """Send one message. Raises InputError for what could reach nobody."""
    check(subject)
    try:
        await client.publish(subject, data, reply=reply, headers=_as_dict(headers) or None)
    except nats.errors.MaxPayloadError:
        raise InputError(
            f"the message of {len(data)} bytes is larger than the server's {client.max_payload}",
            hint="send less, or raise max_payload on the server",
        ) from None
    except nats.errors.BadHeaderError as error:
        raise InputError(f"{error} is no name of a header", hint="write -H NAME:VALUE") from None
    except nats.errors.Error as error:
        raise Unreachable(f"the connection is lost: {error}") from None


async def confirm(client: Client, timeout_s: float) -> None:
    """Wait until the server has read all that was sent; raises what it refused.

    Raises AccessRefused for a subject that this user may not use.
    """
    try:
        # nats-py's flush writes its PING ahead of what is still pending, and so would be
        # told nothing of that.
        await client._flush_pending(force_flush=True)
        await client.flush(timeout=max(1, round(timeout_s)))
    except (TimeoutError, nats.errors.TimeoutError):
        raise RequestTimeout(f"the server did not answer within {timeout_s:g} s") from None
    except nats.errors.Error as error:
        raise Unreachable(f"the connection is lost: {error}") from None
    check_permissions(client)


def check_permissions(client: Client) -> None:
    """Raise AccessRefused where the server has refused a subject on this connection."""
    said = str(client.last_error or "")
    if "permissions violation" in said.lower():
        raise AccessRefused(said.removeprefix("nats: ").strip("' "), hint="ask for the permission")


async def round_trip(client: Client, timeout_s: float) -> float:
    """Seconds from a PING to its PONG."""
    try:
        return await client.rtt(timeout=max(1, round(timeout_s)))
    except (TimeoutError, nats.errors.TimeoutError):
        raise RequestTimeout(f"the server did not answer within {timeout_s:g} s") from None
    except nats.errors.Error as error:
        raise Unreachable(f"the connection is lost: {error}") from None


@asynccontextmanager
async def listening(
    client: Client, subjects: Iterable[str], *, queue: str = "", flush_s: float = 5.0
) -> AsyncIterator[asyncio.Queue[Arrived]]:
    """Messages on ``subjects`` as they come, from here to the end of the block.

    The server has taken the subscriptions when the block begins. Raises AccessRefused.
    """
    arrived: asyncio.Queue[Arrived] = asyncio.Queue()
    wire = Wire(client)

    def deliver(subject: bytes, reply: bytes, header: bytes, data: bytes) -> None:
        arrived.put_nowait(
            Arrived(
                subject=subject.decode(),
                reply=reply.decode(),
                headers=split_headers(header),
                data=data,
                at=monotonic(),
            )
        )

    taps = []
    try:
        for subject in subjects:
            check(subject)
            taps.append(await wire.subscribe(subject, deliver, queue=queue))
        await confirm(client, flush_s)
        yield arrived
    finally:
        for tap in taps:
            await tap.close()


async def ask(
    client: Client,
    subject: str,
    data: bytes,
    *,
    headers: Headers,
    timeout_s: float,
) -> Arrived:
    """One request with headers, one reply. Raises NoResponders and RequestTimeout."""
    async with replies(client) as (inbox, arrived):
        await publish(client, subject, data, reply=inbox, headers=headers)
        return await next_reply(client, subject, arrived, timeout_s)


@asynccontextmanager
async def replies(client: Client) -> AsyncIterator[tuple[str, asyncio.Queue[Arrived]]]:
    """An inbox of its own and what comes to it."""
    inbox = client.new_inbox()
    async with listening(client, [inbox]) as arrived:
        yield inbox, arrived


async def next_reply(
    client: Client, subject: str, arrived: asyncio.Queue[Arrived], timeout_s: float
) -> Arrived:
    try:
        async with asyncio.timeout(timeout_s):
            reply = await arrived.get()
    except TimeoutError:
        check_permissions(client)
        raise RequestTimeout(f"no answer on {subject} within {timeout_s:g} s") from None
    if not reply.data and dict(reply.headers).get("Status") == str(_NO_RESPONDERS):
        raise NoResponders("no responders are available", hint=f"nothing answers on {subject}")
    return reply


def split_headers(block: bytes) -> Headers:
    """The fields of a header block in their order; a status as Status and Description."""
    if not block:
        return ()
    found = []
    if is_status(block) and (status := parse_status(block)):
        found.append(("Status", str(status.code)))
        if status.text:
            found.append(("Description", status.text))
    for line in block.split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon:
            found.append(
                (name.decode("utf-8", "replace"), value.decode("utf-8", "replace").strip())
            )
    return tuple(found)


def _as_dict(headers: Headers) -> dict[str, str]:
    """nats-py takes a dict and strips its keys, so a name given twice differs by spaces."""
    fields: dict[str, str] = {}
    for name, value in headers:
        key = name
        while key in fields:
            key += " "
        fields[key] = value
    return fields
