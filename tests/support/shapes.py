"""Right shares of every kind, as the subjects that each needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jetshare.identity.claims import Export, ExportType, Import
from jetshare.identity.nkeys import KeyPair
from jetshare.sharing.rules.shares import Kind
from support.shares import PREFIX, activation


@dataclass(frozen=True)
class Piece:
    """One subject that is exported and imported."""

    subject: str
    local: str = ""
    stream: bool = False
    response: str = "Singleton"


def api(tail: str, response: str = "Singleton") -> Piece:
    return Piece(f"$JS.API.{tail}", f"{PREFIX}.{tail}", response=response)


def flow(stream: str) -> Piece:
    return Piece(f"$JS.FC.{stream}.>")


DELIVER = Piece("deliver.>", "deliver.>", stream=True)
SHAPES: list[tuple[Kind, tuple[Piece, ...]]] = [
    (Kind.PUSH, (DELIVER, Piece("$JS.ACK.S.C.>"), Piece("$JS.FC.S.C.>"),
                      api("CONSUMER.INFO.S.C"))),
    (Kind.OWN, (api("CONSUMER.CREATE.S.*.orders.>"), api("CONSUMER.MSG.NEXT.S.*", "Stream"),
                     Piece("$JS.ACK.S.>"), api("CONSUMER.INFO.S.*"), api("CONSUMER.DELETE.S.*"))),
    (Kind.KEY_VALUE, (api("DIRECT.GET.KV_B.$KV.B.>"), api("STREAM.INFO.KV_B"))),
    (Kind.KEY_VALUE, (api("DIRECT.GET.KV_B.$KV.B.>"), api("STREAM.INFO.KV_B"), DELIVER,
                           api("CONSUMER.CREATE.KV_B.*.$KV.B.>"), flow("KV_B"))),
    (Kind.KEY_VALUE, (api("DIRECT.GET.KV_B.$KV.B.>"), api("STREAM.INFO.KV_B"),
                           Piece("$KV.B.>"))),
    (Kind.OBJECTS, (api("STREAM.INFO.OBJ_B"), api("DIRECT.GET.OBJ_B.$O.B.M.>"),
                         api("CONSUMER.CREATE.OBJ_B.*.$O.B.C.>"), DELIVER, flow("OBJ_B"))),
    (Kind.KEY_VALUE, (api("CONSUMER.CREATE.KV_B"), DELIVER, flow("KV_B"))),  # to be mirrored
    (Kind.PUSH, (DELIVER, api("CONSUMER.INFO.S.C"))),  # without acknowledgements
    (Kind.SOURCE, (api("CONSUMER.CREATE.S"), DELIVER, flow("S"))),
    (Kind.SOURCE, (api("CONSUMER.CREATE.S.*.orders.>"), DELIVER, flow("S"),
                        api("CONSUMER.DELETE.S.*"))),
    (Kind.GET, (api("DIRECT.GET.S", "Stream"), api("STREAM.MSG.GET.S"))),
    (Kind.SERVICE, (Piece("orders.place", "shop.place"),)),
    (Kind.STREAM, (Piece("orders.>", "shop.orders.>", stream=True),)),
    (Kind.PULL, (api("CONSUMER.MSG.NEXT.S.C", "Stream"), Piece("$JS.ACK.S.C.>"),
                      api("CONSUMER.INFO.S.C"), api("CONSUMER.UNPIN.S.C"))),
]  # fmt: skip


Shape = tuple[Piece, ...]


def exports(shape: Shape, *, private: bool) -> Iterator[Export]:
    for piece in shape:
        yield Export(
            name=piece.subject,
            subject=piece.subject,
            type=_type(piece),
            token_req=private,
            response_type="" if piece.stream else piece.response,
        )


def imports(
    shape: Shape, provider: KeyPair, importer: str, now: int, *, private: bool
) -> Iterator[Import]:
    """``provider`` signs the tokens for an importer's public key, where there are any."""
    for piece in shape:
        kind = _type(piece)
        token = activation(provider, importer, piece.subject, now,
                           provider=provider.public, kind=kind) if private else ""  # fmt: skip
        yield Import(
            name=piece.subject,
            subject=piece.subject,
            account=provider.public,
            token=token,
            local_subject=piece.local or piece.subject,
            type=kind,
        )


def _type(piece: Piece) -> ExportType:
    return "stream" if piece.stream else "service"
