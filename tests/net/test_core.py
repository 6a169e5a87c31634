from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client

from jetshare.errors import AccessRefused, InputError, NoResponders, RequestTimeout
from jetshare.identity.claims import Permission, User
from jetshare.net import core
from jetshare.net.connect import connect
from support.servers import Realm, login, serving


@pytest.mark.parametrize(
    ("block", "fields"),
    [
        (b"", ()),
        (b"NATS/1.0\r\nA: b\r\nA:c\r\n\r\n", (("A", "b"), ("A", "c"))),
        (b"NATS/1.0 503\r\n\r\n", (("Status", "503"),)),
        (
            b"NATS/1.0 409 Consumer Deleted\r\nNats-Pending-Messages: 2\r\n\r\n",
            (
                ("Status", "409"),
                ("Description", "Consumer Deleted"),
                ("Nats-Pending-Messages", "2"),
            ),
        ),
        (b"NATS/1.0\r\nno colon\r\n\xff: \xfe\r\n\r\n", (("\ufffd", "\ufffd"),)),
    ],
)
def test_header_blocks(block: bytes, fields: core.Headers) -> None:
    assert core.split_headers(block) == fields


@given(st.binary())
def test_any_block_is_some_fields(block: bytes) -> None:
    assert isinstance(core.split_headers(block), tuple)


@pytest.fixture
async def clients(tmp_path: Path) -> AsyncIterator[tuple[Client, Client]]:
    """A client that may do all, and one that may publish nothing."""
    realm = Realm()
    account = realm.account("A")
    silent = account.user("silent", user=User(pub=Permission(deny=(">",))))
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(realm, tmp_path, [account]))
        free = await stack.enter_async_context(connect(login(account.user(), server)))
        mute = await stack.enter_async_context(connect(login(silent, server)))
        yield free, mute


async def test_headers_given_twice_arrive_twice_and_in_order(
    clients: tuple[Client, Client],
) -> None:
    client, _ = clients
    headers = (("A", "1"), ("B", "x"), ("A", "2"), ("A", "3"))
    async with core.listening(client, ["a", "b.>"]) as arrived:
        await core.publish(client, "a", b"one", reply="r", headers=headers)
        await core.publish(client, "b.c", b"two")
        first, second = await arrived.get(), await arrived.get()
    assert (first.subject, first.reply, first.data) == ("a", "r", b"one")
    assert sorted(first.headers) == sorted(headers)
    assert (second.subject, second.headers, second.data) == ("b.c", (), b"two")


async def test_the_server_has_a_subscription_when_its_block_begins(
    clients: tuple[Client, Client],
) -> None:
    client, _ = clients
    for number in range(200):
        async with core.listening(client, [f"at.once.{number}"]) as arrived:
            asking = asyncio.ensure_future(
                core.ask(client, f"at.once.{number}", b"", headers=(), timeout_s=5)
            )
            request = await arrived.get()
            await core.publish(client, request.reply, b"yes")
            assert (await asking).data == b"yes"


async def test_an_answer_or_why_there_is_none(clients: tuple[Client, Client]) -> None:
    client, mute = clients
    with pytest.raises(NoResponders, match="no responders"):
        await core.ask(client, "nobody", b"x", headers=(), timeout_s=5)
    async with core.listening(client, ["deaf"]):
        with pytest.raises(RequestTimeout, match="no answer on deaf within"):
            await core.ask(client, "deaf", b"x", headers=(), timeout_s=0.05)
    with pytest.raises(AccessRefused, match="permissions violation"):
        await core.ask(mute, "deaf", b"x", headers=(), timeout_s=0.5)


async def test_what_the_server_refuses_is_told(clients: tuple[Client, Client]) -> None:
    _, mute = clients
    for number in range(50):  # none of them is overtaken by the question whether it is read
        await core.publish(mute, f"denied.{number}")
        with pytest.raises(AccessRefused, match=rf'"denied\.{number}"'):
            await core.confirm(mute, 5)


@pytest.mark.parametrize("subject", ["", "a b", "a..b", ".a", ">.a"])
async def test_subjects_that_are_none(clients: tuple[Client, Client], subject: str) -> None:
    client, _ = clients
    with pytest.raises(InputError, match="the subject"):
        await core.publish(client, subject)
    with pytest.raises(InputError, match="the subject"):
        async with core.listening(client, [subject]):
            pass


async def test_a_header_whose_name_is_none(clients: tuple[Client, Client]) -> None:
    client, _ = clients
    with pytest.raises(InputError, match="no name of a header"):
        await core.publish(client, "a", headers=(("a b", "c"),))


async def test_a_round_trip(clients: tuple[Client, Client]) -> None:
    assert 0 < await core.round_trip(clients[0], 5) < 5
