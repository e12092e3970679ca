"""Remembering, recalling, correcting and erasing: by people, and by agents while they work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.actor import Actor, Permission
from domain.errors import Invalid, NotFound
from domain.events import Event, MemoriesErased, MemoryCorrected, MemoryErased, MemoryRemembered, Subject
from domain.memory import (
    DEFAULT_KIND,
    LONGEST,
    LONGEST_QUESTION,
    MOST_RECALLED,
    Kept,
    Memory,
    MemoryFilter,
    MemoryPlace,
    MemorySearch,
    MemorySource,
    Recalled,
    check_kind,
    check_place,
    check_tags,
    joined_with,
    pieces,
)
from domain.ports import UnitOfWork, Vector
from domain.text import check_text
from domain.use_cases.found import at_version, project_of

MOST_ERASED = 10_000
"""Memories that one command may erase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remember:
    """A memory to keep. Without ``kind`` it has the one that is known, or that of a fact."""

    place: MemoryPlace
    content: str
    kind: str | None = None
    tags: tuple[str, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectMemory:
    """What a memory is to be from now on; ``None`` leaves a part as it is. ``keep_for_ever`` takes its time away."""

    memory_id: UUID
    expected_version: int
    content: str | None = None
    kind: str | None = None
    tags: tuple[str, ...] | None = None
    expires_at: datetime | None = None
    keep_for_ever: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseMemory:
    """A memory to erase."""

    memory_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseMemories:
    """All memories that fit, to be erased; ``count`` is how many the caller knows them to be, expired ones left out."""

    which: MemoryFilter
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of the memory."""

    text: str
    which: MemoryFilter = MemoryFilter()
    most: int = 10


async def remember(uow: UnitOfWork, actor: Actor, command: Remember) -> Kept:
    """Keep a memory. A text that its place has already is kept once: see :func:`keep`.

    Raises:
        Invalid: the text, kind, a tag or the time cannot be accepted.
        NotFound: there is no such project or agent.
    """
    actor.require(Permission.MANAGE_MEMORY)
    place = check_place(command.place)
    if place.project_id is not None:
        await project_of(uow, actor, place.project_id)
    if place.agent is not None and uow.agents.get(place.agent) is None:
        raise NotFound("agent", place.agent, named="of the kind", path=("input", "agentKind"))
    kept = await keep(uow, actor.workspace_id, command, MemorySource(actor=actor.id))
    await _tell(uow, kept.memory, events_of(kept), actor.id)
    return kept


async def correct_memory(uow: UnitOfWork, actor: Actor, command: CorrectMemory) -> Memory:
    """Replace parts of a memory. The older text is not kept.

    Raises:
        Invalid: a part cannot be accepted, or its place has a memory of the new text.
        NotFound, VersionConflict: as their names say.
    """
    actor.require(Permission.MANAGE_MEMORY)
    memory = await _of(uow, actor.workspace_id, command.memory_id)
    at_version(memory, command.expected_version)
    content = memory.content if command.content is None else _checked(command.content)
    if content != memory.content:
        other = await _living(uow, memory.workspace_id, memory.place, content)
        if other is not None:
            raise Invalid("Another memory of this place has that text already: erase one.", path=("input", "content"))
    expires_at = None if command.keep_for_ever else command.expires_at or memory.expires_at
    corrected = replace(
        memory,
        content=content,
        kind=memory.kind if command.kind is None else check_kind(command.kind),
        tags=memory.tags if command.tags is None else check_tags(command.tags),
        expires_at=_to_come(uow, expires_at),
        updated_by=actor.id,
        updated_at=uow.now,
        version=memory.version + 1,
    )
    await uow.memories.replace(corrected, await _vectors(uow, content), uow.embedder.model)
    event = MemoryCorrected(memory_id=str(memory.id), scope=memory.place.scope)
    await _tell(uow, memory, [event], actor.id)
    return corrected


async def erase_memory(uow: UnitOfWork, actor: Actor, command: EraseMemory) -> Memory:
    """Erase a memory, and answer it as it was.

    Raises:
        NotFound: there is none of this id.
    """
    actor.require(Permission.MANAGE_MEMORY)
    memory = await _of(uow, actor.workspace_id, command.memory_id)
    await uow.memories.erase(actor.workspace_id, [memory.id])
    await _tell(uow, memory, [MemoryErased(memory_id=str(memory.id), scope=memory.place.scope)], actor.id)
    return memory


async def erase_memories(uow: UnitOfWork, actor: Actor, command: EraseMemories) -> int:
    """Erase all memories that fit, and answer how many they were.

    Those that have expired go along uncounted: nobody sees them any more, so nobody can know their number.

    Raises:
        Invalid: no condition is given, there are too many at once, or not as many as the caller says.
    """
    actor.require(Permission.MANAGE_MEMORY)
    if command.which == MemoryFilter():
        raise Invalid("Say which memories: at least one condition.", path=("input", "filter"))
    found = await uow.memories.lock_all(actor.workspace_id, command.which, MOST_ERASED + 1)
    if len(found) > MOST_ERASED:
        raise Invalid(f"More than {MOST_ERASED:,} memories fit: erase them in parts.", path=("input", "filter"))
    if len(found) != command.count:
        raise Invalid(
            f"{len(found):,} memories fit, and not {command.count:,}: look, and send their number.",
            path=("input", "count"),
        )
    await uow.memories.erase_expired(actor.workspace_id, command.which)
    erased = await uow.memories.erase(actor.workspace_id, [memory.id for memory in found])
    if erased:
        subject = Subject(workspace_id=actor.workspace_id)
        await uow.events.append(subject, [MemoriesErased(count=erased)], actor=actor.id)
    return erased


async def recall(uow: UnitOfWork, actor: Actor, command: Question) -> list[Recalled]:
    """What fits the question, the best first.

    Raises:
        Invalid: the question is empty or too long, or more are wanted than may be.
    """
    actor.require(Permission.READ)
    return await recalled(uow, actor.workspace_id, command)


async def recalled(uow: UnitOfWork, workspace_id: UUID, question: Question) -> list[Recalled]:
    """The same without an actor: for agents, who ask in the name of their execution."""
    text = check_text(question.text, "query", most=LONGEST_QUESTION, required=True)
    if not 0 <= question.most <= MOST_RECALLED:
        raise Invalid(f"first must be from 0 to {MOST_RECALLED}, not {question.most}.", path=("first",))
    vector = next(iter(await uow.embedder.embed([text])), None)
    return await uow.memories.recall(workspace_id, text, vector, uow.embedder.model, question.which, question.most)


async def search_facts(uow: UnitOfWork, actor: Actor) -> MemorySearch:
    """What there is to find the memories of the actor's workspace by."""
    actor.require(Permission.READ)
    facts = await uow.memories.search_facts(actor.workspace_id, uow.embedder.model)
    if uow.embedder.problem is None:
        return facts
    problem = f"Only words are found, and not what means the same: {uow.embedder.problem}."
    return replace(facts, problems=(*facts.problems, problem))


async def keep(uow: UnitOfWork, workspace_id: UUID, wanted: Remember, source: MemorySource) -> Kept:
    """Keep a memory. A text that its place has already is kept once.

    It has then the tags of both, the kind that was said last, and the later of the two times to expire.

    Raises:
        Invalid: the text, kind, a tag or the time cannot be accepted, or both together have too many tags.
    """
    memory = Memory(
        id=uow.new_id(),
        workspace_id=workspace_id,
        place=wanted.place,
        kind=DEFAULT_KIND if wanted.kind is None else check_kind(wanted.kind),
        tags=check_tags(wanted.tags),
        content=_checked(wanted.content),
        source=source,
        updated_by=source.actor,
        expires_at=_to_come(uow, wanted.expires_at),
        created_at=uow.now,
        updated_at=uow.now,
    )
    known = await _living(uow, workspace_id, wanted.place, memory.content)
    if known is None:
        if await uow.memories.insert(memory, await _vectors(uow, memory.content), uow.embedder.model):
            return Kept(memory=memory, known=False)
        known = await _living(uow, workspace_id, wanted.place, memory.content)
    if known is None:
        raise Invalid("It was erased at the same moment: remember it again.", path=("input", "content"))
    joined = joined_with(known, memory, keeps_kind=wanted.kind is None)
    if joined != known:
        await uow.memories.relabel(joined)
    return Kept(memory=joined, known=True, changed=joined.version > known.version)


def events_of(kept: Kept) -> list[Event]:
    """What is told of a memory that was kept; that it is kept longer is no news."""
    memory = kept.memory
    if not kept.known:
        return [MemoryRemembered(memory_id=str(memory.id), scope=memory.place.scope)]
    return [MemoryCorrected(memory_id=str(memory.id), scope=memory.place.scope)] if kept.changed else []


async def embed_waiting(uow: UnitOfWork, most: int) -> int:
    """Make the vectors of memories that have none of the present model: those of before it was installed, or restored.

    Answers how many were looked at; 0 when nothing waits.
    """
    model = uow.embedder.model
    if model is None:
        return 0
    waiting = await uow.memories.without_vectors(model, most)
    for memory in waiting:
        await uow.memories.put_vectors(memory, await _vectors(uow, memory.content), model)
    return len(waiting)


async def _living(uow: UnitOfWork, workspace_id: UUID, place: MemoryPlace, content: str) -> Memory | None:
    """The memory of exactly this text in the place, locked. One that has expired makes room: nobody sees it."""
    found = await uow.memories.like(workspace_id, place, content)
    if found is None or not found.expired(uow.now):
        return found
    await uow.memories.erase(workspace_id, [found.id])
    return None


def _checked(content: str) -> str:
    return check_text(content, "content", most=LONGEST, required=True)


def _to_come(uow: UnitOfWork, expires_at: datetime | None) -> datetime | None:
    if expires_at is not None and expires_at <= uow.now:
        raise Invalid("expiresAt has passed already: give a time to come, or none.", path=("input", "expiresAt"))
    return expires_at


async def _vectors(uow: UnitOfWork, content: str) -> Sequence[Vector]:
    return await uow.embedder.embed(pieces(content))


async def _of(uow: UnitOfWork, workspace_id: UUID, memory_id: UUID) -> Memory:
    memory = await uow.memories.get(workspace_id, memory_id)
    if memory is None:
        raise NotFound("memory", str(memory_id), path=("input", "memoryId"))
    return memory


async def _tell(uow: UnitOfWork, memory: Memory, events: Sequence[Event], actor: str) -> None:
    if not events:
        return
    subject = Subject(workspace_id=memory.workspace_id, project_id=memory.place.project_id)
    await uow.events.append(subject, events, actor=actor)
