"""What the doctor found, for programs: JSON, JUnit and SARIF."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, tostring

import click

from jetshare.cli.output import emit_json
from jetshare.sharing.rules.book import RULES
from jetshare.sharing.rules.rule import Finding, Rule, Severity
from jetshare.workflows.doctor import Examination

FORMATS = ("text", "json", "junit", "sarif")

_LEVELS = {"error": "error", "warning": "warning", "note": "note"}
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def write(found: Examination, form: str, least: Severity, *, problem: str = "") -> None:
    """``least`` is what counts as a failure, ``problem`` why servers were not looked at."""
    if form == "json":
        emit_json(to_json(found, problem))
    elif form == "junit":
        click.echo(junit(found, least, problem))
    else:
        emit_json(sarif(found, problem))


def to_json(found: Examination, problem: str = "") -> dict[str, object]:
    return {
        "shares": [
            {
                "share": verdict.share,
                "kind": str(verdict.kind),
                "provider": verdict.provider,
                "importer": verdict.importer,
                "worst": str(verdict.worst) if verdict.worst else "",
                "ended": verdict.ended,
                "asked": verdict.asked,
                "unproven": list(verdict.unproven),
                "left_behind": list(verdict.left_behind),
                "findings": [finding.to_json() for finding in verdict.findings],
            }
            for verdict in found.verdicts
        ],
        "others": [finding.to_json() for finding in found.others],
        "live": found.live,
        "problem": problem,
        "faults": list(found.accounts.faults),
    }


def junit(found: Examination, least: Severity, problem: str = "") -> str:
    """A test case a share, and one for each account with a finding of no share. A share that
    its owner ended is skipped."""
    suite = Element("testsuite", name="jetshare doctor")
    failed = 0
    for verdict in found.verdicts:
        to = f" to {verdict.importer}" if verdict.importer else ""
        name = f"{verdict.share} from {verdict.provider}{to}"
        case, failures = _case(suite, name, verdict.findings, least)
        failed += failures > 0
        if verdict.ended and not failures:
            SubElement(case, "skipped", message=_xml(f"ended, {verdict.ended}"))
    by_account: dict[str, list[Finding]] = {}
    for finding in found.others:
        by_account.setdefault(finding.account, []).append(finding)
    for name, held in by_account.items():
        failed += _case(suite, f"account {name}", held, least)[1] > 0
    for text in (problem, *found.accounts.faults):
        if text:
            case = SubElement(suite, "testcase", name="looking", classname="jetshare.doctor")
            SubElement(case, "error", message=_xml(text))
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(failed))
    suite.set("errors", str(sum(case.find("error") is not None for case in suite)))
    suite.set("skipped", str(sum(case.find("skipped") is not None for case in suite)))
    return tostring(suite, encoding="unicode", xml_declaration=True)


def _case(
    suite: Element, name: str, findings: Sequence[Finding], least: Severity
) -> tuple[Element, int]:
    """One test case, and how many failures it has."""
    case = SubElement(suite, "testcase", name=_xml(name), classname="jetshare.doctor")
    grave = [f for f in findings if f.severity.rank >= least.rank and not f.follows]
    for finding in grave:
        message = _xml(f"{finding.code} {finding.text}")
        failure = SubElement(case, "failure", type=finding.code, message=message)
        failure.text = _xml(_story(finding))
    if others := [finding for finding in findings if finding not in grave]:
        said = "\n".join(f"{finding.code} {_story(finding)}" for finding in others)
        SubElement(case, "system-out").text = _xml(said)
    return case, len(grave)


def sarif(found: Examination, problem: str = "") -> dict[str, Any]:
    """SARIF 2.1.0, as code-scanning services read it."""
    rules = [rule for rule in RULES if any(f.code == rule.code for f in found.findings)]
    places = {rule.code: index for index, rule in enumerate(rules)}
    told = [text for text in (problem, *found.accounts.faults) if text]
    return {
        "$schema": _SARIF,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "jetshare doctor",
                        "version": version("jetshare"),
                        "rules": [_sarif_rule(rule) for rule in rules],
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": not told,
                        "toolExecutionNotifications": [
                            {"level": "error", "message": {"text": text}} for text in told
                        ],
                    }
                ],
                "results": list(_sarif_results(found, places)),
            }
        ],
    }


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.title,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.symptom} {rule.cause}"},
        "help": {"text": "\n".join(rule.cure) or rule.remedy},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _sarif_results(found: Examination, places: Mapping[str, int]) -> Iterable[dict[str, Any]]:
    for finding in found.findings:
        file = found.accounts.config_file or f"accounts/{finding.account}.jwt"
        yield {
            "ruleId": finding.code,
            "ruleIndex": places[finding.code],
            "level": _LEVELS[Severity.NOTE if finding.follows else finding.severity],
            "message": {"text": _story(finding)},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(file)},
                        "region": {"startLine": 1},  # a document is one line
                    },
                    "logicalLocations": [
                        {"fullyQualifiedName": finding.path or finding.account, "kind": "member"}
                    ],
                }
            ],
        }


def _story(finding: Finding) -> str:
    cure = "\n".join(finding.cure)
    return f"{finding.text}\n{cure}" if cure else finding.text


def _xml(text: str) -> str:
    """Without the characters that XML 1.0 has no way to write (its production Char)."""
    return "".join(char for char in text if char in "\t\n\r" or _is_written(ord(char)))


def _is_written(code: int) -> bool:
    return 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF
