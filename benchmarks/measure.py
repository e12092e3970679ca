"""Taking times, and showing them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Target:
    """What a number is to reach: at least ``bound``, or at most it."""

    bound: float
    at_most: bool = False
    unit: str = ""

    def met_by(self, value: float) -> bool:
        """Whether the value reaches it."""
        return value <= self.bound if self.at_most else value >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.bound:g}{self.unit}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured, its value, the peer or limit, their ratio, and the target, if any."""

    what: str
    value: str
    against: str
    ratio: str
    target: str = ""

    def aiming(self, target: Target | None, value: float, of: str = "") -> Row:
        """The line with its target (``of`` what, unless it is the ratio), and whether the value meets it."""
        if target is None:
            return self
        return replace(self, target=f"{of}{target}: {'met' if target.met_by(value) else '**missed**'}")


def percentile(values: Sequence[float], percent: int) -> float:
    """A percentile of at least two values."""
    return statistics.quantiles(values, n=100)[percent - 1]


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    lines = ["| what | measured | against | ratio | target |", "|---|---|---|---|---|"]
    cells = (f"| {row.what} | {row.value} | {row.against} | {row.ratio} | {row.target or '–'} |" for row in rows)
    return "\n".join([*lines, *cells])
