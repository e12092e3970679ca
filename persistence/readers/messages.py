"""Reading messages, and what tasks wait for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select

from domain.message import Message, MessageState, MessageWait, WaitStatus
from domain.pages import Page, PageRequest
from persistence.keyset import Ordering, read_pages
from persistence.mappers import to_message, to_wait
from persistence.readers.lookup import Lookup
from persistence.readers.session import ReadSession
from persistence.selects import among
from persistence.tables import message_waits, messages

AS_SENT = Ordering((messages.c.sent_at, messages.c.id))
MESSAGES_BY_ID = Lookup(select(messages), messages.c.id, to_message, messages.c.workspace_id)


class MessageReader(ReadSession):
    """The part of :class:`domain.ports.Reader` that is about messages."""

    async def messages_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Message | None]:
        """By id."""
        return await MESSAGES_BY_ID.find(self, ids, workspace_id)

    async def messages_of_tasks(
        self, workspace_id: UUID, task_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[Message]]:
        """What each task's mailbox got, and what was sent for the task, the oldest first."""
        places = (messages.c.receiver_task_id, messages.c.sender_task_id)
        return await self._pages(workspace_id, places, task_ids, page)

    async def messages_of_executions(
        self, workspace_id: UUID, execution_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[Message]]:
        """What each execution has sent and taken, and what was sent to it alone, the oldest first."""
        places = (
            messages.c.sender_execution_id,
            messages.c.delivered_to_id,
            messages.c.receiver_execution_id,
        )
        return await self._pages(workspace_id, places, execution_ids, page)

    async def answers_to(self, workspace_id: UUID, request_ids: Sequence[UUID]) -> list[Message | None]:
        """The answer to each request, ``None`` where there is none; one that came too late is none."""
        wanted = select(messages).where(
            messages.c.workspace_id == workspace_id,
            among(messages.c.in_reply_to, request_ids),
            messages.c.state != MessageState.UNDELIVERABLE.value,
        )
        async with self.connection() as connection:
            found = {row["in_reply_to"]: to_message(row) for row in await connection.rows(wanted)}
        return [found.get(request_id) for request_id in request_ids]

    async def pending_waits(self, workspace_id: UUID, task_ids: Sequence[UUID]) -> list[list[MessageWait]]:
        """The messages that each task waits for, in the order in which it began to."""
        wanted = (
            select(message_waits)
            .where(
                message_waits.c.workspace_id == workspace_id,
                among(message_waits.c.task_id, task_ids),
                message_waits.c.status == WaitStatus.WAITING.value,
            )
            .order_by(message_waits.c.began_at, message_waits.c.id)
        )
        found: dict[UUID, list[MessageWait]] = {}
        async with self.connection() as connection:
            for row in await connection.rows(wanted):
                found.setdefault(row["task_id"], []).append(to_wait(row))
        return [found.get(task_id, []) for task_id in task_ids]

    async def _pages(
        self, workspace_id: UUID, places: Sequence[ColumnElement[UUID]], parents: Sequence[UUID], page: PageRequest
    ) -> list[Page[Message]]:
        def of(parent_id: ColumnElement[UUID]) -> Select[Any]:
            here = or_(*(place == parent_id for place in places))
            return select(messages).where(messages.c.workspace_id == workspace_id, here)

        async with self.connection() as connection:
            return await read_pages(connection, of, parents, AS_SENT, page, to_message)
