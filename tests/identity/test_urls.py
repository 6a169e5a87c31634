from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.identity.urls import Url, parse_url


@pytest.mark.parametrize(
    ("text", "scheme", "has_user", "host", "path"),
    [
        ("nats://a.example.org:4222", "nats", False, "a.example.org", ""),
        ("TLS://a", "tls", False, "a", ""),
        ("https://u:p@a:1/x?y#z", "https", True, "a", "/x"),
        ("https://@a", "https", True, "a", ""),
        ("nats://[fe80::1%25eth0]:4222", "nats", False, "fe80::1%eth0", ""),
        ("nats://", "nats", False, "", ""),
        ("nats://:4222", "nats", False, "", ""),
        ("nats://a:", "nats", False, "a", ""),
        ("nats:a", "nats", False, "", ""),
        ("//a/b", "", False, "a", "/b"),
        ("a/b:c", "", False, "", "a/b:c"),
        ("é%41", "", False, "", "é%41"),
        ("", "", False, "", ""),
    ],
)
def test_the_parts_of_a_url(text: str, scheme: str, has_user: bool, host: str, path: str) -> None:
    assert parse_url(text) == Url(scheme=scheme, has_user=has_user, host=host, path=path)


@pytest.mark.parametrize(
    "text",
    [
        "nats://a b",
        "nats://a\n",
        "nats://a:port",
        "nats://[::1",
        "nats://[1.2.3.4]",
        "nats://[x]",
        "nats://x[::1]",
        "nats://u ser@a",
        "nats://u%zz@a",
        "nats://a%41",
        "nats://a/%4",
        "nats://a#%4",
        ":a",
        "1a:b",
        "127.0.0.1:4222",
    ],
)
def test_what_is_no_url(text: str) -> None:
    assert parse_url(text) is None


@given(st.text(alphabet="a1:/@[]%?#. \n\x00é") | st.text())
def test_any_text_is_one_or_none(text: str) -> None:
    parse_url(text)
