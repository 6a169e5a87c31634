from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from jetshare.editing.exports import delete_export
from jetshare.editing.imports import delete_import
from jetshare.editing.revocations import revoke_activation
from jetshare.errors import TokenError
from jetshare.identity.claims import Claims, User
from jetshare.identity.creds import Creds, format_creds
from jetshare.identity.jwt import encode
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import bundle, receipt
from jetshare.sharing.found import accepted, offered
from jetshare.sharing.kinds import Role
from jetshare.sharing.receipt import Witness
from jetshare.store.memory import MemoryStore
from jetshare.workflows.accept import AcceptRequest, accept
from jetshare.workflows.documents import sign_account
from jetshare.workflows.grant import GrantRequest, grant
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


async def test_a_newer_grant_that_is_over_and_was_never_taken_ends_nothing() -> None:
    store = await shared()
    await granted(store, "ACCTB", now=NOW + 10, expires=NOW + 100)
    assert states(store, NOW + 100) == ([State.ACTIVE], [State.ACTIVE])
    (offer,) = list_shares(store, NOW + 100).offered
    assert [given.until for given in offer.granted] == [0]


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


@pytest.mark.parametrize(
    ("account", "role", "told"),
    [
        ("ACCTC", Role.NEXT, ([State.INCOMPLETE], [State.INCOMPLETE])),
        ("ACCTC", None, ([], [State.INCOMPLETE])),
        ("ACCTB", Role.NEXT, ([State.ACTIVE], [State.INCOMPLETE])),
        ("ACCTB", Role.ACK, ([State.ACTIVE], [State.INCOMPLETE])),
        ("ACCTB", Role.INFO, ([State.ACTIVE], [State.ACTIVE])),
    ],
)
async def test_a_subject_that_went_makes_a_share_incomplete(
    account: str, role: Role | None, told: tuple[list[State], list[State]]
) -> None:
    store = await shared()
    going = {role, Role.ACK_V2} if role is Role.ACK else {role}
    with store.edit() as edit:
        claims = held = edit.account(account).claims
        for found, export in (pair for offer in offered(held) for pair in offer.exports):
            if role is None or found in going:
                claims = delete_export(claims, export)
        for found, item in (pair for taken in accepted(held) for pair in taken.imports):
            if found in going:
                claims = delete_import(claims, item)
        edit.put_account(sign_account(edit, claims, NOW))
    assert states(store, NOW + 20) == told


async def test_what_is_revoked_in_part_has_not_ended() -> None:
    """NEXT is still open, so nobody may read here that it is over."""
    store = await shared()
    with store.edit() as edit:
        claims = edit.account("ACCTC").claims
        offer = offered(claims)[0]
        ack = offer.export(Role.ACK)
        assert ack is not None
        importer = edit.account("ACCTB").claims.sub
        claims = revoke_activation(claims, ack, importer, NOW + 10)
        edit.put_account(sign_account(edit, claims, NOW + 10))
    assert states(store, NOW + 20) == ([State.INCOMPLETE], [State.INCOMPLETE])


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


def with_signing_key(store: MemoryStore, account: str) -> KeyPair:
    """A new key that the account's document lists."""
    key = KeyPair.generate(Kind.ACCOUNT)
    operator = store.key(store.operator().claims.sub)
    assert operator is not None
    with store.edit() as edit:
        held = edit.account(account).claims
        edit.put_account(encode(held.with_nats(signing_keys=(key.public,)), operator, NOW + 1))
    return key


def bundle_of(store: MemoryStore, signer: KeyPair) -> str:
    """A public bundle about ACCTC, whoever signs it."""
    return bundle.make(
        SHARE,
        provider=store.account("ACCTC").claims.sub,
        provider_name="ACCTC",
        importer="",
        prefix="ACCTC.API",
        activations=(),
        signer=signer,
        now=NOW,
    )


def receipt_of(store: MemoryStore, signer: KeyPair) -> str:
    return receipt.make(
        SHARE,
        provider=store.account("ACCTC").claims.sub,
        provider_name="ACCTC",
        importer="*",
        at=NOW,
        witness=Witness.IMPORTER,
        servers=(),
        proofs=(),
        signer=signer,
        now=NOW,
    )


@pytest.mark.parametrize("make", [bundle_of, receipt_of])
def test_whoever_names_a_provider_is_not_taken_for_it(
    make: Callable[[MemoryStore, KeyPair], str],
) -> None:
    store = memory_store()
    provider = store.account("ACCTC").claims.sub
    own, listed = store.key(provider), with_signing_key(store, "ACCTC")
    assert own is not None
    stranger = KeyPair.generate(Kind.ACCOUNT)

    assert inspect(make(store, own), NOW, str).good
    assert inspect(make(store, listed), NOW, str, store).good
    for signer, at_hand, says in (
        (stranger, store, f"signed by {stranger.public}, which is no key of ACCTC ({provider})"),
        (
            stranger,
            None,
            f"signed by {stranger.public}, which is not ACCTC ({provider}):"
            " nothing here says that it may sign for it",
        ),
        (
            listed,
            memory_store(),
            f"signed by {listed.public}, which is not ACCTC ({provider}):"
            " nothing here says that it may sign for it",
        ),
    ):
        found = inspect(make(store, signer), NOW, str, at_hand)
        assert not found.good
        assert found.verdict == (says,)
        assert dict(found.facts)["signed by"] == signer.public


async def test_a_bundle_that_was_revoked_is_told_so_where_the_store_knows() -> None:
    store = memory_store()
    text = (await granted(store, "ACCTB")).grants[0].bundle
    assert inspect(text, NOW, str, store).good
    await revoked(store)
    assert inspect(text, NOW + 20, str, store).verdict == (f"revoked {NOW + 10}",)
    assert inspect(text, NOW + 20, str).good
    again = (await granted(store, "ACCTB", now=NOW + 20)).grants[0].bundle
    assert inspect(again, NOW + 20, str, store).good


async def test_a_loose_token_that_was_revoked_is_told_so_where_the_store_knows() -> None:
    store = memory_store()
    ((_, text), *_) = (await granted(store, "ACCTB")).grants[0].activations
    assert inspect(text, NOW, str, store).good
    await revoked(store)
    assert inspect(text, NOW + 20, str, store).verdict == (f"revoked {NOW + 10}",)
    assert inspect(text, NOW + 20, str).good


async def test_a_loose_token_of_a_key_that_was_taken_back_is_told_so() -> None:
    store = memory_store()
    operator = store.key(store.operator().claims.sub)
    assert operator is not None
    key = with_signing_key(store, "ACCTC")
    with store.edit() as edit:
        edit.put_key(key)
    wanted = GrantRequest(
        share=SHARE, provider="ACCTC", importers=("ACCTB",), signing_key=key.public, push=False
    )
    ((_, text), *_) = (await grant(store, wanted, Reach(), NOW)).grants[0].activations
    assert inspect(text, NOW, str, store).good
    with store.edit() as edit:
        held = edit.account("ACCTC").claims
        edit.put_account(encode(held.with_nats(signing_keys=()), operator, NOW + 5))
    (verdict,) = inspect(text, NOW, str, store).verdict
    assert verdict.startswith(f"signed by {key.public}, which is no key of ACCTC")
