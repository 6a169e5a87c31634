import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.net.status import Status, parse_headers, parse_status


@pytest.mark.parametrize(
    ("block", "status"),
    [
        (b"NATS/1.0 503\r\n\r\n", Status(code=503)),
        (b"NATS/1.0 404 No Messages\r\n\r\n", Status(code=404, text="No Messages")),
        (
            b"NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 7\r\n"
            b"Nats-Pending-Bytes: 0\r\n\r\n",
            Status(code=408, text="Request Timeout", pending_messages=7, pending_bytes=0),
        ),
        (
            b"NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 3\r\nNats-Last-Stream: 9\r\n\r\n",
            Status(code=100, text="Idle Heartbeat"),
        ),
        (
            b"NATS/1.0 409 Consumer Deleted\r\nNats-Pending-Messages: many\r\n\r\n",
            Status(code=409, text="Consumer Deleted"),
        ),
        (b"NATS/1.0 what\r\n\r\n", Status(code=0)),
        (b"NATS/1.0\r\nA: b\r\n\r\n", None),
        (b"", None),
    ],
)
def test_a_status_is_told_from_the_headers_of_a_message(
    block: bytes, status: Status | None
) -> None:
    assert parse_status(block) == status


def test_headers_are_trimmed_and_the_last_of_a_name_counts() -> None:
    block = b"NATS/1.0\r\nA: one\r\nB:two\r\nA:  three \r\nno colon\r\n\r\n"
    assert parse_headers(block) == {"A": "three", "B": "two"}


@given(st.binary(max_size=200))
def test_no_block_breaks_the_reader(block: bytes) -> None:
    parse_status(block)
    parse_headers(block)
