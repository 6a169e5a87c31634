"""Rules of users, and of permissions wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jetshare.identity.claims import Claims, Permission, TimeRange, User
from support.broken.case import ACCOUNT, SCOPE, SIGNER, USER, Case, user


def user_cases() -> Iterator[Case]:
    def case(code: str, place: str, broken: Any, fine: Any) -> Case:
        field = place.partition("[")[0]
        return Case(
            code=f"user-{code}",
            path=f"nats.{place}",
            broken=user(**{field: broken}),
            fine=user(**{field: fine}),
        )

    yield from permission_cases("nats", lambda given: user(**given))
    networks = ("10.1.2.3/8", "::/0", "fe80::1/128", "0.0.0.0/00")
    for bad in (
        "10.0.0.0",
        "10.0.0.0/33",
        "10.0.0/8",
        "::/129",
        "10.0.0.0/255.0.0.0",
        "x/8",
        "::%a/8",
        "",
    ):
        yield case("source", "src[1]", (networks[0], bad), networks)
    for bad in ("", "24:00:00", "8", "08:00", "08:60:00", "8:0:0", "08:00:00 "):
        good = (
            TimeRange(start="08:00:00", end="23:59:59"),
            TimeRange(start="8:00:00", end="00:00:00"),
        )
        yield case("time", "times[0].start", (TimeRange(start=bad, end="18:00:00"),), good)
        yield case("time", "times[0].end", (TimeRange(start="18:00:00", end=bad),), good)
    for bad in ("/etc/passwd", "../x", "\\x"):
        yield case("time-zone", "times_location", bad, "Europe/Amsterdam")
    yield case(
        "connection-type",
        "allowed_connection_types[1]",
        ("STANDARD", "CARRIER_PIGEON"),
        ("STANDARD", "mqtt_ws"),
    )
    yield case("issuer-account", "issuer_account", USER.public, ACCOUNT.public)

    scoped = Claims(
        sub=USER.public, iss=SIGNER.public, nats=User.scoped(ACCOUNT.public, tags=("a:b",))
    )
    yield Case(
        code="user-scope-signer",
        path="iss",
        broken=replace(scoped, iss=ACCOUNT.public),
        fine=scoped,
        scope=SCOPE,
    )
    for extra in ({"subs": -1}, {"bearer_token": True}, {"pub": Permission(allow=("a",))}):
        yield Case(
            code="user-scope-permissions",
            path="nats",
            broken=replace(scoped, nats=replace(scoped.nats, **extra)),
            fine=scoped,
            scope=SCOPE,
        )


def permission_cases(path: str, make: Any) -> Iterator[Case]:
    for side in ("pub", "sub"):
        for verb in ("allow", "deny"):
            for code, entry, good in (
                ("subject", "", "a"),
                ("subject", ".a", "a.*.>"),
                ("subject", "a\tb", "$JS.API.>"),
                ("words", "a b c", "a"),
            ):
                yield Case(
                    code=f"permission-{code}",
                    path=f"{path}.{side}.{verb}[1]",
                    broken=make({side: _permission(verb, "a", entry)}),
                    fine=make({side: _permission(verb, "a", good)}),
                    ours=entry == "a\tb",
                )
    yield Case(
        code="permission-queue",
        path=f"{path}.pub.deny[0]",
        broken=make({"pub": Permission(deny=("a queue",))}),
        fine=make({"sub": Permission(deny=("a queue",))}),
    )
    yield Case(
        code="permission-subject",
        path=f"{path}.sub.allow[0]",
        broken=make({"sub": Permission(allow=("a queue.",))}),
        fine=make({"sub": Permission(allow=("a queue.*",))}),
    )


def _permission(verb: str, *subjects: str) -> Permission:
    return Permission(allow=subjects) if verb == "allow" else Permission(deny=subjects)
