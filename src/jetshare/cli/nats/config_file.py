"""Configurations of streams and consumers: from files, and what changes in one.

A configuration is the JSON that the server takes; durations are in nanoseconds. It is
never given a shape of ours, so what this version does not know passes through.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jetshare.errors import InputError

Config = dict[str, Any]

_RESERVED = "_nats."  # metadata that the server writes (ADR-44)


def read_config(path: Path) -> Config:
    """A raw configuration, or the one within a whole ``info --json`` document."""
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {os.strerror(error.errno or 0)}", hint="check the path"
        ) from None
    except (ValueError, RecursionError) as error:
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(
            f"{path} is not JSON{where}", hint="give a configuration in JSON"
        ) from None
    if isinstance(found, dict) and isinstance(found.get("config"), dict):
        found = found["config"]
    if not isinstance(found, dict):
        raise InputError(
            f"{path} holds no configuration",
            hint="give a JSON object, or what info --json printed",
        )
    return without_reserved(found)


def write_config(path: Path, config: Config) -> None:
    try:
        path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {os.strerror(error.errno or 0)}", hint="check the path"
        ) from None


def without_reserved(config: Config) -> Config:
    """Without the metadata that the server added; nothing else is left out."""
    metadata = config.get("metadata")
    if not isinstance(metadata, Mapping):
        return config
    kept = {name: text for name, text in metadata.items() if not name.startswith(_RESERVED)}
    rest = {name: value for name, value in config.items() if name != "metadata"}
    return rest | {"metadata": kept} if kept else rest


def merged(config: Config, changes: Config) -> Config:
    """``changes`` over ``config``: objects are merged, None takes a field away."""
    result = dict(config)
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict) and isinstance(result.get(name), dict) and name != "metadata":
            result[name] = merged(result[name], value)
        else:
            result[name] = value
    return {name: value for name, value in result.items() if value != {}}


def differences(old: Config, new: Config) -> list[str]:
    """Lines of what changes, ``-`` before the old value and ``+`` before the new one."""
    lines = []
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if _comparable(before) == _comparable(after):
            continue
        if name in old:
            lines.append(f"- {name}: {json.dumps(before, ensure_ascii=False)}")
        if name in new:
            lines.append(f"+ {name}: {json.dumps(after, ensure_ascii=False)}")
    return lines


def _comparable(value: object) -> object:
    """Lists of subjects are equal in any order; an absent field, an empty one and false too."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return sorted(value) or None
    return value or None


def parse_metadata(pairs: tuple[str, ...]) -> dict[str, str]:
    """``KEY=VALUE`` or ``KEY:VALUE`` of each ``--metadata``."""
    found = {}
    for pair in pairs:
        ends = [at for at in (pair.find("="), pair.find(":")) if at > 0]
        if not ends:
            raise InputError(f'"{pair}" is no metadata', hint="write --metadata KEY=VALUE")
        at = min(ends)
        found[pair[:at]] = pair[at + 1 :]
    return found


def split_subjects(given: tuple[str, ...]) -> list[str]:
    """Subjects of a repeated flag, each of which may hold several with commas or spaces."""
    return [subject for text in given for subject in text.replace(",", " ").split()]
