"""What the graph reads: batch functions, each one statement whatever the number of parents, scoped by workspace.

A method that takes a sequence of ids answers a list aligned with it. Nothing of another workspace is ever returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.acceptance import AcceptanceResult
from domain.approval import Approval, Vote
from domain.event_chain import ChainedEvent
from domain.events import EventRecord
from domain.execution import Artifact, Execution, Step, StoredReport, ToolCall, Worker
from domain.finding import Finding
from domain.language_model import LanguageModel, ModelChoice
from domain.ledger import Account
from domain.mcp_server import McpServer
from domain.memory import Memory, MemoryFilter
from domain.message import Message, MessageWait
from domain.pages import Page, PageRequest
from domain.playbooks.saved import PlaybookVersion, SavedPlaybook
from domain.prices import ToolPrice
from domain.project import Project, Source, Workspace
from domain.reads import (
    EvidenceFacts,
    ExecutionFilter,
    FeedFilter,
    FeedStart,
    FindingFilter,
    FindingSighting,
    QueueFacts,
    TaskFilter,
    TaskOrder,
)
from domain.receipt import SignedReceipt
from domain.secret import Secret
from domain.task import Dependency, Task
from domain.usage import Totals, Usage


class Reader(Protocol):
    """One read session, for one operation."""

    async def workspaces(self, ids: Sequence[UUID]) -> list[Workspace | None]:
        """By id."""

    async def secrets(self, workspace_id: UUID, page: PageRequest) -> Page[Secret]:
        """All secrets by name, without their values."""

    async def models(self, workspace_id: UUID, page: PageRequest) -> Page[LanguageModel]:
        """All language models by name."""

    async def models_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[LanguageModel | None]:
        """By id."""

    async def model_choices(self, workspace_id: UUID) -> list[ModelChoice]:
        """Which agent uses which model, by agent."""

    async def secrets_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Secret | None]:
        """By id, without their values."""

    async def mcp_servers(self, workspace_id: UUID, page: PageRequest) -> Page[McpServer]:
        """All MCP servers, by name."""

    async def mcp_servers_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[McpServer | None]:
        """By id."""

    async def memories(self, workspace_id: UUID, filter_by: MemoryFilter, page: PageRequest) -> Page[Memory]:
        """Memories that have not expired, the newest first."""

    async def memories_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Memory | None]:
        """By id; ``None`` for one that has expired, too."""

    async def playbooks(self, workspace_id: UUID, page: PageRequest) -> Page[SavedPlaybook]:
        """Those of the workspace by name, in the order of the characters."""

    async def playbooks_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[SavedPlaybook | None]:
        """By id."""

    async def playbooks_by_name(self, workspace_id: UUID, names: Sequence[str]) -> list[SavedPlaybook | None]:
        """By name."""

    async def playbook_versions_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[PlaybookVersion | None]:
        """By id."""

    async def versions_of_playbooks(
        self, workspace_id: UUID, playbook_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[PlaybookVersion]]:
        """The versions of each playbook that are kept, the newest first."""

    async def projects(self, workspace_id: UUID, page: PageRequest) -> Page[Project]:
        """All projects, the newest first."""

    async def projects_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Project | None]:
        """By id."""

    async def projects_by_key(self, workspace_id: UUID, keys: Sequence[str]) -> list[Project | None]:
        """By key."""

    async def sources_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Source | None]:
        """By id."""

    async def tasks(self, workspace_id: UUID, filter_by: TaskFilter, order: TaskOrder, page: PageRequest) -> Page[Task]:
        """A page of tasks."""

    async def tasks_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Task | None]:
        """By id."""

    async def tasks_by_key(self, workspace_id: UUID, keys: Sequence[str]) -> list[Task | None]:
        """By key, such as ``WR-12``."""

    async def tasks_of_projects(
        self, workspace_id: UUID, project_ids: Sequence[UUID], order: TaskOrder, page: PageRequest
    ) -> list[Page[Task]]:
        """A page of tasks for each project."""

    async def dependencies_of(
        self, workspace_id: UUID, task_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[Dependency]]:
        """Edges to what each task depends on, the oldest first."""

    async def dependents_of(
        self, workspace_id: UUID, task_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[Dependency]]:
        """Edges from what depends on each task, the oldest first."""

    async def children_of(self, workspace_id: UUID, task_ids: Sequence[UUID], page: PageRequest) -> list[Page[Task]]:
        """The tasks that are parts of each task, the oldest first."""

    async def children_at_work(self, workspace_id: UUID, task_ids: Sequence[UUID]) -> list[int]:
        """How many parts of each task have not ended."""

    async def dependencies_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Dependency | None]:
        """By id."""

    async def unmet_dependencies(
        self, workspace_id: UUID, task_ids: Sequence[UUID]
    ) -> list[list[tuple[Dependency, Task]]]:
        """For each task, the edges that hold it, with the task at their other end."""

    async def queue_facts(self) -> QueueFacts:
        """How many executions of each agent run, and which agents live workers offer."""

    async def executions(self, workspace_id: UUID, filter_by: ExecutionFilter, page: PageRequest) -> Page[Execution]:
        """All executions, the newest first."""

    async def executions_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Execution | None]:
        """By id."""

    async def reports_of(self, workspace_id: UUID, execution_ids: Sequence[UUID]) -> list[StoredReport | None]:
        """What each execution reported, ``None`` where there is no report yet."""

    async def executions_of_tasks(
        self, workspace_id: UUID, task_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[Execution]]:
        """Attempts at each task, the newest first."""

    async def latest_executions(self, workspace_id: UUID, task_ids: Sequence[UUID]) -> list[Execution | None]:
        """The newest attempt at each task."""

    async def steps_of(self, workspace_id: UUID, execution_ids: Sequence[UUID], page: PageRequest) -> list[Page[Step]]:
        """Steps of each execution in the order they began."""

    async def steps_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Step | None]:
        """By id."""

    async def tool_calls_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[ToolCall | None]:
        """By id."""

    async def tool_calls_of(
        self, workspace_id: UUID, execution_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[ToolCall]]:
        """Tool calls of each execution, the oldest first."""

    async def artifacts_of(
        self, workspace_id: UUID, execution_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[Artifact]]:
        """Artifacts of each execution by name."""

    async def artifacts_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Artifact | None]:
        """By id."""

    async def evidence_of(self, workspace_id: UUID, execution_ids: Sequence[UUID]) -> list[EvidenceFacts | None]:
        """What is on record of each execution."""

    async def acceptance_of(self, workspace_id: UUID, execution_ids: Sequence[UUID]) -> list[list[AcceptanceResult]]:
        """How the acceptance checks of each execution came out, in the order of the checks."""

    async def receipts_of(self, workspace_id: UUID, execution_ids: Sequence[UUID]) -> list[SignedReceipt | None]:
        """The receipt of each execution, ``None`` where there is none."""

    async def chained_events(
        self, workspace_id: UUID, execution_id: UUID, after: int, limit: int
    ) -> list[ChainedEvent]:
        """The execution's events behind a sequence number, exactly as they were written."""

    async def usage_of(self, workspace_id: UUID, execution_ids: Sequence[UUID]) -> list[Usage]:
        """What each execution consumed."""

    async def totals_of(self, workspace_id: UUID, scope_ids: Sequence[UUID]) -> list[Totals]:
        """What each scope (the workspace, a project, a task, an execution) and all below it have reserved and spent."""

    async def budgets(self, workspace_id: UUID, page: PageRequest) -> Page[Account]:
        """All accounts that have a budget, the newest budget first."""

    async def budgets_of(self, workspace_id: UUID, scope_ids: Sequence[UUID], page: PageRequest) -> list[Page[Account]]:
        """The budgets of each scope, the newest first."""

    async def budgets_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Account | None]:
        """By id; ``None`` for an account without a budget, too."""

    async def used_up_budgets(self, workspace_id: UUID, task_ids: Sequence[UUID]) -> list[list[Account]]:
        """For each task the budgets that have nothing left: its own and those above it."""

    async def own_prices(self, workspace_id: UUID) -> list[ToolPrice]:
        """The prices that somebody set in the workspace, by tool."""

    async def events_of(
        self, workspace_id: UUID, execution_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[EventRecord]]:
        """Events of each execution by sequence; a position is ``(sequence,)``."""

    async def findings(self, workspace_id: UUID, filter_by: FindingFilter, page: PageRequest) -> Page[Finding]:
        """Findings, the worst first, then by id."""

    async def findings_of_projects(
        self, workspace_id: UUID, project_ids: Sequence[UUID], filter_by: FindingFilter, page: PageRequest
    ) -> list[Page[Finding]]:
        """Findings of each project, the worst first, then by id; the filter names no project."""

    async def findings_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Finding | None]:
        """By id."""

    async def sightings_of(
        self, workspace_id: UUID, execution_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[FindingSighting]]:
        """What each execution saw, the worst first, each with the state it had then (fixed ones included)."""

    async def awaiting_approvals(self, workspace_id: UUID, page: PageRequest) -> Page[Approval]:
        """What nobody has decided yet, the oldest first."""

    async def approvals_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Approval | None]:
        """By id."""

    async def approvals_of(
        self, workspace_id: UUID, execution_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[Approval]]:
        """What each execution has asked, the oldest first."""

    async def pending_approvals(self, workspace_id: UUID, task_ids: Sequence[UUID]) -> list[list[Approval]]:
        """What each task waits for, the oldest first."""

    async def votes_of(self, workspace_id: UUID, approval_ids: Sequence[UUID]) -> list[list[Vote]]:
        """What people have said to each approval, the oldest first."""

    async def members_permissions(self, workspace_id: UUID) -> dict[str, frozenset[str]]:
        """What each member may do, by the name that events use."""

    async def messages_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Message | None]:
        """By id."""

    async def messages_of_tasks(
        self, workspace_id: UUID, task_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[Message]]:
        """What each task's mailbox got, and what was sent for the task, the oldest first."""

    async def messages_of_executions(
        self, workspace_id: UUID, execution_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[Message]]:
        """What each execution has sent and taken, and what was sent to it alone, the oldest first."""

    async def answers_to(self, workspace_id: UUID, request_ids: Sequence[UUID]) -> list[Message | None]:
        """The answer to each request, ``None`` where there is none; one that came too late is none."""

    async def pending_waits(self, workspace_id: UUID, task_ids: Sequence[UUID]) -> list[list[MessageWait]]:
        """The messages that each task waits for, in the order in which it began to."""

    async def workers_by_id(self, ids: Sequence[UUID]) -> list[Worker | None]:
        """By id."""

    async def events_after(
        self, workspace_id: UUID, execution_id: UUID, sequence: int, limit: int
    ) -> list[EventRecord]:
        """The execution's events behind a sequence number, in order."""

    async def feed_head(self, workspace_id: UUID) -> tuple[int, int]:
        """The position of the last event that a feed can show now: ``(xact, id)``; the same until there is another."""

    async def feed_after(
        self, workspace_id: UUID, filter_by: FeedFilter, position: tuple[int, int], limit: int
    ) -> list[EventRecord]:
        """Events behind a position, in commit order; only what no running transaction can still get in front of."""

    async def feed_start(self) -> FeedStart:
        """From where on feeds can be resumed."""
