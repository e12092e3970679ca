"""One transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from domain.ports.agents import AgentCatalogue
from domain.ports.approvals import ApprovalStore, MemberStore
from domain.ports.children import ChildStore
from domain.ports.events import EventLog
from domain.ports.evidence import EvidenceStore, Notary
from domain.ports.executions import ExecutionStore, WorkerStore, WorkQueue
from domain.ports.findings import FindingStore
from domain.ports.idempotency import IdempotencyStore
from domain.ports.ledger import LedgerStore, PriceStore
from domain.ports.mcp_servers import McpServerStore
from domain.ports.memory import Embedder, MemoryStore
from domain.ports.messages import MessageStore, WaitStore
from domain.ports.models import ModelStore
from domain.ports.playbooks import PlaybookStore
from domain.ports.projects import ProjectStore, SourcePolicy, WorkspaceStore
from domain.ports.secrets import SecretStore, Vault
from domain.ports.tasks import DependencyStore, TaskStore
from domain.ports.tool_calls import ToolCallStore
from domain.ports.traces import Traces

Result = TypeVar("Result")


class UnitOfWork(Protocol):
    """One transaction: the state change, its events, and the enqueueing of work commit together or not at all."""

    now: datetime
    workspaces: WorkspaceStore
    projects: ProjectStore
    tasks: TaskStore
    dependencies: DependencyStore
    children: ChildStore
    executions: ExecutionStore
    tool_calls: ToolCallStore
    findings: FindingStore
    approvals: ApprovalStore
    members: MemberStore
    messages: MessageStore
    waits: WaitStore
    models: ModelStore
    evidence: EvidenceStore
    ledger: LedgerStore
    prices: PriceStore
    events: EventLog
    queue: WorkQueue
    workers: WorkerStore
    idempotency: IdempotencyStore
    playbooks: PlaybookStore
    secrets: SecretStore
    mcp_servers: McpServerStore
    vault: Vault
    memories: MemoryStore
    embedder: Embedder
    agents: AgentCatalogue
    sources: SourcePolicy
    notary: Notary
    traces: Traces

    def new_id(self) -> UUID:
        """A fresh UUIDv7."""


class Transactor(Protocol):
    """Runs use cases, each in a unit of work of its own."""

    async def run(self, work: Callable[[UnitOfWork], Awaitable[Result]]) -> Result:
        """Run ``work`` and commit; roll back when it raises; run it again after a deadlock.

        Raises:
            StoreLost: the database went away; whether the transaction was committed is not known.
            StoreRefused: the database refused a statement, other than for a deadlock; nothing was written.
        """
