"""Run one statement that reads."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from typing import Any, cast

from psycopg import AsyncRawCursor

from agents.contract import SideEffect, Tool, ToolFailure, ToolLimits, ToolScope
from agents.tools.database.models import Rows, StatementArguments
from agents.tools.database.session import connected
from agents.tools.database.values import Kept, columns_of, sent
from domain.recovery import ErrorClass

READS = frozenset({"select", "with", "values", "table", "explain", "show"})
"""What a statement that reads begins with. The transaction refuses to change rows; this refuses what it would let pass
and that has an effect all the same, such as COPY … TO PROGRAM, NOTIFY and LOCK."""
AHEAD = re.compile(r"[ \t\n\r\f\v]+|--[^\r\n]*|\(")


class Database(Tool[StatementArguments, Rows]):
    """Reads only, so it may be repeated. What a function does that the role may call is the role's affair."""

    name = "database"
    version = "1.0"
    purpose = "Runs one reading SQL statement on a PostgreSQL of the workspace, and answers typed rows."
    licence = "Apache-2.0"
    side_effects = (SideEffect.NETWORK,)
    limits = ToolLimits(timeout=timedelta(seconds=320), max_output=40 * 2**20)
    arguments_model = StatementArguments
    result_model = Rows

    async def run(self, scope: ToolScope, arguments: StatementArguments) -> Rows:
        """Run it in a transaction that can only read, and stop reading where the limits are.

        Raises:
            EgressRefused: the server must not be reached.
            ToolFailure: the secret is no connection, the server refuses it or the statement, or it took too long.
        """
        require_reading(arguments.sql)
        started = time.monotonic()
        statement, parameters = arguments.sql.encode("utf-8", "replace"), sent(arguments.parameters)
        async with connected(scope, arguments.connection, arguments.timeout_seconds, read_only=True) as session:
            connection = session.connection
            cursor = AsyncRawCursor(connection)
            kept = Kept(arguments.max_rows, arguments.max_bytes)
            # Row by row, and by the protocol that takes one statement only. The savepoint outlives a query that is
            # stopped where the limits are.
            stream = cast("AsyncGenerator[tuple[Any, ...], None]", cursor.stream(statement, parameters))
            async with connection.transaction(force_rollback=True), aclosing(stream) as rows:
                async for row in rows:
                    kept.add(row)
                    if kept.full:
                        break
            if cursor.description is None:  # a stream without rows does not say its columns
                await cursor.execute(statement, parameters, prepare=True)
            return Rows(
                columns=await columns_of(connection, cursor),
                rows=kept.rows,
                truncated=kept.full,
                server_version=session.server_version,
                duration_seconds=time.monotonic() - started,
            )


def require_reading(sql: str) -> None:
    """Refuse what does not begin like a statement that reads.

    Raises:
        ToolFailure: it does not.
    """
    word = _first_word(sql).lower()
    if word not in READS:
        shown = f"{word[:40]!r} is none" if word else "there is none"
        raise ToolFailure(
            f"This tool runs one statement that begins with {', '.join(sorted(READS)).upper()}; {shown}. "
            "To change something, use database_write.",
            error_class=ErrorClass.BAD_INPUT,
        )


def _first_word(sql: str) -> str:
    position = 0
    while position < len(sql):
        if sql.startswith("/*", position):
            position = _behind_comment(sql, position)
        elif ahead := AHEAD.match(sql, position):
            position = ahead.end()
        else:
            break
    found = re.compile(r"[A-Za-z_]+").match(sql, position)
    return found.group() if found else ""


def _behind_comment(sql: str, position: int) -> int:
    """Where a comment ends; they may be nested."""
    depth = 0
    for mark in re.compile(r"/\*|\*/").finditer(sql, position):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(sql)
