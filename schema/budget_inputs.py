"""Inputs about budgets and prices."""

from __future__ import annotations

from decimal import Decimal

import strawberry
from strawberry import ID, UNSET

from domain import commands
from domain.ledger import Place, Scope
from domain.prices import Price, Rate
from domain.units import Unit, parts_of
from schema.absence import given
from schema.node_ids import decode_as


@strawberry.input(one_of=True, description="What a budget is of.")
class BudgetHolderReference:
    """One of its ids."""

    workspace_id: ID | None = strawberry.field(default=UNSET, description="Your workspace, with all its projects.")
    project_id: ID | None = strawberry.field(default=UNSET, description="A project, with all its tasks.")
    task_id: ID | None = strawberry.field(default=UNSET, description="A task, with its children and so on.")
    execution_id: ID | None = strawberry.field(default=UNSET, description="One execution.")

    def place(self) -> Place:
        """The same in terms of the domain.

        Raises:
            InvalidId: the id is malformed or another thing's.
        """
        ids = {
            Scope.WORKSPACE: self.workspace_id,
            Scope.PROJECT: self.project_id,
            Scope.TASK: self.task_id,
            Scope.EXECUTION: self.execution_id,
        }
        ((scope, global_id),) = ((scope, one) for scope, one in ids.items() if given(one) is not None)
        noun = scope.value.capitalize()
        return Place(scope, decode_as(noun, global_id or "", path=("input", "of", f"{scope.lower()}Id")))


@strawberry.input(description="What setBudget is given.")
class SetBudgetInput:
    """A budget to set."""

    of: BudgetHolderReference = strawberry.field(description="What it is the budget of.")
    unit: Unit = strawberry.field(description="What is limited.")
    limit: Decimal = strawberry.field(
        description="How much may be reserved and spent there and below, from the beginning on."
    )

    def command(self) -> commands.SetBudget:
        """The same in terms of the domain."""
        limit = parts_of(self.unit, self.limit, ("input", "limit"))
        return commands.SetBudget(place=self.of.place(), unit=self.unit, limit=limit)


@strawberry.input(description="What removeBudget is given.")
class RemoveBudgetInput:
    """A budget to remove."""

    budget_id: ID = strawberry.field(description="The budget.")

    def command(self) -> commands.RemoveBudget:
        """The same in terms of the domain."""
        return commands.RemoveBudget(budget_id=decode_as("Budget", self.budget_id, path=("input", "budgetId")))


@strawberry.input(description="A price by what is measured of a call.")
class RateInput:
    """A rate."""

    unit: Unit = strawberry.field(description="What is measured: CPU_SECONDS or BYTES.")
    amount: Decimal = strawberry.field(description="The cost of each part.")
    per: Decimal = strawberry.field(description="How large a part is, above 0.")
    maximum: Decimal = strawberry.field(description="What a call takes at most: its cost is reserved before the call.")

    def parsed(self) -> Rate:
        """The same in terms of the domain."""
        path = ("input", "rate")
        return Rate(
            unit=self.unit,
            amount=parts_of(Unit.COST, self.amount, (*path, "amount")),
            per=parts_of(self.unit, self.per, (*path, "per")),
            maximum=parts_of(self.unit, self.maximum, (*path, "maximum")),
        )


@strawberry.input(description="What setPrice is given.")
class SetPriceInput:
    """A price to set."""

    tool: str = strawberry.field(description="Name of the tool.")
    per_call: Decimal = strawberry.field(description="The cost of each call.")
    rate: RateInput | None = strawberry.field(default=UNSET, description="What is added by measurement.")

    def command(self) -> commands.SetPrice:
        """The same in terms of the domain."""
        per_call = parts_of(Unit.COST, self.per_call, ("input", "perCall"))
        rate = self.rate.parsed() if self.rate else None
        return commands.SetPrice(tool=self.tool, price=Price(per_call=per_call, rate=rate))


@strawberry.input(description="What removePrice is given.")
class RemovePriceInput:
    """A price to remove."""

    tool: str = strawberry.field(description="Name of the tool.")

    def command(self) -> commands.RemovePrice:
        """The same in terms of the domain."""
        return commands.RemovePrice(tool=self.tool)
