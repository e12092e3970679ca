"""Rows to read models and back, one pair for each noun."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Protocol

from domain.execution import Artifact, Execution, ExecutionError, Progress, Step, StoredReport, ToolCall, Worker
from domain.finding import Finding, FindingState, Location
from domain.project import Project, Source, SourceKind, Workspace
from domain.quality_gate import QualityGate
from domain.severity import Severity
from domain.states import ExecutionStatus, StepStatus, TaskStatus
from domain.task import AcceptanceCheck, Dependency, OnFailure, Priority, RetryPolicy, Task

TASK_STATUS = {one.value: one for one in TaskStatus}
PRIORITY = {one.value: one for one in Priority}
ON_FAILURE = {one.value: one for one in OnFailure}
EXECUTION_STATUS = {one.value: one for one in ExecutionStatus}
STEP_STATUS = {one.value: one for one in StepStatus}
"""A page has hundreds of them: looking one up takes a tenth of the time that its class takes."""


class AnyRow(Protocol):
    """A row of asyncpg, or a mapping of SQLAlchemy's results."""

    def __getitem__(self, column: str, /) -> Any:
        """The value of a column."""


def to_workspace(row: AnyRow) -> Workspace:
    """A row of ``workspaces``."""
    return Workspace(id=row["id"], name=row["name"], created_at=row["created_at"])


def to_source(row: AnyRow) -> Source:
    """A row of ``sources``."""
    return Source(id=row["id"], kind=SourceKind(row["kind"]), location=row["location"], revision=row["revision"])


def to_project(row: AnyRow) -> Project:
    """A row of ``projects`` joined with its source's columns (``source_*``)."""
    source = None
    if row["source_id"] is not None:
        source = Source(
            id=row["source_id"],
            kind=SourceKind(row["source_kind"]),
            location=row["source_location"],
            revision=row["source_revision"],
        )
    return Project(
        id=row["id"],
        workspace_id=row["workspace_id"],
        key=row["key"],
        name=row["name"],
        description=row["description"],
        source=source,
        gate=QualityGate(**row["gate"]),
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def to_task(row: AnyRow) -> Task:
    """A row of ``tasks``."""
    return Task(
        id=row["id"],
        workspace_id=row["workspace_id"],
        project_id=row["project_id"],
        number=row["number"],
        key=row["key"],
        title=row["title"],
        description=row["description"],
        status=TASK_STATUS[row["status"]],
        status_reason=row["status_reason"],
        priority=PRIORITY[row["priority"]],
        agent=row["agent"],
        inputs=row["inputs"],
        requirements=tuple(row["requirements"]),
        constraints=tuple(row["constraints"]),
        labels=tuple(row["labels"]),
        metadata=row["metadata"],
        timeout=row["timeout"],
        retry=RetryPolicy(
            max_attempts=row["retry"]["maxAttempts"], backoff=timedelta(seconds=row["retry"]["backoffSeconds"])
        ),
        acceptance_checks=tuple(
            AcceptanceCheck(
                name=check["name"],
                severity=Severity(check["severity"]),
                maximum=check["maximum"],
                only_new=check["onlyNew"],
            )
            for check in row["acceptance_checks"]
        ),
        attempts=row["attempts"],
        scheduled_for=row["scheduled_for"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def from_task(task: Task) -> dict[str, Any]:
    """The values of a row of ``tasks``."""
    return {
        "id": task.id,
        "workspace_id": task.workspace_id,
        "project_id": task.project_id,
        "number": task.number,
        "key": task.key,
        "title": task.title,
        "description": task.description,
        "status": task.status.value,
        "status_reason": task.status_reason,
        "priority": int(task.priority),
        "agent": task.agent,
        "inputs": dict(task.inputs),
        "requirements": list(task.requirements),
        "constraints": list(task.constraints),
        "labels": list(task.labels),
        "metadata": dict(task.metadata),
        "timeout": task.timeout,
        "retry": {"maxAttempts": task.retry.max_attempts, "backoffSeconds": task.retry.backoff.total_seconds()},
        "acceptance_checks": [
            {
                "name": check.name,
                "severity": check.severity.value,
                "maximum": check.maximum,
                "onlyNew": check.only_new,
            }
            for check in task.acceptance_checks
        ],
        "attempts": task.attempts,
        "scheduled_for": task.scheduled_for,
        "version": task.version,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
    }


def to_dependency(row: AnyRow) -> Dependency:
    """A row of ``dependencies``."""
    return Dependency(
        id=row["id"],
        workspace_id=row["workspace_id"],
        task_id=row["task_id"],
        depends_on_id=row["depends_on_id"],
        on_failure=ON_FAILURE[row["on_failure"]],
        created_at=row["created_at"],
    )


def to_execution(row: AnyRow) -> Execution:
    """A row of ``executions``."""
    error = None
    if row["error_code"] is not None:
        error = ExecutionError(code=row["error_code"], message=row["error_message"] or "")
    return Execution(
        id=row["id"],
        workspace_id=row["workspace_id"],
        project_id=row["project_id"],
        task_id=row["task_id"],
        number=row["number"],
        agent=row["agent"],
        status=EXECUTION_STATUS[row["status"]],
        progress=Progress(done=row["progress_done"], total=row["progress_total"], message=row["progress_message"]),
        inputs=row["inputs"],
        error=error,
        source_state=row["source_state"],
        worker_id=row["worker_id"],
        epoch=row["epoch"],
        crashes=row["crashes"],
        sequence=row["sequence"],
        events_removed_to=row["pruned_to"],
        timeout=row["timeout"],
        cancel_requested_at=row["cancel_requested_at"],
        cancel_requested_by=row["cancel_requested_by"],
        process_gone_at=row["process_gone_at"],
        scheduled_for=row["scheduled_for"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        created_at=row["created_at"],
    )


def to_report(row: AnyRow) -> StoredReport:
    """The report in a row of ``executions`` that has one."""
    return StoredReport(kind=row["result_kind"], data=row["result"])


def from_execution(execution: Execution) -> dict[str, Any]:
    """The values of a row of ``executions``, all but ``sequence``, which the event log alone writes, and what
    retention has removed."""
    return {
        "id": execution.id,
        "workspace_id": execution.workspace_id,
        "project_id": execution.project_id,
        "task_id": execution.task_id,
        "number": execution.number,
        "agent": execution.agent,
        "status": execution.status.value,
        "progress_done": execution.progress.done,
        "progress_total": execution.progress.total,
        "progress_message": execution.progress.message,
        "inputs": dict(execution.inputs),
        "error_code": execution.error.code if execution.error else None,
        "error_message": execution.error.message if execution.error else None,
        "source_state": execution.source_state,
        "worker_id": execution.worker_id,
        "epoch": execution.epoch,
        "crashes": execution.crashes,
        "timeout": execution.timeout,
        "cancel_requested_at": execution.cancel_requested_at,
        "cancel_requested_by": execution.cancel_requested_by,
        "process_gone_at": execution.process_gone_at,
        "scheduled_for": execution.scheduled_for,
        "started_at": execution.started_at,
        "finished_at": execution.finished_at,
        "created_at": execution.created_at,
    }


def to_step(row: AnyRow) -> Step:
    """A row of ``steps``."""
    return Step(
        id=row["id"],
        execution_id=row["execution_id"],
        position=row["position"],
        name=row["name"],
        status=STEP_STATUS[row["status"]],
        attempt=row["attempt"],
        output=row["output"],
        error=row["error"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )


def to_tool_call(row: AnyRow) -> ToolCall:
    """A row of ``tool_calls``."""
    return ToolCall(
        id=row["id"],
        execution_id=row["execution_id"],
        step_name=row["step_name"],
        tool=row["tool"],
        version=row["version"],
        arguments=tuple(row["arguments"]),
        arguments_hash=row["arguments_hash"],
        exit_code=row["exit_code"],
        error=row["error"],
        output_sha256=row["output_sha256"],
        output_bytes=row["output_bytes"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )


def to_artifact(row: AnyRow) -> Artifact:
    """A row of ``artifacts``."""
    return Artifact(
        id=row["id"],
        workspace_id=row["workspace_id"],
        execution_id=row["execution_id"],
        name=row["name"],
        media_type=row["media_type"],
        size=row["size"],
        sha256=row["sha256"],
        created_at=row["created_at"],
    )


def to_finding(row: AnyRow) -> Finding:
    """A row of ``findings``."""
    return Finding(
        id=row["id"],
        workspace_id=row["workspace_id"],
        project_id=row["project_id"],
        source_id=row["source_id"],
        agent=row["agent"],
        engine=row["engine"],
        rule=row["rule"],
        severity=Severity(row["severity"]),
        message=row["message"],
        location=Location(
            path=row["path"],
            start_line=row["start_line"],
            end_line=row["end_line"],
            start_column=row["start_column"],
            end_column=row["end_column"],
        ),
        fingerprint=row["fingerprint"],
        state=FindingState(row["state"]),
        help_url=row["help_url"],
        fix=row["fix"],
        waiver_reason=row["waiver_reason"],
        waiver_expires_at=row["waiver_expires_at"],
        first_execution_id=row["first_execution_id"],
        last_execution_id=row["last_execution_id"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def from_finding(finding: Finding) -> dict[str, Any]:
    """The values of a row of ``findings``."""
    return {
        "id": finding.id,
        "workspace_id": finding.workspace_id,
        "project_id": finding.project_id,
        "source_id": finding.source_id,
        "agent": finding.agent,
        "engine": finding.engine,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "severity_rank": finding.severity.rank,
        "message": finding.message,
        "path": finding.location.path,
        "start_line": finding.location.start_line,
        "end_line": finding.location.end_line,
        "start_column": finding.location.start_column,
        "end_column": finding.location.end_column,
        "fingerprint": finding.fingerprint,
        "state": finding.state.value,
        "help_url": finding.help_url,
        "fix": finding.fix,
        "waiver_reason": finding.waiver_reason,
        "waiver_expires_at": finding.waiver_expires_at,
        "first_execution_id": finding.first_execution_id,
        "last_execution_id": finding.last_execution_id,
        "version": finding.version,
        "created_at": finding.created_at,
        "updated_at": finding.updated_at,
    }


def to_worker(row: AnyRow) -> Worker:
    """A row of ``workers``."""
    return Worker(
        id=row["id"],
        hostname=row["hostname"],
        pid=row["pid"],
        version=row["version"],
        slots=row["slots"],
        agents=tuple(row["agents"]),
        started_at=row["started_at"],
        beat_at=row["beat_at"],
    )
