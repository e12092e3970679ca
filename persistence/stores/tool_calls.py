"""Writing the ledger of tool calls."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.execution import ToolCall
from domain.states import LEFT_OPEN, ToolCallState
from persistence.mappers import from_tool_call, to_tool_call
from persistence.tables import tool_calls

FIXED = frozenset({"id", "execution_id", "step_name", "tool", "attempt", "idempotency_key", "started_at"})


class ToolCallTable:
    """See :class:`domain.ports.ToolCallStore`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, call: ToolCall) -> None:
        """Insert or overwrite a call."""
        values = from_tool_call(call)
        changing = {name: value for name, value in values.items() if name not in FIXED}
        await self._connection.execute(
            upsert(tool_calls).values(values).on_conflict_do_update(index_elements=["id"], set_=changing)
        )

    async def latest(self, execution_id: UUID, idempotency_key: str) -> ToolCall | None:
        """The last attempt at a call of the execution, or ``None``."""
        found = (
            select(tool_calls)
            .where(tool_calls.c.execution_id == execution_id, tool_calls.c.idempotency_key == idempotency_key)
            .order_by(tool_calls.c.attempt.desc())
            .limit(1)
        )
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return None if row is None else to_tool_call(row)

    async def left_open(self, execution_id: UUID, step_name: str, tool: str, but: Collection[UUID]) -> ToolCall | None:
        """A call of the tool in the step, but for those named, that must not be repeated and whose end nobody saw."""
        found = (
            select(tool_calls)
            .where(
                tool_calls.c.execution_id == execution_id,
                tool_calls.c.step_name == step_name,
                tool_calls.c.tool == tool,
                tool_calls.c.repeatable.is_(False),
                tool_calls.c.state.in_([state.value for state in LEFT_OPEN]),
                tool_calls.c.id.not_in(but),
            )
            .order_by(tool_calls.c.started_at, tool_calls.c.id)
            .limit(1)
        )
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return None if row is None else to_tool_call(row)

    async def under_way(self, execution_id: UUID) -> list[ToolCall]:
        """The calls of the execution that have begun and not ended, the oldest first."""
        found = (
            select(tool_calls)
            .where(tool_calls.c.execution_id == execution_id, tool_calls.c.state == ToolCallState.STARTED.value)
            .order_by(tool_calls.c.started_at, tool_calls.c.id)
        )
        return [to_tool_call(row) for row in (await self._connection.execute(found)).mappings()]
