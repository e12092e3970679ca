"""A program and everything it started: how to find them all, end them all, and find those whose worker was killed.

A family is known by its process group, by a marker in the environment, which children inherit, and by descent from a
known member: one that has left the group (``setsid``) or lost its parent is still found. Only a program that does all
of it, and empties its environment too, gets away.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import psutil

MARKER = "WRENCHAI_PROCESS_FAMILY"
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)
POLL = 0.02


def die_with_parent(parent: int) -> Callable[[], None] | None:
    """What the child calls before exec, so that the kernel kills it when its parent's thread ends (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None

    def ask_the_kernel() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # the parent died before we asked
            os._exit(1)

    return ask_the_kernel


@dataclass(slots=True)
class ProcessFamily:
    """One started program and its descendants. ``leader`` is the pid of the first, and the id of its group."""

    name: str
    leader: int = 0

    @classmethod
    def new(cls) -> ProcessFamily:
        """A family that remembers which worker it belongs to: its pid and start time, and an id of its own."""
        return cls(f"{owner_name()}:{uuid4().hex}")

    @property
    def marker(self) -> dict[str, str]:
        """The environment variable its members carry."""
        return {MARKER: self.name}

    def members(self) -> list[psutil.Process]:
        """Everybody who is still alive; zombies are not."""
        found: dict[int, psutil.Process] = {}
        for process in psutil.process_iter():
            with suppress(psutil.Error, ProcessLookupError, PermissionError):
                if process.pid != os.getpid() and self._has(process) and _alive(process):
                    found[process.pid] = process
                    found.update((child.pid, child) for child in process.children(recursive=True))
        return list(found.values())

    async def end(self, grace: float) -> None:
        """Ask everybody to end, after ``grace`` seconds force them, and return when nobody is left."""
        loop = asyncio.get_running_loop()
        members = set(await asyncio.to_thread(self.members))
        _send(members, signal.SIGTERM)
        deadline = loop.time() + grace
        while members:
            await asyncio.sleep(POLL)
            # Those seen before are remembered: when their parent has ended, their descent cannot be seen any more.
            members = {known for known in members if _alive(known)} | set(await asyncio.to_thread(self.members))
            if loop.time() > deadline:
                _send(members, signal.SIGKILL)

    def _has(self, process: psutil.Process) -> bool:
        if self.leader and os.getpgid(process.pid) == self.leader:
            return True
        return process.environ().get(MARKER) == self.name


def end_orphans() -> int:
    """Kill what workers of ours left running when they were killed themselves; return how many processes that were.

    A worker calls it at its start: only the first process of a family dies with its worker, its children do not.
    """
    orphans = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            name = process.environ().get(MARKER, "")
            if name and process.pid != os.getpid() and not owner_lives(name):
                orphans.append(process)
    _send(orphans, signal.SIGKILL)
    return len(orphans)


def owner_name() -> str:
    """This process, told from a later one with the same pid by its start time: ``<pid>:<seconds since the epoch>``."""
    return f"{os.getpid()}:{psutil.Process().create_time():.2f}"


def owner_lives(name: str) -> bool:
    """Whether the process that a name begins with is alive; what is no name of ours counts as alive."""
    try:
        pid, born, *_ = name.split(":")
        worker = psutil.Process(int(pid))
        return abs(worker.create_time() - float(born)) < 1 and worker.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except (ValueError, psutil.Error):
        return True  # not a marker of ours, or not ours to judge


def _alive(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)
