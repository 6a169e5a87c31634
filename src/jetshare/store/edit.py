"""The changing half of a store: what is put is staged, and read back, until a commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jetshare.errors import InputError
from jetshare.identity import nkeys
from jetshare.identity.claims import Account, Operator, User
from jetshare.identity.creds import Creds, format_creds
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair
from jetshare.store.documents import Decoded, Documents
from jetshare.store.files import Overlay
from jetshare.store.layout import Layout
from jetshare.store.names import check_free, check_name

if TYPE_CHECKING:
    from jetshare.sharing.ledger import NewEntry

# As nsc does: a keystore below a working copy is not to be committed by accident.
_GIT_IGNORE = b"# seeds\n**/*.nk\n\n# seeds with their tokens\n**/*.creds\n"


class StagedEdit(Documents):
    def __init__(
        self, layout: Layout, overlay: Overlay, decoded: Decoded, *, managed: bool
    ) -> None:
        super().__init__(layout, overlay, decoded, managed=managed)
        self._overlay = overlay

    @contextmanager
    def edit(self) -> Iterator[StagedEdit]:
        yield self

    def put_operator(self, document: Document[Operator]) -> None:
        self._overlay.put(self._layout.operator_jwt, document.token.encode())

    def put_account(self, document: Document[Account]) -> None:
        name = check_name("account", document.claims.name)
        known = self._account_by_name(name)
        if known is None:
            check_free("account", name, self._files.names(self._layout.accounts))
        elif known.claims.sub != document.claims.sub:
            raise InputError(
                f"account {name} is there already, with the key {known.claims.sub}",
                hint="delete that account first, or choose another name",
            )
        self._overlay.put(self._layout.account_jwt(name), document.token.encode())

    def put_user(self, account: str, document: Document[User]) -> None:
        claims = document.claims
        name = check_name("user", claims.name)
        owner = self.account(account).claims
        signed_for = claims.nats.issuer_account or claims.iss
        if signed_for != owner.sub:
            raise InputError(
                f"user {name} is signed for account {signed_for},"
                f" and not for {owner.name} ({owner.sub})",
                hint="sign it with a key of the account",
            )
        check_free("user", name, self.users(owner.name))
        self._overlay.put(self._layout.user_jwt(owner.name, name), document.token.encode())

    def put_key(self, pair: KeyPair) -> None:
        path = self._layout.key(pair.public)
        if self.key(pair.public) is None:
            self._overlay.put(path, pair.seed().encode())
            self._keep_from_git()

    def put_creds(self, account: str, user: str, creds: Creds) -> None:
        owner = self._account_name(account)
        path = self._layout.creds(owner, check_name("user", user))
        self._overlay.put(path, format_creds(creds).encode())
        self._keep_from_git()

    def append_ledger(self, account: str, entries: Iterable[NewEntry]) -> None:
        from jetshare.sharing import ledger

        public = self.account(account).claims.sub
        known = self.ledger(account)
        chain = ledger.append(known, entries, account=public)
        if len(chain) > len(known):
            self._overlay.put(self._layout.ledger(public), ledger.encode(chain, account=public))

    def delete_account(self, account: str) -> None:
        name = self._account_name(account)
        for user in self.users(name):
            self._overlay.remove(self._layout.user_jwt(name, user))
        self._overlay.remove(self._layout.account_jwt(name))
        self._overlay.drop_folder(self._layout.account(name))

    def delete_user(self, account: str, name: str) -> None:
        owner = self._account_name(account)
        if name not in self.users(owner):
            raise self._no_user(owner, name)
        self._overlay.remove(self._layout.user_jwt(owner, name))

    def delete_key(self, public: str) -> None:
        nkeys.parse_public(public)
        path = self._layout.key(public)
        if self._files.exists(path):
            self._overlay.remove(path)

    def delete_creds(self, account: str, user: str) -> None:
        owner = self._account_name(account)
        path = self._layout.creds(owner, check_name("user", user))
        if self._files.exists(path):
            self._overlay.remove(path)

    def _keep_from_git(self) -> None:
        path = self._layout.ignore_file
        if self._layout.git_ignore and not self._files.exists(path):
            self._overlay.put(path, _GIT_IGNORE)
