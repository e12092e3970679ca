"""The event log: sequences without gap, a fence for old leases, and feeds in the order of commits."""

from __future__ import annotations

import asyncio
from dataclasses import MISSING, fields
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from domain.errors import LeaseLost
from domain.events import QUIET, Event, LogWritten, ModelSpoke, ProgressChanged, StepStarted, Subject, TaskCreated
from domain.execution import Execution
from domain.lease import Lease
from domain.ports import UnitOfWork
from domain.reads import FeedFilter, FeedStart
from domain.states import ExecutionStatus
from domain.use_cases.models import models_of
from domain.use_cases.recording import record_segment_trace
from persistence import tables
from tests.persistence.conftest import Shelf

EVERYTHING = FeedFilter()


def example(kind: type[Any]) -> Event:
    """An event with every field filled in."""
    made: dict[str, Any] = {}
    for one in fields(kind):
        kinds = {"str": "x", "int": 7, "bool": True, "tuple[str, ...]": ("a", "b"), "str | None": "x", "int | None": 7}
        made[one.name] = kinds[str(one.type)]
        assert one.default is MISSING or made[one.name] != one.default
    event: Event = kind(**made)
    return event


def subject_of(execution: Execution) -> Subject:
    return Subject(
        workspace_id=execution.workspace_id,
        project_id=execution.project_id,
        task_id=execution.task_id,
        execution_id=execution.id,
    )


async def new_execution(shelf: Shelf) -> Execution:
    return await shelf.execution(await shelf.task(await shelf.project()))


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
async def test_every_kind_of_event_goes_there_and_back(shelf: Shelf, kind: type[Any]) -> None:
    execution = await new_execution(shelf)
    event = example(kind)
    await shelf.do(lambda uow: uow.events.append(subject_of(execution), [event], actor="user:owner"))
    (record,) = await shelf.read.events_after(shelf.workspace_id, execution.id, 0, 10)
    assert (record.event, record.subject, record.sequence) == (event, subject_of(execution), 1)
    assert record.actor == "user:owner"
    feed = await shelf.read.feed_after(shelf.workspace_id, EVERYTHING, (0, 0), 10)
    assert [one.event for one in feed] == ([] if kind in QUIET else [event])


async def test_a_sequence_has_no_gap_whoever_writes(shelf: Shelf) -> None:
    execution = await new_execution(shelf)
    subject = subject_of(execution)

    async def write(writer: int) -> None:
        for number in range(5):

            async def append(uow: UnitOfWork, number: int = number) -> None:
                batch = [StepStarted(step=f"{writer}-{number}-{part}", attempt=1) for part in range(1 + number % 3)]
                await uow.events.append(subject, batch, actor="t")
                if number == 3:
                    raise ZeroDivisionError  # what is rolled back takes no number with it

            try:
                await shelf.do(append)
            except ZeroDivisionError:
                assert number == 3

    await asyncio.gather(*(write(writer) for writer in range(20)))
    records = await shelf.read.events_after(shelf.workspace_id, execution.id, 0, 10_000)
    assert len(records) == 20 * (1 + 2 + 3 + 2)
    assert [record.sequence for record in records] == list(range(1, len(records) + 1))
    ids = [record.id for record in records]
    assert ids == sorted(ids)
    feed = await shelf.read.feed_after(shelf.workspace_id, EVERYTHING, (0, 0), 10_000)
    assert sorted(record.id for record in feed) == ids
    found = await shelf.do(lambda uow: uow.executions.lock(execution.id))
    assert found is not None
    assert found.sequence == len(records)


async def written(shelf: Shelf, execution_id: UUID) -> int:
    counted = select(func.count()).where(tables.events.c.execution_id == execution_id)
    async with shelf.platform.engine.connect() as connection:
        return int((await connection.execute(counted)).scalar_one())


LEASES = pytest.mark.parametrize(
    ("status", "epoch", "allowed"),
    [
        (ExecutionStatus.RUNNING, 6, True),
        (ExecutionStatus.RUNNING, 5, False),
        (ExecutionStatus.RUNNING, 7, False),
        (ExecutionStatus.QUEUED, 6, False),
        (ExecutionStatus.CANCELLED, 6, False),
    ],
)


@LEASES
async def test_a_write_under_an_old_lease_is_refused(
    shelf: Shelf, status: ExecutionStatus, epoch: int, allowed: bool
) -> None:
    execution = await shelf.execution(await shelf.task(await shelf.project()), status=status)
    assert execution.epoch == 6

    async def append(uow: UnitOfWork) -> None:
        await uow.events.append(subject_of(execution), [StepStarted(step="a", attempt=1)], actor="t", epoch=epoch)
        await uow.executions.set_source_state(execution.id, "written")

    if allowed:
        await shelf.do(append)
    else:
        with pytest.raises(LeaseLost, match=str(execution.id)):
            await shelf.do(append)
    found = await shelf.do(lambda uow: uow.executions.lock(execution.id))
    assert found is not None
    assert (await written(shelf, execution.id), found.sequence) == ((1, 1) if allowed else (0, 0))
    assert found.source_state == ("written" if allowed else execution.source_state)


@LEASES
async def test_where_a_trace_begins_is_noted_only_by_who_has_the_lease(
    shelf: Shelf, status: ExecutionStatus, epoch: int, allowed: bool
) -> None:
    execution = await shelf.execution(await shelf.task(await shelf.project()), status=status)
    lease = Lease(subject=subject_of(execution), execution_id=execution.id, epoch=epoch, worker_id=uuid4())
    traceparent = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    if allowed:
        await shelf.do(lambda uow: record_segment_trace(uow, lease, traceparent))
    else:
        with pytest.raises(LeaseLost, match=str(execution.id)):
            await shelf.do(lambda uow: record_segment_trace(uow, lease, traceparent))
    found = await shelf.do(lambda uow: uow.executions.lock(execution.id))
    assert found is not None
    assert found.segment_traceparent == (traceparent if allowed else execution.segment_traceparent)


@LEASES
async def test_the_models_of_an_execution_are_recorded_only_by_who_has_the_lease(
    shelf: Shelf, status: ExecutionStatus, epoch: int, allowed: bool
) -> None:
    execution = await shelf.execution(await shelf.task(await shelf.project()), status=status)
    lease = Lease(subject=subject_of(execution), execution_id=execution.id, epoch=epoch, worker_id=uuid4())
    if allowed:
        assert await shelf.do(lambda uow: models_of(uow, lease, "inspector")) == ()
    else:
        with pytest.raises(LeaseLost, match=str(execution.id)):
            await shelf.do(lambda uow: models_of(uow, lease, "inspector"))
    assert await shelf.do(lambda uow: uow.executions.models(execution.id)) == (() if allowed else None)


async def test_an_execution_that_does_not_exist_gets_no_event(shelf: Shelf) -> None:
    subject = Subject(workspace_id=shelf.workspace_id, execution_id=uuid4())
    with pytest.raises(LeaseLost):
        await shelf.do(lambda uow: uow.events.append(subject, [StepStarted(step="a", attempt=1)], actor="t"))


async def test_the_feed_skips_no_transaction_that_commits_late(shelf: Shelf) -> None:
    subject = Subject(workspace_id=shelf.workspace_id)
    begun, go_on = asyncio.Event(), asyncio.Event()
    start = await shelf.read.feed_head(shelf.workspace_id)

    async def slow(uow: UnitOfWork) -> None:
        await uow.events.append(subject, [TaskCreated(key="SLOW", title="first to start")], actor="t")
        begun.set()
        await go_on.wait()

    async def feed(position: tuple[int, int]) -> list[Any]:
        return await shelf.read.feed_after(shelf.workspace_id, EVERYTHING, position, 10)

    first = asyncio.create_task(shelf.do(slow))
    await begun.wait()
    quick = TaskCreated(key="QUICK", title="first to commit")
    await shelf.do(lambda uow: uow.events.append(subject, [quick], actor="t"))
    assert await feed(start) == [], "a reader that went past the quick one would never see the slow one"
    head = await shelf.read.feed_head(shelf.workspace_id)
    go_on.set()
    await first
    records = await feed(start)
    assert [record.event.key for record in records] == ["SLOW", "QUICK"]
    assert [(record.xact, record.id) for record in records] == sorted((record.xact, record.id) for record in records)
    assert [record.event.key for record in await feed(head)] == ["SLOW", "QUICK"], "nothing of it was shown before"
    assert [record.event.key for record in await feed((records[0].xact, records[0].id))] == ["QUICK"]
    assert await feed((records[1].xact, records[1].id)) == []


async def test_readers_that_follow_the_feed_miss_nothing(shelf: Shelf) -> None:
    subject = Subject(workspace_id=shelf.workspace_id)
    position = await shelf.read.feed_head(shelf.workspace_id)
    seen: list[str] = []

    async def write(writer: int) -> None:
        for number in range(10):
            event = TaskCreated(key=f"{writer}-{number}", title="")

            async def append(uow: UnitOfWork, event: TaskCreated = event) -> None:
                await uow.events.append(subject, [event], actor="t")
                await asyncio.sleep(0)

            await shelf.do(append)

    async def follow(position: tuple[int, int]) -> None:
        async with asyncio.timeout(30):
            while len(seen) < 60:
                for record in await shelf.read.feed_after(shelf.workspace_id, EVERYTHING, position, 7):
                    assert isinstance(record.event, TaskCreated)
                    seen.append(record.event.key)
                    position = (record.xact, record.id)
                await asyncio.sleep(0)

    await asyncio.gather(follow(position), *(write(writer) for writer in range(6)))
    assert sorted(seen) == sorted(f"{writer}-{number}" for writer in range(6) for number in range(10))


async def test_a_feed_is_narrowed(shelf: Shelf) -> None:
    project, other = await shelf.project(), await shelf.project()
    task = await shelf.task(project)
    created = TaskCreated(key="A", title="")
    of_task = Subject(workspace_id=shelf.workspace_id, project_id=project.id, task_id=task.id)
    of_project = Subject(workspace_id=shelf.workspace_id, project_id=other.id)

    async def append(uow: UnitOfWork) -> None:
        await uow.events.append(of_task, [created], actor="t")
        await uow.events.append(of_project, [created], actor="t")

    await shelf.do(append)
    for wanted, expected in (
        (FeedFilter(), [of_task, of_project]),
        (FeedFilter(project_id=other.id), [of_project]),
        (FeedFilter(task_ids=(task.id, uuid4())), [of_task]),
        (FeedFilter(task_events_only=True), [of_task]),
    ):
        records = await shelf.read.feed_after(shelf.workspace_id, wanted, (0, 0), 10)
        assert [record.subject for record in records] == expected
    assert await shelf.read.feed_after(uuid4(), FeedFilter(), (0, 0), 10) == []
    assert await shelf.read.feed_start() == FeedStart()


def test_what_is_quiet_stays_out_of_the_feeds() -> None:
    assert set(QUIET) == {LogWritten, ModelSpoke, ProgressChanged}
