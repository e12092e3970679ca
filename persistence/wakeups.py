"""Wake-ups over PostgreSQL: one connection of this process that listens to what transactions notify."""

from __future__ import annotations

import asyncio

import asyncpg

from persistence.addresses import libpq_url
from persistence.wakeup_listener import WakeupListener
from persistence.wakeup_topics import CHANNEL, topics_of

PING_EVERY = 10.0
"""Seconds between two signs of life, for a connection can die without a word."""


class PostgresWakeups(WakeupListener):
    """Implements the port ``Wakeups`` with ``LISTEN``; writers call ``pg_notify`` inside their transaction."""

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self._dsn = libpq_url(dsn)

    @property
    def _losses(self) -> tuple[type[BaseException], ...]:
        return (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)

    async def _listen(self) -> None:
        # The name is how an operator (or a test) tells this connection from the pool's.
        connection = await asyncpg.connect(
            self._dsn, timeout=10, command_timeout=5, server_settings={"application_name": "wrenchai wake-ups"}
        )
        try:
            closed = asyncio.Event()
            connection.add_termination_listener(lambda _: closed.set())
            await connection.add_listener(CHANNEL, self._notified)
            self._listening()
            while not closed.is_set():
                try:
                    async with asyncio.timeout(PING_EVERY):
                        await closed.wait()
                except TimeoutError:
                    await connection.execute("SELECT 1")
        finally:
            connection.terminate()

    def _notified(self, _connection: object, _pid: int, _channel: str, text: object) -> None:
        self._topics.wake(topics_of(str(text)))
