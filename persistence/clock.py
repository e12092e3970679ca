"""The database's clock, read without asking the database each time.

All processes of an installation share it. The clocks of their machines may differ by hours, or be moved: nothing that
one process writes and another compares is taken from them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

SYNC_SECONDS = 20.0
STEP = 0.5
"""Seconds by which the database's time may differ from what was expected without counting as moved."""

BOOTTIME = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux has it; elsewhere a machine that sleeps lags until it has asked the database again."""

log = structlog.get_logger(__name__)


class DatabaseClock:
    """Implements the port ``Clock``: the last answer of the database, and what has passed since, counted from boot."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._base = datetime.now(UTC)
        self._base_at = self.elapsed()
        self._steady_from = 0.0
        self._synced = False
        self._last = self._base

    def elapsed(self) -> float:
        """Seconds since this machine was started, those that it slept included."""
        return time.clock_gettime(BOOTTIME) if BOOTTIME is not None else time.monotonic()

    def now(self) -> datetime:
        """The time; it does not go back unless the database's clock is moved back."""
        now = self._base + timedelta(seconds=self.elapsed() - self._base_at)
        if timedelta() < self._last - now < timedelta(seconds=STEP):
            return self._last
        self._last = now
        return now

    def steady_for(self) -> timedelta:
        """How long the database's clock has not been moved, as far as was seen."""
        return timedelta(seconds=self.elapsed() - self._steady_from)

    async def sync(self) -> None:
        """Ask the database for its time.

        Raises:
            DBAPIError, OSError, TimeoutError: it does not answer.
        """
        async with self._engine.connect() as connection:
            asked = self.elapsed()
            theirs: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
            answered = self.elapsed()
        uncertain = (answered - asked) / 2
        expected = self._base + timedelta(seconds=asked + uncertain - self._base_at)
        moved = (theirs - expected).total_seconds()
        if self._synced and abs(moved) > STEP + uncertain:
            log.warning("clock_moved", seconds=round(moved, 1))
            self._steady_from = answered
        self._base, self._base_at, self._synced = theirs.astimezone(UTC), asked + uncertain, True

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Synchronised at once, and again and again while the context is entered."""
        await self.sync()
        keeping = asyncio.create_task(self._keep(), name="clock")
        try:
            yield
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(SYNC_SECONDS)
            try:
                await self.sync()
            except Exception as error:  # noqa: BLE001 - the clock goes on without an answer, whatever the reason
                log.debug("clock_not_synchronised", error=type(error).__name__)
