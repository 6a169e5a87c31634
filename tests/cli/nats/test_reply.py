from __future__ import annotations

from support.nats_face import Nats


def test_a_body_with_templates(nats: Nats) -> None:
    with nats.running(
        *("reply", "weather.>", "{{1}}: {{Request}}", "-H", "n:{{Count}}", "--count", "1"),
        until='Listening on "weather.>" in group "NATS-RPLY-22"',
    ) as replying:
        done = nats("req", "weather.london", "rain?", "-H", "A:b")
        assert done.stdout == "london: rain?\n\n\n"
        assert "n: 0" in done.stderr
        ended = replying.finished()
    assert ended.exit == 0
    assert ended.stdout == "\nrain?\n"
    assert '[#0] Received on subject "weather.london":' in ended.stderr
    assert " A: b" in ended.stderr


def test_an_echo_is_what_there_is_without_a_body(nats: Nats) -> None:
    with nats.running("reply", "echo.me", "--count", "1", until="Listening on") as replying:
        done = nats("req", "echo.me", "hi", "-H", "A:b", "-H", "A:c")
        assert "enabling echo mode" in replying.stderr
    assert done.stdout == "hi\n\n\n"
    for line in ("A: b", "A: c", "NATS-Reply-Counter: 0"):
        assert line in done.stderr


def test_the_output_of_a_command_that_no_request_can_add_words_to(nats: Nats) -> None:
    with nats.running(
        *("reply", "run.*", "--command", "printf '<%s>' {{1}} {{Request}} fixed"),
        until="Listening on",
    ):
        done = nats("req", "run.x", "a b; rm -rf $HOME", "--raw")
    assert done.stdout == "<x><a b; rm -rf $HOME><fixed>\n"


def test_a_command_sees_the_request_in_its_environment(nats: Nats) -> None:
    with nats.running(
        *("reply", "env.*", "--command", "printenv NATS_REQUEST_SUBJECT NATS_REQUEST_BODY"),
        until="Listening on",
    ):
        assert nats("req", "env.x", "body", "--raw").stdout == "env.x\nbody\n"


def test_a_command_that_fails_is_logged_and_answered(nats: Nats) -> None:
    with nats.running("reply", "bad", "--command", "/no/such", until="Listening on") as replying:
        assert nats("req", "bad", "x").stdout == "nil body\n\n\n"
        replying.heard("failed to run")
        assert nats("req", "bad", "x").exit == 0
