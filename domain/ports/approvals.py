"""Where approvals are kept, and who may give them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.actor import Permission
from domain.approval import Approval, Vote


class ApprovalStore(Protocol):
    """Approvals with their votes. Their execution is locked before they are."""

    async def get(self, workspace_id: UUID | None, approval_id: UUID) -> Approval | None:
        """The approval, or ``None``; without a workspace for the engine itself."""

    async def lock(self, approval_id: UUID) -> Approval | None:
        """Lock the approval, or ``None``."""

    async def current(self, execution_id: UUID, name: str) -> Approval | None:
        """The execution's approval of this name that has not been voided, locked, or ``None``."""

    async def many(self, approval_ids: Collection[UUID]) -> list[Approval]:
        """The approvals as they are now, without a lock."""

    async def pending_of(self, execution_id: UUID) -> list[Approval]:
        """Those that nobody has decided yet, locked, in the order of their ids."""

    async def due(self, now: datetime, limit: int) -> list[Approval]:
        """Pending ones whose time has passed, the oldest first, without a lock."""

    async def insert(self, approval: Approval) -> None:
        """Add an approval."""

    async def update(self, approval: Approval) -> None:
        """Write the state of a locked approval."""

    async def votes(self, approval_id: UUID) -> Sequence[Vote]:
        """Its votes, the oldest first."""

    async def insert_vote(self, vote: Vote) -> None:
        """Add a vote."""


class MemberStore(Protocol):
    """Who belongs to a workspace."""

    async def ensure(self, workspace_id: UUID, actor_id: str, permissions: Collection[Permission]) -> None:
        """Add a member, or give it these permissions."""

    async def others_who_may(self, workspace_id: UUID, permissions: Collection[Permission], actor_id: str) -> int:
        """How many members beside the actor have all of the permissions."""
