"""The quality gate: how many new findings of each severity a source may gain before a change is stopped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.errors import Invalid
from domain.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityGate:
    """Most new findings allowed per severity; ``None`` means any number. What was there before never fails the gate."""

    critical: int | None = 0
    high: int | None = 0
    medium: int | None = None
    low: int | None = None

    def check(self) -> None:
        """Refuse a limit that is no number of findings.

        Raises:
            Invalid: a limit is below 0 or above a million.
        """
        for limit in (self.critical, self.high, self.medium, self.low):
            if limit is not None and not 0 <= limit <= 1_000_000:
                raise Invalid(
                    "A limit of the quality gate must be from 0 to 1,000,000, or null.", path=("input", "gate")
                )

    def limit(self, severity: Severity) -> int | None:
        """The limit for one severity; informational findings are never limited."""
        limits = {
            Severity.CRITICAL: self.critical,
            Severity.HIGH: self.high,
            Severity.MEDIUM: self.medium,
            Severity.LOW: self.low,
        }
        return limits.get(severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateBreach:
    """One severity that has more new findings than the gate allows."""

    severity: Severity
    limit: int
    found: int


def breaches(gate: QualityGate, new_findings: Iterable[Severity]) -> tuple[GateBreach, ...]:
    """Where the new findings exceed the gate, worst severity first; empty means the gate passed."""
    counts: dict[Severity, int] = {}
    for severity in new_findings:
        counts[severity] = counts.get(severity, 0) + 1
    over = []
    for severity in Severity:
        limit = gate.limit(severity)
        found = counts.get(severity, 0)
        if limit is not None and found > limit:
            over.append(GateBreach(severity=severity, limit=limit, found=found))
    return tuple(over)
