from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.editing import revocations
from jetshare.errors import NotFound
from jetshare.identity.claims import Export
from support.accounts import OTHER, account

ASK = Export(name="ask", subject="ask", type="service", token_req=True, unknown={"x": 1})
TELL = Export(name="tell", subject="tell", type="stream", revocations={OTHER: 7})
KEYS = st.sampled_from([OTHER, revocations.EVERYONE, "U1"])


@given(st.lists(st.tuples(KEYS, st.integers(1, 100)), min_size=1))
def test_what_has_ended_stays_ended(ended: list[tuple[str, int]]) -> None:
    """In whatever order revocations come, the latest time of each key counts."""
    claims = account()
    for public, at in ended:
        claims = revocations.revoke_user(claims, public, at)
    latest = {public: max(at for key, at in ended if key == public) for public, _ in ended}
    assert claims == account(revocations=latest)


def test_a_user_is_restored() -> None:
    claims = account(revocations={"U1": 5, "*": 6})
    assert revocations.restore_user(claims, "U1") == account(revocations={"*": 6})
    with pytest.raises(NotFound, match="public key U2 is not revoked"):
        revocations.restore_user(claims, "U2")
    with pytest.raises(NotFound, match="no user revocations set"):
        revocations.restore_user(account(), "U1")


def test_activations_of_one_export() -> None:
    claims = account(exports=(ASK, TELL))
    after = revocations.revoke_activation(claims, ASK, OTHER, 9)
    revoked = replace(ASK, revocations={OTHER: 9})
    assert after == account(exports=(revoked, TELL))
    held = after.nats.exports[0]
    assert revocations.restore_activation(after, held, OTHER) == claims
    with pytest.raises(NotFound, match='"ask" is not revoked for'):
        revocations.restore_activation(claims, ASK, OTHER)
