"""Executions per second of an agent that does nothing, against a bare queue table with ``SKIP LOCKED``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from benchmarks import cpu, skip_locked
from benchmarks.data import PROJECT
from benchmarks.measure import Row
from benchmarks.processes import WRENCHAI, Site, process
from domain.commands import CreateTasks, DispatchTasks, TaskDraft
from domain.use_cases.dispatch import dispatch_tasks
from domain.use_cases.tasks import create_tasks

SLOTS = 16
"""Executions that a worker runs at the same time, and connections of a process of the bare queue."""

PATIENCE = 120.0
BARE_MORE = 10
"""The bare queue gets so many times as much to do, to run for about as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Executions per second, and milliseconds of CPU that one took in the workers and in the database."""

    per_second: float
    workers: float
    database: float

    def __str__(self) -> str:
        return f"{self.per_second:.0f}/s (CPU each: worker {self.workers:.1f} ms, database {self.database:.1f} ms)"


async def run(here: Site) -> list[Row]:
    """One line for each number of workers."""
    rows = []
    connection = await asyncpg.connect(here.platform.addresses.owner_dsn)
    try:
        for workers in here.scale.workers:
            ours = await _ours(here, connection, workers)
            bare = await _bare(here, connection, workers)
            what = f"executions of a no-op agent, {workers} worker{'s' if workers > 1 else ''}"
            against = f"a bare queue table with SKIP LOCKED: {bare}"
            rows.append(Row(what, str(ours), against, f"{ours.per_second / bare.per_second:.3f}"))
    finally:
        await connection.close()
    return rows


async def _ours(here: Site, connection: asyncpg.Connection, workers: int) -> Speed:
    environment = {
        **here.environment,
        "WRENCHAI_WORKER_SLOTS": str(SLOTS),
        "WRENCHAI_AGENT_CONCURRENCY": str(SLOTS * workers),
    }
    count = here.scale.executions
    async with _processes(here, [WRENCHAI, "worker"], environment, workers) as pids:
        await _until(connection, "SELECT count(*) = $1 FROM workers", workers)
        await _through_the_engine(here, connection, min(count, workers * SLOTS * 2))
        before = _spent(here, pids)
        seconds = await _through_the_engine(here, connection, count)
        return _speed(count, seconds, before, _spent(here, pids))


async def _through_the_engine(here: Site, connection: asyncpg.Connection, count: int) -> float:
    """Seconds from the dispatch of so many tasks (at most 500) to the end of the last."""
    drafts = tuple(TaskDraft(title="nothing", agent="noop") for _ in range(count))
    run, actor = here.platform.transactor.run, here.platform.owner("bench")
    created = await run(lambda uow: create_tasks(uow, actor, CreateTasks(project_id=UUID(PROJECT), tasks=drafts)))
    ids = [task.id for task in created]
    await run(lambda uow: dispatch_tasks(uow, actor, DispatchTasks(task_ids=tuple(ids))))
    began = await connection.fetchval("SELECT clock_timestamp()")
    await _until(connection, "SELECT count(*) = 0 FROM tasks WHERE id = ANY ($1) AND status <> 'COMPLETED'", ids)
    ended = await connection.fetchval("SELECT max(finished_at) FROM executions WHERE task_id = ANY ($1)", ids)
    return float((ended - began).total_seconds())


async def _bare(here: Site, connection: asyncpg.Connection, workers: int) -> Speed:
    await connection.execute(skip_locked.DROP)
    for statement in skip_locked.CREATE:
        await connection.execute(statement)
    dsn = here.platform.addresses.owner_dsn
    command = [sys.executable, "-m", skip_locked.NAME, dsn, str(SLOTS)]
    count = here.scale.executions * BARE_MORE
    async with _processes(here, command, {}, workers) as pids:
        connected = "SELECT count(*) = $1 FROM pg_stat_activity WHERE application_name = '" + skip_locked.NAME + "'"
        await _until(connection, connected, workers * SLOTS)
        await _through_the_table(connection, count // 10)
        before = _spent(here, pids)
        seconds = await _through_the_table(connection, count)
        speed = _speed(count, seconds, before, _spent(here, pids))
    await connection.execute(skip_locked.DROP)
    return speed


async def _through_the_table(connection: asyncpg.Connection, count: int) -> float:
    first = await connection.fetchval("SELECT coalesce(max(id), 0) + 1 FROM bench.queue")
    await connection.execute("INSERT INTO bench.queue (status) SELECT 'QUEUED' FROM generate_series(1, $1)", count)
    began = await connection.fetchval("SELECT clock_timestamp()")
    await _until(connection, "SELECT count(*) = $1 FROM bench.queue WHERE status = 'DONE'", first - 1 + count)
    ended = await connection.fetchval("SELECT max(finished_at) FROM bench.queue")
    return float((ended - began).total_seconds())


@asynccontextmanager
async def _processes(
    here: Site, command: list[str], environment: dict[str, str], count: int
) -> AsyncIterator[list[int]]:
    async with AsyncExitStack() as stack:
        started = [
            await stack.enter_async_context(process(command, here.folder / f"worker-{number}.log", environment))
            for number in range(count)
        ]
        yield [one.pid for one in started]


async def _until(connection: asyncpg.Connection, question: str, argument: object) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await connection.fetchval(question, argument):  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(0.05)


def _spent(here: Site, pids: list[int]) -> tuple[float, float]:
    database = cpu.seconds(cpu.database_pid(here.platform.settings.data_dir))
    return sum(cpu.seconds(pid) for pid in pids), database


def _speed(count: int, seconds: float, before: tuple[float, float], after: tuple[float, float]) -> Speed:
    workers, database = ((late - early) / count * 1000 for early, late in zip(before, after, strict=True))
    return Speed(per_second=count / seconds, workers=workers, database=database)
