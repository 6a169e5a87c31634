"""The flags of ``consumer add`` and ``consumer edit``, as fields of its configuration."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from jetshare.cli.nats.config_file import Config, parse_metadata
from jetshare.cli.nats.durations import MS, SECOND, parse_duration
from jetshare.cli.nats.times import parse_until, rfc3339
from jetshare.cli.nats.words import DURATION
from jetshare.errors import InputError

_ACK = {
    "none": "none",
    "all": "all",
    "explicit": "explicit",
    "flow_control": "flow_control",
    "flowcontrol": "flow_control",
    "fc": "flow_control",
}
_DELIVER = {
    "all": "all",
    "last": "last",
    "new": "new",
    "next": "new",
    "subject": "last_per_subject",
    "last_per_subject": "last_per_subject",
}
_LONGEST_BACKOFF = 250  # steps; a server takes far fewer

# Settings that a consumer keeps from its making to its end are of ``add`` alone.
_ADD_ONLY: dict[str, dict[str, Any]] = {
    "--ack": {
        "type": click.Choice(list(_ACK), case_sensitive=False),
        "help": "[explicit; none with --target]",
    },
    "--bps": {"type": int, "help": "Most bits per second, of a push consumer."},
    "--deliver": {"help": "all, new, last, subject, 1h, or a sequence. [all]"},
    "--deliver-group": {"help": "Push into this queue group."},
    "--heartbeat": {"help": "Idle heartbeats of a push consumer; -1 is none."},
    "--max-waiting": {"type": int, "help": "Most pulls that wait."},
    "--replay": {
        "type": click.Choice(["instant", "original"], case_sensitive=False),
        "help": "[instant]",
    },
    "--pause": {"help": "Pause it at once, for 1h or until a time."},
    "--pinned-ttl": {"type": DURATION, "help": "How long a pinned client may not pull."},
}
_EDITABLE: dict[str, dict[str, Any]] = {
    "--description": {"help": "What the consumer is for."},
    "--backoff": {"type": click.Choice(["none", "linear"]), "help": "Back off redeliveries."},
    "--backoff-steps": {"type": click.IntRange(1, _LONGEST_BACKOFF), "help": "[10]"},
    "--backoff-min": {"type": DURATION, "help": "[1m]"},
    "--backoff-max": {"type": DURATION, "help": "[20m]"},
    "--max-deliver": {"type": int, "help": "Most deliveries of a message. [unlimited]"},
    "--max-pending": {"type": int, "help": "Most unacknowledged messages."},
    "--max-pull-batch": {"type": int, "help": "Largest batch of a pull."},
    "--max-pull-expire": {"type": DURATION, "help": "Longest life of a pull."},
    "--max-pull-bytes": {"type": int, "help": "Most bytes of a pull."},
    "--sample": {"type": click.IntRange(-1, 100), "help": "Percent of acks to sample."},
    "--target": {"metavar": "SUBJECT", "help": "Push to this subject."},
    "--wait": {"type": DURATION, "help": "How long a message may be unacknowledged."},
    "--inactive-threshold": {"type": DURATION, "help": "Remove it after so long idle."},
    "--replicas": {"type": click.IntRange(min=1), "help": "Copies. [as the stream]"},
}
_PLAIN = {
    "description": "description",
    "bps": "rate_limit_bps",
    "deliver_group": "deliver_group",
    "max_waiting": "max_waiting",
    "max_deliver": "max_deliver",
    "max_pending": "max_ack_pending",
    "max_pull_batch": "max_batch",
    "max_pull_expire": "max_expires",
    "max_pull_bytes": "max_bytes",
    "target": "deliver_subject",
    "inactive_threshold": "inactive_threshold",
    "replicas": "num_replicas",
    "headers_only": "headers_only",
    "flow_control": "flow_control",
    "memory": "mem_storage",
    "pinned_ttl": "priority_timeout",
}
_GROUPS = {
    "pinned_groups": "pinned_client",
    "overflow_groups": "overflow",
    "prioritized_groups": "prioritized",
}


def edit_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags of what can be changed; ``changes`` reads them."""
    options = [
        click.option("--filter", "filters", multiple=True, help="Only these subjects."),
        click.option("--metadata", multiple=True, metavar="KEY=VALUE", help="Metadata."),
        click.option("--headers-only/--no-headers-only", default=None, help="No bodies."),
        *(click.option(flag, default=None, **settings) for flag, settings in _EDITABLE.items()),
    ]
    return _with(options, function)


def add_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags of a new consumer; ``changes`` reads them."""
    options = [
        click.option("--pull", is_flag=True, help="A pull consumer. [without --target]"),
        click.option("--ephemeral", is_flag=True, help="Not durable."),
        click.option("--flow-control", is_flag=True, default=None, help="Of a push consumer."),
        click.option("--memory", is_flag=True, default=None, help="Keep its state in memory."),
        *(
            click.option(f"--{name.replace('_', '-')}", name, multiple=True, help="Groups.")
            for name in _GROUPS
        ),
        *(click.option(flag, default=None, **settings) for flag, settings in _ADD_ONLY.items()),
    ]
    return _with(options, edit_options(function))


def _with(options: list[Any], function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(options):
        function = option(function)
    return function


def changes(given: dict[str, Any], now: datetime) -> Config:
    """The fields that the flags set, and no other."""
    config: Config = {
        field: given[name] for name, field in _PLAIN.items() if given.get(name) is not None
    }
    if given.get("ack"):
        config["ack_policy"] = _ACK[given["ack"].lower()]
    if given.get("deliver"):
        config |= _start(given["deliver"], now)
    if given.get("replay"):
        config["replay_policy"] = given["replay"].lower()
    if given.get("heartbeat") not in (None, "-1"):
        config["idle_heartbeat"] = parse_duration(given["heartbeat"])
    if given.get("pause"):
        config["pause_until"] = rfc3339(parse_until(given["pause"], now))
    if (wait := given["wait"]) is not None and wait > 0:
        config["ack_wait"] = wait
    if (sample := given["sample"]) is not None and sample >= 0:
        config["sample_freq"] = str(sample) if sample else None
    if given["metadata"]:
        config["metadata"] = parse_metadata(given["metadata"])
    return config | _filters(given) | _backoff(given) | _groups(given)


def _start(text: str, now: datetime) -> Config:
    if text in _DELIVER:
        return {"deliver_policy": _DELIVER[text]}
    if re.fullmatch(r"\d+", text, re.ASCII):
        return {"deliver_policy": "by_start_sequence", "opt_start_seq": int(text)}
    since = now.astimezone(UTC) - timedelta(seconds=parse_duration(text) / SECOND)
    return {"deliver_policy": "by_start_time", "opt_start_time": rfc3339(since)}


def _filters(given: dict[str, Any]) -> Config:
    """One subject or several: they are two fields, of which only one may be there."""
    subjects = list(given["filters"])
    if not subjects:
        return {}
    if len(subjects) == 1:
        return {"filter_subject": subjects[0], "filter_subjects": None}
    return {"filter_subjects": subjects, "filter_subject": None}


def _backoff(given: dict[str, Any]) -> Config:
    if given["backoff"] is None:
        return {}
    if given["backoff"] == "none":
        return {"backoff": None}
    steps = given["backoff_steps"] or 10
    least = given["backoff_min"] or parse_duration("1m")
    most = given["backoff_max"] or parse_duration("20m")
    if not 0 < least <= most:
        raise InputError(
            "--backoff-min is not between 0 and --backoff-max", hint="give a smaller one"
        )
    # As jsm.go: even steps from the least up, the last one below the most, whole milliseconds.
    step = (most - least) // steps
    return {"backoff": [least + round(number * step / MS) * MS for number in range(steps)]}


def _groups(given: dict[str, Any]) -> Config:
    chosen = [(policy, given[name]) for name, policy in _GROUPS.items() if given.get(name)]
    if len(chosen) > 1:
        raise InputError("a consumer has one priority policy", hint="give groups of one kind")
    policy, groups = chosen[0] if chosen else ("", ())
    return {"priority_policy": policy, "priority_groups": list(groups)} if chosen else {}


def with_defaults(config: Config) -> Config:
    """A new consumer with what nats takes for the rest."""
    push = bool(config.get("deliver_subject"))
    if not push and config.get("rate_limit_bps"):
        raise InputError("--bps is of push consumers", hint="give --target, or leave it out")
    if not push and config.get("idle_heartbeat"):
        raise InputError("--heartbeat is of push consumers", hint="give --target, or leave it out")
    full: Config = {
        "deliver_policy": "all",
        "ack_policy": "none" if push else "explicit",
        "replay_policy": "instant",
        "max_deliver": -1,
        **config,
    }
    if full.get("deliver_policy") == "last_per_subject" and not _filtered(full):
        full["filter_subject"] = ">"
    if full["ack_policy"] == "none":
        full["max_deliver"] = -1
    elif full.get("backoff") and full["max_deliver"] == -1:
        full["max_deliver"] = len(full["backoff"]) + 1  # a server wants more of them than steps
    return full


def _filtered(config: Config) -> bool:
    return bool(config.get("filter_subject") or config.get("filter_subjects"))
