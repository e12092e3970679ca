"""Writing executions and what belongs to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import LeaseLost
from domain.events import LogWritten
from domain.execution import Artifact, Execution, Progress, Step, StoredReport
from domain.language_model import LanguageModel
from domain.states import ENDED_EXECUTION, ExecutionStatus
from persistence.mappers import from_execution, from_recorded_model, to_execution, to_recorded_model, to_step
from persistence.selects import select_executions
from persistence.tables import artifacts, events, executions, steps

IMMUTABLE = frozenset(
    {"id", "workspace_id", "project_id", "task_id", "number", "agent", "inputs", "created_at", "traceparent"}
)
MEASURED = frozenset({"progress_done", "progress_total", "progress_message", "source_state", "segment_traceparent"})
"""Written on their own while the execution runs, so that a copy read earlier does not put an old value back."""


class ExecutionTable:
    """See :class:`domain.ports.ExecutionStore`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, workspace_id: UUID | None, execution_id: UUID) -> Execution | None:
        """The execution, or ``None``; without a workspace for the engine itself."""
        found = select_executions().where(executions.c.id == execution_id)
        if workspace_id is not None:
            found = found.where(executions.c.workspace_id == workspace_id)
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return None if row is None else to_execution(row)

    async def lock(self, execution_id: UUID) -> Execution | None:
        """Lock the execution, or ``None``."""
        found = select_executions().where(executions.c.id == execution_id).with_for_update()
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return None if row is None else to_execution(row)

    async def live_of(self, task_id: UUID) -> Execution | None:
        """The task's execution that has not ended, or ``None``."""
        ended = [status.value for status in ENDED_EXECUTION]
        found = select_executions().where(executions.c.task_id == task_id, executions.c.status.not_in(ended))
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return None if row is None else to_execution(row)

    async def held_by(self, worker_id: UUID) -> dict[UUID, Execution]:
        """The running executions of a worker, by id."""
        found = select_executions().where(_running(), executions.c.worker_id == worker_id)
        return {row["id"]: to_execution(row) for row in (await self._connection.execute(found)).mappings()}

    async def abandoned(self, alive: Collection[UUID]) -> list[Execution]:
        """Running executions whose worker is not among those alive."""
        found = select_executions().where(_running(), executions.c.worker_id.not_in(alive)).order_by(executions.c.id)
        return [to_execution(row) for row in (await self._connection.execute(found)).mappings()]

    async def ended_among(self, execution_ids: Collection[UUID]) -> set[UUID]:
        """Those of the executions that have ended or do not exist."""
        ended = [status.value for status in ENDED_EXECUTION]
        found = select(executions.c.id).where(executions.c.id.in_(execution_ids), executions.c.status.not_in(ended))
        return set(execution_ids) - set((await self._connection.execute(found)).scalars())

    async def insert(self, execution: Execution) -> None:
        """Add an execution."""
        await self._connection.execute(insert(executions).values(from_execution(execution)))

    async def update(self, execution: Execution) -> None:
        """Write every mutable field but ``sequence`` of a locked execution."""
        fixed = IMMUTABLE | MEASURED
        values = {name: value for name, value in from_execution(execution).items() if name not in fixed}
        await self._connection.execute(update(executions).where(executions.c.id == execution.id).values(values))

    async def set_progress(self, execution_id: UUID, progress: Progress) -> None:
        """Note how far it is."""
        await self._connection.execute(
            update(executions)
            .where(executions.c.id == execution_id)
            .values(progress_done=progress.done, progress_total=progress.total, progress_message=progress.message)
        )

    async def set_segment_traceparent(self, execution_id: UUID, traceparent: str, *, epoch: int) -> None:
        """Note where the trace of its present segment begins, while it is RUNNING in that epoch.

        Raises:
            LeaseLost: it is not.
        """
        held = update(executions).where(executions.c.id == execution_id, executions.c.epoch == epoch, _running())
        done = await self._connection.execute(held.values(segment_traceparent=traceparent))
        if done.rowcount == 0:
            raise LeaseLost(execution_id)

    async def put_report(self, execution_id: UUID, report: StoredReport) -> None:
        """Keep what it reported."""
        values = {"result_kind": report.kind, "result": dict(report.data)}
        await self._connection.execute(update(executions).where(executions.c.id == execution_id).values(values))

    async def set_source_state(self, execution_id: UUID, state: str) -> None:
        """Note what exactly it works on."""
        await self._connection.execute(
            update(executions).where(executions.c.id == execution_id).values(source_state=state)
        )

    async def models(self, execution_id: UUID) -> tuple[LanguageModel, ...] | None:
        """The models that are recorded with it, the first one first; ``None`` when that has not been done."""
        found = select(executions.c.models).where(executions.c.id == execution_id)
        recorded = (await self._connection.execute(found)).scalar_one_or_none()
        return None if recorded is None else tuple(to_recorded_model(one) for one in recorded)

    async def set_models(self, execution_id: UUID, models: Sequence[LanguageModel], *, epoch: int) -> None:
        """Record the models that it uses, while it is RUNNING in that epoch.

        Raises:
            LeaseLost: it is not.
        """
        held = update(executions).where(executions.c.id == execution_id, executions.c.epoch == epoch, _running())
        done = await self._connection.execute(held.values(models=[from_recorded_model(one) for one in models]))
        if done.rowcount == 0:
            raise LeaseLost(execution_id)

    async def steps(self, execution_id: UUID) -> list[Step]:
        """Its steps in the order they began."""
        found = select(steps).where(steps.c.execution_id == execution_id).order_by(steps.c.position)
        return [to_step(row) for row in (await self._connection.execute(found)).mappings()]

    async def put_step(self, step: Step) -> None:
        """Insert or overwrite a step."""
        values = {
            "id": step.id,
            "execution_id": step.execution_id,
            "position": step.position,
            "name": step.name,
            "status": step.status.value,
            "attempt": step.attempt,
            "output": step.output,
            "error": step.error,
            "started_at": step.started_at,
            "finished_at": step.finished_at,
        }
        changing = {
            name: values[name] for name in ("status", "attempt", "output", "error", "started_at", "finished_at")
        }
        await self._connection.execute(
            upsert(steps).values(values).on_conflict_do_update(index_elements=["id"], set_=changing)
        )

    async def insert_artifacts(self, new: Sequence[Artifact]) -> None:
        """Add artifacts; one with a name that the execution has already replaces it."""
        for artifact in new:
            values = {
                "id": artifact.id,
                "workspace_id": artifact.workspace_id,
                "execution_id": artifact.execution_id,
                "name": artifact.name,
                "media_type": artifact.media_type,
                "size": artifact.size,
                "sha256": artifact.sha256,
                "created_at": artifact.created_at,
            }
            statement = upsert(artifacts).values(values)
            await self._connection.execute(
                statement.on_conflict_do_update(index_elements=["execution_id", "name"], set_=values)
            )

    async def log_lines(self, execution_id: UUID) -> int:
        """How many log lines it has written."""
        counted = select(func.coalesce(func.sum(func.jsonb_array_length(events.c.payload["lines"])), 0)).where(
            events.c.execution_id == execution_id, events.c.kind == LogWritten.__name__
        )
        total: int = (await self._connection.execute(counted)).scalar_one()
        return total


def _running() -> ColumnElement[bool]:
    return executions.c.status == ExecutionStatus.RUNNING.value
