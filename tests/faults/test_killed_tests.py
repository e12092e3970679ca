"""A test run that is killed leaves no database server behind, and no folder."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT
from tests.faults.platform_processes import until
from tests.faults.test_database_loss import postmaster

RUN = """
import asyncio
from tests.faults.ground import new_ground

async def hold():
    async with new_ground() as ground:
        print(ground.data_dir, flush=True)
        await asyncio.Event().wait()

asyncio.run(hold())
"""


@pytest.mark.parametrize("end", [pytest.param(signal.SIGTERM, marks=pytest.mark.verify), signal.SIGKILL])
async def test_a_killed_run_leaves_nothing(end: signal.Signals) -> None:
    run = subprocess.Popen([sys.executable, "-c", RUN], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    data_dir = Path((await asyncio.to_thread(run.stdout.readline)).strip())
    server = postmaster(data_dir)
    assert server is not None
    run.send_signal(end)
    await asyncio.to_thread(run.wait)

    async def all_is_gone() -> bool:
        return not psutil.pid_exists(server) and not data_dir.parent.exists()

    await until(all_is_gone, 15, "the server and its folder are gone")
