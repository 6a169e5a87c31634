"""``nats stream ls``, ``report`` and ``subjects``"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from jetshare.cli.nats.cluster_report import needed_level, servers
from jetshare.cli.nats.connecting import connected
from jetshare.cli.nats.figures import show_bytes, show_number
from jetshare.cli.nats.groups import single
from jetshare.cli.nats.output import say, show_json
from jetshare.cli.nats.tables import Cell, table
from jetshare.cli.nats.times import ago, read_time, show_time
from jetshare.cli.nats.words import Words

Info = dict[str, Any]

_INTERNAL = ("KV_", "OBJ_", "$MQTT_")  # streams of key-value and object stores, of MQTT


@single("ls", "list", "l")
@click.option("--subject", default="", help="Streams that take this subject.")
@click.option("-n", "--names", is_flag=True, help="Names alone.")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print the names as JSON.")
async def ls(words: Words, subject: str, names: bool, as_json: bool) -> None:
    """List the streams."""
    show_all = click.get_current_context().ensure_object(dict).get("show_all", False)
    async with connected(words) as session:
        if names:
            found = await session.api.stream_names(subject)
            if as_json:
                show_json(found)
            else:
                for name in found:
                    say(name)
            return
        listing = await session.api.streams(subject)
    streams = [each for each in listing.found if show_all or not _internal(each)]
    if as_json:
        show_json([each["config"]["name"] for each in streams])
        return
    if not streams and not listing.missing and not listing.offline:
        more = ", pass -a to include system streams" if listing.found else ""
        say(f"No Streams defined{more}")
        return
    title = f"Streams matching {subject}" if subject else "Streams"
    head = ["Name", "Description", "Created", "Messages", "Size", "Last Message"]
    say(table(title, head, [_row(each) for each in sorted(streams, key=_size)]))
    say()
    _say_missing(listing.missing, listing.offline)


def _row(stream: Info) -> list[Cell]:
    config, state = stream["config"], stream["state"]
    return [
        config["name"],
        config.get("description", ""),
        show_time(read_time(stream.get("created"))),
        show_number(state["messages"]),
        show_bytes(state["bytes"]),
        ago(read_time(state.get("last_ts")), stream),
    ]


@single("report")
@click.option("--subject", default="", help="Streams that take this subject.")
@click.option("-o", "--consumers", "by", flag_value="consumers", help="Sort by consumers.")
@click.option("-m", "--messages", "by", flag_value="messages", help="Sort by messages.")
@click.option("-n", "--name", "by", flag_value="name", help="Sort by name.")
@click.option("-t", "--storage", "by", flag_value="storage", help="Sort by storage.")
@click.option("-r", "--raw", is_flag=True, help="Numbers without form.")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print what the server answered.")
async def report(words: Words, subject: str, by: str | None, raw: bool, as_json: bool) -> None:
    """Show how much each stream holds."""
    async with connected(words) as session:
        listing = await session.api.streams(subject)
    if as_json:
        show_json(listing.found)
        return
    say("Obtaining Stream stats\n")
    if not listing.found and not listing.missing and not listing.offline:
        say("No Streams defined")
        return
    orders: dict[str, Callable[[Info], Any]] = {
        "consumers": lambda each: each["state"]["consumer_count"],
        "messages": lambda each: each["state"]["messages"],
        "name": lambda each: each["config"]["name"],
        "storage": lambda each: each["config"]["storage"],
    }
    streams = sorted(listing.found, key=orders.get(by or "", _size))
    head = ["Stream", "Storage", "Placement", "Consumers", "Messages", "Bytes", "Lost", "Deleted"]
    head += ["API Level", "Replicas"]
    say(table("Stream Report", head, [_report_row(each, raw=raw) for each in streams]))
    say()
    _say_missing(listing.missing, listing.offline)


def _report_row(stream: Info, *, raw: bool) -> list[Cell]:
    config, state = stream["config"], stream["state"]
    placement = config.get("placement") or {}
    parts = [f"cluster: {placement['cluster']}"] if placement.get("cluster") else []
    if placement.get("tags"):
        parts.append(f"tags: {', '.join(placement['tags'])}")
    lost = state.get("lost") or {}
    number: Callable[[int], Cell] = int if raw else show_number
    size: Callable[[int], Cell] = int if raw else show_bytes
    lost_count = len(lost.get("msgs") or ())
    return [
        config["name"],
        str(config["storage"]).capitalize(),
        " ".join(parts),
        number(state["consumer_count"]),
        number(state["messages"]),
        size(state["bytes"]),
        f"{number(lost_count)} ({size(lost.get('bytes', 0))})" if lost_count else "0",
        number(state.get("num_deleted", 0)),
        needed_level(config),
        servers(stream),
    ]


@single("subjects", "subj")
@click.argument("stream")
@click.argument("pattern", default=">")
@click.option(
    "--sort", type=click.Choice(["name", "subjects", "messages", "count"]), default="count"
)
@click.option("-R", "--reverse", is_flag=True, help="The other way round.")
@click.option("--names", is_flag=True, help="Names alone.")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
async def subjects(
    words: Words, stream: str, pattern: str, sort: str, reverse: bool, names: bool, as_json: bool
) -> None:
    """Show the subjects that a stream holds, and how many messages on each."""
    async with connected(words) as session:
        counts = await session.api.stream_subjects(stream, pattern)
    if as_json:
        show_json(counts)
        return
    if not counts:
        say(f"No subjects found matching {pattern}")
        return
    by_name = sort in ("name", "subjects")
    ordered = sorted(sorted(counts), key=str if by_name else counts.__getitem__, reverse=reverse)
    if names:
        for name in ordered:
            say(name)
        return
    say(table(f"{len(counts)} Subjects in stream {stream}", *_in_columns(ordered, counts)))


def _in_columns(names: list[str], counts: dict[str, int]) -> tuple[list[str], list[list[Cell]]]:
    """Heads and rows; subjects that are short stand side by side."""
    width = max(map(len, names)) + len(show_number(max(counts.values())))
    across = 3 if width < 20 else 2 if width < 30 else 1
    cells: list[list[Cell]] = [[name, show_number(counts[name])] for name in names]
    cells += [["", ""]] * (-len(names) % across)
    rows = [
        [cell for pair in cells[start : start + across] for cell in pair]
        for start in range(0, len(cells), across)
    ]
    return ["Subject", "Count"] * across, rows


def _size(stream: Info) -> int:
    return int(stream["state"]["bytes"])


def _internal(stream: Info) -> bool:
    return str(stream["config"]["name"]).startswith(_INTERNAL)


def _say_missing(missing: list[str], offline: dict[str, str]) -> None:
    if missing:
        say(table("", ["Inaccessible Streams"], [[name] for name in missing]))
    if offline:
        say(table("", ["Offline Streams", "Why"], [list(each) for each in sorted(offline.items())]))
