from __future__ import annotations

import pytest

from jetshare.net.monitoring import ImportState, read_account, read_server


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-31T10:00:00Z", 1769853600.0),
        ("2026-01-31T10:00:00.5Z", 1769853600.5),
        ("2026-01-31T10:00:00.123456789Z", 1769853600.123456789),
        ("", 0.0),
        ("soon", 0.0),
    ],
)
def test_a_servers_clock(text: str, seconds: float) -> None:
    assert read_server({"time": text}).time == pytest.approx(seconds)


def test_a_server_of_an_old_version() -> None:
    server = read_server({"name": "n1", "id": "NA", "ver": "2.10.26"}, 3)
    assert (server.name, server.id, server.version) == ("n1", "NA", "2.10.26")
    assert server.active_servers == 3
    assert not server.js_ack_fc_v2


def test_a_server_that_tells_its_flags() -> None:
    assert read_server({"feature_flags": {"js_ack_fc_v2": True}}).js_ack_fc_v2


@pytest.mark.parametrize(
    ("found", "local"),
    [
        ({"local_subject": "L", "to": "T"}, "L"),
        ({"to": "T"}, "T"),
        ({}, "S"),
    ],
)
def test_the_local_subject_of_an_import(found: dict[str, object], local: str) -> None:
    one = {"subject": "S", "account": "A", "type": "service", "invalid": True, **found}
    state = read_account({"name": "n1"}, {"account_name": "B", "imports": [one]})
    assert state.imports == (
        ImportState(
            subject="S",
            account="A",
            local_subject=local,
            type="service",
            share=False,
            invalid=True,
        ),
    )
    assert state.exports == ()
