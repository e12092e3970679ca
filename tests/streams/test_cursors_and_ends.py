"""What a subscription is told when it asks for what is not there, and how it ends."""

from __future__ import annotations

import base64
from pathlib import Path
from uuid import uuid4

import pytest

from schema.node_ids import encode
from server.client.graphql_client import GraphQLClient, GraphQLErrors
from tests.faults.conftest import Ground
from tests.faults.platform_processes import PlatformProcess
from tests.faults.work import Work, cancel, give
from tests.streams.subscribers import EXECUTION, TASKS, WORKSPACE, Subscriber, take
from tests.streams.test_feeds import first_updates, new_project


async def ended_work(caller: GraphQLClient, folder: Path) -> Work:
    """An execution that was cancelled before any worker took it: three events."""
    work = await give(caller, folder, steps=1)
    assert (await cancel(caller, work))["status"] == "CANCELLED"
    return work


async def refusal(
    subscriber: Subscriber, process: PlatformProcess, document: str, after: str | None, **more: str
) -> str:
    """The code with which a subscription is refused."""
    with pytest.raises(GraphQLErrors) as refused:
        await take(subscriber, process, document, more, 1, after)
    return refused.value.code


async def test_an_ended_execution_is_told_again_and_completes(
    api: PlatformProcess, caller: GraphQLClient, folder: Path, subscriber: Subscriber
) -> None:
    work = await ended_work(caller, folder)
    updates = await take(subscriber, api, EXECUTION, {"id": work.node_id}, 1_000)
    kinds = [update["event"]["__typename"] for update in updates]
    assert kinds == ["ExecutionQueued", "CancelRequested", "ExecutionFinished"]
    rest = await take(subscriber, api, EXECUTION, {"id": work.node_id}, 1_000, updates[0]["cursor"])
    assert rest == updates[1:]
    assert await take(subscriber, api, EXECUTION, {"id": work.node_id}, 1_000, updates[-1]["cursor"]) == []


async def test_an_unknown_execution_is_refused(api: PlatformProcess, subscriber: Subscriber) -> None:
    assert await refusal(subscriber, api, EXECUTION, None, id=encode("Execution", uuid4())) == "NOT_FOUND"
    assert await refusal(subscriber, api, EXECUTION, None, id=encode("Task", uuid4())) == "BAD_USER_INPUT"


async def test_a_cursor_of_elsewhere_is_refused(
    api: PlatformProcess, caller: GraphQLClient, folder: Path, subscriber: Subscriber
) -> None:
    one, two = await ended_work(caller, folder), await ended_work(caller, folder)
    cursor = (await take(subscriber, api, EXECUTION, {"id": one.node_id}, 1))[0]["cursor"]
    altered = base64.urlsafe_b64encode(b"x" * 9).decode()
    for wrong in (cursor, "nonsense", "%%%", altered):
        assert await refusal(subscriber, api, EXECUTION, wrong, id=two.node_id) == "INVALID_CURSOR"
    for document in (WORKSPACE, TASKS):
        assert await refusal(subscriber, api, document, cursor) == "INVALID_CURSOR"


async def test_a_cursor_whose_events_are_gone_is_refused(
    ground: Ground, api: PlatformProcess, caller: GraphQLClient, folder: Path, subscriber: Subscriber
) -> None:
    project = await new_project(caller)
    work = await ended_work(caller, folder)
    async with ground.checker.connection() as connection:
        for document in (WORKSPACE, TASKS):
            cursor = (await first_updates(caller, project, subscriber, api, document, {}))[0]["cursor"]
            await connection.execute(
                "INSERT INTO feed_horizon"
                " SELECT 1, xact::text::bigint, id + 1 FROM events ORDER BY xact DESC, id DESC LIMIT 1"
            )
            try:
                assert await refusal(subscriber, api, document, cursor) == "CURSOR_EXPIRED"
            finally:
                await connection.execute("DELETE FROM feed_horizon")
        first = (await take(subscriber, api, EXECUTION, {"id": work.node_id}, 1))[0]["cursor"]
        await connection.execute("DELETE FROM events WHERE execution_id = $1 AND sequence <= 2", work.execution_id)
        assert await refusal(subscriber, api, EXECUTION, first, id=work.node_id) == "CURSOR_EXPIRED"
