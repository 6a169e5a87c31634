"""How a verb reaches the servers, and as whom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jetshare.editing.revocations import EVERYONE
from jetshare.editing.signing_keys import publics, scope_of
from jetshare.errors import InputError, NotFound
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Claims, User
from jetshare.identity.creds import Creds
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.contract import Store
from jetshare.workflows.signers import user_signer

if TYPE_CHECKING:
    import ssl

    from jetshare.net.connect import Login

_URL_SCHEMES = ("nats://", "tls://", "ws://", "wss://")
_MINTED_LIFE_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What the caller says about the way to the servers; the store fills in the rest.

    ``creds`` speak for the acting account, ``system_creds`` for the system account.
    Creds that merely lie around (a selected context, the environment) are not
    ``creds_named``: where they are another account's they are passed over.
    ``servers`` replace the operator's own URLs. Times are in seconds.
    """

    servers: tuple[str, ...] = ()
    creds: Creds | None = None
    creds_named: bool = True
    system_creds: Creds | None = None
    inbox_prefix: str = ""
    timeout_s: float = 5.0
    tls: ssl.SSLContext | None = None
    tls_first: bool = False

    def urls(self, store: Store) -> tuple[str, ...]:
        """The servers to connect to, or NotFound where nobody names one."""
        if self.servers:
            return self.servers
        operator = store.operator().claims.nats
        named = [*(operator.operator_service_urls or ()), operator.account_server_url]
        urls = tuple(dict.fromkeys(url for url in named if url.startswith(_URL_SCHEMES)))
        if not urls:
            raise NotFound(
                f"operator {store.name} names no server",
                hint="name one with --server nats://HOST:PORT, or run jetshare up",
            )
        return urls

    def login(self, store: Store, creds: Creds) -> Login:
        from jetshare.net.connect import Login

        return Login(
            servers=self.urls(store),
            creds=creds,
            inbox_prefix=self.inbox_prefix,
            timeout_s=self.timeout_s,
            tls=self.tls,
            tls_first=self.tls_first,
        )


def host_of(url: str) -> str:
    """The part of a server's address that may be shown: a password may stand before it."""
    return urlsplit(url if "://" in url else f"nats://{url}").netloc.rpartition("@")[2]


def account_of(creds: Creds) -> str:
    """The public key of the account that a creds file speaks for."""
    claims = jwt.decode(creds.jwt, User).claims
    return claims.nats.issuer_account or claims.iss


def account_creds(
    store: Store, account: Document[Account], reach: Reach, now: int, *, user: str = ""
) -> Creds:
    """A user of ``account``: the caller's, else the first of the store that a server lets
    in, else one made for now.

    The one made for now lives in memory for five minutes and is needed where the
    account's key is held but none of its users is.
    """
    claims = account.claims
    if reach.creds is not None:
        if account_of(reach.creds) == claims.sub:
            return reach.creds
        if reach.creds_named:
            raise InputError(
                f"the creds belong to account {account_of(reach.creds)},"
                f" not to {claims.name} ({claims.sub})",
                hint="give the creds of a user of that account, or leave --creds out",
            )
    for name in [user] if user else store.users(claims.name):
        held = store.creds(claims.name, name)
        shut_out = "has no creds file" if held is None else _shut_out(held, claims, now)
        if held is not None and not shut_out:
            return held
        if user:
            raise NotFound(
                f"user {user} of {claims.name} {shut_out}",
                hint=f"make creds: nsc generate creds --account {claims.name} --name {user}",
            )
    return _mint(user_signer(store, claims), claims, now)


def system_creds(store: Store, reach: Reach, now: int) -> Creds:
    """A user of the operator's system account, which carries documents to the servers."""
    if reach.system_creds is not None:
        return reach.system_creds
    public = store.operator().claims.nats.system_account
    if not public:
        raise NotFound(
            f"operator {store.name} has no system account, which a push needs",
            hint="set one: nsc edit operator --system-account NAME",
        )
    own = replace(reach, creds=None)
    return account_creds(store, store.account(public), own, now)


def _shut_out(creds: Creds, account: Claims[Account], now: int) -> str:
    """Why servers do not let a user of ``account`` in, as far as its documents say; or empty."""
    claims = jwt.decode(creds.jwt, User).claims
    revoked = [at for who, at in account.nats.revocations.items() if who in (claims.sub, EVERYONE)]
    if claims.exp and claims.exp <= now:
        return "has creds that are expired"
    if claims.nbf > now:
        return "has creds that are not valid yet"
    if any(at >= claims.iat for at in revoked):
        return "is revoked"
    if claims.iss not in (account.sub, *publics(account)):
        return f"has creds signed by {claims.iss}, which is no key of the account"
    return ""


def _mint(signer: KeyPair, account: Claims[Account], now: int) -> Creds:
    pair = KeyPair.generate(Kind.USER)
    issuer_account = "" if signer.public == account.sub else account.sub
    scoped = scope_of(account, signer.public) is not None
    body = User.scoped(issuer_account) if scoped else User(issuer_account=issuer_account)
    claims = Claims(name="jetshare", sub=pair.public, exp=now + _MINTED_LIFE_S, nats=body)
    return Creds(jwt=jwt.encode(claims, signer, now).token, key=pair)
