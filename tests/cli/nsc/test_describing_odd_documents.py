"""nsc describe on documents that jetshare does not make, but reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jetshare.identity import jwt
from jetshare.identity.claims import (
    ExternalAuthorization,
    Import,
    JetStreamLimits,
    TimeRange,
    UserPermissionLimits,
    UserScope,
)
from jetshare.identity.nkeys import KeyPair, Kind
from support.nsc import Nsc

CURVE = KeyPair.generate(Kind.CURVE)


def shown(nsc: Nsc, **fields: Any) -> str:
    claims = nsc.account("A").with_nats(**fields)
    signer = nsc.store().key(nsc.operator().sub)
    assert signer
    with nsc.store().edit() as editing:
        editing.put_account(jwt.encode(claims, signer, 10**9))
    return nsc("describe account A").stdout


def test_an_auth_callout(house: Nsc) -> None:
    user = KeyPair.generate(Kind.USER).public
    text = shown(
        house,
        authorization=ExternalAuthorization(
            auth_users=(user,), allowed_accounts=("*",), xkey=CURVE.public
        ),
    )
    assert f"| Auth Callout Users        | {user} |" in text
    assert "| Allowed Accounts          | * " in text
    assert f"| Encrypt For               | {CURVE.public} |" in text


def test_tiers(house: Nsc) -> None:
    limits = house.account("A").nats.limits
    tiers = {"R3": JetStreamLimits(disk_storage=10), "R1": JetStreamLimits(streams=2)}
    text = shown(house, limits=replace(limits, tiered_limits=tiers))
    first, second = text.index("| Jetstream Tier            | R1 "), text.index(" R3 ")
    assert first < second
    assert "| Max Streams               | 2 " in text[first:second]
    assert "| Max Disk Storage          | 10 B " in text[second:]


def test_imports_of_the_old_way_show_which_end_is_which(house: Nsc) -> None:
    source = house.account("B").sub
    text = shown(
        house,
        imports=(
            Import(name="s", subject="far.s", to="near.s", account=source, type="stream"),
            Import(name="r", subject="near.r", to="far.r", account=source, type="service"),
            Import(name="u", subject="far.u", account=source, type="stream", token="http://h/t"),
            Import(name="b", subject="far.b", account=source, type="stream", token="broken"),
        ),
    )
    assert "| far.s  | near.s " in text
    assert "| far.r  | near.r " in text
    assert "error decoding: " in text


def test_a_role_for_some_hours_of_the_day(house: Nsc) -> None:
    key = KeyPair.generate(Kind.ACCOUNT).public
    template = UserPermissionLimits(
        times=(TimeRange(start="08:00:00", end="09:00:00"),),
        times_location="Europe/Rome",
        src=("10.0.0.0/8",),
    )
    text = shown(house, signing_keys=(UserScope(key=key, role="r", template=template),))
    assert "| 08:00:00-09:00:00 " in text
    assert "| Time Zone            | Europe/Rome " in text
    assert "| 10.0.0.0/8 " in text


def test_a_user_of_an_account_that_is_elsewhere(house: Nsc) -> None:
    house("add user u")
    token = house.store().user("B", "u").token
    (house.work / "u.jwt").write_text(token)
    house("delete account B")
    text = house("describe jwt -f u.jwt").stdout
    assert "| Name " in text
    assert "Scoped Signing Key" not in text
