"""What may be said of an answer, and of silence, as the importer hears them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from nats.aio.client import Client

from jetshare.identity.claims import Permission, User
from jetshare.net import probe
from jetshare.sharing.found import local_subject
from jetshare.sharing.proof import Proof
from jetshare.sharing.receipt import Witness
from jetshare.workflows.documents import sign_account
from jetshare.workflows.push import push
from jetshare.workflows.verify import Verdict
from support.offline import damage_ledger
from support.scene import SHARE, Scene, scene
from support.waiting import until
from support.wide import share_everything


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path) as made:
        await made.make_stream()
        await made.share_with()
        yield made


def by_name(verdict: Verdict) -> dict[str, Proof]:
    return {proof.name: proof for proof in verdict.proofs}


async def verdict_of(live: Scene, user: User | None = None) -> Verdict:
    """As ACCTB, with a user that has these permissions."""
    if user is not None:
        live.reach = replace(live.reach, creds=live.members["ACCTB"].user(user=user))
    (verdict,) = await live.verify(importer="ACCTB")
    return verdict


async def change(live: Scene, account: str, **fields: object) -> None:
    """Another document of an account, in the store and on the server."""
    with live.store.edit() as edit:
        claims = edit.account(account).claims.with_nats(**fields)
        document = sign_account(edit, claims, int(time.time()))
        edit.put_account(document)
    assert (await push(live.store, [document], live.reach, int(time.time()))).complete


async def consumer_of_ones_own(live: Scene) -> None:
    """In the importer, under the very names of the share."""
    stream = {"name": SHARE.stream, "subjects": ["mine.>"], "storage": "memory"}
    await live.api(f"STREAM.CREATE.{SHARE.stream}", stream, account="ACCTB")
    config = {"durable_name": SHARE.consumer, "ack_policy": "explicit"}
    await live.api(
        f"CONSUMER.DURABLE.CREATE.{SHARE.stream}.{SHARE.consumer}",
        {"stream_name": SHARE.stream, "config": config},
        account="ACCTB",
    )


async def test_what_a_users_own_permissions_forbid_is_not_seen(live: Scene) -> None:
    """It is no sign that the share reaches too far."""
    held = live.store.account("ACCTB").claims.nats.imports
    allowed = tuple(local_subject(item) for item in held)
    only_the_share = User(pub=Permission(allow=allowed), sub=Permission(allow=("_INBOX.>",)))
    verdict = await verdict_of(live, only_the_share)
    assert verdict.held, [p for p in verdict.proofs if p.held is False]
    seen = by_name(verdict)["STREAM.DELETE is out of reach"]
    assert seen.held is None
    assert seen.seen == (
        f"no answer: this user may not publish on ACCTC.API.STREAM.DELETE.{SHARE.stream}"
    )


@pytest.mark.parametrize(
    ("user", "says"),
    [
        (
            User(pub=Permission(deny=("ACCTC.API.CONSUMER.MSG.NEXT.>",))),
            f"this user may not publish on ACCTC.API.CONSUMER.MSG.NEXT.{SHARE.stream}."
            f"{SHARE.consumer}",
        ),
        (User(sub=Permission(deny=("_INBOX.>",))), "this user may not subscribe to _INBOX.>"),
    ],
)
async def test_silence_names_the_permission_that_lacks(live: Scene, user: User, says: str) -> None:
    verdict = await verdict_of(live, user)
    seen = by_name(verdict)["NEXT reaches the consumer"]
    assert (seen.held, seen.seen) == (False, f"no answer: {says}")


async def test_a_consumer_of_ones_own_does_not_speak_for_the_share(live: Scene) -> None:
    """It answers to acknowledgements, which are imported under its very name."""
    await consumer_of_ones_own(live)
    ack = by_name(await verdict_of(live))["ACK reaches the consumer"]
    assert ack.held is None
    assert "of its own, which answers as well" in ack.seen

    ended = await live.revoke("ACCTB")
    assert ended.proven, [p for p in ended.proofs if p.held is False]
    (refused,) = [p for p in ended.proofs if p.name == "ACCTB: ACK is refused"]
    assert refused.held is None
    ((_, witness, _),) = ended.receipts
    assert witness is Witness.SERVERS  # for one of its subjects could not be heard
    after = await verdict_of(live)
    assert (after.over, after.closed) == ("revoked", None)


async def test_who_listens_to_everything_makes_no_false_alarm(live: Scene) -> None:
    """As who looks on with ``nats sub '>'`` does: requests that reach nobody are not refused."""
    async with live.speaking_as("ACCTB") as client:
        await client.subscribe(">")
        await client.flush()
        healthy = await verdict_of(live)
        ended = await live.revoke("ACCTB")
    assert healthy.held, [p for p in healthy.proofs if p.held is False]
    seen = by_name(healthy)["STREAM.DELETE is out of reach"]
    assert seen.held is None
    assert "somebody may listen to everything" in seen.seen
    assert ended.proven, [p for p in ended.proofs if p.held is False]
    assert ended.receipts[0][1] is Witness.SERVERS


async def test_who_listens_to_everything_hides_no_wide_import(live: Scene) -> None:
    await share_everything(live, "ACCTC", "ACCTB", prefix="ACCTC.API")
    async with live.speaking_as("ACCTB") as client:
        await client.subscribe(">")
        await client.flush()
        verdict = await verdict_of(live)
    assert by_name(verdict)["STREAM.DELETE is out of reach"].held is False


async def test_the_providers_own_creds_do_not_keep_from_looking_as_the_importer(
    live: Scene,
) -> None:
    live.reach = replace(live.reach, creds=live.members["ACCTC"].user())
    ended = await live.revoke("ACCTB")
    assert ended.receipts[0][1] is Witness.IMPORTER


async def test_a_share_that_is_imported_under_two_prefixes(live: Scene) -> None:
    imports = live.store.account("ACCTB").claims.nats.imports
    again = tuple(
        replace(item, local_subject=item.local_subject.replace("ACCTC.API", "MINE.API"))
        for item in imports
        if item.local_subject.startswith("ACCTC.API")
    )
    await change(live, "ACCTB", imports=(*imports, *again))
    assert (await verdict_of(live)).held
    ended = await live.revoke("ACCTB")
    assert ended.proven
    assert [p.name for p in ended.proofs].count("ACCTB: NEXT is refused") == 2
    after = await verdict_of(live)
    assert (after.over, after.closed) == ("revoked", True)


async def test_what_is_still_open_by_a_wider_export_is_no_proof_of_an_end(live: Scene) -> None:
    """Revoking the share does not touch an export of more, which others may need."""
    exports = live.store.account("ACCTC").claims.nats.exports
    wide = f"$JS.ACK.{SHARE.stream}.>"
    wider = tuple(
        replace(export, subject=wide) if export.subject.startswith(wide[:-1]) else export
        for export in exports
    )
    await change(live, "ACCTC", exports=wider)
    async with live.speaking_as("ACCTB"):
        pass  # so that the server has its imports, and says what it makes of them
    ended = await live.revoke("ACCTB")
    assert [p.name for p in ended.proofs if p.held is False] == ["ACCTB: ACK is refused"]
    assert ended.receipts[0][1] is Witness.RESOLVER
    after = await verdict_of(live)
    assert (after.over, after.closed) == ("revoked", False)


async def test_an_import_as_the_api_itself_is_answered_by_the_accounts_own(live: Scene) -> None:
    """As by hand without a local subject. What it answers is no word of the provider's."""
    imports = live.store.account("ACCTB").claims.nats.imports
    await change(live, "ACCTB", imports=tuple(replace(i, local_subject="") for i in imports))
    assert by_name(await verdict_of(live))["nothing else is in reach"].held is None
    ended = await live.revoke("ACCTB")
    assert ended.proven, [p for p in ended.proofs if p.held is False]
    assert ended.receipts[0][1] is Witness.SERVERS
    after = await verdict_of(live)
    assert (after.over, after.closed) == ("revoked", None)


async def test_a_revocation_of_what_is_public_ends_nothing(live: Scene) -> None:
    """It is left from when the share was private; servers do not look at it."""
    exports = live.store.account("ACCTC").claims.nats.exports
    public = tuple(
        replace(export, token_req=False, revocations={"*": int(time.time()) + 9})
        for export in exports
    )
    await change(live, "ACCTC", exports=public)
    verdict = await verdict_of(live)
    assert (verdict.over, verdict.held) == ("", True)
    assert by_name(verdict)["a third account is refused"].held is None


async def test_a_third_account_that_hears_everything_says_nothing(live: Scene) -> None:
    async with live.speaking_as("ACCTA") as curious:
        await curious.subscribe(">")
        await until(lambda: _hears(curious))
        verdict = await verdict_of(live)
    assert verdict.held, [p for p in verdict.proofs if p.held is False]
    assert by_name(verdict)["a third account is refused"].held is None


async def _hears(client: Client) -> bool:
    """nats-py's flush is no barrier."""
    return (await probe.next_reaches(client, "nobody", 0.1)).silent


async def test_who_cannot_read_the_ledger_has_not_looked_as_every_importer(
    live: Scene, tmp_path: Path
) -> None:
    damage_ledger(tmp_path)
    ended = await live.revoke(everyone=True)
    assert [receipt[1] for receipt in ended.receipts] == [Witness.RESOLVER]
