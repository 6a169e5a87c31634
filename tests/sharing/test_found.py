import pytest

from jetshare.identity.claims import Import
from jetshare.sharing.found import accepted, local_subject, recognise
from jetshare.sharing.kinds import PullConsumer, Role
from support.people import person

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


def test_an_import_in_the_older_form_is_understood() -> None:
    """There ``to`` is the exporter's subject, and ``subject`` the importer's own name."""
    item = Import(
        name="old",
        subject="C.API.CONSUMER.MSG.NEXT.S.C",
        to="$JS.API.CONSUMER.MSG.NEXT.S.C",
        account="A1",
        type="service",
    )
    (held,) = accepted(person("B", imports=(item,)).claims)
    assert (held.share, held.prefix) == (SHARE, "C.API")
    assert local_subject(item) == "C.API.CONSUMER.MSG.NEXT.S.C"
