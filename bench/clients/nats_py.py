"""nats-py's side of the benchmark, as its documentation shows it: fetch, single."""

from __future__ import annotations

import base64
import time
from importlib.metadata import version

import measured
import nats

from jetshare.identity.creds import parse_creds


async def work(task: measured.Task, watch: measured.Watch) -> None:
    creds = parse_creds(task.creds.read_text())
    connection = await nats.connect(
        task.url,
        user_jwt_cb=creds.jwt.encode,
        signature_cb=lambda nonce: base64.b64encode(creds.key.sign(nonce.encode())),
    )
    jetstream = connection.jetstream(prefix=task.prefix)
    watch.start()
    consumer = await jetstream.pull_subscribe_bind(consumer=task.consumer, stream=task.stream)
    if task.mode == "fetch":
        seen = 0
        while seen < task.n:
            for message in await consumer.fetch(min(task.batch, task.n - seen), timeout=30):
                await message.ack()
                seen += 1
    else:
        for _ in range(task.n):
            began = time.perf_counter()
            (message,) = await consumer.fetch(1, timeout=30)
            await message.ack_sync(timeout=30)
            watch.trips.append(time.perf_counter() - began)
    await connection.flush()
    watch.stop(f"nats-py {version('nats-py')}")
    await connection.close()


if __name__ == "__main__":
    measured.run(work)
