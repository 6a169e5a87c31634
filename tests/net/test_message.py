"""What a reply subject says (ADR-15)."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.errors import InputError
from jetshare.net.message import Metadata

FIRST = "$JS.ACK.ORDERS.ORDERS-C1.2.30.4.1700000000500000000.6"


def test_the_first_form() -> None:
    assert Metadata.parse(FIRST) == Metadata(
        stream="ORDERS",
        consumer="ORDERS-C1",
        num_delivered=2,
        stream_sequence=30,
        consumer_sequence=4,
        timestamp=datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC),
        num_pending=6,
    )


@pytest.mark.parametrize(
    ("reply", "domain"),
    [
        ("$JS.ACK._.AbCd1234.ORDERS.ORDERS-C1.2.30.4.1700000000500000000.6", ""),
        ("$JS.ACK.hub.AbCd1234.ORDERS.ORDERS-C1.2.30.4.1700000000500000000.6", "hub"),
        ("$JS.ACK.hub.AbCd1234.ORDERS.ORDERS-C1.2.30.4.1700000000500000000.6.Xy", "hub"),
        ("$JS.ACK.hub.AbCd1234.ORDERS.ORDERS-C1.2.30.4.1700000000500000000.6.Xy.more", "hub"),
    ],
)
def test_the_second_form(reply: str, domain: str) -> None:
    metadata = Metadata.parse(reply)
    assert (metadata.domain, metadata.account_hash) == (domain, "AbCd1234")
    assert (metadata.stream, metadata.consumer) == ("ORDERS", "ORDERS-C1")
    assert (metadata.num_delivered, metadata.stream_sequence) == (2, 30)
    assert (metadata.consumer_sequence, metadata.num_pending) == (4, 6)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "_INBOX.abc.1",
        "$JS.ACK.ORDERS.ORDERS-C1.1.1.1.1",
        "$JS.ACK.S.C.1.1.1.1.1.1",
        "$JS.ACK.S.C.one.1.1.1.1",
        "$JS.FC.S.C.1.1.1.1.1",
    ],
)
def test_what_is_no_reply_subject_of_a_message(reply: str) -> None:
    with pytest.raises(InputError):
        Metadata.parse(reply)


name = st.text("abcXYZ019-_", min_size=1, max_size=12)
count = st.integers(min_value=0, max_value=2**63 - 1)


@given(name, name, count, count, count, count)
def test_every_count_is_read_back(
    stream: str, consumer: str, delivered: int, sequence: int, delivery: int, pending: int
) -> None:
    reply = f"$JS.ACK.{stream}.{consumer}.{delivered}.{sequence}.{delivery}.1700000000000000000"
    metadata = Metadata.parse(f"{reply}.{pending}")
    assert (metadata.stream, metadata.consumer) == (stream, consumer)
    assert metadata.num_delivered == delivered
    assert metadata.stream_sequence == sequence
    assert metadata.consumer_sequence == delivery
    assert metadata.num_pending == pending


@given(st.lists(st.text("$JSACK.0123456789x", max_size=8), max_size=14).map(".".join))
def test_no_subject_breaks_the_reader(reply: str) -> None:
    with contextlib.suppress(InputError):
        Metadata.parse(reply)
