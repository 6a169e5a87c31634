"""Rules of accounts, but for their exports and imports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jetshare.identity.claims import (
    AccountLimits,
    ExternalAuthorization,
    JetStreamLimits,
    MsgTrace,
    Permission,
    Permissions,
    WeightedMapping,
)
from support.broken.case import (
    ACCOUNT,
    CURVE,
    PROVIDER,
    SCOPE,
    SIGNER,
    USER,
    Case,
    account,
    service,
    stream,
    stream_import,
)
from support.broken.exports import info_cases
from support.broken.users import permission_cases


def account_cases() -> Iterator[Case]:
    def case(code: str, path: str, broken: dict[str, Any], fine: dict[str, Any]) -> Case:
        return Case(
            code=f"account-{code}",
            path=f"nats.{path}",
            broken=account(**broken),
            fine=account(**fine),
        )

    def limits(**fields: Any) -> dict[str, Any]:
        return {"limits": AccountLimits(**fields)}

    tiers = {"R1": JetStreamLimits(disk_storage=-1), "R3": JetStreamLimits(disk_storage=1)}
    for extra in (
        *({"disk_storage": 1}, {"mem_storage": 1}, {"streams": 1}, {"consumer": -1}),
        *({"max_ack_pending": 1}, {"mem_max_stream_bytes": 1}, {"disk_max_stream_bytes": 1}),
        {"max_bytes_required": True},
    ):
        yield case(
            "limits-jetstream",
            "limits",
            limits(tiered_limits=tiers, **extra),
            limits(tiered_limits=tiers),
        )
    yield case(
        "limits-tier",
        'limits.tiered_limits[""]',
        limits(tiered_limits={"": JetStreamLimits()}),
        limits(disk_storage=-1, mem_storage=-1),
    )
    two = (stream_import(subject="a"), stream_import(subject="b"))
    for allowed in (1, 0, -2):
        yield case(
            "limits-imports",
            "imports",
            {"imports": two, **limits(imports=allowed)},
            {"imports": two, **limits(imports=2)},
        )
    both = (stream(subject="a"), stream(subject="b"))
    for allowed in (1, 0):
        yield case(
            "limits-exports",
            "exports",
            {"exports": both, **limits(exports=allowed)},
            {"exports": both, **limits(exports=2)},
        )
    for subject in ("*", ">", "a.*.b", "a.>"):
        if subject in ("*", ">"):
            wild = {"exports": (service(subject="b"), stream(subject=subject))}
        yield case(
            "limits-wildcards",
            "exports[1].subject",
            {**wild, **limits(exports=2, wildcards=False)},
            {**wild, **limits(exports=2, wildcards=True)},
        )
        yield case(
            "limits-wildcards-unbounded",
            "exports[1].subject",
            {**wild, **limits(wildcards=False)},
            wild,
        )
    nothing = AccountLimits(
        subs=0, data=0, payload=0, imports=0, exports=0, wildcards=False, conn=0, leaf=0
    )
    for mine in (AccountLimits(), replace(nothing, max_bytes_required=True)):
        yield Case(
            code="account-limits-self-signed",
            path="nats.limits",
            broken=replace(account(limits=mine), iss=ACCOUNT.public),
            fine=replace(account(limits=nothing), iss=ACCOUNT.public),
        )

    yield from _mapping_cases()

    key = {"signing_keys": (SIGNER.public, SCOPE)}
    yield case("signing-key", "signing_keys[1]", {"signing_keys": (SIGNER.public, "A")}, key)
    yield case(
        "scope-key",
        "signing_keys[0].key",
        {"signing_keys": (replace(SCOPE, key=USER.public),)},
        key,
    )
    templates: tuple[tuple[str, str, Any, Any], ...] = (
        ("pub", "pub.allow[0]", Permission(allow=("a b",)), Permission(allow=("{{ name() }}.a",))),
        ("sub", "sub.deny[0]", Permission(deny=("a..b",)), Permission(deny=("{{tag(x)}} q",))),
        ("src", "src[0]", ("10.0.0.0",), ("10.0.0.0/8",)),
    )
    for field, place, bad, good in templates:
        broken = replace(SCOPE.template, **{field: bad})
        fine = replace(SCOPE.template, **{field: good})
        yield case(
            "scope-template",
            f"signing_keys[0].template.{place}",
            {"signing_keys": (replace(SCOPE, template=broken),)},
            {"signing_keys": (replace(SCOPE, template=fine),)},
        )

    authorized = {"auth_users": (USER.public,)}
    for code, place, wrong, right in (
        ("users", "allowed_accounts", {"allowed_accounts": ("*",)}, {}),
        ("user", "auth_users[0]", {"auth_users": (ACCOUNT.public,)}, authorized),
        (
            "account",
            "allowed_accounts[0]",
            {**authorized, "allowed_accounts": (USER.public,)},
            {**authorized, "allowed_accounts": (PROVIDER.public,)},
        ),
        (
            "any",
            "allowed_accounts[1]",
            {**authorized, "allowed_accounts": (PROVIDER.public, "*")},
            {**authorized, "allowed_accounts": ("*",)},
        ),
        ("xkey", "xkey", {"xkey": USER.public}, {"xkey": CURVE.public}),
    ):
        yield case(
            f"authorization-{code}",
            f"authorization.{place}",
            {"authorization": ExternalAuthorization(**wrong)},
            {"authorization": ExternalAuthorization(**right)},
        )

    traced = {"trace": MsgTrace(dest="traces", sampling=100)}
    for dest in ("", "a b", "traces.*", "traces.>"):
        yield case("trace-destination", "trace.dest", {"trace": MsgTrace(dest=dest)}, traced)
    for sampling in (-1, 101):
        broken_trace = {"trace": MsgTrace(dest="traces", sampling=sampling)}
        yield case("trace-sampling", "trace.sampling", broken_trace, traced)
    yield case(
        "cluster-traffic",
        "cluster_traffic",
        {"cluster_traffic": "own"},
        {"cluster_traffic": "owner"},
    )
    yield case(
        "revocation-key",
        f'revocations["{ACCOUNT.public}"]',
        {"revocations": {ACCOUNT.public: 1}},
        {"revocations": {USER.public: 1, "*": 2}},
    )
    yield from permission_cases(
        "nats.default_permissions", lambda given: account(default_permissions=Permissions(**given))
    )
    yield from info_cases("nats", account)


def _mapping_cases() -> Iterator[Case]:
    def case(code: str, place: str, broken: dict[str, Any], fine: dict[str, Any]) -> Case:
        return Case(
            code=f"account-mapping-{code}",
            path=f"nats.mappings{place}",
            broken=account(mappings=broken),
            fine=account(mappings=fine),
        )

    def to(subject: str = "b", weight: int = 0, cluster: str = "") -> WeightedMapping:
        return WeightedMapping(subject=subject, weight=weight, cluster=cluster)

    yield case("subject", '["a b"]', {"a b": (to(),)}, {"a.*": (to("b.{{wildcard(1)}}"),)})
    yield case("subject", '[""]', {"": ()}, {"a": ()})
    yield case(
        "destination",
        '["a.*"][1].subject',
        {"a.*": (to("b", 50), to("", 50))},
        {"a.*": (to("b.$1"),)},
    )
    yield case("weight", '["a"][0].weight', {"a": (to(weight=101),)}, {"a": (to(weight=100),)})
    for cluster in ("", "east"):
        for weights in ((60, 41), (0, 1), (0, 0)):
            yield case(
                "total",
                '["a"]',
                {"a": tuple(to(weight=weight, cluster=cluster) for weight in weights)},
                {
                    "a": (
                        to(weight=100),
                        to(weight=60, cluster="east"),
                        to(weight=40, cluster="east"),
                    )
                },
            )
