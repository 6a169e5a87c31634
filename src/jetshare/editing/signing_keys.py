"""The keys that may sign for an account, and the roles that some of them stand for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from jetshare.editing.users import UserChange, set_user
from jetshare.errors import NotFound
from jetshare.identity.claims import Account, Claims, UserScope


def add_signing_keys(account: Claims[Account], publics: Iterable[str]) -> Claims[Account]:
    """Add keys without a role. A key that is there already keeps the role it has."""
    held = account.nats.signing_keys
    known = {_public(key) for key in held}
    new = [public for public in dict.fromkeys(publics) if public not in known]
    return account.with_nats(signing_keys=(*held, *new))


def remove_signing_keys(account: Claims[Account], publics: Iterable[str]) -> Claims[Account]:
    """Raises NotFound for a key that is none of the account's."""
    gone = set(publics)
    held = account.nats.signing_keys
    for public in sorted(gone - {_public(key) for key in held}):
        raise NotFound(f"{public} is no signing key of account {account.name}")
    return account.with_nats(signing_keys=tuple(key for key in held if _public(key) not in gone))


def edit_scope(
    account: Claims[Account],
    public: str,
    *,
    role: str | None = None,
    description: str | None = None,
    template: UserChange | None = None,
) -> Claims[Account]:
    """Give the key ``public`` a role, or change the one it has. A new key is added."""
    before = scope_of(account, public) or UserScope(key=public)
    after = replace(
        before,
        role=before.role if role is None else role,
        description=before.description if description is None else description,
        template=set_user(before.template, template) if template else before.template,
    )
    others = [key for key in account.nats.signing_keys if _public(key) != public]
    return account.with_nats(signing_keys=(*others, after))


def scope_of(account: Claims[Account], public: str) -> UserScope | None:
    for key in account.nats.signing_keys:
        if isinstance(key, UserScope) and key.key == public:
            return key
    return None


def keys_of_role(account: Claims[Account], role: str) -> list[str]:
    return [
        key.key
        for key in account.nats.signing_keys
        if isinstance(key, UserScope) and key.role == role
    ]


def publics(account: Claims[Account]) -> list[str]:
    """The public halves of all signing keys, with a role and without."""
    return [_public(key) for key in account.nats.signing_keys]


def _public(key: str | UserScope) -> str:
    return key if isinstance(key, str) else key.key
