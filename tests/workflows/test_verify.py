"""What verify says of servers that are away, and of documents that differ."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from jetshare.errors import NotFound, Unreachable
from jetshare.identity import jwt
from jetshare.identity.claims import Claims, User
from jetshare.identity.creds import Creds
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.proof import Proof
from jetshare.sharing.receipt import Witness
from jetshare.workflows.documents import sign_account
from jetshare.workflows.reach import Reach, account_creds, host_of
from support.scene import Scene, scene
from support.servers import free_ports

NOBODY = "nats://127.0.0.1:1"


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path) as made:
        await made.make_stream()
        await made.share_with()
        yield made


async def proofs(live: Scene) -> dict[str, Proof]:
    (verdict,) = await live.verify()
    return {proof.name: proof for proof in verdict.proofs}


async def test_a_server_that_is_down_costs_its_own_proof_and_no_other(live: Scene) -> None:
    up = live.reach.servers[0]
    (down,) = free_ports(1)
    live.reach = replace(live.reach, servers=(f"nats://127.0.0.1:{down}", up, NOBODY))
    (verdict,) = await live.verify()
    assert not verdict.held
    away = [proof for proof in verdict.proofs if proof.held is False]
    assert {proof.name for proof in away} == {"the server is reached"}
    assert [proof.server for proof in away] == [f"127.0.0.1:{down}", "127.0.0.1:1"]
    assert all("nobody listens" in proof.seen for proof in away)
    works = [p for p in verdict.proofs if p.name == "NEXT reaches the consumer"]
    assert [(proof.held, proof.server) for proof in works] == [(True, live.servers[0].name)]


async def test_a_damaged_file_of_a_third_account_costs_nothing_but_its_own_word(
    live: Scene,
) -> None:
    (live.store.folder / "accounts/ACCTA/ACCTA.jwt").write_text("garbage")
    (verdict,) = await live.verify(importer="ACCTB")
    assert verdict.held
    outsider = next(p for p in verdict.proofs if p.name == "a third account is refused")
    assert outsider.held is None


async def test_where_no_server_is_reached_nothing_is_proven(live: Scene) -> None:
    live.reach = Reach(servers=(NOBODY, "nats://127.0.0.1:2"), timeout_s=1.0)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1"):
        await live.verify()


def test_what_is_shown_of_an_address_is_no_password() -> None:
    assert host_of("nats://user:secret@host:4222") == "host:4222"
    assert host_of("host:4222") == "host:4222"


async def test_a_document_that_was_not_pushed_is_told_with_the_command(live: Scene) -> None:
    with live.store.edit() as edit:
        held = edit.account("ACCTC").claims
        edit.put_account(sign_account(edit, held, int(time.time()) + 1))
    seen = (await proofs(live))["the server holds the provider's document"]
    assert seen.held is False
    assert seen.seen == (
        "the server's is older than the store's; push it: jetshare nsc push -a ACCTC"
    )


async def test_a_document_that_was_changed_elsewhere_is_told_with_the_command(
    live: Scene,
) -> None:
    before = live.store.account("ACCTB")
    with live.store.edit() as edit:
        edit.put_account(sign_account(edit, before.claims, int(time.time()) + 60))
    await live.accept((await live.grant("ACCTB")).grants[0].bundle)
    with live.store.edit() as edit:
        edit.put_account(before)
    seen = (await proofs(live))["the server holds the importer's document"]
    assert seen.held is False
    assert seen.seen == (
        "the server's is newer than the store's; pull it: jetshare nsc pull -a ACCTB"
    )


def user(live: Scene, name: str, *, signer: KeyPair | None = None, exp: int = 0) -> str:
    """A user of ACCTB in the store; its public key. The first by name is taken first."""
    pair = KeyPair.generate(Kind.USER)
    by = signer or live.members["ACCTB"].key
    account = live.members["ACCTB"].public
    body = User(issuer_account="" if by.public == account else account)
    claims = Claims(name=name, sub=pair.public, exp=exp, nats=body)
    now = int(time.time())
    document = jwt.encode(claims, by, now - 100)
    with live.store.edit() as edit:
        edit.put_user("ACCTB", document)
        edit.put_creds("ACCTB", name, Creds(jwt=document.token, key=pair))
    return pair.public


def chosen(live: Scene, name: str = "") -> str:
    now = int(time.time())
    account = live.store.account("ACCTB")
    creds = account_creds(live.store, account, live.reach, now, user=name)
    return jwt.decode(creds.jwt, User).claims.name


def revoke_user(live: Scene, public: str) -> None:
    with live.store.edit() as edit:
        held = edit.account("ACCTB").claims
        edit.put_account(
            sign_account(edit, held.with_nats(revocations={public: int(time.time())}), 0)
        )


async def test_users_that_no_server_lets_in_are_passed_over(live: Scene) -> None:
    revoked = user(live, "a-revoked")
    user(live, "b-expired", exp=int(time.time()) - 1)
    user(live, "c-stranger", signer=KeyPair.generate(Kind.ACCOUNT))
    revoke_user(live, revoked)
    assert chosen(live) == "jetshare"  # one that is made for now
    user(live, "d-good")
    assert chosen(live) == "d-good"
    for name, says in (
        ("a-revoked", "a-revoked of ACCTB is revoked"),
        ("b-expired", "expired"),
        ("c-stranger", "no key of the account"),
        ("e-nobody", "no creds file"),
    ):
        with pytest.raises(NotFound, match=says):
            chosen(live, name)


async def test_verify_looks_with_the_next_user_where_the_first_is_revoked(live: Scene) -> None:
    public = user(live, "a-revoked")
    user(live, "b-good")
    revoke_user(live, public)
    from jetshare.workflows.push import push

    document = live.store.account("ACCTB")
    assert (await push(live.store, [document], live.reach, int(time.time()))).complete
    assert all(proof.held is not False for proof in (await proofs(live)).values())


async def test_other_verbs_go_on_with_the_servers_that_are_up(live: Scene) -> None:
    (down,) = free_ports(1)
    live.reach = replace(live.reach, servers=(f"nats://127.0.0.1:{down}", *live.reach.servers))
    granted = await live.grant("ACCTA")
    assert granted.pushed
    assert (await live.accept(granted.grants[0].bundle, account="ACCTA")).pushed
    ended = await live.revoke("ACCTA")
    assert ended.pushed
    assert ended.proven
    unseen = [proof for proof in ended.proofs if proof.held is None]
    assert [(proof.name, proof.server) for proof in unseen] == [
        ("ACCTA: the share is refused", f"127.0.0.1:{down}")
    ]
    ((_, witness, _),) = ended.receipts
    assert witness is not Witness.IMPORTER  # it was not seen from everywhere
