"""What the workers do by the clock of the database: messages and waits whose time has passed, hopeless requests."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from domain.events import MessageExpired, MessageWaitEnded, Subject
from domain.execution import Execution
from domain.message import Message, MessageState, MessageWait, WaitKind, WaitStatus
from domain.ports import UnitOfWork
from domain.states import ENDED_EXECUTION
from domain.use_cases import lifecycle
from domain.use_cases.cancel import subject_of
from domain.use_cases.messaging.told import between


async def expire_message(uow: UnitOfWork, message_id: UUID) -> Message | None:
    """End a message that nobody has taken in its time; ``None`` when that is not so (any more)."""
    found = await uow.messages.get(None, message_id)
    if found is None or found.receiver_task_id is None:
        return None
    tasks = await uow.tasks.lock(found.workspace_id, [found.receiver_task_id])
    message = await uow.messages.lock(message_id)
    task = tasks.get(found.receiver_task_id)
    if message is None or task is None or message.state is not MessageState.QUEUED:
        return None
    if message.expires_at is None or message.expires_at > uow.now:
        return None
    expired = replace(message, state=MessageState.EXPIRED, reason="nobody has taken it in its time")
    await uow.messages.update(expired)
    subject = Subject(workspace_id=task.workspace_id, project_id=task.project_id, task_id=task.id)
    id_, sender, receiver = between(expired)
    told = MessageExpired(message_id=id_, sender_task_id=sender, receiver_task_id=receiver)
    await uow.events.append(subject, [told], actor=lifecycle.ENGINE)
    return expired


async def end_wait(uow: UnitOfWork, found: MessageWait) -> MessageWait | None:
    """End a wait for what does not come any more, and let its execution go on; ``None`` when that is not so."""
    await uow.tasks.lock(found.workspace_id, [found.task_id])
    execution = await uow.executions.lock(found.execution_id)
    wait = await uow.waits.lock(found.id)
    if execution is None or wait is None or wait.status is not WaitStatus.WAITING:
        return None
    if execution.status in ENDED_EXECUTION:
        return None
    timed_out = wait.expires_at is not None and wait.expires_at <= uow.now
    reason = await _reason(uow, wait, execution, timed_out=timed_out)
    if reason is None:
        return None
    ended = replace(wait, status=WaitStatus.EXPIRED if timed_out else WaitStatus.ENDED, reason=reason)
    await uow.waits.put(ended)
    told = MessageWaitEnded(
        name=wait.name,
        request_id=None if wait.request_id is None else str(wait.request_id),
        timed_out=timed_out,
        reason=reason,
    )
    await uow.events.append(subject_of(execution), [told], actor=lifecycle.ENGINE)
    await lifecycle.resume_execution(uow, lifecycle.ENGINE, execution.id, f"{wait.name!r}: {reason}")
    return ended


async def _reason(uow: UnitOfWork, wait: MessageWait, execution: Execution, *, timed_out: bool) -> str | None:
    """Why what is waited for does not come; ``None`` when it still may."""
    if wait.kind is WaitKind.ANSWER:
        return await _no_answer(uow, wait, timed_out=timed_out)
    if not timed_out:
        return None
    there = await uow.messages.next_for(execution, wait.name, wait.types, (), uow.now)
    return "no message came in time" if there is None else None


async def _no_answer(uow: UnitOfWork, wait: MessageWait, *, timed_out: bool) -> str | None:
    if wait.request_id is not None and await uow.messages.answer_to(wait.request_id) is not None:
        return None
    if timed_out:
        return "nobody answered in time"
    asked = None if wait.request_id is None else await uow.messages.get(None, wait.request_id)
    if asked is None or asked.receiver_task_id is None:
        return "whoever was asked is not there any more"
    if asked.reason is not None:
        return asked.reason
    task = await uow.tasks.get(wait.workspace_id, asked.receiver_task_id)
    return f"{task.key} is {task.status} and has not answered" if task else "whoever was asked is not there any more"
