"""Moves that meet: whatever comes first, nothing is started twice, and nothing is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID, uuid4

import pytest

from domain.actor import Actor
from domain.commands import (
    AddDependency,
    CancelTask,
    CreateProject,
    CreateTasks,
    DeleteTask,
    DependencyDraft,
    DispatchTasks,
    TaskDraft,
)
from domain.errors import LeaseLost, Rejection
from domain.execution import Execution
from domain.ports import UnitOfWork
from domain.states import ExecutionStatus, TaskStatus
from domain.task import Task
from domain.use_cases import cancel, dependencies, dispatch, lifecycle, projects, tasks
from server.platform.wiring import Platform

Result = TypeVar("Result")
REPEATED = range(15)


@dataclass
class Bench:
    """Tasks on a platform without a worker: the test is every worker."""

    platform: Platform
    actor: Actor
    project_id: UUID

    async def do(self, work: Callable[[UnitOfWork], Awaitable[Result]]) -> Result:
        return await self.platform.transactor.run(work)

    async def create(self, *names: str, after: dict[str, tuple[str, ...]], dispatch: bool = True) -> dict[str, UUID]:
        drafts = tuple(
            TaskDraft(
                title=name,
                agent="probe",
                client_key=name,
                depends_on=tuple(DependencyDraft(client_key=on) for on in after.get(name, ())),
            )
            for name in names
        )
        command = CreateTasks(project_id=self.project_id, tasks=drafts, dispatch=dispatch)
        created = await self.do(lambda uow: tasks.create_tasks(uow, self.actor, command))
        return {task.title: task.id for task in created}

    async def take(self, task_id: UUID) -> lifecycle.Segment:
        async def start(uow: UnitOfWork) -> lifecycle.Segment | None:
            live = await uow.executions.live_of(task_id)
            assert live is not None
            return await lifecycle.start_execution(uow, live.id, live.epoch, uuid4())

        segment = await self.do(start)
        assert segment is not None
        return segment

    async def finish(self, segment: lifecycle.Segment) -> Execution:
        succeeded = lifecycle.Outcome(status=ExecutionStatus.SUCCEEDED)
        return await self.do(lambda uow: lifecycle.finish_execution(uow, segment.lease, succeeded))

    async def dispatch(self, task_id: UUID) -> object:
        command = DispatchTasks(task_ids=(task_id,))
        return await self.do(lambda uow: dispatch.dispatch_tasks(uow, self.actor, command))

    async def cancel(self, task_id: UUID) -> Task:
        return await self.do(lambda uow: cancel.cancel_task(uow, self.actor, CancelTask(task_id=task_id)))

    async def task(self, task_id: UUID) -> Task:
        found = await self.do(lambda uow: uow.tasks.get(self.actor.workspace_id, task_id))
        assert found is not None
        return found


@pytest.fixture
async def bench(idle: Platform) -> Bench:
    actor = idle.owner("tests")
    project = await idle.transactor.run(lambda uow: projects.create_project(uow, actor, CreateProject(name="Bench")))
    return Bench(idle, actor, project.id)


async def test_dependencies_that_end_together_release_their_dependent_once(bench: Bench) -> None:
    before = [f"B{number}" for number in range(4)]
    for _ in REPEATED:
        ids = await bench.create(*before, "D", after={"D": tuple(before)})
        segments = [await bench.take(ids[name]) for name in before]
        await asyncio.gather(*(bench.finish(segment) for segment in segments))
        released = await bench.task(ids["D"])
        assert (released.status, released.attempts) == (TaskStatus.QUEUED, 1)


async def test_a_task_dispatched_while_its_dependency_ends_is_not_forgotten(bench: Bench) -> None:
    for _ in REPEATED:
        ids = await bench.create("A", "B", after={"B": ("A",)}, dispatch=False)
        await bench.dispatch(ids["A"])
        segment = await bench.take(ids["A"])
        await asyncio.gather(bench.finish(segment), bench.dispatch(ids["B"]))
        released = await bench.task(ids["B"])
        assert (released.status, released.attempts) == (TaskStatus.QUEUED, 1)


async def test_an_edge_added_while_its_target_ends_does_not_hold_for_ever(bench: Bench) -> None:
    for _ in REPEATED:
        ids = await bench.create("A", "B", "C", after={"B": ("C",)})
        first, other = await bench.take(ids["A"]), await bench.take(ids["C"])
        edge = AddDependency(task_id=ids["B"], depends_on_id=ids["A"])
        await asyncio.gather(
            bench.finish(first),
            bench.do(lambda uow, edge=edge: dependencies.add_dependency(uow, bench.actor, edge)),  # type: ignore[misc]
        )
        await bench.finish(other)
        released = await bench.task(ids["B"])
        assert (released.status, released.attempts) == (TaskStatus.QUEUED, 1)


async def test_a_dependency_deleted_while_the_other_ends_does_not_hold_for_ever(bench: Bench) -> None:
    for _ in REPEATED:
        ids = await bench.create("A", "C", "B", after={"B": ("A", "C")}, dispatch=False)
        await bench.dispatch(ids["B"])
        await bench.dispatch(ids["A"])
        segment = await bench.take(ids["A"])
        doomed = DeleteTask(task_id=ids["C"], expected_version=(await bench.task(ids["C"])).version)
        await asyncio.gather(
            bench.finish(segment),
            bench.do(lambda uow, doomed=doomed: tasks.delete_task(uow, bench.actor, doomed)),  # type: ignore[misc]
        )
        released = await bench.task(ids["B"])
        assert (released.status, released.attempts) == (TaskStatus.QUEUED, 1)


async def test_a_cancel_that_meets_the_end_leaves_one_clear_state(bench: Bench) -> None:
    for _ in REPEATED:
        ids = await bench.create("A", "B", after={"B": ("A",)})
        segment = await bench.take(ids["A"])
        finished, cancelled = await asyncio.gather(
            bench.finish(segment), bench.cancel(ids["A"]), return_exceptions=True
        )
        assert isinstance(finished, Execution)
        assert finished.status is ExecutionStatus.SUCCEEDED
        assert isinstance(cancelled, Task | Rejection)
        assert (await bench.task(ids["A"])).status is TaskStatus.COMPLETED
        assert (await bench.task(ids["B"])).status is TaskStatus.QUEUED


async def test_a_cancel_that_meets_the_start_leaves_one_clear_state(bench: Bench) -> None:
    for _ in REPEATED:
        ids = await bench.create("A", after={})
        taken, cancelled = await asyncio.gather(bench.take(ids["A"]), bench.cancel(ids["A"]), return_exceptions=True)
        assert isinstance(cancelled, Task)
        task = await bench.task(ids["A"])
        if cancelled.status is TaskStatus.CANCELLED:
            assert not isinstance(taken, lifecycle.Segment), "a cancelled task was started"
            assert task.status is TaskStatus.CANCELLED
        else:
            assert isinstance(taken, lifecycle.Segment)
            assert task.status is TaskStatus.IN_PROGRESS


async def test_a_worker_that_ends_while_it_is_taken_for_dead_wins_or_writes_nothing(bench: Bench) -> None:
    for _ in REPEATED:
        ids = await bench.create("A", after={})
        segment = await bench.take(ids["A"])

        async def reap(segment: lifecycle.Segment = segment) -> Execution | None:
            return await bench.do(
                lambda uow: lifecycle.requeue_execution(
                    uow, segment.execution.id, segment.lease.epoch, crashed=True, reason="its worker died"
                )
            )

        finished, reaped = await asyncio.gather(bench.finish(segment), reap(), return_exceptions=True)
        task = await bench.task(ids["A"])
        if isinstance(finished, LeaseLost):
            assert isinstance(reaped, Execution)
            assert task.status is TaskStatus.QUEUED
        else:
            assert isinstance(finished, Execution)
            assert reaped is None
            assert task.status is TaskStatus.COMPLETED
