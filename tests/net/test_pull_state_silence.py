"""What the pull state machine makes of silence, lost connections and 503."""

from collections.abc import Callable

import pytest

from jetshare.errors import ConsumerDeleted, ShareRevoked
from jetshare.net.pull_actions import Answer, Inquire, Pull
from jetshare.net.pull_options import PullOptions
from jetshare.net.status import Status
from support.pull_scene import HEARTBEAT, Scene, kinds

# Silence.


def test_heartbeats_keep_a_pull_alive() -> None:
    scene = Scene()
    for _ in range(2):
        scene.passes(HEARTBEAT)
        scene.hears(100, "Idle Heartbeat")
    assert len(scene.pulls) == 1
    assert scene.warnings == []


def test_a_deaf_pull_is_made_anew_within_two_heartbeats() -> None:
    scene = Scene()
    scene.hears(100, "Idle Heartbeat")
    scene.passes(2 * HEARTBEAT)
    assert len(scene.pulls) == 2
    assert "no heartbeat" in scene.warnings[0]
    assert scene.request["batch"] == 10


def test_the_consumer_is_asked_after_one_heartbeat_and_its_answer_ends_the_wait() -> None:
    scene = Scene()
    scene.hears(100, "Idle Heartbeat")
    assert scene.passes(1.5 * HEARTBEAT) == (Inquire(pull=True),)
    actions = scene.note(
        scene.state.answered(info=Answer.PRESENT, pull=Answer.PRESENT, now=scene.now)
    )
    assert kinds(actions) == ["Warn", "Pull"]
    assert "deaf" in scene.warnings[0]


def test_an_answer_that_comes_after_a_heartbeat_changes_nothing() -> None:
    scene = Scene()
    scene.passes(1.5 * HEARTBEAT)
    scene.hears(100, "Idle Heartbeat")
    answered = scene.state.answered(info=Answer.PRESENT, pull=Answer.PRESENT, now=scene.now)
    assert answered == ()


def test_nothing_is_expected_while_nothing_is_asked_for() -> None:
    scene = Scene()
    scene.receives(10)
    assert scene.passes(10 * HEARTBEAT) == ()


def test_a_pull_after_such_a_while_has_its_two_heartbeats() -> None:
    scene = Scene()
    scene.receives(10)
    scene.passes(10 * HEARTBEAT)
    assert kinds(scene.hands_out(10)) == ["Pull"]
    assert scene.passes(HEARTBEAT) == ()


def test_a_loop_that_stood_still_is_given_time_to_read() -> None:
    scene = Scene()
    scene.now += 10 * HEARTBEAT
    assert scene.state.tick(scene.now) == ()
    scene.receives(10)
    assert scene.passes(HEARTBEAT) == ()


def test_the_end_of_a_pull_that_was_lost_is_noticed() -> None:
    scene = Scene()
    for _ in range(3):
        scene.passes(3.5)
        scene.receives()  # of another pull: it keeps the silence away
    assert scene.passes(0.25) == ()
    assert kinds(scene.passes(0.5)) == ["Pull"]
    assert scene.request["batch"] == 7


def test_an_empty_message_ends_its_pull_through_a_share_only() -> None:
    shared, own = Scene(), Scene(prefix="$JS.API")
    for scene in (shared, own):
        scene.receives()
    assert kinds(shared.state.stream_ended(shared.now)) == ["Warn", "Pull"]
    assert own.state.stream_ended(own.now) == ()


def test_an_empty_message_that_was_the_last_of_its_pull_loses_nothing() -> None:
    scene = Scene()
    scene.receives(10)
    assert scene.state.stream_ended(scene.now) == ()


# The connection.


def test_nothing_is_asked_for_while_the_connection_is_down() -> None:
    scene = Scene()
    scene.state.lost()
    assert scene.passes(60) == ()
    actions = scene.note(scene.state.regained(scene.now))
    assert kinds(actions) == ["Pull"]
    assert scene.request["batch"] == 10
    assert scene.passes(HEARTBEAT) == ()


def test_what_is_buffered_counts_when_the_connection_is_back() -> None:
    scene = Scene()
    scene.receives(7)
    scene.state.lost()
    scene.note(scene.state.regained(scene.now))
    assert len(scene.pulls) == 1
    scene.hands_out(3)
    assert scene.request["batch"] == 6


def test_a_stopped_machine_says_nothing_more() -> None:
    scene = Scene()
    scene.state.stop()
    assert scene.hears(408, "Request Timeout", 10) == ()
    assert scene.passes(60) == ()
    assert scene.state.regained(scene.now) == ()
    assert scene.state.answered(info=Answer.ABSENT, pull=None, now=scene.now) == ()


# Nobody answers.


def nobody_answers(scene: Scene, info: Answer, seconds: float) -> float | None:
    """Every pull gets 503, every question ``info``; the time until it gave up, if it did."""
    began = scene.now
    while scene.now - began < seconds and scene.failure is None:
        while scene.answered < len(scene.said):
            action = scene.said[scene.answered]
            scene.answered += 1
            if isinstance(action, Pull):
                scene.hears(503)
            elif isinstance(action, Inquire):
                pull = Answer.NO_RESPONDERS if action.pull else None
                scene.note(scene.state.answered(info=info, pull=pull, now=scene.now))
        scene.passes(0.1, step=0.1)
    return None if scene.failure is None else scene.now - began


def heard_and_idle(*, known: bool = False) -> Scene:
    """A scene that heard heartbeats; ``known`` is one whose INFO has answered before."""
    scene = Scene()
    if known:
        scene.state.answered(info=Answer.PRESENT, pull=None, now=scene.now)
    scene.hears(100, "Idle Heartbeat")
    scene.answered = len(scene.said)
    return scene


def test_revoked_while_idle_is_said_within_two_heartbeats() -> None:
    scene = heard_and_idle(known=True)
    took = nobody_answers(scene, Answer.NO_RESPONDERS, 60)
    assert isinstance(scene.failure, ShareRevoked)
    assert "revoked" in str(scene.failure)
    assert took is not None
    assert took <= 2 * HEARTBEAT + 0.1


def test_revoked_while_messages_flow_is_said_within_two_heartbeats() -> None:
    scene = Scene()
    scene.state.answered(info=Answer.PRESENT, pull=None, now=scene.now)
    scene.receives(10)
    scene.answered = len(scene.said)
    scene.hands_out(10)
    took = nobody_answers(scene, Answer.NO_RESPONDERS, 60)
    assert isinstance(scene.failure, ShareRevoked)
    assert took is not None
    assert took <= 2 * HEARTBEAT + 0.1


def test_without_info_a_revocation_takes_longer_to_believe() -> None:
    scene = Scene(PullOptions(max_messages=10, expires=1, idle_heartbeat=0.2))
    scene.hears(100, "Idle Heartbeat")
    scene.answered = len(scene.said)
    took = nobody_answers(scene, Answer.NO_RESPONDERS, 60)
    assert isinstance(scene.failure, ShareRevoked)
    assert took is not None
    assert took >= 5


def test_a_share_that_was_never_there_is_said_soon() -> None:
    scene = Scene(PullOptions())
    took = nobody_answers(scene, Answer.NO_RESPONDERS, 60)
    assert isinstance(scene.failure, ShareRevoked)
    assert "not shared" in str(scene.failure)
    assert took is not None
    assert took <= 3


def test_where_info_says_that_there_is_no_consumer_it_was_deleted() -> None:
    scene = heard_and_idle(known=True)
    assert nobody_answers(scene, Answer.ABSENT, 60) is not None
    assert isinstance(scene.failure, ConsumerDeleted)


def test_where_info_answers_only_next_was_taken_away() -> None:
    scene = heard_and_idle(known=True)
    assert nobody_answers(scene, Answer.PRESENT, 60) is not None
    assert isinstance(scene.failure, ShareRevoked)


def test_an_outage_is_waited_for_and_told() -> None:
    scene = heard_and_idle(known=True)
    assert nobody_answers(scene, Answer.UNCLEAR, 300) is None
    assert any("out of reach" in text for text in scene.warnings)
    scene.receives()
    scene.hands_out()
    assert scene.passes(HEARTBEAT) == ()


def test_a_consumer_deleted_and_made_again_goes_on() -> None:
    scene = heard_and_idle(known=True)
    scene.note(scene.state.status(1, Status(code=409, text="Consumer Deleted"), scene.now))
    scene.passes(HEARTBEAT / 2)
    scene.hears(503)
    scene.state.answered(info=Answer.ABSENT, pull=None, now=scene.now)
    scene.passes(HEARTBEAT / 2)
    scene.hears(100, "Idle Heartbeat")
    scene.passes(HEARTBEAT)
    assert scene.failure is None
    scene.receives(10)
    assert kinds(scene.hands_out(10)) == ["Pull"]


def test_a_consumer_deleted_for_good_is_said_to_be_deleted() -> None:
    scene = heard_and_idle()
    scene.note(scene.state.status(1, Status(code=409, text="Consumer Deleted"), scene.now))
    took = nobody_answers(scene, Answer.NO_RESPONDERS, 60)
    assert isinstance(scene.failure, ConsumerDeleted)
    assert took is not None


@pytest.mark.parametrize("settle", [lambda s: s.receives(), lambda s: s.hears(100, "Idle")])
def test_anything_heard_ends_the_doubt(settle: Callable[[Scene], object]) -> None:
    scene = heard_and_idle(known=True)
    assert nobody_answers(scene, Answer.NO_RESPONDERS, 1.4 * HEARTBEAT) is None
    assert "nobody answers" in scene.warnings[-1]
    scene.passes(HEARTBEAT / 4)
    settle(scene)
    scene.answered = len(scene.said)
    took = nobody_answers(scene, Answer.NO_RESPONDERS, HEARTBEAT)
    assert took is None
