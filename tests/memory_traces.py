"""Looking through a whole database for a text."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

TABLES = text(
    "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    " AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT') ORDER BY 1, 2"
)


async def tables_with(engine: AsyncEngine, *texts: str, of: UUID | None = None) -> list[str]:
    """The tables of all schemas that have one of the texts in a row, in any column; ``of`` one workspace only."""
    found = []
    async with engine.connect() as connection:
        for schema, table in (await connection.execute(TABLES)).all():
            name = f"{schema}.{table}"
            for one in texts:
                rows = f'SELECT count(*) FROM "{schema}"."{table}" AS r WHERE strpos(r::text, :one) > 0'
                counted = text(rows if of is None else f"{rows} AND strpos(r::text, :workspace) > 0")
                given = {"one": one} | ({} if of is None else {"workspace": str(of)})
                if (await connection.execute(counted, given)).scalar_one() and name not in found:
                    found.append(name)
    return found
