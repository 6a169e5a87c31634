"""What an importer hears of a grant that is over, and what may be said of it."""

from __future__ import annotations

import pytest

from jetshare.net.probe import Heard
from jetshare.sharing.found import accepted_share, offered_share
from jetshare.sharing.kinds import Role
from jetshare.workflows.in_force import Over, ended_as_it_should, how_over, time_left
from support.shares import NOW, SHARE, pair

OVER = Over("expired", "jetshare revoke S/C --from P --expired")
ANSWER, REFUSED, SILENCE = Heard.ANSWER, Heard.NO_RESPONDERS, Heard.SILENCE


@pytest.mark.parametrize(
    ("heard", "refused", "closed"),
    [
        ([REFUSED, REFUSED, REFUSED], True, True),
        # So it is where the consumer is not there, which may be made again.
        ([REFUSED, REFUSED], False, None),
        # An error is an answer too.
        ([REFUSED, REFUSED, ANSWER], True, False),
        ([ANSWER, SILENCE], False, False),
        ([REFUSED, SILENCE], True, None),
        ([], True, None),
    ],
)
def test_closed_is_what_is_refused_everywhere(
    heard: list[Heard], refused: bool, closed: bool | None
) -> None:
    in_force, is_closed = ended_as_it_should(OVER, heard, refused=refused)
    assert in_force.held is False
    assert is_closed.held is closed
    assert (OVER.end_it in is_closed.seen) == (closed is False)


def test_a_public_share_asks_for_no_token_so_none_of_it_can_be_over() -> None:
    """A revocation may be left from when it was private, and a token, too."""
    made = pair(expires=NOW + 10)
    (held,) = accepted_share(made.importer, SHARE)
    importer = (made.importer.sub, "ACCTB")
    for public, over in ((False, "revoked"), (True, "")):
        for role in Role:
            made.change_export(role, token_req=not public, revocations={"*": NOW + 1})
        offer = offered_share(made.provider, SHARE)
        seen = how_over(held, offer, importer=importer, provider_name="ACCTC", now=NOW + 10)
        assert (seen.how if seen else "") == over
        assert time_left(held, offer, NOW + 10).held is public


@pytest.mark.parametrize(
    ("expires", "left"),
    [(0, "they never expire"), (9_000_000, "104 d 4 h left"), (-1, "expired")],
)
def test_how_long_tokens_are_still_good(expires: int, left: str) -> None:
    (held,) = accepted_share(pair(expires=expires and NOW + expires).importer, SHARE)
    assert time_left(held, None, NOW).seen == left
