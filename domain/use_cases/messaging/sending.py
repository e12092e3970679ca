"""Sending: by an agent while it works, or by a person.

The tasks of sender and receiver are locked first, in the order of their ids, so that two who write to each other do not
wait for each other; then the executions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.actor import Actor, Permission
from domain.commands import SendMessage
from domain.errors import Invalid, LeaseLost, MessageUndeliverable, NotFound
from domain.events import Subject
from domain.lease import Lease
from domain.message import (
    ANSWERS,
    MOST_CONTENT,
    MOST_METADATA,
    Message,
    MessageDraft,
    MessageState,
    MessageType,
    ToAgent,
    ToExecution,
    ToTask,
    WaitStatus,
)
from domain.ports import UnitOfWork
from domain.states import ENDED_EXECUTION, ENDED_TASK, WAITING_EXECUTION
from domain.task import Task
from domain.text import check_document
from domain.use_cases import lifecycle
from domain.use_cases.messaging.told import sent


@dataclass(frozen=True, slots=True, kw_only=True)
class _Receiver:
    """Where a message goes: to a mailbox, or to a person; with neither there is nobody, and ``reason`` says why."""

    address: str
    task_id: UUID | None = None
    execution_id: UUID | None = None
    actor: str | None = None
    reason: str | None = None


async def send(uow: UnitOfWork, lease: Lease, draft: MessageDraft) -> Message:
    """Send a message under its name; what was sent under it before, by an earlier segment, is not sent again.

    Raises:
        Invalid: something else was sent under the name, or it answers what is no request to this task.
        LeaseLost: another worker has the execution by now.
    """
    known = await uow.messages.named(lease.execution_id, draft.name or "")
    if known is not None:
        if known.digest != draft.digest:
            raise Invalid(
                f"The agent has sent {draft.name!r} before, with other content or to somebody else. "
                "What was sent stays as it is: take what changes out of the message, or let a step record it."
            )
        return known
    (message,) = await post(uow, lease, [draft])
    return message


async def post(uow: UnitOfWork, lease: Lease, drafts: Sequence[MessageDraft]) -> list[Message]:
    """Send messages of a running execution, in their order. Nothing of it may be locked before.

    Raises:
        Invalid: one answers what is no request to this task.
        LeaseLost: another worker has the execution by now.
    """
    receivers = [await _receiver(uow, lease, draft) for draft in drafts]
    own_id = lease.subject.task_id
    wanted = {one.task_id for one in receivers if one.task_id is not None}
    tasks = await uow.tasks.lock(lease.subject.workspace_id, {*wanted, *([] if own_id is None else [own_id])})
    execution = await uow.executions.get(lease.subject.workspace_id, lease.execution_id)
    if execution is None:
        raise LeaseLost(lease.execution_id)
    posted = []
    for draft, found in zip(drafts, receivers, strict=True):
        # Under the locks it is looked again whether the answer is the first, and still wanted.
        receiver = found if draft.in_reply_to is None else await _receiver(uow, lease, draft)
        message = Message(
            id=uow.new_id(),
            workspace_id=execution.workspace_id,
            type=draft.type,
            sender=execution.agent,
            sender_task_id=execution.task_id,
            sender_execution_id=execution.id,
            receiver=receiver.address,
            receiver_task_id=receiver.task_id,
            receiver_execution_id=receiver.execution_id,
            receiver_actor=receiver.actor,
            name=draft.name,
            digest=draft.digest,
            content=draft.content,
            metadata=draft.metadata,
            in_reply_to=draft.in_reply_to,
            expires_at=None if draft.expires_in is None else uow.now + draft.expires_in,
            sent_at=uow.now,
        )
        message = await _addressed(uow, message, receiver, tasks)
        await uow.events.append(lease.subject, sent(message), actor=lease.actor, epoch=lease.epoch)
        await uow.messages.insert(message)
        posted.append(message)
    for message in posted:
        await _wake_receiver(uow, message)
    return posted


async def send_message(uow: UnitOfWork, actor: Actor, command: SendMessage) -> Message:
    """Say something to the agent of a task; a request gets its answer in the same list of messages.

    Raises:
        Denied, NotFound: as their names say.
        Invalid: its type, size or time cannot be accepted.
        MessageUndeliverable: the task or the execution has ended, or the mailbox is full.
    """
    actor.require(Permission.SEND_MESSAGES)
    _check(command)
    task_id, field = command.task_id, "taskId"
    if command.execution_id is not None:
        field = "executionId"
        execution = await uow.executions.get(actor.workspace_id, command.execution_id)
        if execution is None:
            raise NotFound("execution", str(command.execution_id), path=("input", field))
        task_id = execution.task_id
    tasks = await uow.tasks.lock(actor.workspace_id, [] if task_id is None else [task_id])
    task = tasks.get(task_id) if task_id is not None else None
    if task is None:
        raise NotFound("task", str(task_id), path=("input", field))
    message = Message(
        id=uow.new_id(),
        workspace_id=task.workspace_id,
        type=command.type,
        sender=actor.id,
        sender_actor=actor.id,
        receiver=str(ToTask(task.key)),
        receiver_task_id=task.id,
        receiver_execution_id=command.execution_id,
        content=command.content,
        metadata=command.metadata,
        expires_at=None if command.expires_in is None else uow.now + command.expires_in,
        sent_at=uow.now,
    )
    receiver = _Receiver(address=message.receiver, task_id=task.id, execution_id=command.execution_id)
    message = await _addressed(uow, message, receiver, tasks)
    if message.reason is not None:
        raise MessageUndeliverable(task, message.reason, path=("input", field))
    subject = Subject(workspace_id=task.workspace_id, project_id=task.project_id, task_id=task.id)
    await uow.events.append(subject, sent(message), actor=actor.id)
    await uow.messages.insert(message)
    await _wake_receiver(uow, message)
    return message


def _check(command: SendMessage) -> None:
    if command.type in ANSWERS:
        raise Invalid("A person sends INFORM or REQUEST; answers are given by agents.", path=("input", "type"))
    if command.expires_in is not None and not command.expires_in:
        raise Invalid("expiresIn must be more than nothing.", path=("input", "expiresIn"))
    check_document({"content": command.content}, "content", most=MOST_CONTENT)
    check_document(command.metadata, "metadata", most=MOST_METADATA)


async def _receiver(uow: UnitOfWork, lease: Lease, draft: MessageDraft) -> _Receiver:
    """Who is meant, as things are before anything is locked."""
    workspace_id = lease.subject.workspace_id
    if draft.in_reply_to is not None:
        return await _asker(uow, lease, draft.in_reply_to)
    address = str(draft.to)
    if isinstance(draft.to, ToTask):
        task = await uow.tasks.with_key(workspace_id, draft.to.key)
        if task is not None:
            return _Receiver(address=address, task_id=task.id)
    elif isinstance(draft.to, ToExecution):
        execution = await uow.executions.get(workspace_id, draft.to.id)
        if execution is not None:
            return _Receiver(address=address, task_id=execution.task_id, execution_id=execution.id)
    elif isinstance(draft.to, ToAgent) and lease.subject.task_id is not None:
        task_id = await uow.messages.in_tree(lease.subject.task_id, draft.to.kind)
        if task_id is not None:
            return _Receiver(address=address, task_id=task_id)
        return _Receiver(address=address, reason=f"no task of the {address} in this tree of tasks waits or is at work")
    return _Receiver(address=address, reason=f"there is no {address} here")


async def _asker(uow: UnitOfWork, lease: Lease, request_id: UUID) -> _Receiver:
    request = await uow.messages.get(lease.subject.workspace_id, request_id)
    if request is None or request.type is not MessageType.REQUEST or request.receiver_task_id != lease.subject.task_id:
        raise Invalid("The agent answers a message that is no request to its task.")
    if await uow.messages.answer_to(request.id) is not None:
        return _Receiver(address=request.sender, reason="the request has been answered before")
    if request.sender_actor is not None:
        return _Receiver(address=request.sender, actor=request.sender_actor)
    wait = await uow.waits.on(request.id)
    if wait is None or wait.status is not WaitStatus.WAITING:
        return _Receiver(address=request.sender, reason="nobody waits for the answer any more")
    return _Receiver(address=request.sender, task_id=wait.task_id, execution_id=wait.execution_id)


async def _addressed(uow: UnitOfWork, message: Message, receiver: _Receiver, tasks: Mapping[UUID, Task]) -> Message:
    """The message with its place in the mailbox, or with the reason why it has none."""
    if receiver.actor is not None:
        return replace(message, state=MessageState.DELIVERED, delivered_at=uow.now)
    reason = receiver.reason or await _closed(uow, receiver, tasks)
    if reason is not None:
        return replace(message, state=MessageState.UNDELIVERABLE, reason=reason)
    assert receiver.task_id is not None  # noqa: S101 - nobody without a reason
    return replace(message, sequence=await uow.messages.next_sequence(receiver.task_id))


async def _closed(uow: UnitOfWork, receiver: _Receiver, tasks: Mapping[UUID, Task]) -> str | None:
    """Why a mailbox takes nothing more, if that is so. Its task is locked."""
    task = None if receiver.task_id is None else tasks.get(receiver.task_id)
    if task is None:
        return f"there is no {receiver.address} here any more"
    if task.status in ENDED_TASK:
        return f"{task.key} is {task.status}"
    if receiver.execution_id is not None:
        execution = await uow.executions.get(task.workspace_id, receiver.execution_id)
        if execution is None or execution.status in ENDED_EXECUTION:
            return f"that execution of {task.key} has ended"
    if await uow.messages.is_full(task.id):
        return f"the mailbox of {task.key} is full"
    return None


async def _wake_receiver(uow: UnitOfWork, message: Message) -> None:
    """Send the execution on its way that waits for the message. Its task is locked."""
    if message.state is not MessageState.QUEUED or message.receiver_task_id is None:
        return
    live = await uow.executions.live_of(message.receiver_task_id)
    if live is None or live.status not in WAITING_EXECUTION:
        return
    if any(wait.wants(message) for wait in await uow.waits.pending_of(live.id)):
        await lifecycle.resume_execution(uow, lifecycle.ENGINE, live.id, f"a message of {message.sender} has come")
