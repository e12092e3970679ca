"""Taking times, and showing them."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured, its value, the peer or limit, and their ratio."""

    what: str
    value: str
    against: str
    ratio: str


async def per_second(work: Callable[[], Awaitable[object]], *, seconds: float, connections: int = 1) -> float:
    """How often ``work`` can be done in a second by so many callers, after a warm-up of a fifth of the time."""
    await _repeat(work, seconds / 5, connections)
    began = time.perf_counter()
    done = await _repeat(work, seconds, connections)
    return done / (time.perf_counter() - began)


async def _repeat(work: Callable[[], Awaitable[object]], seconds: float, connections: int) -> int:
    until = time.perf_counter() + seconds

    async def caller() -> int:
        done = 0
        while time.perf_counter() < until:
            await work()
            done += 1
        return done

    return sum(await asyncio.gather(*(caller() for _ in range(connections))))


def percentile(values: Sequence[float], percent: int) -> float:
    """A percentile of at least two values."""
    return statistics.quantiles(values, n=100)[percent - 1]


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    lines = ["| what | measured | against | ratio |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {row.what} | {row.value} | {row.against} | {row.ratio} |" for row in rows)])
