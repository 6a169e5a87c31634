"""What does a share cost: jetshare's two commands, and the same by hand with nsc.

Whole processes against one live server, each with its push. By hand that is three
exports, three tokens, three imports and two pushes; jetshare's two commands also share
the second form of acknowledgements, keep the ledger, and prove the result. Then a grant
to 1,000 importers in one command. The nsc on PATH is measured, or the one that NSC names.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.kinds import PullConsumer
from support.scene import SHARE, Scene, scene

ROUNDS = 5
IMPORTERS = 1000

_NEXT = "$JS.API.CONSUMER.MSG.NEXT.{s}.{c}"
_INFO = "$JS.API.CONSUMER.INFO.{s}.{c}"
_ACK = "$JS.ACK.{s}.{c}.>"


def run(words: list[str], folder: Path) -> float:
    """One process from start to end; how many seconds it took."""
    started = time.perf_counter()
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    took = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
    return took


def with_jetshare(live: Scene, folder: Path, consumer: str) -> list[float]:
    base = [sys.executable, "-m", "jetshare"]
    where = ["-H", str(folder / "store"), "--server", live.servers[0].url]
    share, bundle = f"{SHARE.stream}/{consumer}", f"{consumer}.share"
    grant = ["grant", share, "--from", "ACCTC", "--to", "ACCTB", "-o", bundle]
    accept = ["accept", bundle, "--account", "ACCTB", "--yes"]
    return [run([*base, *words, *where], folder) for words in (grant, accept)]


def by_hand(nsc: str, live: Scene, folder: Path, consumer: str) -> list[float]:
    where = ["-H", str(folder / "store")]
    importer, provider = live.members["ACCTB"].public, "ACCTC"
    steps: list[list[str]] = []
    for role, form in (("NEXT", _NEXT), ("ACK", _ACK), ("INFO", _INFO)):
        subject = form.format(s=SHARE.stream, c=consumer)
        local = subject if role == "ACK" else subject.replace("$JS.API", "ACCTC.API")
        name, token = f"{consumer}-{role}", f"{consumer}-{role}.tok"
        response = ["--response-type", "Stream"] if role == "NEXT" else []
        export = f"add export --private --account {provider} --name {name} --service"
        activation = f"generate activation --account {provider} --output-file {token}"
        take = f"add import --account ACCTB --token {token} --name {name}"
        steps += [
            [*export.split(), "--subject", subject, *response],
            [*activation.split(), "--subject", subject, "--target-account", importer],
            [*take.split(), "--local-subject", local],
        ]
    for account in (provider, "ACCTB"):
        url = live.servers[0].url
        steps.append(["push", "--account", account, "--account-jwt-server-url", url])
    return [run([nsc, *words, *where], folder) for words in steps]


def to_many(live: Scene, folder: Path) -> tuple[float, float]:
    """Seconds and peak MB of one grant to a thousand importers."""
    keys = folder / "importers.txt"
    keys.write_text("\n".join(KeyPair.generate(Kind.ACCOUNT).public for _ in range(IMPORTERS)))
    words = [sys.executable, "-m", "jetshare", "grant", "MANY/MANY-C1", "--from", "ACCTC"]
    words += ["--to-file", str(keys), "-o", f"{folder}/bundles/", "-H", f"{folder}/store"]
    words += ["--server", live.servers[0].url]
    took = run(words, folder)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    if len(list((folder / "bundles").iterdir())) != IMPORTERS:
        sys.exit("not every importer got a bundle")
    return took, peak


async def bench(folder: Path) -> dict[str, object]:
    async with scene(folder) as live:
        await live.make_stream()
        report: dict[str, object] = {}
        many_s, many_mb = await asyncio.to_thread(to_many, live, folder)
        report["to_1000"] = {"seconds": round(many_s, 2), "peak_mb": round(many_mb)}
        nsc = shutil.which(os.environ.get("NSC", "nsc"))
        ours, theirs = [], []
        for number in range(ROUNDS):
            for name in (f"J{number}", f"H{number}"):
                await live.make_consumer(PullConsumer(SHARE.stream, name))
            ours.append(sum(await asyncio.to_thread(with_jetshare, live, folder, f"J{number}")))
            if nsc:
                theirs.append(
                    sum(await asyncio.to_thread(by_hand, nsc, live, folder, f"H{number}"))
                )
        report["jetshare_s"] = round(statistics.median(ours), 3)
        if theirs:
            report["by_hand_s"] = round(statistics.median(theirs), 3)
            report["ratio"] = round(statistics.median(theirs) / statistics.median(ours), 2)
        return report


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = folder
        report = asyncio.run(bench(Path(folder)))
    many = report["to_1000"]
    print(f"a grant to {IMPORTERS:,} importers: {json.dumps(many)}")
    print(f"jetshare grant and accept, proven:  {report['jetshare_s']} s")
    if "by_hand_s" in report:
        print(f"by hand with nsc, 9 steps, 2 pushes: {report['by_hand_s']} s")
        print(f"by hand takes {report['ratio']} times as long")
    else:
        print("there is no nsc on PATH, so nothing was done by hand")


if __name__ == "__main__":
    main()
