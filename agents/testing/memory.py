"""The memory of the kit: what is remembered in a test, found by the words that it shares with a question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from agents.contract import ToolFailure
from domain.errors import Rejection
from domain.memory import (
    DEFAULT_KIND,
    LONGEST,
    Memory,
    MemoryPlace,
    MemoryScope,
    MemorySource,
    Recalled,
    Score,
    check_kind,
    check_tags,
    joined_with,
)
from domain.text import check_text


@dataclass(slots=True)
class KitMemory:
    """See :class:`agents.contract.CallMemory`. A platform finds more: what is misspelled, and what means the same."""

    agent: str
    project_id: UUID = UUID(int=2)
    memories: list[Memory] = field(default_factory=list)

    async def remember(
        self,
        content: str,
        *,
        scope: MemoryScope = MemoryScope.PROJECT,
        kind: str | None = None,
        tags: Sequence[str] = (),
        expires_in: timedelta | None = None,
    ) -> Memory:
        """Keep a text."""
        return self.put(content, scope, kind, tags, expires_in, f"agent:{self.agent}")

    def put(
        self,
        content: str,
        scope: MemoryScope = MemoryScope.PROJECT,
        kind: str | None = None,
        tags: Sequence[str] = (),
        expires_in: timedelta | None = None,
        source: str = "user:test",
    ) -> Memory:
        """Keep a text of somebody."""
        now = datetime.now(UTC)
        try:
            memory = Memory(
                id=uuid4(),
                workspace_id=UUID(int=1),
                place=MemoryPlace(
                    scope=scope,
                    agent=self.agent if scope is MemoryScope.AGENT else None,
                    project_id=self.project_id if scope is MemoryScope.PROJECT else None,
                ),
                kind=DEFAULT_KIND if kind is None else check_kind(kind),
                tags=check_tags(tags),
                content=check_text(content, "content", most=LONGEST, required=True),
                source=MemorySource(actor=source),
                updated_by=source,
                expires_at=None if expires_in is None else now + expires_in,
                created_at=now,
                updated_at=now,
            )
            for number, known in enumerate(self.memories):
                if (known.content, known.place) == (memory.content, memory.place):
                    self.memories[number] = joined_with(known, memory, keeps_kind=kind is None)
                    return self.memories[number]
        except Rejection as rejection:
            raise ToolFailure(rejection.message) from None
        self.memories.append(memory)
        return memory

    async def recall(self, question: str, *, scope: MemoryScope | None = None, first: int = 10) -> list[Recalled]:
        """What shares words with a question, the most first."""
        asked = _words(question)
        found = []
        for memory in self.memories:
            shared = len(asked & _words(" ".join([memory.content, *memory.tags])))
            if shared and scope in {None, memory.place.scope}:
                share = shared / len(asked)
                found.append(Recalled(memory, Score(total=share, text=share)))
        return sorted(found, key=lambda one: -one.score.total)[:first]

    async def again(self, memory_ids: Sequence[UUID]) -> list[Memory]:
        """Those of the memories that are still there."""
        known = {memory.id: memory for memory in self.memories}
        return [known[one] for one in memory_ids if one in known]

    async def forget(self, memory_id: UUID) -> None:
        """Erase a memory of the agent's own."""
        for memory in self.memories:
            if memory.id == memory_id and memory.source.actor == f"agent:{self.agent}":
                self.memories.remove(memory)
                return
        raise ToolFailure(f"There is no memory of yours with id '{memory_id}' here.")


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
