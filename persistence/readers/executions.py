"""Reading executions and what belongs to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, Table, func, select, true
from sqlalchemy.dialects.postgresql import distinct_on

from domain.execution import Artifact, Execution, Step, StoredReport, ToolCall, Worker
from domain.pages import Page, PageRequest
from domain.reads import ExecutionFilter
from domain.usage import Usage
from persistence.keyset import Ordering, read_page
from persistence.mappers import to_artifact, to_execution, to_report, to_step, to_tool_call, to_worker
from persistence.readers.lists import Lists
from persistence.readers.lookup import Lookup
from persistence.readers.session import ReadSession
from persistence.selects import among, select_executions
from persistence.tables import artifacts, executions, steps, tool_calls, workers

Item = TypeVar("Item")

NEWEST_FIRST = Ordering((executions.c.created_at, executions.c.id), descending=True)
STEPS_AS_BEGUN = Ordering((steps.c.position, steps.c.id))
CALLS_AS_MADE = Ordering((tool_calls.c.started_at, tool_calls.c.id))
ARTIFACTS_BY_NAME = Ordering((artifacts.c.name, artifacts.c.id))


def _of_execution(table: Table) -> Select[Any]:
    """Rows of a table that belongs to executions."""
    return select(table).join(executions, executions.c.id == table.c.execution_id)


EXECUTIONS_BY_ID = Lookup(select_executions(), executions.c.id, to_execution, executions.c.workspace_id)
STEPS_BY_ID = Lookup(_of_execution(steps), steps.c.id, to_step, executions.c.workspace_id)
TOOL_CALLS_BY_ID = Lookup(_of_execution(tool_calls), tool_calls.c.id, to_tool_call, executions.c.workspace_id)
ARTIFACTS_BY_ID = Lookup(select(artifacts), artifacts.c.id, to_artifact, artifacts.c.workspace_id)
EXECUTIONS_OF_TASKS = Lists(
    select_executions(), executions.c.task_id, executions.c.workspace_id, NEWEST_FIRST, to_execution
)
STEPS_OF = Lists(_of_execution(steps), steps.c.execution_id, executions.c.workspace_id, STEPS_AS_BEGUN, to_step)
TOOL_CALLS_OF = Lists(
    _of_execution(tool_calls), tool_calls.c.execution_id, executions.c.workspace_id, CALLS_AS_MADE, to_tool_call
)
ARTIFACTS_OF = Lists(
    select(artifacts), artifacts.c.execution_id, artifacts.c.workspace_id, ARTIFACTS_BY_NAME, to_artifact
)
REPORTS_OF = Lookup(
    select(executions.c.result_kind, executions.c.result).where(executions.c.result.is_not(None)),
    executions.c.id,
    to_report,
    executions.c.workspace_id,
)
WORKERS_BY_ID = Lookup(select(workers), workers.c.id, to_worker)


class ExecutionReader(ReadSession):
    """The part of :class:`domain.ports.Reader` that is about executions."""

    async def executions(self, workspace_id: UUID, filter_by: ExecutionFilter, page: PageRequest) -> Page[Execution]:
        """All executions, the newest first."""
        base = select_executions().where(executions.c.workspace_id == workspace_id)
        if filter_by.statuses:
            base = base.where(among(executions.c.status, [status.value for status in filter_by.statuses]))
        if filter_by.agent is not None:
            base = base.where(executions.c.agent == filter_by.agent)
        async with self.connection() as connection:
            return await read_page(connection, base, NEWEST_FIRST, page, to_execution)

    async def executions_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Execution | None]:
        """By id."""
        return await EXECUTIONS_BY_ID.find(self, ids, workspace_id)

    async def reports_of(self, workspace_id: UUID, execution_ids: Sequence[UUID]) -> list[StoredReport | None]:
        """What each execution reported."""
        return await REPORTS_OF.find(self, execution_ids, workspace_id)

    async def executions_of_tasks(
        self, workspace_id: UUID, task_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[Execution]]:
        """Attempts at each task, the newest first."""
        return await EXECUTIONS_OF_TASKS.read(self, workspace_id, task_ids, page)

    async def latest_executions(self, workspace_id: UUID, task_ids: Sequence[UUID]) -> list[Execution | None]:
        """The newest attempt at each task."""
        wanted = (
            select_executions()
            .ext(distinct_on(executions.c.task_id))
            .where(executions.c.workspace_id == workspace_id, among(executions.c.task_id, task_ids))
            .order_by(executions.c.task_id, executions.c.number.desc())
        )
        async with self.connection() as connection:
            found = {row["task_id"]: to_execution(row) for row in await connection.rows(wanted)}
        return [found.get(one) for one in task_ids]

    async def steps_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Step | None]:
        """By id."""
        return await STEPS_BY_ID.find(self, ids, workspace_id)

    async def tool_calls_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[ToolCall | None]:
        """By id."""
        return await TOOL_CALLS_BY_ID.find(self, ids, workspace_id)

    async def steps_of(self, workspace_id: UUID, execution_ids: Sequence[UUID], page: PageRequest) -> list[Page[Step]]:
        """Steps of each execution in the order they began."""
        return await STEPS_OF.read(self, workspace_id, execution_ids, page)

    async def tool_calls_of(
        self, workspace_id: UUID, execution_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[ToolCall]]:
        """Tool calls of each execution, the oldest first."""
        return await TOOL_CALLS_OF.read(self, workspace_id, execution_ids, page)

    async def artifacts_of(
        self, workspace_id: UUID, execution_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[Artifact]]:
        """Artifacts of each execution by name."""
        return await ARTIFACTS_OF.read(self, workspace_id, execution_ids, page)

    async def artifacts_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Artifact | None]:
        """By id."""
        return await ARTIFACTS_BY_ID.find(self, ids, workspace_id)

    async def usage_of(self, workspace_id: UUID, execution_ids: Sequence[UUID]) -> list[Usage]:
        """What each execution consumed."""
        seconds = func.extract("epoch", tool_calls.c.finished_at - tool_calls.c.started_at)
        called = (
            select(func.count().label("calls"), func.coalesce(func.sum(seconds), 0).label("seconds"))
            .where(tool_calls.c.execution_id == executions.c.id)
            .lateral("called")
        )
        stored = (
            select(func.coalesce(func.sum(artifacts.c.size), 0).label("bytes"))
            .where(artifacts.c.execution_id == executions.c.id)
            .lateral("stored")
        )
        wanted = (
            select(executions.c.id, called.c.calls, called.c.seconds, stored.c.bytes)
            .select_from(executions.join(called, true()).join(stored, true()))
            .where(executions.c.workspace_id == workspace_id, among(executions.c.id, execution_ids))
        )
        async with self.connection() as connection:
            found = {
                row["id"]: Usage(
                    execution_id=row["id"],
                    tool_calls=row["calls"],
                    tool_seconds=float(row["seconds"]),
                    artifact_bytes=int(row["bytes"]),
                )
                for row in await connection.rows(wanted)
            }
        return [
            found.get(one) or Usage(execution_id=one, tool_calls=0, tool_seconds=0.0, artifact_bytes=0)
            for one in execution_ids
        ]

    async def workers_by_id(self, ids: Sequence[UUID]) -> list[Worker | None]:
        """By id."""
        return await WORKERS_BY_ID.find(self, ids)
