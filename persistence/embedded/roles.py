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
EXTENSIONS = ["pg_stat_statements", "vector"]
AVAILABLE = "SELECT name FROM pg_available_extensions WHERE name = any($1)"


def dsn(socket: Path, role: str, database: str = DATABASE) -> str:
    """The libpq address of a role at the server whose socket is in the given folder."""
    return f"postgresql://{role}@/{database}?host={quote(str(socket))}&port=5432"


async def create(socket: Path) -> DatabaseAddresses:
    """Create database and roles unless they exist, and return their addresses. Several processes may do so at once.

    What the application may do in the database is granted by the migrations.
    """
    server = await asyncpg.connect(dsn(socket, SUPERUSER, "postgres"), timeout=30)
    try:
        # Held to the end: neither CREATE DATABASE nor CREATE EXTENSION IF NOT EXISTS bears company.
        await server.execute("SELECT pg_advisory_lock($1)", LOCK)
        for role in (OWNER, APPLICATION):
            if not await server.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                await server.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
        if not await server.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await server.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        database = await asyncpg.connect(dsn(socket, SUPERUSER), timeout=30)
        try:
            # Only a superuser may install them, so the migrations cannot.
            for name in await database.fetch(AVAILABLE, EXTENSIONS):
                await database.execute(f"CREATE EXTENSION IF NOT EXISTS {name['name']}")
        finally:
            await database.close()
    finally:
        await server.close()
    return DatabaseAddresses(owner_dsn=dsn(socket, OWNER), app_dsn=dsn(socket, APPLICATION))
