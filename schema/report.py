"""What executions report: one type for each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias
from uuid import UUID

import strawberry
from strawberry import Parent

import domain.reports.inspector as inspector
import domain.reports.playbook as playbook
import domain.reports.toolcall as toolcall
from domain.severity import Severity
from domain.states import TaskStatus
from domain.task import Task as DomainTask
from resolvers import reports, tasks
from schema.node import Info, represents
from schema.scalars import JSON, URL

if TYPE_CHECKING:
    from schema.task import Task


@strawberry.type(description="How many findings there are of each severity.")
class SeverityCounts:
    """Numbers by severity."""

    critical: int = strawberry.field(description="How many are CRITICAL.")
    high: int = strawberry.field(description="How many are HIGH.")
    medium: int = strawberry.field(description="How many are MEDIUM.")
    low: int = strawberry.field(description="How many are LOW.")
    info: int = strawberry.field(description="How many are INFO.")


@strawberry.type(description="One engine's part of an audit.")
class EngineRun:
    """What one engine did."""

    engine: str = strawberry.field(description="What it looked for.")
    tool: str = strawberry.field(description="The program that looked.")
    version: str | None = strawberry.field(description="Version of the tool, null when it is not installed.")
    files: int = strawberry.field(description="How many files it analysed.")
    findings: int = strawberry.field(description="How many findings it has.")
    duration_ms: int = strawberry.field(description="How long it took, in milliseconds.")
    skipped_reason: str | None = strawberry.field(description="Why it did not run, null when it did.")


@strawberry.type(description="A language of the source, and what analysed it.")
class LanguageSeen:
    """Who looked at what."""

    language: str = strawberry.field(description="Its name.")
    files: int = strawberry.field(description="How many files of it there are that can be read.")
    engines: list[str] = strawberry.field(
        description="The engines that analysed some of them; none: nothing of it was analysed."
    )


@strawberry.type(description="Something that was not analysed, and why.")
class NotAnalysed:
    """A gap in the audit, told openly."""

    path: str = strawberry.field(description="What was left out.")
    engine: str | None = strawberry.field(description="The engine that left it out; null: all of them.")
    reason: str = strawberry.field(description="Why.")


@strawberry.type(description="How hard one function is to understand.")
class FunctionMetrics:
    """Measures of a function."""

    path: str = strawberry.field(description="The file it is in.")
    name: str = strawberry.field(description="Its qualified name.")
    line: int = strawberry.field(description="Where it begins, from 1.")
    cyclomatic: int = strawberry.field(description="Its cyclomatic complexity.")
    cognitive: int | None = strawberry.field(description="Its cognitive complexity, null when it was not measured.")
    lines: int = strawberry.field(description="How many lines it has.")


@strawberry.type(description="A severity that has more new findings than the quality gate allows.")
class GateBreach:
    """One line of the gate's verdict."""

    severity: Severity = strawberry.field(description="The severity.")
    limit: int = strawberry.field(description="How many new findings of it the gate allows.")
    found: int = strawberry.field(description="How many there are.")


@represents(inspector.InspectorReport)
@strawberry.type(description="The summary of one audit. The findings themselves are in Execution.findings.")
class InspectorReport:
    """What the Inspector reports."""

    source_state: str = strawberry.field(
        description="Exactly what was audited: git:<commit>, git:<commit>+<digest> or sha256:<digest>."
    )
    files_analysed: int = strawberry.field(description="How many files were analysed.")
    lines_of_code: int = strawberry.field(description="How many lines of code they have.")
    first_audit: bool = strawberry.field(description="Whether nothing was known of this source before.")
    gate_passed: bool = strawberry.field(description="Whether the quality gate let it pass.")
    gate_breaches: list[GateBreach] = strawberry.field(description="Where it did not, the worst severity first.")
    new: SeverityCounts = strawberry.field(description="Findings that were not there before.")
    persisting: SeverityCounts = strawberry.field(description="Findings that are still there.")
    fixed: SeverityCounts = strawberry.field(description="Findings that are gone.")
    waived: SeverityCounts = strawberry.field(description="Findings that somebody accepted.")
    engines: list[EngineRun] = strawberry.field(description="What each engine did.")
    languages: list[LanguageSeen] = strawberry.field(
        description="The languages of the source and what analysed them; empty in reports of an older Inspector."
    )
    not_analysed: list[NotAnalysed] = strawberry.field(description="What was not analysed, and why.")
    duplicated_lines: int = strawberry.field(description="How many lines are copies of others.")
    most_complex: list[FunctionMetrics] = strawberry.field(description="At most ten functions, the hardest first.")
    autofixable: int = strawberry.field(description="How many findings the autofix patch mends.")


async def _task_of(root: Parent[playbook.PlaybookTask], info: Info) -> DomainTask | None:
    return None if root.task_id is None else await info.context.load(tasks.by_id, UUID(root.task_id))


@strawberry.type(description="A task that a step of a playbook had done.")
class PlaybookTask:
    """One task of a step."""

    key: str | None = strawberry.field(description="Its key.")
    item: JSON | None = strawberry.field(description="What of the list it was for; null in a step without one.")
    status: TaskStatus = strawberry.field(description="How it ended.")
    reason: str | None = strawberry.field(description="Why it did not complete.")
    outputs: JSON = strawberry.field(description="What the step's outputs gave for it, by name.")
    task = strawberry.field(
        _task_of,
        graphql_type=Annotated["Task", strawberry.lazy("schema.task")] | None,
        description="The task as it is now; null when it was deleted.",
    )


@strawberry.type(description="How a step of a playbook came out.")
class PlaybookStepResult:
    """One step."""

    step: str = strawberry.field(description="Its id.")
    title: str = strawberry.field(description="Its name for people.")
    status: TaskStatus = strawberry.field(
        description="COMPLETED, FAILED (also when a task of it was cancelled) or SKIPPED."
    )
    reason: str | None = strawberry.field(description="Why it did not complete, or was skipped.")
    fans_out: bool = strawberry.field(description="Whether it has a task for each item of a list.")
    may_fail: bool = strawberry.field(description="Whether the playbook passes although it fails.")
    tasks: list[PlaybookTask] = strawberry.field(description="What it had done.")


@represents(playbook.PlaybookReport)
@strawberry.type(description="How a playbook came out, step by step.")
class PlaybookReport:
    """What the run of a playbook reports."""

    playbook: str = strawberry.field(description="Name of the playbook.")
    passed: bool = strawberry.field(description="Whether every step completed, was skipped, or may fail.")
    steps: list[PlaybookStepResult] = strawberry.field(description="Its steps in the order of the document.")
    outputs: JSON = strawberry.field(description="Its outputs by name.")
    problems: list[str] = strawberry.field(description="Why outputs have no value.")


@represents(toolcall.ToolCallReport)
@strawberry.type(description="What a direct call of a tool came to.")
class ToolCallReport:
    """What a tool answered."""

    tool: str = strawberry.field(description="The tool that was called.")
    tool_version: str | None = strawberry.field(description="Its version; null for a tool of an MCP server.")
    answer: JSON | None = strawberry.field(
        description="What it answered, secrets removed; null when that is large: then it is the artifact."
    )
    answer_bytes: int = strawberry.field(description="Size of the answer as JSON, in bytes.")
    artifact: str | None = strawberry.field(
        description="Name of the artifact of the execution that holds a large answer, as JSON."
    )


@represents(reports.CustomReport)
@strawberry.type(description="A report of an agent that brings its own kind.")
class CustomReport:
    """A report the platform has no type for."""

    kind: str = strawberry.field(description="What kind of report it is.")
    schema_url: URL | None = strawberry.field(description="Where the shape of data is described.")
    data: JSON = strawberry.field(description="The report.")


AgentResult: TypeAlias = Annotated[
    InspectorReport | PlaybookReport | ToolCallReport | CustomReport,
    strawberry.union(
        "AgentResult", description="What an execution reported: one type for each kind of report. The list may grow."
    ),
]
