"""The chain of an execution's events: linked by the database, recomputed from the rows."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import update

from domain.event_chain import EMPTY, EventHead, extended, leaf, moment
from domain.events import ArtifactStored, Event, LogWritten, StepStarted, Subject
from domain.execution import Execution
from persistence.tables import events, executions
from tests.persistence.conftest import Shelf

ODD: list[Event] = [
    StepStarted(step='ä\U0001f600 \u2028\x7f"\\', attempt=1),
    LogWritten(step="", first_line=1, lines=("one", "\ttwo\n", "\ufb33")),
    ArtifactStored(artifact_id="a", name="n", media_type="m", size=2**60),
]


@pytest.fixture
async def execution(shelf: Shelf) -> Execution:
    return await shelf.execution(await shelf.task(await shelf.project()))


async def append(shelf: Shelf, execution: Execution, new: list[Event]) -> None:
    subject = Subject(
        workspace_id=execution.workspace_id,
        project_id=execution.project_id,
        task_id=execution.task_id,
        execution_id=execution.id,
    )
    await shelf.do(lambda uow: uow.events.append(subject, new, actor="user:Ädä"))


async def recomputed(shelf: Shelf, execution_id: UUID) -> EventHead:
    written = await shelf.read.chained_events(shelf.workspace_id, execution_id, 0, 1_000)
    assert [one.sequence for one in written] == list(range(1, len(written) + 1))
    leaves = [leaf(execution_id, one.kind, one.payload, one.actor, moment(one.at)) for one in written]
    return EventHead(count=len(leaves), head=extended(EMPTY, leaves).hex())


async def head(shelf: Shelf, execution_id: UUID) -> EventHead:
    return await shelf.do(lambda uow: uow.evidence.event_head(execution_id))


async def test_what_the_database_links_is_what_the_rows_give(shelf: Shelf, execution: Execution) -> None:
    assert await head(shelf, execution.id) == EventHead(count=0, head="")
    for new in (ODD, ODD[:1], ODD * 15):  # 45 at once are more than one statement links
        await append(shelf, execution, new)
        assert await head(shelf, execution.id) == await recomputed(shelf, execution.id)
    assert (await head(shelf, execution.id)).count == 49


@pytest.mark.parametrize("column", ["kind", "payload", "actor"])
async def test_a_row_that_was_edited_does_not_fit_the_chain(shelf: Shelf, execution: Execution, column: str) -> None:
    await append(shelf, execution, ODD)
    new = {"step": "another", "attempt": 1} if column == "payload" else "StepSucceeded"
    async with shelf.platform.engine.begin() as connection:
        first = (events.c.execution_id == execution.id) & (events.c.sequence == 1)
        await connection.execute(update(events).where(first).values({column: new}))
    assert await head(shelf, execution.id) != await recomputed(shelf, execution.id)


async def test_an_execution_from_before_there_were_chains_stays_without(shelf: Shelf, execution: Execution) -> None:
    async with shelf.platform.engine.begin() as connection:
        await connection.execute(update(executions).where(executions.c.id == execution.id).values(event_head=None))
    await append(shelf, execution, ODD)
    assert await head(shelf, execution.id) == EventHead(count=3, head=None)
