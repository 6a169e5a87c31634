"""jetshare's side of the benchmark: consume, process, fetch, single."""

from __future__ import annotations

import time

import measured

import jetshare


async def work(task: measured.Task, watch: measured.Watch) -> None:
    share = jetshare.PullConsumer(task.stream, task.consumer)
    pull = jetshare.PullOptions(max_messages=task.batch)
    async with jetshare.connect(server=task.url, creds=task.creds, prefix=task.prefix) as client:
        watch.start()
        if task.mode == "consume":
            seen = 0
            async with client.consume(share, options=pull) as messages:
                async for message in messages:
                    await message.ack()
                    seen += 1
                    if seen == task.n:
                        break
        elif task.mode == "process":
            stop_after = jetshare.PullOptions(max_messages=task.batch, stop_after=task.n)
            await client.process(share, _nothing, pull=stop_after)
        elif task.mode == "fetch":
            seen = 0
            while seen < task.n:
                for message in await client.fetch(share, min(task.batch, task.n - seen)):
                    await message.ack()
                    seen += 1
        else:
            for _ in range(task.n):
                began = time.perf_counter()
                one = await client.next(share)
                assert one is not None
                await one.ack(confirm=True)
                watch.trips.append(time.perf_counter() - began)
        await client.flush()
        watch.stop("jetshare")


async def _nothing(_: jetshare.Message) -> None:
    pass


if __name__ == "__main__":
    measured.run(work)
