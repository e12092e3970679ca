"""Which database this is, whatever address it was reached at."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine


async def cluster_and_name(engine: AsyncEngine) -> tuple[str | None, str]:
    """The system identifier of the cluster, ``None`` where our role may not read it, and the name of the database.

    Sources: ``pg_control_system()``, ``current_database()``.
    """
    async with engine.connect() as connection:
        name: str = (await connection.execute(text("SELECT current_database()"))).scalar_one()
        try:
            identifier = text("SELECT system_identifier::text FROM pg_control_system()")
            cluster: str = (await connection.execute(identifier)).scalar_one()
        except DBAPIError:  # the administrator of the server has taken the right from us
            return None, name
    return cluster, name
