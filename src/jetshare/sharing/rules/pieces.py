"""Which piece of which share a subject is: every kind, also those that are not granted here.

Source: the JetStream API's subjects (ADR-37), ADR-8 (key-value), ADR-20 (objects),
ADR-31 (direct get), ADR-15 (acknowledgements and flow control).
"""

from __future__ import annotations

from enum import StrEnum

from jetshare.identity.record import record
from jetshare.identity.subjects import REST

ANY_NAME = ("*", REST)


class Part(StrEnum):
    """What a shared subject is for."""

    NEXT = "NEXT"
    ACK = "ACK"
    ACK_V2 = "ACK-V2"
    INFO = "INFO"
    CREATE = "CONSUMER.CREATE"
    DELETE = "CONSUMER.DELETE"
    PAUSE = "CONSUMER.PAUSE"
    FC = "FC"
    FC_V2 = "FC-V2"
    STREAM_INFO = "STREAM.INFO"
    DIRECT_GET = "DIRECT.GET"
    MSG_GET = "MSG.GET"
    PURGE = "STREAM.PURGE"
    WRITE = "WRITE"
    ADMIN = "ADMIN"
    OTHER = "OTHER"


API_PARTS = frozenset(
    {
        Part.NEXT,
        Part.INFO,
        Part.CREATE,
        Part.DELETE,
        Part.PAUSE,
        Part.STREAM_INFO,
        Part.DIRECT_GET,
        Part.MSG_GET,
        Part.PURGE,
        Part.ADMIN,
    }
)
VERBATIM_PARTS = frozenset({Part.ACK, Part.ACK_V2, Part.FC, Part.FC_V2})

_BY_CONSUMER = (
    ("CONSUMER.MSG.NEXT.", Part.NEXT),
    ("CONSUMER.INFO.", Part.INFO),
    ("CONSUMER.DURABLE.CREATE.", Part.CREATE),
    ("CONSUMER.CREATE.", Part.CREATE),
    ("CONSUMER.DELETE.", Part.DELETE),
    ("CONSUMER.PAUSE.", Part.PAUSE),
    ("CONSUMER.UNPIN.", Part.PAUSE),
)
_BY_STREAM = (
    ("STREAM.INFO.", Part.STREAM_INFO),
    ("DIRECT.GET.", Part.DIRECT_GET),
    ("STREAM.MSG.GET.", Part.MSG_GET),
    ("STREAM.PURGE.", Part.PURGE),
)


_READS_LISTS = ("INFO", "STREAM.NAMES", "STREAM.LIST", "CONSUMER.NAMES.", "CONSUMER.LIST.")


@record
class Piece:
    """``stream`` and ``consumer`` may be wildcards; they are empty where there is none.

    ``tail`` is the name after the API's prefix, as in ``CONSUMER.MSG.NEXT.S.C``.
    """

    part: Part
    stream: str = ""
    consumer: str = ""
    tail: str = ""


_OTHER = Piece(part=Part.OTHER)


def piece_of(subject: str) -> Piece:
    """The piece that a subject of the provider's account is."""
    if subject.startswith("$JS."):
        return _jetstream(subject)
    for head, stream in (("$KV.", "KV_"), ("$O.", "OBJ_")):
        if subject.startswith(head):
            bucket = subject.removeprefix(head).split(".")[0]
            return Piece(part=Part.WRITE, stream=stream + bucket)
    return _OTHER if subject != REST else Piece(part=Part.ADMIN)


def _jetstream(subject: str) -> Piece:
    tokens = subject.split(".")
    if tokens[1] == "ACK":
        return _reply(tokens, Part.ACK, Part.ACK_V2, least=5)
    if tokens[1] == "FC":
        return _reply(tokens, Part.FC, Part.FC_V2, least=4)
    if tokens[1] == "API":
        return _api(".".join(tokens[2:]))
    if len(tokens) > 2 and tokens[2] == "API":
        return _api(".".join(tokens[3:]))
    return Piece(part=Part.ADMIN) if REST in tokens else _OTHER


def _reply(tokens: list[str], first: Part, second: Part, *, least: int) -> Piece:
    """``$JS.ACK.S.C.>``, or ``$JS.ACK.<domain>.<hash>.S.C.>``; FC may end after S."""
    names = tokens[2:]
    if names[-1:] == [REST]:
        names = names[:-1]
    if len(tokens) > least and len(names) >= 3:
        return Piece(part=second, stream=names[2], consumer=_at(names, 3))
    return Piece(part=first, stream=_at(names, 0) or REST, consumer=_at(names, 1))


def _api(tail: str) -> Piece:
    for head, part in _BY_CONSUMER:
        if tail.startswith(head):
            names = tail.removeprefix(head).split(".")
            if names == [REST]:
                return Piece(part=Part.ADMIN, tail=tail)
            return Piece(part=part, stream=names[0], consumer=_at(names, 1), tail=tail)
    for head, part in _BY_STREAM:
        if tail.startswith(head):
            stream = tail.removeprefix(head).split(".")[0]
            return Piece(part=part, stream=stream, tail=tail)
    lists = tail.startswith(_READS_LISTS) and not tail.startswith("INFO.")
    return Piece(part=Part.OTHER if lists else Part.ADMIN, tail=tail)


def is_api(subject: str) -> bool:
    """Whether a subject is of the JetStream API, of this or of another domain."""
    tokens = subject.split(".")
    return tokens[0] == "$JS" and "API" in tokens[1:3] and len(tokens) > 2


def _at(names: list[str], index: int) -> str:
    return names[index] if index < len(names) else ""
