"""Whom a revocation is said to touch."""

from __future__ import annotations

from pathlib import Path

from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.found import offered_share
from jetshare.workflows.accept import AcceptRequest, accept
from jetshare.workflows.grant import GrantRequest, grant
from jetshare.workflows.reach import Reach
from jetshare.workflows.revoke import RevokeRequest, revoke
from support.offline import NOW, SHARE, folder_store, granted, memory_store


async def test_importers_of_another_provider_are_not_said_to_be_touched() -> None:
    store = memory_store(names=("ACCTA", "ACCTB", "ACCTC", "OTHER", "THIRD"))
    for provider, importer in (("ACCTC", "ACCTA"), ("ACCTC", "ACCTB"), ("OTHER", "THIRD")):
        wanted = GrantRequest(share=SHARE, provider=provider, importers=(importer,), push=False)
        text = (await grant(store, wanted, Reach(), NOW)).grants[0].bundle
        taken = AcceptRequest(files=(text,), account=importer, push=False)
        await accept(store, taken, Reach(), NOW)
    request = RevokeRequest(share=SHARE, provider="ACCTC", importers=("ACCTB",), push=False)
    assert (await revoke(store, request, Reach(), NOW)).others == ("ACCTA",)


def damage_ledger(folder: Path) -> None:
    (file,) = folder.rglob("ledgers/*.jsonl")
    file.write_text(file.read_text().replace("granted", "nothing", 1))


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
