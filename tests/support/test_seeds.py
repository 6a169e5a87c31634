from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from jetshare.identity.nkeys import KeyPair, Kind
from support.seeds import MARKER_SEED, find_secrets, private_key_text


def found(text: str | bytes) -> list[str]:
    data = text if isinstance(text, bytes) else text.encode()
    return [secret.name for secret in find_secrets(data)]


@pytest.mark.parametrize("kind", Kind)
def test_a_seed_of_each_kind_is_found(kind: Kind) -> None:
    seed = KeyPair.generate(kind).seed()
    (name,) = found(f"error: cannot use {seed}: no such account")
    assert name.startswith(f"seed {seed[:2]}")
    assert seed not in name


@pytest.mark.parametrize("kind", Kind)
def test_a_public_key_is_no_secret(kind: Kind) -> None:
    assert found(KeyPair.generate(kind).public) == []


def test_the_marker_is_a_seed_of_an_account() -> None:
    assert KeyPair.from_seed(MARKER_SEED).kind is Kind.ACCOUNT


def test_a_wrong_checksum_is_no_secret() -> None:
    flipped = MARKER_SEED[:20] + ("A" if MARKER_SEED[20] != "A" else "B") + MARKER_SEED[21:]
    assert found(flipped) == []


@given(before=st.text("SAOUNCX234567", max_size=70), after=st.text("SAOUNCX234567", max_size=70))
def test_a_seed_is_found_amid_letters_like_its_own(before: str, after: str) -> None:
    assert any(name.startswith("seed SA") for name in found(before + MARKER_SEED + after))


def test_a_private_key_is_found() -> None:
    secret = SigningKey.generate()
    raw = bytes(secret) + bytes(secret.verify_key)
    assert found(private_key_text(raw)) == ["private key"]


def test_a_decorated_seed_is_found_even_over_two_lines() -> None:
    seed = KeyPair.generate(Kind.USER).seed()
    body = (
        f"-----BEGIN USER NKEY SEED-----\n{seed[:30]}\n{seed[30:]}\n------END USER NKEY SEED------"
    )
    assert found(body) == ["decorated seed over several lines"]


def test_a_seed_within_a_token_within_a_token_is_found() -> None:
    def token(payload: object) -> str:
        text = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
        return f"eyJ0eXAiOiJKV1QifQ.{text}.c2ln"

    inner = token({"nats": {"note": MARKER_SEED}})
    assert found(inner) == [f"seed {MARKER_SEED[:6]}…, in base64"]
    assert found(token({"tokens": [inner]})) == [f"seed {MARKER_SEED[:6]}…, in base64"]


def test_the_markers_key_is_found_in_other_forms() -> None:
    raw = base64.b32decode(MARKER_SEED + "======")[2:-2]
    for form in (raw, raw.hex().encode(), base64.b64encode(raw)):
        assert len(found(b"\0log: " + form)) == 1
