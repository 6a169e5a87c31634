"""An operator with keys, whose documents the tests sign and store."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from jetshare.identity.claims import Account, Activation, Claims, Export, Operator, User
from jetshare.identity.creds import Creds
from jetshare.identity.jwt import Document, encode
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import ledger
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.ledger import NewEntry
from jetshare.store.folder import FolderStore, create_store, open_store
from jetshare.store.locate import Location

NOW = 1_800_000_000
SHARE = PullConsumer("ORDERS", "C1")


@dataclass(frozen=True)
class House:
    name: str = "OP"
    key: KeyPair = field(default_factory=lambda: KeyPair.generate(Kind.OPERATOR))

    def operator(self, body: Operator | None = None) -> Document[Operator]:
        claims = Claims(name=self.name, sub=self.key.public, nats=body or Operator())
        return encode(claims, self.key, NOW)

    def account(
        self, name: str, key: KeyPair | None = None, body: Account | None = None
    ) -> Document[Account]:
        key = key or KeyPair.generate(Kind.ACCOUNT)
        return encode(Claims(name=name, sub=key.public, nats=body or Account()), self.key, NOW)


def user(name: str, account: KeyPair, key: KeyPair | None = None) -> Document[User]:
    key = key or KeyPair.generate(Kind.USER)
    return encode(Claims(name=name, sub=key.public, nats=User()), account, NOW)


def creds(name: str, account: KeyPair) -> Creds:
    key = KeyPair.generate(Kind.USER)
    return Creds(jwt=user(name, account, key).token, key=key)


def granted(importer: str, signer: KeyPair, *, at: int = NOW) -> NewEntry:
    claims = Claims(
        name="s", sub=importer, nats=Activation(subject=SHARE.next_subject(), kind="service")
    )
    return ledger.granted(SHARE, encode(claims, signer, at).claims, at=at)


def with_export(document: Document[Account], subject: str, key: KeyPair) -> Document[Account]:
    """The account with one export more, signed by the operator's ``key``."""
    added = Export(name=subject, subject=subject, type="service", response_type="Singleton")
    claims = document.claims
    body = replace(claims.nats, exports=(*claims.nats.exports, added))
    return encode(replace(claims, nats=body), key, NOW)


def location_in(folder: Path) -> Location:
    """The folders as nsc has them with ``--all-dirs``."""
    return Location(stores=folder, keystore=folder, config=folder / "nsc.json")


def folder_store(location: Location, house: House) -> FolderStore:
    with create_store(location, house.name) as edit:
        edit.put_operator(house.operator())
    return open_store(location, house.name)


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder`` with its bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
