from hypothesis import given
from hypothesis import strategies as st

from jetshare.net.credit import Credit, half

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["top_up", "arrived", "took", "returned", "void", "narrow"]),
        st.integers(min_value=1, max_value=50),
    ),
    max_size=60,
)


@given(limit=st.integers(min_value=1, max_value=100), events=EVENTS)
def test_no_more_than_the_limit_is_asked_for_and_nothing_is_negative(
    limit: int, events: list[tuple[str, int]]
) -> None:
    credit = Credit(limit)
    for name, amount in events:
        before = credit.pending
        match name:
            case "top_up":
                asked = credit.top_up(amount)
                assert 0 <= asked <= amount
                assert credit.pending <= max(before, credit.limit)
            case "arrived":
                credit.flow(credit.received + amount, credit.taken)
            case "took":
                credit.flow(credit.received, min(credit.taken + amount, credit.received))
            case "returned":
                credit.returned(amount)
            case "void":
                credit.void()
            case _:
                credit.narrow(amount)
        assert 0 <= credit.outstanding <= credit.pending


def test_with_a_limit_of_one_each_message_is_followed_by_a_pull() -> None:
    credit = Credit(1)
    asked = credit.top_up(10)
    low = [credit.low]
    credit.flow(1, 0)
    low.append(credit.low)
    credit.flow(1, 1)
    low.append(credit.low)
    assert (asked, low) == (1, [False, False, True])


def test_the_buffer_is_filled_when_less_than_the_threshold_is_left() -> None:
    credit = Credit(10, 4)
    credit.top_up(10)
    low = []
    for taken in range(1, 8):
        credit.flow(10, taken)
        low.append(credit.low)
    assert low == [False] * 6 + [True]
    assert credit.top_up(100) == 7


def test_half_is_rounded_up() -> None:
    assert [half(n) for n in (1, 2, 3, 500, 501)] == [1, 1, 2, 250, 251]
