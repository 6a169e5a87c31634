"""What nats shows of a stream: its configuration and its state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jetshare.cli.nats.cluster_report import add_cluster, add_versions
from jetshare.cli.nats.columns import Columns
from jetshare.cli.nats.config_file import without_reserved
from jetshare.cli.nats.durations import LONGEST, show_duration
from jetshare.cli.nats.figures import show_bytes, show_number
from jetshare.cli.nats.times import read_time, show_time

Info = Mapping[str, Any]

_RETENTION = {"limits": "Limits", "interest": "Interest", "workqueue": "WorkQueue"}


def stream_report(info: Info, *, state_only: bool = False) -> str:
    """``info`` is an answer of STREAM.INFO, CREATE or UPDATE."""
    config = info["config"]
    what = "State" if state_only else "Information"
    report = Columns(
        f"{what} for Stream {config['name']} created {show_time(read_time(info.get('created')))}"
    )
    if not state_only:
        _add_config(report, config)
        _add_options(report, config)
        _add_limits(report, config)
        _add_metadata(report, config)
        _add_replication(report, config)
        report.line()
    add_cluster(report, info)
    if info.get("mirror"):
        report.title("Mirror Information")
        _add_origin(report, info["mirror"])
    if info.get("sources"):
        report.title("Source Information")
        for source in info["sources"]:
            _add_origin(report, source)
            report.line()
    report.title("State")
    add_versions(report, config)
    _add_state(report, info)
    return report.text()


def _add_config(report: Columns, config: Info) -> None:
    report.row_if("Description", config.get("description"))
    report.row_if("Subjects", config.get("subjects"))
    report.row("Replicas", config.get("num_replicas", 1))
    report.row_if("Sealed", True, config.get("sealed"))
    report.row("Storage", str(config.get("storage", "file")).capitalize())
    compression = config.get("compression", "none")
    report.row_if("Compression", str(compression).upper(), compression not in ("none", ""))
    mode = config.get("persist_mode", "")
    report.row_if("Persistence Mode", str(mode).capitalize(), mode not in ("default", ""))
    report.row_if("First Sequence", config.get("first_seq"))
    placement = config.get("placement") or {}
    report.row_if("Placement Cluster", placement.get("cluster"))
    report.row_if("Placement Tags", placement.get("tags"))


def _add_options(report: Columns, config: Info) -> None:
    report.title("Options")
    transform = config.get("subject_transform") or {}
    if transform.get("dest"):
        report.row("Subject Transform", f"{transform.get('src') or '>'} to {transform['dest']}")
    if republish := config.get("republish"):
        label = "Republishing Headers" if republish.get("headers_only") else "Republishing"
        report.row(label, f"{republish.get('src')} to {republish.get('dest')}")
    retention = str(config.get("retention", "limits"))
    report.row("Retention", _RETENTION.get(retention, retention))
    report.row("Acknowledgments", not config.get("no_ack", False))
    discard = str(config.get("discard", "old")).capitalize()
    per_subject = config.get("discard_new_per_subject")
    report.row("Discard Policy", "New Per Subject" if per_subject else discard)
    report.row("Duplicate Window", show_duration(config.get("duplicate_window", 0)))
    report.row_if("Direct Get", config.get("allow_direct"))
    report.row_if("Mirror Direct Get", config.get("mirror_direct"))
    report.row("Allows Atomic Batch Publish", bool(config.get("allow_atomic")))
    report.row("Allows Fast Batch Publish", bool(config.get("allow_batched")))
    report.row("Allows Counters", bool(config.get("allow_msg_counter")))
    report.row("Allows Msg Delete", not config.get("deny_delete"))
    report.row("Allows Per-Message TTL", bool(config.get("allow_msg_ttl")))
    report.row("Allows Purge", not config.get("deny_purge"))
    report.row("Allows Schedules", bool(config.get("allow_msg_schedules")))
    if config.get("allow_msg_ttl") and config.get("subject_delete_marker_ttl"):
        report.row("Subject Delete Markers TTL", show_duration(config["subject_delete_marker_ttl"]))
    report.row("Allows Rollups", bool(config.get("allow_rollup_hdrs")))


def _add_limits(report: Columns, config: Info) -> None:
    report.title("Limits")

    def limit(label: str, value: int, shown: str, *, unlimited: bool) -> None:
        report.row(label, "unlimited" if unlimited else shown)

    messages, per = config.get("max_msgs", -1), config.get("max_msgs_per_subject", -1)
    size, age = config.get("max_bytes", -1), config.get("max_age", 0)
    largest, consumers = config.get("max_msg_size", -1), config.get("max_consumers", -1)
    limit("Maximum Messages", messages, show_number(messages), unlimited=messages == -1)
    limit("Maximum Per Subject", per, show_number(per), unlimited=per <= 0)
    limit("Maximum Bytes", size, show_bytes(size), unlimited=size == -1)
    limit("Maximum Age", age, show_duration(age), unlimited=age <= 0)
    limit("Maximum Message Size", largest, show_bytes(largest), unlimited=largest == -1)
    limit("Maximum Consumers", consumers, show_number(consumers), unlimited=consumers == -1)
    limits = config.get("consumer_limits") or {}
    if limits.get("inactive_threshold"):
        report.row("Consumer Inactive Threshold", show_duration(limits["inactive_threshold"]))
    report.row_if("Consumer Max Ack Pending", limits.get("max_ack_pending"))


def _add_metadata(report: Columns, config: Info) -> None:
    if own := without_reserved(dict(config)).get("metadata"):
        report.title("Metadata")
        report.mapping(own)


def _add_replication(report: Columns, config: Info) -> None:
    mirror, sources = config.get("mirror"), config.get("sources") or []
    if not mirror and not sources:
        return
    report.title("Replication")
    if mirror:
        report.row("Mirror", _named_origin(mirror))
    report.rows("Sources", [_named_origin(each) for each in sorted(sources, key=_name)])


def _name(source: Info) -> str:
    return str(source.get("name", ""))


def _named_origin(source: Info) -> str:
    parts = [_name(source)]
    if source.get("opt_start_seq"):
        parts.append(f"Start Seq: {show_number(source['opt_start_seq'])}")
    if source.get("opt_start_time"):
        parts.append(f"Start Time: {source['opt_start_time']}")
    external = source.get("external") or {}
    if external.get("api"):
        parts.append(f"API Prefix: {external['api']}")
    if external.get("deliver"):
        parts.append(f"Delivery Prefix: {external['deliver']}")
    return ", ".join(parts)


def _add_origin(report: Columns, origin: Info) -> None:
    """How far a mirror or a source has come."""
    report.row("Stream Name", _name(origin))
    report.row_if("Subject Filter", origin.get("filter_subject"))
    for transform in origin.get("subject_transforms") or ():
        to = f" to {transform['dest']}" if transform.get("dest") else " untransformed"
        report.row("Subject Filter and Transform", f"{transform.get('src')}{to}")
    report.row("Lag", origin.get("lag", 0))
    active = origin.get("active", 0)
    report.row("Last Seen", show_duration(active) if 0 < active < LONGEST else "never")
    external = origin.get("external") or {}
    report.row_if("Ext. API Prefix", external.get("api"))
    report.row_if("Ext. Delivery Prefix", external.get("deliver"))
    report.row_if("Error", (origin.get("error") or {}).get("description"))


def _add_state(report: Columns, info: Info) -> None:
    state = info.get("state") or {}
    report.row("Messages", state.get("messages", 0))
    report.row("Bytes", show_bytes(state.get("bytes", 0)))
    lost = state.get("lost") or {}
    if lost.get("msgs"):
        report.row("Lost Messages", f"{len(lost['msgs']):,} ({show_bytes(lost.get('bytes', 0))})")
    for label, name in (("First Sequence", "first"), ("Last Sequence", "last")):
        at = read_time(state.get(f"{name}_ts"))
        number = show_number(state.get(f"{name}_seq", 0))
        report.row(label, f"{number} @ {show_time(at)}" if at else number)
    report.row_if("Deleted Messages", state.get("num_deleted"))
    report.row("Active Consumers", state.get("consumer_count", 0))
    report.row_if("Number of Subjects", state.get("num_subjects"))
    alternates = info.get("alternates") or []
    report.rows("Alternates", [_alternate(each) for each in alternates])


def _alternate(stream: Info) -> str:
    domain = f" Domain: {stream['domain']}" if stream.get("domain") else ""
    return f"{_name(stream)}: Cluster: {stream.get('cluster', '')}{domain}"
