from __future__ import annotations

import pytest

from jetshare.errors import TokenError, TokenExpired, TokenNotYetValid
from jetshare.identity import jwt
from jetshare.identity.claims import Claims, User

NOW = 1_800_000_000


@pytest.mark.parametrize(
    ("exp", "nbf", "expected"),
    [
        (0, 0, None),
        (NOW + 1, NOW, None),
        (NOW, 0, TokenExpired),
        (NOW - 1, 0, TokenExpired),
        (1, NOW + 1, TokenExpired),
        (0, NOW + 1, TokenNotYetValid),
        (0, 2**63 - 1, TokenNotYetValid),
    ],
)
def test_time(exp: int, nbf: int, expected: type[TokenError] | None) -> None:
    claims = Claims(sub="S", exp=exp, nbf=nbf, nats=User())
    if expected is None:
        jwt.check_time(claims, NOW)
        return
    with pytest.raises(expected, match=r"^the user token of S "):
        jwt.check_time(claims, NOW)


def test_the_time_is_named() -> None:
    with pytest.raises(TokenExpired, match=r"^the grant expired on 2027-01-15 at 08:00:00 UTC\b"):
        jwt.check_times("the grant", NOW, 0, NOW)
