"""The accounts of a server, by its monitoring."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetshare.errors import Unreachable
from jetshare.net.accountz import accounts_of
from jetshare.net.monitoring import ExportState, ImportState
from jetshare.server.view import viewing
from support.servers import binary, free_ports

ACCOUNTS = """
system_account: SYSTEM
accounts {
  SYSTEM {}
  "A B" {
    jetstream: enabled
    exports: [
      { service: "ask", response_type: stream, accounts: [C, D] }
      { service: "one", latency: { sampling: 50, subject: "told.lat" } }
      { stream: "told.>" }
    ]
  }
  C {
    imports: [
      { service: { account: "A B", subject: "ask" }, to: "asked", share: true }
      { stream: { account: "A B", subject: "told.all" }, prefix: "far" }
      { stream: { account: "A B", subject: "told.*" }, to: "near.$1" }
    ]
  }
  D {}
}
"""


async def test_what_each_account_exports_and_imports(tmp_path: Path) -> None:
    file = tmp_path / "a.conf"
    file.write_text(ACCOUNTS)
    async with viewing(file, binary()) as url:
        states = {state.account: state for state in await accounts_of(url)}
    assert set(states) == {"$G", "A B", "C", "D"}
    assert states["A B"].jetstream
    assert not states["C"].jetstream
    assert set(states["A B"].exports) == {
        ExportState(
            subject="ask",
            type="service",
            token_req=False,
            response_type="Streamed",
            approved=("C", "D"),
        ),
        ExportState(
            subject="one",
            type="service",
            token_req=False,
            response_type="Singleton",
            latency="told.lat",
        ),
        ExportState(subject="told.>", type="stream", token_req=False, response_type=""),
    }
    assert set(states["C"].imports) == {
        imported("ask", "asked", "service", share=True),
        imported("told.all", "far.told.all", "stream"),
        imported("told.*", "near.*", "stream"),
    }
    assert not states["D"].imports


def imported(subject: str, local: str, kind: str, *, share: bool = False) -> ImportState:
    return ImportState(
        subject=subject,
        account="A B",
        local_subject=local,
        type=kind,
        share=share,
        invalid=False,
    )


async def test_the_proxy_of_the_environment_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (dead,) = free_ports(1)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{dead}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    file = tmp_path / "a.conf"
    file.write_text("accounts { A {} }\n")
    async with viewing(file, binary()) as url:
        assert {state.account for state in await accounts_of(url)} == {"$G", "A"}


async def test_a_server_that_is_not_there() -> None:
    (port,) = free_ports(1)
    with pytest.raises(Unreachable, match="does not say what accounts there are"):
        await accounts_of(f"http://127.0.0.1:{port}")
