"""Where memories are kept and found, and what makes vectors of texts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from domain.memory import Memory, MemoryFilter, MemoryPlace, MemorySearch, Recalled

Vector = Sequence[float]


class Embedder(Protocol):
    """Makes a vector of a text: texts that mean the same have vectors of nearly the same direction."""

    @property
    def model(self) -> str | None:
        """What the vectors are by; ``None`` when there is no model here, and :meth:`embed` answers nothing."""

    @property
    def problem(self) -> str | None:
        """Why there is no model, in words for a person, or ``None``."""

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A normalised vector of 384 numbers for each text, or none at all."""


class MemoryStore(Protocol):
    """The memories of workspaces. What has expired is not recalled, but can be corrected and erased."""

    async def insert(self, memory: Memory, vectors: Sequence[Vector], model: str | None) -> bool:
        """Keep a memory with the vectors of its pieces; ``False`` when its place has one of this text already."""

    async def like(self, workspace_id: UUID, place: MemoryPlace, content: str) -> Memory | None:
        """The memory of exactly this text in the place, locked, or ``None``."""

    async def get(self, workspace_id: UUID, memory_id: UUID) -> Memory | None:
        """The memory, locked, or ``None``."""

    async def replace(self, memory: Memory, vectors: Sequence[Vector], model: str | None) -> None:
        """Overwrite a locked memory, its text and its vectors: nothing of the older text is left in a live row."""

    async def relabel(self, memory: Memory) -> None:
        """Overwrite a locked memory whose text stays: its kind, its tags, and when it expires."""

    async def erase(self, workspace_id: UUID, memory_ids: Collection[UUID]) -> int:
        """Remove memories with all that was made of them; how many there were."""

    async def lock_all(self, workspace_id: UUID, which: MemoryFilter, most: int) -> list[Memory]:
        """The memories that fit and have not expired, locked, at most so many."""

    async def erase_expired(self, workspace_id: UUID, which: MemoryFilter) -> None:
        """Remove the memories that fit and have expired, however many, with all that was made of them."""

    async def recall(
        self,
        workspace_id: UUID,
        question: str,
        vector: Vector | None,
        model: str | None,
        which: MemoryFilter,
        most: int,
    ) -> list[Recalled]:
        """What fits the question, the best first."""

    async def those(self, workspace_id: UUID, memory_ids: Sequence[UUID], which: MemoryFilter) -> list[Memory]:
        """Those of the memories that are still there and fit, in the order of the ids."""

    async def without_vectors(self, model: str, most: int) -> list[Memory]:
        """Memories of any workspace that have no vectors of the model, the newest first; none where they cannot be
        kept."""

    async def put_vectors(self, memory: Memory, vectors: Sequence[Vector], model: str) -> None:
        """Keep the vectors of a memory, unless its text has changed meanwhile or it is gone."""

    async def search_facts(self, workspace_id: UUID, model: str | None) -> MemorySearch:
        """What there is to find memories by."""
