"""Run a server until killed: ``python hold_server.py FOLDER`` prints its process id and URL."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from support.servers import Realm, serving


async def hold(folder: Path) -> None:
    async with serving(Realm(), folder) as server:
        print(server.pid, server.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(hold(Path(sys.argv[1])))
