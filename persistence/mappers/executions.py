"""Rows of executions, of what belongs to one, and of workers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.execution import (
    Artifact,
    CrashReport,
    Execution,
    ExecutionError,
    Progress,
    Step,
    StoredReport,
    TestCounts,
    ToolCall,
    Worker,
)
from domain.recovery import ErrorSeverity
from domain.states import ExecutionStatus, StepStatus, ToolCallState
from persistence.mappers.rows import AnyRow

EXECUTION_STATUS = {one.value: one for one in ExecutionStatus}

STEP_STATUS = {one.value: one for one in StepStatus}

TOOL_CALL_STATE = {one.value: one for one in ToolCallState}
"""A page has hundreds of them: looking one up takes a tenth of the time that its class takes."""


def to_execution(row: AnyRow) -> Execution:
    """A row of ``executions``."""
    error = None
    if row["error_code"] is not None:
        severity = ErrorSeverity(row["error_severity"]) if row["error_severity"] else None
        error = ExecutionError(code=row["error_code"], message=row["error_message"] or "", severity=severity)
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
        crash_reports=tuple(_to_crash_report(one) for one in row["crash_reports"]),
        traceparent=row["traceparent"],
        segment_traceparent=row["segment_traceparent"],
        sequence=row["sequence"],
        events_removed_to=row["pruned_to"],
        timeout=row["timeout"],
        cancel_requested_at=row["cancel_requested_at"],
        cancel_requested_by=row["cancel_requested_by"],
        process_gone_at=row["process_gone_at"],
        waited=row["waited"],
        paused_at=row["paused_at"],
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
        "error_severity": execution.error.severity if execution.error else None,
        "source_state": execution.source_state,
        "worker_id": execution.worker_id,
        "epoch": execution.epoch,
        "crashes": execution.crashes,
        "crash_reports": [_from_crash_report(one) for one in execution.crash_reports],
        "traceparent": execution.traceparent,
        "segment_traceparent": execution.segment_traceparent,
        "timeout": execution.timeout,
        "cancel_requested_at": execution.cancel_requested_at,
        "cancel_requested_by": execution.cancel_requested_by,
        "process_gone_at": execution.process_gone_at,
        "waited": execution.waited,
        "paused_at": execution.paused_at,
        "scheduled_for": execution.scheduled_for,
        "started_at": execution.started_at,
        "finished_at": execution.finished_at,
        "created_at": execution.created_at,
    }


def _to_crash_report(stored: dict[str, Any]) -> CrashReport:
    worker_id = stored["worker_id"]
    return CrashReport(
        at=datetime.fromisoformat(stored["at"]),
        reason=stored["reason"],
        worker_id=UUID(worker_id) if worker_id else None,
        steps=tuple(stored["steps"]),
        tools=tuple(stored["tools"]),
    )


def _from_crash_report(report: CrashReport) -> dict[str, Any]:
    worker_id = str(report.worker_id) if report.worker_id else None
    told = {"reason": report.reason, "steps": list(report.steps), "tools": list(report.tools)}
    return {"at": report.at.isoformat(), "worker_id": worker_id, **told}


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
        state=TOOL_CALL_STATE[row["state"]],
        attempt=row["attempt"],
        idempotency_key=row["idempotency_key"],
        repeatable=row["repeatable"],
        result=row["result"],
        cpu_seconds=row["cpu_seconds"],
        sandbox=row["sandbox"],
        secrets=tuple(row["secrets"]),
        tests=_tests(row["tests_passed"], row["tests_failed"]),
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )


def from_tool_call(call: ToolCall) -> dict[str, Any]:
    """The values of a row of ``tool_calls``."""
    return {
        "id": call.id,
        "execution_id": call.execution_id,
        "step_name": call.step_name,
        "tool": call.tool,
        "version": call.version,
        "arguments": list(call.arguments),
        "arguments_hash": call.arguments_hash,
        "exit_code": call.exit_code,
        "error": call.error,
        "output_sha256": call.output_sha256,
        "output_bytes": call.output_bytes,
        "state": call.state.value,
        "attempt": call.attempt,
        "idempotency_key": call.idempotency_key,
        "repeatable": call.repeatable,
        "result": call.result,
        "cpu_seconds": call.cpu_seconds,
        "sandbox": call.sandbox,
        "secrets": list(call.secrets),
        "tests_passed": call.tests.passed if call.tests else None,
        "tests_failed": call.tests.failed if call.tests else None,
        "started_at": call.started_at,
        "finished_at": call.finished_at,
    }


def _tests(passed: int | None, failed: int | None) -> TestCounts | None:
    return None if passed is None or failed is None else TestCounts(passed=passed, failed=failed)


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
        short_of_room=row["short_of_room"],
    )
