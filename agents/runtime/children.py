"""The children of an execution: started once, however often its agent says so, and waited for without a worker."""

from __future__ import annotations

from collections.abc import Sequence

from agents.contract import AgentFailure, Child, ChildResult
from agents.contract.step import check_step_name
from agents.runtime.waiting_room import WaitingRoom
from domain.child import MOST_AT_ONCE, ChildOutcome
from domain.commands import DependencyDraft, TaskDraft
from domain.lease import Lease
from domain.ports import Transactor, UnitOfWork
from domain.task import OnFailure
from domain.text import storable
from domain.use_cases.children import hand_over_children, spawn_children

PORTION = 25
"""Tasks that are created in one transaction: it holds the workspace's graph."""


class Nursery:
    """The children of one segment; see :meth:`agents.contract.AgentContext.spawn`."""

    def __init__(self, lease: Lease, transactor: Transactor, room: WaitingRoom) -> None:
        self._lease = lease
        self._transactor = transactor
        self._room = room
        self._batches: set[str] = set()

    async def spawn(self, name: str, children: Sequence[Child]) -> list[ChildResult]:
        """Start what has not been started under this name, wait until all has ended, and answer how.

        Raises:
            AgentFailure: the name was used before, or there are too many.
            domain.errors.Rejection: one of them is no task that could be done.
        """
        check_step_name(name)
        if name in self._batches:
            raise AgentFailure(f"The agent starts children as {name!r} twice: give each batch a name of its own.")
        self._batches.add(name)
        if len(children) > MOST_AT_ONCE:
            raise AgentFailure(f"At most {MOST_AT_ONCE:,} tasks can be started at once, not {len(children):,}.")
        drafts = {position: _draft(child) for position, child in enumerate(children)}
        with self._room.working():
            for begin in range(0, len(drafts), PORTION):
                portion = {place: drafts[place] for place in range(begin, min(begin + PORTION, len(drafts)))}
                await self._transactor.run(
                    lambda uow, some=portion: spawn_children(uow, self._lease, name, some)  # type: ignore[misc]
                )
        await self._ended(name)
        with self._room.working():
            outcomes = await self._transactor.run(lambda uow: hand_over_children(uow, self._lease, name))
        return [_result(outcome) for outcome in outcomes]

    async def _ended(self, batch: str) -> None:
        """Wait until all children of the batch have ended, without being at work."""

        async def look(uow: UnitOfWork) -> bool | None:
            return None if batch in await uow.children.open_batches(self._lease.execution_id) else True

        with self._room.working():
            there = await self._transactor.run(look)
        if not there:
            await self._room.wait_for(look, batch=batch)


def _draft(child: Child) -> TaskDraft:
    return TaskDraft(
        title=storable(child.title),
        agent=child.agent,
        description=storable(child.description),
        priority=child.priority,
        inputs=storable(dict(child.inputs)),
        labels=child.labels,
        timeout=child.timeout,
        retry=child.retry,
        acceptance_checks=child.acceptance_checks,
        depends_on=tuple(DependencyDraft(task_id=one, on_failure=OnFailure.CONTINUE) for one in child.after),
    )


def _result(outcome: ChildOutcome) -> ChildResult:
    return ChildResult(
        status=outcome.status,
        task_id=outcome.task_id,
        key=outcome.key,
        reason=outcome.reason,
        report=None if outcome.report is None else outcome.report.data,
    )
