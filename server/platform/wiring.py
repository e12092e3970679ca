"""One process of the platform: every port with the implementation that this process uses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from dbos import DBOSClient
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from agents.catalogue import InstalledAgents
from agents.contract import Services
from agents.egress import EgressPolicy
from agents.models.trial import ModelTrials
from agents.runtime import engine as execution_engine
from agents.runtime.checkouts import Checkouts
from agents.runtime.queue import DbosQueue
from agents.runtime.segment import Workshop
from agents.runtime.traces import SpanTraces
from agents.runtime.worker import Chores, Worker
from agents.sandbox.choice import open_sandbox
from agents.toolbox import Toolbox
from agents.toolbox.registry import ToolRegistry
from domain.actor import OWNER_PERMISSIONS, Actor
from domain.events import Subject
from domain.ports import UnitOfWork
from persistence.addresses import DatabaseAddresses
from persistence.artifacts import DiskArtifacts
from persistence.census import Census, census
from persistence.clock import DatabaseClock
from persistence.disk_space import DiskSpace
from persistence.reader import SqlReader
from persistence.readers.pool import ReadPool
from persistence.redis_wakeups import RedisWakeups
from persistence.unit_of_work import SqlTransactor
from persistence.wakeups import PostgresWakeups
from resolvers.context import Context
from resolvers.delivery import Reads, shared_reads
from server import __version__
from server.embedding import MiniLm
from server.logging import hide_in_log
from server.platform.database import create_engine, open_read_pool
from server.platform.graph_queries import GraphQueries
from server.platform.housekeeping import Housekeeping, policy_of
from server.platform.services import services_of
from server.platform.source_roots import SourceRoots
from server.platform.tools import open_registry
from server.security.authentication import OWNER
from server.security.master_keys import MasterKeys
from server.security.receipt_key import ReceiptKey
from server.security.vault import EnvelopeVault
from server.settings import Settings
from server.telemetry.exporting import SILENT, Telemetry
from server.transport.limits import TransportLimits

DEFAULT_WORKSPACE = UUID("00000000-0000-7000-8000-000000000001")
"""The one workspace until people and tenants are told apart."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """The parts of one process."""

    settings: Settings
    addresses: DatabaseAddresses
    engine: AsyncEngine
    reading: ReadPool
    client: DBOSClient
    agents: InstalledAgents
    toolbox: Toolbox
    tools: ToolRegistry
    roots: SourceRoots
    artifacts: DiskArtifacts
    wakeups: PostgresWakeups | RedisWakeups
    transactor: SqlTransactor
    clock: DatabaseClock
    notary: ReceiptKey
    services: Services
    telemetry: Telemetry = SILENT
    limits: TransportLimits = TransportLimits()
    reads: Reads = field(default_factory=shared_reads)

    @property
    def lease(self) -> timedelta:
        """How long a worker counts as alive after its last beat."""
        return timedelta(seconds=self.settings.lease_seconds)

    def owner(self, principal: str) -> Actor:
        """The actor behind an authenticated principal: the owner of the instance may do everything."""
        return Actor(
            id=_actor_id(principal),
            name="the owner",
            workspace_id=DEFAULT_WORKSPACE,
            permissions=OWNER_PERMISSIONS,
        )

    def context(self, actor: Actor, last_event_id: str | None = None) -> Context:
        """A fresh context for one operation."""
        return Context(
            actor=actor,
            read=SqlReader(self.reading, self.lease),
            transactor=self.transactor,
            agents=self.agents,
            tools=self.tools,
            wakeups=self.wakeups,
            reads=self.reads,
            clock=self.clock.now,
            notary=self.notary,
            models=ModelTrials(),
            deadline=self.limits.deadline,
            last_event_id=last_event_id,
        )

    async def census(self) -> Census:
        """How many executions wait and run, and how many workers live."""
        return await census(self.engine, self.lease)

    @property
    def checkouts(self) -> Checkouts:
        """The checkouts of executions, in the data folder."""
        return Checkouts(self.settings.data_dir / "checkouts", self.roots.checkout_policy)

    @property
    def disk_space(self) -> DiskSpace:
        """The disk of the data folder."""
        return DiskSpace(self.settings.data_dir, self.settings.min_free_bytes)

    def housekeeping(self) -> Housekeeping:
        """What removes old data, as the settings say."""
        return Housekeeping(
            policy=policy_of(self.settings),
            engine=self.engine,
            client=self.client,
            transactor=self.transactor,
            artifacts=self.artifacts,
            checkouts=self.checkouts,
        )

    def worker(self) -> Worker:
        """A worker of this process; start it in the event loop that is to run the agents."""
        workshop = Workshop(
            transactor=self.transactor,
            agents=self.agents,
            store=self.artifacts,
            toolbox=self.toolbox,
            checkouts=self.checkouts,
            clock=self.clock,
            sandbox=open_sandbox(self.settings.sandbox),
            egress=EgressPolicy(self.settings.egress_allow),
            services=self.services,
            queries=GraphQueries(self.context, self.limits),
        )
        return Worker(
            workshop,
            self.client,
            dsn=self.addresses.app_dsn,
            version=__version__,
            slots=self.settings.worker_slots,
            agent_concurrency=self.settings.agent_concurrency,
            pool_size=self.settings.engine_pool_size,
            lease=self.lease,
            drain=timedelta(seconds=self.settings.drain_seconds),
            require_room=self.disk_space.require,
            chores=Chores(
                work=self.housekeeping().tidy, every=timedelta(minutes=self.settings.retention_interval_minutes)
            ),
        )


@asynccontextmanager
async def open_platform(
    settings: Settings, addresses: DatabaseAddresses, telemetry: Telemetry = SILENT
) -> AsyncIterator[Platform]:
    """Wire the parts together on a migrated database, and let go of them at the end."""
    async with AsyncExitStack() as stack:
        engine = create_engine(addresses, settings)
        stack.push_async_callback(engine.dispose)
        reading = await open_read_pool(addresses, settings)
        stack.push_async_callback(reading.close)
        client = execution_engine.connect(addresses.app_dsn)
        stack.callback(client.destroy)
        agents, roots = InstalledAgents(concurrency=settings.agent_concurrency), SourceRoots(settings)
        tools, toolbox = open_registry(settings)
        notary = ReceiptKey.ensure(settings.data_dir)
        redis = RedisWakeups(settings.redis_url.get_secret_value()) if settings.redis_url is not None else None
        wakeups = redis or PostgresWakeups(addresses.app_dsn)
        await wakeups.start()
        stack.push_async_callback(wakeups.stop)

        async def publish(touched: frozenset[Subject]) -> None:
            if redis is not None:
                for subject in touched:
                    await redis.publish(subject.workspace_id, subject.task_id, subject.execution_id)

        clock = DatabaseClock(engine)
        await stack.enter_async_context(clock.kept())

        def queue_on(connection: AsyncConnection) -> DbosQueue:
            return DbosQueue(client, connection, clock.now)

        embedder = MiniLm()
        stack.callback(embedder.close)
        vault = EnvelopeVault(MasterKeys(settings.data_dir, settings.secrets_key), hide=hide_in_log)
        transactor = SqlTransactor(
            engine,
            clock=clock.now,
            queue_on=queue_on,
            agents=agents,
            sources=roots,
            vault=vault,
            notary=notary,
            embedder=embedder,
            after_commit=publish,
            traces=SpanTraces(),
            observe=telemetry.instruments.observe if telemetry.instruments is not None else None,
        )
        await transactor.run(_ensure_workspace)
        yield Platform(
            settings=settings,
            addresses=addresses,
            engine=engine,
            reading=reading,
            client=client,
            agents=agents,
            toolbox=toolbox,
            tools=tools,
            roots=roots,
            artifacts=DiskArtifacts(settings.data_dir / "artifacts", max_bytes=settings.max_artifact_bytes),
            wakeups=wakeups,
            transactor=transactor,
            clock=clock,
            notary=notary,
            services=await services_of(settings, engine),
            telemetry=telemetry,
        )


async def _ensure_workspace(uow: UnitOfWork) -> None:
    await uow.workspaces.ensure(DEFAULT_WORKSPACE, "default")
    await uow.members.ensure(DEFAULT_WORKSPACE, _actor_id(OWNER), OWNER_PERMISSIONS)


def _actor_id(principal: str) -> str:
    return f"user:{principal}"
