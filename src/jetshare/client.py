"""The face for programs: consume a share from Python.

    async with jetshare.connect("ACCTB") as client:
        async for message in client.consume("RESTOCKEVENTS/RESTOCKEVENTS-C1"):
            ...
            await message.ack()

It reads the environment and the clock of nobody but nats' contexts and nsc's folders, as
the command line does, and so stands beside it: above the workflows, below nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from weakref import WeakSet

from jetshare.errors import InputError, NotFound
from jetshare.net.connect import connect as connect_to_server
from jetshare.net.fetch import FetchPool
from jetshare.net.message import Message
from jetshare.net.process import Handler, Process, Processed, ProcessOptions
from jetshare.net.pull import Messages, PullLoop
from jetshare.net.pull_options import PullOptions
from jetshare.net.wire import Wire
from jetshare.sharing.found import accepted, accepted_share
from jetshare.sharing.kinds import PullConsumer, check_prefix
from jetshare.store.access import resolve
from jetshare.store.folder import open_store
from jetshare.store.locate import locate
from jetshare.workflows.nats_session import as_login
from jetshare.workflows.reach import account_of

if TYPE_CHECKING:
    from nats.aio.client import Client as NatsClient
    from nats.js import JetStreamContext

    from jetshare.identity.creds import Creds
    from jetshare.store.contract import Store
