"""A connection for one call: to a checked address, never to the platform's own database, within its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import AsyncConnection, IsolationLevel
from psycopg.types.string import TextLoader

from agents.contract import DatabaseIdentity, ToolFailure, ToolScope
from agents.tools.database.address import Target
from domain.recovery import ErrorClass

Connection = AsyncConnection[tuple[Any, ...]]

AS_TEXT = (
    "date",
    "time",
    "timetz",
    "timestamp",
    "timestamptz",
    "interval",
    "uuid",
    "inet",
    "cidr",
    "numeric",
    "int4range",
    "int8range",
    "numrange",
    "daterange",
    "tsrange",
    "tstzrange",
    "int4multirange",
    "int8multirange",
    "nummultirange",
    "datemultirange",
    "tsmultirange",
    "tstzmultirange",
)
"""Types that are answered as PostgreSQL writes them: all of their values have a text, not all fit Python's types."""
LATER = ("too many connections", "too many clients", "starting up", "shutting down", "remaining connection slots")
"""What a server says that will let us in some other time."""


@dataclass(frozen=True, slots=True)
class Session:
    """A connection whose transaction has begun, and the time that is left for it."""

    connection: Connection
    limit: asyncio.Timeout

    async def commit(self) -> None:
        """Make it permanent. From here on the time of the call does not count: it would leave open whether it was."""
        self.limit.reschedule(None)
        await self.connection.commit()

    @property
    def server_version(self) -> str:
        """Such as `18.1`."""
        return self.connection.info.parameter_status("server_version") or "unknown"


@asynccontextmanager
async def connected(scope: ToolScope, secret: str, seconds: float, *, read_only: bool) -> AsyncIterator[Session]:
    """A connection for one call, with a transaction that has begun. What is not committed is undone.

    Raises:
        ToolFailure: the server cannot be reached, refuses us, is the platform's own database, or what is done with the
            connection fails or takes longer than ``seconds``.
    """
    target = Target.read(secret, await scope.secret(secret))
    try:
        async with asyncio.timeout(seconds) as limit:
            connection = await _open(scope, target, seconds)
            try:
                await connection.set_read_only(read_only)
                await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ if read_only else None)
                await _begin(scope, connection, target, seconds)
                yield Session(connection, limit)
            finally:
                await connection.close()
    except TimeoutError:
        raise ToolFailure(
            f"The database of the secret {secret!r} did not answer within {seconds:g} seconds: nothing was changed.",
            error_class=ErrorClass.TIMEOUT,
        ) from None
    except psycopg.Error as error:
        raise failed(target, error) from None


async def _open(scope: ToolScope, target: Target, seconds: float) -> Connection:
    try:
        connection = await AsyncConnection.connect(await target.conninfo(scope.egress, seconds))
    except psycopg.Error as error:
        said = str(error).strip().partition("\n")[0].rpartition("failed: ")[2] or type(error).__name__
        refused = "FATAL" in said and not any(text in said for text in LATER)
        found = ErrorClass.BAD_INPUT if refused else ErrorClass.UNREACHABLE
        reason = target.without_it(said)[:300].rstrip(".")
        raise ToolFailure(
            f"The database of the secret {target.secret!r} cannot be opened: {reason}.", error_class=found
        ) from None
    for name in AS_TEXT:
        connection.adapters.register_loader(name, TextLoader)
    return connection


async def _begin(scope: ToolScope, connection: Connection, target: Target, seconds: float) -> None:
    """Look who is there and set the limits. It is the transaction's first statement: from here on a transaction that
    only reads cannot be made one that writes."""
    own = scope.services.own_database
    if own is not None and (await _identity(connection)).may_be(own):
        raise ToolFailure(
            f"The secret {target.secret!r} leads to the platform's own database, which no tool may open.",
            error_class=ErrorClass.BAD_INPUT,
        )
    await connection.execute(
        "SELECT set_config(name, %s, true)"
        " FROM unnest('{statement_timeout,lock_timeout,idle_in_transaction_session_timeout}'::text[]) AS name",
        (str(max(1, round(seconds * 1000))),),
    )


async def _identity(connection: Connection) -> DatabaseIdentity:
    cursor = await connection.execute("SELECT current_database()")
    (name,) = await cursor.fetchone() or ("",)
    try:
        async with connection.transaction():
            cursor = await connection.execute("SELECT system_identifier::text FROM pg_control_system()")
            (cluster,) = await cursor.fetchone() or (None,)
    except psycopg.errors.InsufficientPrivilege:
        cluster = None
    return DatabaseIdentity(cluster=cluster, name=name)


def failed(target: Target | None, error: psycopg.Error) -> ToolFailure:
    """The failure that says what the server said about a statement."""
    said = error.diag.message_primary or str(error).strip().partition("\n")[0] or type(error).__name__
    parts = [said.rstrip(".")]
    if error.diag.statement_position:
        parts.append(f"at character {error.diag.statement_position}")
    if error.diag.message_hint:
        parts.append(f"({error.diag.message_hint.rstrip('.')})")
    text = " ".join(parts)
    code = f" [{error.sqlstate}]" if error.sqlstate else ""
    text = target.without_it(text) if target is not None and not error.sqlstate else text
    return ToolFailure(f"The database refused it: {text[:1_000]}{code}.", error_class=_class_of(error))


def _class_of(error: psycopg.Error) -> ErrorClass:
    if isinstance(error, psycopg.errors.QueryCanceled):
        return ErrorClass.TIMEOUT
    if error.sqlstate is None:
        return ErrorClass.CONNECTION_LOST if isinstance(error, psycopg.OperationalError) else ErrorClass.BAD_INPUT
    if error.sqlstate.startswith(("40", "53", "57P")):  # a conflict with another transaction, no room, shutting down
        return ErrorClass.RATE_LIMITED
    return ErrorClass.BAD_INPUT
