"""Events of budgets and prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetChanged:
    """A budget was set, changed or removed; limits are as people write them, null for none."""

    scope: str
    unit: str
    previous: str | None
    limit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChanged:
    """The price of a tool in the workspace was set, changed or removed; null for none."""

    tool: str
    price: str | None


LedgerEvent: TypeAlias = BudgetChanged | PriceChanged
