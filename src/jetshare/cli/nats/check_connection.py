"""How long it takes to reach a server, and when that is too long.

Source: jsm.go ``monitor/connection.go``. Spans and thresholds are in nanoseconds, the
metrics in seconds; a threshold of 0 is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic_ns
from typing import TYPE_CHECKING

from jetshare.cli.nats.check_result import Metric, Result
from jetshare.cli.nats.connecting import connected
from jetshare.cli.nats.durations import SECOND, go_duration
from jetshare.cli.nats.urls import redacted
from jetshare.errors import NetworkError

if TYPE_CHECKING:
    from nats.aio.client import Client

    from jetshare.cli.nats.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of one span: from which length on it is a warning, and from which critical."""

    warn: int
    critical: int


async def check_connection(
    words: Words, result: Result, *, connect: Limits, rtt: Limits, round_trip: Limits
) -> None:
    """Connect, ping the server, and send a message to oneself."""
    from jetshare.net.core import round_trip as ping

    started = monotonic_ns()
    try:
        async with connected(words) as session:
            took = monotonic_ns() - started
            there = session.client.connected_url
            url = redacted(there.geturl()) if there else ""
            _measured(result, "connect_time", took, connect, "Time taken to connect to NATS")
            _judge(
                *(result, took, connect),
                fine=f"connected to {url} in {go_duration(took)}",
                late=f"connected to {url}, connect time exceeded {{}}",
            )
            took = round(await ping(session.client, words.timeout_s) * SECOND)
            _measured(result, "rtt", took, rtt, "The round-trip-time of the connection")
            _judge(
                *(result, took, rtt),
                fine=f"rtt time {go_duration(took)}",
                late="rtt time exceeded {}",
            )
            took = await _to_oneself(session.client, words.timeout_s)
            what = "Time taken for a full Request-Reply operation"
            _measured(result, "request_time", took, round_trip, what)
            _judge(
                *(result, took, round_trip),
                fine=f"round trip took {took / SECOND:f}s",
                late=f"round trip request took {took / SECOND:f}",
            )
    except NetworkError as error:
        result.criticals.append(f"connection failed: {error}")


async def _to_oneself(client: Client, timeout_s: float) -> int:
    import asyncio

    from jetshare.errors import RequestTimeout
    from jetshare.net.core import listening, publish

    inbox = client.new_inbox()
    async with listening(client, [inbox]) as arrived:
        started = monotonic_ns()
        await publish(client, inbox, b"x" * 100)
        try:
            await asyncio.wait_for(arrived.get(), timeout_s)
        except TimeoutError:
            raise RequestTimeout(f"did not receive from {inbox} within {timeout_s:g} s") from None
        return monotonic_ns() - started


def _measured(result: Result, name: str, took: int, limits: Limits, text: str) -> None:
    result.metrics.append(
        Metric(
            name=name,
            value=took / SECOND,
            warn=limits.warn / SECOND,
            crit=limits.critical / SECOND,
            unit="s",
            help=text,
        )
    )


def _judge(result: Result, took: int, limits: Limits, *, fine: str, late: str) -> None:
    """``late`` has a place for the threshold that was reached, in seconds."""
    critical = bool(limits.critical) and took >= limits.critical
    warning = bool(limits.warn) and took >= limits.warn
    reached = limits.critical if critical else limits.warn
    text = late.format(f"{reached / SECOND:g}") if critical or warning else fine
    result.judge(text, critical=critical, warning=warning)
