"""``--consume``: what only deliveries show, and what they leave behind."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from jetshare.sharing.kinds import Role
from support.ward import BODIES, WELL, Ward, ward

NEXT, ACK, ACK_V2, INFO = Role.NEXT, Role.ACK, Role.ACK_V2, Role.INFO
LEFT = "message {} of the stream, delivered 2 times"
LONG_NS = 60_000_000_000  # no lease runs out while a test looks


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Ward]:
    async with ward(tmp_path) as one:
        yield one


async def verdict(made: Ward, *words: str) -> dict[str, Any]:
    (only,) = json.loads(await made.run(["jetshare", "doctor", *words, "--json"]))["shares"]
    found: dict[str, Any] = only
    return found


async def test_what_live_cannot_prove_is_said_and_proven_by_consuming(made: Ward) -> None:
    await made.fill(ack_wait=LONG_NS)
    before = await made.live.counts()
    seen = await verdict(made, "--live")
    assert ["--consume" in text for text in seen["unproven"]] == [True]
    assert seen["left_behind"] == []
    assert await made.live.counts() == before

    proven = await verdict(made, "--consume")
    assert (proven["findings"], proven["unproven"]) == ([], [])
    assert [text.split(" and ")[0] for text in proven["left_behind"]] == [LEFT.format(1)]
    after = await made.live.counts()
    assert after["num_ack_pending"] == 1  # until it has come again
    assert after["delivered"]["stream_seq"] == 1
    assert (await made.health(fill=False)).came == 3


async def test_an_idle_consumer_needs_no_consuming(made: Ward) -> None:
    await made.fill([])
    seen = await verdict(made, "--live")
    assert (seen["asked"], seen["unproven"]) == (True, [])
    before = await made.live.counts()
    assert (await verdict(made, "--consume"))["left_behind"] == []
    assert await made.live.counts() == before


async def test_js506_is_found_while_messages_wait(made: Ward) -> None:
    await made.spoil(lambda pair: pair.change_export(NEXT, response_type="Singleton"))
    assert (await made.health()).came == 1  # the import is built when it is first used
    await made.spoil(lambda pair: pair.change_export(NEXT, response_type="Stream"))
    await made.fill(ack_wait=LONG_NS)
    assert (await verdict(made, "--live"))["findings"] == []
    found = await verdict(made, "--consume")
    assert [finding["code"] for finding in found["findings"]] == ["JS506"]
    assert [text.split(" and ")[0] for text in found["left_behind"]] == [LEFT.format(4)]
    assert (await made.live.counts())["delivered"]["stream_seq"] == 4  # none was lost on the way
    await made.cure("JS506", "cure", "--consume")
    assert (await made.health(fill=False)).came == 3


async def test_a_single_message_is_enough(made: Ward) -> None:
    await made.fill([b"one"])
    assert (await verdict(made, "--consume"))["unproven"] == []
    await made.spoil(lambda pair: pair.change_export(NEXT, response_type="Singleton"))
    await made.spoil(lambda pair: pair.change_import(NEXT, name="loaded anew"))
    await made.fill([b"one"])
    found = await verdict(made, "--consume")
    assert [finding["code"] for finding in found["findings"]] == ["JS101"]


async def test_headers_count_as_the_server_counts_them(made: Ward) -> None:
    await made.fill([])
    async with made.live.speaking_as("ACCTC") as client:
        for value in ("one", "twenty-two", "\u00fc"):
            headers = {"First": value, "second-one": value * 9}
            await client.request("retail.v1.restock.requested", b"x", headers=headers)
    assert (await verdict(made, "--consume"))["unproven"] == []
    assert (await made.live.counts())["delivered"]["stream_seq"] == 1


async def test_acknowledgements_that_reach_nobody_are_told_as_leased(made: Ward) -> None:
    await made.spoil(lambda pair: pair.drop_export(ACK))
    await made.fill(ack_wait=LONG_NS)
    found = await verdict(made, "--consume")
    assert {"JS401", "JS507"} <= {finding["code"] for finding in found["findings"]}
    (left,) = found["left_behind"]
    assert left == (
        "message 1 of the stream, delivered and not to be given back:"
        " leased until its time of 60 s is over"
    )


async def test_js504_is_found_by_the_reply_of_a_real_message(tmp_path: Path) -> None:
    async with ward(tmp_path, js_ack_fc_v2=True) as made:
        await made.spoil(lambda pair: pair.drop(ACK_V2))
        with made.live.store.edit() as edit:  # nobody can ask the servers themselves
            edit.delete_key(edit.operator().claims.nats.system_account)
        await made.fill()
        seen = await verdict(made, "--live")
        assert seen["findings"] == []
        assert any("what the servers hold" in text for text in seen["unproven"])
        found = await verdict(made, "--consume")
        assert "JS504" in {finding["code"] for finding in found["findings"]}


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"max_deliver": 2}, "at most 2 times"),
        ({"ack_policy": "none", "ack_wait": 0}, "policy is none"),
        ({"ack_policy": "all"}, "policy is all"),
    ],
)
async def test_nothing_is_taken_that_could_be_gone(
    config: dict[str, object], why: str, made: Ward
) -> None:
    await made.fill(BODIES, **config)
    before = await made.live.counts()
    seen = await verdict(made, "--consume")
    assert any(why in text and "nothing was taken" in text for text in seen["unproven"])
    assert seen["left_behind"] == []
    assert await made.live.counts() == before


async def test_what_is_taken_says_how_often_it_may_come_yet(made: Ward) -> None:
    await made.fill(max_deliver=6)
    (left,) = (await verdict(made, "--consume"))["left_behind"]
    assert left.endswith("is told as a redelivery; 4 of its 6 deliveries are left")


async def test_an_empty_message_proves_nothing_of_the_type(made: Ward) -> None:
    await made.fill([b"", b"two"])
    seen = await verdict(made, "--consume")
    assert [finding["code"] for finding in seen["findings"]] == ["JS706"]
    assert any("the first that waits is empty" in text for text in seen["unproven"])


async def test_the_share_is_as_well_as_before(made: Ward) -> None:
    await made.fill()
    await verdict(made, "--consume")
    assert await made.health() == WELL
