"""Approvals and votes on PostgreSQL: every field goes there and back, and the tables keep their rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.actor import Permission
from domain.approval import Approval, ApprovalStatus, Decision, Fallback, Vote
from domain.errors import StoreRefused
from domain.severity import Severity
from tests.persistence.conftest import NOON, Shelf, has_defaults


async def kept(shelf: Shelf, **given: Any) -> Approval:
    execution = await shelf.execution(await shelf.task(await shelf.project()))
    approval = Approval(
        id=uuid4(),
        workspace_id=shelf.workspace_id,
        project_id=execution.project_id,
        task_id=execution.task_id,
        execution_id=execution.id,
        name="push",
        kind="git.push",
        summary="Push to main.",
        arguments={"branch": "main", "deep": [1, 2.5, None, {"ä": "\u2028 \U0001f600"}]},
        digest="0" * 64,
        risk=Severity.CRITICAL,
        permission=Permission.MANAGE_PROJECTS,
        quorum=3,
        fallback=Fallback.FAIL,
        status=ApprovalStatus.APPROVED,
        requested_by="user:ada",
        requested_at=NOON,
        expires_at=NOON + timedelta(days=1),
        decided_at=NOON + timedelta(seconds=1),
        self_approved=True,
        version=4,
    )
    approval = replace(approval, **given)
    await shelf.do(lambda uow: uow.approvals.insert(approval))
    return approval


async def test_an_approval_goes_there_and_back(shelf: Shelf) -> None:
    approval = await kept(shelf)
    assert has_defaults(approval) == []
    assert await shelf.do(lambda uow: uow.approvals.get(shelf.workspace_id, approval.id)) == approval
    assert await shelf.do(lambda uow: uow.approvals.get(uuid4(), approval.id)) is None
    assert await shelf.read.approvals_by_id(shelf.workspace_id, [approval.id]) == [approval]
    assert await shelf.read.approvals_by_id(uuid4(), [approval.id]) == [None]
    rejected = replace(approval, status=ApprovalStatus.REJECTED, self_approved=False, version=5)
    await shelf.do(lambda uow: uow.approvals.update(rejected))
    assert await shelf.do(lambda uow: uow.approvals.lock(approval.id)) == rejected


async def test_a_vote_goes_there_and_back_and_nobody_says_the_same_twice(shelf: Shelf) -> None:
    approval = await kept(shelf)
    vote = Vote(
        approval_id=approval.id, actor="user:ada", decision=Decision.APPROVE, comment="Fine.", own=True, at=NOON
    )
    assert has_defaults(vote) == []
    await shelf.do(lambda uow: uow.approvals.insert_vote(vote))
    assert list(await shelf.do(lambda uow: uow.approvals.votes(approval.id))) == [vote]
    assert await shelf.read.votes_of(shelf.workspace_id, [uuid4(), approval.id]) == [[], [vote]]
    with pytest.raises(StoreRefused):
        await shelf.do(lambda uow: uow.approvals.insert_vote(replace(vote, comment="Again.")))
    await shelf.do(lambda uow: uow.approvals.insert_vote(replace(vote, decision=Decision.REJECT)))


async def test_one_name_has_one_approval_that_counts(shelf: Shelf) -> None:
    approval = await kept(shelf, status=ApprovalStatus.VOIDED)
    valid = replace(approval, id=uuid4(), status=ApprovalStatus.PENDING, decided_at=None)
    await shelf.do(lambda uow: uow.approvals.insert(valid))
    assert await shelf.do(lambda uow: uow.approvals.current(approval.execution_id, "push")) == valid
    with pytest.raises(StoreRefused):
        await shelf.do(lambda uow: uow.approvals.insert(replace(valid, id=uuid4())))
    assert await shelf.do(lambda uow: uow.approvals.pending_of(approval.execution_id)) == [valid]
    assert await shelf.read.pending_approvals(shelf.workspace_id, [approval.task_id]) == [[valid]]
    await shelf.do(lambda uow: uow.tasks.delete(approval.task_id))
    assert await shelf.do(lambda uow: uow.approvals.get(None, valid.id)) is None


async def test_what_is_pending_has_not_been_decided(shelf: Shelf) -> None:
    with pytest.raises(StoreRefused):
        await kept(shelf, status=ApprovalStatus.PENDING)
    with pytest.raises(StoreRefused):
        await kept(shelf, decided_at=None)


async def test_what_is_due_comes_in_the_order_of_its_times(shelf: Shelf) -> None:
    long_ago = NOON - timedelta(days=10_000)
    pending: dict[str, Any] = {"status": ApprovalStatus.PENDING, "decided_at": None}
    late = await kept(shelf, **pending, expires_at=long_ago + timedelta(seconds=2))
    early = await kept(shelf, **pending, expires_at=long_ago)
    await kept(shelf, **pending, expires_at=None)
    await kept(shelf, expires_at=long_ago)
    moment = long_ago + timedelta(seconds=2)
    due = await shelf.do(lambda uow: uow.approvals.due(moment, 10))
    assert [one.id for one in due] == [early.id, late.id]
    assert len(await shelf.do(lambda uow: uow.approvals.due(moment, 1))) == 1
