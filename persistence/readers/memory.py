"""Reading memories as lists; finding them by a question is :mod:`persistence.memory.search`."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func

from domain.memory import Memory, MemoryFilter
from domain.pages import Page, PageRequest
from persistence.keyset import Ordering, read_page
from persistence.mappers import to_memory
from persistence.memory.selects import alive, fitting, select_memories
from persistence.readers.lookup import Lookup
from persistence.readers.session import ReadSession
from persistence.tables import memories

NEWEST_FIRST = Ordering((memories.c.created_at, memories.c.id), descending=True)
MEMORIES_BY_ID = Lookup(
    select_memories().where(alive(func.clock_timestamp())), memories.c.id, to_memory, memories.c.workspace_id
)


class MemoryReader(ReadSession):
    """The part of :class:`domain.ports.Reader` that is about memories."""

    async def memories(self, workspace_id: UUID, filter_by: MemoryFilter, page: PageRequest) -> Page[Memory]:
        """Memories that have not expired, the newest first."""
        base = select_memories().where(*fitting(workspace_id, filter_by), alive(func.clock_timestamp()))
        async with self.connection() as connection:
            return await read_page(connection, base, NEWEST_FIRST, page, to_memory)

    async def memories_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Memory | None]:
        """By id; ``None`` for one that has expired, too."""
        return await MEMORIES_BY_ID.find(self, ids, workspace_id)
