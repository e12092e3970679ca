"""Faults of every kind, at random, while graphs of tasks are worked off.

The long one takes its seed and its length from ``STORM_SEED`` and ``STORM_MINUTES``.
"""

from __future__ import annotations

import os

import pytest

from tests.faults.checker import Violation
from tests.faults.ground import new_ground
from tests.faults.storm.__main__ import table
from tests.faults.storm.plan import FAULTS, Give, Strike, plan
from tests.faults.storm.run import Storm

SEED = int(os.environ.get("STORM_SEED", "1776"))
MINUTES = float(os.environ.get("STORM_MINUTES", "1.5"))


async def violations(seed: int, seconds: float, *faults: str, **settings: str) -> list[Violation]:
    """What a storm leaves wrong. Its log and its counts are printed: pytest shows them when the test fails."""
    planned = plan(seed, seconds, faults)
    print(f"seed {seed}, {seconds:g} seconds")
    async with new_ground() as ground:
        outcome = await Storm(planned, ground.data_dir, ground.checker, print).run(settings)
    print(table(outcome))
    return outcome.violations


def test_a_plan_is_a_function_of_its_seed() -> None:
    assert plan(7, 600) == plan(7, 600)
    assert plan(7, 600) != plan(8, 600)
    actions = [action for seed in range(2) for action in plan(seed, 3_600).actions]
    assert {action.fault for action in actions if isinstance(action, Strike)} == set(FAULTS)
    assert len({action.shape for action in actions if isinstance(action, Give)}) == 5


@pytest.mark.verify
@pytest.mark.timeout(240)
async def test_a_gust_is_survived() -> None:
    assert await violations(4, 12, *FAULTS) == []


@pytest.mark.verify
@pytest.mark.timeout(MINUTES * 60 + 480)
async def test_a_storm_is_survived() -> None:
    assert await violations(SEED, MINUTES * 60, *FAULTS) == []


@pytest.mark.verify
@pytest.mark.timeout(400)
async def test_a_storm_over_a_removed_fence_is_not_survived() -> None:
    found = await violations(21, 40, "freeze worker past its lease", PROBE_REMOVED_FENCE="epoch")
    assert "owner" in {violation.rule for violation in found}
