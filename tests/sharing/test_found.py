import pytest

from jetshare.sharing.found import recognise
from jetshare.sharing.kinds import PullConsumer, Role

SHARE = PullConsumer("S", "C")


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("$JS.API.CONSUMER.MSG.NEXT.S.C", (Role.NEXT, SHARE)),
        ("$JS.API.CONSUMER.INFO.S.C", (Role.INFO, SHARE)),
        ("$JS.ACK.S.C.>", (Role.ACK, SHARE)),
        ("$JS.ACK.*.Ab3dEf9h.S.C.>", (Role.ACK_V2, SHARE)),
        ("$JS.ACK._.Ab3dEf9h.S.C.>", (Role.ACK_V2, SHARE)),
        ("$JS.ACK.S.*.>", None),
        ("$JS.ACK.>", None),
        ("$JS.ACK.S.C", None),
        ("$JS.API.CONSUMER.MSG.NEXT.S.*", None),
        ("$JS.API.CONSUMER.MSG.NEXT.S.C.more", None),
        ("$JS.API.CONSUMER.MSG.NEXT.S", None),
        ("$JS.API.>", None),
        ("orders.new", None),
        ("", None),
    ],
)
def test_a_subject_is_recognised_as_its_part_of_a_share(
    subject: str, found: tuple[Role, PullConsumer] | None
) -> None:
    assert recognise(subject) == found
