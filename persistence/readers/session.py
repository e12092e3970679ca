"""A read session: one connection for one operation, taken when it is first needed, given back when it rests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.errors import StoreLost
from persistence.outage import is_outage


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
        """The operation's connection, for one statement.

        Raises:
            StoreLost: the database went away.
        """
        self._waiting += 1
        try:
            async with self._turn:
                if self._connection is None:
                    self._connection = await self._engine.connect()
                try:
                    yield self._connection
                except BaseException:
                    await self.release()  # it may be broken, or in the middle of something
                    raise
                if self._waiting == 1:
                    await self.release()
        except Exception as error:
            if is_outage(error):
                raise StoreLost from error
            raise
        finally:
            self._waiting -= 1

    async def release(self) -> None:
        """Give the connection back to the pool."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
