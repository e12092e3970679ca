"""One transaction with its stores, and the transactor that runs use cases in it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from domain.errors import StoreLost, StoreRefused
from domain.events import Event, Subject
from domain.ports import (
    AgentCatalogue,
    ApprovalStore,
    ChildStore,
    DependencyStore,
    Embedder,
    EventLog,
    EvidenceStore,
    ExecutionStore,
    FindingStore,
    IdempotencyStore,
    LedgerStore,
    McpServerStore,
    MemberStore,
    MemoryStore,
    MessageStore,
    ModelStore,
    Notary,
    PlaybookStore,
    PriceStore,
    ProjectStore,
    SecretStore,
    SourcePolicy,
    TaskStore,
    ToolCallStore,
    Traces,
    UnitOfWork,
    Untraced,
    Vault,
    WaitStore,
    WorkerStore,
    WorkQueue,
    WorkspaceStore,
)
from persistence.outage import is_outage, ran_out_of_time
from persistence.stores.approvals import ApprovalTable
from persistence.stores.children import ChildTable
from persistence.stores.dependencies import DependencyTable
from persistence.stores.events import EventTable
from persistence.stores.evidence import EvidenceTable
from persistence.stores.executions import ExecutionTable
from persistence.stores.findings import FindingTable
from persistence.stores.idempotency import IdempotencyTable
from persistence.stores.ledger import LedgerTable
from persistence.stores.mcp_servers import McpServerTable
from persistence.stores.members import MemberTable
from persistence.stores.memory import MemoryTable
from persistence.stores.message_waits import MessageWaitTable
from persistence.stores.messages import MessageTable
from persistence.stores.models import ModelTable
from persistence.stores.playbooks import PlaybookTable
from persistence.stores.prices import PriceTable
from persistence.stores.projects import ProjectTable
from persistence.stores.secrets import SecretTable
from persistence.stores.tasks import TaskTable
from persistence.stores.tool_calls import ToolCallTable
from persistence.stores.workers import WorkerTable
from persistence.stores.workspaces import WorkspaceTable

Result = TypeVar("Result")

MOST_TRIES = 6
TRANSIENT = frozenset({"40001", "40P01"})
"""SQLSTATE of serialization failures and deadlocks."""


class SqlUnitOfWork:
    """See :class:`domain.ports.UnitOfWork`."""

    def __init__(
        self,
        connection: AsyncConnection,
        now: datetime,
        queue: WorkQueue,
        agents: AgentCatalogue,
        sources: SourcePolicy,
        vault: Vault,
        notary: Notary,
        traces: Traces,
        embedder: Embedder,
    ) -> None:
        self.now = now
        self.workspaces: WorkspaceStore = WorkspaceTable(connection, self.now)
        self.projects: ProjectStore = ProjectTable(connection)
        self.tasks: TaskStore = TaskTable(connection)
        self.dependencies: DependencyStore = DependencyTable(connection)
        self.children: ChildStore = ChildTable(connection)
        self.executions: ExecutionStore = ExecutionTable(connection)
        self.tool_calls: ToolCallStore = ToolCallTable(connection)
        self.findings: FindingStore = FindingTable(connection)
        self.approvals: ApprovalStore = ApprovalTable(connection)
        self.members: MemberStore = MemberTable(connection, self.now)
        self.messages: MessageStore = MessageTable(connection)
        self.waits: WaitStore = MessageWaitTable(connection)
        self.models: ModelStore = ModelTable(connection, self.now)
        self.evidence: EvidenceStore = EvidenceTable(connection)
        self.ledger: LedgerStore = LedgerTable(connection, self.now)
        self.prices: PriceStore = PriceTable(connection)
        self.log = EventTable(connection, self.now)
        self.events: EventLog = self.log
        self.workers: WorkerStore = WorkerTable(connection)
        self.idempotency: IdempotencyStore = IdempotencyTable(connection, self.now)
        self.playbooks: PlaybookStore = PlaybookTable(connection)
        self.secrets: SecretStore = SecretTable(connection)
        self.mcp_servers: McpServerStore = McpServerTable(connection)
        self.vault = vault
        self.memories: MemoryStore = MemoryTable(connection, self.now)
        self.embedder = embedder
        self.queue = queue
        self.agents = agents
        self.sources = sources
        self.notary = notary
        self.traces = traces

    def new_id(self) -> UUID:
        """A fresh UUIDv7."""
        return uuid7()


class SqlTransactor:
    """See :class:`domain.ports.Transactor`.

    ``clock`` tells the time that the use cases write. ``queue_on`` gives the engine's queue on a connection, so that
    what is enqueued belongs to the same transaction. ``notary`` signs receipts, ``embedder`` makes the vectors of
    memories. ``after_commit`` is called with what each transaction has changed, for carriers of wake-ups other than
    PostgreSQL. ``observe`` is called with the events that each has committed, for those who count.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        clock: Callable[[], datetime],
        queue_on: Callable[[AsyncConnection], WorkQueue],
        agents: AgentCatalogue,
        sources: SourcePolicy,
        vault: Vault,
        notary: Notary,
        embedder: Embedder,
        after_commit: Callable[[frozenset[Subject]], Awaitable[None]] | None = None,
        traces: Traces | None = None,
        observe: Callable[[Sequence[Event]], None] | None = None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._queue_on = queue_on
        self._agents = agents
        self._sources = sources
        self._vault = vault
        self._notary = notary
        self._embedder = embedder
        self._after_commit = after_commit
        self._traces = traces or Untraced()
        self._observe = observe

    async def run(self, work: Callable[[UnitOfWork], Awaitable[Result]]) -> Result:
        """Run ``work`` and commit; roll back when it raises; run it again after a deadlock.

        Raises:
            StoreLost: the database went away; whether the transaction was committed is not known.
            StoreRefused: the database refused a statement, other than for a deadlock; nothing was written.
        """
        for tried in range(1, MOST_TRIES + 1):
            try:
                async with self._engine.begin() as connection:
                    queue = self._queue_on(connection)
                    uow = SqlUnitOfWork(
                        connection,
                        self._clock(),
                        queue,
                        self._agents,
                        self._sources,
                        self._vault,
                        self._notary,
                        self._traces,
                        self._embedder,
                    )
                    result = await work(uow)
                if self._observe is not None:
                    self._observe(uow.log.written)
                if self._after_commit is not None and uow.log.touched:
                    await self._after_commit(frozenset(uow.log.touched))
            except Exception as error:
                if is_outage(error) or ran_out_of_time(error):
                    raise StoreLost from error
                if not _is_transient(error) or tried == MOST_TRIES:
                    if isinstance(error, StatementError):  # its text is SQL, for the log and for nobody else
                        raise StoreRefused from error
                    raise
                await asyncio.sleep(random.uniform(0, 0.01 * 2**tried))  # noqa: S311 - spreads the tries, hides nothing
            else:
                return result
        raise AssertionError("unreachable")  # pragma: no cover


def _is_transient(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in TRANSIENT
