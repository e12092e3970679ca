"""The database's part of a backup: a moment that the dump shows, and what a restored database has to be told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC

import asyncpg

from persistence.addresses import DatabaseUnavailable
from persistence.retention.lock import HOUSE

OURS = ["public", "dbos"]
"""The schemas in which our tables and the engine's are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A snapshot that pg_dump can take up, while the context that gave it is entered. ``taken_at`` is RFC 3339."""

    snapshot: str
    taken_at: str
    server: str
    revision: str


@asynccontextmanager
async def moment(owner_dsn: str) -> AsyncIterator[Moment]:
    """Hold the database at one moment for a reader; nobody else is kept from writing, only from removing old things.

    Raises:
        DatabaseUnavailable: there are no tables of ours in it.
    """
    connection = await asyncpg.connect(owner_dsn, timeout=30)
    try:
        # Before the snapshot is taken: artifacts of rows that it shows must not be removed any more.
        await connection.execute("SELECT pg_advisory_lock_shared($1)", HOUSE)
        if not await connection.fetchval("SELECT to_regclass('public.alembic_version') IS NOT NULL"):
            raise DatabaseUnavailable("The database is empty: there is nothing to back up.")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            taken_at = await connection.fetchval("SELECT clock_timestamp()")
            yield Moment(
                snapshot=await connection.fetchval("SELECT pg_export_snapshot()"),
                taken_at=taken_at.astimezone(UTC).isoformat(timespec="seconds"),
                server=(await connection.fetchval("SHOW server_version")).split()[0],
                revision=await connection.fetchval("SELECT version_num FROM public.alembic_version") or "",
            )
    finally:
        await connection.close(timeout=10)


async def server_version(dsn: str) -> str:
    """The server's version, such as ``18.6``."""
    connection = await asyncpg.connect(dsn, timeout=30)
    try:
        return str(await connection.fetchval("SHOW server_version")).split()[0]
    finally:
        await connection.close(timeout=10)


async def is_empty(dsn: str) -> bool:
    """Whether there is no table in the schemas where ours would be, apart from those of extensions."""
    connection = await asyncpg.connect(dsn, timeout=30)
    try:
        found = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = any($1) AND c.relkind IN ('r', 'p')"
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid"
            " AND d.deptype = 'e'))",
            OURS,
        )
        return not found
    finally:
        await connection.close(timeout=10)


async def settle_in(owner_dsn: str) -> None:
    """Tell a restored and migrated database where it is. Done twice, only the era moves on once more.

    - The workers it knows ran elsewhere: none of them is alive here, whatever the clocks say.
    - Transaction ids of the other cluster mean nothing here: its events get one that is before all that will come,
      and stay in the order in which they were written.
    - A feed cannot be resumed across a restore: what was done after the backup is gone, and clients have to read the
      present state. The new era makes every older cursor of a feed an expired one.
    """
    connection = await asyncpg.connect(owner_dsn, timeout=30)
    try:
        async with connection.transaction():
            await connection.execute("DELETE FROM workers")
            await connection.execute("UPDATE events SET xact = '3'::xid8 WHERE xact <> '3'::xid8")
            await connection.execute(
                "INSERT INTO feed_horizon (id, xact, event_id, era)"
                " SELECT 1, 3, coalesce(max(id), 0), 1 FROM events"
                " ON CONFLICT (id) DO UPDATE SET xact = excluded.xact, event_id = excluded.event_id,"
                " era = feed_horizon.era + 1"
            )
    finally:
        await connection.close(timeout=10)
