"""Whom a revocation is said to touch."""

from __future__ import annotations

from jetshare.workflows.accept import AcceptRequest, accept
from jetshare.workflows.grant import GrantRequest, grant
from jetshare.workflows.reach import Reach
from jetshare.workflows.revoke import RevokeRequest, revoke
from support.offline import NOW, SHARE, memory_store


async def test_importers_of_another_provider_are_not_said_to_be_touched() -> None:
    store = memory_store(names=("ACCTA", "ACCTB", "ACCTC", "OTHER", "THIRD"))
    for provider, importer in (("ACCTC", "ACCTA"), ("ACCTC", "ACCTB"), ("OTHER", "THIRD")):
        wanted = GrantRequest(share=SHARE, provider=provider, importers=(importer,), push=False)
        text = (await grant(store, wanted, Reach(), NOW)).grants[0].bundle
        taken = AcceptRequest(files=(text,), account=importer, push=False)
        await accept(store, taken, Reach(), NOW)
    request = RevokeRequest(share=SHARE, provider="ACCTC", importers=("ACCTB",), push=False)
    assert (await revoke(store, request, Reach(), NOW)).others == ("ACCTA",)
