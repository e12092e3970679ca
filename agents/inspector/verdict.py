"""The report of an audit, put together from what its steps recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from agents.contract import FindingsSummary
from agents.inspector.engine import EngineOutcome
from agents.inspector.inventory import Inventory
from agents.inspector.languages import Language
from domain.finding import Finding
from domain.quality_gate import QualityGate, breaches
from domain.reports.inspector import GateResult, InspectorReport, LanguageSeen, NotAnalysed, SeverityCounts

_MOST_NOT_ANALYSED = 1_000

EngineLanguages = Mapping[str, Sequence[Language]]
"""Which languages each engine reads."""


def report_of(
    state: str,
    gate: QualityGate,
    inventory: Inventory,
    outcomes: Sequence[EngineOutcome],
    summary: FindingsSummary,
    engines: EngineLanguages,
) -> InspectorReport:
    """The report; the gate looks at new findings only."""
    over = breaches(gate, (finding.severity for finding in summary.new))
    return InspectorReport(
        source_state=state,
        files_analysed=sum(inventory.languages.values()),
        lines_of_code=inventory.lines_of_code,
        first_audit=summary.first_audit,
        gate_passed=not over,
        gate_breaches=[GateResult(severity=breach.severity, limit=breach.limit, found=breach.found) for breach in over],
        new=_counts(summary.new),
        persisting=_counts(summary.persisting),
        fixed=_counts(summary.fixed),
        waived=_counts(summary.waived),
        engines=[outcome.run for outcome in outcomes],
        languages=_languages(inventory, outcomes, engines),
        not_analysed=_shortened(
            [*inventory.not_analysed, *(one for outcome in outcomes for one in outcome.not_analysed)]
        ),
        duplicated_lines=sum(outcome.duplicated_lines for outcome in outcomes),
        most_complex=[function for outcome in outcomes for function in outcome.functions],
        autofixable=sum(outcome.autofixable for outcome in outcomes),
    )


def _languages(inventory: Inventory, outcomes: Sequence[EngineOutcome], engines: EngineLanguages) -> list[LanguageSeen]:
    ran = [outcome.run.engine for outcome in outcomes if outcome.run.files]
    return [
        LanguageSeen(
            language=language, files=files, engines=[engine for engine in ran if language in engines.get(engine, ())]
        )
        for language, files in inventory.languages.items()
    ]


def _shortened(left_out: Sequence[NotAnalysed]) -> list[NotAnalysed]:
    """The first thousand, and for each reason how many more there are: a folder of links must not fill the report."""
    rest = Counter((one.engine, one.reason) for one in left_out[_MOST_NOT_ANALYSED:])
    more = [NotAnalysed(path=f"{count} more", engine=engine, reason=reason) for (engine, reason), count in rest.items()]
    return [*left_out[:_MOST_NOT_ANALYSED], *more[:_MOST_NOT_ANALYSED]]


def _counts(findings: Iterable[Finding]) -> SeverityCounts:
    counted = Counter(finding.severity.value.lower() for finding in findings)
    return SeverityCounts(**counted)
