"""Where nsc keeps what, and where jetshare keeps its own.

    stores/<operator>/.nsc                       that this is a store, and its version
    stores/<operator>/<operator>.jwt
    stores/<operator>/accounts/<A>/<A>.jwt
    stores/<operator>/accounts/<A>/users/<u>.jwt
    stores/<operator>/.jetshare/                 ours: locks, ledgers, staged files
    keys/keys/<kind>/<two letters>/<public>.nk
    keys/creds/<operator>/<A>/<u>.creds

Ours stands beside ``accounts`` and not in it: nsc stops at a folder in ``accounts``
that holds no token of its name, and ``nsc delete account`` removes an account's
folder only when nothing else is in it. A ledger is named by the account's public key,
so that it stays the account's through a change of name, and is never another's.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from jetshare.identity.record import record


@record
class Layout:
    """The paths of one operator's store and of the keystore beside it."""

    folder: Path
    keystore: Path
    operator: str
    git_ignore: bool = True  # whether a keystore tells git to leave secrets out

    @property
    def marker(self) -> Path:
        return self.folder / ".nsc"

    @property
    def operator_jwt(self) -> Path:
        return self.folder / f"{self.operator}.jwt"

    @property
    def accounts(self) -> Path:
        return self.folder / "accounts"

    def account(self, name: str) -> Path:
        return self.accounts / name

    def account_jwt(self, name: str) -> Path:
        return self.accounts / name / f"{name}.jwt"

    def users(self, account: str) -> Path:
        return self.accounts / account / "users"

    def user_jwt(self, account: str, user: str) -> Path:
        return self.accounts / account / "users" / f"{user}.jwt"

    @property
    def keys(self) -> Path:
        return self.keystore / "keys"

    def key(self, public: str) -> Path:
        return self.keys / public[0] / public[1:3] / f"{public}.nk"

    @property
    def creds_folder(self) -> Path:
        return self.keystore / "creds" / self.operator

    def creds(self, account: str, user: str) -> Path:
        return self.creds_folder / account / f"{user}.creds"

    @property
    def ignore_file(self) -> Path:
        return self.keystore / ".gitignore"

    @property
    def own(self) -> Path:
        return self.folder / ".jetshare"

    @property
    def lock(self) -> Path:
        return self.own / "lock"

    @property
    def served(self) -> Path:
        """Held by the process that serves the store."""
        return self.own / "served"

    @property
    def stage(self) -> Path:
        """Where a commit's files wait; on the file system of the store itself."""
        return self.own / "stage"

    @property
    def key_stage(self) -> Path:
        """The same for the keystore, which may be on another file system.

        Below ``keys``, where nsc does not look for keys of its old layout. Several
        stores may share a keystore, and each has a lock of its own, so each has a
        folder of its own here.
        """
        mark = hashlib.sha256(str(self.folder.absolute()).encode()).hexdigest()[:12]
        return self.keys / f".jetshare-{mark}"

    def ledger(self, public: str) -> Path:
        return self.own / "ledgers" / f"{public}.jsonl"
