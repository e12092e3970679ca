"""Where a segment's questions are asked and answered, and where it waits for its children."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from agents.asking import given, question
from agents.contract import Action, Answer
from agents.runtime.waiting_room import WaitingRoom
from domain.approval import Approval, ApprovalStatus, Decision, Vote
from domain.lease import Lease
from domain.ports import Transactor, UnitOfWork
from domain.use_cases.approvals import request_approval


class ApprovalDesk:
    """The questions of one segment, and the batches of children that it waits for.

    While they are open it waits in ``room``. ``pause`` is called, with these batches, once there is nothing else to do.
    """

    def __init__(
        self, agent: str, lease: Lease, transactor: Transactor, pause: Callable[[tuple[str, ...]], None]
    ) -> None:
        self.room = WaitingRoom(transactor, lambda: pause(tuple(self._batches)))
        self._batches: list[str] = []
        self._agent = agent
        self._lease = lease
        self._transactor = transactor

    def working(self) -> AbstractContextManager[None]:
        """See :meth:`WaitingRoom.working`."""
        return self.room.working()

    async def ask(self, action: Action) -> Answer:
        """Ask, or ask again after a restart, and return the answer; see :class:`agents.contract.AgentContext`."""
        ask = question(self._agent, action)
        complaint = f"The agent asks {ask.name!r} twice: an action's name is unique within an execution."
        self.room.begin("action", ask.name, complaint)
        with self.working():
            approval = await self._transactor.run(lambda uow: request_approval(uow, self._lease, ask))
        if approval.status is ApprovalStatus.PENDING:
            approval = await self._answer_to(approval)
        with self.working():
            votes = await self._transactor.run(lambda uow: uow.approvals.votes(approval.id))
        return given(action, _answer(approval, [vote for vote in votes if _counted(vote, approval)]))

    async def ended(self, batch: str) -> None:
        """Wait until all children of the batch have ended, without being at work."""

        async def look(uow: UnitOfWork) -> bool | None:
            return None if batch in await uow.children.open_batches(self._lease.execution_id) else True

        with self.working():
            there = await self._transactor.run(look)
        if there:
            return
        self._batches.append(batch)
        try:
            await self.room.wait_for(look)
        finally:
            self._batches.remove(batch)

    async def close(self) -> None:
        """Stop looking for answers."""
        await self.room.close()

    async def _answer_to(self, asked: Approval) -> Approval:
        async def look(uow: UnitOfWork) -> Approval | None:
            for approval in await uow.approvals.many([asked.id]):
                if approval.status is not ApprovalStatus.PENDING:
                    return approval
            return None

        return await self.room.wait_for(look)


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
