"""What the real nsc wrote, read and written again, byte for byte."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jetshare.identity import creds, gojson, jwt
from jetshare.identity.claims import (
    Account,
    Activation,
    Claims,
    Operator,
    User,
    UserScope,
    from_json,
    to_json,
)
from jetshare.identity.nkeys import KeyPair
from support.generated import unknown_of

VECTORS = Path(__file__).parents[1] / "vectors"
STORE = VECTORS / "nsc-store"
BODIES = {"operator": Operator, "account": Account, "user": User, "activation": Activation}

FILES = [path for path in sorted(STORE.rglob("*")) if path.suffix in (".jwt", ".creds", ".tok")]
KEYS = {path.stem: KeyPair.from_seed(path.read_text()) for path in STORE.rglob("*.nk")}


def recorded() -> Iterator[dict[str, Any]]:
    for line in (VECTORS / "nsc-transcript.jsonl").read_text().splitlines():
        for changed in json.loads(line)["changed"]:
            if "payload" in changed:
                yield changed["payload"]


def test_keys() -> None:
    assert len(KEYS) == 13
    for name, key in KEYS.items():
        assert key.public == name
    for path in STORE.rglob("*.nk"):
        assert KEYS[path.stem].seed() == path.read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_token(path: Path) -> None:
    token = creds.parse_token_file(path.read_text())
    document = jwt.decode(token)
    payload = base64.urlsafe_b64decode(token.split(".")[1] + "==").decode()

    assert gojson.dumps(to_json(document.claims)) == payload
    assert not unknown_of(document.claims)
    claims = document.claims
    assert jwt.encode(claims, KEYS[claims.iss], claims.iat) == document


@pytest.mark.parametrize("path", [p for p in FILES if p.suffix == ".creds"], ids=lambda p: p.name)
def test_every_creds_file(path: Path) -> None:
    text = path.read_text()
    held = creds.parse_creds(text)
    assert held.key == KEYS[held.key.public]
    assert creds.format_creds(held) == text


@pytest.mark.parametrize("path", [p for p in FILES if p.suffix == ".tok"], ids=lambda p: p.name)
def test_every_activation_file(path: Path) -> None:
    text = path.read_text()
    assert creds.format_activation(creds.parse_token_file(text)) == text


def test_every_payload_of_the_transcript() -> None:
    payloads = list(recorded())
    assert len(payloads) == 41
    for payload in payloads:
        claims = from_json(BODIES[payload["nats"]["type"]], payload)
        assert not unknown_of(claims)
        assert gojson.dumps(to_json(claims)) == gojson.dumps(
            _as_go_writes_it_again(payload, claims)
        )


def _as_go_writes_it_again(payload: dict[str, Any], claims: Claims[Any]) -> dict[str, Any]:
    """A template without limits, which Go reads as unlimited and writes so from then on."""
    text = gojson.dumps(payload)
    if isinstance(claims.nats, Account) and any(
        isinstance(key, UserScope) for key in claims.nats.signing_keys
    ):
        text = re.sub(r'"subs":10}', '"subs":10,"data":-1,"payload":-1}', text)
    found: dict[str, Any] = json.loads(text)
    return found
