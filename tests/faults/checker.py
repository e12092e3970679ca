"""What must be true of the database whatever has happened: read as its owner, past every part of the platform."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg

from persistence.embedded.cluster import SUPERUSER
from tests.faults.platform_processes import LEASE, PlatformProcess, until

TASK_AFTER = {
    "QUEUED": {"QUEUED"},
    "RUNNING": {"IN_PROGRESS"},
    "AWAITING_APPROVAL": {"AWAITING_APPROVAL"},
    "SUCCEEDED": {"COMPLETED"},
    "CLAIMED_UNVERIFIED": {"FAILED"},
    "FAILED": {"FAILED"},
    "TIMED_OUT": {"FAILED"},
    "CANCELLED": {"CANCELLED"},
}
"""The states a task may have while its latest execution has a given one."""


@dataclass(frozen=True)
class Checker:
    """Looks at one database. Connections are opened for each look, since the server may go away between two."""

    dsn: str

    def as_superuser(self) -> Checker:
        """The same database for somebody who may end the connections of others."""
        return Checker(self.dsn.replace("://wrenchai_owner@", f"://{SUPERUSER}@"))

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self.dsn, timeout=10)
        try:
            yield connection
        finally:
            await connection.close(timeout=5)

    async def rows(self, statement: str, *values: object) -> list[asyncpg.Record]:
        async with self.connection() as connection:
            return list(await connection.fetch(statement, *values))

    async def execution(self, execution_id: UUID) -> asyncpg.Record:
        (row,) = await self.rows("SELECT * FROM executions WHERE id = $1", execution_id)
        return row

    async def kinds(self, execution_id: UUID) -> Counter[str]:
        """How often each kind of event is in the execution's log."""
        found = await self.rows("SELECT kind FROM events WHERE execution_id = $1", execution_id)
        return Counter(row["kind"] for row in found)

    async def until_status(self, execution_id: UUID, status: str, within: float) -> asyncpg.Record:
        async def reached() -> bool:
            return bool((await self.execution(execution_id))["status"] == status)

        try:
            await until(reached, within, f"execution {status}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {dict(await self.execution(execution_id))}") from error
        return await self.execution(execution_id)

    async def until_worker(self, process: PlatformProcess, within: float = 40) -> UUID:
        """Wait until the worker of this process beats, and answer its id."""
        found: list[asyncpg.Record] = []

        async def beats() -> bool:
            assert process.popen.poll() is None, process.output()
            found[:] = await self.rows(
                "SELECT id FROM workers WHERE pid = $1 AND beat_at > clock_timestamp() - $2::interval",
                process.pid,
                timedelta(seconds=LEASE),
            )
            return bool(found)

        await until(beats, within, f"a beat of the worker\n{process.output()}")
        worker_id: UUID = found[0]["id"]
        return worker_id

    async def nothing_is_left(self, within: float = LEASE + 5) -> None:
        """Wait until no execution runs, none waits, and the engine holds no segment: all slots are free."""

        async def is_quiet() -> bool:
            (row,) = await self.rows(
                "SELECT (SELECT count(*) FROM executions WHERE status IN ('QUEUED', 'RUNNING')) AS live,"
                " (SELECT count(*) FROM dbos.workflow_status WHERE status IN ('PENDING', 'ENQUEUED')) AS held"
            )
            return (row["live"], row["held"]) == (0, 0)

        await until(is_quiet, within, "no live execution, no held segment")
        await self.check()

    async def check(self) -> None:
        """Assert every invariant."""
        assert await self._abandoned() == []
        assert await self._held_by_dead() == []
        assert await self._broken_sequences() == []
        assert await self._steps_without_one_success() == []
        assert await self._tasks_that_disagree() == []

    async def until_consistent(self, within: float) -> None:
        """Wait until the invariants that need a lease to pass hold, then assert all of them."""

        async def reaped() -> bool:
            return not await self._abandoned() and not await self._held_by_dead()

        await until(reaped, within, "what dead workers held is taken from them")
        await self.check()

    async def _abandoned(self) -> list[UUID]:
        found = await self.rows(
            "SELECT id FROM executions e WHERE status = 'RUNNING' AND NOT EXISTS (SELECT FROM workers w"
            " WHERE w.id = e.worker_id AND w.beat_at > clock_timestamp() - $1::interval)",
            timedelta(seconds=LEASE),
        )
        return [row["id"] for row in found]

    async def _held_by_dead(self) -> list[str]:
        found = await self.rows(
            "SELECT workflow_uuid FROM dbos.workflow_status s WHERE status = 'PENDING' AND NOT EXISTS (SELECT"
            " FROM workers w WHERE w.id::text = s.executor_id AND w.beat_at > clock_timestamp() - $1::interval)",
            timedelta(seconds=LEASE),
        )
        return [row["workflow_uuid"] for row in found]

    async def _broken_sequences(self) -> list[dict[str, object]]:
        """Each log goes from 1 to n; one that retention has been at, from where that has stopped."""
        found = await self.rows(
            "SELECT e.id, e.sequence, count(v.id) AS events, min(v.sequence) AS first, max(v.sequence) AS last"
            " FROM executions e LEFT JOIN events v ON v.execution_id = e.id AND v.sequence > e.pruned_to GROUP BY e.id"
            " HAVING (coalesce(min(v.sequence), e.sequence + 1), coalesce(max(v.sequence), e.pruned_to),"
            " count(v.id), count(DISTINCT v.sequence)) IS DISTINCT FROM"
            " (e.pruned_to + 1, e.sequence, e.sequence - e.pruned_to, e.sequence - e.pruned_to)"
        )
        return [dict(row) for row in found]

    async def _steps_without_one_success(self) -> list[dict[str, object]]:
        found = await self.rows(
            "SELECT s.execution_id, s.name, s.status, count(v.id) AS successes FROM steps s"
            " JOIN executions e ON e.id = s.execution_id AND e.pruning < 2 LEFT JOIN events v"
            " ON v.execution_id = s.execution_id AND v.kind = 'StepSucceeded' AND v.payload->>'step' = s.name"
            " GROUP BY s.id HAVING count(v.id) <> (CASE s.status WHEN 'SUCCEEDED' THEN 1 ELSE 0 END)"
        )
        return [dict(row) for row in found]

    async def _tasks_that_disagree(self) -> list[tuple[str, str]]:
        found = await self.rows(
            "SELECT DISTINCT ON (t.id) t.status AS task, e.status AS execution FROM tasks t"
            " JOIN executions e ON e.task_id = t.id ORDER BY t.id, e.number DESC"
        )
        return [(row["task"], row["execution"]) for row in found if row["task"] not in TASK_AFTER[row["execution"]]]


async def lines_of(journal: Path) -> list[str]:
    """What the probe has noted so far."""
    return await asyncio.to_thread(lambda: journal.read_text().splitlines() if journal.exists() else [])


async def until_line(journal: Path, line: str, within: float = 20, times: int = 1) -> None:
    """Wait until the probe has noted a line so many times."""

    async def noted() -> bool:
        return (await lines_of(journal)).count(line) >= times

    await until(noted, within, f"{line!r} {times} times in the journal")
