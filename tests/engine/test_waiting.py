"""Why a queued task waits, and in which order the queue is taken when the slots are few."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from server.platform.wiring import Platform
from server.settings import Settings
from tests.engine.conftest import Board, probe


async def fill_slots(board: Board, slots: int) -> list[str]:
    """Occupy every slot; answers the tasks that hold them."""
    names = [f"Holder{number}" for number in range(slots)]
    await board.create(*(probe(name, inputs=board.held(name)) for name in names))
    await board.works(*names)
    return names


async def test_a_task_waits_for_a_slot(board: Board, settings: Settings) -> None:
    holders = await fill_slots(board, settings.agent_concurrency)
    await board.create(probe("Next"))
    waiting = await board.task("Next")
    limit = settings.agent_concurrency
    assert waiting["status"] == "QUEUED"
    assert waiting["blockedBy"] == [
        {"__typename": "WaitsForSlot", "agentKind": "probe", "limit": limit, "running": limit}
    ]
    assert board.journal("Next") == []
    board.let_go(holders[0])
    done = await board.becomes("Next", "COMPLETED")
    assert done["blockedBy"] == []
    assert await board.statuses(*holders[1:]) == ["IN_PROGRESS"] * (limit - 1)


async def test_a_task_waits_for_a_worker_that_offers_its_agent(
    board: Board, settings: Settings, platform: Platform
) -> None:
    await fill_slots(board, settings.agent_concurrency)
    await board.create(probe("Next"))
    async with nobody_offers("probe", platform):
        waiting = await board.task("Next")
    assert waiting["status"] == "QUEUED"
    assert waiting["blockedBy"] == [{"__typename": "WaitsForWorker", "agentKind": "probe"}]
    assert [one["__typename"] for one in (await board.task("Next"))["blockedBy"]] == ["WaitsForSlot"]


async def test_a_task_says_which_dependency_it_waits_for(board: Board) -> None:
    await board.create(probe("A", inputs=board.held("A")), probe("B", ("A", "SKIP")))
    await board.works("A")
    assert (await board.task("B"))["blockedBy"] == [
        {"__typename": "WaitsForDependency", "task": {"title": "A"}, "onFailure": "SKIP"}
    ]
    assert (await board.task("A"))["blockedBy"] == []


async def test_the_most_urgent_is_taken_first(board: Board, settings: Settings) -> None:
    holders = await fill_slots(board, settings.agent_concurrency)
    for priority in ("LOW", "NORMAL", "URGENT", "HIGH"):
        await board.create(probe(priority, priority=priority))
    await board.create(probe("NORMAL, later"))
    assert await board.statuses("LOW", "NORMAL", "URGENT", "HIGH") == ["QUEUED"] * 4
    board.let_go(holders[0])
    order = ["URGENT", "HIGH", "NORMAL", "NORMAL, later", "LOW"]
    started: list[Any] = []
    for name in order:
        (execution,) = (await board.becomes(name, "COMPLETED"))["executions"]["nodes"]
        started.append(execution["startedAt"])
    assert started == sorted(started)


@asynccontextmanager
async def nobody_offers(agent: str, platform: Platform) -> AsyncIterator[None]:
    """Take the agent out of what the workers say they offer."""
    owner = await asyncpg.connect(platform.addresses.owner_dsn)
    try:
        await owner.execute("UPDATE workers SET agents = array_remove(agents, $1)", agent)
        yield
        await owner.execute("UPDATE workers SET agents = array_append(agents, $1)", agent)
    finally:
        await owner.close()
