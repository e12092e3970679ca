"""What must be true of the database whatever has happened: read as its owner, past every part of the platform."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg

from persistence.embedded.cluster import SUPERUSER
from tests.faults.invariants import ALWAYS, SETTLED
from tests.faults.platform_processes import LEASE, PlatformProcess, until

LEASE_TIME = timedelta(seconds=LEASE)


@dataclass(frozen=True)
class Violation:
    """A rule that is broken, and where."""

    rule: str
    where: Mapping[str, object]

    def __str__(self) -> str:
        return f"{self.rule}: " + ", ".join(f"{name} {value}" for name, value in self.where.items())


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
                LEASE_TIME,
            )
            return bool(found)

        await until(beats, within, f"a beat of the worker\n{process.output()}")
        worker_id: UUID = found[0]["id"]
        return worker_id

    async def nothing_is_left(self, within: float = LEASE + 5) -> None:
        """Wait until no execution runs, none waits, and the engine holds no segment: all slots are free. Then check."""
        await self.nothing_is_in_hand(within)
        await self.check()

    async def nothing_is_in_hand(self, within: float) -> None:
        """Wait until no execution runs, none waits, and the engine holds no segment."""

        async def is_quiet() -> bool:
            (row,) = await self.rows(
                "SELECT (SELECT count(*) FROM executions WHERE status IN ('QUEUED', 'RUNNING')) AS live,"
                " (SELECT count(*) FROM dbos.workflow_status"
                " WHERE status IN ('PENDING', 'ENQUEUED', 'DELAYED')) AS held"
            )
            return (row["live"], row["held"]) == (0, 0)

        await until(is_quiet, within, "no live execution, no held segment")

    async def check(self) -> None:
        """Assert every invariant."""
        found = await self.violations(settled=True)
        assert not found, "\n".join(map(str, found))

    async def violations(self, *, settled: bool) -> list[Violation]:
        """What is wrong at this moment; ``settled``: nothing died for a lease, so what needs a lease must hold too."""
        found = []
        async with self.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            for rule, statement in ALWAYS.items():
                found += [Violation(rule, dict(row)) for row in await connection.fetch(statement)]
            for rule, statement in SETTLED.items() if settled else ():
                found += [Violation(rule, dict(row)) for row in await connection.fetch(statement, LEASE_TIME)]
        return found

    async def until_settled(self, within: float) -> None:
        """Wait until the invariants that need a lease to pass hold: what the dead held is taken from them."""

        async def settled() -> bool:
            return not any(one.rule in SETTLED for one in await self.violations(settled=True))

        await until(settled, within, "what dead workers held is taken from them")


async def lines_of(journal: Path) -> list[str]:
    """What the probe has noted so far."""
    return await asyncio.to_thread(lambda: journal.read_text().splitlines() if journal.exists() else [])


async def until_line(journal: Path, line: str, within: float = 20, times: int = 1) -> None:
    """Wait until the probe has noted a line so many times."""

    async def noted() -> bool:
        return (await lines_of(journal)).count(line) >= times

    await until(noted, within, f"{line!r} {times} times in the journal")
