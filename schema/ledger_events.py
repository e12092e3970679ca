"""Events of budgets and prices."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

import strawberry
from strawberry import Parent

import domain.events as domain
from domain.ledger import Scope
from domain.units import Unit
from schema.event import Event, tells


def _changed(root: Parent[domain.EventRecord]) -> domain.BudgetChanged:
    return cast("domain.BudgetChanged", root.event)


def _scope(root: Parent[domain.EventRecord]) -> Scope:
    return Scope(_changed(root).scope)


def _unit(root: Parent[domain.EventRecord]) -> Unit:
    return Unit(_changed(root).unit)


def _previous(root: Parent[domain.EventRecord]) -> Decimal | None:
    return _decimal(_changed(root).previous)


def _limit(root: Parent[domain.EventRecord]) -> Decimal | None:
    return _decimal(_changed(root).limit)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@tells(domain.BudgetChanged)
@strawberry.type(description="A budget was set, changed or removed.")
class BudgetChanged(Event):
    """See the description."""

    scope = strawberry.field(_scope, description="What kind of thing it is the budget of.")
    unit = strawberry.field(_unit, description="What is limited.")
    previous = strawberry.field(_previous, description="The limit before; null when there was none.")
    limit = strawberry.field(_limit, description="The limit now; null when it was removed.")


@tells(domain.PriceChanged)
@strawberry.type(description="The price of a tool was set, changed or removed in the workspace.")
class PriceChanged(Event):
    """See the description."""

    tool: str = strawberry.field(description="Name of the tool.")
    price: str | None = strawberry.field(description="The price now, for a person; null when it was removed.")
