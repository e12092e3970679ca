"""Where it is kept which tasks an execution has started."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from domain.child import ChildOutcome, Orphan


class ChildStore(Protocol):
    """The children of executions, in batches that have names: a batch is waited for as a whole.

    A batch is *awaited* until its outcomes were handed over.
    """

    async def positions(self, execution_id: UUID, batch: str) -> set[int]:
        """Which children of the batch have been started."""

    async def count(self, execution_id: UUID) -> int:
        """How many children the execution has in all."""

    async def insert(self, execution_id: UUID, batch: str, task_ids: Mapping[int, UUID]) -> None:
        """Note children that have been started, by their place in the batch."""

    async def open_batches(self, execution_id: UUID) -> dict[str, int]:
        """Batches of which a child has not ended, with the number of those."""

    async def await_only(self, execution_id: UUID, batches: Collection[str]) -> None:
        """Say which batches the execution waits for: nobody waits for what has ended of others any more."""

    async def outcomes(self, execution_id: UUID, batch: str) -> list[ChildOutcome]:
        """How the children of the batch stand, in their order."""

    async def handed_over(self, execution_id: UUID, batch: str) -> None:
        """Nobody waits for the batch any more."""

    async def ready(self, limit: int) -> list[UUID]:
        """Executions that wait, and of which an awaited batch has ended as a whole."""

    async def orphans(self, limit: int) -> Sequence[Orphan]:
        """Awaited children of executions that have ended."""

    async def let_go(self, orphan: Orphan) -> None:
        """Nobody waits for this child any more."""
