"""What a store is to the rest of the program. `folder` and `memory` keep it alike."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from jetshare.identity.claims import Account, Operator, User
from jetshare.identity.creds import Creds
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair

if TYPE_CHECKING:
    from jetshare.sharing.ledger import Entry, NewEntry


class Store(Protocol):
    """The documents and keys of one operator.

    Where an account is asked for, its name and its public key are equally good. Every
    method raises StoreDamaged, naming the file, for a file that cannot be what it should.
    """

    @property
    def name(self) -> str:
        """The operator's name, as the store has it."""

    @property
    def managed(self) -> bool:
        """Whether the operator's keys are elsewhere, so that accounts sign themselves."""

    def operator(self) -> Document[Operator]: ...

    def accounts(self) -> list[str]:
        """Names, sorted."""

    def account(self, name_or_key: str) -> Document[Account]:
        """Raises NotFound, which names the nearest account there is."""

    def users(self, account: str) -> list[str]:
        """Names, sorted."""

    def user(self, account: str, name: str) -> Document[User]: ...

    def creds(self, account: str, user: str) -> Creds | None:
        """What a user logs in with, where the store holds it."""

    def key(self, public: str) -> KeyPair | None:
        """The key whose public half is ``public``, where the keystore holds it."""

    def keys(self) -> list[str]:
        """The public halves of all keys that are held, sorted."""

    def ledger(self, account: str) -> tuple[Entry, ...]:
        """The account's ledger, every entry checked; empty where it granted nothing yet."""

    def edit(self) -> AbstractContextManager[Edit]:
        """Hold the store's lock, read and change; a clean exit stores all changes.

        An exception discards them. Raises StoreLocked where another process keeps the
        lock, StoreReadOnly before anything is changed, and at the end StoreChanged,
        nothing stored, where a file that was read here is not what it was: nsc takes no
        lock. An edit within an edit is part of the outer one.
        """


class Edit(Store, Protocol):
    """A store being edited. What is read shows what was put."""

    def put_operator(self, document: Document[Operator]) -> None: ...

    def put_account(self, document: Document[Account]) -> None:
        """Store an account under the name in its claims. Raises InputError for a name
        that cannot be a file's, that differs from another by case only, or that another
        account (another key) has; delete that one first.
        """

    def put_user(self, account: str, document: Document[User]) -> None:
        """Store a user, which ``account`` must have signed. Raises InputError otherwise."""

    def put_key(self, pair: KeyPair) -> None: ...

    def put_creds(self, account: str, user: str, creds: Creds) -> None: ...

    def append_ledger(self, account: str, entries: Iterable[NewEntry]) -> None: ...

    def delete_account(self, account: str) -> None:
        """Remove an account with its users. Its keys, creds and ledger stay."""

    def delete_user(self, account: str, name: str) -> None:
        """Remove a user. Its key and creds stay."""

    def delete_key(self, public: str) -> None:
        """Remove a key; one that is not held is gone already."""

    def delete_creds(self, account: str, user: str) -> None:
        """Remove a user's creds; creds that are not there are gone already."""
