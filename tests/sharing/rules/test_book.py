"""Each rule that documents show: the share spoilt in one place, and what is found there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jetshare.identity.claims import Claims, Import, Permission, Permissions, User, UserScope
from jetshare.identity.claims import UserPermissionLimits as Template
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.kinds import PullConsumer, Role
from jetshare.sharing.rules.book import RULES, rule_of
from jetshare.sharing.rules.fixes import fixed
from jetshare.sharing.rules.rule import Severity
from support.shares import NOW, OTHER, PREFIX, SHARE, Pair, Spoil, activation, pair

NEXT, ACK, ACK_V2, INFO = Role.NEXT, Role.ACK, Role.ACK_V2, Role.INFO
ALL = (NEXT, ACK, ACK_V2, INFO)
SECOND_PROVIDER = KeyPair.generate(Kind.ACCOUNT)


def user(**words: Any) -> Claims[User]:
    return Claims(name="bob", sub=KeyPair.generate(Kind.USER).public, nats=User(**words))


def export_everything(made: Pair) -> None:
    made.add_export(name="all", subject="$JS.API.>")


def take_from_another(made: Pair, prefix: str) -> None:
    other = pair(keys=(SECOND_PROVIDER, OTHER), names=("ACCTD", "X"), prefix=prefix)
    tokens = {
        item.subject: activation(SECOND_PROVIDER, made.importer.sub, item.subject, NOW)
        for item in other.importer.nats.imports
    }
    for item in other.importer.nats.imports:
        taken = replace(item, token=tokens[item.subject])
        made.importer = made.importer.with_nats(imports=(*made.importer.nats.imports, taken))
    made.others.append(other.provider)


def cycle(made: Pair) -> None:
    made.add_import(name="a", subject="loop", local_subject="loop")
    back = Import(name="b", subject="loop", account=made.importer.sub, type="service")
    made.add_export(name="loop", subject="loop")
    made.provider = made.provider.with_nats(imports=(back,))
    exported = replace(made.provider.nats.exports[-1])
    made.importer = made.importer.with_nats(exports=(exported,))


def scoped(made: Pair) -> None:
    scope = UserScope(
        key=OTHER.public, role="pull", template=Template(pub=Permission(allow=("other.>",)))
    )
    made.importer = made.importer.with_nats(signing_keys=(scope,))
    made.users.append(replace(user(), iss=OTHER.public))


def narrow_defaults(made: Pair) -> None:
    made.users.append(user())
    default = Permissions(pub=Permission(allow=("x",)))
    made.importer = made.importer.with_nats(default_permissions=default)


def show_a_bearer(made: Pair) -> None:
    made.users.append(user(bearer_token=True))
    made.change_import(NEXT, share=True)


SPOILT: list[tuple[str, Spoil, set[str]]] = [
    ("no response type", lambda p: p.change_export(NEXT, response_type=""), {"JS101"}),
    ("singleton", lambda p: p.change_export(NEXT, response_type="Singleton"), {"JS101"}),
    ("chunked", lambda p: p.change_export(NEXT, response_type="Chunked"), set()),
    ("the whole API", export_everything, {"JS102", "JS120"}),
    ("no ack", lambda p: p.drop(ACK), {"JS103", "JS203"}),
    (
        "token position",
        lambda p: p.change_export(ACK, account_token_position=3),
        {"JS105", "JS120"},
    ),
    (
        "wildcard next",
        lambda p: p.change_export(NEXT, subject="$JS.API.CONSUMER.MSG.NEXT.ORDERS.*"),
        {"JS106"},
    ),
    ("public ack", lambda p: p.change_export(ACK, token_req=False), {"JS107"}),
    ("next exported as a stream", lambda p: p.change_export(NEXT, type="stream", response_type=""),
     {"JS111", "JS401"}),
    ("threshold", lambda p: p.change_export(NEXT, response_threshold=1), {"JS113"}),
    ("no info", lambda p: p.drop(INFO), {"JS115", "JS206"}),
    ("no next", lambda p: p.drop(NEXT), {"JS116", "JS213"}),
    (
        "another account's hash",
        lambda p: p.change_export(ACK_V2, subject="$JS.ACK.*.AAAAAAAA.ORDERS.ORDERS-C1.>"),
        {"JS117", "JS401"},
    ),
    (
        "a service and a stream of one subject",
        lambda p: p.add_export(name="x", subject=SHARE.ack_subject(), type="stream"),
        {"JS107", "JS111", "JS112"},
    ),
    (
        "more exports than allowed",
        lambda p: setattr(
            p, "provider", p.provider.with_nats(limits=replace(p.provider.nats.limits, exports=1))
        ),
        {"JS120"},
    ),
    (
        "a contained export",
        lambda p: p.add_export(name="x", subject="$JS.ACK.ORDERS.>", token_req=True),
        {"JS106", "JS120"},
    ),
    ("unmapped info", lambda p: p.change_import(INFO, local_subject=""), {"JS201"}),
    ("unmapped next", lambda p: p.change_import(NEXT, local_subject=SHARE.next_subject()),
     {"JS201"}),
    ("mapped ack", lambda p: p.change_import(ACK, local_subject=f"{PREFIX}.ACK.>"), {"JS202"}),
    ("ack not imported", lambda p: p.drop_import(ACK), {"JS203"}),
    ("info not imported", lambda p: p.drop_import(INFO), {"JS206"}),
    ("next not imported", lambda p: p.drop_import(NEXT), {"JS213"}),
    ("another prefix", lambda p: p.change_import(INFO, local_subject="X.API.CONSUMER.INFO.O.C"),
     {"JS209"}),
    ("two providers, two prefixes", lambda p: take_from_another(p, "ACCTD.API"), {"JS205"}),
    ("two providers, one prefix", lambda p: take_from_another(p, PREFIX), {"JS205", "JS208"}),
    ("a cycle", cycle, {"JS207"}),
    ("next imported as a stream", lambda p: p.change_import(NEXT, type="stream"),
     {"JS214", "JS305", "JS401"}),
    ("a mapping without its end", lambda p: p.change_import(ACK, local_subject="x"),
     {"JS202", "JS220"}),
    ("no token", lambda p: p.change_import(NEXT, token=""), {"JS301"}),
    ("expired", lambda p: p.change_token(NEXT, exp=NOW - 1), {"JS302"}),
    ("all expired", lambda p: p.change_token(*ALL, exp=NOW), {"JS302"}),
    ("revoked", lambda p: p.revoke(*ALL, at=NOW), {"JS303"}),
    ("all revoked", lambda p: p.revoke(*ALL, at=NOW, who="*"), {"JS303"}),
    ("revoked long ago", lambda p: p.revoke(*ALL, at=NOW - 1), set()),
    ("another is revoked", lambda p: p.revoke(*ALL, at=NOW, who=OTHER.public), set()),
    ("next revoked alone", lambda p: p.revoke(NEXT, at=NOW), {"JS303", "JS306"}),
    ("a stranger's token", lambda p: p.change_token(NEXT, key=OTHER), {"JS304"}),
    ("made out to another", lambda p: p.change_token(NEXT, sub=OTHER.public), {"JS305"}),
    ("of another subject", lambda p: p.change_token(NEXT, subject="x"), {"JS305"}),
    ("of the other type", lambda p: p.change_token(NEXT, kind="stream"), {"JS305"}),
    ("garbage", lambda p: p.change_import(NEXT, token="x.y.z"), {"JS305"}),
    ("not valid yet", lambda p: p.change_token(NEXT, nbf=NOW + 9), {"JS309"}),
    ("not exported any more", lambda p: p.drop_export(INFO), {"JS115", "JS401"}),
    (
        "a user who may not ask",
        lambda p: p.users.append(user(pub=Permission(allow=(f"{PREFIX}.>",)))),
        {"JS601"},
    ),
    ("a user who is forbidden", lambda p: p.users.append(user(pub=Permission(deny=("$JS.>",)))),
     {"JS601"}),
    ("a user who hears nothing", lambda p: p.users.append(user(sub=Permission(allow=("x",)))),
     {"JS602"}),
    ("a scope that is too narrow", scoped, {"JS601"}),
    ("default permissions", narrow_defaults, {"JS601"}),
    ("a bearer who is shown", show_a_bearer, {"JS210"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "codes"), [pytest.param(spoil, codes, id=name) for name, spoil, codes in SPOILT]
)
def test_what_is_spoilt_is_found(spoil: Spoil, codes: set[str]) -> None:
    made = pair()
    spoil(made)
    assert made.codes() == codes


def test_a_right_share_gives_no_finding() -> None:
    assert pair().codes() == set()


@pytest.mark.parametrize("role", ALL)
def test_a_fix_leaves_nothing_to_find(role: Role) -> None:
    made = pair(public=True)
    if role is not ACK_V2:
        made.drop(role)
    made.change_export(next(r for r in (NEXT, ACK) if r is not role), response_type="Singleton")
    made.provider = fixed(made.provider, made.findings())
    made.importer = fixed(made.importer, made.findings())
    assert made.codes() == set()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda p: p.change_import(ACK, local_subject=f"{PREFIX}.ACK.>"),
        lambda p: p.change_import(NEXT, local_subject=""),
        lambda p: p.change_import(INFO, local_subject="X.API.CONSUMER.INFO.ORDERS.ORDERS-C1"),
        lambda p: p.change_export(ACK, response_threshold=5),
    ],
)
def test_a_fix_of_one_field_mends_it(spoil: Spoil) -> None:
    made, right = pair(), pair()
    spoil(made)
    assert made.codes()
    made.provider = fixed(made.provider, made.findings())
    made.importer = fixed(made.importer, made.findings())
    assert made.codes() == set()
    assert [i.local_subject for i in made.importer.nats.imports] == [
        i.local_subject for i in right.importer.nats.imports
    ]


def test_cures_have_the_real_names_in_them() -> None:
    made = pair()
    made.drop_import(ACK)
    (found,) = (finding for finding in made.findings() if finding.code == "JS203")
    bundle = "ORDERS-ORDERS-C1-ACCTB.share"
    assert found.cure == (
        f"jetshare grant ORDERS/ORDERS-C1 --from ACCTC --to ACCTB -o {bundle}",
        f"jetshare accept {bundle} --account ACCTB --yes",
    )
    assert "'$JS.ACK.ORDERS.ORDERS-C1.>'" in found.nsc[0]


@pytest.mark.parametrize("spoil", [
    lambda p: p.drop_export(NEXT),
    lambda p: p.change_export(NEXT, type="stream", response_type=""),
    lambda p: p.drop(NEXT),
])  # fmt: skip
def test_next_is_exported_with_its_response_type(spoil: Spoil) -> None:
    made = pair()
    spoil(made)
    lines = [line for found in made.findings() for line in found.nsc if "add export" in line]
    assert lines
    assert all(line.endswith("--response-type Stream") for line in lines)


def test_what_is_public_is_mended_without_tokens() -> None:
    made = pair(public=True)
    made.drop(INFO)
    mended = [found for found in made.findings() if found.code in ("JS115", "JS206")]
    lines = [line for found in mended for line in found.nsc]
    assert not any("--private" in line or "activation" in line for line in lines)
    assert any("add import" in line and "--remote-subject" in line for line in lines)


def test_a_share_without_a_consumer_is_mended_by_its_account() -> None:
    made = pair()
    made.add_export(name="get", subject="$JS.API.DIRECT.GET.ORDERS", response_threshold=1)
    (found,) = (finding for finding in made.findings() if finding.code == "JS113")
    assert found.cure == ("jetshare doctor --account ACCTC --fix",)


def test_a_plain_stream_is_looked_at_too() -> None:
    made = pair()
    made.add_export(name="prices", subject="prices.>", type="stream", token_req=True)
    made.add_import(name="prices", subject="prices.>", type="stream")
    assert made.codes() == {"JS301"}
    made.add_import(name="gone", subject="gone.>", type="stream")
    (lost,) = (finding for finding in made.findings() if finding.code == "JS401")
    assert lost.nsc[0] == "nsc add export --account ACCTC --private --subject 'gone.>'"


def test_several_importers_of_one_consumer_are_noted() -> None:
    made = pair()
    second = replace(made.importer, name="ACCTE", sub=OTHER.public)
    made.others.append(second.with_nats(imports=tuple(
        replace(item, token=activation(made.key, OTHER.public, item.subject, NOW))
        for item in second.nats.imports
    )))  # fmt: skip
    assert "JS402" in made.codes(notes=True)
    assert made.codes() == set()


def test_codes_are_unique_and_rules_are_whole() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.code.startswith("JS")
        assert rule.title
        assert rule.symptom
        assert rule.cause
        assert rule.source
        assert rule.severity in Severity
    assert rule_of("js101") is RULES[0]
    assert rule_of("JS999") is None


def test_a_share_of_other_names_is_another_share() -> None:
    made = pair()
    other = PullConsumer("ORDERS", "ORDERS-C2")
    second = pair(share=other)
    made.provider = made.provider.with_nats(
        exports=(*made.provider.nats.exports, *second.provider.nats.exports)
    )
    made.importer = made.importer.with_nats(
        imports=(*made.importer.nats.imports, *second.importer.nats.imports)
    )
    assert made.codes() == set()
