"""The diamond A → (B, C) → D, made by one mutation; and edges that would close a cycle."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

from tests.engine.conftest import Board, probe


async def diamond(board: Board) -> None:
    await board.create(
        probe("D", "B", "C", inputs=board.held("D")),
        probe("B", "A", inputs=board.held("B")),
        probe("A", inputs=board.held("A")),
        probe("C", "A", inputs=board.held("C")),
    )


async def test_the_diamond_runs_side_by_side_and_joins(board: Board) -> None:
    await diamond(board)
    assert await board.statuses("B", "C", "D") == ["BLOCKED"] * 3
    await board.works("A")
    board.let_go("A")
    await board.works("B", "C")  # both are inside their step now: they overlap
    waiting = await board.task("D")
    assert waiting["status"] == "BLOCKED"
    assert [one["task"]["title"] for one in waiting["blockedBy"]] == ["B", "C"]
    board.let_go("B")
    await board.becomes("B", "COMPLETED")
    waiting = await board.task("D")
    assert waiting["status"] == "BLOCKED"
    assert [one["task"]["title"] for one in waiting["blockedBy"]] == ["C"]
    assert board.journal("D") == []
    board.let_go("C", "D")
    done = await board.becomes("D", "COMPLETED")
    others = [await board.task(name) for name in "ABC"]
    (last,) = done["executions"]["nodes"]
    for other in others:
        (execution,) = other["executions"]["nodes"]
        assert execution["finishedAt"] <= last["createdAt"] <= last["startedAt"]
    assert all(board.journal(name) == ["start 1", "end 1"] for name in "ABCD")


async def test_a_cycle_among_new_tasks_is_refused_with_its_path(board: Board) -> None:
    tasks = [probe("A", "C"), probe("B", "A"), probe("C", "B")]
    error = await board.refused("createTasks", projectId=board.project_id, tasks=tasks)
    assert (error["__typename"], error["code"]) == ("DependencyCycle", "DEPENDENCY_CYCLE")
    walk = [task["title"] for task in error["cycle"]]
    assert walk[0] == walk[-1]
    assert {"A", "B", "C"} == set(walk)
    assert len(walk) == 4
    assert all(pair in {("A", "C"), ("C", "B"), ("B", "A")} for pair in pairwise(walk))
    names = "query ($id: ID!) { project(by: { id: $id }) { tasks { nodes { title } } } }"
    assert (await board.client.query(names, {"id": board.project_id}))["project"]["tasks"]["nodes"] == []


async def test_a_task_cannot_wait_for_itself(board: Board) -> None:
    error = await board.refused("createTasks", projectId=board.project_id, tasks=[probe("A", "A")])
    assert [task["title"] for task in error["cycle"]] == ["A", "A"]
    await board.create(probe("B"), dispatch=False)
    error = await board.refused("addDependency", taskId=board.ids["B"], dependsOnId=board.ids["B"])
    assert error["__typename"] == "DependencyCycle"
    key = (await board.task("B"))["key"]
    assert [task["key"] for task in error["cycle"]] == [key, key]
    assert f"{key} (B) → {key} (B)" in error["message"]


async def test_an_edge_that_closes_a_long_cycle_is_refused_with_its_path(board: Board) -> None:
    names = [f"T{number}" for number in range(30)]
    drafts = [probe(name, *names[number - 1 : number]) for number, name in enumerate(names)]
    await board.create(*drafts, dispatch=False)
    error = await board.refused("addDependency", taskId=board.ids["T0"], dependsOnId=board.ids["T29"])
    assert [task["title"] for task in error["cycle"]] in (
        [names[(start - step) % 30] for step in range(31)] for start in range(30)
    )


async def test_of_two_opposite_edges_at_once_exactly_one_wins(board: Board) -> None:
    pairs = [(f"L{number}", f"R{number}") for number in range(50)]
    await board.create(*(probe(name) for pair in pairs for name in pair), dispatch=False)

    async def connect(task: str, on: str) -> list[dict[str, Any]]:
        payload = await board.ask("addDependency", "__typename", taskId=board.ids[task], dependsOnId=board.ids[on])
        return list(payload["errors"])

    for left, right in pairs:
        outcomes = await asyncio.gather(connect(left, right), connect(right, left))
        assert sorted(len(errors) for errors in outcomes) == [0, 1], (left, right)
        ((error,),) = (errors for errors in outcomes if errors)
        assert error["code"] == "DEPENDENCY_CYCLE"
        assert len(error["cycle"]) == 3
