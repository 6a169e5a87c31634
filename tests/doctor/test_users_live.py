"""Users who may not what their account may, and what the doctor gives them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import nats.errors
import pytest
import pytest_asyncio

from jetshare.errors import AccessRefused
from jetshare.identity import jwt
from jetshare.identity.claims import (
    Claims,
    Permission,
    Permissions,
    ResponsePermission,
    TimeRange,
    User,
    UserPermissionLimits,
    UserScope,
)
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.kinds import PullConsumer
from support.shares import Pair
from support.waiting import until
from support.ward import NOT_AT_ALL, PREFIX, WELL, Ward, ward

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACK = "$JS.ACK.RESTOCKEVENTS.RESTOCKEVENTS-C1.>"
ALL = (f"{PREFIX}.>", ACK)
Make = Callable[[Ward], Awaitable[None]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ward]:
    async with ward(tmp_path_factory.mktemp("users")) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def made(served: Ward) -> AsyncIterator[Ward]:
    """The same share for every test, and afterwards the importer as it was, without users."""
    before = served.pair().importer
    yield served

    def restore(pair: Pair) -> None:
        pair.importer = before

    await served.spoil(restore)
    with served.live.store.edit() as edit:
        for name in served.live.store.users("ACCTB"):
            edit.delete_user("ACCTB", name)


def put_user(made: Ward, user: User, key: KeyPair) -> None:
    """Bob, of the importer, who is the one that pulls from here on."""
    pair = KeyPair.generate(Kind.USER)
    claims = Claims(name="bob", sub=pair.public, nats=user)
    with made.live.store.edit() as edit:
        edit.put_key(pair)
        edit.put_user("ACCTB", jwt.encode(claims, key, int(time.time())))
    made.login = "bob"


def own(**permissions: Any) -> Make:
    """Permissions of the user's own."""

    async def make(made: Ward) -> None:
        put_user(made, User(**permissions), made.live.members["ACCTB"].key)

    return make


def scope(*, tags: tuple[str, ...] = (), **permissions: Any) -> Make:
    """A user of a scoped signing key, with ``tags``; its account has a tag too."""

    async def make(made: Ward) -> None:
        key = KeyPair.generate(Kind.ACCOUNT)
        with made.live.store.edit() as edit:
            edit.put_key(key)
        template = UserPermissionLimits(**permissions)
        signer = UserScope(key=key.public, role="pulls", template=template)

        def sign(pair: Pair) -> None:
            pair.importer = pair.importer.with_nats(signing_keys=(signer,), tags=("from:ACCTC",))

        await made.spoil(sign)
        put_user(made, User.scoped(made.live.members["ACCTB"].public, tags=tags), key)

    return make


def default(**permissions: Any) -> Make:
    """A user with no permissions but the account's default ones."""

    async def make(made: Ward) -> None:
        def give(pair: Pair) -> None:
            given = Permissions(**permissions)
            pair.importer = pair.importer.with_nats(default_permissions=given)

        await made.spoil(give)
        put_user(made, User(), made.live.members["ACCTB"].key)

    return make


def allow(*subjects: str) -> Permission:
    return Permission(allow=subjects)


def deny(*subjects: str) -> Permission:
    return Permission(deny=subjects)


@pytest.mark.parametrize(
    ("how", "code", "make"),
    [
        ("nsc", "JS601", own(pub=allow(f"{PREFIX}.>"))),
        ("cure", "JS601", own(pub=allow("orders.>"), sub=allow("orders.>"))),
        ("nsc", "JS601", own(pub=deny("$JS.>"))),
        ("nsc", "JS601", own(pub=deny("$JS.ACK.>", "x"), sub=allow("$JS.ACK.>", "_INBOX.>"))),
        ("nsc", "JS601", own(resp=ResponsePermission(max=1))),
        ("nsc", "JS602", own(sub=allow("orders.>"))),
        ("cure", "JS602", own(sub=allow("_INBOX.> q"))),
        ("nsc", "JS602", own(sub=deny("_INBOX.*.*"))),
        ("nsc", "JS601", scope(pub=allow(f"{PREFIX}.>"))),
        ("cure", "JS601", scope(pub=allow("{{tag(area)}}.>"), sub=allow("{{tag(area)}}.>"))),
        (
            "nsc",
            "JS601",
            scope(tags=("s:RESTOCKEVENTS",), pub=deny("$JS.ACK.{{tag(s)}}.>", "x")),
        ),
        ("nsc", "JS601", scope(pub=deny("{{tag(area)}}.>"))),
        ("nsc", "JS601", default(pub=allow(f"{PREFIX}.>"))),
        ("cure", "JS601", default(pub=deny("$JS.ACK.>"), sub=deny("_INBOX.>"))),
    ],
)
async def test_js601_and_js602_what_lacks_is_given_in_one_go(
    made: Ward, how: str, code: str, make: Make
) -> None:
    await make(made)
    sick = await made.health(patience_s=0.2)
    assert sick != WELL
    not_let_in = sick is NOT_AT_ALL  # a tag that is missing in what is denied
    assert not_let_in or "permissions violation for" in sick.error
    assert [finding["code"] for finding in await made.doctor()] == [code]
    await made.cure(code, how)
    assert await made.health() == WELL
    assert await made.doctor() == []


@pytest.mark.parametrize(
    "make",
    [
        scope(
            tags=("s:RESTOCKEVENTS",),
            pub=Permission(
                allow=("{{account-tag(from)}}.API.>", "$JS.ACK.{{tag(s)}}.{{tag(s)}}-C1.>"),
                deny=("{{account-name()}}.>", "{{name()}}.{{subject()}}.{{account-subject()}}"),
            ),
            sub=allow("_INBOX.>", "{{tag(unknown)}}.>"),
        ),
        own(pub=allow(f"{PREFIX}.CONSUMER.>"), resp=ResponsePermission(max=1)),
        own(pub=allow("*.API.*.INFO.>", "*.*.*.*.NEXT.*.*", "$JS.ACK.*.*.*.*.*.*.*")),
        own(sub=allow("_INBOX.*", "_INBOX.*.*"), pub=deny("$JS.ACK.RESTOCKEVENTS.OTHER.>")),
        own(sub=deny("_INBOX.> q", "_INBOX.a.>")),
        default(pub=allow(*ALL), sub=allow("*.>")),
    ],
)
async def test_who_may_all_that_it_needs_gives_no_finding(made: Ward, make: Make) -> None:
    await make(made)
    assert await made.health() == WELL
    assert await made.doctor() == []


@pytest.mark.parametrize(
    "limits",
    [
        {"src": ("10.0.0.0/8",)},
        {"times": (TimeRange(start="00:00:00", end="00:00:01"),)},
        {"allowed_connection_types": ("WEBSOCKET",)},
        {"proxy_required": True},
    ],
)
async def test_what_else_keeps_a_user_out_is_told_by_the_server(
    made: Ward, limits: dict[str, Any]
) -> None:
    await own(**limits)(made)
    with pytest.raises(AccessRefused, match="Authorization Violation"):
        async with made.importer():
            pass
    assert await made.doctor() == []


@pytest.mark.parametrize(
    ("limits", "well"),
    [
        ({"subs": 1}, False),
        ({"subs": 2}, True),
        ({"payload": 4}, False),
        ({"bearer_token": True}, True),
    ],
)
async def test_what_else_limits_a_user(made: Ward, limits: dict[str, Any], well: bool) -> None:
    await own(**limits)(made)
    try:
        seen = await made.health(patience_s=1.0 if well else 0.2)
    except nats.errors.ConnectionClosedError:
        seen = NOT_AT_ALL
    assert (seen == WELL) is well
    assert await made.doctor() == []


def pushed(pair: Pair) -> None:
    """A push consumer's share: what is delivered, ACK and INFO."""
    for local, subject, kind in (
        ("deliver.orders", "deliver.orders", "stream"),
        ("$JS.ACK.RESTOCKEVENTS.PUSHED.>", "$JS.ACK.RESTOCKEVENTS.PUSHED.>", "service"),
        (
            f"{PREFIX}.CONSUMER.INFO.RESTOCKEVENTS.PUSHED",
            "$JS.API.CONSUMER.INFO.RESTOCKEVENTS.PUSHED",
            "service",
        ),
    ):
        pair.add_export(name=subject, subject=subject, type=kind)
        pair.add_import(name=subject, subject=subject, local_subject=local, type=kind)


async def test_js602_a_user_who_may_not_subscribe_to_what_is_delivered(tmp_path: Path) -> None:
    async with ward(tmp_path, granted=False) as made:
        settings = {
            "durable_name": "PUSHED",
            "deliver_subject": "deliver.orders",
            "ack_policy": "explicit",
        }
        await made.live.api(
            "CONSUMER.DURABLE.CREATE.RESTOCKEVENTS.PUSHED",
            {"stream_name": "RESTOCKEVENTS", "config": settings},
        )
        await made.live.publish(b"one")
        await made.spoil(pushed)
        await own(sub=allow("_INBOX.>"))(made)
        async with made.importer() as client:
            await client.subscribe("deliver.orders")

            async def refused() -> bool:
                return 'subscription to "deliver.orders"' in str(client.last_error)

            await until(refused)
        assert [finding["code"] for finding in await made.doctor()] == ["JS602"]
        await made.cure("JS602", "nsc")
        assert await made.doctor() == []
        async with made.importer() as client:
            delivered = await client.subscribe("deliver.orders")
            message = await delivered.next_msg(timeout=10)
            assert message.data == b"one"
            await message.ack()

            async def acknowledged() -> bool:
                counts = await made.live.counts(PullConsumer("RESTOCKEVENTS", "PUSHED"))
                return bool(counts["ack_floor"]["consumer_seq"] == 1)

            await until(acknowledged)
