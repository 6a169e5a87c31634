"""Which of the keys that are held may sign for an account, or as the operator."""

from __future__ import annotations

import os
from pathlib import Path

from jetshare.errors import InputError, KeyFormatError, KeyNotHeld, TokenError
from jetshare.identity import nkeys
from jetshare.identity.claims import Account, Claims, Operator, UserScope
from jetshare.identity.creds import parse_seed_file
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.contract import Store


def account_signer(store: Store, account: Claims[Account], wanted: str = "") -> KeyPair:
    """The key that signs activations, bundles and users of ``account``.

    ``wanted`` is a public key or the path of a file with a seed; empty means the
    identity key, else the first of the account's signing keys that is held. A strict
    operator has signing keys sign, never the identity key. A key with a scope signs
    users of its role only, so it is not taken.

    Raises KeyNotHeld where the key is not here, and InputError for a key that is not
    the account's.
    """
    strict = store.operator().claims.nats.strict_signing_key_usage
    plain = [key for key in account.nats.signing_keys if isinstance(key, str)]
    allowed = plain if strict else [account.sub, *plain]
    what = f"account {account.name}"
    if not wanted:
        return _first_held(store, allowed, what, strict=strict)
    pair, public = _named(store, wanted, Kind.ACCOUNT)
    _check_scope(account, public)
    return _checked(pair, public, allowed, identity=account.sub, what=what)


def operator_signer(store: Store, operator: Claims[Operator], wanted: str = "") -> KeyPair:
    """The key that signs account documents, chosen in the same way."""
    strict = operator.nats.strict_signing_key_usage
    keys = list(operator.nats.signing_keys)
    allowed = keys if strict else [operator.sub, *keys]
    what = f"operator {operator.name}"
    if not wanted:
        return _first_held(store, allowed, what, strict=strict)
    pair, public = _named(store, wanted, Kind.OPERATOR)
    return _checked(pair, public, allowed, identity=operator.sub, what=what)


def _first_held(store: Store, allowed: list[str], what: str, *, strict: bool) -> KeyPair:
    for public in allowed:
        pair = store.key(public)
        if pair is not None:
            return pair
    if not allowed:
        raise KeyNotHeld(
            f"{what} has no signing key, and its operator lets no identity key sign",
            hint="add a signing key: nsc edit account --sk generate",
        )
    some = ", ".join(allowed[:3]) + (", …" if len(allowed) > 3 else "")
    kind = "signing key" if strict else "key"
    raise KeyNotHeld(
        f"no {kind} of {what} is in the keystore",
        hint=f"import one of {some}, or name the file of its seed with --signing-key",
    )


def _named(store: Store, wanted: str, kind: Kind) -> tuple[KeyPair | None, str]:
    """The key that ``wanted`` names, where it is held, and its public half."""
    if nkeys.is_public(wanted):
        nkeys.parse_public(wanted, kind)
        return store.key(wanted), wanted
    if _is_seed(wanted):
        raise InputError(
            "a seed was given in the command itself, where others can read it",
            hint="put it into a file, and give the path of the file",
        )
    pair = _from_file(Path(wanted))
    if pair.kind is not kind:
        raise InputError(
            f"{wanted} holds a key of kind {pair.kind}, not {kind}",
            hint="give the file of the right key",
        )
    return pair, pair.public


def _from_file(path: Path) -> KeyPair:
    hint = "give a public key, or the path of a file that holds a seed"
    try:
        text = path.read_text("ascii")
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else "it is no text"
        raise InputError(f"signing key {path} cannot be read: {reason}", hint=hint) from None
    try:
        return parse_seed_file(text)
    except (KeyFormatError, TokenError):
        raise InputError(f"{path} holds no seed", hint=hint) from None


def _is_seed(text: str) -> bool:
    try:
        KeyPair.from_seed(text)
    except KeyFormatError:
        return False
    return True


def _check_scope(account: Claims[Account], public: str) -> None:
    for key in account.nats.signing_keys:
        if isinstance(key, UserScope) and key.key == public:
            raise InputError(
                f'{public} is the key of role "{key.role}" of {account.name}, which signs'
                " users only",
                hint="choose the identity key, or a signing key without a role",
            )


def _checked(
    pair: KeyPair | None, public: str, allowed: list[str], *, identity: str, what: str
) -> KeyPair:
    if public not in allowed:
        if public == identity:
            raise InputError(
                f"{public} is the identity key of {what}, and its operator has signing keys"
                " sign only",
                hint="choose one of its signing keys",
            )
        raise InputError(
            f"{public} is no key of {what}", hint="a server refuses what another key signed"
        )
    if pair is None:
        raise KeyNotHeld(
            f"{public} of {what} is not in the keystore",
            hint="name the file of its seed instead, or import it",
        )
    return pair
