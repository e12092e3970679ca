"""The database's clock, read without asking the database each time.

All processes of an installation share it. The clocks of their machines may differ by hours, or be moved: nothing that
one process writes and another compares is taken from them.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

SYNC_SECONDS = 20.0
STEP = 0.5
"""Seconds by which the database's time may differ from what was possible without counting as moved."""
DRIFT = 0.0005
"""By how much a second of the database's machine may differ from one of ours while its clock is slewed (500 ppm)."""
CLOSE = 0.05
"""Seconds by which our time may be wrong without asking again at once."""
MOST_ASKED = 3

BOOTTIME = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux has it; elsewhere a machine that sleeps lags until it has asked the database again."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the database answered, and when it was asked and had answered, in seconds since boot."""

    theirs: datetime
    asked: float
    answered: float


class DatabaseClock:
    """Implements the port ``Clock``: what the database has answered, and what has passed since, counted from boot.

    An answer was true at some moment between the question and its arrival. On a busy machine that can be a second, so
    what several answers have in common counts, as with Marzullo's algorithm in NTP, and not the last one alone.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._base = datetime.now(UTC)
        self._base_at = self.elapsed()
        self._uncertain = math.inf
        """Seconds by which the base may be wrong, either way."""
        self._steady_from = 0.0
        self._last = self._base

    def elapsed(self) -> float:
        """Seconds since this machine was started, those that it slept included."""
        return time.clock_gettime(BOOTTIME) if BOOTTIME is not None else time.monotonic()

    def now(self) -> datetime:
        """The time; it does not go back unless the database's clock is moved back."""
        now = self._at(self.elapsed())
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
            for _ in range(MOST_ASKED):
                asked = self.elapsed()
                theirs: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
                self.learn(Reading(theirs, asked, self.elapsed()))
                if self._uncertain < CLOSE:
                    break

    def learn(self, reading: Reading) -> None:
        """Take an answer of the database into account."""
        earliest = (reading.theirs - self._at(reading.answered)).total_seconds()
        latest = (reading.theirs - self._at(reading.asked)).total_seconds()
        uncertain = self._uncertain + DRIFT * max(0.0, reading.answered - self._base_at)
        least, most = max(earliest, -uncertain), min(latest, uncertain)
        if least > most:
            if least - most > STEP:
                log.warning("clock_moved", seconds=round((earliest + latest) / 2, 1))
                self._steady_from = reading.answered
            least, most = earliest, latest
        middle = (least + most) / 2
        self._base = (self._at(reading.answered) + timedelta(seconds=middle)).astimezone(UTC)
        self._base_at = reading.answered
        self._uncertain = (most - least) / 2

    def _at(self, elapsed: float) -> datetime:
        return self._base + timedelta(seconds=elapsed - self._base_at)

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
