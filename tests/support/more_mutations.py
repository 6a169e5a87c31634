"""Right shares of two more forms with one thing changed, a public one and one of two; and what
else of the two accounts crosses a share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from jetshare.identity.claims import WeightedMapping
from jetshare.sharing import edit
from jetshare.sharing.kinds import PullConsumer, Role
from support.shares import PREFIX, Pair, Spoil

SECOND = PullConsumer("ORDERS", "ORDERS-C2")


def crossings() -> Iterator[tuple[str, Spoil]]:
    """Mappings, limits and times of the accounts, and what they share beside it."""
    next_, ack = "$JS.API.CONSUMER.MSG.NEXT.ORDERS.ORDERS-C1", "$JS.ACK.ORDERS.ORDERS-C1.>"
    for subject in (next_, ack, "$JS.API.>"):
        yield f"provider maps {subject} away", mapped("provider", subject)
    for subject in (f"{PREFIX}.>", f"{PREFIX}{next_[7:]}", ack, "_INBOX.>", "orders.>"):
        yield f"importer maps {subject} away", mapped("importer", subject)
    for limits in ({"conn": 0}, {"subs": 0}, {"subs": 1}, {"subs": 2}, {"payload": 10}):
        yield f"importer limits {limits}", _limited(**limits)
    for side in SIDES:
        yield f"{side} expired", _dated(side, exp=-5)
        yield f"{side} not valid yet", _dated(side, nbf=3600)
    yield "a plain stream beside", stream_beside
    yield "a plain stream beside, NEXT import dropped", _beside(_drop_import(Role.NEXT))
    yield "a plain stream beside, NEXT export dropped", _beside(_drop_export(Role.NEXT))
    yield "ACK of all consumers", _wide_ack
    yield "imported under a second prefix too", _second_prefix


Side = Literal["provider", "importer"]
SIDES: tuple[Side, ...] = ("provider", "importer")


def mapped(side: Side, subject: str) -> Spoil:
    """An account's mapping of a subject to where nobody listens."""

    def spoil(pair: Pair) -> None:
        away = "nowhere.>" if subject.endswith(">") else "nowhere"
        mappings = {subject: (WeightedMapping(subject=away, weight=100),)}
        setattr(pair, side, getattr(pair, side).with_nats(mappings=mappings))

    return spoil


def _limited(**limits: int) -> Spoil:
    def spoil(pair: Pair) -> None:
        changed: dict[str, Any] = dict(limits)
        held = replace(pair.importer.nats.limits, **changed)
        pair.importer = pair.importer.with_nats(limits=held)

    return spoil


def _dated(side: Side, **after: int) -> Spoil:
    def spoil(pair: Pair) -> None:
        times: dict[str, Any] = {name: pair.now + seconds for name, seconds in after.items()}
        setattr(pair, side, replace(getattr(pair, side), **times))

    return spoil


def stream_beside(pair: Pair) -> None:
    """A plain stream that the accounts share too."""
    pair.add_export(name="prices", subject="prices.>", type="stream")
    pair.add_import(name="prices", subject="prices.>", type="stream")


def _beside(spoil: Spoil) -> Spoil:
    def both(pair: Pair) -> None:
        stream_beside(pair)
        spoil(pair)

    return both


def _wide_ack(pair: Pair) -> None:
    subject = "$JS.ACK.ORDERS.>"
    pair.change_export(Role.ACK, subject=subject)
    pair.change_import(Role.ACK, subject=subject, local_subject=subject)
    pair.change_token(Role.ACK)


def _second_prefix(pair: Pair) -> None:
    for role in (Role.NEXT, Role.INFO):
        held = pair.importer.nats.imports[pair.import_(role)]
        local = held.local_subject.replace(PREFIX, "SECOND.API")
        added = replace(held, name="again", local_subject=local)
        pair.importer = pair.importer.with_nats(imports=(*pair.importer.nats.imports, added))


def public_mutations() -> Iterator[tuple[str, Spoil]]:
    """Of a share that asks for no tokens."""

    def change_export(role: Role, **words: object) -> Spoil:
        return lambda pair: pair.change_export(role, **words)

    def change_import(role: Role, **words: object) -> Spoil:
        return lambda pair: pair.change_import(role, **words)

    def lower(role: Role) -> Spoil:
        return lambda p: p.change_import(
            role, local_subject=p.importer.nats.imports[p.import_(role)].local_subject.lower()
        )

    def as_itself(role: Role) -> Spoil:
        return lambda p: p.change_import(role, local_subject="")

    def drop_export(role: Role) -> Spoil:
        return lambda pair: pair.drop_export(role)

    def drop_import(role: Role) -> Spoil:
        return lambda pair: pair.drop_import(role)

    def drop(role: Role) -> Spoil:
        return lambda pair: pair.drop(role)

    def revoke(role: Role) -> Spoil:
        return lambda pair: pair.revoke(role, at=pair.now + 1)

    yield "public: unchanged", public
    for role in Role:
        for name, spoil in (
            ("export dropped", drop_export(role)),
            ("import dropped", drop_import(role)),
            ("dropped on both sides", drop(role)),
            ("export private", change_export(role, token_req=True)),
            ("export response type Singleton", change_export(role, response_type="Singleton")),
            ("export response type Chunked", change_export(role, response_type="Chunked")),
            ("export of type stream", change_export(role, type="stream", response_type="")),
            ("export token position 3", change_export(role, account_token_position=3)),
            ("export revoked", revoke(role)),
            ("import of type stream", change_import(role, type="stream")),
            ("import under its own name", as_itself(role)),
            ("import in lower case", lower(role)),
            ("import shows who asks", change_import(role, share=True)),
        ):
            yield f"public: {role} {name}", _of_public(spoil)


def public(pair: Pair) -> None:
    for role in Role:
        pair.change_export(role, token_req=False)
        pair.change_import(role, token="")


def _of_public(spoil: Spoil) -> Spoil:
    def both(pair: Pair) -> None:
        public(pair)
        spoil(pair)

    return both


def two_share_mutations() -> Iterator[tuple[str, Spoil]]:
    """Of two shares between the same accounts, under one prefix."""

    def swapped(role: Role, *fields: str) -> Spoil:
        """Give each of the two what the other has there."""

        def spoil(pair: Pair) -> None:
            add_second(pair)
            first, second = pair.import_(role), _second(pair, role)
            held = list(pair.importer.nats.imports)
            one, other = held[first], held[second]
            held[first] = replace(one, **{name: getattr(other, name) for name in fields})
            held[second] = replace(other, **{name: getattr(one, name) for name in fields})
            pair.importer = pair.importer.with_nats(imports=tuple(held))

        return spoil

    def twice(role: Role) -> Spoil:
        """The second is imported under the first's local name."""

        def spoil(pair: Pair) -> None:
            add_second(pair)
            held = list(pair.importer.nats.imports)
            local = held[pair.import_(role)].local_subject
            index = _second(pair, role)
            held[index] = replace(held[index], local_subject=local)
            pair.importer = pair.importer.with_nats(imports=tuple(held))

        return spoil

    def wide(role: Role) -> Spoil:
        """One export for both."""

        def spoil(pair: Pair) -> None:
            add_second(pair)
            index = pair.export(role)
            subject = pair.provider.nats.exports[index].subject
            both = subject.replace(pair.share.consumer, "*")
            second = subject.replace(pair.share.consumer, SECOND.consumer)
            kept = tuple(e for e in pair.provider.nats.exports if e.subject != second)
            pair.provider = pair.provider.with_nats(exports=kept)
            pair.change_export(role, subject=both)

        return spoil

    def beside(spoil: Spoil) -> Spoil:
        def both(pair: Pair) -> None:
            add_second(pair)
            spoil(pair)

        return both

    yield "two: unchanged", add_second
    yield "two: the first revoked", beside(lambda p: p.revoke(*Role, at=p.now + 1))
    for role in Role:
        yield f"two: {role} tokens swapped", swapped(role, "token")
        yield f"two: {role} local names swapped", swapped(role, "local_subject")
        yield f"two: {role} subjects swapped", swapped(role, "subject", "token")
        yield f"two: {role} under one local name", twice(role)
        yield f"two: {role} by one export", wide(role)
        yield f"two: {role} of the first not exported", beside(_drop_export(role))
        yield f"two: {role} of the first not imported", beside(_drop_import(role))


def add_second(pair: Pair) -> None:
    """The same accounts share a second consumer of the stream."""
    pair.provider = edit.offer(pair.provider, SECOND, public=False, info=True)
    for subject in SECOND.subjects(pair.provider.sub):
        token = pair.token(Role.NEXT, subject=subject.subject)
        pair.add_import(
            name=f"{SECOND} {subject.role}",
            subject=subject.subject,
            local_subject=subject.local(PREFIX),
            token=token,
        )


def _second(pair: Pair, role: Role) -> int:
    wanted = next(s.subject for s in SECOND.subjects(pair.provider.sub) if s.role is role)
    subjects = [item.subject for item in pair.importer.nats.imports]
    return subjects.index(wanted)


def _drop_export(role: Role) -> Spoil:
    return lambda pair: pair.drop_export(role)


def _drop_import(role: Role) -> Spoil:
    return lambda pair: pair.drop_import(role)
