"""A server's configuration file, as a real server reads it and without what it would do.

nsc's documents have one form; a configuration file has variables, the environment, files
within files. So nobody but nats-server reads it here. The file is included into a
configuration of ours, and what stands after it wins: loopback and any free port, streams in
a folder of our own, no other server, no file of the first one.

    include "../../etc/nats/prod.conf"
    listen: "127.0.0.1:-1"
    cluster: {}
    …

Source: nats-server ``server/opts.go`` (processConfigFileLine), ``conf/parse.go``.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from jetshare.errors import InputError, InvalidDocument, ServerDied, ServerError
from jetshare.server import log
from jetshare.server.config import ANY_PORT, quote
from jetshare.server.files import ServerFiles
from jetshare.server.refusal import last_words, refusal
from jetshare.server.run import running
from jetshare.server.spellings import all_text, lower, spelt_in

_CHECK_TIMEOUT_S = 10.0
_NO_SETTING = re.compile(r'(?:nats-server: )?.*:\d+:\d+: unknown field "(.*)"')

_LOOPBACK = quote("127.0.0.1:-1")
_NOWHERE = quote("")

# What is given another value, whatever the file says, by its name in small letters. A server
# goes through them in any order, so nothing may depend on which of two it meets last.
_OVERRULED = {
    **dict.fromkeys(("listen", "http"), _LOOPBACK),
    **dict.fromkeys(("host", "net"), quote("127.0.0.1")),
    **dict.fromkeys(("port", "http_port", "monitor_port"), str(ANY_PORT)),
    "https": quote("127.0.0.1:0"),
    **dict.fromkeys(("https_port", "prof_port"), "0"),
    **dict.fromkeys(("cluster", "gateway", "leaf", "leafnodes"), "{}"),
    **dict.fromkeys(("mqtt", "websocket", "ws", "tls"), "{}"),
    **dict.fromkeys(("log_file", "logfile", "pid_file", "pidfile"), _NOWHERE),
    **dict.fromkeys(("remote_syslog", "http_base_path", "client_advertise"), _NOWHERE),
    **dict.fromkeys(("syslog", "debug", "trace"), "false"),
    "server_name": quote("doctor"),
}
_OPERATORS = ("operator", "operators", "root", "roots", "root_operator", "root_operators")
_RESOLVERS = ("resolver", "account_resolver", "accounts_resolver")
_TRUSTS = frozenset({*_OPERATORS, *_RESOLVERS, "trusted", "trusted_keys"})
# The same as above, for names that not every server knows or that change what it is.
_OVERRULED_WHERE_WRITTEN = {
    **dict.fromkeys(("ocsp", "ocsp_cache", "proxy_protocol"), "false"),
    **dict.fromkeys((*_OPERATORS, "trusted", "trusted_keys"), "[]"),
    **dict.fromkeys(_RESOLVERS, "MEMORY"),
}
_STORES = ("store_dir", "storedir")
_ROOMY = 10**15  # bytes: what accounts reserve of the real server's disk fits in


@dataclass(frozen=True, slots=True, kw_only=True)
class View(ServerFiles):
    """The configuration around ``file``. ``written`` is all that stands in the file and in
    those that it includes, and ``names`` the settings there that the server has reported."""

    file: Path
    folder: Path
    written: str = ""
    names: frozenset[str] = frozenset()
    host: str = "127.0.0.1"
    port: int = ANY_PORT

    @classmethod
    def of(cls, file: Path, folder: Path) -> View:
        """Both without links above them, or the relative path between them leads astray."""
        read = file.parent.resolve() / file.name
        return cls(file=read, folder=folder.resolve(), written=all_text(read))

    def text(self) -> str:
        """Raises InputError for a path that the configuration language cannot write."""
        return "".join(f"{line}\n" for line in self._lines())

    def names_text(self) -> str:
        """A configuration in which no setting of the file belongs where it stands."""
        return f"authorization {{\n{self._include()}\n}}\n"

    def _lines(self) -> Iterator[str]:
        yield self._include()
        for name, value in _OVERRULED.items():
            yield from (f"{spelt}: {value}" for spelt in self._spellings(name))
        for name, value in _OVERRULED_WHERE_WRITTEN.items():
            yield from (f"{spelt}: {value}" for spelt in self._spelt(name))
        ports = quote(str(self.ports_folder))
        yield from (f"{spelt}: {ports}" for spelt in self._spellings("ports_file_dir"))
        roomy = f"{{max_mem: {_ROOMY}, max_file: {_ROOMY}}}"
        yield from (f"{spelt}: {roomy}" for spelt in self._spellings("jetstream"))
        # A server takes this one once only, and under one of its names.
        known = sorted(name for name in self.names if lower(name) in _STORES)
        spelt = [each for name in _STORES for each in self._spelt(name)]
        once = [*known, *spelt, *_STORES][0]
        yield f"{once}: {quote(str(self.folder / 'streams'))}"

    def _include(self) -> str:
        # Relative, since the language knows no other; and it knows no escapes in there.
        path = os.path.relpath(self.file, self.folder)
        mark = "'" if '"' in path else '"'
        if mark in path or not path.isprintable():
            raise InputError(
                f"{self.file} has a name that nats-server cannot include",
                hint="copy it to a name without quotes and control characters",
            )
        return f"include {mark}{path}{mark}"

    def _spellings(self, name: str) -> tuple[str, ...]:
        """In small and in capital letters, as variables are often written, and as in the file."""
        return tuple(dict.fromkeys((name, name.upper(), *self._spelt(name))))

    def _spelt(self, name: str) -> list[str]:
        return sorted(spelt_in(self.written, name))


@asynccontextmanager
async def viewing(file: Path, binary: Path) -> AsyncIterator[str]:
    """A server that has read ``file``; the URL of its monitoring, to the end of the block.

    Raises InputError for a file that cannot be read or whose accounts are an operator's,
    InvalidDocument with the server's words where the server does not take it, and
    ServerError where the server does not run.
    """
    _check_readable(file)
    with tempfile.TemporaryDirectory(prefix="jetshare-") as made:
        view = View.of(file, Path(made))
        view = replace(view, names=await _names(view, binary, file))
        if trusts := sorted(name for name in view.names if lower(name) in _TRUSTS):
            raise InputError(
                f"{file} has {trusts[0]}: its accounts are documents, not part of the file",
                hint="give them with --jwt, or look at the servers' with --resolver",
            )
        if refused := await _check(view, view.text(), binary):
            raise _refusal(refused, file, view)
        try:
            async with running(view, binary) as server:
                yield server.monitor_url
        except ServerDied:
            # Its last words may quote the file, and the log is gone with the folder.
            why = last_words(log.cause(log.last_lines(view.log_path)))
            raise ServerError(
                f"nats-server does not start with the accounts of {file}: {why}",
                hint="mend the file; a server that is started with it says the same",
            ) from None


async def _names(view: View, binary: Path, file: Path) -> frozenset[str]:
    """The names of the settings in the file and in those that it includes, as spelt there.

    A server reports every field that it does not know, so it is shown the file at a place
    where it knows none of them. It does not report one that is used as a variable too.
    """
    lines = await _check(view, view.names_text(), binary)
    names = frozenset(match[1] for line in lines if (match := _NO_SETTING.fullmatch(line)))
    if lines and not names:
        raise _refusal(lines, file, view)
    if not all(map(str.isascii, names)):
        raise InputError(
            f"{file} has a setting with another letter than a to z in its name",
            hint=f"nats-server -t -c {file} names it",
        )
    return names


async def _check(view: View, text: str, binary: Path) -> list[str]:
    """What nats-server finds wrong with a configuration; nothing is started."""
    view.config_path.write_bytes(os.fsencode(text))
    process = await asyncio.create_subprocess_exec(
        *(str(binary), "-t", "-c", str(view.config_path)),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
    )
    try:
        async with asyncio.timeout(_CHECK_TIMEOUT_S):
            _, said = await process.communicate()
    except TimeoutError:
        raise ServerError(f"{binary} does not end its check of {view.file}") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = said.decode("utf-8", "replace").splitlines()
    return [line for line in lines if line.strip()] if process.returncode else []


def _refusal(lines: Sequence[str], file: Path, view: View) -> InvalidDocument:
    return refusal(lines, file=file, read=view.file, folder=view.folder, written=view.written)


def _check_readable(file: Path) -> None:
    if file.exists() and not file.is_file():
        raise InputError(f"{file} is not a file", hint="give the path of a configuration file")
    try:
        with file.open("rb"):
            pass
    except OSError as error:
        raise InputError(
            f"{file} cannot be read: {os.strerror(error.errno or 0)}", hint="check the path"
        ) from None
