"""New operators, accounts and users, with their keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from jetshare.editing import signing_keys, users
from jetshare.editing.system_account import system_account
from jetshare.errors import InputError, InvalidDocument
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Claims, Operator, User
from jetshare.identity.creds import Creds
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.identity.record import record
from jetshare.identity.validate import validate
from jetshare.store.contract import Edit, Store
from jetshare.workflows.signers import account_document_signer, user_signer

SYSTEM = "SYS"
SYSTEM_USER = "sys"


@record
class MadeUser:
    """``creds`` is None where the user's seed is not held."""

    document: Document[User]
    creds: Creds | None


@record
class MadeOperator:
    document: Document[Operator]
    signing_key: str = ""
    system: Document[Account] | None = None
    system_user: MadeUser | None = None


def make_operator(
    editing: Edit,
    claims: Claims[Operator],
    key: KeyPair,
    *,
    now: int,
    signing_key: bool = False,
    system: bool = False,
) -> MadeOperator:
    """Put a new operator into an empty store, on request with a signing key and with the
    system account. What comes after is signed with the signing key, where there is one.
    """
    signer = KeyPair.generate(Kind.OPERATOR) if signing_key else key
    if signing_key:
        editing.put_key(signer)
        claims = claims.with_nats(signing_keys=(signer.public,))
    account = KeyPair.generate(Kind.ACCOUNT) if system else None
    if account:
        claims = claims.with_nats(system_account=account.public)
    editing.put_key(key)
    document = jwt.encode(_valid(claims, now), key, now)
    editing.put_operator(document)
    made = MadeOperator(document=document, signing_key=signer.public if signing_key else "")
    if account is None:
        return made
    holder, user = _make_system_account(editing, account, signer, now)
    return replace(made, system=holder, system_user=user)


def _make_system_account(
    editing: Edit, account: KeyPair, signer: KeyPair, now: int
) -> tuple[Document[Account], MadeUser]:
    own_signer = KeyPair.generate(Kind.ACCOUNT)
    claims = system_account(SYSTEM, account.public, own_signer.public)
    editing.put_key(account)
    editing.put_key(own_signer)
    document = jwt.encode(claims, signer, now)
    editing.put_account(document)
    user = make_user(editing, SYSTEM, SYSTEM_USER, now=now, signer=own_signer.public)
    return document, user


def make_account(
    editing: Edit, claims: Claims[Account], *, now: int, key: KeyPair | None, signer: str = ""
) -> Document[Account]:
    """Put a new account. ``key`` is its own key, where it is at hand; ``signer`` as ``-K``."""
    name = claims.name
    if any(held.casefold() == name.casefold() for held in editing.accounts()):
        raise InputError(f'the account "{name}" already exists', hint="choose another name")
    if key:
        editing.put_key(key)
    pair = account_document_signer(editing, claims, signer)
    document = jwt.encode(_valid(claims, now), pair, now)
    editing.put_account(document)
    return document


def make_user(
    editing: Edit,
    account: str,
    name: str,
    *,
    now: int,
    signer: str = "",
    public: str = "",
    key: KeyPair | None = None,
    change: Callable[[Claims[User]], Claims[User]] = lambda claims: claims,
) -> MadeUser:
    """Put a new user and, where its seed is at hand, its key and creds.

    Without ``public`` and ``key`` a new key is made. ``change`` fills the user in; under
    a key with a role there is nothing to fill in, and InputError where it tries.
    """
    owner = editing.account(account).claims
    if any(held.casefold() == name.casefold() for held in editing.users(owner.name)):
        raise InputError(f'the user "{name}" already exists', hint="choose another name")
    if not public:
        key = key or KeyPair.generate(Kind.USER)
        public = key.public
    if key:
        editing.put_key(key)
    pair = user_signer(editing, owner, signer)
    issuer_account = "" if pair.public == owner.sub else owner.sub
    scoped = signing_keys.scope_of(owner, pair.public) is not None
    body = User.scoped(issuer_account) if scoped else User(issuer_account=issuer_account)
    claims = change(Claims(name=name, sub=public, nats=body))
    return put_user(editing, owner, claims, pair, now=now)


def edit_user(
    store: Store,
    account: str,
    name: str,
    change: Callable[[Claims[User]], Claims[User]],
    *,
    now: int,
    key: str = "",
) -> MadeUser:
    """Change a user, sign it with the key that signed it before, and renew its creds."""
    with store.edit() as editing:
        owner = editing.account(account).claims
        before = editing.user(owner.name, name).claims
        pair = user_signer(editing, owner, key, prefer=before.iss)
        issuer_account = "" if pair.public == owner.sub else owner.sub
        claims = change(before).with_nats(issuer_account=issuer_account)
        return put_user(editing, owner, claims, pair, now=now)


def put_user(
    editing: Edit, owner: Claims[Account], claims: Claims[User], signer: KeyPair, *, now: int
) -> MadeUser:
    """Check a user against its account, sign it, and store it with its creds."""
    scope = signing_keys.scope_of(owner, signer.public)
    if scope:
        users.check_unscoped(claims.nats, scope.role)
    if claims.nats.bearer_token and owner.nats.limits.disallow_bearer:
        raise InputError(f'account "{owner.name}" forbids the use of bearer token')
    document = jwt.encode(_valid(claims, now), signer, now)
    editing.put_user(owner.name, document)
    return MadeUser(document=document, creds=renew_creds(editing, owner.name, document))


def renew_creds(editing: Edit, account: str, user: Document[User]) -> Creds | None:
    """Write the creds of a user anew, where its key is held."""
    pair = editing.key(user.claims.sub)
    if pair is None:
        return None
    creds = Creds(jwt=user.token, key=pair)
    editing.put_creds(account, user.claims.name, creds)
    return creds


D = TypeVar("D", Operator, Account, User)


def _valid(claims: Claims[D], now: int) -> Claims[D]:
    """``claims``, or InvalidDocument for a new document that breaks a rule.

    Its times are its maker's business: who asks for a past expiry gets one.
    """
    broken = [found for found in validate(claims, now) if found.severity == "error"]
    if broken:
        raise InvalidDocument(broken[0].text, findings=tuple(broken))
    return claims
