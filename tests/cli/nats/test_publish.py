from __future__ import annotations

import re

import pytest

from support.nats_face import House, Nats

LOG = re.compile(r"^\d\d:\d\d:\d\d ", re.MULTILINE)


def said(stderr: str) -> list[str]:
    """The log lines without their times; AssertionError for a line without one."""
    assert all(LOG.match(line) for line in stderr.splitlines()), stderr
    return LOG.sub("", stderr).splitlines()


def test_one_message(nats: Nats, stream: str) -> None:
    done = nats("pub", f"{stream}.a", "hello")
    assert (done.exit, done.stdout) == (0, "")
    assert said(done.stderr) == [f'Published 5 bytes to "{stream}.a"']


def test_into_a_stream_that_confirms(nats: Nats, stream: str) -> None:
    done = nats("pub", "-J", f"{stream}.a", "hi", "--count", "2", "-H", "Nats-Msg-Id:{{Count}}")
    assert (done.exit, done.stdout) == (0, "")
    assert said(done.stderr) == [
        f'Published 2 bytes to "{stream}.a"',
        f'Stored in Stream: {stream} Sequence: 1 Domain: "ngstest"',
        f'Published 2 bytes to "{stream}.a"',
        f'Stored in Stream: {stream} Sequence: 2 Domain: "ngstest"',
    ]
    again = nats("pub", "-J", f"{stream}.a", "hi", "-H", "Nats-Msg-Id:1")
    assert "Duplicate: true" in again.stderr


def test_nothing_is_claimed_that_no_stream_confirmed(nats: Nats, stream: str) -> None:
    done = nats("pub", "-J", "no.stream.takes.this", "hi")
    assert done.exit == 1
    assert "nats: error: no responders are available" in done.stderr
    assert "Published" not in done.stderr


def test_a_stream_that_refuses(nats: Nats, stream: str) -> None:
    done = nats("pub", "-J", f"{stream}.a", "hi", "-H", "Nats-Expected-Last-Sequence:7")
    assert done.exit == 1
    assert "nats: error: wrong last sequence: 0 (10071)" in done.stderr


def test_templates_headers_and_quiet(nats: Nats, stream: str) -> None:
    nats.ok("pub", "-q", "-J", f"{stream}.{{{{Count}}}}", "n {{Count}}", "-H", "A:1", "-H", "A:2")
    nats.ok("pub", "-J", f"{stream}.raw", "n {{Count}}", "--no-templates")
    assert "[1] Subject: " + stream + ".1 " in (shown := nats.ok("stream", "view", stream).stdout)
    assert "  A: 1\n  A: 2\nn 1\n" in shown
    assert "\nn {{Count}}\n" in shown


def test_a_template_that_there_is_not(nats: Nats) -> None:
    done = nats("pub", "x", "{{Nope}}")
    assert done.exit == 2
    assert "there is no template function {{Nope}}" in done.stderr


@pytest.mark.parametrize(
    ("words", "bodies"),
    [([], [b"a\nb\x00\xff"]), (["--send-on", "newline"], [b"a", b"b\x00\xff"])],
)
def test_from_standard_input(
    nats: Nats, stream: str, words: list[str], bodies: list[bytes]
) -> None:
    done = nats("pub", "-J", f"{stream}.a", *words, stdin=b"a\nb\x00\xff")
    assert "Reading payload from STDIN" in done.stderr
    state = nats.ok("stream", "info", stream, "-j").json()["state"]
    assert state["messages"] == len(bodies)


def test_many_messages_are_told_of_in_one_line(nats: Nats, stream: str) -> None:
    done = nats("pub", f"{stream}.a", "x", "--count", "1500")
    assert said(done.stderr) == [f'Published 1,500 messages to "{stream}.a"']
    assert nats.ok("stream", "info", stream, "-j").json()["state"]["messages"] == 1500


@pytest.mark.parametrize("subject", ["", "a b", "a..b"])
def test_a_subject_that_is_none(nats: Nats, subject: str) -> None:
    done = nats("pub", subject, "x")
    assert done.exit == 2
    assert "the subject" in done.stderr


def test_a_message_too_large(nats: Nats) -> None:
    done = nats("pub", "x", "y" * (1024 * 1024 + 1))
    assert done.exit == 2
    assert "1048577 bytes is larger than the server's 1048576" in done.stderr


def test_a_subject_that_the_user_may_not_use(nats: Nats, at_home: House) -> None:
    limited = Nats(nats.guard, at_home.words("LIMITED"))
    assert limited("pub", "allowed.x", "x").exit == 0
    done = limited("pub", "denied.x", "x")
    assert (done.exit, "Published" in done.stderr) == (1, False)
    assert 'permissions violation for publish to "denied.x"' in done.stderr.lower()
    assert limited("req", "denied.x", "x", "--timeout", "300ms").exit == 1
    assert "denied.x" in limited("sub", "denied.x").stderr


def test_what_is_traced(nats: Nats, stream: str) -> None:
    done = nats("--trace", "pub", "-J", f"{stream}.a", "x")
    assert ">>> Connecting to nats://127.0.0.1:" in done.stderr
    assert f'<<< {{"stream":"{stream}","domain":"ngstest","seq":1}}' in done.stderr
