"""Values of contexts and flags that name a secret instead of holding it.

    a path, file://PATH       the file, with ~ and $VAR expanded
    env://NAME                a variable of the environment
    data:;base64,TEXT         what the text holds
    nsc://OPERATOR/ACCOUNT/USER    the creds of a user in nsc's keystore

An error names the reference, which is no secret, and never what it led to.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote_plus

from jetshare.errors import InputError, NotFound
from jetshare.identity.creds import Creds, parse_creds
from jetshare.store.folder import open_store
from jetshare.store.locate import Location

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_VARIABLE = re.compile(r"\$(?:\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What references are looked up in. ``location`` is needed for ``nsc://`` alone."""

    environment: Mapping[str, str] = field(repr=False)
    home: Path
    location: Location | None = None

    def creds(self, reference: str) -> Creds:
        """The creds that a path or URL leads to. Raises InputError and TokenError."""
        scheme = _scheme(reference)
        if scheme == "nsc":
            return self._nsc(reference)
        if scheme in ("", "file"):
            return parse_creds(_read(self.path(reference)))
        return parse_creds(self.text(reference))

    def seed(self, reference: str) -> str:
        """The text of a file or URL that holds a seed."""
        if _scheme(reference) in ("", "file"):
            return _read(self.path(reference))
        return self.text(reference)

    def text(self, value: str) -> str:
        """A token, password or JWT: the value itself, unless it is a URL that leads to it."""
        scheme = _scheme(value)
        if scheme == "file":
            found = _read(self.path(value))
        elif scheme == "env":
            found = self._variable(value)
        elif scheme == "data":
            found = _inline(value)
        elif scheme == "op":
            raise InputError(
                "references to 1Password (op://) are not looked up",
                hint="use env://NAME, and run under: op run -- jetshare …",
            )
        else:
            return value
        return found.rstrip("\r\n")

    def path(self, reference: str) -> Path:
        """A path, or the one of a file:// URL, with ``~`` and variables expanded."""
        scheme = _scheme(reference)
        if scheme not in ("", "file"):
            raise InputError(
                f"{scheme}: cannot be used here, where a file is needed",
                hint="give the path of a file",
            )
        place = reference[len("file://") :] if scheme == "file" else reference
        place = _VARIABLE.sub(lambda m: self.environment.get(m[1] or m[2] or "", ""), place)
        if place == "~" or place.startswith("~/"):
            return self.home / place[2:]
        return Path(place)

    def _variable(self, reference: str) -> str:
        name = reference[len("env://") :]
        found = self.environment.get(name, "")
        if not found:
            raise InputError(
                f'the environment has no variable "{name}"',
                hint=f"set {name}, or change {reference}",
            )
        return found

    def _nsc(self, reference: str) -> Creds:
        names = [unquote_plus(part) for part in reference[len("nsc://") :].split("/")]
        if "?" in reference or len(names) != 3 or not all(names):
            raise InputError(
                f"{reference} does not name a user", hint="write nsc://OPERATOR/ACCOUNT/USER"
            )
        if self.location is None:
            raise InputError(f"{reference} cannot be used here", hint="give the path of the creds")
        operator, account, user = names
        creds = open_store(self.location, operator).creds(account, user)
        if creds is None:
            raise NotFound(
                f"user {user} of {account} has no creds in {self.location.keystore}",
                hint=f"make them: nsc generate creds --account {account} --name {user}",
            )
        return creds


def _scheme(value: str) -> str:
    """The scheme of a URL, in small letters. One letter alone is a drive, not a scheme."""
    found = _SCHEME.match(value)
    name = found[1].lower() if found else ""
    if name in ("file", "env", "op", "nsc") and not value[len(name) :].startswith("://"):
        return ""
    return name if name in ("file", "env", "op", "nsc", "data") else ""


def _inline(reference: str) -> str:
    head, comma, body = reference[len("data:") :].partition(",")
    if not comma or "base64" not in (part.strip() for part in head.split(";")):
        raise InputError("a data: value is not base64", hint="write data:;base64,TEXT")
    try:
        return base64.b64decode(body, validate=True).decode()
    except ValueError:
        raise InputError("a data: value does not decode", hint="write data:;base64,TEXT") from None


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {os.strerror(error.errno or 0)}", hint="check the path"
        ) from None
