"""What a user may, and what gives it more. Servers agree: tests/doctor/test_permissions_live.py."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.editing.permissions import set_permissions
from jetshare.identity.claims import (
    Account,
    Claims,
    Permission,
    Permissions,
    ResponsePermission,
    User,
    UserPermissionLimits,
    UserScope,
)
from jetshare.sharing.rules.permissions import (
    Need,
    Rights,
    Source,
    inbox_needs,
    may_hear_an_inbox,
    may_publish,
    may_subscribe,
    rights_of,
    to_give,
)

ACK = Need(subject="$JS.ACK.S.C.*.*.*.*.*", entry="$JS.ACK.S.C.>", reply=True)
NEXT = Need(subject="P.NEXT.S.C", entry="P.NEXT.S.C")
NOTHING = Permission()
ONE_ANSWER = ResponsePermission(max=1)


def allow(*subjects: str) -> Permission:
    return Permission(allow=subjects)


def deny(*subjects: str) -> Permission:
    return Permission(deny=subjects)


def rights(user: User, account: Account | None = None, *, signer: str = "A") -> Rights:
    return rights_of(
        Claims(name="ACCTB", sub="A", nats=account or Account()),
        Claims(name="bob", sub="U", iss=signer, nats=user),
    )


@pytest.mark.parametrize(
    ("user", "may"),
    [
        (User(), True),
        (User(pub=allow("$JS.ACK.S.C.>")), True),
        (User(pub=allow("$JS.ACK.*.C.*.*.*.*.*")), True),
        (User(pub=allow("x", "*.ACK.>")), True),
        (User(pub=allow("$JS.ACK.S.C.1.>")), False),  # the first delivery only
        (User(pub=allow("$JS.ACK.S.C.*")), False),
        (User(pub=allow("x")), False),
        (User(pub=deny("$JS.ACK.S.OTHER.>")), True),
        (User(pub=deny("$JS.ACK.S.C.2.>")), False),
        (User(pub=Permission(allow=(">",), deny=("$JS.>",))), False),
        (User(sub=deny(">")), True),
        # Who may answer may do so whatever is denied, and acknowledges by an answer.
        (User(resp=ONE_ANSWER), True),
        (User(pub=Permission(allow=("x",), deny=("$JS.>",)), resp=ONE_ANSWER), True),
    ],
)
def test_acknowledging(user: User, may: bool) -> None:
    assert may_publish(rights(user), ACK) is may


def test_who_may_answer_may_publish_nothing_else_that_is_not_listed() -> None:
    assert not may_publish(rights(User(resp=ONE_ANSWER)), NEXT)
    assert may_publish(rights(User(resp=ONE_ANSWER, pub=allow("P.>"))), NEXT)


@pytest.mark.parametrize(
    ("sub", "hears"),
    [
        (NOTHING, True),
        (allow("_INBOX.>"), True),
        (allow("x", ">"), True),
        (allow("*.>"), True),
        (allow("_INBOX.*", "_INBOX.*.*"), True),
        (allow("_INBOX_bob.>"), True),
        (allow("_INBOX.bob.>"), True),
        (allow("my.inbox.>"), True),
        (allow("_INBOX.*"), False),
        (allow("_INBOX.*.*"), False),
        (allow("_INBOX.> q"), False),
        (allow("orders.>"), False),
        (deny("_INBOX.>"), False),
        (deny("*.>"), False),
        (deny("_INBOX.*.>"), False),
        (deny("_INBOX.bob.>"), True),
        (deny("_INBOX.*.secret"), True),
        (deny("_INBOX.> q", "_INBOX.>  q2"), True),
        (deny("_INBOX.>", "x"), False),
        (Permission(allow=("_INBOX_bob.>", "x"), deny=("_INBOX.>",)), True),
        (Permission(allow=("_INBOX_bob.>", "x"), deny=("_INBOX_bob.>",)), False),
    ],
)
def test_hearing_an_inbox(sub: Permission, hears: bool) -> None:
    assert may_hear_an_inbox(rights(User(sub=sub))) is hears


@pytest.mark.parametrize(
    ("sub", "hears"),
    [
        (allow("deliver.>"), True),
        (allow("deliver.bob"), True),
        (allow("deliver.bob workers"), True),
        (allow("orders"), False),
        (deny("deliver.bob"), True),
        (deny("deliver.> workers"), True),
        (deny("deliver.>"), False),
    ],
)
def test_hearing_a_part_of_what_is_delivered(sub: Permission, hears: bool) -> None:
    need = Need(subject="deliver.>", entry="deliver.>", some=True, queue=True)
    assert may_subscribe(rights(User(sub=sub)), need) is hears


def scoped(*, pub: Permission = NOTHING, sub: Permission = NOTHING) -> Account:
    key = UserScope(key="S", role="r", template=UserPermissionLimits(pub=pub, sub=sub))
    default = Permissions(pub=allow("default"))
    return Account(signing_keys=("K", key), default_permissions=default)


@pytest.mark.parametrize(
    ("account", "signer", "user", "source", "entries"),
    [
        (scoped(pub=allow("{{name()}}")), "S", User(), Source.SCOPE, ["bob"]),
        (scoped(pub=allow("{{tag(none)}}")), "S", User(), Source.SCOPE, []),
        (scoped(), "S", User(), Source.ACCOUNT, ["default"]),
        (scoped(pub=allow("x")), "K", User(), Source.ACCOUNT, ["default"]),
        (scoped(pub=allow("x")), "A", User(pub=allow("{{name()}}")), Source.USER, ["{{name()}}"]),
        (scoped(), "A", User(sub=deny("x")), Source.USER, None),
        (Account(), "A", User(), Source.ACCOUNT, None),
    ],
)
def test_which_permissions_count(
    account: Account, signer: str, user: User, source: Source, entries: list[str] | None
) -> None:
    found = rights(user, account, signer=signer)
    assert found.source is source
    assert found.pub.listed is (entries is not None)
    assert [each for filled in found.pub.allow for each in filled.subjects] == (entries or [])


def test_a_user_of_whom_a_denial_cannot_be_filled_in() -> None:
    found = rights(User(), scoped(sub=deny("{{tag(x)}}")), signer="S")
    assert found.refused is not None
    assert found.refused.tag == "x"


SUBJECTS = st.sampled_from(
    (">", "$JS.>", "$JS.ACK.>", "$JS.ACK.S.C.>", "P.>", "P.NEXT.*.*", "P.NEXT.S.C", "_INBOX.>",
     "_INBOX.*", "_INBOX.> q", "x", "$JS.ACK.S.C.1.>")
)  # fmt: skip
LISTS = st.lists(SUBJECTS, max_size=3, unique=True).map(tuple)
PERMISSION = st.builds(Permission, allow=LISTS, deny=LISTS)
USERS = st.builds(
    User, pub=PERMISSION, sub=PERMISSION, resp=st.sampled_from((None, None, ONE_ANSWER))
)


@given(USERS)
def test_what_lacks_is_given_and_no_more(user: User) -> None:
    """All of it at once; no list is begun, and nothing goes but what stood in the way."""
    before = rights(user)
    publish = [need for need in (NEXT, ACK) if not may_publish(before, need)]
    hear = () if may_hear_an_inbox(before) else inbox_needs()
    changes = to_give(before, publish, hear)
    assert bool(changes) is bool(publish or hear)
    changed = reduce(set_permissions, changes, user)
    after = rights(changed)
    assert all(may_publish(after, need) for need in (NEXT, ACK))
    assert may_hear_an_inbox(after)
    for held, now in ((user.pub, changed.pub), (user.sub, changed.sub)):
        assert set(held.allow) <= set(now.allow)
        assert set(now.deny) <= set(held.deny)
        assert held.allow or user.resp or not now.allow
    assert set(changed.pub.deny) >= set(user.pub.deny) - {d for c in changes for d in c.remove}
    assert replace(changed, pub=user.pub, sub=user.sub) == user
