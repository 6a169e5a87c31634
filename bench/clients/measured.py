"""What a client of the benchmark is told, and what it tells: one line of JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Task:
    url: str
    creds: Path
    prefix: str
    stream: str
    consumer: str
    mode: str
    n: int
    batch: int


@dataclass
class Watch:
    """Times from the first request to the last acknowledgement that the server has read."""

    task: Task
    trips: list[float] = field(default_factory=list)
    _wall: float = 0.0
    _cpu: float = 0.0

    def start(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def stop(self, version: str) -> None:
        seconds, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        trips = sorted(self.trips)
        report = {
            "messages": self.task.n,
            "seconds": seconds,
            "cpu_seconds": cpu,
            "peak_rss": peak_rss(),
            "median": trips[len(trips) // 2] if trips else 0,
            "p99": trips[len(trips) * 99 // 100] if trips else 0,
            "version": version,
        }
        print(json.dumps(report), flush=True)


def peak_rss() -> int:
    """In bytes. Rusage counts what the process was before exec; the kernel's own mark does not."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def run(work: Callable[[Task, Watch], Coroutine[None, None, None]]) -> None:
    parser = argparse.ArgumentParser()
    for name in ("url", "creds", "prefix", "stream", "consumer", "mode"):
        parser.add_argument(f"-{name}", required=True)
    parser.add_argument("-n", type=int, required=True)
    parser.add_argument("-batch", type=int, required=True)
    parser.add_argument("-uvloop", action="store_true")
    words = vars(parser.parse_args())
    on_uvloop = words.pop("uvloop")
    task = Task(**(words | {"creds": Path(words["creds"])}))
    if on_uvloop:
        import uvloop

        uvloop.run(work(task, Watch(task)))
    else:
        asyncio.run(work(task, Watch(task)))
    sys.stdout.flush()
