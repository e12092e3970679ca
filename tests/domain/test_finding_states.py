"""The life of a finding from one audit to the next, the quality gate, and acceptance checks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.acceptance import FindingThreshold
from domain.finding import Finding, FindingState, Location, state_when_found
from domain.quality_gate import GateBreach, QualityGate, breaches
from domain.severity import Severity
from domain.use_cases.acceptance import results_of, unmet

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
limits = st.none() | st.integers(0, 5)


def finding(state: FindingState, *, severity: Severity = Severity.HIGH, expires_at: datetime | None = None) -> Finding:
    return Finding(
        id=uuid4(),
        workspace_id=uuid4(),
        project_id=uuid4(),
        source_id=uuid4(),
        agent="inspector",
        engine="ruff",
        rule="S101",
        severity=severity,
        message="Mend it.",
        location=Location(path="a.py"),
        fingerprint="f",
        state=state,
        waiver_expires_at=expires_at,
        created_at=NOW,
        updated_at=NOW,
    )


@pytest.mark.parametrize(
    ("previous", "expected"),
    [
        (None, FindingState.NEW),
        (finding(FindingState.NEW), FindingState.PERSISTING),
        (finding(FindingState.PERSISTING), FindingState.PERSISTING),
        (finding(FindingState.FIXED), FindingState.NEW),
        (finding(FindingState.WAIVED), FindingState.WAIVED),
        (finding(FindingState.WAIVED, expires_at=NOW + timedelta(seconds=1)), FindingState.WAIVED),
        (finding(FindingState.WAIVED, expires_at=NOW), FindingState.PERSISTING),
        (finding(FindingState.WAIVED, expires_at=NOW - timedelta(days=1)), FindingState.PERSISTING),
    ],
)
def test_the_state_of_what_is_found(previous: Finding | None, expected: FindingState) -> None:
    assert state_when_found(previous, NOW) is expected


@given(limits, limits, limits, limits, st.lists(st.sampled_from(Severity), max_size=30))
def test_the_gate_is_broken_exactly_where_a_limit_is_exceeded(
    critical: int | None, high: int | None, medium: int | None, low: int | None, new: list[Severity]
) -> None:
    gate = QualityGate(critical=critical, high=high, medium=medium, low=low)
    by_severity = {
        Severity.CRITICAL: critical,
        Severity.HIGH: high,
        Severity.MEDIUM: medium,
        Severity.LOW: low,
        Severity.INFO: None,
    }
    expected = tuple(
        GateBreach(severity=severity, limit=limit, found=new.count(severity))
        for severity, limit in by_severity.items()
        if limit is not None and new.count(severity) > limit
    )
    assert breaches(gate, new) == expected


def test_the_gate_passes_by_default_without_new_critical_and_high_findings() -> None:
    assert breaches(QualityGate(), [Severity.MEDIUM, Severity.LOW, Severity.INFO] * 50) == ()
    assert [one.severity for one in breaches(QualityGate(), [Severity.HIGH, Severity.CRITICAL])] == [
        Severity.CRITICAL,
        Severity.HIGH,
    ]


def failing(checks: list[FindingThreshold], seen: list[tuple[Finding, FindingState]]) -> list[str]:
    return unmet(results_of(checks, [], seen))


def test_an_acceptance_check_counts_its_severity_and_worse() -> None:
    seen = [
        (finding(FindingState.NEW, severity=Severity.CRITICAL), FindingState.NEW),
        (finding(FindingState.NEW, severity=Severity.LOW), FindingState.NEW),
        (finding(FindingState.PERSISTING, severity=Severity.HIGH), FindingState.PERSISTING),
        (finding(FindingState.FIXED, severity=Severity.HIGH), FindingState.FIXED),
        (finding(FindingState.WAIVED, severity=Severity.HIGH), FindingState.WAIVED),
    ]
    met = FindingThreshold(name="few", severity=Severity.HIGH, maximum=1)
    assert failing([met], seen) == []
    (sentence,) = failing([FindingThreshold(name="none", severity=Severity.HIGH, only_new=False, maximum=1)], seen)
    assert sentence == "none: 2 findings of HIGH or worse, at most 1 allowed"
    (sentence,) = failing([FindingThreshold(name="none", severity=Severity.LOW)], seen)
    assert sentence == "none: 2 new findings of LOW or worse, at most 0 allowed"
