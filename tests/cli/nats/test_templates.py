from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.cli.nats.templates import Moment, expand
from jetshare.errors import InputError

MOMENT = Moment(
    count=7,
    now=datetime(2026, 11, 24, 15, 4, 5, tzinfo=UTC),
    request="hi {{Count}}",
    tokens=("weather", "london"),
)


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("plain {x}", "plain {x}"),
        ("{{Count}}", "7"),
        ("{{ .Count }} {{- Cnt -}}", "7 7"),
        ("{{Unix}}", "1795532645"),
        ("{{UnixNano}}", "1795532645000000000"),
        ("{{TimeStamp}}", "2026-11-24T15:04:05Z"),
        ("{{Time}}", "3:04PM"),
        ("{{Request}}", "hi {{Count}}"),  # what comes from outside is not expanded
        ("{{0}}/{{1}}", "weather/london"),
    ],
)
def test_functions(text: str, expanded: str) -> None:
    assert expand(text, MOMENT) == expanded


def test_random_and_ids_are_letters_of_their_length() -> None:
    assert re.fullmatch(r"[A-Za-z]{3,5}", expand("{{ Random 3 5 }}", MOMENT))
    assert re.fullmatch(r"[A-Z0-9]{22}", expand("{{ID}}", MOMENT))


@pytest.mark.parametrize(
    "text",
    ["{{Nope}}", "{{Random}}", "{{Random 5 3}}", "{{Random a b}}", "{{if x}}", "{{}}", "{{2}}"],
)
def test_what_there_is_not_says_so(text: str) -> None:
    with pytest.raises(InputError):
        expand(text, MOMENT)


def test_a_request_is_there_only_where_one_is_answered() -> None:
    with pytest.raises(InputError):
        expand("{{Request}}", Moment(count=1, now=MOMENT.now))


@given(st.text().filter(lambda text: "{{" not in text))
def test_any_other_text_stays(text: str) -> None:
    assert expand(text, MOMENT) == text
