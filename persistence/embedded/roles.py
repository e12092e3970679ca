"""The database and its two roles: the owner, who migrates, and the application, who is neither superuser nor owner."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import asyncpg

from persistence.addresses import DatabaseAddresses
from persistence.embedded.cluster import SUPERUSER

DATABASE = "wrenchai"
OWNER = "wrenchai_owner"
APPLICATION = "wrenchai_app"
LOCK = 0x57524E43


def dsn(socket: Path, role: str, database: str = DATABASE) -> str:
    """The libpq address of a role at the server whose socket is in the given folder."""
    return f"postgresql://{role}@/{database}?host={quote(str(socket))}&port=5432"


async def create(socket: Path) -> DatabaseAddresses:
    """Create database and roles unless they exist, and return their addresses. Several processes may do so at once.

    What the application may do in the database is granted by the migrations.
    """
    connection = await asyncpg.connect(dsn(socket, SUPERUSER, "postgres"), timeout=30)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        for role in (OWNER, APPLICATION):
            if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                await connection.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
    finally:
        await connection.close()
    connection = await asyncpg.connect(dsn(socket, SUPERUSER), timeout=30)
    try:
        # Only a superuser may install it, so the migrations cannot.
        await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    finally:
        await connection.close()
    return DatabaseAddresses(owner_dsn=dsn(socket, OWNER), app_dsn=dsn(socket, APPLICATION))
