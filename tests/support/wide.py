"""A share that gives far too much, as it is made by hand when somebody is in a hurry."""

from __future__ import annotations

import time
from dataclasses import replace

from jetshare.identity import jwt
from jetshare.identity.claims import Export, Import
from jetshare.workflows.push import push
from jetshare.workflows.signers import account_document_signer
from support.scene import Scene


async def share_everything(live: Scene, provider: str, importer: str, *, prefix: str) -> None:
    """Export ``$JS.API.STREAM.>`` and ``$JS.API.CONSUMER.>``-like subjects, and import them."""
    wide = (
        "$JS.API.STREAM.DELETE.*",
        "$JS.API.CONSUMER.DELETE.*.*",
        "$JS.API.CONSUMER.INFO.*.JETSHARE-PROBE",
    )
    with live.store.edit() as edit:
        offering, taking = edit.account(provider).claims, edit.account(importer).claims
        exports = tuple(
            Export(name=s, subject=s, type="service", response_type="Singleton") for s in wide
        )
        imports = tuple(
            Import(
                name=s,
                subject=s,
                account=offering.sub,
                local_subject=prefix + s.removeprefix("$JS.API"),
                type="service",
            )
            for s in wide
        )
        changed = (
            replace(
                offering,
                nats=replace(offering.nats, exports=(*offering.nats.exports, *exports)),
            ),
            replace(taking, nats=replace(taking.nats, imports=(*taking.nats.imports, *imports))),
        )
        signer = account_document_signer(edit, offering)
        documents = [jwt.encode(claims, signer, int(time.time())) for claims in changed]
        for document in documents:
            edit.put_account(document)
    carried = await push(live.store, documents, live.reach, int(time.time()))
    assert carried.complete, carried
