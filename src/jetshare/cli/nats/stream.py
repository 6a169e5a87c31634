"""``nats stream``"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from jetshare.cli.nats import stream_lists, stream_messages
from jetshare.cli.nats.config_file import (
    Config,
    differences,
    merged,
    read_config,
    without_reserved,
    write_config,
)
from jetshare.cli.nats.connecting import connected
from jetshare.cli.nats.groups import Group
from jetshare.cli.nats.output import confirmed, say, show_json
from jetshare.cli.nats.stream_report import stream_report
from jetshare.cli.nats.stream_words import changes, config_options, with_defaults
from jetshare.cli.nats.words import Words, show_all
from jetshare.errors import InputError

_ELSEWHERE = (
    *("find", "copy", "cp", "seal", "gaps", "graph", "cluster"),
    *("backup", "restore"),
)

command = Group(
    "stream",
    aliases=("str", "st", "ms", "s"),
    help="JetStream streams.",
    elsewhere=_ELSEWHERE,
    option=show_all,
)
for each in (
    *(stream_lists.ls, stream_lists.report, stream_lists.subjects),
    *(stream_messages.get, stream_messages.view, stream_messages.rmm),
):
    command.add_command(each)


@command.add("add", "create", "new")
@click.argument("stream", default="")
@click.option("--config", "file", type=click.Path(path_type=Path), help="A configuration in JSON.")
@click.option("--output", type=click.Path(path_type=Path), help="Write it there, create nothing.")
@click.option("--defaults", is_flag=True, help="Accepted; there are no prompts to skip.")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
@config_options
async def add(
    words: Words,
    stream: str,
    file: Path | None,
    output: Path | None,
    defaults: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Create a stream.

    What is not given takes nats' defaults. With --config the file's JSON is the
    configuration (durations in nanoseconds), and flags go before it.
    """
    config = changes(given)
    if file is not None:
        config = merged(read_config(file), config)
    name = stream or str(config.get("name") or "")
    if not name:
        raise InputError("the stream has no name", hint="nats stream add NAME …")
    config = {"name": name, **config} | {"name": name}
    if file is None:
        if not (config.get("subjects") or config.get("mirror") or config.get("sources")):
            raise InputError(
                "the stream has no subjects", hint="give --subjects, --mirror or --source"
            )
        config = with_defaults(config)
    if output is not None:
        write_config(output, config)
        return
    async with connected(words) as session:
        info = await session.api.create_stream(config)
    if as_json:
        show_json(info)
        return
    say(f"Stream {name} was created\n")
    say(stream_report(info))


@command.add("edit", "update")
@click.argument("stream")
@click.option("--config", "file", type=click.Path(path_type=Path), help="A configuration in JSON.")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only show what would change; exit 1 if anything.")
@click.option("--no-mirror", is_flag=True, help="Mirror no more.")
@click.option("--no-transform", is_flag=True, help="Transform subjects no more.")
@click.option("--no-republish", is_flag=True, help="Republish no more.")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
@config_options
async def edit(
    words: Words,
    stream: str,
    file: Path | None,
    force: bool,
    dry_run: bool,
    no_mirror: bool,
    no_transform: bool,
    no_republish: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Change what the flags name, and nothing else; with --config take the file's JSON."""
    wanted: Config = changes(given)
    for gone, field in (
        (no_mirror, "mirror"),
        (no_transform, "subject_transform"),
        (no_republish, "republish"),
    ):
        if gone:
            wanted[field] = None
    async with connected(words) as session:
        old = without_reserved((await session.api.stream_info(stream))["config"])
        start = old if file is None else {"name": stream, **read_config(file)}
        new = merged(start, wanted) | {"name": stream}
        lines = differences(old, new)
        if not lines:
            if not dry_run and not as_json:
                say("No difference in configuration")
            return 0
        if not as_json or dry_run:
            say("Differences (-old +new):\n" + "\n".join(lines))
        if dry_run:
            return 1
        if not confirmed(f"Really edit Stream {stream}", force=force):
            return 0
        info = await session.api.update_stream(new)
    if as_json:
        show_json(info)
        return 0
    say(f"Stream {stream} was updated\n")
    say(stream_report(info))
    return 0


@command.add("info", "nfo", "i")
@click.argument("stream")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--state", is_flag=True, help="The state alone.")
@click.option("--no-select", is_flag=True, hidden=True)
async def info(words: Words, stream: str, as_json: bool, state: bool, no_select: bool) -> None:
    """Show a stream's configuration and state."""
    await _show(words, stream, as_json=as_json, state_only=state)


@command.add("state")
@click.argument("stream")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--no-select", is_flag=True, hidden=True)
async def state(words: Words, stream: str, as_json: bool, no_select: bool) -> None:
    """Show a stream's state alone."""
    await _show(words, stream, as_json=as_json, state_only=True)


async def _show(words: Words, stream: str, *, as_json: bool, state_only: bool) -> None:
    async with connected(words) as session:
        found = await session.api.stream_info(stream)
    if as_json:
        show_json(found)
    else:
        say(stream_report(found, state_only=state_only))
        say()


@command.add("rm", "delete", "del")
@click.argument("stream")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
async def rm(words: Words, stream: str, force: bool) -> None:
    """Remove a stream and all that it holds."""
    async with connected(words) as session:
        if not force:
            await session.api.stream_info(stream)  # no question about what is not there
        if confirmed(f"Really delete Stream {stream}", force=force):
            await session.api.delete_stream(stream)


@command.add("purge")
@click.argument("stream")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@click.option("--subject", default="", metavar="SUBJECT", help="Messages of this subject alone.")
@click.option("--seq", type=click.IntRange(min=0), default=0, help="Those before this sequence.")
@click.option("--keep", type=click.IntRange(min=0), default=0, help="Leave this many.")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
async def purge(
    words: Words, stream: str, force: bool, subject: str, seq: int, keep: int, as_json: bool
) -> None:
    """Remove messages from a stream."""
    if seq and keep:
        raise InputError("--seq and --keep exclude one another", hint="give one of them")
    what = {
        name: value for name, value in (("filter", subject), ("seq", seq), ("keep", keep)) if value
    }
    async with connected(words) as session:
        if not force:
            await session.api.stream_info(stream)
        if not confirmed(f"Really purge Stream {stream}", force=force):
            return
        answer = await session.api.purge_stream(stream, what)
        found = await session.api.stream_info(stream)
    if as_json:
        show_json({"purged": answer.get("purged", 0), **found})
        return
    say(f"Purged {answer.get('purged', 0)} messages from {stream}\n")
    say(stream_report(found, state_only=True))
