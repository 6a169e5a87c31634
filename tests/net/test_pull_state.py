"""Every word of the server about a pull, as a table; and how much is asked for."""

import json

import pytest

from jetshare.errors import PullRefused
from jetshare.net.pull_actions import Inquire
from jetshare.net.pull_options import PullOptions
from jetshare.net.status import Status
from support.pull_scene import HEARTBEAT, Scene, kinds


def test_it_begins_with_a_pull_for_the_whole_buffer_and_asks_for_info() -> None:
    scene = Scene()
    assert kinds(tuple(scene.said)) == ["Pull", "Inquire"]
    assert scene.request == {
        "batch": 10,
        "expires": 10_000_000_000,
        "idle_heartbeat": 4_000_000_000,
    }


def test_it_pulls_again_when_less_than_half_is_left() -> None:
    scene = Scene()
    scene.receives(10)
    assert scene.hands_out(5) == ()
    assert kinds(scene.hands_out()) == ["Pull"]
    assert scene.request["batch"] == 6


def test_a_buffer_of_one_is_never_stuck() -> None:
    scene = Scene(PullOptions(max_messages=1))
    for _ in range(3):
        scene.receives()
        assert kinds(scene.hands_out()) == ["Pull"]
        assert scene.request["batch"] == 1


# code, text, messages left of the ten asked for, what is done at once
STATUSES: list[tuple[int, str, int | None, list[str]]] = [
    (100, "Idle Heartbeat", None, []),
    (100, "FlowControl Request", None, []),
    (400, "Bad Request - heartbeat value too large", None, ["Stop"]),
    (400, "Bad Request - Priority Group missing", None, ["Stop"]),
    (400, "Bad Request - Invalid Priority Group", None, ["Stop"]),
    (400, "Bad Request - Priority must be between 0 and 9", None, ["Stop"]),
    (400, "Bad Request - Not a Overflow Priority consumer", None, ["Stop"]),
    (400, "Bad Request - Not a Pinned Client Priority consumer", None, ["Stop"]),
    (404, "No Messages", None, ["Pull"]),
    (408, "Request Timeout", 10, ["Pull"]),
    (408, "Request Timeout", 6, ["Pull"]),
    (408, "Request Timeout", 2, []),
    (408, "Interest Expired", 10, ["Pull"]),
    (408, "Requests Pending", None, ["Pull"]),
    (409, "Batch Completed", 0, []),
    (409, "Consumer Deleted", None, ["Forget", "Warn", "Inquire"]),
    (409, "Consumer is push based", None, ["Stop"]),
    (409, "Exceeded MaxRequestBatch of 4", None, ["Warn", "Pull"]),
    (409, "Exceeded MaxRequestExpires of 2s", None, ["Warn", "Pull"]),
    (409, "Exceeded MaxRequestExpires of 1h0m0s", None, ["Warn"]),
    (409, "Exceeded MaxRequestMaxBytes of 512", None, ["Warn"]),
    (409, "Exceeded MaxWaiting", None, ["Warn"]),
    (409, "Leadership Change", None, ["Warn"]),
    (409, "Server Shutdown", 10, ["Warn"]),
    (409, "Message Size Exceeds MaxBytes", 10, ["Warn"]),
    (409, "something new", None, ["Warn"]),
    (412, "Required Api Level", None, ["Stop"]),
    (423, "Nats-Wrong-Pin-Id", 10, ["Warn", "Pull"]),
    (423, "Nats-Pin-Id mismatch", None, ["Warn", "Pull"]),
    (503, "", None, ["Warn", "Inquire"]),
    (429, "Too Many Requests", None, ["Warn"]),
    (500, "", None, ["Warn"]),
    (0, "", None, ["Warn"]),
]


@pytest.mark.parametrize(("code", "text", "left", "done"), STATUSES)
def test_what_each_status_leads_to(code: int, text: str, left: int | None, done: list[str]) -> None:
    scene = Scene()
    assert kinds(scene.hears(code, text, left)) == done


@pytest.mark.parametrize(("code", "text", "left", "done"), STATUSES)
def test_after_any_status_but_a_refusal_it_comes_to_pull_again(
    code: int, text: str, left: int | None, done: list[str]
) -> None:
    scene = Scene()
    scene.hears(code, text, left)
    before = len(scene.pulls)
    scene.receives(10)
    scene.hands_out(10)
    scene.passes(HEARTBEAT)
    assert (scene.failure is not None) is ("Stop" in done)
    if scene.failure is None and code != 100:
        assert len(scene.pulls) > before or "Pull" in done


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (400, "Bad Request - Priority Group missing"),
        (409, "Consumer is push based"),
        (412, "Required Api Level"),
    ],
)
def test_a_refusal_is_the_end(code: int, text: str) -> None:
    scene = Scene()
    scene.hears(code, text)
    assert isinstance(scene.failure, PullRefused)
    assert str(code) in str(scene.failure)
    assert scene.passes(60) == ()


def test_a_status_of_a_pull_that_was_given_up_is_not_listened_to() -> None:
    scene = Scene()
    old = scene.token
    scene.passes(2 * HEARTBEAT)
    assert scene.token != old
    late = Status(code=408, text="Request Timeout", pending_messages=10)
    assert scene.state.status(old, late, scene.now) == ()
    assert scene.state.pending == 10


def test_a_smaller_batch_is_what_is_asked_for_from_then_on() -> None:
    scene = Scene()
    scene.hears(409, "Exceeded MaxRequestBatch of 4")
    assert scene.request["batch"] == 4
    scene.receives(4)
    scene.hands_out(4)
    assert scene.request["batch"] <= 4


def test_a_shorter_expiry_takes_the_heartbeat_with_it() -> None:
    scene = Scene()
    scene.hears(409, "Exceeded MaxRequestExpires of 2s")
    assert scene.request["expires"] == 2_000_000_000
    assert scene.request["idle_heartbeat"] == 1_000_000_000


def test_the_pause_grows_with_every_refusal_and_a_message_ends_it() -> None:
    scene = Scene()
    gaps = []
    for _ in range(4):
        refused_at = scene.now
        scene.hears(409, "Leadership Change")
        before = len(scene.pulls)
        while len(scene.pulls) == before:
            scene.passes(0.05, step=0.05)
        gaps.append(scene.now - refused_at)
    assert gaps == sorted(gaps)
    assert gaps[-1] > gaps[0]
    scene.receives(10)
    assert kinds(scene.hands_out(10)) == ["Pull"]


# Pins (ADR-42).


def test_a_pin_goes_with_every_pull_until_it_is_lost() -> None:
    scene = Scene(PullOptions(max_messages=10, group="jobs"))
    assert "id" not in scene.request
    scene.state.pinned("pin-1")
    scene.receives(10)
    scene.hands_out(10)
    assert scene.request["id"] == "pin-1"
    scene.hears(423, "Nats-Wrong-Pin-Id", left=6)
    assert "id" not in scene.request
    assert scene.request["group"] == "jobs"


def test_with_a_group_no_pull_is_made_as_a_probe() -> None:
    scene = Scene(PullOptions(max_messages=10, expires=10, idle_heartbeat=4, group="jobs"))
    assert Inquire(pull=False) in scene.passes(1.5 * HEARTBEAT)


# Bytes.


def bytes_scene(most: int = 1000) -> Scene:
    return Scene(PullOptions(max_bytes=most, expires=10, idle_heartbeat=HEARTBEAT))


def test_bytes_are_what_is_counted() -> None:
    scene = bytes_scene()
    assert scene.request["max_bytes"] == 1000
    assert scene.request["batch"] == 1_000_000
    scene.receives(2, size=300)
    assert scene.hands_out(1, size=300) == ()
    assert kinds(scene.hands_out(1, size=300)) == ["Pull"]
    assert scene.request["max_bytes"] == 600


def test_a_message_that_does_not_fit_beside_others_is_asked_for_with_all_the_room() -> None:
    scene = bytes_scene()
    scene.receives(2, size=300)
    scene.hands_out(2, size=300)
    assert scene.request["max_bytes"] == 600
    scene.receives(1, size=300)
    first = Status(
        code=409,
        text="Message Size Exceeds MaxBytes",
        pending_messages=999_997,
        pending_bytes=100,
    )
    assert scene.state.status(1, first, scene.now) == ()
    assert scene.hears(409, "Message Size Exceeds MaxBytes", 1_000_000, 600) == ()
    assert kinds(scene.hands_out(1, size=300)) == ["Pull"]
    assert scene.request["max_bytes"] == 1000


def test_a_pull_by_bytes_that_gave_what_it_could_is_followed_by_the_next() -> None:
    scene = bytes_scene()
    scene.receives(3, size=300)
    assert scene.hears(409, "Message Size Exceeds MaxBytes", 999_997, 100) == ()
    scene.hands_out(1, size=300)
    assert kinds(scene.hands_out(1, size=300)) == ["Pull"]
    assert scene.request["max_bytes"] == 700
    assert scene.warnings == []


def test_a_message_larger_than_max_bytes_is_warned_of_and_not_asked_for_in_a_loop() -> None:
    scene = bytes_scene()
    for _ in range(8):
        assert kinds(scene.hears(409, "Message Size Exceeds MaxBytes", 1_000_000, 1000)) == ["Warn"]
        scene.passes(HEARTBEAT)
    assert "larger than max_bytes (1000)" in scene.warnings[-1]
    assert len(scene.pulls) <= 9


def test_messages_with_a_limit_in_bytes_ask_for_as_many_bytes_each_time() -> None:
    scene = Scene(PullOptions(max_messages=10, max_bytes=500))
    assert (scene.request["batch"], scene.request["max_bytes"]) == (10, 500)
    scene.receives(10)
    scene.hands_out(10)
    assert (scene.request["batch"], scene.request["max_bytes"]) == (6, 500)


def test_a_limit_of_the_consumer_in_bytes_is_taken_over() -> None:
    scene = bytes_scene()
    assert kinds(scene.hears(409, "Exceeded MaxRequestMaxBytes of 512")) == ["Warn", "Pull"]
    assert scene.request["max_bytes"] == 512


# Enough.


def test_no_more_is_asked_for_than_is_wanted() -> None:
    scene = Scene(PullOptions(max_messages=10, stop_after=13))
    scene.receives(10)
    scene.hands_out(10)
    assert sum(json.loads(pull.body)["batch"] for pull in scene.pulls) == 13
    scene.receives(3)
    scene.hands_out(3)
    assert len(scene.pulls) == 2
