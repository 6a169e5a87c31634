from __future__ import annotations

import re
import signal

from support.nats_face import House, Nats


def test_messages_as_they_come(nats: Nats) -> None:
    with nats.running("sub", "news.>", "--count", "2", until="Subscribing on news.>") as sub:
        nats.ok("pub", "news.a", "hello", "-H", "A:1", "-H", "A:2")
        nats("req", "news.b", "", "--timeout", "50ms")
        done = sub.finished()
    assert done.exit == 0
    assert re.fullmatch(
        r'\[#1\] Received on "news\.a"\nA: 1\nA: 2\n\nhello\n\n\n'
        r'\[#2\] Received on "news\.b" with reply "_INBOX\.[^"]+"\nnil body\n\n\n',
        done.stdout,
    )


def test_raw_and_binary(nats: Nats) -> None:
    with nats.running("sub", "bin", "--raw", "--count", "2", until="") as sub:
        # Nothing is logged in this form; until it listens, a request has no responders.
        while nats("req", "bin", "first", "--timeout", "300ms").stderr.count("no responders"):
            pass
        nats.ok("pub", "bin", stdin="zwölf\n".encode())
        done = sub.finished()
    assert done.stdout == "first\nzwölf\n"


def test_in_a_queue_group_until_it_is_quiet(nats: Nats) -> None:
    words = ("sub", "queued", "--queue", "q", "--wait", "500ms", "--headers-only")
    with (
        nats.running(*words, until="Subscribing on queued") as one,
        nats.running(*words, until="Subscribing on queued") as two,
    ):
        nats.ok("pub", "queued", "x", "--count", "20")
        shown = one.finished().stdout + two.finished().stdout
    assert shown.count("Received on") == 20
    assert "x\n" not in shown


def test_what_a_consumer_pushes_is_acknowledged(nats: Nats, stream: str) -> None:
    nats.ok("pub", f"{stream}.a", "hello")
    target = f"deliver.{stream}"
    with nats.running(
        *("sub", target, "--ack", "--count", "1"),
        until=f"Subscribing on {target} with acknowledgement of JetStream messages",
    ) as sub:
        nats.ok("con", "add", stream, "P", "--target", target, "--ack", "explicit")
        done = sub.finished()
    assert re.match(
        rf"\[#1\] Received JetStream message: stream: {stream} seq: 1 / pending: 0"
        rf" / subject: {stream}\.a / time: \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d\nhello\n",
        done.stdout,
    )
    info = nats.ok("con", "info", stream, "P", "-j").json()
    assert (info["ack_floor"]["stream_seq"], info["num_ack_pending"]) == (1, 0)


def test_an_acknowledgement_that_reaches_nobody_is_told(
    nats: Nats, stream: str, at_home: House
) -> None:
    """The importer has what the consumer delivers, and not its ACK subject."""
    nats.ok("pub", f"{stream}.a", "hello")
    target = f"deliver.{stream}"
    importer = Nats(nats.guard, at_home.words("NOACK"))
    with importer.running("sub", target, "--ack", "--count", "1", until="Subscribing on") as sub:
        nats.ok("con", "add", stream, "P", "--target", target, "--ack", "explicit")
        done = sub.finished()
    assert done.exit == 1
    assert f"failed: acknowledgements of {stream}/P reach nobody" in done.stderr


def test_a_consumer_that_wants_no_acknowledgement_gets_none(nats: Nats, stream: str) -> None:
    nats.ok("pub", f"{stream}.a", "hello", "--count", "2")
    target = f"deliver.{stream}"
    with nats.running("sub", target, "--ack", "--count", "2", until="Subscribing on") as sub:
        nats.ok("con", "add", stream, "P", "--target", target)
        done = sub.finished()
    assert done.exit == 0
    assert "failed" not in done.stderr


def test_it_ends_when_interrupted(nats: Nats) -> None:
    with nats.running("sub", "for.ever", until="Subscribing on for.ever") as sub:
        sub.process.send_signal(signal.SIGINT)
        done = sub.finished()
    assert (done.exit, "Traceback" in done.stderr) == (130, False)


def test_a_subject_is_needed(nats: Nats) -> None:
    assert "a subject is required" in nats("sub").stderr
    assert "has an empty token" in nats("sub", "a..b").stderr
