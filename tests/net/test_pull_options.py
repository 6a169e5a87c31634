import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.errors import InputError
from jetshare.net.pull_options import PullOptions


def test_the_defaults_are_those_of_nats_go() -> None:
    options = PullOptions()
    assert (options.messages, options.expires, options.heartbeat) == (500, 30.0, 15.0)


def test_the_heartbeat_is_half_of_expires_and_at_most_thirty_seconds() -> None:
    assert PullOptions(expires=10).heartbeat == 5.0
    assert PullOptions(expires=300).heartbeat == 30.0


def test_a_limit_in_bytes_alone_leaves_the_messages_unlimited() -> None:
    options = PullOptions(max_bytes=1024)
    assert options.counts_bytes
    assert options.messages == 1_000_000
    assert not PullOptions(max_bytes=1024, max_messages=5).counts_bytes


@pytest.mark.parametrize(
    "words",
    [
        {"max_messages": 0},
        {"max_bytes": -1},
        {"stop_after": 0},
        {"max_messages": 5, "threshold_messages": 6},
        {"expires": 0.5},
        {"expires": 10, "idle_heartbeat": 6},
        {"idle_heartbeat": 0.001},
        {"expires": 100, "idle_heartbeat": 31},
        {"priority": 10, "group": "jobs"},
        {"priority": 1},
        {"min_pending": 5},
        {"min_ack_pending": 5},
    ],
)
def test_what_no_server_would_take_is_refused(words: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        PullOptions(**words)


def test_a_request_holds_what_was_given_and_nothing_else() -> None:
    plain = PullOptions().request(batch=5, expires=2.5)
    assert json.loads(plain) == {"batch": 5, "expires": 2_500_000_000}
    options = PullOptions(group="jobs", min_pending=3, min_ack_pending=4, priority=2)
    full = options.request(batch=1, expires=30, heartbeat=15, max_bytes=64, pin="pin", no_wait=True)
    assert json.loads(full) == {
        "batch": 1,
        "expires": 30_000_000_000,
        "idle_heartbeat": 15_000_000_000,
        "max_bytes": 64,
        "no_wait": True,
        "group": "jobs",
        "min_pending": 3,
        "min_ack_pending": 4,
        "priority": 2,
        "id": "pin",
    }


@given(st.floats(min_value=0, max_value=60))
def test_half_of_what_is_left_is_never_more_than_a_half(seconds: float) -> None:
    request = json.loads(PullOptions().request(batch=1, expires=seconds, heartbeat=seconds / 2))
    assert 2 * request.get("idle_heartbeat", 0) <= request.get("expires", 0)
