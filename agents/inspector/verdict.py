"""The report of an audit, put together from what its steps recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from agents.contract import FindingsSummary
from agents.inspector.engine import EngineOutcome
from agents.inspector.inventory import Inventory
from domain.finding import Finding
from domain.quality_gate import QualityGate, breaches
from domain.reports.inspector import FunctionMetrics, GateResult, InspectorReport, SeverityCounts

_MOST_COMPLEX = 10


def report_of(
    state: str,
    gate: QualityGate,
    inventory: Inventory,
    outcomes: Sequence[EngineOutcome],
    summary: FindingsSummary,
) -> InspectorReport:
    """The report; the gate looks at new findings only."""
    over = breaches(gate, (finding.severity for finding in summary.new))
    functions = [function for outcome in outcomes for function in outcome.functions]
    return InspectorReport(
        source_state=state,
        files_analysed=len(inventory.files) + len(inventory.stubs),
        lines_of_code=inventory.lines_of_code,
        first_audit=summary.first_audit,
        gate_passed=not over,
        gate_breaches=[GateResult(severity=breach.severity, limit=breach.limit, found=breach.found) for breach in over],
        new=_counts(summary.new),
        persisting=_counts(summary.persisting),
        fixed=_counts(summary.fixed),
        waived=_counts(summary.waived),
        engines=[outcome.run for outcome in outcomes],
        not_analysed=[*inventory.not_analysed, *(one for outcome in outcomes for one in outcome.not_analysed)],
        duplicated_lines=sum(outcome.duplicated_lines for outcome in outcomes),
        most_complex=sorted(functions, key=_hardness, reverse=True)[:_MOST_COMPLEX],
        autofixable=sum(outcome.autofixable for outcome in outcomes),
    )


def _hardness(function: FunctionMetrics) -> tuple[int, int, str, int]:
    return (max(function.cyclomatic, function.cognitive or 0), function.lines, function.path, function.line)


def _counts(findings: Iterable[Finding]) -> SeverityCounts:
    counted = Counter(finding.severity.value.lower() for finding in findings)
    return SeverityCounts(**counted)
