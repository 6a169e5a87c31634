from __future__ import annotations

import re

from support.nats_face import Nats


def test_a_stream_answers_with_its_acknowledgement(nats: Nats, stream: str) -> None:
    done = nats("request", f"{stream}.a", "Restock for item 5678 pronto!")
    assert done.exit == 0
    assert done.stdout == f'{{"stream":"{stream}","domain":"ngstest","seq":1}}\n\n\n'
    first, second = done.stderr.splitlines()
    assert re.fullmatch(rf'\d\d:\d\d:\d\d Sending request on "{stream}\.a"', first)
    assert re.fullmatch(r"\d\d:\d\d:\d\d Received with rtt [\d.]+(µs|ms)", second)


def test_raw(nats: Nats, stream: str) -> None:
    done = nats("req", "--raw", f"{stream}.a", "x")
    assert (done.stdout, done.stderr) == (
        f'{{"stream":"{stream}","domain":"ngstest","seq":1}}\n',
        "",
    )


def test_no_responders_exit_1(nats: Nats) -> None:
    """The real tool says so and exits 0."""
    done = nats("req", "nobody.home", "x")
    assert (done.exit, done.stdout) == (1, "")
    assert "nats: error: no responders are available" in done.stderr


def test_a_time_out_exits_1(nats: Nats) -> None:
    with nats.running("sub", "deaf.>", until="Subscribing on deaf.>"):
        done = nats("req", "deaf.a", "x", "--timeout", "100ms")
    assert (done.exit, done.stdout) == (1, "")
    assert "nats: error: no answer on deaf.a within 0.1 s" in done.stderr


def test_several_replies(nats: Nats) -> None:
    with (
        nats.running("reply", "many", "one", "-q", "q1", until="Listening on"),
        nats.running("reply", "many", "two", "-q", "q2", until="Listening on"),
    ):
        both = nats("req", "many", "x", "--replies", "2")
        assert sorted(both.stdout.split()) == ["one", "two"]
        rest = nats("req", "many", "x", "--replies", "0", "--timeout", "500ms", "--raw")
        assert sorted(rest.stdout.split()) == ["one", "two"]
        fewer = nats("req", "many", "x", "--replies", "3", "--raw")
        assert (fewer.exit, sorted(fewer.stdout.split())) == (0, ["one", "two"])


def test_several_requests_from_standard_input(nats: Nats, stream: str) -> None:
    done = nats("req", f"{stream}.a", "--send-on", "newline", "--raw", stdin=b"a\nb\n")
    assert [line.rpartition(":")[2] for line in done.stdout.split()] == ["1}", "2}"]
