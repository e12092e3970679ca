"""What may be done with a task in which state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.engine.conftest import Board, probe


async def test_a_task_in_work_is_neither_changed_nor_deleted_nor_dispatched(board: Board) -> None:
    await board.create(probe("A", inputs=board.held("A")), probe("B", "A"))
    await board.works("A")
    task = await board.task("A")
    named = {"taskId": task["id"], "expectedVersion": task["version"]}
    error = await board.refused("updateTask", **named, title="Other")
    assert (error["code"], error["message"]) == (
        "VALIDATION_FAILED",
        f"{task['key']} is IN_PROGRESS: cancel it, or wait until it has ended, to change it.",
    )
    error = await board.refused("deleteTask", **named, includingHistory=True)
    assert error["message"] == f"{task['key']} is IN_PROGRESS: cancel it before you delete it."
    error = await board.refused("dispatchTask", taskId=task["id"])
    assert error["code"] == "NOT_DISPATCHABLE"
    error = await board.refused("dispatchTask", taskId=board.ids["B"])
    assert (error["code"], error["blockedBy"]) == ("NOT_DISPATCHABLE", [{"__typename": "WaitsForDependency"}])
    error = await board.refused("retryTask", taskId=task["id"])
    assert error["code"] == "NOT_RETRYABLE"
    error = await board.refused("addDependency", taskId=task["id"], dependsOnId=board.ids["B"])
    assert error["code"] == "VALIDATION_FAILED"
    board.let_go("A")
    await board.becomes("B", "COMPLETED")


async def test_what_has_run_is_deleted_only_with_its_history(board: Board) -> None:
    await board.create(probe("A", inputs=board.inputs("A", fail=True)), probe("B", "A"), probe("C", ("A", "SKIP")))
    await board.becomes("A", "FAILED")
    task = await board.task("A")
    named = {"taskId": task["id"], "expectedVersion": task["version"]}
    error = await board.refused("deleteTask", **named)
    assert error["path"] == ["input", "includingHistory"]
    assert "1 execution(s)" in error["message"]
    payload = await board.do("deleteTask", "deletedTaskId", **named, includingHistory=True)
    assert payload["deletedTaskId"] == task["id"]
    for name in ("B", "C"):  # what waited for it, and what was skipped because of it, runs
        await board.becomes(name, "COMPLETED")
    error = await board.refused("deleteTask", **named, includingHistory=True)
    assert error["code"] == "NOT_FOUND"


async def test_a_task_that_never_ran_is_deleted_without_more_ado(board: Board) -> None:
    await board.create(probe("A"), probe("B", "A"), dispatch=False)
    task = await board.task("A")
    await board.do("deleteTask", "deletedTaskId", taskId=task["id"], expectedVersion=task["version"])
    await board.do("dispatchTask", "execution { number }", taskId=board.ids["B"])
    await board.becomes("B", "COMPLETED")


async def test_a_change_needs_the_version_that_was_read(board: Board) -> None:
    await board.create(probe("A"), dispatch=False)
    task = await board.task("A")
    named = {"taskId": task["id"], "expectedVersion": task["version"]}
    changed = await board.do("updateTask", "task { title version priority }", **named, title="Other", priority="LOW")
    assert changed["task"] == {"title": "Other", "version": task["version"] + 1, "priority": "LOW"}
    assert (await board.refused("updateTask", **named, title="Third"))["code"] == "VERSION_CONFLICT"
    assert (await board.refused("deleteTask", **named))["code"] == "VERSION_CONFLICT"


async def test_an_edge_taken_away_lets_the_task_start(board: Board) -> None:
    await board.create(probe("A", inputs=board.held("A")), probe("B", "A"))
    await board.works("A")
    named = {"taskId": board.ids["B"], "dependsOnId": board.ids["A"]}
    await board.do("removeDependency", "task { id }", **named)
    await board.becomes("B", "COMPLETED")
    assert (await board.refused("removeDependency", **named))["code"] == "NOT_FOUND"


async def test_an_edge_to_what_is_done_does_not_hold(board: Board) -> None:
    await board.create(probe("A"))
    await board.becomes("A", "COMPLETED")
    await board.create(probe("B"), dispatch=False)
    await board.do("addDependency", "task { id }", taskId=board.ids["B"], dependsOnId=board.ids["A"])
    error = await board.refused("addDependency", taskId=board.ids["B"], dependsOnId=board.ids["A"])
    assert error["code"] == "VALIDATION_FAILED"
    payload = await board.do("dispatchTask", "task { status }", taskId=board.ids["B"])
    assert payload["task"]["status"] == "QUEUED"
    await board.becomes("B", "COMPLETED")


async def test_an_agent_that_needs_a_source_is_refused_where_there_is_none(board: Board) -> None:
    audit: dict[str, Any] = {"title": "Audit", "agent": "inspector"}
    error = await board.refused("createTasks", projectId=board.project_id, tasks=[probe("A"), audit], dispatch=True)
    assert error["code"] == "VALIDATION_FAILED"
    assert error["message"].startswith("The agent 'inspector' works on a source, and the project BOAR")
    assert error["message"].endswith("has none.")
    await board.create(probe("A"), dispatch=False)
    task = await board.task("A")
    named = {"taskId": task["id"], "expectedVersion": task["version"]}
    assert (await board.refused("updateTask", **named, agent="inspector", inputs={}))["code"] == "VALIDATION_FAILED"


async def test_many_are_dispatched_all_or_none(board: Board, tmp_path: Path) -> None:
    await board.create(probe("A"), probe("B"), dispatch=False)
    await board.do("dispatchTask", "task { id }", taskId=board.ids["A"])
    await board.becomes("A", "COMPLETED")
    error = await board.refused("dispatchTasks", taskIds=[board.ids["B"], board.ids["A"]])
    assert error["code"] == "NOT_DISPATCHABLE"
    assert await board.statuses("B") == ["PENDING"]
    payload = await board.do("dispatchTasks", "tasks { id }", taskIds=[board.ids["B"], board.ids["B"]])
    assert payload["tasks"] == [{"id": board.ids["B"]}]
    await board.becomes("B", "COMPLETED")
