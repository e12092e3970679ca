"""The read side: filters and orders, answers aligned with what was asked for, and nothing of another workspace."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.finding import FindingState
from domain.pages import Direction, PageRequest
from domain.ports import UnitOfWork
from domain.project import Project
from domain.reads import ExecutionFilter, FindingFilter, TaskFilter, TaskOrder, TaskOrderField
from domain.severity import Severity
from domain.states import ExecutionStatus, TaskStatus
from domain.task import OnFailure, Priority, Task
from domain.usage import Usage
from tests.persistence.conftest import NOON, Shelf

ALL = PageRequest(limit=100)
NEWEST = TaskOrder()


async def some_tasks(shelf: Shelf, project: Project) -> list[Task]:
    """Four tasks that differ in everything that can be filtered and ordered by, with a tie in the age."""
    kinds: list[dict[str, Any]] = [
        {"status": TaskStatus.FAILED, "agent": "inspector", "labels": ("red",), "priority": Priority.LOW},
        {"status": TaskStatus.PENDING, "agent": "probe", "labels": ("red", "blue"), "priority": Priority.URGENT},
        {"status": TaskStatus.PENDING, "agent": "inspector", "labels": (), "priority": Priority.NORMAL},
        {"status": TaskStatus.COMPLETED, "agent": "probe", "labels": ("blue",), "priority": Priority.URGENT},
    ]
    ages = [0, 1, 1, 2]
    return [
        await shelf.task(
            project,
            number,
            created_at=NOON + timedelta(seconds=age),
            updated_at=NOON - timedelta(seconds=number),
            **kind,
        )
        for number, (kind, age) in enumerate(zip(kinds, ages, strict=True), 1)
    ]


def ids(things: Any) -> list[UUID]:
    return [thing.id for thing in things]


async def test_tasks_are_filtered(shelf: Shelf) -> None:
    project, other = await shelf.project(), await shelf.project()
    first, second, third, fourth = await some_tasks(shelf, project)
    elsewhere = await shelf.task(other, 9, labels=("green",))
    for wanted, expected in (
        (TaskFilter(), [first, second, third, fourth, elsewhere]),
        (TaskFilter(project_id=project.id), [first, second, third, fourth]),
        (TaskFilter(statuses=(TaskStatus.PENDING,)), [second, third]),
        (TaskFilter(statuses=(TaskStatus.PENDING, TaskStatus.COMPLETED)), [second, third, fourth]),
        (TaskFilter(agent="probe"), [second, fourth]),
        (TaskFilter(label="red"), [first, second]),
        (TaskFilter(label="re"), []),
        (TaskFilter(label="red", agent="probe", statuses=(TaskStatus.PENDING,), project_id=project.id), [second]),
        (TaskFilter(project_id=uuid4()), []),
    ):
        page = await shelf.read.tasks(shelf.workspace_id, wanted, NEWEST, replace(ALL, count=True))
        assert set(ids(page.items)) == set(ids(expected)), wanted
        assert page.total is not None
        assert (page.total.value, page.total.exact) == (len(expected), True)


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("field", TaskOrderField)
async def test_tasks_are_ordered_and_ties_are_broken(shelf: Shelf, field: TaskOrderField, direction: Direction) -> None:
    tasks = await some_tasks(shelf, await shelf.project())
    attribute = field.value.lower()
    expected = sorted(tasks, key=lambda task: (getattr(task, attribute), task.id), reverse=direction is Direction.DESC)
    order = TaskOrder(field=field, direction=direction)
    found: list[UUID] = []
    after = None
    for _ in tasks:
        page = await shelf.read.tasks(shelf.workspace_id, TaskFilter(), order, PageRequest(limit=1, after=after))
        found += ids(page.items)
        after = page.positions[-1]
    assert found == ids(expected)
    assert not page.has_next


async def test_executions_are_filtered_the_newest_first(shelf: Shelf) -> None:
    task = await shelf.task(await shelf.project())
    made = [
        await shelf.execution(task, number=number, status=status, agent=agent, created_at=NOON + timedelta(days=number))
        for number, (status, agent) in enumerate(
            [
                (ExecutionStatus.FAILED, "inspector"),
                (ExecutionStatus.SUCCEEDED, "probe"),
                (ExecutionStatus.FAILED, "probe"),
            ],
            1,
        )
    ]
    first, second, third = made
    for wanted, expected in (
        (ExecutionFilter(), [third, second, first]),
        (ExecutionFilter(statuses=(ExecutionStatus.FAILED,)), [third, first]),
        (ExecutionFilter(agent="probe"), [third, second]),
        (ExecutionFilter(agent="probe", statuses=(ExecutionStatus.SUCCEEDED, ExecutionStatus.QUEUED)), [second]),
    ):
        assert list((await shelf.read.executions(shelf.workspace_id, wanted, ALL)).items) == expected
    assert await shelf.read.latest_executions(shelf.workspace_id, [uuid4(), task.id]) == [None, third]
    (none, all_three) = await shelf.read.executions_of_tasks(shelf.workspace_id, [uuid4(), task.id], ALL)
    assert (list(none.items), list(all_three.items)) == ([], [third, second, first])


async def test_findings_are_filtered_the_worst_first(shelf: Shelf) -> None:
    project, other = await shelf.project(), await shelf.project()
    high = shelf.new_finding(project, severity=Severity.HIGH, state=FindingState.NEW, rule="A")
    low = shelf.new_finding(project, severity=Severity.LOW, state=FindingState.PERSISTING, rule="A")
    waived = shelf.new_finding(project, severity=Severity.CRITICAL, state=FindingState.WAIVED, rule="B")
    fixed = shelf.new_finding(project, severity=Severity.INFO, state=FindingState.FIXED, rule="B")
    elsewhere = shelf.new_finding(other, severity=Severity.MEDIUM, state=FindingState.NEW, rule="C")
    await shelf.do(lambda uow: uow.findings.put([low, high, fixed, waived, elsewhere]))
    for wanted, expected in (
        (FindingFilter(), [waived, high, elsewhere, low]),
        (FindingFilter(project_id=project.id), [waived, high, low]),
        (FindingFilter(states=(FindingState.FIXED,)), [fixed]),
        (FindingFilter(severities=(Severity.LOW, Severity.HIGH)), [high, low]),
        (FindingFilter(rule="A"), [high, low]),
        (FindingFilter(rule="B", states=(FindingState.FIXED, FindingState.WAIVED)), [waived, fixed]),
    ):
        assert list((await shelf.read.findings(shelf.workspace_id, wanted, ALL)).items) == expected, wanted
    pages = await shelf.read.findings_of_projects(
        shelf.workspace_id, [other.id, project.id], FindingFilter(rule="A"), ALL
    )
    assert [list(page.items) for page in pages] == [[], [high, low]]


async def test_what_an_execution_saw_is_shown_as_it_was_then(shelf: Shelf) -> None:
    project = await shelf.project()
    execution = await shelf.execution(await shelf.task(project))
    finding = shelf.new_finding(project, execution, state=FindingState.NEW)
    await shelf.do(lambda uow: uow.findings.put([finding]))
    await shelf.do(lambda uow: uow.findings.mark_seen(execution.id, [finding]))
    now = replace(finding, state=FindingState.FIXED)
    await shelf.do(lambda uow: uow.findings.put([now]))
    (page,) = await shelf.read.sightings_of(shelf.workspace_id, [execution.id], ALL)
    ((sighting),) = page.items
    assert (sighting.finding, sighting.state) == (now, FindingState.NEW)


async def test_answers_are_aligned_and_keep_to_the_workspace(shelf: Shelf) -> None:
    project = await shelf.project()
    a, b = [await shelf.task(project, number) for number in (1, 2)]
    edge = await shelf.dependency(b, a)
    execution = await shelf.execution(a)
    step, call = shelf.new_step(execution), shelf.new_tool_call(execution)
    artifact, finding = shelf.new_artifact(execution), shelf.new_finding(project)

    async def fill(uow: UnitOfWork) -> None:
        await uow.executions.put_step(step)
        await uow.tool_calls.put(call)
        await uow.executions.insert_artifacts([artifact])
        await uow.findings.put([finding])

    await shelf.do(fill)
    assert project.source is not None
    read, here, unknown = shelf.read, shelf.workspace_id, uuid4()
    for by_id, thing in (
        (read.projects_by_id, project),
        (read.sources_by_id, project.source),
        (read.tasks_by_id, a),
        (read.dependencies_by_id, edge),
        (read.executions_by_id, execution),
        (read.steps_by_id, step),
        (read.tool_calls_by_id, call),
        (read.artifacts_by_id, artifact),
        (read.findings_by_id, finding),
    ):
        ask: Any = by_id
        assert await ask(here, [unknown, thing.id, thing.id]) == [None, thing, thing]
        assert await ask(unknown, [thing.id]) == [None], "another workspace"
    assert await read.projects_by_key(here, ["NO", project.key]) == [None, project]
    assert await read.tasks_by_key(here, [a.key, "NO"]) == [a, None]
    for of_many, parent, part in (
        (read.dependencies_of, b.id, edge),
        (read.dependents_of, a.id, edge),
        (read.steps_of, execution.id, step),
        (read.tool_calls_of, execution.id, call),
        (read.artifacts_of, execution.id, artifact),
    ):
        ask = of_many
        assert [list(page.items) for page in await ask(here, [unknown, parent], ALL)] == [[], [part]]
        assert [list(page.items) for page in await ask(unknown, [parent], ALL)] == [[]], "another workspace"
    (tasks,) = await read.tasks_of_projects(here, [project.id], NEWEST, ALL)
    assert set(ids(tasks.items)) == {a.id, b.id}
    assert await read.usage_of(here, [execution.id, unknown]) == [
        Usage(execution_id=execution.id, tool_calls=1, tool_seconds=1.0, artifact_bytes=3_000_000_000),
        Usage(execution_id=unknown, tool_calls=0, tool_seconds=0.0, artifact_bytes=0),
    ]
    assert [(one.id if one else None) for one in await read.workspaces([here, unknown])] == [here, None]


@pytest.mark.parametrize("on_failure", OnFailure)
@pytest.mark.parametrize("status", TaskStatus)
async def test_unmet_dependencies_are_those_that_hold(shelf: Shelf, status: TaskStatus, on_failure: OnFailure) -> None:
    project = await shelf.project()
    waiting, other = await shelf.task(project, 1), await shelf.task(project, 2, status=status)
    edge = await shelf.dependency(waiting, other, on_failure=on_failure)
    ended = status in {TaskStatus.FAILED, TaskStatus.CANCELLED, TaskStatus.SKIPPED}
    holds = status is not TaskStatus.COMPLETED and not (ended and on_failure is OnFailure.CONTINUE)
    unmet = await shelf.read.unmet_dependencies(shelf.workspace_id, [other.id, waiting.id])
    assert unmet == [[], [(edge, other)] if holds else []]
