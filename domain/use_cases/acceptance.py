"""Acceptance: what the platform checks itself before it calls an execution a success."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.finding import Finding, FindingState
from domain.task import AcceptanceCheck

OPEN = frozenset({FindingState.NEW, FindingState.PERSISTING})


def unmet_checks(checks: Iterable[AcceptanceCheck], seen: Sequence[tuple[Finding, FindingState]]) -> list[str]:
    """The checks that the recorded findings do not meet, each as a sentence; empty when all are met."""
    failed = []
    for check in checks:
        counted = {FindingState.NEW} if check.only_new else OPEN
        found = sum(state in counted and finding.severity.rank <= check.severity.rank for finding, state in seen)
        if found > check.maximum:
            kind = "new findings" if check.only_new else "findings"
            failed.append(f"{check.name}: {found} {kind} of {check.severity} or worse, at most {check.maximum} allowed")
    return failed
