"""Ending what was signed: of users, and of the activations of an export.

A revocation is a time: what was issued to the key then or earlier has ended. ``*``
stands for every key. A later time stays: revoking again cannot give anything back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from jetshare.errors import NotFound
from jetshare.identity.claims import Account, Claims, Export

EVERYONE: Final = "*"


def revoke_user(account: Claims[Account], public: str, at: int) -> Claims[Account]:
    """End the users that have the key ``public``, as far as they were issued by ``at``."""
    return account.with_nats(revocations=_revoked(account.nats.revocations, public, at))


def restore_user(account: Claims[Account], public: str) -> Claims[Account]:
    """Take a revocation back. Raises NotFound where there is none."""
    if not account.nats.revocations:
        raise NotFound(f"no user revocations set in account {account.name}")
    if public not in account.nats.revocations:
        raise NotFound(f"user with public key {public} is not revoked")
    return account.with_nats(revocations=_restored(account.nats.revocations, public))


def revoke_activation(
    account: Claims[Account], export: Export, importer: str, at: int
) -> Claims[Account]:
    """End the activations of ``export`` that ``importer`` was given by ``at``."""
    return _with_export(account, export, _revoked(export.revocations, importer, at))


def restore_activation(account: Claims[Account], export: Export, importer: str) -> Claims[Account]:
    if importer not in export.revocations:
        raise NotFound(f'"{export.name}" is not revoked for {importer}')
    return _with_export(account, export, _restored(export.revocations, importer))


def _revoked(held: Mapping[str, int], public: str, at: int) -> dict[str, int]:
    return {**held, public: max(at, held.get(public, 0))}


def _restored(held: Mapping[str, int], public: str) -> dict[str, int]:
    return {key: at for key, at in held.items() if key != public}


def _with_export(
    account: Claims[Account], export: Export, revocations: dict[str, int]
) -> Claims[Account]:
    exports = tuple(
        replace(each, revocations=revocations) if each is export else each
        for each in account.nats.exports
    )
    return account.with_nats(exports=exports)
