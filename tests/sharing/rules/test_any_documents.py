"""Whatever documents say, the rules answer with findings and never with an error."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jetshare.identity.claims import Account, Claims, Export, Import, User
from jetshare.sharing.rules.book import diagnose
from jetshare.sharing.rules.fixes import fixed
from jetshare.sharing.rules.shares import Accounts
from support.any_claims import telling_claims
from support.shares import NOW

# Words of shares, and what else may stand between dots.
_WORDS = st.sampled_from(
    ["$JS", "API", "ACK", "FC", "CONSUMER", "MSG", "NEXT", "INFO", "CREATE", "STREAM", "$KV",
     "S", "C", "*", ">", "", "$1", "ACCTC", " ", "DIRECT", "GET"]
)  # fmt: skip
_SUBJECTS = st.lists(_WORDS, max_size=8).map(".".join)
_KINDS = st.sampled_from(["service", "stream", ""])
_EXPORTS = st.builds(
    Export,
    subject=_SUBJECTS,
    type=_KINDS,
    token_req=st.booleans(),
    response_type=st.sampled_from(["", "Singleton", "Stream", "x"]),
    account_token_position=st.integers(0, 9),
)


def accounts(made: list[Claims[Any]], users: list[Claims[Any]]) -> Accounts:
    keys = [claims.sub for claims in made]
    return Accounts(
        claims={claims.sub: claims for claims in made},
        users=dict.fromkeys(keys, tuple(users)),
        now=NOW,
    )


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(telling_claims(Account), max_size=3), st.lists(telling_claims(User), max_size=2))
def test_any_claims(made: list[Claims[Any]], users: list[Claims[Any]]) -> None:
    diagnose(accounts(made, users))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_subjects_of_shares(data: st.DataObject) -> None:
    imports = st.builds(
        Import,
        subject=_SUBJECTS,
        account=st.sampled_from(["A", "B"]),
        to=st.sampled_from(["", "x"]) | _SUBJECTS,
        local_subject=st.just("") | _SUBJECTS,
        type=_KINDS,
        token=st.sampled_from(["", "x.y.z"]),
    )
    made: list[Claims[Account]] = []
    for name in ("A", "B"):
        account = Account(
            exports=tuple(data.draw(st.lists(_EXPORTS, max_size=5))),
            imports=tuple(data.draw(st.lists(imports, max_size=5))),
        )
        made.append(Claims(name=name, sub=name, nats=account))
    found = diagnose(accounts(list(made), [])).findings
    for claims in made:
        fixed(replace(claims), found)
    for finding in found:
        assert all("{" not in line for line in (*finding.cure, *finding.nsc))
