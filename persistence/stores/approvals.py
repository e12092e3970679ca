"""Writing approvals and votes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.approval import Approval, ApprovalStatus, Vote
from persistence.mappers import from_approval, from_vote, to_approval, to_vote
from persistence.tables import approval_votes, approvals

CHANGING = ("status", "decided_at", "self_approved", "version")


class ApprovalTable:
    """See :class:`domain.ports.ApprovalStore`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, workspace_id: UUID | None, approval_id: UUID) -> Approval | None:
        """The approval, or ``None``; without a workspace for the engine itself."""
        found = select(approvals).where(approvals.c.id == approval_id)
        if workspace_id is not None:
            found = found.where(approvals.c.workspace_id == workspace_id)
        return await self._one(found)

    async def lock(self, approval_id: UUID) -> Approval | None:
        """Lock the approval, or ``None``."""
        return await self._one(select(approvals).where(approvals.c.id == approval_id).with_for_update())

    async def current(self, execution_id: UUID, name: str) -> Approval | None:
        """The execution's approval of this name that has not been voided, locked, or ``None``."""
        valid = approvals.c.status != ApprovalStatus.VOIDED.value
        found = select(approvals).where(approvals.c.execution_id == execution_id, approvals.c.name == name, valid)
        return await self._one(found.with_for_update())

    async def many(self, approval_ids: Collection[UUID]) -> list[Approval]:
        """The approvals as they are now, without a lock."""
        return await self._all(select(approvals).where(approvals.c.id.in_(approval_ids)))

    async def pending_of(self, execution_id: UUID) -> list[Approval]:
        """Those that nobody has decided yet, locked, in the order of their ids."""
        found = select(approvals).where(approvals.c.execution_id == execution_id, _pending()).order_by(approvals.c.id)
        return await self._all(found.with_for_update())

    async def due(self, now: datetime, limit: int) -> list[Approval]:
        """Pending ones whose time has passed, the oldest first, without a lock."""
        found = select(approvals).where(_pending(), approvals.c.expires_at <= now)
        return await self._all(found.order_by(approvals.c.expires_at).limit(limit))

    async def insert(self, approval: Approval) -> None:
        """Add an approval."""
        await self._connection.execute(insert(approvals).values(from_approval(approval)))

    async def update(self, approval: Approval) -> None:
        """Write the state of a locked approval."""
        row = from_approval(approval)
        values = {name: row[name] for name in CHANGING}
        await self._connection.execute(update(approvals).where(approvals.c.id == approval.id).values(values))

    async def votes(self, approval_id: UUID) -> Sequence[Vote]:
        """Its votes, the oldest first."""
        found = select(approval_votes).where(approval_votes.c.approval_id == approval_id).order_by(approval_votes.c.at)
        return [to_vote(row) for row in (await self._connection.execute(found)).mappings()]

    async def insert_vote(self, vote: Vote) -> None:
        """Add a vote."""
        await self._connection.execute(insert(approval_votes).values(from_vote(vote)))

    async def _one(self, found: Select[Any]) -> Approval | None:
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return None if row is None else to_approval(row)

    async def _all(self, found: Select[Any]) -> list[Approval]:
        return [to_approval(row) for row in (await self._connection.execute(found)).mappings()]


def _pending() -> ColumnElement[bool]:
    return approvals.c.status == ApprovalStatus.PENDING.value
