"""What is noted when a worker dies with an execution in its hands, and the end of one that takes several down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from domain.execution import CrashReport, Execution, ExecutionError, Step
from domain.ports import UnitOfWork
from domain.recovery import POLICIES, ErrorClass, ErrorSeverity
from domain.states import StepStatus

MOST_CRASHES = POLICIES[ErrorClass.WORKER_DIED].max_attempts


async def note_crash(uow: UnitOfWork, execution: Execution, reason: str) -> tuple[Execution, ExecutionError | None]:
    """The execution with what is known of the crash: the steps and tool calls that were begun and have no end.

    With it comes why it is parked, when it has crashed too often in a row.
    """
    steps = await uow.executions.steps(execution.id)
    begun = [step.name for step in steps if step.status is StepStatus.RUNNING]
    calls = [call for call in await uow.tool_calls.under_way(execution.id) if call.step_name in begun]
    report = CrashReport(
        at=uow.now,
        reason=reason,
        worker_id=execution.worker_id,
        steps=tuple(begun),
        tools=tuple(dict.fromkeys(call.tool for call in calls)),
    )
    reports = (*execution.crash_reports, report)
    noted = replace(execution, crashes=execution.crashes + 1, crash_reports=reports)
    in_a_row = _since_progress(reports, steps)
    return noted, _parked(in_a_row) if len(in_a_row) >= MOST_CRASHES else None


def _since_progress(reports: Sequence[CrashReport], steps: Sequence[Step]) -> list[CrashReport]:
    """The crashes after the last step that has succeeded: with one between them it was not the same that failed."""
    succeeded = [step.finished_at for step in steps if step.status is StepStatus.SUCCEEDED and step.finished_at]
    return [report for report in reports if not succeeded or report.at >= max(succeeded)]


def _parked(reports: Sequence[CrashReport]) -> ExecutionError:
    """Why an execution is not tried again by itself: how often it has crashed, when, and during what."""
    crashes = "; ".join(str(report) for report in reports)
    message = (
        f"Parked: it has crashed {len(reports)} times without finishing a step, so it is not tried again until "
        f"somebody retries the task. The crashes: {crashes}."
    )
    return ExecutionError(code="POISONED", message=message, severity=ErrorSeverity.CRITICAL)
