from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.errors import InputError
from jetshare.server.config import Cluster, ServerConfig, quote


def make(**fields: object) -> ServerConfig:
    known: dict[str, object] = {
        "operator": "operator.token",
        "system_account": "SYS",
        "preload": {"SYS": "sys.token"},
        "folder": Path("/srv/data"),
    }
    return ServerConfig(**known | fields)  # type: ignore[arg-type]  # a table of fields


def test_the_least() -> None:
    assert make().text() == (
        'server_name: "jetshare"\n'
        'host: "127.0.0.1"\n'
        "port: 4222\n"
        'log_file: "/srv/data/nats-server.log"\n'
        'ports_file_dir: "/srv/data/ports"\n'
        'operator: "operator.token"\n'
        'system_account: "SYS"\n'
        "resolver {\n"
        '  type: "full"\n'
        '  dir: "/srv/data/jwt"\n'
        "  allow_delete: true\n"
        '  interval: "2m"\n'
        '  timeout: "100ms"\n'
        "}\n"
        "resolver_preload {\n"
        '  SYS: "sys.token"\n'
        "}\n"
        "jetstream {\n"
        '  store_dir: "/srv/data"\n'
        "}\n"
    )


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        ({"domain": "hub"}, '  domain: "hub"\n'),
        ({"monitor_port": 8222}, 'http: "127.0.0.1:8222"\n'),
        ({"js_ack_fc_v2": True}, "feature_flags {\n  js_ack_fc_v2: true\n}\n"),
        (
            {"cluster": Cluster(name="C", port=6222, routes=("nats://a:1", "nats://b:2"))},
            'cluster {\n  name: "C"\n  host: "127.0.0.1"\n  port: 6222\n'
            '  routes: ["nats://a:1", "nats://b:2"]\n}\n',
        ),
    ],
)
def test_what_may_be_added(fields: dict[str, object], lines: str) -> None:
    assert lines in make(**fields).text()
    assert lines not in make().text()


@pytest.mark.parametrize(
    "fields",
    [
        {"port": 0},
        {"port": 65536},
        {"monitor_port": -2},
        {"cluster": Cluster(name="C", port=70000)},
    ],
)
def test_ports_that_are_none(fields: dict[str, object]) -> None:
    with pytest.raises(InputError, match="is not within 1 to 65535"):
        make(**fields)


def test_the_repr_shows_no_token() -> None:
    assert "token" not in repr(make())


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n\r\t\\\"'")))
def test_a_quoted_string_reads_back(text: str) -> None:
    """By the rules of nats-server's conf/lex.go for a string in double quotes."""
    quoted = quote(text)
    inside = re.fullmatch(r'"((?:[^"\\]|\\[nrt"\\])*)"', quoted, re.DOTALL)
    assert inside is not None
    meant = {"n": "\n", "r": "\r", "t": "\t"}
    assert re.sub(r"\\(.)", lambda m: meant.get(m[1], m[1]), inside[1]) == text
    assert "\n" not in quoted


@pytest.mark.parametrize("text", ["\x00", "a\x1bb", "\x7f"])
def test_control_characters_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="control character"):
        quote(text)
