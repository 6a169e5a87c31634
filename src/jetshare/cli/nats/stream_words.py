"""The flags of ``stream add`` and ``stream edit``, as fields of a stream's configuration."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from jetshare.cli.nats.config_file import Config, parse_metadata, split_subjects
from jetshare.cli.nats.durations import MINUTE, parse_duration
from jetshare.cli.nats.words import BYTES, DURATION
from jetshare.errors import InputError

_STORAGE = {"file": "file", "f": "file", "memory": "memory", "m": "memory"}
_RETENTION = {
    "limits": "limits",
    "interest": "interest",
    "work": "workqueue",
    "workq": "workqueue",
    "workqueue": "workqueue",
}
_DUPLICATES = 2 * MINUTE

# flag: field. These say true, with --no- before them false.
_SWITCHES = {
    "--discard-per-subject": "discard_new_per_subject",
    "--allow-batch": "allow_atomic",
    "--allow-fast": "allow_batched",
    "--allow-counter": "allow_msg_counter",
    "--allow-rollup": "allow_rollup_hdrs",
    "--deny-delete": "deny_delete",
    "--deny-purge": "deny_purge",
    "--allow-direct": "allow_direct",
    "--allow-mirror-direct": "mirror_direct",
    "--allow-msg-ttl": "allow_msg_ttl",
    "--allow-schedules": "allow_msg_schedules",
}
_VALUES: dict[str, dict[str, Any]] = {
    "--description": {"help": "What the stream is for."},
    "--storage": {"type": click.Choice(list(_STORAGE)), "help": "file or memory. [file]"},
    "--compression": {"type": click.Choice(["none", "s2"]), "help": "[none]"},
    "--replicas": {"type": click.IntRange(min=1), "help": "Copies in a cluster. [1]"},
    "--cluster": {"help": "Place it in this cluster."},
    "--retention": {
        "type": click.Choice(list(_RETENTION), case_sensitive=False),
        "help": "limits, interest or work. [limits]",
    },
    "--discard": {
        "type": click.Choice(["new", "old"], case_sensitive=False),
        "help": "What gives way at a limit. [old]",
    },
    "--first-sequence": {"type": click.IntRange(min=0), "help": "The first sequence."},
    "--max-age": {"help": "Longest age of a message. [unlimited]"},
    "--max-bytes": {"type": BYTES, "help": "Most bytes. [unlimited]"},
    "--max-consumers": {"type": int, "help": "Most consumers. [unlimited]"},
    "--max-msg-size": {"type": BYTES, "help": "Largest message. [unlimited]"},
    "--max-msgs": {"type": int, "help": "Most messages. [unlimited]"},
    "--max-msgs-per-subject": {"type": int, "help": "Most of each subject. [unlimited]"},
    "--dupe-window": {"type": DURATION, "help": "How long duplicates are known. [2m]"},
    "--mirror": {"help": "A stream to mirror: its name, or JSON."},
    "--subject-del-markers-ttl": {"type": DURATION, "help": "Life of delete markers."},
    "--transform-source": {"help": "Subjects to transform."},
    "--transform-destination": {"help": "What they become."},
    "--republish-source": {"help": "Subjects to publish again."},
    "--republish-destination": {"help": "Where to."},
    "--limit-consumer-inactive": {"type": DURATION, "help": "Longest idle time of a consumer."},
    "--limit-consumer-max-pending": {"type": int, "help": "Most unacknowledged of a consumer."},
    "--persist-mode": {"type": click.Choice(["default", "async"]), "help": "[default]"},
}


def config_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags of a stream's configuration; ``changes`` reads them."""
    options = [
        click.option("--subjects", multiple=True, help="Subjects that the stream takes."),
        click.option("--tag", "--tags", "tags", multiple=True, help="Place it by this tag."),
        click.option("--source", "sources", multiple=True, help="A stream to source from."),
        click.option("--metadata", multiple=True, metavar="KEY=VALUE", help="Metadata."),
        click.option("--ack/--no-ack", default=None, help="Acknowledge publishes. [true]"),
        click.option("--republish-headers", is_flag=True, default=None, help="No bodies."),
        *(
            click.option(f"{flag}/--no-{flag[2:]}", field, default=None)
            for flag, field in _SWITCHES.items()
        ),
        *(click.option(flag, default=None, **settings) for flag, settings in _VALUES.items()),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def changes(given: dict[str, Any]) -> Config:
    """The fields that the flags set, and no other."""
    config: Config = {
        field: given[field] for field in _SWITCHES.values() if given[field] is not None
    }
    if config.get("discard_new_per_subject"):
        config["discard"] = "new"
    if given["ack"] is not None:
        config["no_ack"] = not given["ack"]
    for name, field in _PLAIN.items():
        if given[name] is not None:
            config[field] = given[name]
    if given["subjects"]:
        config["subjects"] = split_subjects(given["subjects"])
    if given["storage"]:
        config["storage"] = _STORAGE[given["storage"]]
    if given["retention"]:
        config["retention"] = _RETENTION[given["retention"].lower()]
    if given["discard"]:
        config["discard"] = given["discard"].lower()
    if given["max_age"] is not None:
        config["max_age"] = max(0, _age(given["max_age"]))
    if given["metadata"]:
        config["metadata"] = parse_metadata(given["metadata"])
    if given["mirror"] is not None:
        config["mirror"] = _origin(given["mirror"])
    if given["sources"]:
        config["sources"] = [_origin(each) for each in given["sources"]]
    return config | _objects(given)


# Flags whose value is the field's, by the names of their parameters.
_PLAIN = {
    "description": "description",
    "compression": "compression",
    "replicas": "num_replicas",
    "first_sequence": "first_seq",
    "max_bytes": "max_bytes",
    "max_consumers": "max_consumers",
    "max_msg_size": "max_msg_size",
    "max_msgs": "max_msgs",
    "max_msgs_per_subject": "max_msgs_per_subject",
    "dupe_window": "duplicate_window",
    "subject_del_markers_ttl": "subject_delete_marker_ttl",
    "persist_mode": "persist_mode",
}


def _objects(given: dict[str, Any]) -> Config:
    """The fields that are objects of their own."""
    placement = {"cluster": given["cluster"], "tags": list(given["tags"]) or None}
    limits = {
        "inactive_threshold": given["limit_consumer_inactive"],
        "max_ack_pending": given["limit_consumer_max_pending"],
    }
    transform = _pair(given, "transform")
    republish = _pair(given, "republish")
    if given["republish_headers"]:
        if not republish:
            raise InputError(
                "--republish-headers is of no use alone",
                hint="give --republish-source and --republish-destination",
            )
        republish["headers_only"] = True
    objects = {
        "placement": {name: value for name, value in placement.items() if value is not None},
        "consumer_limits": {name: value for name, value in limits.items() if value is not None},
        "subject_transform": transform,
        "republish": republish,
    }
    return {name: value for name, value in objects.items() if value}


def _pair(given: dict[str, Any], what: str) -> Config:
    source, destination = given[f"{what}_source"], given[f"{what}_destination"]
    if (source is None) != (destination is None):
        raise InputError(
            f"--{what}-source and --{what}-destination belong together", hint="give both"
        )
    return {} if source is None else {"src": source, "dest": destination}


def _age(text: str) -> int:
    return 0 if text.strip() in ("-1", "") else parse_duration(text)


def _origin(text: str) -> Config:
    """A stream to mirror or to source from: its name, or a StreamSource in JSON."""
    if not text.strip().startswith("{"):
        return {"name": text}
    try:
        found = json.loads(text)
    except ValueError:
        found = {}
    if not isinstance(found, dict) or not found.get("name"):
        raise InputError(f"{text} describes no stream", hint='write NAME, or {"name":"NAME",…}')
    return found


def with_defaults(config: Config) -> Config:
    """A new stream with what nats takes for the rest: limits, file, one copy, no limit."""
    age = config.get("max_age", 0)
    defaults: Config = {
        "retention": "limits",
        "discard": "old",
        "storage": "file",
        "num_replicas": 1,
        "allow_direct": True,
        "max_age": 0,
        **dict.fromkeys(
            ("max_consumers", "max_msgs", "max_msgs_per_subject", "max_bytes", "max_msg_size"), -1
        ),
    }
    if "mirror" not in config:
        defaults["duplicate_window"] = min(age, _DUPLICATES) if age > 0 else _DUPLICATES
    return defaults | config
