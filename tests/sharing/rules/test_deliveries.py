"""Under which name what is delivered must be imported, and which inboxes it comes to."""

from __future__ import annotations

import pytest

from jetshare.sharing.rules.book import diagnose
from jetshare.sharing.rules.deliveries import watched_at
from support.shapes import Piece, Shape, api, exports, flow, imports
from support.shares import Pair, pair

BUCKET = (
    api("DIRECT.GET.KV_B.$KV.B.>"),
    api("STREAM.INFO.KV_B"),
    api("CONSUMER.CREATE.KV_B.*.$KV.B.>"),
    flow("KV_B"),
)


def sharing(*more: Piece, shape: Shape = BUCKET) -> Pair:
    made = pair()
    all_of_it = (*shape, *more)
    taken = imports(all_of_it, made.key, made.importer.sub, made.now, private=True)
    made.provider = made.provider.with_nats(exports=tuple(exports(all_of_it, private=True)))
    made.importer = made.importer.with_nats(imports=tuple(taken))
    return made


def stream(subject: str, local: str = "") -> Piece:
    return Piece(subject, local, stream=True)


PULLED = api("CONSUMER.MSG.NEXT.KV_B.*", "Stream")
DELIVERED: list[tuple[str, tuple[Piece, ...], str, str]] = [
    ("of this bucket", (stream("deliver.KV_B.>"),), "deliver.KV_B", ""),
    ("of all", (stream("deliver.>"),), "deliver", ""),
    ("beside another", (stream("a.>"), stream("deliver.KV_B.>")), "deliver.KV_B", ""),
    ("the usual inbox", (stream("_INBOX.>"),), "", ""),
    ("one subject", (stream("deliver.KV_B"),), "", ""),
    ("another name", (stream("deliver.>", "in.>"),), "", "nats.imports[4].local_subject"),
    ("one of two the same", (stream("a.>", "b.>"), stream("deliver.>")), "deliver", ""),
    ("none", (), "", ""),
    ("that are pulled", (stream("deliver.>", "in.>"), PULLED), "", ""),
]


@pytest.mark.parametrize(
    ("pieces", "inbox", "mapped"), [pytest.param(*rest, id=name) for name, *rest in DELIVERED]
)
def test_where_watches_arrive(pieces: tuple[Piece, ...], inbox: str, mapped: str) -> None:
    found = diagnose(sharing(*pieces).accounts())
    (bucket,) = (share for share in found.taken if share.name == "KV_B")
    assert watched_at(bucket) == inbox
    told = {finding.code: finding for finding in found.findings}
    assert ("JS219" in told) == bool(inbox)
    assert (told["JS215"].path if "JS215" in told else "") == mapped


def test_no_client_watches_a_source() -> None:
    made = sharing(stream("deliver.>"), shape=(api("CONSUMER.CREATE.S"), flow("S")))
    assert "JS219" not in made.codes(notes=True)
