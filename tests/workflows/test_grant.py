"""What a grant leaves in the store. What it does on servers is in test_share_life."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jetshare.errors import InputError, KeyFormatError, KeyNotHeld, NotFound, ShareConflict
from jetshare.identity.claims import Account, Claims, Import
from jetshare.identity.jwt import encode
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import bundle
from jetshare.sharing.found import offered_share
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.ledger import Event
from jetshare.store.memory import MemoryStore
from jetshare.workflows.grant import GrantRequest, grant
from jetshare.workflows.reach import Reach
from jetshare.workflows.revoke import RevokeRequest, revoke
from support.offline import NOW, SHARE, granted, memory_store


def snapshot(store: MemoryStore) -> tuple[object, ...]:
    """All that a refused verb must leave as it was."""
    return (
        store.operator().token,
        [store.account(name).token for name in store.accounts()],
        [store.ledger(name) for name in store.accounts()],
        store.keys(),
    )


async def test_a_grant_adds_exports_a_bundle_and_a_ledger() -> None:
    store = memory_store()
    result = await granted(store, "ACCTB")
    assert [change.sign for change in result.changes] == ["+"] * 4
    offer = offered_share(store.account("ACCTC").claims, SHARE)
    assert offer is not None
    assert not offer.public
    held = bundle.read(result.grants[0].bundle)
    assert held.importer == store.account("ACCTB").claims.sub
    entries = store.ledger("ACCTC")
    assert [entry.kind for entry in entries] == [Event.GRANTED] * 4
    assert {entry.importer for entry in entries} == {held.importer}


async def test_an_importer_is_named_by_key_even_where_its_account_is_unknown() -> None:
    store = memory_store()
    stranger = KeyPair.generate(Kind.ACCOUNT).public
    result = await granted(store, stranger)
    assert bundle.read(result.grants[0].bundle).importer == stranger


async def test_granting_again_renews_and_changes_no_export() -> None:
    store = memory_store()
    await granted(store, "ACCTB")
    before = store.account("ACCTC").token
    again = await granted(store, "ACCTB", now=NOW + 60, expires=NOW + 600)
    assert again.changes == ()
    assert again.grants[0].renewed
    assert store.account("ACCTC").token == before
    assert [entry.kind for entry in store.ledger("ACCTC")[4:]] == [Event.RENEWED] * 4


DAY = 86_400


@pytest.mark.parametrize(
    ("had", "asked", "gets"),
    [
        (NOW + 30 * DAY, None, NOW + 50 * DAY),
        (NOW + 5 * DAY, None, NOW + 25 * DAY),  # over already when it is renewed
        (NOW + 30 * DAY, 0, 0),
        (NOW + 30 * DAY, NOW + 21 * DAY, NOW + 21 * DAY),
        (0, None, 0),
        (0, NOW + 21 * DAY, NOW + 21 * DAY),
    ],
)
async def test_a_renewal_lasts_as_long_again_unless_its_end_is_said(
    had: int, asked: int | None, gets: int
) -> None:
    store = memory_store()
    await granted(store, "ACCTB", expires=had)
    later = NOW + 20 * DAY
    wanted = GrantRequest(
        share=SHARE, provider="ACCTC", importers=("ACCTB",), expires=asked, push=False
    )
    would = await grant(store, replace(wanted, dry_run=True), Reach(), later)
    result = await grant(store, wanted, Reach(), later)
    (renewed,) = result.grants
    assert (renewed.before, renewed.expires, result.expires) == (had, gets, gets)
    assert (would.grants[0].before, would.grants[0].expires) == (had, gets)
    held = bundle.read(renewed.bundle)
    assert {held.expires, *(item.claims.exp for item in held.activations)} == {gets}
    assert {entry.expires for entry in store.ledger("ACCTC")[4:]} == {gets}


async def test_each_of_several_renewals_keeps_its_own_length() -> None:
    store = memory_store()
    await granted(store, "ACCTB", expires=NOW + DAY)
    both = GrantRequest(share=SHARE, provider="ACCTC", importers=("ACCTA", "ACCTB"), push=False)
    result = await grant(store, both, Reach(), NOW + 60)
    assert [(g.before, g.expires) for g in result.grants] == [
        (None, 0),
        (NOW + DAY, NOW + DAY + 60),
    ]
    assert result.expires == 0


async def test_what_was_revoked_has_no_length_to_keep() -> None:
    store = memory_store()
    await granted(store, "ACCTB", expires=NOW + DAY)
    wanted = RevokeRequest(share=SHARE, provider="ACCTC", importers=("ACCTB",), push=False)
    await revoke(store, wanted, Reach(), NOW + 60)
    again = GrantRequest(share=SHARE, provider="ACCTC", importers=("ACCTB",), push=False)
    (fresh,) = (await grant(store, again, Reach(), NOW + 61)).grants
    assert (fresh.renewed, fresh.expires) == (False, 0)


async def test_a_length_that_a_wrong_clock_left_is_asked_for() -> None:
    store = memory_store()
    await granted(store, "ACCTB", now=NOW + 400 * DAY)
    await granted(store, "ACCTB", expires=NOW + DAY)
    before = snapshot(store)
    again = GrantRequest(share=SHARE, provider="ACCTC", importers=("ACCTB",), push=False)
    with pytest.raises(InputError, match="is not on record") as caught:
        await grant(store, again, Reach(), NOW + 60)
    assert "--expires" in caught.value.hint
    assert snapshot(store) == before


async def test_one_command_grants_to_many_with_one_bundle_each() -> None:
    store = memory_store()
    keys = [KeyPair.generate(Kind.ACCOUNT).public for _ in range(20)]
    result = await granted(store, *keys, "ACCTB", keys[0])
    assert len(result.grants) == 21
    assert {bundle.read(g.bundle).importer for g in result.grants} == {
        *keys,
        store.account("ACCTB").claims.sub,
    }


async def test_a_public_share_has_no_tokens() -> None:
    store = memory_store()
    request = GrantRequest(share=SHARE, provider="ACCTC", public=True, push=False)
    result = await grant(store, request, Reach(), NOW)
    held = bundle.read(result.grants[0].bundle)
    assert held.public
    assert result.grants[0].activations == ()
    assert store.ledger("ACCTC") == ()


async def test_a_dry_run_writes_nothing_and_says_what_it_would() -> None:
    store = memory_store()
    before = snapshot(store)
    request = GrantRequest(share=SHARE, provider="ACCTC", importers=("ACCTB",), dry_run=True)
    result = await grant(store, request, Reach(), NOW)
    assert len(result.changes) == 4
    (would,) = result.grants
    assert (would.importer_name, would.bundle, would.renewed) == ("ACCTB", "", False)
    assert snapshot(store) == before


async def test_a_signing_key_signs_where_the_identity_key_is_not_held() -> None:
    store = memory_store()
    signing = KeyPair.generate(Kind.ACCOUNT)
    with store.edit() as edit:
        provider = edit.account("ACCTC").claims
        identity = provider.sub
        operator = edit.key(edit.operator().claims.sub)
        assert operator is not None
        nats = replace(provider.nats, signing_keys=(signing.public,))
        edit.put_account(encode(replace(provider, nats=nats), operator, NOW))
        edit.put_key(signing)
        edit.delete_key(identity)
    held = bundle.read((await granted(store, "ACCTB")).grants[0].bundle)
    assert held.signer == signing.public
    assert {a.claims.nats.issuer_account for a in held.activations} == {identity}


async def test_another_accounts_key_is_refused_and_nothing_is_written() -> None:
    store = memory_store()
    before = snapshot(store)
    foreign = store.account("ACCTA").claims.sub
    request = GrantRequest(
        share=SHARE, provider="ACCTC", importers=("ACCTB",), signing_key=foreign, push=False
    )
    with pytest.raises(InputError, match="not a key that may sign for account ACCTC"):
        await grant(store, request, Reach(), NOW)
    assert snapshot(store) == before


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        ({"importers": ("ACCTX",)}, NotFound, "ACCTX"),
        ({"provider": "NOPE"}, NotFound, "NOPE"),
        ({"importers": ()}, InputError, "nobody is named"),
        ({"importers": ("ACCTC",)}, InputError, "itself"),
        ({"importers": ("ACCTB",), "public": True}, InputError, "public"),
        ({"expires": NOW - 1}, InputError, "past"),
        ({"importers": (KeyPair.generate(Kind.USER).public,)}, KeyFormatError, "user"),
        (
            {"importers": ("AC5VEN46JJ6PBGIZQTM56P2N3XLIUTNDJXRPD2H3Z3SU3XJBU5OIB4YA",)},
            KeyFormatError,
            "checksum",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else None,
)
async def test_unusable_words_are_refused_and_nothing_is_written(
    words: dict[str, object], error: type[Exception], says: str
) -> None:
    store = memory_store()
    before = snapshot(store)
    request = replace(
        GrantRequest(share=SHARE, provider="ACCTC", importers=("ACCTB",), push=False),
        **words,  # type: ignore[arg-type]
    )
    with pytest.raises(error, match=says):
        await grant(store, request, Reach(), NOW)
    assert snapshot(store) == before


async def test_no_key_at_hand_is_said_before_anything_is_written() -> None:
    store = memory_store()
    with store.edit() as edit:
        edit.delete_key(store.account("ACCTC").claims.sub)
    before = snapshot(store)
    with pytest.raises(KeyNotHeld, match="ACCTC"):
        await granted(store, "ACCTB")
    assert snapshot(store) == before


async def test_a_private_and_a_public_form_of_one_share_exclude_each_other() -> None:
    store = memory_store()
    await granted(store, "ACCTB")
    request = GrantRequest(share=SHARE, provider="ACCTC", public=True, push=False)
    with pytest.raises(ShareConflict, match="private"):
        await grant(store, request, Reach(), NOW)


async def test_what_was_wrong_before_does_not_stand_in_the_way() -> None:
    store = memory_store()
    bad = Import(name="bad", subject="a b", account="not a key", type="service")
    with store.edit() as edit:
        provider: Claims[Account] = edit.account("ACCTC").claims
        operator = edit.key(edit.operator().claims.sub)
        assert operator is not None
        nats = replace(provider.nats, imports=(bad,))
        edit.put_account(encode(replace(provider, nats=nats), operator, NOW))
    await granted(store, "ACCTB")
    assert store.account("ACCTC").claims.nats.imports == (bad,)


async def test_two_shares_of_one_account_stand_side_by_side() -> None:
    store = memory_store()
    await granted(store, "ACCTB")
    await granted(store, "ACCTB", share=PullConsumer("OTHER", "C"))
    assert len(store.account("ACCTC").claims.nats.exports) == 8


async def test_two_edits_in_one_second_are_told_apart_by_their_time() -> None:
    store = memory_store()
    before = store.account("ACCTC").claims.iat
    await granted(store, "ACCTB", now=before)
    first = store.account("ACCTC").claims.iat
    await granted(store, "ACCTB", now=before, share=PullConsumer("OTHER", "C"))
    assert before < first < store.account("ACCTC").claims.iat
