"""Ours and Go's refuse the same documents, but for the rules that only we have."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final
from zoneinfo import available_timezones

import pytest
from hypothesis import HealthCheck, given, settings

from jetshare.identity import jwt
from jetshare.identity.claims import (
    Account,
    Activation,
    AuthorizationRequest,
    AuthorizationResponse,
    Body,
    Claims,
    Generic,
    Operator,
    User,
)
from jetshare.identity.nkeys import KeyPair
from jetshare.identity.validate import RULES, Finding, validate
from support.broken.case import ACCOUNT, OPERATOR, PROVIDER, SERVER, Case, user
from support.broken.table import TABLE
from support.go_jwt import GoJwt, running
from support.near_misses import near_misses

pytestmark = pytest.mark.go

SIGNERS: Final[dict[type[Any], KeyPair]] = {
    Operator: OPERATOR,
    Account: OPERATOR,
    User: ACCOUNT,
    Activation: PROVIDER,
    AuthorizationRequest: SERVER,
    AuthorizationResponse: ACCOUNT,
    Generic: ACCOUNT,
}
# No document with a wrong sub can be signed, and what a scope asks of its users Go checks
# in another place.
COMPARED: Final = tuple(
    case for case in TABLE if case.code != "sub-key" and case.scope is None and not case.ours
)


@pytest.fixture(scope="module")
def go() -> Iterator[GoJwt]:
    with running() as process:
        yield process


@pytest.mark.parametrize("which", ["broken", "fine"])
@pytest.mark.parametrize(
    "case", COMPARED, ids=[f"{case.code}-{number}" for number, case in enumerate(COMPARED)]
)
def test_go_refuses_what_breaks_a_rule(go: GoJwt, case: Case, which: str) -> None:
    _compare(go, case.broken if which == "broken" else case.fine)


@pytest.mark.parametrize("case", [case for case in TABLE if case.ours], ids=lambda case: case.code)
def test_go_takes_what_only_a_stricter_reading_refuses(go: GoJwt, case: Case) -> None:
    token = _signed(case.broken)
    assert not go.ask("validate", token=token)["blocking"]


@settings(
    max_examples=1500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(near_misses())
def test_near_misses(go: GoJwt, claims: Claims[Body]) -> None:
    _compare(go, claims)


@pytest.mark.parametrize("name", ["Europe/Amsterdam", "UTC", "Local", "Europe/Olympus", "/UTC"])
def test_time_zones(go: GoJwt, name: str) -> None:
    claims = user(times_location=name)
    refused = bool(validate(claims, 0, time_zones=available_timezones()))
    assert go.ask("validate", token=_signed(claims))["blocking"] is refused


def _compare(go: GoJwt, claims: Claims[Any]) -> None:
    token = _signed(claims)
    now = int(time.time())  # Go looks at the clock by itself
    findings = validate(jwt.decode(token).claims, now)

    blocking = any(_in_go(found, "error") for found in findings)
    today = blocking or any(_in_go(found, "time") for found in findings)
    assert go.ask("validate", token=token) == {"blocking": blocking, "today": today}, findings


def _in_go(found: Finding, severity: str) -> bool:
    return found.severity == severity and not RULES[found.code].ours


def _signed(claims: Claims[Any]) -> str:
    self_signed = isinstance(claims.nats, Account) and claims.iss == ACCOUNT.public
    key = ACCOUNT if self_signed else SIGNERS[type(claims.nats)]
    return jwt.encode(claims, key, int(time.time())).token
