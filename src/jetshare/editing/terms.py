"""What every document has besides its content: when it is good, and its tags."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from jetshare.editing import lists
from jetshare.identity.claims import Account, Claims, Operator, User

D = TypeVar("D", Operator, Account, User)


def set_times(
    claims: Claims[D], *, start: int | None = None, expires: int | None = None
) -> Claims[D]:
    """Change ``nbf`` and ``exp``: Unix seconds, 0 for none. None leaves one as it is."""
    return replace(
        claims,
        nbf=claims.nbf if start is None else start,
        exp=claims.exp if expires is None else expires,
    )


def set_tags(
    claims: Claims[D], *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> Claims[D]:
    """Tags are kept in lower case, which is how nats-io/jwt compares them."""
    tags = lists.changed(claims.nats.tags, _lower(add), _lower(remove))
    return claims.with_nats(tags=tags)


def _lower(tags: Iterable[str]) -> list[str]:
    return [tag.strip().lower() for tag in tags]
