"""The short way gives what nats-py's own way gives, byte for byte and in that order."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.errors import ProtocolError
from nats.protocol.parser import Parser

from jetshare.net.direct import DirectParser, DirectProtocol, DirectTransport

OURS, OTHERS = b"1", b"2"
Frame = tuple[bytes, ...]


class Listener(Client):
    """A nats-py client that was never connected and writes down what it is handed."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Frame] = []

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes | None
    ) -> None:
        self.heard.append((b"%d" % sid, subject, reply, headers or b"", data))

    async def _process_ping(self) -> None:
        for _ in range(2):  # as where nats-py waits for a callback of the application
            await asyncio.sleep(0)
        self.heard.append((b"PING",))

    async def _process_pong(self) -> None:
        self.heard.append((b"PONG",))

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        self.heard.append((b"INFO", str(info).encode()))


def listening(*, direct: bool) -> Listener:
    listener = Listener()
    if direct:
        parser = DirectParser.__new__(DirectParser)
        vars(parser).update(vars(listener._ps), direct={}, resets=0, busy=False)
        listener._ps = parser
        parser.direct[OURS] = lambda subject, reply, header, data: listener.heard.append(
            (OURS, subject, reply, header, data)
        )
    return listener


async def feed(listener: Listener, chunks: list[bytes]) -> list[Frame]:
    for chunk in chunks:
        await listener._ps.parse(chunk)
    return listener.heard


token = st.text("ab$_", min_size=1, max_size=4).map(str.encode)
subject = st.lists(token, min_size=1, max_size=3).map(b".".join)
payload = st.binary(max_size=40) | st.just(b"MSG a 1 3\r\n") | st.just(b"\r\n")
header = st.sampled_from(
    [b"NATS/1.0 503\r\n\r\n", b"NATS/1.0\r\nA: b\r\n\r\n", b"NATS/1.0 409 No\r\nN: 1\r\n\r\n"]
)


@st.composite
def frame(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(["MSG", "MSG", "HMSG", "PING", "PING", "PONG", "+OK", "INFO"]))
    if kind == "INFO":
        return b'INFO {"server_id":"x"}\r\n'
    if kind not in ("MSG", "HMSG"):
        return kind.encode() + b"\r\n"
    words = [kind.encode(), draw(subject), draw(st.sampled_from([OURS, OTHERS]))]
    if draw(st.booleans()):
        words.append(draw(subject))
    data = draw(payload)
    block = draw(header) if kind == "HMSG" else b""
    if block:
        words.append(b"%d" % len(block))
    words.append(b"%d" % (len(block) + len(data)))
    return b" ".join(words) + b"\r\n" + block + data + b"\r\n"


@given(frames=st.lists(frame(), max_size=12), data=st.data())
def test_frames_cut_anywhere_are_handed_on_as_nats_py_does(
    frames: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    async def both() -> tuple[list[Frame], list[Frame]]:
        return (
            await feed(listening(direct=True), chunks),
            await feed(listening(direct=False), chunks),
        )

    ours, theirs = asyncio.run(both())
    assert ours == theirs


@settings(max_examples=300)
@given(frames=st.lists(frame(), min_size=3, max_size=12), data=st.data())
def test_frames_taken_before_nats_py_reads_are_the_same_in_the_same_order(
    frames: list[bytes], data: st.DataObject
) -> None:
    """Ours may come before others that were sent first; among themselves all stay in order."""
    stream = b"".join(frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), min_size=4, max_size=12)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    # How many turns the event loop takes after each: nats-py has then read all, some or nothing.
    turns = data.draw(st.lists(st.integers(0, 4), min_size=len(chunks), max_size=len(chunks)))
    taken_over = data.draw(st.integers(0, 2))

    async def both() -> tuple[list[Frame], list[Frame]]:
        return (
            await through_reader(chunks, turns, taken_over),
            await feed(listening(direct=False), chunks),
        )

    ours, theirs = asyncio.run(both())
    for mine in (True, False):
        assert [each for each in ours if (each[0] == OURS) is mine] == [
            each for each in theirs if (each[0] == OURS) is mine
        ]


async def through_reader(chunks: list[bytes], turns: list[int], taken_over: int) -> list[Frame]:
    """As on a connection: chunks come when they come, and nats-py's loop reads when it may."""
    listener = listening(direct=True)
    transport = DirectTransport()  # type: ignore[no-untyped-call]  # nats-py's gap
    reader = transport._io_reader = asyncio.StreamReader()
    parser = listener._ps
    assert isinstance(parser, DirectParser)
    vars(transport).update(parser=parser, protocol=None)
    protocol = DirectProtocol(asyncio.StreamReaderProtocol(reader), parser)

    async def read() -> None:
        while not reader.at_eof():
            await parser.parse(await transport.read(32_768))

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    for number, (chunk, pause) in enumerate(zip(chunks, turns, strict=True)):
        if number == taken_over:
            transport.protocol = protocol
        if transport.protocol is None:
            reader.feed_data(chunk)
        else:
            protocol.get_buffer(-1)[: len(chunk)] = chunk
            protocol.buffer_updated(len(chunk))
        for _ in range(pause):
            await asyncio.sleep(0)
    reader.feed_eof()
    await reading
    return listener.heard


async def test_a_frame_larger_than_a_read_goes_nats_pys_way() -> None:
    body = b"x" * (3 << 20)
    stream = b"MSG a 1 r %d\r\n%b\r\nMSG a 1 r 2\r\nok\r\n" % (len(body), body)
    chunks = [stream[i : i + 65536] for i in range(0, len(stream), 65536)]
    assert await feed(listening(direct=True), chunks) == [
        (OURS, b"a", b"r", b"", body),
        (OURS, b"a", b"r", b"", b"ok"),
    ]


async def test_what_was_counted_is_in_the_statistics() -> None:
    listener = listening(direct=True)
    await feed(listener, [b"MSG a 1 r 2\r\nok\r\nHMSG a 1 12 14\r\nNATS/1.0\r\n\r\nok\r\n"])
    assert listener.stats["in_msgs"] == 2
    assert listener.stats["in_bytes"] == 4


@pytest.mark.parametrize(
    "line", [b"MSG a 1 many\r\n", b"HMSG a\r\n", b"MSG\r\n", b"HMSG a 1 x 2\r\n"]
)
async def test_what_is_no_protocol_is_an_error(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        await feed(listening(direct=True), [line])


async def test_after_a_reset_nothing_of_the_old_connection_is_read() -> None:
    listener = listening(direct=True)

    async def lost() -> None:
        listener._ps.reset()

    listener._process_ping = lost  # type: ignore[method-assign]  # a connection that dies
    assert await feed(listener, [b"MSG a 1 2\r\nok\r\nPING\r\nMSG a 1 2\r\nno\r\n"]) == [
        (OURS, b"a", b"", b"", b"ok")
    ]


def test_nats_py_has_the_insides_that_the_short_way_leans_on() -> None:
    parser = Client()._ps
    assert type(parser) is Parser
    assert {"buf", "state", "nc"} <= vars(parser).keys()
