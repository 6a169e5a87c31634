"""What nats shows of the servers that hold a stream or a consumer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jetshare.cli.nats.columns import Columns
from jetshare.cli.nats.durations import LONGEST, show_duration
from jetshare.cli.nats.times import ago, read_time

Info = Mapping[str, Any]


def add_cluster(report: Columns, info: Info) -> None:
    """The leader and the replicas; nothing for a server that is in no cluster."""
    cluster = info.get("cluster") or {}
    if not cluster.get("name"):
        return
    report.title("Cluster Information")
    report.row("Name", cluster["name"])
    report.row_if("Cluster Group", cluster.get("raft_group"))
    since = read_time(cluster.get("leader_since"))
    leader = cluster.get("leader", "")
    report.row("Leader", f"{leader} ({ago(since, info)})" if since else leader)
    for replica in cluster.get("replicas") or ():
        report.row("Replica", _replica(replica))
    report.line()


def _replica(replica: Info) -> str:
    parts = [str(replica.get("name", "")), "current" if replica.get("current") else "outdated"]
    if replica.get("offline"):
        parts.append("OFFLINE")
    active = replica.get("active", 0)
    parts.append(f"seen {show_duration(active)} ago" if 0 < active < LONGEST else "not seen")
    if lag := replica.get("lag", 0):
        parts.append(f"{lag:,} operation{'s' if lag > 1 else ''} behind")
    return ", ".join(parts)


def add_versions(report: Columns, config: Info) -> None:
    """The server's version and API level, which it keeps in the metadata (ADR-44)."""
    metadata = config.get("metadata") or {}
    report.row_if("Host Version", metadata.get("_nats.ver"))
    level = metadata.get("_nats.level", "")
    needed = metadata.get("_nats.req.level", "")
    if level or needed:
        report.row("Required API Level", f"{needed or '0'} hosted at level {level}")


def servers(info: Info) -> str:
    """Leader and replicas in one cell of a table: ``n1*, n2, n3!``, those that lag with ``!``."""
    cluster = info.get("cluster") or {}
    names = [f"{cluster['leader']}*"] if cluster.get("leader") and cluster.get("name") else []
    for replica in cluster.get("replicas") or ():
        lags = replica.get("offline") or not replica.get("current")
        names.append(f"{replica.get('name', '')}{'!' if lags else ''}")
    return ", ".join(sorted(names))


def needed_level(config: Info) -> str:
    return str((config.get("metadata") or {}).get("_nats.req.level") or "0")
