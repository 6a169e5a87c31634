"""What every store does, wherever it keeps its documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from jetshare.errors import InputError, JetshareError, KeyFormatError, NotFound, StoreLocked
from jetshare.identity.claims import Account, Operator
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import ledger
from jetshare.store.contract import Edit, Store
from jetshare.store.folder import create_store, open_store
from jetshare.store.memory import MemoryStore
from store.house import SHARE, House, creds, granted, location_in, user


@dataclass(frozen=True)
class Case:
    """A store, and how to look at it anew, as the next command does."""

    house: House
    store: Store
    again: Callable[[], Store]


@pytest.fixture(params=["folder", "memory"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    house = House()
    if request.param == "memory":
        memory = MemoryStore(house.operator(), lock_wait_s=0.02)
        return Case(house, memory, lambda: memory)
    location = location_in(tmp_path)
    with create_store(location, house.name) as edit:
        edit.put_operator(house.operator())

    def open_it() -> Store:
        return open_store(location, lock_wait_s=0.02)

    return Case(house, open_it(), open_it)


@pytest.fixture
def account_key() -> KeyPair:
    return KeyPair.generate(Kind.ACCOUNT)


def test_a_new_store_holds_its_operator(case: Case) -> None:
    assert case.store.name == "OP"
    assert not case.store.managed
    assert case.store.operator().claims.sub == case.house.key.public
    assert case.store.accounts() == []
    assert case.store.keys() == []


def test_what_is_put_is_found(case: Case, account_key: KeyPair) -> None:
    account, someone = case.house.account("A", account_key), user("u", account_key)
    held = creds("u", account_key)
    with case.store.edit() as edit:
        edit.put_key(account_key)
        edit.put_account(account)
        edit.put_user("A", someone)
        edit.put_creds("A", "u", held)
    for store in (case.store, case.again()):
        assert store.accounts() == ["A"]
        assert store.account("A") == account
        assert store.account(account_key.public) == account
        assert store.users("A") == ["u"]
        assert store.user("A", "u") == someone
        assert store.user(account_key.public, "u") == someone
        assert store.creds("A", "u") == held
        assert store.keys() == [account_key.public]
        found = store.key(account_key.public)
        assert found is not None
        assert found.seed() == account_key.seed()


def test_an_edit_reads_what_it_put(case: Case, account_key: KeyPair) -> None:
    account, someone = case.house.account("A", account_key), user("u", account_key)
    with case.store.edit() as edit:
        edit.put_account(account)
        edit.put_user("A", someone)
        edit.put_key(account_key)
        edit.append_ledger("A", [granted(account_key.public, account_key)])
        assert edit.accounts() == ["A"]
        assert edit.account("A") == edit.account(account_key.public) == account
        assert (edit.users("A"), edit.user("A", "u")) == (["u"], someone)
        assert edit.keys() == [account_key.public]
        assert len(edit.ledger("A")) == 1
        assert case.store.accounts() == []


def test_an_exception_discards(case: Case, account_key: KeyPair) -> None:
    def fail() -> None:
        with case.store.edit() as edit:
            edit.put_key(account_key)
            edit.put_account(case.house.account("A", account_key))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert case.again().accounts() == []
    assert case.again().keys() == []


def test_an_edit_in_an_edit_is_part_of_it(case: Case) -> None:
    with case.store.edit() as outer:
        with outer.edit() as inner:
            inner.put_account(case.house.account("A"))
        assert case.store.accounts() == []
    assert case.store.accounts() == ["A"]


def test_one_edit_at_a_time(case: Case) -> None:
    def other() -> None:
        with case.again().edit():
            raise AssertionError

    with case.store.edit(), pytest.raises(StoreLocked):
        other()
    with case.again().edit():
        pass


def test_the_operator_is_replaced(case: Case) -> None:
    changed = case.house.operator(Operator(account_server_url="nats://h"))
    with case.store.edit() as edit:
        edit.put_operator(changed)
        assert edit.operator() == changed
    assert case.store.operator() == case.again().operator() == changed


def test_an_account_is_replaced(case: Case, account_key: KeyPair) -> None:
    for description in ("one", "two"):
        document = case.house.account("A", account_key, Account(description=description))
        with case.store.edit() as edit:
            edit.put_account(document)
        assert case.store.account("A") == case.again().account(account_key.public) == document


def test_names_are_sorted(case: Case, account_key: KeyPair) -> None:
    with case.store.edit() as edit:
        for name in ("b", "C", "a"):
            edit.put_account(case.house.account(name, account_key if name == "a" else None))
        for name in ("z", "y"):
            edit.put_user("a", user(name, account_key))
        assert edit.accounts() == ["C", "a", "b"]
    assert case.store.accounts() == ["C", "a", "b"]
    assert case.store.users("a") == ["y", "z"]
    assert case.store.users("b") == []


@pytest.mark.parametrize("name", ["ACCT", "acctb", "../OP", "", "A" * 56, ".", "a\0"])
def test_an_unknown_account_is_not_found(case: Case, name: str) -> None:
    with case.store.edit() as edit:
        edit.put_account(case.house.account("ACCTB"))
    for ask in (case.store.account, case.store.users, case.store.ledger):
        with pytest.raises(NotFound):
            ask(name)


def test_the_nearest_account_is_named(case: Case) -> None:
    with case.store.edit() as edit:
        edit.put_account(case.house.account("ACCTB"))
    with pytest.raises(NotFound, match='account "acctb" is not in operator OP') as caught:
        case.store.account("acctb")
    assert caught.value.hint == 'did you mean "ACCTB"?'


def test_an_unknown_key_is_not_found(case: Case, account_key: KeyPair) -> None:
    with case.store.edit() as edit:
        edit.put_account(case.house.account("A"))
    with pytest.raises(NotFound):
        case.store.account(account_key.public)
    with case.store.edit() as edit:
        with pytest.raises(NotFound):
            edit.account(account_key.public)
        edit.put_account(case.house.account("B", account_key))
        assert edit.account(account_key.public).claims.name == "B"
    assert case.store.account(account_key.public).claims.name == "B"


def test_a_key_follows_its_account_to_another_name(case: Case, account_key: KeyPair) -> None:
    with case.store.edit() as edit:
        edit.put_account(case.house.account("A", account_key))
        edit.append_ledger("A", [granted(account_key.public, account_key)])
    assert case.store.account(account_key.public).claims.name == "A"
    with case.store.edit() as edit:
        edit.delete_account("A")
        edit.put_account(case.house.account("B", account_key))
        assert edit.account(account_key.public).claims.name == "B"
    assert case.store.account(account_key.public).claims.name == "B"
    assert case.store.accounts() == ["B"]
    assert len(case.store.ledger("B")) == 1


def test_an_unknown_user_is_not_found(case: Case, account_key: KeyPair) -> None:
    with case.store.edit() as edit:
        edit.put_account(case.house.account("A", account_key))
        edit.put_user("A", user("service", account_key))
        with pytest.raises(NotFound):
            edit.delete_user("A", "servise")
    with pytest.raises(NotFound, match='user "servise" is not in account A') as caught:
        case.store.user("A", "servise")
    assert caught.value.hint == 'did you mean "service"?'
    assert case.store.creds("A", "service") is None
    assert case.store.creds("A", "../service") is None


def test_a_key_that_is_not_held(case: Case, account_key: KeyPair) -> None:
    assert case.store.key(account_key.public) is None
    with pytest.raises(KeyFormatError):
        case.store.key("../../etc/passwd")


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "..", "a\\b", "a\0b", " a", "x" * 300])
def test_names_that_cannot_be_files_are_refused(
    case: Case, account_key: KeyPair, name: str
) -> None:
    with case.store.edit() as edit:
        edit.put_account(case.house.account("A", account_key))
        with pytest.raises(InputError):
            edit.put_account(case.house.account(name))
        with pytest.raises(InputError):
            edit.put_user("A", user(name, account_key))
        with pytest.raises(InputError):
            edit.put_creds("A", name, creds("u", account_key))
    assert case.again().accounts() == ["A"]


def test_names_differ_by_more_than_case(case: Case, account_key: KeyPair) -> None:
    with case.store.edit() as edit:
        edit.put_account(case.house.account("Acct", account_key))
        edit.put_user("Acct", user("u", account_key))
        with pytest.raises(InputError, match="upper and lower case"):
            edit.put_account(case.house.account("ACCT"))
        with pytest.raises(InputError, match="upper and lower case"):
            edit.put_user("Acct", user("U", account_key))
        edit.delete_account("Acct")
        edit.put_account(case.house.account("ACCT"))
    assert case.again().accounts() == ["ACCT"]


def test_a_name_belongs_to_one_key(case: Case, account_key: KeyPair) -> None:
    with case.store.edit() as edit:
        edit.put_account(case.house.account("A", account_key))
        edit.put_user("A", user("u", account_key))
    other = case.house.account("A")
    with case.store.edit() as edit:
        with pytest.raises(InputError, match=f"account A is there already.*{account_key.public}"):
            edit.put_account(other)
        edit.delete_account("A")
        edit.put_account(other)
        assert edit.users("A") == []
    assert case.again().account("A") == other
    assert case.again().users("A") == []
    with pytest.raises(NotFound):
        case.store.account(account_key.public)


def test_a_user_belongs_to_its_signer(case: Case, account_key: KeyPair) -> None:
    other = KeyPair.generate(Kind.ACCOUNT)
    with case.store.edit() as edit:
        edit.put_account(case.house.account("A", account_key))
        with pytest.raises(InputError, match=f"signed for account {other.public}"):
            edit.put_user("A", user("u", other))


def test_what_is_deleted_is_gone(case: Case, account_key: KeyPair) -> None:
    with case.store.edit() as edit:
        edit.put_key(account_key)
        edit.put_account(case.house.account("A", account_key))
        for name in ("u", "v"):
            edit.put_user("A", user(name, account_key))
            edit.put_creds("A", name, creds(name, account_key))
    with case.store.edit() as edit:
        edit.delete_user("A", "u")
        edit.delete_creds("A", "u")
        edit.delete_creds("A", "never there")
        edit.delete_key(account_key.public)
        edit.delete_key(account_key.public)
        assert (edit.users("A"), edit.keys()) == (["v"], [])
    for store in (case.store, case.again()):
        assert store.users("A") == ["v"]
        assert (store.creds("A", "u"), store.key(account_key.public)) == (None, None)
        assert store.creds("A", "v") is not None
    with case.store.edit() as edit:
        edit.delete_account("A")
        assert edit.accounts() == []
    assert case.store.accounts() == case.again().accounts() == []


def test_what_is_put_and_deleted_was_never_there(case: Case, account_key: KeyPair) -> None:
    with case.store.edit() as edit:
        edit.put_key(account_key)
        edit.put_account(case.house.account("A", account_key))
        edit.put_user("A", user("u", account_key))
        edit.delete_user("A", "u")
        edit.delete_account("A")
        edit.delete_key(account_key.public)
    assert (case.again().accounts(), case.again().keys()) == ([], [])


def test_the_ledger_grows(case: Case, account_key: KeyPair) -> None:
    importers = [KeyPair.generate(Kind.ACCOUNT).public for _ in range(3)]
    with case.store.edit() as edit:
        edit.put_account(case.house.account("A", account_key))
    assert case.store.ledger("A") == ()
    for importer in importers:
        with case.store.edit() as edit:
            edit.append_ledger("A", [granted(importer, account_key)])
    found = case.again().ledger(account_key.public)
    assert [entry.importer for entry in found] == importers
    assert [grant.importer for grant in ledger.grants(found, SHARE)] == importers
    with case.store.edit() as edit:
        edit.append_ledger("A", [])
    assert case.again().ledger("A") == found


def test_a_ledger_is_of_its_account_alone(case: Case, account_key: KeyPair) -> None:
    with case.store.edit() as edit:
        edit.put_account(case.house.account("A", account_key))
        edit.put_account(case.house.account("B"))
        edit.append_ledger("A", [granted(account_key.public, account_key)])
    assert len(case.store.ledger("A")) == 1
    assert case.store.ledger("B") == ()


def _edits_nothing(edit: Edit) -> None:
    edit.operator()


def test_an_edit_may_change_nothing(case: Case) -> None:
    with case.store.edit() as edit:
        _edits_nothing(edit)
    assert case.again().operator() == case.house.operator()


def test_a_document_may_be_put_again(case: Case, account_key: KeyPair) -> None:
    document = case.house.account("A", account_key)
    for _ in range(2):
        with case.store.edit() as edit:
            edit.put_account(document)
            edit.put_key(account_key)
    assert case.again().account("A") == document


def test_the_repr_names_the_store_alone(case: Case, account_key: KeyPair) -> None:
    with case.store.edit() as edit:
        edit.put_key(account_key)
        assert account_key.seed() not in repr(edit)
    assert "OP" in repr(case.store)
    assert account_key.seed() not in repr(case.store)


def test_errors_are_of_the_tree(case: Case) -> None:
    with pytest.raises(JetshareError) as caught:
        case.store.account("nobody")
    assert caught.value.hint
