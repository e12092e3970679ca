"""How the machine of the worker, and its processes, are doing: by psutil."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import psutil
from pydantic import BaseModel, Field

from agents.contract import Tool, ToolFailure, ToolLimits, ToolScope

PSEUDO = frozenset({"devfs", "devtmpfs", "overlay", "proc", "squashfs", "sysfs", "tmpfs"})


class Part(StrEnum):
    """What to look at."""

    CPU = "cpu"
    MEMORY = "memory"
    DISKS = "disks"
    PROCESSES = "processes"


class Order(StrEnum):
    """Which processes come first."""

    CPU = "cpu"
    MEMORY = "memory"


class MonitoringArguments(BaseModel):
    """What to look at, and how closely."""

    parts: list[Part] = Field(
        default_factory=lambda: list(Part), min_length=1, max_length=4, description="What to look at; all if left out."
    )
    seconds: float = Field(
        0.5, ge=0.1, le=10, description="How long to watch: shares of processors are those meanwhile."
    )
    top: int = Field(10, ge=1, le=100, description="How many processes to show.")
    order: Order = Field(Order.CPU, description="Which of them come first.")
    pid: int | None = Field(None, ge=1, description="One process instead of the top ones, with its children.")


class Cpu(BaseModel):
    """The processors."""

    count: int
    percent: float = Field(description="Of all together, while it was watched.")
    per_processor: list[float]
    load: list[float] = Field(description="Processes that ran or wanted to, over 1, 5 and 15 minutes.")


class Memory(BaseModel):
    """The memory, in bytes."""

    total: int
    available: int
    percent: float
    swap_total: int
    swap_used: int


class Disk(BaseModel):
    """A file system, in bytes."""

    mount: str
    kind: str
    total: int
    free: int
    percent: float


class Process(BaseModel):
    """A process. How it was called is not told: command lines may hold secrets."""

    pid: int
    parent: int | None
    name: str
    user: str | None
    status: str
    started_at: datetime
    cpu_percent: float = Field(description="Of one processor, while it was watched.")
    memory_bytes: int = Field(description="What it holds in memory.")
    threads: int


class MonitoringResult(BaseModel):
    """What was seen. A part that was not asked for is null or empty."""

    at: datetime
    host: str
    started_at: datetime = Field(description="When the machine was started.")
    worker_pid: int = Field(description="The process that answers.")
    cpu: Cpu | None = None
    memory: Memory | None = None
    disks: list[Disk] = Field(default_factory=list)
    processes: list[Process] = Field(default_factory=list)
    process_count: int | None = None


class Monitoring(Tool[MonitoringArguments, MonitoringResult]):
    """Looks only, at what the account of the worker may see."""

    name = "monitoring"
    version = "1.0"
    purpose = "Says how the machine of the worker is doing: processors, memory, disks, load, top processes."
    licence = "Apache-2.0"
    limits = ToolLimits(timeout=timedelta(minutes=1), max_output=2**20)
    example = MonitoringArguments(parts=[Part.CPU, Part.MEMORY], seconds=1)
    arguments_model = MonitoringArguments
    result_model = MonitoringResult

    async def run(self, scope: ToolScope, arguments: MonitoringArguments) -> MonitoringResult:
        """Watch for a moment, in a thread.

        Raises:
            ToolFailure: there is no such process.
        """
        return await asyncio.to_thread(_watched, arguments)


def _watched(arguments: MonitoringArguments) -> MonitoringResult:
    parts = set(arguments.parts)
    watched = _begin(arguments) if Part.PROCESSES in parts else {}
    psutil.cpu_percent(percpu=True)  # begins the measurement
    time.sleep(arguments.seconds)
    result = MonitoringResult(
        at=datetime.now(UTC),
        host=os.uname().nodename,
        started_at=datetime.fromtimestamp(psutil.boot_time(), UTC),
        worker_pid=os.getpid(),
    )
    if Part.CPU in parts:
        result.cpu = _cpu()
    if Part.MEMORY in parts:
        result.memory = _memory()
    if Part.DISKS in parts:
        result.disks = _disks()
    if Part.PROCESSES in parts:
        found = [one for process in watched.values() if (one := _described(process)) is not None]
        key = (lambda one: one.cpu_percent) if arguments.order is Order.CPU else (lambda one: one.memory_bytes)
        found.sort(key=key, reverse=True)
        result.processes, result.process_count = found[: arguments.top], len(found)
    return result


def _begin(arguments: MonitoringArguments) -> dict[int, psutil.Process]:
    """The processes to watch, each told to begin measuring."""
    try:
        if arguments.pid is None:
            found = list(psutil.process_iter())
        else:
            one = psutil.Process(arguments.pid)
            found = [one, *one.children(recursive=True)]
    except psutil.NoSuchProcess:
        raise ToolFailure(f"There is no process {arguments.pid}.") from None
    for process in found:
        with suppress(psutil.Error):
            process.cpu_percent()
    return {process.pid: process for process in found}


def _cpu() -> Cpu:
    per_processor = psutil.cpu_percent(percpu=True)
    return Cpu(
        count=len(per_processor),
        percent=round(sum(per_processor) / max(len(per_processor), 1), 1),
        per_processor=per_processor,
        load=[round(one, 2) for one in psutil.getloadavg()],
    )


def _memory() -> Memory:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    return Memory(
        total=memory.total,
        available=memory.available,
        percent=memory.percent,
        swap_total=swap.total,
        swap_used=swap.used,
    )


def _disks() -> list[Disk]:
    """The file systems, each once, and that of the root whatever it is."""
    found: dict[str, Disk] = {}
    mounts: list[tuple[str, str, str]] = [("/", "/", "root")]
    mounts += [(one.device, one.mountpoint, one.fstype) for one in psutil.disk_partitions() if one.fstype not in PSEUDO]
    for device, mount, kind in mounts:
        with suppress(OSError):
            usage: Any = psutil.disk_usage(mount)
            disk = Disk(mount=mount, kind=kind, total=usage.total, free=usage.free, percent=usage.percent)
            if all(mount != one.mount for one in found.values()):
                found.setdefault(device, disk)
    return list(found.values())[:100]


def _described(process: psutil.Process) -> Process | None:
    """What is known of the process; ``None`` for one that has ended."""
    try:
        with process.oneshot():
            return Process(
                pid=process.pid,
                parent=process.ppid(),
                name=process.name(),
                user=_user(process),
                status=str(process.status()),
                started_at=datetime.fromtimestamp(process.create_time(), UTC),
                cpu_percent=process.cpu_percent(),
                memory_bytes=process.memory_info().rss,
                threads=process.num_threads(),
            )
    except psutil.Error:
        return None


def _user(process: psutil.Process) -> str | None:
    try:
        return process.username()
    except (psutil.Error, KeyError):
        return None
