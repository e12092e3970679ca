"""Writing what executions wait for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.message import MessageState, MessageWait, WaitKind, WaitStatus
from domain.states import ENDED_TASK
from persistence.mappers import from_wait, to_wait
from persistence.tables import message_waits, messages, tasks

CHANGING = ("types", "request_id", "status", "reason")


class MessageWaitTable:
    """See :class:`domain.ports.WaitStore`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, execution_id: UUID, kind: WaitKind, name: str) -> MessageWait | None:
        """The execution's wait under this name, or ``None``."""
        own = (message_waits.c.execution_id == execution_id, message_waits.c.kind == kind.value)
        return await self._one(select(message_waits).where(*own, message_waits.c.name == name))

    async def lock(self, wait_id: UUID) -> MessageWait | None:
        """Lock the wait, or ``None``."""
        return await self._one(select(message_waits).where(message_waits.c.id == wait_id).with_for_update())

    async def on(self, request_id: UUID) -> MessageWait | None:
        """The wait for the answer to a request, or ``None``."""
        return await self._one(select(message_waits).where(message_waits.c.request_id == request_id))

    async def pending_of(self, execution_id: UUID) -> Sequence[MessageWait]:
        """What the execution waits for, in the order in which it began to."""
        found = select(message_waits).where(message_waits.c.execution_id == execution_id, _pending())
        return await self._all(found.order_by(message_waits.c.began_at, message_waits.c.id))

    async def due(self, now: datetime, limit: int) -> Sequence[MessageWait]:
        """Waits whose time has passed, the oldest first, without a lock."""
        found = select(message_waits).where(_pending(), message_waits.c.expires_at <= now)
        return await self._all(found.order_by(message_waits.c.expires_at).limit(limit))

    async def hopeless(self, limit: int) -> Sequence[MessageWait]:
        """Waits for answers that nobody is left to give, without a lock."""
        answers = messages.alias("answers")
        late = MessageState.UNDELIVERABLE.value
        answered = exists().where(answers.c.in_reply_to == message_waits.c.request_id, answers.c.state != late)
        asked = message_waits.outerjoin(messages, messages.c.id == message_waits.c.request_id)
        asked = asked.outerjoin(tasks, tasks.c.id == messages.c.receiver_task_id)
        nobody = or_(
            tasks.c.id.is_(None),
            tasks.c.status.in_([one.value for one in ENDED_TASK]),
            messages.c.state.in_([late, MessageState.EXPIRED.value]),
        )
        of_answers = message_waits.c.kind == WaitKind.ANSWER.value
        found = select(message_waits).select_from(asked).where(_pending(), of_answers, nobody, ~answered)
        return await self._all(found.order_by(message_waits.c.began_at).limit(limit))

    async def put(self, wait: MessageWait) -> None:
        """Insert or overwrite a wait."""
        row = from_wait(wait)
        changed = {name: row[name] for name in CHANGING}
        await self._connection.execute(
            upsert(message_waits).values(row).on_conflict_do_update(index_elements=["id"], set_=changed)
        )

    async def forget(self, execution_id: UUID) -> None:
        """Remove all that an ended execution has waited for."""
        await self._connection.execute(delete(message_waits).where(message_waits.c.execution_id == execution_id))

    async def _one(self, found: Select[Any]) -> MessageWait | None:
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return None if row is None else to_wait(row)

    async def _all(self, found: Select[Any]) -> list[MessageWait]:
        return [to_wait(row) for row in (await self._connection.execute(found)).mappings()]


def _pending() -> ColumnElement[bool]:
    return message_waits.c.status == WaitStatus.WAITING.value
