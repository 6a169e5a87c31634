"""``nats server check``"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from jetshare.cli.nats.check_connection import Limits, check_connection
from jetshare.cli.nats.check_result import Result
from jetshare.cli.nats.check_rules import (
    ConsumerThresholds,
    StreamThresholds,
    check_consumer,
    check_stream,
    thresholds,
)
from jetshare.cli.nats.connecting import connected
from jetshare.cli.nats.groups import Group
from jetshare.cli.nats.output import say
from jetshare.cli.nats.words import DURATION, Words
from jetshare.errors import InputError, JetshareError
from jetshare.store.atomic import write_atomic

command = Group(
    "server",
    aliases=("srv", "sys", "system"),
    help="Checks of connections, streams and consumers.",
    elsewhere=(
        *("account", "cluster", "config", "generate", "graph", "info", "list", "ls", "mappings"),
        *("passwd", "ping", "report", "request", "watch"),
    ),
)
_CHECKS = Group(
    "check",
    help="Check a connection, a stream or a consumer, with Nagios' exit codes.",
    elsewhere=(
        *("message", "meta", "request", "jetstream", "server", "kv", "credential"),
        "exporter",
    ),
)
command.add_command(_CHECKS)


def _form_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The flags that stand before or after the name of a check."""
    forms = click.Choice(["nagios", "json", "prometheus", "text"])
    for option in (
        click.option("--outfile", type=click.Path(path_type=Path), help="Write the result there."),
        click.option("--namespace", default=None, help="Of Prometheus. [nats_server_check]"),
        click.option("--format", "form", type=forms, default=None, help="[nagios]"),
    ):
        function = option(function)
    return function


@_form_options
def _before(**given: Any) -> None:
    click.get_current_context().ensure_object(dict)["check"] = given


_CHECKS.callback = _before
_CHECKS.params += getattr(_before, "__click_params__", [])


def _thresholds(described: dict[str, Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for flag, kind in reversed(described.items()):
            function = click.option(flag, type=kind, default=None)(function)
        return function

    return decorate


@_CHECKS.add("connection", "conn")
@click.option("--connect-warn", type=DURATION, default="500ms", help="To connect. [500ms]")
@click.option("--connect-critical", type=DURATION, default="1s", help="To connect. [1s]")
@click.option("--rtt-warn", type=DURATION, default="500ms", help="From PING to PONG. [500ms]")
@click.option("--rtt-critical", type=DURATION, default="1s", help="From PING to PONG. [1s]")
@click.option("--req-warn", type=DURATION, default="500ms", help="There and back. [500ms]")
@click.option("--req-critical", type=DURATION, default="1s", help="There and back. [1s]")
@_form_options
async def connection(
    words: Words,
    form: str | None,
    namespace: str | None,
    outfile: Path | None,
    **spans: int,
) -> int:
    """Check how long it takes to connect, and to hear from the server."""
    result = Result(suite="connections", name="Connection")
    await check_connection(
        *(words, result),
        connect=Limits(warn=spans["connect_warn"], critical=spans["connect_critical"]),
        rtt=Limits(warn=spans["rtt_warn"], critical=spans["rtt_critical"]),
        round_trip=Limits(warn=spans["req_warn"], critical=spans["req_critical"]),
    )
    return _deliver(result, form, namespace, outfile)


@_CHECKS.add("stream")
@click.option("--stream", required=True, help="The stream to check.")
@_thresholds(
    {
        "--lag-critical": int,
        "--seen-critical": DURATION,
        "--min-sources": int,
        "--max-sources": int,
        "--peer-expect": int,
        "--peer-lag-critical": int,
        "--peer-seen-critical": DURATION,
        "--msgs-warn": int,
        "--msgs-critical": int,
        "--subjects-warn": int,
        "--subjects-critical": int,
    }
)
@_form_options
async def stream(
    words: Words,
    stream: str,
    form: str | None,
    namespace: str | None,
    outfile: Path | None,
    **flags: int | None,
) -> int:
    """Check a stream's messages, subjects, sources, mirror and replicas."""
    result = Result(suite="stream", name=stream)
    try:
        async with connected(words) as session:
            info = await session.api.stream_info(stream)
        metadata = info["config"].get("metadata") or {}
        check_stream(info, thresholds(StreamThresholds, metadata, flags), result)
    except JetshareError as error:
        result.criticals.append(f"could not load info: {error}")
    return _deliver(result, form, namespace, outfile)


@_CHECKS.add("consumer")
@click.option("--stream", required=True, help="Its stream.")
@click.option("--consumer", required=True, help="The consumer to check.")
@_thresholds(
    {
        "--outstanding-ack-critical": int,
        "--waiting-critical": int,
        "--unprocessed-critical": int,
        "--last-delivery-critical": DURATION,
        "--last-ack-critical": DURATION,
        "--redelivery-critical": int,
    }
)
@click.option("--pinned", is_flag=True, default=None, help="Every group has a pinned client.")
@_form_options
async def consumer(
    words: Words,
    stream: str,
    consumer: str,
    form: str | None,
    namespace: str | None,
    outfile: Path | None,
    **flags: int | None,
) -> int:
    """Check what a consumer has not delivered, or not had acknowledged."""
    result = Result(suite="consumer", name=f"{stream}_{consumer}")
    try:
        async with connected(words) as session:
            info = await session.api.consumer_info(stream, consumer)
        metadata = info["config"].get("metadata") or {}
        check_consumer(info, thresholds(ConsumerThresholds, metadata, flags), result)
    except JetshareError as error:
        result.criticals.append(f"could not load info: {error}")
    return _deliver(result, form, namespace, outfile)


def _deliver(result: Result, form: str | None, namespace: str | None, outfile: Path | None) -> int:
    before: dict[str, Any] = click.get_current_context().ensure_object(dict).get("check", {})
    form = form or before.get("form") or "nagios"
    namespace = namespace or before.get("namespace") or "nats_server_check"
    outfile = outfile or before.get("outfile")
    if form == "json":
        text = json.dumps(result.to_json(), indent=2, ensure_ascii=False)
    else:
        text = result.text(form, namespace)
    if outfile is None:
        say(text)
    else:
        try:
            write_atomic(outfile, f"{text}\n".encode())
        except OSError as error:
            raise InputError(
                f"{outfile} cannot be written: {os.strerror(error.errno or 0)}"
            ) from None
    return result.exit_code(form)
