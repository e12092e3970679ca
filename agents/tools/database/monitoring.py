"""Look at a PostgreSQL server through its own statistics."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row
from pydantic import BaseModel, ConfigDict, Field

from agents.contract import SideEffect, Tool, ToolLimits, ToolScope
from agents.tools.database.models import CONNECTION
from agents.tools.database.session import Connection, connected, failed
from agents.tools.database.views import (
    VIEWS,
    Activity,
    Connections,
    DatabaseUse,
    LockWait,
    Replica,
    Section,
    Slot,
    StatementUse,
    TableUse,
)


class MonitoringArguments(BaseModel):
    """Which server, and what of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"connection": "shop-database", "sections": ["activity", "locks"], "limit": 10}]
        }
    )

    connection: str = Field(min_length=1, max_length=200, description=CONNECTION)
    sections: list[Section] = Field(
        default_factory=lambda: list(Section), min_length=1, max_length=len(Section), description="What to look at."
    )
    limit: int = Field(20, ge=1, le=200, description="Rows of each part.")
    timeout_seconds: float = Field(30, gt=0, le=300, description="How long all of it may take.")


class DatabaseReport(BaseModel):
    """What the server says about itself. A part that was not asked for, or is not to be had, is empty."""

    version: str
    database: str
    size: int = Field(description="Of the database that is connected to, in bytes.")
    uptime_seconds: float
    in_recovery: bool = Field(description="It is a replica.")
    replay_delay_seconds: float | None = Field(description="Of a replica: the age of what it has replayed last.")
    max_connections: int
    connections: list[Connections] = []
    activity: list[Activity] = []
    databases: list[DatabaseUse] = []
    tables: list[TableUse] = []
    locks: list[LockWait] = []
    statements: list[StatementUse] = []
    replicas: list[Replica] = []
    slots: list[Slot] = []
    unavailable: dict[str, str] = Field(default={}, description="Parts that are not to be had, each with the reason.")


class DatabaseMonitoring(Tool[MonitoringArguments, DatabaseReport]):
    """Reads only, so it may be repeated."""

    name = "database_monitoring"
    version = "1.0"
    purpose = "Looks at a PostgreSQL of the workspace: activity, locks, sizes, cache, slow statements, replication."
    licence = "Apache-2.0"
    side_effects = (SideEffect.NETWORK,)
    limits = ToolLimits(timeout=timedelta(seconds=320), max_output=8 * 2**20)
    arguments_model = MonitoringArguments
    result_model = DatabaseReport

    async def run(self, scope: ToolScope, arguments: MonitoringArguments) -> DatabaseReport:
        """Ask for each part; one that fails (no right to it, no such extension) does not take the others along.

        Raises:
            EgressRefused: the server must not be reached.
            ToolFailure: the secret is no connection, or the server refuses it or does not answer in time.
        """
        async with connected(scope, arguments.connection, arguments.timeout_seconds, read_only=True) as session:
            parts: dict[str, Any] = {}
            unavailable: dict[str, str] = {}
            for section in dict.fromkeys(arguments.sections):
                view = VIEWS[section]
                try:
                    rows = await _rows(session.connection, view.statement, arguments.limit)
                except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable) as error:
                    unavailable[section.value] = str(failed(None, error))
                except psycopg.errors.ObjectNotInPrerequisiteState as error:  # it has to be preloaded
                    unavailable[section.value] = str(failed(None, error))
                else:
                    parts[section.value] = [view.model_validate(row) for row in rows]
            [server] = await _rows(session.connection, SERVER, None)
            return DatabaseReport(version=session.server_version, unavailable=unavailable, **server, **parts)


SERVER = """SELECT current_database() AS database, pg_database_size(current_database()) AS size,
extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float8 AS uptime_seconds,
pg_is_in_recovery() AS in_recovery,
extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 AS replay_delay_seconds,
current_setting('max_connections')::int AS max_connections"""


async def _rows(connection: Connection, statement: LiteralString, limit: int | None) -> list[dict[str, Any]]:
    async with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, None if limit is None else (limit,))
        return await cursor.fetchall()
