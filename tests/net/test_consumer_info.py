import json

import pytest

from jetshare.net.consumer_info import ConsumerInfo, NoInfo, parse_consumer_info


def test_the_counts_and_the_ack_wait_are_read() -> None:
    body = json.dumps(
        {
            "config": {"ack_policy": "explicit", "ack_wait": 30_000_000_000},
            "num_ack_pending": 2,
            "num_pending": 5,
        }
    )
    assert parse_consumer_info(body.encode()) == ConsumerInfo(
        ack_policy="explicit", ack_wait=30.0, num_ack_pending=2, num_pending=5
    )


def test_a_backoff_takes_the_place_of_the_ack_wait() -> None:
    body = b'{"config":{"ack_wait":30000000000,"backoff":[500000000,2000000000]}}'
    info = parse_consumer_info(body)
    assert isinstance(info, ConsumerInfo)
    assert info.ack_wait == 0.5


def test_without_an_ack_wait_it_is_the_servers_default() -> None:
    info = parse_consumer_info(b'{"config":{}}')
    assert isinstance(info, ConsumerInfo)
    assert info.ack_wait == 30.0


@pytest.mark.parametrize(
    ("body", "absent"),
    [
        (b'{"error":{"code":404,"err_code":10014,"description":"consumer not found"}}', True),
        (b'{"error":{"code":404,"err_code":10059,"description":"stream not found"}}', True),
        (b'{"error":{"code":503,"err_code":10008,"description":"unavailable"}}', False),
        (b"", False),
        (b"[]", False),
        (b"{}", False),
        (b"\xff", False),
    ],
)
def test_an_answer_that_is_no_information(body: bytes, absent: bool) -> None:
    info = parse_consumer_info(body)
    assert isinstance(info, NoInfo)
    assert info.absent is absent
