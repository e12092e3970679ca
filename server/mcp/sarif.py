"""Findings as SARIF 2.1.0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from server import __version__

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MEDIA_TYPE = "application/sarif+json"
LEVELS = {"CRITICAL": "error", "HIGH": "error", "MEDIUM": "warning", "LOW": "note", "INFO": "note"}
BASELINE = {"NEW": "new", "PERSISTING": "unchanged", "WAIVED": "unchanged", "FIXED": "absent"}


def as_sarif(findings: Iterable[Mapping[str, Any]], incomplete: bool = False) -> dict[str, Any]:
    """One run with all of them; each is a finding as the API shows it. ``incomplete`` says that there are more."""
    listed = list(findings)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "WrenchAI", "semanticVersion": __version__, "rules": _rules(listed)}},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the source."}}},
                "results": [_result(one) for one in listed],
                **_invocations(len(listed) if incomplete else None),
            }
        ],
    }


def _invocations(shown: int | None) -> dict[str, Any]:
    if shown is None:
        return {}
    said = f"There are more findings than these {shown:,}: the query `findings` reads all of them, page by page."
    notification = {"level": "warning", "message": {"text": said}}
    return {"invocations": [{"executionSuccessful": True, "toolExecutionNotifications": [notification]}]}


def _rules(findings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rules: dict[str, dict[str, Any]] = {}
    for one in findings:
        rule: dict[str, Any] = {"id": _rule(one), "defaultConfiguration": {"level": LEVELS[one["severity"]]}}
        if one["helpUrl"]:
            rule["helpUri"] = one["helpUrl"]
        rules.setdefault(rule["id"], rule)
    return [rules[name] for name in sorted(rules)]


def _rule(finding: Mapping[str, Any]) -> str:
    return f"{finding['engine']}/{finding['rule']}"


def _result(finding: Mapping[str, Any]) -> dict[str, Any]:
    place = finding["location"]
    region = {name: value for name, value in place.items() if name != "path" and value is not None}
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(place["path"]), "uriBaseId": "SRCROOT"}}
    if place["startLine"]:
        physical["region"] = region
    result: dict[str, Any] = {
        "ruleId": _rule(finding),
        "level": LEVELS[finding["severity"]],
        "message": {"text": finding["message"]},
        "locations": [{"physicalLocation": physical}],
        "partialFingerprints": {"wrenchai/v1": finding["fingerprint"]},
        "baselineState": BASELINE[finding["state"]],
        "properties": {"severity": finding["severity"], "state": finding["state"]},
    }
    if finding["state"] == "WAIVED":
        reason = {"justification": finding["waiverReason"]} if finding["waiverReason"] else {}
        result["suppressions"] = [{"kind": "external", "status": "accepted", **reason}]
    return result
