"""Where memories come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.actor import Actor, Permission
from domain.memory import Memory, MemoryFilter, MemorySearch, Recalled
from domain.ports import UnitOfWork
from domain.use_cases import memory
from domain.use_cases.memory import Question
from resolvers.connections import Connection, Window, connect_root
from resolvers.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRights:
    """What may be done with a memory."""

    correct: bool
    erase: bool


async def by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[Memory | None]:
    """Memories, or ``None`` for what is not there for whoever asks."""
    return await context.read.memories_by_id(context.workspace_id, ids)


async def listed(context: Context, filter_by: MemoryFilter, window: Window) -> Connection[Memory]:
    """Memories of the workspace, the newest first."""
    return await connect_root(
        "memories", lambda page: context.read.memories(context.workspace_id, filter_by, page), window, filter_by
    )


async def recalled(context: Context, question: Question) -> list[Recalled]:
    """What fits a question, the best first. It takes several statements that have to see the same memories."""
    return await context.transactor.run(lambda uow: memory.recall(uow, context.actor, question))


async def search_facts(context: Context) -> MemorySearch:
    """What there is to find memories by."""

    async def look(uow: UnitOfWork) -> MemorySearch:
        return await memory.search_facts(uow, context.actor)

    return await context.transactor.run(look)


def rights(actor: Actor) -> MemoryRights:
    """What the actor may do with any memory."""
    manages = actor.may(Permission.MANAGE_MEMORY)
    return MemoryRights(correct=manages, erase=manages)
