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
from support.shares import activation

NOW = 1_800_000_000
_APART = (1, 7)  # whose shares an account imports: the next one's and the seventh's


def write_store(folder: Path, count: int) -> None:
    """A store in ``folder`` with ``count`` accounts and an import share for each of ``_APART``."""
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
    """Accounts, each of which offers two consumers and imports two."""
    keys = [KeyPair.generate(Kind.ACCOUNT) for _ in range(count)]
    for number, key in enumerate(keys):
        exports = [e for which in range(len(_APART)) for e in _exports(number, which, key.public)]
        imports = [
            item
            for which, apart in enumerate(_APART)
            for item in _imports((number + apart) % count, which, keys, key.public)
        ]
        yield Claims(
            name=f"A{number:05}",
            sub=key.public,
            nats=Account(exports=tuple(exports), imports=tuple(imports)),
        )


def _share(number: int, which: int) -> PullConsumer:
    return PullConsumer(f"S{number}", f"C{which}")


def _exports(number: int, which: int, public: str) -> Iterator[Export]:
    for subject in _share(number, which).subjects(public):
        yield Export(
            name=subject.subject,
            subject=subject.subject,
            type="service",
            token_req=True,
            response_type=subject.response_type,
        )


def _imports(provider: int, which: int, keys: list[KeyPair], importer: str) -> Iterator[Import]:
    key = keys[provider]
    for subject in _share(provider, which).subjects(key.public):
        yield Import(
            name=subject.subject,
            subject=subject.subject,
            account=key.public,
            token=activation(key, importer, subject.subject, NOW, provider=key.public),
            local_subject=subject.local(f"A{provider:05}.API"),
            type="service",
        )
