"""Mending, as far as no server is needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jetshare.errors import InputError, NotFound, StoreChanged
from jetshare.identity import jwt
from jetshare.identity.claims import Claims, Generic
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.kinds import PullConsumer, Role
from jetshare.workflows.doctor import (
    DoctorRequest,
    examine,
    from_store,
    from_tokens,
    mend,
    plan_fix,
)
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
    accounts = from_store(store, NOW)
    findings = examine(accounts, DoctorRequest()).findings
    plan = plan_fix(accounts, findings)
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


def test_a_token_of_another_kind_is_refused() -> None:
    key = KeyPair.generate(Kind.ACCOUNT)
    token = jwt.encode(Claims(name="x", sub=key.public, nats=Generic(data={})), key, NOW).token
    with pytest.raises(InputError, match="neither"):
        from_tokens([token], NOW)
