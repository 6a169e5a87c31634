"""The configuration of a server in operator mode, as data and as text.

Source: nats-server ``server/opts.go`` for the names, ``conf/lex.go`` for the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jetshare.errors import InputError
from jetshare.server.files import ServerFiles

ANY_PORT = -1

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

Value = str | int | bool | Sequence[str] | Mapping[str, "Value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """``routes`` are URLs of other servers; one of them is enough, the rest is gossip."""

    name: str
    port: int = ANY_PORT
    routes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig(ServerFiles):
    """A server that trusts one operator and holds every account's document on its own disk.

    ``operator`` is the operator's token. ``preload`` are documents, by public key, that
    the server takes over the copies that it has; that of the system account must be
    among them, since nothing can be pushed before somebody of that account can log in.
    ``folder`` is the server's own: documents, streams, log. ``ANY_PORT`` as a port leaves
    the choice to the system. ``js_ack_fc_v2`` turns on the second form of
    acknowledgement subjects, which servers before 2.14 do not know (ADR-15).
    """

    operator: str = field(repr=False)
    system_account: str
    preload: Mapping[str, str] = field(repr=False)
    folder: Path
    name: str = "jetshare"
    host: str = "127.0.0.1"
    port: int = 4222
    domain: str = ""
    cluster: Cluster | None = None
    monitor_port: int | None = None
    js_ack_fc_v2: bool = False

    def __post_init__(self) -> None:
        ports = [("port", self.port), ("monitoring port", self.monitor_port)]
        if self.cluster:
            ports.append(("cluster port", self.cluster.port))
        for what, port in ports:
            if port is not None and port != ANY_PORT and not 0 < port < 65536:
                raise InputError(f"{what} {port} is not within 1 to 65535")

    def text(self) -> str:
        """The file that nats-server reads. Raises InputError for what cannot be written."""
        return "".join(f"{line}\n" for line in _lines(self._values()))

    def _values(self) -> dict[str, Value]:
        jetstream: dict[str, Value] = {"store_dir": str(self.folder)}
        if self.domain:
            jetstream["domain"] = self.domain
        values: dict[str, Value] = {
            "server_name": self.name,
            "host": self.host,
            "port": self.port,
            "log_file": str(self.log_path),
            "ports_file_dir": str(self.ports_folder),
            "operator": self.operator,
            "system_account": self.system_account,
            "resolver": {
                "type": "full",
                "dir": str(self.folder / "jwt"),
                "allow_delete": True,
                "interval": "2m",
                # How long an account that is not known is asked for among the others.
                "timeout": "1.9s" if self.cluster else "100ms",
            },
            "resolver_preload": self.preload,
            "jetstream": jetstream,
        }
        if self.monitor_port is not None:
            values["http"] = f"{self.host}:{self.monitor_port}"
        if self.cluster:
            values["cluster"] = {
                "name": self.cluster.name,
                "host": self.host,
                "port": self.cluster.port,
                "routes": self.cluster.routes,
            }
        if self.js_ack_fc_v2:
            values["feature_flags"] = {"js_ack_fc_v2": True}
        return values


def quote(text: str) -> str:
    """``text`` as a string of the configuration language.

    Raises InputError for control characters, for which nothing here has a use.
    """
    if _CONTROL.search(text.translate({ord(c): None for c in "\n\r\t"})):
        raise InputError(f"{text!r} holds a control character")
    return '"' + "".join(_ESCAPES.get(char, char) for char in text) + '"'


def _lines(values: Mapping[str, Value], indent: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield f"{indent}{name} {{"
            yield from _lines(value, indent + "  ")
            yield f"{indent}}}"
        else:
            yield f"{indent}{name}: {_scalar(value)}"


def _scalar(value: str | int | bool | Sequence[str]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quote(value)
    return "[" + ", ".join(quote(item) for item in value) + "]"
