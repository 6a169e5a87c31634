"""``consumer next`` and ``consumer sub``, in the stream's own account and through a share."""

from __future__ import annotations

import re

import pytest

from support.nats_face import PREFIX, SHARE, SUBJECT, House, Nats


@pytest.fixture
def consumer(nats: Nats, stream: str) -> str:
    """The name of a pull consumer of ``stream``, with three messages to pull."""
    nats.ok("con", "add", stream, "C", "--pull", "--defaults")
    for body in ("one", "two", "three"):
        nats.ok("pub", f"{stream}.a", body)
    return "C"


def pending(nats: Nats, stream: str) -> tuple[int, int]:
    """Messages not acknowledged, and messages not delivered."""
    info = nats.ok("con", "info", stream, "C", "-j").json()
    return info["num_ack_pending"], info["num_pending"]


def test_the_next_message_in_the_form_people_know(nats: Nats, stream: str, consumer: str) -> None:
    done = nats("consumer", "next", stream, consumer)
    assert (done.exit, done.stderr) == (0, "")
    assert re.fullmatch(
        rf"\[\d\d:\d\d:\d\d\] subj: {stream}\.a / tries: 1 / cons seq: 1 / str seq: 1"
        r" / pending: 2\n\none\n\nAcknowledged message\n\n",
        done.stdout,
    )
    assert pending(nats, stream) == (0, 2)


def test_headers(nats: Nats, stream: str, consumer: str) -> None:
    nats.ok("str", "purge", stream, "-f")
    nats.ok("pub", f"{stream}.a", "body", "-H", "A:b")
    shown = nats.ok("con", "next", stream, consumer).stdout
    assert "\n\nHeaders:\n\n  A: b\n\nData:\n\n\nbody\n\nAcknowledged message\n" in shown


def test_what_becomes_of_it(nats: Nats, stream: str, consumer: str) -> None:
    assert "Negative Acknowledged message" in nats.ok("con", "next", stream, "C", "--nak").stdout
    assert "tries: 2" in nats.ok("con", "next", stream, "C", "--no-ack").stdout
    assert pending(nats, stream) == (1, 2)
    ended = nats.ok("con", "next", stream, "C", "--term").stdout
    assert "two" in ended
    assert ended.endswith("\nTerminated message\n\n")
    assert pending(nats, stream) == (1, 1)
    waited = nats.ok("con", "next", stream, "C", "--wait", "20ms").stdout
    assert re.search(r"Acknowledged message after [\d.]+(ms|µs|ns) delay\n", waited)
    assert nats("con", "next", stream, "C", "--term", "--ack").exit == 2


def test_several_and_raw(nats: Nats, stream: str, consumer: str) -> None:
    done = nats("con", "next", stream, consumer, "--raw", "--count", "3")
    assert done.stdout == "one\ntwo\nthree\n"
    assert pending(nats, stream) == (0, 0)


def test_nothing_to_pull_exits_1(nats: Nats, stream: str) -> None:
    nats.ok("con", "add", stream, "C")
    nats.ok("pub", f"{stream}.a", "one")
    done = nats("con", "next", stream, "C", "--count", "2", "--timeout", "200ms")
    assert done.exit == 1
    assert "Acknowledged message" in done.stdout
    assert done.stderr == "nats: error: no message received: timeout\n"


def test_why_nobody_answers(nats: Nats, stream: str) -> None:
    nats.ok("con", "add", stream, "P", "--target", "t")
    for words, message in (
        ([stream, "P"], 'consumer "P" is not a Pull consumer'),
        ([stream, "N"], 'could not load consumer "N": consumer not found (10014)'),
        (["NONE", "N"], 'could not load consumer "N": stream not found (10059)'),
    ):
        done = nats("con", "next", *words, "--timeout", "2s")
        assert (done.exit, done.stdout) == (1, "")
        assert f"nats: error: {message}\n" in done.stderr


def test_a_consumer_that_takes_no_acknowledgements(nats: Nats, stream: str) -> None:
    nats.ok("con", "add", stream, "C", "--ack", "none")
    nats.ok("pub", f"{stream}.a", "one")
    done = nats("con", "next", stream, "C")
    assert done.exit == 0
    assert "Acknowledged message" not in done.stdout
    assert "takes no acknowledgements" in done.stdout


def test_subscribing_to_a_pull_consumer(nats: Nats, stream: str, consumer: str) -> None:
    assert nats.ok("con", "sub", stream, consumer, "--raw").stdout == "one\n"
    assert "Acknowledged message" in nats.ok("con", "sub", stream, consumer).stdout
    assert pending(nats, stream) == (0, 1)


def test_subscribing_to_one_that_pushes(nats: Nats, stream: str) -> None:
    nats.ok(
        *("con", "add", stream, "C", "--target", f"t.{stream}", "--ack", "explicit"),
        *("--heartbeat", "100ms", "--flow-control", "--deliver-group", "g"),
    )
    with nats.running(
        "con", "sub", stream, "C", "--count", "1", until=f"Subscribing to topic t.{stream}"
    ) as sub:
        nats.ok("pub", f"{stream}.a", "one", "-H", "A:b")
        done = sub.finished()
    assert "auto acknowledgment: true\n\nConsumer Info:\n  Ack Policy: Explicit\n" in done.stdout
    assert f"subj: {stream}.a / tries: 1 / cons seq: 1 / str seq: 1 / pending: 0" in done.stdout
    assert pending(nats, stream) == (0, 0)


@pytest.fixture
def shared(nats: Nats) -> None:
    """The shared stream and consumer with one message, and nothing else."""
    nats("str", "rm", SHARE.stream, "-f")
    nats.ok("str", "add", SHARE.stream, "--subjects", "retail.v1.restock.>")
    nats.ok("con", "add", SHARE.stream, SHARE.consumer, "--pull", "--defaults")
    nats.ok("req", SUBJECT, "Restock for item 5678 pronto!")


def acknowledged(nats: Nats) -> int:
    info = nats.ok("con", "info", SHARE.stream, SHARE.consumer, "-j").json()
    floor: int = info["ack_floor"]["stream_seq"]
    return floor


@pytest.mark.usefixtures("shared")
def test_through_a_share(nats: Nats, offline: Nats, at_home: House) -> None:
    """The guide's last line, with a context."""
    server, creds = at_home.words("ACCTB")[1], at_home.words("ACCTB")[3]
    offline.ok("context", "add", "ACCTB", "--server", server, "--creds", creds)
    done = Nats(offline.guard)(
        *("consumer", "next", "--context", "ACCTB", "--js-api-prefix", PREFIX, "--ack"),
        *("--count", "1", SHARE.stream, SHARE.consumer),
    )
    assert (done.exit, done.stderr) == (0, "")
    assert re.fullmatch(
        rf"\[\d\d:\d\d:\d\d\] subj: {re.escape(SUBJECT)} / tries: 1 / cons seq: 1 / str seq: 1"
        r" / pending: 0\n\nRestock for item 5678 pronto!\n\nAcknowledged message\n\n",
        done.stdout,
    )
    assert acknowledged(nats) == 1


@pytest.mark.usefixtures("shared")
def test_an_acknowledgement_that_is_lost_is_not_claimed(
    nats: Nats, offline: Nats, at_home: House
) -> None:
    """The real tool prints "Acknowledged message" here, and exits 0."""
    importer = Nats(offline.guard, at_home.words("NOACK"))
    done = importer("con", "next", SHARE.stream, SHARE.consumer, "--js-api-prefix", PREFIX)
    assert done.exit == 1
    assert "Restock for item 5678 pronto!" in done.stdout
    assert "Acknowledged" not in done.stdout
    assert f"nats: error: acknowledgements of {SHARE} reach nobody" in done.stderr
    assert f"hint: import $JS.ACK.{SHARE.stream}.{SHARE.consumer}.>" in done.stderr
    assert acknowledged(nats) == 0


@pytest.mark.usefixtures("shared")
def test_a_share_that_is_not_there(offline: Nats, at_home: House) -> None:
    bare = Nats(offline.guard, at_home.words("BARE"))
    done = bare("con", "next", SHARE.stream, SHARE.consumer, "--js-api-prefix", PREFIX)
    assert (done.exit, done.stdout) == (1, "")
    assert f"nats: error: nobody answers pulls on {SHARE}" in done.stderr
