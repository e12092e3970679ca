"""What becomes of messages when those they were for have ended."""

from __future__ import annotations

from domain.events import Subject
from domain.execution import Execution
from domain.ports import UnitOfWork
from domain.task import Task
from domain.use_cases.messaging.told import give_up


async def end_mailbox(uow: UnitOfWork, task: Task, actor_id: str) -> None:
    """Give up what nobody has handled in the mailbox of a task that has come to its end."""
    subject = Subject(workspace_id=task.workspace_id, project_id=task.project_id, task_id=task.id)
    for message in await uow.messages.open_in(task.id):
        await give_up(uow, subject, message, f"{task.key} is {task.status} and did not handle it", actor_id)


async def end_waiting(uow: UnitOfWork, subject: Subject, ended: Execution, actor_id: str) -> None:
    """Forget what an execution waited for that has just ended, and give up what was sent to it alone."""
    await uow.waits.forget(ended.id)
    for message in await uow.messages.open_for(ended.id):
        await give_up(uow, subject, message, f"the execution is {ended.status} and did not handle it", actor_id)
