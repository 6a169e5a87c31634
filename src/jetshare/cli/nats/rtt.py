"""``nats rtt``"""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import click

from jetshare.cli.nats.durations import SECOND, show_duration
from jetshare.cli.nats.groups import single
from jetshare.cli.nats.output import log, say, show_json
from jetshare.cli.nats.times import rfc3339
from jetshare.cli.nats.urls import redacted
from jetshare.cli.nats.words import Words
from jetshare.errors import InputError, NetworkError
from jetshare.store.access import Access
from jetshare.workflows.nats_session import DEFAULT_URL, session

_PORT = 4222


@single("rtt")
@click.argument("iterations", type=click.IntRange(min=1), default=5)
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
async def command(words: Words, iterations: int, as_json: bool) -> int:
    """Measure the round trip to every address of every server. Exit 1 where one fails."""
    access = words.access()
    targets: list[dict[str, Any]] = []
    for url in access.servers or (DEFAULT_URL,):
        results = [
            await _measure(words, access, url, address, iterations) for address in _addresses(url)
        ]
        targets.append({"url": redacted(url), "results": results})
    if as_json:
        show_json(targets)
    else:
        _say(targets)
    return 0 if all(each["rtt"] for target in targets for each in target["results"]) else 1


async def _measure(
    words: Words, access: Access, url: str, address: str, iterations: int
) -> dict[str, Any]:
    """The mean of ``iterations`` round trips, in nanoseconds; 0 where there is no connection."""
    from jetshare.net.core import round_trip

    user, sign, _ = urlsplit(url).netloc.rpartition("@")
    scheme, _, place = address.partition("://")
    there = replace(access, servers=(f"{scheme}://{user}{sign}{place}",))
    result: dict[str, Any] = {
        "time": rfc3339(datetime.now(UTC)),
        "address": address,
        "rtt": 0,
        "url": "",
    }
    try:
        async with session(there, timeout_s=words.timeout_s, name=words.connection_name) as opened:
            spans = [await round_trip(opened.client, words.timeout_s) for _ in range(iterations)]
    except NetworkError as error:
        log(f"Failed to compute rtt for {address}: {error}")
        return result
    return result | {"rtt": round(sum(spans) / iterations * SECOND), "url": redacted(url)}


def _addresses(url: str) -> list[str]:
    """Every address that the host of ``url`` has; the URL's own where it has none."""
    try:
        parts = urlsplit(url if "://" in url else f"nats://{url}")
        host, port = parts.hostname or "", parts.port or _PORT
    except ValueError:
        raise InputError(f"{redacted(url)} is no URL of a server") from None
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return [f"{parts.scheme}://{host}:{port}"]
    addresses = dict.fromkeys(str(each[4][0]) for each in found)
    return [
        f"{parts.scheme}://[{each}]:{port}" if ":" in each else f"{parts.scheme}://{each}:{port}"
        for each in addresses
    ]


def _say(targets: list[dict[str, Any]]) -> None:
    width = 3 + max(len(each["address"]) for target in targets for each in target["results"])
    for target in targets:
        say(f"{target['url']}:\n")
        for each in target["results"]:
            shown = show_duration(each["rtt"]) if each["rtt"] else "failed"
            say(f"{each['address'].rjust(width)}: {shown}")
        say()
