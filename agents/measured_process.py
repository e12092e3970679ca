"""A program whose end is waited for together with what it took of the processor.

asyncio's own waiting throws that away. A thread waits for each program, as asyncio's does; the program is started by
the thread of the event loop, which it is tied to.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from contextlib import suppress
from typing import IO, Any


class MeasuredProcess:
    """A running program. ``returncode`` is ``None`` and ``cpu_seconds`` is 0 until it has ended.

    ``cpu_seconds`` are those of the program and of the descendants that it, or one of them, has waited for; one that
    was left behind is not counted.
    """

    def __init__(self, *arguments: str | os.PathLike[str], **how: Any) -> None:
        """Start it; ``how`` are arguments of :class:`subprocess.Popen`.

        Raises:
            OSError, ValueError: it cannot be started.
        """
        self.returncode: int | None = None
        self.cpu_seconds = 0.0
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._popen = subprocess.Popen(arguments, **how)
        self.pid = self._popen.pid
        threading.Thread(target=self._reap, name=f"waits-for-{self.pid}", daemon=True).start()

    @property
    def pipes(self) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
        """Our ends of its standard input, output and error, when it was started with pipes for all of them."""
        stdin, stdout, stderr = self._popen.stdin, self._popen.stdout, self._popen.stderr
        if stdin is None or stdout is None or stderr is None:
            raise ValueError("The program was started without pipes.")
        return stdin, stdout, stderr

    async def wait(self) -> None:
        """Wait for the end; ``returncode`` is negative when a signal made it."""
        await self._ended.wait()

    def _reap(self) -> None:
        _, status, used = os.wait4(self.pid, 0)
        self.cpu_seconds = used.ru_utime + used.ru_stime
        self.returncode = self._popen.returncode = os.waitstatus_to_exitcode(status)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._ended.set)
