"""The nsc face in this process, on a home folder of its own."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jetshare.cli.nsc.main import run
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Claims, Operator, User
from jetshare.store.folder import FolderStore, open_store
from jetshare.store.locate import locate
from support.cli import Finished


@dataclass(frozen=True, slots=True)
class Nsc:
    """``nsc("add account A")`` runs one command line, as a shell would read it.

    It must end well, unless ``code`` says otherwise.
    """

    home: Path
    output: pytest.CaptureFixture[str]

    def __call__(self, line: str, *, code: int = 0) -> Finished:
        done = self.run(shlex.split(line))
        assert done.exit == code, f"nsc {line}\n{done.stdout}{done.stderr}"
        return done

    def run(self, words: list[str]) -> Finished:
        self.output.readouterr()
        ended = run(words)
        said = self.output.readouterr()
        return Finished(exit=ended, stdout=said.out, stderr=said.err)

    def refused(self, line: str, *says: str, code: int = 1) -> str:
        """Run a command that must not do anything, and say why in one line."""
        before = self.files()
        done = self(line, code=code)
        assert done.stdout == ""
        first, *rest = done.stderr.splitlines()
        assert first.startswith("nsc: error: ")
        assert all(line.startswith("hint: ") for line in rest)
        for text in says:
            assert text in done.stderr
        assert self.files() == before, "a command that fails changes nothing"
        return first.removeprefix("nsc: error: ")

    @property
    def work(self) -> Path:
        return self.home / "work"

    @property
    def keystore(self) -> Path:
        return self.home / "data/nats/nsc/keys"

    def store(self, operator: str = "") -> FolderStore:
        place = locate(dict(os.environ), cwd=self.work, home=self.home)
        return open_store(place, operator)

    def operator(self) -> Claims[Operator]:
        return self.store().operator().claims

    def account(self, name: str) -> Claims[Account]:
        return self.store().account(name).claims

    def user(self, account: str, name: str) -> Claims[User]:
        return self.store().user(account, name).claims

    def files(self) -> dict[str, bytes]:
        """Every file below the home folder, but for what a store keeps to itself."""
        return {
            str(path.relative_to(self.home)): path.read_bytes()
            for path in sorted(self.home.rglob("*"))
            if path.is_file() and not any(part.startswith(".jetshare") for part in path.parts)
        }


def make_nsc(
    home: Path, monkeypatch: pytest.MonkeyPatch, output: pytest.CaptureFixture[str]
) -> Nsc:
    nsc = Nsc(home, output)
    nsc.work.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.chdir(nsc.work)
    return nsc


def payload(token: str) -> dict[str, Any]:
    """What a token says, its signature looked at."""
    jwt.decode(token)
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
PUBLIC_KEY = re.compile(r"\b[OAUX][A-Z2-7]{55}\b")


class Names:
    """Puts names in the place of keys, so that two runs can be compared.

    The first key that is met is KEY0, and so on; times, and what follows from keys and
    times, are left out.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def of(self, public: str) -> str:
        return self._names.setdefault(public, f"KEY{len(self._names)}")

    def document(self, value: object) -> object:
        """A payload without what differs from run to run; tokens within are opened."""
        if isinstance(value, dict):
            return {
                self._text(name): "TIME" if name == "exp" else self._revocations(name, item)
                for name, item in value.items()
                if name not in ("jti", "iat")
            }
        if isinstance(value, list):
            return [self.document(item) for item in value]
        if isinstance(value, str) and TOKEN.fullmatch(value):
            return self.document(payload(value))
        return self._text(value) if isinstance(value, str) else value

    def _revocations(self, name: str, value: object) -> object:
        if name == "revocations" and isinstance(value, dict):
            return {self._text(key): "TIME" for key in value}
        return self.document(value)

    def _text(self, text: str) -> str:
        return PUBLIC_KEY.sub(lambda found: self.of(found[0]), text)
