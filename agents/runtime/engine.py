"""DBOS in our event loop: it hands segments to this process, as many at once as there are slots."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from dbos import DBOS, DBOSClient

from agents.runtime.queue import ENGINE_VERSION, QUEUE, WORKFLOW

POLLING_SECONDS = 0.05

RunSegment = Callable[[UUID, int], Awaitable[None]]


class Engine:
    """The engine of this process. DBOS is one per process, and so is this."""

    _run: RunSegment | None = None

    def __init__(self, dsn: str, *, executor_id: UUID, slots: int, agent_concurrency: int, pool_size: int) -> None:
        self._dsn = dsn
        self._executor_id = executor_id
        self._slots = slots
        self._agent_concurrency = agent_concurrency
        self._pool_size = pool_size

    async def start(self, run: RunSegment) -> None:
        """Begin to take segments from the queue. Call it in the event loop that is to run them."""
        Engine._run = run
        DBOS(
            config={
                "name": "wrenchai",
                "system_database_url": self._dsn,
                "application_version": ENGINE_VERSION,
                "executor_id": str(self._executor_id),
                "run_migrations": False,
                "sys_db_pool_size": self._pool_size,
                "db_engine_kwargs": {"hide_parameters": True},
                "log_level": "WARNING",
            }
        )
        log_through_root()
        DBOS.launch()
        await DBOS.register_queue_async(
            QUEUE,
            polling_interval_sec=POLLING_SECONDS,
            partition_concurrency=self._agent_concurrency,
            worker_concurrency=self._slots,
            on_conflict="always_update",
        )

    async def stop(self, *, drain_seconds: int) -> None:
        """Take no more segments, wait at most so long for those that run to return, and let go of DBOS."""
        await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=drain_seconds)
        # DBOS had made its own thread pool the loop's, and has shut it down.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="wrenchai"))
        Engine._run = None

    @classmethod
    async def take(cls, execution_id: UUID, epoch: int) -> None:
        """Run a segment that the queue has handed to this process."""
        if cls._run is not None:
            await cls._run(execution_id, epoch)


def log_through_root() -> None:
    """Let DBOS's log lines go where all others go: it has given its logger a handler and a form of its own."""
    logger = logging.getLogger("dbos")
    logger.handlers.clear()
    logger.propagate = True


@DBOS.workflow(name=WORKFLOW)
async def segment(execution_id: str, epoch: int) -> None:
    """The workflow of a segment. What it does is recorded in our own tables, so DBOS never replays it."""
    await Engine.take(UUID(execution_id), epoch)


def migrate(owner_dsn: str, application_role: str | None) -> None:
    """Create or migrate the engine's tables, and let the application's role use them. Blocks: run it in a thread."""
    DBOS.migrate(owner_dsn, application_role=application_role)


def connect(dsn: str) -> DBOSClient:
    """The engine's client, for enqueueing. It connects when it is first used."""
    return DBOSClient(system_database_url=dsn, system_database_pool_size=2, lazy=True)
