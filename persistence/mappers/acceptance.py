"""Acceptance checks as they stand in the row of their task."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from domain.acceptance import AcceptanceCheck, CheckKind, CommandCheck, FileCheck, FindingThreshold, QueryCheck
from domain.severity import Severity


def to_check(stored: Mapping[str, Any]) -> AcceptanceCheck:
    """A stored check. One without a kind is of the time when all of them counted findings."""
    name = stored["name"]
    match CheckKind(stored.get("kind", CheckKind.FINDINGS)):
        case CheckKind.FINDINGS:
            return FindingThreshold(
                name=name,
                severity=Severity(stored["severity"]),
                maximum=stored["maximum"],
                only_new=stored["onlyNew"],
            )
        case CheckKind.COMMAND:
            return CommandCheck(
                name=name,
                command=tuple(stored["command"]),
                exit_code=stored["exitCode"],
                timeout=timedelta(seconds=stored["timeoutSeconds"]),
            )
        case CheckKind.FILE:
            return FileCheck(name=name, path=stored["path"], artifact=stored["artifact"])
        case CheckKind.QUERY:
            return QueryCheck(
                name=name, document=stored["document"], pointer=stored["pointer"], expected=stored["expected"]
            )


def from_check(check: AcceptanceCheck) -> dict[str, Any]:
    """A check as it is stored."""
    own: dict[str, Any]
    known = {"name": check.name, "kind": check.kind.value}
    match check:
        case FindingThreshold():
            own = {"severity": check.severity.value, "maximum": check.maximum, "onlyNew": check.only_new}
        case CommandCheck():
            own = {
                "command": list(check.command),
                "exitCode": check.exit_code,
                "timeoutSeconds": check.timeout.total_seconds(),
            }
        case FileCheck():
            own = {"path": check.path, "artifact": check.artifact}
        case QueryCheck():
            own = {"document": check.document, "pointer": check.pointer, "expected": check.expected}
    return known | own
