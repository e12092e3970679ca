"""What a report of the Inspector claims to have been done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from agents.contract import ArtifactWritten, Claim, FindingsRecorded, StepSucceeded, ToolRan
from domain.reports.inspector import EngineRun, InspectorReport, SeverityCounts


def claims_of(report: InspectorReport, programs: Mapping[str, Sequence[str]]) -> list[Claim]:
    """Every engine had its step, and its first program ran wherever the report says that files were analysed.

    ``programs`` are the tools of each engine, the essential one first.
    """
    died = Counter(left_out.engine for left_out in report.not_analysed)
    steps = ["inventory", *(run.engine for run in report.engines), "report"]
    ran = [run for run in report.engines if _analysed_something(run, died[run.engine])]
    found = [report.new, report.persisting, report.waived]
    return [
        *(StepSucceeded(step=name) for name in steps),
        *(ToolRan(tool=programs[run.engine][0], step=run.engine) for run in ran),
        ArtifactWritten(name="audit.sarif"),
        ArtifactWritten(name="audit.md"),
        FindingsRecorded(at_least=sum(map(_total, found))),
    ]


def _analysed_something(run: EngineRun, left_out: int) -> bool:
    """Some engines count the files that their tool died of among those they looked at."""
    return run.skipped_reason is None and run.files > left_out


def _total(counts: SeverityCounts) -> int:
    return counts.critical + counts.high + counts.medium + counts.low + counts.info
