"""Many accounts that share with one another, each share right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jetshare.identity import jwt
from jetshare.identity.claims import Account, Claims, Export, Import, Operator
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.kinds import PullConsumer
from jetshare.store.folder import create_store
from jetshare.store.locate import Location
from support.shares import JETSTREAM, activation

NOW = 1_800_000_000
_APART = 7  # whose share an account imports


def write_store(folder: Path, count: int) -> None:
    """A store in ``folder`` with ``count`` accounts and twice as many imports."""
    operator = KeyPair.generate(Kind.OPERATOR)
    location = Location(stores=folder, keystore=folder, config=folder / "nsc.json")
    own = jwt.encode(Claims(name="OP", sub=operator.public, nats=Operator()), operator, NOW)
    with create_store(location, "OP") as edit:
        edit.put_operator(own)
        for document in documents(count, operator):
            edit.put_account(document)


def documents(count: int, operator: KeyPair) -> Iterator[Document[Account]]:
    for claims in accounts(count):
        yield jwt.encode(claims, operator, NOW)


def accounts(count: int) -> Iterator[Claims[Account]]:
    """Accounts, each of which offers a consumer; every second one imports one, four subjects."""
    keys = [KeyPair.generate(Kind.ACCOUNT) for _ in range(count)]
    for number, key in enumerate(keys):
        exports = _exports(number, key.public)
        provider = (number + _APART) % count
        imports = _imports(provider, keys[provider], key.public) if number % 2 else ()
        yield Claims(
            name=f"A{number:05}",
            sub=key.public,
            nats=Account(exports=tuple(exports), imports=tuple(imports), limits=JETSTREAM),
        )


def _exports(number: int, public: str) -> Iterator[Export]:
    for subject in PullConsumer(f"S{number}", "C").subjects(public):
        yield Export(
            name=subject.subject,
            subject=subject.subject,
            type="service",
            token_req=True,
            response_type=subject.response_type,
        )


def _imports(number: int, key: KeyPair, importer: str) -> Iterator[Import]:
    for subject in PullConsumer(f"S{number}", "C").subjects(key.public):
        yield Import(
            name=subject.subject,
            subject=subject.subject,
            account=key.public,
            token=activation(key, importer, subject.subject, NOW, provider=key.public),
            local_subject=subject.local(f"A{number:05}.API"),
            type="service",
        )
