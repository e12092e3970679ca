"""Going through an outage of the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from domain.errors import StoreLost

Result = TypeVar("Result")

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0

log = structlog.get_logger(__name__)


async def patiently(work: Callable[[], Awaitable[Result]]) -> Result:
    """Do the work again and again until the database has taken it: it must be harmless to do it twice."""
    pause = FIRST_PAUSE
    while True:
        try:
            return await work()
        except StoreLost as error:
            if pause == FIRST_PAUSE:
                log.warning("database_lost", reason=type(error.__cause__).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
