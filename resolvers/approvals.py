"""Where approvals come from, and who may decide them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.actor import Permission
from domain.approval import Approval, Vote
from domain.execution import Execution
from domain.pages import Page
from resolvers.connections import Connection, Window, connect_root
from resolvers.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRights:
    """What may be done with an approval."""

    approve: bool
    reject: bool


async def by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[Approval | None]:
    """Approvals, or ``None`` for what is not there for whoever asks."""
    return await context.read.approvals_by_id(context.workspace_id, ids)


async def awaiting(context: Context, window: Window) -> Connection[Approval]:
    """What nobody in the workspace has decided yet, the oldest first."""
    return await connect_root(
        "awaitingApprovals", lambda page: context.read.awaiting_approvals(context.workspace_id, page), window
    )


async def of_executions(
    context: Context, executions: Sequence[Execution], args: tuple[Any, ...]
) -> list[Page[Approval]]:
    """What each execution has asked, the oldest first. ``args``: page."""
    (page,) = args
    ids = [execution.id for execution in executions]
    return await context.read.approvals_of(context.workspace_id, ids, page)


async def votes_of(context: Context, approvals: Sequence[Approval], _args: tuple[Any, ...]) -> list[list[Vote]]:
    """What people have said to each approval, the oldest first."""
    return await context.read.votes_of(context.workspace_id, [approval.id for approval in approvals])


async def rights(context: Context, approvals: Sequence[Approval], _args: tuple[Any, ...]) -> list[ApprovalRights]:
    """What whoever asks may do with each, by the same rules that the use cases apply; at most two statements."""
    nothing = ApprovalRights(approve=False, reject=False)
    now, actor = context.clock(), context.actor
    if not actor.may(Permission.APPROVE) or not any(approval.open_at(now) for approval in approvals):
        return [nothing for _ in approvals]
    votes = await context.load_all(votes_of, approvals)
    members = await context.read.members_permissions(context.workspace_id)
    answers = []
    for approval, said in zip(approvals, votes, strict=True):
        if not approval.open_at(now) or not actor.may(approval.permission):
            answers.append(nothing)
            continue
        needed = {Permission.APPROVE.value, approval.permission.value}
        others = any(needed <= permissions for name, permissions in members.items() if name != actor.id)
        again = any(vote.actor == actor.id for vote in said)
        own = actor.id == approval.requested_by
        answers.append(ApprovalRights(approve=not again and not (own and others), reject=True))
    return answers
