"""Receiving: the next message of a mailbox, and the answer to a request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from domain.errors import LeaseLost
from domain.events import MessageDelivered, MessageHandled
from domain.execution import Execution
from domain.lease import Lease
from domain.message import Message, MessageDraft, MessageState, MessageType, MessageWait, WaitKind, WaitStatus
from domain.ports import UnitOfWork
from domain.states import ExecutionStatus
from domain.use_cases.messaging.sending import send
from domain.use_cases.messaging.told import between


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The next message, as an agent wants it. ``name`` is that of the step which handles it."""

    name: str
    types: tuple[MessageType, ...]
    within: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that was sent. Without a ``wait`` it could not be delivered."""

    request: Message
    wait: MessageWait | None


async def take(
    uow: UnitOfWork, lease: Lease, wanted: Wanted, but: Collection[UUID] = ()
) -> tuple[Message | None, MessageWait | None]:
    """The first message that will do, which is delivered with that; without one, the wait for it.

    A message stays in the mailbox until the step that handles it has succeeded: see :func:`handled`. After a crash the
    same step gets it again. ``but`` are those that other branches of the agent have in hand.

    Raises:
        LeaseLost: another worker has the execution by now.
    """
    execution = await _fenced(uow, lease)
    wait = await uow.waits.get(execution.id, WaitKind.MESSAGE, wanted.name)
    if wait is not None and wait.status is WaitStatus.EXPIRED:
        return None, wait
    message = await uow.messages.next_for(execution, wanted.name, wanted.types, but, uow.now)
    if message is None:
        wait = wait or _wait(uow, execution, WaitKind.MESSAGE, wanted.name, within=wanted.within)
        wait = replace(wait, status=WaitStatus.WAITING, types=wanted.types)
        await uow.waits.put(wait)
        return None, wait
    taken = replace(
        message,
        state=MessageState.DELIVERED,
        delivered_to_id=execution.id,
        step=wanted.name,
        deliveries=message.deliveries + 1,
        delivered_at=uow.now,
    )
    await uow.events.append(lease.subject, [_delivered(taken)], actor=lease.actor, epoch=lease.epoch)
    await uow.messages.update(taken)
    if wait is not None:
        await uow.waits.put(replace(wait, status=WaitStatus.MET))
    return taken, None


async def handled(uow: UnitOfWork, lease: Lease, message_id: UUID, step: str) -> None:
    """Note, in the transaction that records the success of a step, that the step has handled the message.

    Raises:
        LeaseLost: it is not the message of this execution (any more).
    """
    found = await uow.messages.get(lease.subject.workspace_id, message_id)
    if found is None:
        raise LeaseLost(lease.execution_id)
    id_, sender, receiver = between(found)
    told = MessageHandled(message_id=id_, sender_task_id=sender, receiver_task_id=receiver, step=step)
    await uow.events.append(lease.subject, [told], actor=lease.actor, epoch=lease.epoch)  # which locks the execution
    message = await uow.messages.lock(message_id)
    mine = message is not None and message.delivered_to_id == lease.execution_id
    if message is None or not mine or message.state is not MessageState.DELIVERED:
        raise LeaseLost(lease.execution_id)
    await uow.messages.update(replace(message, state=MessageState.HANDLED, step=step, handled_at=uow.now))


async def request(uow: UnitOfWork, lease: Lease, draft: MessageDraft) -> Asked:
    """Send a request, or find the one that was sent, with the wait for its answer.

    Raises:
        Invalid, LeaseLost: see :func:`send`.
    """
    message = await send(uow, lease, draft)
    name = draft.name or ""
    known = await uow.waits.get(lease.execution_id, WaitKind.ANSWER, name)
    if known is not None or message.state is MessageState.UNDELIVERABLE:
        return Asked(request=message, wait=known)
    execution = await _fenced(uow, lease)
    wait = _wait(uow, execution, WaitKind.ANSWER, name, request_id=message.id)
    wait = replace(wait, expires_at=message.expires_at)
    await uow.waits.put(wait)
    return Asked(request=message, wait=wait)


async def answer(uow: UnitOfWork, lease: Lease, request: Message) -> Message | None:
    """The answer to a request of the execution, if it is there; with that it is delivered and handled.

    It stays the answer: a run after a crash gets the same.

    Raises:
        LeaseLost: another worker has the execution by now.
    """
    execution = await _fenced(uow, lease)
    found = await uow.messages.answer_to(request.id)
    if found is None or found.state is not MessageState.QUEUED:
        return found
    done = replace(
        found,
        state=MessageState.HANDLED,
        delivered_to_id=execution.id,
        deliveries=1,
        delivered_at=uow.now,
        handled_at=uow.now,
    )
    message_id, sender, receiver = between(done)
    told = MessageHandled(message_id=message_id, sender_task_id=sender, receiver_task_id=receiver)
    await uow.events.append(lease.subject, [_delivered(done), told], actor=lease.actor, epoch=lease.epoch)
    await uow.messages.update(done)
    wait = await uow.waits.on(request.id)
    if wait is not None:
        await uow.waits.put(replace(wait, status=WaitStatus.MET))
    return done


async def _fenced(uow: UnitOfWork, lease: Lease) -> Execution:
    execution = await uow.executions.lock(lease.execution_id)
    if execution is None or execution.epoch != lease.epoch or execution.status is not ExecutionStatus.RUNNING:
        raise LeaseLost(lease.execution_id)
    return execution


def _wait(
    uow: UnitOfWork,
    execution: Execution,
    kind: WaitKind,
    name: str,
    *,
    within: timedelta | None = None,
    request_id: UUID | None = None,
) -> MessageWait:
    return MessageWait(
        id=uow.new_id(),
        workspace_id=execution.workspace_id,
        task_id=execution.task_id,
        execution_id=execution.id,
        kind=kind,
        name=name,
        request_id=request_id,
        began_at=uow.now,
        expires_at=None if within is None else uow.now + within,
    )


def _delivered(message: Message) -> MessageDelivered:
    message_id, sender, receiver = between(message)
    return MessageDelivered(
        message_id=message_id, sender_task_id=sender, receiver_task_id=receiver, delivery=message.deliveries
    )
