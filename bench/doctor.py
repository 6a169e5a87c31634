"""How long does the doctor take: 10,000 accounts with 20,000 imports, from a store on disk.

Each account offers a consumer and every second one imports one: 40,000 exports and 20,000
imports, each import with a token whose signature is checked. A tenth of it before, to see
how the time grows.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.many_shares import write_store

_RUN = """
import json, resource, sys, time
from jetshare.cli.main import run
started = time.perf_counter()
code = run(["doctor", "-H", sys.argv[1], "--format", "json"])
took = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"code": code, "took": took, "peak": peak}), file=sys.stderr)
"""


def main() -> None:
    for accounts in (1_000, 10_000):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            write_store(Path(folder), accounts)
            made = time.perf_counter() - started
            done = subprocess.run(
                [sys.executable, "-c", _RUN, folder], capture_output=True, text=True, check=True
            )
            measured = json.loads(done.stderr.splitlines()[-1])
            found = json.loads(done.stdout)
        findings = sum(len(share["findings"]) for share in found["shares"])
        print(
            f"{accounts:,} accounts, {len(found['shares']):,} shares, {findings} findings:"
            f" {measured['took']:.1f} s, {measured['peak']:,.0f} MB  (made in {made:.0f} s)"
        )
    print(f"this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
