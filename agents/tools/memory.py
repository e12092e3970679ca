"""The memory as a tool. What is remembered is in no record of its calls: it can be erased, and they cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError, model_validator

from agents.contract import FoundMemory, Tool, ToolFailure, ToolLimits, ToolScope
from domain.memory import (
    DEFAULT_KIND,
    LONGEST,
    LONGEST_QUESTION,
    MOST_RECALLED,
    MOST_TAGS,
    Memory,
    MemoryScope,
    Score,
)
from domain.prices import Price
from domain.recovery import ErrorClass


class Operation(StrEnum):
    """What is done."""

    REMEMBER = "remember"
    RECALL = "recall"
    FORGET = "forget"


class MemoryArguments(BaseModel):
    """What to remember, to look for or to forget."""

    operation: Operation
    content: str | None = Field(None, min_length=1, max_length=LONGEST, description="remember: the text.")
    kind: str | None = Field(
        None, max_length=50, description=f"remember: what sort of thing it says; {DEFAULT_KIND}, if nobody says."
    )
    tags: list[str] = Field([], max_length=MOST_TAGS, description="remember: words it can be told by.")
    expires_in_days: float | None = Field(None, gt=0, le=36500, description="remember: how long it is kept.")
    scope: MemoryScope | None = Field(
        None, description="For whom it counts. remember: PROJECT if left out; recall: all that you see if left out."
    )
    query: str | None = Field(None, max_length=LONGEST_QUESTION, description="recall: a question or some words.")
    first: int = Field(10, ge=0, le=MOST_RECALLED, description="recall: at most so many.")
    id: UUID | None = Field(None, description="forget: which one.")

    @model_validator(mode="after")
    def _whole(self) -> MemoryArguments:
        needed = {Operation.REMEMBER: "content", Operation.RECALL: "query", Operation.FORGET: "id"}[self.operation]
        if getattr(self, needed) is None:
            raise ValueError(f"{self.operation} needs {needed}")
        return self


class MemoryAnswer(BaseModel):
    """What was remembered or found; nothing for what was forgotten."""

    memories: list[FoundMemory] = []


class MemoryTool(Tool[MemoryArguments, MemoryAnswer]):
    """May be repeated: the same text is kept once, and what is gone cannot go again."""

    name = "memory"
    version = "1.0"
    purpose = "Remembers texts, finds them again by words, spelling and meaning, and forgets them."
    licence = "Apache-2.0"
    limits = ToolLimits(timeout=timedelta(seconds=60), max_output=4 * 2**20)
    price = Price(per_call=0)
    arguments_model = MemoryArguments
    result_model = MemoryAnswer

    async def run(self, scope: ToolScope, arguments: MemoryArguments) -> MemoryAnswer:
        """Do it.

        Raises:
            ToolFailure: it cannot be remembered, looked for or forgotten; the message says why.
        """
        memory = scope.memory
        if arguments.operation is Operation.FORGET and arguments.id is not None:
            await memory.forget(arguments.id)
            return MemoryAnswer()
        if arguments.operation is Operation.RECALL and arguments.query is not None:
            found = await memory.recall(arguments.query, scope=arguments.scope, first=arguments.first)
            return MemoryAnswer(memories=[_found(one.memory, one.score) for one in found])
        days = arguments.expires_in_days
        kept = await memory.remember(
            arguments.content or "",
            scope=arguments.scope or MemoryScope.PROJECT,
            kind=arguments.kind,
            tags=arguments.tags,
            expires_in=None if days is None else timedelta(days=days),
        )
        return MemoryAnswer(memories=[_found(kept)])

    def recorded_arguments(self, arguments: MemoryArguments) -> Mapping[str, Any]:
        """No text and no hash of one; of a question its hash, so that only the same one gets the same answer again."""
        scope = None if arguments.scope is None else arguments.scope.value
        recorded: dict[str, Any] = {"operation": arguments.operation.value, "scope": scope}
        if arguments.operation is Operation.REMEMBER:
            return recorded | {"characters": len(arguments.content or "")}
        if arguments.operation is Operation.FORGET:
            return recorded | {"id": str(arguments.id)}
        asked = hashlib.sha256((arguments.query or "").encode("utf-8", "surrogatepass")).hexdigest()
        return recorded | {"query_sha256": asked, "first": arguments.first}

    def replays(self, arguments: MemoryArguments) -> bool:
        """What was remembered may be another text when the step runs again, and its record does not tell."""
        return arguments.operation is not Operation.REMEMBER

    def recorded_result(self, result: Any) -> Any:
        """The ids and scores."""
        names = ("id", "total", "text", "trigram", "vector")
        return {"memories": [{name: one[name] for name in names} for one in result["memories"]]}

    async def result_from(self, scope: ToolScope, recorded: Any) -> MemoryAnswer:
        """What was found before, as it is now: what was erased since is not there any more."""
        scores = {UUID(one["id"]): one for one in recorded["memories"]}
        answered = []
        for memory in await scope.memory.again(list(scores)):
            told = scores[memory.id]
            total = told["total"]
            score = None
            if total is not None:
                score = Score(total=total, text=told["text"], trigram=told["trigram"], vector=told["vector"])
            answered.append(_found(memory, score))
        return MemoryAnswer(memories=answered)


Call = Callable[[type[MemoryTool], MemoryArguments], Awaitable[MemoryAnswer]]


class StepMemory:
    """See :class:`agents.contract.AgentMemory`: each use is a recorded call of the tool."""

    def __init__(self, call: Call) -> None:
        self._call = call

    async def remember(
        self,
        content: str,
        *,
        scope: MemoryScope = MemoryScope.PROJECT,
        kind: str | None = None,
        tags: Sequence[str] = (),
        expires_in: timedelta | None = None,
    ) -> FoundMemory:
        """Keep a text."""
        [kept] = await self._use(
            operation=Operation.REMEMBER,
            content=content,
            scope=scope,
            kind=kind,
            tags=list(tags),
            expires_in_days=None if expires_in is None else expires_in / timedelta(days=1),
        )
        return kept

    async def recall(self, question: str, *, scope: MemoryScope | None = None, first: int = 10) -> list[FoundMemory]:
        """What fits a question, the best first."""
        return await self._use(operation=Operation.RECALL, query=question, scope=scope, first=first)

    async def forget(self, memory_id: UUID) -> None:
        """Erase a memory."""
        await self._use(operation=Operation.FORGET, id=memory_id)

    async def _use(self, **given: Any) -> list[FoundMemory]:
        try:
            arguments = MemoryArguments(**given)
        except ValidationError as error:  # what it says itself repeats the text
            wrong = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in wrong["loc"]) or "memory"
            raise ToolFailure(f"{where}: {wrong['msg']}.", error_class=ErrorClass.BAD_INPUT) from None
        return (await self._call(MemoryTool, arguments)).memories


def _found(memory: Memory, score: Score | None = None) -> FoundMemory:
    scores = {} if score is None else {name: getattr(score, name) for name in ("total", "text", "trigram", "vector")}
    return FoundMemory(
        id=memory.id,
        content=memory.content,
        kind=memory.kind,
        tags=list(memory.tags),
        scope=memory.place.scope,
        source=memory.source.actor,
        updated_at=memory.updated_at,
        **scores,
    )
