"""The stores on PostgreSQL: every field goes there and back, and the tables keep their rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from domain.events import ExecutionQueued, LogWritten, Subject, TaskCreated
from domain.execution import Progress, StoredReport, Worker
from domain.language_model import AnswerMode, LanguageModel, ModelProvider, TokenPrice
from domain.ports import UnitOfWork
from domain.states import ExecutionStatus, StepStatus, TaskStatus
from domain.task import Priority, RetryPolicy
from persistence import tables
from tests.persistence.conftest import NOON, Shelf, has_defaults, refused_for


async def test_a_project_goes_there_and_back(shelf: Shelf) -> None:
    project = await shelf.project()
    assert has_defaults(project) == []
    assert await shelf.do(lambda uow: uow.projects.get(shelf.workspace_id, project.id)) == project
    assert await shelf.do(lambda uow: uow.projects.with_key(shelf.workspace_id, project.key)) == project
    assert project.source is not None
    assert await shelf.do(lambda uow: uow.projects.get(uuid4(), project.id)) is None
    bare = await shelf.project(source=None)
    assert await shelf.do(lambda uow: uow.projects.get(shelf.workspace_id, bare.id)) == bare


async def test_task_numbers_are_taken_once(shelf: Shelf) -> None:
    project = await shelf.project()
    taken = [await shelf.do(lambda uow: uow.projects.take_numbers(project.id, 3)) for _ in range(3)]
    assert taken == [1, 4, 7]


async def test_a_task_goes_there_and_back(shelf: Shelf) -> None:
    project = await shelf.project()
    task = await shelf.task(project, parent_id=(await shelf.task(project, 2)).id)
    assert has_defaults(task) == []
    assert await shelf.do(lambda uow: uow.tasks.get(shelf.workspace_id, task.id)) == task
    changed = replace(
        task,
        title="Other",
        description="",
        status=TaskStatus.PENDING,
        status_reason=None,
        priority=Priority.LOW,
        agent="probe",
        inputs={},
        requirements=(),
        constraints=(),
        labels=(),
        metadata={},
        timeout=None,
        retry=RetryPolicy(),
        acceptance_checks=(),
        attempts=0,
        scheduled_for=None,
        version=5,
        updated_at=NOON + timedelta(days=2),
    )
    await shelf.do(lambda uow: uow.tasks.update(changed))
    assert await shelf.do(lambda uow: uow.tasks.get(shelf.workspace_id, task.id)) == changed
    assert await shelf.do(lambda uow: uow.tasks.lock(shelf.workspace_id, [task.id, uuid4()])) == {task.id: changed}
    assert await shelf.do(lambda uow: uow.tasks.lock(uuid4(), [task.id])) == {}
    assert await shelf.do(lambda uow: uow.tasks.statuses([task.id])) == {task.id: TaskStatus.PENDING}
    await shelf.do(lambda uow: uow.tasks.delete(task.id))
    assert await shelf.do(lambda uow: uow.tasks.get(shelf.workspace_id, task.id)) is None


async def test_edges_go_there_and_back_and_are_walked(shelf: Shelf) -> None:
    project = await shelf.project()
    a, b, c, d = [await shelf.task(project, number) for number in range(1, 5)]
    ba = await shelf.dependency(b, a)
    cb = await shelf.dependency(c, b)
    ca = await shelf.dependency(c, a)
    assert has_defaults(ba) == []
    assert await shelf.do(lambda uow: uow.dependencies.get(shelf.workspace_id, ba.id)) == ba
    assert {edge.id for edge in await shelf.do(lambda uow: uow.dependencies.of([c.id]))} == {cb.id, ca.id}
    assert {edge.id for edge in await shelf.do(lambda uow: uow.dependencies.dependents_of([a.id]))} == {ba.id, ca.id}
    assert await shelf.do(lambda uow: uow.dependencies.downstream_of([a.id, d.id])) == {b.id, c.id}
    assert await shelf.do(lambda uow: uow.dependencies.downstream_of([])) == set()
    edges = await shelf.do(lambda uow: uow.dependencies.upstream_edges([c.id]))
    assert set(edges) == {(b.id, a.id), (c.id, b.id), (c.id, a.id)}
    await shelf.do(lambda uow: uow.dependencies.delete(cb.id))
    assert await shelf.do(lambda uow: uow.dependencies.upstream_edges([c.id])) == [(c.id, a.id)]


async def test_an_edge_is_unique_and_leads_to_another_task(shelf: Shelf) -> None:
    project = await shelf.project()
    a, b = [await shelf.task(project, number) for number in (1, 2)]
    await shelf.dependency(a, b)
    with refused_for("uq_dependencies_task_id_depends_on_id"):
        await shelf.dependency(a, b)
    with refused_for("ck_dependencies_not_itself"):
        await shelf.dependency(a, a)


async def test_an_execution_goes_there_and_back(shelf: Shelf) -> None:
    task = await shelf.task(await shelf.project())
    execution = await shelf.execution(task)
    assert has_defaults(execution) == ["sequence", "events_removed_to"]  # only the event log counts
    assert await shelf.do(lambda uow: uow.executions.get(shelf.workspace_id, execution.id)) == execution
    assert await shelf.do(lambda uow: uow.executions.get(None, execution.id)) == execution
    assert await shelf.do(lambda uow: uow.executions.get(uuid4(), execution.id)) is None
    assert await shelf.do(lambda uow: uow.executions.lock(execution.id)) == execution
    assert await shelf.do(lambda uow: uow.executions.live_of(task.id)) == execution
    assert execution.worker_id is not None
    assert set(await shelf.do(lambda uow: uow.executions.held_by(execution.worker_id or uuid4()))) == {execution.id}
    assert execution in await shelf.do(lambda uow: uow.executions.abandoned([uuid4()]))
    assert execution not in await shelf.do(lambda uow: uow.executions.abandoned([execution.worker_id or uuid4()]))
    ended = replace(
        execution,
        status=ExecutionStatus.TIMED_OUT,
        error=None,
        worker_id=None,
        epoch=7,
        crashes=3,
        crash_reports=(),
        cancel_requested_at=None,
        cancel_requested_by=None,
        process_gone_at=None,
        scheduled_for=None,
        started_at=None,
        finished_at=None,
    )
    await shelf.do(lambda uow: uow.executions.update(ended))
    assert await shelf.do(lambda uow: uow.executions.lock(execution.id)) == ended
    assert await shelf.do(lambda uow: uow.executions.live_of(task.id)) is None
    unknown = uuid4()
    assert await shelf.do(lambda uow: uow.executions.ended_among([execution.id, unknown])) == {execution.id, unknown}


async def test_a_report_goes_there_and_back(shelf: Shelf) -> None:
    execution = await shelf.execution(await shelf.task(await shelf.project()))
    report = StoredReport(kind="InspectorReport", data={"b": {"c": None}})
    assert await shelf.read.reports_of(shelf.workspace_id, [execution.id]) == [None]
    await shelf.do(lambda uow: uow.executions.put_report(execution.id, report))
    await shelf.do(lambda uow: uow.executions.update(execution))
    assert await shelf.read.reports_of(shelf.workspace_id, [uuid4(), execution.id]) == [None, report]
    assert await shelf.read.reports_of(uuid4(), [execution.id]) == [None]


async def test_the_models_of_an_execution_go_there_and_back_and_stay(shelf: Shelf) -> None:
    execution = await shelf.execution(await shelf.task(await shelf.project()))
    full = LanguageModel(
        id=uuid4(),
        workspace_id=shelf.workspace_id,
        name="full",
        provider=ModelProvider.ANTHROPIC,
        model_id="a-model",
        base_url="https://models.example",
        key_secret="the-name",
        max_output_tokens=7,
        timeout=timedelta(seconds=1.5),
        max_requests=3,
        answer_mode=AnswerMode.PROMPTED,
        price=TokenPrice(input=1, output=2),
        fallback_id=uuid4(),
        updated_by="user:ada",
        created_at=NOON,
        updated_at=NOON + timedelta(microseconds=1),
    )
    assert has_defaults(full) == []
    bare = replace(full, base_url=None, key_secret=None, price=None, fallback_id=None)
    assert await shelf.do(lambda uow: uow.executions.models(execution.id)) is None
    await shelf.do(lambda uow: uow.executions.set_models(execution.id, [full, bare], epoch=execution.epoch))
    await shelf.do(lambda uow: uow.executions.update(execution))
    assert await shelf.do(lambda uow: uow.executions.models(execution.id)) == (full, bare)


async def test_an_update_puts_no_old_progress_back(shelf: Shelf) -> None:
    execution = await shelf.execution(await shelf.task(await shelf.project()))
    progress = Progress(done=4, total=5, message="later")
    await shelf.do(lambda uow: uow.executions.set_progress(execution.id, progress))
    await shelf.do(lambda uow: uow.executions.set_source_state(execution.id, "git:def"))
    await shelf.do(lambda uow: uow.executions.update(execution))
    found = await shelf.do(lambda uow: uow.executions.lock(execution.id))
    assert found == replace(execution, progress=progress, source_state="git:def")


async def test_a_task_has_at_most_one_live_execution(shelf: Shelf) -> None:
    task = await shelf.task(await shelf.project())
    await shelf.execution(task, number=1, status=ExecutionStatus.FAILED)
    await shelf.execution(task, number=2)
    with refused_for("uq_executions_live_per_task"):
        await shelf.execution(task, number=3, status=ExecutionStatus.QUEUED)
    with refused_for("uq_executions_task_id_number"):
        await shelf.execution(task, number=1, status=ExecutionStatus.FAILED)


async def test_what_belongs_to_an_execution_goes_there_and_back(shelf: Shelf) -> None:
    execution = await shelf.execution(await shelf.task(await shelf.project()))
    step, call = shelf.new_step(execution), shelf.new_tool_call(execution)
    artifact = shelf.new_artifact(execution)
    assert has_defaults(step) == has_defaults(call) == has_defaults(artifact) == []

    async def put(uow: UnitOfWork) -> None:
        await uow.executions.put_step(step)
        await uow.tool_calls.put(call)
        await uow.executions.insert_artifacts([artifact])

    await shelf.do(put)
    assert await shelf.do(lambda uow: uow.executions.steps(execution.id)) == [step]
    assert await shelf.read.tool_calls_by_id(shelf.workspace_id, [call.id]) == [call]
    assert await shelf.read.artifacts_by_id(shelf.workspace_id, [artifact.id]) == [artifact]
    again = replace(step, status=StepStatus.SUCCEEDED, attempt=3, output=None, error=None, finished_at=None)
    other = replace(artifact, id=uuid4(), size=1, sha256="3" * 64)
    await shelf.do(lambda uow: uow.executions.put_step(again))
    await shelf.do(lambda uow: uow.executions.insert_artifacts([other]))
    assert await shelf.do(lambda uow: uow.executions.steps(execution.id)) == [again]
    assert await shelf.read.artifacts_by_id(shelf.workspace_id, [artifact.id, other.id]) == [None, other]


async def test_log_lines_are_counted(shelf: Shelf) -> None:
    execution = await shelf.execution(await shelf.task(await shelf.project()))
    subject = Subject(workspace_id=shelf.workspace_id, execution_id=execution.id)
    assert await shelf.do(lambda uow: uow.executions.log_lines(execution.id)) == 0
    for lines in (("a", "b"), ("c",)):
        written = LogWritten(step="s", first_line=1, lines=lines)
        await shelf.do(lambda uow, written=written: uow.events.append(subject, [written], actor="t"))  # type: ignore[misc]
    assert await shelf.do(lambda uow: uow.executions.log_lines(execution.id)) == 3


async def test_a_worker_is_alive_while_it_beats(shelf: Shelf) -> None:
    worker = Worker(
        id=uuid4(),
        hostname="here",
        pid=7,
        version="1",
        slots=3,
        agents=("inspector", "probe"),
        started_at=NOON,
        beat_at=NOON,
    )
    await shelf.do(lambda uow: uow.workers.beat(worker))
    (found,) = await shelf.read.workers_by_id([worker.id])
    assert found is not None
    assert replace(found, beat_at=NOON) == worker
    assert found.beat_at > NOON  # by the database's clock, not by the worker's
    assert worker.id in await shelf.do(lambda uow: uow.workers.alive(timedelta(minutes=1)))
    assert worker.id not in await shelf.do(lambda uow: uow.workers.alive(timedelta()))
    await shelf.do(lambda uow: uow.workers.forget(timedelta(minutes=1)))
    await shelf.do(lambda uow: uow.workers.beat(worker))
    (again,) = await shelf.read.workers_by_id([worker.id])
    assert again is not None
    assert again.beat_at > found.beat_at
    await shelf.do(lambda uow: uow.workers.remove(worker.id))
    assert await shelf.read.workers_by_id([worker.id]) == [None]


async def test_one_process_leads_at_a_time(shelf: Shelf) -> None:
    async def lead(uow: UnitOfWork) -> tuple[bool, bool]:
        return await uow.workers.try_lead(), await shelf.do(lambda other: other.workers.try_lead())

    assert await shelf.do(lead) == (True, False)
    assert await shelf.do(lambda uow: uow.workers.try_lead())


async def test_what_belongs_to_a_task_goes_with_it(shelf: Shelf) -> None:
    project = await shelf.project()
    task, other = [await shelf.task(project, number) for number in (1, 2)]
    await shelf.dependency(task, other)
    await shelf.dependency(other, task)
    execution = await shelf.execution(task)
    finding = shelf.new_finding(project, execution)
    subject = Subject(
        workspace_id=shelf.workspace_id, project_id=project.id, task_id=task.id, execution_id=execution.id
    )

    async def fill(uow: UnitOfWork) -> None:
        await uow.executions.put_step(shelf.new_step(execution))
        await uow.tool_calls.put(shelf.new_tool_call(execution))
        await uow.executions.insert_artifacts([shelf.new_artifact(execution)])
        await uow.findings.put([finding])
        await uow.findings.mark_seen(execution.id, [finding])
        await uow.events.append(subject, [ExecutionQueued(number=1, agent="inspector")], actor="t")
        await uow.events.append(replace(subject, execution_id=None), [TaskCreated(key="A", title="B")], actor="t")
        await uow.tasks.delete(task.id)

    await shelf.do(fill)
    async with shelf.platform.engine.connect() as connection:
        for table, column in (
            (tables.dependencies, tables.dependencies.c.workspace_id == shelf.workspace_id),
            (tables.executions, tables.executions.c.task_id == task.id),
            (tables.steps, tables.steps.c.execution_id == execution.id),
            (tables.tool_calls, tables.tool_calls.c.execution_id == execution.id),
            (tables.artifacts, tables.artifacts.c.execution_id == execution.id),
            (tables.sightings, tables.sightings.c.execution_id == execution.id),
            (tables.events, tables.events.c.execution_id == execution.id),
        ):
            left = (await connection.execute(select(func.count()).select_from(table).where(column))).scalar_one()
            assert left == 0, table.name
        kept = select(tables.findings.c.first_execution_id).where(tables.findings.c.id == finding.id)
        assert (await connection.execute(kept)).scalar_one() is None
        history = select(func.count()).where(tables.events.c.task_id == task.id)
        assert (await connection.execute(history)).scalar_one() == 1  # what befell the task itself is remembered


async def test_every_state_fits_into_its_column(shelf: Shelf) -> None:
    project = await shelf.project()
    for number, status in enumerate(TaskStatus, 1):
        task = await shelf.task(project, number, status=status)
        for attempt, state in enumerate(ExecutionStatus, 1):
            await shelf.execution(task, number=attempt, status=state)
            async with shelf.platform.engine.begin() as connection:
                ended = text("UPDATE executions SET status = 'FAILED' WHERE task_id = :id")
                await connection.execute(ended.bindparams(id=task.id))
    with pytest.raises(IntegrityError, match="ck_tasks_status"):
        async with shelf.platform.engine.begin() as connection:
            await connection.execute(text("UPDATE tasks SET status = 'DONE'"))
