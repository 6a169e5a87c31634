"""Two clusters of one server each, joined by a gateway, and a leaf node at the second.

Account ``one`` has JetStream and exports all that it hears; ``two`` imports that.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import nats
import nats.errors
from nats.aio.client import Client

from support.servers import free_ports
from support.waiting import until

_HUB = """\
listen: 127.0.0.1:{port}
server_name: {name}
jetstream: {{ domain: hub, max_mem_store: 64MB, max_file_store: 1GB, store_dir: "{store}" }}
accounts {{
  SYS {{}}
  one {{
    jetstream: enabled
    users [{{ user: one, password: p }}]
    exports [{{ stream: ">" }}]
  }}
  two {{
    users [{{ user: two, password: p }}]
    imports [{{ stream: {{ subject: ">", account: one }} }}]
  }}
}}
system_account: SYS
cluster {{ name: {name}, listen: 127.0.0.1:{routes}, routes: ["nats://127.0.0.1:{routes}"] }}
gateway {{
  name: {name}
  listen: 127.0.0.1:{gateway}
  gateways: [{{ name: {other}, urls: ["nats://127.0.0.1:{other_gateway}"] }}]
}}
leafnodes {{ listen: 127.0.0.1:{leaves} }}
"""
_LEAF = """\
listen: 127.0.0.1:{port}
leafnodes {{ remotes: [{{ url: "nats://one:p@127.0.0.1:{leaves}" }}] }}
"""


@dataclass(frozen=True, kw_only=True)
class Supercluster:
    """``leaf`` and ``hub`` are URLs: of the leaf node, and of the server that it is at."""

    leaf: str
    hub: str
    leaf_log: Path


@contextmanager
def supercluster(folder: Path, program: Path) -> Iterator[Supercluster]:
    """Servers up until the end of the block. They are connected to one another in time."""
    ports = iter(free_ports(9))
    a, b = ({key: next(ports) for key in ("port", "routes", "gateway", "leaves")} for _ in "AB")
    leaf = next(ports)
    configs = {
        "A": _HUB.format(name="A", other="B", store=folder / "A",
                         other_gateway=b["gateway"], **a),
        "B": _HUB.format(name="B", other="A", store=folder / "B",
                         other_gateway=a["gateway"], **b),
        "leaf": _LEAF.format(port=leaf, leaves=b["leaves"]),
    }  # fmt: skip
    with ExitStack() as stack:
        for name, text in configs.items():
            config = folder / f"{name}.conf"
            config.write_text(text)
            log = stack.enter_context((folder / f"{name}.log").open("wb"))
            process = subprocess.Popen(
                [program, "-c", config], stdout=log, stderr=subprocess.STDOUT
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
        yield Supercluster(
            leaf=f"nats://127.0.0.1:{leaf}",
            hub=f"nats://127.0.0.1:{b['port']}",
            leaf_log=folder / "leaf.log",
        )


async def connected(url: str, **words: str) -> Client:
    """Connect as soon as the server listens."""

    async def listens() -> Client | None:
        try:
            return await nats.connect(url, allow_reconnect=False, **words)
        except (OSError, nats.errors.Error):
            return None

    client = await until(listens)
    assert client is not None
    return client
