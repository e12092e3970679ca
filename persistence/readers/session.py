"""A read session: one connection for one operation, taken when it is first needed, given back when it rests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class ReadSession:
    """Reads of one operation, one after the other.

    A connection runs one statement at a time, so concurrent loaders queue here. Between uses nothing is held: a
    subscription that waits occupies no connection.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._turn = asyncio.Lock()
        self._connection: AsyncConnection | None = None
        self._waiting = 0

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """The operation's connection, for one statement."""
        self._waiting += 1
        try:
            async with self._turn:
                if self._connection is None:
                    self._connection = await self._engine.connect()
                try:
                    yield self._connection
                finally:
                    if self._waiting == 1:
                        await self.release()
        finally:
            self._waiting -= 1

    async def release(self) -> None:
        """Give the connection back to the pool."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
