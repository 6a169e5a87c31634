"""Which key signs: the one that is named, else the first that may and is held.

A key is named by the role that it has, by its public half, by the path of a file with
its seed, or by the seed itself. Whatever the name, it must be one that readers of the
document will accept.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from jetshare.editing.signing_keys import keys_of_role, publics, scope_of
from jetshare.errors import InputError, KeyFormatError, KeyNotHeld
from jetshare.identity import nkeys
from jetshare.identity.claims import Account, Claims, Operator
from jetshare.identity.creds import parse_seed_file
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.contract import Store


def account_document_signer(
    store: Store, account: Claims[Account], wanted: str = "", *, prefer: str = ""
) -> KeyPair:
    """Signs an account's document: the operator, or the account itself where it is managed.

    ``prefer`` is a public key to take before the others, such as the one that signed last.
    """
    operator = store.operator().claims
    allowed = _operator_keys(operator)
    if store.managed:
        allowed += _account_keys(account, strict=operator.nats.strict_signing_key_usage)
    what = f"account {account.name}" if store.managed else f"operator {operator.name}"
    return _choose(store, wanted, _first(prefer, allowed), what=what)


def operators_signer(store: Store, *, prefer: str = "") -> KeyPair:
    """Signs an account's document so that servers take it: with the operator's keys alone.

    Raises KeyNotHeld where those are elsewhere, in a managed store as well.
    """
    operator = store.operator().claims
    allowed = _first(prefer, _operator_keys(operator))
    return _choose(store, "", allowed, what=f"operator {operator.name}")


def operator_document_signer(store: Store, operator: Claims[Operator], wanted: str = "") -> KeyPair:
    """Signs the operator's own document: its identity, or a signing key where that is away."""
    allowed = [operator.sub, *operator.nats.signing_keys]
    return _choose(store, wanted, allowed, what=f"operator {operator.name}")


def user_signer(
    store: Store, account: Claims[Account], wanted: str = "", *, prefer: str = ""
) -> KeyPair:
    """Signs a user. A key with a role makes the user one of that role."""
    strict = store.operator().claims.nats.strict_signing_key_usage
    keys = _account_keys(account, strict=strict)
    unscoped = [key for key in keys if scope_of(account, key) is None]
    scoped = [key for key in keys if scope_of(account, key) is not None]
    roles = {wanted: keys_of_role(account, wanted)} if wanted else {}
    # A role is never given by accident: its key is taken when it is named, or held alone.
    allowed = _first(prefer, [*unscoped, *scoped])
    return _choose(store, wanted, allowed, what=f"account {account.name}", roles=roles)


def activation_signer(store: Store, account: Claims[Account], wanted: str = "") -> KeyPair:
    """Signs activations: a key of the exporting account that has no role."""
    strict = store.operator().claims.nats.strict_signing_key_usage
    keys = _account_keys(account, strict=strict)
    allowed = [key for key in keys if scope_of(account, key) is None]
    return _choose(store, wanted, allowed, what=f"account {account.name}")


def refuse_seed(word: str) -> None:
    """Raises InputError for a seed in the words of a command, where others can read it."""
    if _from_seed(word):
        raise InputError(
            "a seed was given in the command itself, where others can read it",
            hint="put it into a file, and give the path of the file",
        )


def find_key(store: Store, word: str, *kinds: Kind) -> tuple[str, KeyPair | None]:
    """The key that ``word`` names otherwise than by role: its public half, and where it
    is known the pair. Raises InputError for what names none of ``kinds``.
    """
    if nkeys.is_public(word):
        nkeys.parse_public(word, *kinds)
        return word, store.key(word)
    pair = _from_seed(word) or _from_file(Path(word))
    nkeys.parse_public(pair.public, *kinds)
    return pair.public, pair


def _operator_keys(operator: Claims[Operator]) -> list[str]:
    keys = list(operator.nats.signing_keys)
    return keys if operator.nats.strict_signing_key_usage else [operator.sub, *keys]


def _account_keys(account: Claims[Account], *, strict: bool) -> list[str]:
    keys = publics(account)
    return keys if strict else [account.sub, *keys]


def _first(prefer: str, keys: list[str]) -> list[str]:
    return [prefer, *(key for key in keys if key != prefer)] if prefer in keys else keys


def _choose(
    store: Store,
    wanted: str,
    allowed: Sequence[str],
    *,
    what: str,
    roles: Mapping[str, list[str]] | None = None,
) -> KeyPair:
    if not wanted or (roles and roles.get(wanted)):
        return _first_held(store, (roles or {}).get(wanted) or allowed, what)
    kinds = {nkeys.parse_public(key) for key in allowed}
    public, pair = find_key(store, wanted, *kinds)
    if public not in allowed:
        raise InputError(
            f"{public} is not a key that may sign for {what}",
            hint=f"one of these may: {_some(allowed)}",
        )
    if pair is None:
        raise KeyNotHeld(
            f"{public} of {what} is not in the keystore",
            hint="name the file of its seed instead, or import it: nsc import keys",
        )
    return pair


def _first_held(store: Store, allowed: Sequence[str], what: str) -> KeyPair:
    for public in allowed:
        pair = store.key(public)
        if pair is not None:
            return pair
    if not allowed:
        raise KeyNotHeld(
            f"operator requires signing keys and {what} has none",
            hint="add one: nsc edit account NAME --sk generate",
        )
    raise KeyNotHeld(
        f"no key that may sign for {what} is in the keystore",
        hint=f"import one of {_some(allowed)}, or name the file of its seed",
    )


def _from_seed(word: str) -> KeyPair | None:
    try:
        return KeyPair.from_seed(word)
    except KeyFormatError:
        return None


def _from_file(path: Path) -> KeyPair:
    hint = "name a role, a public key, or a file that holds a seed"
    try:
        text = path.read_text("utf-8", "replace")
    except OSError as error:
        # What cannot be a path may be a seed with a letter missing, so it is not quoted.
        shown = path.name if len(path.name) < 40 else "the key"
        raise InputError(
            f"{shown} is no key, and no file of one: {os.strerror(error.errno or 0)}", hint=hint
        ) from None
    try:
        return parse_seed_file(text)
    except KeyFormatError:
        raise InputError(f"{path} holds no seed", hint=hint) from None


def _some(keys: Sequence[str]) -> str:
    return ", ".join(keys[:3]) + (", …" if len(keys) > 3 else "")
