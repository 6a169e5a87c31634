"""Mending, as far as no server is needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jetshare.errors import InputError, JetshareError, MalformedToken, NotFound, StoreChanged
from jetshare.identity import jwt
from jetshare.identity.claims import Claims, Generic, Operator, User
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.kinds import PullConsumer, Role
from jetshare.sharing.rules.rule import Severity
from jetshare.store.memory import MemoryStore
from jetshare.workflows.doctor import DoctorRequest, doctor, examine
from jetshare.workflows.doctor_documents import from_files, from_store
from jetshare.workflows.doctor_fix import mend, plan_fix
from jetshare.workflows.reach import Reach
from support.offline import NOW, folder_store
from support.shares import OTHER, Pair, pair


def spoilt() -> Pair:
    made = pair(public=True)
    made.change_export(Role.NEXT, response_type="Singleton")
    return made


async def test_what_was_changed_since_is_not_overwritten(tmp_path: Path) -> None:
    store = folder_store(tmp_path)
    operator = store.key(store.operator().claims.sub)
    assert operator is not None
    made = spoilt()
    with store.edit() as edit:
        for name, claims in (("ACCTC", made.provider), ("ACCTB", made.importer)):
            edit.delete_account(name)
            edit.put_account(jwt.encode(claims, operator, NOW))
    plan = plan_fix(examine(from_store(store, NOW), DoctorRequest()))
    assert [claims.name for claims in plan.again] == ["ACCTB"]
    with store.edit() as edit:
        other = made.provider.with_nats(description="changed by somebody else")
        edit.put_account(jwt.encode(other, operator, NOW))
    with pytest.raises(StoreChanged, match="ACCTC"):
        await mend(store, plan, Reach(), NOW, carry=False)
    assert store.account("ACCTC").claims.nats.description == "changed by somebody else"


def test_only_what_is_asked_for_is_told() -> None:
    made = spoilt()
    accounts = made.accounts()
    (found,) = examine(accounts, DoctorRequest(accounts=("ACCTC",))).findings
    # What is wrong on the provider's side is told to the one who imports it.
    assert examine(accounts, DoctorRequest(accounts=("ACCTB",))).findings == (found,)
    made.others.append(replace(made.importer.with_nats(imports=()), name="ACCTE", sub=OTHER.public))
    assert examine(made.accounts(), DoctorRequest(accounts=("ACCTE",))).findings == ()
    assert found.code == "JS101"
    assert examine(accounts, DoctorRequest(share=made.share)).findings == (found,)
    with pytest.raises(NotFound):
        examine(accounts, DoctorRequest(share=PullConsumer("NO", "SUCH")))


def test_what_system_accounts_export_is_no_share_until_it_is_imported() -> None:
    made = pair()
    made.add_export(name="account-monitoring-streams", subject="$SYS.ACCOUNT.*.>", type="stream")
    assert len(examine(made.accounts(), DoctorRequest()).verdicts) == 1
    made.add_import(name="monitoring", subject="$SYS.ACCOUNT.*.>", type="stream")
    assert len(examine(made.accounts(), DoctorRequest()).verdicts) == 2


def test_a_token_of_another_kind_is_refused() -> None:
    key = KeyPair.generate(Kind.ACCOUNT)
    token = jwt.encode(Claims(name="x", sub=key.public, nats=Generic(data={})), key, NOW).token
    with pytest.raises(InputError, match=r"g\.jwt holds a token of kind generic"):
        from_files({"g.jwt": token}, NOW)


def documents(made: Pair) -> tuple[str, str]:
    operator = KeyPair.generate(Kind.OPERATOR)
    provider, importer = (
        jwt.encode(claims, operator, NOW).token for claims in (made.provider, made.importer)
    )
    return provider, importer


def test_loose_files_may_be_bare_or_framed_and_hold_users() -> None:
    made = spoilt()
    provider, importer = documents(made)
    user = Claims(name="bob", sub=KeyPair.generate(Kind.USER).public, nats=User())
    framed = f"-----BEGIN NATS ACCOUNT JWT-----\n{importer}\n------END NATS ACCOUNT JWT------\n"
    texts = {"p": f"{provider}\n", "i": framed, "u": jwt.encode(user, made.key, NOW).token}
    accounts = from_files(texts, NOW)
    assert set(accounts.claims) == {made.provider.sub, made.importer.sub}
    assert [held.name for held in accounts.users[made.provider.sub]] == ["bob"]
    assert {f.code for f in examine(accounts, DoctorRequest()).findings} == {"JS101"}


@pytest.mark.parametrize("text", ["", "not a token", "a.b.c", "x" * 100])
def test_a_file_that_holds_no_token_is_named(text: str) -> None:
    with pytest.raises(MalformedToken, match=r"^bad\.jwt: "):
        from_files({"bad.jwt": text}, NOW)


def test_an_account_that_is_given_twice_is_refused() -> None:
    provider, _ = documents(spoilt())
    with pytest.raises(InputError, match="one and two are both of account ACCTC"):
        from_files({"one": provider, "two": provider}, NOW)


async def test_as_a_function_of_a_store() -> None:
    made = spoilt()
    operator = KeyPair.generate(Kind.OPERATOR)
    own = Claims(name="OP", sub=operator.public, nats=Operator())
    store = MemoryStore(jwt.encode(own, operator, NOW))
    with store.edit() as edit:
        for claims in (made.provider, made.importer):
            edit.put_account(jwt.encode(claims, operator, NOW))
    found = await doctor(store, DoctorRequest(), Reach(), NOW)
    assert [(v.provider, v.importer, v.worst) for v in found.verdicts] == [
        ("ACCTC", "ACCTB", Severity.ERROR)
    ]
    with pytest.raises(InputError, match="consumed on servers"):
        await doctor(store, DoctorRequest(consume=True), Reach(), NOW)
    with pytest.raises(JetshareError):
        await doctor(store, DoctorRequest(live=True), Reach(servers=("127.0.0.1:1",)), NOW)
