"""``nats consumer``"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from jetshare.cli.nats import consumer_pull
from jetshare.cli.nats.cluster_report import needed_level, servers
from jetshare.cli.nats.config_file import (
    Config,
    differences,
    merged,
    read_config,
    without_reserved,
    write_config,
)
from jetshare.cli.nats.connecting import connected
from jetshare.cli.nats.consumer_report import ACK_NAMES, consumer_report
from jetshare.cli.nats.consumer_words import add_options, changes, edit_options, with_defaults
from jetshare.cli.nats.durations import go_duration, show_duration
from jetshare.cli.nats.figures import show_number
from jetshare.cli.nats.groups import Group
from jetshare.cli.nats.output import confirmed, say, show_json
from jetshare.cli.nats.tables import Cell, table
from jetshare.cli.nats.times import ago, left_until, parse_until, read_time, rfc3339, show_time
from jetshare.cli.nats.words import Words, show_all
from jetshare.errors import InputError, JetshareError

_ELSEWHERE = ("find", "reset", "copy", "cp", "graph", "unpin", "cluster")

command = Group(
    "consumer",
    aliases=("con", "obs", "c"),
    help="JetStream consumers.",
    elsewhere=_ELSEWHERE,
    option=show_all,
)
command.add_command(consumer_pull.next_)
command.add_command(consumer_pull.sub)


@command.add("add", "create", "new")
@click.argument("stream")
@click.argument("consumer", default="")
@click.option("--config", "file", type=click.Path(path_type=Path), help="A configuration in JSON.")
@click.option("--output", type=click.Path(path_type=Path), help="Write it there, create nothing.")
@click.option("--defaults", is_flag=True, help="Accepted; there are no prompts to skip.")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
@add_options
async def add(
    words: Words,
    stream: str,
    consumer: str,
    file: Path | None,
    output: Path | None,
    defaults: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Create a consumer: one to pull from, or with --target one that pushes.

    What is not given takes nats' defaults. With --config the file's JSON is the
    configuration (durations in nanoseconds), and flags go before it. A consumer of
    that name with another configuration is left as it is: exit 1.
    """
    if given["pull"] and given["target"]:
        raise InputError("--pull and --target exclude one another", hint="give one of them")
    wanted = changes(given, datetime.now(UTC))
    if file is None:
        config = _named(with_defaults(merged({}, wanted)), consumer, ephemeral=given["ephemeral"])
    else:
        config = _named(merged(read_config(file), wanted), consumer, ephemeral=given["ephemeral"])
    if output is not None:
        write_config(output, config)
        return
    async with connected(words) as session:
        info = await session.api.create_consumer(stream, config)
    if as_json:
        show_json(info)
    else:
        say(consumer_report(info))


def _named(config: Config, name: str, *, ephemeral: bool) -> Config:
    """The configuration under the name on the line, else under its own.

    One that has a ``name`` and no ``durable_name`` stays ephemeral: the server takes it
    so, and the file said so.
    """
    own = str(config.get("durable_name") or config.get("name") or "")
    if ephemeral:
        return merged(config, {"name": name or own or secrets.token_hex(4), "durable_name": None})
    if not (name or own):
        raise InputError("the consumer has no name", hint="nats consumer add STREAM NAME …")
    if own and "durable_name" not in config:
        return config | {"name": name or own}
    return config | {"name": name or own, "durable_name": name or own}


@command.add("edit", "update")
@click.argument("stream")
@click.argument("consumer")
@click.option("--config", "file", type=click.Path(path_type=Path), help="A configuration in JSON.")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only show what would change; exit 1 if anything.")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
@edit_options
async def edit(
    words: Words,
    stream: str,
    consumer: str,
    file: Path | None,
    force: bool,
    dry_run: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Change what the flags name, and nothing else; with --config take the file's JSON."""
    wanted = changes(given, datetime.now(UTC))
    async with connected(words) as session:
        found = await session.api.consumer_info(stream, consumer)
        old = without_reserved(found["config"])
        names = {name: old[name] for name in ("name", "durable_name") if name in old}
        new = merged(old if file is None else read_config(file), wanted) | names
        lines = differences(old, new)
        if not lines:
            if not dry_run and not as_json:
                say("No difference in configuration")
            return 0
        if not as_json or dry_run:
            say("Differences (-old +new):\n" + "\n".join(lines))
        if dry_run:
            return 1
        if not confirmed(f"Really edit Consumer {stream} > {consumer}", force=force):
            return 0
        info = await session.api.create_consumer(stream, new, action="update")
    if as_json:
        show_json(info)
    else:
        say(consumer_report(info))
    return 0


@command.add("info", "nfo")
@click.argument("stream")
@click.argument("consumer")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--no-select", is_flag=True, hidden=True)
async def info(words: Words, stream: str, consumer: str, as_json: bool, no_select: bool) -> None:
    """Show a consumer's configuration and state."""
    await _show(words, stream, consumer, as_json=as_json)


@command.add("state")
@click.argument("stream")
@click.argument("consumer")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--no-select", is_flag=True, hidden=True)
async def state(words: Words, stream: str, consumer: str, as_json: bool, no_select: bool) -> None:
    """Show a consumer's state alone."""
    await _show(words, stream, consumer, as_json=as_json, state_only=True)


async def _show(
    words: Words, stream: str, consumer: str, *, as_json: bool, state_only: bool = False
) -> None:
    async with connected(words) as session:
        found = await session.api.consumer_info(stream, consumer)
    if as_json:
        show_json(found)
    else:
        say(consumer_report(found, state_only=state_only))


@command.add("ls", "list")
@click.argument("stream")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print the names as JSON.")
@click.option("-n", "--names", is_flag=True, help="Names alone.")
@click.option("--no-select", is_flag=True, hidden=True)
async def ls(words: Words, stream: str, as_json: bool, names: bool, no_select: bool) -> None:
    """List the consumers of a stream."""
    async with connected(words) as session:
        if as_json or names:
            found = await session.api.consumer_names(stream)
            if as_json:
                show_json(found)
            else:
                for name in found:
                    say(name)
            return
        listing = await session.api.consumers(stream)
    if not listing.found and not listing.missing and not listing.offline:
        say("No Consumers defined")
        return
    head = ["Name", "Description", "Created", "Ack Pending", "Unprocessed", "Last Delivery"]
    say(table("Consumers", head, [_row(each) for each in listing.found]))
    say()
    _say_missing(listing.missing, listing.offline)


def _row(consumer: Config) -> list[Cell]:
    return [
        consumer["name"],
        consumer["config"].get("description", ""),
        show_time(read_time(consumer.get("created"))),
        consumer.get("num_ack_pending", 0),
        consumer.get("num_pending", 0),
        ago(read_time((consumer.get("delivered") or {}).get("last_active")), consumer),
    ]


@command.add("report")
@click.argument("stream")
@click.option("-r", "--raw", is_flag=True, help="Numbers without form.")
async def report(words: Words, stream: str, raw: bool) -> None:
    """Show how far the consumers of a stream have come."""
    async with connected(words) as session:
        messages = (await session.api.stream_info(stream))["state"]["messages"]
        listing = await session.api.consumers(stream)
    head = ["Consumer", "Mode", "Ack Policy", "Ack Wait", "Ack Pending", "Redelivered"]
    head += ["Unprocessed", "Ack Floor", "API Level", "Cluster"]
    title = f"Consumer report for {stream} with {len(listing.found)} consumers"
    rows = [_report_row(each, messages, raw=raw) for each in listing.found]
    say(table(title, head, rows))
    say()
    _say_missing(listing.missing, listing.offline)


def _report_row(consumer: Config, messages: int, *, raw: bool) -> list[Cell]:
    config = consumer["config"]
    number: Callable[[int], Cell] = int if raw else show_number
    pending = consumer.get("num_pending", 0)
    share = f" / {min(100, pending * 100 // messages)}%" if pending and messages else ""
    wait = config.get("ack_wait", 0)
    ack = config.get("ack_policy", "")
    return [
        consumer["name"],
        "Push" if config.get("deliver_subject") else "Pull",
        ACK_NAMES.get(ack, ack),
        go_duration(wait) if raw else show_duration(wait),
        number(consumer.get("num_ack_pending", 0)),
        number(consumer.get("num_redelivered", 0)),
        pending if raw else f"{show_number(pending)}{share}",
        number((consumer.get("ack_floor") or {}).get("stream_seq", 0)),
        needed_level(config),
        servers(consumer),
    ]


def _say_missing(missing: list[str], offline: dict[str, str]) -> None:
    if missing:
        say(table("", ["Inaccessible Consumers"], [[name] for name in missing]))
    if offline:
        rows = [list(each) for each in sorted(offline.items())]
        say(table("", ["Offline Consumers", "Why"], rows))


@command.add("rm", "delete", "del")
@click.argument("stream")
@click.argument("consumer")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
async def rm(words: Words, stream: str, consumer: str, force: bool) -> None:
    """Remove a consumer."""
    async with connected(words) as session:
        if not force:
            await session.api.consumer_info(stream, consumer)
        if confirmed(f"Really delete Consumer {stream} > {consumer}", force=force):
            await session.api.delete_consumer(stream, consumer)


@command.add("pause")
@click.argument("stream")
@click.argument("consumer")
@click.argument("until")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
async def pause(words: Words, stream: str, consumer: str, until: str, force: bool) -> None:
    """Deliver nothing from a consumer for a while (1h30m), or until a time."""
    at = parse_until(until, datetime.now(UTC))
    async with connected(words) as session:
        if not force:
            await session.api.consumer_info(stream, consumer)
        question = f"Really pause Consumer {stream} > {consumer} until {show_time(at)}"
        if not confirmed(question, force=force):
            return
        answer = await session.api.pause_consumer(stream, consumer, rfc3339(at))
    if not answer.get("paused"):
        raise JetshareError(
            f"consumer {stream} > {consumer} was not paused",
            hint="was a time in the past given? Pausing needs nats-server 2.11",
        )
    until_shown = show_time(read_time(answer.get("pause_until")))
    left = left_until(answer.get("pause_remaining", 0))
    say(f"Paused {stream} > {consumer} until {until_shown} ({left})")


@command.add("resume")
@click.argument("stream")
@click.argument("consumer")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
async def resume(words: Words, stream: str, consumer: str, force: bool) -> None:
    """Deliver again from a paused consumer."""
    async with connected(words) as session:
        before = await session.api.consumer_info(stream, consumer)
        if not before.get("paused"):
            raise JetshareError("consumer is not paused")
        if not confirmed(f"Really resume Consumer {stream} > {consumer}", force=force):
            return
        await session.api.pause_consumer(stream, consumer)
    until = show_time(read_time(before["config"].get("pause_until")))
    say(f"Consumer {stream} > {consumer} was resumed while previously paused until {until}")
