"""Reserving before a call of a tool, and charging after it. Every write is fenced by the lease."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from domain.errors import BudgetExceeded
from domain.lease import Lease
from domain.ledger import Account, Bill, Reservation, Scope
from domain.ports import UnitOfWork
from domain.prices import Price
from domain.units import UNRESERVED
from domain.use_cases.budgets import name_of

NARROWEST_FIRST = (Scope.EXECUTION, Scope.TASK, Scope.PROJECT, Scope.WORKSPACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What a segment needs to know before it calls tools: the workspace's own prices, and whether it has budgets."""

    own_prices: Mapping[str, Price]
    budgeted: bool


async def tariff(uow: UnitOfWork, lease: Lease) -> Tariff:
    """The prices and budgets as they are now."""
    own = await uow.prices.of(lease.subject.workspace_id)
    limits = await uow.ledger.limits(lease.subject)
    return Tariff(own_prices={one.tool: one.price for one in own}, budgeted=bool(limits))


async def charge(uow: UnitOfWork, lease: Lease, bill: Bill) -> bool:
    """Charge what a call took and release the rest; whether any account that was charged has a budget.

    The caller has written an event of the execution under the lease in this transaction, so it holds its lock. Doing it
    twice charges once.
    """
    charged = await uow.ledger.post(lease.subject, bill.reservation.reference, bill.postings)
    return any(account.limit is not None for account in charged)


async def reserve(uow: UnitOfWork, lease: Lease, reservation: Reservation) -> bool:
    """Set aside what a call takes at worst, in all accounts above it or in none; whether any of them has a budget.

    The caller has written an event of the execution under the lease in this transaction, so it holds its lock. Doing it
    twice reserves once.

    Raises:
        BudgetExceeded: a budget does not allow it, or nothing is left of one by measurement. Nothing is reserved.
    """
    wanted = {posting.unit: posting.amount for posting in reservation.opening()}
    if wanted:
        touched = await uow.ledger.post(lease.subject, reservation.reference, reservation.opening())
        for account in _narrowest_first(touched):
            if account.overdrawn:
                before = replace(account, reserved=account.reserved - wanted[account.unit])
                raise BudgetExceeded(
                    before, await name_of(uow, lease.subject.workspace_id, before), wanted[account.unit]
                )
    limits = await uow.ledger.limits(lease.subject)
    for account in _narrowest_first(limits):
        if account.unit in UNRESERVED and account.used_up:
            raise BudgetExceeded(account, await name_of(uow, lease.subject.workspace_id, account), 0)
    return bool(limits)


def _narrowest_first(accounts: Iterable[Account]) -> list[Account]:
    return sorted(accounts, key=lambda account: NARROWEST_FIRST.index(account.scope))
