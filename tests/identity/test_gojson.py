from __future__ import annotations

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.identity.gojson import NESTING_LIMIT, Number, dumps, in_order, loads
from support.generated import JSON


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-1, "-1"),
        (10**40, "1" + "0" * 40),
        ("", '""'),
        ("a\"b\\c/d'", '"a\\"b\\\\c/d\'"'),
        ("<&>", '"\\u003c\\u0026\\u003e"'),
        ("\u2028\u2029", '"\\u2028\\u2029"'),
        ("\b\t\n\f\r", '"\\b\\t\\n\\f\\r"'),
        ("\x00\x01\x0b\x1f", '"\\u0000\\u0001\\u000b\\u001f"'),
        ("\x7f\x80é漢😀\ufffd", '"\x7f\x80é漢😀\ufffd"'),
        ("a\ud800b\udcff", '"a\\ufffdb\\ufffd"'),
        ([], "[]"),
        ((1, "a", []), '[1,"a",[]]'),
        ({}, "{}"),
        ({"b": 1, "<": {"a": None}}, '{"b":1,"\\u003c":{"a":null}}'),
    ],
)
def test_values_as_go_writes_them(value: object, text: str) -> None:
    assert dumps(value) == text


# Each as printed by json.Marshal of Go 1.26.
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (123.456, "123.456"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (123456789012345678.0, "123456789012345680"),
        (0.000001, "0.000001"),
        (1.25e-6, "0.00000125"),
        (9.5e-7, "9.5e-7"),
        (1e-7, "1e-7"),
        (1.25e-10, "1.25e-10"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
    ],
)
def test_floats_as_go_writes_them(value: float, text: str) -> None:
    assert dumps(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_come_back(value: float) -> None:
    assert float(dumps(value)) == value


@given(JSON)
def test_what_is_written_is_read_as_it_was(value: object) -> None:
    text = dumps(value)
    assert loads(text) == value
    assert dumps(loads(text)) == text
    for char in "<>&\u2028\u2029":
        assert char not in text


@given(JSON)
def test_what_is_written_is_json(value: object) -> None:
    assert json.loads(dumps(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "1.0",
        "1.50",
        "-0",
        "-0.0",
        "1e400",
        "-1E-999",
        "0.1000000000000000055511151231257827",
        "123456789012345678901234567890",
        "9" * 5000,
        '{"b":1e1,"a":[-0,{"c":null}]}',
    ],
)
def test_no_digit_is_lost(text: str) -> None:
    assert dumps(loads(text)) == text


def test_a_number_is_a_float_that_knows_its_text() -> None:
    number = loads("1.50")
    assert isinstance(number, Number)
    assert number == 1.5
    for again in (copy.deepcopy(number), pickle.loads(pickle.dumps(number))):  # noqa: S301  # ours
        assert (again, again.text) == (1.5, "1.50")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"\ud83d\ude00"', "😀"),
        (r'"\ud83d"', "\ufffd"),
        (r'"\ude00\ud83d"', "\ufffd\ufffd"),
        (r'["\ud800",{"\udfffx":"\\ud800"}]', ["\ufffd", {"\ufffdx": "\\ud800"}]),
    ],
)
def test_lone_surrogates(text: str, value: object) -> None:
    assert loads(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "{", "[1,]", "[1 2]", "01", "1.", ".5", "+1", "1e", "0x1", "nul", "True"),
        *("NaN", "Infinity", "-Infinity", "[NaN]", "'a'", '"', '"\n"', '"\\x"', '"\\u12"'),
        *("{}x", "{} {}", "{a:1}", '{"a"}', '{"a":1,}', "[1]]", "\ufeff1", "/**/1"),
    ],
)
def test_text_that_is_not_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not JSON: "):
        loads(text)


@pytest.mark.parametrize(
    "text",
    ['{"a":1,"a":1}', '[{"a":1,"b":2,"a":3}]', r'{"a":1,"\u0061":2}', r'{"\ud800":1,"\udfff":2}'],
)
def test_names_that_stand_twice(text: str) -> None:
    with pytest.raises(ValueError, match="stands twice in one object"):
        loads(text)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting(opening: str, closing: str) -> None:
    inner = "[]" if opening == "[" else "{}"
    deepest = opening * (NESTING_LIMIT - 1) + inner + closing * (NESTING_LIMIT - 1)
    value = loads(deepest)
    assert dumps(value) == deepest
    with pytest.raises(ValueError, match="nested too deeply"):
        dumps([value])
    for levels in (NESTING_LIMIT, 100_000):
        with pytest.raises(ValueError, match="nested too deeply"):
            loads(opening * levels + inner + closing * levels)


def test_many_brackets_are_not_deep() -> None:
    text = "[" + ",".join(["[{}]"] * 1000) + ',"' + "[" * 500 + '"]'
    assert dumps(loads(text)) == text


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -float("inf"), object(), b"", {1}, {1: 2}, [{"a": b""}]]
)
def test_values_that_json_does_not_hold(value: object) -> None:
    with pytest.raises(ValueError, match=r"is not JSON$"):
        dumps(value)


def test_the_order_of_go_maps() -> None:
    value = {"b": [{"z": 1, "a": 2}], "B": 0, "é": 1, "😀": 2, "\ufffd": 3, "": 4}
    assert dumps(in_order(value)) == '{"":4,"B":0,"b":[{"a":2,"z":1}],"é":1,"\ufffd":3,"😀":2}'
