"""Subscriptions on a real database: complete, in order, fresh, resumable."""

import asyncio
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import create_async_engine

from domain.errors import CursorExpired, Denied, InvalidCursor, InvalidId, NotFound
from domain.events import LogWritten
from domain.use_cases import recording
from persistence.tables import feed_horizon
from resolvers.subscriptions import execution_events
from schema.node_ids import decode_as, encode
from tests.schema.conftest import Graph

EVENTS = """subscription ($id: ID!, $after: Cursor) { executionEvents(executionId: $id, after: $after) {
  cursor execution { status task { status } } event { __typename sequence at actor
    ... on LogWritten { firstLine lines } ... on ExecutionStarted { worker { hostname } }
    ... on ToolCallFinished { toolCall { tool version } } ... on ArtifactStored { size artifact { name } }
    ... on FindingsRecorded { new findings { rule } } ... on ExecutionFinished { outcome } } } }"""

FEED = """subscription ($after: Cursor) { workspaceEvents(after: $after) { cursor event { __typename task { key status }
  ... on DependencyAdded { dependsOn { key } onFailure } ... on TaskStatusChanged { previousStatus status } } } }"""

TASKS = """subscription ($filter: TaskEventFilterInput, $after: Cursor) { taskEvents(filter: $filter, after: $after) {
  cursor task { key status } execution { number } event { __typename } } }"""


async def running(graph: Graph) -> tuple[str, Any]:
    (task,) = await graph.tasks(await graph.project(), {}, dispatch=True)
    execution = task["latestExecution"]["id"]
    return execution, await graph.start(execution)


async def write_logs(graph: Graph, segment: Any, first: int, count: int) -> None:
    for line in range(first, first + count):
        chunk = LogWritten(step="ruff", first_line=line, lines=(f"line {line}",))
        await graph.do(lambda uow, chunk=chunk: recording.record_log(uow, segment.lease, [chunk]))  # type: ignore[misc]


async def test_an_execution_is_told_from_its_beginning_to_its_end(graph: Graph) -> None:
    execution, segment = await running(graph)
    await graph.audit(segment)
    watching = asyncio.create_task(graph.updates(EVENTS, id=execution))
    await write_logs(graph, segment, 1, 20)
    await graph.finish(segment)
    async with asyncio.timeout(10):
        updates = await watching
    events = [update["event"] for update in updates]
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["__typename"] == "ExecutionQueued"
    assert (events[-1]["__typename"], events[-1]["outcome"]) == ("ExecutionFinished", "SUCCEEDED")
    assert updates[-1]["execution"] == {"status": "SUCCEEDED", "task": {"status": "COMPLETED"}}
    kinds = {event["__typename"]: event for event in events}
    assert kinds["ExecutionStarted"]["worker"] == {"hostname": "here"}
    assert kinds["ToolCallFinished"]["toolCall"] == {"tool": "ruff", "version": "0.17"}
    assert kinds["ArtifactStored"]["artifact"] == {"name": "report.md"}
    assert sorted(one["rule"] for one in kinds["FindingsRecorded"]["findings"]) == ["S100", "S101"]


async def test_history_is_the_same_as_what_was_sent(graph: Graph) -> None:
    execution, segment = await running(graph)
    await graph.audit(segment)
    await graph.finish(segment)
    sent = await graph.updates(EVENTS, id=execution)
    history = await graph.run(
        """query ($id: ID!) {
             execution(id: $id) { events(first: 100) { edges { cursor node { __typename sequence at } } } }
           }""",
        id=execution,
    )
    edges = history["execution"]["events"]["edges"]
    assert [(edge["cursor"], edge["node"]["sequence"]) for edge in edges] == [
        (update["cursor"], update["event"]["sequence"]) for update in sent
    ]
    assert [edge["node"]["at"] for edge in edges] == [update["event"]["at"] for update in sent]
    rest = await graph.updates(EVENTS, id=execution, after=edges[2]["cursor"])
    assert rest == sent[3:]
    assert await graph.updates(EVENTS, id=execution, after=edges[-1]["cursor"]) == []
    by_header = await graph.updates(EVENTS, id=execution, last_event_id=edges[2]["cursor"])
    assert by_header == rest


async def test_a_subscriber_cut_five_times_misses_nothing(graph: Graph) -> None:
    execution, segment = await running(graph)
    writing = asyncio.create_task(write_logs(graph, segment, 1, 150))
    seen: list[int] = []
    after = None
    async with asyncio.timeout(60):
        for _ in range(5):
            for update in await graph.updates(EVENTS, take=20, id=execution, after=after):
                seen.append(update["event"]["sequence"])
                after = update["cursor"]
        await writing
        await graph.finish(segment)
        seen += [update["event"]["sequence"] for update in await graph.updates(EVENTS, id=execution, after=after)]
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) > 150


async def test_each_event_comes_with_the_present(graph: Graph) -> None:
    execution, segment = await running(graph)
    async with asyncio.timeout(10), aclosing(graph.subscribe(EVENTS, id=execution)) as stream:
        statuses = [(await anext(stream))["execution"]["status"], (await anext(stream))["execution"]["status"]]
        await graph.finish(segment)
        statuses += [update["execution"]["status"] async for update in stream]
    assert statuses == ["RUNNING", "RUNNING", "SUCCEEDED"]


async def start_of_feed(graph: Graph, document: str, task: str, **variables: Any) -> str:
    """A cursor of the feed: without one it begins where it is, so the task is changed until the feed says so."""
    async with asyncio.timeout(30), aclosing(graph.subscribe(document, **variables)) as stream:
        first = asyncio.ensure_future(anext(stream))
        version = 1
        while not first.done():
            await graph.run(
                "mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { errors { message } } }",
                input={"taskId": task, "expectedVersion": version, "title": f"Change {version}"},
            )
            version += 1
        assert version < 100
        return str((await first)["cursor"])


async def after_last(graph: Graph, document: str, cursor: str, count: int, **variables: Any) -> list[dict[str, Any]]:
    """The next updates that are no change of a title."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(30), aclosing(graph.subscribe(document, after=cursor, **variables)) as stream:
        async for update in stream:
            if update["event"]["__typename"] != "TaskUpdated":
                found.append(update)
                if len(found) == count:
                    break
    return found


async def test_the_feed_of_the_workspace_goes_on_from_a_cursor(graph: Graph) -> None:
    project = await graph.project()
    (task,) = await graph.tasks(project, {})
    cursor = await start_of_feed(graph, FEED, task["id"])
    waiting = asyncio.create_task(after_last(graph, FEED, cursor, 3))
    one, two = await graph.tasks(project, {"clientKey": "1"}, {"dependsOn": [{"on": {"clientKey": "1"}}]})
    updates = await waiting
    assert [update["event"]["__typename"] for update in updates] == ["TaskCreated", "TaskCreated", "DependencyAdded"]
    assert [update["event"]["task"]["key"] for update in updates] == [one["key"], two["key"], two["key"]]
    assert updates[2]["event"]["dependsOn"] == {"key": one["key"]}
    assert await after_last(graph, FEED, updates[0]["cursor"], 2) == updates[1:]


async def test_the_feed_of_tasks_is_filtered_and_leaves_out_what_is_quiet(graph: Graph) -> None:
    project = await graph.project()
    mine, other = await graph.tasks(project, {}, {})
    only = {"taskIds": [mine["id"]]}
    cursor = await start_of_feed(graph, TASKS, mine["id"], filter=only)
    dispatch = "mutation ($ids: [ID!]!) { dispatchTasks(input: {taskIds: $ids}) { tasks { latestExecution { id } } } }"
    runs = (await graph.run(dispatch, ids=[other["id"], mine["id"]]))["dispatchTasks"]["tasks"]
    segment = await graph.start(runs[1]["latestExecution"]["id"])
    await write_logs(graph, segment, 1, 3)
    await graph.finish(segment)
    updates = await after_last(graph, TASKS, cursor, 6, filter=only)
    assert {update["task"]["key"] for update in updates} == {mine["key"]}
    kinds = [update["event"]["__typename"] for update in updates]
    assert "LogWritten" not in kinds
    assert sorted(kinds) == ["ExecutionFinished", "ExecutionQueued", "ExecutionStarted"] + ["TaskStatusChanged"] * 3
    assert [update["execution"] for update in updates if update["event"]["__typename"] == "ExecutionFinished"] == [
        {"number": 1}
    ]


async def test_cursors_belong_to_one_subscription(graph: Graph) -> None:
    project = await graph.project()
    (task,) = await graph.tasks(project, {})
    cursor = await start_of_feed(graph, FEED, task["id"])
    execution, _ = await running(graph)
    for document, variables in (
        (EVENTS, {"id": execution, "after": cursor}),
        (TASKS, {"after": cursor}),
        (FEED, {"after": "nonsense"}),
    ):
        with pytest.raises(InvalidCursor):
            await graph.updates(document, take=1, **variables)


async def test_a_cursor_from_before_the_horizon_has_expired(graph: Graph) -> None:
    (task,) = await graph.tasks(await graph.project(), {})
    cursor = await start_of_feed(graph, FEED, task["id"])
    last_xact, _ = await graph.context().read.feed_head(graph.actor.workspace_id)
    owner = create_async_engine(graph.platform.addresses.owner_url)
    try:
        async with owner.begin() as connection:
            kept = (await connection.execute(select(feed_horizon))).all()
            await connection.execute(delete(feed_horizon))
            await connection.execute(insert(feed_horizon).values(id=1, xact=last_xact + 1, event_id=0))
        with pytest.raises(CursorExpired) as expired:
            await graph.updates(FEED, take=1, after=cursor)
        assert expired.value.code == "CURSOR_EXPIRED"
    finally:
        async with owner.begin() as connection:
            await connection.execute(delete(feed_horizon))
            for row in kept:
                await connection.execute(insert(feed_horizon).values(**row._mapping))
        await owner.dispose()


async def test_what_is_not_there_and_who_may_not_read(graph: Graph) -> None:
    execution, _ = await running(graph)
    with pytest.raises(NotFound) as missing:
        await graph.updates(EVENTS, id=encode("Execution", uuid4()))
    assert "execution" in missing.value.message
    with pytest.raises(InvalidId):
        await graph.updates(EVENTS, id="x")
    stranger = replace(graph, actor=replace(graph.actor, workspace_id=uuid4()))
    with pytest.raises(NotFound):
        await stranger.updates(EVENTS, id=execution)
    nobody = replace(graph, actor=replace(graph.actor, permissions=frozenset()))
    with pytest.raises(Denied):
        await nobody.updates(EVENTS, id=execution)
    with pytest.raises(Denied):
        await nobody.updates(FEED)


async def test_a_client_that_leaves_leaves_nothing_behind(graph: Graph) -> None:
    execution, _ = await running(graph)
    waiting = graph.platform.wakeups._topics._waiting
    before = set(waiting)
    for document, variables in ((EVENTS, {"id": execution}), (FEED, {})):
        stream = graph.subscribe(document, **variables)
        update = asyncio.ensure_future(anext(stream))
        async with asyncio.timeout(10):
            if document is EVENTS:
                await update
            else:
                while not set(waiting) - before:
                    await asyncio.sleep(0.001)
                update.cancel()
                await asyncio.wait([update])
            await stream.aclose()
        assert set(waiting) == before


async def test_rights_that_are_taken_away_end_a_subscription(graph: Graph) -> None:
    execution, segment = await running(graph)
    context = graph.context()
    async with asyncio.timeout(10):
        stream = execution_events(context, decode_as("Execution", execution), None)
        await anext(stream)
        context.actor = replace(context.actor, permissions=frozenset())
        with pytest.raises(Denied):
            await anext(stream)
    assert segment.lease


async def test_subscribers_who_wait_for_the_same_event_read_it_together(graph: Graph) -> None:
    project = await graph.project()
    many = 40
    async with AsyncExitStack() as stack, asyncio.timeout(30):
        streams = [await stack.enter_async_context(aclosing(graph.subscribe(FEED))) for _ in range(many)]
        waiting = [asyncio.ensure_future(anext(stream)) for stream in streams]
        flights = graph.platform.reads._flights
        while sum(flight.waiting for flight in flights.values()) < many:
            await asyncio.sleep(0.01)
        shared = [flight.waiting for flight in flights.values() if flight.waiting]
        graph.statements.clear()
        await graph.tasks(project, {})
        updates = await asyncio.gather(*waiting)
    assert (shared, len({update["cursor"] for update in updates})) == ([many], 1)
    reads = [statement for statement in graph.statements if "in_feed" in statement and "SELECT" in statement]
    assert 1 <= len(reads) < many / 2  # while nothing can be read yet, one read follows another


async def test_who_subscribes_later_is_told_the_present(graph: Graph) -> None:
    execution, segment = await running(graph)
    async with asyncio.timeout(10):
        (early,) = await graph.updates(EVENTS, take=1, id=execution)
        await graph.finish(segment)
        (late,) = await graph.updates(EVENTS, take=1, id=execution)
    assert early["cursor"] == late["cursor"]
    assert (early["execution"]["status"], late["execution"]["status"]) == ("RUNNING", "SUCCEEDED")
