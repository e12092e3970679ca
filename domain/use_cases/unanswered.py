"""What becomes of the approvals that nobody has decided when their execution ends."""

from __future__ import annotations

from dataclasses import replace

from domain.approval import ApprovalStatus
from domain.events import ApprovalCancelled, Subject
from domain.execution import Execution
from domain.ports import UnitOfWork


async def end_approvals(uow: UnitOfWork, subject: Subject, ended: Execution, actor_id: str) -> None:
    """Nobody need decide them any more."""
    for approval in await uow.approvals.pending_of(ended.id):
        at = max(uow.now, approval.requested_at)
        cancelled = replace(approval, status=ApprovalStatus.CANCELLED, decided_at=at, version=approval.version + 1)
        await uow.approvals.update(cancelled)
        event = ApprovalCancelled(approval_id=str(approval.id), name=approval.name)
        await uow.events.append(subject, [event], actor=actor_id)
