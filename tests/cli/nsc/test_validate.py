"""nsc validate on documents that no command makes, as they come from elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jetshare.identity import jwt
from jetshare.identity.claims import Import
from jetshare.identity.nkeys import KeyPair, Kind
from support.nsc import Nsc

STRANGER = KeyPair.generate(Kind.OPERATOR)


def put(nsc: Nsc, name: str, signer: KeyPair | None = None, **fields: Any) -> None:
    """Change fields of an account past all checks, and sign it."""
    claims = nsc.account(name).with_nats(**fields)
    key = signer or nsc.store().key(nsc.operator().sub)
    assert key
    with nsc.store().edit() as editing:
        editing.put_account(jwt.encode(claims, key, 10**9))


def test_an_operator_that_is_signed_by_none_of_its_keys(house: Nsc) -> None:
    with house.store().edit() as editing:
        editing.put_operator(jwt.encode(house.operator(), STRANGER, 10**9))
    shown = house("validate", code=1).stdout
    assert "operator is not issued by operator or operator signing key" in shown


def test_an_account_that_another_operator_signed(house: Nsc) -> None:
    put(house, "A", STRANGER)
    shown = house("validate -a A", code=1).stdout
    assert "Account is not issued by operator or operator signing keys" in shown


def test_a_system_account_with_jetstream(house: Nsc) -> None:
    put(house, "SYS", limits=replace(house.account("SYS").nats.limits, disk_storage=-1))
    shown = house("validate -a SYS", code=1).stdout
    assert "JetStream should not be enabled for system account" in shown


def test_a_user_that_no_key_of_the_account_signed(house: Nsc) -> None:
    house("edit account A --sk generate")
    (key,) = house.account("A").nats.signing_keys
    house(f"add user -a A u -K {key}")
    house("validate -a A")
    put(house, "A", signing_keys=())
    shown = house("validate -a A", code=1).stdout
    assert 'user "u" is not issued by account or account signing keys' in shown


def test_a_token_that_was_signed_by_a_key_the_exporter_has_no_more(house: Nsc) -> None:
    house("edit account A --sk generate")
    (key,) = house.account("A").nats.signing_keys
    house("add export -a A -s q -r -p")
    house(f"generate activation -a A -s q -t B -o t.tok -K {key}")
    house("add import -a B --token t.tok")
    house("validate -A")
    put(house, "A", signing_keys=())
    assert f"signed by {key}, no key of A" in house("validate -a B", code=1).stdout


@pytest.mark.parametrize("named", ["mine", "another"])
def test_a_subject_that_must_name_the_importer(house: Nsc, named: str) -> None:
    house("add export -a A -s 'q.*' -r --account-token-position 2")
    me = house.account("B").sub
    who = me if named == "mine" else house.account("A").sub
    item = Import(name="q", subject=f"q.{who}", account=house.account("A").sub, type="service")
    put(house, "B", imports=(item,))
    shown = house("validate -a B", code=0 if named == "mine" else 1).stdout
    assert (f"must be {me}" in shown) == (named == "another")


def test_a_token_that_is_none_is_told_once(house: Nsc) -> None:
    house("add export -a A -s q -r -p")
    source = house.account("A").sub
    item = Import(name="q", subject="q", account=source, type="service", token="http://h/token")
    put(house, "B", imports=(item,))
    shown = house("validate -a B", code=1).stdout
    assert shown.count("service import 'q' holds no activation") == 1
    assert "| 2 |" not in shown
