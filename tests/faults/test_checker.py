"""The checker notices what it is there for: a violation made on purpose, by a worker without one of its fences."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from tests.faults.checker import until_line
from tests.faults.ground import new_ground
from tests.faults.platform_processes import LEASE, started
from tests.faults.work import give

LONG = LEASE * 2.5
"""Seconds that a worker is at work when another one takes its execution over and is at it, too."""


@pytest.mark.verify
@pytest.mark.parametrize(
    ("fence", "rule", "inputs", "frozen_at"),
    [
        ("epoch", "owner", {"pause": LONG}, "start 1"),
        ("finish", "owner", {"linger": LONG}, "linger"),
        ("none", None, {"pause": LONG}, "start 1"),
    ],
)
async def test_a_removed_fence_is_noticed(fence: str, rule: str | None, inputs: dict[str, Any], frozen_at: str) -> None:
    unfenced = {"PROBE_REMOVED_FENCE": fence}
    async with (
        new_ground() as ground,
        started("serve", ground.data_dir) as api,
        api.client() as caller,
        started("worker", ground.data_dir, unfenced) as zombie,
    ):
        await ground.checker.until_worker(zombie)
        work = await give(caller, ground.data_dir.parent, steps=1, held=False, **inputs)
        await until_line(work.journal, frozen_at)
        zombie.send(signal.SIGSTOP)
        async with started("worker", ground.data_dir) as other:
            await ground.checker.until_worker(other)
            await until_line(work.journal, frozen_at, LEASE + 40, times=2)
            zombie.send(signal.SIGCONT)
            await ground.checker.nothing_is_in_hand(LONG + 20)
            found = await ground.checker.violations(settled=False)
    assert {violation.rule for violation in found} >= ({rule} if rule else set())
    assert rule or not found, "with its fences a thawed worker does no harm"


@pytest.mark.verify
async def test_a_removed_count_is_noticed() -> None:
    """A worker takes the numbers of its events without the row that all who write have to change."""
    async with (
        new_ground() as ground,
        started("serve", ground.data_dir) as api,
        api.client() as caller,
        started("worker", ground.data_dir, {"PROBE_REMOVED_FENCE": "sequence"}),
    ):
        work = await give(caller, ground.data_dir.parent, steps=1, held=False, linger=LONG)
        await until_line(work.journal, "linger")
        found = await ground.checker.violations(settled=False)
    assert {violation.rule for violation in found} == {"sequence"}
