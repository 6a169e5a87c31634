"""Share a JetStream pull consumer with another account, and prove it.

What a program consumes a share with has a name here; it is loaded when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jetshare.client import Client, connect
    from jetshare.net.message import Message, Metadata
    from jetshare.net.process import Processed, ProcessOptions
    from jetshare.net.pull import Messages
    from jetshare.net.pull_options import PullOptions

__all__ = [
    "Client",
    "Message",
    "Messages",
    "Metadata",
    "ProcessOptions",
    "Processed",
    "PullOptions",
    "connect",
]

_HOMES = {
    "Client": "jetshare.client",
    "Message": "jetshare.net.message",
    "Messages": "jetshare.net.pull",
    "Metadata": "jetshare.net.message",
    "ProcessOptions": "jetshare.net.process",
    "Processed": "jetshare.net.process",
    "PullOptions": "jetshare.net.pull_options",
    "connect": "jetshare.client",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
