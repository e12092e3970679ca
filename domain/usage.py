"""What was consumed, as the platform measured it and as the ledger has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from domain.ledger import Account
from domain.units import Unit, written


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Totals over the recorded tool calls and artifacts of one execution."""

    execution_id: UUID
    tool_calls: int
    tool_seconds: float
    artifact_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTotal:
    """What was spent and is reserved of one unit, as people write it; ``None`` for what has no budget."""

    unit: Unit
    spent: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    limit: Decimal | None = None
    available: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The accounts of one scope by unit: what it and all below it have reserved and spent."""

    accounts: Mapping[Unit, Account]

    def of(self, unit: Unit) -> UnitTotal:
        """The total of one unit; 0 where nothing was ever posted."""
        account = self.accounts.get(unit)
        if account is None:
            return UnitTotal(unit=unit)
        return UnitTotal(
            unit=unit,
            spent=written(unit, account.spent),
            reserved=written(unit, account.reserved),
            limit=None if account.limit is None else written(unit, account.limit),
            available=None if account.available is None else written(unit, account.available),
        )
