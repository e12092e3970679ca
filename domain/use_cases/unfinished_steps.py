"""What becomes of the steps that were under way when their execution ends."""

from __future__ import annotations

from dataclasses import replace

from domain.events import StepFailed, Subject
from domain.execution import Execution
from domain.ports import UnitOfWork
from domain.states import ExecutionStatus, StepStatus, check_step


async def end_steps(uow: UnitOfWork, subject: Subject, ended: Execution, actor_id: str) -> None:
    """End the steps that nobody is left to end: their worker died, or was stopped while it wrote their end."""
    status = StepStatus.CANCELLED if ended.status is ExecutionStatus.CANCELLED else StepStatus.FAILED
    for step in await uow.executions.steps(ended.id):
        if step.status is StepStatus.RUNNING:
            check_step(step.status, status)
            message = ended.error.message if ended.error else "the execution ended before it"
            await uow.executions.put_step(replace(step, status=status, error=message, finished_at=uow.now))
            failed = StepFailed(step=step.name, message=message, will_retry=False)
            await uow.events.append(subject, [failed], actor=actor_id)
