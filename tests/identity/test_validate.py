from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jetshare.identity import jwt
from jetshare.identity.claims import (
    Account,
    Body,
    Claims,
    ExternalAuthorization,
    UserScope,
)
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.identity.validate import RULES, validate
from support.any_claims import telling_claims
from support.broken.case import (
    NOW,
    PROVIDER,
    Case,
    account,
    activation,
    operator,
    request,
    response,
    service_import,
    signed,
    stream,
    stream_import,
    user,
)
from support.broken.table import TABLE

NSC_STORE = Path(__file__).parents[1] / "vectors" / "nsc-store"
CASES = pytest.mark.parametrize(
    "case", TABLE, ids=[f"{case.code}-{number}" for number, case in enumerate(TABLE)]
)


@CASES
def test_a_document_that_breaks_one_rule_has_that_finding(case: Case) -> None:
    (found,) = validate(case.broken, NOW, scope=case.scope)
    assert (found.code, found.path) == (case.code, case.path)
    assert found.severity == RULES[case.code].severity
    assert found.text
    assert "\n" not in found.text


@CASES
def test_its_like_that_keeps_the_rule_has_none(case: Case) -> None:
    assert validate(case.fine, NOW, scope=case.scope) == ()


def test_every_rule_has_a_case() -> None:
    assert {case.code for case in TABLE} == set(RULES)


def test_all_that_is_wrong_is_found() -> None:
    exports = (stream(subject=""), stream(subject="a", account_token_position=1))
    claims = replace(account(exports=exports, info_url="x"), exp=NOW, sub="")
    assert {(found.code, found.path) for found in validate(claims, NOW)} == {
        ("expired", "exp"),
        ("sub-key", "sub"),
        ("export-subject", "nats.exports[0].subject"),
        ("export-token-position", "nats.exports[1].account_token_position"),
        ("info-url", "nats.info_url"),
    }


def test_a_fault_reads_the_same_wherever_it_stands() -> None:
    """Callers tell by this what a change broke, and lists move when they are sorted."""
    wrong = (
        stream(subject="m", response_type="x"),
        service_import(subject="m", local_subject="n.$1"),
    )
    around = (stream(subject="a"), service_import(subject="a"))
    before = account(exports=wrong[:1], imports=wrong[1:])
    after = account(exports=(around[0], wrong[0]), imports=(around[1], wrong[1]))

    def texts(claims: Claims[Account]) -> list[tuple[str, str]]:
        return [(found.code, found.text) for found in validate(claims, NOW)]

    assert len(texts(before)) == 2
    assert texts(before) == texts(after)


@pytest.mark.parametrize(
    ("kind", "subject", "to", "covered"),
    [
        ("service", "mine", "orders.a", True),
        ("service", "orders.a", "mine", False),
        ("stream", "orders.a", "mine", True),
        ("stream", "mine", "orders.a", False),
    ],
)
def test_the_old_to_of_a_service_is_what_its_token_covers(
    kind: str, subject: str, to: str, covered: bool
) -> None:
    allowed = signed(activation(kind=kind), PROVIDER)
    item = stream_import(type=kind, subject=subject, to=to, token=allowed)
    codes = {found.code for found in validate(account(imports=(item,)), NOW)}
    assert codes == ({"import-to"} if covered else {"import-to", "import-token-subject"})


@pytest.mark.parametrize("known", [{"Europe/Amsterdam"}, ["Europe/Amsterdam"]])
def test_a_time_zone_is_looked_up_where_names_are_given(known: Any) -> None:
    there, not_there = user(times_location="Europe/Amsterdam"), user(times_location="Mars/Olympus")
    assert validate(there, NOW, time_zones=known) == ()
    (found,) = validate(not_there, NOW, time_zones=known)
    assert found.code == "user-time-zone"
    assert validate(not_there, NOW) == ()
    scoped = UserScope(
        key=PROVIDER.public, template=replace(UserScope().template, times_location="x")
    )
    (inner,) = validate(account(signing_keys=(scoped,)), NOW, time_zones=known)
    assert (inner.code, inner.path) == (
        "account-scope-template",
        "nats.signing_keys[0].template.times_location",
    )


@pytest.mark.parametrize(
    "path",
    sorted(NSC_STORE.rglob("*.jwt")),
    ids=lambda path: path.relative_to(NSC_STORE).as_posix(),
)
def test_documents_of_nsc_break_no_rule(path: Path) -> None:
    claims = jwt.decode(path.read_text()).claims
    assert validate(claims, claims.iat) == ()


@pytest.mark.parametrize("kind", get_args(Body), ids=lambda kind: kind.__name__)
def test_nothing_that_a_token_can_hold_makes_it_fail(kind: type[Body]) -> None:
    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(claims=telling_claims(kind), now=st.integers(min_value=0, max_value=2**33))
    def judge(claims: Claims[Body], now: int) -> None:
        for found in validate(claims, now):
            assert found.severity == RULES[found.code].severity
            assert found.path
            assert found.text.isprintable()

    judge()


SECRET = KeyPair(Kind.ACCOUNT, bytes([9]) * 32).seed()
SECRET_URL = "nats://user:pass-word@example.org:4222/path"


@pytest.mark.parametrize(
    "claims",
    [
        replace(operator(), sub=SECRET),
        operator(signing_keys=(SECRET,), system_account=SECRET, assert_server_version=SECRET),
        operator(account_server_url=SECRET, operator_service_urls=(SECRET, f"nats://{SECRET}/")),
        account(signing_keys=(SECRET, UserScope(key=SECRET, role=SECRET)), cluster_traffic=SECRET),
        account(revocations={SECRET: 1}, exports=(stream(revocations={SECRET: 1}),)),
        account(
            authorization=ExternalAuthorization(
                auth_users=(SECRET,), allowed_accounts=(SECRET,), xkey=f" {SECRET}\n"
            )
        ),
        account(exports=(stream(subject=f"a..{SECRET}"),), mappings={f"{SECRET} ": ()}),
        account(imports=(stream_import(account=SECRET, token=SECRET),), info_url=SECRET),
        activation(issuer_account=SECRET),
        user(issuer_account=SECRET, src=(SECRET,), times_location=f"/{SECRET}"),
        request(user_nkey=SECRET),
        response(sub=SECRET, aud=SECRET, issuer_account=SECRET),
        operator(operator_service_urls=(SECRET_URL, f"{SECRET_URL} x"), account_server_url=":@/"),
        operator(account_server_url=f"//{SECRET_URL}"),
        account(info_url="//user:pass-word@example.org"),
    ],
)
def test_no_finding_shows_a_secret(claims: Claims[Body]) -> None:
    findings = validate(claims, NOW)
    assert findings
    for shown in map(repr, findings):
        assert SECRET not in shown
        assert "pass-word" not in shown
