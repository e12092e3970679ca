"""A read session: one connection for one operation, taken when it is first needed, given back when it rests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select
from sqlalchemy.sql.selectable import CompoundSelect

from domain.errors import StoreLost
from persistence.outage import is_outage
from persistence.readers.compiled import Prepared, compiled
from persistence.readers.pool import Observer, ReadPool

if TYPE_CHECKING:
    from asyncpg import Connection, Record
    from asyncpg.pool import PoolConnectionProxy


class Reading:
    """A connection that runs one SELECT at a time, each as a transaction of its own."""

    def __init__(self, connection: Connection | PoolConnectionProxy, observers: Sequence[Observer] = ()) -> None:
        self._connection = connection
        self._observers = observers

    async def rows(self, statement: Select[Any] | CompoundSelect[Any]) -> list[Record]:
        """All rows, each a mapping from the names of its columns."""
        return await self._fetch(*compiled(statement))

    async def prepared_rows(self, statement: Prepared, **values: Any) -> list[Record]:
        """All rows of a statement that was built before."""
        return await self._fetch(statement.text, statement.values(values))

    async def row(self, statement: Select[Any]) -> Record | None:
        """The only row, or ``None``."""
        found = await self.rows(statement)
        return found[0] if found else None

    async def scalar(self, statement: Select[Any]) -> Any:
        """The only value of the only row."""
        (row,) = await self.rows(statement)
        return row[0]

    async def _fetch(self, text: str, values: list[Any]) -> list[Record]:
        for observe in self._observers:
            observe(text, values)
        return await self._connection.fetch(text, *values)


class ReadSession:
    """Reads of one operation, one after the other.

    A connection runs one statement at a time, so concurrent loaders queue here. Between uses nothing is held: a
    subscription that waits occupies no connection.
    """

    def __init__(self, pool: ReadPool) -> None:
        self._pool = pool
        self._turn = asyncio.Lock()
        self._connection: PoolConnectionProxy | None = None
        self._waiting = 0

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Reading]:
        """The operation's connection, for one statement.

        Raises:
            StoreLost: the database went away, or no connection came free in time.
        """
        self._waiting += 1
        try:
            async with self._turn:
                if self._connection is None:
                    self._connection = await self._pool.acquire()
                try:
                    yield Reading(self._connection, self._pool.observers)
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
            await self._pool.release(connection)
