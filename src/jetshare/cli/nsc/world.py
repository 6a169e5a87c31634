"""What a command of nsc finds around it: the store, the clock, and what is chosen.

The environment is read here and in `main`, and nowhere below.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jetshare.cli.nsc.flags import Words
from jetshare.cli.nsc.output import note
from jetshare.errors import InputError, JetshareError
from jetshare.identity.claims import Account
from jetshare.identity.jwt import Document
from jetshare.store.folder import FolderStore, open_store
from jetshare.store.locate import Location, locate

if TYPE_CHECKING:
    from jetshare.workflows.reach import Reach


class World:
    """``key`` is what ``-K`` named. One command uses one of these."""

    def __init__(self, words: Words, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.cwd = Path.cwd()
        self.home = Path(environment.get("HOME") or Path.home())
        everything = _folder(words, "all-dirs")
        self.location: Location = locate(
            environment,
            cwd=self.cwd,
            home=self.home,
            all_dirs=everything,
            config_dir=_folder(words, "config-dir"),
            data_dir=_folder(words, "data-dir"),
            keystore_dir=_folder(words, "keystore-dir"),
        )
        self.now = int(time.time())
        self.key = words.text("private-key")
        self._stores: dict[str, FolderStore] = {}

    def store(self, operator: str = "") -> FolderStore:
        """The store of an operator, else of the one in use."""
        name = operator or self.location.operator
        if name not in self._stores:
            self._stores[name] = open_store(self.location, name)
        return self._stores[name]

    def account(self, name: str) -> Document[Account]:
        """An account by name or public key, else the one in use."""
        chosen = name or self.location.account
        if not chosen:
            store = self.store()
            raise InputError(
                "an account is required",
                hint=f"name it with --account, or choose one: nsc select account NAME"
                f" ({', '.join(store.accounts()) or 'there is none yet'})",
            )
        return self.store().account(chosen)

    def only_user(self, account: str) -> str:
        """The account's user where it has just one. Raises InputError elsewhere."""
        users = self.store().users(account)
        if len(users) == 1:
            return users[0]
        hint = f"there are: {', '.join(users)}" if users else f'account "{account}" has no users'
        raise InputError("user is required", hint=hint)

    def remember(
        self, *, stores: Path | None = None, operator: str = "", account: str = ""
    ) -> None:
        """Choose for the commands to come, in nsc.json."""
        from jetshare.store.config import read_config, write_config

        if "NSC_CWD_ONLY" in self.environment:
            return
        held = read_config(self.location.config)
        if not held.store_root:
            held = replace(held, github_updates="nats-io/nsc", last_update=self.now)
        moved = bool(operator) and operator != self.location.operator
        write_config(
            self.location.config,
            replace(
                held,
                store_root=str(stores or self.location.stores),
                operator=operator or self.location.operator,
                account=account or ("" if moved or stores else self.location.account),
            ),
        )

    def remember_made(
        self, *, stores: Path | None = None, operator: str = "", account: str = ""
    ) -> None:
        """Choose what was just made, and stays made where nsc.json cannot be written."""
        try:
            self.remember(stores=stores, operator=operator, account=account)
        except JetshareError as error:
            note(f"[WARN] {error}")

    def reach(self, *, servers: tuple[str, ...] = (), timeout_s: float = 5.0) -> Reach:
        from jetshare.workflows.reach import Reach

        return Reach(servers=servers, timeout_s=timeout_s)

    def path(self, text: str) -> Path:
        """A path that the user wrote, absolute."""
        if text == "~" or text.startswith("~/"):
            return self.home / text[2:]
        return Path(os.path.normpath(self.cwd / text))

    def shown(self, path: Path | str) -> str:
        """A path for people, in quotes, with ``~`` for the home folder."""
        text = str(path)
        home = str(self.home)
        if text == home or text.startswith(f"{home}/"):
            text = f"~{text[len(home) :]}"
        return f"`{text}`"

    def creds_path(self, account: str, user: str) -> Path:
        folder = self.location.keystore / "creds" / self.store().name
        return folder / account / f"{user}.creds"

    def key_path(self, public: str) -> Path:
        return self.location.keystore / "keys" / public[0] / public[1:3] / f"{public}.nk"


def _folder(words: Words, flag: str) -> Path | None:
    text = words.text(flag)
    return Path(text) if text else None
