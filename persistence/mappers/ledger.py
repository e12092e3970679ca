"""Rows of accounts and prices."""

from __future__ import annotations

from typing import Any

from domain.ledger import Account, Scope
from domain.prices import Price, Rate, ToolPrice
from domain.units import Unit
from persistence.mappers.rows import AnyRow

SCOPE = {one.value: one for one in Scope}

UNIT = {one.value: one for one in Unit}


def to_account(row: AnyRow) -> Account:
    """A row of ``accounts``."""
    return Account(
        id=row["id"],
        scope=SCOPE[row["scope"]],
        scope_id=row["scope_id"],
        unit=UNIT[row["unit"]],
        reserved=row["reserved"],
        spent=row["spent"],
        limit=row["most"],
        limit_set_at=row["most_set_at"],
    )


def to_tool_price(row: AnyRow) -> ToolPrice:
    """A row of ``prices``."""
    rate = None
    if row["rate_unit"] is not None:
        unit = UNIT[row["rate_unit"]]
        rate = Rate(unit=unit, amount=row["rate_amount"], per=row["rate_per"], maximum=row["rate_maximum"])
    price = Price(per_call=row["per_call"], rate=rate)
    return ToolPrice(tool=row["tool"], price=price, source=row["set_by"], own=True, as_of=row["set_at"])


def from_price(price: Price) -> dict[str, Any]:
    """The values of a row of ``prices`` that make up the price."""
    rate = price.rate
    return {
        "per_call": price.per_call,
        "rate_unit": rate.unit.value if rate else None,
        "rate_amount": rate.amount if rate else None,
        "rate_per": rate.per if rate else None,
        "rate_maximum": rate.maximum if rate else None,
    }
