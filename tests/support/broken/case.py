"""What the cases are made of: keys, documents that break no rule, and the case itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from jetshare.identity import jwt
from jetshare.identity.claims import (
    Account,
    Activation,
    AuthorizationRequest,
    AuthorizationResponse,
    Body,
    Claims,
    Export,
    Import,
    Operator,
    User,
    UserScope,
)
from jetshare.identity.nkeys import KeyPair, Kind

NOW: Final = 1_700_000_000
LONG: Final = 8 * 1024

OPERATOR: Final = KeyPair(Kind.OPERATOR, bytes([1]) * 32)
ACCOUNT: Final = KeyPair(Kind.ACCOUNT, bytes([2]) * 32)
PROVIDER: Final = KeyPair(Kind.ACCOUNT, bytes([3]) * 32)
SIGNER: Final = KeyPair(Kind.ACCOUNT, bytes([4]) * 32)
USER: Final = KeyPair(Kind.USER, bytes([5]) * 32)
SERVER: Final = KeyPair(Kind.SERVER, bytes([6]) * 32)
CURVE: Final = KeyPair(Kind.CURVE, bytes([7]) * 32)

SCOPE: Final = UserScope(key=SIGNER.public, role="reader")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``broken`` has one finding, of ``code`` at ``path``; ``fine`` has none."""

    code: str
    path: str
    broken: Claims[Any]
    fine: Claims[Any]
    scope: UserScope | None = None
    ours: bool = False  # a stricter reading of a rule that nats-io/jwt has too


def operator(**fields: Any) -> Claims[Operator]:
    return Claims(sub=OPERATOR.public, iss=OPERATOR.public, name="OP", nats=Operator(**fields))


def account(**fields: Any) -> Claims[Account]:
    return Claims(sub=ACCOUNT.public, iss=OPERATOR.public, name="ACCTB", nats=Account(**fields))


def user(**fields: Any) -> Claims[User]:
    return Claims(sub=USER.public, iss=ACCOUNT.public, name="u", nats=User(**fields))


def activation(**fields: Any) -> Claims[Activation]:
    given = {"subject": "orders.*", "kind": "stream", **fields}
    return Claims(sub=ACCOUNT.public, iss=PROVIDER.public, nats=Activation(**given))


def request(**fields: Any) -> Claims[AuthorizationRequest]:
    return Claims(iss=SERVER.public, nats=AuthorizationRequest(**fields))


def response(*, sub: str = USER.public, aud: str = SERVER.public, **fields: Any) -> Claims[Any]:
    return Claims(sub=sub, aud=aud, iss=ACCOUNT.public, nats=AuthorizationResponse(**fields))


def stream(**fields: Any) -> Export:
    return Export(**{"subject": "orders.*", "type": "stream", **fields})


def service(**fields: Any) -> Export:
    return Export(**{"subject": "orders.*", "type": "service", **fields})


def stream_import(**fields: Any) -> Import:
    given = {"subject": "orders.*", "type": "stream", "account": PROVIDER.public, **fields}
    return Import(**given)


def service_import(**fields: Any) -> Import:
    return stream_import(**{"type": "service", **fields})


def token(key: KeyPair = PROVIDER, *, exp: int = 0, nbf: int = 0) -> str:
    """An activation token for the stream ``orders.*``, made out to the account."""
    return signed(replace(activation(), exp=exp, nbf=nbf), key)


def signed(claims: Claims[Body], key: KeyPair) -> str:
    return jwt.encode(claims, key, NOW).token
