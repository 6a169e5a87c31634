"""Documents, keys and ledgers, read from files in nsc's layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from jetshare.errors import JetshareError, NotFound, StoreDamaged
from jetshare.identity import nkeys
from jetshare.identity.claims import Account, Body, Operator, User
from jetshare.identity.creds import Creds, parse_creds
from jetshare.identity.jwt import Document, decode
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.files import Files
from jetshare.store.layout import Layout
from jetshare.store.names import is_name, not_found

if TYPE_CHECKING:
    from jetshare.sharing.ledger import Entry

B = TypeVar("B", bound=Body)
T = TypeVar("T")

_RESTORE = "restore the file from a backup"


class Decoded:
    """What was read before, by file, for as long as the file has the same bytes.

    Reading a file is cheap and checking a signature is not; and comparing bytes misses
    no change, which comparing times would.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Path, object], tuple[bytes, object]] = {}

    def get(self, path: Path, kind: object, data: bytes, make: Callable[[bytes], T]) -> T:
        known = self._known.get((path, kind))
        if known is None or known[0] != data:
            known = data, make(data)
            self._known[path, kind] = known
        return cast("T", known[1])


class Documents:
    """The reading half of a store."""

    def __init__(self, layout: Layout, files: Files, decoded: Decoded, *, managed: bool) -> None:
        self._layout = layout
        self._files = files
        self._decoded = decoded
        self._managed = managed
        self._by_key: dict[str, str] = {}
        self._by_key_stamp: object = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._layout.folder)!r})"

    @property
    def name(self) -> str:
        return self._layout.operator

    @property
    def managed(self) -> bool:
        return self._managed

    def operator(self) -> Document[Operator]:
        document = self._document(self._layout.operator_jwt, Operator)
        if document is None:
            raise StoreDamaged(
                f"{self._layout.operator_jwt} is missing", hint="restore it from a backup"
            )
        return document

    def accounts(self) -> list[str]:
        return sorted(
            name
            for name in self._files.names(self._layout.accounts)
            if self._files.exists(self._layout.account_jwt(name))
        )

    def account(self, name_or_key: str) -> Document[Account]:
        document = self._account_by_name(name_or_key)
        if document is None and nkeys.is_public(name_or_key, Kind.ACCOUNT):
            document = self._account_by_key(name_or_key)
        if document is None:
            raise self._no_account(name_or_key)
        return document

    def users(self, account: str) -> list[str]:
        folder = self._layout.users(self._account_name(account))
        names = (name for name in self._files.names(folder) if name.endswith(".jwt"))
        return sorted(name.removesuffix(".jwt") for name in names)

    def user(self, account: str, name: str) -> Document[User]:
        owner = self._account_name(account)
        path = self._layout.user_jwt(owner, name)
        document = self._document(path, User) if is_name(name) else None
        if document is None:
            raise self._no_user(owner, name)
        if document.claims.name != name:
            raise _misplaced(path, document.claims.name)
        return document

    def creds(self, account: str, user: str) -> Creds | None:
        owner = self._account_name(account)
        if not is_name(user):
            return None
        path = self._layout.creds(owner, user)
        data = self._files.read(path)
        return None if data is None else self._decoded.get(path, Creds, data, _creds_of(path))

    def key(self, public: str) -> KeyPair | None:
        nkeys.parse_public(public)
        path = self._layout.key(public)
        data = self._files.read(path)
        return None if data is None else _key_of(path, public, data)

    def keys(self) -> list[str]:
        root = self._layout.keys
        files = (
            name
            for kind in self._files.names(root)
            for shard in self._files.names(root / kind)
            for name in self._files.names(root / kind / shard)
            if name.endswith(".nk")
        )
        found = (name.removesuffix(".nk") for name in files)
        return sorted(public for public in found if nkeys.is_public(public))

    def ledger(self, account: str) -> tuple[Entry, ...]:
        from jetshare.sharing import ledger  # what shares are is not needed for a document

        public = self.account(account).claims.sub
        path = self._layout.ledger(public)
        data = self._files.read(path)
        if data is None:
            return ()
        return self._decoded.get(
            path,
            ledger.Entry,
            data,
            lambda data: ledger.decode(data, account=public, where=str(path)),
        )

    def _account_name(self, name_or_key: str) -> str:
        if is_name(name_or_key) and self._files.exists(self._layout.account_jwt(name_or_key)):
            return name_or_key
        return self.account(name_or_key).claims.name

    def _account_by_name(self, name: str) -> Document[Account] | None:
        if not is_name(name):
            return None
        path = self._layout.account_jwt(name)
        document = self._document(path, Account)
        if document is None or document.claims.name == name:
            return document
        if document.claims.name.casefold() == name.casefold():
            return None  # the file system took another case for the same
        raise _misplaced(path, document.claims.name)

    def _account_by_key(self, public: str) -> Document[Account] | None:
        """Look in the index first; read every account only when names came or went."""
        known = self._by_key.get(public)
        document = self._account_by_name(known) if known else None
        if document is not None and document.claims.sub == public:
            return document
        stamp = self._files.stamp(self._layout.accounts)
        if stamp is not None and stamp == self._by_key_stamp:
            return None
        self._by_key, damage = {}, None
        for name in self.accounts():
            try:
                self._by_key[self.account(name).claims.sub] = name
            except StoreDamaged as error:
                damage = error  # one bad file must not hide the other accounts
        known = self._by_key.get(public)
        if known is None and damage is not None:
            raise damage  # the account may be in that very file
        self._by_key_stamp = None if damage else stamp
        return self._account_by_name(known) if known else None

    def _no_account(self, name: str) -> JetshareError:
        known = self.accounts()
        folders = self._files.names(self._layout.accounts)
        if name in folders and name not in known:
            return StoreDamaged(
                f"{self._layout.account_jwt(name)} is missing, so account {name} is half there",
                hint="restore the file from a backup, or remove the folder",
            )
        return not_found("account", name, known, where=f"operator {self.name}")

    def _no_user(self, account: str, name: str) -> NotFound:
        return not_found("user", name, self.users(account), where=f"account {account}")

    def _document(self, path: Path, kind: type[B]) -> Document[B] | None:
        data = self._files.read(path)
        return None if data is None else self._decoded.get(path, kind, data, _token_of(path, kind))


def _token_of(path: Path, kind: type[B]) -> Callable[[bytes], Document[B]]:
    def make(data: bytes) -> Document[B]:
        try:
            return decode(data.decode("ascii", "replace").strip(), kind)
        except JetshareError as error:
            raise StoreDamaged(f"{path}: {error}", hint=_RESTORE) from None

    return make


def _creds_of(path: Path) -> Callable[[bytes], Creds]:
    def make(data: bytes) -> Creds:
        try:
            return parse_creds(data.decode("utf-8", "replace"))
        except JetshareError as error:
            raise StoreDamaged(f"{path}: {error}", hint=_RESTORE) from None

    return make


def _key_of(path: Path, public: str, data: bytes) -> KeyPair:
    try:
        pair = KeyPair.from_seed(data.decode("ascii", "replace"))
    except JetshareError:
        # What is wrong with it is not told: it may quote a seed.
        raise StoreDamaged(f"{path} holds no seed", hint=_RESTORE) from None
    if pair.public != public:
        raise StoreDamaged(f"{path} holds the key of {pair.public}", hint=_RESTORE)
    return pair


def _misplaced(path: Path, name: str) -> StoreDamaged:
    return StoreDamaged(
        f'{path} holds the document of "{name}"',
        hint="the name of the file and the name inside must be the same; rename the file",
    )
