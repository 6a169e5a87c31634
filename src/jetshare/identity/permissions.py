"""What users may do: the parts of accounts, users and scoped signing keys that say so."""

from dataclasses import field
from typing import Annotated, Final, TypeAlias

from jetshare.identity.codec import (
    Flag,
    Form,
    FullInteger,
    FullText,
    Text,
    Texts,
    Unknown,
    constant,
    integer,
    listing,
    nested,
    optional,
    read_texts,
)
from jetshare.identity.record import record

NO_LIMIT: Final = -1


@record
class Permission:
    """Subjects, of which an empty ``allow`` allows all."""

    allow: Texts = ()
    deny: Texts = ()
    unknown: Unknown = field(default_factory=dict)


@record
class ResponsePermission:
    """Replies that a client may send: how many, and for how long."""

    max: FullInteger = 0
    ttl: FullInteger = 0
    unknown: Unknown = field(default_factory=dict)


OnePermission: TypeAlias = Annotated[Permission, nested(Permission)]
Replies: TypeAlias = Annotated[ResponsePermission | None, optional(ResponsePermission)]


@record
class Permissions:
    """What a user may publish, subscribe to, and reply."""

    pub: OnePermission = field(default_factory=Permission)
    sub: OnePermission = field(default_factory=Permission)
    resp: Replies = None
    unknown: Unknown = field(default_factory=dict)


@record
class TimeRange:
    """Hours of the day, ``hh:mm:ss``."""

    start: Text = ""
    end: Text = ""
    unknown: Unknown = field(default_factory=dict)


def _networks(value: object) -> tuple[str, ...]:
    """CIDR blocks: a list, or in older documents one text with commas."""
    if not isinstance(value, str):
        return read_texts(value)
    return tuple(dict.fromkeys(filter(None, (part.strip() for part in value.lower().split(",")))))


Times: TypeAlias = Annotated[tuple[TimeRange, ...], listing(TimeRange)]
Networks: TypeAlias = Annotated[tuple[str, ...], Form(read=_networks, write=list, missing=tuple)]
Unlimited: TypeAlias = Annotated[int, integer(missing=NO_LIMIT)]


@record
class UserPermissionLimits:
    """What the users of a scoped signing key may do. Here a missing limit is none."""

    pub: OnePermission = field(default_factory=Permission)
    sub: OnePermission = field(default_factory=Permission)
    resp: Replies = None
    src: Networks = ()
    times: Times = ()
    times_location: Text = ""
    subs: Unlimited = NO_LIMIT
    data: Unlimited = NO_LIMIT
    payload: Unlimited = NO_LIMIT
    bearer_token: Flag = False
    proxy_required: Flag = False
    allowed_connection_types: Texts = ()
    unknown: Unknown = field(default_factory=dict)


Template: TypeAlias = Annotated[UserPermissionLimits, nested(UserPermissionLimits)]


@record
class UserScope:
    """A signing key whose users have the permissions of its template, and no others."""

    kind: Annotated[str, constant("user_scope")] = field(default="user_scope", init=False)
    key: FullText = ""
    role: FullText = ""
    template: Template = field(default_factory=UserPermissionLimits)
    description: FullText = ""
    unknown: Unknown = field(default_factory=dict)
