"""Run one statement that may change something."""

from __future__ import annotations

import time
from datetime import timedelta

import psycopg
from psycopg import AsyncRawCursor

from agents.contract import SideEffect, Tool, ToolLimits, ToolScope
from agents.tools.database.models import Rows, StatementArguments
from agents.tools.database.session import Session, connected, failed
from agents.tools.database.values import Kept, columns_of, sent


class CommitNotSeen(Exception):
    """The connection was lost while the statement was being made permanent: nobody knows whether it was."""


class DatabaseWrite(Tool[StatementArguments, Rows]):
    """Must not be done twice: an ``UPDATE … SET n = n + 1`` counts each time."""

    name = "database_write"
    version = "1.0"
    purpose = "Runs one SQL statement that may change a PostgreSQL of the workspace, all of it or nothing."
    licence = "Apache-2.0"
    side_effects = (SideEffect.NETWORK, SideEffect.CHANGES_OTHERS)
    repeatable = False
    limits = ToolLimits(timeout=timedelta(seconds=320), max_output=40 * 2**20)
    arguments_model = StatementArguments
    result_model = Rows

    async def run(self, scope: ToolScope, arguments: StatementArguments) -> Rows:
        """Run it in a transaction of its own, and commit.

        Raises:
            EgressRefused: the server must not be reached.
            ToolFailure: it was not done: the secret is no connection, the server refuses it or the statement, or it
                took too long.
            CommitNotSeen: it may have been done.
        """
        started = time.monotonic()
        async with connected(scope, arguments.connection, arguments.timeout_seconds, read_only=False) as session:
            cursor = AsyncRawCursor(session.connection)
            # Prepared: that takes one statement only.
            await cursor.execute(arguments.sql.encode("utf-8", "replace"), sent(arguments.parameters), prepare=True)
            kept = Kept(arguments.max_rows, arguments.max_bytes)
            if cursor.description is not None:
                async for row in cursor:
                    kept.add(row)
                    if kept.full:
                        break
            rows = Rows(
                columns=await columns_of(session.connection, cursor),
                rows=kept.rows,
                truncated=kept.full,
                affected=max(cursor.rowcount, 0),
                status=cursor.statusmessage or "",
                server_version=session.server_version,
                duration_seconds=0,
            )
            await _commit(session)
            return rows.model_copy(update={"duration_seconds": time.monotonic() - started})


async def _commit(session: Session) -> None:
    try:
        await session.commit()
    except psycopg.Error as error:
        if error.sqlstate is not None:  # the server says so: a constraint that is checked at the end, say
            raise failed(None, error) from None
        raise CommitNotSeen("The connection was lost while the change was being committed.") from None
