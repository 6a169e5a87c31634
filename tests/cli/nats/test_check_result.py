from __future__ import annotations

import pytest

from jetshare.cli.nats.check_result import Metric, Result


def result() -> Result:
    found = Result(suite="stream", name="ORDERS", ok=["0 sources"])
    found.metrics = [
        Metric(name="messages", value=6, warn=100, help="Messages stored in the stream"),
        Metric(name="pending", value=2, crit=1, help="Waiting"),
        Metric(name="last_ack", value=1.5, crit=60, unit="s", help="Age"),
    ]
    return found


def test_the_worst_of_it_is_its_status_and_nagios_exit_code() -> None:
    found = result()
    assert (found.status, found.exit_code("nagios")) == ("OK", 0)
    found.judge("6 messages", critical=False, warning=True)
    assert (found.status, found.exit_code("nagios")) == ("WARNING", 1)
    found.judge("bad", critical=True)
    assert (found.status, found.exit_code("json")) == ("CRITICAL", 2)
    assert found.exit_code("prometheus") == 0


def test_as_nagios_reads_it() -> None:
    found = result()
    found.judge("6 messages", critical=False, warning=True)
    assert found.text("nagios", "") == (
        "WARNING ORDERS Warn:6 messages OK:0 sources"
        " | messages=6;100 pending=2;;1 last_ack=1.5000s;;60.0000"
    )


def test_as_prometheus_reads_it() -> None:
    lines = result().text("prometheus", "ns").splitlines()
    assert "# HELP ns_stream_messages Messages stored in the stream" in lines
    assert 'ns_stream_messages{item="ORDERS"} 6' in lines
    assert 'ns_stream_status_code{item="ORDERS",status="OK"} 0' in lines


def test_as_json() -> None:
    assert result().to_json() == {
        "status": "OK",
        "check_suite": "stream",
        "check_name": "ORDERS",
        "ok": ["0 sources"],
        "perf_data": [
            {"name": "messages", "value": 6, "warning": 100, "critical": 0},
            {"name": "pending", "value": 2, "warning": 0, "critical": 1},
            {"name": "last_ack", "value": 1.5, "warning": 0, "critical": 60, "unit": "s"},
        ],
    }


def test_as_a_person_reads_it() -> None:
    text = result().text("text", "")
    assert text.startswith("ORDERS: OK\n\nStatus Detail\n")
    assert "│ OK     │ 0 sources │" in text
    assert "│ last_ack │ 1.5   │ s    │ 60 " in text


@pytest.mark.parametrize("form", ["nagios", "text"])
def test_without_numbers(form: str) -> None:
    text = Result(suite="consumer", name="C", criticals=["gone"]).text(form, "")
    assert "|" not in text
    assert "gone" in text
