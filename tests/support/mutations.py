"""A right share with one thing changed: every field, by itself and two at a time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import combinations
from typing import Any

from jetshare.identity.claims import Permission, Permissions
from jetshare.sharing.kinds import Role
from support.more_mutations import crossings, public_mutations, two_share_mutations
from support.shares import OTHER, Pair, Spoil

_PAIRS = 110

Mutation = tuple[str, Spoil]


def mutations() -> list[Mutation]:
    """All single ones, and some of two together; always the same."""
    single = list(_single())
    several = [
        (f"{one}; {other}", _both(first, second))
        for (one, first), (other, second) in combinations(single, 2)
        if one.split()[:2] != other.split()[:2]
    ]
    chosen = random.Random(1).sample(several, _PAIRS)
    return [*single, *chosen, *crossings(), *public_mutations(), *two_share_mutations()]


def _both(first: Spoil, second: Spoil) -> Spoil:
    def spoil(pair: Pair) -> None:
        for one in (first, second):
            # The first may have taken away what the second would have changed.
            with suppress(StopIteration):
                one(pair)

    return spoil


def _single() -> Iterator[Mutation]:
    for role in Role:
        yield from _exports(role)
        yield from _imports(role)
        yield from _tokens(role)
        yield from _both_sides(role)
    yield from _accounts()


def _exports(role: Role) -> Iterator[Mutation]:
    def change(**words: object) -> Spoil:
        return lambda pair: pair.change_export(role, **words)

    what = f"{role} export"
    yield f"{what} dropped", lambda pair: pair.drop_export(role)
    for kind in ("", "Singleton", "Stream", "Chunked"):
        yield f"{what} response type {kind or 'empty'}", change(response_type=kind)
    yield f"{what} public", change(token_req=False)
    yield f"{what} of type stream", change(type="stream", response_type="")
    yield f"{what} threshold 1 ms", change(response_threshold=1_000_000)
    yield f"{what} threshold 10 s", change(response_threshold=10_000_000_000)
    yield f"{what} token position 3", change(account_token_position=3)
    yield f"{what} advertised", change(advertise=True)
    yield f"{what} described", change(description="what it is")
    yield f"{what} allows traces", change(allow_trace=True)

    def revoke(who: str, after: int) -> Spoil:
        return lambda p: p.revoke(
            role, at=p.now + after, who=p.importer.sub if who == "me" else who
        )

    yield f"{what} revoked", revoke("me", 1)
    yield f"{what} revoked for all", revoke("*", 1)
    yield f"{what} revoked long ago", revoke("me", -1000)
    yield f"{what} revoked for another", revoke(OTHER.public, 1)

    def rename(how: str) -> Spoil:
        def spoil(pair: Pair) -> None:
            subject = pair.provider.nats.exports[pair.export(role)].subject
            pair.change_export(role, subject=_renamed(subject, how, pair))

        return spoil

    for how in ("stream", "consumer", "case", "wild"):
        yield f"{what} subject: {how}", rename(how)


def _imports(role: Role) -> Iterator[Mutation]:
    what = f"{role} import"

    def local(how: str) -> Spoil:
        def spoil(pair: Pair) -> None:
            item = pair.importer.nats.imports[pair.import_(role)]
            changed = {
                "itself": item.subject,
                "another prefix": f"OTHER.{item.local_subject.lstrip('$')}",
                "shortened": ".".join(item.local_subject.split(".")[1:]),
                "case": item.local_subject.replace("ACCTC", "acctc").replace("ACK", "ack"),
            }
            pair.change_import(role, local_subject=changed[how])

        return spoil

    def subject(how: str, *, token: bool) -> Spoil:
        def spoil(pair: Pair) -> None:
            held = pair.importer.nats.imports[pair.import_(role)].subject
            pair.change_import(role, subject=_renamed(held, how, pair))
            if token:
                pair.change_token(role)

        return spoil

    def as_to(pair: Pair) -> None:
        item = pair.importer.nats.imports[pair.import_(role)]
        pair.change_import(role, to=item.local_subject, local_subject="")

    yield f"{what} dropped", lambda pair: pair.drop_import(role)
    for how in ("itself", "another prefix", "shortened", "case"):
        yield f"{what} local name: {how}", local(how)
    for how in ("stream", "consumer", "case"):
        yield f"{what} subject: {how}", subject(how, token=False)
        yield f"{what} subject and token: {how}", subject(how, token=True)
    yield f"{what} by the old field", as_to
    yield f"{what} of type stream", lambda pair: pair.change_import(role, type="stream")
    yield f"{what} shows who asks", lambda pair: pair.change_import(role, share=True)
    yield f"{what} from another", lambda pair: pair.change_import(role, account=OTHER.public)


def _tokens(role: Role) -> Iterator[Mutation]:
    what = f"{role} token"

    def change(**words: object) -> Spoil:
        return lambda pair: pair.change_token(role, **words)

    def moment(field: str, after: int) -> Spoil:
        return lambda pair: pair.change_token(role, **{field: pair.now + after})

    yield f"{what} dropped", lambda pair: pair.change_import(role, token="")
    yield f"{what} garbled", lambda pair: pair.change_import(role, token="x.y.z")
    yield f"{what} expired", moment("exp", -10)
    yield f"{what} expires later", moment("exp", 3600)
    yield f"{what} not valid yet", moment("nbf", 3600)
    yield f"{what} valid since", moment("nbf", -3600)
    yield f"{what} of a stranger's key", change(key=OTHER)
    yield f"{what} made out to another", change(sub=OTHER.public)
    yield f"{what} of another subject", change(subject="orders.new")
    yield f"{what} of a wider subject", change(subject="$JS.>")
    yield f"{what} of the other type", change(kind="stream")


def _both_sides(role: Role) -> Iterator[Mutation]:
    def public(pair: Pair) -> None:
        pair.change_export(role, token_req=False)
        pair.change_import(role, token="")

    yield f"{role} on both sides dropped", lambda pair: pair.drop(role)
    yield f"{role} on both sides public", public


def _accounts() -> Iterator[Mutation]:
    def provider(**limits: Any) -> Spoil:
        def spoil(pair: Pair) -> None:
            changed = replace(pair.provider.nats.limits, **limits)
            pair.provider = pair.provider.with_nats(limits=changed)

        return spoil

    def importer(**limits: Any) -> Spoil:
        def spoil(pair: Pair) -> None:
            changed = replace(pair.importer.nats.limits, **limits)
            pair.importer = pair.importer.with_nats(limits=changed)

        return spoil

    def revoked(pair: Pair) -> None:
        pair.revoke(*Role, at=pair.now + 1)

    def permissions(**words: Any) -> Spoil:
        def spoil(pair: Pair) -> None:
            default = Permissions(**words)
            pair.importer = pair.importer.with_nats(default_permissions=default)

        return spoil

    yield "provider without JetStream", provider(mem_storage=0, disk_storage=0)
    yield "provider allows 2 exports", provider(exports=2)
    yield "provider allows 9 exports", provider(exports=9)
    yield "provider allows no wildcards", provider(exports=9, wildcards=False)
    yield "importer without JetStream", importer(mem_storage=0, disk_storage=0)
    yield "importer allows 2 imports", importer(imports=2)
    yield "importer allows 9 imports", importer(imports=9)
    yield "everything revoked", revoked
    yield "importer may not publish", permissions(pub=Permission(deny=("$JS.ACK.>",)))
    yield "importer may not hear", permissions(sub=Permission(allow=("orders.>",)))


def _renamed(subject: str, how: str, pair: Pair) -> str:
    share = pair.share
    if how == "stream":
        return subject.replace(f".{share.stream}.", ".OTHER.", 1)
    if how == "consumer":
        return subject.replace(share.consumer, "OTHER")
    if how == "case":
        return subject.replace(share.consumer, share.consumer.lower())
    return subject.replace(share.consumer, "*")
