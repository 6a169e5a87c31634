"""What nats shows of a consumer: its configuration and its state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from jetshare.cli.nats.cluster_report import add_cluster, add_versions
from jetshare.cli.nats.columns import Columns
from jetshare.cli.nats.config_file import without_reserved
from jetshare.cli.nats.durations import SECOND, go_duration, show_duration
from jetshare.cli.nats.figures import show_bytes, show_number
from jetshare.cli.nats.times import ago, left_until, read_time, show_time

Info = Mapping[str, Any]

ACK_NAMES = {"none": "None", "all": "All", "explicit": "Explicit", "flow_control": "Flow Control"}
_DELIVER = {"all": "All", "last": "Last", "new": "New", "last_per_subject": "Last Per Subject"}
_MANY_STEPS = 15


def consumer_report(info: Info, *, state_only: bool = False) -> str:
    """``info`` is an answer of CONSUMER.INFO or CREATE."""
    config = info["config"]
    what = "State" if state_only else "Information"
    report = Columns(
        f"{what} for Consumer {info['stream_name']} > {info['name']}"
        f" created {show_time(read_time(info.get('created')))}"
    )
    if not state_only:
        report.title("Configuration")
        _add_delivery(report, info)
        _add_limits(report, config)
        _add_pause_and_groups(report, info)
        _add_metadata(report, config)
    add_cluster(report, info)
    report.title("State")
    add_versions(report, config)
    _add_state(report, info)
    return report.text()


def _add_delivery(report: Columns, info: Info) -> None:
    config = info["config"]
    name, durable = config.get("name", ""), config.get("durable_name", "")
    report.row_if("Name", name)
    report.row_if("Durable Name", durable, durable and durable != name)
    report.row_if("Description", config.get("description"))
    if config.get("deliver_subject"):
        report.row("Delivery Subject", config["deliver_subject"])
    else:
        report.row("Pull Mode", True)
    report.row_if("Filter Subject", config.get("filter_subject"))
    report.row_if("Filter Subjects", config.get("filter_subjects"))
    report.row("Deliver Policy", _deliver_policy(config))
    group = config.get("deliver_group")
    report.row_if("Deliver Queue Group", group, group and config.get("deliver_subject"))
    ack = config.get("ack_policy", "")
    report.row("Ack Policy", ACK_NAMES.get(ack, ack))
    if ack != "none":
        report.row("Ack Wait", show_duration(config.get("ack_wait", 0)))
    report.row("Replay Policy", str(config.get("replay_policy", "instant")).capitalize())


def _deliver_policy(config: Info) -> str:
    policy = config.get("deliver_policy", "all")
    if policy == "by_start_time":
        return f"Since {config.get('opt_start_time')}"
    if policy == "by_start_sequence":
        return f"From Sequence {config.get('opt_start_seq')}"
    return _DELIVER.get(policy, str(policy))


def _add_limits(report: Columns, config: Info) -> None:
    deliveries = config.get("max_deliver", -1)
    report.row_if("Maximum Deliveries", deliveries, deliveries not in (-1, 0))
    report.row_if("Sampling Rate", config.get("sample_freq"))
    if rate := config.get("rate_limit_bps"):
        report.row("Rate Limit", f"{show_bytes(rate // 8)} / second")
    most = config.get("max_ack_pending", 0)
    report.row_if("Max Ack Pending", most, most > 0)
    waiting = config.get("max_waiting", 0)
    report.row_if("Max Waiting Pulls", waiting, waiting > 0)
    _add_span(report, "Idle Heartbeat", config.get("idle_heartbeat", 0))
    if config.get("deliver_subject"):
        report.row("Flow Control", bool(config.get("flow_control")))
    report.row_if("Headers Only", True, config.get("headers_only", False))
    if not config.get("deliver_subject"):
        _add_span(report, "Inactive Threshold", config.get("inactive_threshold", 0))
    _add_span(report, "Max Pull Expire", config.get("max_expires", 0))
    report.row_if("Max Pull Batch", config.get("max_batch"))
    report.row_if("Max Pull MaxBytes", config.get("max_bytes"))
    report.row_if("Backoff", _backoff(config.get("backoff") or []))
    report.row_if("Replicas", config.get("num_replicas"))
    report.row_if("Memory Storage", True, config.get("mem_storage", False))


def _add_span(report: Columns, label: str, span: int) -> None:
    if span > 0:
        report.row(label, show_duration(span))


def _backoff(steps: list[int]) -> str:
    shown = [go_duration(step) for step in steps]
    if len(shown) <= _MANY_STEPS:
        return ", ".join(shown)
    return f"{', '.join([*shown[:5], '...', *shown[-5:]])} ({len(shown)} total)"


def _add_pause_and_groups(report: Columns, info: Info) -> None:
    config = info["config"]
    if until := read_time(config.get("pause_until")):
        left = "passed"
        if info.get("paused"):
            left = f"{left_until(info.get('pause_remaining', 0))} remaining"
        report.row("Paused Until Deadline", f"{show_time(until)} ({left})")
    policy = config.get("priority_policy", "none")
    if policy not in ("", "none"):
        report.row("Priority Policy", policy)
        report.row("Priority Groups", config.get("priority_groups") or [])
        if policy == "pinned_client":
            report.row("Pinned TTL", show_duration(config.get("priority_timeout", 0)))


def _add_metadata(report: Columns, config: Info) -> None:
    if own := without_reserved(dict(config)).get("metadata"):
        report.title("Metadata")
        report.mapping(own)


def _add_state(report: Columns, info: Info) -> None:
    config = info["config"]
    report.row("Last Delivered Message", _position(info, "delivered", "Last delivery"))
    if config.get("ack_policy") != "none":
        report.row("Acknowledgment Floor", _position(info, "ack_floor", "Last Ack"))
        pending = show_number(info.get("num_ack_pending", 0))
        most = config.get("max_ack_pending", 0)
        limit = f" out of maximum {show_number(most)}" if most > 0 else ""
        report.row("Outstanding Acks", f"{pending}{limit}")
        report.row("Redelivered Messages", info.get("num_redelivered", 0))
    report.row("Unprocessed Messages", info.get("num_pending", 0))
    if config.get("deliver_subject"):
        report.row("Active Interest", _interest(info))
    else:
        waiting = show_number(info.get("num_waiting", 0))
        most = config.get("max_waiting", 0)
        limit = f"maximum {show_number(most)}" if most > 0 else "unlimited"
        report.row("Waiting Pulls", f"{waiting} of {limit}")
    if info.get("paused"):
        _add_paused(report, info)
    if config.get("priority_policy") == "pinned_client":
        report.rows(
            "Priority Groups", [_pinned(each) for each in info.get("priority_groups") or ()]
        )


def _add_paused(report: Columns, info: Info) -> None:
    remaining = info.get("pause_remaining", 0)
    now = read_time(info.get("ts"))
    until = now + timedelta(seconds=remaining / SECOND) if now else None
    report.row("Paused Until", f"{show_time(until)} ({left_until(remaining)} remaining)")


def _position(info: Info, name: str, what: str) -> str:
    position = info.get(name) or {}
    text = (
        f"Consumer sequence: {show_number(position.get('consumer_seq', 0))}"
        f" Stream sequence: {show_number(position.get('stream_seq', 0))}"
    )
    at = read_time(position.get("last_active"))
    return f"{text} {what}: {ago(at, info)} ago" if at else text


def _interest(info: Info) -> str:
    if not info.get("push_bound"):
        return "No interest"
    group = info["config"].get("deliver_group")
    return f"Active using Queue Group {group}" if group else "Active"


def _pinned(group: Info) -> str:
    client = group.get("pinned_client_id")
    if not client:
        return f"{group.get('group')}: No client"
    at = show_time(read_time(group.get("pinned_ts")))
    return f"{group.get('group')}: pinned {client} at {at}"
