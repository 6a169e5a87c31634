"""A TCP port of this machine, before there is a server that asks for it."""

from __future__ import annotations

import errno
import os
import socket

from jetshare.errors import PortTaken, ServerError

_HINT = "choose another one with --port, or 0 for any that is free"


def free_port(port: int = 0, host: str = "127.0.0.1") -> int:
    """``port``, or for 0 any, that a server could listen on now.

    Raises PortTaken, and ServerError for one that the system does not let us have. It may be
    taken in the next moment, so this is for what must not be begun in vain, and no promise.
    """
    with socket.socket() as probe:
        # As nats-server asks for it: connections that ended a moment ago hold no port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise taken(port) from None
            raise ServerError(
                f"port {port} cannot be listened on: {os.strerror(error.errno or 0)}", hint=_HINT
            ) from None
        found: int = probe.getsockname()[1]
        return found


def taken(port: int | str) -> PortTaken:
    return PortTaken(f"port {port} is taken by another program", hint=_HINT)
