"""What is looked at in a stream and in a consumer, and when it is too much.

Thresholds stand in the metadata (``io.nats.monitor.lag-critical``, …) and in flags;
the flag goes first. 0 is no threshold. Source: jsm.go ``monitor/stream.go`` and
``consumer.go``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, TypeVar

from jetshare.cli.nats.check_result import Metric, Result
from jetshare.cli.nats.durations import SECOND, go_duration, parse_duration
from jetshare.cli.nats.times import nanoseconds_between, read_time
from jetshare.errors import InputError

Info = Mapping[str, Any]

_METADATA = "io.nats.monitor."
_SPANS = ("seen_critical", "peer_seen_critical", "last_delivery_critical", "last_ack_critical")


def _read(name: str, text: str) -> int:
    if name in _SPANS:
        return parse_duration(text)
    if name == "pinned":
        return int(text.lower() in ("1", "t", "true"))
    try:
        return int(text)
    except ValueError:
        raise InputError(
            f'the metadata {_METADATA}{name.replace("_", "-")} is "{text}", no number'
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamThresholds:
    lag_critical: int = 0
    seen_critical: int = 0
    min_sources: int = 0
    max_sources: int = 0
    peer_expect: int = 0
    peer_lag_critical: int = 0
    peer_seen_critical: int = 0
    msgs_warn: int = 0
    msgs_critical: int = 0
    subjects_warn: int = 0
    subjects_critical: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerThresholds:
    outstanding_ack_critical: int = 0
    waiting_critical: int = 0
    unprocessed_critical: int = 0
    last_delivery_critical: int = 0
    last_ack_critical: int = 0
    redelivery_critical: int = 0
    pinned: int = 0


T = TypeVar("T", StreamThresholds, ConsumerThresholds)


def thresholds(kind: type[T], metadata: Mapping[str, str], flags: Mapping[str, int | None]) -> T:
    """From metadata and flags; spans are in nanoseconds. Raises InputError."""
    values = {}
    for name in (each.name for each in fields(kind)):
        given, text = flags.get(name), metadata.get(_METADATA + name.replace("_", "-"))
        if given is not None:
            values[name] = given
        elif text is not None:
            values[name] = _read(name, text)
    return kind(**values)


def check_stream(info: Info, limits: StreamThresholds, result: Result) -> None:
    _check_peers(info, limits, result)
    _check_messages(info["state"], limits, result)
    _check_subjects(info["state"], limits, result)
    _check_sources(info, limits, result)
    if not info.get("sources") and (limits.lag_critical > 0 or limits.seen_critical > 0):
        _check_mirror(info, limits, result)


def _check_peers(info: Info, limits: StreamThresholds, result: Result) -> None:
    cluster, expected = info.get("cluster") or {}, limits.peer_expect
    alone = not cluster or info["config"].get("num_replicas", 1) <= 1
    if alone:
        if expected > 0:
            result.criticals.append("Stream is not clustered")
        return
    if not cluster.get("leader"):
        result.criticals.append("No leader")
        return
    replicas = cluster.get("replicas") or []
    peers = len(replicas) + 1
    if expected > 0:
        if peers != expected:
            result.criticals.append(f"Expected {expected} replicas got {peers}")
            return
        result.ok.append(f"{peers} peers")
    if offline := sum(bool(each.get("offline")) for each in replicas):
        result.criticals.append(f"{offline} replicas offline")
    for limit, name, good, bad in (
        (limits.peer_lag_critical, "lag", "replicas are current", "lagged"),
        (limits.peer_seen_critical, "active", "replicas are active", "inactive"),
    ):
        if limit > 0:
            late = sum(each.get(name, 0) > limit for each in replicas)
            result.judge(f"{late} replicas {bad}" if late else good, critical=late > 0)


def _check_messages(state: Info, limits: StreamThresholds, result: Result) -> None:
    warn, crit, count = limits.msgs_warn, limits.msgs_critical, state.get("messages", 0)
    if warn <= 0 and crit <= 0:
        return
    what = "Messages stored in the stream"
    result.metrics.append(Metric(name="messages", value=count, warn=warn, crit=crit, help=what))
    result.judge(f"{count} messages", critical=0 < crit >= count, warning=0 < warn >= count)


def _check_subjects(state: Info, limits: StreamThresholds, result: Result) -> None:
    """A critical threshold above the warning is a most; below it, or equal, a least."""
    warn, crit, count = limits.subjects_warn, limits.subjects_critical, state.get("num_subjects", 0)
    if warn <= 0 and crit <= 0:
        return
    what = "Number of subjects stored in the stream"
    result.metrics.append(Metric(name="subjects", value=count, warn=warn, crit=crit, help=what))
    if warn < crit:
        critical, warning = count >= crit, 0 < warn <= count
    else:
        critical, warning = 0 < crit >= count, 0 < warn >= count
    result.judge(f"{count} subjects", critical=critical, warning=warning)


def _check_sources(info: Info, limits: StreamThresholds, result: Result) -> None:
    sources = info.get("sources") or []
    count, least, most = len(sources), limits.min_sources, limits.max_sources
    what = "Number of sources being consumed by this stream"
    result.metrics.append(Metric(name="sources", value=count, warn=least, crit=most, help=what))
    result.judge(f"{count} sources", critical=count < least or 0 < most < count)
    if not sources:
        return
    for limit, name, metric, bad, good, text in (
        (limits.lag_critical, "lag", "sources_lagged", "lagged", "current", "are behind"),
        (limits.seen_critical, "active", "sources_inactive", "inactive", "active", "are inactive"),
    ):
        if limit > 0:
            late = sum(each.get(name, 0) >= limit for each in sources)
            result.metrics.append(
                Metric(name=metric, value=late, help=f"Number of sources that {text}")
            )
            found = f"{late} sources are {bad}" if late else f"{count} sources {good}"
            result.judge(found, critical=late > 0)


def _check_mirror(info: Info, limits: StreamThresholds, result: Result) -> None:
    mirror, state = info["config"].get("mirror"), info.get("mirror")
    if not mirror or not state:
        result.criticals.append("invalid state" if mirror else "not mirrored")
        return
    lag, active = state.get("lag", 0), state.get("active", 0)
    lag_limit, seen_limit = limits.lag_critical, limits.seen_critical
    result.metrics += [
        Metric(name="lag", value=lag, crit=lag_limit, help="Operations behind the origin"),
        Metric(
            name="active",
            value=active / SECOND,
            crit=seen_limit / SECOND,
            unit="s",
            help="Time since the origin was heard",
        ),
    ]
    behind, unseen = 0 < lag_limit <= lag, 0 < seen_limit <= active
    if behind:
        result.criticals.append(f"Mirror Lag {lag}")
    if unseen:
        result.criticals.append(f"Mirror Seen {go_duration(active)}")
    if not (behind or unseen):
        result.ok.append(f"Mirror {mirror.get('name', '')}")


def check_consumer(info: Info, limits: ConsumerThresholds, result: Result) -> None:
    acks, waiting = limits.outstanding_ack_critical, limits.waiting_critical
    unprocessed, redelivery = limits.unprocessed_critical, limits.redelivery_critical
    for name, label, field, limit, what in (
        (
            "ack_pending",
            "Ack Pending",
            "num_ack_pending",
            acks,
            "The number of messages waiting to be Acknowledged",
        ),
        (
            "pull_waiting",
            "Waiting Pulls",
            "num_waiting",
            waiting,
            "The number of waiting Pull requests",
        ),
        (
            "pending",
            "Unprocessed Messages",
            "num_pending",
            unprocessed,
            "The number of messages that have not yet been consumed",
        ),
        (
            "redelivered",
            "Redelivered",
            "num_redelivered",
            redelivery,
            "The number of messages currently being redelivered",
        ),
    ):
        count = info.get(field, 0)
        result.metrics.append(Metric(name=name, value=count, crit=max(limit, 0), help=what))
        if limit > 0:
            result.judge(f"{label}: {count}", critical=count >= limit)
    for name, label, field, limit, none in (
        (
            "last_delivery",
            "Last delivery",
            "delivered",
            limits.last_delivery_critical,
            "No deliveries",
        ),
        ("last_ack", "Last ack", "ack_floor", limits.last_ack_critical, "No acks"),
    ):
        _check_age(info, result, name, label, field, limit, none)
    _check_pinned(info, limits, result)


def _check_age(
    info: Info, result: Result, name: str, label: str, field: str, limit: int, none: str
) -> None:
    at = read_time((info.get(field) or {}).get("last_active"))
    if at is None:
        if limit > 0:
            result.criticals.append(none)
        return
    age = nanoseconds_between(at, read_time(info.get("ts")) or datetime.now(UTC))
    result.metrics.append(
        Metric(
            name=name,
            value=age / SECOND,
            crit=max(limit, 0) / SECOND,
            unit="s",
            help=f"{label}, seconds ago",
        )
    )
    if limit > 0:
        result.judge(f"{label} {go_duration(age)} ago", critical=age >= limit)


def _check_pinned(info: Info, limits: ConsumerThresholds, result: Result) -> None:
    config = info["config"]
    groups, states = config.get("priority_groups") or [], info.get("priority_groups") or []
    pinned = sum(bool(each.get("pinned_client_id")) for each in states)
    of_pins = config.get("priority_policy") == "pinned_client"
    if of_pins:
        result.metrics += [
            Metric(name="pinned_groups", value=pinned, help="Groups with pinned clients"),
            Metric(name="groups", value=len(groups), help="Groups in all"),
        ]
    if not limits.pinned:
        return
    if not of_pins or not groups:
        result.criticals.append("Not pinned client priority mode")
    elif pinned != len(groups):
        result.criticals.append(f"{pinned} / {len(groups)} pinned clients")
    else:
        result.ok.append(f"{pinned} pinned clients")
