"""Budgets, and the prices of tools."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import strawberry
from strawberry import Parent

from domain import ledger, prices
from domain.ledger import Scope
from domain.units import Unit, written
from resolvers.ledger import holder_of
from schema.node import Info, Node, represents

if TYPE_CHECKING:
    from schema.execution import Execution
    from schema.project import Project
    from schema.task import Task
    from schema.workspace import Workspace

LazyExecution = Annotated["Execution", strawberry.lazy("schema.execution")]
LazyProject = Annotated["Project", strawberry.lazy("schema.project")]
LazyTask = Annotated["Task", strawberry.lazy("schema.task")]
LazyWorkspace = Annotated["Workspace", strawberry.lazy("schema.workspace")]

BudgetHolder: TypeAlias = Annotated[
    LazyWorkspace | LazyProject | LazyTask | LazyExecution,
    strawberry.union("BudgetHolder", description="Anything that can have a budget."),
]


async def _holder(root: Parent[ledger.Account], info: Info) -> Any:
    return await holder_of(info.context, root)


def _spent(root: Parent[ledger.Account]) -> Decimal:
    return written(root.unit, root.spent)


def _reserved(root: Parent[ledger.Account]) -> Decimal:
    return written(root.unit, root.reserved)


def _limit(root: Parent[ledger.Account]) -> Decimal:
    return written(root.unit, root.limit or 0)


def _available(root: Parent[ledger.Account]) -> Decimal:
    return written(root.unit, root.available or 0)


def _set_at(root: Parent[ledger.Account]) -> datetime | None:
    return root.limit_set_at


@represents(ledger.Account)
@strawberry.type(
    description="How much of a unit a thing and all below it may spend. It is reserved before it is spent."
)
class Budget(Node):
    """A budget."""

    scope: Scope = strawberry.field(description="What kind of thing it is the budget of.")
    of = strawberry.field(
        _holder, graphql_type=BudgetHolder | None, description="What it is the budget of; null when that was deleted."
    )
    unit: Unit = strawberry.field(description="What is limited.")
    limit = strawberry.field(_limit, description="How much may be reserved and spent, from the beginning on.")
    spent = strawberry.field(_spent, description="What was spent, before it was set, too.")
    reserved = strawberry.field(_reserved, description="What is set aside for calls that are under way.")
    available = strawberry.field(_available, description="What is left; below 0 when more was measured than it allows.")
    set_at = strawberry.field(_set_at, description="When it was set first; null when it has been removed.")


def _rate_amount(root: Parent[prices.Rate]) -> Decimal:
    return written(Unit.COST, root.amount)


def _rate_per(root: Parent[prices.Rate]) -> Decimal:
    return written(root.unit, root.per)


def _rate_maximum(root: Parent[prices.Rate]) -> Decimal:
    return written(root.unit, root.maximum)


@strawberry.type(description="A price by what is measured of a call.")
class Rate:
    """A rate."""

    unit: Unit = strawberry.field(description="What is measured: CPU_SECONDS or BYTES.")
    amount = strawberry.field(_rate_amount, description="The cost of each part.")
    per = strawberry.field(_rate_per, description="How large a part is.")
    maximum = strawberry.field(
        _rate_maximum, description="What a call takes at most: this is reserved; what is beyond it is an overrun."
    )


def _per_call(root: Parent[prices.ToolPrice]) -> Decimal:
    return written(Unit.COST, root.price.per_call)


def _rate(root: Parent[prices.ToolPrice]) -> prices.Rate | None:
    return root.price.rate


@strawberry.type(description="What calls of a tool cost. A tool that has no price is unpriced, which is not free.")
class ToolPrice:
    """A price."""

    tool: str = strawberry.field(description="Name of the tool.")
    per_call = strawberry.field(_per_call, description="The cost of each call.")
    rate = strawberry.field(_rate, graphql_type=Rate | None, description="What is added by measurement; null for none.")
    source: str = strawberry.field(description="Who set it, or where it comes from.")
    own: bool = strawberry.field(description="Whether it was set in this workspace.")
    as_of: datetime = strawberry.field(description="Since when it is so.")
