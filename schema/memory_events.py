"""Events of memories: which one, and never what it says."""

from __future__ import annotations

from typing import cast
from uuid import UUID

import strawberry
from strawberry import Parent

import domain.events as domain
from domain.memory import Memory as DomainMemory
from domain.memory import MemoryScope
from resolvers import memory
from schema.event import Event, tells
from schema.memory import Memory
from schema.node import Info
from schema.node_ids import encode


def _event(
    root: Parent[domain.EventRecord],
) -> domain.MemoryRemembered | domain.MemoryCorrected | domain.MemoryErased:
    return cast("domain.MemoryRemembered | domain.MemoryCorrected | domain.MemoryErased", root.event)


def _scope(root: Parent[domain.EventRecord]) -> MemoryScope:
    return MemoryScope(_event(root).scope)


def _id(root: Parent[domain.EventRecord]) -> strawberry.ID:
    return encode("Memory", UUID(_event(root).memory_id))


async def _memory(root: Parent[domain.EventRecord], info: Info) -> DomainMemory | None:
    return await info.context.load(memory.by_id, UUID(_event(root).memory_id))


@tells(domain.MemoryRemembered)
@strawberry.type(description="A memory was put down.")
class MemoryRemembered(Event):
    """See the description."""

    memory_scope = strawberry.field(_scope, description="For whom it counts.")
    memory = strawberry.field(_memory, graphql_type=Memory | None, description="The memory as it is now, if it is.")


@tells(domain.MemoryCorrected)
@strawberry.type(description="A memory was corrected; what it said before is not kept.")
class MemoryCorrected(Event):
    """See the description."""

    memory_scope = strawberry.field(_scope, description="For whom it counts.")
    memory = strawberry.field(_memory, graphql_type=Memory | None, description="The memory as it is now, if it is.")


@tells(domain.MemoryErased)
@strawberry.type(description="A memory was erased.")
class MemoryErased(Event):
    """See the description."""

    memory_scope = strawberry.field(_scope, description="For whom it counted.")
    erased_memory_id = strawberry.field(_id, description="Id that it had.")


@tells(domain.MemoriesErased)
@strawberry.type(description="All memories that fitted some conditions were erased.")
class MemoriesErased(Event):
    """See the description."""

    count: int = strawberry.field(name="erasedMemories", description="How many they were.")
