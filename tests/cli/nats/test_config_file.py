from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.cli.nats.config_file import (
    differences,
    merged,
    parse_metadata,
    read_config,
    split_subjects,
    without_reserved,
)
from jetshare.errors import InputError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.json"


def test_a_raw_configuration_is_taken_as_it_is(file: Path) -> None:
    config = {"name": "S", "max_age": 3_600_000_000_000, "from_the_future": {"a": [1, None]}}
    file.write_text(json.dumps(config))
    assert read_config(file) == config


def test_a_whole_info_document_holds_one(file: Path) -> None:
    metadata = {"mine": "1", "_nats.ver": "2.15.1", "_nats.level": "5"}
    file.write_text(json.dumps({"config": {"name": "S", "metadata": metadata}, "state": {}}))
    assert read_config(file) == {"name": "S", "metadata": {"mine": "1"}}


def test_the_servers_metadata_leaves_no_empty_field() -> None:
    assert without_reserved({"name": "S", "metadata": {"_nats.ver": "2"}}) == {"name": "S"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not JSON, line 1"),
        ("{\n x", "is not JSON, line 2"),
        ("[]", "holds no configuration"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_what_holds_none_says_so(file: Path, text: str, why: str) -> None:
    file.write_text(text)
    with pytest.raises(InputError, match=why):
        read_config(file)


def test_no_file_at_all(file: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_config(file)


def test_changes_go_before_the_configuration() -> None:
    config = {"a": 1, "b": 2, "placement": {"cluster": "c", "tags": ["t"]}, "metadata": {"k": "v"}}
    changes = {"a": 3, "b": None, "placement": {"tags": None}, "metadata": {"l": "w"}}
    assert merged(config, changes) == {
        "a": 3,
        "placement": {"cluster": "c"},
        "metadata": {"l": "w"},
    }


plain = st.dictionaries(st.text(max_size=3), st.integers() | st.booleans() | st.text(max_size=3))


@given(config=plain)
def test_no_change_changes_nothing(config: dict[str, object]) -> None:
    assert merged(config, {}) == config
    assert differences(config, config) == []


@given(old=plain, new=plain)
def test_what_changes_is_told(old: dict[str, object], new: dict[str, object]) -> None:
    told = {line[2:].partition(": ")[0] for line in differences(old, new)}
    assert told == {
        name
        for name in old.keys() | new.keys()
        if (old.get(name) or None) != (new.get(name) or None)
    }


def test_subjects_in_another_order_are_no_change() -> None:
    assert differences({"subjects": ["a", "b"]}, {"subjects": ["b", "a"]}) == []
    assert differences({"subjects": ["a"], "x": 1}, {"subjects": ["b"]}) == [
        '- subjects: ["a"]',
        '+ subjects: ["b"]',
        "- x: 1",
    ]


def test_metadata_and_subjects_of_the_line() -> None:
    assert parse_metadata(("a=b:c", "d:e=f")) == {"a": "b:c", "d": "e=f"}
    with pytest.raises(InputError):
        parse_metadata(("ab",))
    assert split_subjects(("a.>,b c", "d")) == ["a.>", "b", "c", "d"]
