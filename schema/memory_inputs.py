"""Inputs about memories."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry
from strawberry import ID, UNSET

from domain.memory import DEFAULT_KIND, MemoryFilter, MemoryPlace, MemoryScope
from domain.use_cases import memory
from schema.absence import given
from schema.node_ids import decode_as

EXPIRES = "When it goes; without it, when its age says so, if ever."


@strawberry.input(description="Which memories. What is left out does not limit; conditions are joined by and.")
class MemoryFilterInput:
    """Conditions on memories."""

    scope: MemoryScope | None = strawberry.field(default=UNSET, description="Only those that count there.")
    agent: str | None = strawberry.field(
        default=UNSET, name="agentKind", description="Only those for agents of this kind."
    )
    project_id: ID | None = strawberry.field(default=UNSET, description="Only those about this project.")
    kind: str | None = strawberry.field(default=UNSET, description="Only of this kind.")
    tag: str | None = strawberry.field(default=UNSET, description="Only with this tag.")
    source: str | None = strawberry.field(
        default=UNSET, description="Only from this actor, for example agent:inspector."
    )
    execution_id: ID | None = strawberry.field(default=UNSET, description="Only put down in this execution.")

    def parsed(self) -> MemoryFilter:
        """The same in terms of the domain.

        Raises:
            InvalidId: an id is malformed or another thing's.
        """
        project, execution = given(self.project_id), given(self.execution_id)
        return MemoryFilter(
            scope=given(self.scope),
            agent=given(self.agent),
            project_id=None if project is None else decode_as("Project", project, path=("filter", "projectId")),
            kind=given(self.kind),
            tag=given(self.tag),
            source=given(self.source),
            execution_id=(
                None if execution is None else decode_as("Execution", execution, path=("filter", "executionId"))
            ),
        )


MemoriesWhere: TypeAlias = Annotated[MemoryFilterInput | None, strawberry.argument(description="Which memories.")]


def memory_filter(where: MemoryFilterInput | None) -> MemoryFilter:
    """The filter in terms of the domain.

    Raises:
        InvalidId: an id is malformed or another thing's.
    """
    return where.parsed() if where else MemoryFilter()


@strawberry.input(description="What remember is given.")
class RememberInput:
    """A memory to keep."""

    content: str = strawberry.field(
        description="1 to 16,000 characters. The same text is kept once in a place, with all tags it was given."
    )
    scope: MemoryScope = strawberry.field(default=MemoryScope.WORKSPACE, description="For whom it counts.")
    agent: str | None = strawberry.field(
        default=UNSET, name="agentKind", description="Kind of the agents it is for; with AGENT, and only then."
    )
    project_id: ID | None = strawberry.field(
        default=UNSET, description="The project it is about; with PROJECT, and only then."
    )
    kind: str | None = strawberry.field(
        default=UNSET,
        description=f"What sort of thing it says, for example decision. Without it: what it is, or {DEFAULT_KIND}.",
    )
    tags: list[str] = strawberry.field(default_factory=list, description="At most 20 words it can be told by.")
    expires_at: datetime | None = strawberry.field(default=UNSET, description=EXPIRES)

    def command(self) -> memory.Remember:
        """The same in terms of the domain.

        Raises:
            InvalidId: the project's id is malformed or another thing's.
        """
        project = given(self.project_id)
        place = MemoryPlace(
            scope=self.scope,
            agent=given(self.agent),
            project_id=None if project is None else decode_as("Project", project, path=("input", "projectId")),
        )
        return memory.Remember(
            place=place,
            content=self.content,
            kind=given(self.kind),
            tags=tuple(self.tags),
            expires_at=given(self.expires_at),
        )


@strawberry.input(description="What correctMemory is given. What is left out stays as it is.")
class CorrectMemoryInput:
    """What a memory is to say."""

    memory_id: ID = strawberry.field(description="The memory.")
    expected_version: int = strawberry.field(description="The version you read.")
    content: str | None = strawberry.field(default=UNSET, description="Its text; the older one is not kept.")
    kind: str | None = strawberry.field(default=UNSET, description="What sort of thing it says.")
    tags: list[str] | None = strawberry.field(default=UNSET, description="All its tags.")
    expires_at: datetime | None = strawberry.field(
        default=UNSET, description="When it goes; null takes an earlier time away."
    )

    def command(self) -> memory.CorrectMemory:
        """The same in terms of the domain.

        Raises:
            InvalidId: the id is malformed or another thing's.
        """
        tags = given(self.tags)
        return memory.CorrectMemory(
            memory_id=decode_as("Memory", self.memory_id, path=("input", "memoryId")),
            expected_version=self.expected_version,
            content=given(self.content),
            kind=given(self.kind),
            tags=None if tags is None else tuple(tags),
            expires_at=given(self.expires_at),
            keep_for_ever=self.expires_at is None,
        )


@strawberry.input(description="What eraseMemory is given.")
class EraseMemoryInput:
    """A memory to erase."""

    memory_id: ID = strawberry.field(description="The memory.")

    def command(self) -> memory.EraseMemory:
        """The same in terms of the domain.

        Raises:
            InvalidId: the id is malformed or another thing's.
        """
        return memory.EraseMemory(memory_id=decode_as("Memory", self.memory_id, path=("input", "memoryId")))


@strawberry.input(description="What eraseMemories is given.")
class EraseMemoriesInput:
    """Memories to erase."""

    filter: MemoryFilterInput = strawberry.field(description="Which memories; at least one condition.")
    count: int = strawberry.field(
        description="How many you know them to be: with another number nothing is erased. Expired ones are not counted."
    )

    def command(self) -> memory.EraseMemories:
        """The same in terms of the domain.

        Raises:
            InvalidId: an id is malformed or another thing's.
        """
        return memory.EraseMemories(which=self.filter.parsed(), count=self.count)
