from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from jetshare.errors import InputError, KeyFormatError, KeyNotHeld
from jetshare.identity.claims import Account, Claims, Operator, UserScope
from jetshare.identity.creds import format_seed
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.memory import MemoryStore
from jetshare.workflows.signers import account_document_signer, activation_signer, refuse_seed
from store.house import House

IDENTITY, SCOPED, FOREIGN = (KeyPair.generate(Kind.ACCOUNT) for _ in range(3))
# In the order in which a document lists them, whatever order they were given in.
FIRST, SECOND = sorted(
    (KeyPair.generate(Kind.ACCOUNT) for _ in range(2)), key=lambda pair: pair.public
)
SIGNING = (
    UserScope(key=SCOPED.public, role="reader"),
    FIRST.public,
    SECOND.public,
)


def made(
    held: Sequence[KeyPair], *, strict: bool = False, keys: Sequence[str | UserScope] = SIGNING
) -> tuple[MemoryStore, Claims[Account]]:
    house = House()
    store = MemoryStore(house.operator(Operator(strict_signing_key_usage=strict)))
    account = house.account("A", IDENTITY, Account(signing_keys=tuple(keys)))
    with store.edit() as edit:
        edit.put_account(account)
        for pair in held:
            edit.put_key(pair)
    return store, account.claims


@pytest.mark.parametrize(
    ("held", "strict", "signer"),
    [
        ([IDENTITY, FIRST], False, IDENTITY),
        ([FIRST, SECOND], False, FIRST),
        ([SCOPED, SECOND], False, SECOND),
        ([IDENTITY, SECOND], True, SECOND),
    ],
)
def test_the_key_that_is_taken(held: list[KeyPair], strict: bool, signer: KeyPair) -> None:
    assert activation_signer(*made(held, strict=strict)).public == signer.public


@pytest.mark.parametrize(
    ("held", "strict"),
    [([], False), ([SCOPED], False), ([FOREIGN], False), ([IDENTITY], True)],
)
def test_no_key_is_held(held: list[KeyPair], strict: bool) -> None:
    with pytest.raises(KeyNotHeld, match="for account A is in the keystore") as caught:
        activation_signer(*made(held, strict=strict))
    assert FIRST.public in caught.value.hint
    assert SCOPED.public not in caught.value.hint


def test_a_strict_operator_and_no_signing_key() -> None:
    store, claims = made([IDENTITY], strict=True, keys=())
    with pytest.raises(KeyNotHeld, match="account A has none"):
        activation_signer(store, claims)


def test_a_wanted_key() -> None:
    store, claims = made([IDENTITY, SECOND])
    assert activation_signer(store, claims, SECOND.public).public == SECOND.public
    with pytest.raises(KeyNotHeld, match=f"{FIRST.public} of account A is not in the keystore"):
        activation_signer(store, claims, FIRST.public)


def test_another_accounts_key_is_refused(tmp_path: Path) -> None:
    store, claims = made([IDENTITY, FOREIGN])
    (tmp_path / "k.nk").write_text(FOREIGN.seed())
    for wanted in (FOREIGN.public, str(tmp_path / "k.nk")):
        with pytest.raises(
            InputError, match=f"{FOREIGN.public} is not a key that may sign for account A"
        ):
            activation_signer(store, claims, wanted)


def test_a_key_with_a_scope_is_refused() -> None:
    store, claims = made([IDENTITY, SCOPED])
    with pytest.raises(InputError, match="not a key that may sign for account A"):
        activation_signer(store, claims, SCOPED.public)


def test_the_identity_key_under_a_strict_operator_is_refused() -> None:
    store, claims = made([IDENTITY, FIRST], strict=True)
    with pytest.raises(InputError, match="not a key that may sign for account A"):
        activation_signer(store, claims, IDENTITY.public)


@pytest.mark.parametrize("form", ["bare", "framed", "with a line break"])
def test_a_seed_file(tmp_path: Path, form: str) -> None:
    store, claims = made([])
    path = tmp_path / "first.nk"
    path.write_text(
        {
            "bare": FIRST.seed(),
            "framed": format_seed(FIRST),
            "with a line break": f"{FIRST.seed()}\r\n",
        }[form]
    )
    assert activation_signer(store, claims, str(path)).public == FIRST.public


def test_files_that_are_no_key(tmp_path: Path) -> None:
    store, claims = made([])
    with pytest.raises(InputError, match="no file of one: No such file"):
        activation_signer(store, claims, "SIGNER")
    with pytest.raises(InputError, match="no file of one: Is a directory"):
        activation_signer(store, claims, str(tmp_path))
    path = tmp_path / "k.nk"
    damaged = FIRST.seed()[:-1] + ("A" if FIRST.seed()[-1] != "A" else "B")
    for content in (damaged, "", FIRST.public, f"x {FIRST.seed()}"):
        path.write_text(content)
        with pytest.raises(InputError, match="holds no seed") as caught:
            activation_signer(store, claims, str(path))
        assert damaged[2:20] not in f"{caught.value} {caught.value.hint}"
        assert caught.value.__cause__ is None
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="holds no seed"):
        activation_signer(store, claims, str(path))


def test_keys_of_another_kind(tmp_path: Path) -> None:
    store, claims = made([])
    other = KeyPair.generate(Kind.USER)
    with pytest.raises(KeyFormatError):
        activation_signer(store, claims, other.public)
    path = tmp_path / "u.nk"
    path.write_text(other.seed())
    with pytest.raises(KeyFormatError, match="of kind user, not account"):
        activation_signer(store, claims, str(path))


def test_a_seed_in_the_command_is_refused_and_not_repeated() -> None:
    with pytest.raises(InputError, match="a seed was given in the command itself") as caught:
        refuse_seed(FIRST.seed())
    assert FIRST.seed() not in f"{caught.value} {caught.value.hint}"
    refuse_seed(FIRST.public)
    refuse_seed("some/file.nk")


def test_the_operators_keys() -> None:
    house = House()
    signing = KeyPair.generate(Kind.OPERATOR)
    store = MemoryStore(house.operator(Operator(signing_keys=(signing.public,))))
    account = house.account("A").claims
    with pytest.raises(KeyNotHeld, match="operator OP"):
        account_document_signer(store, account)
    with store.edit() as edit:
        edit.put_key(signing)
    assert account_document_signer(store, account).public == signing.public
    with store.edit() as edit:
        edit.put_key(house.key)
    assert account_document_signer(store, account).public == house.key.public
    assert account_document_signer(store, account, signing.public).public == signing.public
    with pytest.raises(KeyFormatError):
        account_document_signer(store, account, FIRST.public)


def test_a_strict_operator_signs_with_its_signing_keys_only() -> None:
    house = House()
    signing = KeyPair.generate(Kind.OPERATOR)
    body = Operator(signing_keys=(signing.public,), strict_signing_key_usage=True)
    store = MemoryStore(house.operator(body))
    account = house.account("A").claims
    with store.edit() as edit:
        edit.put_key(house.key)
        edit.put_key(signing)
    assert account_document_signer(store, account).public == signing.public
    with pytest.raises(InputError, match="not a key that may sign for operator OP"):
        account_document_signer(store, account, house.key.public)
