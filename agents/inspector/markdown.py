"""An audit as a report that a person reads: the verdict first, then what to do, then what was not looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from agents.contract import FindingsSummary
from domain.finding import Finding
from domain.reports.inspector import InspectorReport, NotAnalysed, SeverityCounts
from domain.severity import Severity

_MOST_LISTED = 200


def as_markdown(report: InspectorReport, summary: FindingsSummary, title: str) -> str:
    """The whole report."""
    sections = (
        _verdict(report, title),
        _table_of_counts(report),
        _listed("New findings", summary.new),
        _listed("Persisting findings", summary.persisting),
        _listed("Fixed since the last audit", summary.fixed),
        _waived(summary.waived),
        _complex(report),
        _languages(report),
        _engines(report),
        _not_analysed(report.not_analysed),
    )
    return "\n".join("\n".join(lines) + "\n" for lines in map(list, sections) if lines)


def _verdict(report: InspectorReport, title: str) -> Iterator[str]:
    yield f"# Audit of {_plain(title)}"
    yield ""
    if report.files_analysed == 0:
        yield "**No code was found.** The end of this report says what was left out and why."
    elif report.gate_passed:
        yield "**The quality gate passed.**"
    else:
        over = "; ".join(
            f"{breach.found} new {breach.severity.lower()} findings, {breach.limit} allowed"
            for breach in report.gate_breaches
        )
        yield f"**The quality gate failed:** {over}."
    yield ""
    yield (
        f"{report.files_analysed} files with {report.lines_of_code} lines of code were audited at "
        f"`{report.source_state}`."
    )
    if report.first_audit:
        yield "This is the first audit of this source, so every finding is new."
    if report.autofixable:
        yield f"{report.autofixable} findings are mended by `autofix.patch` (`git apply autofix.patch`)."
    dead = [run for run in report.engines if run.skipped_reason]
    if dead:
        yield f"Not every engine ran: {', '.join(run.engine for run in dead)}; see below."


def _table_of_counts(report: InspectorReport) -> Iterator[str]:
    yield "| | critical | high | medium | low | info |"
    yield "|---|--:|--:|--:|--:|--:|"
    rows: dict[str, SeverityCounts] = {
        "new": report.new,
        "persisting": report.persisting,
        "fixed": report.fixed,
        "waived": report.waived,
    }
    for state, counts in rows.items():
        yield f"| {state} | {counts.critical} | {counts.high} | {counts.medium} | {counts.low} | {counts.info} |"


def _listed(heading: str, findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield f"## {heading} ({len(findings)})"
    by_severity: dict[Severity, list[Finding]] = defaultdict(list)
    for finding in findings[:_MOST_LISTED]:
        by_severity[finding.severity].append(finding)
    for severity in Severity:
        if found := by_severity.get(severity):
            yield ""
            yield f"### {severity.value.capitalize()}"
            yield ""
            yield from map(_line, found)
    if len(findings) > _MOST_LISTED:
        yield ""
        yield f"… and {len(findings) - _MOST_LISTED} more; `audit.sarif` has them all."


def _line(finding: Finding) -> str:
    where = finding.location.path + (f":{finding.location.start_line}" if finding.location.start_line else "")
    rule = f"[{finding.rule}]({finding.help_url})" if finding.help_url else finding.rule
    mended = " — *fix in the patch*" if finding.fix else ""
    return f"- {_code(where)} {_plain(finding.message)} ({finding.engine} {rule}){mended}"


def _waived(findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield f"## Waived findings ({len(findings)})"
    yield ""
    for finding in findings:
        until = f" until {finding.waiver_expires_at:%Y-%m-%d}" if finding.waiver_expires_at else ""
        yield f"{_line(finding)}: waived{until}, because {_plain(finding.waiver_reason or 'no reason was given')}"


def _complex(report: InspectorReport) -> Iterator[str]:
    if not report.most_complex:
        return
    yield "## The hardest functions"
    yield ""
    yield "| function | place | cyclomatic | cognitive | lines |"
    yield "|---|---|--:|--:|--:|"
    for one in report.most_complex:
        cognitive = "–" if one.cognitive is None else str(one.cognitive)
        place = _code(f"{one.path}:{one.line}")
        yield f"| {_code(one.name)} | {place} | {one.cyclomatic} | {cognitive} | {one.lines} |"


def _languages(report: InspectorReport) -> Iterator[str]:
    if not report.languages:
        return
    yield "## Languages"
    yield ""
    yield "| language | files | analysed by |"
    yield "|---|--:|---|"
    for seen in report.languages:
        yield f"| {seen.language} | {seen.files} | {', '.join(seen.engines) or '**nothing**'} |"


def _engines(report: InspectorReport) -> Iterator[str]:
    yield "## Engines"
    yield ""
    yield "| engine | tool | version | files | findings | seconds | |"
    yield "|---|---|---|--:|--:|--:|---|"
    for run in report.engines:
        skipped = f"skipped: {_plain(run.skipped_reason)}" if run.skipped_reason else ""
        seconds = f"{run.duration_ms / 1000:.1f}"
        version = run.version or "–"
        yield f"| {run.engine} | {run.tool} | {version} | {run.files} | {run.findings} | {seconds} | {skipped} |"
    if report.duplicated_lines:
        yield ""
        yield f"{report.duplicated_lines} lines are part of a duplicate."


def _not_analysed(left_out: Iterable[NotAnalysed]) -> Iterator[str]:
    engines: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in left_out:
        engines[one.path, one.reason].append(one.engine or "")
    if not engines:
        return
    yield "## Not analysed"
    yield ""
    for (path, reason), names in islice(engines.items(), _MOST_LISTED):
        by = f" (by {', '.join(sorted(names))})" if all(names) else ""
        yield f"- {_code(path)}{by}: {_plain(reason)}"
    if len(engines) > _MOST_LISTED:
        yield ""
        yield f"… and {len(engines) - _MOST_LISTED} more; `audit.sarif` has them."


def _code(text: str) -> str:
    """A name as code: on one line, whatever characters it has."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text).replace("|", "\\|")
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def _plain(text: str) -> str:
    """Text that cannot become markup of the report: on one line, without tags."""
    return " ".join(text.split()).replace("<", "&lt;").replace("|", "\\|")
