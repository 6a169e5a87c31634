from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from jetshare.identity import codec, gojson
from jetshare.identity.claims import (
    Account,
    AccountLimits,
    Activation,
    AuthorizationRequest,
    AuthorizationResponse,
    Claims,
    ConnectOptions,
    Export,
    Generic,
    JetStreamLimits,
    MsgTrace,
    Operator,
    Permission,
    ResponsePermission,
    ServiceLatency,
    TimeRange,
    User,
    UserPermissionLimits,
    UserScope,
    WeightedMapping,
    from_json,
    to_json,
)
from jetshare.identity.codec import Misfit
from support.generated import unknown_of

EMPTY_RIGHTS = '"pub":{},"sub":{}'


def written(body: Any) -> str:
    """The nats part, without its type and version."""
    nats = to_json(Claims(nats=body))["nats"]
    assert isinstance(nats, dict)
    assert nats.pop("version") == 2
    nats.pop("type", None)
    return gojson.dumps(nats)


def read(body: type[Any], **nats: Any) -> Any:
    return from_json(body, {"nats": nats}).nats


# A new document as each New…Claims of nats-io/jwt makes it.
@pytest.mark.parametrize(
    ("body", "text"),
    [
        (Operator(), "{}"),
        (
            Account(),
            '{"limits":{"subs":-1,"data":-1,"payload":-1,"imports":-1,"exports":-1,"wildcards":true,'
            '"conn":-1,"leaf":-1},"default_permissions":{"pub":{},"sub":{}},"authorization":{}}',
        ),
        (User(), '{"pub":{},"sub":{},"subs":-1,"data":-1,"payload":-1}'),
        (User.scoped("A", tags=("t",)), '{"pub":{},"sub":{},"issuer_account":"A","tags":["t"]}'),
        (Activation(), "{}"),
        (
            AuthorizationRequest(),
            '{"server_id":{"name":"","host":"","id":""},"user_nkey":"","client_info":{},'
            '"connect_opts":{"protocol":0}}',
        ),
        (AuthorizationResponse(), "{}"),
        (Generic(), "{}"),
    ],
)
def test_new_documents(body: Any, text: str) -> None:
    assert written(body) == text


def test_the_order_of_all() -> None:
    claims = Claims(
        aud="a",
        exp=1,
        jti="j",
        iat=2,
        iss="i",
        name="n",
        nbf=3,
        sub="s",
        nats=Activation(subject="x", kind="stream", issuer_account="A", tags=("t",)),
        unknown={"z": 1},
    )
    assert gojson.dumps(to_json(claims)) == (
        '{"aud":"a","exp":1,"jti":"j","iat":2,"iss":"i","name":"n","nbf":3,"sub":"s","nats":'
        '{"subject":"x","kind":"stream","issuer_account":"A","tags":["t"],"type":"activation",'
        '"version":2},"z":1}'
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (
            Account(exports=(Export(service_latency=ServiceLatency(results="r")),)),
            '"exports":[{"service_latency":{"sampling":"headers","results":"r"}}]',
        ),
        (
            Account(exports=(Export(service_latency=ServiceLatency(sampling=5)),)),
            '"exports":[{"service_latency":{"sampling":5,"results":""}}]',
        ),
        (Account(trace=MsgTrace()), '"trace":{}'),
        (
            Account(mappings={"b": (), "a": (WeightedMapping(),)}),
            '"mappings":{"a":[{"subject":""}],"b":[]}',
        ),
        (
            Account(signing_keys=(UserScope(key="A"), "B")),
            '"signing_keys":[{"kind":"user_scope","key":"A","role":"","template":{"pub":{},'
            '"sub":{},"subs":-1,"data":-1,"payload":-1},"description":""},"B"]',
        ),
        (
            Account(limits=AccountLimits(tiered_limits={"R3": JetStreamLimits(streams=1)})),
            '"leaf":-1,"tiered_limits":{"R3":{"streams":1}}}',
        ),
        (User(resp=ResponsePermission()), '"resp":{"max":0,"ttl":0}'),
        (User(times=(TimeRange(),)), '"times":[{}]'),
        (User(src=("192.0.2.0/24",)), '"src":["192.0.2.0/24"]'),
        (Generic(data={"b": {"z": 1, "a": 2}, "a": [{"d": 1, "c": 2}]}), '"a":[{"c":2,"d":1}]'),
        (
            AuthorizationRequest(connect_opts=ConnectOptions(pass_="p", user="u")),
            '"connect_opts":{"user":"u","pass":"p","protocol":0}',
        ),
    ],
)
def test_fields_with_a_form_of_their_own(body: Any, field: str) -> None:
    assert field in written(body)
    assert from_json(type(body), to_json(Claims(nats=body))).nats == body


def test_missing_limits_allow_nothing() -> None:
    account = read(Account)
    assert (account.limits.subs, account.limits.conn, account.limits.wildcards) == (0, 0, False)
    assert read(Account, limits={"subs": -1}).limits == AccountLimits(
        subs=-1, data=0, payload=0, imports=0, exports=0, conn=0, leaf=0, wildcards=False
    )
    assert read(User) == User(subs=0, data=0, payload=0)


def test_missing_limits_of_a_scope_are_none() -> None:
    (scope,) = read(Account, signing_keys=[{"kind": "user_scope", "key": "A"}]).signing_keys
    assert scope == UserScope(key="A", template=UserPermissionLimits(subs=-1, data=-1, payload=-1))
    template = {"subs": 5, "pub": {"allow": ["a"]}}
    (scope,) = read(
        Account, signing_keys=[{"kind": "user_scope", "template": template}]
    ).signing_keys
    assert scope.template == UserPermissionLimits(subs=5, pub=Permission(allow=("a",)))


def test_tiers_take_the_place_of_the_limits_beside_them() -> None:
    limits = {"disk_storage": 5, "max_bytes_required": True, "conn": 3, "new": 1}
    assert read(Account, limits=limits).limits.disk_storage == 5
    tiered = read(Account, limits={**limits, "tiered_limits": {"R1": {"disk_storage": 7}}}).limits
    assert (tiered.disk_storage, tiered.max_bytes_required, tiered.conn) == (0, False, 3)
    assert tiered.tiered_limits == {"R1": JetStreamLimits(disk_storage=7)}
    assert tiered.unknown == {"new": 1}


@pytest.mark.parametrize(
    ("value", "expected"),
    [("headers", "headers"), ("HEADERS", "headers"), (0, "headers"), (7, 7), (None, "headers")],
)
def test_sampling(value: object, expected: object) -> None:
    latency = {"sampling": value, "results": "r"}
    (export,) = read(Account, exports=[{"service_latency": latency}]).exports
    assert export.service_latency == ServiceLatency(sampling=expected, results="r")  # type: ignore[arg-type]  # by parameter


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["192.0.2.0/24", "X"], ("192.0.2.0/24", "X")),
        ("192.0.2.0/24", ("192.0.2.0/24",)),
        (" 2001:DB8::/32, 192.0.2.0/24 ,, 192.0.2.0/24", ("2001:db8::/32", "192.0.2.0/24")),
        ("", ()),
        (None, ()),
    ],
)
def test_networks(value: object, expected: tuple[str, ...]) -> None:
    assert read(User, src=value).src == expected


def test_null_is_a_missing_field() -> None:
    nulls: dict[str, Any] = {
        declared.name: None for declared in fields(Account) if declared.name != "unknown"
    }
    assert read(Account, **nulls) == read(Account)


def test_names_in_another_case_are_refused() -> None:
    for name in ("Exports", "EXPORTS", "exportſ", "lImits"):
        with pytest.raises(Misfit, match=r"differs from .* in case only"):
            read(Account, **{name: []})
    assert read(Account, exports_=1).unknown == {"exports_": 1}


def test_an_unknown_field_does_not_hide_a_known_one() -> None:
    for name in ("subject", "Subject", "type"):
        with pytest.raises(Misfit, match="has the name of a known one"):
            to_json(Claims(nats=Activation(unknown={name: "x"})))


def test_unknown_fields_at_every_level() -> None:
    nats = {
        "exports": [{"x": [1], "service_latency": {"sampling": 1, "results": "", "x": None}}],
        "imports": [{"x": {}}],
        "limits": {"x": 1.5, "tiered_limits": {"R1": {"x": "y"}}},
        "signing_keys": [
            {
                **{"kind": "user_scope", "key": "A", "role": "", "description": ""},
                "template": {"pub": {"x": 1}, "sub": {"x": 2}, "x": 3},
                "x": 4,
            }
        ],
        "default_permissions": {"pub": {"x": 1}, "sub": {}, "resp": {"max": 0, "ttl": 0, "x": 1}},
        "mappings": {"a": [{"subject": "b", "x": 1}]},
        "authorization": {"x": 1},
        "trace": {"x": 1},
        "type": "account",
        "version": 2,
        "x": 1,
    }
    claims = from_json(Account, {"nats": nats, "x": {"y": []}})
    assert to_json(claims) == to_json(from_json(Account, to_json(claims)))
    assert gojson.dumps(to_json(claims)["nats"]).count('"x"') == 15
    assert unknown_of(claims) == ["x"] * 16


def test_secrets_of_a_client_do_not_show() -> None:
    options = ConnectOptions(pass_="hidden", auth_token="hidden", jwt="hidden")
    assert "hidden" not in repr(AuthorizationRequest(connect_opts=options))


def test_with_nats() -> None:
    claims = Claims(sub="s", nats=User(), unknown={"x": 1})
    assert claims.with_nats(subs=3) == Claims(sub="s", nats=User(subs=3), unknown={"x": 1})


@pytest.mark.parametrize("body", [Operator, Account, User, Activation, AuthorizationRequest])
def test_type_and_version_do_not_vary(body: type[Any]) -> None:
    for name, value in (("type", "x"), ("type", 2), ("version", 1), ("version", True)):
        with pytest.raises(Misfit, match="must be ") as raised:
            read(body, **{name: value})
        assert raised.value.path == f"nats.{name}"


def test_every_field_is_written_under_its_own_name() -> None:
    for body in (Operator, Account, User, Activation, AuthorizationRequest, AuthorizationResponse):
        declared = {declared.name for declared in fields(body)} - {"unknown"}
        assert declared == codec.names(body)
