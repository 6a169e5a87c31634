from __future__ import annotations

from typing import Any

import pytest

from jetshare.cli.nats.check_result import Result
from jetshare.cli.nats.check_rules import (
    ConsumerThresholds,
    StreamThresholds,
    check_consumer,
    check_stream,
    thresholds,
)
from jetshare.errors import InputError

SECOND = 1_000_000_000
NOW = "2026-11-24T10:00:00Z"


def stream(**fields: Any) -> dict[str, Any]:
    state = {"messages": 50, "num_subjects": 5}
    return {"config": {"name": "S", "num_replicas": 1}, "state": state, "ts": NOW} | fields


def judged(info: dict[str, Any], **limits: int) -> Result:
    found = Result(suite="stream", name="S")
    check_stream(info, StreamThresholds(**limits), found)
    return found


PEERS = {"leader": "n1", "replicas": [{"name": "n2", "lag": 5}, {"name": "n3", "offline": True}]}
CLUSTERED = stream(config={"num_replicas": 3}, cluster=PEERS)
SOURCED = stream(sources=[{"name": "A", "lag": 10, "active": 5 * SECOND}, {"name": "B"}])
MIRROR = stream(config={"mirror": {"name": "M"}}, mirror={"lag": 10, "active": 5 * SECOND})


@pytest.mark.parametrize(
    ("info", "limits", "criticals", "warnings"),
    [
        (stream(), {}, [], []),
        (stream(), {"msgs_critical": 50}, ["50 messages"], []),
        (stream(), {"msgs_critical": 49, "msgs_warn": 50}, [], ["50 messages"]),
        (stream(), {"msgs_warn": 49}, [], []),
        (stream(), {"subjects_warn": 4, "subjects_critical": 9}, [], ["5 subjects"]),
        (stream(), {"subjects_warn": 4, "subjects_critical": 5}, ["5 subjects"], []),
        (stream(), {"subjects_warn": 9, "subjects_critical": 5}, ["5 subjects"], []),
        (stream(), {"subjects_warn": 9, "subjects_critical": 2}, [], ["5 subjects"]),
        (stream(), {"subjects_warn": 2}, [], []),
        (stream(), {"min_sources": 1}, ["0 sources"], []),
        (SOURCED, {"max_sources": 1}, ["2 sources"], []),
        (SOURCED, {"lag_critical": 10}, ["1 sources are lagged"], []),
        (SOURCED, {"seen_critical": 6 * SECOND}, [], []),
        (SOURCED, {"seen_critical": 5 * SECOND}, ["1 sources are inactive"], []),
        (MIRROR, {"lag_critical": 10}, ["Mirror Lag 10"], []),
        (MIRROR, {"seen_critical": 5 * SECOND}, ["Mirror Seen 5s"], []),
        (MIRROR, {"lag_critical": 11}, [], []),
        (stream(), {"lag_critical": 11}, ["not mirrored"], []),
        (stream(), {"peer_expect": 3}, ["Stream is not clustered"], []),
        (CLUSTERED, {"peer_expect": 5}, ["Expected 5 replicas got 3"], []),
        (CLUSTERED, {"peer_expect": 3}, ["1 replicas offline"], []),
        # jsm.go takes no expectation for one of 0 replicas, which no cluster has.
        (CLUSTERED, {}, ["1 replicas offline"], []),
        (CLUSTERED, {"peer_lag_critical": 4}, ["1 replicas offline", "1 replicas lagged"], []),
        (stream(config={"num_replicas": 3}, cluster={"name": "c"}), {}, ["No leader"], []),
    ],
)
def test_streams(
    info: dict[str, Any], limits: dict[str, int], criticals: list[str], warnings: list[str]
) -> None:
    found = judged(info, **limits)
    assert (found.criticals, found.warnings) == (criticals, warnings)


def consumer(**fields: Any) -> dict[str, Any]:
    return {
        "config": {},
        "ts": NOW,
        "num_ack_pending": 3,
        "num_waiting": 2,
        "num_pending": 5,
        "num_redelivered": 1,
        "delivered": {"last_active": "2026-11-24T09:59:00Z"},
        "ack_floor": {},
    } | fields


PINNED = consumer(
    config={"priority_policy": "pinned_client", "priority_groups": ["a", "b"]},
    priority_groups=[{"group": "a", "pinned_client_id": "x"}, {"group": "b"}],
)


@pytest.mark.parametrize(
    ("info", "limits", "criticals"),
    [
        (consumer(), {}, []),
        (consumer(), {"outstanding_ack_critical": 3}, ["Ack Pending: 3"]),
        (consumer(), {"outstanding_ack_critical": 4}, []),
        (consumer(), {"waiting_critical": 2}, ["Waiting Pulls: 2"]),
        (consumer(), {"unprocessed_critical": 5}, ["Unprocessed Messages: 5"]),
        (consumer(), {"redelivery_critical": 1}, ["Redelivered: 1"]),
        (consumer(), {"last_delivery_critical": 60 * SECOND}, ["Last delivery 1m0s ago"]),
        (consumer(), {"last_delivery_critical": 61 * SECOND}, []),
        (consumer(), {"last_ack_critical": SECOND}, ["No acks"]),
        (consumer(), {"pinned": 1}, ["Not pinned client priority mode"]),
        (PINNED, {"pinned": 1}, ["1 / 2 pinned clients"]),
        (PINNED, {}, []),
        (consumer(), {"outstanding_ack_critical": -1}, []),
    ],
)
def test_consumers(info: dict[str, Any], limits: dict[str, int], criticals: list[str]) -> None:
    found = Result(suite="consumer", name="C")
    check_consumer(info, ConsumerThresholds(**limits), found)
    assert found.criticals == criticals


def test_thresholds_of_the_metadata_and_flags_before_them() -> None:
    """jsm.go lets the metadata of a stream go first, and does not read a consumer's."""
    metadata = {
        "io.nats.monitor.waiting-critical": "20",
        "io.nats.monitor.last-ack-critical": "1h",
        "io.nats.monitor.pinned": "true",
        "other": "x",
    }
    limits = thresholds(
        ConsumerThresholds, metadata, {"waiting_critical": 5, "redelivery_critical": None}
    )
    assert limits == ConsumerThresholds(
        waiting_critical=5, last_ack_critical=3600 * SECOND, pinned=1
    )


def test_a_threshold_that_is_none() -> None:
    with pytest.raises(InputError, match=r'io\.nats\.monitor\.lag-critical is "x"'):
        thresholds(StreamThresholds, {"io.nats.monitor.lag-critical": "x"}, {})
