"""Whole accounts that servers refuse for their documents: nobody logs in, until the cure."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from jetshare.errors import AccessRefused
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Claims, Export, Import, WeightedMapping
from jetshare.identity.creds import Creds
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.net.connect import Login, connect
from jetshare.sharing.kinds import Role
from jetshare.workflows.push import push
from support.servers import JETSTREAM
from support.shares import OTHER, activation
from support.ward import PREFIX, Ward, operator_key, ward

SERVICE = Export(name="one", subject="one.>", type="service")
INNER = Export(name="two", subject="one.two", type="service")
MAPPED = Import(
    name="one", subject="one.>", account=OTHER.public, local_subject="one", type="service"
)
HEAVY = (WeightedMapping(subject="b", weight=70), WeightedMapping(subject="c", weight=60))


@dataclass(frozen=True)
class Refused:
    code: str
    account: Account


REFUSED: Mapping[str, Refused] = {
    "CONTAINED": Refused("JS120", Account(limits=JETSTREAM, exports=(SERVICE, INNER))),
    "WILD": Refused(
        "JS120", Account(limits=replace(JETSTREAM, exports=9, wildcards=False), exports=(SERVICE,))
    ),
    "HEAVY": Refused("JS121", Account(limits=JETSTREAM, mappings={"a": HEAVY})),
    "HALF": Refused("JS220", Account(limits=JETSTREAM, imports=(MAPPED,))),
    "MANY": Refused(
        "JS220",
        Account(
            limits=replace(JETSTREAM, imports=0), imports=(replace(MAPPED, local_subject="one.>"),)
        ),
    ),
}


async def log_in(made: Ward, user: Creds) -> None:
    async with connect(Login(servers=made.live.reach.servers[:1], creds=user)):
        pass


async def cure(made: Ward, code: str, account: str, how: str) -> None:
    """By what is printed for this account, as it stands."""
    found = [f for f in await made.doctor() if f["account"]["name"] == account]
    assert {finding["code"] for finding in found} == {code}
    for line in found[0][how]:
        await made.run(shlex.split(line), must=True)


async def test_js120_js121_and_js220_keep_everybody_of_an_account_out(tmp_path: Path) -> None:
    """The server has these documents from its start; a push of one is refused as well."""
    names = ("ACCTA", "ACCTB", "ACCTC", *REFUSED)
    holding = {name: refused.account for name, refused in REFUSED.items()}
    async with ward(tmp_path, granted=False, names=names, holding=holding) as made:
        for name, refused in REFUSED.items():
            member = made.live.members[name]
            with pytest.raises(AccessRefused, match="Authorization Violation"):
                await log_in(made, member.user())
            store, reach = made.live.store, made.live.reach
            pushed = await push(store, [store.account(name)], reach, int(time.time()))
            assert [answer.code for answer in pushed.answers] == [500], name
            await cure(made, refused.code, name, "nsc")
            await log_in(made, member.user())
        assert await made.doctor() == []


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js305_keeps_everybody_of_an_account_out(how: str, tmp_path: Path) -> None:
    async with ward(tmp_path) as made:
        live, key = made.live, KeyPair.generate(Kind.ACCOUNT)
        provider, subject = live.members["ACCTC"].key, made.share.info_subject()
        token = activation(provider, live.members["ACCTA"].public, subject, int(time.time()))
        taken = Import(
            name=f"{made.share} {Role.INFO}",
            subject=subject,
            account=provider.public,
            local_subject=f"{PREFIX}{subject[7:]}",
            token=token,
            type="service",
        )
        account = Account(limits=JETSTREAM, imports=(taken,))
        claims = Claims(name="NEW", sub=key.public, nats=account)
        document = jwt.encode(claims, operator_key(live), int(time.time()))
        with live.store.edit() as edit:
            edit.put_account(document)
            edit.put_key(key)
        pushed = await push(live.store, [document], live.reach, int(time.time()))
        assert [answer.code for answer in pushed.answers] == [500]
        user = replace(live.members["ACCTA"], key=key).user()
        with pytest.raises(AccessRefused, match="Authorization Violation"):
            await log_in(made, user)
        await made.cure("JS305", how)
        await log_in(made, user)
