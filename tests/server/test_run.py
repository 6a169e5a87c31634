from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from jetshare.errors import PortTaken, ServerDied, ServerError
from jetshare.net.connect import connect, request
from jetshare.server.config import ServerConfig
from jetshare.server.run import running
from support.processes import arguments, descendants
from support.servers import Realm, binary, config, free_ports, login, serving
from support.waiting import until

TESTS = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class Broken(ServerConfig):
    """A configuration with something in it that no server knows."""

    def text(self) -> str:
        return super().text() + "no_such_field: true\n"


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def test_a_server_is_ready_when_it_is_there(tmp_path: Path) -> None:
    realm = Realm()
    account = realm.account("A")
    async with serving(realm, tmp_path / "new" / "data", [account], domain="hub") as server:
        assert server.running
        assert server.name == "jetshare"
        assert server.version[0].isdigit()
        async with connect(login(account.user(), server)) as client:
            info = json.loads((await request(client, "$JS.API.INFO")).data)
            assert info["domain"] == "hub"
    assert not is_there(server.pid)
    assert "Server Exiting" in server.log_path.read_text()


async def test_what_it_writes_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with serving(Realm(), folder):
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "nats-server.conf").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ['a "b" \\ c', "d # e { f } ; 'g' $HOME", "h\ni\té"])
async def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    """The text of the configuration reaches the server as it was meant."""
    async with serving(Realm(), tmp_path / name):
        made = names(tmp_path / name)
    assert {"jwt", "jetstream", "nats-server.log"} <= made
    assert names(tmp_path) == {name}


async def test_a_second_start_finds_the_data_of_the_first(tmp_path: Path) -> None:
    realm = Realm()
    account = realm.account("A")
    stream = {"name": "S", "subjects": ["s"], "storage": "file"}
    async with (
        serving(realm, tmp_path, [account]) as server,
        connect(login(account.user(), server)) as client,
    ):
        await request(client, "$JS.API.STREAM.CREATE.S", json.dumps(stream).encode())
        await request(client, "s", b"kept")
    # Without the account in its configuration: the server has its document, too.
    async with (
        serving(realm, tmp_path) as server,
        connect(login(account.user(), server)) as client,
    ):
        info = json.loads((await request(client, "$JS.API.STREAM.INFO.S")).data)
        assert info["state"]["messages"] == 1


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} is taken") as caught:
            async with serving(Realm(), tmp_path, port=port):
                pass
    assert "--port" in caught.value.hint


async def test_a_port_of_ones_own_is_free_again_after_the_end(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    for _ in range(2):
        async with serving(Realm(), tmp_path / "data", port=port) as server:
            assert server.port == port


async def test_a_server_that_dies_at_start_says_why(tmp_path: Path) -> None:
    broken = Broken(
        operator=Realm().document.token, system_account="A", preload={}, folder=tmp_path, port=-1
    )
    for _ in range(2):
        with pytest.raises(ServerDied, match="ended while starting") as caught:
            async with running(broken, binary()):
                pass
        assert "\n" not in str(caught.value)
        assert str(broken.log_path) in caught.value.hint
        # Its own words, and of this run alone.
        assert caught.value.hint.count("no_such_field") == 1


async def test_a_binary_that_does_not_start_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServerDied, match="missing does not start: No such file") as caught:
        async with running(config(Realm(), tmp_path), tmp_path / "missing"):
            pass
    assert "Traceback" not in caught.value.hint


async def test_a_server_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    idle = tmp_path / "nats-server"
    idle.write_text("#!/bin/sh\necho starting, please wait\nexec sleep 60\n")
    idle.chmod(0o755)
    settings = config(Realm(), tmp_path / "data")
    with pytest.raises(ServerError, match=r"not ready after 0\.5 s") as caught:
        async with running(settings, idle, timeout_s=0.5):
            pass
    assert "starting, please wait" in caught.value.hint
    assert not [pid for pid in descendants(os.getpid()) if str(idle) in arguments(pid)]


async def test_a_folder_is_for_one_server(tmp_path: Path) -> None:
    realm = Realm()
    async with serving(realm, tmp_path) as server:
        with pytest.raises(ServerError, match=rf"by another server, process {server.pid}\b"):
            async with running(config(realm, tmp_path), binary(), timeout_s=0.2):
                pass
        assert server.running
    async with serving(realm, tmp_path):
        pass


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServerError, match="cannot hold a server's data"):
        async with serving(Realm(), tmp_path / "file" / "data"):
            pass


async def test_a_disk_that_is_full_is_told_before_a_server_is_started(tmp_path: Path) -> None:
    """Such a server would say nothing of it, and never that it is ready."""
    settings = config(Realm(), tmp_path)
    settings.ports_folder.mkdir()
    (settings.ports_folder / "trial").symlink_to("/dev/full")
    with pytest.raises(ServerError, match="cannot hold a server's data: No space left"):
        async with running(settings, tmp_path / "no binary is needed"):
            pass
    assert names(settings.ports_folder) == set()


async def test_a_death_is_told_with_the_last_words(tmp_path: Path) -> None:
    async with serving(Realm(), tmp_path) as server:
        death = asyncio.create_task(server.died())
        os.kill(server.pid, signal.SIGTERM)
        error = await death
        assert isinstance(error, ServerDied)
        assert str(error) == "nats-server ended: [INF] Server Exiting.."
        assert not server.running
        server.reload()  # finds nobody


async def test_a_server_whose_guard_is_killed_ends_with_the_block(tmp_path: Path) -> None:
    async with serving(Realm(), tmp_path) as server:
        (guard,) = (
            pid
            for pid in descendants(os.getpid())
            if str(tmp_path / "nats-server.conf") in arguments(pid) and pid != server.pid
        )
        os.kill(guard, signal.SIGKILL)
        assert "its guard was killed by signal 9" in str(await server.died())
        assert await answers(server.port)

    async def gone() -> bool:
        return not await answers(server.port)

    await until(gone)


async def test_an_error_in_the_block_ends_the_server(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        async with serving(Realm(), tmp_path) as server:
            raise KeyError
    assert not is_there(server.pid)


async def test_reload_reads_the_configuration_again(tmp_path: Path) -> None:
    settings = config(Realm(), tmp_path)
    async with running(settings, binary()) as server:
        settings.config_path.write_text(settings.text() + "max_payload: 12345\n")
        server.reload()

        async def told() -> bool:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            info = json.loads((await reader.readline()).removeprefix(b"INFO "))
            writer.close()
            await writer.wait_closed()
            return bool(info["max_payload"] == 12345)

        await until(told)


@dataclass(frozen=True)
class Held:
    """A process that runs a server, and that server."""

    process: subprocess.Popen[bytes]
    pid: int
    port: int


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    with ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, TESTS / "support" / "hold_server.py", tmp_path],
                env={**os.environ, "PYTHONPATH": str(TESTS)},
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        )
        stack.callback(process.kill)
        assert process.stdout is not None
        pid, url = process.stdout.readline().split()
        yield Held(process, int(pid), int(url.rpartition(b":")[2]))


@pytest.mark.parametrize(
    "how",
    [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP],
    ids=lambda how: how.name,
)
async def test_no_server_outlives_the_process_that_started_it(
    held: Held, how: signal.Signals, tmp_path: Path
) -> None:
    assert await answers(held.port)
    held.process.send_signal(how)
    held.process.wait()

    async def gone() -> bool:
        return not is_there(held.pid)

    await until(gone)
    assert not await answers(held.port)
    # It was asked to end, and so had the time to write down what it had in memory.
    assert "Server Exiting" in (tmp_path / "nats-server.log").read_text()
