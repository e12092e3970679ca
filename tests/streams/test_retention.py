"""What subscribers and readers are told when old events have been removed."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from persistence.backup.database import moment
from server.client.graphql_client import GraphQLClient, GraphQLErrors
from tests.faults.conftest import Ground
from tests.faults.platform_processes import PlatformProcess, started
from tests.faults.work import Work, cancel, give
from tests.keeping_house.commands import db
from tests.streams.subscribers import EXECUTION, WORKSPACE, Subscriber, Update, take
from tests.streams.test_feeds import first_updates, new_project, new_task

pytestmark = pytest.mark.verify

EVENTS = """query ($id: ID!, $after: Cursor) { node(id: $id) { ... on Execution { eventsRemovedTo
  events(first: 100, after: $after) { edges { cursor node { __typename sequence } } } } } }"""


async def grow_old(ground: Ground, work: Work, days: int) -> None:
    """The execution, if it has ended, ended so many days ago; its events are as old."""
    async with ground.checker.connection() as connection:
        since = timedelta(days=days)
        await connection.execute(
            "UPDATE executions SET created_at = created_at - $2::interval, started_at = started_at - $2::interval,"
            " finished_at = finished_at - $2::interval WHERE id = $1",
            work.execution_id,
            since,
        )
        await connection.execute(
            "UPDATE events SET at = at - $2::interval WHERE execution_id = $1", work.execution_id, since
        )


async def prune(ground: Ground, *options: str) -> dict[str, Any]:
    done = await db(ground.data_dir, "prune", "--json", *options)
    assert done.code == 0, done.said
    removed: dict[str, Any] = json.loads(done.output)
    return removed


async def history(caller: GraphQLClient, work: Work) -> tuple[int, list[dict[str, Any]]]:
    """Up to where events were removed, and the edges of those that are left."""
    execution = (await caller.query(EVENTS, {"id": work.node_id}))["node"]
    return execution["eventsRemovedTo"], execution["events"]["edges"]


async def is_expired(
    subscriber: Subscriber, api: PlatformProcess, document: str, after: str | None, **variables: str
) -> bool:
    with pytest.raises(GraphQLErrors) as refused:
        await take(subscriber, api, document, variables, 1_000, after)
    return refused.value.code == "CURSOR_EXPIRED"


async def logged_work(ground: Ground, caller: GraphQLClient, folder: Path) -> Work:
    """An execution that has ended, with two steps of three log lines each."""
    async with started("worker", ground.data_dir):
        work = await give(caller, folder, steps=2, held=False, log_lines=3)
        await ground.checker.until_status(work.execution_id, "SUCCEEDED", 30)
    return work


async def test_old_log_lines_go_first_and_then_all_events(
    ground: Ground, api: PlatformProcess, caller: GraphQLClient, folder: Path, subscriber: Subscriber
) -> None:
    work = await logged_work(ground, caller, folder)
    told = await take(subscriber, api, EXECUTION, {"id": work.node_id}, 1_000)
    last_log = max(number for number, kind in enumerate(kinds(told), start=1) if kind == "LogWritten")

    await grow_old(ground, work, 40)
    logs = kinds(told).count("LogWritten")
    assert (await prune(ground, "--dry-run"))["log_events"] == logs
    assert (await history(caller, work))[0] == 0, "a dry run removes nothing"
    assert (await prune(ground))["log_events"] == logs
    removed_to, edges = await history(caller, work)
    assert removed_to == last_log
    assert [edge["node"]["__typename"] for edge in edges] == [kind for kind in kinds(told) if kind != "LogWritten"]
    for after in (None, told[0]["cursor"], told[last_log - 2]["cursor"]):
        assert await is_expired(subscriber, api, EXECUTION, after, id=work.node_id)
    rest = await take(subscriber, api, EXECUTION, {"id": work.node_id}, 1_000, told[last_log - 1]["cursor"])
    assert [update["cursor"] for update in rest] == [update["cursor"] for update in told[last_log:]]

    await grow_old(ground, work, 400)
    assert (await prune(ground))["events"] >= len(told) - logs
    assert await history(caller, work) == (len(told), [])
    for after in (None, told[-2]["cursor"]):
        assert await is_expired(subscriber, api, EXECUTION, after, id=work.node_id)
    assert await take(subscriber, api, EXECUTION, {"id": work.node_id}, 1_000, told[-1]["cursor"]) == []
    again = await prune(ground)
    assert (again["log_events"], again["events"]) == (0, 0)
    await ground.checker.check()


async def test_a_feed_that_is_followed_goes_on_and_an_old_cursor_has_expired(
    ground: Ground, api: PlatformProcess, caller: GraphQLClient, folder: Path, subscriber: Subscriber
) -> None:
    project = await new_project(caller)
    old = (await first_updates(caller, project, subscriber, api, WORKSPACE, {}))[-1]["cursor"]
    work = await give(caller, folder, steps=1)
    assert (await cancel(caller, work))["status"] == "CANCELLED"
    now = (await first_updates(caller, project, subscriber, api, WORKSPACE, {}))[-1]["cursor"]
    async with asyncio.timeout(30), subscriber(api, WORKSPACE, {}, now) as stream:
        before = await key_of_next(stream, await new_task(caller, project, "Before"))
        await grow_old(ground, work, 400)
        assert (await prune(ground))["events"] >= 3
        await key_of_next(stream, await new_task(caller, project, "After"))
    assert await is_expired(subscriber, api, WORKSPACE, old)
    again = await take(subscriber, api, WORKSPACE, {}, 1, before)
    assert again[0]["event"]["__typename"] == "TaskCreated"


async def test_nothing_of_a_live_execution_is_removed(
    ground: Ground, api: PlatformProcess, caller: GraphQLClient, folder: Path, subscriber: Subscriber
) -> None:
    async with started("worker", ground.data_dir):
        work = await give(caller, folder, steps=3, log_lines=2)
        work.let(1)
        await work.begun(2)
        async with asyncio.timeout(60), subscriber(api, EXECUTION, {"id": work.node_id}) as stream:
            told = [await anext(stream)]
            await grow_old(ground, work, 4_000)
            await prune(ground)
            assert (await ground.checker.execution(work.execution_id))["pruned_to"] == 0
            # Its deadline has passed with its beginning, so what it is moved back by is undone before it is let go on.
            await grow_old(ground, work, -4_000)
            work.let(2, 3)
            told += [update async for update in stream]
    assert [update["event"]["sequence"] for update in told] == list(range(1, len(told) + 1))
    assert kinds(told)[-1] == "ExecutionFinished"


async def test_nothing_is_removed_while_a_backup_is_made(ground: Ground) -> None:
    async with moment(ground.checker.dsn):
        done = await db(ground.data_dir, "prune")
        assert done.code == 75
        assert "a backup is being made" in done.said
    assert (await db(ground.data_dir, "prune")).code == 0


async def key_of_next(stream: Any, key: str) -> str:
    """Read up to the creation of this task, and answer the cursor behind it."""
    async for update in stream:
        if (update["event"]["task"] or {}).get("key") == key:
            return str(update["cursor"])
    raise AssertionError("the feed has ended")


def kinds(told: list[Update]) -> list[str]:
    return [update["event"]["__typename"] for update in told]


async def test_the_engine_forgets_segments_of_ended_executions_only(
    ground: Ground, caller: GraphQLClient, folder: Path
) -> None:
    async with started("worker", ground.data_dir):
        ended = await give(caller, folder, steps=1, held=False)
        await ground.checker.until_status(ended.execution_id, "SUCCEEDED", 30)
        live = await give(caller, folder, steps=1)
        await live.begun(1)
        works = (ended, live)
        async with ground.checker.connection() as connection:
            for work in works:
                await connection.execute(
                    "UPDATE dbos.workflow_status SET created_at = created_at - 8 * 86400000::bigint"
                    " WHERE workflow_uuid LIKE $1",
                    f"execution-{work.execution_id}-%",
                )
        due = (await prune(ground, "--dry-run"))["engine_segments"]
        assert due >= 1
        assert (await prune(ground))["engine_segments"] == due
        assert [await segments_of(ground, work) for work in works] == [0, 1]
        live.let(1)
        await ground.checker.until_status(live.execution_id, "SUCCEEDED", 20)
        await ground.checker.nothing_is_left()


async def segments_of(ground: Ground, work: Work) -> int:
    found = await ground.checker.rows(
        "SELECT FROM dbos.workflow_status WHERE workflow_uuid LIKE $1", f"execution-{work.execution_id}-%"
    )
    return len(found)
