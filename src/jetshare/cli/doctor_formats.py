"""What the doctor found, for programs: JSON, JUnit and SARIF."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import click

from jetshare.cli.output import emit_json
from jetshare.sharing.rules.book import RULES
from jetshare.sharing.rules.rule import Finding, Rule
from jetshare.workflows.doctor import Examination

FORMATS = ("text", "json", "junit", "sarif")

_LEVELS = {"error": "error", "warning": "warning", "note": "note"}
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def write(found: Examination, form: str) -> None:
    if form == "json":
        emit_json(to_json(found))
    elif form == "junit":
        click.echo(junit(found))
    else:
        click.echo(json.dumps(sarif(found), indent=2, ensure_ascii=False))


def to_json(found: Examination) -> dict[str, object]:
    return {
        "shares": [
            {
                "share": verdict.share,
                "kind": str(verdict.kind),
                "provider": verdict.provider,
                "importer": verdict.importer,
                "worst": str(verdict.worst) if verdict.worst else "",
                "findings": [finding.to_json() for finding in verdict.findings],
            }
            for verdict in found.verdicts
        ],
        "others": [finding.to_json() for finding in found.others],
        "live": found.live,
        "problem": found.problem,
    }


def junit(found: Examination) -> str:
    """A test case a share, and one for each account with a finding of no share."""
    suite = Element("testsuite", name="jetshare doctor")
    cases = [
        (f"{v.share} from {v.provider}" + (f" to {v.importer}" if v.importer else ""), v.findings)
        for v in found.verdicts
    ]
    by_account: dict[str, list[Finding]] = {}
    for finding in found.others:
        by_account.setdefault(finding.account, []).append(finding)
    cases += [(f"account {name}", tuple(held)) for name, held in by_account.items()]
    for name, findings in cases:
        case = SubElement(suite, "testcase", name=_xml(name), classname="jetshare.doctor")
        grave = [finding for finding in findings if finding.severity == "error"]
        for finding in grave:
            failure = SubElement(
                case, "failure", type=finding.code, message=_xml(f"{finding.code} {finding.text}")
            )
            failure.text = _xml(_story(finding))
        if others := [finding for finding in findings if finding not in grave]:
            said = "\n".join(f"{finding.code} {_story(finding)}" for finding in others)
            SubElement(case, "system-out").text = _xml(said)
    failures = sum(any(f.severity == "error" for f in findings) for _, findings in cases)
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(failures))
    return tostring(suite, encoding="unicode", xml_declaration=True)


def sarif(found: Examination) -> dict[str, Any]:
    """SARIF 2.1.0, as code-scanning services read it."""
    used = {finding.code for finding in found.findings}
    return {
        "$schema": _SARIF,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "jetshare doctor",
                        "rules": [_sarif_rule(rule) for rule in RULES if rule.code in used],
                    }
                },
                "results": list(_sarif_results(found.findings)),
            }
        ],
    }


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.title,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.symptom} {rule.cause}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _sarif_results(findings: Iterable[Finding]) -> Iterable[dict[str, Any]]:
    for finding in findings:
        yield {
            "ruleId": finding.code,
            "level": _LEVELS[finding.severity],
            "message": {"text": _story(finding)},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": f"accounts/{finding.account}.jwt"}
                    },
                    "logicalLocations": [
                        {"fullyQualifiedName": finding.path or finding.account, "kind": "member"}
                    ],
                }
            ],
        }


def _story(finding: Finding) -> str:
    cure = "\n".join(finding.cure or finding.nsc)
    return f"{finding.text}\n{cure}" if cure else finding.text


def _xml(text: str) -> str:
    """Without the characters that XML 1.0 has no way to write."""
    return "".join(char for char in text if char in "\t\n" or ord(char) >= 32)
