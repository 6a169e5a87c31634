from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jetshare.editing import operator
from jetshare.errors import InputError
from jetshare.identity.claims import Claims, Operator

HELD = Claims(
    name="OP",
    unknown={"more": 1},
    nats=Operator(
        account_server_url="nats://a:1",
        system_account="A1",
        operator_service_urls=("nats://z:1", "nats://a:1"),
        signing_keys=("O1",),
        unknown={"later": 2},
    ),
)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"account_server_url": ""},
        {"account_server_url": "nats://b:2"},
        {"system_account": "A2"},
    ],
)
def test_single_fields(fields: dict[str, Any]) -> None:
    assert operator.set_operator(HELD, **fields) == replace(HELD, nats=replace(HELD.nats, **fields))


def test_signing_keys_can_be_required_where_there_are_some() -> None:
    strict = operator.set_operator(HELD, strict=True)
    assert strict.nats.strict_signing_key_usage
    assert not operator.set_operator(strict, strict=False).nats.strict_signing_key_usage
    bare = operator.set_signing_keys(HELD, remove=["O1"])
    with pytest.raises(InputError, match="requires at least one signing key"):
        operator.set_operator(bare, strict=True)
    with pytest.raises(InputError, match="requires at least one signing key"):
        operator.set_operator(operator.set_signing_keys(strict, remove=["O1"]))


def test_service_urls_keep_their_order() -> None:
    after = operator.set_service_urls(HELD, add=[" TLS://B:2 ", "nats://z:1"])
    assert after.nats.operator_service_urls == ("nats://z:1", "nats://a:1", "tls://b:2")
    after = operator.set_service_urls(after, remove=["NATS://z:1"])
    assert after.nats.operator_service_urls == ("nats://a:1", "tls://b:2")
    assert after.nats.unknown == {"later": 2}


def test_signing_keys_keep_their_order() -> None:
    after = operator.set_signing_keys(HELD, add=["O0", "O1"])
    assert after.nats.signing_keys == ("O1", "O0")
    assert operator.set_signing_keys(after, remove=["O1"]).nats.signing_keys == ("O0",)
