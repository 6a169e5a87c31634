"""Right shares of every shape give no finding, and neither do many of them together."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from jetshare.identity.claims import Account, Claims, Export, ExportType, Import
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.rules.book import diagnose
from jetshare.sharing.rules.rule import Severity
from jetshare.sharing.rules.servers import Seen
from jetshare.sharing.rules.shares import Accounts
from jetshare.sharing.rules.shares import Kind as ShareKind
from support.many_shares import accounts
from support.shares import JETSTREAM, NOW, Pair, activation, pair

P = "ACCTC.API"
PROVIDER, IMPORTER = (KeyPair.generate(Kind.ACCOUNT) for _ in range(2))


@dataclass(frozen=True)
class Piece:
    """One subject that is exported and imported."""

    subject: str
    local: str = ""
    stream: bool = False
    response: str = "Singleton"


def api(tail: str, response: str = "Singleton") -> Piece:
    return Piece(f"$JS.API.{tail}", f"{P}.{tail}", response=response)


def flow(stream: str) -> Piece:
    return Piece(f"$JS.FC.{stream}.>")


DELIVER = Piece("deliver.>", "deliver.>", stream=True)
SHAPES: list[tuple[ShareKind, tuple[Piece, ...]]] = [
    (ShareKind.PUSH, (DELIVER, Piece("$JS.ACK.S.C.>"), Piece("$JS.FC.S.C.>"),
                      api("CONSUMER.INFO.S.C"))),
    (ShareKind.OWN, (api("CONSUMER.CREATE.S.*.orders.>"), api("CONSUMER.MSG.NEXT.S.*", "Stream"),
                     Piece("$JS.ACK.S.>"), api("CONSUMER.INFO.S.*"), api("CONSUMER.DELETE.S.*"))),
    (ShareKind.KEY_VALUE, (api("DIRECT.GET.KV_B.$KV.B.>"), api("STREAM.INFO.KV_B"))),
    (ShareKind.KEY_VALUE, (api("DIRECT.GET.KV_B.$KV.B.>"), api("STREAM.INFO.KV_B"), DELIVER,
                           api("CONSUMER.CREATE.KV_B.*.$KV.B.>"), flow("KV_B"))),
    (ShareKind.KEY_VALUE, (api("DIRECT.GET.KV_B.$KV.B.>"), api("STREAM.INFO.KV_B"),
                           Piece("$KV.B.>"))),
    (ShareKind.OBJECTS, (api("STREAM.INFO.OBJ_B"), api("DIRECT.GET.OBJ_B.$O.B.M.>"),
                         api("CONSUMER.CREATE.OBJ_B.*.$O.B.C.>"), DELIVER, flow("OBJ_B"))),
    (ShareKind.SOURCE, (api("CONSUMER.CREATE.S"), DELIVER, flow("S"))),
    (ShareKind.SOURCE, (api("CONSUMER.CREATE.S.*.orders.>"), DELIVER, flow("S"),
                        api("CONSUMER.DELETE.S.*"))),
    (ShareKind.GET, (api("DIRECT.GET.S", "Stream"), api("STREAM.MSG.GET.S"))),
    (ShareKind.SERVICE, (Piece("orders.place", "shop.place"),)),
    (ShareKind.STREAM, (Piece("orders.>", "shop.orders.>", stream=True),)),
    (ShareKind.PULL, (api("CONSUMER.MSG.NEXT.S.C", "Stream"), Piece("$JS.ACK.S.C.>"),
                      api("CONSUMER.INFO.S.C"), api("CONSUMER.UNPIN.S.C"))),
]  # fmt: skip


def share(pieces: tuple[Piece, ...], *, private: bool) -> Accounts:
    exports, imports = [], []
    for piece in pieces:
        kind: ExportType = "stream" if piece.stream else "service"
        exports.append(
            Export(
                name=piece.subject,
                subject=piece.subject,
                type=kind,
                token_req=private,
                response_type="" if piece.stream else piece.response,
            )
        )
        token = activation(PROVIDER, IMPORTER.public, piece.subject, NOW,
                           provider=PROVIDER.public, kind=kind) if private else ""  # fmt: skip
        imports.append(
            Import(
                name=piece.subject,
                subject=piece.subject,
                account=PROVIDER.public,
                token=token,
                local_subject=piece.local or piece.subject,
                type=kind,
            )
        )
    provider = Account(exports=tuple(exports), limits=JETSTREAM)
    importer = Account(imports=tuple(imports), limits=JETSTREAM)
    held = (
        Claims(name="ACCTC", sub=PROVIDER.public, nats=provider),
        Claims(name="ACCTB", sub=IMPORTER.public, nats=importer),
    )
    return Accounts(claims={claims.sub: claims for claims in held}, users={}, now=NOW)


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize(("kind", "pieces"), SHAPES)
def test_a_right_share_of_each_kind(
    kind: ShareKind, pieces: tuple[Piece, ...], private: bool
) -> None:
    found = diagnose(share(pieces, private=private))
    assert [f for f in found.findings if f.severity is not Severity.NOTE] == []
    beside = {ShareKind.STREAM} if DELIVER in pieces else set()
    assert {taken.kind for taken in found.taken} == {kind} | beside
    assert {offered.kind for offered in found.offered} == {kind} | beside


RIGHT = {
    "as granted": pair(),
    "public": pair(public=True),
    "the guide's, of the first form": pair(second_form=False),
    "under another prefix": pair(prefix="a.b.c"),
    "with an end": pair(expires=NOW + 90 * 86_400),
    "ending soon": pair(expires=NOW + 60),
    "of names with dashes": pair(share=PullConsumer("a-b_c", "D-E_f")),
}


@pytest.mark.parametrize("made", RIGHT.values(), ids=RIGHT.keys())
def test_a_right_pull_consumer(made: Pair) -> None:
    assert made.codes() == set()
    assert made.codes(Seen()) == set()


def test_a_consumer_without_acknowledgements() -> None:
    from jetshare.sharing.kinds import Role

    made = pair()
    made.drop(Role.ACK)
    made.drop(Role.ACK_V2)
    assert made.codes(Seen(consumer={"config": {"ack_policy": "none"}})) == set()


def test_500_accounts_give_no_finding() -> None:
    held = list(accounts(500))
    random.Random(7).shuffle(held)
    everyone = Accounts(claims={claims.sub: claims for claims in held}, users={}, now=NOW)
    found = diagnose(everyone)
    assert [f for f in found.findings if f.severity is not Severity.NOTE] == []
    assert len(found.taken) == 250
