"""What an agent may still spend."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from domain.units import Unit


class Budget(Protocol):
    """The budgets of the execution, its task, the tasks above, its project and its workspace, taken together."""

    async def remaining(self, unit: Unit) -> Decimal | None:
        """What is left by the tightest of them, never below 0; ``None`` when none limits this unit.

        Others may spend from the same budgets meanwhile: plan with it, and still expect ``BudgetExceeded``.
        """
