"""Where that arrives which consumers of the importer's own deliver: watches, sources, mirrors."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from nats.js.errors import ServiceUnavailableError

from jetshare.identity.creds import format_creds
from support.shapes import DELIVER, Piece, Shape, api, exports, flow, imports
from support.shares import Pair, Spoil
from support.waiting import until
from support.ward import PREFIX, Ward, ward

SILENT_S = 0.5  # long after what can come has come
KEYS = ("apples", "pears")
ALL = (len(KEYS), len(KEYS))
GET = (api("DIRECT.GET.KV_B.$KV.B.>"), api("STREAM.INFO.KV_B"))
WATCH = (
    api("CONSUMER.CREATE.KV_B.*.$KV.B.>"),  # at which nats.go asks
    api("CONSUMER.CREATE.KV_B"),  # and nats-py, which also asks
    api("CONSUMER.INFO.KV_B.*"),
    flow("KV_B"),
)
COPY = (*GET, api("CONSUMER.CREATE.KV_B"), flow("KV_B"))
MAPPED = Piece("deliver.>", "in.>", stream=True)

Watch = Callable[[Ward, str, str], Awaitable[bool]]


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Ward]:
    """With a bucket of two keys."""
    bucket = {
        "name": "KV_B",
        "subjects": ["$KV.B.>"],
        "allow_direct": True,
        "max_msgs_per_subject": 1,
        "allow_rollup_hdrs": True,
        "deny_delete": True,
    }
    async with ward(tmp_path, granted=False) as one:
        await one.live.api("STREAM.CREATE.KV_B", bucket)
        async with one.live.speaking_as("ACCTC") as owner:
            for key in KEYS:
                await owner.request(f"$KV.B.{key}", b"1.95", timeout=2)
        yield one


def shared(shape: Shape, *, private: bool = True) -> Spoil:
    """This and nothing else."""

    def share(pair: Pair) -> None:
        given = tuple(exports(shape, private=private))
        taken = tuple(imports(shape, pair.key, pair.importer.sub, pair.now, private=private))
        pair.provider = pair.provider.with_nats(exports=given)
        pair.importer = pair.importer.with_nats(imports=taken)

    return share


async def watched_by_nats_py(made: Ward, inbox: str, key: str) -> bool:
    async with made.importer(inbox_prefix=inbox) as client:
        bucket = await client.jetstream(prefix=PREFIX, timeout=1).key_value("B")
        assert (await bucket.get(key)).value == b"1.95"
        watcher: Any = await bucket.watch(key)
        try:
            entry = await watcher.updates(timeout=SILENT_S)
        except TimeoutError:
            return False
        return entry is not None and entry.value == b"1.95"


def by_nats(program: Path) -> Watch:
    """Watching with natscli's ``nats``."""

    async def watched(made: Ward, inbox: str, key: str) -> bool:
        creds = made.folder / "importer.creds"
        creds.touch(mode=0o600)
        creds.write_text(format_creds(made.live.members["ACCTB"].user()))
        words = ["--server", made.live.reach.servers[0], "--creds", str(creds), "--no-context"]
        words += ["--js-api-prefix", PREFIX, *(["--inbox-prefix", inbox] if inbox else [])]
        pipe = asyncio.subprocess.PIPE
        got = await asyncio.create_subprocess_exec(
            str(program), *words, "kv", "get", "B", key, "--raw", stdout=pipe
        )
        assert (await got.communicate())[0] == b"1.95"
        watching = await asyncio.create_subprocess_exec(
            str(program), *words, "kv", "watch", "B", key, stdout=pipe
        )
        assert watching.stdout is not None
        try:
            line = await asyncio.wait_for(watching.stdout.readline(), 2 if inbox else SILENT_S)
            return f"{key}: 1.95" in line.decode()
        except TimeoutError:
            return False
        finally:
            watching.kill()
            await watching.communicate()

    return watched


async def told(made: Ward) -> tuple[str, list[str]]:
    """What the doctor says of the bucket, and what of it is not proven."""
    shares = json.loads(await made.run(["jetshare", "doctor", "--consume", "--json"]))["shares"]
    (bucket,) = (share for share in shares if share["share"] == "KV_B")
    (text,) = (line for line in (await made.run(["jetshare", "doctor", "--consume"])).splitlines()
               if line.startswith("KV_B "))  # fmt: skip
    return text.partition(": ")[2], bucket["unproven"]


@pytest.mark.parametrize("client", ["nats-py", pytest.param("nats", marks=pytest.mark.go)])
async def test_js110_js212_and_js219_a_watch(
    made: Ward, client: str, request: pytest.FixtureRequest
) -> None:
    watched: Watch = watched_by_nats_py
    if client == "nats":
        watched = by_nats(request.getfixturevalue("real_nats"))
    await made.spoil(shared((*GET, *WATCH)))
    assert not await watched(made, "", "apples")
    assert {"JS110", "JS212"} <= {finding["code"] for finding in await made.doctor()}
    needs = "inbox prefix deliver.KV_B alone (nats --inbox-prefix deliver.KV_B,"
    assert needs in (await made.finding("JS110"))["text"]
    await made.cure("JS110", "nsc")
    assert needs in (await made.finding("JS212"))["text"]
    await made.cure("JS212", "nsc")
    assert await made.doctor() == []
    assert needs in (await made.finding("JS219", "--notes"))["text"]
    verdict, unproven = await told(made)
    assert verdict == "what it delivers arrives, seen on the servers"
    assert [text for text in unproven if needs in text]
    assert not await watched(made, "", "apples")
    assert await watched(made, "deliver.KV_B", "apples")
    assert await watched(made, "deliver.KV_B", "pears")


async def test_nats_py_asks_elsewhere_than_nats_go(made: Ward) -> None:
    """As JS219 says: what is shared for the one does not do for the other."""
    await made.spoil(shared((*GET, WATCH[0], flow("KV_B"), DELIVER)))
    with pytest.raises(ServiceUnavailableError):
        await watched_by_nats_py(made, "deliver", "apples")


async def copied(made: Ward, deliver: str, *, silent: bool = False) -> tuple[int, int]:
    """How many messages a source and a mirror get, both of the importer."""
    external = {"name": "KV_B", "external": {"api": PREFIX, "deliver": deliver}}
    copies: dict[str, dict[str, object]] = {
        "SOURCE": {"sources": [external]},
        "MIRROR": {"mirror": external},
    }
    for name, more in copies.items():
        await made.live.api(f"STREAM.CREATE.{name}", {"name": name, **more}, account="ACCTB")
    started = time.monotonic()

    async def settled() -> tuple[int, int] | None:
        infos = [await made.live.api(f"STREAM.INFO.{name}", account="ACCTB") for name in copies]
        source, mirror = (info["state"]["messages"] for info in infos)
        waited = time.monotonic() - started > (SILENT_S if silent else 5)
        return (source, mirror) if waited or (source, mirror) == ALL else None

    seen = await until(settled)
    assert seen is not None
    for name in copies:
        await made.live.api(f"STREAM.DELETE.{name}", account="ACCTB")
    return seen


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js215_the_deliver_subject_under_another_name(made: Ward, how: str) -> None:
    await made.spoil(shared((*COPY, MAPPED)))
    assert await copied(made, "in.copy", silent=True) == (0, 0)
    assert await copied(made, "deliver.copy", silent=True) == (0, 0)
    await made.finding("JS215")
    await made.cure("JS215", how)
    assert await copied(made, "deliver.copy") == ALL
    assert await made.doctor("--consume") == []
