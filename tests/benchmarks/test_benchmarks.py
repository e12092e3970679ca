"""The benchmarks as their users run them, with a little of everything: they run, and leave nothing behind."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest

from agents.process_family import die_with_parent

pytestmark = [pytest.mark.verify, pytest.mark.timeout(420)]

ROOT = Path(__file__).parents[2]
SHARE = re.compile(r"\| (\d+)% \|")


@pytest.fixture
def scratch() -> Iterator[Path]:
    """The temporary folder of the processes; the account of the database server can go through it."""
    with tempfile.TemporaryDirectory(prefix="wrenchai-tests-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@asynccontextmanager
async def started(scratch: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """``python -m ARGUMENTS`` in a group of its own, as at a terminal."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(scratch)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        preexec_fn=die_with_parent(os.getpid()),
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def output(scratch: Path, *arguments: str) -> str:
    async with started(scratch, *arguments) as process:
        said, complained = await process.communicate()
        assert process.returncode == 0, complained.decode()
        return said.decode()


def of_the_run(scratch: Path) -> list[str]:
    """The command lines of processes that the run has started."""
    found = []
    for one in psutil.process_iter():
        with suppress(psutil.Error):
            if str(scratch) in " ".join([*one.cmdline(), one.environ().get("TMPDIR", "")]):
                found.append(" ".join(one.cmdline()))
    return found


async def test_every_benchmark_runs_and_leaves_nothing(scratch: Path) -> None:
    said = await output(scratch, "benchmarks", "--small")
    for what in (
        "screen query, 2",
        "task by id, 2",
        "dispatch to",
        "2 events to 3 sockets",
        "one audit of",
        "executions of a no-op agent, 2 workers",
        "recall among 200 memories",
        "nearest vectors by HNSW",
        "answers found to 111 questions",
    ):
        assert f"| {what}" in said
    assert "PostGraphile: " in said
    assert list(scratch.iterdir()) == []
    assert of_the_run(scratch) == []


async def test_the_profile_names_the_parts(scratch: Path) -> None:
    said = await output(scratch, "benchmarks.profile", "--small")
    tables = said.split("\n\n")
    assert [table.split(":")[0] for table in tables] == ["| screen query", "| task by id"]
    for table in tables:
        assert "| execution | " in table
        assert "| event loop, sockets | 100%" not in table
        shares = [int(share) for share in SHARE.findall(table)]
        assert len(shares) > 3
        assert abs(sum(shares) - 100) <= len(shares)  # each is rounded


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_run_ends_all_its_processes(scratch: Path, number: signal.Signals) -> None:
    async with started(scratch, "benchmarks", "screen_query") as process:
        deadline = time.monotonic() + 120
        while not any("server.mjs" in command for command in of_the_run(scratch)):
            assert process.returncode is None, (await process.communicate())[1].decode()
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        if number is signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does
        else:
            process.send_signal(number)
        _, complained = await process.communicate()
        assert process.returncode == 130, complained.decode()
    assert list(scratch.iterdir()) == []
    assert of_the_run(scratch) == []
