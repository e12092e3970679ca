"""Cancelling and running out of time: no process is left, the slot is free, and the log says when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from server.settings import Settings
from tests.engine.conftest import Board, probe, programs, until


def seconds(before: str, after: str) -> float:
    return (datetime.fromisoformat(after) - datetime.fromisoformat(before)).total_seconds()


async def running_programs(count: int) -> list[Any]:
    """Wait until so many programs of agents run."""

    async def run() -> list[Any]:
        found = programs()
        return found if len(found) == count else []

    return list(await until(run))


async def none_runs() -> None:
    async def gone() -> bool:
        return not programs()

    await until(gone)


async def test_what_waits_is_cancelled_at_once(board: Board) -> None:
    await board.create(probe("Pending"), dispatch=False)
    await board.create(probe("A", inputs=board.held("A")), probe("Blocked", "A"), probe("After", ("Blocked", "SKIP")))
    for name in ("Pending", "Blocked"):
        payload = await board.do("cancelTask", "task { status statusReason }", taskId=board.ids[name], reason="not now")
        assert payload["task"] == {"status": "CANCELLED", "statusReason": "not now"}
    assert await board.statuses("After") == ["SKIPPED"]
    board.let_go("A")
    await board.becomes("A", "COMPLETED")
    assert await board.statuses("Pending", "Blocked", "After") == ["CANCELLED", "CANCELLED", "SKIPPED"]
    assert board.journal("Blocked") == []


async def test_what_is_queued_is_cancelled_at_once_and_never_starts(board: Board, settings: Settings) -> None:
    holders = [f"Holder{number}" for number in range(settings.agent_concurrency)]
    await board.create(*(probe(name, inputs=board.held(name)) for name in holders))
    await board.works(*holders)
    await board.create(probe("Queued"), probe("Later"))
    payload = await board.do("cancelTask", "task { status ...Shown }", taskId=board.ids["Queued"])
    (execution,) = payload["task"]["executions"]["nodes"]
    assert payload["task"]["status"] == execution["status"] == "CANCELLED"
    assert execution["error"]["code"] == "CANCELLED"
    assert execution["cancelRequestedAt"] is not None
    board.let_go(*holders)
    await board.becomes("Later", "COMPLETED")
    assert board.journal("Queued") == []
    assert [event["__typename"] for event in await board.events(execution["id"])] == [
        "ExecutionQueued",
        "CancelRequested",
        "ExecutionFinished",
    ]


async def test_what_runs_is_cancelled_with_its_program(board: Board) -> None:
    await board.create(probe("A", inputs=board.inputs("A", tool_seconds=600)), probe("B", ("A", "CONTINUE")))
    await running_programs(1)
    payload = await board.do("cancelTask", "task { status }", taskId=board.ids["A"])
    assert payload["task"]["status"] == "IN_PROGRESS"
    again = await board.do("cancelTask", "task { status }", taskId=board.ids["A"])  # asking twice is harmless
    assert again["task"]["status"] in {"IN_PROGRESS", "CANCELLED"}
    cancelled = await board.becomes("A", "CANCELLED")
    assert programs() == []
    (execution,) = cancelled["executions"]["nodes"]
    assert execution["status"] == "CANCELLED"
    assert [step["status"] for step in execution["steps"]["nodes"]] == ["CANCELLED"]
    events = [event["__typename"] for event in await board.events(execution["id"])]
    assert events.count("CancelRequested") == 1
    assert events.index("CancelRequested") < events.index("ProcessGone") < events.index("ExecutionFinished")
    await board.becomes("B", "COMPLETED")
    error = await board.refused("cancelTask", taskId=board.ids["A"])
    assert (error["code"], error["subject"]) == ("NOT_CANCELLABLE", {"id": board.ids["A"]})
    error = await board.refused("cancelExecution", executionId=execution["id"])
    assert (error["code"], error["subject"]) == ("NOT_CANCELLABLE", {"id": execution["id"]})


async def test_a_program_that_ignores_sigterm_is_gone_in_five_seconds_and_its_slot_free(
    board: Board, settings: Settings
) -> None:
    holders = [f"Holder{number}" for number in range(settings.agent_concurrency - 1)]
    await board.create(
        probe("Stubborn", inputs=board.inputs("Stubborn", stubborn=True)),
        *(probe(name, inputs=board.held(name)) for name in holders),
    )
    await board.works("Stubborn", *holders)
    (program,) = await running_programs(1)
    await board.create(probe("Next"))
    (running,) = (await board.task("Stubborn"))["executions"]["nodes"]
    await board.do("cancelExecution", "execution { cancelRequestedAt }", executionId=running["id"])
    await none_runs()
    assert not program.is_running()
    cancelled = await board.becomes("Stubborn", "CANCELLED")
    (execution,) = cancelled["executions"]["nodes"]
    assert 0 <= seconds(execution["cancelRequestedAt"], execution["processGoneAt"]) < 5
    events = {event["__typename"]: event for event in await board.events(execution["id"])}
    assert events["CancelRequested"]["at"] == execution["cancelRequestedAt"]
    assert events["ProcessGone"]["at"] == execution["processGoneAt"]
    await board.becomes("Next", "COMPLETED")  # while all the others still hold theirs
    assert await board.statuses(*holders) == ["IN_PROGRESS"] * len(holders)


async def test_what_is_cancelled_is_not_tried_again_by_itself(board: Board) -> None:
    policy = {"maxAttempts": 5, "backoff": "PT0S"}
    await board.create(probe("A", inputs=board.inputs("A", stubborn=True), retryPolicy=policy))
    await running_programs(1)
    await board.do("cancelTask", "task { status }", taskId=board.ids["A"])
    cancelled = await board.becomes("A", "CANCELLED")
    assert cancelled["attempts"] == 1


async def test_an_execution_that_takes_too_long_is_ended_with_its_program(board: Board) -> None:
    await board.create(
        probe("A", inputs=board.inputs("A", stubborn=True), timeout="PT1S"),
        probe("B", ("A", "CONTINUE")),
        probe("C", ("A", "BLOCK")),
    )
    failed = await board.becomes("A", "FAILED")
    assert programs() == []
    (execution,) = failed["executions"]["nodes"]
    assert execution["status"] == "TIMED_OUT"
    assert execution["error"]["code"] == "TIMED_OUT"
    assert failed["statusReason"] == execution["error"]["message"]
    assert seconds(execution["startedAt"], execution["finishedAt"]) < 1 + 5
    assert execution["processGoneAt"] is not None
    assert [step["status"] for step in execution["steps"]["nodes"]] != ["RUNNING"]
    await board.becomes("B", "COMPLETED")
    assert await board.statuses("C") == ["BLOCKED"]


async def test_a_timeout_is_tried_again_by_the_retry_policy(board: Board) -> None:
    policy = {"maxAttempts": 2, "backoff": "PT0S"}
    await board.create(probe("A", inputs=board.held("A"), timeout="PT1S", retryPolicy=policy))
    await board.becomes("A", "FAILED")
    assert board.journal("A") == ["start 1"] * 2
    executions = (await board.task("A"))["executions"]["nodes"]
    assert [one["status"] for one in executions] == ["TIMED_OUT"] * 2
