from __future__ import annotations

import socket

import pytest

from jetshare.errors import PortTaken, ServerError
from jetshare.server.port import free_port


def test_a_port_that_is_free_is_given_back_and_any_for_0() -> None:
    any_port = free_port()
    assert any_port > 0
    assert free_port(any_port) == any_port


def test_a_port_that_somebody_listens_on_is_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} is taken") as caught:
            free_port(port)
    assert "--port" in caught.value.hint


def test_a_port_whose_last_connection_has_just_ended_is_free() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()  # the first to close is the one that lingers
    assert free_port(port) == port


def test_an_address_that_is_not_of_this_machine_is_no_fault_of_the_port() -> None:
    with pytest.raises(ServerError, match="cannot be listened on: Cannot assign"):
        free_port(host="192.0.2.1")
