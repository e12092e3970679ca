"""How much is measured: all of it for figures that count, or a little, to see that every benchmark still runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.turns import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Sizes of the data and of the runs. Each task has 5 executions and depends on the 2 tasks before it."""

    tasks: int = 10_000
    pace: Pace = field(default_factory=Pace)
    connections: tuple[int, ...] = (1, 16)
    dispatches: int = 40
    subscribers: tuple[int, ...] = (1, 100, 1000)
    events: int = 5
    workers: tuple[int, ...] = (1, 2)
    executions: int = 500
    memories: int = 10_000
    recalls: int = 100
    inspected: tuple[str, ...] = ("click==8.1.7", "flask==3.1.0", "sphinx==8.1.3")


FULL = Scale()
SMALL = Scale(
    tasks=100,
    pace=Pace(rounds=1, seconds=0.2, warm_up=0),
    connections=(2,),
    dispatches=2,
    subscribers=(3,),
    events=2,
    workers=(2,),
    executions=20,
    memories=200,
    recalls=5,
    inspected=("click==8.1.7",),
)
