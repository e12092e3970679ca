"""How well memories are found: questions whose answer is known, with and without the model. Nothing in it is timed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from domain.actor import Actor
from domain.memory import MemoryFilter, MemoryPlace, MemoryScope
from domain.ports import Transactor, UnitOfWork
from domain.use_cases import memory
from domain.use_cases.memory import Question, Remember

FILE = Path(__file__).with_name("quality.yaml")
LOOKED_AT = 10
"""Memories that are looked through for the answer."""

Asked = tuple[str, UUID]
"""A question, and the memory that answers it."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares of the questions whose answer came first, or among the first five; and the mean of 1 by its rank."""

    questions: int
    first: float
    among_five: float
    mrr: float

    def __str__(self) -> str:
        return f"recall@1 {self.first:.2f}, recall@5 {self.among_five:.2f}, MRR {self.mrr:.2f}"


async def put_down(transactor: Transactor, actor: Actor) -> list[Asked]:
    """Remember all that the file has, and answer its questions with the memory that answers each."""
    told: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
    asked: list[Asked] = []
    for answer in told["answers"]:
        kept = await _remember(transactor, actor, answer["say"])
        asked += [(question, kept) for question in questions_of(answer)]
    for other in told["others"]:
        await _remember(transactor, actor, other)
    return asked


def questions_of(answer: Mapping[str, Any]) -> list[str]:
    """All that an answer is asked by."""
    return [*answer["ask"], *([answer["words"]] if "words" in answer else [])]


async def _remember(transactor: Transactor, actor: Actor, content: str) -> UUID:
    command = Remember(place=MemoryPlace(scope=MemoryScope.WORKSPACE), content=content)
    return (await transactor.run(lambda uow: memory.remember(uow, actor, command))).memory.id


def by_recall(transactor: Transactor, actor: Actor) -> Callable[[str], Awaitable[list[UUID]]]:
    """The ids that ``recall`` answers, the best first."""

    async def found(question: str) -> list[UUID]:
        asked = Question(text=question, most=LOOKED_AT)
        hits = await transactor.run(lambda uow: memory.recall(uow, actor, asked))
        return [hit.memory.id for hit in hits]

    return found


def without_model(transactor: Transactor, actor: Actor) -> Callable[[str], Awaitable[list[UUID]]]:
    """The same by words and spelling alone, as where no model is installed."""

    async def found(question: str) -> list[UUID]:
        async def work(uow: UnitOfWork) -> list[UUID]:
            which = MemoryFilter()
            hits = await uow.memories.recall(actor.workspace_id, question, None, None, which, LOOKED_AT)
            return [hit.memory.id for hit in hits]

        return await transactor.run(work)

    return found


async def measured(asked: Sequence[Asked], found: Callable[[str], Awaitable[list[UUID]]]) -> Quality:
    """Ask all the questions."""
    ranks = []
    for question, answer in asked:
        ids = await found(question)
        ranks.append(ids.index(answer) + 1 if answer in ids else None)
    hit = [rank for rank in ranks if rank is not None]
    return Quality(
        questions=len(ranks),
        first=sum(rank == 1 for rank in hit) / len(ranks),
        among_five=sum(rank <= 5 for rank in hit) / len(ranks),
        mrr=sum(1 / rank for rank in hit) / len(ranks),
    )
