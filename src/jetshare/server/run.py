"""Run a nats-server as a child process: start, ready, reload, stop.

Nothing here waits for a length of time in the hope that something has happened: a
server is ready when it has told its ports and introduces itself to a client, and
stopped when its process has ended.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from jetshare.errors import ServerDied, ServerError
from jetshare.server import guard, log, port

T = TypeVar("T")
Ports = Mapping[str, list[str]]  # URLs by kind: nats, cluster, monitoring

READY_TIMEOUT_S = 30.0
_FOLDER_TIMEOUT_S = 5.0  # a server that was told to stop has stopped by then

_STOP_TIMEOUT_S = guard.GRACE_S + 2.0
_POLL_S = 0.005
_SHOWN_LINES = 5
_ROOM = 64 * 1024  # bytes: less than that, and a disk is full
_TAKEN = re.compile(r"listen tcp \S*:(\d+): bind: address already in use")
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (how to reach it, not where to bind)


class Configuration(Protocol):
    """A configuration that names its own files, all of them in a folder of one server."""

    @property
    def folder(self) -> Path: ...
    @property
    def config_path(self) -> Path: ...
    @property
    def log_path(self) -> Path: ...
    @property
    def ports_folder(self) -> Path: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that runs. ``name`` and ``version`` are what it says of itself.

    ``cluster_url`` and ``monitor_url`` are empty where it has no such port.
    """

    url: str
    port: int
    cluster_url: str
    monitor_url: str
    name: str
    version: str
    pid: int
    log_path: Path
    _child: _Child = field(repr=False)

    @property
    def running(self) -> bool:
        return not self._child.ended

    async def died(self) -> ServerError:
        """Wait until the server ends, and say with which last words."""
        await self._child.process.wait()
        return self._child.died("ended")

    def reload(self) -> None:
        """Have the server read its configuration again, as it is on the disk now.

        A change that needs a restart, of the operator above all, it refuses in its log.
        """
        if self.running:
            os.kill(self.pid, signal.SIGHUP)


@asynccontextmanager
async def running(
    config: Configuration, binary: Path, *, timeout_s: float = READY_TIMEOUT_S
) -> AsyncIterator[Server]:
    """A server that answers clients, from here to the end of the block.

    Its folder is made where it is missing, and belongs to one server at a time: one that
    is still stopping is waited for. The server ends with the block, and with this
    process however it ends. Raises PortTaken, ServerDied, and ServerError for a folder
    in use or a server that is not ready after ``timeout_s`` seconds.
    """
    lock = await _take_folder(config)
    try:
        _write(config)
        child = await _spawn(config, binary, lock)
    finally:
        os.close(lock)  # guard and server have it now
    pid = 0
    try:
        try:
            async with asyncio.timeout(timeout_s):
                pid, ports = await _listening(child)
                server = await _introduced(child, pid, ports)
        except TimeoutError:
            raise child.late(timeout_s) from None
        yield server
    finally:
        await _stop(child.process, pid)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Child:
    """The guard's process, and where in the log this run of the server begins."""

    config: Configuration
    process: Process
    log_start: int

    @property
    def ended(self) -> bool:
        return self.process.returncode is not None

    def died(self, when: str) -> ServerError:
        lines = self._last_lines()
        taken = next((match for line in lines if (match := _TAKEN.search(line))), None)
        if taken:
            return port.taken(taken[1])
        why = log.cause(lines)
        if self.process.returncode and self.process.returncode < 0:
            why = f"its guard was killed by signal {-self.process.returncode}"
        return ServerDied(f"nats-server {when}: {why}", hint=self._see(lines))

    def late(self, timeout_s: float) -> ServerError:
        message = f"nats-server is not ready after {timeout_s:g} s"
        return ServerError(message, hint=self._see(self._last_lines()))

    def _last_lines(self) -> tuple[str, ...]:
        return log.last_lines(self.config.log_path, since=self.log_start)

    def _see(self, lines: tuple[str, ...]) -> str:
        ends = lines[-_SHOWN_LINES:]
        return "\n  ".join((f"its log is {self.config.log_path}, and ends with", *ends))


async def _take_folder(config: Configuration) -> int:
    """A handle that locks the server's folder; whoever inherits it keeps the lock."""
    try:
        config.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        config.ports_folder.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(config.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(config, error) from None
    try:
        async with asyncio.timeout(_FOLDER_TIMEOUT_S):
            await _first(lambda: _lock(handle))
    except TimeoutError:
        os.close(handle)
        raise ServerError(
            f"{config.folder} is in use by another server{_holder(config)}",
            hint="stop that one, or choose another folder with --dir",
        ) from None
    except BaseException:
        os.close(handle)
        raise
    return handle


def _holder(config: Configuration) -> str:
    """It outlived its guard, where somebody killed that; so it must be found without."""
    pids = [str(pid) for pid, _ in _port_files(config)]
    return f", process {pids[0]}" if len(pids) == 1 else ""


def _port_files(config: Configuration) -> Iterator[tuple[int, Path]]:
    """What servers have told of their ports, by process id: ``nats-server_4711.ports``."""
    for path in config.ports_folder.glob("*.ports"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdecimal():
            yield int(pid), path


def _lock(handle: int) -> int | None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    return handle


def _write(config: Configuration) -> None:
    text = os.fsencode(config.text())
    try:
        for left_by_one_that_was_killed in config.ports_folder.glob("*.ports"):
            left_by_one_that_was_killed.unlink()
        _check_room(config.ports_folder / "trial")
        config.config_path.write_bytes(text)
        config.config_path.chmod(0o600)
    except OSError as error:
        raise _unusable(config, error) from None


def _check_room(trial: Path) -> None:
    """A server on a full disk says nothing of it, and never that it is ready."""
    try:
        trial.write_bytes(bytes(_ROOM))
    finally:
        trial.unlink(missing_ok=True)


def _unusable(config: Configuration, error: OSError) -> ServerError:
    return ServerError(
        f"{config.folder} cannot hold a server's data: {error.strerror}",
        hint="make it writable and make room there, or choose another folder with --dir",
    )


async def _spawn(config: Configuration, binary: Path, lock: int) -> _Child:
    with config.log_path.open("ab") as words:
        log_start = words.tell()
        # In a session of its own, so that Ctrl-C reaches jetshare alone, which then stops
        # the server in its turn.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", guard.__file__),
            *(str(binary), "-c", str(config.config_path)),
            stdin=PIPE,
            stdout=words,
            stderr=words,
            pass_fds=(lock,),
            start_new_session=True,
        )
    return _Child(config=config, process=process, log_start=log_start)


async def _listening(child: _Child) -> tuple[int, Ports]:
    """The server's process id and its URLs, once it has written them down."""

    def told() -> tuple[int, Ports] | None:
        if child.ended:
            raise child.died("ended while starting")
        for pid, path in _port_files(child.config):
            with suppress(ValueError):  # half written
                return pid, json.loads(path.read_bytes())
        return None

    return await _first(told)


async def _introduced(child: _Child, pid: int, ports: Ports) -> Server:
    config = child.config
    at = urlsplit(ports["nats"][0]).port or config.port
    host = _EVERYWHERE.get(config.host, config.host)
    try:
        info = await _info(host, at)
    except (OSError, ValueError):
        await child.process.wait()
        raise child.died("ended while starting") from None
    return Server(
        url=f"nats://{f'[{host}]' if ':' in host else host}:{at}",
        port=at,
        cluster_url=next(iter(ports.get("cluster", [])), ""),
        monitor_url=next(iter(ports.get("monitoring", [])), ""),
        name=str(info.get("server_name", "")),
        version=str(info.get("version", "")),
        pid=pid,
        log_path=config.log_path,
        _child=child,
    )


async def _info(host: str, port: int) -> Mapping[str, Any]:
    """The INFO with which a server greets every client."""
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 20)
    try:
        line = await reader.readline()
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    info: Mapping[str, Any] = json.loads(line.removeprefix(b"INFO "))
    return info


async def _first(look: Callable[[], T | None]) -> T:
    """The first thing that ``look`` sees; the caller sets the time."""
    while True:
        seen = look()
        if seen is not None:
            return seen
        await asyncio.sleep(_POLL_S)


async def _stop(process: Process, pid: int) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(_STOP_TIMEOUT_S):
            status = await process.wait()
    except TimeoutError:
        process.kill()
        status = await process.wait()
    if status < 0 and pid:
        # Somebody killed the guard, so nobody has ended the server.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
