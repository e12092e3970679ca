"""Writing messages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.execution import Execution
from domain.message import MOST_OPEN, OPEN_MESSAGE, Message, MessageState, MessageType
from domain.states import ACTIVE_TASK, ENDED_TASK, StepStatus
from persistence.mappers import from_message, to_message
from persistence.tables import messages, steps, tasks

CHANGING = ("state", "delivered_to_id", "deliveries", "step", "reason", "delivered_at", "handled_at")


class MessageTable:
    """See :class:`domain.ports.MessageStore`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, workspace_id: UUID | None, message_id: UUID) -> Message | None:
        """The message, or ``None``; without a workspace for the engine itself."""
        found = select(messages).where(messages.c.id == message_id)
        if workspace_id is not None:
            found = found.where(messages.c.workspace_id == workspace_id)
        return await self._one(found)

    async def lock(self, message_id: UUID) -> Message | None:
        """Lock the message, or ``None``."""
        return await self._one(select(messages).where(messages.c.id == message_id).with_for_update())

    async def named(self, execution_id: UUID, name: str) -> Message | None:
        """What the execution has sent under this name, or ``None``."""
        return await self._one(
            select(messages).where(messages.c.sender_execution_id == execution_id, messages.c.name == name)
        )

    async def answer_to(self, request_id: UUID) -> Message | None:
        """The answer that was given to a request, or ``None``; one that came too late is none."""
        late = MessageState.UNDELIVERABLE.value
        return await self._one(
            select(messages).where(messages.c.in_reply_to == request_id, messages.c.state != late).limit(1)
        )

    async def next_for(
        self, execution: Execution, step: str, types: Collection[MessageType], but: Collection[UUID], now: datetime
    ) -> Message | None:
        """The first message that a step of the execution may get and that nobody has handled, locked, or ``None``."""
        to_it = or_(messages.c.receiver_execution_id.is_(None), messages.c.receiver_execution_id == execution.id)
        has_failed = exists().where(
            steps.c.execution_id == execution.id,
            steps.c.name == messages.c.step,
            steps.c.status == StepStatus.FAILED.value,
        )
        to_step = or_(
            messages.c.delivered_to_id.is_(None),
            messages.c.delivered_to_id != execution.id,
            messages.c.step == step,
            has_failed,
        )
        begun = messages.c.state == MessageState.DELIVERED.value  # whoever had it did not come to an end with it
        in_time = or_(begun, messages.c.expires_at.is_(None), messages.c.expires_at > now)
        found = (
            select(messages)
            .where(
                messages.c.receiver_task_id == execution.task_id,
                messages.c.type.in_([one.value for one in types]),
                messages.c.id.not_in(but),
                _open(),
                to_it,
                to_step,
                in_time,
            )
            .order_by(messages.c.sequence)
            .limit(1)
        )
        return await self._one(found.with_for_update())

    async def open_in(self, task_id: UUID) -> Sequence[Message]:
        """What nobody has handled yet in the mailbox of a task, locked, in its order."""
        found = select(messages).where(messages.c.receiver_task_id == task_id, _open()).order_by(messages.c.sequence)
        return await self._all(found.with_for_update())

    async def open_for(self, execution_id: UUID) -> Sequence[Message]:
        """What nobody has handled yet of the messages to this execution alone, locked, in their order."""
        to_it = messages.c.receiver_execution_id == execution_id
        return await self._all(select(messages).where(to_it, _open()).order_by(messages.c.sequence).with_for_update())

    async def is_full(self, task_id: UUID) -> bool:
        """Whether as many messages wait in the mailbox as it may hold."""
        limited = select(messages.c.id).where(messages.c.receiver_task_id == task_id, _open()).limit(MOST_OPEN)
        counted = select(func.count()).select_from(limited.subquery())
        return bool((await self._connection.execute(counted)).scalar_one() >= MOST_OPEN)

    async def next_sequence(self, task_id: UUID) -> int:
        """The number of the next message in the mailbox of a locked task."""
        last = select(func.coalesce(func.max(messages.c.sequence), 0)).where(messages.c.receiver_task_id == task_id)
        return int((await self._connection.execute(last)).scalar_one()) + 1

    async def due(self, now: datetime, limit: int) -> Sequence[Message]:
        """Messages that nobody has taken in their time, the oldest first, without a lock."""
        waits = messages.c.state == MessageState.QUEUED.value
        found = select(messages).where(waits, messages.c.expires_at <= now).order_by(messages.c.expires_at)
        return await self._all(found.limit(limit))

    async def in_tree(self, task_id: UUID, agent: str) -> UUID | None:
        """The task of this agent that :class:`domain.message.ToAgent` means, seen from a task, or ``None``."""
        above = select(tasks.c.id, tasks.c.parent_id).where(tasks.c.id == task_id).cte("above", recursive=True)
        above = above.union_all(select(tasks.c.id, tasks.c.parent_id).join(above, tasks.c.id == above.c.parent_id))
        root = select(above.c.id).where(above.c.parent_id.is_(None)).scalar_subquery()
        tree = select(tasks.c.id).where(tasks.c.id == root).cte("tree", recursive=True)
        tree = tree.union_all(select(tasks.c.id).join(tree, tasks.c.parent_id == tree.c.id))
        active = case((tasks.c.status.in_([one.value for one in ACTIVE_TASK]), 0), else_=1)
        found = (
            select(tasks.c.id)
            .join(tree, tree.c.id == tasks.c.id)
            .where(
                tasks.c.agent == agent,
                tasks.c.id != task_id,
                tasks.c.status.not_in([one.value for one in ENDED_TASK]),
            )
            .order_by(active, tasks.c.created_at, tasks.c.number)
            .limit(1)
        )
        return (await self._connection.execute(found)).scalar_one_or_none()

    async def insert(self, message: Message) -> None:
        """Add a message."""
        await self._connection.execute(insert(messages).values(from_message(message)))

    async def update(self, message: Message) -> None:
        """Write the state of a locked message."""
        row = from_message(message)
        values = {name: row[name] for name in CHANGING}
        await self._connection.execute(update(messages).where(messages.c.id == message.id).values(values))

    async def _one(self, found: Select[Any]) -> Message | None:
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return None if row is None else to_message(row)

    async def _all(self, found: Select[Any]) -> list[Message]:
        return [to_message(row) for row in (await self._connection.execute(found)).mappings()]


def _open() -> ColumnElement[bool]:
    return messages.c.state.in_(sorted(one.value for one in OPEN_MESSAGE))
