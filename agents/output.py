"""Read what a program writes, keeping the beginning and dropping the rest, so that memory stays bounded."""

from __future__ import annotations

import asyncio
import os
from typing import Self

CHUNK = 1 << 16


class BoundedOutput:
    """One stream of a program: a pipe whose ``writer`` end the program gets.

    The pipe is ours and not asyncio's: waiting for a program must not depend on a grandchild that keeps it open.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()
        self._reader = -1
        self._end: asyncio.Future[None] | None = None
        self.writer = -1
        self.truncated = False

    def __enter__(self) -> Self:
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        return self

    def __exit__(self, *_: object) -> None:
        self._finish()
        self._close_writer()

    def read_until_closed(self) -> None:
        """Begin to read, once the program has its end."""
        self._close_writer()
        loop = asyncio.get_running_loop()
        self._end = loop.create_future()
        loop.add_reader(self._reader, self._read)

    async def closed(self, patience: float = 1.0) -> None:
        """Wait until everybody has closed the stream, but no longer than ``patience`` seconds."""
        if self._end is not None:
            await asyncio.wait([self._end], timeout=patience)
        self._finish()

    def text(self) -> str:
        """What was kept, as text."""
        return self._kept.decode("utf-8", errors="replace")

    def _read(self) -> None:
        try:
            chunk = os.read(self._reader, CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            self._finish()
            return
        room = self._limit - len(self._kept)
        self._kept += chunk[:room]
        self.truncated = self.truncated or len(chunk) > room

    def _finish(self) -> None:
        if self._reader < 0:
            return
        if self._end is not None:
            asyncio.get_running_loop().remove_reader(self._reader)
            if not self._end.done():
                self._end.set_result(None)
        os.close(self._reader)
        self._reader = -1

    def _close_writer(self) -> None:
        if self.writer >= 0:
            os.close(self.writer)
            self.writer = -1
