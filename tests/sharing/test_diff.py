from dataclasses import replace

from jetshare.identity.claims import Import
from jetshare.sharing import edit
from jetshare.sharing.diff import changes
from jetshare.sharing.found import offered_share
from jetshare.sharing.kinds import PullConsumer
from support.people import person

SHARE = PullConsumer("S", "C")


def test_nothing_changed_is_no_change() -> None:
    claims = person("C").claims
    assert changes(claims, claims) == ()


def test_added_exports_say_how_they_are_reached() -> None:
    before = person("C").claims
    after = edit.offer(before, SHARE, public=False, info=True)
    found = changes(before, after)
    assert [change.sign for change in found] == ["+"] * 4
    assert found[0].what == "export service $JS.API.CONSUMER.MSG.NEXT.S.C"
    assert "private" in found[0].detail[0]
    assert found[0].detail[1] == "response type Stream"


def test_a_revocation_shows_as_a_change_of_each_export() -> None:
    held = edit.offer(person("C").claims, SHARE, public=False, info=True)
    offer = offered_share(held, SHARE)
    assert offer is not None
    at = 1_800_000_000
    after = edit.revoke(held, offer, {"A1": at, "A2": at, "*": at})
    found = changes(held, after, {"A1": "ACCTB"})
    assert [change.sign for change in found] == ["~"] * 4
    assert found[0].detail == tuple(
        f"revoked for {who}: what was issued up to 2027-01-15 08:00:00 UTC"
        for who in ("ACCTB", "A2", "everyone")
    )
    assert changes(after, held)[0].detail[0] == "not revoked for A1 any more"


def test_a_renewed_token_is_named_and_never_printed() -> None:
    item = Import(name="n", subject="a.b", account="A1", type="service", token="old-token")
    before = person("B", imports=(item,)).claims
    after = replace(before, nats=replace(before.nats, imports=(replace(item, token="new-token"),)))
    (change,) = changes(before, after)
    assert change.detail == ("activation token renewed",)
    assert "new-token" not in str(change)


def test_a_removed_import_is_shown() -> None:
    item = Import(name="n", subject="a.b", account="A1", type="service")
    before = person("B", imports=(item,)).claims
    after = replace(before, nats=replace(before.nats, imports=()))
    assert [c.lines() for c in changes(before, after)] == [("- import service a.b",)]


def test_another_field_of_the_account_is_named() -> None:
    before = person("B").claims
    after = replace(before, nats=replace(before.nats, description="new"))
    assert [c.what for c in changes(before, after)] == ["account description"]
