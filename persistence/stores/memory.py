"""Writing memories, and what they are found by."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, Select, Text, cast, delete, func, insert, literal, not_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.memory import Memory, MemoryFilter, MemoryPlace, MemorySearch, Recalled, digest
from domain.ports import Vector
from persistence.mappers import from_memory, to_memory
from persistence.memory.equipment import TABLES, problems_of
from persistence.memory.search import CONFIGURATION, Search, written
from persistence.memory.selects import alive, fitting, select_memories
from persistence.selects import among
from persistence.tables import memories, memory_trigrams, memory_vectors
from persistence.tables.memory import VectorType

FIXED = frozenset({"id", "workspace_id", "created_at"})


class MemoryTable:
    """See :class:`domain.ports.MemoryStore`."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._tables: frozenset[str] | None = None

    async def insert(self, memory: Memory, vectors: Sequence[Vector], model: str | None) -> bool:
        """Keep a memory with the vectors of its pieces; ``False`` when its place has one of this text already."""
        new = (
            upsert(memories)
            .values({**from_memory(memory), "words": _words(memory)})
            .on_conflict_do_nothing(index_elements=["workspace_id", "place", "content_sha256"])
            .returning(memories.c.id)
        )
        if (await self._connection.execute(new)).first() is None:
            return False
        await self._index(memory, vectors, model)
        return True

    async def like(self, workspace_id: UUID, place: MemoryPlace, content: str) -> Memory | None:
        """The memory of exactly this text in the place, locked, or ``None``."""
        same = (memories.c.place == place.key, memories.c.content_sha256 == digest(content))
        return await self._one(select_memories().where(memories.c.workspace_id == workspace_id, *same))

    async def get(self, workspace_id: UUID, memory_id: UUID) -> Memory | None:
        """The memory, locked, or ``None``."""
        found = select_memories().where(memories.c.workspace_id == workspace_id, memories.c.id == memory_id)
        return await self._one(found)

    async def replace(self, memory: Memory, vectors: Sequence[Vector], model: str | None) -> None:
        """Overwrite a locked memory, its text and its vectors."""
        await self.relabel(memory)
        for name, table in (("pg_trgm", memory_trigrams), ("vector", memory_vectors)):
            if await self._has(name):
                await self._connection.execute(delete(table).where(table.c.memory_id == memory.id))
        await self._index(memory, vectors, model)

    async def relabel(self, memory: Memory) -> None:
        """Overwrite a locked memory whose text stays; its tags are found like its text."""
        changing = {name: value for name, value in from_memory(memory).items() if name not in FIXED}
        written_anew = update(memories).where(memories.c.id == memory.id).values(**changing, words=_words(memory))
        await self._connection.execute(written_anew)

    async def erase(self, workspace_id: UUID, memory_ids: Collection[UUID]) -> int:
        """Remove memories; what they are found by goes with them."""
        gone = delete(memories).where(memories.c.workspace_id == workspace_id, among(memories.c.id, memory_ids))
        result: CursorResult[Any] = await self._connection.execute(gone)
        return result.rowcount

    async def lock_all(self, workspace_id: UUID, which: MemoryFilter, most: int) -> list[Memory]:
        """The memories that fit and have not expired, locked, at most so many."""
        wanted = (*fitting(workspace_id, which), alive(self._now))
        found = select_memories().where(*wanted).order_by(memories.c.id).limit(most)
        return await self._all(found.with_for_update())

    async def erase_expired(self, workspace_id: UUID, which: MemoryFilter) -> None:
        """Remove the memories that fit and have expired, however many; what they are found by goes with them."""
        await self._connection.execute(delete(memories).where(*fitting(workspace_id, which), not_(alive(self._now))))

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
        search = Search(self._connection, self._now, workspace_id, which)
        return await search.recall(question, vector, model, most)

    async def those(self, workspace_id: UUID, memory_ids: Sequence[UUID], which: MemoryFilter) -> list[Memory]:
        """Those of the memories that are still there and fit, in the order of the ids."""
        wanted = (*fitting(workspace_id, which), alive(self._now), among(memories.c.id, memory_ids))
        found = {memory.id: memory for memory in await self._all(select_memories().where(*wanted))}
        return [found[one] for one in memory_ids if one in found]

    async def without_vectors(self, model: str, most: int) -> list[Memory]:
        """Memories of any workspace that have no vectors of the model, the newest first."""
        if not await self._has("vector"):
            return []
        waiting = select_memories().where(_without(model), alive(self._now))
        return await self._all(waiting.order_by(memories.c.created_at.desc()).limit(most))

    async def put_vectors(self, memory: Memory, vectors: Sequence[Vector], model: str) -> None:
        """Keep the vectors of a memory, unless its text has changed meanwhile or it is gone."""
        same = (memories.c.id == memory.id, memories.c.content_sha256 == digest(memory.content))
        there = await self._connection.execute(select(memories.c.id).where(*same).with_for_update())
        if there.first() is not None:
            gone = delete(memory_vectors).where(memory_vectors.c.memory_id == memory.id)
            await self._connection.execute(gone)
            await self._put_vectors(memory, vectors, model)

    async def search_facts(self, workspace_id: UUID, model: str | None) -> MemorySearch:
        """What there is to find memories by."""
        extensions = await self._connection.execute(text("SELECT extname FROM pg_extension"))
        problems = problems_of(frozenset(extensions.scalars()), await self._there())
        vector = await self._has("vector")
        of = (memories.c.workspace_id == workspace_id, alive(self._now))
        count = select(func.count()).select_from(memories).where(*of)
        waiting = 0
        if vector and model is not None:
            waiting = (await self._connection.execute(count.where(_without(model)))).scalar_one()
        return MemorySearch(
            trigram=await self._has("pg_trgm"),
            vector=vector and model is not None,
            model=model,
            memories=(await self._connection.execute(count)).scalar_one(),
            waiting=waiting,
            problems=problems,
        )

    async def _index(self, memory: Memory, vectors: Sequence[Vector], model: str | None) -> None:
        if await self._has("pg_trgm"):
            row = {"memory_id": memory.id, "content": memory.content}
            await self._connection.execute(upsert(memory_trigrams).values(row).on_conflict_do_nothing())
        if model is not None and await self._has("vector"):
            await self._put_vectors(memory, vectors, model)

    async def _put_vectors(self, memory: Memory, vectors: Sequence[Vector], model: str) -> None:
        for piece, vector in enumerate(vectors):
            given = cast(literal(written(vector), Text), VectorType)
            row = {"memory_id": memory.id, "piece": piece, "model": model, "embedding": given}
            await self._connection.execute(insert(memory_vectors).values(row))

    async def _has(self, extension: str) -> bool:
        return TABLES[extension] in await self._there()

    async def _there(self) -> frozenset[str]:
        """The tables of the index. Asked once a transaction: another process may have equipped the database."""
        if self._tables is None:
            asked = select(*(func.to_regclass(name).is_not(None) for name in TABLES.values()))
            there = (await self._connection.execute(asked)).one()
            self._tables = frozenset(name for name, is_there in zip(TABLES.values(), there, strict=True) if is_there)
        return self._tables

    async def _one(self, found: Select[Any]) -> Memory | None:
        row = (await self._connection.execute(found.with_for_update())).mappings().one_or_none()
        return None if row is None else to_memory(row)

    async def _all(self, found: Select[Any]) -> list[Memory]:
        return [to_memory(row) for row in (await self._connection.execute(found)).mappings()]


def _words(memory: Memory) -> Any:
    """What full text finds a memory by: its text, and its tags."""
    return func.to_tsvector(CONFIGURATION, " ".join([memory.content, *memory.tags]))


def _without(model: str) -> Any:
    same = (memory_vectors.c.memory_id == memories.c.id, memory_vectors.c.model == model)
    return ~select(memory_vectors.c.memory_id).where(*same).exists()
