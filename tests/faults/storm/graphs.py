"""Random graphs of tasks for the probe: as drafts of ``createTasks``, without the files they write to."""

from __future__ import annotations

import random
from typing import Any, TypeAlias

Draft: TypeAlias = dict[str, Any]

Edges: TypeAlias = list[list[int]]
"""For each task those before it that it depends on."""


def graph(chance: random.Random) -> tuple[str, list[Draft]]:
    """A graph and the name of its shape."""
    shape = chance.choice(["single", "chain", "diamond", "fan-out", "random"])
    return shape, [_task(chance, number, after) for number, after in enumerate(_edges(chance, shape))]


def _edges(chance: random.Random, shape: str) -> Edges:
    match shape:
        case "single":
            return [[]]
        case "chain":
            return [[number - 1] if number else [] for number in range(chance.randint(2, 5))]
        case "diamond":
            width = chance.randint(2, 4)
            return [[], *([0] for _ in range(width)), list(range(1, width + 1))]
        case "fan-out":
            return [[], *([0] for _ in range(chance.randint(3, 7)))]
        case _:
            size = chance.randint(4, 9)
            return [sorted(chance.sample(range(number), chance.randint(0, min(number, 3)))) for number in range(size)]


def _task(chance: random.Random, number: int, after: list[int]) -> Draft:
    draft: Draft = {"title": f"task {number}", "clientKey": str(number), "agent": "probe", "inputs": _inputs(chance)}
    draft["dependsOn"] = [
        {"on": {"clientKey": str(one)}, "onFailure": chance.choice(["BLOCK", "SKIP", "CONTINUE"])} for one in after
    ]
    if chance.random() < 0.4:
        draft["retryPolicy"] = {"maxAttempts": chance.randint(2, 3), "backoff": chance.choice(["PT0S", "PT1S"])}
    if draft["inputs"].get("grandchild") or chance.random() < 0.03:
        draft["timeout"] = "PT3S"
    return draft


def _inputs(chance: random.Random) -> dict[str, Any]:
    inputs: dict[str, Any] = {
        "steps": chance.randint(1, 12),
        "log_lines": chance.choice([0, 3, 40]),
        "pause": round(chance.uniform(0.01, 0.3), 2),
    }
    kind = chance.random()
    if kind < 0.15:
        inputs["fail_times"] = chance.randint(1, 3)
    elif kind < 0.25:
        inputs |= {"steps": chance.randint(1, 3), "tool_seconds": round(chance.uniform(0.2, 2), 1)}
    elif kind < 0.28:
        inputs |= {"steps": 1, "grandchild": True}  # never ends by itself
    elif kind < 0.295:
        inputs["kill_worker"] = True
    if chance.random() < 0.15:
        inputs["asks"] = [_action(chance, name) for name in ("one", "two")[: chance.randint(1, 2)]]
    return inputs


def _action(chance: random.Random, name: str) -> dict[str, Any]:
    """What is asked; its arguments say what is answered. What is ignored has an end."""
    verdict = chance.choices(["approve", "reject", "ignore"], weights=[6, 1, 2])[0]
    action: dict[str, Any] = {"name": name, "arguments": {"verdict": verdict, "n": chance.randrange(1_000_000)}}
    if verdict == "ignore" or chance.random() < 0.2:
        action |= {"expires_in": round(chance.uniform(0.5, 6), 1), "fallback": chance.choice(["APPROVE", "REJECT"])}
    if chance.random() < 0.5:
        action["on_rejection"] = "RETURN"
    return action
