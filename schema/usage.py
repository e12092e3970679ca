"""What was spent and reserved, by unit."""

from __future__ import annotations

from decimal import Decimal

import strawberry
from strawberry import Parent

import domain.usage as domain
from domain.units import Unit


@strawberry.type(description="What was spent and is reserved of one unit.")
class UnitTotal:
    """One unit."""

    unit: Unit = strawberry.field(description="The unit.")
    spent: Decimal = strawberry.field(description="What was spent.")
    reserved: Decimal = strawberry.field(description="What is set aside for calls that are under way, at their worst.")
    limit: Decimal | None = strawberry.field(description="The budget; null without one.")
    available: Decimal | None = strawberry.field(
        description="What is left of the budget, below 0 when more was measured than it allows; null without one."
    )


def _cost(root: Parent[domain.Totals]) -> domain.UnitTotal:
    return root.of(Unit.COST)


def _unpriced(root: Parent[domain.Totals]) -> Decimal:
    return root.of(Unit.UNPRICED_CALLS).spent


def _units(root: Parent[domain.Totals]) -> list[domain.UnitTotal]:
    return [root.of(unit) for unit in Unit]


@strawberry.type(description="What a thing and all below it have spent and reserved, as the ledger has it.")
class Totals:
    """All units."""

    cost = strawberry.field(
        _cost,
        graphql_type=UnitTotal,
        description="What is known of the cost; without the calls that are counted as unpricedCalls.",
    )
    unpriced_calls = strawberry.field(
        _unpriced, description="Calls of tools that have no price: what they cost is not known, and not 0."
    )
    units = strawberry.field(_units, graphql_type=list[UnitTotal], description="Every unit, COST first.")
