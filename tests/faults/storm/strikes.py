"""The faults, one function for each kind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from tests.faults.checker import Checker
from tests.faults.platform_processes import LEASE, until
from tests.faults.storm.fleet import Fleet, Post
from tests.faults.storm.plan import Strike
from tests.faults.test_database_loss import cut_all_connections, kill_server, restart_server

LONGEST_ABSENCE = 60.0


@dataclass(frozen=True)
class Field:
    """What can be hit. One at a time is done to the database, and to Redis."""

    data_dir: Path
    checker: Checker
    fleet: Fleet
    database: asyncio.Lock = field(default_factory=asyncio.Lock)
    redis: asyncio.Lock = field(default_factory=asyncio.Lock)

    def worker(self, strike: Strike) -> Post:
        """The worker that the strike is for."""
        return self.fleet.workers[strike.victim % len(self.fleet.workers)]

    def api(self, strike: Strike) -> Post:
        """The API that the strike is for."""
        return self.fleet.apis[strike.victim % len(self.fleet.apis)]

    async def until_database(self) -> None:
        """Wait until the database answers."""

        async def answers() -> bool:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                return bool(await self.checker.rows("SELECT 1"))
            return False

        await until(answers, LONGEST_ABSENCE, "the database answers again")


async def kill_worker(ground: Field, strike: Strike) -> None:
    await ground.worker(strike).kill()


async def stop_worker(ground: Field, strike: Strike) -> None:
    await ground.worker(strike).stop()


async def freeze_past_lease(ground: Field, strike: Strike) -> None:
    await ground.worker(strike).freeze(LEASE * (1.4 + strike.seconds))


async def freeze_for_less(ground: Field, strike: Strike) -> None:
    await ground.worker(strike).freeze(LEASE * 0.9 * strike.seconds)


async def kill_api(ground: Field, strike: Strike) -> None:
    await ground.api(strike).kill()


async def stop_api(ground: Field, strike: Strike) -> None:
    await ground.api(strike).stop()


async def cut_all(ground: Field, _: Strike) -> None:
    await cut_all_connections(ground.checker)


async def cut_some(ground: Field, strike: Strike) -> None:
    await ground.checker.as_superuser().rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND pid % 3 = $1",
        strike.victim % 3,
    )


async def drop_wakeups(ground: Field, _: Strike) -> None:
    await ground.checker.as_superuser().rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'wrenchai wake-ups'"
    )


async def hold_a_lock(ground: Field, strike: Strike) -> None:
    """Nobody can write executions for a while, as when a migration or a backup goes wrong."""
    async with ground.checker.connection() as connection, connection.transaction():
        await connection.execute("LOCK TABLE executions IN SHARE MODE")
        await asyncio.sleep(strike.seconds * LEASE * 2)


async def restart_postgres(ground: Field, _: Strike) -> None:
    async with ground.database:
        await restart_server(ground.data_dir, "fast")


async def restart_postgres_at_once(ground: Field, _: Strike) -> None:
    async with ground.database:
        await restart_server(ground.data_dir, "immediate")
        await ground.until_database()


async def kill_postgres(ground: Field, _: Strike) -> None:
    """Nobody here starts it again: the platform has to."""
    async with ground.database:
        await kill_server(ground.data_dir)
        await ground.until_database()


async def kill_redis(ground: Field, strike: Strike) -> None:
    assert ground.fleet.redis is not None
    async with ground.redis:
        await ground.fleet.redis.kill(strike.seconds * 3)


STRIKES: Mapping[str, Callable[[Field, Strike], Awaitable[None]]] = {
    "kill worker": kill_worker,
    "stop worker": stop_worker,
    "freeze worker past its lease": freeze_past_lease,
    "freeze worker for less": freeze_for_less,
    "kill API": kill_api,
    "stop API": stop_api,
    "cut all connections": cut_all,
    "cut some connections": cut_some,
    "drop wake-ups": drop_wakeups,
    "hold a lock": hold_a_lock,
    "restart PostgreSQL": restart_postgres,
    "restart PostgreSQL at once": restart_postgres_at_once,
    "kill PostgreSQL": kill_postgres,
    "kill Redis": kill_redis,
}
