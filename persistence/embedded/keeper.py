"""Bringing the embedded server back when it has gone under its users: killed, out of memory, or stopped by somebody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from persistence.addresses import DatabaseUnavailable

LOOK_EVERY = 1.0
"""Seconds. A server that is restarted by hand is away for less, so it has to be missing at two looks."""
PAUSE = 5.0
"""Seconds between two tries when the server does not start, the disk being full, say."""

log = structlog.stdlib.get_logger(__name__)


async def keep_running(is_gone: Callable[[], bool], bring_back: Callable[[], bool]) -> None:
    """Look after a server until cancelled. Both functions block and run in a thread.

    ``bring_back`` answers ``False`` when another process is starting or stopping the server; it raises
    ``DatabaseUnavailable`` or ``OSError`` when the server does not start, which is logged once and tried again.
    """
    said = ""
    while True:
        await _until_missed(is_gone)
        try:
            if await _to_the_end(bring_back):
                log.warning("embedded PostgreSQL had gone and was started again")
            said = ""
        except (DatabaseUnavailable, OSError) as error:
            if str(error) != said:
                said = str(error)
                log.error("embedded PostgreSQL has gone and does not start", reason=said)
            await asyncio.sleep(PAUSE)


async def _until_missed(is_gone: Callable[[], bool]) -> None:
    missed = 0
    while missed < 2:
        await asyncio.sleep(LOOK_EVERY)
        missed = missed + 1 if await asyncio.to_thread(is_gone) else 0


async def _to_the_end(work: Callable[[], bool]) -> bool:
    """Do it in a thread, which cannot be cancelled: whoever is cancelled waits until it is done."""
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    finally:
        await asyncio.wait([working])
