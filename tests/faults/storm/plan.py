"""What a storm does and when: a function of its seed and its length, and of nothing else."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults.storm.graphs import Draft, graph

FAULTS: Mapping[str, int] = {
    "kill worker": 6,
    "stop worker": 3,
    "freeze worker past its lease": 4,
    "freeze worker for less": 3,
    "kill API": 2,
    "stop API": 1,
    "cut all connections": 4,
    "cut some connections": 4,
    "drop wake-ups": 4,
    "hold a lock": 2,
    "restart PostgreSQL": 1,
    "restart PostgreSQL at once": 2,
    "kill PostgreSQL": 2,
    "kill Redis": 2,
}
"""How often each is chosen, compared with the others."""


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault. ``victim`` chooses among what can be hit, ``seconds`` is how long it lasts where it does."""

    at: float
    fault: str
    victim: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Give:
    """A graph of tasks is created and dispatched, by one request."""

    at: float
    name: str
    shape: str
    tasks: Sequence[Draft]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Somebody cancels a task of the graph given before."""

    at: float
    graph: str
    task: int


@dataclass(frozen=True, slots=True)
class Plan:
    """``actions`` in the order of their times, in seconds from the beginning."""

    seed: int
    seconds: float
    redis: bool
    actions: Sequence[Strike | Give | Cancel]

    @property
    def graphs(self) -> dict[str, Give]:
        """The graphs by their names."""
        return {action.name: action for action in self.actions if isinstance(action, Give)}


def plan(seed: int, seconds: float, faults: Sequence[str] = tuple(FAULTS)) -> Plan:
    """The storm of this seed and length, with faults of these kinds."""
    chance = random.Random(seed)
    redis = chance.random() < 0.5
    possible = {
        fault: weight for fault, weight in FAULTS.items() if fault in faults and (redis or "Redis" not in fault)
    }
    actions: list[Strike | Give | Cancel] = [*_gifts(chance, seconds), *_strikes(chance, seconds, possible)]
    return Plan(seed, seconds, redis, sorted(actions, key=lambda action: action.at))


def _gifts(chance: random.Random, seconds: float) -> list[Give | Cancel]:
    actions: list[Give | Cancel] = []
    at = 0.0
    while at < seconds:
        shape, tasks = graph(chance)
        given = Give(at, f"graph {len(actions)}", shape, tasks)
        actions.append(given)
        if chance.random() < 0.3:
            actions.append(Cancel(at + chance.uniform(0.2, 8), given.name, chance.randrange(len(tasks))))
        at += chance.uniform(2, 9)
    return actions


def _strikes(chance: random.Random, seconds: float, possible: Mapping[str, int]) -> list[Strike]:
    kinds: list[Any] = list(possible)
    actions = []
    at = chance.uniform(1, 4)
    while at < seconds:
        (fault,) = chance.choices(kinds, weights=list(possible.values()))
        actions.append(Strike(at, fault, chance.randrange(1_000), chance.uniform(0.2, 1.0)))
        at += chance.uniform(0.5, 6)
    return actions
