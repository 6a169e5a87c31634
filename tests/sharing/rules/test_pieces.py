"""Which piece of which share a subject is."""

from __future__ import annotations

import pytest

from jetshare.sharing.rules.pieces import Part, is_api, piece_of


@pytest.mark.parametrize(
    ("subject", "part", "stream", "consumer"),
    [
        ("$JS.API.CONSUMER.MSG.NEXT.S.C", Part.NEXT, "S", "C"),
        ("$JS.API.CONSUMER.MSG.NEXT.S.*", Part.NEXT, "S", "*"),
        ("$JS.API.CONSUMER.MSG.NEXT.>", Part.ADMIN, "", ""),
        ("$JS.hub.API.CONSUMER.INFO.S.C", Part.INFO, "S", "C"),
        ("$JS.API.CONSUMER.CREATE.S", Part.CREATE, "S", ""),
        ("$JS.API.CONSUMER.CREATE.S.*.orders.>", Part.CREATE, "S", "*"),
        ("$JS.API.CONSUMER.DURABLE.CREATE.S.C", Part.CREATE, "S", "C"),
        ("$JS.API.CONSUMER.DELETE.S.C", Part.DELETE, "S", "C"),
        ("$JS.API.CONSUMER.UNPIN.S.C", Part.PAUSE, "S", "C"),
        ("$JS.API.STREAM.INFO.S", Part.STREAM_INFO, "S", ""),
        ("$JS.API.DIRECT.GET.KV_B.$KV.B.>", Part.DIRECT_GET, "KV_B", ""),
        ("$JS.API.STREAM.MSG.GET.S", Part.MSG_GET, "S", ""),
        ("$JS.API.STREAM.DELETE.S", Part.ADMIN, "", ""),
        ("$JS.API.>", Part.ADMIN, "", ""),
        ("$JS.>", Part.ADMIN, "", ""),
        (">", Part.ADMIN, "", ""),
        ("$JS.API.INFO", Part.OTHER, "", ""),
        ("$JS.API.STREAM.NAMES", Part.OTHER, "", ""),
        ("$JS.ACK.S.C.>", Part.ACK, "S", "C"),
        ("$JS.ACK.S.>", Part.ACK, "S", ""),
        ("$JS.ACK.>", Part.ACK, ">", ""),
        ("$JS.ACK.*.abcdefgh.S.C.>", Part.ACK_V2, "S", "C"),
        ("$JS.FC.S.>", Part.FC, "S", ""),
        ("$JS.FC.S.C.>", Part.FC, "S", "C"),
        ("$JS.FC._.abcdefgh.S.>", Part.FC_V2, "S", ""),
        ("$KV.B.>", Part.WRITE, "KV_B", ""),
        ("$O.B.>", Part.WRITE, "OBJ_B", ""),
        ("orders.new", Part.OTHER, "", ""),
    ],
)
def test_a_subject_is_a_piece(subject: str, part: Part, stream: str, consumer: str) -> None:
    piece = piece_of(subject)
    assert (piece.part, piece.stream, piece.consumer) == (part, stream, consumer)


def test_what_is_of_the_api() -> None:
    assert is_api("$JS.API.INFO")
    assert is_api("$JS.hub.API.INFO")
    assert not is_api("$JS.ACK.S.C.>")
    assert not is_api("ACCTC.API.INFO")
