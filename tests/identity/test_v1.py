from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from jetshare.errors import BadSignature, MalformedToken
from jetshare.identity import gojson, jwt
from jetshare.identity.claims import Account, Activation, Generic, Operator, User, to_json
from jetshare.identity.nkeys import Kind
from support.generated import KEYS

VECTORS = Path(__file__).parents[1] / "vectors" / "v1-tokens.jsonl"
ROWS = {row["what"]: row for row in map(json.loads, VECTORS.read_text().splitlines())}
KEY = KEYS[Kind.ACCOUNT]


def signed(payload: dict[str, Any]) -> str:
    """A token of version 1, whose signature covers the payload alone."""
    chunk = _spelled(json.dumps({"iss": KEY.public, **payload}).encode())
    header = _spelled(b'{"typ":"jwt","alg":"ed25519"}')
    return f"{header}.{chunk}.{_spelled(KEY.sign(chunk.encode()))}"


def _spelled(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_tokens_of_version_1_are_read_as_go_reads_them(row: dict[str, Any]) -> None:
    assert gojson.dumps(to_json(jwt.decode(row["token"]).claims)) == gojson.dumps(row["version_2"])


@pytest.mark.parametrize(
    ("what", "body"),
    [("operator", Operator), ("account", Account), ("user", User), ("activation", Activation)],
)
def test_their_type(what: str, body: type[Any]) -> None:
    token = ROWS[what]["token"]
    assert isinstance(jwt.decode(token, body).claims.nats, body)
    with pytest.raises(MalformedToken, match=f"is of type {what}, and generic is wanted"):
        jwt.decode(token, Generic)


def test_their_signature_covers_the_payload() -> None:
    header, payload, signature = ROWS["user"]["token"].split(".")
    for position in range(len(payload)):
        other = "A" if payload[position] != "A" else "B"
        changed = payload[:position] + other + payload[position + 1 :]
        with pytest.raises((BadSignature, MalformedToken)):
            jwt.decode(f"{header}.{changed}.{signature}")


def test_the_signature_of_one_version_is_none_of_the_other() -> None:
    payload, signature = ROWS["user"]["token"].split(".")[1:]
    header = _spelled(b'{"typ":"JWT","alg":"ed25519-nkey"}')
    with pytest.raises(
        MalformedToken, match="header is of version 2, and the payload of version 1"
    ):
        jwt.decode(f"{header}.{payload}.{signature}")


def test_what_version_1_did_not_know_means_nothing() -> None:
    nats = {
        "mappings": {"a": [{"subject": "b"}]},
        "default_permissions": {"pub": {"deny": [">"]}},
        "limits": {"conn": 5, "disk_storage": 7, "new": 1},
        "newer": [1],
    }
    account = jwt.decode(signed({"type": "account", "nats": nats}), Account).claims.nats
    assert not account.mappings
    assert not account.default_permissions.pub.deny
    assert (account.limits.conn, account.limits.disk_storage) == (5, 0)
    assert account.unknown == {"newer": [1]}
    assert account.limits.unknown == {"new": 1}


def test_missing_limits() -> None:
    user = jwt.decode(signed({"type": "user", "nats": {"subs": None, "data": 3}}), User).claims.nats
    assert (user.subs, user.data, user.payload) == (-1, 3, -1)
    account = jwt.decode(signed({"type": "account"}), Account).claims.nats
    assert (account.limits.subs, account.limits.wildcards) == (0, False)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"type": "server"}, "type server are no longer supported"),
        ({"type": "cluster", "nats": {}}, "type cluster are no longer supported"),
        ({"type": "account", "nats": "x"}, "nats must be an object"),
        ({"type": "account", "nats": {"limits": 1}}, "nats.limits must be an object"),
        ({"type": "account", "nats": {"Limits": {}}}, "'Limits' differs from 'limits' in case"),
        ({"nats": {"type": "account", "version": 2}}, "of version 1, and the payload of version 2"),
        ({"type": "activation", "nats": {"type": "x"}}, "nats.kind must be"),
        ({"type": "user", "tags": 1}, "nats.tags must be a list"),
        ({"type": "user", "tags": 0}, "nats.tags must be a list"),
        ({"type": "user", "nats": 0}, "nats must be an object"),
    ],
)
def test_payloads_that_are_refused(payload: dict[str, Any], reason: str) -> None:
    with pytest.raises(MalformedToken, match=reason):
        jwt.decode(signed(payload))
