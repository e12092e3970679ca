"""The meter of the kit: the same reserving and charging as on a worker, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

from agents.contract import BudgetExceeded
from agents.processes import ProcessResult
from agents.runtime.meter import MeteredCall, reservation_for
from domain.ledger import Account, Bill, Posting, Scope
from domain.price_table import PRICE_TABLE
from domain.prices import Price, Quote
from domain.units import UNRESERVED, Unit, parts_of, written


class KitMeter:
    """One account for each unit, with the budgets that the test gives."""

    def __init__(self, prices: Mapping[str, Price], budgets: Mapping[Unit, Decimal]) -> None:
        self._own = prices
        execution_id = uuid4()
        self.accounts = {
            unit: Account(
                id=uuid4(),
                scope=Scope.EXECUTION,
                scope_id=execution_id,
                unit=unit,
                limit=parts_of(unit, budgets[unit]) if unit in budgets else None,
            )
            for unit in Unit
        }

    async def remaining(self, unit: Unit) -> Decimal | None:
        """See :class:`agents.contract.Budget`."""
        left = self.accounts[unit].available
        return None if left is None else written(unit, max(left, 0))

    def reserve(self, tool: str, declared: Price | None = None, quote: Quote | None = None) -> MeteredCall:
        """Set aside what a call costs at worst.

        Raises:
            BudgetExceeded: a budget does not allow it; nothing is set aside.
        """
        price = self._own.get(tool) or declared or PRICE_TABLE.prices.get(tool)
        reservation = reservation_for(uuid4(), price, quote)
        after = self._after(reservation.opening())
        for unit, account in after.items():
            wanted = reservation.amounts.get(unit, 0)
            if account.overdrawn and wanted:
                raise BudgetExceeded(replace(account, reserved=account.reserved - wanted), "the test", wanted)
            if unit in UNRESERVED and account.used_up:
                raise BudgetExceeded(account, "the test", 0)
        self.accounts = after
        return MeteredCall(price=price, reservation=reservation, quote=quote)

    def charge(self, bill: Bill) -> None:
        """Charge what a call took."""
        self.accounts = self._after(bill.postings)

    def spent(self) -> dict[Unit, Decimal]:
        """What was spent of each unit."""
        return {unit: written(unit, account.spent) for unit, account in self.accounts.items()}

    def _after(self, postings: Iterable[Posting]) -> dict[Unit, Account]:
        accounts = dict(self.accounts)
        for posting in postings:
            accounts[posting.unit] = accounts[posting.unit].after(posting)
        return accounts


def ended_with(metered: MeteredCall, done: ProcessResult) -> Bill:
    """The bill of a call that was one program."""
    size = len(done.stdout.encode("utf-8", "surrogatepass"))
    return metered.ended(cpu_seconds=done.cpu_seconds, output_bytes=size)
