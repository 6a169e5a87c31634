"""Demo: the whole life of one share on a real server, each step proven.

A retailer's account ACCTC owns a stream of restock events with a durable pull
consumer. It grants the consumer to ACCTB, known only by its public key; ACCTA is
granted nothing. Nothing here is special to the demo: each step calls the verb.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jetshare.errors import ProofFailed
from jetshare.net import probe
from jetshare.net.connect import connect
from jetshare.server.config import ANY_PORT, ServerConfig
from jetshare.server.run import running
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.proof import Proof, Side, all_held
from jetshare.store.contract import Store
from jetshare.store.locate import Location
from jetshare.workflows.accept import AcceptRequest, accept
from jetshare.workflows.founding import FoundRequest, found_operator
from jetshare.workflows.grant import GrantRequest, grant
from jetshare.workflows.ls import list_shares
from jetshare.workflows.next import NextRequest, Received, next_messages
from jetshare.workflows.reach import Reach, account_creds
from jetshare.workflows.revoke import RevokeRequest, revoke
from jetshare.workflows.verify import VerifyRequest, verify

if TYPE_CHECKING:
    from nats.aio.client import Client

SHARE = PullConsumer("RESTOCKEVENTS", "RESTOCKEVENTS-C1")
SUBJECT = "retail.v1.restock.requested"
DOMAIN = "ngstest"
PROVIDER, IMPORTER, OUTSIDER = "ACCTC", "ACCTB", "ACCTA"
EVENT = b"Restock for item 5678 pronto!"
LATER_EVENT = b"Restock for item 9012, no hurry."

_STREAM = {
    "name": SHARE.stream,
    "subjects": ["retail.v1.restock.>"],
    "storage": "file",
    "retention": "limits",
    "num_replicas": 1,
}
_CONSUMER = {
    "stream_name": SHARE.stream,
    "config": {
        "durable_name": SHARE.consumer,
        "ack_policy": "explicit",
        "ack_wait": 30_000_000_000,
        "max_ack_pending": 100,
        "deliver_policy": "all",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step as it went: what was done, what was seen, and how long it took."""

    title: str
    seen: tuple[str, ...]
    proofs: tuple[Proof, ...] = ()
    took_ms: float = 0.0

    def to_json(self) -> dict[str, object]:
        return {
            "title": self.title,
            "seen": list(self.seen),
            "proofs": [proof.to_json() for proof in self.proofs],
            "took_ms": round(self.took_ms, 1),
        }


@dataclass(slots=True)
class _Scene:
    """What the steps hand on to one another."""

    store: Store
    reach: Reach
    folder: Path
    bundle: str = ""
    prefix: str = ""


Action = Callable[[_Scene], Awaitable[Step]]


async def demo(store: Store, reach: Reach, folder: Path) -> AsyncIterator[Step]:
    """Run every step against a server that serves ``store``, and yield each as it ends.

    Raises ProofFailed at the first step in which a proof did not hold, after it was
    yielded. ``folder`` takes the bundle and the receipt.
    """
    scene = _Scene(store=store, reach=reach, folder=folder)
    for action in _SCENARIO:
        started = time.monotonic()
        step = await action(scene)
        step = replace(step, took_ms=(time.monotonic() - started) * 1000)
        yield step
        if step.proofs and not all_held(step.proofs):
            broken = next((p.name for p in step.proofs if p.held is False), "nothing was seen")
            raise ProofFailed(f'step "{step.title}": {broken}')


async def demo_on_server(folder: Path, binary: Path) -> AsyncIterator[Step]:
    """Found an operator in ``folder``, serve it there, and run the demo against it.

    The server ends with the last step, or with the first that fails.
    """
    started = time.monotonic()
    location = Location(
        stores=folder / "stores", keystore=folder / "keys", config=folder / "nsc.json"
    )
    store = found_operator(location, FoundRequest(url="nats://127.0.0.1"), _now())
    accounts = [store.account(name) for name in store.accounts()]
    config = ServerConfig(
        operator=store.operator().token,
        system_account=store.operator().claims.nats.system_account,
        preload={account.claims.sub: account.token for account in accounts},
        folder=folder / "server",
        port=ANY_PORT,
        domain=DOMAIN,
    )
    async with running(config, binary) as server:
        yield Step(
            title=f"nats-server {server.version} serves an operator with three accounts",
            seen=(f"{server.url}, JetStream in domain {DOMAIN}",),
            took_ms=(time.monotonic() - started) * 1000,
        )
        async for step in demo(store, Reach(servers=(server.url,)), folder):
            yield step


async def _create_stream(scene: _Scene) -> Step:
    async with _speaking_as(scene, PROVIDER) as client:
        await _api(client, f"STREAM.CREATE.{SHARE.stream}", _STREAM)
        await _api(client, f"CONSUMER.DURABLE.CREATE.{SHARE.stream}.{SHARE.consumer}", _CONSUMER)
    return Step(
        title=f"{PROVIDER} makes stream {SHARE.stream} and pull consumer {SHARE.consumer}",
        seen=("subjects retail.v1.restock.>, explicit ack, ack wait 30 s",),
    )


async def _publish(scene: _Scene) -> Step:
    async with _speaking_as(scene, PROVIDER) as client:
        answer = await client.request(SUBJECT, EVENT, timeout=scene.reach.timeout_s)
    stored = json.loads(answer.data)
    return Step(
        title=f"a restock event arrives by request on {SUBJECT}",
        seen=(answer.data.decode(),),
        proofs=(
            _proof(
                "JetStream stored the event",
                Side.PROVIDER,
                stored.get("stream") == SHARE.stream and stored.get("seq") == 1,
                f"sequence {stored.get('seq')} in domain {stored.get('domain')}",
            ),
        ),
    )


async def _publish_more(scene: _Scene) -> Step:
    async with _speaking_as(scene, PROVIDER) as client:
        answer = await client.request(SUBJECT, LATER_EVENT, timeout=scene.reach.timeout_s)
    return Step(title="another event arrives", seen=(answer.data.decode(),))


async def _grant(scene: _Scene) -> Step:
    importer = scene.store.account(IMPORTER).claims.sub
    request = GrantRequest(
        share=SHARE,
        provider=PROVIDER,
        importers=(importer,),
        expires=_now() + 90 * 86400,
        domain=DOMAIN,
    )
    result = await grant(scene.store, request, scene.reach, _now())
    scene.bundle = result.grants[0].bundle
    (scene.folder / "grant.share").write_text(scene.bundle)
    answers = result.push.answers if result.push else ()
    return Step(
        title=f"{PROVIDER} grants {SHARE} to {importer[:8]}…, for 90 days",
        seen=(f"{len(result.changes)} exports added, one bundle of {len(scene.bundle)} bytes",),
        proofs=(
            _proof(
                "every server took the exports",
                Side.SERVERS,
                result.pushed,
                ", ".join(a.message or str(a.code) for a in answers),
            ),
        ),
    )


async def _accept(scene: _Scene) -> Step:
    request = AcceptRequest(files=(scene.bundle,), account=IMPORTER)
    result = await accept(scene.store, request, scene.reach, _now())
    scene.prefix = result.prefix
    answers = result.push.answers if result.push else ()
    return Step(
        title=f"{IMPORTER} accepts it under the prefix {result.prefix}",
        seen=(f"{len(result.changes)} imports added",),
        proofs=(
            _proof(
                "every server took the imports",
                Side.SERVERS,
                result.pushed,
                ", ".join(a.message or str(a.code) for a in answers),
            ),
        ),
    )


async def _verify(scene: _Scene) -> Step:
    request = VerifyRequest(share=SHARE, importer=IMPORTER)
    verdict = (await verify(scene.store, request, scene.reach, _now()))[0]
    return Step(
        title=f"the share is proven from {IMPORTER}'s side, consuming nothing",
        seen=(f"{sum(1 for p in verdict.proofs if p.held)} of {len(verdict.proofs)} proofs held",),
        proofs=verdict.proofs,
    )


async def _pull(scene: _Scene) -> Step:
    got: list[Received] = []
    request = NextRequest(share=SHARE, importer=IMPORTER)
    await next_messages(scene.store, request, scene.reach, _now(), got.append)
    seen = tuple(
        line
        for message in got
        for line in (
            f"subj: {message.subject} / tries: {message.tries} / cons seq:"
            f" {message.consumer_sequence} / str seq: {message.stream_sequence}"
            f" / pending: {message.pending}",
            message.data.decode(),
        )
    )
    whole = [message.data for message in got] == [EVENT]
    return Step(
        title=f"an application in {IMPORTER} pulls one message and acknowledges it",
        seen=seen,
        proofs=(
            _proof("the message arrived whole", Side.IMPORTER, whole, f"{len(got)} message"),
            _proof(
                "the server confirmed the acknowledgement",
                Side.IMPORTER,
                bool(got),
                "confirmed on $JS.ACK",
            ),
        ),
    )


async def _outsider(scene: _Scene) -> Step:
    subject = f"{scene.prefix}.CONSUMER.MSG.NEXT.{SHARE.stream}.{SHARE.consumer}"
    async with _speaking_as(scene, OUTSIDER) as client:
        seen = await probe.next_reaches(client, subject)
    return Step(
        title=f"{OUTSIDER}, which was granted nothing, tries the same",
        seen=(seen.describe(),),
        proofs=(
            _proof(
                f"{OUTSIDER} is refused",
                Side.OUTSIDER,
                seen.heard is probe.Heard.NO_RESPONDERS,
                seen.describe(),
            ),
        ),
    )


async def _revoke(scene: _Scene) -> Step:
    importer = scene.store.account(IMPORTER).claims.sub
    request = RevokeRequest(share=SHARE, provider=PROVIDER, importers=(importer,))
    result = await revoke(scene.store, request, scene.reach, _now())
    for _, _, text in result.receipts:
        (scene.folder / "revocation.receipt").write_text(text)
    witness = str(result.receipts[0][1]) if result.receipts else "not pushed"
    return Step(
        title=f"{PROVIDER} revokes the grant, and keeps a signed receipt",
        seen=(witness,),
        proofs=result.proofs,
    )


async def _after(scene: _Scene) -> Step:
    async with _speaking_as(scene, PROVIDER) as client:
        stream = await _api(client, f"STREAM.INFO.{SHARE.stream}", None)
        consumer = await _api(client, f"CONSUMER.INFO.{SHARE.stream}.{SHARE.consumer}", None)
    kept = stream["state"]["messages"]
    acked = consumer["ack_floor"]["stream_seq"]
    waiting = consumer["num_pending"]
    states = [
        granted.state
        for offer in list_shares(scene.store, _now()).offered
        for granted in offer.granted
    ]
    return Step(
        title="the stream has lost nothing",
        seen=(f"{kept} stored, {acked} acknowledged, {waiting} waiting for the next importer",),
        proofs=(
            _proof(
                "every published message is in the stream, and the pulled one is acknowledged",
                Side.PROVIDER,
                (kept, acked, waiting) == (2, 1, 1),
                f"{kept} of 2 stored",
            ),
            _proof(
                "the ledger says revoked",
                Side.DOCUMENTS,
                states == ["revoked"],
                ", ".join(states),
            ),
        ),
    )


_SCENARIO: tuple[Action, ...] = (
    _create_stream,
    _publish,
    _grant,
    _accept,
    _pull,
    _outsider,
    _verify,
    _publish_more,
    _revoke,
    _after,
)


@asynccontextmanager
async def _speaking_as(scene: _Scene, account: str) -> AsyncIterator[Client]:
    creds = account_creds(scene.store, scene.store.account(account), scene.reach, _now())
    async with connect(scene.reach.login(scene.store, creds)) as client:
        yield client


async def _api(client: Client, subject: str, body: object) -> dict[str, Any]:
    """A JetStream API request of the account's own; an error in the answer is raised."""
    payload = b"" if body is None else json.dumps(body).encode()
    seen = await probe.ask(client, f"$JS.API.{subject}", payload, timeout_s=5.0)
    if error := probe.api_error(seen) or ("" if seen.body else seen.describe()):
        raise ProofFailed(f"{subject}: {error}")
    answer: dict[str, Any] = json.loads(seen.body)
    return answer


def _proof(name: str, side: Side, held: bool, seen: str) -> Proof:
    return Proof(name=name, side=side, held=held, seen=seen)


def _now() -> int:
    return int(time.time())
