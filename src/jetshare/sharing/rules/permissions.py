"""What a user may publish and subscribe to, as servers judge it, and how to give it more.

Source: nats-server accounts.go (buildInternalNkeyUser), auth.go (validateResponsePermissions)
and client.go (pubAllowedFullCheck, canSubscribe).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum

from jetshare.editing.permissions import PermissionChange, set_permissions
from jetshare.identity import templates
from jetshare.identity.claims import (
    Account,
    Claims,
    Permission,
    Permissions,
    User,
    UserPermissionLimits,
    UserScope,
)
from jetshare.identity.record import record
from jetshare.identity.subjects import is_contained, overlaps
from jetshare.identity.templates import Filled, Refused

INBOX = "_INBOX"


class Source(StrEnum):
    """Where what a user may is written."""

    USER = "user"
    SCOPE = "signing key"
    ACCOUNT = "default permissions"


@record
class Side:
    """What may be published, or what may be subscribed to. Without ``listed`` all that is not
    denied is allowed; with it, what ``allow`` names."""

    allow: tuple[Filled, ...] = ()
    deny: tuple[Filled, ...] = ()
    listed: bool = False

    def allows(self, subject: str, *, some: bool = False, queue: bool = False) -> bool:
        """Whether ``subject`` is allowed, if nothing denies it.

        All of a subject with wildcards, or ``some`` of it. A ``queue`` may be one that an entry
        names beside its subject; without, such entries say nothing.
        """
        fits = overlaps if some else is_contained
        known = (each for filled in self.allow for each in _of(filled, queue=queue))
        return not self.listed or any(fits(subject, each) for each in known)

    def denying(self, subject: str, *, some: bool = False) -> tuple[str, ...]:
        """The entries that deny a part of ``subject``, or all of it where ``some`` will do.
        Those that name a queue concern others."""
        fits = is_contained if some else overlaps
        return tuple(
            filled.entry
            for filled in self.deny
            if any(fits(subject, each) for each in _of(filled, queue=False))
        )


@record
class Rights:
    """What a user may. ``held`` is what is written, templates and all, and ``scope`` the user's
    signing key where it has a scoped one. With ``refused`` servers do not let it in.

    With ``replies`` a user may answer at the reply subject of what arrives, whatever is denied;
    then it may publish nothing else but what is allowed by name.
    """

    source: Source
    held: Permissions | User | UserPermissionLimits
    scope: UserScope | None = None
    pub: Side
    sub: Side
    replies: bool = False
    refused: Refused | None = None


@record
class Need:
    """A subject that a user must use. ``entry`` is what to allow for it.

    With ``some`` any part of it will do, with ``reply`` a permission to answer, and with
    ``queue`` an entry that names a queue.
    """

    subject: str
    entry: str
    some: bool = False
    reply: bool = False
    queue: bool = False


def rights_of(account: Claims[Account], user: Claims[User]) -> Rights:
    """Those of the user's scope, else its own; the account's default permissions count where
    these hold nothing at all."""
    signers = account.nats.signing_keys
    scopes = (key for key in signers if isinstance(key, UserScope) and key.key == user.iss)
    scope = next(scopes, None)
    held: Permissions | User | UserPermissionLimits = scope.template if scope else user.nats
    source = Source.SCOPE if scope else Source.USER
    if not any(_lists(held)) and held.resp is None:
        held, source = account.nats.default_permissions, Source.ACCOUNT
    refused = None
    lists: list[tuple[Filled, ...]] = []
    # Servers pass over what is allowed and makes no sense, and are strict with what is denied.
    for listed, strict in zip(_lists(held), (False, True, False, True), strict=True):
        filled: tuple[Filled, ...] | Refused = templates.plain(listed)
        if source is Source.SCOPE:
            filled = templates.filled(listed, user, account, strict=strict)
        if isinstance(filled, Refused):
            refused, filled = filled, ()
        lists.append(filled)
    sub_allow, sub_deny, pub_allow, pub_deny = lists
    replies = held.resp is not None
    return Rights(
        source=source,
        held=held,
        scope=scope,
        # Who may answer may publish nothing unasked that is not listed.
        pub=Side(allow=pub_allow, deny=pub_deny, listed=bool(pub_allow) or replies),
        sub=Side(allow=sub_allow, deny=sub_deny, listed=bool(sub_allow)),
        replies=replies,
        refused=refused,
    )


def _lists(held: Permissions | User | UserPermissionLimits) -> tuple[tuple[str, ...], ...]:
    return (held.sub.allow, held.sub.deny, held.pub.allow, held.pub.deny)


def may_publish(rights: Rights, need: Need) -> bool:
    return (need.reply and rights.replies) or (
        _is_allowed(rights.pub, need) and not rights.pub.denying(need.subject, some=need.some)
    )


def may_subscribe(rights: Rights, need: Need) -> bool:
    """A denial within a subscription with wildcards leaves the rest of it."""
    return _is_allowed(rights.sub, need) and not rights.sub.denying(need.subject, some=True)


def _is_allowed(side: Side, need: Need) -> bool:
    return side.allows(need.subject, some=need.some, queue=need.queue)


def may_hear_an_inbox(rights: Rights) -> bool:
    """Whether answers can arrive: at the usual inbox, or at one of a prefix that the user is
    allowed by a name that says so, as ``_INBOX_bob.>``."""
    named = (
        each.rstrip(".*>")
        for filled in rights.sub.allow
        for each in _of(filled, queue=False)
        if "INBOX" in each.upper()
    )
    return any(
        all(may_subscribe(rights, need) for need in inbox_needs(prefix))
        for prefix in (INBOX, *named)
    )


def inbox_needs(prefix: str = INBOX) -> tuple[Need, Need]:
    """Clients subscribe to an inbox of one token for a pull, and of two for all answers."""
    entry = f"{prefix}.>"
    return (
        Need(subject=f"{prefix}.{_RANDOM}", entry=entry),
        Need(subject=f"{prefix}.{_RANDOM}.*", entry=entry),
    )


_RANDOM = "aRandomTokenOfAClient0"


def to_give(
    rights: Rights, publish: Iterable[Need], subscribe: Iterable[Need]
) -> tuple[PermissionChange, ...]:
    """What to change so that a user may do what it may not, in this order.

    What denies is taken out, since nothing else helps; that takes it out of all four lists, and
    the others get it back. A list of what is allowed is added to, and never begun.
    """
    held = rights.held
    publish, subscribe = tuple(publish), tuple(subscribe)
    deny_pub, deny_sub = denying(rights, publish=publish), denying(rights, subscribe=subscribe)
    gone = _once((*deny_pub, *deny_sub))
    more = PermissionChange(
        allow_pub=_again(held.pub, gone) + _to_allow(rights.pub, publish),
        allow_sub=_again(held.sub, gone) + _to_allow(rights.sub, subscribe),
        deny_pub=tuple(each for each in held.pub.deny if each in gone and each not in deny_pub),
        deny_sub=tuple(each for each in held.sub.deny if each in gone and each not in deny_sub),
    )
    changes = (PermissionChange(remove=gone), more)
    return tuple(change for change in changes if change != PermissionChange())


def changed(
    account: Claims[Account], user: Claims[User], rights: Rights, change: PermissionChange
) -> tuple[Claims[Account], Claims[User]]:
    """Both documents with ``change`` made where the rights are written."""
    match rights.source:
        case Source.USER:
            return account, replace(user, nats=set_permissions(user.nats, change))
        case Source.ACCOUNT:
            default = set_permissions(account.nats.default_permissions, change)
            return account.with_nats(default_permissions=default), user
        case Source.SCOPE:
            keys = tuple(
                replace(key, template=set_permissions(key.template, change))
                if isinstance(key, UserScope) and key.key == user.iss
                else key
                for key in account.nats.signing_keys
            )
            return account.with_nats(signing_keys=keys), user


def denying(
    rights: Rights, *, publish: Iterable[Need] = (), subscribe: Iterable[Need] = ()
) -> tuple[str, ...]:
    """The entries, as they are written, that stand in the way."""
    pub = (each for need in publish for each in rights.pub.denying(need.subject, some=need.some))
    sub = (each for need in subscribe for each in rights.sub.denying(need.subject, some=True))
    return _once((*pub, *sub))


def _to_allow(side: Side, needs: Iterable[Need]) -> tuple[str, ...]:
    return _once(need.entry for need in needs if not _is_allowed(side, need))


def _once(entries: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entries))


def _again(permission: Permission, gone: Sequence[str]) -> tuple[str, ...]:
    return tuple(entry for entry in permission.allow if entry in gone)


def _of(filled: Filled, *, queue: bool) -> Iterator[str]:
    """The subjects of an entry, without the queue that may stand beside one."""
    for each in filled.subjects:
        words = each.split()
        if len(words) == 1 or (queue and len(words) == 2):
            yield words[0]
