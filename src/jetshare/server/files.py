"""The files of a server, all of them in a folder of its own."""

from __future__ import annotations

from pathlib import Path


class ServerFiles:
    """Where they are, for a configuration that has a ``folder``."""

    __slots__ = ()

    folder: Path

    @property
    def config_path(self) -> Path:
        return self.folder / "nats-server.conf"

    @property
    def log_path(self) -> Path:
        return self.folder / "nats-server.log"

    @property
    def ports_folder(self) -> Path:
        """Where the server tells which ports it got."""
        return self.folder / "ports"
