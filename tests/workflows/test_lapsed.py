"""Signing an account's document anew, so that a server ends what is over in it."""

from __future__ import annotations

import pytest

from jetshare.errors import KeyNotHeld
from jetshare.workflows.lapsed import sign_anew
from support.offline import NOW, memory_store


def test_it_says_the_same_with_a_newer_date() -> None:
    store = memory_store()
    before = store.account("ACCTB").claims
    sign_anew(store, "ACCTB", NOW + 5)
    after = store.account("ACCTB").claims
    assert after.nats == before.nats
    assert (after.iss, after.iat) == (before.iss, NOW + 5)


def test_what_the_operator_signed_stays_where_its_key_is_elsewhere() -> None:
    """As in a managed store: the account's own key is no signer that a server takes."""
    store = memory_store()
    with store.edit() as edit:
        edit.delete_key(store.operator().claims.sub)
    before = store.account("ACCTB").token
    with pytest.raises(KeyNotHeld):
        sign_anew(store, "ACCTB", NOW + 5)
    assert store.account("ACCTB").token == before
