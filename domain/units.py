"""What can be spent, and exact amounts of it: whole numbers of the smallest part, never a float."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final

from domain.errors import Invalid


class Unit(StrEnum):
    """What a tool call or an execution takes.

    ``COST`` is money in the currency of the workspace's prices, in millionths; ``CPU_SECONDS`` are counted in
    microseconds, the others whole. ``UNPRICED_CALLS`` are calls of tools that have no price: what they cost is not
    known, which is another thing than nothing. ``CACHED_TOKENS`` are those of the ``INPUT_TOKENS`` that a
    language model had seen before, and which many providers sell cheaper.
    """

    COST = "COST"
    CPU_SECONDS = "CPU_SECONDS"
    BYTES = "BYTES"
    TOOL_CALLS = "TOOL_CALLS"
    UNPRICED_CALLS = "UNPRICED_CALLS"
    INPUT_TOKENS = "INPUT_TOKENS"
    OUTPUT_TOKENS = "OUTPUT_TOKENS"
    CACHED_TOKENS = "CACHED_TOKENS"

    @property
    def decimals(self) -> int:
        """How many decimal places an amount of it has."""
        return _DECIMALS[self]

    @property
    def parts(self) -> int:
        """How many of the smallest part are one."""
        return int(10**self.decimals)


_DECIMALS: Final[Mapping[Unit, int]] = {
    Unit.COST: 6,
    Unit.CPU_SECONDS: 6,
    Unit.BYTES: 0,
    Unit.TOOL_CALLS: 0,
    Unit.UNPRICED_CALLS: 0,
    Unit.INPUT_TOKENS: 0,
    Unit.OUTPUT_TOKENS: 0,
    Unit.CACHED_TOKENS: 0,
}

MEASURED: Final = frozenset({Unit.CPU_SECONDS, Unit.BYTES})
"""What is measured of any call when it has ended; a price may be by these."""

UNRESERVED: Final = MEASURED | {Unit.CACHED_TOKENS}
"""What is counted afterwards and not reserved, so that a budget of it refuses only once nothing is left."""

MOST: Final = 10**17
"""The largest amount that is accepted, in the smallest part: sums of many stay within 64 bits."""


def parts_of(unit: Unit, amount: Decimal, path: tuple[str, ...] = ()) -> int:
    """The amount in the unit's smallest part.

    Raises:
        Invalid: negative, not finite, finer than the smallest part, or larger than can be counted.
    """
    name = path[-1] if path else "amount"
    largest = written(unit, MOST)
    if not (amount.is_finite() and 0 <= amount <= largest):
        raise Invalid(f"{name} must be a number from 0 to {largest:,}.", path=path)
    _, digits, exponent = amount.as_tuple()
    finer = -int(exponent) - unit.decimals
    if finer > 0 and any(digits[-finer:]):
        places = f"at most {unit.decimals} decimal places" if unit.decimals else "no decimal places"
        raise Invalid(f"An amount of {unit} has {places}.", path=path)
    return int(amount.scaleb(unit.decimals))


def written(unit: Unit, parts: int) -> Decimal:
    """The amount as people write it: 1500000 parts of ``COST`` are 1.5."""
    amount = Decimal(parts).scaleb(-unit.decimals)
    return amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount.normalize()
