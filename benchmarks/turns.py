"""Contenders that take turns, in short rounds: what else the machine does meets all of them."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks import cpu

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One piece of work for each connection, and the process that does it, if it is one of its own."""

    lanes: Sequence[Work]
    pid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The median of the rounds in pieces of work per second, and milliseconds of CPU that the process took for one."""

    per_second: float
    cpu_each: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long is measured: a warm-up and so many rounds, in seconds each."""

    rounds: int = 3
    seconds: float = 3.0
    warm_up: float = 2.0


async def in_turns(contenders: Mapping[str, Contender], pace: Pace) -> dict[str, Score]:
    """Let each contender work on all its lanes, one contender after the other, round after round."""
    for one in contenders.values():
        await _work(one.lanes, pace.warm_up)
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    spent: dict[str, float] = dict.fromkeys(contenders, 0.0)
    done: dict[str, int] = dict.fromkeys(contenders, 0)
    for _ in range(pace.rounds):
        for name, one in contenders.items():
            before, began = _cpu(one.pid), time.perf_counter()
            count = await _work(one.lanes, pace.seconds)
            rates[name].append(count / (time.perf_counter() - began))
            spent[name] += _cpu(one.pid) - before
            done[name] += count
    return {
        name: Score(
            per_second=statistics.median(rates[name]),
            cpu_each=None if one.pid is None else spent[name] / done[name] * 1000,
        )
        for name, one in contenders.items()
    }


async def _work(lanes: Sequence[Work], seconds: float) -> int:
    """How many pieces of work are done in the time; one that has begun is finished, and counts."""
    until = time.perf_counter() + seconds

    async def lane(work: Work) -> int:
        done = 0
        while time.perf_counter() < until:
            await work()
            done += 1
        return done

    return sum(await asyncio.gather(*(lane(work) for work in lanes)))


def _cpu(pid: int | None) -> float:
    return 0.0 if pid is None else cpu.seconds(pid)
