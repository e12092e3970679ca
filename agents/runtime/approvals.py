"""Where a segment's questions are asked and answered."""

from __future__ import annotations

from agents.asking import given, question
from agents.contract import Action, Answer
from agents.runtime.waiting_room import WaitingRoom
from domain.approval import Approval, ApprovalStatus, Decision, Vote
from domain.lease import Lease
from domain.ports import Transactor, UnitOfWork
from domain.use_cases.approvals import request_approval


class ApprovalDesk:
    """The questions of one segment. While they are open it waits in ``room``."""

    def __init__(self, agent: str, lease: Lease, transactor: Transactor, room: WaitingRoom) -> None:
        self._agent = agent
        self._lease = lease
        self._transactor = transactor
        self._room = room

    async def ask(self, action: Action) -> Answer:
        """Ask, or ask again after a restart, and return the answer; see :class:`agents.contract.AgentContext`."""
        ask = question(self._agent, action)
        complaint = f"The agent asks {ask.name!r} twice: an action's name is unique within an execution."
        self._room.begin("action", ask.name, complaint)
        with self._room.working():
            approval = await self._transactor.run(lambda uow: request_approval(uow, self._lease, ask))
        if approval.status is ApprovalStatus.PENDING:
            approval = await self._answer_to(approval)
        with self._room.working():
            votes = await self._transactor.run(lambda uow: uow.approvals.votes(approval.id))
        return given(action, _answer(approval, [vote for vote in votes if _counted(vote, approval)]))

    async def _answer_to(self, asked: Approval) -> Approval:
        async def look(uow: UnitOfWork) -> Approval | None:
            for approval in await uow.approvals.many([asked.id]):
                if approval.status is not ApprovalStatus.PENDING:
                    return approval
            return None

        return await self._room.wait_for(look)


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
