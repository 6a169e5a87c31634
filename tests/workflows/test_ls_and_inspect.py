from __future__ import annotations

from dataclasses import replace

import pytest

from jetshare.errors import TokenError
from jetshare.identity.claims import Claims, User
from jetshare.identity.creds import Creds, format_creds
from jetshare.identity.jwt import encode
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.memory import MemoryStore
from jetshare.workflows.accept import AcceptRequest, accept
from jetshare.workflows.inspect import inspect
from jetshare.workflows.ls import State, list_shares
from jetshare.workflows.reach import Reach
from jetshare.workflows.revoke import RevokeRequest, revoke
from support.offline import NOW, SHARE, granted, memory_store


async def shared(*, expires: int = 0) -> MemoryStore:
    store = memory_store()
    text = (await granted(store, "ACCTB", expires=expires)).grants[0].bundle
    request = AcceptRequest(files=(text,), account="ACCTB", push=False)
    await accept(store, request, Reach(), NOW)
    return store


async def revoked(store: MemoryStore, *, everyone: bool = False, now: int = NOW + 10) -> None:
    request = RevokeRequest(
        share=SHARE,
        provider="ACCTC",
        importers=() if everyone else ("ACCTB",),
        everyone=everyone,
        push=False,
    )
    await revoke(store, request, Reach(), now)


def states(store: MemoryStore, now: int) -> tuple[list[State], list[State]]:
    listing = list_shares(store, now)
    return (
        [granted.state for offer in listing.offered for granted in offer.granted],
        [item.state for item in listing.accepted],
    )


async def test_a_grant_is_active_until_it_expires() -> None:
    store = await shared(expires=NOW + 100)
    assert states(store, NOW + 99) == ([State.ACTIVE], [State.ACTIVE])
    assert states(store, NOW + 100) == ([State.EXPIRED], [State.EXPIRED])


@pytest.mark.parametrize("everyone", [False, True])
async def test_a_revoked_grant_is_told_on_both_sides(everyone: bool) -> None:
    store = await shared()
    await revoked(store, everyone=everyone)
    assert states(store, NOW + 20) == ([State.REVOKED], [State.REVOKED])


async def test_a_grant_after_the_revocation_is_active_again() -> None:
    store = await shared()
    await revoked(store, now=NOW + 10)
    text = (await granted(store, "ACCTB", now=NOW + 10)).grants[0].bundle
    assert states(store, NOW + 20)[0] == [State.ACTIVE]
    request = AcceptRequest(files=(text,), account="ACCTB", push=False)
    await accept(store, request, Reach(), NOW + 10)
    assert states(store, NOW + 20)[1] == [State.ACTIVE]


async def test_a_share_made_by_other_tools_is_listed_without_a_ledger() -> None:
    store = await shared()
    bare = memory_store(names=())
    with bare.edit() as edit:
        for name in store.accounts():
            edit.put_account(store.account(name))
    (offer,) = list_shares(bare, NOW).offered
    assert [(g.importer_name, g.state) for g in offer.granted] == [("ACCTB", State.ACTIVE)]


async def test_listing_can_be_narrowed_to_an_account() -> None:
    store = await shared()
    listing = list_shares(store, NOW, accounts=["ACCTB"])
    assert listing.offered == ()
    assert [item.account for item in listing.accepted] == ["ACCTB"]


async def test_a_bundle_is_told_in_words() -> None:
    store = memory_store()
    text = (await granted(store, "ACCTB", expires=NOW + 100)).grants[0].bundle
    found = inspect(text, NOW, str)
    assert found.what == "jetshare bundle"
    assert dict(found.facts)["share"] == f"pull consumer {SHARE}"
    assert found.good
    late = inspect(text, NOW + 100, str)
    assert not late.good


async def test_creds_are_told_without_their_seed() -> None:
    account, user = KeyPair.generate(Kind.ACCOUNT), KeyPair.generate(Kind.USER)
    document = encode(Claims(name="u", sub=user.public, nats=User()), account, NOW)
    found = inspect(format_creds(Creds(jwt=document.token, key=user)), NOW, str)
    assert found.what == "creds file of user token"
    assert user.seed() not in repr(found)
    assert dict(found.facts)["seed"] == "present, not shown"


async def test_every_document_of_a_store_can_be_inspected() -> None:
    store = await shared()
    for name in store.accounts():
        found = inspect(store.account(name).token, NOW, str)
        assert found.what == "account token"
        assert found.good
    assert inspect(store.operator().token, NOW, str).what == "operator token"


async def test_a_token_that_was_changed_is_refused() -> None:
    store = await shared()
    token = store.account("ACCTB").token
    with pytest.raises(TokenError):
        inspect(token[:-4] + "AAAA", NOW, str)


async def test_a_document_with_a_fault_is_told_so() -> None:
    store = memory_store()
    claims = store.account("ACCTB").claims
    operator = store.key(store.operator().claims.sub)
    assert operator is not None
    bad = replace(claims, nats=replace(claims.nats, info_url="x" * 9000))
    found = inspect(encode(bad, operator, NOW).token, NOW, str)
    assert not found.good


async def test_a_seed_is_told_by_its_kind_and_public_key_alone() -> None:
    key = KeyPair.generate(Kind.ACCOUNT)
    found = inspect(key.seed() + "\n", NOW, str)
    assert found.what == "seed of a key of kind account"
    assert dict(found.facts)["public key"] == key.public
    assert key.seed() not in repr(found)
