from __future__ import annotations

import pytest

from jetshare.editing import signing_keys
from jetshare.editing.users import UserChange
from jetshare.errors import NotFound
from jetshare.identity.claims import UserPermissionLimits, UserScope
from support.accounts import account

SCOPE = UserScope(
    key="A2", role="r", description="d", template=UserPermissionLimits(subs=3), unknown={"x": 1}
)
HELD = account(signing_keys=("A1", SCOPE))


def test_a_key_that_is_there_keeps_its_role() -> None:
    after = signing_keys.add_signing_keys(HELD, ["A3", "A2", "A3", "A1"])
    assert after.nats.signing_keys == ("A1", SCOPE, "A3")
    assert signing_keys.publics(after) == ["A1", "A2", "A3"]


def test_removing() -> None:
    assert signing_keys.remove_signing_keys(HELD, ["A2"]).nats.signing_keys == ("A1",)
    assert signing_keys.remove_signing_keys(HELD, ["A1"]).nats.signing_keys == (SCOPE,)
    with pytest.raises(NotFound, match="A9 is no signing key of account A"):
        signing_keys.remove_signing_keys(HELD, ["A1", "A9"])


def test_a_key_is_given_a_role() -> None:
    after = signing_keys.edit_scope(HELD, "A1", role="s", template=UserChange(subs=1))
    assert after.nats.signing_keys == (
        SCOPE,
        UserScope(key="A1", role="s", template=UserPermissionLimits(subs=1)),
    )
    new = signing_keys.edit_scope(account(), "A5", description="n").nats.signing_keys
    assert new == (UserScope(key="A5", description="n"),)


def test_a_role_is_changed_in_what_is_named() -> None:
    after = signing_keys.edit_scope(HELD, "A2", template=UserChange(payload=4))
    (plain, scope) = after.nats.signing_keys
    assert plain == "A1"
    assert scope == UserScope(
        key="A2",
        role="r",
        description="d",
        template=UserPermissionLimits(subs=3, payload=4),
        unknown={"x": 1},
    )


def test_finding_roles() -> None:
    held = account(signing_keys=("A1", SCOPE, UserScope(key="A4", role="r"), UserScope(key="A6")))
    assert signing_keys.keys_of_role(held, "r") == ["A2", "A4"]
    assert signing_keys.keys_of_role(held, "none") == []
    assert signing_keys.scope_of(held, "A2") is SCOPE
    assert signing_keys.scope_of(held, "A1") is None
