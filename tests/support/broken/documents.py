"""Rules of any document, of activations, of the authorization callout, and of operators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jetshare.identity.claims import Claims, Generic
from support.broken.case import (
    ACCOUNT,
    NOW,
    OPERATOR,
    PROVIDER,
    USER,
    Case,
    account,
    activation,
    operator,
    request,
    response,
    user,
)


def document_cases() -> Iterator[Case]:
    def case(code: str, path: str, broken: Claims[Any], fine: Claims[Any]) -> Case:
        return Case(code=code, path=path, broken=broken, fine=fine)

    for plain in (operator(), account(), user(), activation(), Claims(nats=Generic(data={}))):
        yield case("expired", "exp", replace(plain, exp=NOW), replace(plain, exp=NOW + 1))
        yield case("not-yet-valid", "nbf", replace(plain, nbf=NOW + 1), replace(plain, nbf=NOW))
    for plain, other in (
        (operator(), ACCOUNT),
        (account(), OPERATOR),
        (user(), ACCOUNT),
        (activation(), USER),
    ):
        yield case("sub-key", "sub", replace(plain, sub=other.public), plain)
        yield case("sub-key", "sub", replace(plain, sub=""), plain)

    yield case("activation-type", "nats.kind", activation(kind=""), activation(kind="service"))
    yield case(
        "activation-subject", "nats.subject", activation(subject="a..b"), activation(subject=">")
    )
    yield case(
        "activation-issuer-account",
        "nats.issuer_account",
        activation(issuer_account=USER.public),
        activation(issuer_account=PROVIDER.public),
    )
    yield case(
        "request-user",
        "nats.user_nkey",
        request(user_nkey=ACCOUNT.public),
        request(user_nkey=USER.public),
    )
    yield case("request-user", "nats.user_nkey", request(), request(user_nkey=USER.public))
    fine = response(error="no")
    yield case("response-user", "sub", response(sub=ACCOUNT.public, error="no"), fine)
    yield case("response-server", "aud", response(aud=ACCOUNT.public, error="no"), fine)
    yield case("response-server", "aud", response(aud="", error="no"), fine)
    yield case("response-empty", "nats", response(), response(jwt="token"))
    yield case("response-both", "nats", response(error="no", jwt="token"), fine)
    yield case(
        "response-issuer-account",
        "nats.issuer_account",
        response(error="no", issuer_account=USER.public),
        response(error="no", issuer_account=ACCOUNT.public),
    )


def operator_cases() -> Iterator[Case]:
    def case(code: str, field: str, broken: Any, fine: Any) -> Case:
        listed = isinstance(broken, tuple)
        path = f"nats.{field}[{len(broken) - 1}]" if listed else f"nats.{field}"
        return Case(
            code=f"operator-{code}",
            path=path,
            broken=operator(**{field: broken}),
            fine=operator(**{field: fine}),
        )

    url = "https://accounts.example.org:9090/jwt/v1"
    for broken in ("accounts.example.org", "https://a b", ":", "http://[::1"):
        yield case("account-server-url", "account_server_url", broken, url)
    good = "nats://a.example.org:4222"
    for code, bad in (
        ("service-url", "nats://a b"),
        ("service-url", "nats://a:port"),
        ("service-url", "127.0.0.1:4222"),
        ("service-url-user", "nats://user@a:4222"),
        ("service-url-path", "nats://a:4222/"),
        ("service-url-path", "a.example.org"),
        ("service-url-scheme", "http://a:4222"),
        ("service-url-scheme", "localhost:4222"),
        ("service-url-host", "nats://"),
        ("service-url-host", "nats:a"),
    ):
        yield case(code, "operator_service_urls", (good, bad), (good, "TLS://[::1]:4222", ""))
    yield case(
        "signing-key",
        "signing_keys",
        (OPERATOR.public, ACCOUNT.public),
        (OPERATOR.public,),
    )
    yield case("system-account", "system_account", USER.public, ACCOUNT.public)
    for version in ("2", "2.10", "2.10.x", "v2.10.1", "2.10.1-beta", "2.-1.0", "1.2.3.4"):
        yield case("server-version", "assert_server_version", version, "2.10.0")
