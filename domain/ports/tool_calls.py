"""Where the calls of tools are recorded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from domain.execution import ToolCall


class ToolCallStore(Protocol):
    """The ledger of tool calls."""

    async def put(self, call: ToolCall) -> None:
        """Insert or overwrite a call."""

    async def latest(self, execution_id: UUID, idempotency_key: str) -> ToolCall | None:
        """The last attempt at a call of the execution, or ``None``."""

    async def left_open(self, execution_id: UUID, step_name: str, tool: str, but: Collection[UUID]) -> ToolCall | None:
        """A call of the tool in the step, but for those named, that must not be repeated and whose end nobody saw."""

    async def under_way(self, execution_id: UUID) -> Sequence[ToolCall]:
        """The calls of the execution that have begun and not ended, the oldest first."""
