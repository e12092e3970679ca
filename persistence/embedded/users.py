"""Who uses the server: a lock file that each process holds shared, so that the kernel forgets a killed one."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from persistence.addresses import DatabaseUnavailable


class ServerUsers:
    """The users of one data folder's server, over all processes.

    Each holds a shared lock on ``postgres.users``; the last one to leave is the one that gets it exclusively. A process
    that dies by SIGKILL has left at that moment: there is no list of pids to clean.
    """

    def __init__(self, data_dir: Path) -> None:
        self._door = data_dir / "postgres.lock"
        self._register = data_dir / "postgres.users"
        self._held: int | None = None

    @contextmanager
    def alone_now(self) -> Iterator[bool]:
        """Be the only one as in ``alone``, without waiting: whether nobody else was."""
        door = _open(self._door)
        try:
            yield _lock(door, fcntl.LOCK_EX)
        finally:
            os.close(door)

    @contextmanager
    def alone(self, timeout: float) -> Iterator[None]:
        """Be the only process that starts or stops the server; wait at most ``timeout`` seconds for that.

        Raises:
            DatabaseUnavailable: another process has not finished in time.
        """
        door = _open(self._door)
        try:
            deadline = time.monotonic() + timeout
            while not _lock(door, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise DatabaseUnavailable(
                        f"Another process has been starting or stopping the database in {self._door.parent} "
                        f"for {timeout:g} seconds: end it, then try again."
                    )
                time.sleep(0.05)
            yield
        finally:
            os.close(door)

    def join(self) -> None:
        """Become a user. Call it inside ``alone``."""
        self._held = _open(self._register)
        fcntl.flock(self._held, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Stop being a user and say whether there is none left. Call it inside ``alone``."""
        if self._held is None:
            return False
        last = _lock(self._held, fcntl.LOCK_EX)
        os.close(self._held)
        self._held = None
        return last


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
