"""Where a segment waits for others, and where it is noticed that there is nothing left but to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from agents.contract import AgentFailure
from domain.ports import Transactor, UnitOfWork

SETTLING = 0.2
"""Seconds without anything at work after which an execution that waits counts as having nothing else to do: a branch
of the agent that has just ended one step may be about to begin the next, or to ask something itself."""
LOOK = 1.0
"""How often it is looked for answers while something else of the execution is still at work."""

Found = TypeVar("Found")
Look: TypeAlias = Callable[[UnitOfWork], Awaitable[Found | None]]
"""Whether what is waited for is there: what was found, or ``None``."""


@dataclass(frozen=True, slots=True)
class _Wait:
    """How it is looked for, and the batch of children that is waited for, where it is one."""

    look: Look[Any]
    batch: str | None


@dataclass(slots=True, eq=False)
class _Span:
    """Something at work. One that waits is not; nor is what it is a part of."""

    within: _Span | None
    asking: int = 0


_SPAN: ContextVar[_Span | None] = ContextVar("span", default=None)


class WaitingRoom:
    """All that one segment waits for.

    ``pause`` is called once nothing is at work any more and at least one thing is waited for. The segment then ends; in
    the next one the agent comes to the same place again, and finds what it waited for.
    """

    def __init__(self, transactor: Transactor, pause: Callable[[], None]) -> None:
        self._transactor = transactor
        self._pause = pause
        self._begun: dict[tuple[str, str], _Span | None] = {}
        """The step in which each name was used, where there was one: a step that is tried again may use it again."""
        self._at_work = 0
        self._waiting: dict[asyncio.Future[Any], _Wait] = {}
        self._left: tuple[_Wait, ...] = ()
        self._stirred = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None

    @contextmanager
    def working(self) -> Iterator[None]:
        """What is done within must not be interrupted because another part of the agent waits for others."""
        span = _Span(_SPAN.get())
        token = _SPAN.set(span)
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)
            _SPAN.reset(token)

    def begin(self, noun: str, name: str, complaint: str) -> None:
        """Use a name, which is unique within the execution for things of the same noun.

        Raises:
            AgentFailure: it was used before, other than by the step that is now tried again.
        """
        chain = _chain()
        asker = chain[-1] if chain else None
        known = (noun, name)
        if known in self._begun and (asker is None or self._begun[known] is not asker):
            raise AgentFailure(complaint)
        self._begun[known] = asker

    async def wait_for(self, look: Look[Found], *, batch: str | None = None) -> Found:
        """Wait until ``look`` finds something, and answer it. ``batch`` names the children that are waited for."""
        answer: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        self._waiting[answer] = _Wait(look, batch)
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look_around())
        try:
            with self._resting():
                return await answer
        finally:
            del self._waiting[answer]

    async def answered(self, uow: UnitOfWork) -> bool:
        """Whether anything is there by now of what was still waited for when the segment was told to pause."""
        return any([await wait.look(uow) is not None for wait in self._left])

    @property
    def awaited_batches(self) -> tuple[str, ...]:
        """The batches of children that were still waited for when the segment was told to pause."""
        return tuple(wait.batch for wait in self._left if wait.batch is not None)

    async def close(self) -> None:
        """Stop looking."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    @contextmanager
    def _resting(self) -> Iterator[None]:
        """Whatever is waited for within a step, the step is not at work meanwhile."""
        chain = _chain()
        for one in chain:
            one.asking += 1
            if one.asking == 1:
                self._count(-1)
        try:
            yield
        finally:
            for one in chain:
                one.asking -= 1
                if one.asking == 0:
                    self._count(1)

    def _count(self, change: int) -> None:
        self._at_work += change
        self._stirred.set()

    async def _look_around(self) -> None:
        try:
            while self._waiting:
                idle = self._at_work == 0
                self._stirred.clear()
                try:
                    async with asyncio.timeout(SETTLING if idle else LOOK):
                        await self._stirred.wait()
                except TimeoutError:
                    await self._look()
                    if idle and not self._at_work and not any(answer.done() for answer in self._waiting):
                        self._left = tuple(self._waiting.values())
                        self._pause()
                        return
        except Exception as error:  # noqa: BLE001 - who waits has to learn that nobody looks any more
            for answer in self._waiting:
                if not answer.done():
                    answer.set_exception(error)

    async def _look(self) -> None:
        waiting = dict(self._waiting)

        async def all_of_them(uow: UnitOfWork) -> list[Any]:
            return [await wait.look(uow) for wait in waiting.values()]

        found = await self._transactor.run(all_of_them)
        for answer, one in zip(waiting, found, strict=True):
            if one is not None and not answer.done():
                answer.set_result(one)


def _chain() -> list[_Span]:
    """What is at work here: the innermost first, the step last."""
    chain = []
    span = _SPAN.get()
    while span is not None:
        chain.append(span)
        span = span.within
    return chain
