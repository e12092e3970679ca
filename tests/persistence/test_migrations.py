"""Migrations on fresh databases of the same server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
import pytest
from alembic import command
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from persistence import migrate
from persistence.addresses import DatabaseAddresses, DatabaseUnavailable
from persistence.embedded.cluster import SUPERUSER
from persistence.embedded.roles import APPLICATION, OWNER, dsn
from server.platform.database import migrate_database, require_current
from server.platform.wiring import Platform


@pytest.fixture
async def fresh(idle: Platform) -> AsyncIterator[DatabaseAddresses]:
    """An empty database with our two roles."""
    socket = Path(parse_qs(urlsplit(idle.addresses.owner_dsn).query)["host"][0])
    name = f"fresh_{uuid4().hex[:12]}"
    server = await asyncpg.connect(dsn(socket, SUPERUSER, "postgres"))
    await server.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
    yield DatabaseAddresses(owner_dsn=dsn(socket, OWNER, name), app_dsn=dsn(socket, APPLICATION, name))
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


async def on(addresses: DatabaseAddresses, work: Callable[[asyncpg.Connection], Awaitable[object]]) -> object:
    owner = await asyncpg.connect(addresses.owner_dsn)
    try:
        return await work(owner)
    finally:
        await owner.close()


async def downgrade(addresses: DatabaseAddresses, target: str) -> None:
    def run(connection: Connection) -> None:
        command.downgrade(migrate._config(connection), target)
        connection.commit()

    engine = create_async_engine(addresses.owner_url, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


async def tables_of(addresses: DatabaseAddresses) -> set[str]:
    wanted = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    rows = await on(addresses, lambda owner: owner.fetch(wanted))
    assert isinstance(rows, list)
    return {row["tablename"] for row in rows}


async def test_a_fresh_database_is_what_the_tables_say(fresh: DatabaseAddresses) -> None:
    assert await migrate.current(fresh.owner_url) is None
    await migrate.upgrade(fresh.owner_url)
    assert await migrate.current(fresh.owner_url) == migrate.head()
    assert await migrate.differences(fresh.owner_url) == []


async def test_an_upgrade_twice_and_by_several_at_once_is_harmless(fresh: DatabaseAddresses) -> None:
    await asyncio.gather(*(migrate.upgrade(fresh.owner_url) for _ in range(3)))
    keep = "INSERT INTO workspaces (id, name, created_at) VALUES (gen_random_uuid(), 'kept', now())"
    await on(fresh, lambda owner: owner.execute(keep))
    await migrate.upgrade(fresh.owner_url)
    assert await migrate.differences(fresh.owner_url) == []
    assert await on(fresh, lambda owner: owner.fetchval("SELECT name FROM workspaces")) == "kept"


async def test_down_to_nothing_and_up_again(fresh: DatabaseAddresses) -> None:
    await migrate.upgrade(fresh.owner_url)
    made = await tables_of(fresh)
    await downgrade(fresh, "base")
    assert await tables_of(fresh) == {"alembic_version"}
    assert await migrate.current(fresh.owner_url) is None
    await migrate.upgrade(fresh.owner_url)
    assert await tables_of(fresh) == made
    assert await migrate.differences(fresh.owner_url) == []


async def test_a_database_of_a_newer_version_is_refused(fresh: DatabaseAddresses) -> None:
    await migrate.upgrade(fresh.owner_url)
    await on(fresh, lambda owner: owner.execute("UPDATE alembic_version SET version_num = '9999'"))
    for refused in (migrate_database, require_current):
        with pytest.raises(DatabaseUnavailable) as caught:
            await refused(fresh)
        assert "9999" in caught.value.message
        assert caught.value.message.count(". ") == 0
        assert caught.value.message.endswith((".", "`."))
    assert await migrate.current(fresh.owner_url) == "9999"


async def test_a_database_that_lags_behind_says_what_to_run(fresh: DatabaseAddresses) -> None:
    with pytest.raises(DatabaseUnavailable, match="run `wrenchai db upgrade`"):
        await require_current(fresh)
    await migrate_database(fresh)
    await require_current(fresh)


async def test_what_differs_is_found(fresh: DatabaseAddresses) -> None:
    await migrate.upgrade(fresh.owner_url)
    await on(fresh, lambda owner: owner.execute("DROP INDEX ix_tasks_by_created"))
    await on(fresh, lambda owner: owner.execute("ALTER TABLE tasks ALTER COLUMN title TYPE varchar(9)"))
    await on(fresh, lambda owner: owner.execute("ALTER TABLE projects ALTER COLUMN last_number DROP DEFAULT"))
    assert len(await migrate.differences(fresh.owner_url)) == 3
