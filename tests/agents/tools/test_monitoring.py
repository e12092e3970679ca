"""What is said of the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import psutil
import pytest

from agents.contract import ToolFailure, WrongInputs
from tests.agents.tools.conftest import Call

HIDDEN = "token-on-the-command-line"


async def test_the_machine_and_its_processes_are_described(call: Call) -> None:
    done = await call("monitoring", seconds=0.1, top=100, order="memory")
    assert (done.cpu.count, done.memory.total) == (psutil.cpu_count(), psutil.virtual_memory().total)
    assert len(done.cpu.load) == 3
    assert done.disks[0].mount == "/"
    assert done.worker_pid == os.getpid()
    sizes = [one.memory_bytes for one in done.processes]
    assert sizes == sorted(sizes, reverse=True)
    assert done.process_count >= len(done.processes)


async def test_one_process_is_shown_with_its_children_and_without_its_command_line(call: Call) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()", HIDDEN], stdin=subprocess.PIPE)
    try:
        done = await call("monitoring", parts=["processes"], seconds=0.1, pid=os.getpid(), top=100)
    finally:
        child.kill()
        child.communicate()
    assert {os.getpid(), child.pid} <= {one.pid for one in done.processes}
    assert (done.cpu, done.memory, done.disks) == (None, None, [])
    assert HIDDEN not in done.model_dump_json()


async def test_a_process_that_is_not_there(call: Call) -> None:
    with pytest.raises(ToolFailure, match="There is no process 4194305"):
        await call("monitoring", pid=4_194_305, seconds=0.1)


@pytest.mark.parametrize("arguments", [{"parts": ["gpu"]}, {"seconds": 60}, {"top": 0}, {"pid": "self"}])
async def test_wrong_arguments_are_refused(call: Call, arguments: dict[str, Any]) -> None:
    with pytest.raises(WrongInputs):
        await call("monitoring", **arguments)
