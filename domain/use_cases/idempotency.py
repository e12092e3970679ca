"""Doing a thing once, however often it is asked for under the same key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar, cast
from uuid import UUID

from domain.actor import Actor
from domain.approval import Approval
from domain.errors import IdempotencyKeyReused, NotFound
from domain.execution import Execution
from domain.message import Message
from domain.ports import UnitOfWork
from domain.project import Project
from domain.task import Dependency, Task
from domain.text import check_text

Result = TypeVar("Result")
Loaded: TypeAlias = Project | Task | Dependency | Execution | Approval | Message


async def once(
    uow: UnitOfWork, actor: Actor, key: str | None, request_hash: str, work: Callable[[], Awaitable[Result]]
) -> Result:
    """Do the work and keep which things it answered under the key; a repetition answers the same things.

    Without a key the work is simply done. What is kept are the ids, so a repetition shows the things as they are now.

    Raises:
        IdempotencyKeyReused: the key was used for another request.
        NotFound: what the first request made has been deleted since.
    """
    if key is None:
        return await work()
    key = check_text(key, "idempotencyKey", most=200, required=True)
    known = await uow.idempotency.recall(actor.workspace_id, actor.id, key)
    if known is None:
        result = await work()
        await uow.idempotency.remember(actor.workspace_id, actor.id, key, request_hash, _answer(result))
        return result
    stored_hash, answer = known
    if stored_hash != request_hash:
        raise IdempotencyKeyReused(key, path=("input", "idempotencyKey"))
    things = [await _load(uow, actor, answer["noun"], UUID(text)) for text in answer["ids"]]
    return cast("Result", tuple(things) if answer["many"] else things[0])


def _answer(result: object) -> dict[str, Any]:
    things = result if isinstance(result, tuple) else (result,)
    return {
        "noun": type(things[0]).__name__,
        "ids": [str(thing.id) for thing in things],
        "many": isinstance(result, tuple),
    }


async def _load(uow: UnitOfWork, actor: Actor, noun: str, thing_id: UUID) -> Loaded:
    stores = {
        Project.__name__: uow.projects.get,
        Task.__name__: uow.tasks.get,
        Dependency.__name__: uow.dependencies.get,
        Execution.__name__: uow.executions.get,
        Approval.__name__: uow.approvals.get,
        Message.__name__: uow.messages.get,
    }
    thing = await stores[noun](actor.workspace_id, thing_id)
    if thing is None:
        raise NotFound(noun.lower(), str(thing_id), path=("input", "idempotencyKey"))
    return thing
