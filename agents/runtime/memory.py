"""The memory of an execution: each change is fenced by its lease, and secrets are taken out of what is put down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from agents.contract import ToolFailure
from domain.errors import Rejection
from domain.lease import Lease
from domain.memory import Memory, MemoryScope, Recalled
from domain.ports import Clock, Transactor, UnitOfWork
from domain.recovery import ErrorClass
from domain.redaction import Redactor
from domain.use_cases.agent_memory import AgentNote, forget_as_agent, recall_again, recall_as_agent, remember_as_agent
from domain.use_cases.memory import Question

Answer = TypeVar("Answer")


class ExecutionMemory:
    """See :class:`agents.contract.CallMemory`; ``key`` is that of the call."""

    def __init__(
        self, agent: str, lease: Lease, key: str, transactor: Transactor, clock: Clock, redactor: Redactor
    ) -> None:
        self._agent = agent
        self._lease = lease
        self._key = key
        self._transactor = transactor
        self._clock = clock
        self._redactor = redactor

    async def remember(
        self, content: str, *, scope: MemoryScope, kind: str | None, tags: Sequence[str], expires_in: timedelta | None
    ) -> Memory:
        """Keep a text; the call is its source."""
        note = AgentNote(
            scope=scope,
            content=self._redactor.text(content),
            kind=kind,
            tags=tuple(self._redactor.text(tag) for tag in tags),
            expires_at=None if expires_in is None else self._clock.now() + expires_in,
            key=self._key,
        )
        return await self._do(lambda uow: remember_as_agent(uow, self._lease, self._agent, note))

    async def recall(self, question: str, *, scope: MemoryScope | None, first: int) -> list[Recalled]:
        """What fits a question, the best first."""
        asked = Question(text=question, most=first)
        return await self._do(lambda uow: recall_as_agent(uow, self._lease, self._agent, asked, scope))

    async def again(self, memory_ids: Sequence[UUID]) -> list[Memory]:
        """Those of the memories that are still there, in this order, as they are now."""
        return await self._do(lambda uow: recall_again(uow, self._lease, self._agent, memory_ids))

    async def forget(self, memory_id: UUID) -> None:
        """Erase a memory that agents of this kind have put down."""
        await self._do(lambda uow: forget_as_agent(uow, self._lease, self._agent, memory_id))

    async def _do(self, work: Callable[[UnitOfWork], Awaitable[Answer]]) -> Answer:
        try:
            return await self._transactor.run(work)
        except Rejection as rejection:
            raise ToolFailure(rejection.message, error_class=ErrorClass.BAD_INPUT) from None
