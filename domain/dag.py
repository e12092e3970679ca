"""Rules of the dependency graph: what a task's dependencies mean for it, and how a cycle is found."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from enum import Enum
from typing import TypeVar

from domain.states import ENDED_TASK, TaskStatus
from domain.task import OnFailure

Key = TypeVar("Key", bound=Hashable)


class Verdict(Enum):
    """What the dependencies of a dispatched task mean for it."""

    READY = "READY"
    WAIT = "WAIT"
    SKIP = "SKIP"


def verdict(dependencies: Iterable[tuple[TaskStatus, OnFailure]]) -> Verdict:
    """Whether a dispatched task may start, given the state of each task it depends on.

    A task that ended without completing skips its dependent, holds it, or lets it go on, as the edge says. A single
    ``SKIP`` decides, since nothing that still runs can undo it.
    """
    result = Verdict.READY
    for status, on_failure in dependencies:
        if status is TaskStatus.COMPLETED:
            continue
        if status not in ENDED_TASK or on_failure is OnFailure.BLOCK:
            result = Verdict.WAIT
        elif on_failure is OnFailure.SKIP:
            return Verdict.SKIP
    return result


def find_cycle(depends_on: Mapping[Key, Iterable[Key]]) -> list[Key] | None:
    """A closed walk along dependencies, its first node repeated at the end; ``None`` when the graph has no cycle."""
    finished: set[Key] = set()
    for root in depends_on:
        if root in finished:
            continue
        walk: list[Key] = [root]
        on_walk = {root}
        pending = [iter(depends_on.get(root, ()))]
        while pending:
            following = next(pending[-1], None)
            if following is None:
                pending.pop()
                node = walk.pop()
                on_walk.discard(node)
                finished.add(node)
            elif following in on_walk:
                return [*walk[walk.index(following) :], following]
            elif following not in finished:
                walk.append(following)
                on_walk.add(following)
                pending.append(iter(depends_on.get(following, ())))
    return None
