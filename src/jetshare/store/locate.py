"""Where nsc's folders are, by nsc's own rules.

Flags come before the environment, and that before the defaults. The operator is the
one of the folder that we stand in, else the one that nsc.json has chosen.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from jetshare.errors import InputError
from jetshare.identity.record import record
from jetshare.store.config import CONFIG_NAME, NscConfig, read_config

Environment = Mapping[str, str]


@record
class Location:
    """``stores`` holds a folder for each operator, ``keystore`` keys and creds, ``config``
    is the path of nsc.json. ``operator`` and ``account`` are those in use, or empty.
    """

    stores: Path
    keystore: Path
    config: Path
    operator: str = ""
    account: str = ""
    git_ignore: bool = True

    def operators(self) -> list[str]:
        """The names of the operators' folders, sorted."""
        return sorted(f.name for f in _folders(self.stores) if (f / ".nsc").is_file())


@record
class _Here:
    """What the working folder says."""

    stores: Path
    operator: str = ""
    account: str = ""


def locate(
    environment: Environment,
    *,
    cwd: Path,
    home: Path,
    all_dirs: Path | None = None,
    config_dir: Path | None = None,
    data_dir: Path | None = None,
    keystore_dir: Path | None = None,
) -> Location:
    """Find the folders. None of them needs to be there.

    The environment is read for NSC_HOME, NKEYS_PATH, XDG_CONFIG_HOME, XDG_DATA_HOME,
    NSC_CWD_ONLY (take no notice of nsc.json) and NSC_NO_GIT_IGNORE.
    """
    config_folder = _first(
        cwd, home, all_dirs, config_dir, environment.get("NSC_HOME")
    ) or _config_default(environment, home)
    keystore = _first(
        cwd, home, all_dirs, keystore_dir, environment.get("NKEYS_PATH")
    ) or _data_default(environment, home, "keys", home / ".nkeys")
    config = config_folder / CONFIG_NAME
    chosen = NscConfig() if "NSC_CWD_ONLY" in environment else read_config(config)
    stores, operator, account = _in_use(
        chosen,
        _here(cwd),
        flag=_first(cwd, home, all_dirs, data_dir),
        default=_data_default(environment, home, "stores", home / ".nsc" / "nats"),
        base=config_folder,
    )
    location = Location(
        stores=stores,
        keystore=keystore,
        config=config,
        git_ignore="NSC_NO_GIT_IGNORE" not in environment,
    )
    operator = _sane(operator, location.operators())
    account = _sane_account(stores / operator, account) if operator else ""
    return replace(location, operator=operator, account=account)


def _in_use(
    chosen: NscConfig, here: _Here | None, *, flag: Path | None, default: Path, base: Path
) -> tuple[Path, str, str]:
    """The folder of stores, and the operator and account that are asked for."""
    if flag is not None:
        return flag, chosen.operator, chosen.account
    if here is not None:
        if here.operator:
            return here.stores, here.operator, here.account or chosen.account
        return here.stores, chosen.operator, chosen.account
    if chosen.store_root:
        return base / chosen.store_root, chosen.operator, chosen.account
    return default, "", ""


def _sane(wanted: str, there: list[str]) -> str:
    """The only one there is; else the wanted one, if it is there."""
    if len(there) == 1:
        return there[0]
    return wanted if wanted in there else ""


def _sane_account(store: Path, wanted: str) -> str:
    """The same for accounts, without a look at each of a thousand."""
    folders = _folders(store / "accounts")
    if wanted and len(folders) > 1 and _is_account(store / "accounts" / wanted):
        return wanted
    return _sane(wanted, [folder.name for folder in folders if _is_account(folder)])


def _is_account(folder: Path) -> bool:
    return (folder / f"{folder.name}.jwt").is_file()


def _folders(above: Path) -> list[Path]:
    try:
        return list(above.iterdir())
    except OSError:
        return []


def _here(cwd: Path) -> _Here | None:
    """Whether ``cwd`` is an operator's folder, directly above some, or inside one."""
    if name := _operator_of(cwd):
        return _Here(stores=cwd.parent, operator=name)
    if any(_operator_of(folder) for folder in _folders(cwd)):
        return _Here(stores=cwd)
    for folder in cwd.parents:
        if name := _operator_of(folder):
            inside = cwd.relative_to(folder).parts
            account = inside[1] if len(inside) > 1 and inside[0] == "accounts" else ""
            return _Here(stores=folder.parent, operator=name, account=account)
    return None


def _operator_of(folder: Path) -> str:
    """The name in the folder's ``.nsc``; empty where it is no operator's folder."""
    try:
        marker = json.loads((folder / ".nsc").read_bytes())
    except (OSError, ValueError, RecursionError):
        return ""
    if not isinstance(marker, dict) or marker.get("kind") != "operator":
        return ""
    name = marker.get("name")
    return name if isinstance(name, str) else ""


def _first(cwd: Path, home: Path, *places: Path | str | None) -> Path | None:
    """The first place that is given, absolute, with ``~`` as the home folder."""
    for place in places:
        if place is not None and str(place):
            return _expand(str(place), cwd, home)
    return None


def _expand(place: str, cwd: Path, home: Path) -> Path:
    if place == "~" or place.startswith("~/"):
        return home / place[2:]
    if place.startswith("~"):
        raise InputError(
            f"{place} names another user's home, which is not looked up",
            hint="write the path in full",
        )
    return Path(os.path.normpath(cwd / place))


def _config_default(environment: Environment, home: Path) -> Path:
    root = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    folder, legacy = root / "nats" / "nsc", home / ".nsc"
    if not (folder / CONFIG_NAME).exists() and (legacy / CONFIG_NAME).exists():
        return legacy
    return folder


def _data_default(environment: Environment, home: Path, name: str, legacy: Path) -> Path:
    root = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
    folder = root / "nats" / "nsc" / name
    return legacy if not folder.exists() and legacy.exists() else folder
