"""Asking for permission, and giving it: every decision also sends the execution that waits for it on its way."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from domain.actor import Actor, Permission
from domain.approval import Approval, ApprovalStatus, Ask, Decision, Vote
from domain.commands import DecideAction
from domain.errors import AlreadyVoted, ApprovalEnded, DigestMismatch, NotFound, SecondPersonNeeded
from domain.events import ApprovalDecided, ApprovalExpired, ApprovalRequested, ApprovalVoided, Event, Subject
from domain.lease import Lease
from domain.ports import UnitOfWork
from domain.text import check_text
from domain.use_cases.found import at_version
from domain.use_cases.lifecycle import ENGINE, resume_execution


async def request_approval(uow: UnitOfWork, lease: Lease, ask: Ask) -> Approval:
    """The answer to the question, as far as there is one; what was not asked before is asked now.

    What an earlier segment asked under the same name is the same question if the digest is the same. Otherwise what
    was asked, and even what was permitted, is void, and the new action is asked.

    Raises:
        LeaseLost: another worker has the execution by now.
    """
    execution = await uow.executions.lock(lease.execution_id)
    known = await uow.approvals.current(lease.execution_id, ask.name)
    if known is not None and known.digest == ask.digest:
        return known
    task = await uow.tasks.get(lease.subject.workspace_id, execution.task_id) if execution else None
    if execution is None or task is None:
        raise NotFound("execution", str(lease.execution_id))
    asked = Approval(
        id=uow.new_id(),
        workspace_id=execution.workspace_id,
        project_id=execution.project_id,
        task_id=execution.task_id,
        execution_id=execution.id,
        name=ask.name,
        kind=ask.kind,
        summary=ask.summary,
        arguments=ask.arguments,
        digest=ask.digest,
        risk=ask.risk,
        permission=ask.permission,
        quorum=ask.quorum,
        fallback=ask.fallback,
        requested_by=task.dispatched_by,
        requested_at=uow.now,
        expires_at=None if ask.expires_in is None else uow.now + ask.expires_in,
    )
    events: list[Event] = []
    if known is not None:
        await uow.approvals.update(_ended(uow, known, ApprovalStatus.VOIDED))
        events.append(
            ApprovalVoided(approval_id=str(known.id), name=known.name, digest=known.digest, new_digest=asked.digest)
        )
    events.append(
        ApprovalRequested(approval_id=str(asked.id), name=asked.name, summary=asked.summary, digest=asked.digest)
    )
    await uow.events.append(lease.subject, events, actor=lease.actor, epoch=lease.epoch)
    await uow.approvals.insert(asked)
    return asked


async def approve(uow: UnitOfWork, actor: Actor, command: DecideAction) -> Approval:
    """Approve an action; with enough approvals its execution goes on.

    Who dispatched the task may not approve what it asks, unless nobody else could. Of one who is alone a single
    approval is enough, and it is recorded when it was the person's own.

    Raises:
        Denied, NotFound, VersionConflict: as their names say.
        ApprovalEnded, DigestMismatch, AlreadyVoted, SecondPersonNeeded: as their names say.
    """
    return await _decide(uow, actor, command, Decision.APPROVE)


async def reject(uow: UnitOfWork, actor: Actor, command: DecideAction) -> Approval:
    """Reject an action: one rejection is enough, and its execution goes on with it.

    Raises:
        Denied, NotFound, VersionConflict: as their names say.
        ApprovalEnded, DigestMismatch: as their names say.
    """
    return await _decide(uow, actor, command, Decision.REJECT)


async def expire_approval(uow: UnitOfWork, approval_id: UUID) -> Approval | None:
    """Let the fallback of an approval count whose time has passed; ``None`` when that is not so (any more)."""
    found = await _locked(uow, None, approval_id)
    if found is None or found.status is not ApprovalStatus.PENDING or found.open_at(uow.now):
        return None
    expired = _ended(uow, found, ApprovalStatus.EXPIRED)
    await uow.approvals.update(expired)
    event = ApprovalExpired(approval_id=str(found.id), name=found.name, fallback=found.fallback)
    await uow.events.append(subject_of(found), [event], actor=ENGINE)
    await resume_execution(uow, ENGINE, found.execution_id, f"nobody decided {found.name!r} in time")
    return expired


async def _decide(uow: UnitOfWork, actor: Actor, command: DecideAction, decision: Decision) -> Approval:
    actor.require(Permission.APPROVE)
    comment = check_text(command.comment or "", "comment", most=2_000)
    approval = await _locked(uow, actor.workspace_id, command.approval_id)
    if approval is None:
        raise NotFound("approval", str(command.approval_id), path=("input", "approvalId"))
    actor.require(approval.permission)
    if not approval.open_at(uow.now):
        raise ApprovalEnded(approval, path=("input", "approvalId"))
    if command.digest != approval.digest:
        raise DigestMismatch(approval, path=("input", "digest"))
    if command.expected_version is not None:
        at_version(approval, command.expected_version)
    own = actor.id == approval.requested_by
    vote = Vote(approval_id=approval.id, actor=actor.id, decision=decision, comment=comment, own=own, at=uow.now)
    if decision is Decision.REJECT:
        decided = _ended(uow, approval, ApprovalStatus.REJECTED)
    else:
        decided = await _approved(uow, approval, vote)
    await uow.approvals.insert_vote(vote)
    await uow.approvals.update(decided)
    event = ApprovalDecided(
        approval_id=str(approval.id),
        name=approval.name,
        decision=decision,
        comment=comment,
        status=decided.status,
        self_approved=decided.self_approved,
    )
    await uow.events.append(subject_of(approval), [event], actor=actor.id)
    if decided.status is not ApprovalStatus.PENDING:
        reason = f"{approval.name!r} was {decided.status.lower()} by {actor.name}"
        await resume_execution(uow, actor.id, approval.execution_id, reason)
    return decided


async def _approved(uow: UnitOfWork, approval: Approval, vote: Vote) -> Approval:
    """The approval with one more person for it."""
    votes = await uow.approvals.votes(approval.id)
    if any(earlier.actor == vote.actor for earlier in votes):
        raise AlreadyVoted(approval, path=("input", "approvalId"))
    needed = {Permission.APPROVE, approval.permission}
    if not await uow.members.others_who_may(approval.workspace_id, needed, vote.actor):
        return replace(_ended(uow, approval, ApprovalStatus.APPROVED), self_approved=vote.own)
    if vote.own:
        raise SecondPersonNeeded(approval, path=("input", "approvalId"))
    if len(votes) + 1 >= approval.quorum:
        return _ended(uow, approval, ApprovalStatus.APPROVED)
    return replace(approval, version=approval.version + 1)


async def _locked(uow: UnitOfWork, workspace_id: UUID | None, approval_id: UUID) -> Approval | None:
    """The approval, locked after its task and its execution."""
    found = await uow.approvals.get(workspace_id, approval_id)
    if found is None:
        return None
    await uow.tasks.lock(found.workspace_id, [found.task_id])
    await uow.executions.lock(found.execution_id)
    return await uow.approvals.lock(approval_id)


def _ended(uow: UnitOfWork, approval: Approval, status: ApprovalStatus) -> Approval:
    # What asked it may have begun after us and still have been first at the lock.
    at = max(uow.now, approval.requested_at)
    return replace(approval, status=status, decided_at=at, version=approval.version + 1)


def subject_of(approval: Approval) -> Subject:
    """The execution that waits, as the subject of an event."""
    return Subject(
        workspace_id=approval.workspace_id,
        project_id=approval.project_id,
        task_id=approval.task_id,
        execution_id=approval.execution_id,
    )
