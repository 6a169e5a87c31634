"""The life of a share on a real server, seen from every side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jetshare.errors import ShareRevoked
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import receipt
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.proof import Proof
from jetshare.sharing.receipt import Witness
from jetshare.workflows.accept import AcceptRequest, accept
from jetshare.workflows.grant import GrantRequest, grant
from jetshare.workflows.next import NextRequest, Outcome, Received, next_messages
from jetshare.workflows.revoke import RevokeRequest, revoke
from jetshare.workflows.verify import Verdict
from support.scene import SHARE, Scene, scene
from support.servers import Realm
from support.waiting import until


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path, names=("ACCTA", "ACCTB", "ACCTC", "ACCTD")) as made:
        await made.make_stream()
        yield made


async def pull(live: Scene, account: str = "ACCTB", **words: object) -> list[Received]:
    got: list[Received] = []
    request = NextRequest(share=SHARE, importer=account, **words)  # type: ignore[arg-type]
    await next_messages(live.store, request, live.reach, _now(), got.append)
    return got


def by_name(verdict: Verdict) -> dict[str, Proof]:
    return {proof.name: proof for proof in verdict.proofs}


async def test_grant_accept_pull_verify_revoke(live: Scene) -> None:
    await live.publish(b"one", b"two")
    granted = await live.grant(live.members["ACCTB"].public, domain="ngstest")
    assert granted.pushed
    accepted = await live.accept(granted.grants[0].bundle)
    assert accepted.pushed

    (message,) = await pull(live)
    assert (message.data, message.tries, message.stream_sequence, message.pending) == (
        b"one",
        1,
        1,
        1,
    )
    counts = await live.counts()
    assert (counts["ack_floor"]["stream_seq"], counts["num_ack_pending"]) == (1, 0)

    (verdict,) = await live.verify()
    assert verdict.held, [p for p in verdict.proofs if p.held is False]
    assert await live.counts() == counts

    ended = await live.revoke("ACCTB")
    assert ended.proven
    ((importer, witness, text),) = ended.receipts
    assert importer == live.members["ACCTB"].public
    assert witness is Witness.IMPORTER
    assert receipt.read(text).share == SHARE
    with pytest.raises(ShareRevoked):
        await pull(live)


async def test_an_idle_consumer_shows_that_next_streams(live: Scene) -> None:
    await live.share_with()
    (verdict,) = await live.verify()
    assert by_name(verdict)["NEXT streams its replies"].held is True
    assert by_name(verdict)["ACK reaches it in the second form"].held is True
    assert by_name(verdict)["the proofs consumed nothing"].held is True
    assert all(proof.held is not False for proof in verdict.proofs)


async def test_proofs_name_what_is_wrong_with_a_share(live: Scene) -> None:
    await live.share_with()
    await live.api(f"CONSUMER.DELETE.{SHARE.stream}.{SHARE.consumer}")
    (verdict,) = await live.verify()
    failed = {proof.name for proof in verdict.proofs if proof.held is False}
    assert failed == {
        "NEXT reaches the consumer",
        "ACK reaches the consumer",
        "INFO answers",
    }


async def test_an_importer_that_reaches_too_far_is_found_out_and_nothing_is_deleted(
    live: Scene,
) -> None:
    from support.wide import share_everything

    await live.share_with()
    await share_everything(live, "ACCTC", "ACCTB", prefix="ACCTC.API")
    (verdict,) = await live.verify()
    failed = {proof.name for proof in verdict.proofs if proof.held is False}
    assert failed == {
        "STREAM.DELETE is out of reach",
        "CONSUMER.DELETE is out of reach",
        "another consumer's INFO is out of reach",
    }
    assert (await live.counts())["name"] == SHARE.consumer  # both are still there


async def test_other_importers_go_on_after_one_is_revoked(live: Scene) -> None:
    await live.publish(b"one", b"two")
    granted = await live.grant("ACCTB", "ACCTD")
    for given, account in zip(granted.grants, ("ACCTB", "ACCTD"), strict=True):
        await live.accept(given.bundle, account=account)
    ended = await live.revoke("ACCTB")
    assert ended.proven
    assert ended.others == ("ACCTD",)
    with pytest.raises(ShareRevoked):
        await pull(live)
    assert [m.data for m in await pull(live, "ACCTD")] == [b"one"]


async def test_a_new_grant_after_a_revocation_works_at_once(live: Scene) -> None:
    await live.publish(b"one")
    await live.share_with()
    await live.revoke("ACCTB")
    await live.share_with()  # in the same second, most of the time
    assert [m.data for m in await pull(live)] == [b"one"]


async def test_revoking_a_grant_of_the_same_second_ends_it(live: Scene) -> None:
    """Its tokens are dated after the revocation before them, which is after the clock."""
    now = _now()
    for _ in range(2):
        wanted = GrantRequest(share=SHARE, provider="ACCTC", importers=("ACCTB",))
        text = (await grant(live.store, wanted, live.reach, now)).grants[0].bundle
        taken = AcceptRequest(files=(text,), account="ACCTB")
        await accept(live.store, taken, live.reach, now)
        ended = await revoke(
            live.store,
            RevokeRequest(share=SHARE, provider="ACCTC", importers=("ACCTB",)),
            live.reach,
            now,
        )
        assert ended.proven, ended.proofs


async def test_an_importer_that_cannot_log_in_does_not_cost_the_receipt(live: Scene) -> None:
    stranger = stored_only(live, "ACCTX")
    granted = await live.grant("ACCTX")
    await live.accept(granted.grants[0].bundle, account="ACCTX", push=False)
    ended = await live.revoke("ACCTX")
    ((importer, witness, _),) = ended.receipts
    assert (importer, witness) == (stranger, Witness.RESOLVER)


async def test_accounts_that_were_never_pushed_do_not_stop_the_proofs(live: Scene) -> None:
    stored_only(live, "AAAA")
    await live.share_with()
    (verdict,) = await live.verify()
    assert verdict.held
    assert by_name(verdict)["a third account is refused"].seen.startswith("ACCTA")


async def test_a_push_consumer_is_not_one_to_pull_from(live: Scene) -> None:
    share = PullConsumer(SHARE.stream, "PUSHED")
    await live.make_consumer(share, deliver_subject="to.nobody")
    await live.share_with(share=share)
    (verdict,) = await live.verify(share)
    assert by_name(verdict)["NEXT reaches the consumer"].held is False


async def test_a_consumer_that_wants_no_acks_works_without(live: Scene) -> None:
    share = PullConsumer(SHARE.stream, "NOACK")
    await live.make_consumer(share, ack_policy="none", ack_wait=0, max_ack_pending=0)
    await live.share_with(share=share)
    (verdict,) = await live.verify(share)
    assert verdict.held
    assert by_name(verdict)["ACK reaches the consumer"].held is None


def stored_only(live: Scene, name: str) -> str:
    """An account in the store that no server knows; its public key."""
    member = Realm().account(name)
    with live.store.edit() as edit:
        edit.put_account(member.document)
        edit.put_key(member.key)
    return member.public


async def test_everyone_is_revoked_together(live: Scene) -> None:
    granted = await live.grant("ACCTB", "ACCTD")
    for given, account in zip(granted.grants, ("ACCTB", "ACCTD"), strict=True):
        await live.accept(given.bundle, account=account)
    ended = await live.revoke(everyone=True)
    assert ended.proven
    for account in ("ACCTB", "ACCTD"):
        with pytest.raises(ShareRevoked):
            await pull(live, account)


async def test_a_public_share_is_taken_by_anybody_and_withdrawn_from_all(live: Scene) -> None:
    await live.publish(b"one")
    granted = await live.grant(public=True)
    await live.accept(granted.grants[0].bundle, account="ACCTD")
    assert [m.data for m in await pull(live, "ACCTD")] == [b"one"]
    ended = await live.revoke(everyone=True)
    assert ended.proven
    with pytest.raises(ShareRevoked):
        await pull(live, "ACCTD")


async def test_an_importer_elsewhere_is_seen_through_the_servers(live: Scene) -> None:
    """The provider does not hold the importer's keys, as between two companies."""
    await live.share_with()
    async with live.speaking_as("ACCTB"):
        pass  # the account is in use on the server
    with live.store.edit() as edit:
        edit.delete_key(live.members["ACCTB"].public)
    ended = await live.revoke("ACCTB")
    assert ended.proven
    assert ended.receipts[0][1] is Witness.SERVERS


async def test_an_importer_that_no_server_knows_is_seen_in_the_resolvers_document(
    live: Scene,
) -> None:
    stranger = KeyPair.generate(Kind.ACCOUNT).public
    await live.grant(stranger)
    ended = await live.revoke(stranger)
    assert ended.proven
    assert ended.receipts[0][1] is Witness.RESOLVER


async def test_what_revoke_says_of_pulls_in_flight_is_true(live: Scene) -> None:
    """Another importer's pull in flight falls silent, and a new one works."""
    granted = await live.grant("ACCTB", "ACCTD")
    for given, account in zip(granted.grants, ("ACCTB", "ACCTD"), strict=True):
        await live.accept(given.bundle, account=account)
    subject = f"ACCTC.API.CONSUMER.MSG.NEXT.{SHARE.stream}.{SHARE.consumer}"
    async with live.speaking_as("ACCTD") as client:
        inbox = client.new_inbox()
        replies = await client.subscribe(inbox)
        await client.publish(subject, b'{"batch":1,"expires":20000000000}', reply=inbox)

        async def waits() -> bool:
            return bool((await live.counts())["num_waiting"] == 1)

        await until(waits)
        ended = await live.revoke("ACCTB")
        assert ended.others == ("ACCTD",)
        await live.publish(b"for the pull in flight", b"for a new pull")
        assert (await live.counts())["num_ack_pending"] == 1  # it was sent to nobody
        with pytest.raises(TimeoutError):
            await replies.next_msg(timeout=0.3)
    assert [m.data for m in await pull(live, "ACCTD")] == [b"for a new pull"]


async def test_verify_says_that_a_grant_is_revoked(live: Scene) -> None:
    await live.share_with()
    await live.revoke("ACCTB")
    (verdict,) = await live.verify()
    assert not verdict.held
    assert by_name(verdict)["the grant is in force"].seen == "it is revoked"
    assert by_name(verdict)["what is revoked is closed"].held is True


async def test_verify_says_whether_what_expired_is_still_open(live: Scene) -> None:
    """A server may let an import go on after its token's time, until it is loaded anew."""
    await live.publish(b"one")
    granted = await live.grant("ACCTB", expires=_now() + 2)
    await live.accept(granted.grants[0].bundle)

    async def expired() -> bool:
        return _now() >= granted.expires

    await until(expired)
    (verdict,) = await live.verify()
    assert not verdict.held
    assert by_name(verdict)["the grant is in force"].seen == "it is expired"
    reached = by_name(verdict)["NEXT reaches the consumer"].held
    assert by_name(verdict)["what is expired is closed"].held is (not reached)
    ended = await live.revoke("ACCTB")
    assert ended.proven
    (closed,) = await live.verify()
    assert by_name(closed)["what is revoked is closed"].held is True


async def test_a_share_of_a_consumer_that_is_not_there_yet_begins_to_work(live: Scene) -> None:
    later = PullConsumer(SHARE.stream, "LATER")
    await live.share_with(share=later)
    (before,) = await live.verify(later)
    assert not before.held
    await live.make_consumer(later)
    (after,) = await live.verify(later)
    assert after.held


@pytest.mark.parametrize(
    ("outcome", "again"), [(Outcome.NAK, True), (Outcome.TERM, False), (Outcome.ACK, False)]
)
async def test_what_becomes_of_a_message(live: Scene, outcome: Outcome, again: bool) -> None:
    await live.publish(b"one")
    await live.share_with()
    (first,) = await pull(live, outcome=outcome)
    assert first.outcome is outcome
    assert (await live.counts())["num_ack_pending"] == (1 if again else 0)


async def test_several_messages_are_pulled_one_by_one(live: Scene) -> None:
    await live.publish(*(b"%d" % n for n in range(10)))
    await live.share_with()
    assert [m.data for m in await pull(live, count=10)] == [b"%d" % n for n in range(10)]


async def test_the_second_form_of_acknowledgements_is_shared_too(tmp_path: Path) -> None:
    async with scene(tmp_path, js_ack_fc_v2=True) as live:
        await live.make_stream()
        await live.publish(b"one")
        await live.share_with()
        assert [m.data for m in await pull(live)] == [b"one"]
        assert (await live.counts())["num_ack_pending"] == 0


async def test_what_is_stored_but_not_pushed_says_so(live: Scene) -> None:
    nobody = live.reach.servers[0].rpartition(":")[0] + ":1"
    live.reach = type(live.reach)(servers=(nobody,), timeout_s=1.0)
    granted = await live.grant("ACCTB")
    assert not granted.pushed
    assert granted.push is not None
    assert "cannot be reached" in granted.push.problem
    assert len(live.store.account("ACCTC").claims.nats.exports) == 4


def _now() -> int:
    import time

    return int(time.time())
