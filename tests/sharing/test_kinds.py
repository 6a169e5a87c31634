import pytest

from jetshare.errors import InputError
from jetshare.sharing.kinds import (
    PullConsumer,
    Role,
    account_hash,
    check_prefix,
    suggested_prefix,
)

PROVIDER = "AC5VEN46JJ6PBGIZQTM56P2N3XLIUTNDJXRPD2H3Z3SU3XJBU5OIB4Y5"
SHARE = PullConsumer("RESTOCKEVENTS", "RESTOCKEVENTS-C1")


def test_a_pull_consumer_is_shared_as_four_subjects_with_next_streaming() -> None:
    digest = account_hash(PROVIDER)
    shared = {s.role: (s.subject, s.response_type) for s in SHARE.subjects(PROVIDER)}
    assert shared == {
        Role.NEXT: ("$JS.API.CONSUMER.MSG.NEXT.RESTOCKEVENTS.RESTOCKEVENTS-C1", "Stream"),
        Role.ACK: ("$JS.ACK.RESTOCKEVENTS.RESTOCKEVENTS-C1.>", "Singleton"),
        Role.ACK_V2: (f"$JS.ACK.*.{digest}.RESTOCKEVENTS.RESTOCKEVENTS-C1.>", "Singleton"),
        Role.INFO: ("$JS.API.CONSUMER.INFO.RESTOCKEVENTS.RESTOCKEVENTS-C1", "Singleton"),
    }


def test_info_can_be_left_out() -> None:
    roles = [s.role for s in SHARE.subjects(PROVIDER, info=False)]
    assert roles == [Role.NEXT, Role.ACK, Role.ACK_V2]


def test_api_subjects_move_under_the_prefix_and_acks_stay() -> None:
    local = {s.role: s.local("ACCTC.API") for s in SHARE.subjects(PROVIDER)}
    assert local[Role.NEXT] == "ACCTC.API.CONSUMER.MSG.NEXT.RESTOCKEVENTS.RESTOCKEVENTS-C1"
    assert local[Role.INFO] == "ACCTC.API.CONSUMER.INFO.RESTOCKEVENTS.RESTOCKEVENTS-C1"
    assert local[Role.ACK] == "$JS.ACK.RESTOCKEVENTS.RESTOCKEVENTS-C1.>"
    assert local[Role.ACK_V2].startswith("$JS.ACK.*.")


def test_the_account_hash_is_eight_digits_of_base_62_and_differs_by_account() -> None:
    other = "ABXTYLFDX4PSSC3KBAGXVRW4GLPYFV4BZW6EN7QO4HZMKJB7HXOCEG4X"
    assert account_hash(PROVIDER).isalnum()
    assert len(account_hash(PROVIDER)) == 8
    assert account_hash(PROVIDER) != account_hash(other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ORDERS",
        "ORDERS/",
        "/C1",
        "OR.DERS/C1",
        "OR DERS/C1",
        "ORDERS*/C1",
        "ORDERS/C>",
        "ORDERS/C1/more",
        "ORDERS/C\\1",
        "ORDERS/C\t1",
        "ORDERS/C\x001",
        "O" * 256 + "/C1",
    ],
)
def test_a_name_that_no_server_takes_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(InputError) as refused:
        PullConsumer.parse(text)
    assert refused.value.hint
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("prefix", ["ACCTC.API", "a", "x-1.y_2", "ACCTC.API."])
def test_a_plain_prefix_is_taken(prefix: str) -> None:
    assert check_prefix(prefix) == prefix.removesuffix(".")


@pytest.mark.parametrize(
    "prefix", ["", ".", "$JS", "$JS.API", "$SYS.x", "a.*", "a.>", "a..b", ".a", "a b", "a\tb"]
)
def test_a_prefix_that_cannot_work_is_refused(prefix: str) -> None:
    with pytest.raises(InputError):
        check_prefix(prefix)


@pytest.mark.parametrize(
    ("name", "prefix"),
    [("ACCTC", "ACCTC.API"), ("a b", "a-b.API"), ("x.y*", "x-y-.API"), ("", "SHARED.API")],
)
def test_the_suggested_prefix_can_always_be_used(name: str, prefix: str) -> None:
    assert suggested_prefix(name) == prefix
    assert check_prefix(suggested_prefix(name)) == prefix
