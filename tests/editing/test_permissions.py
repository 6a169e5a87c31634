from __future__ import annotations

from dataclasses import replace

import pytest

from jetshare.editing.permissions import PermissionChange, set_permissions
from jetshare.identity.claims import (
    Permission,
    Permissions,
    ResponsePermission,
    User,
    UserPermissionLimits,
)

HELD = Permissions(
    pub=Permission(allow=("b", "a"), deny=("c",), unknown={"x": 1}),
    sub=Permission(allow=("b",)),
    resp=ResponsePermission(max=1, ttl=2, unknown={"y": 2}),
    unknown={"z": 3},
)


@pytest.mark.parametrize(
    ("change", "pub", "sub"),
    [
        (PermissionChange(), (("b", "a"), ("c",)), (("b",), ())),
        (
            PermissionChange(
                allow_pub=("c",), deny_pub=("a",), allow_sub=("a",), deny_sub=("b q",)
            ),
            (("a", "b", "c"), ("a", "c")),
            (("a", "b"), ("b q",)),
        ),
        (PermissionChange(remove=("b", "c")), (("a",), ()), ((), ())),
    ],
)
def test_subjects(
    change: PermissionChange,
    pub: tuple[tuple[str, ...], tuple[str, ...]],
    sub: tuple[tuple[str, ...], tuple[str, ...]],
) -> None:
    after = set_permissions(HELD, change)
    assert (after.pub.allow, after.pub.deny) == pub
    assert (after.sub.allow, after.sub.deny) == sub
    assert replace(after, pub=HELD.pub, sub=HELD.sub) == HELD
    assert after.pub.unknown == {"x": 1}


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (PermissionChange(max_responses=5), ResponsePermission(max=5, ttl=2, unknown={"y": 2})),
        (PermissionChange(response_ttl=6), ResponsePermission(max=1, ttl=6, unknown={"y": 2})),
        (PermissionChange(max_responses=0), ResponsePermission(max=0, ttl=2, unknown={"y": 2})),
        (PermissionChange(no_responses=True, max_responses=5), None),
    ],
)
def test_responses(change: PermissionChange, after: ResponsePermission | None) -> None:
    assert set_permissions(HELD, change) == replace(HELD, resp=after)


def test_responses_where_there_were_none() -> None:
    after = set_permissions(Permissions(), PermissionChange(response_ttl=6))
    assert after.resp == ResponsePermission(max=0, ttl=6)


def test_whatever_has_permissions() -> None:
    change, pub = PermissionChange(allow_pub=("a",)), Permission(allow=("a",))
    assert set_permissions(User(subs=3), change) == User(subs=3, pub=pub)
    assert set_permissions(UserPermissionLimits(), change) == UserPermissionLimits(pub=pub)
