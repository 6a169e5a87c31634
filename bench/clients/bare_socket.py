"""A bare socket: the least that Python can do for a message, as the limit.

It keeps two pulls at the server, cuts frames, joins the acknowledgements of one read into
one write, and knows nothing of headers, errors, time or lost connections.
"""

from __future__ import annotations

import asyncio
import base64
import json

import measured

from jetshare.identity.creds import parse_creds


class Bare(asyncio.Protocol):
    def __init__(self, task: measured.Task, watch: measured.Watch) -> None:
        self._task, self._watch = task, watch
        self._creds = parse_creds(task.creds.read_text())
        body = json.dumps({"batch": task.batch, "expires": 30_000_000_000})
        subject = f"{task.prefix}.CONSUMER.MSG.NEXT.{task.stream}.{task.consumer}"
        self._pull = f"PUB {subject} _INBOX.bare {len(body)}\r\n{body}\r\n".encode()
        self._held = b""
        self._seen = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        data = self._held + data if self._held else data
        position, replies, find, size = 0, [], data.find, len(data)
        while (end := find(b"\r\n", position)) >= 0:
            words = data[position:end].split(b" ")
            if words[0] == b"MSG":
                stop = end + 2 + int(words[-1])
                if stop + 2 > size:
                    break
                self._body = data[end + 2 : stop]
                replies.append(words[3])
                position = stop + 2
            else:
                position = end + 2
                self._control(words[0], data[:end])
        self._held = data[position:]
        self._acknowledge(replies)

    def _acknowledge(self, replies: list[bytes]) -> None:
        if not replies:
            return
        before, self._seen = self._seen, self._seen + len(replies)
        out = b"".join(b"PUB %b 4\r\n+ACK\r\n" % reply for reply in replies)
        if self._seen // self._task.batch > before // self._task.batch:
            out += self._pull
        if self._seen >= self._task.n:
            out += b"PING\r\n"
        self._transport.write(out)

    def _control(self, word: bytes, line: bytes) -> None:
        if word == b"INFO":
            nonce = json.loads(line.removeprefix(b"INFO "))["nonce"].encode()
            signature = base64.b64encode(self._creds.key.sign(nonce)).decode()
            said = {"verbose": False, "jwt": self._creds.jwt, "sig": signature}
            self._transport.write(b"CONNECT %b\r\n" % json.dumps(said).encode())
            self._transport.write(b"SUB _INBOX.bare 1\r\n" + 2 * self._pull)
            self._watch.start()
        elif word == b"PING":
            self._transport.write(b"PONG\r\n")
        elif word == b"PONG" and not self.done.done():
            self.done.set_result(None)


async def work(task: measured.Task, watch: measured.Watch) -> None:
    host, _, port = task.url.removeprefix("nats://").partition(":")
    loop = asyncio.get_running_loop()
    transport, bare = await loop.create_connection(lambda: Bare(task, watch), host, int(port))
    await bare.done
    watch.stop("asyncio")
    transport.close()


if __name__ == "__main__":
    measured.run(work)
