from __future__ import annotations

from jetshare.editing.limits import check_system_account
from jetshare.editing.system_account import system_account
from jetshare.identity.claims import Account
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.identity.validate import validate
from support.accounts import ME


def test_each_account_sees_its_own_and_no_more() -> None:
    key = KeyPair.generate(Kind.ACCOUNT).public
    claims = system_account("SYS", ME, key)
    assert isinstance(claims.nats, Account)
    assert claims.nats.signing_keys == (key,)
    for export in claims.nats.exports:
        asker = export.subject.split(".")[export.account_token_position - 1]
        assert asker == "*", "the server writes the account that imports here"
    assert validate(claims, now=0) == ()
    check_system_account(claims)
