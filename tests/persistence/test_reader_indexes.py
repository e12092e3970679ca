"""Every filter and every order that is offered is answered by an index.

Sequential scans are made unattractive, so a plan holds one only where no index can do the work; and where an order is
not given by an index, the plan sorts.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from domain.finding import FindingState
from domain.pages import Direction, PageRequest
from domain.reads import (
    ExecutionFilter,
    FeedFilter,
    FindingFilter,
    TaskFilter,
    TaskOrder,
    TaskOrderField,
)
from domain.severity import Severity
from domain.states import ExecutionStatus, TaskStatus
from persistence.reader import SqlReader
from tests.persistence.conftest import Shelf

HERE, SOME = uuid4(), uuid4()
PAGE = PageRequest(limit=10)
NEWEST = TaskOrder()
Read = Callable[[SqlReader], Awaitable[Any]]


def _tasks_by(order: TaskOrder, read: SqlReader) -> Awaitable[Any]:
    return read.tasks(HERE, TaskFilter(), order, PAGE)


ORDERED: dict[str, Read] = {
    **{
        f"tasks by {field.value} {direction.value}": partial(_tasks_by, TaskOrder(field=field, direction=direction))
        for field in TaskOrderField
        for direction in Direction
    },
    "tasks with a status": lambda read: read.tasks(HERE, TaskFilter(statuses=(TaskStatus.FAILED,)), NEWEST, PAGE),
    "tasks of an agent": lambda read: read.tasks(HERE, TaskFilter(agent="probe"), NEWEST, PAGE),
    "tasks of a project": lambda read: read.tasks(HERE, TaskFilter(project_id=SOME), NEWEST, PAGE),
    "projects": lambda read: read.projects(HERE, PAGE),
    "executions": lambda read: read.executions(HERE, ExecutionFilter(), PAGE),
    "executions with a status": lambda read: read.executions(
        HERE, ExecutionFilter(statuses=(ExecutionStatus.RUNNING,)), PAGE
    ),
    "executions of an agent": lambda read: read.executions(HERE, ExecutionFilter(agent="probe"), PAGE),
    "findings": lambda read: read.findings(HERE, FindingFilter(), PAGE),
    "findings of a rule": lambda read: read.findings(HERE, FindingFilter(rule="S101"), PAGE),
    "findings of a project": lambda read: read.findings(HERE, FindingFilter(project_id=SOME), PAGE),
    "findings in a state": lambda read: read.findings(HERE, FindingFilter(states=(FindingState.FIXED,)), PAGE),
    "findings of a severity": lambda read: read.findings(HERE, FindingFilter(severities=(Severity.HIGH,)), PAGE),
    "approvals that wait": lambda read: read.awaiting_approvals(HERE, PAGE),
    "the feed": lambda read: read.feed_after(HERE, FeedFilter(), (1, 1), 10),
    "the feed of messages": lambda read: read.feed_after(HERE, FeedFilter(message_events_only=True), (1, 1), 10),
    "the feed of a task's messages": lambda read: read.feed_after(
        HERE, FeedFilter(task_ids=(SOME,), message_events_only=True), (1, 1), 10
    ),
    "the feed of a task": lambda read: read.feed_after(HERE, FeedFilter(task_ids=(SOME,)), (1, 1), 10),
    "the events of an execution": lambda read: read.events_after(HERE, SOME, 5, 10),
}
FOUND: dict[str, Read] = {
    "tasks with a label": lambda read: read.tasks(HERE, TaskFilter(label="red"), NEWEST, PAGE),
    "tasks with several statuses": lambda read: read.tasks(
        HERE, TaskFilter(statuses=(TaskStatus.FAILED, TaskStatus.SKIPPED)), NEWEST, PAGE
    ),
    "tasks of a project by priority": lambda read: read.tasks(
        HERE, TaskFilter(project_id=SOME), TaskOrder(field=TaskOrderField.PRIORITY), PAGE
    ),
    "tasks by id": lambda read: read.tasks_by_id(HERE, [SOME]),
    "tasks by key": lambda read: read.tasks_by_key(HERE, ["WR-1"]),
    "tasks of projects": lambda read: read.tasks_of_projects(HERE, [SOME], NEWEST, PAGE),
    "dependencies": lambda read: read.dependencies_of(HERE, [SOME], PAGE),
    "dependents": lambda read: read.dependents_of(HERE, [SOME], PAGE),
    "unmet dependencies": lambda read: read.unmet_dependencies(HERE, [SOME]),
    "executions of tasks": lambda read: read.executions_of_tasks(HERE, [SOME], PAGE),
    "latest executions": lambda read: read.latest_executions(HERE, [SOME]),
    "reports": lambda read: read.reports_of(HERE, [SOME]),
    "approvals": lambda read: read.approvals_of(HERE, [SOME], PAGE),
    "approvals by id": lambda read: read.approvals_by_id(HERE, [SOME]),
    "what tasks wait for": lambda read: read.pending_approvals(HERE, [SOME]),
    "messages by id": lambda read: read.messages_by_id(HERE, [SOME]),
    "messages of tasks": lambda read: read.messages_of_tasks(HERE, [SOME], PAGE),
    "messages of executions": lambda read: read.messages_of_executions(HERE, [SOME], PAGE),
    "answers to messages": lambda read: read.answers_to(HERE, [SOME]),
    "the messages that tasks wait for": lambda read: read.pending_waits(HERE, [SOME]),
    "votes": lambda read: read.votes_of(HERE, [SOME]),
    "steps": lambda read: read.steps_of(HERE, [SOME], PAGE),
    "tool calls": lambda read: read.tool_calls_of(HERE, [SOME], PAGE),
    "artifacts": lambda read: read.artifacts_of(HERE, [SOME], PAGE),
    "usage": lambda read: read.usage_of(HERE, [SOME]),
    "events": lambda read: read.events_of(HERE, [SOME], PAGE),
    "findings of projects": lambda read: read.findings_of_projects(HERE, [SOME], FindingFilter(), PAGE),
    "sightings": lambda read: read.sightings_of(HERE, [SOME], PAGE),
    "projects by key": lambda read: read.projects_by_key(HERE, ["WR"]),
}


async def plans(shelf: Shelf, read: Read) -> list[dict[str, Any]]:
    """The nodes of the plans of all statements of a read."""
    nodes: list[dict[str, Any]] = []
    with statements(shelf) as seen:
        await read(shelf.read)
    connection = await shelf.platform.reading.acquire()
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
            for statement, values in seen:
                plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *values)
                pending = [one["Plan"] for one in json.loads(plan)]
                while pending:
                    node = pending.pop()
                    nodes.append(node)
                    pending.extend(node.get("Plans", ()))
    finally:
        await shelf.platform.reading.release(connection)
    assert nodes
    return nodes


@contextmanager
def statements(shelf: Shelf) -> Iterator[list[tuple[str, list[Any]]]]:
    seen: list[tuple[str, list[Any]]] = []

    def note(statement: str, values: list[Any]) -> None:
        seen.append((statement, values))

    shelf.platform.reading.observers.append(note)
    try:
        yield seen
    finally:
        shelf.platform.reading.observers.remove(note)


def scanned(nodes: list[dict[str, Any]]) -> list[str]:
    return [node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"]


@pytest.mark.parametrize("name", ORDERED)
async def test_an_index_gives_the_rows_in_order(shelf: Shelf, name: str) -> None:
    nodes = await plans(shelf, ORDERED[name])
    assert scanned(nodes) == []
    assert [node["Node Type"] for node in nodes if "Sort" in node["Node Type"]] == []


@pytest.mark.parametrize("name", FOUND)
async def test_an_index_finds_the_rows(shelf: Shelf, name: str) -> None:
    assert scanned(await plans(shelf, FOUND[name])) == []


async def test_every_foreign_key_has_an_index(shelf: Shelf) -> None:
    """Without one, deleting what it points to reads the whole table."""
    wanted = text("""
        SELECT conrelid::regclass || '.' || attname
        FROM pg_constraint
        JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
        WHERE contype = 'f' AND connamespace = 'public'::regnamespace
          AND NOT EXISTS (SELECT 1 FROM pg_index WHERE indrelid = conrelid AND indkey[0] = conkey[1])
        ORDER BY 1
    """)
    async with shelf.platform.engine.connect() as connection:
        without = set((await connection.execute(wanted)).scalars())
    kept_for_good = {name for name in without if name.endswith((".workspace_id", "executions.project_id"))}
    assert without - kept_for_good == set(), "neither workspaces nor projects are deleted, all else is"
