"""One transaction: all or nothing, tried again after a deadlock, and never two winners."""

from __future__ import annotations

import asyncio
import traceback
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from agents.runtime.queue import workflow_id
from agents.runtime.segment import _from_error
from domain.commands import CancelTask, CreateTasks, DispatchTasks, TaskDraft, UpdateTask
from domain.errors import IdempotencyKeyReused, Invalid, NotDispatchable, Rejection, StoreRefused, VersionConflict
from domain.events import Subject, TaskCreated
from domain.execution import ExecutionError
from domain.ports import UnitOfWork
from domain.project import Project
from domain.reads import FeedFilter
from domain.recovery import ErrorSeverity
from domain.states import TaskStatus
from domain.task import Task
from domain.use_cases.cancel import cancel_task
from domain.use_cases.dispatch import dispatch_tasks
from domain.use_cases.idempotency import once
from domain.use_cases.tasks import create_tasks, update_task
from persistence import tables
from tests.persistence.conftest import Shelf, refused_for

DRAFT = TaskDraft(title="Probe", agent="probe")


async def workflows(shelf: Shelf, execution_id: UUID) -> int:
    """How many segments of the execution the engine knows."""
    owner = await asyncpg.connect(shelf.platform.addresses.owner_dsn)
    try:
        wanted = "SELECT count(*) FROM dbos.workflow_status WHERE workflow_uuid = $1"
        return int(await owner.fetchval(wanted, workflow_id(execution_id, 1)))
    finally:
        await owner.close()


async def counts(shelf: Shelf) -> dict[str, int]:
    """How many rows the workspace has in each table that a dispatch writes."""
    async with shelf.platform.engine.connect() as connection:
        return {
            table.name: int(
                (
                    await connection.execute(
                        text(f"SELECT count(*) FROM {table.name} WHERE workspace_id = :here").bindparams(
                            here=shelf.workspace_id
                        )
                    )
                ).scalar_one()
            )
            for table in (tables.tasks, tables.executions, tables.events)
        }


async def make(uow: UnitOfWork, shelf: Shelf, project: Project, *, dispatch: bool = True) -> Task:
    command = CreateTasks(project_id=project.id, tasks=(DRAFT,), dispatch=dispatch)
    (task,) = await create_tasks(uow, shelf.actor, command)
    return task


async def live_execution(uow: UnitOfWork, task: Task) -> UUID:
    live = await uow.executions.live_of(task.id)
    assert live is not None
    return live.id


async def test_state_events_and_work_are_committed_together(shelf: Shelf) -> None:
    project = await shelf.project()

    async def work(uow: UnitOfWork) -> UUID:
        execution_id = await live_execution(uow, await make(uow, shelf, project))
        assert await workflows(shelf, execution_id) == 0, "seen before the commit"
        return execution_id

    execution_id = await shelf.do(work)
    assert await workflows(shelf, execution_id) == 1
    assert await counts(shelf) == {"tasks": 1, "executions": 1, "events": 3}


@pytest.mark.parametrize("failure", [Invalid("Not like this."), ZeroDivisionError()])
async def test_state_events_and_work_are_rolled_back_together(shelf: Shelf, failure: Exception) -> None:
    project = await shelf.project()
    made: list[UUID] = []

    async def work(uow: UnitOfWork) -> None:
        made.append(await live_execution(uow, await make(uow, shelf, project)))
        raise failure

    with pytest.raises(type(failure)):
        await shelf.do(work)
    assert len(made) == 1, "what was refused is not tried again"
    assert await workflows(shelf, made[0]) == 0
    assert await counts(shelf) == {"tasks": 0, "executions": 0, "events": 0}
    assert await shelf.do(lambda uow: uow.projects.take_numbers(project.id, 1)) == 1


async def test_a_deadlock_is_tried_again(shelf: Shelf) -> None:
    project = await shelf.project()
    one, two = [await shelf.task(project, number) for number in (1, 2)]
    tries = {"there": 0, "back": 0}
    barrier = asyncio.Barrier(2)

    async def cross(name: str, first: Task, second: Task) -> None:
        async def work(uow: UnitOfWork) -> None:
            tries[name] += 1
            await uow.tasks.lock(shelf.workspace_id, [first.id])
            if tries[name] == 1:
                await barrier.wait()  # both hold one task now, and want the other's
            await uow.tasks.lock(shelf.workspace_id, [second.id])
            subject = Subject(workspace_id=shelf.workspace_id, task_id=first.id)
            await uow.events.append(subject, [TaskCreated(key=name, title="")], actor="t")

        await shelf.do(work)

    await asyncio.gather(cross("there", one, two), cross("back", two, one))
    assert sorted(tries.values()) == [1, 2]
    feed = await shelf.read.feed_after(shelf.workspace_id, FeedFilter(), (0, 0), 10)
    assert sorted(record.event.key for record in feed if isinstance(record.event, TaskCreated)) == ["back", "there"]


async def test_another_error_of_the_database_is_not_tried_again(shelf: Shelf) -> None:
    tries = 0
    project = await shelf.project()

    async def work(uow: UnitOfWork) -> None:
        nonlocal tries
        tries += 1
        await uow.projects.insert(project)

    with refused_for("pk_projects"):
        await shelf.do(work)
    assert tries == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"agent": None}, "violates not-null constraint"),  # of which PostgreSQL shows the failing row
        ({"number": 2**40}, "invalid input for query argument"),  # which the driver shows
    ],
    ids=["row", "argument"],
)
async def test_an_error_of_the_database_repeats_no_values(shelf: Shelf, changes: dict[str, Any], said: str) -> None:
    task = shelf.new_task(await shelf.project(), title="hush hush", **changes)
    with pytest.raises(StoreRefused) as refused:
        await shelf.do(lambda uow: uow.tasks.insert([task]))
    written = "".join(traceback.format_exception(refused.value))
    assert said in written
    assert "INSERT INTO tasks" in written
    for value in ("hush hush", str(task.id), str(2**40), "DETAIL"):
        assert value not in written
    assert str(refused.value).count(".") == 1
    assert _from_error(refused.value).error == ExecutionError(
        code="AGENT_FAILED", message=str(StoreRefused()), severity=ErrorSeverity.HIGH
    )


async def test_of_two_changes_to_one_version_exactly_one_wins(shelf: Shelf) -> None:
    project = await shelf.project()
    task = await shelf.do(lambda uow: make(uow, shelf, project, dispatch=False))

    async def change(title: str) -> Task | Rejection:
        command = UpdateTask(task_id=task.id, expected_version=task.version, changes={"title": title})
        try:
            return await shelf.do(lambda uow: update_task(uow, shelf.actor, command))
        except Rejection as rejection:
            return rejection

    outcomes = await asyncio.gather(*(change(f"Title {number}") for number in range(8)))
    (winner,) = [one for one in outcomes if isinstance(one, Task)]
    losers = [one for one in outcomes if isinstance(one, VersionConflict)]
    assert len(losers) == 7
    for loser in losers:
        assert loser.expected == task.version
        assert loser.current == winner
        assert f"version {winner.version} now" in loser.message
    assert await shelf.do(lambda uow: uow.tasks.get(shelf.workspace_id, task.id)) == winner


async def test_of_many_dispatches_at_once_exactly_one_wins(shelf: Shelf) -> None:
    project = await shelf.project()
    task = await shelf.do(lambda uow: make(uow, shelf, project, dispatch=False))

    async def dispatch() -> TaskStatus | None:
        command = DispatchTasks(task_ids=(task.id,))
        try:
            (dispatched,) = await shelf.do(lambda uow: dispatch_tasks(uow, shelf.actor, command))
        except NotDispatchable:
            return None
        return dispatched.status

    outcomes = await asyncio.gather(*(dispatch() for _ in range(10)))
    assert [one for one in outcomes if one] == [TaskStatus.QUEUED]
    assert (await counts(shelf))["executions"] == 1


async def test_a_key_does_the_same_request_once(shelf: Shelf) -> None:
    project = await shelf.project()

    async def ask(request_hash: str = "same", key: str = "key") -> tuple[Task, ...]:
        command = CreateTasks(project_id=project.id, tasks=(DRAFT,), dispatch=True)

        async def work(uow: UnitOfWork) -> tuple[Task, ...]:
            return await once(uow, shelf.actor, key, request_hash, lambda: create_tasks(uow, shelf.actor, command))

        return await shelf.do(work)

    answers = await asyncio.gather(*(ask() for _ in range(20)))
    assert len({answer[0].id for answer in answers}) == 1
    assert await counts(shelf) == {"tasks": 1, "executions": 1, "events": 3}
    with pytest.raises(IdempotencyKeyReused, match="'key' was used for another request"):
        await ask("other")
    assert (await ask(key="fresh"))[0].id != answers[0][0].id
    assert (await counts(shelf))["tasks"] == 2


async def test_a_key_of_a_refused_request_stays_fresh(shelf: Shelf) -> None:
    project = await shelf.project()

    async def ask(project_id: UUID) -> tuple[Task, ...]:
        command = CreateTasks(project_id=project_id, tasks=(DRAFT,))

        async def work(uow: UnitOfWork) -> tuple[Task, ...]:
            return await once(uow, shelf.actor, "key", str(project_id), lambda: create_tasks(uow, shelf.actor, command))

        return await shelf.do(work)

    with pytest.raises(Rejection, match="There is no project"):
        await ask(uuid4())
    assert len(await ask(project.id)) == 1


async def test_what_is_cancelled_by_an_older_transaction_does_not_end_before_it_was_created(shelf: Shelf) -> None:
    project = await shelf.project()

    async def cancel(uow: UnitOfWork) -> UUID:
        task = await shelf.do(lambda younger: make(younger, shelf, project))
        await cancel_task(uow, shelf.actor, CancelTask(task_id=task.id))
        return task.id

    task_id = await shelf.do(cancel)
    async with shelf.platform.engine.connect() as connection:
        row = (await connection.execute(tables.executions.select().where(tables.executions.c.task_id == task_id))).one()
    assert (row.status, row.finished_at) == ("CANCELLED", row.created_at)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE tasks ADD COLUMN mine text",
        "DROP TABLE tasks",
        "TRUNCATE tasks",
        "CREATE TABLE mine (a int)",
        "DROP INDEX ix_tasks_by_created",
        "UPDATE alembic_version SET version_num = 'x'",
        "SET ROLE wrenchai_owner",
    ],
)
async def test_the_application_cannot_change_the_tables(shelf: Shelf, statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        async with shelf.platform.engine.begin() as connection:
            await connection.execute(text(statement))


async def test_the_application_is_neither_owner_nor_superuser(shelf: Shelf) -> None:
    role = text(
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, "
        "EXISTS (SELECT 1 FROM pg_class WHERE relowner = pg_roles.oid), "
        "EXISTS (SELECT 1 FROM pg_auth_members WHERE member = pg_roles.oid) "
        "FROM pg_roles WHERE rolname = current_user"
    )
    async with shelf.platform.engine.connect() as connection:
        assert tuple((await connection.execute(role)).one()) == (False,) * 6
