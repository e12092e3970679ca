"""What the use cases need of the world outside: stores inside one unit of work, and the queue of the engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from domain.commands import SourceDraft
from domain.events import Event, Subject
from domain.execution import Artifact, Execution, Progress, Step, StoredReport, ToolCall, Worker
from domain.finding import Finding, FindingState
from domain.project import Project
from domain.states import TaskStatus
from domain.task import Dependency, Task

Result = TypeVar("Result")


class WorkspaceStore(Protocol):
    """The tenants."""

    async def ensure(self, workspace_id: UUID, name: str) -> None:
        """Create the workspace unless it exists."""


class ProjectStore(Protocol):
    """Projects of a workspace, and the numbers of their tasks."""

    async def get(self, workspace_id: UUID, project_id: UUID) -> Project | None:
        """The project, or ``None``."""

    async def with_key(self, workspace_id: UUID, key: str) -> Project | None:
        """The project with this key, or ``None``."""

    async def insert(self, project: Project) -> None:
        """Add a project with its source."""

    async def take_numbers(self, project_id: UUID, count: int) -> int:
        """Reserve ``count`` task numbers and return the first."""


class TaskStore(Protocol):
    """Tasks, locked in the order of their ids before they are changed."""

    async def get(self, workspace_id: UUID, task_id: UUID) -> Task | None:
        """The task, or ``None``."""

    async def lock(self, workspace_id: UUID, task_ids: Collection[UUID]) -> dict[UUID, Task]:
        """Lock the tasks that exist, in the order of their ids."""

    async def statuses(self, task_ids: Collection[UUID]) -> dict[UUID, TaskStatus]:
        """The states of tasks as they are now, without a lock."""

    async def insert(self, tasks: Sequence[Task]) -> None:
        """Add tasks."""

    async def update(self, task: Task) -> None:
        """Write every mutable field of a locked task."""

    async def delete(self, task_id: UUID) -> None:
        """Remove a task with its executions and edges."""


class DependencyStore(Protocol):
    """The edges of the DAG."""

    async def lock_graph(self, workspace_id: UUID) -> None:
        """Let nobody else change the workspace's edges until the transaction ends."""

    async def get(self, workspace_id: UUID, dependency_id: UUID) -> Dependency | None:
        """The edge, or ``None``."""

    async def of(self, task_ids: Collection[UUID]) -> list[Dependency]:
        """Edges from these tasks to what they depend on."""

    async def dependents_of(self, task_ids: Collection[UUID]) -> list[Dependency]:
        """Edges to these tasks from what depends on them."""

    async def downstream_of(self, task_ids: Collection[UUID]) -> set[UUID]:
        """Every task that depends on one of these, directly or not."""

    async def upstream_edges(self, task_ids: Collection[UUID]) -> list[tuple[UUID, UUID]]:
        """All edges ``(task, depends on)`` that can be reached from these tasks along dependencies."""

    async def insert(self, dependencies: Sequence[Dependency]) -> None:
        """Add edges."""

    async def delete(self, dependency_id: UUID) -> None:
        """Remove an edge."""


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

    async def put_report(self, execution_id: UUID, report: StoredReport) -> None:
        """Keep what it reported."""

    async def set_source_state(self, execution_id: UUID, state: str) -> None:
        """Note what exactly it works on."""

    async def steps(self, execution_id: UUID) -> list[Step]:
        """Its steps in the order they began."""

    async def put_step(self, step: Step) -> None:
        """Insert or overwrite a step."""

    async def insert_tool_call(self, call: ToolCall) -> None:
        """Add a tool call."""

    async def insert_artifacts(self, artifacts: Sequence[Artifact]) -> None:
        """Add artifacts; one with a name that the execution has already replaces it."""

    async def log_lines(self, execution_id: UUID) -> int:
        """How many log lines it has written."""


class FindingStore(Protocol):
    """Findings of a source, and which execution saw which."""

    async def get(self, workspace_id: UUID, finding_id: UUID) -> Finding | None:
        """The finding, locked, or ``None``."""

    async def known(self, source_id: UUID, agent: str, fingerprints: Collection[str]) -> dict[str, Finding]:
        """What is known under these fingerprints, locked, by fingerprint."""

    async def put(self, findings: Sequence[Finding]) -> None:
        """Insert or overwrite findings."""

    async def mark_seen(self, execution_id: UUID, findings: Sequence[Finding]) -> None:
        """Note that the execution saw the findings, in the state they have now."""

    async def unseen(
        self, source_id: UUID, agent: str, execution_id: UUID, engines: Collection[str], skipped_paths: Collection[str]
    ) -> list[Finding]:
        """Open findings of these engines, outside the skipped files and folders, that the execution did not see."""

    async def seen(self, execution_id: UUID) -> list[tuple[Finding, FindingState]]:
        """What the execution saw, each with the state it had then."""

    async def audited_before(self, source_id: UUID, agent: str, execution_id: UUID) -> bool:
        """Whether another execution of the agent on this source has settled its findings."""


class EventLog(Protocol):
    """The append-only log of events."""

    async def append(
        self,
        subject: Subject,
        events: Iterable[Event],
        *,
        actor: str,
        epoch: int | None = None,
    ) -> None:
        """Write events in order; those of an execution get the next sequence numbers.

        With ``epoch`` the write is fenced: it happens only while the execution is RUNNING in that epoch.

        Raises:
            LeaseLost: the fence refused.
        """


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


class IdempotencyStore(Protocol):
    """Answers kept under the keys that clients gave."""

    async def recall(self, workspace_id: UUID, actor: str, key: str) -> tuple[str, Mapping[str, Any]] | None:
        """Lock the key; the stored hash of its request and the answer, or ``None`` when it is fresh."""

    async def remember(
        self, workspace_id: UUID, actor: str, key: str, request_hash: str, answer: Mapping[str, Any]
    ) -> None:
        """Keep an answer."""


class Clock(Protocol):
    """The time that all processes of an installation share."""

    def now(self) -> datetime:
        """The time, in UTC."""

    def elapsed(self) -> float:
        """Seconds that have passed here since some moment, those of sleep included; no moved clock moves it."""

    def steady_for(self) -> timedelta:
        """How long it has not been moved, as far as was seen."""

    async def sync(self) -> None:
        """Look again how late it is; whether it was moved is known afterwards."""


class UnitOfWork(Protocol):
    """One transaction: the state change, its events, and the enqueueing of work commit together or not at all."""

    now: datetime
    workspaces: WorkspaceStore
    projects: ProjectStore
    tasks: TaskStore
    dependencies: DependencyStore
    executions: ExecutionStore
    findings: FindingStore
    events: EventLog
    queue: WorkQueue
    workers: WorkerStore
    idempotency: IdempotencyStore
    agents: AgentCatalogue
    sources: SourcePolicy

    def new_id(self) -> UUID:
        """A fresh UUIDv7."""


class SourcePolicy(Protocol):
    """Which sources agents may work on."""

    def check(self, draft: SourceDraft) -> SourceDraft:
        """The source with its location made absolute.

        Raises:
            domain.errors.Invalid: outside the configured roots, not a folder, or a URL that the policy refuses.
        """


class Transactor(Protocol):
    """Runs use cases, each in a unit of work of its own."""

    async def run(self, work: Callable[[UnitOfWork], Awaitable[Result]]) -> Result:
        """Run ``work`` and commit; roll back when it raises; run it again after a deadlock.

        Raises:
            StoreLost: the database went away; whether the transaction was committed is not known.
        """


class AgentCatalogue(Protocol):
    """The agents this installation has."""

    def get(self, kind: str) -> AgentFacts | None:
        """The agent's declaration, or ``None``."""

    def all(self) -> Sequence[AgentFacts]:
        """Every agent's declaration, by kind."""


class AgentFacts(Protocol):
    """What an agent declares."""

    @property
    def kind(self) -> str:
        """Its name in tasks, for example ``inspector``."""

    @property
    def version(self) -> str:
        """Its version."""

    @property
    def title(self) -> str:
        """Its name for people."""

    @property
    def purpose(self) -> str:
        """What it is for, in a sentence or two."""

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What it can be asked to do."""

    @property
    def side_effects(self) -> tuple[str, ...]:
        """What it may do outside its own checkout."""

    @property
    def input_schema(self) -> Mapping[str, Any]:
        """JSON Schema of a task's ``inputs``."""

    @property
    def needs_source(self) -> bool:
        """Whether the task's project must have a source."""

    @property
    def timeout(self) -> timedelta:
        """Default time limit of an execution."""

    @property
    def concurrency(self) -> int:
        """How many executions of it may run at once."""

    def check_inputs(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """The inputs with defaults filled in.

        Raises:
            domain.errors.Invalid: they do not fit the schema; ``path`` names the field.
        """
