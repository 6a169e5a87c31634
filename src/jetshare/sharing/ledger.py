"""The ledger: what an account granted, renewed and revoked, as a chain of entries.

An entry is made for every activation token and for every revocation. Each carries
the hash of the one before it, so that none can be changed, taken out or moved
without every later hash being wrong; the first is chained to the account's public
key, so a ledger is of no use to another account. The file begins with a line that
says how many entries there are and what the last hash is, which is how a ledger that
was cut short between two lines is found out:

    {"entries":2,"head":"…","ledger":"jetshare","version":1}
    {"activation":"…","at":…,…,"hash":"…","previous":"…"}
    {"activation":"…","at":…,…,"hash":"…","previous":"…"}

The chain finds accidents and careless edits. It carries no signature: who may write
the file can also write a whole new one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from jetshare.editing.revocations import EVERYONE
from jetshare.errors import StoreDamaged, StoreTooNew
from jetshare.identity.claims import Activation, Claims
from jetshare.sharing.kinds import PullConsumer

VERSION = 1

_HINT = "restore the file from a backup; what is in it is no longer the record it was"


class Event(StrEnum):
    GRANTED = "granted"
    RENEWED = "renewed"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """What happened, not yet in a chain. Times are Unix seconds.

    ``activation`` is the token's ``jti``; it and ``subject`` are empty where an importer
    was revoked of which no activation is on record. ``expires`` is 0 for never.
    """

    kind: Event
    at: int
    stream: str
    consumer: str
    activation: str
    subject: str
    importer: str
    issuer: str
    issued: int
    expires: int

    @property
    def share(self) -> PullConsumer:
        return PullConsumer(self.stream, self.consumer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(NewEntry):
    """An entry in its place in the chain. Both hashes are SHA-256 in hex."""

    previous: str
    hash: str


_SAID = tuple(field.name for field in fields(NewEntry))
_WRITTEN = tuple(field.name for field in fields(Entry))
_TIMES = frozenset({"at", "issued", "expires"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One importer's grant of one share, as the ledger has it.

    ``since`` is when it began (a renewal does not begin it anew), ``issued`` and
    ``expires`` are those of the latest tokens, ``revoked`` is 0 while it was not.
    """

    share: PullConsumer
    importer: str
    since: int
    issued: int
    expires: int
    revoked: int
    activations: tuple[str, ...]


def granted(
    share: PullConsumer, activation: Claims[Activation], *, at: int, renewed: bool = False
) -> NewEntry:
    """The entry for a token that was signed for an importer."""
    return NewEntry(
        kind=Event.RENEWED if renewed else Event.GRANTED,
        at=at,
        stream=share.stream,
        consumer=share.consumer,
        activation=activation.jti,
        subject=activation.nats.subject,
        importer=activation.sub,
        issuer=activation.iss,
        issued=activation.iat,
        expires=activation.exp,
    )


def revoked(
    entries: Iterable[Entry], share: PullConsumer, importer: str, *, at: int
) -> list[NewEntry]:
    """The entries that say that ``importer`` (or everyone, ``*``) lost the share at ``at``.

    One for each activation that was not revoked before; where there is none on record,
    because the grant was made by other means, one for the importer.
    """
    found = [e for e in unrevoked(entries, share) if importer in (EVERYONE, e.importer)]
    if not found:
        return [
            NewEntry(
                kind=Event.REVOKED,
                at=at,
                stream=share.stream,
                consumer=share.consumer,
                activation="",
                subject="",
                importer=importer,
                issuer="",
                issued=0,
                expires=0,
            )
        ]
    return [
        NewEntry(
            kind=Event.REVOKED,
            at=at,
            stream=entry.stream,
            consumer=entry.consumer,
            activation=entry.activation,
            subject=entry.subject,
            importer=entry.importer,
            issuer=entry.issuer,
            issued=entry.issued,
            expires=entry.expires,
        )
        for entry in found
    ]


def unrevoked(entries: Iterable[Entry], share: PullConsumer) -> tuple[Entry, ...]:
    """The entries of the activations that were never revoked, in time or not."""
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.share != share:
            continue
        if entry.kind is Event.REVOKED:
            found.pop(entry.activation, None)
        else:
            found[entry.activation] = entry
    return tuple(found.values())


def grants(entries: Iterable[Entry], share: PullConsumer) -> tuple[Grant, ...]:
    """Every importer that ever held the share, in order of its first grant."""
    by_importer: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.share != share:
            continue
        if entry.kind is Event.REVOKED and entry.importer == EVERYONE:
            for history in by_importer.values():
                history.append(entry)
        elif entry.kind is not Event.REVOKED or entry.importer in by_importer:
            by_importer.setdefault(entry.importer, []).append(entry)
    return tuple(_grant(share, importer, history) for importer, history in by_importer.items())


def active(entries: Iterable[Entry], share: PullConsumer) -> dict[str, Grant]:
    """The grants that were not revoked, by importer; whether they expired is not asked."""
    return {grant.importer: grant for grant in grants(entries, share) if not grant.revoked}


def _grant(share: PullConsumer, importer: str, history: Sequence[Entry]) -> Grant:
    """Fold one importer's entries, the first of which grants."""
    since = issued = expires = ended = 0
    held: dict[str, None] = {}
    for entry in history:
        if entry.kind is Event.REVOKED:
            ended = entry.at
            continue
        if ended or not held:
            since, held = entry.issued, {}
        ended = 0
        issued = max(issued, entry.issued)
        expires = entry.expires
        held[entry.activation] = None
    return Grant(
        share=share,
        importer=importer,
        since=since,
        issued=issued,
        expires=expires,
        revoked=ended,
        activations=tuple(held),
    )


def append(
    entries: Sequence[Entry], added: Iterable[NewEntry], *, account: str
) -> tuple[Entry, ...]:
    """``entries`` of ``account`` (its public key) with ``added`` chained to their end."""
    chain = list(entries)
    previous = chain[-1].hash if chain else _genesis(account)
    for new in added:
        said = {name: getattr(new, name) for name in _SAID}
        entry = Entry(**said, previous=previous, hash=_hash(previous, said))
        chain.append(entry)
        previous = entry.hash
    return tuple(chain)


def encode(entries: Sequence[Entry], *, account: str) -> bytes:
    """The file of a ledger. The same entries always give the same bytes."""
    head = {
        "entries": len(entries),
        "head": entries[-1].hash if entries else _genesis(account),
        "ledger": "jetshare",
        "version": VERSION,
    }
    lines = ({name: getattr(entry, name) for name in _WRITTEN} for entry in entries)
    return b"".join(_canonical(each) + b"\n" for each in (head, *lines))


def decode(data: bytes, *, account: str, where: str) -> tuple[Entry, ...]:
    """The entries in the file of ``account``'s ledger, each one checked.

    Raises StoreDamaged with the number of the line that is wrong, and StoreTooNew for a
    version that is not known. Half a line after the counted ones is left out: nobody
    was ever told that it was stored.
    """
    *lines, torn = data.split(b"\n")
    if not lines:
        raise StoreDamaged(f"{where} line 1: the ledger's first line is cut short", hint=_HINT)
    head = _object(lines[0], where, 1)
    _check_version(head, where)
    count = head.get("entries")
    if _canonical(head) != lines[0] or type(count) is not int or count < 0:
        raise StoreDamaged(f"{where} line 1: the ledger's first line was changed", hint=_HINT)
    if len(lines) - 1 < count:
        missing = count - (len(lines) - 1)
        raise StoreDamaged(
            f"{where} line {len(lines) + (1 if torn else 0)}:"
            f" the last {missing} of {count} entries {'is' if missing == 1 else 'are'} missing",
            hint=_HINT,
        )
    if len(lines) - 1 > count:
        raise StoreDamaged(
            f"{where} line {count + 2}: there are more than the {count} entries that were recorded",
            hint=_HINT,
        )
    entries = []
    previous = _genesis(account)
    for number, line in enumerate(lines[1:], 2):
        entry = _entry(line, previous, where, number)
        entries.append(entry)
        previous = entry.hash
    if head.get("head") != previous:
        raise StoreDamaged(
            f"{where} line {len(lines)}: the last entry is not the one that was recorded last",
            hint=_HINT,
        )
    return tuple(entries)


def _check_version(head: Mapping[str, object], where: str) -> None:
    version = head.get("version")
    if head.get("ledger") != "jetshare" or type(version) is not int or version < 1:
        raise StoreDamaged(f"{where} line 1: this is not a ledger of jetshare", hint=_HINT)
    if version > VERSION:
        raise StoreTooNew(
            f"{where} is a ledger of version {version}, and only {VERSION} is known here",
            hint="use the newer jetshare that wrote it",
        )


def _entry(line: bytes, previous: str, where: str, number: int) -> Entry:
    found = _object(line, where, number)
    if found.get("previous") != previous:
        raise StoreDamaged(
            f"{where} line {number}: the entry does not follow the one before it", hint=_HINT
        )
    said = {name: found.get(name) for name in _SAID}
    if found.get("hash") != _hash(previous, said) or _canonical(found) != line:
        raise StoreDamaged(f"{where} line {number}: the entry was changed", hint=_HINT)
    if not _is_whole(found):
        raise StoreDamaged(f"{where} line {number}: this is no entry of a ledger", hint=_HINT)
    return Entry(**(found | {"kind": Event(found["kind"])}))


def _is_whole(found: Mapping[str, object]) -> bool:
    """Exactly the fields of an entry, of their types, and a kind that exists."""
    return (
        found.keys() == set(_WRITTEN)
        and all(type(value) is (int if name in _TIMES else str) for name, value in found.items())
        and found["kind"] in set(Event)
    )


def _object(line: bytes, where: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise StoreDamaged(f"{where} line {number}: this is no entry of a ledger", hint=_HINT)
    return found


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _hash(previous: str, said: Mapping[str, object]) -> str:
    return hashlib.sha256(previous.encode() + b"\n" + _canonical(said)).hexdigest()


def _genesis(account: str) -> str:
    return hashlib.sha256(f"jetshare ledger {VERSION} {account}".encode()).hexdigest()
