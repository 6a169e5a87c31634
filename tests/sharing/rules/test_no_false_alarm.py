"""Right shares of every shape give no finding, and neither do many of them together."""

from __future__ import annotations

import random

import pytest

from jetshare.identity.claims import Account, Claims
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.rules.book import diagnose
from jetshare.sharing.rules.rule import Severity
from jetshare.sharing.rules.servers import Seen
from jetshare.sharing.rules.shares import Accounts
from jetshare.sharing.rules.shares import Kind as ShareKind
from support.many_shares import accounts
from support.shapes import DELIVER, SHAPES, Shape, exports, imports
from support.shares import JETSTREAM, NOW, Pair, pair

PROVIDER, IMPORTER = (KeyPair.generate(Kind.ACCOUNT) for _ in range(2))


def share(shape: Shape, *, private: bool) -> Accounts:
    provider = Account(exports=tuple(exports(shape, private=private)), limits=JETSTREAM)
    taken = imports(shape, PROVIDER, IMPORTER.public, NOW, private=private)
    importer = Account(imports=tuple(taken), limits=JETSTREAM)
    held = (
        Claims(name="ACCTC", sub=PROVIDER.public, nats=provider),
        Claims(name="ACCTB", sub=IMPORTER.public, nats=importer),
    )
    return Accounts(claims={claims.sub: claims for claims in held}, users={}, now=NOW)


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize(("kind", "shape"), SHAPES)
def test_a_right_share_of_each_kind(kind: ShareKind, shape: Shape, private: bool) -> None:
    found = diagnose(share(shape, private=private))
    assert [f for f in found.findings if f.severity is not Severity.NOTE] == []
    beside = {ShareKind.STREAM} if DELIVER in shape else set()
    assert {taken.kind for taken in found.taken} == {kind} | beside
    assert {offered.kind for offered in found.offered} == {kind} | beside


RIGHT = {
    "as granted": pair(),
    "public": pair(public=True),
    "the guide's, of the first form": pair(second_form=False),
    "under another prefix": pair(prefix="a.b.c"),
    "with an end": pair(expires=NOW + 90 * 86_400),
    "ending soon": pair(expires=NOW + 60),
    "of names with dashes": pair(share=PullConsumer("a-b_c", "D-E_f")),
}


@pytest.mark.parametrize("made", RIGHT.values(), ids=RIGHT.keys())
def test_a_right_pull_consumer(made: Pair) -> None:
    assert made.codes() == set()
    assert made.codes(Seen()) == set()


def test_a_consumer_without_acknowledgements() -> None:
    from jetshare.sharing.kinds import Role

    made = pair()
    made.drop(Role.ACK)
    made.drop(Role.ACK_V2)
    assert made.codes(Seen(consumer={"config": {"ack_policy": "none"}})) == set()


def test_500_accounts_give_no_finding() -> None:
    held = list(accounts(500))
    random.Random(7).shuffle(held)
    everyone = Accounts(claims={claims.sub: claims for claims in held}, users={}, now=NOW)
    found = diagnose(everyone)
    assert [f for f in found.findings if f.severity is not Severity.NOTE] == []
    assert len(found.taken) == 250
