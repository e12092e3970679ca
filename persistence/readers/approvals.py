"""Reading approvals."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from domain.approval import Approval, ApprovalStatus, Vote
from domain.pages import Page, PageRequest
from persistence.keyset import Ordering, read_page
from persistence.mappers import to_approval, to_vote
from persistence.readers.lists import Lists
from persistence.readers.lookup import Lookup
from persistence.readers.session import ReadSession
from persistence.selects import among
from persistence.tables import approval_votes, approvals, members

AS_ASKED = Ordering((approvals.c.requested_at, approvals.c.id))
APPROVALS_BY_ID = Lookup(select(approvals), approvals.c.id, to_approval, approvals.c.workspace_id)
APPROVALS_OF = Lists(select(approvals), approvals.c.execution_id, approvals.c.workspace_id, AS_ASKED, to_approval)


class ApprovalReader(ReadSession):
    """The part of :class:`domain.ports.Reader` that is about approvals."""

    async def awaiting_approvals(self, workspace_id: UUID, page: PageRequest) -> Page[Approval]:
        """What nobody has decided yet, the oldest first."""
        pending = approvals.c.status == ApprovalStatus.PENDING.value
        base = select(approvals).where(approvals.c.workspace_id == workspace_id, pending)
        async with self.connection() as connection:
            return await read_page(connection, base, AS_ASKED, page, to_approval)

    async def approvals_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Approval | None]:
        """By id."""
        return await APPROVALS_BY_ID.find(self, ids, workspace_id)

    async def approvals_of(
        self, workspace_id: UUID, execution_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[Approval]]:
        """What each execution has asked, the oldest first."""
        return await APPROVALS_OF.read(self, workspace_id, execution_ids, page)

    async def pending_approvals(self, workspace_id: UUID, task_ids: Sequence[UUID]) -> list[list[Approval]]:
        """What each task waits for, the oldest first."""
        wanted = (
            select(approvals)
            .where(
                approvals.c.workspace_id == workspace_id,
                among(approvals.c.task_id, task_ids),
                approvals.c.status == ApprovalStatus.PENDING.value,
            )
            .order_by(approvals.c.requested_at, approvals.c.id)
        )
        found: dict[UUID, list[Approval]] = {}
        async with self.connection() as connection:
            for row in await connection.rows(wanted):
                found.setdefault(row["task_id"], []).append(to_approval(row))
        return [found.get(task_id, []) for task_id in task_ids]

    async def votes_of(self, workspace_id: UUID, approval_ids: Sequence[UUID]) -> list[list[Vote]]:
        """What people have said to each approval, the oldest first."""
        wanted = (
            select(approval_votes)
            .join(approvals, approvals.c.id == approval_votes.c.approval_id)
            .where(approvals.c.workspace_id == workspace_id, among(approval_votes.c.approval_id, approval_ids))
            .order_by(approval_votes.c.at, approval_votes.c.actor)
        )
        found: dict[UUID, list[Vote]] = {}
        async with self.connection() as connection:
            for row in await connection.rows(wanted):
                found.setdefault(row["approval_id"], []).append(to_vote(row))
        return [found.get(approval_id, []) for approval_id in approval_ids]

    async def members_permissions(self, workspace_id: UUID) -> dict[str, frozenset[str]]:
        """What each member may do, by the name that events use."""
        wanted = select(members.c.actor, members.c.permissions).where(members.c.workspace_id == workspace_id)
        async with self.connection() as connection:
            return {row["actor"]: frozenset(row["permissions"]) for row in await connection.rows(wanted)}
