"""The database of the platform: found or started, and brought to the tables of this version."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from agents.runtime import engine as execution_engine
from persistence import migrate
from persistence.addresses import DatabaseAddresses, DatabaseUnavailable, check_database
from persistence.embedded import EmbeddedPostgres
from persistence.engines import open_engine
from persistence.memory.equipment import equip
from persistence.readers.pool import ReadPool
from server.settings import Settings

Say = Callable[[str], None]


@asynccontextmanager
async def database(settings: Settings, say: Say = lambda _: None) -> AsyncIterator[DatabaseAddresses]:
    """The configured database, or the embedded one while the context is entered: if it goes, it is brought back.

    Raises:
        DatabaseUnavailable: it cannot be had; the message is one sentence.
    """
    if settings.database_url is not None:
        owner = settings.database_owner_url
        addresses = DatabaseAddresses.external(
            settings.database_url.get_secret_value(), owner.get_secret_value() if owner else None
        )
        say("connecting to the database")
        await check_database(addresses.app_dsn)
        yield addresses
        return
    embedded = EmbeddedPostgres()
    say("starting the embedded PostgreSQL")
    addresses = await embedded.start(settings.data_dir)
    keeping = asyncio.create_task(embedded.keep(), name="database")
    try:
        yield addresses
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])
        await embedded.stop()


async def migrate_database(addresses: DatabaseAddresses) -> None:
    """Apply our migrations and the engine's, and make what memories are found by.

    Raises:
        DatabaseUnavailable: a newer version of WrenchAI has migrated the database.
    """
    await migrate.upgrade(addresses.owner_url)
    await equip(addresses.owner_dsn)
    role = None if addresses.owner_dsn == addresses.app_dsn else migrate.APPLICATION_ROLE
    await asyncio.to_thread(execution_engine.migrate, addresses.owner_dsn, role)


async def require_current(addresses: DatabaseAddresses) -> None:
    """Refuse a database that is not at the revision of this version.

    Raises:
        DatabaseUnavailable: says what to run.
    """
    revision = await migrate.current(addresses.app_url)
    if revision != migrate.head():
        raise DatabaseUnavailable(
            f"The database is at revision {revision or 'none'} and this version needs {migrate.head()}: "
            "run `wrenchai db upgrade`."
        )


def create_engine(addresses: DatabaseAddresses, settings: Settings) -> AsyncEngine:
    """The connections of this process for writing."""
    return open_engine(
        addresses.app_url,
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_pool_overflow,
        pool_timeout=settings.database_pool_timeout_seconds,
        pool_pre_ping=True,
        connect_args={
            "timeout": settings.database_pool_timeout_seconds,
            "server_settings": _server_settings(settings),
        },
    )


async def open_read_pool(addresses: DatabaseAddresses, settings: Settings) -> ReadPool:
    """The connections of this process for reading."""
    return await ReadPool.open(
        addresses.app_dsn,
        size=settings.database_pool_size,
        timeout=settings.database_pool_timeout_seconds,
        server_settings=_server_settings(settings),
    )


def _server_settings(settings: Settings) -> dict[str, str]:
    return {
        "application_name": "wrenchai",
        "statement_timeout": str(round(settings.statement_timeout_seconds * 1000)),
        "idle_in_transaction_session_timeout": "60000",
    }
