"""A worker is killed in the middle of a tool call with a side effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from server.client.graphql_client import GraphQLClient
from tests.faults.checker import lines_of, until_line
from tests.faults.conftest import Ground
from tests.faults.platform_processes import LEASE, started, until
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


async def test_an_effect_that_must_not_happen_twice_is_asked_about(
    ground: Ground, caller: GraphQLClient, folder: Path
) -> None:
    file, until_file = folder / "effects", folder / "go-on"
    async with started("worker", ground.data_dir) as worker:
        await ground.checker.until_worker(worker)
        work = await give(caller, folder, steps=1, held=False, stamp=str(file), stamp_until=str(until_file))
        [key] = await _first_effect(file)
        await worker.kill()
    async with started("worker", ground.data_dir) as successor:
        await ground.checker.until_worker(successor)
        execution = await ground.checker.until_status(work.execution_id, "FAILED", LEASE + 10)
        assert await lines_of(file) == [key]  # once
        assert execution["error_code"] == "TOOL_CALL_UNCERTAIN"
        seen = await recorded(caller, work)
        [call] = seen["toolCalls"]["nodes"]
        assert (call["state"], call["attempt"], call["idempotencyKey"]) == ("UNCERTAIN", 1, key)
        assert key in seen["error"]["message"]
        assert "may have done its work or not" in seen["error"]["message"]
        assert "retry the task" in seen["error"]["message"]
        [told] = [event for event in seen["events"]["nodes"] if event["__typename"] == "ToolCallUncertain"]
        assert "was not called again" in told["message"]
        assert told["toolCall"] == {"state": "UNCERTAIN"}
        await ground.checker.nothing_is_left()
        # The answer of whoever looked: it is to be done once more.
        until_file.touch()
        await caller.query(RETRY, {"id": seen["task"]["id"]})
        await _until_lines(file, 2)
        assert (await lines_of(file))[1] != key


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
