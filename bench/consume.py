"""How fast are messages pulled and acknowledged, beside nats.go, nats-py and a bare socket?

One server; in each round every client once, on a consumer made for it, each in a process
of its own. Ratios are to nats.go's Consume in the same round, medians over the rounds. The
second part takes one message at a time and waits for its acknowledgement to be confirmed.
Where Go is there, its program is built first; without it the first client is the measure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from jetshare.identity.creds import format_creds
from jetshare.sharing.kinds import API_PREFIX
from support.sharing import PREFIX, SHARE, Provider, provided, sharing

# Size of a message, and how many are taken: two seconds' worth or so.
SIZES = {128: 200_000, 1024: 150_000, 16_384: 40_000}
SINGLE = 3_000
BATCH = 1_000
SLOW = 5  # a client that needs so much longer is given that much less
MEASURE = "nats.go Consume"
_LIMIT_S = 120


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """``less`` divides the number of messages."""

    name: str
    command: tuple[str, ...]
    mode: str
    own_account: bool = False
    less: int = 1


def python(script: str, *words: str) -> tuple[str, ...]:
    return (sys.executable, str(HERE / "clients" / script), *words)


def contestants(go: Path | None) -> Iterator[Contestant]:
    ours, uvloop = python("ours.py"), python("ours.py", "-uvloop")
    if go is not None:
        yield Contestant(name=MEASURE, command=(str(go),), mode="consume")
        yield Contestant(name="nats.go Fetch", command=(str(go),), mode="fetch")
    for mode in ("consume", "process", "fetch"):
        yield Contestant(name=f"jetshare {mode}", command=ours, mode=mode)
    yield Contestant(name="jetshare consume, uvloop", command=uvloop, mode="consume")
    yield Contestant(name="nats-py fetch", command=python("nats_py.py"), mode="fetch", less=SLOW)
    yield Contestant(name="bare socket", command=python("bare_socket.py"), mode="consume")
    own, mode = "own account", "consume"  # the same without a share
    if go is not None:
        yield Contestant(name=f"{MEASURE}, {own}", command=(str(go),), mode=mode, own_account=True)
    yield Contestant(name=f"jetshare consume, {own}", command=ours, mode=mode, own_account=True)


def single(go: Path | None) -> Iterator[Contestant]:
    if go is not None:
        yield Contestant(name="nats.go Next, DoubleAck", command=(str(go),), mode="single")
    for name, words in (("jetshare next", ()), ("jetshare next, uvloop", ("-uvloop",))):
        yield Contestant(name=name, command=python("ours.py", *words), mode="single")
    yield Contestant(
        name="nats-py fetch(1), ack_sync", command=python("nats_py.py"), mode="single", less=3
    )


@dataclass(frozen=True)
class Arena:
    provider: Provider
    folder: Path
    batch: int

    async def compete(self, one: Contestant, count: int) -> dict[str, Any]:
        """One run of one client on a consumer of its own, and that nothing was left undone."""
        world, count = self.provider.world, count // one.less
        await self._renew()
        member = world.provider if one.own_account else world.importer
        creds = self.folder / f"{member.name}.creds"
        creds.write_text(format_creds(member.user()))
        words = ["-url", world.urls[0], "-creds", str(creds), "-mode", one.mode]
        words += ["-prefix", API_PREFIX if one.own_account else PREFIX, "-n", str(count)]
        words += ["-stream", SHARE.stream, "-consumer", SHARE.consumer, "-batch", str(self.batch)]
        done = await asyncio.to_thread(
            subprocess.run,
            [*one.command, *words],
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{one.name} failed:\n{done.stdout}{done.stderr}")
        await self._all_acknowledged(one, count)
        report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return report

    async def _renew(self) -> None:
        names = await self.provider.api.consumer_names(SHARE.stream)
        if SHARE.consumer in names:
            await self.provider.api.delete_consumer(SHARE.stream, SHARE.consumer)
        await self.provider.world.make_consumer(
            self.provider.api, max_ack_pending=100_000, ack_wait=120_000_000_000
        )

    async def _all_acknowledged(self, one: Contestant, count: int) -> None:
        for _ in range(500):
            floor = (await self.provider.info())["ack_floor"]["stream_seq"]
            if floor >= count:
                return
            await asyncio.sleep(0.01)
        sys.exit(f"{one.name} acknowledged {floor} of {count} messages")

    async def stock(self, size: int, count: int) -> None:
        """A stream with nothing but ``count`` messages of ``size`` bytes."""
        if SHARE.stream in await self.provider.api.stream_names():
            await self.provider.api.delete_stream(SHARE.stream)
        await self.provider.world.make_stream(self.provider.api)
        payload, step = b"x" * size, 1_000
        for first in range(0, count, step):
            await self.provider.fill(min(step, count - first), payload)
        for _ in range(3_000):
            info = await self.provider.api.stream_info(SHARE.stream)
            if info["state"]["messages"] == count:
                return
            await asyncio.sleep(0.01)
        sys.exit("the stream could not be filled")


async def contest(
    arena: Arena, everyone: list[Contestant], count: int, rounds: int
) -> dict[str, list[dict[str, Any]]]:
    results: dict[str, list[dict[str, Any]]] = {one.name: [] for one in everyone}
    for _ in range(rounds):
        for one in everyone:
            results[one.name].append(await arena.compete(one, count))
    return results


def show(title: str, results: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    print(f"\n{title}")
    measure = next(iter(results.values()))
    table = {}
    for name, runs in results.items():
        rates = [run["messages"] / run["seconds"] for run in runs]
        ratios = [
            rate * other["seconds"] / other["messages"]
            for rate, other in zip(rates, measure, strict=True)
        ]
        row = {
            "rate": round(statistics.median(rates)),
            "ratio": round(statistics.median(ratios), 2),
            "cpu_us": round(
                1e6 * statistics.median(run["cpu_seconds"] / run["messages"] for run in runs), 1
            ),
            "peak_mb": round(max(run["peak_rss"] for run in runs) / 1e6),
            "median_us": round(1e6 * statistics.median(run.get("median", 0) for run in runs)),
            "p99_us": round(1e6 * statistics.median(run.get("p99", 0) for run in runs)),
        }
        table[name] = row
        line = f"  {name:32} {row['rate']:>8,}/s  {row['ratio']:5.2f}"
        line += f"  cpu {row['cpu_us']:5.1f} µs/message  {row['peak_mb']:4} MB"
        if row["median_us"]:
            line += f"  median {row['median_us']} µs, p99 {row['p99_us']} µs"
        print(line, flush=True)
    return table


def build_go(folder: Path) -> Path | None:
    go = shutil.which("go")
    if go is None:
        print("go is not on PATH, so nats.go is left out")
        return None
    program = folder / "consume"
    subprocess.run([go, "build", "-o", str(program), "."], cwd=HERE / "go", check=True)
    return program


async def bench(words: argparse.Namespace, folder: Path) -> dict[str, Any]:
    go = build_go(folder)
    report: dict[str, Any] = {}
    async with sharing(folder / "server") as world, provided(world) as provider:
        arena = Arena(provider, folder, words.batch)
        for size in words.sizes:
            count = int(SIZES.get(size, 50_000) * words.scale)
            await arena.stock(size, count)
            everyone = list(contestants(go))
            results = await contest(arena, everyone, count, words.rounds)
            report[f"{size} bytes"] = show(f"{count:,} messages of {size} bytes", results)
        count = int(SINGLE * words.scale)
        await arena.stock(128, count)
        results = await contest(arena, list(single(go)), count, words.rounds)
        report["one at a time"] = show("one at a time, each confirmed, 128 bytes", results)
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--batch", type=int, default=BATCH, help="messages a pull")
    parser.add_argument("--scale", type=float, default=1.0, help="more or fewer messages")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(bench(words, Path(folder)))
    if words.json:
        words.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
