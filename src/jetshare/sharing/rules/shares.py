"""Exports and imports, grouped into the shares that they make up.

A share is known by the stream and the consumer that its subjects name. The pieces that a
consumer made by the importer needs name no consumer, and stand together by their stream;
so do those of a key-value bucket and of an object store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from enum import StrEnum
from typing import TypeVar

from jetshare.errors import JetshareError
from jetshare.identity import jwt, subjects
from jetshare.identity.claims import Account, Activation, Claims, Export, Import, User
from jetshare.identity.record import record
from jetshare.identity.subjects import REST
from jetshare.sharing.kinds import suggested_prefix
from jetshare.sharing.ledger import Entry
from jetshare.sharing.rules.pieces import ANY_NAME, Part, Piece, piece_of
from jetshare.sharing.rules.renewal import old_end


class Kind(StrEnum):
    PULL = "pull consumer"
    PUSH = "push consumer"
    OWN = "consumers of the importer's own"
    KEY_VALUE = "key-value bucket"
    OBJECTS = "object store"
    SOURCE = "source or mirror"
    GET = "direct get"
    ADMIN = "the JetStream API itself"
    SERVICE = "plain service"
    STREAM = "plain stream"


@record
class Offer:
    """One export. ``path`` is its place in the document, and ``twin`` whether that has another
    one of its subject. ``passed_on`` is whether the account has by an import what it exports."""

    index: int
    export: Export
    piece: Piece
    twin: bool = False
    passed_on: bool = False

    @property
    def named(self) -> Export | Import:
        return self.export

    @property
    def path(self) -> str:
        return f"nats.exports[{self.index}]"


@record
class Take:
    """One import, with ``item.subject`` the provider's name of it.

    ``activation`` is None where there is no token or it cannot be read, and ``offer`` where
    the provider exports nothing of the kind, or its document is not known.
    """

    index: int
    item: Import
    piece: Piece
    local: str
    activation: Claims[Activation] | None
    offer: Offer | None

    @property
    def named(self) -> Export | Import:
        return self.item

    @property
    def path(self) -> str:
        return f"nats.imports[{self.index}]"


H = TypeVar("H", "Offer", "Take")

Key = tuple[str, str]
"""Stream and consumer; the consumer is empty for what stands by its stream alone. For a plain
service or stream, its subject."""


@record
class Offered:
    """A share that an account exports, and the stream exports beside it.

    ``broad`` are the exports of the account that cover consumers without naming them.
    """

    provider: Claims[Account]
    key: Key
    kind: Kind
    offers: tuple[Offer, ...]
    streams: tuple[Offer, ...]
    broad: tuple[Offer, ...] = ()

    def covered(self, subject: str) -> bool:
        """Whether a broad export lets ``subject`` through."""
        return any(subjects.is_contained(subject, by=o.export.subject) for o in self.broad)

    def all(self, *parts: Part) -> list[Offer]:
        return [offer for offer in self.offers if offer.piece.part in parts]

    def has(self, *parts: Part) -> bool:
        return any(offer.piece.part in parts for offer in self.offers)

    @property
    def passed_on(self) -> bool:
        return any(offer.passed_on for offer in self.offers)

    @property
    def name(self) -> str:
        return share_name(self.key)


@record
class Taken:
    """A share that ``importer`` imports. ``provider`` is its document, None if not at hand;
    ``offered`` what that document exports of it.

    ``whom`` is what the importer is called in the provider's commands, and ``end`` until when
    a grant lasts that is made again (`renewal`). ``broad`` are the importer's imports from
    that provider that cover consumers without naming them."""

    importer: Claims[Account]
    provider_key: str
    provider: Claims[Account] | None
    key: Key
    kind: Kind
    takes: tuple[Take, ...]
    streams: tuple[Take, ...]
    offered: Offered | None
    whom: str
    end: str
    broad: tuple[Take, ...] = ()

    def covered(self, subject: str, local: str) -> bool:
        """Whether a broad import brings ``subject`` of the provider to ``local``."""
        return any(
            subjects.local_to_remote(take.local, take.item.subject, local) == subject
            for take in self.broad
        )

    def all(self, *parts: Part) -> list[Take]:
        return [take for take in self.takes if take.piece.part in parts]

    def has(self, *parts: Part) -> bool:
        return any(take.piece.part in parts for take in self.takes)

    @property
    def name(self) -> str:
        return share_name(self.key)

    @property
    def provider_name(self) -> str:
        return self.provider.name if self.provider else self.provider_key

    @property
    def prefix(self) -> str:
        """The prefix of NEXT, else of any other API piece; the usual one if none is mapped."""
        for take in sorted(self.takes, key=lambda take: take.piece.part is not Part.NEXT):
            if (prefix := prefix_of(take)) and not prefix.startswith("$JS"):
                return prefix
        return suggested_prefix(self.provider.name if self.provider else self.provider_key[:8])


@record
class Accounts:
    """All documents that are looked at, by public key, at ``now`` (Unix seconds).

    ``stored`` is whether one store holds them, and so knows each by its name. ``ledgers`` are
    those of providers, where they are at hand, and ``faults`` say which files could not be
    read. ``config_file`` is the server's configuration file that they are
    from, which knows neither keys nor tokens; empty where they are from documents.
    """

    claims: Mapping[str, Claims[Account]]
    users: Mapping[str, tuple[Claims[User], ...]]
    now: int
    stored: bool = True
    ledgers: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    config_file: str = ""


def share_name(key: Key) -> str:
    stream, consumer = key
    return f"{stream}/{consumer}" if consumer else stream


def prefix_of(take: Take) -> str:
    """The prefix under which an API import stands; empty where it is not of that form."""
    head, found, rest = take.local.partition(f".{take.piece.tail}")
    return head if found and not rest and take.piece.tail else ""


@record
class Exports:
    """All that an account exports, to be looked up by what is imported of it."""

    exact: Mapping[tuple[str, str], Offer]
    wild: tuple[Offer, ...]
    shares: Mapping[Key, Offered]

    def of(self, item: Import) -> Offer | None:
        found = self.exact.get((item.type, item.subject))
        return found or next((offer for offer in self.wild if covers(offer, item)), None)


def exports_of(provider: Claims[Account]) -> Exports:
    offers = offers_of(provider)
    return Exports(
        exact={(offer.export.type, offer.export.subject): offer for offer in offers},
        wild=tuple(offer for offer in offers if subjects.has_wildcards(offer.export.subject)),
        shares={share.key: share for share in offered_shares(provider)},
    )


def offers_of(provider: Claims[Account]) -> list[Offer]:
    exports = provider.nats.exports
    counts = Counter(export.subject for export in exports)
    imports = (item for item in provider.nats.imports if item.type == "service")
    held = {  # the provider's subject by the local one, as `as_meant` says
        i.local_subject or i.subject: i.subject if i.local_subject else i.to or i.subject
        for i in imports
    }
    return [
        Offer(
            index=index,
            export=export,
            piece=piece_of(held.get(export.subject, export.subject)),
            twin=counts[export.subject] > 1,
            passed_on=export.subject in held,
        )
        for index, export in enumerate(exports)
    ]


def offered_shares(provider: Claims[Account]) -> tuple[Offered, ...]:
    offers = offers_of(provider)
    streams = tuple(o for o in offers if o.export.type == "stream" and not _is_piece(o.piece))
    broad = tuple(o for o in offers if o.export.type == "service" and _is_broad(o.piece))
    return tuple(
        Offered(
            provider=provider,
            key=key,
            kind=_kind(key, group, streams=bool(streams)),
            offers=tuple(group),
            streams=streams,
            broad=broad,
        )
        for key, group in _grouped(offers)
    )


def taken_shares(
    importer: Claims[Account], accounts: Accounts, exports: Mapping[str, Exports]
) -> tuple[Taken, ...]:
    """``exports`` are those of every account, by its public key."""
    by_provider: dict[str, list[Take]] = {}
    for index, written in enumerate(importer.nats.imports):
        item = as_meant(written)
        offer = exports[item.account].of(item) if item.account in exports else None
        same = offer is not None and offer.export.subject == item.subject
        by_provider.setdefault(item.account, []).append(
            Take(
                index=index,
                item=item,
                piece=offer.piece if offer and same else piece_of(item.subject),
                local=item.local_subject,
                activation=_activation(item.token),
                offer=offer,
            )
        )
    found = []
    for public, takes in by_provider.items():
        streams = tuple(t for t in takes if t.item.type == "stream" and not _is_piece(t.piece))
        named = accounts.stored and public in accounts.claims
        broad = tuple(t for t in takes if t.item.type == "service" and _is_broad(t.piece))
        held = exports[public].shares if public in exports else {}
        for key, group in _grouped(takes):
            offered = held.get(key)
            kind = _kind(key, group, streams=bool(streams))
            if kind is Kind.PUSH and offered and offered.kind is Kind.PULL:
                kind = Kind.PULL  # its NEXT is exported, and the stream is of something else
            found.append(
                Taken(
                    importer=importer,
                    provider_key=public,
                    provider=accounts.claims.get(public),
                    key=key,
                    kind=kind,
                    takes=tuple(group),
                    streams=streams,
                    offered=offered,
                    whom=importer.name if named else importer.sub,
                    end=old_end((t.activation for t in group if t.activation), accounts.now),
                    broad=broad,
                )
            )
    return tuple(found)


def covers(offer: Offer, item: Import) -> bool:
    """Whether the export is one that the import may be of."""
    return offer.export.type == item.type and subjects.is_contained(
        item.subject, by=offer.export.subject
    )


def _is_piece(piece: Piece) -> bool:
    return piece.part not in (Part.OTHER, Part.WRITE)


def as_meant(item: Import) -> Import:
    """The import with ``subject`` as the provider has it, and its local name spelt out.

    ``to``, which local_subject replaced, is the provider's subject in an import of a service
    and a prefix of the local one in an import of a stream (nats-io/jwt, Import).
    """
    if item.local_subject or not item.to:
        return replace(item, local_subject=item.local_subject or item.subject)
    if item.type == "service":
        return replace(item, subject=item.to, local_subject=item.subject, to="")
    return replace(item, local_subject=f"{item.to}.{item.subject}", to="")


def _is_broad(piece: Piece) -> bool:
    by_consumer = (Part.NEXT, Part.ACK, Part.ACK_V2, Part.INFO)
    return piece.part is Part.ADMIN or (
        piece.part in by_consumer and piece.consumer in (*ANY_NAME, "")
    )


def _grouped(held: Iterable[H]) -> Iterator[tuple[Key, list[H]]]:
    groups: dict[Key, list[H]] = {}
    for one in held:
        groups.setdefault(_key(one), []).append(one)
    # A consumer that is named only to be deleted or looked at belongs to its stream's share.
    for key in [key for key in groups if key[1]]:
        parts = {one.piece.part for one in groups[key]}
        if (key[0], "") in groups and not parts & {Part.NEXT, Part.ACK, Part.ACK_V2}:
            groups[(key[0], "")] += groups.pop(key)
    # Flow control of a whole stream serves each of its consumers.
    for key in [key for key in groups if not key[1]]:
        named = [other for other in groups if other[0] == key[0] and other[1]]
        if named and {one.piece.part for one in groups[key]} <= {Part.FC, Part.FC_V2}:
            flow = groups.pop(key)
            for other in named:
                groups[other] += flow
    yield from groups.items()


def _key(one: Offer | Take) -> Key:
    piece = one.piece
    if piece.part is Part.OTHER:
        return (one.named.subject, "")
    stream = piece.stream or REST
    return (stream, "" if piece.consumer in ANY_NAME else piece.consumer)


def _kind(key: Key, group: Sequence[Offer | Take], *, streams: bool) -> Kind:
    parts = {one.piece.part for one in group}
    stream, consumer = key
    if parts == {Part.OTHER}:
        return Kind.STREAM if group[0].named.type == "stream" else Kind.SERVICE
    if Part.ADMIN in parts or stream in ANY_NAME:
        return Kind.ADMIN
    if consumer:
        pulled = Part.NEXT in parts or not streams
        return Kind.PULL if pulled else Kind.PUSH
    if stream.startswith("KV_"):
        return Kind.KEY_VALUE
    if stream.startswith("OBJ_"):
        return Kind.OBJECTS
    if Part.CREATE in parts:
        return Kind.OWN if Part.NEXT in parts else Kind.SOURCE
    if Part.NEXT in parts or parts & {Part.ACK, Part.ACK_V2}:
        return Kind.OWN
    return Kind.GET


def _activation(token: str) -> Claims[Activation] | None:
    if not token:
        return None
    try:
        return jwt.decode(token, Activation).claims
    except JetshareError:
        return None
