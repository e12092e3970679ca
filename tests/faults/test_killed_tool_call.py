"""A worker is killed in the middle of a tool call with a side effect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from server.client.graphql_client import GraphQLClient
from tests.faults.checker import lines_of, until_line
from tests.faults.conftest import Ground
from tests.faults.platform_processes import LEASE, started, until
from tests.faults.test_approvals import asked, decide
from tests.faults.work import Work, give

CALLS = """query ($id: ID!) { execution(id: $id) {
  error { code message } task { id }
  toolCalls(first: 10) { nodes { tool state attempt idempotencyKey repeatable error result exitCode } }
  events(first: 100) { nodes { __typename ... on ToolCallUncertain { message toolCall { state } } } }
} }"""
RETRY = "mutation ($id: ID!) { retryTask(input: {taskId: $id}) { task { id } errors { message } } }"


async def recorded(caller: GraphQLClient, work: Work) -> dict[str, Any]:
    answer: dict[str, Any] = (await caller.query(CALLS, {"id": work.node_id}))["execution"]
    return answer


@pytest.mark.parametrize("verdict", ["approve", pytest.param("reject", marks=pytest.mark.verify)])
async def test_an_effect_that_must_not_happen_twice_is_asked_about(
    ground: Ground, caller: GraphQLClient, folder: Path, verdict: str
) -> None:
    file, until_file = folder / "effects", folder / "go-on"
    async with started("worker", ground.data_dir) as worker:
        await ground.checker.until_worker(worker)
        work = await give(caller, folder, steps=1, held=False, stamp=str(file), stamp_until=str(until_file))
        [key] = await _first_effect(file)
        await worker.kill()
    async with started("worker", ground.data_dir) as successor:
        await ground.checker.until_worker(successor)
        await ground.checker.until_status(work.execution_id, "AWAITING_APPROVAL", LEASE + 10)
        (approval,) = await asked(ground.checker, work)
        assert await lines_of(file) == [key]  # once
        assert "may have done its work or not" in approval["summary"]
        assert json.loads(approval["arguments"])["idempotencyKey"] == key
        seen = await recorded(caller, work)
        [call] = seen["toolCalls"]["nodes"]
        assert (call["state"], call["attempt"], call["idempotencyKey"]) == ("UNCERTAIN", 1, key)
        [told] = [event for event in seen["events"]["nodes"] if event["__typename"] == "ToolCallUncertain"]
        assert "was not called again" in told["message"]
        assert told["toolCall"] == {"state": "UNCERTAIN"}
        until_file.touch()
        assert (await decide(caller, verdict, approval))["errors"] == []
        if verdict == "approve":  # whoever looked says that it has not happened
            await ground.checker.until_status(work.execution_id, "SUCCEEDED", 20)
            assert await lines_of(file) == [key, key]
            calls = (await recorded(caller, work))["toolCalls"]["nodes"]
            assert [(one["state"], one["attempt"]) for one in calls] == [("INTERRUPTED", 1), ("SUCCEEDED", 2)]
        else:
            await ground.checker.until_status(work.execution_id, "FAILED", 20)
            assert await lines_of(file) == [key]
            seen = await recorded(caller, work)
            assert seen["error"]["code"] == "TOOL_CALL_UNCERTAIN"
            assert key in seen["error"]["message"]
            assert "retry the task" in seen["error"]["message"]
            # Later it turns out that it has not happened.
            await caller.query(RETRY, {"id": seen["task"]["id"]})
            await _until_lines(file, 2)
            assert (await lines_of(file))[1] != key
        await ground.checker.nothing_is_left()


async def test_one_that_may_be_repeated_is_made_again_under_the_same_key(
    ground: Ground, caller: GraphQLClient, folder: Path
) -> None:
    file, until_file = folder / "effects", folder / "go-on"
    async with started("worker", ground.data_dir) as worker:
        await ground.checker.until_worker(worker)
        work = await give(
            caller, folder, steps=1, held=False, stamp=str(file), stamp_until=str(until_file), stamp_keyed=True
        )
        [key] = await _first_effect(file)
        await worker.kill()
    until_file.touch()
    async with started("worker", ground.data_dir) as successor:
        await ground.checker.until_worker(successor)
        await ground.checker.until_status(work.execution_id, "SUCCEEDED", LEASE + 10)
        assert await lines_of(file) == [key, key]  # to whoever counts by key it happened once
        calls = (await recorded(caller, work))["toolCalls"]["nodes"]
        assert [(call["state"], call["attempt"], call["idempotencyKey"]) for call in calls] == [
            ("INTERRUPTED", 1, key),
            ("SUCCEEDED", 2, key),
        ]
        await ground.checker.nothing_is_left()


@pytest.mark.verify
async def test_one_that_had_ended_is_not_made_again(ground: Ground, caller: GraphQLClient, folder: Path) -> None:
    file = folder / "effects"
    async with started("worker", ground.data_dir) as worker:
        await ground.checker.until_worker(worker)
        work = await give(caller, folder, steps=1, stamp=str(file))
        await until_line(work.journal, "stamped", 20)
        await worker.kill()
    async with started("worker", ground.data_dir) as successor:
        await ground.checker.until_worker(successor)
        await work.begun(1, times=2, within=LEASE + 10)
        await until_line(work.journal, "stamped", 20, times=2)
        work.let(1)
        await ground.checker.until_status(work.execution_id, "SUCCEEDED", 20)
        assert len(await lines_of(file)) == 1
        [call] = (await recorded(caller, work))["toolCalls"]["nodes"]
        assert (call["state"], call["attempt"], call["result"]) == ("SUCCEEDED", 1, {"lines": 1})
        await ground.checker.nothing_is_left()


async def _first_effect(file: Path) -> list[str]:
    await _until_lines(file, 1)
    return await lines_of(file)


async def _until_lines(file: Path, count: int) -> None:
    async def there() -> bool:
        return len(await lines_of(file)) == count

    await until(there, 20, f"{count} effects")
