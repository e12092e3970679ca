"""Where the ledger and the prices are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.events import Subject
from domain.ledger import Account, Place, Posting
from domain.prices import Price, ToolPrice
from domain.units import Unit


class LedgerStore(Protocol):
    """Postings are only ever added. Accounts are always locked in the same order, and after everything else."""

    async def post(self, subject: Subject, reference: UUID, postings: Sequence[Posting]) -> list[Account]:
        """Post for an execution, in its own accounts and in all above it, and answer those as they are now.

        The caller holds the lock of the execution. What was posted under the reference before is not posted again, and
        its accounts are not among the answer.
        """

    async def settle_open(self, subject: Subject) -> None:
        """Charge what an execution still has reserved: its calls may have happened."""

    async def spent(self, scope_id: UUID) -> Mapping[Unit, int]:
        """What a scope has spent, in the smallest part; without the units of which it has no account."""

    async def limits(self, subject: Subject) -> list[Account]:
        """The accounts with a budget of what the subject names, and of all above it."""

    async def used_up(self, workspace_id: UUID, task_ids: Collection[UUID]) -> list[Account]:
        """The accounts of these tasks and of all above them whose budget has nothing left."""

    async def lock(self, workspace_id: UUID, place: Place, unit: Unit) -> Account:
        """Lock an account; it is made when there is none yet."""

    async def budget(self, workspace_id: UUID, account_id: UUID) -> Account | None:
        """The account with this id, if it has a budget, or ``None``."""

    async def set_limit(self, account: Account, limit: int | None, at: datetime) -> Account:
        """Give a locked account a budget, or take it away."""

    async def forget_limits(self, task_id: UUID) -> None:
        """Remove the budgets of a task and of its executions."""


class PriceStore(Protocol):
    """The prices that somebody set in a workspace."""

    async def of(self, workspace_id: UUID) -> list[ToolPrice]:
        """All of them, by tool."""

    async def put(self, workspace_id: UUID, tool: str, price: Price, *, by: str, at: datetime) -> None:
        """Set the price of a tool."""

    async def delete(self, workspace_id: UUID, tool: str) -> bool:
        """Remove the price of a tool; whether there was one."""
