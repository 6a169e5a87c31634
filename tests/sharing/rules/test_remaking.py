"""Printed commands that change an export change what is named, and lose nothing.

The commands of nsc are read here as nsc carries them out, with what it drops on the way
(cmd/addexport.go, editexport.go, deleteexport.go); it tells exports apart by their subject.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from jetshare.cli.nsc.values import duration
from jetshare.identity.claims import Export, ExportType, ServiceLatency
from jetshare.sharing.kinds import STREAM, Role
from jetshare.sharing.rules.book import rule_of
from jetshare.sharing.rules.pieces import piece_of
from jetshare.sharing.rules.remaking import remade
from jetshare.sharing.rules.rule import Finding, Fix, Severity
from jetshare.sharing.rules.shares import Offer
from support.shares import OTHER, Pair, pair

NEXT, ACK, INFO = Role.NEXT, Role.ACK, Role.INFO
ALL: dict[str, Any] = {
    "name": "a name of its own",
    "revocations": {OTHER.public: 1_700_000_000, "*": 1_600_000_000},
    "response_threshold": 1_500_000_001,
    "service_latency": ServiceLatency(results="metrics", sampling=30),
    "allow_trace": True,
}
TOLD: dict[str, Any] = {"description": "what it's for", "info_url": "https://example.org/more"}
SHOWN: dict[str, Any] = {"advertise": True}


class Nsc:
    """An account's exports, and what nsc makes of them."""

    def __init__(self, exports: Iterable[Export]) -> None:
        self.exports = list(exports)
        self.pushed = 0

    def run(self, lines: Iterable[str]) -> None:
        for line in lines:
            tool, first, second, *rest = shlex.split(line)
            assert tool == "nsc", line
            words = options(rest)
            if first == "push":
                self.pushed += 1
            elif second != "account":  # which has an importer's document loaded again
                assert words.pop("account") == "ACCTC"
                getattr(self, f"{first}_{second}".replace("-", "_"))(**words)

    def delete_export(self, subject: str) -> None:
        self.exports.remove(self.first(subject))

    def add_export(self, subject: str, **words: str) -> None:
        assert not words.keys() & {"description", "info_url"}
        assert not ("private" in words and "account_token_position" in words)
        kind: ExportType = "service" if words.pop("service", "") else "stream"
        given = {"name": subject} | fields(words)
        made = Export(**given, subject=subject, type=kind)
        kept = [held for held in self.exports if (held.type, held.subject) == (made.type, subject)]
        assert not kept, "already exports"
        self.exports.append(made)

    def edit_export(self, subject: str, **words: str) -> None:
        held = self.first(subject)
        lost: dict[str, Any] = {"revocations": {}, "account_token_position": 0, "advertise": False}
        given = {"allow_trace": False} | lost | fields(words)
        old = held.response_type or "Singleton"
        if given.get("response_type", old) == old:
            given["response_type"] = ""
        self.exports[self.exports.index(held)] = replace(held, **given)

    def revocations_add_activation(
        self, subject: str, target_account: str, at: str, service: str = ""
    ) -> None:
        held = self.first(subject)
        assert held.type == ("service" if service else "stream")
        times = {**held.revocations, target_account: int(at)}
        self.exports[self.exports.index(held)] = replace(held, revocations=times)

    def first(self, subject: str) -> Export:
        return next(held for held in self.exports if held.subject == subject)


def options(words: Iterable[str]) -> dict[str, str]:
    """``--flag value`` and ``--flag`` alone, which is "true"."""
    found: dict[str, str] = {}
    name = ""
    for word in words:
        if word.startswith("--"):
            name, _, value = word[2:].replace("-", "_").partition("=")
            found[name] = value or "true"
        else:
            found[name] = word
    return found


def fields(words: Mapping[str, str]) -> dict[str, Any]:
    read: dict[str, Callable[[str], object]] = {
        "private": bool,
        "response_threshold": duration,
        "allow_trace": bool,
        "advertise": bool,
        "account_token_position": int,
    }
    given = {name: read.get(name, str)(value) for name, value in words.items()}
    if "private" in given:
        given["token_req"] = given.pop("private")
    if "latency" in given:
        sampling = str(given.pop("sampling"))
        rate: Any = "headers" if sampling == "header" else int(sampling)
        given["service_latency"] = ServiceLatency(results=str(given.pop("latency")), sampling=rate)
    return given


def alike(export: Export) -> Export:
    """Without the difference between no response type and the usual one."""
    usual = export.response_type == "Singleton"
    return replace(export, response_type="") if usual else export


Spoil = Callable[[Pair, dict[str, Any]], None]


def open_share(made: Pair, more: dict[str, Any]) -> None:
    for role in Role:
        made.change_export(role, token_req=False, **more)


RULES: list[tuple[str, Spoil, dict[str, Any]]] = [
    ("JS101", lambda p, more: p.change_export(NEXT, response_type="Singleton", **more),
     {"response_type": STREAM}),
    ("JS105", lambda p, more: p.change_export(NEXT, account_token_position=3, **more),
     {"account_token_position": 0}),
    ("JS107", lambda p, more: p.change_export(NEXT, token_req=False, **more), {"token_req": True}),
    ("JS107", lambda p, more: p.change_export(ACK, token_req=False, **more), {"token_req": True}),
    ("JS108", open_share, {"token_req": True}),
    ("JS113", lambda p, more: p.change_export(NEXT, **({"response_threshold": 5} | more)),
     {"response_threshold": 0}),
    ("JS120", lambda p, more: p.change_export(NEXT, **(more | {"response_threshold": -5})),
     {"response_threshold": 0}),
]  # fmt: skip


@pytest.mark.parametrize("more", [{}, ALL, ALL | TOLD, ALL | SHOWN], ids=["", "all", "told", "ad"])
@pytest.mark.parametrize(("code", "spoil", "change"), RULES)
def test_nsc_loses_nothing(
    code: str, spoil: Spoil, change: dict[str, Any], more: dict[str, Any]
) -> None:
    made = pair()
    spoil(made, more)
    before = made.provider.nats.exports
    found = next(one for one in made.findings() if one.code == code)
    wanted = [
        replace(one, **change) if code == "JS108" or f"[{index}]" in found.path else one
        for index, one in enumerate(before)
    ]
    nsc = Nsc(before)
    nsc.run(found.nsc)
    assert {one.subject: alike(one) for one in nsc.exports} == {
        one.subject: alike(one) for one in wanted
    }
    assert nsc.pushed >= 1


def test_a_stream_becomes_a_service_and_stays_revoked() -> None:
    made = pair()
    gone = {made.importer.sub: 1_700_000_000}
    made.change_export(NEXT, type="stream", response_type="", revocations=gone)
    wanted = pair()
    wanted.change_export(NEXT, revocations=gone)
    (found,) = (one for one in made.findings() if one.code == "JS111")
    nsc = Nsc(made.provider.nats.exports)
    nsc.run(found.nsc)
    assert {*map(repr, nsc.exports)} == {*map(repr, wanted.provider.nats.exports)}
    assert found.cure == (
        "jetshare nsc edit export --account ACCTC"
        " --subject '$JS.API.CONSUMER.MSG.NEXT.ORDERS.ORDERS-C1' --service --response-type Stream",
        "jetshare nsc push --account ACCTC",
    )


def test_there_is_no_command_of_nsc_where_it_would_take_the_wrong_export() -> None:
    made = pair()
    made.add_export(name="x", subject=made.share.ack_subject(), type="stream")
    found = {one.code: one for one in made.findings()}
    for code in ("JS107", "JS111", "JS112"):
        assert found[code].nsc == ()
    assert found["JS112"].cure == (
        "jetshare nsc edit export --account ACCTC --subject '$JS.ACK.ORDERS.ORDERS-C1.>'"
        " --service=false --private",
        "jetshare nsc push --account ACCTC",
    )
    assert found["JS111"].cure[0] == (
        "jetshare nsc delete export --account ACCTC --subject '$JS.ACK.ORDERS.ORDERS-C1.>'"
        " --service=false"
    )


@pytest.mark.parametrize("lost", [SHOWN, {"account_token_position": 2}])
def test_there_is_none_where_nsc_cannot_say_all_of_it(lost: dict[str, Any]) -> None:
    export = Export(subject="a.*", type="service", response_threshold=1, **lost, **TOLD)
    offer = Offer(index=0, export=export, piece=piece_of("a.*"))
    found = remade(a_finding(), (offer, replace(export, response_threshold=0)))
    assert found.nsc == ()
    assert found.cure == (
        "jetshare nsc edit export --account A --subject 'a.*' --response-threshold 0s",
        "jetshare nsc push --account A",
    )
    fixed = remade(replace(a_finding(), fix=Fix(list="exports")), (offer, export))
    assert fixed.cure == ("as before",)


def a_finding() -> Finding:
    return Finding(
        code="JS113",
        severity=Severity.WARNING,
        share="",
        account="A",
        key="",
        path="",
        text="",
        cure=("as before",),
    )


def test_no_rule_has_nsc_edit_an_export() -> None:
    for code in ("JS101", "JS105", "JS107", "JS108", "JS111", "JS112", "JS113", "JS120"):
        rule = rule_of(code)
        assert rule is not None
        assert not any(line.startswith("nsc edit export") for line in rule.nsc)
