"""However a run ends, nothing of it is left: also when it is cancelled, or its worker or keeper is killed."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from agents.sandbox.candidates import candidates
from agents.sandbox.kept import KeptSandbox
from agents.sandbox.places import interpreter_places
from tests.sandbox.doomed_worker import PROGRAM

ROOT = Path(__file__).parents[2]


@pytest.fixture
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="doomed-") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def sandbox_of(kind: str) -> KeptSandbox:
    return KeptSandbox(next(one for one in candidates("auto") if one.label == kind))


def inside(scratch: Path) -> list[psutil.Process]:
    """The four processes that the program consists of, known by the argument they have."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cmdline()[-1:] == [str(scratch)] and process.cmdline()[1:2] == ["-c"]:
                found.append(process)
    return [process for process in found if alive(process)]


def alive(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.05)


async def test_nothing_is_left_when_the_worker_is_killed(kind: str, account: str, scratch: Path) -> None:
    command = [sys.executable, "-m", "tests.sandbox.doomed_worker", account, kind, str(scratch)]
    worker = subprocess.Popen(command, cwd=ROOT)
    try:
        await until(lambda: len(inside(scratch)) >= 4)
        family = psutil.Process(worker.pid).children(recursive=True)
        assert len(family) >= 5  # the keeper is one of them
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    await until(lambda: not inside(scratch) and not any(map(alive, family)))


async def test_nothing_is_left_when_the_run_is_cancelled(kind: str, scratch: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(scratch)]
    run = asyncio.create_task(
        sandbox_of(kind).run(command, source=None, scratch=scratch, read_only=interpreter_places())
    )
    await until(lambda: len(inside(scratch)) >= 4)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert inside(scratch) == []
