"""What an agent may do with the memory while it works. Every change is fenced by the lease of its execution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.errors import NotFound
from domain.events import MemoryErased
from domain.lease import Lease
from domain.memory import Memory, MemoryFilter, MemoryPlace, MemoryScope, MemorySource, Recalled
from domain.ports import UnitOfWork
from domain.use_cases.memory import Question, Remember, events_of, keep, recalled


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentNote:
    """A memory that an agent wants kept; ``key`` is that of the call in which it does."""

    scope: MemoryScope
    content: str
    kind: str | None
    tags: tuple[str, ...]
    expires_at: datetime | None
    key: str


def reach(lease: Lease, agent: str) -> tuple[MemoryPlace, ...]:
    """The places whose memories an agent sees: those of its kind, of its project, and of the workspace."""
    return tuple(_place(lease, agent, scope) for scope in MemoryScope)


async def remember_as_agent(uow: UnitOfWork, lease: Lease, agent: str, note: AgentNote) -> Memory:
    """Keep a memory in one of the places that the agent sees.

    Raises:
        LeaseLost: another worker has the execution by now.
        Invalid: the text, kind, a tag or the time cannot be accepted, or it has too many tags with those it had.
    """
    call = await uow.tool_calls.latest(lease.execution_id, note.key)
    source = MemorySource(
        actor=source_of(agent), execution_id=lease.execution_id, tool_call_id=None if call is None else call.id
    )
    wanted = Remember(
        place=_place(lease, agent, note.scope),
        content=note.content,
        kind=note.kind,
        tags=note.tags,
        expires_at=note.expires_at,
    )
    kept = await keep(uow, lease.subject.workspace_id, wanted, source)
    events = events_of(kept)
    if events:
        await uow.events.append(lease.subject, events, actor=lease.actor, epoch=lease.epoch)
    return kept.memory


async def recall_as_agent(
    uow: UnitOfWork, lease: Lease, agent: str, question: Question, scope: MemoryScope | None
) -> list[Recalled]:
    """What fits the question of what the agent sees, the best first.

    Raises:
        Invalid: the question is empty or too long, or more are wanted than may be.
    """
    which = replace(question.which, scope=scope, places=reach(lease, agent))
    return await recalled(uow, lease.subject.workspace_id, replace(question, which=which))


async def recall_again(uow: UnitOfWork, lease: Lease, agent: str, ids: Sequence[UUID]) -> list[Memory]:
    """Those of the memories that the agent still sees, as they are now: what was erased since stays erased."""
    return await uow.memories.those(lease.subject.workspace_id, ids, MemoryFilter(places=reach(lease, agent)))


async def forget_as_agent(uow: UnitOfWork, lease: Lease, agent: str, memory_id: UUID) -> Memory:
    """Erase a memory that agents of this kind have put down; those of people and of other agents are not theirs.

    Raises:
        LeaseLost: another worker has the execution by now.
        NotFound: there is none of this id that the agent may forget.
    """
    memory = await uow.memories.get(lease.subject.workspace_id, memory_id)
    if memory is None or memory.source.actor != source_of(agent) or memory.place not in reach(lease, agent):
        raise NotFound("memory", str(memory_id), named="of yours with id")
    await uow.memories.erase(lease.subject.workspace_id, [memory.id])
    event = MemoryErased(memory_id=str(memory.id), scope=memory.place.scope)
    await uow.events.append(lease.subject, [event], actor=lease.actor, epoch=lease.epoch)
    return memory


def source_of(agent: str) -> str:
    """Who an agent's memories are from."""
    return f"agent:{agent}"


def _place(lease: Lease, agent: str, scope: MemoryScope) -> MemoryPlace:
    if scope is MemoryScope.AGENT:
        return MemoryPlace(scope=scope, agent=agent)
    if scope is MemoryScope.PROJECT:
        return MemoryPlace(scope=scope, project_id=lease.subject.project_id)
    return MemoryPlace(scope=scope)
