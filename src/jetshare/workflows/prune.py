"""Accounts that servers have and the store does not: find them, and delete them there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jetshare.identity import jwt
from jetshare.identity.claims import Claims, Generic
from jetshare.net.resolver import Answer
from jetshare.store.contract import Store
from jetshare.workflows.reach import Reach, system_creds
from jetshare.workflows.signers import operator_document_signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """``by_server`` has the public keys that each server has; ``names`` those in the store."""

    by_server: Mapping[str, frozenset[str]]
    names: dict[str, str]

    @property
    def unknown(self) -> frozenset[str]:
        return frozenset().union(*self.by_server.values()) - self.names.keys()


async def compare(store: Store, reach: Reach, now: int) -> Compared:
    from jetshare.net.connect import connect
    from jetshare.net.resolver import Resolver

    names = {store.account(name).claims.sub: name for name in store.accounts()}
    async with connect(reach.login(store, system_creds(store, reach, now))) as client:
        resolver = Resolver(client, timeout_s=reach.timeout_s)
        return Compared(by_server=await resolver.list_accounts(), names=names)


async def delete_accounts(
    store: Store, publics: Sequence[str], reach: Reach, now: int, key: str = ""
) -> tuple[Answer, ...]:
    """Have every server delete accounts, as a key of the operator asks it to."""
    from jetshare.net.connect import connect
    from jetshare.net.resolver import Resolver

    operator = store.operator().claims
    signer = operator_document_signer(store, operator, key)
    claims = Claims(sub=signer.public, nats=Generic(data={"accounts": list(publics)}))
    token = jwt.encode(claims, signer, now).token
    async with connect(reach.login(store, system_creds(store, reach, now))) as client:
        return await Resolver(client, timeout_s=reach.timeout_s).delete(token)
