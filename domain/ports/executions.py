"""Where executions are kept, the queue they wait in, and the workers that take them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from domain.execution import Artifact, Execution, Progress, Step, StoredReport, Worker
from domain.language_model import LanguageModel


class ExecutionStore(Protocol):
    """Executions with what belongs to them."""

    async def get(self, workspace_id: UUID | None, execution_id: UUID) -> Execution | None:
        """The execution, or ``None``; without a workspace for the engine itself."""

    async def lock(self, execution_id: UUID) -> Execution | None:
        """Lock the execution, or ``None``. Its task must be locked before, when it is going to be changed too."""

    async def live_of(self, task_id: UUID) -> Execution | None:
        """The task's execution that has not ended, or ``None``."""

    async def held_by(self, worker_id: UUID) -> dict[UUID, Execution]:
        """The running executions of a worker, by id."""

    async def abandoned(self, alive: Collection[UUID]) -> list[Execution]:
        """Running executions whose worker is not among those alive."""

    async def ended_among(self, execution_ids: Collection[UUID]) -> set[UUID]:
        """Those of the executions that have ended or do not exist."""

    async def insert(self, execution: Execution) -> None:
        """Add an execution."""

    async def update(self, execution: Execution) -> None:
        """Write every mutable field but ``sequence`` of a locked execution."""

    async def set_progress(self, execution_id: UUID, progress: Progress) -> None:
        """Note how far it is."""

    async def set_segment_traceparent(self, execution_id: UUID, traceparent: str, *, epoch: int) -> None:
        """Note where the trace of its present segment begins, while it is RUNNING in that epoch.

        Raises:
            LeaseLost: it is not.
        """

    async def put_report(self, execution_id: UUID, report: StoredReport) -> None:
        """Keep what it reported."""

    async def set_source_state(self, execution_id: UUID, state: str) -> None:
        """Note what exactly it works on."""

    async def models(self, execution_id: UUID) -> tuple[LanguageModel, ...] | None:
        """The models that are recorded with it, the first one first; ``None`` when that has not been done."""

    async def set_models(self, execution_id: UUID, models: Sequence[LanguageModel], *, epoch: int) -> None:
        """Record the models that it uses, while it is RUNNING in that epoch.

        Raises:
            LeaseLost: it is not.
        """

    async def steps(self, execution_id: UUID) -> list[Step]:
        """Its steps in the order they began."""

    async def put_step(self, step: Step) -> None:
        """Insert or overwrite a step."""

    async def insert_artifacts(self, artifacts: Sequence[Artifact]) -> None:
        """Add artifacts; one with a name that the execution has already replaces it."""

    async def log_lines(self, execution_id: UUID) -> int:
        """How many log lines it has written."""


class WorkQueue(Protocol):
    """The engine, as far as a transaction can talk to it: what is enqueued starts only if the transaction commits."""

    async def enqueue(self, execution: Execution, *, priority: int, delay: timedelta = timedelta()) -> None:
        """Enqueue the segment of the execution that its ``epoch`` names."""


class WorkerStore(Protocol):
    """The beats of the workers."""

    async def beat(self, worker: Worker) -> None:
        """Note that the worker is alive."""

    async def remove(self, worker_id: UUID) -> None:
        """Forget a worker that has stopped."""

    async def alive(self, lease: timedelta) -> set[UUID]:
        """Workers whose last beat is younger than the lease, by the database's clock."""

    async def forget(self, older_than: timedelta) -> None:
        """Remove workers that have not beaten for so long."""

    async def try_lead(self) -> bool:
        """Become the one that reaps until the transaction ends; ``False`` when another process is."""
