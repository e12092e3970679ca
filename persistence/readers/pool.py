"""The connections for reading, which a process keeps open: asyncpg's own pool."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import asyncpg
from pydantic_core import from_json

from domain.errors import StoreLost

if TYPE_CHECKING:
    from asyncpg import Connection
    from asyncpg.pool import Pool, PoolConnectionProxy

Observer: TypeAlias = Callable[[str, list[Any]], None]
"""Is told each statement before it runs: its SQL text and its values."""
NOTHING: Final = b"\x01{}"
"""An empty object as PostgreSQL sends it: what most inputs and metadata are."""


class ReadPool:
    """At most ``size`` connections to ``dsn``, opened when they are needed; one that was lost is replaced."""

    def __init__(self, pool: Pool, timeout: float) -> None:
        self._pool = pool
        self._timeout = timeout
        self.observers: list[Observer] = []

    @classmethod
    async def open(cls, dsn: str, *, size: int, timeout: float, server_settings: dict[str, str]) -> ReadPool:
        """The pool. ``timeout``: seconds to wait for a connection, be it a new one or one that comes free."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=0,
            max_size=size,
            init=_prepare,
            reset=_nothing,
            timeout=timeout,
            server_settings=server_settings,
        )
        return cls(pool, timeout)

    async def acquire(self) -> PoolConnectionProxy:
        """A connection.

        Raises:
            StoreLost: none came free in time.
        """
        try:
            async with asyncio.timeout(self._timeout):  # asyncpg's own would be a task of its own each time
                return await self._pool.acquire()
        except TimeoutError as error:
            raise StoreLost from error

    async def release(self, connection: PoolConnectionProxy) -> None:
        """Take a connection back."""
        await self._pool.release(connection)

    async def close(self) -> None:
        """Close all connections, the ones in use as well."""
        self._pool.terminate()


async def _prepare(connection: Connection) -> None:
    await connection.set_type_codec("jsonb", encoder=_never, decoder=_json, schema="pg_catalog", format="binary")


async def _nothing(_connection: object) -> None:
    """Nothing is ever set on these connections, so nothing has to be reset when one comes back."""


def _json(value: bytes) -> Any:
    if value == NOTHING:
        return {}
    return from_json(value[1:])  # the first byte is the version of the binary format


def _never(_value: Any) -> bytes:
    raise TypeError("Nothing is written through these connections.")
