"""The CPU that processes have used: the number that other work on the machine changes least."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import psutil


def seconds(pid: int) -> float:
    """User and system time of a process and its children until now, those that have ended included."""
    leader = psutil.Process(pid)
    times = leader.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in leader.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            own = child.cpu_times()
            total += own.user + own.system
    return float(total)


def database_pid(data_dir: Path) -> int:
    """The process of the embedded PostgreSQL that the others are children of."""
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
