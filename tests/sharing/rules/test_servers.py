"""What was seen on servers, and what is made of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jetshare.sharing.kinds import Role
from jetshare.sharing.rules.book import diagnose
from jetshare.sharing.rules.servers import Heard, Seen, Server
from support.shares import Pair, pair

ANSWERED = Heard(code=404, replies=1)
NOBODY = Heard(code=503)
IMPORTER = pair().importer.sub
CONFIG = {"max_ack_pending": 100, "max_waiting": 10, "ack_policy": "explicit"}


def consumer(**words: object) -> Seen:
    config = {key: words.pop(key) for key in list(words) if key in (*CONFIG, "deliver_subject")}
    return Seen(consumer={"config": CONFIG | config, **words})


def old(version: str, servers: int = 1) -> Seen:
    return Seen(servers=tuple(Server(name=f"n{n}", version=version) for n in range(servers)))


@pytest.mark.parametrize(
    ("seen", "codes"),
    [
        (Seen(), set()),
        (Seen(next=ANSWERED, streamed=Heard(code=408, replies=5), ack=Heard(replies=1)), set()),
        (Seen(differing={IMPORTER: "older"}), {"JS501"}),
        (Seen(newer=frozenset({IMPORTER})), {"JS508"}),
        (Seen(differing={"A-STRANGER": "older"}), set()),
        (Seen(invalid={pair().share.next_subject(): "gone"}), {"JS502"}),
        (old("2.15.1", 3), set()),
        (old("2.12.8"), set()),
        (old("2.12.8", 3), {"JS503"}),
        (old("2.14.3", 3), set()),
        (old("2.10.24"), {"JS503"}),
        (old("2.15.0-dev", 3), set()),
        (old("unknown", 3), set()),
        (Seen(servers=(Server(name="n", version="2.15.1", second_form=True),)), set()),
        (Seen(next=NOBODY), {"JS505"}),
        (Seen(next=NOBODY, missing=True), {"JS701"}),
        (Seen(next=ANSWERED, streamed=Heard(code=100, replies=1)), {"JS506"}),
        (Seen(next=ANSWERED, streamed=Heard(code=408, replies=1)), set()),
        (Seen(next=ANSWERED, streamed=Heard(code=0, replies=1)), {"JS506"}),
        (Seen(next=ANSWERED, streamed=Heard(code=0, replies=2)), set()),
        (Seen(next=ANSWERED, second_form=True), set()),
        (Seen(flow=Heard(code=0, replies=0), arrived=True), set()),
        (Seen(flow=NOBODY, arrived=True), {"JS511"}),
        (Seen(arrived=False), {"JS511"}),
        (Seen(next=ANSWERED, ack=NOBODY), {"JS507"}),
        (Seen(next=NOBODY, ack=NOBODY), {"JS505"}),
        (consumer(deliver_subject="x"), {"JS702"}),
        (consumer(num_waiting=8), set()),
        (consumer(num_waiting=9), {"JS704"}),
        (consumer(num_ack_pending=99), set()),
        (consumer(num_ack_pending=100), {"JS705"}),
        (consumer(num_ack_pending=100, max_ack_pending=-1), set()),
        (Seen(empty=1), {"JS706"}),
    ],
)
def test_what_is_seen(seen: Seen, codes: set[str]) -> None:
    assert pair().codes(seen) == codes


def first_form() -> Pair:
    made = pair()
    made.drop(Role.ACK_V2)
    return made


def test_the_second_form_is_needed_where_servers_send_it() -> None:
    seen = Seen(servers=(Server(name="n", version="2.15.1", second_form=True),))
    assert first_form().codes(seen) == {"JS504"}
    assert first_form().codes(Seen(second_form=True)) == {"JS504"}
    assert first_form().codes() == set()


def test_notes_of_a_consumer() -> None:
    seen = Seen(consumer={"config": {"max_expires": 300_000_000_000, "max_deliver": -1}})
    assert {"JS703", "JS708"} <= pair().codes(seen, notes=True)
    assert pair().codes(seen) == set()


@pytest.mark.parametrize(
    ("config", "says", "curable"),
    [
        ({"max_waiting": 512}, "", False),
        ({"max_waiting": 1000}, "lets 1,000 pulls wait (max_waiting)", False),
        ({"max_batch": 0}, "is without max_batch", True),
        (
            {"max_expires": 0, "max_waiting": 513},
            "is without max_expires and lets 513 pulls wait (max_waiting)",
            True,
        ),
    ],
)
def test_caps_of_a_consumer(config: dict[str, int], says: str, curable: bool) -> None:
    capped = {"max_batch": 100, "max_expires": 60_000_000_000, "max_deliver": 10}
    found = pair().findings(Seen(consumer={"config": capped | config}))
    told = [one for one in found if one.code == "JS703"]
    assert [one.text for one in told] == ([f"ORDERS/ORDERS-C1 {says}"] if says else [])
    assert all(bool(one.cure) == bool(one.nsc) == curable for one in told)


def test_an_importer_alone_sees_that_one_reply_gets_through() -> None:
    made = pair()
    here = replace(made.accounts(), claims={made.importer.sub: made.importer})
    key = (made.share.stream, made.share.consumer)
    sights = {(made.importer.sub, made.provider.sub, key): Seen(streamed=Heard(replies=1))}
    (found,) = diagnose(here, sights).findings[:1]
    assert found.code == "JS506"
    assert "at the provider" in found.text
