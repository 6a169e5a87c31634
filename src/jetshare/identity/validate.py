"""Whether a document keeps the rules by which servers take or refuse it.

``validate`` looks at the content alone. Who signed is for ``identity.jwt`` to say, and
whether an import fits the export of another account needs both documents.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from jetshare.identity.claims import (
    Account,
    Activation,
    AuthorizationRequest,
    AuthorizationResponse,
    Body,
    Claims,
    Operator,
    User,
    UserScope,
)
from jetshare.identity.findings import RULES, Finding, Rule, Severity, finding, show
from jetshare.identity.nkeys import Kind, is_public
from jetshare.identity.validate_account import check_account
from jetshare.identity.validate_imports import check_activation
from jetshare.identity.validate_operator import check_operator
from jetshare.identity.validate_user import check_user

__all__ = ["RULES", "Finding", "Rule", "Severity", "validate"]

_SUBJECTS: Final = {
    Operator: Kind.OPERATOR,
    Account: Kind.ACCOUNT,
    User: Kind.USER,
    Activation: Kind.ACCOUNT,
}


def validate(
    claims: Claims[Body],
    now: int,
    *,
    scope: UserScope | None = None,
    time_zones: Collection[str] | None = None,
) -> tuple[Finding, ...]:
    """What is wrong with a document at ``now`` (Unix seconds); empty where nothing is.

    Two things a document cannot know of itself. ``scope`` is that of the key which
    signed, for a user under one. ``time_zones`` are the names that exist
    (``zoneinfo.available_timezones()``); without them a name is judged by its form.
    """
    return tuple(_all(claims, now, scope, time_zones))


def _all(
    claims: Claims[Any], now: int, scope: UserScope | None, time_zones: Collection[str] | None
) -> Iterator[Finding]:
    yield from _times(claims, now)
    kind = _SUBJECTS.get(type(claims.nats))
    if kind is not None and not is_public(claims.sub, kind):
        yield finding(
            "sub-key", "sub", f"sub {show(claims.sub)} is not a public key of kind {kind}"
        )
    match claims.nats:
        case Operator() as operator:
            yield from check_operator(operator)
        case Account():
            yield from check_account(claims, now, time_zones)
        case User():
            yield from check_user(claims, scope, time_zones)
        case Activation() as activation:
            yield from check_activation(activation)
        case AuthorizationRequest() as request:
            yield from _request(request)
        case AuthorizationResponse():
            yield from _response(claims)


def _times(claims: Claims[Body], now: int) -> Iterator[Finding]:
    # At the second of exp it is too late: RFC 7519, section 4.1.4.
    if claims.exp and claims.exp <= now:
        yield finding("expired", "exp", "the document has expired")
    if claims.nbf > now:
        yield finding("not-yet-valid", "nbf", "the document is not valid yet")


def _request(request: AuthorizationRequest) -> Iterator[Finding]:
    if not is_public(request.user_nkey, Kind.USER):
        yield finding(
            "request-user",
            "nats.user_nkey",
            f"{show(request.user_nkey)} is not a user's public key",
        )


def _response(claims: Claims[AuthorizationResponse]) -> Iterator[Finding]:
    response = claims.nats
    if not is_public(claims.sub, Kind.USER):
        yield finding("response-user", "sub", f"{show(claims.sub)} is not a user's public key")
    if not is_public(claims.aud, Kind.SERVER):
        yield finding("response-server", "aud", f"{show(claims.aud)} is not a server's public key")
    if not response.error and not response.jwt:
        yield finding("response-empty", "nats", "neither a user's token nor an error")
    if response.error and response.jwt:
        yield finding("response-both", "nats", "both a user's token and an error")
    if response.issuer_account and not is_public(response.issuer_account, Kind.ACCOUNT):
        yield finding(
            "response-issuer-account",
            "nats.issuer_account",
            f"issuer account {show(response.issuer_account)} is not an account's public key",
        )
