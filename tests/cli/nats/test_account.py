from __future__ import annotations

from support.nats_face import House, Nats


def test_who_one_is_and_what_one_may_use(nats: Nats, stream: str) -> None:
    done = nats("account", "info")
    assert (done.exit, done.stderr) == (0, "")
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines[0] == "Account Information"
    assert any(line.startswith("User: u (U") for line in lines)
    assert any(line.startswith("Account: ACCTC (A") for line in lines)
    for line in (
        "System Account: false",
        "Expires: never",
        "Maximum Payload: 1.0 MiB",
        "Connected Server Name: jetshare",
        "TLS Connection: no",
        "JetStream Account Information for domain ngstest:",
        "Tier: Default:",
        "Memory: 0 B of Unlimited",
    ):
        assert line in lines


def test_as_json(nats: Nats) -> None:
    found = nats.ok("account", "info", "--json").json()
    assert found["user"]["account_name"] == "ACCTC"
    assert found["jetstream"]["domain"] == "ngstest"
    assert found["connection"]["url"].startswith("nats://127.0.0.1:")


def test_without_jetstream(offline: Nats, at_home: House) -> None:
    done = Nats(offline.guard, at_home.words("BARE"))("account", "info")
    assert done.exit == 0
    assert "Account: BARE (A" in done.stdout
    assert done.stdout.endswith("\n\n   JetStream is not supported in this account\n")
