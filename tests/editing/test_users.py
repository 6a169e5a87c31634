from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jetshare.editing.permissions import PermissionChange
from jetshare.editing.users import UserChange, check_unscoped, set_user
from jetshare.errors import InputError
from jetshare.identity.claims import Permission, TimeRange, User, UserPermissionLimits
from support.accounts import ME

DAY, NIGHT = TimeRange(start="08:00:00", end="18:00:00"), TimeRange(start="22:00:00")
HELD = User(
    pub=Permission(allow=("a",)),
    src=("10.0.0.0/8",),
    times=(DAY,),
    times_location="Europe/Rome",
    subs=1,
    data=2,
    payload=3,
    bearer_token=True,
    allowed_connection_types=("WEBSOCKET",),
    issuer_account=ME,
    unknown={"x": 1},
)


def test_nothing_is_changed_that_is_not_named() -> None:
    assert set_user(HELD, UserChange()) == HELD


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        (UserChange(bearer=False), {"bearer_token": False}),
        (UserChange(subs=0, data=-1, payload=9), {"subs": 0, "data": -1, "payload": 9}),
        (UserChange(locale=""), {"times_location": ""}),
        (UserChange(add_times=(NIGHT,)), {"times": (DAY, NIGHT)}),
        (UserChange(add_times=(NIGHT,), remove_times=("08:00:00",)), {"times": (NIGHT,)}),
        (UserChange(add_networks=(" FE80::/10 ",)), {"src": ("10.0.0.0/8", "fe80::/10")}),
        (UserChange(remove_networks=("10.0.0.0/8",)), {"src": ()}),
        (
            UserChange(add_connections=("MQTT", "LEAFNODE"), remove_connections=("WEBSOCKET",)),
            {"allowed_connection_types": ("MQTT", "LEAFNODE")},
        ),
        (
            UserChange(permissions=PermissionChange(remove=("a",), deny_sub=("b",))),
            {"pub": Permission(), "sub": Permission(deny=("b",))},
        ),
    ],
)
def test_a_change(change: UserChange, fields: dict[str, Any]) -> None:
    assert set_user(HELD, change) == replace(HELD, **fields)


def test_a_template_is_changed_as_a_user_is() -> None:
    template = UserPermissionLimits(unknown={"x": 1})
    after = set_user(template, UserChange(subs=4, bearer=True))
    assert after == UserPermissionLimits(subs=4, bearer_token=True, unknown={"x": 1})


def test_users_of_a_role_have_nothing_of_their_own() -> None:
    scoped = replace(User.scoped(ME, tags=("t",)), unknown={"x": 1})
    check_unscoped(scoped, "r")
    for own in (
        replace(scoped, subs=5),
        replace(scoped, pub=Permission(allow=("a",))),
        replace(scoped, bearer_token=True),
        User(issuer_account=ME),
    ):
        with pytest.raises(InputError, match='users of role "r" have') as raised:
            check_unscoped(own, "r")
        assert "--role r" in (raised.value.hint or "")
