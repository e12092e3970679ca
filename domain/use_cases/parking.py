"""What is noted when a worker dies with an execution in its hands, and the end of one that takes several down."""

from __future__ import annotations

from dataclasses import replace

from domain.execution import CrashReport, Execution, ExecutionError
from domain.ports import UnitOfWork
from domain.recovery import POLICIES, ErrorClass, ErrorSeverity
from domain.states import StepStatus

MOST_CRASHES = POLICIES[ErrorClass.WORKER_DIED].max_attempts


async def note_crash(uow: UnitOfWork, execution: Execution) -> Execution:
    """The execution with what is known of the crash: the steps and tool calls that were begun and have no end."""
    steps = [step.name for step in await uow.executions.steps(execution.id) if step.status is StepStatus.RUNNING]
    calls = [call for call in await uow.tool_calls.under_way(execution.id) if call.step_name in steps]
    report = CrashReport(
        at=uow.now,
        worker_id=execution.worker_id,
        steps=tuple(steps),
        tools=tuple(dict.fromkeys(call.tool for call in calls)),
    )
    return replace(execution, crashes=execution.crashes + 1, crash_reports=(*execution.crash_reports, report))


def is_poison(execution: Execution) -> bool:
    """Whether so many workers have died with it that it is not given to another one."""
    return execution.crashes >= MOST_CRASHES


def parked(execution: Execution) -> ExecutionError:
    """Why an execution is not tried again by itself: how often its workers died, when, and during what."""
    deaths = "; ".join(str(report) for report in execution.crash_reports)
    message = (
        f"Parked: {execution.crashes} workers died while they ran this execution, so it is not tried again until "
        f"somebody retries the task. They died: {deaths}."
    )
    return ExecutionError(code="POISONED", message=message, severity=ErrorSeverity.CRITICAL)
