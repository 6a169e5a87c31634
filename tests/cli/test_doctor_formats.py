"""What programs are told of the doctor's findings, by the rules of each format."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from jetshare.cli.doctor_formats import junit, sarif, to_json
from jetshare.sharing.kinds import Role
from jetshare.sharing.rules.rule import Severity
from jetshare.workflows.doctor import DoctorRequest, Examination, examine
from support.shares import NOW, Pair, pair

ERROR, WARNING = Severity.ERROR, Severity.WARNING
_URI = re.compile(r"[A-Za-z0-9/._~%-]+")


def found(made: Pair, *, notes: bool = False) -> Examination:
    return examine(made.accounts(), DoctorRequest(notes=notes))


def spoilt(name: str = "ACCTB") -> Pair:
    made = pair(names=("ACCTC", name), public=True)
    made.change_export(Role.NEXT, response_type="Singleton")
    made.drop_import(Role.ACK)
    made.drop_import(Role.INFO)
    return made


def read(text: str) -> Element:
    return ElementTree.fromstring(text.encode())  # noqa: S314 (ours)


def test_junit_counts_what_it_holds() -> None:
    suite = read(junit(found(spoilt()), ERROR))
    assert suite.attrib == {
        "name": "jetshare doctor",
        "tests": "1",
        "failures": "1",
        "errors": "0",
        "skipped": "0",
    }
    assert {failure.get("type") for failure in suite.iter("failure")} == {"JS101", "JS203"}
    (said,) = suite.iter("system-out")
    assert (said.text or "").startswith("JS206 ")


def test_junit_fails_by_what_is_asked_for() -> None:
    made = pair()
    made.drop_import(Role.INFO)
    assert read(junit(found(made), ERROR)).get("failures") == "0"
    assert read(junit(found(made), WARNING)).get("failures") == "1"


def test_junit_skips_what_its_owner_ended() -> None:
    made = pair()
    made.revoke(*Role, at=NOW + 5)
    suite = read(junit(found(made), WARNING))
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "1")
    (skipped,) = suite.iter("skipped")
    assert skipped.get("message") == "ended, revoked on 2027-01-15"


def test_junit_has_servers_out_of_reach_as_an_error() -> None:
    suite = read(junit(found(pair()), ERROR, "nobody listens at nats://host:4222"))
    assert (suite.get("tests"), suite.get("errors")) == ("2", "1")


@pytest.mark.parametrize("name", ["a & <b>", 'quote"d', "bell\x07", "\ufffe", "\u00e9 \U0001f600"])
def test_names_of_any_kind_can_be_written(name: str) -> None:
    assert read(junit(found(spoilt(name)), ERROR)).get("failures") == "1"
    for result in check_sarif(sarif(found(spoilt(name)))):
        (place,) = result["locations"]
        assert _URI.fullmatch(place["physicalLocation"]["artifactLocation"]["uri"])


def check_sarif(log: dict[str, Any]) -> list[dict[str, Any]]:
    """What the schema of SARIF 2.1.0 requires of the parts that are used; gives the results."""
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    rules = driver["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    for invocation in run["invocations"]:
        assert isinstance(invocation["executionSuccessful"], bool)
    results: list[dict[str, Any]] = run["results"]
    for result in results:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        for place in result["locations"]:
            assert place["physicalLocation"]["region"]["startLine"] >= 1
            assert place["logicalLocations"][0]["fullyQualifiedName"]
    return results


def test_sarif_has_every_finding_and_the_rules_of_them() -> None:
    log = sarif(found(spoilt(), notes=True))
    results = {result["ruleId"]: result["level"] for result in check_sarif(log)}
    assert results == {"JS101": "error", "JS203": "error", "JS206": "warning", "JS108": "note"}


def test_sarif_of_a_clean_run_is_whole() -> None:
    assert check_sarif(sarif(found(pair()))) == []


def test_sarif_tells_that_not_all_was_looked_at() -> None:
    log = sarif(replace(found(pair())), "nobody listens")
    check_sarif(log)
    (invocation,) = log["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "nobody listens"


def test_json_has_the_fields_that_are_documented() -> None:
    told = to_json(found(spoilt()))
    assert list(told) == ["shares", "others", "live", "problem", "faults"]
    shares: Any = told["shares"]
    assert list(shares[0]) == [
        "share",
        "kind",
        "provider",
        "importer",
        "worst",
        "ended",
        "asked",
        "unproven",
        "left_behind",
        "findings",
    ]
    assert list(shares[0]["findings"][0]) == [
        "code",
        "severity",
        "share",
        "account",
        "path",
        "places",
        "text",
        "cure",
        "nsc",
        "fixable",
        "follows",
    ]
