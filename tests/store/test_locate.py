from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from jetshare.errors import InputError
from jetshare.store.config import NscConfig, write_config
from jetshare.store.locate import Location, locate


@dataclass(frozen=True)
class Machine:
    """A home folder, a working folder, and what the environment says."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def cwd(self) -> Path:
        return self.root / "work"

    def locate(self, cwd: Path | None = None, /, **environment: str) -> Location:
        return locate(environment, cwd=cwd or self.cwd, home=self.home)

    def operator(self, stores: Path, name: str, *accounts: str) -> Path:
        folder = stores / name
        folder.mkdir(parents=True)
        marker = {"managed": False, "name": name, "kind": "operator", "version": "1"}
        (folder / ".nsc").write_text(json.dumps(marker))
        for account in accounts:
            (folder / "accounts" / account).mkdir(parents=True)
            (folder / "accounts" / account / f"{account}.jwt").touch()
        return folder


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.home.mkdir()
    made.cwd.mkdir()
    return made


def test_defaults(machine: Machine) -> None:
    found = machine.locate()
    assert found.config == machine.home / ".config/nats/nsc/nsc.json"
    assert found.stores == machine.home / ".local/share/nats/nsc/stores"
    assert found.keystore == machine.home / ".local/share/nats/nsc/keys"
    assert (found.operator, found.account) == ("", "")
    assert found.git_ignore


def test_nothing_is_made(machine: Machine) -> None:
    machine.locate()
    assert list(machine.home.iterdir()) == []


def test_xdg(machine: Machine) -> None:
    found = machine.locate(XDG_CONFIG_HOME="/c", XDG_DATA_HOME="/d")
    assert found.config == Path("/c/nats/nsc/nsc.json")
    assert found.stores == Path("/d/nats/nsc/stores")
    assert found.keystore == Path("/d/nats/nsc/keys")


def test_an_empty_variable_is_none(machine: Machine) -> None:
    empty = {"XDG_CONFIG_HOME": "", "XDG_DATA_HOME": "", "NSC_HOME": "", "NKEYS_PATH": ""}
    assert machine.locate(**empty) == machine.locate()


def test_nsc_home_and_nkeys_path_come_before_xdg(machine: Machine) -> None:
    found = machine.locate(NSC_HOME="~/n", NKEYS_PATH="k", XDG_CONFIG_HOME="/c", XDG_DATA_HOME="/d")
    assert found.config == machine.home / "n/nsc.json"
    assert found.keystore == machine.cwd / "k"
    assert found.stores == Path("/d/nats/nsc/stores")


def test_flags_come_before_the_environment(machine: Machine) -> None:
    found = locate(
        {"NSC_HOME": "/n", "NKEYS_PATH": "/k"},
        cwd=machine.cwd,
        home=machine.home,
        config_dir=Path("c"),
        data_dir=Path("../d"),
        keystore_dir=Path("~/k"),
    )
    assert found.config == machine.cwd / "c/nsc.json"
    assert found.stores == machine.root / "d"
    assert found.keystore == machine.home / "k"


def test_all_dirs_comes_before_the_other_flags(machine: Machine) -> None:
    found = locate(
        {},
        cwd=machine.cwd,
        home=machine.home,
        all_dirs=Path("/all"),
        config_dir=Path("/c"),
        data_dir=Path("/d"),
        keystore_dir=Path("/k"),
    )
    assert (found.config, found.stores, found.keystore) == (
        Path("/all/nsc.json"),
        Path("/all"),
        Path("/all"),
    )


def test_the_old_places_where_the_new_are_not_there(machine: Machine) -> None:
    (machine.home / ".nsc/nats").mkdir(parents=True)
    (machine.home / ".nsc/nsc.json").write_text("{}")
    (machine.home / ".nkeys").mkdir()
    found = machine.locate()
    assert found.config == machine.home / ".nsc/nsc.json"
    assert found.stores == machine.home / ".nsc/nats"
    assert found.keystore == machine.home / ".nkeys"

    new = machine.home / ".local/share/nats/nsc"
    (new / "stores").mkdir(parents=True)
    (new / "keys").mkdir()
    write_config(machine.home / ".config/nats/nsc/nsc.json", NscConfig())
    found = machine.locate()
    assert found.config == machine.home / ".config/nats/nsc/nsc.json"
    assert (found.stores, found.keystore) == (new / "stores", new / "keys")


def test_nsc_json_chooses(machine: Machine) -> None:
    stores = machine.root / "elsewhere"
    machine.operator(stores, "OP", "A", "B")
    machine.operator(stores, "OTHER")
    config = machine.home / ".config/nats/nsc/nsc.json"
    write_config(config, NscConfig(store_root=str(stores), operator="OP", account="B"))
    found = machine.locate()
    assert (found.stores, found.operator, found.account) == (stores, "OP", "B")
    assert machine.locate(NSC_CWD_ONLY="").operator == ""


def test_a_choice_that_is_not_there_is_none(machine: Machine) -> None:
    stores = machine.root / "elsewhere"
    machine.operator(stores, "OP", "A", "B")
    machine.operator(stores, "OTHER")
    config = machine.home / ".config/nats/nsc/nsc.json"
    write_config(config, NscConfig(store_root=str(stores), operator="GONE", account="B"))
    assert machine.locate().operator == ""
    write_config(config, NscConfig(store_root=str(stores), operator="OP", account="GONE"))
    found = machine.locate()
    assert (found.operator, found.account) == ("OP", "")


def test_the_only_one_is_chosen(machine: Machine) -> None:
    stores = machine.home / ".local/share/nats/nsc/stores"
    machine.operator(stores, "OP", "A")
    found = machine.locate()
    assert (found.operator, found.account) == ("OP", "A")
    assert found.operators() == ["OP"]


@pytest.mark.parametrize(
    ("inside", "operator", "account"),
    [
        ("", "CHOSEN", "C"),  # directly above: the folder is taken, the choice stays
        ("OP", "OP", ""),
        ("OP/accounts", "OP", ""),
        ("OP/accounts/A", "OP", "A"),
        ("OP/accounts/A/users", "OP", "A"),
        ("OP/other/A", "OP", ""),
    ],
)
def test_the_working_folder(machine: Machine, inside: str, operator: str, account: str) -> None:
    stores = machine.root / "there"
    machine.operator(stores, "OP", "A", "B")
    machine.operator(stores, "CHOSEN", "C", "D")
    (stores / "OP/accounts/A/users").mkdir()
    (stores / "OP/other/A").mkdir(parents=True)
    config = machine.home / ".config/nats/nsc/nsc.json"
    elsewhere = str(machine.root / "elsewhere")
    write_config(config, NscConfig(store_root=elsewhere, operator="CHOSEN", account="C"))
    found = machine.locate(stores / inside)
    assert found.stores == stores
    assert (found.operator, found.account) == (operator, account)


def test_the_data_flag_comes_before_the_working_folder(machine: Machine) -> None:
    here = machine.operator(machine.root / "there", "OP", "A")
    machine.operator(machine.root / "flag", "F")
    found = locate({}, cwd=here, home=machine.home, data_dir=machine.root / "flag")
    assert (found.stores, found.operator) == (machine.root / "flag", "F")


@pytest.mark.parametrize("marker", ["", "[]", "{", '{"name":"OP","kind":"account"}', '{"name":1}'])
def test_another_file_of_that_name_makes_no_store(machine: Machine, marker: str) -> None:
    (machine.cwd / ".nsc").write_text(marker)
    assert machine.locate() == machine.locate(machine.home)


def test_another_users_home_is_refused(machine: Machine) -> None:
    with pytest.raises(InputError, match="~bob/keys"):
        machine.locate(NKEYS_PATH="~bob/keys")


def test_no_git_ignore(machine: Machine) -> None:
    assert not machine.locate(NSC_NO_GIT_IGNORE="").git_ignore
