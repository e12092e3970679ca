"""Reserves what each call of a tool costs at worst before it is made, and charges what it took after it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from domain.lease import Lease
from domain.ledger import Bill, Reservation
from domain.ports import Transactor, UnitOfWork
from domain.price_table import PRICE_TABLE
from domain.prices import Price, Quote
from domain.units import Unit, written
from domain.use_cases import metering
from domain.use_cases.metering import Tariff


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredCall:
    """One call: its price (``None``: unpriced), and what is set aside for it, which may be nothing.

    ``quote`` is what this call takes at worst, where that differs from call to call; a price goes before its cost.
    """

    price: Price | None
    reservation: Reservation
    quote: Quote | None = None

    def ended(self, *, cpu_seconds: float, output_bytes: int, took: Mapping[Unit, int] | None = None) -> Bill:
        """The bill of a call that came to its end, however it ended; ``took`` is what it took of its quote."""
        measured = {Unit.CPU_SECONDS: round(cpu_seconds * Unit.CPU_SECONDS.parts), Unit.BYTES: output_bytes}
        cost = {} if self.price is None else {Unit.COST: self.price.actual(measured)}
        return self._bill({**_counted(self.price, self.quote), **measured, **(took or {}), **cost})

    def never_began(self) -> Bill:
        """The bill of a call whose program could not be started."""
        return self._bill({Unit.TOOL_CALLS: 1})

    def cut_short(self) -> Bill:
        """The bill of a call that was stopped: what it did is not known, so it is charged at its worst."""
        return self._bill(_at_worst(self.price, self.quote))

    def _bill(self, actual: Mapping[Unit, int]) -> Bill:
        return Bill(reservation=self.reservation, actual=actual)


class Meter:
    """Of one segment; the ledger of tool calls asks it around each call.

    The prices are those of the moment in which it first calls a tool. A call without a price is reserved only where
    there is a budget: that is known from the last charge, so it needs no statement of its own. A budget that is set
    while a segment runs counts for its next call but one at the latest, and for calls with a price at once.
    """

    def __init__(self, lease: Lease, transactor: Transactor) -> None:
        self._lease = lease
        self._transactor = transactor
        self._opening = asyncio.Lock()
        self._tariff: Tariff | None = None
        self._budgeted = False

    async def price_of(self, tool: str, declared: Price | None) -> Price | None:
        """What a call costs: as the workspace says, or the tool itself, or the table of the installation.

        ``None`` when nobody says it.
        """
        async with self._opening:
            if self._tariff is None:
                self._tariff = await self._transactor.run(lambda uow: metering.tariff(uow, self._lease))
                self._budgeted = self._tariff.budgeted
        return self._tariff.own_prices.get(tool) or declared or PRICE_TABLE.prices.get(tool)

    async def reserve(
        self, uow: UnitOfWork, call_id: UUID, price: Price | None, quote: Quote | None = None
    ) -> MeteredCall:
        """Set aside what the call costs at worst, in the transaction that records it as begun, behind an event.

        ``call_id`` is new for each time that a call is really made.

        Raises:
            BudgetExceeded: a budget does not allow it; the transaction must not be committed, nor the call made.
        """
        worst = 0 if price is None else price.worst
        if not worst and quote is None and not self._budgeted:
            return MeteredCall(price=price, reservation=Reservation(reference=call_id, amounts={}))
        reservation = reservation_for(call_id, price, quote)
        self._budgeted = await metering.reserve(uow, self._lease, reservation)
        return MeteredCall(price=price, reservation=reservation, quote=quote)

    async def charge(self, uow: UnitOfWork, bill: Bill) -> None:
        """Charge in the transaction that records the call's end, behind an event of the execution."""
        self._budgeted = await metering.charge(uow, self._lease, bill) or self._budgeted

    async def remaining(self, unit: Unit) -> Decimal | None:
        """See :class:`agents.contract.Budget`."""
        limits = await self._transactor.run(lambda uow: uow.ledger.limits(self._lease.subject))
        left = [account.available for account in limits if account.unit is unit and account.available is not None]
        return written(unit, max(min(left), 0)) if left else None


def reservation_for(call_id: UUID, price: Price | None, quote: Quote | None = None) -> Reservation:
    """What a call with this price or quote takes at worst of what is known before it is made."""
    return Reservation(reference=call_id, amounts=_at_worst(price, quote))


def _at_worst(price: Price | None, quote: Quote | None) -> dict[Unit, int]:
    quoted = {} if quote is None else quote.worst
    cost = {} if price is None else {Unit.COST: price.worst}
    return {**_counted(price, quote), **quoted, **cost}


def _counted(price: Price | None, quote: Quote | None) -> dict[Unit, int]:
    priced = price is not None or (quote is not None and quote.priced)
    return {Unit.TOOL_CALLS: 1} if priced else {Unit.TOOL_CALLS: 1, Unit.UNPRICED_CALLS: 1}
