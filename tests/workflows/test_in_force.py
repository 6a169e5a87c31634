"""What an importer hears of a grant that is over, and what may be said of it."""

from __future__ import annotations

import pytest

from jetshare.net.probe import Heard
from jetshare.workflows.in_force import Over, ended_as_it_should

OVER = Over("expired", "jetshare revoke S/C --from P --expired")
ANSWER, REFUSED, SILENCE = Heard.ANSWER, Heard.NO_RESPONDERS, Heard.SILENCE


@pytest.mark.parametrize(
    ("heard", "closed"),
    [
        ([REFUSED, REFUSED, REFUSED], True),
        # An error is an answer too: a consumer that is not there may be made again.
        ([REFUSED, REFUSED, ANSWER], False),
        ([ANSWER, SILENCE], False),
        ([REFUSED, SILENCE], None),
        ([], None),
    ],
)
def test_closed_is_what_is_refused_everywhere(heard: list[Heard], closed: bool | None) -> None:
    in_force, is_closed = ended_as_it_should(OVER, heard)
    assert in_force.held is False
    assert is_closed.held is closed
    assert (OVER.end_it in is_closed.seen) == (closed is False)
