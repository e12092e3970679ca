"""Where a segment's questions are asked, and where it is noticed that it can only wait: for answers, for children."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from agents.asking import given, question
from agents.contract import Action, AgentFailure, Answer
from domain.approval import Approval, ApprovalStatus, Decision, Vote
from domain.lease import Lease
from domain.ports import Transactor, UnitOfWork
from domain.use_cases.approvals import request_approval

SETTLING = 0.2
"""Seconds without anything at work after which an execution that waits counts as having nothing else to do: a branch
of the agent that has just ended one step may be about to begin the next, or to ask something itself."""
LOOK = 1.0
"""How often it is looked for answers while something else of the execution is still at work."""


@dataclass(slots=True, eq=False)
class _Span:
    """Something at work. One that waits for an answer is not; nor is what it is a part of."""

    within: _Span | None
    asking: int = 0


_SPAN: ContextVar[_Span | None] = ContextVar("span", default=None)


class ApprovalDesk:
    """The questions of one segment, and the batches of children that it waits for.

    ``pause`` is called, with these batches, once nothing is at work any more and at least one question or batch is
    open. The segment then ends; in the next one the agent asks again, and gets the answer.
    """

    def __init__(
        self, agent: str, lease: Lease, transactor: Transactor, pause: Callable[[tuple[str, ...]], None]
    ) -> None:
        self._agent = agent
        self._lease = lease
        self._transactor = transactor
        self._pause = pause
        self._askers: dict[str, _Span | None] = {}
        """The step in which each name was asked, where there was one: a step that is tried again may ask again."""
        self._at_work = 0
        self._waiting: dict[asyncio.Future[Approval], UUID] = {}
        self._batches: dict[asyncio.Future[None], str] = {}
        self._stirred = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None

    @contextmanager
    def working(self) -> Iterator[None]:
        """What is done within must not be interrupted because another part of the agent waits for an answer."""
        span = _Span(_SPAN.get())
        token = _SPAN.set(span)
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)
            _SPAN.reset(token)

    async def ask(self, action: Action) -> Answer:
        """Ask, or ask again after a restart, and return the answer; see :class:`agents.contract.AgentContext`."""
        ask = question(self._agent, action)
        chain = _chain()
        asker = chain[-1] if chain else None
        if ask.name in self._askers and (asker is None or self._askers[ask.name] is not asker):
            raise AgentFailure(f"The agent asks {ask.name!r} twice: an action's name is unique within an execution.")
        self._askers[ask.name] = asker
        with self.working():
            approval = await self._transactor.run(lambda uow: request_approval(uow, self._lease, ask))
        if approval.status is ApprovalStatus.PENDING:
            approval = await self._answer_to(approval)
        with self.working():
            votes = await self._transactor.run(lambda uow: uow.approvals.votes(approval.id))
        return given(action, _answer(approval, [vote for vote in votes if _counted(vote, approval)]))

    async def ended(self, batch: str) -> None:
        """Wait until all children of the batch have ended, without being at work."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._batches[ended] = batch
        with self.working():
            await self._look_at_children()
        try:
            if not ended.done():
                self._watch_out()
                with self._resting():
                    await ended
        finally:
            del self._batches[ended]

    async def close(self) -> None:
        """Stop looking for answers."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    async def _answer_to(self, approval: Approval) -> Approval:
        answer: asyncio.Future[Approval] = asyncio.get_running_loop().create_future()
        self._waiting[answer] = approval.id
        self._watch_out()
        try:
            with self._resting():
                return await answer
        finally:
            del self._waiting[answer]

    def _watch_out(self) -> None:
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look_around())

    @contextmanager
    def _resting(self) -> Iterator[None]:
        """Whatever is asked within a step, the step is not at work while it waits for the answer."""
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
            while self._waiting or self._batches:
                idle = self._at_work == 0
                self._stirred.clear()
                try:
                    async with asyncio.timeout(SETTLING if idle else LOOK):
                        await self._stirred.wait()
                except TimeoutError:
                    await self._look()
                    open_ones = self._open()
                    if idle and not self._at_work and open_ones and not any(one.done() for one in open_ones):
                        self._pause(tuple(self._batches.values()))
                        return
        except Exception as error:  # noqa: BLE001 - who waits has to learn that nobody looks any more
            for answer in self._open():
                if not answer.done():
                    answer.set_exception(error)

    def _open(self) -> list[asyncio.Future[Any]]:
        return [*self._waiting, *self._batches]

    async def _look(self) -> None:
        if self._batches:
            await self._look_at_children()
        ids = set(self._waiting.values())
        if not ids:
            return
        found = await self._transactor.run(lambda uow: _as_they_are(uow, ids))
        for answer, approval_id in self._waiting.items():
            approval = found.get(approval_id)  # what was asked a moment ago is not among them
            if approval is not None and approval.status is not ApprovalStatus.PENDING and not answer.done():
                answer.set_result(approval)

    async def _look_at_children(self) -> None:
        at_work = await self._transactor.run(lambda uow: uow.children.open_batches(self._lease.execution_id))
        for ended, batch in self._batches.items():
            if batch not in at_work and not ended.done():
                ended.set_result(None)


def _chain() -> list[_Span]:
    """What is at work here: the innermost first, the step last."""
    chain = []
    span = _SPAN.get()
    while span is not None:
        chain.append(span)
        span = span.within
    return chain


async def _as_they_are(uow: UnitOfWork, ids: set[UUID]) -> dict[UUID, Approval]:
    return {approval.id: approval for approval in await uow.approvals.many(ids)}


def _counted(vote: Vote, approval: Approval) -> bool:
    """Whether the vote is one for what came of it: who rejected may have approved before."""
    return (vote.decision is Decision.APPROVE) == (approval.status is ApprovalStatus.APPROVED)


def _answer(approval: Approval, votes: list[Vote]) -> Answer:
    expired = approval.status is ApprovalStatus.EXPIRED
    return Answer(
        granted=approval.granted,
        expired=expired,
        by=() if expired else tuple(vote.actor for vote in votes),
        comments=() if expired else tuple(vote.comment for vote in votes if vote.comment),
        self_approved=approval.self_approved,
        at=approval.decided_at,
    )
