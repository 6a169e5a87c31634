from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jetshare.errors import ApiRefused, InputError, NetworkError, NoResponders
from jetshare.net import core
from jetshare.net.connect import connect
from jetshare.net.jetstream_api import (
    CONSUMER_NOT_FOUND,
    MESSAGE_NOT_FOUND,
    STREAM_NOT_FOUND,
    JetStreamApi,
    api_prefix,
)
from support.servers import Realm, login, serving


@pytest.mark.parametrize(
    ("prefix", "domain", "expected"),
    [
        ("", "", "$JS.API"),
        ("ACCTC.API", "", "ACCTC.API"),
        ("ACCTC.API.", "", "ACCTC.API"),
        ("", "hub", "$JS.hub.API"),
    ],
)
def test_where_the_api_answers(prefix: str, domain: str, expected: str) -> None:
    assert api_prefix(prefix, domain) == expected


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[JetStreamApi]:
    realm = Realm()
    account = realm.account("A")
    async with (
        serving(realm, tmp_path, [account]) as server,
        connect(login(account.user(), server)) as client,
    ):
        yield JetStreamApi(client)


def memory(name: str, **more: object) -> dict[str, object]:
    return {"name": name, "subjects": [f"{name}.>"], "storage": "memory", **more}


async def test_the_life_of_a_stream(api: JetStreamApi) -> None:
    made = await api.create_stream(memory("S"))
    assert made["config"]["subjects"] == ["S.>"]
    assert "type" not in made
    await core.ask(api.client, "S.a", b"x", headers=(), timeout_s=5)
    assert (await api.message("S", {"seq": 1}))["subject"] == "S.a"
    assert (await api.update_stream(made["config"] | {"max_msgs": 5}))["config"]["max_msgs"] == 5
    assert (await api.purge_stream("S", {}))["purged"] == 1
    assert await api.stream_names("S.b") == ["S"]
    assert await api.stream_names("T.b") == []
    await api.delete_stream("S")
    with pytest.raises(ApiRefused, match="stream not found") as caught:
        await api.stream_info("S")
    assert caught.value.err_code == STREAM_NOT_FOUND


async def test_the_life_of_a_consumer(api: JetStreamApi) -> None:
    await api.create_stream(memory("S"))
    config = {"durable_name": "C", "ack_policy": "explicit", "filter_subject": "S.a"}
    made = await api.create_consumer("S", config)
    assert (made["name"], made["config"]["filter_subject"]) == ("C", "S.a")
    with pytest.raises(ApiRefused, match="already exists") as caught:
        await api.create_consumer("S", config | {"max_deliver": 5})
    assert caught.value.err_code == 10148
    changed = await api.create_consumer("S", config | {"max_deliver": 5}, action="update")
    assert changed["config"]["max_deliver"] == 5
    assert (await api.pause_consumer("S", "C", "2100-01-01T00:00:00Z"))["paused"]
    assert not (await api.pause_consumer("S", "C")).get("paused")
    assert await api.consumer_names("S") == ["C"]
    await api.delete_consumer("S", "C")
    with pytest.raises(ApiRefused) as missing:
        await api.consumer_info("S", "C")
    assert missing.value.err_code == CONSUMER_NOT_FOUND
    with pytest.raises(ApiRefused) as none:
        await api.message("S", {"seq": 1})
    assert none.value.err_code == MESSAGE_NOT_FOUND


async def test_lists_longer_than_one_answer(api: JetStreamApi) -> None:
    """The server gives 256 streams at a time."""
    names = [f"S{number:03}" for number in range(300)]
    await asyncio.gather(*(api.create_stream(memory(name)) for name in names))
    listing = await api.streams()
    assert sorted(each["config"]["name"] for each in listing.found) == names
    assert (listing.missing, listing.offline) == ([], {})
    assert await api.stream_names() == names


async def test_no_list_is_an_empty_one(api: JetStreamApi) -> None:
    assert await api.stream_names() == []
    assert (await api.streams()).found == []
    await api.create_stream(memory("S"))
    assert await api.consumer_names("S") == []
    assert (await api.consumers("S")).found == []


async def test_nothing_answers_under_this_prefix(api: JetStreamApi) -> None:
    for prefix, why in (
        ("ACCTC.API", "imports no such service under ACCTC.API"),
        ("$JS.hub.API", "no server of this JetStream domain"),
    ):
        away = JetStreamApi(api.client, prefix)
        with pytest.raises(NoResponders, match="nothing answers on") as caught:
            await away.account_info()
        assert why in caught.value.hint


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"hello"])
async def test_what_is_not_the_api_is_not_taken_for_it(api: JetStreamApi, body: bytes) -> None:
    async with core.listening(api.client, ["FAKE.INFO"]) as arrived:
        asking = asyncio.ensure_future(JetStreamApi(api.client, "FAKE").account_info())
        request = await arrived.get()
        await core.publish(api.client, request.reply, body)
        with pytest.raises(NetworkError, match="is not the JetStream API"):
            await asking


@pytest.mark.parametrize("name", ["", "a.b", "a b", ">", "*", "x" * 256])
async def test_names_that_would_change_the_subject(api: JetStreamApi, name: str) -> None:
    with pytest.raises(InputError, match="stream"):
        await api.delete_stream(name)
    with pytest.raises(InputError, match="consumer"):
        await api.delete_consumer("S", name)


async def test_requests_and_answers_are_traced(api: JetStreamApi) -> None:
    lines: list[str] = []
    traced = JetStreamApi(api.client, trace=lines.append)
    await traced.create_stream(memory("S"))
    assert lines[0].startswith('>>> $JS.API.STREAM.CREATE.S\n{"name": "S"')
    assert lines[1].startswith('<<< $JS.API.STREAM.CREATE.S\n{"type":')
