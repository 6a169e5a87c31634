from __future__ import annotations

import re

import pytest

from jetshare.identity.findings import RULES, at, finding, show, show_url
from jetshare.identity.nkeys import KeyPair, Kind


def test_codes_are_short_and_meanings_are_one_line() -> None:
    for code, rule in RULES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
        assert rule.meaning.isprintable()


def test_a_finding_has_the_severity_of_its_rule() -> None:
    assert finding("expired", "exp", "x").severity == "time"
    assert finding("import-to", "nats.imports[0].to", "x").severity == "warning"


@pytest.mark.parametrize("kind", Kind)
def test_a_public_key_is_shown_and_a_seed_is_not(kind: Kind) -> None:
    pair = KeyPair.generate(kind)
    assert show(pair.public) == f"'{pair.public}'"
    for text in (pair.seed(), pair.seed()[:-3], f"key.{pair.seed()}", f" {pair.seed()}\n"):
        assert pair.seed()[4:40] not in show(text)
        assert pair.seed()[4:40] not in at("nats.mappings", text)


def test_what_is_shown_is_one_line_and_not_long() -> None:
    assert show("a\nb") == r"'a\nb'"
    assert len(show("a" * 10_000)) < 200
    assert at("nats.mappings", 'a."b') == r'nats.mappings["a.\"b"]'


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("nats://a:4222", "'nats://a:4222'"),
        ("nats://user:pw@a:4222", "'nats://…@a:4222'"),
        ("//user:p@w@a", "'//…@a'"),
        ("mailto:a@b", "'mailto:a@b'"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert show_url(url) == shown
