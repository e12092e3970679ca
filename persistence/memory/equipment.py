"""What a database has for finding memories besides the words in them: trigrams and vectors, each an extension.

The embedded PostgreSQL has both. Elsewhere the owner's role makes what it may; what is missing is found and said by
:func:`problems_of`, and the search does without.
"""

from __future__ import annotations

import asyncpg
import structlog

from persistence.migrate import APPLICATION_ROLE

LOCK = 0x77_72_6D_65_6D
"""Key of the advisory lock that lets one process equip a database at a time."""

TRIGRAMS = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    """
    CREATE TABLE IF NOT EXISTS memory_index.trigrams (
      memory_id uuid PRIMARY KEY REFERENCES public.memories (id) ON DELETE CASCADE, content text NOT NULL)
    """,
    "CREATE INDEX IF NOT EXISTS ix_trigrams ON memory_index.trigrams USING gin (content gin_trgm_ops)",
    """
    INSERT INTO memory_index.trigrams (memory_id, content) SELECT id, content FROM public.memories m
    WHERE NOT EXISTS (SELECT FROM memory_index.trigrams t WHERE t.memory_id = m.id)
    """,
)
"""A copy of the text, since its index must not be in a schema that is backed up: a restore would ask for the extension
before anything could be said about it."""
VECTORS = (
    "CREATE EXTENSION IF NOT EXISTS vector",
    """
    CREATE TABLE IF NOT EXISTS memory_index.vectors (
      memory_id uuid NOT NULL REFERENCES public.memories (id) ON DELETE CASCADE, piece smallint NOT NULL,
      model text NOT NULL, embedding vector(384) NOT NULL, PRIMARY KEY (memory_id, piece))
    """,
    "CREATE INDEX IF NOT EXISTS ix_vectors ON memory_index.vectors USING hnsw (embedding vector_cosine_ops)",
)
PARTS = {"pg_trgm": TRIGRAMS, "vector": VECTORS}
"""By extension."""
TABLES = {"pg_trgm": "memory_index.trigrams", "vector": "memory_index.vectors"}
WITHOUT = {
    "pg_trgm": "misspelled words are not found",
    "vector": "only words are found, and not what means the same",
}

log = structlog.stdlib.get_logger(__name__)


async def equip(owner_dsn: str) -> None:
    """Make what is missing and may be made; done twice it changes nothing."""
    connection = await asyncpg.connect(owner_dsn, timeout=30)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        for extension, statements in PARTS.items():
            if not await _available(connection, extension):
                continue
            try:
                async with connection.transaction():
                    await connection.execute("CREATE SCHEMA IF NOT EXISTS memory_index")
                    for statement in statements:
                        await connection.execute(statement)
            except asyncpg.InsufficientPrivilegeError as error:
                log.info("memory_search_without", extension=extension, reason=str(error))
        await _grant(connection)
    finally:
        await connection.close()


def problems_of(extensions: frozenset[str], tables: frozenset[str]) -> tuple[str, ...]:
    """What is missing, each as a sentence that says what to do; ``tables`` are those of the index that are there."""
    problems = []
    for extension, table in TABLES.items():
        if table in tables:
            continue
        if extension in extensions:
            todo = "run `wrenchai db upgrade` as the owner of the database"
        else:
            todo = f"let a superuser run `CREATE EXTENSION {extension}` in the database, then run `wrenchai db upgrade`"
        problems.append(f"The extension {extension} is not in use, so {WITHOUT[extension]}: {todo}.")
    return tuple(problems)


async def missing(dsn: str) -> tuple[str, ...]:
    """What a database lacks for finding memories, each as a sentence; nothing is changed.

    Raises:
        OSError, asyncpg.PostgresError: it cannot be asked.
    """
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        found = await connection.fetchval("SELECT array_agg(extname) FROM pg_extension")
        tables = [one for one in TABLES.values() if await connection.fetchval("SELECT to_regclass($1)", one)]
        return problems_of(frozenset(found), frozenset(tables))
    finally:
        await connection.close()


async def _available(connection: asyncpg.Connection, extension: str) -> bool:
    return bool(await connection.fetchval("SELECT 1 FROM pg_available_extensions WHERE name = $1", extension))


async def _grant(connection: asyncpg.Connection) -> None:
    role = "SELECT 1 FROM pg_roles WHERE rolname = $1 AND rolname <> current_user"
    made = "SELECT 1 FROM pg_namespace WHERE nspname = 'memory_index'"
    if await connection.fetchval(role, APPLICATION_ROLE) and await connection.fetchval(made):
        await connection.execute(f"GRANT USAGE ON SCHEMA memory_index TO {APPLICATION_ROLE}")
        rights = "SELECT, INSERT, UPDATE, DELETE"
        await connection.execute(f"GRANT {rights} ON ALL TABLES IN SCHEMA memory_index TO {APPLICATION_ROLE}")
