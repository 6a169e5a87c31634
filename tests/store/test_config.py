from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from jetshare.errors import StoreDamaged
from jetshare.store.config import NscConfig, read_config, write_config


def test_no_file_is_an_empty_configuration(tmp_path: Path) -> None:
    assert read_config(tmp_path / "no" / "nsc.json") == NscConfig()


def test_a_file_of_nsc_comes_back_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "nsc.json"
    text = (
        '{"store_root":"/d/stores","operator":"OP","account":"ACCTB",'
        '"github_updates":"nats-io/nsc","last_update":1795510925}'
    )
    path.write_text(text)
    config = read_config(path)
    assert (config.store_root, config.operator, config.account) == ("/d/stores", "OP", "ACCTB")
    write_config(path, config)
    assert path.read_text() == text


def test_unknown_fields_stay(tmp_path: Path) -> None:
    path = tmp_path / "nsc.json"
    path.write_text('{"operator":"OP","later":{"a":[1]}}')
    write_config(path, read_config(path))
    assert json.loads(path.read_text())["later"] == {"a": [1]}


def test_the_file_and_its_folders_are_private(tmp_path: Path) -> None:
    path = tmp_path / "nats" / "nsc" / "nsc.json"
    write_config(path, NscConfig(operator="OP"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no JSON object"),
        ('{"store_root":"/d', "no JSON object"),
        ("[]", "no JSON object"),
        ("\xff", "no JSON object"),
        ("[" * 100_000, "no JSON object"),
        ('{"operator":1}', '"operator" is not of the right type'),
        ('{"last_update":true}', '"last_update" is not of the right type'),
    ],
)
def test_damage_is_named(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "nsc.json"
    path.write_text(text, "latin-1")
    with pytest.raises(StoreDamaged, match=why) as caught:
        read_config(path)
    assert str(path) in str(caught.value)
    assert caught.value.hint
