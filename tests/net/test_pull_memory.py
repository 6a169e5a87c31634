"""However fast the server and however slow the application, memory holds one buffer."""

import asyncio
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from jetshare.identity.creds import format_creds
from jetshare.net.pull_options import PullOptions
from support.consuming import consume, scene
from support.sharing import PREFIX, SHARE

MIB = 1 << 20
PAYLOAD = b"x" * (64 << 10)

SLOW_APPLICATION = """
import asyncio, sys
from pathlib import Path
import jetshare

async def main(url, creds, prefix, share, count):
    async def handle(message):
        await asyncio.sleep(0.0005)

    async with jetshare.connect(server=url, creds=creds, prefix=prefix) as client:
        pull = jetshare.PullOptions(stop_after=count)
        done = await client.process(share, handle, pull=pull)
        assert done.acknowledged == count, done
    status = Path("/proc/self/status").read_text()
    print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))

asyncio.run(main(*sys.argv[1:5], int(sys.argv[5])))
"""


@pytest.mark.parametrize(
    "options",
    [
        PullOptions(max_messages=50, expires=5, idle_heartbeat=1),
        PullOptions(max_bytes=50 * len(PAYLOAD), expires=5, idle_heartbeat=1),
    ],
    ids=["messages", "bytes"],
)
async def test_the_buffer_is_all_that_is_held(tmp_path: Path, options: PullOptions) -> None:
    count = 600
    async with scene(tmp_path) as (provider, wire):
        for first in range(0, count, 50):
            await provider.fill(50, PAYLOAD, first=first)
        tracemalloc.start()
        try:
            taken = 0
            async with asyncio.timeout(60), consume(wire, options) as messages:
                async for message in messages:
                    await message.ack()
                    assert len(messages._loop.buffer) <= 50
                    await asyncio.sleep(0.001)
                    taken += 1
                    if taken == count:
                        break
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    # A buffer, and what was read of the socket: not the 37 MiB that went through.
    assert peak < 50 * len(PAYLOAD) + 4 * MIB


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_gibibyte_through_a_slow_application(tmp_path: Path) -> None:
    count = (1 << 30) // len(PAYLOAD)
    async with scene(tmp_path, consumer={"max_ack_pending": 20_000}) as (provider, _):
        for first in range(0, count, 100):
            await provider.fill(min(100, count - first), PAYLOAD, first=first)
        world = provider.world
        creds = tmp_path / "importer.creds"
        creds.write_text(format_creds(world.importer.user()))
        words = [world.urls[0], str(creds), PREFIX, str(SHARE), str(count)]
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", SLOW_APPLICATION, *words],
            capture_output=True,
            text=True,
            check=True,
        )
    assert int(done.stdout) * 1024 < 150 * MIB
