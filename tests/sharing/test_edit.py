from __future__ import annotations

from dataclasses import replace

import pytest

from jetshare.errors import ShareConflict
from jetshare.identity.claims import Account, Claims, Export, Import
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import bundle, edit
from jetshare.sharing.bundle import Bundle
from jetshare.sharing.found import accepted, offered, offered_share
from jetshare.sharing.kinds import PullConsumer, Role
from support.people import Person, person

SHARE = PullConsumer("ORDERS", "C1")
NOW = 1_800_000_000


def offer(provider: Person, **words: bool) -> Claims[Account]:
    return edit.offer(provider.claims, SHARE, **{"public": False, "info": True, **words})


def grant(provider: Person, importer: Person, share: PullConsumer = SHARE) -> Bundle:
    text = bundle.make(
        share,
        provider=provider.public,
        provider_name=provider.name,
        importer=importer.public,
        prefix=f"{provider.name}.API",
        activations=edit.activate(
            share.subjects(provider.public),
            provider=provider.public,
            importer=importer.public,
            signer=provider.key,
            now=NOW,
        ),
        signer=provider.key,
        now=NOW,
    )
    return bundle.read(text)


def with_exports(who: Person, *exports: Export) -> Person:
    nats = replace(who.claims.nats, exports=exports)
    return replace(who, claims=replace(who.claims, nats=nats))


def with_imports(who: Person, *imports: Import) -> Person:
    nats = replace(who.claims.nats, imports=imports)
    return replace(who, claims=replace(who.claims, nats=nats))


def test_offering_adds_four_private_exports_with_next_as_a_stream() -> None:
    after = offer(person("C"))
    assert [e.response_type for e in after.nats.exports] == [
        "Stream",
        "Singleton",
        "Singleton",
        "Singleton",
    ]
    assert all(e.token_req and e.type == "service" for e in after.nats.exports)


def test_offering_again_changes_nothing() -> None:
    provider = person("C")
    once = replace(provider, claims=offer(provider))
    assert offer(once) is once.claims


def test_offering_adds_only_what_is_missing() -> None:
    provider = person("C")
    without_info = replace(provider, claims=offer(provider, info=False))
    added = offer(without_info).nats.exports[3:]
    assert [e.subject for e in added] == [SHARE.info_subject()]


def test_offering_leaves_other_exports_as_they_were() -> None:
    other = Export(name="other", subject="a.b", type="stream", unknown={"new_field": 7})
    after = offer(with_exports(person("C"), other))
    assert after.nats.exports[0] is other


@pytest.mark.parametrize(
    "standing",
    [
        Export(name="public", subject=SHARE.next_subject(), type="service", token_req=False),
        Export(
            name="singleton",
            subject=SHARE.next_subject(),
            type="service",
            token_req=True,
            response_type="Singleton",
        ),
        Export(name="wide", subject="$JS.API.>", type="service", token_req=True),
        Export(name="wide ack", subject="$JS.ACK.ORDERS.*.>", type="service", token_req=True),
        Export(
            name="position",
            subject=SHARE.ack_subject(),
            type="service",
            token_req=True,
            account_token_position=3,
        ),
    ],
    ids=lambda export: export.name,
)
def test_an_export_that_stands_in_the_way_is_named_and_left(standing: Export) -> None:
    with pytest.raises(ShareConflict) as refused:
        offer(with_exports(person("C"), standing))
    assert standing.subject in str(refused.value)
    assert refused.value.hint


def test_a_signing_key_names_the_account_it_signs_for() -> None:
    provider, importer = person("C"), person("B")
    signer = KeyPair.generate(Kind.ACCOUNT)
    held = edit.activate(
        SHARE.subjects(provider.public),
        provider=provider.public,
        importer=importer.public,
        signer=signer,
        now=NOW,
    )
    assert {a.claims.nats.issuer_account for a in held} == {provider.public}
    assert {a.claims.iss for a in held} == {signer.public}


def test_accepting_maps_the_api_and_leaves_acks_as_they_are() -> None:
    provider, importer = person("C"), person("B")
    after = edit.accept(importer.claims, grant(provider, importer), "C.API")
    (held,) = accepted(after)
    assert held.prefix == "C.API"
    assert held.provider == provider.public
    locals_ = {role: item.local_subject for role, item in held.imports}
    assert locals_[Role.NEXT] == "C.API.CONSUMER.MSG.NEXT.ORDERS.C1"
    assert locals_[Role.ACK] == "$JS.ACK.ORDERS.C1.>"
    assert all(item.token for _, item in held.imports)


def test_accepting_again_renews_the_tokens_in_place() -> None:
    provider, importer = person("C"), person("B")
    once = edit.accept(importer.claims, grant(provider, importer), "C.API")
    later = bundle.read(
        bundle.make(
            SHARE,
            provider=provider.public,
            provider_name="C",
            importer=importer.public,
            prefix="C.API",
            activations=edit.activate(
                SHARE.subjects(provider.public),
                provider=provider.public,
                importer=importer.public,
                signer=provider.key,
                now=NOW + 60,
            ),
            signer=provider.key,
            now=NOW + 60,
        )
    )
    twice = edit.accept(once, later, "C.API")
    assert len(twice.nats.imports) == 4
    assert all(
        a.token != b.token for a, b in zip(once.nats.imports, twice.nats.imports, strict=True)
    )
    assert edit.accept(twice, later, "C.API") is twice


def test_another_prefix_for_a_share_that_is_held_is_refused() -> None:
    provider, importer = person("C"), person("B")
    once = edit.accept(importer.claims, grant(provider, importer), "C.API")
    with pytest.raises(ShareConflict, match="already imported"):
        edit.accept(once, grant(provider, importer), "OTHER.API")


def test_two_providers_with_the_same_names_would_swallow_each_others_acks() -> None:
    first, second, importer = person("C"), person("D"), person("B")
    once = edit.accept(importer.claims, grant(first, importer), "C.API")
    with pytest.raises(ShareConflict, match="acknowledgements"):
        edit.accept(once, grant(second, importer), "D.API")


def test_a_wide_ack_import_of_another_provider_is_seen() -> None:
    wide = Import(
        name="all", subject="$JS.ACK.>", account=person("D").public, type="service", token=""
    )
    importer = with_imports(person("B"), wide)
    with pytest.raises(ShareConflict, match="acknowledgements"):
        edit.accept(importer.claims, grant(person("C"), importer), "C.API")


def test_a_prefix_in_use_by_another_import_is_refused() -> None:
    importer = person("B")
    taken = Import(
        name="other",
        subject="svc.>",
        account=person("D").public,
        type="service",
        local_subject="C.API.>",
    )
    importer = with_imports(importer, taken)
    with pytest.raises(ShareConflict, match="collides"):
        edit.accept(importer.claims, grant(person("C"), importer), "C.API")


def test_two_shares_of_one_provider_live_under_one_prefix() -> None:
    provider, importer = person("C"), person("B")
    once = edit.accept(importer.claims, grant(provider, importer), "C.API")
    other = grant(provider, importer, PullConsumer("ORDERS", "C2"))
    assert len(accepted(edit.accept(once, other, "C.API"))) == 2


def test_revoking_covers_every_subject_and_keeps_earlier_revocations() -> None:
    provider = person("C")
    held = offer(provider)
    first = edit.revoke(held, _offer(held), {"A1": NOW})
    second = edit.revoke(first, _offer(first), {"A2": NOW + 1})
    assert [dict(e.revocations) for e in second.nats.exports] == [{"A1": NOW, "A2": NOW + 1}] * 4


def test_a_later_revocation_is_never_taken_back_to_an_earlier_time() -> None:
    held = offer(person("C"))
    later = edit.revoke(held, _offer(held), {"A1": NOW})
    again = edit.revoke(later, _offer(later), {"A1": NOW - 60})
    assert [dict(e.revocations) for e in again.nats.exports] == [{"A1": NOW}] * 4


def test_revoking_a_share_leaves_its_neighbours() -> None:
    provider = person("C")
    both = edit.offer(offer(provider), PullConsumer("ORDERS", "C2"), public=False, info=True)
    after = edit.revoke(both, _offer(both), {"A1": NOW})
    other = offered_share(after, PullConsumer("ORDERS", "C2"))
    assert other is not None
    assert other.importers_revoked() == frozenset()


@pytest.mark.parametrize(
    ("revoked", "now", "issued"),
    [
        ({}, NOW, NOW),
        ({"A1": NOW}, NOW, NOW + 1),
        ({"A1": NOW - 5}, NOW, NOW),
        ({"*": NOW}, NOW, NOW + 1),
        ({"A2": NOW}, NOW, NOW),
    ],
)
def test_a_grant_after_a_revocation_is_dated_after_it(
    revoked: dict[str, int], now: int, issued: int
) -> None:
    held = offer(person("C"))
    for who, at in revoked.items():
        held = edit.revoke(held, _offer(held), {who: at})
    assert edit.issue_time(_offer(held), "A1", now) == issued


def test_withdrawing_takes_the_exports_of_this_share_only() -> None:
    other = Export(name="other", subject="a.b", type="stream")
    provider = with_exports(person("C"), other)
    held = offer(provider, public=True)
    assert edit.withdraw(held, _offer(held)).nats.exports == (other,)


def _offer(claims: Claims[Account]):  # type: ignore[no-untyped-def]
    found = offered_share(claims, SHARE)
    assert found is not None
    assert found in offered(claims)
    return found
