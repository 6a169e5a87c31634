"""What a command costs before it does anything: start-up time and peak memory.

    python bench/startup.py [--runs N] [--json]

Each line is a whole process, beside the bare interpreter and one that imports argparse.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

# As it is for one who installed it: compiled already.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
JETSHARE = str(Path(sys.executable).with_name("jetshare"))
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "python -c 'import argparse'": [sys.executable, "-c", "import argparse"],
    "python -c 'import jetshare'": [sys.executable, "-c", "import jetshare"],
    "jetshare --version": [JETSHARE, "--version"],
    "jetshare --help": [JETSHARE, "--help"],
    "jetshare grant --help": [JETSHARE, "grant", "--help"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """``median_ms`` and ``least_ms`` of wall-clock time, ``peak_mb`` of resident memory."""

    median_ms: float
    least_ms: float
    peak_mb: float


def run_once(command: list[str]) -> tuple[float, float]:
    """Milliseconds and peak megabytes of one process. Raises RuntimeError where it fails."""
    quiet = [
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    started = time.perf_counter()
    pid = os.posix_spawn(command[0], command, ENVIRONMENT, file_actions=quiet)
    _, status, usage = os.wait4(pid, 0)
    took = time.perf_counter() - started
    if code := os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"{' '.join(command)} ended with {code}")
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes there, KiB on Linux
    return took * 1000, usage.ru_maxrss * unit / 1e6


def measure(command: list[str], runs: int) -> Cost:
    run_once(command)  # fills the disk cache, and writes the .pyc files
    took, peaks = zip(*(run_once(command) for _ in range(runs)), strict=True)
    return Cost(
        median_ms=round(statistics.median(took), 1),
        least_ms=round(min(took), 1),
        peak_mb=round(max(peaks), 1),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    words = parser.parse_args()
    costs = {name: measure(command, words.runs) for name, command in COMMANDS.items()}
    if words.json:
        print(json.dumps({name: asdict(cost) for name, cost in costs.items()}, indent=2))
        return
    print(f"{'':<30}{'median ms':>11}{'least ms':>11}{'peak MB':>11}")
    for name, cost in costs.items():
        print(f"{name:<30}{cost.median_ms:>11.1f}{cost.least_ms:>11.1f}{cost.peak_mb:>11.1f}")


if __name__ == "__main__":
    main()
