"""Accounts for the tests of sharing: claims in memory, signed by nobody."""

from __future__ import annotations

from dataclasses import dataclass

from jetshare.identity.claims import Account, AccountLimits, Claims
from jetshare.identity.nkeys import KeyPair, Kind


@dataclass(frozen=True)
class Person:
    name: str
    key: KeyPair
    claims: Claims[Account]

    @property
    def public(self) -> str:
        return self.key.public


def person(name: str, **fields: object) -> Person:
    key = KeyPair.generate(Kind.ACCOUNT)
    limits = AccountLimits(
        subs=-1, data=-1, payload=-1, imports=-1, exports=-1, wildcards=True, conn=-1, leaf=-1
    )
    account = Account(limits=limits, **fields)  # type: ignore[arg-type]
    return Person(name, key, Claims(name=name, sub=key.public, iat=1, nats=account))
