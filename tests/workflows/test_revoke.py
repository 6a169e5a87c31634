"""Whom a revocation is said to touch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jetshare.errors import InputError, KeyFormatError
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.found import offered_share
from jetshare.store.memory import MemoryStore
from jetshare.workflows.accept import AcceptRequest, accept
from jetshare.workflows.documents import sign_account
from jetshare.workflows.grant import GrantRequest, grant
from jetshare.workflows.reach import Reach
from jetshare.workflows.revoke import RevokeRequest, revoke
from support.offline import NOW, SHARE, damage_ledger, folder_store, granted, memory_store
from support.shares import pair


async def test_importers_of_another_provider_are_not_said_to_be_touched() -> None:
    store = memory_store(names=("ACCTA", "ACCTB", "ACCTC", "OTHER", "THIRD"))
    for provider, importer in (("ACCTC", "ACCTA"), ("ACCTC", "ACCTB"), ("OTHER", "THIRD")):
        wanted = GrantRequest(share=SHARE, provider=provider, importers=(importer,), push=False)
        text = (await grant(store, wanted, Reach(), NOW)).grants[0].bundle
        taken = AcceptRequest(files=(text,), account=importer, push=False)
        await accept(store, taken, Reach(), NOW)
    request = RevokeRequest(share=SHARE, provider="ACCTC", importers=("ACCTB",), push=False)
    assert (await revoke(store, request, Reach(), NOW)).others == ("ACCTA",)


async def test_a_damaged_ledger_does_not_hold_up_a_revocation(tmp_path: Path) -> None:
    store = folder_store(tmp_path)
    await granted(store, "ACCTB")
    damage_ledger(tmp_path)
    request = RevokeRequest(share=SHARE, provider="ACCTC", importers=("ACCTB",), push=False)
    result = await revoke(store, request, Reach(), NOW)
    assert "not in the ledger" in result.warnings[0]
    offer = offered_share(store.account("ACCTC").claims, SHARE)
    assert offer is not None
    assert offer.revoked_at(store.account("ACCTB").claims.sub) == NOW


async def test_those_who_were_revoked_before_do_not_count_as_others(tmp_path: Path) -> None:
    store = folder_store(tmp_path)
    stranger = KeyPair.generate(Kind.ACCOUNT).public
    await granted(store, "ACCTA", "ACCTB", stranger)
    for importer, others in (("ACCTA", {"ACCTB", stranger}), ("ACCTB", {stranger})):
        request = RevokeRequest(share=SHARE, provider="ACCTC", importers=(importer,), push=False)
        result = await revoke(store, request, Reach(), NOW)
        assert set(result.others) == others


async def test_a_grant_that_was_never_taken_is_taken_back() -> None:
    """Such as one to an account that was meant by nobody."""
    store = memory_store()
    stranger = KeyPair.generate(Kind.ACCOUNT).public
    await granted(store, stranger)
    request = RevokeRequest(share=SHARE, provider="ACCTC", importers=(stranger,), push=False)
    result = await revoke(store, request, Reach(), NOW + 1)
    assert (result.importers, result.warnings) == ((stranger,), ())
    offer = offered_share(store.account("ACCTC").claims, SHARE)
    assert offer is not None
    assert offer.revoked_at(stranger) == NOW + 1


async def test_a_public_grant_is_taken_back_by_all() -> None:
    store = memory_store()
    wanted = GrantRequest(share=SHARE, provider="ACCTC", public=True, push=False)
    await grant(store, wanted, Reach(), NOW)
    by_name = RevokeRequest(share=SHARE, provider="ACCTC", importers=("ACCTB",), push=False)
    with pytest.raises(InputError, match="is public"):
        await revoke(store, by_name, Reach(), NOW)
    everyone = RevokeRequest(share=SHARE, provider="ACCTC", everyone=True, push=False)
    await revoke(store, everyone, Reach(), NOW)
    assert store.account("ACCTC").claims.nats.exports == ()


async def test_a_key_with_a_slip_in_it_is_told_with_the_nearest() -> None:
    store = memory_store()
    await granted(store, "ACCTB")
    public = store.account("ACCTB").claims.sub
    slip = public[:20] + ("A" if public[20] != "A" else "B") + public[21:]
    before = store.account("ACCTC").token
    request = RevokeRequest(share=SHARE, provider="ACCTC", importers=(slip,), push=False)
    with pytest.raises(KeyFormatError, match="checksum") as caught:
        await revoke(store, request, Reach(), NOW)
    assert caught.value.hint == f"did you mean {public}?"
    assert store.account("ACCTC").token == before


async def test_who_was_granted_nothing_is_revoked_only_where_that_is_meant() -> None:
    store = memory_store()
    await granted(store, "ACCTB")
    before = store.account("ACCTC").token
    for named in (KeyPair.generate(Kind.ACCOUNT).public, "ACCTA"):
        request = RevokeRequest(share=SHARE, provider="ACCTC", importers=(named,), push=False)
        with pytest.raises(InputError, match=f"no grant of {SHARE} to {named}") as refused:
            await revoke(store, request, Reach(), NOW)
        assert "ls --account ACCTC" in refused.value.hint
        assert store.account("ACCTC").token == before
    meant = replace(request, unrecorded=True)
    (warning,) = (await revoke(store, meant, Reach(), NOW)).warnings
    assert warning == f"no grant of {SHARE} to ACCTA is on record here: it is revoked all the same"
    again = await revoke(store, request, Reach(), NOW + 1)  # which is on record now
    assert again.warnings == ()


@pytest.mark.parametrize(("exports", "others"), [(1, ("ACCTA",)), (4, ())])
async def test_who_is_revoked_in_part_still_counts_as_another(
    exports: int, others: tuple[str, ...]
) -> None:
    """Here of one that holds the share by another tool's grant, of which no ledger knows."""
    store = memory_store()
    made = pair(keys=(key_of(store, "ACCTC"), key_of(store, "ACCTA")), share=SHARE)
    stranger = KeyPair.generate(Kind.ACCOUNT).public
    with store.edit() as edit:
        revoked = [
            replace(export, revocations={made.importer.sub: NOW} if n < exports else {})
            for n, export in enumerate(made.provider.nats.exports)
        ]
        for claims in (made.provider.with_nats(exports=tuple(revoked)), made.importer):
            claims = replace(claims, name=edit.account(claims.sub).claims.name)
            edit.put_account(sign_account(edit, claims, NOW))
    await granted(store, stranger)
    request = RevokeRequest(share=SHARE, provider="ACCTC", importers=(stranger,), push=False)
    assert (await revoke(store, request, Reach(), NOW)).others == others


def key_of(store: MemoryStore, name: str) -> KeyPair:
    key = store.key(store.account(name).claims.sub)
    assert key is not None
    return key


async def test_a_dry_run_says_who_would_be_refused_and_writes_nothing() -> None:
    store = memory_store()
    await granted(store, "ACCTB", "ACCTA")
    before = store.account("ACCTC").token
    request = RevokeRequest(share=SHARE, provider="ACCTC", importers=("ACCTB",), dry_run=True)
    result = await revoke(store, request, Reach(), NOW)
    assert result.importers == (store.account("ACCTB").claims.sub,)
    assert result.others == ("ACCTA",)
    assert [change.sign for change in result.changes] == ["~"] * 4
    assert store.account("ACCTC").token == before
