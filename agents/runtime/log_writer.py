"""The log of an execution: lines are batched, at most 100 ms or 64 KiB an event."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from domain.errors import LeaseLost, StoreLost
from domain.events import LogWritten
from domain.lease import Lease
from domain.ports import Transactor
from domain.redaction import Redactor
from domain.text import storable
from domain.use_cases.recording import record_log

PAUSE = 0.1
MOST_BYTES = 64 * 1024
LONGEST_LINE = 8 * 1024


class LogWriter:
    """Collects the lines of all steps of one execution and writes them in order.

    Once a write has failed no other is tried, and each later call raises the same: a step whose lines may be missing
    must not succeed.
    """

    def __init__(self, transactor: Transactor, lease: Lease, lines_before: int, redactor: Redactor) -> None:
        self._transactor = transactor
        self._lease = lease
        self._redactor = redactor
        self._next_line = lines_before + 1
        self._pending: list[tuple[str, list[str]]] = []
        self._bytes = 0
        self._turn = asyncio.Lock()
        self._timer: asyncio.Task[None] | None = None
        self._failure: LeaseLost | StoreLost | None = None

    async def write(self, step: str, text: str) -> None:
        """Add the lines of ``text``, without secrets. What cannot be stored becomes �; long lines are cut."""
        lines = [storable(line)[:LONGEST_LINE] for line in self._redactor.text(text).splitlines()]
        if not lines:
            return
        if self._pending and self._pending[-1][0] == step:
            self._pending[-1][1].extend(lines)
        else:
            self._pending.append((step, lines))
        self._bytes += sum(len(line) for line in lines)
        if self._bytes >= MOST_BYTES:
            await self.flush()
        elif self._timer is None or self._timer.done():
            self._timer = asyncio.create_task(self._flush_soon())

    async def flush(self) -> None:
        """Write what is pending.

        Raises:
            LeaseLost: another worker has the execution by now.
            StoreLost: the database went away.
        """
        async with self._turn:
            if self._failure is not None:
                raise self._failure
            pending, self._pending, self._bytes = self._pending, [], 0
            if not pending:
                return
            chunks = []
            for step, lines in pending:
                chunks.append(LogWritten(step=step, first_line=self._next_line, lines=tuple(lines)))
                self._next_line += len(lines)
            try:
                await self._transactor.run(lambda uow: record_log(uow, self._lease, chunks))
            except (LeaseLost, StoreLost) as error:
                self._failure = error
                raise

    async def close(self) -> None:
        """Write the rest."""
        if self._timer is not None:
            self._timer.cancel()
            await asyncio.gather(self._timer, return_exceptions=True)
        await self.flush()

    async def _flush_soon(self) -> None:
        await asyncio.sleep(PAUSE)
        with suppress(LeaseLost, StoreLost):  # the next call raises it
            await asyncio.shield(self.flush())
