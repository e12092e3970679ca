"""An audit as SARIF 2.1.0, the format that code hosts and editors read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from agents.contract import FindingsSummary
from agents.inspector.autofix import replacements
from domain.finding import Finding, FindingState, Location
from domain.reports.inspector import InspectorReport, NotAnalysed
from domain.severity import Severity

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "SRCROOT"
_MARK = f"results:{uuid4().hex}"  # nobody can have put it into a source
_RESULTS = json.dumps(_MARK)
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_BASELINE = {
    FindingState.NEW: "new",
    FindingState.PERSISTING: "unchanged",
    FindingState.WAIVED: "unchanged",
    FindingState.FIXED: "absent",
}


def as_sarif(report: InspectorReport, summary: FindingsSummary, version: str) -> bytes:
    """The audit as one run: findings with their baseline state, fixes and suppressions, and what was not analysed.

    One result is on each line, and only one at a time exists as objects: thousands would need many times the memory of
    their text.
    """
    findings = [*summary.new, *summary.persisting, *summary.waived, *summary.fixed]
    rules = _rules(findings)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    before, after = _frame(report, rules, version).split(_RESULTS)
    results = b",\n".join(json.dumps(_result(finding, index), ensure_ascii=False).encode() for finding in findings)
    return before.encode() + b"[\n" + results + b"\n]" + after.encode()


def _frame(report: InspectorReport, rules: list[dict[str, Any]], version: str) -> str:
    """The log with a mark where its results belong."""
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {"name": "WrenchAI Inspector", "semanticVersion": version, "rules": rules},
                    "extensions": [_extension(run.engine, run.tool, run.version) for run in report.engines],
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the audited source."}}},
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": _notifications(report),
                    }
                ],
                "results": _MARK,
                "properties": {"sourceState": report.source_state, "gatePassed": report.gate_passed},
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False)


def _extension(engine: str, tool: str, version: str | None) -> dict[str, Any]:
    return {"name": engine, "fullName": tool, **({"version": version} if version else {})}


def _rule_id(finding: Finding) -> str:
    return f"{finding.engine}/{finding.rule}"


def _rules(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    rules: dict[str, dict[str, Any]] = {}
    for finding in findings:
        rule = {
            "id": _rule_id(finding),
            "defaultConfiguration": {"level": _LEVELS[finding.severity]},
            "properties": {"severity": finding.severity.value},
        }
        if finding.help_url:
            rule["helpUri"] = finding.help_url
        rules.setdefault(_rule_id(finding), rule)
    return [rules[name] for name in sorted(rules)]


def _result(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": _rule_id(finding),
        "ruleIndex": index[_rule_id(finding)],
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": _place(finding.location)}],
        "partialFingerprints": {"wrenchai/v1": finding.fingerprint},
        "baselineState": _BASELINE[finding.state],
        "properties": {"severity": finding.severity.value, "state": finding.state.value},
    }
    if finding.fix and finding.state is not FindingState.FIXED:
        result["fixes"] = [_fix(finding.location.path, finding.fix)]
    if finding.state is FindingState.WAIVED:
        suppression = {"kind": "external", "status": "accepted"}
        reason = {"justification": finding.waiver_reason} if finding.waiver_reason else {}
        result["suppressions"] = [suppression | reason]
    return result


def _place(location: Location) -> dict[str, Any]:
    region = {
        "startLine": location.start_line,
        "startColumn": location.start_column,
        "endLine": location.end_line,
        "endColumn": location.end_column,
    }
    given = {name: value for name, value in region.items() if value is not None}
    return {"artifactLocation": _file(location.path)} | ({"region": given} if location.start_line else {})


def _file(path: str) -> dict[str, str]:
    return {"uri": quote(path), "uriBaseId": _ROOT}


def _fix(path: str, diff: str) -> dict[str, Any]:
    changes = [
        {
            "deletedRegion": {
                "startLine": change.start,
                "startColumn": 1,
                "endLine": change.start + change.count,
                "endColumn": 1,
            },
            "insertedContent": {"text": change.text},
        }
        for change in replacements(diff)
    ]
    return {"artifactChanges": [{"artifactLocation": _file(path), "replacements": changes}]}


def _notifications(report: InspectorReport) -> list[dict[str, Any]]:
    skipped = [
        NotAnalysed(path=".", engine=run.engine, reason=run.skipped_reason)
        for run in report.engines
        if run.skipped_reason
    ]
    return [_notification(left_out) for left_out in _in_order([*skipped, *report.not_analysed])]


def _in_order(left_out: Sequence[NotAnalysed]) -> list[NotAnalysed]:
    return sorted(left_out, key=lambda one: (one.path, one.engine or ""))


def _notification(left_out: NotAnalysed) -> dict[str, Any]:
    by = f" by {left_out.engine}" if left_out.engine else ""
    return {"level": "note", "message": {"text": f"Not analysed{by}: {left_out.path}: {left_out.reason}"}}
