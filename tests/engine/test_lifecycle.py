"""The ends that no agent brings about itself: workers that die, cancels that come late, ends that were not written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.actor import Actor
from domain.commands import CancelTask, CreateProject, CreateTasks, TaskDraft
from domain.errors import LeaseLost
from domain.events import StepFailed
from domain.execution import Execution, ExecutionError, Step
from domain.ports import UnitOfWork
from domain.states import ExecutionStatus, StepStatus, TaskStatus
from domain.task import RetryPolicy, Task
from domain.use_cases import cancel, lifecycle, parking, projects, recording, tasks
from persistence.tables import events, workers
from schema.node_ids import decode_as
from server.platform.wiring import Platform
from server.settings import Settings
from tests.engine.conftest import Board, probe

Result = TypeVar("Result")
FAILED = lifecycle.Outcome(
    status=ExecutionStatus.FAILED, error=ExecutionError(code="AGENT_FAILED", message="told to fail")
)


@dataclass
class OneTask:
    """A dispatched task on a platform without a worker: the test is the worker."""

    platform: Platform
    actor: Actor
    id: UUID

    async def do(self, work: Callable[[UnitOfWork], Awaitable[Result]]) -> Result:
        return await self.platform.transactor.run(work)

    async def take(self) -> lifecycle.Segment:
        """Start what is queued."""
        segment = await self.do(self._take)
        assert segment is not None
        return segment

    async def _take(self, uow: UnitOfWork) -> lifecycle.Segment | None:
        live = await uow.executions.live_of(self.id)
        assert live is not None
        return await lifecycle.start_execution(uow, live.id, live.epoch, uuid4())

    async def step(self, segment: lifecycle.Segment, name: str, *, before: int = 0) -> Step:
        position = len(segment.steps) + before + 1
        known = segment.steps.get(name)
        return await self.do(lambda uow: recording.start_step(uow, segment.lease, known, name, position))

    async def finish(self, segment: lifecycle.Segment, step: Step) -> Step:
        record = recording.StepRecord(output=1)
        return await self.do(lambda uow: recording.finish_step(uow, segment.lease, step, record, None))

    async def die(self, segment: lifecycle.Segment) -> Execution | None:
        """The worker dies, and the reaper finds out."""
        return await self.do(
            lambda uow: lifecycle.requeue_execution(
                uow, segment.execution.id, segment.lease.epoch, crashed=True, reason="its worker died"
            )
        )

    async def cancel(self) -> Task:
        return await self.do(lambda uow: cancel.cancel_task(uow, self.actor, CancelTask(task_id=self.id)))

    async def task(self) -> Task:
        found = await self.do(lambda uow: uow.tasks.get(self.actor.workspace_id, self.id))
        assert found is not None
        return found

    async def steps(self, execution_id: UUID) -> list[Step]:
        return await self.do(lambda uow: uow.executions.steps(execution_id))


@pytest.fixture
async def one(idle: Platform) -> OneTask:
    actor = idle.owner("tests")
    project = await idle.transactor.run(lambda uow: projects.create_project(uow, actor, CreateProject(name="One")))
    draft = TaskDraft(title="A", agent="probe", retry=RetryPolicy(max_attempts=5))
    command = CreateTasks(project_id=project.id, tasks=(draft,), dispatch=True)
    (task,) = await idle.transactor.run(lambda uow: tasks.create_tasks(uow, actor, command))
    return OneTask(idle, actor, task.id)


async def test_a_failure_after_a_cancel_is_not_tried_again(one: OneTask) -> None:
    segment = await one.take()
    await one.cancel()
    ended = await one.do(lambda uow: lifecycle.finish_execution(uow, segment.lease, FAILED))
    assert ended.status is ExecutionStatus.FAILED
    task = await one.task()
    assert (task.status, task.attempts) == (TaskStatus.FAILED, 1)


async def test_a_failure_without_a_cancel_is_tried_again(one: OneTask) -> None:
    segment = await one.take()
    await one.do(lambda uow: lifecycle.finish_execution(uow, segment.lease, FAILED))
    task = await one.task()
    assert (task.status, task.attempts) == (TaskStatus.QUEUED, 2)


async def test_an_execution_that_is_cancelled_after_its_worker_died_ends_with_its_steps(one: OneTask) -> None:
    segment = await one.take()
    await one.step(segment, "first")
    await one.die(segment)
    await one.cancel()
    (step,) = await one.steps(segment.execution.id)
    assert (step.status, step.finished_at is not None) == (StepStatus.CANCELLED, True)
    async with one.platform.engine.connect() as connection:
        log = select(events.c.kind).where(events.c.execution_id == segment.execution.id).order_by(events.c.sequence)
        kinds = list((await connection.execute(log)).scalars())
    assert kinds[-3:] == ["CancelRequested", "StepFailed", "ExecutionFinished"]


async def test_a_cancelled_execution_whose_worker_dies_ends_with_its_steps(one: OneTask) -> None:
    segment = await one.take()
    await one.step(segment, "first")
    await one.cancel()
    ended = await one.die(segment)
    assert ended is not None
    assert ended.status is ExecutionStatus.CANCELLED
    assert ended.process_gone_at is not None
    (step,) = await one.steps(ended.id)
    assert step.status is StepStatus.CANCELLED
    assert step.finished_at is not None
    records = await one.platform.context(one.actor).read.events_after(one.actor.workspace_id, ended.id, 0, 100)
    assert [type(record.event).__name__ for record in records[-4:]] == [
        "CancelRequested",
        "ProcessGone",
        "StepFailed",
        "ExecutionFinished",
    ]
    assert records[-2].event == StepFailed(step="first", message="cancelled; its worker had gone", will_retry=False)


async def test_an_execution_that_kills_its_workers_is_given_up(one: OneTask) -> None:
    for crashes in range(1, parking.MOST_CRASHES):
        segment = await one.take()
        assert segment.lease.epoch == crashes
        await one.step(segment, "poison")
        requeued = await one.die(segment)
        assert requeued is not None
        assert (requeued.status, requeued.epoch, requeued.crashes) == (ExecutionStatus.QUEUED, crashes + 1, crashes)
    segment = await one.take()
    await one.step(segment, "poison")
    ended = await one.die(segment)
    assert ended is not None
    assert ended.error is not None
    assert (ended.status, ended.error.code) == (ExecutionStatus.FAILED, "POISONED")
    (step,) = await one.steps(ended.id)
    assert (step.status, step.attempt) == (StepStatus.FAILED, parking.MOST_CRASHES)
    assert (await one.task()).status is TaskStatus.FAILED  # a poison is final, whatever the retry policy says


async def test_crashes_with_a_finished_step_between_them_are_not_in_a_row(one: OneTask) -> None:
    for crashes in range(1, parking.MOST_CRASHES + 2):
        segment = await one.take()
        done = await one.step(segment, f"step-{crashes}")
        await one.finish(segment, done)
        await one.step(segment, f"deadly-{crashes}", before=1)
        requeued = await one.die(segment)
        assert requeued is not None
        assert (requeued.status, requeued.crashes) == (ExecutionStatus.QUEUED, crashes)
    for _ in range(parking.MOST_CRASHES - 1):
        requeued = await one.die(await one.take())
    assert requeued is not None
    assert requeued.error is not None
    assert requeued.error.message.startswith("Parked: it has crashed 3 times")


async def test_a_segment_that_was_taken_over_can_neither_start_nor_finish(one: OneTask) -> None:
    old = await one.take()
    await one.die(old)
    assert await one.die(old) is None, "two reapers at once"
    stale = await one.do(lambda uow: lifecycle.start_execution(uow, old.execution.id, old.lease.epoch, uuid4()))
    assert stale is None
    new = await one.take()
    succeeded = lifecycle.Outcome(status=ExecutionStatus.SUCCEEDED)
    with pytest.raises(LeaseLost):
        await one.do(lambda uow: lifecycle.finish_execution(uow, old.lease, succeeded))
    with pytest.raises(LeaseLost):
        await one.step(old, "late")
    assert await one.steps(old.execution.id) == []
    ended = await one.do(lambda uow: lifecycle.finish_execution(uow, new.lease, succeeded))
    assert ended.status is ExecutionStatus.SUCCEEDED


async def test_what_a_worker_left_lying_goes_back_to_the_queue(
    board: Board, settings: Settings, platform: Platform
) -> None:
    holders = [f"Holder{number}" for number in range(settings.agent_concurrency)]
    await board.create(*(probe(name, inputs=board.held(name)) for name in holders))
    await board.works(*holders)
    await board.create(probe("Left"))
    (queued,) = (await board.task("Left"))["executions"]["nodes"]
    execution_id = decode_as("Execution", queued["id"])
    async with platform.engine.connect() as connection:
        worker_id = (await connection.execute(select(workers.c.id))).scalar_one()
    await platform.transactor.run(lambda uow: lifecycle.start_execution(uow, execution_id, 1, worker_id))
    await board.becomes("Left", "QUEUED")  # the worker has seen that it is its own, and that nobody runs it
    board.let_go(*holders)
    await board.becomes("Left", "COMPLETED")
    assert board.journal("Left") == ["start 1", "end 1"]
    assert "ExecutionRequeued" in [event["__typename"] for event in await board.events(queued["id"])]
