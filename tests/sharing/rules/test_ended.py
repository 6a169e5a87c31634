"""What is over because its owner ended it, and what only looks so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jetshare.identity import jwt
from jetshare.identity.claims import Activation
from jetshare.sharing import ledger
from jetshare.sharing.kinds import Role
from jetshare.sharing.rules.book import diagnose
from jetshare.sharing.rules.fixes import fixed
from jetshare.sharing.rules.servers import Heard, Seen, Server
from jetshare.sharing.rules.shares import Accounts
from support.shares import NOW, SHARE, Pair, Spoil, pair

NEXT, ACK, ACK_V2, INFO = Role.NEXT, Role.ACK, Role.ACK_V2, Role.INFO
ALL = (NEXT, ACK, ACK_V2, INFO)
LATER = NOW + 5
DAY_S = 86_400


def expired(made: Pair) -> None:
    made.change_token(*ALL, exp=NOW - DAY_S)
    made.revoke(*ALL, at=NOW)


def revoked_and(spoil: Spoil) -> Spoil:
    def both(made: Pair) -> None:
        made.revoke(*ALL, at=LATER)
        spoil(made)

    return both


def drop_exports(made: Pair) -> None:
    for role in ALL:
        made.drop_export(role)


OVER: list[tuple[str, Spoil, str]] = [
    ("for this importer", lambda p: p.revoke(*ALL, at=LATER), "revoked on 2027-01-15"),
    ("for everyone", lambda p: p.revoke(*ALL, at=LATER, who="*"), "revoked on 2027-01-15"),
    ("expired, then revoked", expired, "expired on 2027-01-14, and revoked"),
    ("a far time", lambda p: p.revoke(*ALL, at=1 << 60), f"revoked on second {1 << 60}"),
]


@pytest.mark.parametrize(
    ("end", "how"), [pytest.param(end, how, id=name) for name, end, how in OVER]
)
def test_what_its_owner_ended_is_a_note_and_no_failure(end: Spoil, how: str) -> None:
    made = pair()
    end(made)
    assert made.ended() == (how,)
    assert made.codes() == set()
    assert made.codes(notes=True) == {"JS310"}


NOT_OVER: list[tuple[str, Spoil, set[str]]] = [
    ("the second of the tokens", lambda p: p.revoke(*ALL, at=NOW), {"JS303"}),
    ("before the tokens", lambda p: p.revoke(*ALL, at=NOW - 1), set()),
    ("a part alone", lambda p: p.revoke(NEXT, ACK, at=LATER), {"JS303", "JS306"}),
    ("expired alone", lambda p: p.change_token(*ALL, exp=NOW - 1), {"JS302"}),
    (
        "a part that is public",
        revoked_and(lambda p: p.change_export(ACK, token_req=False)),
        {"JS107", "JS303"},
    ),
    (
        "a part whose revocation no server looks at",
        revoked_and(lambda p: p.change_export(ACK, account_token_position=3)),
        {"JS105", "JS120", "JS303"},
    ),
    (
        "a part without a token",
        revoked_and(lambda p: p.change_import(ACK, token="")),
        {"JS301", "JS303"},
    ),
    ("exports that are gone", drop_exports, {"JS401"}),
]


@pytest.mark.parametrize(
    ("end", "codes"), [pytest.param(end, codes, id=name) for name, end, codes in NOT_OVER]
)
def test_what_may_be_an_accident_stays_a_failure(end: Spoil, codes: set[str]) -> None:
    made = pair()
    end(made)
    assert made.ended() == ()
    assert codes <= made.codes()
    assert "JS310" not in made.codes(notes=True)


def test_a_token_of_another_is_a_failure_of_the_whole_account_also_then() -> None:
    made = pair()
    made.revoke(*ALL, at=LATER)
    made.change_import(ACK, token=made.token(NEXT))
    assert made.ended()
    assert made.codes() == {"JS305"}


def with_ledger(made: Pair, *events: tuple[bool, int]) -> Accounts:
    """The documents, and a ledger that grants (or takes back) at the given times."""
    chain: tuple[ledger.Entry, ...] = ()
    tokens = [jwt.decode(i.token, Activation).claims for i in made.importer.nats.imports]
    for grants, at in events:
        added = (
            [ledger.granted(SHARE, token, at=at) for token in tokens]
            if grants
            else ledger.revoked(chain, SHARE, made.importer.sub, at=at)
        )
        chain = ledger.append(chain, added, account=made.provider.sub)
    return replace(made.accounts(), ledgers={made.provider.sub: chain})


def test_the_ledger_tells_a_revocation_from_an_accident_of_one_second() -> None:
    made = pair()
    made.revoke(*ALL, at=NOW)
    taken_back = with_ledger(made, (True, NOW), (False, NOW))
    assert list(diagnose(taken_back).ended.values()) == ["revoked on 2027-01-15"]
    granted_again = with_ledger(made, (True, NOW), (False, NOW), (True, NOW))
    assert not diagnose(granted_again).ended
    assert {finding.code for finding in diagnose(granted_again).findings} >= {"JS303"}


def test_the_ledger_tells_that_exports_were_taken_away() -> None:
    made = pair()
    accounts = with_ledger(made, (True, NOW), (False, LATER))
    for role in ALL:
        made.drop_export(role)
    gone = replace(made.accounts(), ledgers=accounts.ledgers)
    assert list(diagnose(gone).ended.values()) == ["revoked on 2027-01-15"]


def test_a_ledger_does_not_end_what_the_document_leaves_open() -> None:
    made = pair()
    assert not diagnose(with_ledger(made, (True, NOW), (False, LATER))).ended


def test_the_fix_takes_the_imports_out_and_leaves_the_others() -> None:
    made = pair()
    made.add_import(name="other", subject="prices", local_subject="prices")
    made.revoke(*ALL, at=LATER)
    after = fixed(made.importer, made.findings())
    assert [item.subject for item in after.nats.imports] == ["prices"]


def test_the_cure_names_every_subject_once() -> None:
    made = pair()
    made.revoke(*ALL, at=LATER)
    (found,) = (finding for finding in made.findings() if finding.code == "JS310")
    assert found.cure == ("jetshare drop ORDERS/ORDERS-C1 --account ACCTB --from ACCTC --yes",)
    assert [line.split()[1] for line in found.nsc] == ["delete"] * 4 + ["push"]


ANSWERED, NOBODY = Heard(code=404, replies=1), Heard(code=503)


@pytest.mark.parametrize(
    ("seen", "codes"),
    [
        (Seen(), set()),
        (Seen(next=NOBODY, ack=NOBODY, info=NOBODY), set()),
        (Seen(invalid={SHARE.next_subject(): "gone"}, missing=True), set()),
        (Seen(next=ANSWERED, ack=NOBODY), {"JS509"}),
        (Seen(next=NOBODY, info=ANSWERED), {"JS509"}),
        # A consumer of the same name in the importer's own account may be what answers.
        (Seen(next=NOBODY, ack=Heard(replies=1)), set()),
        (Seen(differing={pair().provider.sub: "older"}), {"JS501"}),
    ],
)
def test_servers_that_go_on_are_a_failure(seen: Seen, codes: set[str]) -> None:
    made = pair()
    made.revoke(*ALL, at=LATER)
    assert made.codes(seen) == codes


SERVER = Server(name="n", version="2.15.1")


@pytest.mark.parametrize(
    ("seen", "cure"),
    [
        (Seen(next=ANSWERED), ("jetshare nsc push --account ACCTC",)),
        (
            Seen(next=ANSWERED, servers=(SERVER,), differing={pair().provider.sub: "older"}),
            ("jetshare nsc push --account ACCTC",),
        ),
        (
            Seen(next=ANSWERED, servers=(SERVER,)),
            (
                "jetshare nsc edit account --name ACCTB --description 'pushed again'",
                "jetshare nsc push --account ACCTB",
            ),
        ),
    ],
)
def test_what_goes_on_is_ended_by_a_push_and_not_by_another_revocation(
    seen: Seen, cure: tuple[str, ...]
) -> None:
    made = pair()
    made.revoke(*ALL, at=LATER)
    (found,) = (finding for finding in made.findings(seen) if finding.code == "JS509")
    assert found.cure == cure
