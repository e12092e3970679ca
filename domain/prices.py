"""What calls of tools cost: a price for each call, and one for what is measured of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.errors import Invalid
from domain.units import MEASURED, MOST, Unit, written


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A price by what is measured: ``amount`` of ``COST`` for each ``per`` of ``unit``, both in the smallest part.

    ``maximum`` of ``unit`` is what one call can take at most: it is reserved before the call, and what a call takes
    beyond it is charged as an overrun.
    """

    unit: Unit
    amount: int
    per: int
    maximum: int

    def cost(self, measured: int) -> int:
        """The cost of what was measured; a part of the smallest part counts as a whole one."""
        return -(-measured * self.amount // self.per)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a call of a tool costs, in the smallest part of ``COST``. A price of nothing is a price."""

    per_call: int = 0
    rate: Rate | None = None

    @property
    def worst(self) -> int:
        """What one call costs at most."""
        return self.per_call + (self.rate.cost(self.rate.maximum) if self.rate else 0)

    def actual(self, measured: Mapping[Unit, int]) -> int:
        """What a call costs of which this was measured."""
        return self.per_call + (self.rate.cost(measured.get(self.rate.unit, 0)) if self.rate else 0)

    def check(self) -> None:
        """Refuse a price that cannot be reserved.

        Raises:
            Invalid: ``path`` names the field.
        """
        path = ("input", "rate")
        if self.rate is None:
            return
        if self.rate.unit not in MEASURED:
            allowed = " or ".join(sorted(MEASURED))
            raise Invalid(f"A rate is for {allowed}: what is measured of a call.", path=(*path, "unit"))
        if self.rate.per < 1:
            raise Invalid("per must be above 0.", path=(*path, "per"))
        if self.rate.maximum < 1:
            raise Invalid("maximum must be above 0: it is what is reserved before a call.", path=(*path, "maximum"))
        if self.worst > MOST:
            raise Invalid(f"A call may cost at most {written(Unit.COST, MOST):,}; at maximum it costs more.", path=path)

    def __str__(self) -> str:
        said = f"{written(Unit.COST, self.per_call)} a call"
        if self.rate is None:
            return said
        cost, per = written(Unit.COST, self.rate.amount), written(self.rate.unit, self.rate.per)
        return f"{said}, {cost} for each {per} of {self.rate.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What one certain call takes at worst by unit, where it differs from call to call.

    ``priced``: what it costs is known, and among the amounts. Otherwise the call is unpriced, which is not free.
    """

    worst: Mapping[Unit, int]
    priced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """Prices that come with an installation: as of a day, from a source that can be looked up."""

    as_of: datetime
    source: str
    prices: Mapping[str, Price] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPrice:
    """The price of one tool in a workspace, and where it comes from. ``own``: somebody set it in this workspace."""

    tool: str
    price: Price
    source: str
    own: bool
    as_of: datetime
