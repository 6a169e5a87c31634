from __future__ import annotations

import re

from support.nats_face import House, Nats


def test_every_server(nats: Nats, at_home: House) -> None:
    address = at_home.url.removeprefix("nats://")
    done = nats("rtt", "2")
    assert (done.exit, done.stderr) == (0, "")
    assert re.fullmatch(rf"{at_home.url}:\n\n   nats://{address}: [\d.]+(µs|ms)\n\n", done.stdout)
    (target,) = nats.ok("rtt", "1", "--json").json()
    assert target["url"] == at_home.url
    assert target["results"][0]["rtt"] > 0


def test_one_that_is_not_there_exits_1(nats: Nats, at_home: House) -> None:
    done = nats("-s", f"{at_home.url},nats://u:hush@127.0.0.1:1", "rtt", "1")
    assert done.exit == 1
    assert "nats://127.0.0.1:1: failed" in done.stdout
    assert "Failed to compute rtt for nats://127.0.0.1:1" in done.stderr
    assert "hush" not in done.stdout + done.stderr
